"""Distributions of many values as counts in honest bins, exact when merged.

A reading of a distribution is int32 [R, tensors, HEAD + BINS]: for each replica and tensor
(exponent k, index i of the first bin, number of values that are not finite, number of finite
values), then BINS counts. Bin j holds the values v with (i + j) 2^k <= v < (i + j + 1) 2^k. As
the edges are multiples of powers of two, the bins of any two readings merge into common ones
without moving a single value: contenders of any width share one axis exactly.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor, inf, log2, sqrt
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

HEAD = 4
BINS = 512
FINEST = 23
"""A bin is never finer than the greatest value over 2^FINEST, so that indices stay small."""
LEAST = -100
"""The exponent for values that are all 0: so fine that it coarsens nothing it is merged with.

From here up to 0, one float32 scales float32 values exactly.
"""
FEWEST, MOST = 24, 160
"""Bounds of the number of bins in a picture."""
WIDEST = 4096
"""Most bins that a merged distribution may span."""
REACH = 5.0
"""Bandwidths beyond the outermost bins that a density is computed for."""

Reading: TypeAlias = npt.NDArray[np.int32]
Counts: TypeAlias = npt.NDArray[np.int64]
Array: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Binned:
    """Counts int64 [n] in bins of width 2^exponent; bin j begins at (first + j) 2^exponent.

    What is worked out of them is kept, as a picture asks for it in each frame.
    """

    exponent: int
    first: int
    counts: Counts
    not_finite: int = 0

    @property
    def width(self) -> float:
        """Return the width of a bin."""
        return float(2.0**self.exponent)

    @cached_property
    def total(self) -> int:
        """Return the number of finite values."""
        return int(self.counts.sum())

    @cached_property
    def edges(self) -> Array:
        """Return the edges of the bins, float64 [n + 1]."""
        return np.asarray((self.first + np.arange(len(self.counts) + 1)) * self.width, np.float64)

    @cached_property
    def centres(self) -> Array:
        """Return the middles of the bins, float64 [n]."""
        return np.asarray((self.first + np.arange(len(self.counts)) + 0.5) * self.width, np.float64)

    @cached_property
    def running(self) -> Counts:
        """Return how many values lie below each edge, int64 [n + 1]."""
        return np.concatenate([np.zeros(1, np.int64), np.cumsum(self.counts)])

    @cached_property
    def constant(self) -> float | None:
        """Return the one value that all have, to a bin's width; None if there are several."""
        occupied = np.flatnonzero(self.counts)
        return float((self.first + occupied[0]) * self.width) if len(occupied) == 1 else None

    def quantile(self, share: float) -> float:
        """Return the value that `share` of all lie below, linear within its bin."""
        known = self._quantiles
        if share not in known:
            known[share] = float(np.interp(share * self.total, self.running, self.edges))
        return known[share]

    def std(self) -> float:
        """Return the standard deviation, with Sheppard's correction for the bins' width."""
        return self._std

    @cached_property
    def _quantiles(self) -> dict[float, float]:
        return {}

    @cached_property
    def _std(self) -> float:
        mean = float(self.centres @ self.counts) / self.total
        variance = float((self.centres - mean) ** 2 @ self.counts) / self.total
        return sqrt(max(0.0, variance - self.width**2 / 12))

    def merged(self, exponent: int) -> "Binned":
        """Return the same values in bins of width 2^exponent, which must not be narrower.

        Raises:
            ValueError: It is narrower.
        """
        if exponent < self.exponent:
            message = f"bins of 2^{self.exponent} cannot be split into bins of 2^{exponent}"
            raise ValueError(message)
        shift = min(exponent - self.exponent, 62)
        index = (self.first + np.arange(len(self.counts), dtype=np.int64)) >> shift
        first = int(index[0]) if len(index) else 0
        counts = np.bincount(index - first, weights=self.counts).astype(np.int64)
        return Binned(exponent, first, counts, self.not_finite)


def reading_of(values: Array) -> Reading:
    """Return the distribution of float64 values [...] as a reading, int32 [HEAD + BINS]."""
    known = values[np.isfinite(values)]
    ends = (known.min(), known.max()) if known.size else (0.0, 0.0)
    exponent, first = bins_of(np.array(ends[:1]), np.array(ends[1:]))
    found = np.zeros(HEAD + BINS, np.int32)
    found[:HEAD] = exponent[0], first[0], values.size - known.size, known.size
    place = _index(known.ravel(), exponent[0]) - first[0]
    found[HEAD:] = np.bincount(place.astype(np.int64), minlength=BINS)
    return found


@dataclass(frozen=True)
class Packed:
    """Readings [..., HEAD + BINS] in less memory, exactly: counts as the narrowest integers."""

    head: Reading
    counts: npt.NDArray[np.unsignedinteger[Any]]

    @property
    def nbytes(self) -> int:
        """Return the bytes that it takes."""
        return int(self.head.nbytes + self.counts.nbytes)

    def unpacked(self) -> Reading:
        """Return the readings, int32 [..., HEAD + BINS]."""
        return np.concatenate([self.head, self.counts], axis=-1, dtype=np.int32)


def packed(values: npt.NDArray[Any]) -> Packed | None:
    """Return readings of distributions [..., HEAD + BINS] packed; None of anything else."""
    if values.dtype != np.int32 or values.shape[-1:] != (HEAD + BINS,):
        return None
    counts = values[..., HEAD:]
    most = int(counts.max()) if counts.size else 0
    return Packed(values[..., :HEAD].copy(), counts.astype(np.min_scalar_type(most)))


