"""The numbers of the convergence table against plain loops."""

import math

import numpy as np
import numpy.typing as npt
import pytest

from initstudio.convergence import Spread, rows, spread
from initstudio.history import History
from tests.synthetic import experiment_of, falling, header_of, stretch_from

PER_EPOCH = 10


def history_with(loss: npt.NDArray[np.float32], contenders: int, seeds: int) -> History:
    header = header_of(experiment_of(contenders, seeds), per_epoch=PER_EPOCH)
    history = History(header)
    for start in range(0, len(loss), 13):
        history.extend(stretch_from(header, loss[start : start + 13], start))
    return history


def epoch_losses(loss: npt.NDArray[np.float32], replica: int) -> list[float]:
    """Return the article's average loss of each completed epoch, by a loop."""
    averages, running = [], 0.0
    for step, value in enumerate(loss[:, replica], 1):
        running += float(value)
        if step % PER_EPOCH == 0:
            averages.append(running / PER_EPOCH)
            running = 0.0
    return averages


@pytest.mark.parametrize("target", [2.0, 1.0, 0.3, 0.0])
def test_losses_are_those_of_a_loop(target: float) -> None:
    header = header_of(experiment_of(3))
    loss = falling(header, 95)
    for replica, row in enumerate(rows(history_with(loss, 3, 1), target, 0.9)):
        averages = epoch_losses(loss, replica)
        reached = next((i for i, average in enumerate(averages, 1) if average <= target), None)
        assert row.first_loss.median == pytest.approx(float(loss[0, replica]))
        assert row.best_loss.median == pytest.approx(min(averages), rel=1e-6)
        assert row.final_loss.median == pytest.approx(averages[-1], rel=1e-6)
        if reached is None:
            assert row.loss_steps.reached == 0
        else:
            assert row.loss_steps.median == reached * PER_EPOCH


def test_accuracy_is_that_of_the_validation_part() -> None:
    header = header_of(experiment_of(2))
    loss = falling(header, 95)
    for replica, row in enumerate(rows(history_with(loss, 2, 1), 0.5, 0.6)):
        accuracies = {s: 1 - float(loss[s, replica]) / 3 for s in range(0, 95, PER_EPOCH)}
        reached = [step for step, accuracy in accuracies.items() if accuracy >= 0.6]
        assert row.final_accuracy.median == pytest.approx(list(accuracies.values())[-1], rel=1e-5)
        assert row.best_accuracy.median == pytest.approx(max(accuracies.values()), rel=1e-5)
        assert row.accuracy_steps.median == (
            reached[0] if reached else pytest.approx(math.nan, nan_ok=True)
        )


def test_seeds_give_median_and_range() -> None:
    header = header_of(experiment_of(2, 3))
    loss = falling(header, 50)
    row = rows(history_with(loss, 2, 3), 1.0, 0.9)[1]
    finals = sorted(epoch_losses(loss, replica)[-1] for replica in (3, 4, 5))
    assert row.final_loss.median == pytest.approx(finals[1], rel=1e-6)
    assert (row.final_loss.low, row.final_loss.high) == pytest.approx((finals[0], finals[2]))


def test_a_diverged_contender_is_told_and_has_no_final_loss() -> None:
    header = header_of(experiment_of(2))
    loss = falling(header, 60)
    loss[41:, 1] = np.nan
    row = rows(history_with(loss, 2, 1), 0.5, 0.9)[1]
    assert row.diverged.median == 41
    assert row.final_loss.reached == 0
    assert row.best_loss.median == pytest.approx(epoch_losses(loss, 1)[3], rel=1e-6)


def test_who_never_got_there_counts_as_last() -> None:
    assert spread([10.0, math.nan, 30.0]) == Spread(30.0, 10.0, 30.0, 2, 3)
    assert spread([math.nan, math.nan, 30.0]).median == math.inf
    assert spread([math.nan]).reached == 0
    assert spread([0.5, math.nan, 0.9], -math.inf).median == 0.5


def test_before_the_first_epoch_there_is_nothing_but_the_start() -> None:
    header = header_of(experiment_of(1))
    row = rows(history_with(falling(header, 3), 1, 1), 0.5, 0.9)[0]
    assert row.first_loss.reached == 1
    assert row.final_loss.reached == 0
    assert row.loss_steps.reached == 0
