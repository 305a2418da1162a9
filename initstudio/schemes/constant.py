"""Initialization of all values alike."""

from typing import TYPE_CHECKING, Annotated

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import NoParams, Params, Role, Scheme, TensorSpec
from initstudio.law import Law

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


class ConstantParams(Params, frozen=True):
    """One value; the article's own function uses the default for its weights."""

    value: Annotated[float, Meta(ge=-1e6, le=1e6, title="Value")] = 0.5


def _constant_law(params: ConstantParams, _tensor: TensorSpec) -> Law:
    return _law(params.value)


def _zeros_law(_params: NoParams, _tensor: TensorSpec) -> Law:
    return _law(0.0)


def _ones_law(_params: NoParams, _tensor: TensorSpec) -> Law:
    return _law(1.0)


def _law(value: float) -> Law:
    return Law(kind="constant", mean=value, std=0, low=value, high=value)


def _refuses(_params: Params, _tensor: TensorSpec) -> str | None:
    return None


def _draw_constant(
    values: "torch.Tensor",
    params: ConstantParams,
    _tensor: TensorSpec,
    _generator: "torch.Generator",
) -> object:
    return torch.nn.init.constant_(values, params.value)


def _draw_zeros(
    values: "torch.Tensor", _params: NoParams, _tensor: TensorSpec, _generator: "torch.Generator"
) -> object:
    return torch.nn.init.zeros_(values)


def _draw_ones(
    values: "torch.Tensor", _params: NoParams, _tensor: TensorSpec, _generator: "torch.Generator"
) -> object:
    return torch.nn.init.ones_(values)


def _as_weights(_params: Params, tensor: TensorSpec) -> bool:
    return tensor.role == "weight" and len(tensor.shape) > 1


TRAP = (
    "As weights, all units of a hidden layer stay identical for ever: the layer is as good as "
    "one unit."
)
ROLES: tuple[Role, ...] = ("weight", "bias", "scale", "shift", "slope")

CONSTANT = Scheme(
    key="constant",
    label="Constant",
    summary="Every value is the same number.",
    source="torch.nn.init.constant_",
    order=50,
    params=ConstantParams,
    formula="value",
    trap=TRAP,
    bites=_as_weights,
    law=_constant_law,
    refuses=_refuses,
    draw=_draw_constant,
    roles=ROLES,
)

ZEROS = Scheme(
    key="zeros",
    label="Zeros",
    summary="Every value is 0: the usual start of biases.",
    source="torch.nn.init.zeros_",
    order=51,
    params=NoParams,
    formula="0",
    trap="As weights of every layer, only the last bias has a gradient: nothing else learns.",
    bites=_as_weights,
    law=_zeros_law,
    refuses=_refuses,
    draw=_draw_zeros,
    roles=ROLES,
)

ONES = Scheme(
    key="ones",
    label="Ones",
    summary="Every value is 1.",
    source="torch.nn.init.ones_",
    order=52,
    params=NoParams,
    formula="1",
    trap=TRAP,
    bites=_as_weights,
    law=_ones_law,
    refuses=_refuses,
    draw=_draw_ones,
    roles=ROLES,
)
