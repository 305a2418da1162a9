"""The catalogue of probes: one entry or one family a file, collected by themselves."""

from initstudio.catalogue import collect
from initstudio.measurement import Probe

PROBES: dict[str, Probe] = collect(__name__, Probe)
