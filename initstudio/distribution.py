"""Distributions of many values: counts in honest bins, exact when merged, and densities.

What a reading holds, and why, says `bins.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor, inf, log2, sqrt
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from initstudio.bins import Array, Counts, Filled, Reading, filled

FEWEST, MOST = 24, 160
"""Bounds of the number of bins in a picture."""
WIDEST = 4096
"""Most of its finest bins that a merged distribution may span."""
EXACT = 50
"""Bits of a place among the finest bins, at most."""
STEPS = 10
"""Places of a density in a bandwidth."""
REACH = 5 * STEPS
"""Places beyond the outermost values that a density is computed for."""
FEW = 2048
"""Places that are taken without a look for gaps between them."""
PIECES = 16
"""Most parts that the values of a bin which is wide beside the bandwidth are spread over."""


Mask: TypeAlias = npt.NDArray[np.bool_]


class Points(NamedTuple):
    """What is known of where values lie: the means [n] of some, their deviations and numbers.

    `width` is that of the bin which they are known from.
    """

    place: Array
    spread: Array
    weight: Array
    width: Array


@dataclass(frozen=True)
class Binned:
    """Counts int64 [n] in bins one beside the other, whose edges are multiples of their widths.

    The finest have the width 2^exponent. What is worked out of them is kept, as a picture asks for
    it in each frame. `known` tells more of where the values lie, if more is known.
    """

    exponent: int
    edges: Array
    """The edges of the bins, float64 [n + 1]."""
    counts: Counts
    not_finite: int = 0
    known: Points | None = None

    @property
    def width(self) -> float:
        """Return the width of the finest bins."""
        return float(2.0**self.exponent)

    @cached_property
    def total(self) -> int:
        """Return the number of finite values."""
        return int(self.counts.sum())

    @cached_property
    def widths(self) -> Array:
        """Return the widths of the bins, float64 [n]."""
        return np.asarray(np.diff(self.edges), np.float64)

    @cached_property
    def centres(self) -> Array:
        """Return the middles of the bins, float64 [n]."""
        return np.asarray(self.edges[:-1] + self.widths / 2, np.float64)

    @cached_property
    def running(self) -> Counts:
        """Return how many values lie below each edge, int64 [n + 1]."""
        return np.concatenate([np.zeros(1, np.int64), np.cumsum(self.counts)])

    @cached_property
    def points(self) -> Points:
        """Return where the values lie, in their order; unless more is known, evenly in bins."""
        if self.known is not None:
            order = np.argsort(self.known.place, kind="stable")  # a run for each reading
            return Points(*(one[order] for one in self.known))
        some = np.flatnonzero(self.counts)
        spread = self.widths[some] / sqrt(12)
        counts = self.counts[some].astype(np.float64)
        return Points(self.centres[some], spread, counts, self.widths[some])

    @cached_property
    def constant(self) -> float | None:
        """Return the one value that all have, to a bin's width; None if there are several."""
        occupied = np.flatnonzero(self.counts)
        return float(self.edges[occupied[0]]) if len(occupied) == 1 else None

    @cached_property
    def estimate(self) -> tuple[Array, Array, float]:
        """Return the density for the group's own bandwidth; see `density`."""
        return _estimate(self.points, bandwidth(self))

    def quantile(self, share: float) -> float:
        """Return the value that `share` of all lie below, linear from one to the next."""
        known = self._quantiles
        if share not in known:
            rank = share * (self.total - 1) + 0.5
            known[share] = float(np.interp(rank, *self._ranks))
        return known[share]

    @cached_property
    def between(self) -> float:
        """Return the distance of the quartiles; 0 where it is less than is known of them."""
        found = self.quantile(0.75) - self.quantile(0.25)
        upto = np.cumsum(self.points.weight)
        at = np.searchsorted(upto, [0.25 * (self.total - 1), 0.75 * (self.total - 1)], side="right")
        return found if found > self.points.width[at].min() else 0.0

    def std(self) -> float:
        """Return the standard deviation."""
        return self._std

    @cached_property
    def _quantiles(self) -> dict[float, float]:
        return {}

    @cached_property
    def _ranks(self) -> tuple[Array, Array]:
        """Return the first and the last value of each point: their ranks and places [2 n]."""
        place, spread, weight, _ = self.points
        half = spread * sqrt(3) * np.maximum(1 - 1 / weight, 0)
        upto = np.cumsum(weight)
        ranks, ends = np.empty(2 * len(place)), np.empty(2 * len(place))
        ends[::2], ends[1::2] = place - half, place + half
        ranks[::2], ranks[1::2] = upto - weight + 0.5, upto - 0.5
        return ranks, np.maximum.accumulate(ends)

    @cached_property
    def _std(self) -> float:
        place, spread, weight, _ = self.points
        share = weight / self.total
        scale = float(max(np.abs(place).max(), spread.max())) or 1.0  # squares may overflow without
        away = place / scale - float((place / scale) @ share)
        return sqrt(float((away**2 + (spread / scale) ** 2) @ share)) * scale

    def merged(self, exponent: int) -> "Binned":
        """Return the same values in bins of width 2^exponent, and wider where there are such.

        Raises:
            ValueError: It is narrower than the finest.
        """
        if exponent < self.exponent:
            message = f"bins of 2^{self.exponent} cannot be split into bins of 2^{exponent}"
            raise ValueError(message)
        width = 2.0**exponent
        index = np.floor(self.edges[:-1] / width)
        starts = np.flatnonzero(np.append(True, index[1:] != index[:-1]))
        last = max(float(self.edges[-1]), (float(index[-1]) + 1) * width)
        edges = np.append(index[starts] * width, last)
        counts = np.add.reduceat(self.counts, starts)
        return Binned(exponent, edges, counts, self.not_finite, self.known)


