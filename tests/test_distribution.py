"""Merged bins against numpy's histogram of the values themselves; densities against scipy."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gaussian_kde

from initstudio.bins import SIZE
from initstudio.counting import reading_of
from initstudio.distribution import (
    FEWEST,
    MOST,
    STEPS,
    Binned,
    bandwidth,
    density,
    display_exponent,
    pool,
)
from tests.synthetic import binned

Values = npt.NDArray[np.float64]


def test_bins_of_one_picture_count_what_a_histogram_of_the_values_does() -> None:
    rng = np.random.default_rng(0)
    values = [rng.normal(0, 0.01, 3000), rng.uniform(-0.3, 0.3, 3000), rng.standard_t(3, 3000)]
    groups = [pool(reading_of(one)) for one in values]
    assert all(groups)
    exponent = display_exponent([group for group in groups if group], -0.3, 0.3)
    for group, one in zip(groups, values, strict=True):
        assert group is not None
        merged = group.merged(max(exponent, group.exponent))
        assert np.array_equal(merged.counts, np.histogram(one, merged.edges)[0])
        assert merged.counts.sum() == 3000
        assert np.log2(merged.widths).tolist() == np.round(np.log2(merged.widths)).tolist()


@settings(max_examples=40, deadline=None)
@given(st.integers(-14, -4), st.integers(-14, -4), st.floats(-3, 3), st.floats(0.001, 0.2))
def test_pooling_moves_no_value(one: int, two: int, middle: float, spread: float) -> None:
    rng = np.random.default_rng(3)
    parts = [rng.uniform(middle - s, middle + s, 200) for s in (2.0**one * 200, 2.0**two * 200)]
    pooled = pool(np.stack([binned(parts[0], one), binned(parts[1], two)]))
    assert pooled is not None
    values = np.concatenate(parts)
    assert np.array_equal(pooled.counts, np.histogram(values, pooled.edges)[0])
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
        Binned(-3, np.array([0.0, 0.125]), np.array([1])).merged(-4)


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


def two_hills(seed: int, size: int = 5000) -> Values:
    rng = np.random.default_rng(seed)
    hills = rng.normal(-0.2, 0.05, size // 2), rng.normal(0.1, 0.1, size - size // 2)
    return np.concatenate(hills)


def drawn(kind: str, size: int) -> Values:
    rng = np.random.default_rng(size)
    normal = rng.normal(0.02, 0.05, size)
    kinds = {
        "normal": normal,
        "uniform": rng.uniform(-0.1, 0.1, size),
        "laplace": rng.laplace(0, 0.05, size),
        "two hills": two_hills(size, size),
        "student": rng.standard_t(2, size),
        "lognormal": rng.lognormal(0, 1, size),
        "relu": np.maximum(normal, 0),
        "dropped": normal * (rng.uniform(size=size) < 0.8),
        "hard tanh": np.clip(20 * normal, -1, 1),
        "two values": np.where(normal > 0, 0.3, -0.7),
        "faint": 1e-41 * normal,
        "huge": 1e38 * normal,
        "around 1": 1 + 1e-3 * normal,
        "lost in part": np.where(normal > 0.1, np.nan, np.where(normal < -0.08, np.inf, normal)),
    }
    return kinds[kind].astype(np.float32).astype(np.float64)


KINDS = (
    "normal",
    "uniform",
    "laplace",
    "two hills",
    "student",
    "lognormal",
    "relu",
    "dropped",
    "hard tanh",
    "two values",
    "faint",
    "huge",
    "around 1",
    "lost in part",
)


def scipys(values: Values, width: float, places: Values) -> Values:
    """Return scipy's density; in units of the bandwidth, as squares of huge values overflow."""
    scaled = values / width
    kernel = gaussian_kde(scaled, bw_method=1 / scaled.std(ddof=1))
    return np.asarray(kernel(places / width)) / width


