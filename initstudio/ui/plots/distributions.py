"""Weights and gradients as distributions: all contenders on one axis, in the same honest bins."""

from math import floor, log2
from typing import Annotated, ClassVar, Literal

import numpy as np
from msgspec import Meta
from PySide6.QtWidgets import QWidget

from initstudio.catalogue import Params
from initstudio.distribution import Binned, display_exponent, pool
from initstudio.history import History
from initstudio.ui.chart.legend import Label
from initstudio.ui.chart.lines import Array, Range, fair_top, grown, number
from initstudio.ui.chart.spread import QUANTILE, Spread, ends_of, outside, spread_of
from initstudio.ui.plots.plot import Line, Plot, Table


class DistributionOptions(Params, frozen=True):
    """Which layer is drawn, and how."""

    layer: Annotated[
        str, Meta(max_length=8, title="Layer", description="The weight tensor that is shown.")
    ] = "0"
    style: Annotated[
        Literal["both", "histogram", "density"],
        Meta(
            title="Picture",
            description="Bars count the values in bins that all contenders share; the line is a "
            "Gaussian kernel density estimate.",
            extra={"choices": {"both": "Both", "histogram": "Histogram", "density": "Density"}},
        ),
    ] = "both"
    scale: Annotated[
        Literal["linear", "log"],
        Meta(title="Scale", extra={"choices": {"linear": "Linear", "log": "Log"}}),
    ] = "linear"


