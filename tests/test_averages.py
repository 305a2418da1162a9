"""Averages of pairs of signals against a plain sum over a grid of both, and published figures."""

from math import erf

import numpy as np
import numpy.typing as npt
import pytest

from initstudio import gaussian
from initstudio.averages import averages_of
from initstudio.nonlinearities import error_function, nonlinearity

PAIR = (np.array([0]), np.array([1]))
CASES = [(1, 1, 0), (1, 1, 0.5), (1, 2.3, 0.9), (0.1, 0.1, 0.99), (4, 3, -0.7), (1, 1, 0.999)]


def grid() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return places z and the share of a standard normal about each."""
    z = np.linspace(-6.5, 6.5, 2167)
    z = (z[1:] + z[:-1]) / 2
    weight = np.exp(-(z**2) / 2)
    return z, weight / weight.sum()


GRID = grid()


def mean_square(key: str, params: dict[str, object], q: float) -> float:
    function, _ = nonlinearity(key, params)
    z, weight = GRID
    return float(weight @ function(np.sqrt(q) * z) ** 2)


def by_grid(key: str, params: dict[str, object], q1: float, q2: float, c: float) -> float:
    function, _ = nonlinearity(key, params)
    z, weight = GRID
    u = np.sqrt(q1) * z[:, None]
    v = np.sqrt(q2) * (c * z[:, None] + np.sqrt(1 - c * c) * z[None])
    return float(weight @ (function(u) * function(v)) @ weight)


@pytest.mark.parametrize(
    ("key", "params"),
    [
        ("tanh", {}),
        ("relu", {}),
        ("leaky_relu", {"negative_slope": 0.2}),
        ("gelu", {}),
        ("hardtanh", {}),
        ("sigmoid", {}),
        ("elu", {}),
        ("silu", {}),
        ("threshold", {}),
    ],
)
@pytest.mark.parametrize(("q1", "q2", "c"), CASES)
def test_products_are_those_of_a_grid(
    key: str, params: dict[str, object], q1: float, q2: float, c: float
) -> None:
    q, covariance = np.array([q1, q2], np.float64), np.array([c * np.sqrt(q1 * q2)])
    (found,) = averages_of(key, params).products(q, PAIR, covariance)
    size = np.sqrt(mean_square(key, params, q1) * mean_square(key, params, q2))
    assert found == pytest.approx(by_grid(key, params, q1, q2, c), abs=1e-4 * size)


@pytest.mark.parametrize("key", ["tanh", "relu", "gelu", "sigmoid", "hardtanh", "selu"])
def test_a_signal_with_itself_gives_its_mean_square(key: str) -> None:
    for q in (0.037, 1.0, 5.5):
        (found,) = averages_of(key, {}).products(np.array([q, q]), PAIR, np.array([q]))
        assert found == pytest.approx(gaussian.moments(key, {}, q)[1], rel=1e-4)


def test_signs_and_odd_parts() -> None:
    (found,) = averages_of("tanh", {}).products(np.array([1.0, 1.0]), PAIR, np.array([-1.0]))
    assert found == pytest.approx(-gaussian.moments("tanh", {})[1], rel=1e-6)
    (found,) = averages_of("relu", {}).products(np.array([1.0, 1.0]), PAIR, np.array([-1.0]))
    assert found == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("key", ["tanh", "relu", "leaky_relu", "gelu"])
@pytest.mark.parametrize("c", [-0.5, 0.0, 0.3, 0.9])
def test_the_slope_is_the_derivative(key: str, c: float) -> None:
    averages, q, step = averages_of(key, {}), 1.7, 1e-5
    value, slope = averages.slope_of_correlation(np.array([q]), np.array([c]))
    around = [
        averages.products(np.array([q, q]), PAIR, np.array([q * (c + by)]))[0]
        for by in (-step, 0, step)
    ]
    assert value[0] == pytest.approx(around[1], rel=1e-9)
    assert slope[0] == pytest.approx((around[2] - around[0]) / (2 * step * q), rel=1e-5)


SMOOTH = ("tanh", "gelu", "sigmoid", "hardtanh", "elu", "softplus", "softsign", "relu6", "mish")


@pytest.mark.parametrize("key", SMOOTH)
def test_between_the_nodes_averages_are_exact_to_a_millionth(key: str) -> None:
    averages = averages_of(key, {})
    q = 10 ** np.random.default_rng(0).uniform(-4, 2.5, 40)
    wanted = np.array([gaussian.moments(key, {}, float(one)) for one in q]).T
    found = np.array(averages.moments(q))
    np.testing.assert_allclose(found[1:], wanted[1:], rtol=1e-6)
    np.testing.assert_allclose(found[0], wanted[0], atol=1e-6 * np.sqrt(wanted[1].max()))
    # what the series leaves out has the order that makes both exact where inputs are the same
    value, slope = averages.slope_of_correlation(q, np.ones_like(q))
    np.testing.assert_allclose(value, wanted[1], rtol=1e-6)
    np.testing.assert_allclose(slope, wanted[2], rtol=1e-6)


@pytest.mark.parametrize(("key", "q"), [("tanh", 1e60), ("sigmoid", 1e30), ("sigmoid", 1e-20)])
def test_beyond_the_grid_what_is_constant_stays(key: str, q: float) -> None:
    averages = averages_of(key, {})
    (same,) = averages.products(np.array([q, q]), PAIR, np.array([q]))
    assert same == pytest.approx(gaussian.moments(key, {}, min(q, 1e8))[1], rel=2e-3)
    (apart,) = averages.products(np.array([q, q]), PAIR, np.array([-0.001 * q]))
    mean = gaussian.moments(key, {}, 1.0)[0]
    assert apart == pytest.approx(mean**2, abs=1e-3)


def test_a_signal_of_nothing_has_no_averages() -> None:
    averages = averages_of("tanh", {})
    for q in (0.0, np.inf, np.nan):
        with pytest.raises(ValueError, match="no averages"):
            averages.moments(np.array([1.0, q]))
    with pytest.raises(ValueError, match="no average is known"):
        averages_of("nothing", {})


def test_the_error_function_is_that_of_the_library() -> None:
    x = np.concatenate([np.linspace(-8, 8, 20_001), [1e-300, -1e-300, 0, 1e300, -np.inf]])
    wanted = [erf(float(one)) for one in x]
    np.testing.assert_allclose(error_function(x), wanted, rtol=1e-15, atol=2e-16)
