"""The readings of a run, thinned, against all of them kept in a list."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from initstudio.history import EpochMeans, History, Snapshot, stretch_of
from initstudio.levels import CAPACITY
from initstudio.series import Series
from tests.synthetic import experiment_of, falling, header_of, history_of, stretch_from


@pytest.mark.parametrize("count", [1, CAPACITY - 1, CAPACITY, CAPACITY + 1, 5 * CAPACITY + 3])
def test_a_series_keeps_least_mean_and_greatest_of_each_row(count: int) -> None:
    values = np.random.default_rng(0).normal(size=(count, 2)).astype(np.float32)
    series = Series(2)
    for start in range(0, count, 777):
        part = slice(start, min(start + 777, count))
        series.extend(np.arange(part.start, part.stop), values[part])
    assert len(series) <= CAPACITY
    assert len(series) == count // series.stride
    for row in range(0, len(series), max(1, len(series) // 50)):
        group = values[row * series.stride : (row + 1) * series.stride]
        assert series.steps[row] == row * series.stride
        assert np.array_equal(series.low[row], group.min(0))
        assert np.array_equal(series.high[row], group.max(0))
        assert series.mean[row] == pytest.approx(group.mean(0), abs=1e-6)


def test_a_series_is_exact_until_it_is_full() -> None:
    values = np.arange(CAPACITY - 1, dtype=np.float32)[:, None]
    series = Series(1)
    series.extend(np.arange(CAPACITY - 1), values)
    assert series.stride == 1
    assert np.array_equal(series.mean, values)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 4000), min_size=1, max_size=12))
def test_how_a_series_was_cut_makes_no_difference(parts: list[int]) -> None:
    total = sum(parts)
    values = np.sin(np.arange(total, dtype=np.float32))[:, None]
    whole, cut = Series(1), Series(1)
    whole.extend(np.arange(total), values)
    at = 0
    for part in parts:
        cut.extend(np.arange(at, at + part), values[at : at + part])
        at += part
    assert np.array_equal(whole.steps, cut.steps)
    assert np.array_equal(whole.low, cut.low)
    assert np.array_equal(whole.high, cut.high)


@pytest.mark.parametrize("cut", [1, 2, 4])
def test_an_epoch_with_both_infinities_has_no_mean_and_no_warning(cut: int) -> None:
    values = np.array([[1, np.inf, 1], [2, -np.inf, np.inf], [3, 5, 1], [4, 7, 2]], np.float32)
    means = EpochMeans(3, 2)
    for start in range(0, 4, cut):
        part = slice(start, start + cut)
        means.extend(np.arange(4)[part], values[part])
    assert np.array_equal(means.mean, [[1.5, np.nan, np.inf], [3.5, 6, 1.5]], equal_nan=True)


def test_nan_stays_nan_through_thinning() -> None:
    values = np.ones((3 * CAPACITY, 1), np.float32)
    values[5000] = np.nan
    series = Series(1)
    series.extend(np.arange(len(values)), values)
    bad = np.flatnonzero(np.isnan(series.low[:, 0]))
    assert list(bad) == [5000 // series.stride]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=20), st.integers(1, 17))
def test_epoch_means_are_the_means_of_whole_epochs(parts: list[int], per_epoch: int) -> None:
    values = np.random.default_rng(1).uniform(size=(sum(parts), 3)).astype(np.float32)
    means = EpochMeans(3, per_epoch)
    at = 0
    for part in parts:
        means.extend(np.arange(at, at + part), values[at : at + part])
        at += part
    epochs = len(values) // per_epoch
    assert list(means.steps) == [(epoch + 1) * per_epoch for epoch in range(epochs)]
    for epoch in range(epochs):
        group = values[epoch * per_epoch : (epoch + 1) * per_epoch].astype(np.float64)
        assert means.mean[epoch] == pytest.approx(group.mean(0), rel=1e-6)


def test_the_step_of_divergence_is_that_of_the_first_hostile_loss() -> None:
    header = header_of(experiment_of(3))
    loss = falling(header, 60)
    loss[41:, 1] = np.nan
    loss[20, 2] = np.inf
    history = History(header)
    for start in range(0, 60, 7):
        history.extend(stretch_from(header, loss[start : start + 7], start))
    assert list(history.diverged) == [-1, 41, 20]


def test_no_new_steps_are_no_trouble() -> None:
    history = history_of(experiment_of())
    header = history.header
    history.extend(stretch_from(header, falling(header, 0), 100))
    assert history.last_step == 99


def test_the_first_and_the_newest_readings_of_layers_are_kept() -> None:
    header = header_of(experiment_of())
    history = History(header)
    for start, value in ((0, 1.0), (10, 2.0), (20, 3.0)):
        layers = {"gradient_norm": np.full((3, 3), value, np.float32)}
        history.extend(stretch_from(header, falling(header, 10), start, layers))
    assert float(history.first["gradient_norm"][0, 0]) == 1.0
    assert float(history.latest["gradient_norm"][0, 0]) == 3.0
    assert history.layers_step == 29


def test_a_stretch_stacks_what_snapshots_hold() -> None:
    loss, norms = np.array([1.0, 2.0], np.float32), np.ones((2, 3), np.float32)
    shots = [
        Snapshot(0, {"loss": loss, "validation_loss": loss, "gradient_norm": norms}),
        Snapshot(1, {"loss": loss * 2}),
        Snapshot(2, {"loss": loss * 3, "gradient_norm": norms * 2}),
    ]
    stretch = stretch_of(shots, frozenset({"loss"}), frozenset({"validation_loss"}))
    assert list(stretch.steps) == [0, 1, 2]
    assert list(stretch.epoch_steps) == [0]
    assert np.array_equal(stretch.series["loss"], np.outer([1, 2, 3], loss))
    assert stretch.layers_step == 2
    assert np.array_equal(stretch.layers["gradient_norm"], norms * 2)


def test_what_is_read_at_epochs_ends_travels_apart_from_what_is_read_by_layer() -> None:
    tables = [np.full((2, 3, 3), at, np.int32) for at in range(3)]
    loss, norms = np.array([1.0, 2.0], np.float32), np.ones((2, 3), np.float32)
    shots = [
        Snapshot(0, {"loss": loss, "validation_loss": loss, "table": tables[0], "norm": norms}),
        Snapshot(1, {"loss": loss}),
        Snapshot(2, {"loss": loss, "validation_loss": loss, "table": tables[1]}),
        Snapshot(3, {"loss": loss, "norm": norms * 2}),
        Snapshot(4, {"validation_loss": loss, "table": tables[2]}),
    ]
    keys = frozenset({"loss"}), frozenset({"validation_loss"}), frozenset({"table"})
    stretch = stretch_of(shots, *keys)
    assert stretch.epoch_series.keys() == {"validation_loss"}
    assert (stretch.layers_step, list(stretch.layers)) == (3, ["norm"])
    assert [(shot.step, list(shot.readings)) for shot in stretch.earlier] == [(0, ["norm"])]
    assert [(shot.step, list(shot.readings)) for shot in stretch.epoch_pages] == [
        (step, ["table"]) for step in (0, 2, 4)
    ]
    history = History(header_of(experiment_of(2)))
    for at in range(5):
        history.extend(stretch_of(shots[at : at + 1], *keys))
    assert (history.layers_step, history.epoch_step, history.last_step) == (3, 4, 4)
    assert history.latest["table"][0, 0, 0] == 2
    assert history.first["table"][0, 0, 0] == 0
    assert history.album.steps.tolist() == [0, 3]
    steps, values = history.epoch_album.over("table")
    assert steps.tolist() == [0, 2, 4]
    assert values[:, 0, 0, 0].tolist() == [0, 1, 2]
    for step, (layers, epoch, table, norm) in {
        1: (0, 0, 0, 1),
        2: (0, 2, 1, 1),
        3: (3, 2, 1, 2),
        9: (3, 4, 2, 2),
    }.items():
        past = history.at(step)
        assert (past.layers_step, past.epoch_step) == (layers, epoch)
        assert past.latest["table"][0, 0, 0] == table
        assert past.latest["norm"][0, 0] == norm
