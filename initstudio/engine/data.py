"""The examples that a seed trains on, the order in which it sees them, and its random streams.

All contenders of one seed share them. Each purpose has a generator of its own, derived from the
seed and the purpose's name, so that what one purpose draws moves no other.
"""

from dataclasses import dataclass
from math import ceil

import numpy as np
import numpy.typing as npt

from initstudio.engine.plan import Plan

Features = npt.NDArray[np.float32]
Classes = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Split:
    """The examples of one seed; the validation part may be empty."""

    train_x: Features
    """float32 [training examples, *shape], standardized if the experiment says so."""
    train_y: Classes
    """int64 [training examples]."""
    validation_x: Features
    """float32 [validation examples, *shape], shifted and scaled as the training part was."""
    validation_y: Classes
    """int64 [validation examples]."""


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the random generator of one purpose under one seed."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=tuple(name.encode())))


def prepare(plan: Plan, seed: int) -> Split:
    """Return the data of one seed, made, parted and scaled.

    The parts are those of one random permutation; classes are not balanced between them.
    """
    features, classes = plan.dataset.make(plan.dataset_params, stream(seed, "data"))
    order = stream(seed, "split").permutation(plan.facts.examples)
    training, validation = order[: plan.training_examples], order[plan.training_examples :]
    train_x, validation_x = features[training], features[validation]
    if plan.experiment.data.standardize:
        train_x, validation_x = _standardized(train_x, validation_x)
    return Split(
        train_x=train_x,
        train_y=classes[training],
        validation_x=validation_x,
        validation_y=classes[validation],
    )


def batches(seed: int, examples: int, batch_size: int, epoch: int) -> list[npt.NDArray[np.int64]]:
    """Return the batches of one epoch as indices, int64 [batch size]; the last may be smaller.

    Every epoch has a permutation of its own, which depends on no earlier one.
    """
    order = stream(seed, f"order of epoch {epoch}").permutation(examples)
    count = ceil(examples / batch_size)
    return [order[index * batch_size : (index + 1) * batch_size] for index in range(count)]


def _standardized(training: Features, validation: Features) -> tuple[Features, Features]:
    """Return both parts with mean 0 and variance 1 of each feature over the training part.

    A feature that is constant there becomes 0 in both: nothing can be learned from it.
    """
    mean = training.mean(0, dtype=np.float64)
    std = training.std(0, dtype=np.float64)
    scale = np.divide(1, std, out=np.zeros_like(std), where=training.min(0) < training.max(0))
    shifted = ((part - mean) * scale for part in (training, validation))
    first, second = (part.astype(np.float32) for part in shifted)
    return first, second
