"""What a picture by layer is: a line for each contender, from the first layer to the last.

A subclass names the quantities that it offers, and which layers have them.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PySide6.QtWidgets import QWidget

from initstudio.history import Header, History, Known
from initstudio.ui.chart.canvas import FEW, Canvas
from initstudio.ui.chart.legend import Label
from initstudio.ui.chart.lines import Array, Range, counted, grown, masked, number
from initstudio.ui.plots.plot import Line, Plot, Table
from initstudio.ui.plots.quantity import Places, Quantity

SILENT = 1e-34
"""What biases make is nothing below this: theory follows an input that is not quite 0."""
DOTTED = 80
"""Most layers that have a dot each; while the picture moves, half as many."""


@dataclass(frozen=True)
class Curve:
    """One contender's line [n] and band [n] as they are drawn, and what of them cannot be."""

    middle: Array
    low: Array
    high: Array
    count: int
    """Numbers that there are in each place."""
    values: Array
    """The line's values as they were read."""
    hostile: int
    lost: int


class LayerPlot(Plot):
    """One line for each contender over the layers, and a faint one for the start."""

    pages = ("board", "xray")
    quantities: ClassVar[dict[str, Quantity]] = {}
    """By the value of the option `quantity`; the first is used where there is no such option."""
    across: ClassVar[str] = "layer"
    most_bands: ClassVar[int] = 8
    """Of more contenders the bands would hide one another, and are left out."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._view_y: Range | None = None
        self._curves: list[Curve] = []
        self._start: tuple[list[int], list[Curve]] = ([], [])
        self._starts = 0
        """How often the start was computed."""
        self._theory: dict[tuple[str, int], Array] = {}
        self._names: tuple[str, ...] = ()
        self._hover: int | None = None
        super().__init__(parent)

    # ------------------------------------------------------------------ what a subclass fills in

    def places(self, history: History) -> Places:
        """Return the columns of the reading that are drawn, and a name for each."""
        names = history.header.tensors if self.quantity.tensors else history.header.layers
        return list(range(len(names))), names

    def rows(self, readings: Known, line: Line) -> Array:
        """Return what a contender's line is the middle of, and its band the ends [n, columns]."""
        return readings[self.quantity.reading][line.replicas].astype(np.float64)

    def middle(self, rows: Array, _line: Line) -> Array:
        """Return the line [columns] of rows [n, columns]: the median, over which NaN is endless."""
        found: Array = np.median(np.where(np.isfinite(rows), rows, np.inf), axis=0)
        return found

    def band(self, rows: Array) -> tuple[Array, Array]:
        """Return the ends of the band [columns]: the least and the greatest finite number."""
        known = np.isfinite(rows)
        return np.where(known, rows, np.inf).min(0), np.where(known, rows, -np.inf).max(0)

    def show_across(self, names: tuple[str, ...]) -> None:
        """Make the axis that the places stand on."""
        self.canvas.bottom.show_as(names=names)

    def band_note(self) -> str:
        """Return what line and band are, where there is a band."""
        seeds = len(self.lines[0].replicas) if self.lines else 0
        what = "median and range" if len(self.lines) <= self.most_bands else "median"
        return f"{what} of {counted(seeds, 'seed')}" if seeds > 1 else ""

    # ------------------------------------------------------------------ what a board calls

    @property
    def quantity(self) -> Quantity:
        """Return what is drawn."""
        chosen = getattr(self.options, "quantity", "")
        return self.quantities.get(chosen) or next(iter(self.quantities.values()))

    @property
    def log(self) -> bool:
        """Return whether the axis is logarithmic."""
        scale = getattr(self.options, "scale", "auto")
        return self.quantity.log if scale == "auto" else bool(scale == "log")

    def needs(self) -> tuple[str, ...]:
        """Return what the chosen quantity reads."""
        return self.quantity.readings

    def has(self, pinned: History) -> bool:
        """Return whether a pinned run has the quantity itself, theory or not."""
        return self.quantity.reading in pinned.latest

    def make_picture(self) -> Canvas:
        """Return a canvas that tells where the mouse is."""
        canvas = self.make_canvas()
        canvas.hovered.connect(self._on_hovered)
        return canvas

    def state_of(self, history: History) -> object:
        """Return the step of the newest readings."""
        return history.layers_step

    def on_shape_changed(self) -> None:
        """Forget the axis and the start."""
        self._view_y = None
        self._curves = []
        self._start = ([], [])
        self._theory = {}

    def draw(self, history: History) -> None:
        """Draw the present line and the start of each contender."""
        self._curves = []
        columns, names = self.places(history) if self._known(history) else ([], ())
        if not columns:
            self.clear(self._why_no_places(history))
            self.show_notes([])
            return
        now = [self._curve(self.of(line, history), line, columns) for line in self.lines]
        if self._start[0] != columns:
            curves = [
                self._curve(self.of(line, history), line, columns, start=True)
                for line in self.lines
            ]
            self._start = (columns, curves)
            self._starts += 1
            self._theory = {}
        start = self._start[1]
        values = np.concatenate([part for one in now + start for part in _drawn(one)])
        values = values[np.isfinite(values)]
        if not len(values):
            self.clear(self._why_nothing_drawn(now))
            self.show_notes(self._make_notes(history, now))
            return
        self._curves, self._names = now, names
        self._view_y = self._range(values)
        canvas = self.canvas
        canvas.left.show_as(log=self.log)
        self.show_across(names)
        canvas.name_axes(self.across, self.quantity.axis)
        canvas.look_at((-0.3, len(names) - 0.7), self._view_y)
        canvas.say("")
        canvas.begin(smooth=self.settled)
        for line, present in zip(self.lines, now, strict=True):
            self._draw_line(line, present)
        moved = history.layers_step > 0
        # the start does not change: it is computed and drawn once for each axis
        if not canvas.stays("start", (self._starts, moved)):
            self._draw_start(start if moved else [])
            self._draw_start_of_theory(history, columns)
            self._draw_guide(len(names))
            canvas.end_group()
        canvas.end()
        self._show_labels()
        self.show_notes(self._make_notes(history, now))

    def fits(self, pinned: Header, present: Header) -> bool:
        """Return whether a pinned run has as many layers, activations at the same places."""
        one, other = (
            (len(each.layers), each.activations, len(each.tensors)) for each in (pinned, present)
        )
        return one == other

    def data(self, history: History) -> Table:
        """Return the reading of each seed in each layer that is shown, now and at the start."""
        columns, _ = self.places(history) if self._known(history) else ([], ())
        step = history.layers_step
        rows: Table = [("contender", "seed", self.across, "at the start", f"at step {step}")]
        for line in self.lines_with(self.quantity.reading, history) if columns else ():
            run = self.of(line, history)
            names = self.places(run)[1]
            for replica in line.replicas.tolist():
                one = Line(line.name, line.slot, np.array([replica]), line.run)
                head = (line.name, run.header.seeds[replica])
                first, latest = (
                    self._in_units(self.middle_as_read(self.rows(some, one), one))[columns]
                    for some in (run.first, run.latest)
                )
                found = zip(names, first.tolist(), latest.tolist(), strict=True)
                rows += [(*head, *cells) for cells in found]
        return rows

    def middle_as_read(self, rows: Array, _line: Line) -> Array:
        """Return the one number of each column for one seed, NaN and all."""
        one: Array = rows[0]
        return one

    # ------------------------------------------------------------------ numbers

    def _known(self, history: History) -> bool:
        key = self.quantity.reading
        return key in history.latest and key in history.first

    def _in_units(self, values: Array) -> Array:
        with np.errstate(over="ignore"):
            found: Array = values * self.quantity.times
        return found

    def _curve(
        self, history: History, line: Line, columns: list[int], *, start: bool = False
    ) -> Curve:
        """Return a contender's line and band over the columns, now or at the start."""
        readings = history.first if start else history.latest
        if self.quantity.reading not in readings:  # of a pinned run that did not record it
            nothing = np.full(len(columns), np.nan)
            return Curve(nothing, nothing, nothing, 0, nothing, 0, 0)
        rows = self._in_units(self.rows(readings, line))
        middle, rows = self.middle(rows, line)[columns], rows[:, columns]
        low, high = self.band(rows)
        _, hostile, lost = masked(rows, log=self.log)
        drawn, _, _ = masked(np.stack([middle, low, high]), log=self.log)
        return Curve(drawn[0], drawn[1], drawn[2], len(rows), middle, hostile, lost)

    def _range(self, values: Array) -> Range:
        quantity = self.quantity
        if quantity.ends:
            return quantity.ends
        low, high = float(values.min()), float(values.max())
        if self.log:
            return grown(self._view_y, low, high, log=True)
        return grown(self._view_y, min(0.0, low), max(high, quantity.top))

    # ------------------------------------------------------------------ drawing

    def _draw_start(self, start: list[Curve]) -> None:
        """Draw the present run's start, faint."""
        theme = self.theme
        for line, curve in zip(self.lines, start, strict=False):
            if not line.run:
                ghost, key = theme.blend(theme.colour(line.slot), 0.38), ("start", line.key)
                x = np.arange(len(curve.middle), dtype=np.float64)
                self.canvas.line(key, x, curve.middle, ghost, width=theme.thin_width, z=3)

    def _draw_line(self, line: Line, present: Curve) -> None:
        theme, canvas, stroke = self.theme, self.canvas, line.stroke(self.theme)
        x = np.arange(len(present.middle), dtype=np.float64)
        if present.count > 1 and len(self.lines) <= self.most_bands and not line.run:
            band = theme.veil(stroke.colour, len(self.lines))
            canvas.area(line.key, x, present.low, present.high, band, z=1)
        canvas.line(
            line.key, x, present.middle, stroke.colour, width=stroke.width, dash=stroke.dash,
            z=10 - bool(line.run),
        )  # fmt: skip
        if len(x) <= (DOTTED if self.settled else DOTTED // 2) and not line.run:
            size = 6 if len(x) <= DOTTED // 2 else 4
            canvas.dots(line.key, x, present.middle, stroke.colour, size=size, z=11)

    @property
    def _own(self) -> list[Line]:
        """Return the contenders of the present run."""
        return [line for line in self.lines if not line.run]

    def _draw_start_of_theory(self, history: History, columns: list[int]) -> None:
        """Draw what theory says of the start, where it says anything."""
        quantity, theme = self.quantity, self.theme
        looks = ((quantity.theory, 1.5, (1, 2.5)), (quantity.biases, 1.2, (6, 2.5, 1, 2.5)))
        x = places = np.arange(len(columns), dtype=np.float64)
        if not self.settled and len(columns) > 1:
            # a pen's dashes are dear: with many points the canvas leaves out pixels instead
            x = np.linspace(0, len(columns) - 1, max(2 * FEW, self.canvas.columns // 2))
        for reading, width, dash in looks:
            for line in self._own if reading in history.first else ():
                if (reading, line.slot) not in self._theory:
                    values = self._predicted(history, reading, line)[columns]
                    self._theory[reading, line.slot] = masked(values, log=self.log)[0]
                drawn = np.interp(x, places, self._theory[reading, line.slot])
                ink = theme.blend(theme.colour(line.slot), 0.7)
                self.canvas.line((reading, line.slot), x, drawn, ink, width=width, dash=dash, z=8)

    def _predicted(self, history: History, reading: str, line: Line) -> Array:
        """Return the median over the seeds of what theory says [columns]; NaN where one is."""
        values = self._in_units(history.first[reading][line.replicas].astype(np.float64))
        if self.quantity.anchored:
            with np.errstate(over="ignore", invalid="ignore", under="ignore"):
                values = values * history.first[self.quantity.reading][line.replicas][:, -1:]
        if reading == self.quantity.biases:
            values = np.where(values > SILENT, values, np.nan)
        known = np.isfinite(values).all(0)
        return np.where(known, np.median(np.where(known, values, 0), axis=0), np.nan)

    def _draw_guide(self, count: int) -> None:
        guide, theme = self.quantity.guide, self.theme
        if guide is None:
            return
        level = float(np.log10(guide)) if self.log else guide
        low, high = self.canvas.view[1]
        if low <= level <= high:
            x = np.array([-0.3, count - 0.7])
            self.canvas.line("guide", x, np.full(2, level), theme.muted, width=1.2, dash=(4, 3))

    # ------------------------------------------------------------------ words

    def _on_hovered(self, x: float | None) -> None:
        at = None if x is None or not self._curves else round(x)
        self._hover = at if at is not None and 0 <= at < len(self._names) else None
        self.canvas.point_at(self._hover)
        self._show_labels()
        if self._hover is not None:
            self.canvas.setToolTip(f"{self.across} {self._names[self._hover]}")

    def _show_labels(self) -> None:
        """Name the contenders, with their values in the layer below the mouse."""
        at, curves = self._hover, self._curves
        texts = [""] * len(self.lines)
        if at is not None and curves and at < len(curves[0].values):
            texts = [number(float(one.values[at])) for one in curves]
        found = zip(self.lines, texts, strict=True)
        self.legend.show_labels(
            tuple(Label(line.name, line.slot, text, line.run) for line, text in found)
        )

    def _why_no_places(self, history: History) -> str:
        if self._known(history):
            return "This network has no activation functions; choose All layers."
        key = self.quantity.reading
        recorded = history.header.experiment.recording.probes
        if recorded is not None and key not in recorded:
            return f"“{key.replace('_', ' ')}” was not recorded in this run."
        # the start is measured anew for what somebody looks at, and that soon comes
        if history.layers_step == 0:
            return self.invitation
        return f"“{key.replace('_', ' ')}” was not measured in this run."

    def _why_nothing_drawn(self, now: list[Curve]) -> str:
        if any(one.lost for one in now):
            return "No contender has a value above 0; choose the linear scale."
        return self.quantity.silence

    def _make_notes(self, history: History, now: list[Curve]) -> list[str]:
        notes = [f"step {history.layers_step:,}"]
        if history.layers_step > 0:
            notes.append("faint: at the start")
        notes += self._theory_notes(history)
        if self.quantity.guide is not None:
            notes.append(f"dashed: {number(self.quantity.guide)}, a healthy size")
        for line, one in zip(self.lines, now, strict=True):
            all_of = f"{one.count * len(one.middle):,}"
            if one.hostile:
                notes.append(
                    f"{line.name}: no finite number up to 10³⁰ in {one.hostile} of {all_of}"
                )
            if one.lost:
                notes.append(f"{line.name}: 0 in {one.lost} of {all_of}, not on a log scale")
        runs = {line.run for line in self.lines if line.run}
        others = (pin for run, pin in enumerate(self.pins, 1) if run in runs)
        notes += [
            f"{pin.name}: layers of other kinds, at the same places"
            for pin in others
            if pin.history.header.layers != history.header.layers
        ]
        return [*notes, self.band_note()]

    def _theory_notes(self, history: History) -> list[str]:
        quantity = self.quantity
        found = history.first.get(quantity.theory)
        if found is None:
            return []
        silent = [line.name for line in self._own if not np.isfinite(found[line.replicas]).any()]
        told = []
        if len(silent) < len(self._own):
            scaled = ", scaled to the last layer" if quantity.anchored else ""
            told.append(f"dotted: theory of the start{scaled}")
            biases = history.first.get(quantity.biases)
            rows = np.concatenate([line.replicas for line in self._own])
            if biases is not None and (biases[rows] > SILENT).any():
                told.append("dash-dotted: what the biases alone make")
        return told + ([f"no theory for {', '.join(silent)}"] if silent else [])


def _drawn(curve: Curve) -> tuple[Array, Array, Array]:
    return curve.middle, curve.low, curve.high
