"""Who is ahead by one number of the convergence table, and whether that may be chance.

*Rank*: contenders are ordered by the median over their seeds of the number; equal ones share a
rank, and the next one's counts all before it (1, 1, 3). A seed without the number (a target never
reached), or that diverged, counts as worse than any number. Contenders whose median is such a seed
follow those with one: by how many of their seeds have the number, then by how many diverged.

*Paired test*: under one seed all contenders see the same data in the same order, so two are
compared seed by seed. If it made no difference which of the two is which, each seed's difference
could as well have had the other sign. p is the share of all choices of signs (all 2^n for n <= 12
seeds, else 10,000 drawn ones) for which the sum of the differences is at least as far from zero as
what was seen; two-sided. (Fisher, The Design of Experiments, 1935, section 21.)

If only one of a pair has the number, the difference has a sign but no size: it is given that of the
largest known difference (1 where none is known). If neither has it, the difference is zero. That
depends on sizes alone, not on signs, so that the test stays exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from math import inf, isfinite, nan

import numpy as np
import numpy.typing as npt

from initstudio.convergence import HIGHER_IS_BETTER, Row

Array = npt.NDArray[np.float64]
EXACT_SEEDS = 12
"""Up to so many seeds all choices of signs are counted."""
DRAWS = 10_000
SEED = 1935
NEAR = 1e-12
"""A sum this close to the seen one, as a share of the sum of sizes, counts as equal to it."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A contender's rank from 1, and whether others share it; 0: nobody has the number yet."""

    rank: int = 0
    shared: bool = False


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two contenders seed by seed, in the number `by`.

    `behind` is by how much the second is worse, in the mean over the seeds: in the unit of the
    number, below zero where it is better; NaN where not every pair has both numbers. `toward` has
    the sign of that also then. `worse` and `better` are the seeds in which the second is.
    """

    by: str
    seeds: int
    behind: float
    toward: float
    worse: int
    better: int
    first_missing: int
    second_missing: int
    """Seeds that count as without the number; some of them have diverged:"""
    first_diverged: int
    second_diverged: int
    p: float
    """NaN with a single seed, which no test can judge."""


def judged(row: Row, by: str) -> Array:
    """Return a contender's number of each seed so that less is better, float64 [seeds].

    Infinite where the seed has none, or diverged.
    """
    values = row.numbers[by]
    values = -values if by in HIGHER_IS_BETTER else values
    known = np.isfinite(values) & ~np.isfinite(row.numbers["diverged"])
    return np.where(known, values, inf)


def ranks(rows: Sequence[Row], by: str) -> tuple[Place, ...]:
    """Return each contender's place by one number of the table."""
    keys = [_rank_key(row, by) for row in rows]
    if not any(np.isfinite(judged(row, by)).any() for row in rows):
        return (Place(),) * len(rows)
    places = [Place()] * len(rows)
    order = sorted(range(len(rows)), key=keys.__getitem__)
    before = 0
    for _, group in groupby(order, key=keys.__getitem__):
        equal = list(group)
        for at in equal:
            places[at] = Place(rank=before + 1, shared=len(equal) > 1)
        before += len(equal)
    return tuple(places)


def compare(first: Row, second: Row, by: str) -> Comparison | None:
    """Return how the second stands against the first; None if they share no seed with numbers."""
    seeds = [seed for seed in first.seeds if seed in second.seeds]
    ours = [first.seeds.index(seed) for seed in seeds]
    theirs = [second.seeds.index(seed) for seed in seeds]
    one, other = judged(first, by)[ours], judged(second, by)[theirs]
    if not (np.isfinite(one) | np.isfinite(other)).any():
        return None
    differences = paired(one, other)
    whole = bool(np.isfinite(one).all() and np.isfinite(other).all())
    mean = float(differences.mean())
    return Comparison(
        by=by,
        seeds=len(seeds),
        behind=mean if whole else nan,
        toward=mean,
        worse=int((differences > 0).sum()),
        better=int((differences < 0).sum()),
        first_missing=int(np.isinf(one).sum()),
        second_missing=int(np.isinf(other).sum()),
        first_diverged=int(np.isfinite(first.numbers["diverged"][ours]).sum()),
        second_diverged=int(np.isfinite(second.numbers["diverged"][theirs]).sum()),
        p=sign_flip(differences) if len(seeds) > 1 else nan,
    )


def paired(first: Array, second: Array) -> Array:
    """Return second - first for each seed, float64 [seeds]; infinite ones as told above."""
    known = np.isfinite(first) & np.isfinite(second)
    differences = np.zeros(len(first))
    differences[known] = second[known] - first[known]
    largest = float(np.abs(differences).max(initial=0.0)) or 1.0
    differences[np.isinf(second) & np.isfinite(first)] = largest
    differences[np.isinf(first) & np.isfinite(second)] = -largest
    return differences


def sign_flip(differences: Sequence[float] | Array) -> float:
    """Return the two-sided p of the paired test for differences that are all finite.

    Exact for `EXACT_SEEDS` or fewer; else of `DRAWS` draws, among which what was seen counts as one
    more, so that p is never 0.
    """
    values = np.asarray(differences, np.float64)
    largest = float(np.abs(values).max(initial=0.0))
    if not largest:
        return 1.0
    values = values / largest  # sums of the largest numbers stay finite
    seen = abs(float(values.sum())) - NEAR * float(np.abs(values).sum())
    as_far = int((np.abs(_signs(len(values)) @ values) >= seen).sum())
    if len(values) <= EXACT_SEEDS:
        return as_far / float(2 ** len(values))
    return (as_far + 1) / (DRAWS + 1)


def least_p(seeds: int) -> float:
    """Return the least p that so many seeds can give: all differences have one sign."""
    return 2.0 ** (1 - seeds) if seeds <= EXACT_SEEDS else 1 / (DRAWS + 1)


@lru_cache(maxsize=4)
def _signs(count: int) -> Array:
    """Return choices of signs, float64 [choices, count] of -1 and 1."""
    if count <= EXACT_SEEDS:
        bits = np.arange(2**count)[:, None] >> np.arange(count) & 1
    else:
        bits = np.random.default_rng(SEED).integers(0, 2, (DRAWS, count))
    return np.where(bits == 1, 1.0, -1.0)


def _rank_key(row: Row, by: str) -> tuple[float, int, int]:
    values = judged(row, by)
    median = float(np.median(values))
    if isfinite(median):
        return median, 0, 0
    diverged = int(np.isfinite(row.numbers["diverged"]).sum())
    return inf, int(np.isinf(values).sum()), diverged