def bins_of(low: Array, high: Array) -> tuple[Counts, Counts]:
    """Return the least exponents for which BINS bins hold [low, high], and the first bins."""
    greatest = np.maximum(np.abs(low), np.abs(high))
    finest = np.where(greatest > 0, np.frexp(greatest)[1] - FINEST, LEAST)
    spread = (high / 2 - low / 2) / (BINS / 2)  # halved first: the difference may overflow
    exponent = np.where(spread > 0, np.maximum(np.frexp(spread)[1] - 1, finest), finest)
    for _ in range(2):  # a range that straddles one edge more needs the next power
        exponent += _index(high, exponent) - _index(low, exponent) >= BINS
    return exponent.astype(np.int64), _index(low, exponent).astype(np.int64)


def _index(ends: Array, exponent: npt.NDArray[np.integer]) -> Array:
    """Return floor(ends / 2^exponent)."""
    scaled = np.ldexp(ends, -exponent)
    return np.where((scaled == 0) & (ends < 0), -1, np.floor(scaled))


def pool(readings: Reading) -> Binned | None:
    """Return the sum of readings [n, HEAD + BINS] in bins that all of them share; None if empty."""
    rows = np.atleast_2d(readings).astype(np.int64)
    lost = int(rows[:, 2].sum())
    rows = rows[rows[:, 3] > 0]
    if not len(rows):
        return None
    row, at = np.nonzero(rows[:, HEAD:])
    counts = rows[row, HEAD + at]
    exponent, index = _fit(rows[row, 0], rows[row, 1] + at)
    first = int(index.min())
    summed = np.bincount(index - first, weights=counts).astype(np.int64)
    return Binned(exponent, first, summed, lost)


def _fit(exponents: Counts, index: Counts) -> tuple[int, Counts]:
    """Return the least common exponent at which the bins span at most WIDEST, and their indices."""
    exponent = int(exponents.max())
    index = index >> np.minimum(exponent - exponents, 62)
    while int(index.max()) - int(index.min()) >= WIDEST:
        exponent, index = exponent + 1, index >> 1
    return exponent, index


def display_exponent(groups: Sequence[Binned], low: float, high: float) -> int:
    """Return the exponent of the bins of one picture of all groups between `low` and `high`.

    The width is at most that of Freedman and Diaconis (1981), 2 IQR n^(-1/3), for the group that
    asks for the finest, while there are from FEWEST to MOST bins; bins are merged and never
    split, so no group's own are narrower.
    """
    span = high - low
    wanted = min((_freedman_diaconis(group) for group in groups), default=span / FEWEST)
    width = min(max(wanted, span / MOST), span / FEWEST)
    if not width > 0:
        return max(group.exponent for group in groups)
    exponent = max(floor(log2(width)), *(group.exponent for group in groups), -1074)
    while span / 2.0**exponent > MOST:
        exponent += 1
    return exponent


def shared(readings: Sequence[Reading]) -> tuple[Array, Counts]:
    """Return common edges [bins + 1] and the counts [n, bins] of n contenders' readings.

    Each reading is [..., HEAD + BINS] and is summed over all but its last axis.
    """
    groups = [pool(reading.reshape(-1, HEAD + BINS)) for reading in readings]
    known = [group for group in groups if group is not None]
    if not known:
        return np.array([0.0, 1.0]), np.zeros((len(groups), 1), np.int64)
    low = min(float(group.edges[0]) for group in known)
    high = max(float(group.edges[-1]) for group in known)
    exponent = display_exponent(known, low, high)
    merged = [group.merged(exponent) if group else None for group in groups]
    first = min(group.first for group in merged if group)
    last = max(group.first + len(group.counts) for group in merged if group)
    counts = np.zeros((len(groups), last - first), np.int64)
    for row, group in zip(counts, merged, strict=True):
        if group:
            row[group.first - first : group.first - first + len(group.counts)] = group.counts
    edges = (first + np.arange(last - first + 1)) * np.float64(2.0**exponent)
    return np.asarray(edges, np.float64), counts


def bandwidth(group: Binned) -> float:
    """Return Silverman's (1986, eq. 3.31) bandwidth 0.9 min(std, IQR / 1.34) n^(-1/5).

    A spread of 0 is left out of the minimum. Never below one bin's width, which is all that the
    counts can tell.
    """
    spread = [group.std(), (group.quantile(0.75) - group.quantile(0.25)) / 1.34]
    least = min((one for one in spread if one > 0), default=0.0)
    return float(max(0.9 * least * group.total**-0.2, group.width))


def density(group: Binned, width: float | None = None) -> tuple[Array, Array, float]:
    """Return a Gaussian kernel density estimate: places [m], density [m] and the bandwidth.

    Each value counts at the middle of its bin. The density integrates to 1 over the places, which
    reach five bandwidths beyond the outermost bins. It differs from that of the values themselves
    by what half a bin can move them: less than 1e-3 of the peak where bins are fine, about 2e-3
    for most readings, and more where a few tails make the bins as wide as the bandwidth.
    """
    width = bandwidth(group) if width is None else width
    # the bins have widened the values' variance by w^2/12 already; the kernel gives the rest
    rest = sqrt(max(width**2 - group.width**2 / 12, group.width**2 / 4))
    reach = ceil(REACH * max(1.0, width / group.width))
    offsets = np.arange(-reach, reach + 1) * group.width
    kernel = np.exp(-0.5 * (offsets / rest) ** 2)
    kernel /= kernel.sum() * group.width
    places = (group.first - reach + np.arange(len(group.counts) + 2 * reach) + 0.5) * group.width
    heights = np.convolve(group.counts / group.total, kernel)
    return np.asarray(places, np.float64), np.asarray(heights, np.float64), width


def _freedman_diaconis(group: Binned) -> float:
    spread = group.quantile(0.75) - group.quantile(0.25)
    width = 2 * spread * group.total ** (-1 / 3)
    return float(width) if width > 0 and group.constant is None else inf
