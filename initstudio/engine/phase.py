"""Where signals settle in a deep network of one activation, over the variances of its start.

With sigma_w^2 = fan_in Var(W) and sigma_b^2 = Var(b): the variance q* that pre-activations come to
from q = 1, the growth chi of the gradient's variance per layer there, the correlation c* that two
inputs come to, and how many layers that takes (Poole et al. 2016; Schoenholz et al. 2017). It loads
no torch.
"""

from dataclasses import dataclass
from math import inf

import numpy as np

from initstudio import gaussian
from initstudio.averages import FIRST, LAST, Averages
from initstudio.gaussian import Floats

COARSE = 10
"""Nodes in a decade among which the place where signals settle is looked for first."""
NOISE = 1e-4
"""Of q, below which a difference from it is rounding of the tables."""
HALVINGS = 40
"""Of the step between two nodes, or of the correlations from 0 to 1."""


@dataclass(frozen=True)
class Phase:
    """What theory says at some variances, float64 of one shape.

    `q`: the variance that is settled at, 0 where signals vanish and inf where they grow without
    bound. `chi`: the factor of the gradient's variance per layer there. `c`: the correlation of two
    inputs that is settled at. `depth`: how many layers it takes to come e times nearer to it,
    -1 / ln of its slope (Schoenholz et al. 2017, eq. 8); inf on the critical line. Where signals
    vanish or grow without bound it is 1 / |ln chi|: the gradient changes e-fold in so many layers.
    """

    q: Floats
    chi: Floats
    c: Floats
    depth: Floats


def phase(averages: Averages, weight_variance: Floats, bias_variance: Floats) -> Phase:
    """Return the phase at these variances, of one shape; `weight_variance` above 0."""
    w, b = np.broadcast_arrays(
        np.asarray(weight_variance, np.float64), np.asarray(bias_variance, np.float64)
    )
    q = _settled(averages, w, b)
    settles = (q > 0) & np.isfinite(q)
    usable = np.where(settles, q, np.where(q > 0, 10.0**LAST, 10.0**FIRST))
    chi = w * averages.moments(usable)[2]
    c = np.ones_like(w)
    slope = chi.copy()
    chaotic = settles & (chi > 1)
    if chaotic.any():
        at = w[chaotic], b[chaotic], q[chaotic]
        c[chaotic] = _correlation(averages, *at)
        slope[chaotic] = w[chaotic] * averages.slope_of_correlation(q[chaotic], c[chaotic])[1]
    with np.errstate(divide="ignore"):
        depth = 1 / np.abs(np.log(slope))
    return Phase(q, chi, c, depth)


def critical_line(averages: Averages, bias_variance: Floats) -> Floats:
    """Return sigma_w^2 on the critical line, where chi is 1, for each sigma_b^2 [n].

    NaN where there is none. The line is that of all q, sigma_w^2 = 1 / E[phi'^2] and sigma_b^2 =
    q - sigma_w^2 E[phi^2], as far as sigma_b^2 grows with q.
    """
    q = 10.0 ** np.linspace(FIRST, LAST, (LAST - FIRST) * 4 * COARSE + 1)
    _, square, rise = averages.moments(q)
    with np.errstate(divide="ignore", invalid="ignore"):
        w = 1 / rise
        b = q - w * square
    found = np.full(len(bias_variance), np.nan)
    if averages.homogeneous:
        found[np.asarray(bias_variance) == 0] = w[0]
        return found
    # what is left of a difference of nearly equal numbers is rounding
    rounding = np.abs(b) <= NOISE * q
    begin = int(np.argmin(rounding)) - 1 if rounding[0] else 0
    if begin:
        b[begin], w[begin] = 0.0, w[0]
    falls = np.flatnonzero(~(np.diff(b[begin:]) > 0))
    part = slice(begin, begin + int(falls[0]) + 1 if len(falls) else len(b))
    inside = (bias_variance >= b[part][0]) & (bias_variance <= b[part][-1])
    found[inside] = np.interp(bias_variance[inside], b[part], w[part])
    return found


def fixed_point(
    key: str, params: dict[str, object], weight_variance: float, bias_variance: float
) -> tuple[float, float]:
    """Return q* and chi, to 1e-9, by bisection on the quadrature itself.

    Raises:
        ValueError: There is no activation of that key.
    """

    def gain(q: float) -> float:
        return weight_variance * gaussian.moments(key, params, q)[1] + bias_variance - q

    up = gain(1.0) > 0
    low = high = 1.0
    while (gain(high) > 0) if up else (gain(low) < 0):
        if high > 1e12:
            return inf, weight_variance * gaussian.moments(key, params, 1e12)[2]
        if low < 1e-12:
            return 0.0, weight_variance * gaussian.moments(key, params, 1e-12)[2]
        low, high = (high, 2 * high) if up else (low / 2, low)
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if gain(middle) > 0 else (low, middle)
    return high, weight_variance * gaussian.moments(key, params, high)[2]


def _settled(averages: Averages, w: Floats, b: Floats) -> Floats:
    """Return the nearest q, from 1 in the direction in which signals go, that stays as it is."""
    if averages.homogeneous:
        factor = w * averages.moments(np.ones(1))[1][0]
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.where(factor < 1, b / (1 - factor), np.inf)
        return np.where((factor == 1) & (b == 0), 1.0, found)
    nodes = 10.0 ** np.linspace(FIRST, LAST, (LAST - FIRST) * COARSE + 1)
    square = averages.moments(nodes)[1]
    flat_w, flat_b = w.ravel(), b.ravel()
    one = int(np.argmin(np.abs(nodes - 1)))
    found = np.empty(flat_w.shape)
    for start in range(0, len(flat_w), 4096):
        part = slice(start, start + 4096)
        gain = flat_w[part, None] * square + flat_b[part, None] - nodes
        up = gain[:, one] > 0
        rising, falling = gain[:, one:] <= 0, gain[:, one::-1] >= 0
        above, below = rising.argmax(1), falling.argmax(1)
        none = np.where(up, ~rising.any(1), ~falling.any(1))
        low = np.where(up, one + above - 1, one - below)
        low = np.clip(low, 0, len(nodes) - 2)
        refined = _refined(averages, flat_w[part], flat_b[part], nodes[low], nodes[low + 1])
        found[part] = np.where(none, np.where(up, np.inf, 0.0), refined)
    return found.reshape(w.shape)


def _refined(averages: Averages, w: Floats, b: Floats, low: Floats, high: Floats) -> Floats:
    """Return where w E[phi^2] + b - q changes its sign from above to below 0."""
    low, high = np.log(low), np.log(high)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        q = np.exp(middle)
        above = w * averages.moments(q)[1] + b - q > 0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.exp(high)


def _correlation(averages: Averages, w: Floats, b: Floats, q: Floats) -> Floats:
    """Return the correlation below 1 that the map of correlations leaves as it is."""
    low, high = np.zeros_like(q), np.ones_like(q)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        product, _ = averages.slope_of_correlation(q, middle)
        above = (w * product + b) / q > middle
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return low
