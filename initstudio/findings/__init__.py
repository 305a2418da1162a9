"""The catalogue of findings: one entry or one family a file, collected by themselves."""

from initstudio.catalogue import collect
from initstudio.finding import Finding

FINDINGS: dict[str, Finding] = collect(__name__, Finding)
