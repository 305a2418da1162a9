"""Paths of weights through training: a few of them, a sketch of them all, and its main plane.

A sketch is a vector of at most NUMBERS numbers, each the sum of an equal part of a network's
weights with random signs. The parts and signs are the same for all networks of one size. Where
there are no more weights than NUMBERS, each has a number of its own and lengths are exact; else
a squared length varies about its true value by at most 2/NUMBERS of its square (Weinberger et al.
2009, Feature hashing for large scale multitask learning, lemma 2).
"""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, prod, sqrt
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float64]
Places: TypeAlias = npt.NDArray[np.int64]

NUMBERS = 512
SINGLE = 8
"""Weights of each tensor that are followed one by one."""
LINE = tuple(-0.25 + at / 16 for at in range(25))
"""Places on the line from the start (0) to the present weights (1) at which the loss is asked."""
SEED = 20150502
BLOCK = 8
"""Directions that are sought together: the more, the faster the first two are found."""
MOST_TURNS = 30
TOLERANCE = 1e-7
"""Of the greatest variance: so much may be missing of a direction's."""


@lru_cache(maxsize=4)
def sketching(weights: int) -> tuple[Places, Array]:
    """Return which weight comes where in a table with a column for each number of the sketch.

    int64 [rows * columns], of the weights in one row; places beyond the last weight hold 0. With it
    the sign of each, float64, 0 for those places. A sketch is the sum of each column.
    """
    random = np.random.default_rng((SEED, weights))
    columns = sketch_size(weights)
    cells = ceil(weights / columns) * columns if columns else 0
    order = np.zeros(cells, np.int64)
    order[:weights] = random.permutation(weights)
    signs = np.zeros(cells)
    signs[:weights] = random.choice((-1.0, 1.0), weights)
    return order, signs


def sketch_size(weights: int) -> int:
    """Return how many numbers a sketch of so many weights has."""
    return min(NUMBERS, weights)


def distance_error(weights: int) -> float:
    """Return how far, relative, a distance between sketches is from the true one, 19 times of 20.

    Two standard errors, at most: of the squared distance d^2 one is sqrt(2 p) d^2, p being the
    chance that two weights share a number. 0 where the sketch is exact.
    """
    if weights <= NUMBERS:
        return 0.0
    rows, longer = divmod(weights, NUMBERS)
    # the first columns of the table have one row more
    pairs = longer * (rows + 1) * rows + (NUMBERS - longer) * rows * (rows - 1)
    return sqrt(2 * pairs / (weights * (weights - 1)))


def single_places(shape: tuple[int, ...]) -> list[int]:
    """Return the places, in one row, of the weights of a tensor that are followed one by one.

    Evenly spaced in rows and in columns at once, or all of them seen from one unit would come from
    one input. All of those of a small tensor.
    """
    rows, columns = (shape[0] if shape else 1), prod(shape[1:])
    count = rows * columns
    if count <= SINGLE:
        return list(range(count))
    if max(rows, columns) < SINGLE:
        return [_even(at, count) for at in range(SINGLE)]
    return [_even(at, rows) * columns + _even(at, columns) for at in range(SINGLE)]


def _even(at: int, count: int) -> int:
    return (2 * at + 1) * count // (2 * SINGLE)


@dataclass(frozen=True, eq=False)
class Plane:
    """The plane in which points vary most, and how much of their variance lies along its axes."""

    axes: Array
    """Two directions of length 1, [2, numbers]."""
    shares: tuple[float, float]
    """Parts of the variance, from 0 to 1; NaN where there is none."""
    block: Array
    """Directions [numbers, b] from which those of more points are found quickly."""

    def of(self, points: Array) -> Array:
        """Return points [..., numbers] as places in the plane [..., 2], 0 where they are 0."""
        placed: Array = points @ self.axes.T
        return placed


def plane_of(points: Array, before: Plane | None = None) -> Plane:
    """Return the first two principal components of finite points [n, numbers].

    The axes point as those of `before` do; without it, so that the last point lies at positive
    coordinates.
    """
    width = points.shape[1]
    centred = points - points.mean(0) if len(points) else np.zeros((1, width))
    scale = float(np.abs(centred).max(initial=0.0))
    if not scale:
        axes = np.eye(2, width) if before is None else before.axes
        return Plane(axes, (np.nan, np.nan), np.eye(width, min(BLOCK, width)))
    centred = centred / scale
    known = before.block if before and before.block.shape[0] == width else np.zeros((width, 0))
    block, variances = _leading(centred, _first_block(centred, known))
    axes = np.zeros((2, width))
    found = block.T[:2]
    axes[: len(found)] = found
    shares = np.zeros(2)
    shares[: len(found)] = variances[: len(found)] / np.square(centred).sum()
    turned = before is not None and known.size and before.shares[0] == before.shares[0]
    like = before.axes if before and turned else np.tile(points[-1], (2, 1))
    axes[(axes * like).sum(1) < 0] *= -1
    return Plane(axes, (float(shares[0]), float(shares[1])), block)


def _first_block(rows: Array, known: Array) -> Array:
    """Return directions to begin with: some that are known, and random mixtures of all rows.

    Without those, what is orthogonal to all that is known would never be found.
    """
    known = known[:, : BLOCK // 2]
    mixtures = np.random.default_rng(SEED).normal(size=(len(rows), BLOCK - known.shape[1]))
    return np.concatenate([known, rows.T @ mixtures], axis=1)


def _leading(rows: Array, block: Array) -> tuple[Array, Array]:
    """Return the leading principal directions [numbers, b] of rows, and their squares' sums.

    By subspace iteration with Rayleigh-Ritz (Golub and Van Loan 2013, section 8.2.4); where that
    is slow, by all eigenvectors.
    """
    for _ in range(MOST_TURNS):
        block, _ = np.linalg.qr(block)
        turned = rows.T @ (rows @ block)
        variances, mixed = np.linalg.eigh(block.T @ turned)
        mixed = mixed[:, ::-1]
        found, variances = block @ mixed, variances[::-1]
        missing = np.linalg.norm((turned @ mixed - found * variances)[:, :2], axis=0)
        if (missing <= TOLERANCE * variances[0]).all():
            return found, variances
        block = turned
    variances, whole = np.linalg.eigh(rows.T @ rows)
    return whole[:, ::-1][:, :BLOCK], variances[::-1][:BLOCK]
