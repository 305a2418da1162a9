"""Numbers that each layer has, from the first to the last: where a signal fades or grows."""

from typing import Annotated, Literal

import numpy as np
from msgspec import Meta
from PySide6.QtWidgets import QWidget

from initstudio.catalogue import Params
from initstudio.history import History, Readings
from initstudio.ui.chart.legend import Label
from initstudio.ui.chart.lines import Array, Range, counted, grown, masked
from initstudio.ui.plots.plot import Line, Plot, Table

Scale = Annotated[
    Literal["log", "linear"],
    Meta(title="Scale", extra={"choices": {"log": "Log", "linear": "Linear"}}),
]


class NormOptions(Params, frozen=True):
    """How the norms are drawn."""

    scale: Scale = "log"


class ActivationOptions(Params, frozen=True):
    """Which layers are drawn, and how."""

    layers: Annotated[
        Literal["activations", "all"],
        Meta(
            title="Layers",
            extra={"choices": {"activations": "Activations", "all": "All layers"}},
        ),
    ] = "activations"
    scale: Scale = "log"


class LayerPlot(Plot):
    """One line for each contender over the layers, and a faint one for the start."""

    quantity = ""
    theory = ""
    """The reading, taken at the start, of what theory says; "" where there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._view_y: Range | None = None
        super().__init__(parent)

    def places(self, history: History) -> tuple[list[int], tuple[str, ...]]:
        """Return the columns of the reading that are drawn, and a name for each."""
        raise NotImplementedError

    def state_of(self, history: History) -> object:
        """Return the step of the newest readings."""
        return history.layers_step

    def on_shape_changed(self) -> None:
        """Forget the axis."""
        self._view_y = None

    def draw(self, history: History) -> None:
        """Draw the present line and the start of each contender."""
        columns, names = self.places(history)
        if not columns:
            self.clear("This network has no activation functions; choose All layers.")
            self.show_notes([])
            return
        log = self.options.scale == "log"
        now = [self._curve(history.latest, line, columns, log=log) for line in self.lines]
        start = [self._curve(history.first, line, columns, log=log) for line in self.lines]
        values = np.concatenate([part.ravel() for curve in now + start for part in curve[0]])
        self._view_y = self._range(values[np.isfinite(values)], log=log)
        canvas = self.canvas
        canvas.left.show_as(log=log)
        canvas.bottom.show_as(names=names)
        canvas.name_axes("layer", self.quantity)
        canvas.look_at((-0.3, len(names) - 0.7), self._view_y)
        canvas.say("")
        canvas.begin(smooth=self.settled)
        for line, (at_start, _, _), (present, _, _) in zip(self.lines, start, now, strict=True):
            self._draw_line(line, at_start if history.layers_step > 0 else None, present)
        self._draw_theory(history, columns, log=log)
        canvas.end()
        self.legend.show_labels(tuple(Label(line.name, line.slot) for line in self.lines))
        self.show_notes(self._make_notes(history, names, now))

    def data(self, history: History) -> Table:
        """Return the reading of each seed in each layer that is shown, now and at the start."""
        columns, names = self.places(history)
        key = self.reads[0]
        step = history.layers_step
        rows: Table = [("contender", "seed", "layer", "at the start", f"at step {step}")]
        for line in self.lines:
            for replica in line.replicas.tolist():
                head = (line.name, history.header.seeds[replica])
                first, latest = (
                    some[key][replica, columns].tolist() for some in (history.first, history.latest)
                )
                rows += [(*head, *one) for one in zip(names, first, latest, strict=True)]
        return rows

    def _draw_line(self, line: Line, start: Array | None, present: Array) -> None:
        theme, canvas = self.theme, self.canvas
        colour = theme.colour(line.slot)
        x = np.arange(present.shape[1], dtype=np.float64)
        if start is not None:
            ghost = theme.blend(colour, 0.38)
            canvas.line(("start", line.slot), x, start[0], ghost, width=theme.thin_width, z=3)
        if len(line.replicas) > 1:
            band = theme.veil(colour, len(self.lines))
            canvas.area(line.slot, x, present[1], present[2], band, z=1)
        canvas.line(
            line.slot, x, present[0], colour, width=theme.line_width, dash=theme.dash(line.slot)
        )
        canvas.dots(line.slot, x, present[0], colour, size=6 if len(x) <= 40 else 4, z=11)

    def _draw_theory(self, history: History, columns: list[int], *, log: bool) -> None:
        """Draw what theory says of the start, where it says anything."""
        if self.theory not in history.first:
            return
        theme, x = self.theme, np.arange(len(columns), dtype=np.float64)
        for line in self.lines:
            values = history.first[self.theory][line.replicas][:, columns].astype(np.float64)
            known = np.isfinite(values).all(0)
            middle = np.where(known, np.median(np.where(known, values, 0), axis=0), np.nan)
            drawn, _, _ = masked(middle, log=log)
            ink = theme.blend(theme.colour(line.slot), 0.7)
            self.canvas.line(("theory", line.slot), x, drawn, ink, width=1.5, dash=(1, 2.5), z=8)

    def _curve(
        self, readings: Readings, line: Line, columns: list[int], *, log: bool
    ) -> tuple[Array, int, int]:
        """Return the median, least and greatest over the seeds [3, columns], and what is masked."""
        values = readings[self.reads[0]][line.replicas][:, columns].astype(np.float64)
        known = np.isfinite(values)
        stacked = np.stack(
            [
                np.median(np.where(known, values, np.inf), axis=0),
                np.where(known, values, np.inf).min(0),
                np.where(known, values, -np.inf).max(0),
            ]
        )
        _, hostile, lost = masked(values, log=log)
        return masked(stacked, log=log)[0], hostile, lost

    def _range(self, values: Array, *, log: bool) -> Range:
        if not len(values):
            return self._view_y or (0.0, 1.0)
        low, high = float(values.min()), float(values.max())
        if log:
            return grown(self._view_y, low, high, log=True)
        return grown(self._view_y, min(0.0, low), high)

    def _make_notes(
        self, history: History, names: tuple[str, ...], now: list[tuple[Array, int, int]]
    ) -> list[str]:
        notes = [f"step {history.layers_step:,}"]
        if history.layers_step > 0:
            notes.append("faint: at the start")
        notes += self._theory_notes(history)
        for line, (_, hostile, lost) in zip(self.lines, now, strict=True):
            all_of = len(names) * len(line.replicas)
            if hostile:
                notes.append(f"{line.name}: no finite number up to 10³⁰ in {hostile} of {all_of}")
            if lost:
                notes.append(f"{line.name}: 0 in {lost} of {all_of}, not on a log scale")
        if self.lines and len(self.lines[0].replicas) > 1:
            notes.append(f"median and range of {counted(len(self.lines[0].replicas), 'seed')}")
        return notes

    def _theory_notes(self, history: History) -> list[str]:
        found = history.first.get(self.theory)
        if found is None:
            return []
        silent = [line.name for line in self.lines if not np.isfinite(found[line.replicas]).any()]
        told = ["dotted: theory of the start"] if len(silent) < len(self.lines) else []
        return told + ([f"no theory for {', '.join(silent)}"] if silent else [])


class GradientNormPlot(LayerPlot):
    """Gradient norms."""

    key = "gradient_norm"
    label = "Gradient norm by layer"
    summary = "Length of the loss's gradient by each weight tensor, before clipping."
    invitation = "The gradient's norm in each layer appears here."
    order = 50
    reads = ("gradient_norm",)
    pages = ("board", "xray")
    quantity = "gradient norm"
    Options = NormOptions

    def places(self, history: History) -> tuple[list[int], tuple[str, ...]]:
        """Return all weight tensors."""
        names = history.header.tensors
        return list(range(len(names))), names


class ActivationPlot(LayerPlot):
    """Standard deviations of the layers' outputs."""

    key = "activation_std"
    label = "Activation std by layer"
    summary = "Standard deviation of each layer's output over the batch and its units."
    invitation = "The spread of each layer's output appears here."
    order = 60
    reads = ("activation_std", "activation_theory")
    pages = ("board", "xray")
    quantity = "std of the outputs"
    theory = "activation_theory"
    Options = ActivationOptions

    def places(self, history: History) -> tuple[list[int], tuple[str, ...]]:
        """Return the activation functions, or all layers."""
        labels = history.header.layers
        chosen = list(range(len(labels)))
        if self.options.layers == "activations":
            chosen = list(history.header.activations)
        return chosen, tuple(labels[index] for index in chosen)
