"""How fast and how far each contender learned: the numbers of the convergence table.

For one network (replica), with E the number of completed epochs:
- *epoch loss*: mean over an epoch's steps of the loss of the step's batch, taken before its
  update; what the article prints.
- *first loss*: the loss of the first batch, before any update.
- *best*, *final loss*: the least epoch loss, and that of the last completed epoch.
- *steps to the loss target*: steps made at the end of the first epoch whose epoch loss is at or
  below the target.
- *accuracy*: on the validation part at the end of an epoch; without one, the mean accuracy on the
  training batches of an epoch.
- *steps to the accuracy target*: steps made at the end of the first epoch with that accuracy.
- *seconds to a target*: what the training of all networks together took until those steps.
- *area*: that under the epoch losses over the steps at which the epochs end (trapezoids), divided
  by the steps from the first end to the last: the mean height of the curve, in units of the loss.
- *diverged*: the step of the first loss that is no finite number.
- *stalled*: after at least `STALL_EPOCHS` epochs, the mean of the last tenth of the epoch losses
  is less than `STALL_SHARE` below that of the first epoch. Who reached the loss target, or
  diverged, has not stalled.

Epochs are steps divided by the steps of an epoch. Over seeds: the median, in which a network that
never got there counts as later than all others, and the range of those that did; or the mean and
standard deviation (n - 1) of those that did. Of a view of a run at an earlier step, all numbers are
those of that step.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, inf, nan
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from initstudio.history import History
from initstudio.series import Series

Array = npt.NDArray[np.float64]
STALL_SHARE = 0.02
"""The share of the first epoch's loss by which a network's must have fallen not to stall."""
STALL_EPOCHS = 3
STALL_TAIL = 10
"""The last one of so many parts of the run is looked at."""
HIGHER_IS_BETTER = frozenset({"final_accuracy", "best_accuracy"})


@dataclass(frozen=True)
class Spread:
    """Over the seeds: median, least, greatest; `reached` of `seeds` have a finite number.

    `mean` and `std` (n - 1) are those of the finite numbers; NaN where there are too few.
    """

    median: float
    low: float
    high: float
    reached: int
    seeds: int
    mean: float = nan
    std: float = nan


@dataclass(frozen=True, kw_only=True)
class Row:
    """One contender's convergence."""

    slot: int
    seeds: tuple[int, ...]
    numbers: Mapping[str, Array]
    """What was measured of each seed, float64 [seeds] under the names below; NaN: nothing."""
    loss_steps: Spread
    accuracy_steps: Spread
    loss_seconds: Spread
    accuracy_seconds: Spread
    first_loss: Spread
    best_loss: Spread
    final_loss: Spread
    final_accuracy: Spread
    best_accuracy: Spread
    area: Spread
    diverged: Spread
    stalled: int
    """How many seeds stalled."""


class _Course(NamedTuple):
    """The rows of a series up to a step: steps int64 [n], the rest float64 [n, R]."""

    steps: npt.NDArray[np.int64]
    low: Array
    mean: Array
    high: Array


def spread(values: Sequence[float] | Array, missing: float = inf) -> Spread:
    """Return the median, range and mean of `values`; one not finite counts as `missing`."""
    return _spreads(np.asarray(values, np.float64)[None], np.array([missing]))[0]


def rows(history: History, loss_target: float, accuracy_target: float) -> tuple[Row, ...]:
    """Return a row for each contender of the run, in its order; accuracies are shares of 1."""
    numbers = measured(history, loss_target, accuracy_target)
    slots = np.array(history.header.slots)
    return tuple(
        row_of(history, numbers, np.flatnonzero(slots == slot))
        for slot in dict.fromkeys(history.header.slots)
    )


def row_of(history: History, numbers: Mapping[str, Array], replicas: npt.NDArray[np.int64]) -> Row:
    """Return the row of one contender, of its replicas in what was `measured` of the run."""
    own = {key: values[replicas] for key, values in numbers.items()}
    keys = [key for key in own if key != "stalled"]
    missing = np.array([-inf if key in HIGHER_IS_BETTER else inf for key in keys])
    spreads = _spreads(np.stack([own[key] for key in keys]), missing)
    return Row(
        slot=history.header.slots[replicas[0]],
        seeds=tuple(history.header.seeds[replica] for replica in replicas),
        numbers=own,
        stalled=int(np.nansum(own["stalled"])),
        **dict(zip(keys, spreads, strict=True)),
    )


