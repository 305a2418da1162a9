"""The outputs of every layer as distributions: a map of layers and values, or ridgelines."""

from typing import Annotated, Literal

import numpy as np
from msgspec import Meta
from PySide6.QtWidgets import QWidget

from initstudio.catalogue import Params
from initstudio.distribution import Binned, display_exponent, pool
from initstudio.history import History, Readings
from initstudio.ui.chart.colours import amounts
from initstudio.ui.chart.legend import Label
from initstudio.ui.chart.lines import HUGE, SMALLEST, Array, Range, counted, grown
from initstudio.ui.chart.panels import TITLE, Panel
from initstudio.ui.chart.shape import in_bins, outline, relative_at
from initstudio.ui.chart.spread import QUANTILE, ends_of, outside
from initstudio.ui.plots.layer_plot import Layers, Places, chosen_layers
from initstudio.ui.plots.plot import Line, Plot, Table

DECADES = 3
"""Powers of ten below a layer's greatest density that are told apart."""
COLUMNS, RIDGES = 128, 72
"""Most distributions in a picture: of a map and of ridgelines; of more layers some are left out."""
CELLS = 320
"""Most rows of a map."""
TALL = 1.7
"""Height of a ridge, in steps from one layer to the next."""
USUAL = 0.8
"""Share of the layers that are narrower than one that the axis must hold: many may have faded."""
POINTS = 90
Groups = list[Binned | None]


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
        self._start: tuple[object, list[Groups]] = (None, [])
        self._ghosts: tuple[object, list[tuple[Array, Array]]] = (None, [])
        super().__init__(parent)

    def state_of(self, history: History) -> object:
        """Return the step of the newest readings."""
        return history.layers_step

    def on_shape_changed(self) -> None:
        """Forget the axis and the start; offer the contenders that are shown."""
        self._view = None
        self._start = (None, [])
        self._ghosts = (None, [])
        found = [(str(line.slot), line.name) for line in self.lines]
        self.toolbar.offer("contender", [("all", "All contenders"), *found])
        self.toolbar.show_values(self.options)

    def draw(self, history: History) -> None:
        """Draw the map or the ridgelines of the chosen contenders."""
        lines = self._chosen()
        columns, names = self._places(history, len(lines))
        if not columns:
            self.clear("This network has no activation functions; choose All layers.")
            self.show_notes([])
            return
        now = [_groups(history.latest, line, columns) for line in lines]
        start = self._started(history, lines, columns)
        known = [one for groups in (*now, *start) for one in groups if one]
        if not known:
            self.clear("No contender has a finite value here.")
            self.show_notes([f"step {history.layers_step:,}"])
            return
        view = self._view = self._range(known)
        exponent = display_exponent(known, *view)
        self.canvas.say("")
        self.canvas.begin(smooth=self.settled)
        if self.options.style == "map":
            self._draw_maps(lines, now, names, exponent)
        else:
            self._draw_ridges(lines, (now, start), names, exponent)
        self.canvas.end()
        self.legend.show_labels(tuple(Label(line.name, line.slot) for line in lines))
        self.show_notes(self._make_notes(history, (lines, now)))

    def data(self, history: History) -> Table:
        """Return the counts of each layer in its own bins, as fine as they were recorded."""
        rows: Table = [("contender", "step", "layer", "bin low", "bin high", "count")]
        columns, names = chosen_layers(history.header, self.options.layers)
        for line in self._chosen():
            groups = _groups(history.latest, line, columns)
            for name, group in zip(names, groups, strict=True):
                if group is None:
                    continue
                edges = group.edges.tolist()
                found = zip(edges[:-1], edges[1:], group.counts.tolist(), strict=True)
                head = (line.name, history.layers_step, name)
                rows += [(*head, *one) for one in found if one[2]]
        return rows

    # ------------------------------------------------------------------ numbers

    def _chosen(self) -> tuple[Line, ...]:
        """Return the contenders that are drawn: all, unless one of them is chosen."""
        found = tuple(line for line in self.lines if str(line.slot) == self.options.contender)
        return found or self.lines

    def _places(self, history: History, contenders: int) -> Places:
        """Return the layers that are drawn; of many, evenly spaced ones."""
        columns, names = chosen_layers(history.header, self.options.layers)
        most = COLUMNS if self.options.style == "map" else RIDGES
        every = max(1, -(-len(columns) * contenders // max(most, 2 * contenders)))
        self._every = every
        return columns[::every], names[::every]

    def _started(
        self, history: History, lines: tuple[Line, ...], columns: list[int]
    ) -> list[Groups]:
        """Return the start behind the ridgelines, which is read once."""
        if history.layers_step == 0 or self.options.style == "map":
            return []
        key = (id(history), lines, columns)
        if self._start[0] != key:
            found = [_groups(history.first, line, columns) for line in lines]
            self._start = (key, found)
        return self._start[1]

    def _range(self, groups: list[Binned]) -> Range:
        low, high = np.clip(ends_of(groups, USUAL), -HUGE, HUGE).tolist()
        if not high - low > max(1e-6 * max(abs(low), abs(high)), SMALLEST):
            half = abs(low) * 0.5 or 1.0
            return (low - half, high + half)
        return grown(self._view, low, high)

    # ------------------------------------------------------------------ drawing

    def _draw_maps(
        self, lines: tuple[Line, ...], now: list[Groups], names: tuple[str, ...], exponent: int
    ) -> None:
        canvas, (low, high) = self.canvas, self._view or (0.0, 1.0)
        count, several = len(names), len(lines) > 1
        cells = int(min(max(round((high - low) / 2.0**exponent), 1), CELLS))
        places = low + (np.arange(cells) + 0.5) * ((high - low) / cells)
        shades = amounts(self.theme)
        whole = count * len(lines) + len(lines) - 1
        canvas.left.show_as()
        canvas.bottom.show_as(names=() if several else names, bare=several)
        across = "layers, from the first to the last" if several else "layer"
        canvas.name_axes(across, "value of the outputs")
        pixel = (whole / canvas.columns, (high - low) / max(40.0, canvas.rows - TITLE))
        canvas.look_at((-0.5, whole - 0.5), (low, high + TITLE * pixel[1]))
        for at, (line, groups) in enumerate(zip(lines, now, strict=True)):
            left = at * (count + 1) - 0.5
            found = [relative_at(in_bins(group, exponent), places) for group in groups]
            panel = Panel(((left, left + count), (low, high)), pixel)
            colours = shades.of(np.stack(found, axis=1), -DECADES, 0)
            canvas.image(line.slot, panel.area, colours, z=1)
            panel.draw_title(canvas, line.slot, line.name, self.theme.colour(line.slot))
        canvas.colour_scale(shades, -DECADES, 0, "density / layer's highest", log=True)

    def _draw_ridges(
        self,
        lines: tuple[Line, ...],
        parts: tuple[list[Groups], list[Groups]],
        names: tuple[str, ...],
        exponent: int,
    ) -> None:
        canvas, view, theme = self.canvas, self._view or (0.0, 1.0), self.theme
        now, start = parts
        canvas.left.show_as(names=names[::-1])
        canvas.bottom.show_as()
        canvas.name_axes("value of the outputs", "layer")
        canvas.look_at(view, (-0.35, len(names) - 1 + TALL + 0.1))
        key = (view, exponent, self._start[0])
        if self._ghosts[0] != key:
            self._ghosts = (key, [_ridges(groups, view, exponent) for groups in start])
        ghosts = self._ghosts[1] or [None] * len(lines)
        for line, groups, ghost in zip(lines, now, ghosts, strict=True):
            colour = theme.colour(line.slot)
            if ghost is not None:
                ink = theme.blend(colour, 0.38)
                canvas.line(("start", line.slot), *ghost, ink, width=theme.thin_width, z=3)
            ridges = _ridges(groups, view, exponent)
            canvas.line(line.slot, *ridges, colour, width=1.5)

    # ------------------------------------------------------------------ words

    def _make_notes(
        self, history: History, shown: tuple[tuple[Line, ...], list[Groups]]
    ) -> list[str]:
        notes, view = [f"step {history.layers_step:,}"], self._view or (0.0, 1.0)
        if history.layers_step > 0 and self.options.style == "ridges":
            notes.append("faint: at the start")
        if self._every > 1:
            notes.append(f"one layer of {self._every} is shown")
        for line, groups in zip(*shown, strict=True):
            known = [one for one in groups if one]
            lost = sum(one.not_finite for one in known)
            empty = len(groups) - len(known)
            if lost:
                notes.append(f"{line.name}: {lost:,} values are no finite number")
            if empty:
                notes.append(f"{line.name}: no finite value in {counted(empty, 'layer')}")
            out = max((outside(one, view) for one in known), default=0.0)
            if out > 2.5 * QUANTILE:
                notes.append(f"{line.name}: up to {100 * out:.2g} % lie outside the axis")
        return [*notes, "each layer over its own highest density"]


def _groups(readings: Readings, line: Line, columns: list[int]) -> Groups:
    """Return each layer's values, the contender's seeds pooled."""
    rows = readings["activations"][line.replicas]
    return [pool(rows[:, at]) for at in columns]


def _ridges(groups: Groups, view: Range, exponent: int) -> tuple[Array, Array]:
    """Return one line through the densities of all layers, the first uppermost, with gaps."""
    x, y = [], []
    for at, group in enumerate(groups):
        places, heights = outline(in_bins(group, exponent), view, POINTS)
        level = len(groups) - 1 - at
        x += [places, places[-1:]]
        y += [level + TALL * heights, np.full(len(places[-1:]), np.nan)]
    return np.concatenate(x), np.concatenate(y)
