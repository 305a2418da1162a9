"""The curve that each network makes of one input, over the data."""

from typing import TYPE_CHECKING, Annotated

import numpy as np
from msgspec import Meta
from PySide6.QtWidgets import QWidget

from initstudio.catalogue import Params
from initstudio.history import Header, History, Known
from initstudio.ui.chart.lines import Range, grown, nice_range, number
from initstudio.ui.examples import Examples, datasets_of, examples_of
from initstudio.ui.plots.curve_plot import Curve, CurvePlot, over
from initstudio.ui.plots.plot import Line, Table

if TYPE_CHECKING:
    from collections.abc import Hashable

BEYOND = 0.5
"""What the axis reaches beyond the data for a curve's sake, as a part of their range."""
FAINT = 0.4


class FittedOptions(Params, frozen=True):
    """What is drawn with the curves."""

    data: Annotated[
        bool, Meta(title="Data", description="Draw training examples behind the curves.")
    ] = True
    start: Annotated[
        bool, Meta(title="Start", description="Draw faintly what the networks gave at the start.")
    ] = True


class FittedPlot(CurvePlot):
    """A curve for each contender over dots of the data."""

    key = "fitted"
    label = "Fitted curve"
    summary = "The value that each network predicts along its one input, over the training data."
    invitation = (
        "The curve that each network fits appears here. It needs data with one input and a value "
        f"to predict: {datasets_of(1, 'values')}, or a file of your own."
    )
    order = 76
    pages = ("board", "xray")
    reads = ("fit", "input_range")
    Options = FittedOptions

    def __init__(self, parent: QWidget | None = None) -> None:
        self._starts: dict[Hashable, Curve] = {}
        super().__init__(parent)

    def on_shape_changed(self) -> None:
        """Forget the axis and the curves."""
        super().on_shape_changed()
        self._starts = {}

    def fits(self, pinned: Header, present: Header) -> bool:
        """Return whether a pinned run is of the same data."""
        return pinned.experiment.data == present.experiment.data

    def draw(self, history: History) -> None:
        """Draw dots, faint curves of the start, and the present ones."""
        self.take_in(history)
        if not self.drawn:
            missing = [key for key in self.reads if key not in history.latest]
            names = " and ".join(f"“{key.replace('_', ' ')}”" for key in missing)
            self.clear(f"{names} was not recorded in this run.")
            self.show_notes([])
            return
        found = examples_of(history.header.experiment, history.header.seeds[0])
        self._view = self._axis(found)
        self._draw_axes(history)
        canvas, theme = self.canvas, self.theme
        canvas.say("")
        canvas.begin(smooth=self.settled)
        if found and found.values is not None and self.options.data:
            x, y = (one.astype(np.float64) for one in (found.x[:, 0], found.values))
            canvas.dots("data", x, y, theme.blend(theme.muted, 0.55), size=4.0, z=1)
        if self.options.start and history.layers_step > 0:
            for line in self.drawn:
                self._draw_start(line, self.of(line, history))
        self.draw_curves()
        canvas.end()
        self.name_curves()
        self.show_notes(self._make_notes(history, found))

    def data(self, history: History) -> Table:
        """Return what each network predicts at each place, at the start and now."""
        rows: Table = [("contender", "seed", "step", "input", "at the start", "now")]
        self.take_in(history)
        for line, curve in zip(self.drawn, self.curves, strict=True):
            run, x = self.of(line, history), curve.x.tolist()
            for replica in line.replicas.tolist():
                first, now = (one["fit"][replica].tolist() for one in (run.first, run.latest))
                head = (line.name, run.header.seeds[replica], run.layers_step)
                rows += [(*head, *cells) for cells in zip(x, first, now, strict=True)]
        return rows

    # ------------------------------------------------------------------ inside

    def curve_of(self, readings: Known, line: Line) -> Curve:
        """Return what a contender predicts along the input."""
        fit = readings["fit"]
        low, high = readings["input_range"][0, 0].astype(np.float64).tolist()
        return over(np.linspace(low, high, fit.shape[1]), fit[line.replicas])

    def text_of(self, curve: Curve) -> str:
        """Return what is predicted below the mouse."""
        if self.hover is not None:
            return number(curve.at(self.hover))
        return "no number" if curve.ends is None else ""

    def _axis(self, found: Examples | None) -> Range:
        """Return the axis of values: the data's, and of the curves what is not far beyond."""
        ends = self.ends()
        if found is None or found.values is None:
            lows, highs = zip(*ends, strict=True) if ends else ((0.0,), (1.0,))
            usual = sorted(zip(lows, highs, strict=True), key=lambda one: one[1] - one[0])
            low, high = usual[(len(usual) - 1) // 2]
        else:
            low, high = float(found.values.min()), float(found.values.max())
        beyond = BEYOND * (high - low) or 1.0
        low, high = (
            max(low - beyond, min([low, *(one for one, _ in ends)])),
            min(high + beyond, max([high, *(one for _, one in ends)])),
        )
        return grown(self._view, low, high)

    def _draw_axes(self, history: History) -> None:
        canvas = self.canvas
        header = history.header
        which = f"value 1 of {header.outputs:,}" if header.outputs > 1 else "value"
        canvas.left.show_as()
        canvas.bottom.show_as()
        canvas.name_axes("input", which)
        x = self.curves[0].x
        canvas.look_at((float(x[0]), float(x[-1])), self._view or nice_range(0, 1))

    def _draw_start(self, line: Line, run: History) -> None:
        theme = self.theme
        ink = theme.blend(theme.colour(line.slot), FAINT)
        if line.key not in self._starts:
            self._starts[line.key] = self.curve_of(run.first, line)
        first = self._starts[line.key]
        key = ("start", line.key)
        self.canvas.line(key, first.x, first.middle, ink, width=theme.thin_width, z=3)

    def _make_notes(self, history: History, found: Examples | None) -> list[str]:
        notes = [f"step {history.layers_step:,}", *self._troubles()]
        notes.append(self.seeds_note(history))
        if history.header.experiment.data.standardize:
            notes.append("input and value are standardized")
        if self.options.start and history.layers_step > 0:
            notes.append("faint: at the start")
        if found and found.values is not None and self.options.data:
            several = history.header.experiment.seeds.count > 1
            of = f" of seed {history.header.seeds[0]}" if several else ""
            notes.append(f"dots: {len(found.x):,} of {found.total:,} training examples{of}")
        return notes

    def _troubles(self) -> list[str]:
        """Return what cannot be drawn of the contenders."""
        notes = []
        low, high = self._view or (0.0, 1.0)
        for line, curve in zip(self.drawn, self.curves, strict=True):
            if curve.hostile:
                notes.append(
                    f"{line.name}: no finite value at {curve.hostile:,} of {curve.total:,} places"
                )
            reach = np.concatenate([curve.low, curve.high])
            out = reach[(reach < low) | (reach > high)]  # without NaN, which is neither
            if len(out):
                far = number(float(out[np.abs(out).argmax()]))
                notes.append(f"{line.name} reaches {far}, beyond the axis")
        return notes
