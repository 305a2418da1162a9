"""Which bins readings have, and that their numbers, edges and places agree with a slow walk."""

from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from initstudio.bins import BINS, HEAD, edge_at, filled, slots_at
from initstudio.counting import reading_of
from tests.slow_bins import assert_counted, slow_bins

Values = npt.NDArray[np.float64]
RNG = np.random.default_rng(0)
VALUES = {
    "normal": RNG.normal(0, 0.1, 4000),
    "far from 0": RNG.normal(300, 0.1, 4000),
    "long tails": RNG.standard_t(2, 4000),
    "one long tail": RNG.lognormal(0, 2, 4000),
    "one side": -RNG.lognormal(0, 2, 4000),
    "as behind a ReLU": np.maximum(RNG.normal(0, 1, 4000), 0),
    "mostly 0": RNG.normal(0, 1, 4000) ** 5 * (RNG.uniform(size=4000) < 0.4),
    "quartiles beside zeros": RNG.standard_t(1, 4000) * (RNG.uniform(size=4000) < 0.51),
    "over many octaves": np.exp(RNG.uniform(-30, 30, 4000)) * RNG.choice([-1, 1], 4000),
    "one far out": np.append(RNG.normal(0, 1, 999), 1e30),
    "edges": np.arange(-600.0, 600.0) / 8,
    "two values": np.repeat([-0.3, 0.3], 50),
    "clipped": np.clip(RNG.normal(0, 1, 4000), -1, 1),
    "faint below 0 and huge above": np.array([0.0, 1.0, 1e98, -5e-244]),
    "huge": RNG.standard_t(1, 500) * 1e300,
    "tiny": RNG.standard_t(1, 500) * 1e-310,
}


@pytest.mark.parametrize("name", VALUES)
def test_each_value_is_counted_in_its_bin_whose_mean_is_told(name: str) -> None:
    assert_counted(reading_of(VALUES[name]), VALUES[name])


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=30),
    st.integers(0, 60),
)
def test_any_values_are_counted_in_their_bins(given_values: list[float], zeros: int) -> None:
    values = np.array([*given_values, *[0.0] * zeros], np.float64)
    assert_counted(reading_of(values), values)


@pytest.mark.parametrize("name", VALUES)
def test_bins_are_those_of_a_slow_walk(name: str) -> None:
    reading = reading_of(VALUES[name])
    bins, slow = filled(reading[None]), slow_bins(reading)
    for at, one in enumerate(slow):
        width = Fraction(2) ** int(bins.exponent[at])
        assert (one.low, one.high - one.low) == (int(bins.place[at]) * width, width)
        assert bins.many[at] == one.many
        mean = one.low + Fraction(float(bins.mean[at])) * width
        assert abs(mean - one.mean) < width * Fraction(1, 10**9)
    assert len(bins.many) == len(slow)


@pytest.mark.parametrize("name", VALUES)
def test_places_among_bins_grow_from_edge_to_edge(name: str) -> None:
    reading = reading_of(VALUES[name])
    head = reading[:HEAD].astype(np.int64)
    slots = np.flatnonzero(reading[HEAD : HEAD + BINS])
    edges = [float(one.low) for one in slow_bins(reading)]
    assert np.array_equal(edge_at(slots, np.tile(head, (len(slots), 1))), edges)
    assert np.array_equal(slots_at(np.array(edges), head), slots)
    middles = [float((one.low + one.high) / 2) for one in slow_bins(reading)]
    if np.abs(middles).min() > 1e-300:  # the width of the bins can be told in float64
        assert slots_at(np.array(middles), head) == pytest.approx(slots + 0.5, abs=1e-9)


def test_bins_are_fine_beside_the_bandwidth_where_the_values_are() -> None:
    for name in ("normal", "far from 0", "long tails", "one long tail", "as behind a ReLU"):
        values = VALUES[name]
        iqr = np.subtract(*np.quantile(values, [0.75, 0.25]))
        width = 0.9 * min(values.std(), iqr / 1.34) * len(values) ** -0.2
        bins = slow_bins(reading_of(values))
        held = sum(one.many for one in bins if one.high - one.low <= width / 2)
        assert held > 0.7 * len(values)


def test_a_tail_has_bins_that_widen_by_octaves() -> None:
    reading = reading_of(VALUES["long tails"])
    assert reading[4] > 0
    widths = [float(one.high - one.low) for one in slow_bins(reading)]
    assert len(set(widths)) > 2
    for one in slow_bins(reading):
        away = min(abs(one.low), abs(one.high))
        assert one.high - one.low <= max(
            Fraction(2) ** int(reading[0]), away / 2 ** int(reading[4])
        )
