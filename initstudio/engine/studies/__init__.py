"""The catalogue of studies: one a file, collected by themselves. Loads torch."""

from typing import Any

from initstudio.catalogue import collect
from initstudio.engine.study import Study

STUDIES: dict[str, Study[Any]] = collect(__name__, Study)