def pool(readings: Reading) -> Binned | None:
    """Return the sum of readings [n, SIZE]; None if empty.

    At each place its bins are as wide as the widest of those of all readings that hold values.
    """
    rows = np.atleast_2d(readings)
    bins = filled(rows)
    if not len(bins.many):
        return None
    exponent, edges, counts = _merged(bins)
    return Binned(exponent, edges, counts, int(rows[:, 2].sum(dtype=np.int64)), _points(bins))


def _points(bins: Filled) -> Points:
    """Return where the values of some bins lie.

    Those of one bin deviate from their mean m by sqrt(m (1 - m) / 3) of its width: as much as
    evenly spread ones do at m = 1/2, and not at all where all are at an edge, or there is one.
    """
    width = np.ldexp(1.0, bins.exponent)
    inner = np.where(bins.repeated, 0.0, (1 - 1 / bins.many) * bins.mean * (1 - bins.mean) / 3)
    place = np.ldexp(bins.place + bins.mean, bins.exponent)
    return Points(place, np.sqrt(inner) * width, bins.many.astype(np.float64), width)


def _merged(bins: Filled) -> tuple[int, Array, Counts]:
    """Return the finest exponent, edges [n + 1] and counts [n] of bins that hold all of these."""
    ends = np.frexp(np.abs(bins.place) + 1.0)[1] + bins.exponent
    exponent = max(int(bins.exponent.min()), int(ends.max()) - EXACT)
    start, stop = _cells(bins, exponent)
    coarser = ceil(log2(int(stop.max() - start.min()) / (WIDEST - 2)))
    if coarser > 0:
        exponent += coarser
        start, stop = _cells(bins, exponent)
    offset, span = int(start.min()), int(stop.max() - start.min())
    start -= offset
    cells = offset + np.arange(span)
    sizes = bins.exponent - exponent
    if int(sizes.max()) <= 0:
        counts = np.bincount(start, bins.many, span).astype(np.int64)
    else:
        begins = _begins(start, stop - offset, np.maximum(sizes, 0), cells)
        group = np.cumsum(begins) - 1
        counts = np.bincount(group[start], bins.many).astype(np.int64)
        cells = cells[begins]
    edges = np.ldexp(np.append(cells, offset + span).astype(np.float64), exponent)
    return exponent, edges, counts


def _begins(start: Counts, stop: Counts, sizes: Counts, cells: Counts) -> Mask:
    """Return in which of the finest bins one begins that is parted by no bin of several readings.

    Bins from `start` up to `stop` [n] are 2^sizes of the finest wide, whose numbers `cells` are.
    """
    levels = np.arange(int(sizes.max()) + 1)
    span = len(cells) + 1
    opened, closed = (
        np.bincount(sizes * span + one, minlength=len(levels) * span) for one in (start, stop)
    )
    open_there = np.cumsum((opened - closed).reshape(len(levels), span), axis=1)[:, :-1] > 0
    level = (open_there * levels[:, None]).max(0)
    begins: Mask = (cells & ((1 << level) - 1)) == 0
    begins[0] = True
    return begins


def _cells(bins: Filled, exponent: int) -> tuple[Counts, Counts]:
    """Return in which bins of width 2^exponent each begins, and the first that lies beyond it."""
    size = bins.exponent - exponent
    wider, narrower = np.maximum(size, 0), np.minimum(-np.minimum(size, 0), 62)
    start, stop = (((bins.place + side) << wider) >> narrower for side in (0, 1))
    return start, np.maximum(stop, start + 1)


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


