"""Averages of an activation over a normal signal: gains, and where signals neither die nor explode.

With z standard normal and q the variance of what comes in: E[phi(sqrt(q) z)^2] is the mean square
that goes out, E[phi'(sqrt(q) z)^2] the factor of the gradient's variance per layer at
sigma_w^2 = 1 (Poole et al. 2016; Schoenholz et al. 2017). By Gauss-Legendre panels between the
kinks, in float64.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import pairwise
from math import erf, sqrt

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Function = Callable[[Floats], Floats]

FAR = 12.0
"""Standard deviations; beyond lies less of a normal than double precision can tell."""
NODES = 40
"""Of Gauss and Legendre in a panel."""
PANEL = 0.5
STEP = 1e-6
SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772
GELU = sqrt(2 / np.pi)
TERMS = 64
"""Of the series of Hermite polynomials."""
ERF_NODES, ERF_END, ERF_ORDER = 128, 6.0, 8
"""Nodes in a unit, where erf is 1 to the last digit, and terms of Taylor's series."""


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
    2017, eq. 3 and 5); solved by bisection in q.

    Raises:
        ValueError: There is no such point.
    """

    def excess(q: float) -> float:
        _, square, slope = moments(key, params, q)
        return bias_variance + square / slope - q

    if bias_variance == 0:
        slope = moments(key, params, 1e-8)[2]
        if slope > 0 and abs(moments(key, params, 1.0)[2] / slope - 1) < 1e-9:
            return 1 / slope  # the slope is the same for every q, as of ReLU
        if abs(moments(key, params, 1e-8)[1]) < 1e-6:
            return 1 / slope  # the fixed point is q = 0
    low, high = 1e-6, 1e-6
    while excess(high) > 0:
        high *= 2
        if high > 1e4:
            message = f"{key} has no critical point for a bias variance of {bias_variance:g}"
            raise ValueError(message)
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return 1 / moments(key, params, high)[2]


def hermite_coefficients(key: str, params: Mapping[str, object], q: float) -> Floats:
    """Return E[phi(sqrt(q) z) h_k(z)] for k below `TERMS`, h_k = He_k / sqrt(k!), float64 [TERMS].

    Raises:
        ValueError: There is no activation of that key.
    """
    values = {name: one for name, one in params.items() if isinstance(one, int | float | str)}
    function, kinks = _known(key, values)
    edges = _edges(kinks, sqrt(q))
    z, density = _nodes(edges)
    found: Floats = _polynomials(edges) @ (density * function(sqrt(q) * z))
    return found


@lru_cache(maxsize=4096)
def _moments(
    key: str, params: tuple[tuple[str, object], ...], q: float
) -> tuple[float, float, float, float]:
    """Return E[phi], E[phi^2], E[phi'^2] and E[phi'^4]."""
    values = {name: value for name, value in params if isinstance(value, int | float | str)}
    function, kinks = _known(key, values)
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
def _erf_table() -> Floats:
    """Return the coefficients of Taylor's series of erf at each node, float64 [order, nodes].

    The derivatives are erf^(n+1)(x) = (-1)^n H_n(x) 2 / sqrt(pi) exp(-x^2).
    """
    x = np.arange(int(ERF_END * ERF_NODES) + 2) / ERF_NODES
    slope = 2 / sqrt(np.pi) * np.exp(-(x**2))
    found = np.empty((ERF_ORDER + 1, len(x)))
    found[0] = [erf(float(one)) for one in x]
    before, present = np.zeros_like(x), np.ones_like(x)
    factorial = 1.0
    for n in range(ERF_ORDER):
        factorial *= n + 1
        found[n + 1] = (-1) ** n * present * slope / factorial
        before, present = present, 2 * x * present - 2 * n * before
    return found


def error_function(x: Floats) -> Floats:
    """Return erf(x), to 1e-15, by Taylor's series around the nearest of many nodes."""
    table = _erf_table()
    size = np.minimum(np.abs(x), ERF_END)
    node = np.rint(size * ERF_NODES).astype(np.int64)
    step = size - node / ERF_NODES
    found = table[ERF_ORDER][node]
    for order in range(ERF_ORDER - 1, -1, -1):
        found = found * step + table[order][node]
    signed: Floats = np.copysign(found, x)
    return signed


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


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(x / 2)))


