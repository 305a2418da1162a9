"""How large the outputs of each layer and the gradients are.

All in float64: in float32 the squares of 1e-23 vanish, and those of 1e20 overflow. Two passes
there cost a sixth of `Tensor.std`.
"""

from math import sqrt
from typing import TYPE_CHECKING

import lazy_loader

from initstudio.alike import each
from initstudio.measurement import Moment, Probe

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


def _activation_std(moment: Moment) -> "torch.Tensor":
    return each(moment.activations, _std)


def _activation_second(moment: Moment) -> "torch.Tensor":
    return each(moment.activations, _second)


def _signal_std(moment: Moment) -> "torch.Tensor":
    return each(moment.signals, _std)


def _gradient_std(moment: Moment) -> "torch.Tensor":
    return each(moment.gradients, _std)


def _gradient_norm(moment: Moment) -> "torch.Tensor":
    return each(moment.gradients, _norm)


def _rows(stacked: "torch.Tensor") -> "torch.Tensor":
    """Return tensors [R, k, ...] as rows [R, k, n] of float64."""
    return stacked.reshape(*stacked.shape[:2], -1).double()


def _norm(stacked: "torch.Tensor") -> "torch.Tensor":
    """Return the length [R, k] of tensors [R, k, ...]."""
    lengths: torch.Tensor = torch.linalg.vector_norm(_rows(stacked), dim=2)
    return lengths


def _second(stacked: "torch.Tensor") -> "torch.Tensor":
    """Return the mean square [R, k] of tensors [R, k, ...]."""
    rows = _rows(stacked)
    squares: torch.Tensor = torch.linalg.vector_norm(rows, dim=2).square()
    return squares / rows.shape[2]


def _std(stacked: "torch.Tensor") -> "torch.Tensor":
    """Return the standard deviation [R, k] of tensors [R, k, ...]."""
    rows = _rows(stacked)
    lengths: torch.Tensor = torch.linalg.vector_norm(rows - rows.mean(2, keepdim=True), dim=2)
    return lengths / sqrt(rows.shape[2])


GRADIENT_NORM = Probe(
    key="gradient_norm",
    label="Gradient norm by layer",
    summary="Euclidean norm of the loss's gradient by each weight tensor, before clipping.",
    unit="",
    order=40,
    axes=("replica", "tensor"),
    cadence="snapshot",
    measure=_gradient_norm,
)

GRADIENT_STD = Probe(
    key="gradient_std",
    label="Gradient std by layer",
    summary="Standard deviation of the loss's gradient by the weights of each tensor, before "
    "clipping.",
    source="Glorot and Bengio 2010, eq. 7 and figure 9",
    unit="",
    order=41,
    axes=("replica", "tensor"),
    cadence="snapshot",
    measure=_gradient_std,
)

SIGNAL_STD = Probe(
    key="signal_std",
    label="Backpropagated gradient std by layer",
    summary="Standard deviation of the loss's gradient by each layer's outputs, over the batch and "
    "the units together.",
    source="Glorot and Bengio 2010, eq. 6 and figure 7",
    unit="",
    order=45,
    axes=("replica", "layer"),
    cadence="snapshot",
    measure=_signal_std,
)

ACTIVATION_STD = Probe(
    key="activation_std",
    label="Activation std by layer",
    summary="Standard deviation of each layer's outputs over the batch and the units together.",
    source="Glorot and Bengio 2010, figures 2 to 4",
    unit="",
    order=50,
    axes=("replica", "layer"),
    cadence="snapshot",
    measure=_activation_std,
)

ACTIVATION_SECOND = Probe(
    key="activation_second",
    label="Second moment by layer",
    summary="Mean square of each layer's outputs over the batch and the units together.",
    source="Poole et al. 2016, Exponential expressivity in deep neural networks, eq. 2",
    unit="",
    order=51,
    axes=("replica", "layer"),
    cadence="snapshot",
    measure=_activation_second,
)
