"""The catalogue of layers: one entry or one family a file, collected by themselves."""

from typing import Any

from initstudio.catalogue import Layer, collect

LAYERS: dict[str, Layer[Any]] = collect(__name__, Layer)
