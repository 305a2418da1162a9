"""The distribution that starting values were meant to have: laws, and mixtures of them, as curves.

Of a picture of one tensor it is the tensor's law; of many tensors pooled the mixture of theirs, in
which each has the share of its size.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import erf, exp, pi, sqrt

import numpy as np
import numpy.typing as npt

from initstudio.law import Law

Array = npt.NDArray[np.float64]

CLOSED = {"normal", "uniform", "truncated normal", "constant"}
"""Kinds of laws whose density is written down here."""
WHY_NOT = {
    "orthogonal": "orthogonal",
    "sparse normal": "zeros among a normal",
    "fixed": "fixed numbers",
    "mixed": "parts drawn differently",
    "own": "its own code",
}


@dataclass(frozen=True)
class Target:
    """A mixture: laws that have a density or are one value, and the share of each."""

    parts: tuple[tuple[float, Law], ...]

    @property
    def atoms(self) -> tuple[tuple[float, float], ...]:
        """Return the single values that a part of the draws has, and their shares."""
        return tuple((law.mean, share) for share, law in self.parts if law.std == 0)

    @property
    def jumps(self) -> tuple[float, ...]:
        """Return where the density jumps."""
        ends = [end for _, law in self.parts if law.std > 0 for end in (law.low, law.high)]
        return tuple(sorted({end for end in ends if np.isfinite(end)}))

    def density(self, places: Array) -> Array:
        """Return the density at some places [n], without that of the atoms, float64 [n]."""
        found = np.zeros(len(places))
        for share, law in self.parts:
            if law.std > 0:
                found += share * density_of(law, places)
        return found

    def curve(self, low: float, high: float, points: int) -> tuple[Array, Array]:
        """Return the density as a line between two places: x [m] and density [m], steep at jumps.

        `points` of them are even; each jump has two more, just before it and just behind.
        """
        inside = [jump for jump in self.jumps if low < jump < high]
        beside = [np.nextafter(jump, side) for jump in inside for side in (-np.inf, np.inf)]
        x = np.sort(np.concatenate([np.linspace(low, high, points), beside]))
        return x, self.density(x)


def target_of(laws: Sequence[Law | str], sizes: Sequence[int]) -> Target | str:
    """Return the mixture of the laws of tensors of these sizes; or why there is no such curve.

    What is no law is the reason for that. Equal laws become one part.
    """
    shares: dict[Law, float] = {}
    for law, size in zip(laws, sizes, strict=True):
        if isinstance(law, str):
            return law
        if law.kind not in CLOSED and law.std > 0:
            return WHY_NOT[law.kind]
        shares[law] = shares.get(law, 0.0) + size / sum(sizes)
    return Target(tuple((share, law) for law, share in shares.items()))


def density_of(law: Law, places: Array) -> Array:
    """Return the density of a law of std above 0 at some places [n], float64 [n].

    Raises:
        ValueError: It is of no kind in CLOSED.
    """
    inside = (places >= law.low) & (places <= law.high)
    if law.kind == "uniform":
        return np.where(inside, 1 / (law.high - law.low), 0.0)
    if law.kind == "normal":
        return _normal(places, law.mean, law.std)
    if law.kind == "truncated normal" and law.uncut:
        mean, std = law.uncut
        kept = _mass((law.low - mean) / std, (law.high - mean) / std)
        return np.where(inside, _normal(places, mean, std) / kept, 0.0)
    raise ValueError(law.kind)


def _normal(places: Array, mean: float, std: float) -> Array:
    z = (places - mean) / std
    return np.asarray(np.exp(-(z**2) / 2) / (std * sqrt(2 * pi)), np.float64)


def _mass(below: float, above: float) -> float:
    """Return the share of a standard normal between two places.

    Between close ones the difference of erf would lose its digits.
    """
    if above - below < 0.1:
        nodes, weights = np.polynomial.legendre.leggauss(8)
        middle, half = (below + above) / 2, (above - below) / 2
        heights = [exp(-((middle + half * one) ** 2) / 2) for one in nodes.tolist()]
        return half * float(np.dot(weights, heights)) / sqrt(2 * pi)
    return (erf(above / sqrt(2)) - erf(below / sqrt(2))) / 2
