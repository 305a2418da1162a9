"""LeCun initialization: variance 1 / fan-in, for linear layers and SELU."""

from math import sqrt
from typing import TYPE_CHECKING

import lazy_loader

from initstudio.catalogue import NoParams, Scheme, TensorSpec
from initstudio.law import Law

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


def _normal_law(_params: NoParams, tensor: TensorSpec) -> Law:
    return Law(kind="normal", mean=0, std=1 / sqrt(tensor.fan_in))


def _uniform_law(_params: NoParams, tensor: TensorSpec) -> Law:
    bound = sqrt(3 / tensor.fan_in)
    return Law(kind="uniform", mean=0, std=bound / sqrt(3), low=-bound, high=bound)


def _refuses(_params: NoParams, tensor: TensorSpec) -> str | None:
    if len(tensor.shape) >= 2:
        return None
    return f"LeCun needs a fan-in, and a {tensor.role} has one dimension only."


def _draw_normal(
    values: "torch.Tensor", _params: NoParams, _tensor: TensorSpec, generator: "torch.Generator"
) -> object:
    return torch.nn.init.kaiming_normal_(values, nonlinearity="linear", generator=generator)


def _draw_uniform(
    values: "torch.Tensor", _params: NoParams, _tensor: TensorSpec, generator: "torch.Generator"
) -> object:
    return torch.nn.init.kaiming_uniform_(values, nonlinearity="linear", generator=generator)


SOURCE = (
    "LeCun, Bottou, Orr and Müller 1998, Efficient BackProp, eq. 16; "
    'torch.nn.init.kaiming_{}_(nonlinearity="linear")'
)

LECUN_NORMAL = Scheme(
    key="lecun_normal",
    label="LeCun normal",
    summary="Keeps the variance of the signal steady in linear layers and under SELU.",
    source=SOURCE.format("normal"),
    order=70,
    params=NoParams,
    formula="N(0, std), std = 1 / sqrt(fan_in)",
    trap="Keras and JAX cut the tails of theirs; this one, as in PyTorch, keeps them.",
    law=_normal_law,
    refuses=_refuses,
    draw=_draw_normal,
    roles=("weight",),
)

LECUN_UNIFORM = Scheme(
    key="lecun_uniform",
    label="LeCun uniform",
    summary="Keeps the variance of the signal steady in linear layers and under SELU.",
    source=SOURCE.format("uniform"),
    order=71,
    params=NoParams,
    formula="U(-b, b), b = sqrt(3 / fan_in)",
    law=_uniform_law,
    refuses=_refuses,
    draw=_draw_uniform,
    roles=("weight",),
)
