"""What other libraries start their layers with, each as one scheme for all of a network's tensors.

Where a library has no layer of the kind, torch's own start stays.
"""

from math import sqrt
from typing import TYPE_CHECKING, Annotated, Literal

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import NoParams, Params, Role, Scheme, TensorSpec
from initstudio.law import (
    TRUNCATED_STD,
    Law,
    constant_law,
    normal_law,
    truncated_law,
    uniform_law,
)

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")

LSTM_GATES = 4
PROJECTIONS = 3
EVERY: tuple[Role, ...] = ("weight", "bias", "scale", "shift", "slope")
KERAS_EMBEDDING = 0.05
FLAX_SLOPE = 0.01
VIT_STD = 0.02


class TimmParams(Params, frozen=True):
    """Which of timm's models."""

    model: Annotated[
        Literal["vit", "resnet"],
        Meta(
            title="Model",
            description="Vision transformer: narrow normals. ResNet: Kaiming for convolutions, and "
            "PyTorch's own start for the rest.",
            extra={"choices": {"vit": "Vision transformer", "resnet": "ResNet"}},
        ),
    ] = "vit"


def _is_recurrent(tensor: TensorSpec) -> bool:
    return "weight_hh" in tensor.name


def _is_packed(tensor: TensorSpec) -> bool:
    return "in_proj" in tensor.name and tensor.gates == PROJECTIONS


def _is_forget(tensor: TensorSpec) -> bool:
    """Return whether this bias holds forget gates that start open; torch has two biases."""
    return tensor.gates == LSTM_GATES and "bias_hh" not in tensor.name


def _plain(tensor: TensorSpec, slope: float | None) -> float | None:
    """Return what a tensor of one dimension starts with; None: as in torch."""
    values: dict[Role, float | None] = {"bias": 0.0, "scale": 1.0, "shift": 0.0, "slope": slope}
    return None if tensor.layer == "residual" else values.get(tensor.role)


def _draw_truncated(
    values: "torch.Tensor", std: float, generator: "torch.Generator"
) -> "torch.Tensor":
    """Draw a normal that is cut at two of its deviations and has that std afterwards."""
    wide = std / TRUNCATED_STD
    return torch.nn.init.trunc_normal_(values, 0, wide, -2 * wide, 2 * wide, generator=generator)


def _orthogonal_law(rows: int, columns: int) -> Law:
    return Law(kind="orthogonal", mean=0, std=1 / sqrt(max(rows, columns)), low=-1, high=1)


def _kept(values: "torch.Tensor", tensor: TensorSpec) -> "torch.Tensor":
    """Return the values as torch itself starts them, which they are already in a network."""
    if tensor.default.kind == "constant":
        torch.nn.init.constant_(values, tensor.default.mean)
    return values


def _takes_all(_params: Params, _tensor: TensorSpec) -> str | None:
    return None


# Keras


