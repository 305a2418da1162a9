"""Averages of an activation over a normal signal: gains, and where signals neither die nor explode.

With z standard normal and q the variance of what comes in: E[phi(sqrt(q) z)^2] is the mean square
that goes out, E[phi'(sqrt(q) z)^2] the factor of the gradient's variance per layer at
sigma_w^2 = 1 (Poole et al. 2016; Schoenholz et al. 2017). By Gauss-Legendre panels between the
kinks, in float64.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import pairwise
from math import inf, sqrt

import numpy as np
import numpy.typing as npt

from initstudio.nonlinearities import nonlinearity

Floats = npt.NDArray[np.float64]

FAR = 12.0
"""Standard deviations; beyond lies less of a normal than double precision can tell."""
NEAR_END = 11.0
"""Beyond, even the highest polynomial times the normal is less than rounding."""
NODES = 40
"""Of Gauss and Legendre in a panel."""
PANEL = 0.5
STEP = 1e-6
NO_BIAS = 1e-13
"""A variance of biases that no signal feels."""
NEARLY = 1.05
"""Times a variance; nearer to it differences are rounding."""
NEAR = 1e-3
"""Beside a variance, in parts of it, for signs that lead to it."""
SEARCHED = tuple(float(one) for one in 10.0 ** np.linspace(-7, 4, 45))
"""Variances between which critical points are looked for."""
TERMS = 64
"""Of the series of Hermite polynomials."""


def moments(key: str, params: Mapping[str, object], q: float = 1.0) -> tuple[float, float, float]:
    """Return E[phi], E[phi^2] and E[phi'^2] of an activation for a signal of variance q.

    Raises:
        ValueError: There is no activation of that key.
    """
    return _moments(key, tuple(sorted(params.items())), q)[:3]


def slope_moments(key: str, params: Mapping[str, object], q: float = 1.0) -> tuple[float, float]:
    """Return E[phi'^2] and E[phi'^4] of an activation for a signal of variance q.

    They are mu_1 and mu_2 of Pennington, Schoenholz and Ganguli 2017.

    Raises:
        ValueError: There is no activation of that key.
    """
    return _moments(key, tuple(sorted(params.items())), q)[2:]


def second_moment_gain(key: str, params: Mapping[str, object]) -> float:
    """Return the gain 1 / sqrt(E[phi^2]) that keeps a mean square of 1."""
    return 1 / sqrt(moments(key, params)[1])


def unit_variance_gain(key: str, params: Mapping[str, object]) -> float:
    """Return the gain 1 / sqrt(Var[phi]) after which outputs have variance 1."""
    mean, square, _ = moments(key, params)
    return 1 / sqrt(square - mean**2)


def critical_weight_variance(key: str, params: Mapping[str, object], bias_variance: float) -> float:
    """Return sigma_w^2 = fan_in Var(W) at which the gradient keeps its size at the fixed point.

    There chi_1 = sigma_w^2 E[phi'^2] = 1 and q = sigma_w^2 E[phi^2] + sigma_b^2 (Schoenholz et al.
    2017, eq. 3 and 5); solved by bisection in q. It must be the point that signals of variance 1
    come to: GELU and others have such points too that all signals leave.

    Raises:
        ValueError: There is no such point.
    """
    return _critical(key, tuple(sorted(params.items())), bias_variance)


@lru_cache(maxsize=256)
def _critical(key: str, params: tuple[tuple[str, object], ...], bias_variance: float) -> float:
    values = dict(params)

    def excess(q: float) -> float:
        _, square, slope = moments(key, values, q)
        return bias_variance + square / slope - q if slope > 0 else inf

    found = []
    if bias_variance < NO_BIAS:
        at_zero = critical_at_zero(key, values)
        if at_zero is not None:
            return at_zero
    if not jumps(key, values):
        found += _crossings(excess, key, values)
    for q, weight_variance in found:
        if _comes_from_one(key, values, weight_variance, bias_variance, q):
            return weight_variance
    message = f"{key} has no critical point for a bias variance of {bias_variance:g}"
    raise ValueError(message)


def critical_at_zero(key: str, params: Mapping[str, object]) -> float | None:
    """Return the critical sigma_w^2 without biases if signals vanish or stay there; else None.

    Raises:
        ValueError: There is no activation of that key.
    """
    slope = slope_at_zero(key, params)
    if not slope or jumps(key, params):
        return None
    return 1 / slope if _comes_from_one(key, params, 1 / slope, 0.0, 0.0) else None


def _crossings(
    excess: Callable[[float], float], key: str, params: Mapping[str, object]
) -> list[tuple[float, float]]:
    """Return each q at which the excess is 0, and its sigma_w^2."""
    found = []
    for edge, next_edge in pairwise(SEARCHED):
        low, high = float(edge), float(next_edge)
        above = excess(low) > 0
        if above == (excess(high) > 0):
            continue
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if (excess(middle) > 0) == above else (low, middle)
        slope = moments(key, params, high)[2]
        if slope > 0:
            found.append((high, 1 / slope))
    return found


def _comes_from_one(
    key: str, params: Mapping[str, object], weight_variance: float, bias_variance: float, q: float
) -> bool:
    """Return whether nothing holds a signal up on its way from variance 1 to q, and it stays."""

    def rise(one: float) -> float:
        return weight_variance * moments(key, params, one)[1] + bias_variance - one

    if q and not rise(q * (1 + NEAR)) < 0 < rise(q / (1 + NEAR)):
        return False
    apart = max(q * NEARLY, SEARCHED[0]) if q < 1 else q / NEARLY
    for one in np.geomspace(apart, 1, 40) if (q < 1) == (apart < 1) else ():
        rounding = 1e-9 * one
        if rise(float(one)) > rounding if q < 1 else rise(float(one)) < -rounding:
            return False
    return True


def slope_at_zero(key: str, params: Mapping[str, object]) -> float:
    """Return phi'(0)^2, the mean of both sides; 0 if phi(0) is not 0, so that no signal vanishes.

    Raises:
        ValueError: There is no activation of that key.
    """
    step = 1e-4
    places = np.array([0.0, step, 2 * step])
    function, _ = nonlinearity(key, params)
    sides = []
    for sign in (1, -1):
        zero, one, two = function(sign * places)
        if abs(zero) > 1e-12:
            return 0.0
        sides.append((4 * one - two - 3 * zero) / (2 * step))
    found = float(np.mean(np.square(sides)))
    return found if found > 1e-9 else 0.0


def jumps(key: str, params: Mapping[str, object]) -> bool:
    """Return whether an activation jumps somewhere, where its slope has no mean square.

    Raises:
        ValueError: There is no activation of that key.
    """
    function, kinks = nonlinearity(key, params)
    places, near = np.array(kinks, np.float64), 1e-9
    return bool((np.abs(function(places + near) - function(places - near)) > 1e-6).any())


def hermite_coefficients(key: str, params: Mapping[str, object], q: float) -> Floats:
    """Return E[phi(sqrt(q) z) h_k(z)] for k below `TERMS`, h_k = He_k / sqrt(k!), float64 [TERMS].

    Raises:
        ValueError: There is no activation of that key.
    """
    function, kinks = nonlinearity(key, params)
    edges = _edges(kinks, sqrt(q))
    z, density = _nodes(edges)
    weighted = density * function(sqrt(q) * z)
    if not kinks:
        found: Floats = _polynomials(edges) @ weighted
        return found
    # with kinks each variance has nodes of its own, and its polynomials are used but once
    inside = np.abs(z) < NEAR_END
    return _projected(z[inside], weighted[inside])


@lru_cache(maxsize=4096)
def _moments(
    key: str, params: tuple[tuple[str, object], ...], q: float
) -> tuple[float, float, float, float]:
    """Return E[phi], E[phi^2], E[phi'^2] and E[phi'^4]."""
    function, kinks = nonlinearity(key, dict(params))
    spread = sqrt(q)
    z, density = _nodes(_edges(kinks, spread))
    x = spread * z
    out = function(x)
    # nodes lie inside of the panels, so that no difference reaches over a kink
    step = STEP * spread
    rise = (function(x + step) - function(x - step)) / (2 * step)
    averages = (density @ values for values in (out, out**2, rise**2, rise**4))
    mean, square, slope, fourth = (float(average) for average in averages)
    return mean, square, slope, fourth


def _edges(kinks: tuple[float, ...], spread: float) -> tuple[float, ...]:
    """Return where the panels of z meet kinks, and their ends."""
    inner = sorted(kink / spread for kink in kinks if abs(kink / spread) < FAR)
    return (-FAR, *inner, FAR)


@lru_cache(maxsize=64)
def _nodes(edges: tuple[float, ...]) -> tuple[Floats, Floats]:
    """Return places of z, and the normal's weight at each."""
    panels = [_panels(low, high) for low, high in pairwise(edges)]
    z, weights = (np.concatenate(part) for part in zip(*panels, strict=True))
    return z, weights * np.exp(-(z**2) / 2) / sqrt(2 * np.pi)


def _projected(z: Floats, weighted: Floats) -> Floats:
    """Return the sums of normalized Hermite polynomials at z times weights, float64 [TERMS]."""
    found = np.empty(TERMS)
    before, present = np.zeros_like(z), np.ones_like(z)
    for k in range(TERMS):
        found[k] = present @ weighted
        before, present = present, (z * present - sqrt(k) * before) / sqrt(k + 1)
    return found


@lru_cache(maxsize=16)
def _polynomials(edges: tuple[float, ...]) -> Floats:
    """Return normalized Hermite polynomials at the nodes, float64 [TERMS, nodes]."""
    z, _ = _nodes(edges)
    found = np.empty((TERMS, len(z)))
    found[0], found[1] = 1.0, z
    for k in range(1, TERMS - 1):
        found[k + 1] = (z * found[k] - sqrt(k) * found[k - 1]) / sqrt(k + 1)
    return found


@lru_cache(maxsize=1)
def _legendre() -> tuple[Floats, Floats]:
    """Return nodes and weights; not at import, which the window waits for."""
    places, weights = np.polynomial.legendre.leggauss(NODES)
    return places, weights


def _panels(low: float, high: float) -> tuple[Floats, Floats]:
    count = max(1, int(np.ceil((high - low) / PANEL)))
    places, weights = _legendre()
    edges = np.linspace(low, high, count + 1)
    half = (edges[1:] - edges[:-1]) / 2
    nodes = (edges[:-1] + half)[:, None] + half[:, None] * places
    return nodes.ravel(), (half[:, None] * weights).ravel()
