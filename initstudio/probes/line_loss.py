"""The loss along the straight line from the starting weights to the present ones."""

from typing import TYPE_CHECKING

from initstudio.measurement import Moment, Probe
from initstudio.trajectories import LINE

if TYPE_CHECKING:
    import torch


def _line_loss(moment: Moment) -> "torch.Tensor":
    """Return [R, place]."""
    if moment.along is None:
        message = "these networks cannot be asked"
        raise ValueError(message)
    return moment.along(LINE)


LINE_LOSS = Probe(
    key="line_loss",
    label="Loss along the line",
    summary="Loss on the first batch at 25 places of the straight line from the start to the "
    "present weights, and a quarter of it beyond each end; without dropout.",
    source="Goodfellow, Vinyals and Saxe 2015, Qualitatively characterizing neural network "
    "optimization problems, section 3",
    unit="",
    order=96,
    axes=("replica", "place"),
    cadence="seldom",
    measure=_line_loss,
)
