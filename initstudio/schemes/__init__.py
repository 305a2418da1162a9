"""The catalogue of schemes: one entry or one family a file, collected by themselves."""

from typing import Any

from initstudio.catalogue import Scheme, collect

SCHEMES: dict[str, Scheme[Any]] = collect(__name__, Scheme)
