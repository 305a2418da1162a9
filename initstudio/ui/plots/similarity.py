"""Whether different inputs stay different on their way through the layers."""

from typing import Annotated, Literal

import numpy as np
from msgspec import Meta
from PySide6.QtWidgets import QWidget

from initstudio.catalogue import Params
from initstudio.history import Header, History, Known
from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.chart.colours import signs
from initstudio.ui.chart.legend import Label
from initstudio.ui.chart.lines import Array, counted, number, quartiles_of
from initstudio.ui.chart.panels import Panel, panels_on
from initstudio.ui.plots.layer_plot import LayerPlot
from initstudio.ui.plots.plot import Line, Table
from initstudio.ui.plots.quantity import Layers, Places, Quantity, chosen_layers, readings_of

EXAMPLES = 8
PAIRS = np.triu_indices(EXAMPLES, 1)
QUANTITIES = {
    "cosine": Quantity(
        reading="cosines",
        theory="cosine_theory",
        axis="cosine of two inputs' outputs",
        log=False,
        ends=(-1.05, 1.05),
    )
}


class SimilarityOptions(Params, frozen=True):
    """Whether lines over layers are drawn, or one layer's map."""

    style: Annotated[
        Literal["lines", "map"],
        Meta(
            title="Picture",
            description="The mean over pairs of inputs in each layer, or each pair in one layer.",
            extra={"choices": {"lines": "By layer", "map": "Map"}},
        ),
    ] = "lines"
    layers: Layers = "activations"
    layer: Annotated[
        str, Meta(max_length=8, title="Layer of the map", description="The layer of the map.")
    ] = "last"


