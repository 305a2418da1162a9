"""The outputs of every layer as distributions: a map of layers and values, or ridgelines."""

from typing import Annotated, Literal

import numpy as np
from msgspec import Meta
from PySide6.QtWidgets import QWidget

from initstudio.catalogue import Params
from initstudio.distribution import pool
from initstudio.history import History
from initstudio.ui.chart.colours import amounts
from initstudio.ui.chart.legend import Label
from initstudio.ui.chart.lines import Array, Range, counted
from initstudio.ui.chart.panels import Panel, strip_height
from initstudio.ui.chart.stack import QUANTILE, Stack, axis_for, cells_in, relative
from initstudio.ui.plots.plot import Line, Plot, Table
from initstudio.ui.plots.quantity import Layers, Places, chosen_layers

DECADES = 3
"""Powers of ten below a layer's greatest density that are told apart."""
COLUMNS, RIDGES = 128, 72
"""Most distributions in a picture: of a map and of ridgelines; of more layers some are left out."""
CELLS = 96
"""Most parts of the axis whose density is drawn."""
FILLED = 0.45
"""Part of the axis that the values fill at least, before there is a new one."""
TALL = 1.7
"""Height of a ridge, in steps from one layer to the next."""
Ridges = tuple[Array, Array]


class ActivationsOptions(Params, frozen=True):
    """Which contenders and layers are drawn, and how."""

    style: Annotated[
        Literal["map", "ridges"],
        Meta(
            title="Picture",
            description="A map of layers and values, whose colour is the density; or a curve of "
            "the density for each layer, with the start behind it.",
            extra={"choices": {"map": "Map", "ridges": "Ridgelines"}},
        ),
    ] = "map"
    contender: Annotated[
        str, Meta(max_length=8, title="Contender", description="Whose outputs are shown.")
    ] = "all"
    layers: Layers = "activations"


