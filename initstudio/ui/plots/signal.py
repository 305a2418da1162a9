"""How large the signal is in each layer: where it fades, grows, or is made of biases alone."""

from typing import Annotated, Literal

from msgspec import Meta

from initstudio.catalogue import Params
from initstudio.history import History
from initstudio.ui.plots.layer_plot import LayerPlot
from initstudio.ui.plots.quantity import Layers, Places, Quantity, Scale, chosen_layers, readings_of

QUANTITIES = {
    "std": Quantity(
        reading="activation_std", theory="activation_theory", axis="std of the outputs"
    ),
    "second": Quantity(
        reading="activation_second",
        theory="second_theory",
        biases="second_from_biases",
        axis="mean square of the outputs",
    ),
}


class SignalOptions(Params, frozen=True):
    """What of the signal is drawn, of which layers, and how."""

    quantity: Annotated[
        Literal["std", "second"],
        Meta(
            title="Quantity",
            description="Standard deviation of a layer's outputs, or their mean square.",
            extra={"choices": {"std": "Std", "second": "Mean square"}},
        ),
    ] = "std"
    layers: Layers = "activations"
    scale: Scale = "log"


class SignalPlot(LayerPlot):
    """Sizes of the layers' outputs."""

    key = "activation_std"
    label = "Signal by layer"
    summary = "How large each layer's outputs are, over the batch and its units."
    invitation = "The size of each layer's outputs appears here."
    order = 60
    quantities = QUANTITIES
    reads = readings_of(QUANTITIES.values())
    Options = SignalOptions

    def places(self, history: History) -> Places:
        """Return the activation functions, the layers before them, or all."""
        return chosen_layers(history.header, self.options.layers)
