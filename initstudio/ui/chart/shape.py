"""The shape of one distribution among many on one axis: relative to its own greatest density."""

import numpy as np

from initstudio.distribution import Binned, density
from initstudio.ui.chart.lines import Array, Range

FAR = 1e100
"""Values that reach beyond this have no density: its squares would overflow."""


def relative_at(group: Binned | None, places: Array) -> Array:
    """Return log10 of the density at places [n] over the greatest; NaN where there is no value."""
    found = np.full(len(places), np.nan)
    if group is None:
        return found
    at = np.floor(places / group.width) - group.first
    inside = (at >= 0) & (at < len(group.counts))
    counts = group.counts[at[inside].astype(np.int64)]
    greatest = int(group.counts.max())
    some = counts > 0
    found[np.flatnonzero(inside)[some]] = np.log10(counts[some] / greatest)
    return found


def in_bins(group: Binned | None, exponent: int) -> Binned | None:
    """Return the group in bins of width 2^exponent, or its own where they are wider."""
    return group.merged(max(exponent, group.exponent)) if group else None


def outline(group: Binned | None, view: Range, points: int) -> tuple[Array, Array]:
    """Return where a density is drawn within the view [m], and its height over the greatest [m].

    What is one value only is a spike.
    """
    if group is None or np.abs(group.edges[[0, -1]]).max() > FAR:
        return np.zeros(0), np.zeros(0)
    if group.constant is not None:
        return np.full(3, group.constant), np.array([0.0, 1.0, 0.0])
    places, heights, _ = density(group)
    seen = np.flatnonzero((places >= view[0]) & (places <= view[1]))
    if not len(seen):
        return np.zeros(0), np.zeros(0)
    starts = np.arange(0, len(seen), max(1, len(seen) // points))
    # the greatest of each part: a narrow peak stays
    tops = np.maximum.reduceat(heights[seen], starts)
    return places[seen][starts], tops / heights.max()
