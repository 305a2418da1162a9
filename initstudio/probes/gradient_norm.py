"""How long the gradient is, layer by layer."""

from typing import TYPE_CHECKING

import lazy_loader

from initstudio.measurement import Moment, Probe

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


def _measure(moment: Moment) -> "torch.Tensor":
    return torch.stack([_norm(tensor.flatten(1)) for tensor in moment.gradients], dim=1)


def _norm(rows: "torch.Tensor") -> "torch.Tensor":
    """Return the length [R] of rows [R, n]; in float64, as squares of 1e-23 vanish in float32."""
    lengths: torch.Tensor = torch.linalg.vector_norm(rows.double(), dim=1)
    return lengths


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
