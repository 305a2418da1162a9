"""Units that do nothing: dead, saturated, or the same as another one."""

from typing import Annotated, Literal

import numpy as np
from msgspec import Meta

from initstudio.catalogue import Params
from initstudio.history import History
from initstudio.ui.plots.layer_plot import LayerPlot
from initstudio.ui.plots.quantity import Places, Quantity, chosen_layers, readings_of

QUANTITIES = {
    "dead": Quantity(reading="dead", axis="dead units, %", log=False, times=100.0, top=1.0),
    "saturated": Quantity(
        reading="saturated", axis="saturated values, %", log=False, times=100.0, top=1.0
    ),
    "twins": Quantity(
        reading="twins", tensors=True, axis="units that equal another, units", log=False, top=1.0
    ),
}


class ActivityOptions(Params, frozen=True):
    """Which units are counted."""

    quantity: Annotated[
        Literal["dead", "saturated", "twins"],
        Meta(
            title="Quantity",
            description="Dead: units that give one number for the whole batch. Saturated: values "
            "at an end of a function that levels off. Identical: units whose incoming weights "
            "are exactly those of another.",
            extra={"choices": {"dead": "Dead", "saturated": "Saturated", "twins": "Identical"}},
        ),
    ] = "dead"


class ActivityPlot(LayerPlot):
    """Dead units, saturated values, identical units."""

    key = "activity"
    label = "Dead and saturated"
    summary = "Which part of each layer's units is dead, saturated, or equal to another unit."
    invitation = "The share of dead and saturated units appears here."
    order = 75
    quantities = QUANTITIES
    reads = readings_of(QUANTITIES.values())
    Options = ActivityOptions

    def places(self, history: History) -> Places:
        """Return the activation functions that can be dead or saturate, or all weight tensors."""
        if self.quantity.tensors:
            return super().places(history)
        columns, names = chosen_layers(history.header, "activations")
        told = np.any(np.isfinite(history.latest[self.quantity.reading]), axis=0).tolist()
        kept = [at for at, column in enumerate(columns) if told[column]]
        return [columns[at] for at in kept], tuple(names[at] for at in kept)

    def _why_no_places(self, history: History) -> str:
        if not self._known(history):
            return super()._why_no_places(history)
        if not history.header.activations:
            return "This network has no activation functions."
        if self.options.quantity == "saturated":
            return "No activation function of this network levels off at both ends."
        return "This cannot be told of a single example."
