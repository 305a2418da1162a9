"""Averages of an activation over normal signals of many variances at once, kept in tables.

They are computed by `gaussian.py` at the nodes of one grid of variances, for all layers and
contenders, when they are first needed, and interpolated between by cubics; beyond its ends an
activation is taken for a line or a constant.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from math import nan, pi

import numpy as np
import numpy.typing as npt

from initstudio import gaussian
from initstudio.gaussian import Floats

PER_DECADE, FIRST, LAST = 50, -8, 8
"""Nodes in a decade of the variance, and the decades of the outermost."""
STENCIL = np.arange(4)
"""The nodes around a variance, from the first of them, through which its cubic goes."""
HOMOGENEOUS = {"linear", "relu", "leaky_relu", "prelu", "rrelu"}
"""Activations that multiply the spread by the same number, however small or great it is."""
NO_SHARE = 1e-11
"""Of a node in a cubic, and is rounding."""
NO_REST = 1e-12
"""Of what the series of Hermite polynomials leaves out, and is rounding."""


def averages_of(key: str, params: Mapping[str, object]) -> "Averages":
    """Return the averages of an activation.

    Raises:
        ValueError: The activation is not known.
    """
    return _averages(key, tuple(sorted(params.items())))


class Averages:
    """E[phi], E[phi^2], E[phi'^2] and E[phi(u) phi(v)] of one activation."""

    def __init__(self, key: str, params: dict[str, object]) -> None:
        self._key, self._params = key, params
        self.homogeneous = key in HOMOGENEOUS
        nodes = (LAST - FIRST) * PER_DECADE + 1
        self._unknown = np.ones(nodes, np.bool_)
        self._no_series = np.ones(nodes, np.bool_)
        self._table = np.zeros((nodes, 3))
        """E[phi], Var[phi] / q and E[phi'^2] at each node."""
        self._hermite = np.zeros((nodes, gaussian.TERMS + 1))
        """Its Hermite coefficients over sqrt q at each node, and what they leave of E[phi^2]."""
        mean, square, rise = gaussian.moments(key, params, 1.0)
        self._unit = (mean, square, rise)
        self.jumps = gaussian.jumps(key, params)
        """Whether it jumps somewhere, so that equal inputs are torn apart."""
        if not self.homogeneous:
            self._flat = self._flatness()

    @property
    def passes_zero(self) -> bool:
        """Return whether phi(0) is 0, so that without biases nothing comes of nothing."""
        return self.homogeneous or not self._flat[0]

    @property
    def critical_at_zero(self) -> float:
        """Return the critical sigma_w^2 without biases, if signals vanish or stay; else NaN."""
        found = gaussian.critical_at_zero(self._key, self._params)
        return nan if found is None else found

    def moments(self, q: Floats) -> tuple[Floats, Floats, Floats]:
        """Return E[phi], E[phi^2] and E[phi'^2] for signals of variances q [...].

        Raises:
            ValueError: A variance is 0 or not finite.
        """
        _check(q)
        if self.homogeneous:
            mean, square, rise = self._unit
            return mean * np.sqrt(q), square * q, np.full_like(q, rise)
        place, nodes, shares = _place(q)
        self._fill(nodes[shares[..., 0, :] != 0])
        means, slopes, rises = np.moveaxis((shares @ self._table[nodes])[..., 0, :], -1, 0)
        edge = 10.0 ** (place / PER_DECADE)  # q itself, inside of the grid
        far = np.sqrt(q / edge)
        flat_low, flat_high = self._flat
        first, last = FIRST * PER_DECADE, LAST * PER_DECADE
        means = means * np.where(place <= first, 1 if flat_low else far, 1)
        means = means * np.where(place >= last, 1 if flat_high else far, 1)
        variances = slopes * np.where((place >= last) & flat_high, edge, q)
        rises = rises / np.where((place >= last) & flat_high, far, 1)
        return means, variances + means**2, rises

    def products(
        self,
        q: Floats,
        pairs: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]],
        covariance: Floats,
    ) -> Floats:
        """Return E[phi(u) phi(v)] of normal signals of variances q [n] and their covariances [m].

        `pairs` are the indices in q of the first and of the second signal of each pair, [m] each.

        By the arc-cosine kernel where the activation is piecewise linear around 0 (Cho and Saul
        2009, eq. 6), else by Mehler's formula: the sum of the products of Hermite coefficients
        times powers of the correlation. What the terms leave out is taken to be of the next power,
        so that it is exact for a signal with itself.

        Raises:
            ValueError: A variance is 0 or not finite.
        """
        _check(q)
        if not len(covariance):
            return covariance
        one, other = pairs
        spread = np.sqrt(q)
        root = spread[one] * spread[other]
        c = np.clip(covariance / root, -1.0, 1.0)
        if self.homogeneous:
            return root * self._arc_cosine(c)
        spread = np.sqrt(self._within(q))
        root = spread[one] * spread[other]
        found = self._coefficients(q)
        found[:, -1] = np.sqrt(found[:, -1])  # so that the rests multiply as coefficients do
        return root * _power_series(found[one] * found[other], c)

    def _within(self, q: Floats) -> Floats:
        """Return variances, on the grid's ends where the activation is constant beyond."""
        low = 10.0**FIRST if self._flat[0] else 0.0
        return np.clip(q, low, 10.0**LAST if self._flat[1] else np.inf)

    def slope_of_correlation(self, q: Floats, c: Floats) -> tuple[Floats, Floats]:
        """Return E[phi(u) phi(v)] and E[phi'(u) phi'(v)] for signals of variance q, correlation c.

        Raises:
            ValueError: A variance is 0 or not finite.
        """
        return self.by_correlation(q)(c)

    def by_correlation(self, q: Floats) -> Callable[[Floats], tuple[Floats, Floats]]:
        """Return `slope_of_correlation` for signals of variance q, as a function of c.

        Raises:
            ValueError: A variance is 0 or not finite.
        """
        _check(q)
        if self.homogeneous:
            return lambda c: (q * self._arc_cosine(c), self._arc_cosine_slope(c))
        found = self._coefficients(q)
        terms, rest = found[..., :-1] ** 2, found[..., -1]
        order = np.arange(terms.shape[-1])
        # of such an order that the slope is exact for a signal with itself
        missing = self.moments(q)[2] - terms @ order
        power = np.where(rest > NO_REST, missing / np.maximum(rest, NO_REST), 0.0)
        power = np.maximum(power, terms.shape[-1])
        rises = terms[..., 1:] * order[1:]

        def value_and_slope(c: Floats) -> tuple[Floats, Floats]:
            last = rest * np.abs(c) ** (power - 1)
            value = q * (_power_series(terms, c) + c * last)
            return value, _power_series(rises, c) + power * last

        return value_and_slope

    def _arc_cosine_slope(self, c: Floats) -> Floats:
        """Return E[phi'(u) phi'(v)] for signals of any variance."""
        mean, square, rise = self._unit
        tilt = rise - square  # 0: E[phi'^2] = E[phi^2] / q of what is homogeneous
        even = _even_part(square, mean)
        found: Floats = square - even + even * (2 / pi) * np.arcsin(c) + tilt
        return found

    def _arc_cosine(self, c: Floats) -> Floats:
        """Return E[phi(u) phi(v)] for signals of variance 1."""
        mean, square, _ = self._unit
        even = _even_part(square, mean)
        kernel = (2 / pi) * (np.sqrt(np.maximum(1 - c**2, 0)) + c * np.arcsin(c))
        found: Floats = (square - even) * c + even * kernel
        return found

    def _coefficients(self, q: Floats) -> Floats:
        """Return Hermite coefficients over sqrt q, and what they leave of E[phi^2] / q [..., K]."""
        _, nodes, shares = _place(q)
        needed = nodes[shares[..., 0, :] != 0]
        for at in np.unique(needed[self._no_series[needed]]):
            self._hermite[at] = self._coefficients_at(int(at))
            self._no_series[at] = False
        found: Floats = (shares @ self._hermite[nodes])[..., 0, :]
        found[..., -1] = np.maximum(found[..., -1], 0.0)
        return found

    def _coefficients_at(self, at: int) -> Floats:
        q = 10.0 ** (FIRST + at / PER_DECADE)
        found = gaussian.hermite_coefficients(self._key, self._params, q) / np.sqrt(q)
        self._fill(np.array([at]))
        mean, slope, _ = self._table[at]
        rest = slope + mean**2 / q - float(found @ found)
        return np.append(found, max(rest, 0.0))

    def _fill(self, nodes: npt.NDArray[np.int64]) -> None:
        """Compute the nodes that are not known yet."""
        for at in np.unique(nodes[self._unknown[nodes]]):
            q = 10.0 ** (FIRST + int(at) / PER_DECADE)
            mean, square, rise = gaussian.moments(self._key, self._params, q)
            self._table[at] = mean, max(square - mean**2, 0.0) / q, rise
            self._unknown[at] = False

    def _flatness(self) -> tuple[bool, bool]:
        """Return whether it has another value than 0 at 0, and whether it ends at constants."""
        last = len(self._table) - 1
        self._fill(np.array([0, last - PER_DECADE, last]))
        at_zero = abs(self._table[0, 0]) > 10 * 10 ** (FIRST / 2)
        return at_zero, bool(self._table[last, 1] < self._table[last - PER_DECADE, 1] / 2)


