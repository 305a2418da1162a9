"""How the weights change: in each update and since the start, and how many directions they use."""

from typing import Annotated, Literal

from msgspec import Meta

from initstudio.catalogue import Params
from initstudio.ui.plots.layer_plot import LayerPlot
from initstudio.ui.plots.quantity import Quantity, readings_of

QUANTITIES = {
    "update": Quantity(
        reading="update_ratio",
        tensors=True,
        axis="update / weights, lengths",
        guide=1e-3,
        silence="There has been no update yet.",
    ),
    "travel": Quantity(
        reading="travel", tensors=True, axis="way from start / start, lengths", log=False
    ),
    "cosine": Quantity(
        reading="start_cosine", tensors=True, axis="cosine with the start", log=False, top=1.0
    ),
    "rank": Quantity(
        reading="effective_rank",
        tensors=True,
        axis="effective rank, directions",
        log=False,
        top=1.0,
    ),
}


class ChangeOptions(Params, frozen=True):
    """What of the change is drawn, and how."""

    quantity: Annotated[
        Literal["update", "travel", "cosine", "rank"],
        Meta(
            title="Quantity",
            description="Length of the last update over that of the weights; way from the start "
            "over the start's length; cosine with the start; directions that the weights use.",
            extra={
                "choices": {
                    "update": "Update / weights",
                    "travel": "Way from start",
                    "cosine": "Cosine with start",
                    "rank": "Effective rank",
                }
            },
        ),
    ] = "update"
    scale: Annotated[
        Literal["auto", "log", "linear"],
        Meta(
            title="Scale",
            description="Auto: log for updates, linear for the others.",
            extra={"choices": {"auto": "Auto", "log": "Log", "linear": "Linear"}},
        ),
    ] = "auto"


class ChangePlot(LayerPlot):
    """Updates, travel, and rank of the weights."""

    key = "change"
    label = "Change of the weights"
    summary = "How far each weight tensor moves in an update and since the start."
    invitation = "How each layer's weights change appears here."
    order = 85
    quantities = QUANTITIES
    reads = readings_of(QUANTITIES.values())
    Options = ChangeOptions