class DistributionPlot(Plot):
    """Histogram and density of one weight tensor, or of all of them pooled."""

    Options = DistributionOptions
    quantity: ClassVar[str] = ""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._views: tuple[Range | None, Range | None] = (None, None)
        self._first: list[Binned | None] = []
        self._ghosts: tuple[int, list[Spread | None]] = (0, [])
        super().__init__(parent)

    def state_of(self, history: History) -> object:
        """Return the step of the newest readings."""
        return history.layers_step

    def on_shape_changed(self) -> None:
        """Forget axes and the start; offer the layers of this run."""
        self._views = (None, None)
        self._first = []
        self._ghosts = (0, [])
        if not self.header:
            self.toolbar.offer("layer", [("0", "First layer"), ("all", "All layers")])
        else:
            names = [(str(at), name) for at, name in enumerate(self.header.tensors)]
            self.toolbar.offer("layer", [*names, ("all", "All layers")])
            self.toolbar.show_values(self.options)

    def draw(self, history: History) -> None:
        """Draw bars and density of each contender, and the start behind them."""
        now = self._groups(history)
        if not self._first:
            self._first = self._groups(history, start=True)
        start: list[Binned | None] = [None] * len(self.lines)
        if history.layers_step > 0:
            start = self._first
        known = [group for group in (*now, *start) if group]
        if not known:
            self.clear("No contender has a finite value here.")
            self.show_notes([])
            return
        view_x = self._range_x(known)
        exponent = display_exponent(known, *view_x)
        shapes = [spread_of(group, exponent) if group else None for group in now]
        ghosts = self._ghosts_at(exponent, start)
        view_y = self._range_y([shape for shape in (*shapes, *ghosts) if shape])
        self._views = (view_x, view_y)
        self._draw_all(shapes, ghosts, view_x, view_y)
        self._label(shapes)
        self.show_notes(self._make_notes(history, shapes, exponent))

    def data(self, history: History) -> Table:
        """Return the counts of each contender in its own bins, as fine as they were recorded."""
        rows: Table = [("contender", "step", "bin low", "bin high", "count")]
        for start, step in ((True, 0), (False, history.layers_step)):
            groups = self._groups(history, start=start)
            for line, group in zip(self.lines, groups, strict=True):
                if group is None:
                    continue
                edges, counts = group.edges.tolist(), group.counts.tolist()
                found = zip(edges[:-1], edges[1:], counts, strict=True)
                rows += [(line.name, step, *one) for one in found if one[2]]
            if not history.layers_step:
                break
        return rows

    # ------------------------------------------------------------------ numbers

    @property
    def _log(self) -> bool:
        return bool(self.options.scale == "log")

    def _groups(self, history: History, *, start: bool = False) -> list[Binned | None]:
        """Return each contender's values of the chosen layer, its seeds pooled."""
        layer = self.options.layer
        groups: list[Binned | None] = []
        for line in self.lines:
            run = self.of(line, history)
            reading = (run.first if start else run.latest).get(self.reads[0])
            if reading is None:  # of a pinned run that did not record it
                groups.append(None)
                continue
            chosen = int(layer) if layer.isdecimal() and int(layer) < reading.shape[1] else None
            rows = reading[line.replicas]
            rows = rows if chosen is None else rows[:, chosen]
            groups.append(pool(rows.reshape(-1, reading.shape[-1])))
        return groups

    def _ghosts_at(self, exponent: int, start: list[Binned | None]) -> list["Spread | None"]:
        """Return the shapes of the start, which change with the bins only."""
        known, ghosts = self._ghosts
        if known != exponent or len(ghosts) != len(start) or not any(ghosts):
            ghosts = [spread_of(group, exponent) if group else None for group in start]
            self._ghosts = (exponent, ghosts)
        return ghosts

    def _range_x(self, groups: list[Binned]) -> Range:
        low, high = ends_of(groups)
        if not high - low > 1e-6 * max(abs(low), abs(high)):
            half = abs(low) * 0.5 or 1.0
            return (low - half, high + half)
        margin = (high - low) * 0.06
        before = self._views[0]
        wanted = (low - margin, high + margin)
        if before and before[0] <= low and high <= before[1]:
            filled = (high - low) / (before[1] - before[0])
            if filled > 0.55:
                return before
        # a new axis has some room, so that it holds for a while
        extra = (high - low) * 0.08 if before else 0.0
        return (wanted[0] - extra, wanted[1] + extra)

    def _range_y(self, shapes: list[Spread]) -> Range:
        peaks = [shape.peak for shape in shapes if shape.bandwidth > 0]
        if not peaks:
            return (-1.0, 1.0) if self._log else (0.0, 1.0)
        if self._log:
            top = np.log10(max(peaks))
            return grown(self._views[1], float(top) - 4, float(top) + 0.1, log=True)
        return grown(self._views[1], 0.0, fair_top([0.0], peaks, 3.0) * 1.05)

    # ------------------------------------------------------------------ drawing

    def _draw_all(
        self, shapes: list[Spread | None], ghosts: list[Spread | None], x: Range, y: Range
    ) -> None:
        canvas = self.canvas
        canvas.left.show_as(log=self._log)
        canvas.name_axes(self.quantity, f"density, 1 / {self.quantity}")
        canvas.look_at(x, y)
        canvas.say("")
        canvas.begin(smooth=self.settled)
        for line, shape, ghost in zip(self.lines, shapes, ghosts, strict=True):
            if ghost and not line.run:
                self._drawspread_of(line, ghost, ghost=True)
            if shape:
                self._drawspread_of(line, shape, ghost=False)
        canvas.end()

    def _drawspread_of(self, line: Line, shape: Spread, *, ghost: bool) -> None:
        theme, canvas = self.theme, self.canvas
        colour, width, dash = line.stroke(theme)
        ink = theme.blend(colour, 0.38) if ghost else colour
        width, dash = (1.0, ()) if ghost else (width, dash)
        key, z = (line.key, ghost), 4 if ghost else 10
        bottom, top = canvas.view[1]
        if shape.bandwidth == 0:
            at = np.full(2, shape.edges[0])
            canvas.line(key, at, np.array([bottom, top]), ink, width=width + 1, z=z)
            return
        style = self.options.style
        if style != "density" and not ghost and not line.run:
            x, bars = np.repeat(shape.edges, 2)[1:-1], np.repeat(self._height(shape.bars), 2)
            fill = theme.veil(colour, len(self.lines))
            canvas.area(key, x, np.full(len(x), bottom), np.maximum(bars, bottom), fill, z=2)
        if style == "histogram":
            x, bars = np.repeat(shape.edges, 2), np.repeat(self._height(shape.bars), 2)
            bars = np.concatenate([[bottom], bars, [bottom]])
            canvas.line(key, x, bars, ink, width=1.0 if ghost else 1.5, z=z)
        else:
            seen = (shape.places >= canvas.view[0][0]) & (shape.places <= canvas.view[0][1])
            x, y = shape.places[seen], self._height(shape.line[seen])
            every = max(1, len(x) // (400 if self.settled else 190))
            canvas.line(key, x[::every], y[::every], ink, width=width, dash=dash, z=z)

    def _height(self, values: Array) -> Array:
        if not self._log:
            return values
        with np.errstate(divide="ignore"):
            return np.maximum(np.log10(values), self.canvas.view[1][0])

    # ------------------------------------------------------------------ words

    def _label(self, shapes: list[Spread | None]) -> None:
        labels = []
        for line, shape in zip(self.lines, shapes, strict=True):
            spread = f"σ {number(shape.group.std(), 2)}" if shape and shape.bandwidth else ""
            labels.append(Label(line.name, line.slot, spread, line.run))
        self.legend.show_labels(tuple(labels))

    def _make_notes(
        self, history: History, shapes: list[Spread | None], exponent: int
    ) -> list[str]:
        notes = [f"step {history.layers_step:,}"]
        view_x, view_y = self._views
        top = view_y[1] if view_y else 0.0
        for line, shape in zip(self.lines, shapes, strict=True):
            if shape is None:
                notes.append(f"{line.name}: no finite value")
                continue
            notes += self._notes_of(line.name, shape, view_x, 10**top if self._log else top)
        widths = [shape.bandwidth for shape in shapes if shape and shape.bandwidth > 0]
        if view_x and self.options.style != "density":
            count = round((view_x[1] - view_x[0]) / 2.0**exponent)
            notes.append(f"{count} bins of 2{_power(exponent)}")
        if widths and self.options.style != "histogram":
            low, high = number(min(widths), 2), number(max(widths), 2)
            notes.append(f"bandwidth {low}" + (f" to {high}" if high != low else ""))
        if history.layers_step > 0:
            notes.append("faint: at the start")
        return notes

    def _notes_of(self, name: str, shape: Spread, view: Range | None, top: float) -> list[str]:
        notes, group = [], shape.group
        if group.not_finite:
            notes.append(f"{name}: {group.not_finite:,} values are no finite number")
        if group.constant is not None:
            notes.append(f"{name}: all values are {_value(group)}")
            return notes
        if shape.peak > top * (1 + 1e-9):
            notes.append(f"{name} peaks at {number(shape.peak, 2)}, above the axis")
        if view:
            out = outside(group, view)
            if out > 2.5 * QUANTILE:
                notes.append(f"{name}: {100 * out:.2g} % lie outside the axis")
        return notes


class WeightsPlot(DistributionPlot):
    """Weights."""

    key = "weights"
    label = "Weights"
    summary = "How the weights are spread: at the start, and now."
    invitation = "The distribution of the weights appears here."
    order = 30
    reads = ("weights",)
    quantity = "weight"


class GradientsPlot(DistributionPlot):
    """Gradients."""

    key = "gradients"
    label = "Gradients"
    summary = "How the loss's gradient by each weight is spread: at the start, and now."
    invitation = "The distribution of the gradients appears here."
    order = 40
    reads = ("gradients",)
    quantity = "gradient"


def _value(group: Binned) -> str:
    """Return the one value that all have, to as many digits as its bin tells."""
    value = group.constant or 0.0
    if value == 0 and group.first == 0:
        return "0"
    digits = floor((log2(abs(value)) - group.exponent) * 0.301) if value else 1
    return number(value, min(max(digits, 1), 6))


def _power(exponent: int) -> str:
    return str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


__all__ = ["DistributionPlot", "GradientsPlot", "WeightsPlot"]