def error_of(group: Binned, values: Values, width: float | None = None) -> float:
    """Return by how much a density differs from scipy's at most, over the peak of scipy's."""
    places, heights, width = density(group, width)
    some = np.unique([*range(0, len(places), max(1, len(places) // 150)), *heights.argsort()[-20:]])
    oracle = scipys(values, width, places[some])
    return float(np.abs(heights[some] - oracle).max() / oracle.max())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [100, 1000, 4096, 100_000])
def test_the_density_is_scipys_to_a_thousandth_of_its_peak(kind: str, size: int) -> None:
    values = drawn(kind, size)
    group = pool(reading_of(values))
    assert group is not None
    assert error_of(group, values[np.isfinite(values)]) < 1e-3


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [100, 1000, 100_000])
def test_the_bandwidth_is_that_of_the_values(kind: str, size: int) -> None:
    values = drawn(kind, size)
    group = pool(reading_of(values))
    assert group is not None
    values = values[np.isfinite(values)]
    scale = np.abs(values).max()
    deviation = float((values / scale).std()) * scale
    between = np.subtract(*np.quantile(values, [0.75, 0.25])) / 1.34
    wanted = 0.9 * min(one for one in (deviation, between) if one > 0) * len(values) ** -0.2
    assert bandwidth(group) == pytest.approx(wanted, rel=0.01)
    assert group.std() == pytest.approx(deviation, rel=1e-3)


@pytest.mark.parametrize("scale", [1.0, 30.0])
@pytest.mark.parametrize("kind", ["normal", "relu", "student", "uniform"])
def test_the_density_of_several_readings_is_that_of_their_values(kind: str, scale: float) -> None:
    parts = [drawn(kind, 4096), drawn("normal", 4097) * scale, drawn("laplace", 4098)]
    group = pool(np.stack([reading_of(part) for part in parts]))
    assert group is not None
    # of a layer that is far wider, few values lie in a bandwidth, and where is not known of each
    far = scale > 1 or kind == "student"
    assert error_of(group, np.concatenate(parts)) < (3e-3 if far else 1e-3)


def test_the_density_of_layers_whose_scales_are_far_apart_errs_by_few_values() -> None:
    """Each of the wide layer's values stands alone beside a bandwidth that the narrow one sets."""
    parts = [drawn("normal", 4096), drawn("normal", 4097) * 1000]
    group = pool(np.stack([reading_of(part) for part in parts]))
    assert group is not None
    assert error_of(group, np.concatenate(parts)) < 3e-3


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("factor", [1.0, 2.0, 4.0])
def test_a_density_of_another_bandwidth_is_scipys_too(seed: int, factor: float) -> None:
    values = two_hills(seed)
    group = pool(reading_of(values))
    assert group is not None
    assert error_of(group, values, factor * bandwidth(group)) < 1e-3


numbers = st.lists(
    st.floats(-100, 100, allow_nan=False, width=32), min_size=2, max_size=60, unique=True
)


@settings(max_examples=150, deadline=None)
@given(numbers, st.floats(0.3, 40))
def test_any_density_integrates_to_one(values: list[float], factor: float) -> None:
    group = pool(reading_of(np.array(values)))
    assert group is not None
    for width in (None, factor * bandwidth(group)):
        places, heights, used = density(group, width)
        assert np.all(heights >= 0)
        assert float(np.sum(heights)) * used / STEPS == pytest.approx(1, abs=1e-6)
        assert float(np.trapezoid(heights, places)) == pytest.approx(1, abs=1e-5)


@settings(max_examples=150, deadline=None)
@given(numbers)
def test_the_density_of_any_few_values_is_near_to_scipys(values: list[float]) -> None:
    group = pool(reading_of(np.array(values)))
    assert group is not None
    if bandwidth(group) > 2 * group.width:
        assert error_of(group, np.array(values)) < 0.02


def test_equal_values_are_known_as_such() -> None:
    group = pool(reading_of(np.full(100, 0.5)))
    assert group is not None
    assert group.constant == 0.5
    assert bandwidth(group) == group.width == 2.0**-23
    several = pool(reading_of(np.array([0.5, 0.25])))
    assert several is not None
    assert several.constant is None


def test_nothing_finite_is_no_group() -> None:
    assert pool(reading_of(np.array([np.nan, np.inf]))) is None
    assert pool(np.zeros((3, SIZE), np.int32)) is None