def _softplus(x: Floats) -> Floats:
    return np.asarray(np.logaddexp(0, x))


def _elu(alpha: float, rate: float = 1.0) -> Function:
    return lambda x: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / rate))


def _leaky(slope: float) -> Function:
    return lambda x: np.where(x > 0, x, slope * x)


def _gelu(approximate: str) -> Function:
    if approximate == "tanh":
        return lambda x: x / 2 * (1 + np.tanh(GELU * (x + 0.044715 * x**3)))
    return lambda x: x * (1 + error_function(x / sqrt(2))) / 2


def _hardsigmoid(x: Floats) -> Floats:
    return np.clip(x / 6 + 0.5, 0, 1)


def _known(key: str, p: Mapping[str, float | str]) -> tuple[Function, tuple[float, ...]]:
    """Return an activation and where it has kinks; its parameters are those of its layer."""

    def n(name: str, default: float) -> float:
        return float(p.get(name, default))

    lambd, low, high = n("lambd", 0.5), n("min_val", -1), n("max_val", 1)
    beta, threshold = n("beta", 1), n("threshold", 0)
    known: dict[str, tuple[Function, tuple[float, ...]]] = {
        "linear": (lambda x: x, ()),
        "relu": (lambda x: np.maximum(x, 0), (0,)),
        "leaky_relu": (_leaky(n("negative_slope", 0.01)), (0,)),
        "prelu": (_leaky(0.25), (0,)),
        "rrelu": (_leaky((n("lower", 0.125) + n("upper", 0.5)) / 2), (0,)),
        "relu6": (lambda x: np.clip(x, 0, 6), (0, 6)),
        "tanh": (np.tanh, ()),
        "scaled_tanh": (lambda x: n("amplitude", 1.7159) * np.tanh(n("rate", 2 / 3) * x), ()),
        "sigmoid": (_sigmoid, ()),
        "logsigmoid": (lambda x: -_softplus(-x), ()),
        "gelu": (_gelu(str(p.get("approximate", "none"))), ()),
        "silu": (lambda x: x * _sigmoid(x), ()),
        "elu": (_elu(n("alpha", 1)), (0,)),
        "celu": (_elu(n("alpha", 1), n("alpha", 1)), (0,)),
        "selu": (lambda x: SCALE * _elu(ALPHA)(x), (0,)),
        "softplus": (lambda x: _softplus(beta * x) / beta, ()),
        "softsign": (lambda x: x / (1 + np.abs(x)), (0,)),
        "mish": (lambda x: x * np.tanh(_softplus(x)), ()),
        "hardtanh": (lambda x: np.clip(x, low, high), (low, high)),
        "hardsigmoid": (_hardsigmoid, (-3, 3)),
        "hardswish": (lambda x: x * _hardsigmoid(x), (-3, 3)),
        "hardshrink": (lambda x: np.where(np.abs(x) > lambd, x, 0), (-lambd, lambd)),
        "softshrink": (
            lambda x: np.sign(x) * np.maximum(np.abs(x) - lambd, 0),
            (-lambd, lambd),
        ),
        "tanhshrink": (lambda x: x - np.tanh(x), ()),
        "threshold": (lambda x: np.where(x > threshold, x, n("value", 0)), (threshold,)),
        "sin": (lambda x: np.sin(n("omega", 1) * x), ()),
    }
    if key not in known:
        message = f"no average is known for the activation {key!r}"
        raise ValueError(message)
    return known[key]
