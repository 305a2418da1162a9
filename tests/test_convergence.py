"""The numbers of the convergence table against plain loops."""

import math
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from initstudio.convergence import STALL_EPOCHS, Row, Spread, rows, spread
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
    assert spread([10.0, math.nan, 30.0]) == Spread(30.0, 10.0, 30.0, 2, 3, 20.0, math.sqrt(200))
    assert spread([math.nan, math.nan, 30.0]).median == math.inf
    assert spread([math.nan]).reached == 0
    assert spread([0.5, math.nan, 0.9], -math.inf).median == 0.5


def test_before_the_first_epoch_there_is_nothing_but_the_start() -> None:
    header = header_of(experiment_of(1))
    row = rows(history_with(falling(header, 3), 1, 1), 0.5, 0.9)[0]
    assert row.first_loss.reached == 1
    assert row.final_loss.reached == 0
    assert row.loss_steps.reached == 0


def same(one: Row, other: Row) -> bool:
    """Return whether two rows hold the same numbers."""
    return all(
        np.array_equal(values, other.numbers[key], equal_nan=True)
        for key, values in one.numbers.items()
    )


def test_mean_and_standard_deviation_are_those_of_a_loop() -> None:
    header = header_of(experiment_of(2, 3))
    loss = falling(header, 50)
    found = rows(history_with(loss, 2, 3), 1.0, 0.9)[1].final_loss
    finals = [epoch_losses(loss, replica)[-1] for replica in (3, 4, 5)]
    mean = sum(finals) / 3
    variance = sum((one - mean) ** 2 for one in finals) / 2
    assert found.mean == pytest.approx(mean, rel=1e-6)
    assert found.std == pytest.approx(math.sqrt(variance), rel=1e-4)
    assert math.isnan(spread([1.0, math.nan]).std)


def test_the_area_is_that_of_trapezoids_in_a_loop() -> None:
    header = header_of(experiment_of(3))
    loss = falling(header, 95)
    for replica, row in enumerate(rows(history_with(loss, 3, 1), 0.5, 0.9)):
        averages, area = epoch_losses(loss, replica), 0.0
        for left, right in pairwise(averages):
            area += PER_EPOCH * (left + right) / 2
        steps = PER_EPOCH * (len(averages) - 1)
        assert row.area.median == pytest.approx(area / steps, rel=1e-5)


def test_a_flat_curve_has_its_own_height_as_area_and_one_epoch_has_none() -> None:
    flat = np.full((40, 1), 2.3, np.float32)
    assert rows(history_with(flat, 1, 1), 0.5, 0.9)[0].area.median == pytest.approx(2.3)
    assert rows(history_with(flat[:15], 1, 1), 0.5, 0.9)[0].area.reached == 0


@pytest.mark.parametrize("epochs", [2, 3, 9, 10, 11, 25])
def test_stalled_is_that_of_a_loop(epochs: int) -> None:
    ends = np.array([1.0, 0.995, 0.985, 0.975, 0.9, 1.5])
    loss = np.linspace(np.ones(6), ends, epochs * PER_EPOCH).astype(np.float32)
    for replica, row in enumerate(rows(history_with(loss, 6, 1), 0.5, 0.9)):
        averages = epoch_losses(loss, replica)
        tail = averages[-max(1, math.ceil(len(averages) / 10)) :]
        stalled = len(averages) >= STALL_EPOCHS and sum(tail) / len(tail) > 0.98 * averages[0]
        assert row.stalled == stalled


def test_who_reached_the_target_or_diverged_has_not_stalled() -> None:
    loss = np.ones((60, 4), np.float32)
    loss[:, 1] = 0.4
    loss[50:, 2] = np.inf
    history = history_with(loss, 4, 1)
    assert [row.stalled for row in rows(history, 0.5, 0.9)] == [1, 0, 0, 1]
    assert [row.stalled for row in rows(history_with(loss, 1, 4), 0.5, 0.9)] == [2]


def test_seconds_to_the_targets_are_those_of_the_clock() -> None:
    header = header_of(experiment_of(2))
    loss = falling(header, 95)
    history = history_with(loss, 2, 1)
    assert rows(history, 1.0, 0.6)[1].loss_seconds.reached == 0, "nobody looked at a clock"
    for step in (0, 30, 60, 95):
        history.clock.note(step, step / 10)
    for row in rows(history, 1.0, 0.6):
        for steps, seconds in (
            (row.loss_steps, row.loss_seconds),
            (row.accuracy_steps, row.accuracy_seconds),
        ):
            assert seconds.reached == steps.reached
            expected = steps.median / 10 if steps.reached else math.nan
            assert seconds.median == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("step", [0, 8, 10, 35, 60, 94])
def test_a_run_as_it_was_has_the_numbers_of_a_run_that_ended_there(step: int) -> None:
    header = header_of(experiment_of(3))
    loss = falling(header, 95)
    loss[41:, 1] = np.nan
    past = rows(history_with(loss, 3, 1).at(step), 1.0, 0.6)
    ended = rows(history_with(loss[: step + 1], 3, 1), 1.0, 0.6)
    for one, other in zip(past, ended, strict=True):
        assert same(one, other)


def test_numbers_that_are_none_are_told_without_a_warning() -> None:
    loss = np.ones((60, 3), np.float32)
    loss[5, 0], loss[7, 0] = np.inf, -np.inf
    loss[:, 1] = np.nan
    loss[:, 2] = 3e38
    found = rows(history_with(loss, 3, 1), 0.5, 0.9)
    assert [row.area.reached for row in found] == [0, 0, 1]
    assert [row.stalled for row in found] == [0, 0, 1]
