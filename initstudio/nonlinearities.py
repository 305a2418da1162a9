"""Activations as functions of arrays, and their kinks, without torch."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from math import erf, sqrt

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Function = Callable[[Floats], Floats]

SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772
GELU = sqrt(2 / np.pi)
ERF_NODES, ERF_END, ERF_ORDER = 128, 6.0, 8
"""Nodes in a unit, where erf is 1 to the last digit, and terms of Taylor's series."""


def nonlinearity(key: str, params: Mapping[str, object]) -> tuple[Function, tuple[float, ...]]:
    """Return an activation and where it has kinks; its parameters are those of its layer.

    Raises:
        ValueError: There is no activation of that key.
    """
    return _known(
        key, {name: one for name, one in params.items() if isinstance(one, int | float | str)}
    )


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
