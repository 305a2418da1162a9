"""The examples that a seed trains on, the order in which it sees them, and its random streams.

All contenders of one seed share them. Each purpose has a generator of its own, derived from the
seed and the purpose's name, so that what one purpose draws moves no other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from initstudio.catalogue import Features, Targets
from initstudio.engine.plan import Plan

Numbers = npt.NDArray[np.float32]
Ranges: TypeAlias = tuple[tuple[float, float], ...]
MOST_INPUTS = 2
"""Inputs whose whole plane can be looked at."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Split:
    """The examples of one seed; the validation part may be empty."""

    train_x: Features
    """float32 [training examples, *shape], standardized if the experiment says so; or int64."""
    train_y: Targets
    """int64 [training examples, *positions], or values float32 [..., outputs]."""
    validation_x: Features
    """[validation examples, *shape], shifted and scaled as the training part was."""
    validation_y: Targets
    """[validation examples, *positions], likewise."""
    validation_places: npt.NDArray[np.int64]
    """[validation examples], the place of each in the data set."""


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the random generator of one purpose under one seed."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=tuple(name.encode())))


def prepare(plan: Plan, seed: int) -> Split:
    """Return the data of one seed, made, parted and scaled.

    The parts are those of one random permutation; classes are not balanced between them. Numbers
    of tokens and classes are never scaled.
    """
    features, targets = plan.dataset.make(plan.dataset_params, stream(seed, "data"))
    order = stream(seed, "split").permutation(plan.facts.examples)
    training, validation = order[: plan.training_examples], order[plan.training_examples :]
    scaled = plan.experiment.data.standardize
    train_x, validation_x = _parted(features, training, validation, scaled=scaled)
    train_y, validation_y = _parted(targets, training, validation, scaled=scaled)
    return Split(
        train_x=train_x,
        train_y=train_y,
        validation_x=validation_x,
        validation_y=validation_y,
        validation_places=validation,
    )


def input_ranges(split: Split) -> Ranges:
    """Return the least and greatest value of each input, over both parts.

    Of data of one or two real numbers an example only, all of whose inputs can be looked at at
    once; else none.
    """
    x = np.concatenate([split.train_x, split.validation_x])
    if x.ndim != 2 or x.shape[1] > MOST_INPUTS or not np.issubdtype(x.dtype, np.floating):
        return ()
    return tuple(zip(x.min(0).tolist(), x.max(0).tolist(), strict=True))


def spanning(ranges: Sequence[Ranges]) -> Ranges:
    """Return what reaches over the ranges of all."""
    return tuple(
        (min(low for low, _ in each), max(high for _, high in each))
        for each in zip(*ranges, strict=True)
    )


def batches(seed: int, examples: int, batch_size: int, epoch: int) -> list[npt.NDArray[np.int64]]:
    """Return the batches of one epoch as indices, int64 [batch size]; the last may be smaller.

    Every epoch has a permutation of its own, which depends on no earlier one.
    """
    order = stream(seed, f"order of epoch {epoch}").permutation(examples)
    count = ceil(examples / batch_size)
    return [order[index * batch_size : (index + 1) * batch_size] for index in range(count)]


def _parted(
    values: Features,
    training: npt.NDArray[np.int64],
    validation: npt.NDArray[np.int64],
    *,
    scaled: bool,
) -> tuple[Features, Features]:
    """Return both parts of the values, of numbers with mean 0 and variance 1 if `scaled`."""
    first, second = values[training], values[validation]
    if scaled and np.issubdtype(values.dtype, np.floating):
        return _standardized(first, second)
    return first, second


def _standardized(training: Features, validation: Features) -> tuple[Numbers, Numbers]:
    """Return both parts with mean 0 and variance 1 of each feature over the training part.

    A feature that is constant there becomes 0 in both: nothing can be learned from it.
    """
    mean = training.mean(0, dtype=np.float64)
    std = training.std(0, dtype=np.float64)
    scale = np.divide(1, std, out=np.zeros_like(std), where=training.min(0) < training.max(0))
    shifted = ((part - mean) * scale for part in (training, validation))
    first, second = (part.astype(np.float32) for part in shifted)
    return first, second
