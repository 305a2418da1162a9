"""Whether a contender starts and first learns alike at every width: activation size by width."""

from typing import Annotated, Literal

import numpy as np
from msgspec import Meta

from initstudio.catalogue import Params
from initstudio.results import Results
from initstudio.ui.chart.legend import Label
from initstudio.ui.chart.lines import Array, masked, number
from initstudio.ui.plots.plot import Table
from initstudio.ui.plots.study_plot import StudyPlot

FLAT = 0.1
"""A slope that is no greater than this, of either sign, is called flat."""


class WidthOptions(Params, frozen=True):
    """Which layer is drawn, and when."""

    layer: Annotated[
        str, Meta(max_length=8, title="Layer", description="Whose outputs are shown.")
    ] = "last"
    step: Annotated[
        Literal["last", "first", "start"],
        Meta(
            title="Step",
            extra={
                "choices": {
                    "last": "After all steps",
                    "first": "After one step",
                    "start": "At the start",
                }
            },
        ),
    ] = "last"


class WidthPlot(StudyPlot):
    """One line for each contender over the widths, both on log scales."""

    key = "width"
    label = "Width check"
    summary = (
        "Size of the outputs of a layer against the width, at the start and after a few steps: "
        "flat lines say that a learning rate found at one width holds at others."
    )
    order = 170
    study = "width"
    is_long = True
    Options = WidthOptions

    def on_shape_changed(self) -> None:
        """Forget the axes; offer the layers that there are."""
        super().on_shape_changed()
        self._offer_layers(())

    def draw_results(self, results: Results) -> None:
        """Draw each contender's line."""
        self._offer_layers(self._names(results))
        found = self.found()
        drawn = [masked(self._sizes(one.results, one.row), log=True)[0] for one in found]
        everything = np.concatenate(drawn)
        canvas, theme = self.canvas, self.theme
        places = self._places(results)
        canvas.bottom.show_as(names=_width_names(places))
        canvas.left.show_as(log=True)
        canvas.name_axes("width of the hidden layers", f"mean |output| of {self._layer(results)}")
        ends = (float(places.min(initial=30)) - 0.2, float(places.max(initial=0)) + 0.2)
        canvas.look_at(ends, self.fit("y", everything, log=True))
        known = bool(np.isfinite(everything).any())
        canvas.say("" if known else "No output is a finite number above 0.")
        canvas.begin(smooth=self.settled)
        for (line, *_), one in zip(found, drawn, strict=True):
            colour, width, dash = line.stroke(theme)
            z = 10 - bool(line.run)
            canvas.line(line.key, places, one, colour, width=width, dash=dash, z=z)
            if not line.run:
                canvas.dots(line.key, places, one, colour, size=6, z=11)
        canvas.end()
        self.legend.show_labels(
            tuple(
                Label(line.name, line.slot, _signed(self._slope(own, row)), line.run)
                for line, _, own, row in found
            )
        )

    def results_notes(self, results: Results) -> list[str]:
        """Return what is good, and who is not."""
        notes = ["flat is good: the size does not depend on the width"]
        notes.append("number beside a name: slope after all steps")
        for line, _, own, row in self.found():
            sizes, slope = self._sizes(own, row), self._slope(own, row)
            lost = int((~(np.abs(sizes) <= 1e30) | (sizes <= 0)).sum())
            if abs(slope) > FLAT:
                way = "grows" if slope > 0 else "shrinks"
                notes.append(f"{line.name} {way} like width^{number(slope, 2)}")
            if lost and own.share >= 1:
                notes.append(f"{line.name}: no finite number above 0 at {lost} widths")
        return notes + list(results.notes)

    def reading_at(self, results: Results, x: float, _y: float) -> str:
        """Return each contender's size at the nearest width."""
        widths = results.values["widths"]
        at = int(np.argmin(np.abs(self._places(results) - x)))
        sizes = [
            f"{line.name} {number(float(self._sizes(own, row)[at]))}"
            for line, _, own, row in self.found()
        ]
        return f"width {widths[at]:,}: {', '.join(sizes)}"

    def results_data(self, results: Results) -> Table:
        """Return the size of every layer at every step and width."""
        found: Table = [("contender", "width", "step", *self._names(results))]
        for line, _, own, row in self.found():
            values = own.values
            for width, steps in zip(values["widths"].tolist(), values["size"][row], strict=True):
                found += [
                    (line.name, width, step, *numbers)
                    for step, numbers in enumerate(steps.astype(np.float64).tolist())
                ]
        return found

    def _names(self, results: Results) -> tuple[str, ...]:
        labels = self.header.layers if self.header else ()
        return tuple(labels[at] for at in results.values["layers"].tolist())

    def _places(self, results: Results) -> Array:
        """Return where each width stands on the axis: log2, in their order."""
        return np.log2(np.maximum(results.values["widths"].astype(np.float64), 1))

    def _offer_layers(self, names: tuple[str, ...]) -> None:
        choices = [("last", "Last layer"), *((str(at), name) for at, name in enumerate(names))]
        self.toolbar.offer("layer", choices)
        self.toolbar.show_values(self.options)

    def _layer_at(self, results: Results) -> int:
        """Return the place of the chosen layer in the results; -1: there is none."""
        count, layer = len(results.values["layers"]), self.options.layer
        return int(layer) if layer.isdecimal() and int(layer) < count else count - 1

    def _layer(self, results: Results) -> str:
        at = self._layer_at(results)
        return self._names(results)[at] if at >= 0 else "no layer"

    def _slope(self, results: Results, row: int) -> float:
        """Return the chosen layer's slope after all steps; NaN: not known."""
        at = self._layer_at(results)
        return float(results.values["slope"][row, at]) if at >= 0 else np.nan

    def _sizes(self, results: Results, row: int) -> Array:
        """Return the chosen layer's size at each width [n]."""
        size = results.values["size"][row]
        step = {"last": -1, "first": min(1, size.shape[1] - 1), "start": 0}[self.options.step]
        at = self._layer_at(results)
        if at < 0:
            return np.full(len(size), np.nan)
        return np.asarray(size[:, step, at], np.float64)


def _width_names(places: Array) -> tuple[str, ...]:
    """Return a name for every whole power of two up to the greatest width."""
    return tuple(f"{2**power:,}" for power in range(int(np.ceil(places.max(initial=0))) + 1))


def _signed(slope: float) -> str:
    return "–" if np.isnan(slope) else f"{slope:+.2f}".replace("-", "−")
