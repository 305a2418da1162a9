"""What mean-field theory says of the start, beside what is measured."""

from typing import TYPE_CHECKING

from initstudio.measurement import Moment, Probe

if TYPE_CHECKING:
    import torch


def _measure(moment: Moment) -> "torch.Tensor":
    return moment.theory("activation_std")


ACTIVATION_THEORY = Probe(
    key="activation_theory",
    label="Activation std by theory",
    summary="Standard deviation of each layer's outputs that theory predicts of the start; NaN "
    "where it is silent.",
    source="Poole et al. 2016, Exponential expressivity in deep neural networks, eq. 3",
    unit="",
    order=75,
    axes=("replica", "layer"),
    cadence="start",
    measure=_measure,
)
