"""Curves kept from frame to frame against the same computed anew, by loops."""

import numpy as np
import pytest

from initstudio.levels import CAPACITY
from initstudio.series import Series
from initstudio.ui.chart.lines import decimate
from initstudio.ui.chart.track import NEAR, TOLERANCE, Smoother, Track, earlier_rows


def slow_average(values: list[float], weight: float) -> list[float]:
    top = bottom = 0.0
    smooth = []
    for value in values:
        known = np.isfinite(value)
        top = weight * top + (value if known else 0.0)
        bottom = weight * bottom + known
        smooth.append(top / bottom if known else np.nan)
    return smooth


@pytest.mark.parametrize("weight", [0.0, 0.5, 0.9, 0.99])
def test_smoothing_is_that_of_a_loop_however_it_is_cut(weight: float) -> None:
    rows = np.random.default_rng(0).normal(size=(2, 700))
    rows[0, 100], rows[1, 650:] = np.nan, np.inf
    smoother = Smoother(weight, 2)
    found = np.concatenate([smoother(part) for part in np.split(rows, [1, 130, 131, 500], 1)], 1)
    for row, smooth in zip(rows, found, strict=True):
        expected = slow_average(list(row), weight) if weight else list(row)
        assert smooth == pytest.approx(expected, nan_ok=True)


def grow(parts: list[int], replicas: int, track: Track) -> Series:
    series = Series(replicas)
    rng = np.random.default_rng(0)
    for part in parts:
        start = int(series.steps[-1]) + series.stride if len(series) else 0
        series.extend(
            np.arange(start, start + part), rng.normal(size=(part, replicas)).astype("f4")
        )
        track.follow(series)
    return series


def test_several_seeds_give_median_and_range() -> None:
    track = Track([np.arange(3), np.arange(3, 6)], 0.0)
    series = grow([5, 50, 300], 6, track)
    for index, group in enumerate((slice(0, 3), slice(3, 6))):
        values = series.mean[:, group]
        expected = [np.median(values, 1), np.median(values, 1), values.min(1), values.max(1)]
        assert np.allclose(track.curves[:, index], expected)


def test_a_diverged_seed_counts_as_infinite_and_is_left_out_of_the_range() -> None:
    series = Series(3)
    series.extend(np.arange(2), np.array([[1, 2, np.nan], [1, np.nan, np.inf]], np.float32))
    track = Track([np.arange(3)], 0.0)
    track.follow(series)
    assert list(track.curves[1, 0]) == [2.0, np.inf]
    assert list(track.curves[2, 0]) == [1.0, 1.0]
    assert list(track.curves[3, 0]) == [2.0, 1.0]


@pytest.mark.parametrize("parts", [[50], [400, 1, 7, 300], [3000] * 7, [CAPACITY, 1, 1]])
def test_kept_columns_are_those_of_the_whole_curve(parts: list[int]) -> None:
    track = Track([np.array([0]), np.array([1])], 0.9)
    series = Series(2)
    rng = np.random.default_rng(0)
    step = 0
    for part in parts:
        values = rng.normal(size=(part, 2)).astype(np.float32)
        series.extend(np.arange(step, step + part), values)
        step += part
        track.follow(series)
        view = (0.0, float(sum(parts)))
        found = track.decimated(view, 190)
        expected = decimate(track.x, track.curves, track.curves, view, 190)
        for one, other in zip(found, expected, strict=True):
            assert np.array_equal(one, other, equal_nan=True)


def test_the_value_below_the_mouse_is_that_of_the_row() -> None:
    track = Track([np.array([0])], 0.0)
    series = grow([20], 1, track)
    assert track.values_at(7.9)[0] == series.mean[7, 0]
    assert np.isnan(track.values_at(-1)[0])


def test_quartiles_are_those_of_numpy_over_what_is_known() -> None:
    track = Track([np.arange(5), np.arange(5, 7)], 0.0, quartiles=True)
    series = Series(7)
    values = np.random.default_rng(1).normal(size=(60, 7)).astype("f4")
    values[10, 2], values[11, :5], values[12, 5] = np.nan, np.inf, np.nan
    series.extend(np.arange(60), values)
    track.follow(series)
    for at, group in enumerate((range(5), range(5, 7))):
        for row in range(60):
            known = [float(values[row, one]) for one in group if np.isfinite(values[row, one])]
            found = track.curves[2:, at, row]
            if known:
                assert found == pytest.approx(np.quantile(known, [0.25, 0.75]), rel=1e-6)
            else:
                assert not np.isfinite(found).any()


@pytest.mark.parametrize("weight", [0.0, 0.8, 0.99])
@pytest.mark.parametrize("view", [(70.0, 300.0), (20_000.0, 21_900.0), (18_000.0, 21_000.0)])
def test_a_part_is_smoothed_as_if_all_had_been(weight: float, view: tuple[float, float]) -> None:
    rng = np.random.default_rng(4)
    values = np.cumsum(rng.normal(size=(30_000, 3)), axis=0).astype(np.float32)
    values[rng.uniform(size=values.shape) < 0.01] = np.nan
    values[19_000:19_990] = np.nan
    series = Series(3)
    series.extend(np.arange(30_000), values)
    track = Track([np.arange(3)], weight)
    track.follow(series)
    near = track.near(view)
    assert series.stride == 4
    assert near.stride == (1 if view[1] - view[0] < NEAR else 2)
    rows = values[: 30_000 // near.stride * near.stride].reshape(-1, near.stride, 3).mean(1)
    known = np.isfinite(rows)
    middle = np.median(np.where(known, rows, np.inf), 1)
    smooth = slow_average(list(middle), weight**near.stride) if weight else middle
    seen = [row for row in range(len(rows)) if view[0] <= row * near.stride <= view[1]]
    found = [near.values_at(row * near.stride)[0] for row in seen]
    span = float(np.nanmax(values) - np.nanmin(values))
    assert found == pytest.approx([smooth[row] for row in seen], abs=1e-3 * span, nan_ok=True)


def test_a_part_follows_the_run_and_the_view() -> None:
    values = np.random.default_rng(2).normal(size=(40_000, 2)).astype("f4")
    series, track = Series(2), Track([np.array([0]), np.array([1])], 0.9)
    series.extend(np.arange(20_000), values[:20_000])
    track.follow(series)
    for start in range(20_000, 24_000, 100):
        series.extend(np.arange(start, start + 100), values[start : start + 100])
        track.follow(series)
        for view in ((19_000.0, 20_500.0 + 0.6 * (start - 20_000)), (19_900.0, 22_000.0)):
            near = track.near(view)
            fresh = Track([np.array([0]), np.array([1])], 0.9)
            fresh.follow(series)
            other = fresh.near(view)
            assert near.stride == other.stride
            for one, two in zip(near.decimated(view, 190), other.decimated(view, 190), strict=True):
                assert np.allclose(one, two)


def test_earlier_rows_are_as_many_as_it_takes() -> None:
    for weight in (0.5, 0.9, 0.99):
        rows = earlier_rows(weight)
        tail = sum(weight**lag for lag in range(rows, 5000))
        assert tail <= TOLERANCE < tail / weight
    assert earlier_rows(0.0) == 0
