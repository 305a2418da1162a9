"""The curves over steps of one run's contenders, as they are drawn."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

import numpy as np
import numpy.typing as npt

from initstudio.history import Series
from initstudio.ui.chart.contender_line import Line
from initstudio.ui.chart.lines import Array, Range, masked
from initstudio.ui.chart.track import Track


@dataclass(frozen=True)
class Curves:
    """Pixel columns of L lines: x [k], and their least and greatest values [4, L, k].

    The four are those of `Track.curves`. On a log scale they are logarithms. `whole` is the same
    of the first of the four as if nothing were cut off.
    """

    x: Array
    low: Array
    high: Array
    hostile: int
    """Values that are no finite numbers that can be drawn."""
    lost: int
    """Values that have no place on a log scale."""
    whole: tuple[Array, Array, Array]
    view: Range
    last: float
    """The last step that there is; NaN where there is none."""

    def ends(self, recent: float) -> Iterator[tuple[float, float]]:
        """Yield the least and greatest value of each line, over the last share of what is seen.

        Nothing that is cut off is left out, so that an axis rests in a replay.
        """
        x, lows, highs = self.whole
        # columns outside of the view are there for the lines that lead to them
        seen = (x >= self.view[0]) & (x <= self.view[1])
        if recent < 1 and len(x):
            last = min(self.last, self.view[1])
            seen &= x >= last - recent * (last - self.view[0])
        for low, high in zip(lows[:, seen], highs[:, seen], strict=True):
            if np.isfinite(low).any():
                yield float(np.nanmin(low)), float(np.nanmax(high))


@dataclass
class Part:
    """The curves of one run, of training or validation: their series, track and looks."""

    lines: tuple[Line, ...]
    series: Series
    track: Track
    validation: bool
    dotted: bool
    """Whether each point is marked."""
    front: bool = False
    """Whether no other part of the same run is drawn over it."""

    def curves(self, view: Range, columns: int, until: float, *, scale: float, log: bool) -> Curves:
        """Return what is drawn of a part of the axis, up to the step `until`."""
        track = self.track
        found = track.decimated(view, columns)
        x, lows, highs, hostile, lost = _scaled(found, scale, log=log)
        whole = (x, lows[0], highs[0])
        if until < inf:
            x, lows, highs, hostile, lost = _scaled(track.cut(until, *found), scale, log=log)
        last = float(track.x[-1]) if len(track.x) else np.nan
        return Curves(x, lows, highs, hostile, lost, whole, view, last)


def _scaled(
    columns: tuple[Array, Array, Array], scale: float, *, log: bool
) -> tuple[Array, npt.NDArray[np.float64], Array, int, int]:
    x, lows, highs = columns
    low, hostile, lost = masked(lows * scale, log=log)
    high, _, _ = masked(highs * scale, log=log)
    return x, low, high, hostile, lost
