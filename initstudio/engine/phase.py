"""Where signals settle in a deep network of one activation, over the variances of its start.

With sigma_w^2 = fan_in Var(W) and sigma_b^2 = Var(b): the variance q* that pre-activations come to
from q = 1, the growth chi of the gradient's variance per layer there, the correlation c* that two
inputs come to, and how many layers that takes (Poole et al. 2016; Schoenholz et al. 2017). It loads
no torch.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, nan

import numpy as np
import numpy.typing as npt

from initstudio import gaussian
from initstudio.averages import FIRST, LAST, Averages
from initstudio.gaussian import Floats

Integers = npt.NDArray[np.int64]

COARSE = 10
"""Nodes in a decade among which the place where signals settle is looked for first."""
NODES = 10.0 ** np.linspace(FIRST, LAST, (LAST - FIRST) * COARSE + 1)
LEAST, MOST = 1e-6, 1e6
"""Between them critical points beside q = 0 are looked for; beyond, differences are rounding."""
NEARLY = 0.01
"""Of the logarithm of q, within which a fixed point is the one that signals settle at."""
ROUNDING = 1e-7
"""Of chi, within which it is 1."""
SECANTS, NEWTONS = 14, 60
"""At most so many steps; by far most are done in six."""
DONE = 1e-13
BESIDE = 1e-3
"""Of the logarithm of q, for differences."""


@dataclass(frozen=True)
class Phase:
    """What theory says at some variances, float64 of one shape.

    `q`: the variance that is settled at, 0 where signals vanish and inf where they grow without
    bound. `chi`: the factor of the gradient's variance per layer there. `c`: the correlation of two
    inputs that is settled at. `depth`: how many layers it takes to come e times nearer to it,
    -1 / ln of its slope (Schoenholz et al. 2017, eq. 9); inf on the critical line. Where signals
    vanish or grow without bound it is 1 / |ln chi|: the gradient changes e-fold in so many layers.
    `length_depth`: how many layers it takes to come e times nearer to q, or where signals vanish or
    grow without bound, that q itself changes e-fold in (ibid., eq. 7).

    Of an activation that jumps, `c` and `depth` are NaN: equal inputs are torn apart.
    """

    q: Floats
    chi: Floats
    c: Floats
    depth: Floats
    length_depth: Floats


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
    chaotic = settles & (chi > 1 + ROUNDING)
    if chaotic.any():
        at = w[chaotic], b[chaotic], q[chaotic]
        c[chaotic] = _correlation(averages, *at)
        slope[chaotic] = w[chaotic] * averages.slope_of_correlation(q[chaotic], c[chaotic])[1]
    longer, shorter = (averages.moments(usable * np.exp(by))[1] for by in (BESIDE, -BESIDE))
    along = w * (longer - shorter) / (2 * BESIDE * usable)
    with np.errstate(divide="ignore"):
        depth, length_depth = (1 / np.abs(np.log(np.abs(one))) for one in (slope, along))
    if averages.jumps:
        c, depth = np.full_like(c, nan), np.full_like(depth, nan)
    return Phase(q, chi, c, depth, length_depth)


def critical_line(averages: Averages, bias_variance: Floats) -> Floats:
    """Return sigma_w^2 on the critical line, where chi is 1, for each sigma_b^2 [n].

    NaN where there is none: where signals of variance 1 come to no such point, or without bound.
    Of all q that are settled at with sigma_w^2 = 1 / E[phi'^2], sigma_b^2 is q - sigma_w^2
    E[phi^2], which is solved for q.
    """
    b = np.asarray(bias_variance, np.float64)
    found = np.full(len(b), nan)
    if averages.jumps:
        return found
    found[b == 0] = averages.critical_at_zero
    if averages.homogeneous:
        return found

    def excess(place: Floats, wanted: Floats) -> Floats:
        q = np.exp(place)
        _, square, rise = averages.moments(q)
        with np.errstate(divide="ignore", invalid="ignore"):
            return wanted + square / rise - q

    nodes = np.log(NODES[(NODES > LEAST) & (NODES < MOST)])
    at_nodes = excess(nodes, np.zeros(1))
    above = b[:, None] + at_nodes > 0
    which, node = np.nonzero((above[:, :-1] != above[:, 1:]) & np.isfinite(np.diff(at_nodes)))
    q = np.exp(_root(lambda place: excess(place, b[which]), nodes[node], nodes[node + 1]))
    w = 1 / averages.moments(q)[2]
    with np.errstate(divide="ignore"):
        apart = np.abs(np.log(_settled(averages, w, b[which]) / q))
    # at 0 the point at which signals vanish stands already
    for one in np.flatnonzero((apart < NEARLY) & np.isnan(found[which]))[::-1]:
        found[which[one]] = w[one]
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
    square = averages.moments(NODES)[1]
    flat_w, flat_b = w.ravel(), b.ravel()
    one = int(np.argmin(np.abs(NODES - 1)))
    found = np.empty(flat_w.shape)
    for start in range(0, len(flat_w), 4096):
        part = slice(start, start + 4096)
        some_w, some_b = flat_w[part], flat_b[part]
        gain = some_w[:, None] * square + some_b[:, None] - NODES
        up = gain[:, one] > 0
        rising, falling = gain[:, one:] <= 0, gain[:, one::-1] >= 0
        above, below = rising.argmax(1), falling.argmax(1)
        none = np.where(up, ~rising.any(1), ~falling.any(1))
        found[part] = np.where(up, inf, 0.0)[: len(some_w)]
        ends = np.where(up, one + above - 1, one - below)[~none]
        settled = _settled_between(averages, some_w[~none], some_b[~none], ends)
        found[part][~none] = settled
    return found.reshape(w.shape)


def _settled_between(averages: Averages, w: Floats, b: Floats, node: Integers) -> Floats:
    """Return where w E[phi^2] + b is q, between this node and the next."""

    def gain(place: Floats) -> Floats:
        q = np.exp(place)
        return w * averages.moments(q)[1] + b - q

    return np.exp(_root(gain, np.log(NODES[node]), np.log(NODES[node + 1])))


def _root(function: Callable[[Floats], Floats], low: Floats, high: Floats) -> Floats:
    """Return where a function changes its sign between two places [n], by the Illinois method."""
    at_low, at_high = function(low), function(high)
    found = low
    for _ in range(SECANTS):
        span = at_high - at_low
        share = np.where(span == 0, 0.5, -at_low / np.where(span == 0, 1.0, span))
        before, found = found, low + np.clip(share, 0, 1) * (high - low)
        if np.all(np.abs(found - before) < DONE):
            break
        value = function(found)
        crossed = np.sign(value) != np.sign(at_high)
        # the end that stays counts for half, or it would stay for ever
        low, at_low = np.where(crossed, high, low), np.where(crossed, at_high, at_low / 2)
        high, at_high = found, value
    return found


def _correlation(averages: Averages, w: Floats, b: Floats, q: Floats) -> Floats:
    """Return the correlation below 1 that the map of correlations leaves as it is.

    The map is a series of powers with no negative term, so that Newton's steps from 0 come nearer
    and never pass the first such place.
    """
    c = np.zeros_like(q)
    value_and_slope = averages.by_correlation(q)
    for _ in range(NEWTONS):
        product, tilt = value_and_slope(c)
        slope = 1 - w * tilt
        excess = (w * product + b) / q - c
        steps = np.where(slope > 0, excess / np.where(slope > 0, slope, 1.0), 0.0)
        c = np.clip(c + steps, c, 1.0)
        if np.all(steps < DONE):
            break
    return c
