"""What a picture of one curve a contender is: the middle of its seeds, their range, a reading.

A subclass reads the curves in `curve_of`, draws axes and what lies behind, and calls `draw_curves`.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtWidgets import QWidget

from initstudio.history import History, Known
from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.chart.legend import Label
from initstudio.ui.chart.lines import Array, Range, counted, masked, over_seeds
from initstudio.ui.plots.plot import Line, Plot

MOST_BANDS = 4


@dataclass(frozen=True, eq=False)
class Curve:
    """One contender at places x [n]: the middle of its seeds, the least and greatest, as drawn.

    NaN where no seed has a number. Of the `total` of readings, `hostile` are no finite number, and
    `lost` are 0 or less on a log scale.
    """

    x: Array
    middle: Array
    low: Array
    high: Array
    hostile: int
    lost: int
    total: int

    @property
    def ends(self) -> Range | None:
        """Return the least and the greatest number of all; None if there is none."""
        if not np.isfinite(self.low).any():
            return None
        return float(np.nanmin(self.low)), float(np.nanmax(self.high))

    def at(self, x: float) -> float:
        """Return the middle at a place, straight between two."""
        return float(np.interp(x, self.x, self.middle))


def over(x: Array, readings: npt.NDArray[np.floating], *, log: bool = False) -> Curve:
    """Return the curve of one contender's readings [seeds, n] at places x [n]."""
    drawn, hostile, lost = masked(readings, log=log)
    return Curve(x, *over_seeds(drawn), hostile, lost, drawn.size)


class CurvePlot(Plot):
    """A curve for each contender, over an axis that is not of steps."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self.drawn: tuple[Line, ...] = ()
        """The contenders whose run has a curve."""
        self.curves: list[Curve] = []
        self.hover: float | None = None
        """Where the mouse is, on the axis below."""
        self._view: Range | None = None
        super().__init__(parent)

    # ------------------------------------------------------------------ what a subclass fills in

    def curve_of(self, readings: Known, line: Line) -> Curve:
        """Return a contender's curve in these readings of its run, which has all of `reads`."""
        raise NotImplementedError

    def text_of(self, curve: Curve) -> str:
        """Return what the legend tells of a curve."""
        raise NotImplementedError

    # ------------------------------------------------------------------ for subclasses

    def make_picture(self) -> Canvas:
        """Return a canvas that tells where the mouse is."""
        canvas = self.make_canvas()
        canvas.hovered.connect(self.on_hovered)
        return canvas

    def state_of(self, history: History) -> object:
        """Return the step of the newest readings."""
        return history.layers_step

    def on_shape_changed(self) -> None:
        """Forget the axis and the curves."""
        self._view = None
        self.drawn, self.curves = (), []

    def has(self, pinned: History) -> bool:
        """Return whether a pinned run has all that a curve is made of."""
        return pinned.latest.keys() >= set(self.reads)

    def take_in(self, history: History) -> None:
        """Take the curves of the contenders whose run has some."""
        having = [self.lines_with(key, history) for key in self.reads]
        self.drawn = tuple(line for line in self.lines if all(line in some for some in having))
        self.curves = [self.curve_of(self.of(line, history).latest, line) for line in self.drawn]

    def ends(self) -> list[Range]:
        """Return the least and the greatest number of each curve that has any."""
        return [found for found in (curve.ends for curve in self.curves) if found]

    def draw_curves(self) -> None:
        """Draw all curves; a few of the present run have their bands."""
        canvas = self.canvas
        for line, curve in zip(self.drawn, self.curves, strict=True):
            stroke = line.stroke(self.theme)
            if len(line.replicas) > 1 and self._has_bands and not line.run:
                veil = self.theme.veil(stroke.colour, len(self.drawn))
                canvas.area(line.key, curve.x, curve.low, curve.high, veil, z=2)
            canvas.line(
                line.key, curve.x, curve.middle, stroke.colour,
                width=stroke.width, dash=stroke.dash,
            )  # fmt: skip

    def seeds_note(self, history: History) -> str:
        """Return what curves and bands are of several seeds, or nothing."""
        seeds = history.header.experiment.seeds.count
        what = "median and range" if self._has_bands else "median"
        return f"{what} of {counted(seeds, 'seed')}" if seeds > 1 else ""

    def on_hovered(self, x: float | None) -> None:
        """Tell of the curves where the mouse is."""
        self.hover = x
        self.canvas.point_at(x if self.curves else None)
        self.name_curves()

    def name_curves(self) -> None:
        """Name the contenders, with what is told of their curves."""
        parts = zip(self.drawn, self.curves, strict=True)
        labels = (Label(one.name, one.slot, self.text_of(curve), one.run) for one, curve in parts)
        self.legend.show_labels(tuple(labels))

    @property
    def _has_bands(self) -> bool:
        return len(self.drawn) <= MOST_BANDS