def bandwidth(group: Binned) -> float:
    """Return Silverman's (1986, eq. 3.31) bandwidth 0.9 min(std, IQR / 1.34) n^(-1/5).

    A spread of 0 is left out of the minimum; of equal values it is a bin's width, as no more is
    known of them.
    """
    spread = [group.std(), group.between / 1.34]
    least = min((one for one in spread if one > 0), default=0.0)
    return float(0.9 * least * group.total**-0.2) or group.width


def density(group: Binned, width: float | None = None) -> tuple[Array, Array, float]:
    """Return a Gaussian kernel density estimate: places [m], density [m] and the bandwidth.

    It integrates to 1 over the places, STEPS of them in a bandwidth: all within five bandwidths of
    a value, and a few more where none is.

    It differs from the one of the values themselves by less than 1e-3 of its peak, as was measured
    on the tensors and outputs of short trainings of the presets, and on made-up values with long
    tails, with zeros and at the ends of float32. Some differ by up to 3e-3: values that spread over
    more than 500 bandwidths (gradients in deep ReLU networks, half of them 0), outputs of networks
    that have died (few different values), and pooled layers whose scales are 30 and more apart.
    There bins are wider than the bandwidth, or an equal value stands in some, and a value alone is
    3e-4 to 1e-3 of the peak high: where each lies is not known.
    """
    return group.estimate if width is None else _estimate(group.points, width)


def _estimate(points: Points, width: float) -> tuple[Array, Array, float]:
    step = width / STEPS
    place, spread, weight, _ = _pieces(points, step)
    cell = np.rint(place / step)
    off = place / step - cell
    # three places share a value, so that their mean and deviation are its own
    second = np.minimum(off**2 + (spread / step) ** 2, 1.0)
    parts = ((second - off) / 2, 1 - second, (second + off) / 2)
    cells = _occupied(cell)
    # without a gap between them they are numbered in a row
    whole = len(cells) == cells[-1] - cells[0] + 1
    at = (cell - cells[0]).astype(np.int64) if whole else np.searchsorted(cells, cell)
    mass = np.zeros(len(cells))
    for shift, part in zip((-1, 0, 1), parts, strict=True):
        mass += np.bincount(at + shift, weight * part, len(cells))
    kernel = np.exp(-0.5 * (np.arange(-REACH, REACH + 1) / STEPS) ** 2)
    kernel /= kernel.sum() * step * weight.sum()
    heights = np.convolve(mass, kernel, mode="same")
    return cells * step, np.maximum(heights, 0.0), width


def _pieces(points: Points, step: float) -> Points:
    """Return the points, each that is wide beside a step as several side by side.

    Those are as wide together: q of them, at equal distances d, deviate by d sqrt((q^2 - 1) / 12).
    """
    wide = points.spread**2 > step**2 / 2
    if not wide.any():
        return points
    parts = np.minimum(np.ceil(7 / STEPS / step * points.spread) + 1, PIECES)
    parts = np.where(wide, parts, 1).astype(np.int64)
    which = np.repeat(np.arange(len(parts)), parts)
    number = np.arange(len(which)) - np.repeat(np.cumsum(parts) - parts, parts)
    place, spread, weight, width = (one[which] for one in points)
    count = parts[which]
    several = count > 1
    away = (number - (count - 1) / 2) * np.sqrt(12 / np.maximum(count**2 - 1, 1)) * several
    return Points(place + away * spread, np.where(several, 0.0, spread), weight / count, width)


def _occupied(cell: Array) -> Array:
    """Return all cells that are at most REACH + 2 from one of some cells, in order.

    Where they are few, those between are among them.
    """
    low, high = float(cell.min()) - REACH - 2, float(cell.max()) + REACH + 2
    if high - low < FEW:
        return np.arange(low, high + 1)
    known = np.unique(cell)
    gaps = np.flatnonzero(np.diff(known) > 2 * REACH + 4)
    first = known[np.concatenate([[0], gaps + 1])] - REACH - 2
    last = known[np.concatenate([gaps, [len(known) - 1]])] + REACH + 2
    sizes = (last - first).astype(np.int64) + 1
    begin = np.cumsum(sizes) - sizes
    return np.asarray(np.repeat(first - begin, sizes) + np.arange(sizes.sum()), np.float64)


def _freedman_diaconis(group: Binned) -> float:
    spread = group.quantile(0.75) - group.quantile(0.25)
    width = 2 * spread * group.total ** (-1 / 3)
    return float(width) if width > 0 and group.constant is None else inf
