"""Merged bins against numpy's histogram of the values themselves; densities against scipy."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gaussian_kde

from initstudio.distribution import (
    FEWEST,
    MOST,
    Binned,
    bandwidth,
    density,
    display_exponent,
    pool,
    reading_of,
    shared,
)
from tests.synthetic import binned


def test_shared_bins_count_what_a_histogram_of_the_values_does() -> None:
    rng = np.random.default_rng(0)
    values = [rng.normal(0, 0.01, 3000), rng.uniform(-0.3, 0.3, 3000), rng.normal(0.1, 0.05, 3000)]
    readings = [binned(values[0], -11), binned(values[1], -9), binned(values[2], -9)]
    edges, counts = shared(readings)
    for row, one in zip(counts, values, strict=True):
        assert np.array_equal(row, np.histogram(one, edges)[0])
        assert row.sum() == 3000
    width = edges[1] - edges[0]
    assert np.log2(width) == round(np.log2(width))


@settings(max_examples=40, deadline=None)
@given(st.integers(-14, -4), st.integers(-14, -4), st.floats(-3, 3), st.floats(0.001, 0.2))
def test_pooling_moves_no_value(one: int, two: int, middle: float, spread: float) -> None:
    rng = np.random.default_rng(3)
    parts = [rng.uniform(middle - s, middle + s, 200) for s in (2.0**one * 200, 2.0**two * 200)]
    pooled = pool(np.stack([binned(parts[0], one), binned(parts[1], two)]))
    assert pooled is not None
    values = np.concatenate(parts)
    place = np.floor(values / pooled.width).astype(int) - pooled.first
    assert np.array_equal(pooled.counts, np.bincount(place, minlength=len(pooled.counts)))
    assert spread > 0


def test_pooling_keeps_what_is_not_finite_apart() -> None:
    values = np.array([0.1, np.nan, 0.2, np.inf])
    pooled = pool(np.stack([binned(values, -6), binned(values, -7)]))
    assert pooled is not None
    assert (pooled.total, pooled.not_finite) == (4, 4)
    assert pool(binned(np.array([np.nan]), -3)) is None


def test_readings_of_extreme_scales_pool() -> None:
    tiny, large = binned(np.array([1e-40]), -149), binned(np.array([1e30]), 90)
    pooled = pool(np.stack([tiny, large]))
    assert pooled is not None
    assert pooled.total == 2


@pytest.mark.parametrize("exponent", [-9, -8, -5])
def test_merging_adds_neighbours(exponent: int) -> None:
    values = np.random.default_rng(1).normal(0, 0.1, 500)
    group = pool(binned(values, -9))
    assert group is not None
    merged = group.merged(exponent)
    assert np.array_equal(merged.counts, np.histogram(values, merged.edges)[0])


def test_bins_are_never_split() -> None:
    with pytest.raises(ValueError, match="split"):
        Binned(-3, 0, np.array([1])).merged(-4)


def test_a_picture_has_a_bounded_number_of_bins() -> None:
    rng = np.random.default_rng(0)
    for spread in (0.001, 0.1, 10.0):
        group = pool(binned(rng.normal(0, spread, 4000), round(np.log2(spread)) - 5))
        assert group is not None
        low, high = float(group.edges[0]), float(group.edges[-1])
        count = (high - low) / 2.0 ** display_exponent([group], low, high)
        assert FEWEST <= count <= MOST


def test_the_deviation_is_that_of_the_values() -> None:
    values = np.random.default_rng(5).normal(0.3, 0.1, 20_000)
    group = pool(binned(values, -6))
    assert group is not None
    # coarse bins: without Sheppard's correction the error would be 1.4e-3 of the deviation
    assert group.std() == pytest.approx(values.std(), rel=3e-4)


@pytest.mark.parametrize("share", [0.01, 0.25, 0.5, 0.9])
def test_quantiles_are_right_to_a_bin(share: float) -> None:
    values = np.random.default_rng(5).normal(0, 0.1, 5000)
    group = pool(binned(values, -8))
    assert group is not None
    assert group.quantile(share) == pytest.approx(np.quantile(values, share), abs=group.width)


def test_the_bandwidth_is_silvermans() -> None:
    values = np.random.default_rng(2).standard_t(3, 4000) * 0.05
    values = values[np.abs(values) < 0.9]
    group = pool(binned(values, -8))
    assert group is not None
    iqr = np.quantile(values, 0.75) - np.quantile(values, 0.25)
    expected = 0.9 * min(values.std(), iqr / 1.34) * len(values) ** -0.2
    assert bandwidth(group) == pytest.approx(expected, rel=0.02)


def counted(values: npt.NDArray[np.float64], exponent: int) -> Binned:
    places = np.floor(values / 2.0**exponent).astype(int)
    return Binned(exponent, int(places.min()), np.bincount(places - places.min()))


def two_hills(seed: int) -> npt.NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.normal(-0.2, 0.05, 2000), rng.normal(0.1, 0.1, 3000)])


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("exponent", [-13, -11])
def test_the_density_is_scipys(seed: int, exponent: int) -> None:
    values = two_hills(seed)
    places, heights, width = density(counted(values, exponent))
    oracle = gaussian_kde(values, bw_method=width / values.std(ddof=1))(places)
    assert np.abs(heights - oracle).max() < 1e-3 * oracle.max()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_density_of_coarse_bins_errs_by_what_the_bins_hide(seed: int) -> None:
    values = two_hills(seed)
    places, heights, width = density(counted(values, -9))
    oracle = gaussian_kde(values, bw_method=width / values.std(ddof=1))(places)
    # each value is off by up to half a bin at random; the kernel's slope makes that an error of
    # the density, of this standard deviation at its peak
    slope = 1 / (4 * np.sqrt(np.pi) * width**3)
    hidden = 2.0**-9 / np.sqrt(12) * np.sqrt(oracle.max() * slope / len(values))
    assert np.abs(heights - oracle).max() < 6 * hidden < 0.01 * oracle.max()


def test_the_density_integrates_to_one() -> None:
    group = pool(binned(np.random.default_rng(0).uniform(-1, 1, 1000), -7))
    assert group is not None
    places, heights, _ = density(group)
    assert np.sum(heights) * (places[1] - places[0]) == pytest.approx(1, abs=1e-12)


Values = npt.NDArray[np.float64]
SIZES = (100, 1000, 100_000)
FACTORS = (0.5, 1.0, 2.0, 4.0)
"""Of Silverman's bandwidth."""


