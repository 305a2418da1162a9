"""The examples that a run trains on, as its engine has them, for pictures to draw them over."""

from dataclasses import dataclass
from math import prod
from typing import cast

import msgspec
import numpy as np
import numpy.typing as npt

from initstudio import tables
from initstudio.datasets import DATASETS
from initstudio.engine.data import prepare
from initstudio.engine.plan import plan
from initstudio.errors import ExperimentError
from initstudio.experiment import Experiment
from initstudio.ui.data_picture import state_of

MOST = 400
"""Examples that are drawn."""
MOST_VALUES = 4_000_000
"""Data with more values than this is not made for a picture."""


MOST_KEPT = 16
"""Data and seeds whose examples are kept."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Some of the training part under one seed, standardized if the experiment says so.

    `x` is float32 [n, inputs]; of `classes` int64 [n] and the first of the `values` float32 [n] one
    is there. `total` is how many the training part has.
    """

    x: npt.NDArray[np.float32]
    classes: npt.NDArray[np.int64] | None
    values: npt.NDArray[np.float32] | None
    total: int


_kept: dict[tuple[bytes, int, tables.Stamp], Examples | None] = {}


def examples_of(experiment: Experiment, seed: int) -> Examples | None:
    """Return what can be drawn of an experiment's data; None where that is too much, or nothing."""
    choice = experiment.data.dataset
    try:
        params = DATASETS[choice.key].parse(choice.params)
        key = msgspec.json.encode(experiment.data), seed, state_of(params)
        if key not in _kept:
            _kept[key] = _made(experiment, seed)
            if len(_kept) > MOST_KEPT:
                del _kept[next(iter(_kept))]
        return _kept[key]
    except ExperimentError:
        return None


def _made(experiment: Experiment, seed: int) -> Examples | None:
    resolved = plan(experiment)
    facts = resolved.facts
    if facts.examples * prod(facts.shape) > MOST_VALUES or len(facts.shape) != 1 or facts.positions:
        return None
    split = prepare(resolved, seed)
    x = cast("npt.NDArray[np.float32]", split.train_x[:MOST])  # they were put in any order
    y = split.train_y[:MOST]
    if facts.task == "classes":
        return Examples(x, cast("npt.NDArray[np.int64]", y), None, len(split.train_x))
    values = cast("npt.NDArray[np.float32]", y[:, 0])
    return Examples(x, None, values, len(split.train_x))


def datasets_of(inputs: int, task: str = "") -> str:
    """Return the names of the data sets whose examples are so many numbers, as they are at first.

    With commas between them; only of those with the `task`, if one is given.
    """
    found = []
    for one in DATASETS.values():
        try:
            facts = one.facts(one.params())
        except ExperimentError:  # a file that has not been chosen
            continue
        fits = facts.shape == (inputs,) and not facts.tokens and not facts.positions
        if fits and task in ("", facts.task):
            found.append(one.label)
    return ", ".join(found)
