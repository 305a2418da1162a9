"""How large the outputs of each layer and the gradients are."""

from typing import TYPE_CHECKING

import lazy_loader

from initstudio.alike import moments
from initstudio.measurement import Moment, Probe

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


KEYS = (
    {"activation_std", "activation_second"},
    {"signal_std"},
    {"gradient_std", "gradient_norm"},
)
"""The probes of activations, signals and gradients."""


def _activation_std(moment: Moment) -> "torch.Tensor":
    return _moments(moment)[0][..., 2]


def _activation_second(moment: Moment) -> "torch.Tensor":
    return _moments(moment)[0][..., 1]


def _signal_std(moment: Moment) -> "torch.Tensor":
    return _moments(moment)[1][..., 2]


def _gradient_std(moment: Moment) -> "torch.Tensor":
    return _moments(moment)[2][..., 2]


def _gradient_norm(moment: Moment) -> "torch.Tensor":
    sizes = torch.tensor([tensor[0].numel() for tensor in moment.gradients])
    return (_moments(moment)[2][..., 1] * sizes).sqrt()


def _moments(moment: Moment) -> "tuple[torch.Tensor, ...]":
    """Return mean, mean square and std [R, T, 3] of activations, signals and gradients.

    They are worked out once, and together: in small networks a call costs more than its work. What
    no probe wants is left out, and empty.
    """
    if "sizes" not in moment.shared:
        groups = (moment.activations, moment.signals, moment.gradients)
        wanted = [
            group if not moment.wanted or keys & moment.wanted else ()
            for group, keys in zip(groups, KEYS, strict=True)
        ]
        tensors = [tensor for group in wanted for tensor in group]
        moment.shared["sizes"] = moments(tensors).split([len(group) for group in wanted], dim=1)
    found: tuple[torch.Tensor, ...] = moment.shared["sizes"]
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
