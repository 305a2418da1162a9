"""Kaiming (He) initialization: for ReLU and its relatives."""

from math import sqrt
from typing import TYPE_CHECKING, Annotated, Literal

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import Params, Scheme, TensorSpec
from initstudio.law import Law

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")

GAINS = {"relu": sqrt(2), "linear": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "selu": 3 / 4}
"""`torch.nn.init.calculate_gain`, where it does not depend on a slope."""


class KaimingParams(Params, frozen=True):
    """As in torch, with ReLU named."""

    mode: Annotated[
        Literal["fan_in", "fan_out"],
        Meta(
            title="Mode",
            description="Keep the variance of the signal (fan-in) or of the gradient (fan-out).",
            extra={"choices": {"fan_in": "Fan-in", "fan_out": "Fan-out"}},
        ),
    ] = "fan_in"
    nonlinearity: Annotated[
        Literal["relu", "leaky_relu", "linear", "sigmoid", "tanh", "selu"],
        Meta(
            title="Nonlinearity",
            description="Sets the gain as torch.nn.init.calculate_gain does: sqrt 2 for ReLU, "
            "5/3 for tanh, 3/4 for SELU, 1 for linear and sigmoid.",
            extra={
                "choices": {
                    "relu": "ReLU",
                    "leaky_relu": "Leaky ReLU",
                    "linear": "Linear",
                    "sigmoid": "Sigmoid",
                    "tanh": "Tanh",
                    "selu": "SELU",
                }
            },
        ),
    ] = "relu"
    a: Annotated[
        float,
        Meta(
            ge=-1000,
            le=1000,
            title="Negative slope a",
            description="Slope below zero of the Leaky ReLU that follows. It does nothing unless "
            "the nonlinearity is Leaky ReLU.",
        ),
    ] = 0.0


def _std(params: KaimingParams, tensor: TensorSpec) -> float:
    fan = tensor.fan_in if params.mode == "fan_in" else tensor.fan_out
    return _gain(params) / sqrt(fan)


def _gain(params: KaimingParams) -> float:
    if params.nonlinearity == "leaky_relu":
        return sqrt(2 / (1 + params.a**2))
    return GAINS[params.nonlinearity]


def _uniform_law(params: KaimingParams, tensor: TensorSpec) -> Law:
    std = _std(params, tensor)
    return Law(kind="uniform", mean=0, std=std, low=-sqrt(3) * std, high=sqrt(3) * std)


def _normal_law(params: KaimingParams, tensor: TensorSpec) -> Law:
    return Law(kind="normal", mean=0, std=_std(params, tensor))


def _refuses(_params: KaimingParams, tensor: TensorSpec) -> str | None:
    if len(tensor.shape) >= 2:
        return None
    return f"Kaiming needs fan-in and fan-out, and a {tensor.role} has one dimension only."


def _draw_uniform(
    values: "torch.Tensor", params: KaimingParams, _tensor: TensorSpec, generator: "torch.Generator"
) -> object:
    return torch.nn.init.kaiming_uniform_(
        values, params.a, params.mode, params.nonlinearity, generator=generator
    )


def _draw_normal(
    values: "torch.Tensor", params: KaimingParams, _tensor: TensorSpec, generator: "torch.Generator"
) -> object:
    return torch.nn.init.kaiming_normal_(
        values, params.a, params.mode, params.nonlinearity, generator=generator
    )


def _slope_is_lost(params: KaimingParams, _tensor: TensorSpec) -> bool:
    return params.a != 0 and params.nonlinearity != "leaky_relu"


SOURCE = "He et al. 2015, Delving deep into rectifiers, eq. 10 (fan-in), 14 (fan-out), 15 (slope)"
TRAP = "The slope a does nothing unless the nonlinearity is Leaky ReLU."

KAIMING_UNIFORM = Scheme(
    key="kaiming_uniform",
    label="Kaiming uniform",
    summary="Keeps the size of the signal steady under ReLU (He initialization).",
    source=SOURCE,
    order=30,
    params=KaimingParams,
    formula="U(-b, b), b = gain sqrt(3 / fan), gain = sqrt(2 / (1 + a^2)) for Leaky ReLU",
    trap=TRAP,
    bites=_slope_is_lost,
    law=_uniform_law,
    refuses=_refuses,
    draw=_draw_uniform,
    roles=("weight",),
)

KAIMING_NORMAL = Scheme(
    key="kaiming_normal",
    label="Kaiming normal",
    summary="Keeps the size of the signal steady under ReLU (He initialization).",
    source=SOURCE,
    order=31,
    params=KaimingParams,
    formula="N(0, std), std = gain / sqrt(fan), gain = sqrt(2 / (1 + a^2)) for Leaky ReLU",
    trap=TRAP,
    bites=_slope_is_lost,
    law=_normal_law,
    refuses=_refuses,
    draw=_draw_normal,
    roles=("weight",),
)