def drawn(kind: str, size: int) -> Values:
    rng = np.random.default_rng(size)
    match kind:
        case "normal":
            return rng.normal(0.02, 0.05, size)
        case "uniform":
            return rng.uniform(-0.1, 0.1, size)
        case "laplace":
            return rng.laplace(0, 0.05, size)
        case "two hills":
            hills = [rng.normal(-0.2, 0.05, size // 2), rng.normal(0.1, 0.1, size - size // 2)]
            return np.concatenate(hills)
    return rng.standard_t(3, size).clip(-12, 12) * 0.05


KINDS = ("normal", "uniform", "laplace", "two hills", "student")
every_kind = pytest.mark.parametrize("kind", KINDS)
every_size = pytest.mark.parametrize("size", SIZES)


def error_of(group: Binned, values: Values, width: float) -> tuple[float, float]:
    """Return by how much a density differs from scipy's at most, and the peak of scipy's."""
    places, heights, width = density(group, width)
    some = slice(None, None, max(1, len(places) // 200))
    oracle = gaussian_kde(values, bw_method=width / values.std(ddof=1))(places[some])
    return float(np.abs(heights[some] - oracle).max()), float(oracle.max())


def hidden_by(group: Binned, peak: float, width: float) -> float:
    """Return the deviation of a density at its peak by what a bin hides of its values' places.

    Each is off by up to half a bin at random, w / sqrt(12) in the mean of squares; the kernel's
    slope makes that an error, whose mean square over n values is f / (4 sqrt(pi) h^3 n).
    """
    slope = peak / (4 * np.sqrt(np.pi) * width**3 * group.total)
    return float(group.width / np.sqrt(12) * np.sqrt(slope))


@every_kind
@every_size
@pytest.mark.parametrize("factor", FACTORS)
def test_the_density_in_fine_bins_is_scipys_to_a_thousandth_of_its_peak(
    kind: str, size: int, factor: float
) -> None:
    values = drawn(kind, size)
    iqr = np.subtract(*np.quantile(values, [0.75, 0.25]))
    width = factor * 0.9 * min(values.std(), iqr / 1.34) * size**-0.2
    # the fewer values, the less do errors of their places even out
    parts = 256 if size < 1000 else 64
    group = counted(values, int(np.floor(np.log2(width / parts))))
    error, peak = error_of(group, values, width)
    assert error < 1e-3 * peak


@every_kind
@every_size
@pytest.mark.parametrize("factor", FACTORS)
def test_the_density_of_a_reading_errs_by_what_its_bins_hide(
    kind: str, size: int, factor: float
) -> None:
    """With Silverman's bandwidth that was 3e-4 to 2.6e-3 of the peak, but 3e-2 for Student's.

    A reading has up to BINS bins from the least to the greatest value, so a bin is wide beside the
    bandwidth where tails are long: there is no finer picture of these counts.
    """
    values = drawn(kind, size)
    group = pool(reading_of(values))
    assert group is not None
    width = factor * bandwidth(group)
    if width < group.width:
        pytest.skip("no such bandwidth is used: the bins are wider")
    error, peak = error_of(group, values, width)
    # what is even about the errors is of fourth order in a bin over a bandwidth
    assert error < 6 * hidden_by(group, peak, width) + 0.02 * peak * (group.width / width) ** 4


numbers = st.lists(
    st.floats(-100, 100, allow_nan=False, width=32), min_size=2, max_size=60, unique=True
)


@settings(max_examples=150, deadline=None)
@given(numbers, st.floats(0.3, 40))
def test_any_density_integrates_to_one(values: list[float], factor: float) -> None:
    group = pool(reading_of(np.array(values)))
    assert group is not None
    for width in (None, factor * group.width):
        places, heights, _ = density(group, width)
        assert np.all(heights >= 0)
        assert float(np.sum(heights)) * group.width == pytest.approx(1, abs=1e-6)
        assert float(np.trapezoid(heights, places)) == pytest.approx(1, abs=1e-6)


@settings(max_examples=150, deadline=None)
@given(numbers, st.floats(1.5, 40))
def test_no_density_errs_by_more_than_half_a_bin_can_move_it(
    values: list[float], factor: float
) -> None:
    group = pool(reading_of(np.array(values)))
    assert group is not None
    places, heights, width = density(group, factor * group.width)
    z = (places[:, None] - np.array(values)) / width
    exact = np.exp(-(z**2) / 2).mean(1) / (width * np.sqrt(2 * np.pi))
    steepest = np.exp(-0.5) / (np.sqrt(2 * np.pi) * width**2)
    narrower = np.sqrt(width**2 - group.width**2 / 12)
    sharper = (1 / narrower - 1 / width) / np.sqrt(2 * np.pi)
    assert np.abs(heights - exact).max() < group.width / 2 * steepest + sharper + 1e-5 / width


def test_equal_values_are_known_as_such() -> None:
    group = pool(binned(np.full(100, 0.5), -23))
    assert group is not None
    assert group.constant == 0.5
    assert bandwidth(group) == group.width
    several = pool(binned(np.array([0.5, 0.25]), -9))
    assert several is not None
    assert several.constant is None


def test_nothing_finite_gives_empty_counts() -> None:
    edges, counts = shared([binned(np.array([np.nan]), -3), binned(np.array([np.inf]), -3)])
    assert len(edges) == 2
    assert counts.sum() == 0
