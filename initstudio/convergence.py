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
- *diverged*: the step of the first loss that is no finite number.

Epochs are steps divided by the steps of an epoch. Over seeds: the median, in which a network that
never got there counts as later than all others, and the range of those that did.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan

import numpy as np
import numpy.typing as npt

from initstudio.history import History, Series

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """Median, least and greatest over the seeds; `reached` of `seeds` have a finite number."""

    median: float
    low: float
    high: float
    reached: int
    seeds: int


@dataclass(frozen=True, kw_only=True)
class Row:
    """One contender's convergence."""

    slot: int
    loss_steps: Spread
    accuracy_steps: Spread
    first_loss: Spread
    best_loss: Spread
    final_loss: Spread
    final_accuracy: Spread
    best_accuracy: Spread
    diverged: Spread


def spread(values: Sequence[float] | Array, missing: float = inf) -> Spread:
    """Return the median and range of `values`; one that is not finite counts as `missing`."""
    numbers = np.asarray(values, np.float64)
    known = np.isfinite(numbers)
    if not known.any():
        return Spread(nan, nan, nan, 0, len(numbers))
    median = float(np.median(np.where(known, numbers, missing)))
    finite = numbers[known]
    low, high = float(finite.min()), float(finite.max())
    return Spread(median, low, high, int(known.sum()), len(numbers))


def rows(history: History, loss_target: float, accuracy_target: float) -> tuple[Row, ...]:
    """Return a row for each contender of the run, in its order; accuracies are shares of 1."""
    slots = np.array(history.header.slots)
    losses = history.epoch_means.get("loss")
    accuracies = accuracy_series(history)
    measured = {
        "loss_steps": _first_at(losses, loss_target, falling=True, count=len(slots)),
        "accuracy_steps": _first_at(accuracies, accuracy_target, falling=False, count=len(slots)),
        "first_loss": _at(history.series.get("loss"), 0, len(slots)),
        "best_loss": _extreme(losses, len(slots), falling=True),
        "final_loss": _at(losses, -1, len(slots)),
        "final_accuracy": _at(accuracies, -1, len(slots)),
        "best_accuracy": _extreme(accuracies, len(slots), falling=False),
        "diverged": np.where(history.diverged >= 0, history.diverged, nan),
    }
    lower_is_worse = {"final_accuracy", "best_accuracy"}
    return tuple(
        Row(
            slot=slot,
            **{
                key: spread(values[slots == slot], -inf if key in lower_is_worse else inf)
                for key, values in measured.items()
            },
        )
        for slot in dict.fromkeys(history.header.slots)
    )


def accuracy_series(history: History) -> Series | None:
    """Return the validation accuracy, or without a validation part the epochs' on the batches."""
    held_out = history.epoch_series.get("validation_accuracy")
    if held_out is not None and np.isfinite(held_out.mean).any():
        return held_out
    return history.epoch_means.get("accuracy")


def _first_at(series: Series | None, target: float, *, falling: bool, count: int) -> Array:
    """Return for each replica the step of the first row that reaches the target, or NaN."""
    if series is None or not len(series):
        return np.full(count, nan)
    reached = series.low <= target if falling else series.high >= target
    steps = series.steps[reached.argmax(0)].astype(np.float64)
    return np.where(reached.any(0), steps, nan)


def _at(series: Series | None, row: int, count: int) -> Array:
    if series is None or not len(series):
        return np.full(count, nan)
    return np.asarray(series.mean[row], np.float64)


def _extreme(series: Series | None, count: int, *, falling: bool) -> Array:
    """Return each replica's least or greatest finite reading, NaN where none is."""
    if series is None or not len(series):
        return np.full(count, nan)
    values = (series.low if falling else series.high).astype(np.float64)
    worst = inf if falling else -inf
    known = np.where(np.isfinite(values), values, worst)
    best = known.min(0) if falling else known.max(0)
    return np.where(np.isfinite(best), best, nan)
