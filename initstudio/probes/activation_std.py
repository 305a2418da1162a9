"""How far the outputs of each layer spread."""

from typing import TYPE_CHECKING

import lazy_loader

from initstudio.catalogue import Moment, Probe

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


def _measure(moment: Moment) -> "torch.Tensor":
    spreads = [outputs.flatten(1).std(dim=1, correction=0) for outputs in moment.activations]
    return torch.stack(spreads, dim=1)


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
