"""How large the gradient is in each layer: where it vanishes or explodes on its way back."""

from typing import Annotated, Literal

from msgspec import Meta

from initstudio.catalogue import Params
from initstudio.ui.plots.layer_plot import LayerPlot
from initstudio.ui.plots.quantity import Quantity, Scale, readings_of

QUANTITIES = {
    "norm": Quantity(reading="gradient_norm", tensors=True, axis="gradient norm"),
    "std": Quantity(reading="gradient_std", tensors=True, axis="std of the gradient by weights"),
    "signal": Quantity(
        reading="signal_std",
        theory="signal_theory",
        anchored=True,
        axis="std of the gradient by outputs",
    ),
}


class GradientOptions(Params, frozen=True):
    """What of the gradients is drawn, and how."""

    quantity: Annotated[
        Literal["norm", "std", "signal"],
        Meta(
            title="Quantity",
            description="Length of the loss's gradient by each weight tensor, its standard "
            "deviation, or that of the gradient by each layer's outputs.",
            extra={"choices": {"norm": "Norm", "std": "Std", "signal": "Std by outputs"}},
        ),
    ] = "norm"
    scale: Scale = "log"


class GradientNormPlot(LayerPlot):
    """Sizes of the gradients."""

    key = "gradient_norm"
    label = "Gradient by layer"
    summary = "How large the loss's gradient is in each layer, before clipping."
    invitation = "The gradient's size in each layer appears here."
    order = 50
    quantities = QUANTITIES
    reads = readings_of(QUANTITIES.values())
    Options = GradientOptions
