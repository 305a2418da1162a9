"""A part of the steps as a Series gives it, against numpy over the list of all readings."""

from math import inf, nan
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from initstudio.levels import CAPACITY, CHUNK
from initstudio.series import FACTOR, FEWEST, LIMIT, Rows, Series

Floats: TypeAlias = npt.NDArray[np.float32]
Integers: TypeAlias = npt.NDArray[np.int64]

SMALL = 4 * 40 * CHUNK
"""Bytes in which 20 chunks of readings of two replicas have room."""


def readings(count: int, replicas: int = 2, seed: int = 0) -> Floats:
    """Return hostile readings: now and then one is no finite number."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(count, replicas)).astype(np.float32)
    for hostile in (nan, inf, -inf):
        values[rng.uniform(size=values.shape) < 3e-4] = hostile
    return values


def series_of(steps: Integers, values: Floats, limit: int = LIMIT, by: int = 1777) -> Series:
    series = Series(values.shape[1], limit)
    for start in range(0, len(steps), by):
        series.extend(steps[start : start + by], values[start : start + by])
    return series


def slow_rows(values: Floats, stride: int, rows: range) -> tuple[Floats, Floats, Floats]:
    """Return least, mean and greatest of each group of readings, one after the other."""
    groups = [values[row * stride : (row + 1) * stride].astype(np.float64) for row in rows]
    with np.errstate(invalid="ignore"):
        found = [(one.min(0), one.mean(0), one.max(0)) for one in groups]
    shape = (0, 3, values.shape[1])
    low, mean, high = np.array(found or np.zeros(shape), np.float32).transpose(1, 0, 2)
    return low, mean, high


def check(found: Rows, steps: Integers, values: Floats, first: float, last: float) -> None:
    """Check that these are the rows of their stride from `first` to `last`, and their numbers."""
    stride = found.stride
    begins = steps[::stride][: len(steps) // stride]
    inside = [row for row, step in enumerate(begins) if first <= step <= last]
    if inside:
        rows = range(max(0, inside[0] - 1), min(len(begins), inside[-1] + 2))
    else:
        before = sum(step < first for step in begins)
        rows = range(max(0, before - 1), min(len(begins), before + 1))
    assert found.steps.tolist() == [begins[row] for row in rows]
    low, mean, high = slow_rows(values, stride, rows)
    assert np.array_equal(found.low, low, equal_nan=True)
    assert np.array_equal(found.high, high, equal_nan=True)
    assert found.mean == pytest.approx(mean, abs=1e-5, nan_ok=True)
    assert found.exact == (stride == 1)


def spread_of(steps: Integers, stride: int, first: float, last: float) -> int:
    """Return how many rows of a stride a part has."""
    begins = steps[::stride][: len(steps) // stride]
    before = int((begins < first).sum())
    until = int((begins <= last).sum())
    return min(len(begins), until + 1) - max(0, before - 1)


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(0, 3 * CAPACITY),
    gap=st.sampled_from([1, 1, 3]),
    ends=st.tuples(st.floats(-0.2, 1.2), st.floats(-0.2, 1.2)),
    rows=st.integers(FEWEST, 3000),
    by=st.integers(1, 4000).map(lambda number: max(number, 20)),
)
def test_a_part_is_the_finest_that_has_so_few_rows(
    count: int, gap: int, ends: tuple[float, float], rows: int, by: int
) -> None:
    steps, values = gap * np.arange(count), readings(count)
    first, last = (share * gap * count for share in sorted(ends))
    found = series_of(steps, values, by=by).part(first, last, rows)
    check(found, steps, values, first, last)
    assert len(found.steps) <= rows
    if found.stride > 1:
        assert spread_of(steps, found.stride // 2, first, last) > rows


LONG = 150_000
LONG_STEPS, LONG_VALUES = np.arange(LONG), readings(LONG, seed=1)
THINNED = series_of(LONG_STEPS, LONG_VALUES, SMALL)


@settings(max_examples=50, deadline=None)
@given(
    at=st.floats(0, 1).map(lambda share: share * LONG),
    wide=st.floats(0, 5.1).map(lambda power: 10**power),
    rows=st.sampled_from([FEWEST, 60, 500, 2048]),
)
def test_a_part_of_what_was_let_go_is_coarser_and_true(at: float, wide: float, rows: int) -> None:
    found = THINNED.part(at, at + wide, rows)
    check(found, LONG_STEPS, LONG_VALUES, at, at + wide)
    assert len(found.steps) <= rows
    first = int(found.steps[0])
    if found.stride > 1 and first >= THINNED.exact_from:
        assert spread_of(LONG_STEPS, found.stride // 2, at, at + wide) > rows


def test_what_is_kept_exactly_is_said() -> None:
    first = THINNED.exact_from
    assert LONG - 20 * CHUNK <= first <= LONG - 19 * CHUNK
    assert THINNED.part(first + 1, LONG, LONG).exact
    assert not THINNED.part(first - 1, LONG, LONG).exact
    # older than that, the next level has it still, then the overview, which is coarser
    strides = [THINNED.part(at, at + 100, 2048).stride for at in (LONG - 9000, LONG - 12_000, 9)]
    assert strides == [1, FACTOR, THINNED.stride]
    assert THINNED.stride == 32


def test_all_that_is_kept_has_a_limit_however_long_the_run() -> None:
    overview = Series(2).bytes
    for count in (1000, LONG // 2, LONG):
        series = series_of(LONG_STEPS[:count], LONG_VALUES[:count], SMALL)
        # of each level three chunks are kept, if its share has no room for them
        least = 3 * 12 * 2 * CHUNK * 4
        assert series.bytes <= SMALL * 4 / 3 + overview + least + 20_000
    whole = series_of(LONG_STEPS, LONG_VALUES)
    assert whole.exact_from == 0
    assert whole.bytes < LONG * 2 * 4 * 1.3 + overview + 6 * 12 * CHUNK * 2


def test_uneven_steps_are_kept_as_they_are() -> None:
    steps = np.cumsum(np.random.default_rng(3).integers(1, 9, 5000))
    values = readings(5000)
    series = series_of(steps, values)
    for first, last, rows in ((0, 1e9, 6000), (400, 9000, 300), (8000, 8001, 9), (1e9, 2e9, 9)):
        check(series.part(first, last, rows), steps, values, first, last)


def test_rows_of_a_cut_stay_while_the_run_grows() -> None:
    steps, values = np.arange(30_000), readings(30_000)
    series = series_of(steps[:9000], values[:9000])
    cut = series.cut(1000, 30_000, 4000)
    before = series.take(cut)
    series.extend(steps[9000:12_000], values[9000:12_000])
    later = series.cut(1000, 30_000, 4000)
    assert (later.stride, later.start) == (cut.stride, cut.start)
    assert later.stop > cut.stop
    assert np.array_equal(series.take(later).steps[: len(before.steps)], before.steps)


def test_a_cut_that_is_not_kept_is_refused() -> None:
    cut = THINNED.cut(LONG - 100, LONG, 500)
    with pytest.raises(ValueError, match="start=0"):
        THINNED.take(cut._replace(start=0))
    with pytest.raises(ValueError, match="3"):
        THINNED.part(0, 1, 3)


def test_nothing_read_yet_is_no_rows() -> None:
    found = Series(3).part(0, 100, 50)
    assert found.low.shape == (0, 3)
    assert found.exact


def test_what_is_given_is_not_what_is_kept() -> None:
    series = series_of(np.arange(100), readings(100))
    series.part(0, 50, 100).low[:] = 7
    assert not (series.part(0, 50, 100).low == 7).any()
