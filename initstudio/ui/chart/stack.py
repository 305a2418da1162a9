"""Many distributions on one axis at once: their shares in cells that all have, and their ends."""

import numpy as np
import numpy.typing as npt

from initstudio.bins import BINS, HEAD, edge_at, slots_at
from initstudio.ui.chart.lines import HUGE, SMALLEST, Array, Range, nice_range

QUANTILE = 0.0005
"""Share of the values at either end that may lie outside of the axis."""
FAR = 40.0
"""How many times wider than the usual one a distribution may be before parts are left out."""
USUAL = 0.8
"""Share of the distributions that are narrower than the usual one: many may have faded."""


class Stack:
    """Distributions [n], each the sum of several readings int32 [n, several, SIZE]."""

    def __init__(self, readings: npt.NDArray[np.int32]) -> None:
        self._head = readings[..., :HEAD].astype(np.int64)
        self._running = np.zeros((*readings.shape[:2], BINS + 1))
        np.cumsum(readings[..., HEAD : HEAD + BINS], axis=2, out=self._running[..., 1:])
        self.lost = readings[..., 2].sum(1, dtype=np.int64)
        """Values that are no finite number, int64 [n]."""
        self.totals = readings[..., 3].sum(1, dtype=np.int64)
        """Finite values, int64 [n]."""

    def below(self, places: Array) -> Array:
        """Return how many values lie below each of some places [m], float64 [n, m].

        Exact at the edges of bins; within one, values are spread evenly.
        """
        inside = np.clip(slots_at(places, self._head), 0, BINS)
        whole = np.minimum(inside.astype(np.int64), BINS - 1)
        low = np.take_along_axis(self._running, whole, axis=2)
        high = np.take_along_axis(self._running, whole + 1, axis=2)
        found: Array = (low + (inside - whole) * (high - low)).sum(1)
        return found

    def ends(self) -> Range | None:
        """Return what an axis must hold so that all can be seen, but for their last tails."""
        known = self._running[..., -1] > 0
        if not known.any():
            return None
        low, high = (self._quantile(share, upper=upper)[known] for share, upper in _ENDS)
        reach = np.sort(np.maximum(np.abs(low), np.abs(high)))
        limit = min(FAR * float(reach[int((len(reach) - 1) * USUAL)]), HUGE)
        return max(float(low.min()), -limit), min(float(high.max()), limit)

    def outside(self, view: Range) -> Array:
        """Return the share of each distribution that lies outside of the view [n]; 0 of nothing."""
        inside = self.below(np.array([view[0], np.nextafter(view[1], np.inf)]))
        totals = np.maximum(self.totals, 1)
        return np.where(self.totals > 0, 1 - (inside[:, 1] - inside[:, 0]) / totals, 0.0)

    def _quantile(self, share: float, *, upper: bool) -> Array:
        """Return an edge [n, several] of the bin with the value that `share` of all lie below."""
        wanted = share * self._running[..., -1:]
        at = (self._running[..., 1:] < wanted).sum(2) + int(upper)
        return edge_at(at, self._head)


_ENDS = ((QUANTILE, False), (1 - QUANTILE, True))


def axis_for(ends: Range) -> Range:
    """Return an axis of round numbers around both ends; around a single one, with room."""
    low, high = ends
    if not high - low > max(1e-6 * max(abs(low), abs(high)), SMALLEST):
        half = abs(low) * 0.5
        half = half if half > SMALLEST else 1.0
        return low - half, high + half
    return nice_range(low, high)


def cells_in(view: Range, about: int) -> Array:
    """Return the edges [m + 1] of `about` / 2 to `about` cells that are a power of two wide.

    They cover the view, and no bin that is narrower lies in two of them.
    """
    exponent = int(np.ceil(np.log2((view[1] - view[0]) / max(about, 2))))
    low, high = (np.ldexp(end, -exponent) for end in view)
    edges = np.arange(np.floor(low), np.ceil(high) + 1)
    return np.asarray(np.ldexp(edges, exponent), np.float64)


def relative(shares: Array) -> Array:
    """Return numbers [n, m] over the greatest of each row; NaN in a row of nothing."""
    top = shares.max(1, keepdims=True)
    return np.where(top > 0, shares / np.where(top > 0, top, 1), np.nan)