@lru_cache(maxsize=64)
def _averages(key: str, params: tuple[tuple[str, object], ...]) -> Averages:
    return Averages(key, dict(params))


def _check(q: Floats) -> None:
    if q.size and not (q.min() > 0 and np.isfinite(q.max())):
        message = "a signal that is 0 or infinite has no averages"
        raise ValueError(message)


def _place(q: Floats) -> tuple[Floats, npt.NDArray[np.int64], Floats]:
    """Return where variances lie on the grid, four nodes there and their shares [..., 1, 4].

    The shares are those of Lagrange's cubic through the nodes [..., 4].
    """
    place = np.clip(np.log10(q) * PER_DECADE, FIRST * PER_DECADE, LAST * PER_DECADE)
    from_first = place - FIRST * PER_DECADE
    most = (LAST - FIRST) * PER_DECADE - 3
    start = np.clip(np.floor(from_first).astype(np.int64) - 1, 0, most)
    zero = from_first - start
    one, two, three = zero - 1, zero - 2, zero - 3
    shares = np.stack(
        [
            one * two * three / -6,
            zero * two * three / 2,
            zero * one * three / -2,
            zero * one * two / 6,
        ],
        axis=-1,
    )
    shares[np.abs(shares) < NO_SHARE] = 0  # at a node it alone is needed
    return place, start[..., None] + STENCIL, shares[..., None, :]


def _even_part(square: float, mean: float) -> float:
    """Return E[phi_even^2] of phi = a z + b |z|, whose E[phi] is b sqrt(2 / pi)."""
    return min(mean**2 * pi / 2, square)


def _power_series(terms: Floats, c: Floats) -> Floats:
    """Return the sum of terms [..., K] times powers of c [...]."""
    steps = np.repeat(c[..., None], terms.shape[-1], axis=-1)
    steps[..., 0] = 1
    found: Floats = (terms * np.cumprod(steps, axis=-1)).sum(-1)
    return found
