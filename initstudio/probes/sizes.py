"""How large the outputs of each layer and the gradients are."""

from typing import TYPE_CHECKING, Literal

import lazy_loader

from initstudio.alike import moments
from initstudio.measurement import Moment, Probe

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


def _activation_std(moment: Moment) -> "torch.Tensor":
    return _moments(moment, "activations")[..., 2]


def _activation_second(moment: Moment) -> "torch.Tensor":
    return _moments(moment, "activations")[..., 1]


def _signal_std(moment: Moment) -> "torch.Tensor":
    return _moments(moment, "signals")[..., 2]


def _gradient_std(moment: Moment) -> "torch.Tensor":
    return _moments(moment, "gradients")[..., 2]


def _gradient_norm(moment: Moment) -> "torch.Tensor":
    sizes = [tensor[0].numel() for tensor in moment.gradients]
    squares = _moments(moment, "gradients")[..., 1] * torch.tensor(sizes)
    return squares.sqrt()


def _moments(
    moment: Moment, which: Literal["activations", "signals", "gradients"]
) -> "torch.Tensor":
    """Return mean, mean square and std [R, T, 3] of some of its tensors, worked out once."""
    if which not in moment.shared:
        moment.shared[which] = moments(getattr(moment, which))
    found: torch.Tensor = moment.shared[which]
    return found


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
