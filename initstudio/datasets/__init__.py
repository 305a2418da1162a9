"""The catalogue of datasets: one entry or one family a file, collected by themselves."""

from typing import Any

from initstudio.catalogue import Dataset, collect

DATASETS: dict[str, Dataset[Any]] = collect(__name__, Dataset)