class ActivationsPlot(Plot):
    """Distributions of the outputs, by layer."""

    key = "activations"
    label = "Activations by layer"
    summary = "How each layer's outputs are spread over values, from the first layer to the last."
    invitation = "The distribution of each layer's outputs appears here."
    order = 65
    pages = ("board", "xray")
    reads = ("activations",)
    Options = ActivationsOptions

    def __init__(self, parent: QWidget | None = None) -> None:
        self._view: Range | None = None
        self._every = 1
        self._start: Stack | None = None
        self._ghosts: tuple[Range | None, list[Ridges]] = (None, [])
        super().__init__(parent)

    def state_of(self, history: History) -> object:
        """Return the step of the newest readings."""
        return history.layers_step

    def on_shape_changed(self) -> None:
        """Forget the axis and the start; offer the contenders that are shown."""
        self._view = None
        self._start = None
        self._ghosts = (None, [])
        found = [(str(line.slot), line.name) for line in self.lines if not line.run]
        self.toolbar.offer("contender", [("all", "All contenders"), *found])
        self.toolbar.show_values(self.options)

    def draw(self, history: History) -> None:
        """Draw the map or the ridgelines of the chosen contenders."""
        lines = self._chosen(history)
        columns, names = self._places(history, len(lines))
        if not columns:
            self.clear("This network has no activation functions; choose All layers.")
            self.show_notes([])
            return
        now = self._stack(history, lines, columns)
        ends = now.ends()
        if ends is None:
            self.clear("No contender has a finite value here.")
            self.show_notes([f"step {history.layers_step:,}"])
            return
        self._view = self._axis(ends)
        self.canvas.say("")
        self.canvas.begin(smooth=self.settled)
        if self.options.style == "map":
            self._draw_maps(lines, now, names)
        else:
            if self._start is None and history.layers_step > 0:
                self._start = self._stack(history, lines, columns, start=True)
            self._draw_ridges(lines, now, names)
        self.canvas.end()
        self.legend.show_labels(tuple(Label(line.name, line.slot, run=line.run) for line in lines))
        self.show_notes(self._make_notes(history, lines, now))

    def data(self, history: History) -> Table:
        """Return the counts of each layer in its own bins, as fine as they were recorded."""
        rows: Table = [("contender", "step", "layer", "bin low", "bin high", "count")]
        columns, names = chosen_layers(history.header, self.options.layers)
        for line in self._chosen(history):
            counts = self.of(line, history).latest["activations"][line.replicas]
            for name, at in zip(names, columns, strict=True):
                group = pool(counts[:, at])
                if group is None:
                    continue
                edges = group.edges.tolist()
                found = zip(edges[:-1], edges[1:], group.counts.tolist(), strict=True)
                head = (line.name, history.layers_step, name)
                rows += [(*head, *one) for one in found if one[2]]
        return rows

    # ------------------------------------------------------------------ numbers

    def _chosen(self, history: History) -> tuple[Line, ...]:
        """Return the contenders that are drawn: all, unless one of them is chosen."""
        lines = self.lines_with("activations", history)
        return tuple(line for line in lines if str(line.slot) == self.options.contender) or lines

    def _stack(
        self, history: History, lines: tuple[Line, ...], columns: list[int], *, start: bool = False
    ) -> Stack:
        """Return the distributions of the lines' layers, one line after the other, seeds summed."""
        runs = [self.of(line, history) for line in lines]
        found = [(run.first if start else run.latest)["activations"] for run in runs]
        counts = [
            one[line.replicas][:, columns].swapaxes(0, 1)
            for one, line in zip(found, lines, strict=True)
        ]
        # a pinned run may have had other seeds; a reading of no values adds nothing
        seeds = max(one.shape[1] for one in counts)
        filled = [np.pad(one, ((0, 0), (0, seeds - one.shape[1]), (0, 0))) for one in counts]
        return Stack(np.concatenate(filled))

    def _places(self, history: History, contenders: int) -> Places:
        """Return the layers that are drawn; of many, evenly spaced ones."""
        columns, names = chosen_layers(history.header, self.options.layers)
        most = COLUMNS if self.options.style == "map" else RIDGES
        every = max(1, -(-len(columns) * contenders // max(most, 2 * contenders)))
        self._every = every
        return columns[::every], names[::every]

    def _axis(self, ends: Range) -> Range:
        """Return the axis: the present one while the values fill it well."""
        before = self._view
        if before is None or not (before[0] <= ends[0] and ends[1] <= before[1]):
            return axis_for(ends)
        filled = (ends[1] - ends[0]) / (before[1] - before[0])
        return before if filled >= FILLED else axis_for(ends)

    # ------------------------------------------------------------------ drawing

    def _draw_maps(self, lines: tuple[Line, ...], now: Stack, names: tuple[str, ...]) -> None:
        canvas, (low, high) = self.canvas, self._view or (0.0, 1.0)
        count, several = len(names), len(lines) > 1
        whole = count * len(lines) + len(lines) - 1
        canvas.left.show_as()
        canvas.bottom.show_as(names=() if several else names, bare=several)
        across = "layers, from the first to the last" if several else "layer"
        canvas.name_axes(across, "value of the outputs")
        title = strip_height(self.theme)
        pixel = (whole / canvas.columns, (high - low) / max(40.0, canvas.rows - title))
        canvas.look_at((-0.5, whole - 0.5), (low, high + title * pixel[1]))
        shades, edges = amounts(self.theme), cells_in((low, high), CELLS)
        with np.errstate(divide="ignore"):
            found = np.log10(relative(np.diff(now.below(edges))))
        colours = shades.of(np.where(np.isinf(found), np.nan, found), -DECADES, 0)
        for at, line in enumerate(lines):
            left = at * (count + 1) - 0.5
            panel = Panel(((left, left + count), (low, high)), pixel)
            cells = colours[at * count : (at + 1) * count].swapaxes(0, 1)
            area = (panel.area[0], (float(edges[0]), float(edges[-1])))
            canvas.image(line.key, area, cells, z=1)
            panel.draw_title(canvas, line.key, line.name, *line.rule(self.theme))
        canvas.colour_scale(shades, -DECADES, 0, "density / layer's highest", log=True)

    def _draw_ridges(self, lines: tuple[Line, ...], now: Stack, names: tuple[str, ...]) -> None:
        canvas, view, theme = self.canvas, self._view or (0.0, 1.0), self.theme
        canvas.left.show_as(names=names[::-1])
        canvas.bottom.show_as()
        canvas.name_axes("value of the outputs", "layer")
        canvas.look_at(view, (-0.35, len(names) - 1 + TALL + 0.1))
        if self._start and self._ghosts[0] != view:
            self._ghosts = (view, _ridges(self._start, view, len(names)))
        for line, ghost in zip(lines, self._ghosts[1], strict=False):
            ink = theme.blend(theme.colour(line.slot), 0.38)
            canvas.line(("start", line.key), *ghost, ink, width=theme.thin_width, z=3)
        for line, ridges in zip(lines, _ridges(now, view, len(names)), strict=True):
            stroke = line.stroke(theme)
            dash = stroke.dash if line.run else ()
            canvas.line(line.key, *ridges, stroke.colour, width=1.5, dash=dash)

    # ------------------------------------------------------------------ words

    def _make_notes(self, history: History, lines: tuple[Line, ...], now: Stack) -> list[str]:
        notes, view = [f"step {history.layers_step:,}"], self._view or (0.0, 1.0)
        if self._start and self.options.style == "ridges":
            notes.append("faint: at the start")
        if self._every > 1:
            notes.append(f"one layer of {self._every} is shown")
        parts = (now.lost, now.totals == 0, now.outside(view))
        rows = (part.reshape(len(lines), -1) for part in parts)
        for line, lost, empty, out in zip(lines, *rows, strict=True):
            if lost.any():
                notes.append(f"{line.name}: {int(lost.sum()):,} values are no finite number")
            if empty.any():
                layers = counted(int(empty.sum()), "layer")
                notes.append(f"{line.name}: no finite value in {layers}")
            if out.max() > 2.5 * QUANTILE:
                share = f"{100 * float(out.max()):.2g}"
                notes.append(f"{line.name}: up to {share} % lie outside the axis")
        return [*notes, "each layer over its own highest density"]


def _ridges(stack: Stack, view: Range, layers: int) -> list[Ridges]:
    """Return, for each contender, one line through the densities of its layers, with gaps.

    The first layer is uppermost. The density is that of shared cells, each a quarter of both
    neighbours and half of itself; it is drawn from the first value in the view to the last.
    """
    edges = cells_in(view, CELLS)
    shares = np.pad(np.diff(stack.below(edges)), ((0, 0), (2, 2)))
    smooth = (shares[:, :-2] + 2 * shares[:, 1:-1] + shares[:, 2:]) / 4
    heights = relative(smooth)
    some = smooth > 0
    seen = np.logical_or.accumulate(some, 1) & np.logical_or.accumulate(some[:, ::-1], 1)[:, ::-1]
    levels = np.arange(layers)[::-1, None]
    y = np.where(seen, TALL * heights, np.nan).reshape(-1, layers, heights.shape[1]) + levels
    y = np.concatenate([y, np.full((*y.shape[:2], 1), np.nan)], axis=2)
    width = edges[1] - edges[0]
    middles = edges[0] + width * (np.arange(heights.shape[1] + 1) - 0.5)
    x = np.tile(middles, layers)
    return [(x, one.ravel()) for one in y]