def measured(history: History, loss_target: float, accuracy_target: float) -> dict[str, Array]:
    """Return the numbers of each replica, float64 [R] by name; NaN where there is none.

    `stalled` is 1 or 0. The names are those of `Row`.
    """
    until = inf if history.until is None else history.until
    replicas = len(history.header.slots)
    losses = _course(history.epoch_means.get("loss"), until, replicas)
    accuracies = _course(accuracy_series(history), until, replicas)
    gone = (history.diverged >= 0) & (history.diverged <= until)
    loss_steps = _first_at(losses, loss_target, falling=True)
    accuracy_steps = _first_at(accuracies, accuracy_target, falling=False)
    return {
        "loss_steps": loss_steps,
        "accuracy_steps": accuracy_steps,
        "loss_seconds": history.clock.seconds_at(loss_steps),
        "accuracy_seconds": history.clock.seconds_at(accuracy_steps),
        "first_loss": _at(_course(history.series.get("loss"), until, replicas), 0),
        "best_loss": _extreme(losses, falling=True),
        "final_loss": _at(losses, -1),
        "final_accuracy": _at(accuracies, -1),
        "best_accuracy": _extreme(accuracies, falling=False),
        "area": _area(losses),
        "diverged": np.where(gone, history.diverged, nan),
        "stalled": _stalled(losses, np.isfinite(loss_steps) | gone),
    }


def accuracy_series(history: History) -> Series | None:
    """Return the validation accuracy, or without a validation part the epochs' on the batches."""
    held_out = history.epoch_series.get("validation_accuracy")
    if held_out is not None and np.isfinite(held_out.mean).any():
        return held_out
    return history.epoch_means.get("accuracy")


def _spreads(values: Array, missing: Array) -> list[Spread]:
    """Return the spread of each row of values [n, seeds]; one not finite counts as its missing."""
    known = np.isfinite(values)
    ordered = np.sort(np.where(known, values, missing[:, None]), axis=1)
    seeds, count = values.shape[1], known.sum(1)
    median = (ordered[:, (seeds - 1) // 2] + ordered[:, seeds // 2]) / 2
    low = np.where(known, values, inf).min(1)
    high = np.where(known, values, -inf).max(1)
    mean = np.where(known, values, 0).sum(1) / np.maximum(count, 1)
    apart = np.where(known, values - mean[:, None], 0)
    std = np.sqrt((apart**2).sum(1) / np.maximum(count - 1, 1))
    table = np.stack([median, low, high, count, np.full(len(values), seeds), mean, std], axis=1)
    return [_spread(*numbers) for numbers in table.tolist()]


def _spread(*numbers: float) -> Spread:
    median, low, high, reached, seeds, mean, std = numbers
    if not reached:
        return Spread(nan, nan, nan, 0, int(seeds))
    return Spread(median, low, high, int(reached), int(seeds), mean, std if reached > 1 else nan)


def _course(series: Series | None, until: float, replicas: int) -> _Course:
    if series is None:
        none = np.zeros((0, replicas))
        return _Course(np.zeros(0, np.int64), none, none, none)
    rows = int(np.searchsorted(series.steps, until, side="right"))
    parts = (part[:rows].astype(np.float64) for part in (series.low, series.mean, series.high))
    return _Course(series.steps[:rows], *parts)


def _first_at(course: _Course, target: float, *, falling: bool) -> Array:
    """Return for each replica the step of the first row that reaches the target, or NaN."""
    if not len(course.steps):
        return np.full(course.mean.shape[1], nan)
    reached = course.low <= target if falling else course.high >= target
    steps = course.steps[reached.argmax(0)].astype(np.float64)
    return np.where(reached.any(0), steps, nan)


def _at(course: _Course, row: int) -> Array:
    if not len(course.steps):
        return np.full(course.mean.shape[1], nan)
    found: Array = course.mean[row]
    return found


def _extreme(course: _Course, *, falling: bool) -> Array:
    """Return each replica's least or greatest finite reading, NaN where none is."""
    values = course.low if falling else course.high
    worst = inf if falling else -inf
    known = np.where(np.isfinite(values), values, worst)
    best = known.min(0, initial=worst) if falling else known.max(0, initial=worst)
    return np.where(np.isfinite(best), best, nan)


def _area(course: _Course) -> Array:
    """Return the mean height of the curve; NaN with fewer than two rows or one not finite."""
    if len(course.steps) < 2:
        return np.full(course.mean.shape[1], nan)
    widths = np.diff(course.steps).astype(np.float64)
    with np.errstate(invalid="ignore"):
        heights = (course.mean[1:] + course.mean[:-1]) / 2
        area = (widths[:, None] * heights).sum(0) / widths.sum()
    return np.where(np.isfinite(area), area, nan)


def _stalled(course: _Course, excused: npt.NDArray[np.bool_]) -> Array:
    """Return 1 for each replica that stalled, else 0; NaN before there are epochs enough."""
    rows = len(course.steps)
    if rows < STALL_EPOCHS:
        return np.full(course.mean.shape[1], nan)
    with np.errstate(invalid="ignore"):
        last = course.mean[-ceil(rows / STALL_TAIL) :].mean(0)
        bound = course.mean[0] - STALL_SHARE * np.abs(course.mean[0])
    return np.where((last > bound) & ~excused, 1.0, 0.0)