class SimilarityPlot(LayerPlot):
    """Cosines of pairs of inputs."""

    key = "similarity"
    label = "Similarity of inputs"
    summary = "Cosine of the outputs for two inputs: 1 where a layer no longer tells them apart."
    invitation = "How alike each layer makes two inputs appears here."
    order = 70
    quantities = QUANTITIES
    reads = readings_of(QUANTITIES.values())
    most_bands = 4
    Options = SimilarityOptions

    def __init__(self, parent: QWidget | None = None) -> None:
        self._panels: list[Panel] = []
        self._maps: list[Array] = []
        self._mapped: tuple[Line, ...] = ()
        super().__init__(parent)

    def make_picture(self) -> Canvas:
        """Return a canvas that tells which cell the mouse is on."""
        canvas = super().make_picture()
        canvas.pointed.connect(self._on_pointed)
        return canvas

    def on_shape_changed(self) -> None:
        """Forget the maps; offer the layers of this run."""
        super().on_shape_changed()
        self._panels, self._maps, self._mapped = [], [], ()
        names = self.header.layers if self.header else ()
        found = [(str(at), name) for at, name in enumerate(names)]
        self.toolbar.offer("layer", [("last", "Last layer"), *found])
        self.toolbar.show_values(self.options)
        self.toolbar.control("layer").setVisible(self.options.style == "map")
        self.toolbar.control("layers").setVisible(self.options.style == "lines")

    def draw(self, history: History) -> None:
        """Draw the lines, or the maps."""
        if self.options.style == "map" and self._known(history):
            self._draw_maps(history)
        else:
            super().draw(history)

    def places(self, history: History) -> Places:
        """Return the activation functions, the layers before them, or all."""
        return chosen_layers(history.header, self.options.layers)

    def rows(self, readings: Known, line: Line) -> Array:
        """Return the cosines of all pairs under each seed [seeds * pairs, layers]."""
        found = readings["cosines"][line.replicas].astype(np.float64)
        pairs: Array = np.moveaxis(found, 2, 1).reshape(-1, found.shape[1])
        return pairs

    def middle(self, rows: Array, line: Line) -> Array:
        """Return the median over the seeds of the mean over the pairs that have a cosine."""
        means = _mean(rows.reshape(len(line.replicas), -1, rows.shape[1]))
        return super().middle(means, line)

    def band(self, rows: Array) -> tuple[Array, Array]:
        """Return the quartiles: with few inputs some pairs are alike and some opposite anyway."""
        known = np.isfinite(rows)
        ordered = np.sort(np.where(known, rows, np.inf), axis=0)
        return quartiles_of(ordered.T, known.sum(0))

    def middle_as_read(self, rows: Array, _line: Line) -> Array:
        """Return the mean over the pairs."""
        one: Array = _mean(rows[None])[0]
        return one

    def band_note(self) -> str:
        """Return what line and band are."""
        seeds = len(self.lines[0].replicas) if self.lines else 0
        of = f" and {seeds} seeds" if seeds > 1 else ""
        what = "mean and quartiles" if len(self.lines) <= self.most_bands else "mean"
        return f"{what} of the pairs of the first {EXAMPLES} inputs{of}"

    def data(self, history: History) -> Table:
        """Return the mean cosine by layer, or each pair's of the map's layer."""
        if self.options.style != "map" or not self._known(history):
            return super().data(history)
        rows: Table = [("contender", "layer", "input", "other input", "cosine")]
        at = self._map_layer(history.header)
        for line in self.lines_with("cosines", history):
            found = self.of(line, history).latest["cosines"]
            cosines = _mean(found[line.replicas, at][None])[0]
            pairs = zip(*(side.tolist() for side in PAIRS), cosines.tolist(), strict=True)
            rows += [
                (line.name, history.header.layers[at], one + 1, other + 1, cosine)
                for one, other, cosine in pairs
            ]
        return rows

    # ------------------------------------------------------------------ the map

    def _map_layer(self, header: Header) -> int:
        chosen = self.options.layer
        last = len(header.layers) - 1
        return int(chosen) if chosen.isdecimal() and int(chosen) <= last else last

    def _draw_maps(self, history: History) -> None:
        canvas, at = self.canvas, self._map_layer(history.header)
        self._curves = []
        self._mapped = self.lines_with("cosines", history)
        self._maps = [
            cosine_map(self.of(one, history).latest["cosines"][one.replicas, at])
            for one in self._mapped
        ]
        self._panels = panels_on(canvas, len(self._mapped), self.theme, square=True)
        for axis in (canvas.left, canvas.bottom):
            axis.show_as(bare=True)
        canvas.name_axes("", "")
        canvas.look_at((0, canvas.columns), (0, canvas.rows))
        canvas.say("")
        canvas.begin(smooth=self.settled)
        shades = signs(self.theme)
        for line, panel, cosines in zip(self._mapped, self._panels, self._maps, strict=True):
            # the first input is the uppermost
            canvas.image(line.key, panel.area, shades.of(cosines[::-1], -1, 1), z=1)
            panel.draw_title(canvas, line.key, line.name, *line.rule(self.theme))
        canvas.colour_scale(shades, -1, 1, "cosine")
        canvas.end()
        self._label_maps(None)
        notes = [f"step {history.layers_step:,}", f"layer {history.header.layers[at]}"]
        notes.append(f"each of the first {counted(EXAMPLES, 'input')} against each")
        lost = [
            line.name
            for line, cosines in zip(self._mapped, self._maps, strict=True)
            if not np.isfinite(cosines[PAIRS]).any()
        ]
        self.show_notes([*notes, *(f"{name}: no cosine is a number" for name in lost)])

    def _on_pointed(self, place: tuple[float, float] | None) -> None:
        if self.options.style != "map" or not self._maps:
            return
        cells = [panel.cell_at(place, EXAMPLES, EXAMPLES) for panel in self._panels if place]
        cell = next((one for one in cells if one), None)
        found = (EXAMPLES - 1 - cell[0], cell[1]) if cell else None
        self._label_maps(found)
        if found:
            self.canvas.setToolTip(f"Inputs {found[0] + 1} and {found[1] + 1}")

    def _label_maps(self, cell: tuple[int, int] | None) -> None:
        """Name the contenders, with the cosine of the pair below the mouse, or the mean of all."""
        labels = []
        for line, cosines in zip(self._mapped, self._maps, strict=True):
            value = cosines[cell] if cell else _mean(cosines[PAIRS][None])[0]
            labels.append(Label(line.name, line.slot, number(float(value), 2), line.run))
        self.legend.show_labels(tuple(labels))

    def _show_labels(self) -> None:
        if not self._maps or self.options.style != "map":
            super()._show_labels()


def cosine_map(cosines: Array) -> Array:
    """Return the mean over the seeds of cosines [seeds, pairs] as a square with 1 on its diagonal.

    Where an input has no cosine with any other it has none with itself.
    """
    found = np.full((EXAMPLES, EXAMPLES), np.nan)
    found[PAIRS] = _mean(cosines[None].astype(np.float64))[0]
    found.T[PAIRS] = found[PAIRS]
    told = np.isfinite(found).any(0)
    found[np.diag_indices(EXAMPLES)] = np.where(told, 1.0, np.nan)
    return found


def _mean(rows: Array) -> Array:
    """Return the mean over the finite values of the middle axis of [n, k, m]; NaN where none."""
    known = np.isfinite(rows)
    count = known.sum(1)
    with np.errstate(over="ignore"):
        total = np.where(known, rows, 0.0).sum(1)
    found: Array = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return found
