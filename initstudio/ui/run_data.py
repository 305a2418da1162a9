"""What a run's examples look like, and what its classes are called: from the data set itself."""

from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from initstudio.catalogue import Features, Targets
from initstudio.datasets import DATASETS
from initstudio.datasets.file import FileParams, examples_of
from initstudio.datasets.text import TextParams, vocabulary
from initstudio.engine.data import stream
from initstudio.errors import ExperimentError
from initstudio.experiment import Data
from initstudio.tables import Stamp, stamp

MOST_VALUES = 4_000_000
"""The darkest and the brightest value of a file are looked for among so many."""

Float32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Seen:
    """Images float32 [n, channels, height, width] from 0 to 1, and their classes int64 [n].

    The class is -1 where there is no such example.
    """

    images: Float32
    classes: Integers


def images_at(data: Data, seed: int, places: Integers) -> Seen:
    """Return the images at these places [n] of the data of a seed.

    Raises:
        ExperimentError: The data are no images of classes, or a person's file is gone or bad.
    """
    dataset = DATASETS[data.dataset.key]
    params = dataset.parse(data.dataset.params)
    facts = dataset.facts(params)
    if not facts.picture or facts.task != "classes" or facts.positions:
        raise ExperimentError("$", "The data has no images.")
    there = (places >= 0) & (places < facts.examples)
    some = np.where(there, places, 0)
    if isinstance(params, FileParams):
        found = examples_of(params)
        low, high = _range_of_file(params, stamp(params.path))
        features, targets = found.features_at(some), cast("Integers", found.targets)[some]
    else:
        made, classes, low, high = _made(data.dataset.key, params, seed)
        features, targets = cast("Float32", made[some]), cast("Integers", classes[some])
    images = features.reshape(-1, *facts.picture).astype(np.float64)
    scaled = ((images - low) / max(high - low, 1e-30)).clip(0, 1).astype(np.float32)
    return Seen(scaled, np.where(there, targets, -1))


def class_names(data: Data) -> tuple[str, ...]:
    """Return what the classes are called in the data; () where they have numbers only."""
    dataset = DATASETS[data.dataset.key]
    params = dataset.parse(data.dataset.params)
    if isinstance(params, TextParams):
        return tuple(vocabulary().replace("\n", "↵").replace(" ", "·"))
    if not isinstance(params, FileParams):
        return ()
    try:
        return examples_of(params).classes
    except ExperimentError:  # the file has gone since the run began
        return ()


@lru_cache(maxsize=4)
def _made(
    key: str,
    params: Any,  # noqa: ANN401 - any Params struct
    seed: int,
) -> tuple[Features, Targets, float, float]:
    """Return all examples of a seed, and their least and greatest value."""
    features, targets = DATASETS[key].make(params, stream(seed, "data"))
    return features, targets, float(features.min()), float(features.max())


@lru_cache(maxsize=4)
def _range_of_file(params: FileParams, _state: Stamp) -> tuple[float, float]:
    found = examples_of(params)
    some = found.features(max(1, MOST_VALUES // prod(found.shape)))
    return float(some.min()), float(some.max())
