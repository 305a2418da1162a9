"""Readings of all layers over a run as cells: one number for each layer and snapshot."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from initstudio.ui.chart.colours import Pixels, Shades
from initstudio.ui.chart.lines import Array, Range

DECADES = 6.0
"""How far from the middle one colour scale reaches on a log scale: one network that explodes must
not take all colours from the others."""


@dataclass(frozen=True)
class Cells:
    """Numbers [layers, snapshots] of one contender, the first layer first.

    On a log scale they are decimal logarithms, and -inf stands for 0. NaN is no finite number.
    """

    values: Array

    @property
    def broken(self) -> int:
        """Return how many cells have no finite number."""
        return int(np.isnan(self.values).sum())

    @property
    def zeros(self) -> int:
        """Return how many cells have no place on a log scale."""
        return int(np.isneginf(self.values).sum())

    def trouble(self, *, log: bool) -> float:
        """Return how ill the layers are over these snapshots; 0 is perfectly well.

        On a log scale these are the decades between a snapshot's least and greatest layer, else
        its mean over the layers; in the mean over the snapshots. Each cell without a number, or
        with a 0 on a log scale, counts as 100 over all cells.
        """
        known = np.isfinite(self.values)
        lost = 100.0 * float((~known).mean()) if known.size else 0.0
        some = known.any(0)
        if not some.any():
            return lost
        seen, there = self.values[:, some], known[:, some]
        if log:
            low = np.where(there, seen, np.inf).min(0)
            high = np.where(there, seen, -np.inf).max(0)
            return lost + float((high - low).mean())
        return lost + float((np.where(there, seen, 0).sum(0) / there.sum(0)).mean())

    def pixels(self, shades: Shades, ends: Range, broken: str) -> Pixels:
        """Return a colour for each cell, uint8 [layers, snapshots, 4], the last layer first.

        `broken` is the colour "#rrggbb" of what is no finite number.
        """
        values = self.values[::-1]
        found = shades.of(np.where(np.isneginf(values), ends[0], values), *ends)
        ink = [int(broken[at : at + 2], 16) for at in (1, 3, 5)]
        found[np.isnan(values)] = (*ink, 255)
        return found


def cells_of(readings: npt.NDArray[np.floating], *, log: bool, times: float = 1.0) -> Cells:
    """Return the cells of one contender's readings [snapshots, seeds, layers].

    Each is the median over the seeds, in which one that has no finite number counts as infinite.
    """
    rows = readings.astype(np.float64)
    middle = np.median(np.where(np.isfinite(rows), rows, np.inf), axis=1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        values = middle * times
        values = np.log10(values) if log else values
    return Cells(np.where(np.isposinf(values), np.nan, values).T)


def ends_of_all(cells: list[Cells], *, log: bool) -> tuple[Range, bool] | None:
    """Return the ends of the colours for all of these, and whether some numbers lie beyond.

    None is returned where there is no number at all.
    """
    found = np.concatenate([one.values[np.isfinite(one.values)] for one in cells])
    if not len(found):
        return None
    low, high = float(found.min()), float(found.max())
    if log:
        middle = float(np.median(found))
        ends = (max(low, middle - DECADES), min(high, middle + DECADES))
        return ends, ends != (low, high)
    return (min(0.0, low), high), False
