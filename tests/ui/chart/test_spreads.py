"""What pictures of distributions are made of: axes, bins, dashes, ridges and numbers below."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from initstudio.counting import reading_of
from initstudio.distribution import Binned, pool
from initstudio.law import constant_law, uniform_law
from initstudio.target import Target, target_of
from initstudio.ui.chart.axis import marks_between
from initstudio.ui.chart.lines import dashed
from initstudio.ui.chart.over_time import chosen_rows
from initstudio.ui.chart.panels import SPILL, Panel
from initstudio.ui.chart.small import Pen, Small, lifted, thinned
from initstudio.ui.chart.spread import DEEPEST, axis_of, decades_of, ends_of, spread_of
from initstudio.ui.chart.words import width_of


def group_of(*values: float, size: int = 0, seed: int = 0, std: float = 1.0) -> Binned:
    drawn = std * np.random.default_rng(seed).normal(0, 1, size)
    found = pool(reading_of(np.concatenate([np.array(values), drawn])))
    assert found is not None
    return found


def test_on_a_log_scale_the_axis_goes_out_to_the_last_value() -> None:
    group = group_of(-9.0, 12.0, size=100_000)
    low, high = ends_of([group])
    assert -4 < low < -3
    assert 3 < high < 4
    low, high = ends_of([group], whole=True)
    assert low <= -9 < -8.9 < 12 <= high
    view = axis_of([group], None, whole=True)
    assert view[0] < -9 < 12 < view[1]


def test_one_that_is_far_wider_does_not_hide_the_others() -> None:
    groups = [group_of(size=500, seed=at) for at in (0, 1)]
    low, high = ends_of([*groups, group_of(size=500, std=1e6)], whole=True)
    assert max(-low, high) < 40 * 4


def test_a_log_scale_reaches_down_to_a_single_value() -> None:
    shape = spread_of(group_of(7.0, size=100_000), -4)
    bottom, top = decades_of([shape], shape.peak)
    lonely = shape.bars[shape.bars > 0].min()
    assert lonely == pytest.approx(1 / (100_001 * 2.0**-4))
    assert bottom <= np.log10(lonely)
    assert bottom <= np.log10(shape.line[np.abs(shape.places - 7).argmin()])
    assert top >= np.log10(shape.peak)
    assert decades_of([shape], 1e30)[0] == pytest.approx(30 - DEEPEST)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 2000), st.integers(2, 60))
def test_chosen_snapshots_stay_while_the_album_grows_and_thins(count: int, most: int) -> None:
    kept = list(chosen_rows(count, most))
    assert kept[0] == 0
    assert len(kept) <= most
    assert 2 * len(kept) >= min(count, most), "room is used"
    assert len({b - a for a, b in pairwise(kept)}) <= 1
    grown = set(chosen_rows(count + 1, most))
    assert grown <= {*kept, count}
    if count > most:  # every second snapshot goes: the same ones are drawn
        thinned = [2 * row for row in chosen_rows(-(-count // 2), most)]
        assert thinned == kept


@pytest.mark.parametrize("slope", [0.0, 1.0, 50.0])
def test_dashes_are_of_one_length_however_steep(slope: float) -> None:
    x = np.linspace(0, 100 / np.hypot(1, slope), 301)
    dash_x, dash_y = dashed(x, slope * x, (1.0, 1.0), (5.0, 4.0))
    pieces = [
        piece[np.isfinite(piece)]
        for piece in np.split(np.hypot(dash_x, dash_y), np.flatnonzero(~np.isfinite(dash_y)))
    ]
    lengths = [float(piece[-1] - piece[0]) for piece in pieces if len(piece)]
    assert len(lengths) == 12
    assert lengths[:-1] == pytest.approx([5.0] * 11)
    starts = [float(piece[0]) for piece in pieces if len(piece)]
    assert np.diff(starts) == pytest.approx(9.0)


def test_no_dash_crosses_a_gap() -> None:
    x, y = np.arange(7.0), np.array([0.0, 0, 0, np.nan, 0, 0, 0])
    found, _ = dashed(x, y, (1.0, 1.0), (100.0, 1.0))
    assert not ((found > 2) & (found < 4)).any()
    assert {2.0, 4.0} <= set(found.tolist())
    assert len(dashed(x[:0], x[:0], (1.0, 1.0), (5.0, 4.0))[0]) == 0


@settings(max_examples=100, deadline=None)
@given(st.floats(-100, 100), st.floats(1e-6, 100), st.floats(12, 900), st.sampled_from([9.5, 13.5]))
@pytest.mark.usefixtures("qapp")
def test_numbers_below_a_panel_stay_apart_and_within(
    low: float, span: float, wide: float, points: float
) -> None:
    panel = Panel(((10.0, 10 + wide), (0.0, 50.0)))
    view = (low, low + span)
    found = panel.numbers_below(view, points)
    halves = [width_of(word.text, points) / 2 for word in found]
    for word, half in zip(found, halves, strict=True):
        assert word.x - half >= 10 - SPILL
        assert word.x + half <= 10 + wide + SPILL
    for (one, half), (other, its_half) in pairwise(zip(found, halves, strict=True)):
        assert one.x + half < other.x - its_half


def test_numbers_of_steps_of_two_and_a_half_are_whole_ones() -> None:
    texts = [text for _, text in marks_between(-7.5, 7.5, 6 * 48, log=False)]
    assert texts == ["−7.5", "−5.0", "−2.5", "0", "2.5", "5.0", "7.5"]


def small(*, log: bool = False) -> Small:
    return Small(Panel(((0.0, 100.0), (0.0, 50.0))), (-2.0, 2.0), (0.0, 1.0), log=log)


def test_a_small_panel_holds_the_outline_of_its_bars() -> None:
    group = Binned(-1, np.array([-1.0, -0.5, 0.0, 0.5, 1.0]), np.array([2, 4, 6, 4]))
    x, y = small().bars(spread_of(group, -1))
    np.testing.assert_allclose(x[[0, 1, 3, 5, 7, -1]], [25, 25, 37.5, 50, 62.5, 75])
    heights = np.array([2, 4, 6, 4]) / (16 * 0.5) * 50
    np.testing.assert_allclose(y, [0, *np.repeat(heights, 2), 0])


def test_a_narrow_density_is_not_missed_between_two_points() -> None:
    x, y = small().outline(spread_of(group_of(size=500, std=1e-3), -12), line=True)
    assert y.max() == 50
    assert np.all(np.diff(x) >= 0)


def test_a_target_with_a_single_value_is_a_line_and_a_spike_of_dashes() -> None:
    target = target_of([uniform_law(1.0), constant_law(0.5)], [1, 1])
    assert isinstance(target, Target)
    x, y = small().target(target)
    spike = np.abs(x - 62.5) < 1e-9
    assert np.nanmin(y[spike]) == 0
    assert 40 < np.nanmax(y[spike]) <= 50
    line = ~spike & np.isfinite(y)
    assert x[line].min() >= 24
    assert x[line].max() <= 76
    assert y[line].max() == pytest.approx(12.5)
    assert np.isnan(y).sum() > 10, "dashes"


def test_what_lies_on_the_ground_is_no_line() -> None:
    found = lifted(np.array([0.0, 0, 5, 5, 0, 0]), (0.0, 10.0))
    np.testing.assert_array_equal(found, [np.nan, 0, 5, 5, 0, np.nan])


def test_pieces_of_a_line_have_gaps() -> None:
    pen = Pen()
    for at in (0.0, 10.0):
        pen.add(np.array([at, at + 1]), np.zeros(2))
    pen.add(np.zeros(0), np.zeros(0))
    x, y = pen.points
    assert x.tolist() == [0, 1, 1, 10, 11, 11]
    assert np.isnan(y).tolist() == [False, False, True] * 2


def test_a_thinned_curve_keeps_its_peak_and_its_ends() -> None:
    x = np.linspace(-1, 1, 3001)
    y = np.exp(-0.5 * ((x - 0.2113) / 0.003) ** 2)
    few, heights = thinned(x, y, 190)
    assert len(few) <= 250
    assert heights.max() == y.max()
    assert (few[0], few[-1]) == (-1, 1)
    assert np.array_equal(heights, y[np.searchsorted(x, few)])
    whole = thinned(x[:300], y[:300], 190)
    assert np.array_equal(whole[0], x[:300])


def test_bars_of_a_long_tail_are_wider_far_out_and_hold_what_lies_there() -> None:
    values = np.random.default_rng(0).standard_t(2, 5000)
    group = pool(reading_of(values))
    assert group is not None
    shape = spread_of(group, group.exponent + 1)
    assert shape.uneven((float(group.edges[0]), float(group.edges[-1])))
    assert not shape.uneven((-0.1, 0.1))
    held = shape.bars * np.diff(shape.edges) * 5000
    assert np.allclose(held, np.histogram(values, shape.edges)[0])
