"""The points of a picture against plain loops; axes that grow in steps."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from initstudio.ui.chart.lines import (
    decimate,
    fair_top,
    grown,
    masked,
    nice_log_range,
    nice_range,
    number,
    over_seeds,
    step_end,
    zigzag,
)

HOSTILE = np.array([1.0, np.nan, np.inf, -np.inf, 1e31, -1e31, 0.0, -1.0, 5e-324, 1e30])


def test_masking_counts_what_it_leaves_out() -> None:
    drawn, hostile, lost = masked(HOSTILE, log=False)
    assert (hostile, lost) == (5, 0)
    assert list(drawn[np.isfinite(drawn)]) == [1.0, 0.0, -1.0, 5e-324, 1e30]


def test_a_log_scale_has_no_place_for_zero() -> None:
    drawn, hostile, lost = masked(HOSTILE, log=True)
    assert (hostile, lost) == (5, 2)
    assert drawn[np.isfinite(drawn)] == pytest.approx([0.0, math.log10(5e-324), 30.0])


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 3000), st.integers(1, 200), st.integers(0, 5))
def test_each_pixel_column_keeps_its_least_and_greatest(n: int, columns: int, bad: int) -> None:
    rng = np.random.default_rng(n)
    x = np.sort(rng.uniform(0, 100, n))
    y = rng.normal(size=n)
    y[rng.integers(0, n, bad)] = np.nan
    found_x, low, high = decimate(x, y, y, (0.0, 100.0), columns)
    if n <= columns:
        assert np.array_equal(found_x, x)
        return
    assert len(found_x) <= columns
    expected: dict[int, list[float]] = {}
    for place, value in zip(x, y, strict=True):
        expected.setdefault(math.floor(place * columns / 100), []).append(value)
    for least, greatest, values in zip(low, high, expected.values(), strict=True):
        known = [value for value in values if value == value]  # noqa: PLR0124 - NaN
        assert (math.isnan(least) and not known) or least == min(known)
        assert (math.isnan(greatest) and not known) or greatest == max(known)


def test_a_line_visits_both_ends_of_every_column() -> None:
    x, low, high = np.arange(3.0), np.array([0.0, 1.0, 2.0]), np.array([5.0, 6.0, 7.0])
    across, line = zigzag(x, low, high)
    assert list(across) == [0, 0, 1, 1, 2, 2]
    assert [sorted(line[at : at + 2]) for at in (0, 2, 4)] == [[0, 5], [1, 6], [2, 7]]


def test_points_beyond_the_view_do_not_make_more_columns() -> None:
    x = np.arange(10_000.0)
    found, _, _ = decimate(x, x, x, (0.0, 100.0), 50)
    assert len(found) <= 51


@given(st.floats(-1e20, 1e20), st.floats(1e-6, 1e20))
def test_nice_ranges_hold_what_they_are_for(low: float, span: float) -> None:
    bottom, top = nice_range(low, low + span)
    slack = 1e-6 * (top - bottom)
    assert bottom < top
    assert bottom - slack <= low
    assert low + span <= top + slack


@given(st.floats(-38, 30), st.floats(0, 40))
def test_nice_log_ranges_hold_what_they_are_for(low: float, span: float) -> None:
    bottom, top = nice_log_range(low, low + span)
    assert bottom <= low + 1e-6
    assert low + span <= top + 1e-6


@pytest.mark.parametrize("value", [0.0, 1.0, -3.5, 1e-30, 1e30])
def test_a_range_is_never_empty(value: float) -> None:
    bottom, top = nice_range(value, value)
    assert bottom < top
    assert bottom <= value <= top


def test_an_axis_stays_while_it_fits() -> None:
    axis = grown(None, 0.0, 2.3)
    assert grown(axis, 0.0, 1.5) == axis
    assert grown(axis, 0.0, 5.0) != axis
    assert grown(axis, 0.0, 0.2) != axis
    assert grown(axis, math.nan, math.nan) == axis


def test_the_axis_over_steps_grows_seldom() -> None:
    ends = {step_end(last, 100_000) for last in range(1, 100_000, 7)}
    assert len(ends) < 30
    assert all(step_end(last, 100_000) >= last for last in range(1, 100_000, 7))
    assert step_end(100, 100) == 100
    assert step_end(1, 460) == 60


def test_one_runaway_does_not_flatten_the_others() -> None:
    assert fair_top([0.1, 0.1, 0.1], [2.3, 2.4, 1e29]) == pytest.approx(7.2)
    assert fair_top([0.1, 0.1], [2.3, 3.0]) == 3.0
    assert fair_top([0.5], [1e29]) == 1e29


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (2.3026, "2.3"),
        (0.0456, "0.0456"),
        (-1234.5, "−1,234"),
        (1e-7, "10⁻⁷"),
        (8.37e29, "8.37×10²⁹"),
        (math.nan, "no number"),
        (math.inf, "infinite"),
    ],
)
def test_numbers_read_well(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize("seeds", [1, 2, 3, 4, 5])
def test_the_middle_and_ends_over_seeds_are_those_of_what_is_a_number(seeds: int) -> None:
    rows = np.random.default_rng(seeds).normal(size=(seeds, 40))
    rows[np.random.default_rng(9).random(rows.shape) < 0.4] = np.nan
    rows[:, 0] = np.nan
    rows[:, 1] = 1e308
    for at, found in enumerate(zip(*over_seeds(rows), strict=True)):
        known = sorted(one for one in rows[:, at].tolist() if not np.isnan(one))
        if not known:
            assert np.isnan(found).all()
            continue
        half = len(known) // 2
        middle = known[half] if len(known) % 2 else known[half - 1] / 2 + known[half] / 2
        assert found == pytest.approx((middle, known[0], known[-1]))
