"""The curves over steps of one run's contenders, as they are drawn."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
import numpy.typing as npt

from initstudio.series import FEWEST, Series
from initstudio.ui.chart.contender_line import Line
from initstudio.ui.chart.lines import Array, Range, masked
from initstudio.ui.chart.track import Track

LINES = 400_000
"""Most lines of numbers that are written of a part."""


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
        if not seen.any():
            return
        # what cannot be drawn is NaN by now
        bottoms = np.fmin.reduce(lows[:, seen], axis=1)
        tops = np.fmax.reduce(highs[:, seen], axis=1)
        known = np.isfinite(bottoms)
        yield from zip(bottoms[known].tolist(), tops[known].tolist(), strict=True)


@dataclass
class Part:
    """The curves of one run, of training or validation: their series, track and looks."""

    lines: tuple[Line, ...]
    series: Series
    track: Track
    """That of the whole run."""
    view: Range | None
    """The part of the steps that is looked at; None: all."""
    near: Track
    """That of this part, as fine as can be."""
    validation: bool
    dotted: bool
    """Whether each point is marked."""
    front: bool = False
    """Whether no other part of the same run is drawn over it."""

    def curves(self, view: Range, columns: int, until: float, *, scale: float, log: bool) -> Curves:
        """Return what is drawn of a part of the axis, up to the step `until`."""
        track = self.near
        found = track.decimated(view, columns)
        x, lows, highs, hostile, lost = _scaled(found, scale, log=log)
        whole = (x, lows[0], highs[0])
        if until < inf:
            x, lows, highs, hostile, lost = _scaled(track.cut(until, *found), scale, log=log)
        last = float(track.x[-1]) if len(track.x) else np.nan
        return Curves(x, lows, highs, hostile, lost, whole, view, last)

    def values_at(self, step: float) -> Array:
        """Return the value of each line at a step [L], as fine as what is shown there."""
        seen = self.view is not None and self.view[0] <= step <= self.view[1]
        return (self.near if seen else self.track).values_at(step)

    def grain(self, unit: str, *, means: bool) -> str:
        """Return in words what a point is, "" where nothing needs to be said.

        `unit` is what a reading is of: "step", "epoch". `means` says that of the rows their means
        are drawn, and not their extent.
        """
        stride, first = self.near.stride, self.series.exact_from
        if stride == 1:
            return f"every {unit}" if self.view else ""
        text = f"each point is {stride:,} {unit}s: least, mean, greatest"
        if means:
            text = f"each point is the mean of {stride:,} {unit}s"
        if self.view and self.view[0] < first and len(self.near.x):
            text += f" (every {unit} is kept from step {first:,} on)"
        return text

    def cells(self, seeds: Sequence[int], until: float) -> Iterator[tuple[str | float, ...]]:
        """Yield what is kept of the part that is looked at, up to the step `until`.

        These are contender, seed, step, the least, mean and greatest of the readings from there
        on, and their number: 1, unless there are more than LINES, or older ones are kept no finer.
        """
        left, right = self.view or (-inf, inf)
        right = min(right, until)
        replicas = sum(len(line.replicas) for line in self.lines)
        found = self.series.part(left, right, max(FEWEST, LINES // max(1, replicas)))
        inside = found.steps <= right
        if found.exact:
            inside &= found.steps >= left
        steps = found.steps[inside].tolist()
        for line in self.lines:
            for replica in line.replicas.tolist():
                values = (one[inside, replica].tolist() for one in found[1:4])
                for step, low, mean, high in zip(steps, *values, strict=True):
                    yield line.name, seeds[replica], step, low, mean, high, found.stride


def _scaled(
    columns: tuple[Array, Array, Array], scale: float, *, log: bool
) -> tuple[Array, npt.NDArray[np.float64], Array, int, int]:
    x, lows, highs = columns
    low, hostile, lost = masked(lows * scale, log=log)
    high, _, _ = masked(highs * scale, log=log)
    return x, low, high, hostile, lost
