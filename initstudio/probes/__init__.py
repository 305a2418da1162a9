"""The catalogue of probes: one entry or one family a file, collected by themselves."""

from initstudio.catalogue import Probe, collect

PROBES: dict[str, Probe] = collect(__name__, Probe)
