"""Xavier (Glorot) initialization: for activations that are linear around zero."""

from math import inf, sqrt
from typing import TYPE_CHECKING, Annotated

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import Params, Scheme, TensorSpec
from initstudio.law import Law

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


class XavierParams(Params, frozen=True):
    """One gain for the activation."""

    gain: Annotated[
        float,
        Meta(
            ge=0,
            le=1000,
            title="Gain",
            description="Scales the standard deviation: 1 for linear and sigmoid, 5/3 for tanh, "
            "sqrt 2 for ReLU (torch.nn.init.calculate_gain).",
        ),
    ] = 1.0


def _std(params: XavierParams, tensor: TensorSpec) -> float:
    return params.gain * sqrt(2 / (tensor.fan_in + tensor.fan_out))


def _uniform_law(params: XavierParams, tensor: TensorSpec) -> Law:
    std = _std(params, tensor)
    return Law(kind="uniform", mean=0, std=std, low=-sqrt(3) * std, high=sqrt(3) * std)


def _normal_law(params: XavierParams, tensor: TensorSpec) -> Law:
    return Law(kind="normal", mean=0, std=_std(params, tensor), low=-inf, high=inf)


def _refuses(_params: XavierParams, tensor: TensorSpec) -> str | None:
    if len(tensor.shape) >= 2:
        return None
    return f"Xavier needs fan-in and fan-out, and a {tensor.role} has one dimension only."


def _draw_uniform(
    values: "torch.Tensor", params: XavierParams, _tensor: TensorSpec, generator: "torch.Generator"
) -> object:
    return torch.nn.init.xavier_uniform_(values, gain=params.gain, generator=generator)


def _draw_normal(
    values: "torch.Tensor", params: XavierParams, _tensor: TensorSpec, generator: "torch.Generator"
) -> object:
    return torch.nn.init.xavier_normal_(values, gain=params.gain, generator=generator)


SOURCE = "Glorot and Bengio 2010, Understanding the difficulty of training deep networks, eq. 16"

XAVIER_UNIFORM = Scheme(
    key="xavier_uniform",
    label="Xavier uniform",
    summary="Keeps the variance of signal and gradient steady under tanh and sigmoid.",
    source=SOURCE,
    order=20,
    params=XavierParams,
    formula="U(-b, b), b = gain sqrt(6 / (fan_in + fan_out))",
    law=_uniform_law,
    refuses=_refuses,
    draw=_draw_uniform,
    roles=("weight",),
)

XAVIER_NORMAL = Scheme(
    key="xavier_normal",
    label="Xavier normal",
    summary="Keeps the variance of signal and gradient steady under tanh and sigmoid.",
    source=SOURCE,
    order=21,
    params=XavierParams,
    formula="N(0, std), std = gain sqrt(2 / (fan_in + fan_out))",
    law=_normal_law,
    refuses=_refuses,
    draw=_draw_normal,
    roles=("weight",),
)
