"""The singular values of one layer's weights: how evenly it treats the directions of its inputs."""

from typing import Annotated

import numpy as np
from msgspec import Meta

from initstudio.catalogue import Params
from initstudio.history import History, Known
from initstudio.ui.chart.lines import Array
from initstudio.ui.plots.layer_plot import LayerPlot
from initstudio.ui.plots.plot import Line
from initstudio.ui.plots.quantity import Places, Quantity, Scale

QUANTITIES = {
    "values": Quantity(
        reading="singular_values",
        tensors=True,
        axis="singular value",
        silence="This layer's singular values are no numbers, or were too costly to compute.",
    )
}


class SpectrumOptions(Params, frozen=True):
    """Which layer's values are drawn, and how."""

    layer: Annotated[
        str, Meta(max_length=8, title="Layer", description="The weight tensor that is shown.")
    ] = "0"
    scale: Scale = "log"


class SpectrumPlot(LayerPlot):
    """Singular values."""

    key = "spectrum"
    label = "Singular values"
    summary = "Singular values of one layer's weights, from the largest to the smallest."
    invitation = "The singular values of a layer's weights appear here."
    order = 90
    quantities = QUANTITIES
    reads = ("singular_values",)
    across = "place in the order, % of all"
    Options = SpectrumOptions

    def on_shape_changed(self) -> None:
        """Forget the axis; offer the layers of this run."""
        super().on_shape_changed()
        names = self.header.tensors if self.header else ("First layer",)
        self.toolbar.offer("layer", [(str(at), name) for at, name in enumerate(names)])
        self.toolbar.show_values(self.options)

    def places(self, history: History) -> Places:
        """Return the places in the order."""
        count = history.latest["singular_values"].shape[-1]
        return list(range(count)), tuple(f"{share:.0f}" for share in np.linspace(0, 100, count))

    def show_across(self, names: tuple[str, ...]) -> None:
        """Make an axis of round shares."""
        self.canvas.bottom.show_as(times=100 / max(1, len(names) - 1))

    def rows(self, readings: Known, line: Line) -> Array:
        """Return the chosen layer's values of each seed."""
        found = readings["singular_values"][line.replicas].astype(np.float64)
        layer = self.options.layer
        chosen = int(layer) if layer.isdecimal() and int(layer) < found.shape[1] else 0
        return found[:, chosen]