def _glorot_bound(tensor: TensorSpec) -> float:
    if _is_packed(tensor):
        return sqrt(6 / (tensor.fan_in + tensor.fan_out // PROJECTIONS))
    fan_in, fan_out = tensor.fan_in, tensor.fan_out
    if tensor.layer == "depthwise":
        # Keras keeps [*window, channels, multiplier] where torch keeps [channels multiplier, 1, ..]
        window = tensor.fan_in
        fan_in = window * tensor.groups
        fan_out = window * (tensor.shape[0] // tensor.groups)
    return sqrt(6 / (fan_in + fan_out))


def _keras_law(_params: NoParams, tensor: TensorSpec) -> Law:
    if tensor.role == "weight":
        if tensor.layer == "position":
            return tensor.default
        if tensor.layer == "embedding":
            return uniform_law(KERAS_EMBEDDING)
        if _is_recurrent(tensor):
            return _orthogonal_law(*tensor.shape)
        return uniform_law(_glorot_bound(tensor))
    if tensor.role == "bias" and _is_forget(tensor):
        share = 1 / LSTM_GATES
        return Law(kind="fixed", mean=share, std=sqrt(share * (1 - share)), low=0, high=1)
    value = _plain(tensor, 0.0)
    return tensor.default if value is None else constant_law(value)


def _draw_keras(
    values: "torch.Tensor", _params: NoParams, tensor: TensorSpec, generator: "torch.Generator"
) -> object:
    init = torch.nn.init
    if tensor.role != "weight":
        value = _plain(tensor, 0.0)
        if value is None:
            return _kept(values, tensor)
        init.constant_(values, value)
        if tensor.role == "bias" and _is_forget(tensor):
            hidden = values.shape[0] // LSTM_GATES
            init.ones_(values[hidden : 2 * hidden])  # i, f, g, o
        return values
    if tensor.layer == "position":
        return values
    if _is_recurrent(tensor):
        return init.orthogonal_(values, generator=generator)
    bound = KERAS_EMBEDDING if tensor.layer == "embedding" else _glorot_bound(tensor)
    return init.uniform_(values, -bound, bound, generator=generator)


# Flax


def _flax_law(_params: NoParams, tensor: TensorSpec) -> Law:
    if tensor.role == "weight":
        if tensor.layer == "position":
            return tensor.default
        if tensor.layer == "embedding":
            return normal_law(1 / sqrt(tensor.shape[-1]))
        if _is_recurrent(tensor):
            return _orthogonal_law(tensor.shape[1], tensor.shape[1])
        return truncated_law(1 / sqrt(tensor.fan_in))
    value = _plain(tensor, FLAX_SLOPE)
    return tensor.default if value is None else constant_law(value)


def _draw_flax(
    values: "torch.Tensor", _params: NoParams, tensor: TensorSpec, generator: "torch.Generator"
) -> object:
    init = torch.nn.init
    if tensor.role != "weight":
        value = _plain(tensor, FLAX_SLOPE)
        return _kept(values, tensor) if value is None else init.constant_(values, value)
    if tensor.layer == "position":
        return values
    if tensor.layer == "embedding":
        return init.normal_(values, 0, 1 / sqrt(tensor.shape[-1]), generator=generator)
    if _is_recurrent(tensor):
        for gate in values.chunk(tensor.gates):
            init.orthogonal_(gate, generator=generator)
        return values
    return _draw_truncated(values, 1 / sqrt(tensor.fan_in), generator)


# timm


def _is_convolution(tensor: TensorSpec) -> bool:
    return tensor.role == "weight" and len(tensor.shape) > 2


def _timm_law(params: TimmParams, tensor: TensorSpec) -> Law:
    if params.model == "resnet":
        if _is_convolution(tensor):
            return normal_law(sqrt(2 / tensor.fan_out))
        return tensor.default
    if tensor.role == "weight":
        if _is_convolution(tensor):
            return truncated_law(1 / sqrt(tensor.fan_in))
        # cut at -2 and 2 themselves, a hundred deviations away
        return normal_law(VIT_STD)
    value = _plain(tensor, None)
    return tensor.default if value is None else constant_law(value)


def _draw_timm(
    values: "torch.Tensor", params: TimmParams, tensor: TensorSpec, generator: "torch.Generator"
) -> object:
    init = torch.nn.init
    if params.model == "resnet":
        if _is_convolution(tensor):
            return init.kaiming_normal_(
                values, mode="fan_out", nonlinearity="relu", generator=generator
            )
        return values
    if tensor.role != "weight":
        value = _plain(tensor, None)
        return _kept(values, tensor) if value is None else init.constant_(values, value)
    if _is_convolution(tensor):
        return _draw_truncated(values, 1 / sqrt(tensor.fan_in), generator)
    return init.trunc_normal_(values, std=VIT_STD, generator=generator)


KERAS = Scheme(
    key="keras",
    label="As Keras",
    summary="Glorot uniform and zeros; recurrent kernels orthogonal, an LSTM's forget gates open.",
    source="keras.layers 3: GlorotUniform, Zeros, Orthogonal, unit_forget_bias; Embedding uniform",
    order=100,
    params=NoParams,
    formula="U(-b, b), b = sqrt(6 / (fan_in + fan_out)); recurrent kernels orthogonal; embeddings "
    "U(-0.05, 0.05); biases 0",
    trap="Keras's own attention counts the heads into its fans; here each projection is a matrix.",
    law=_keras_law,
    refuses=_takes_all,
    draw=_draw_keras,
    roles=EVERY,
    whole=True,
    bites=lambda _params, tensor: _is_packed(tensor) and tensor.role == "weight",
)

FLAX = Scheme(
    key="flax",
    label="As Flax",
    summary="LeCun normal with its tails cut, and zeros; recurrent kernels orthogonal by gate.",
    source="flax.linen: lecun_normal, zeros_init, orthogonal; Embed variance_scaling(1, fan_in)",
    order=101,
    params=NoParams,
    formula="normal cut at two deviations, std = 1 / sqrt(fan_in); recurrent kernels orthogonal by "
    "gate; embeddings N(0, 1 / sqrt(features)); biases 0",
    law=_flax_law,
    refuses=_takes_all,
    draw=_draw_flax,
    roles=EVERY,
    whole=True,
)

TIMM = Scheme(
    key="timm",
    label="As timm",
    summary="As timm starts its vision transformers, or its ResNets.",
    source="timm.models: init_weights_vit_timm, lecun_normal_ for patches; ResNet.init_weights",
    order=102,
    params=TimmParams,
    formula="vision transformer: N(0, 0.02), convolutions LeCun with tails cut, biases 0; ResNet: "
    "convolutions N(0, sqrt(2 / fan_out)), else as PyTorch",
    law=_timm_law,
    refuses=_takes_all,
    draw=_draw_timm,
    roles=EVERY,
    whole=True,
)
