"""The catalogue of tunings: one entry or one family a file, collected by themselves."""

from typing import Any

from initstudio.catalogue import Tuning, collect

TUNINGS: dict[str, Tuning[Any]] = collect(__name__, Tuning)
