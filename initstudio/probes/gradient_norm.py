"""How long the gradient is, layer by layer."""

from typing import TYPE_CHECKING

import lazy_loader

from initstudio.catalogue import Moment, Probe

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


def _measure(moment: Moment) -> "torch.Tensor":
    norms = [torch.linalg.vector_norm(tensor.flatten(1), dim=1) for tensor in moment.gradients]
    return torch.stack(norms, dim=1)


GRADIENT_NORM = Probe(
    key="gradient_norm",
    label="Gradient norm by layer",
    summary="Euclidean norm of the loss's gradient by each weight tensor, before clipping.",
    unit="",
    order=40,
    axes=("replica", "tensor"),
    cadence="snapshot",
    measure=_measure,
)
