"""Fully connected layers."""

from math import sqrt
from typing import TYPE_CHECKING, Annotated

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import Layer, Params, Place, Shape, TensorSpec
from initstudio.law import uniform_law
from initstudio.shapes import in_words, weight_and_bias

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


class LinearParams(Params, frozen=True):
    """The number of inputs follows from the layer before."""

    units: Annotated[
        int, Meta(ge=1, le=65_536, title="Units", description="Outputs of the layer.")
    ] = 64
    bias: Annotated[bool, Meta(title="Bias")] = True


class OutputParams(Params, frozen=True):
    """The number of outputs follows from the data."""

    bias: Annotated[bool, Meta(title="Bias")] = True


def _shape(params: LinearParams, place: Place) -> Shape:
    return (*_positions(place.shape), params.units)


def _tensors(params: LinearParams, place: Place) -> tuple[TensorSpec, ...]:
    return _specs(place.shape[-1], params.units, bias=params.bias)


def _build(params: LinearParams, place: Place) -> "torch.nn.Module":
    return torch.nn.Linear(place.shape[-1], params.units, bias=params.bias)


def _output_shape(_params: OutputParams, place: Place) -> Shape:
    return (*_positions(place.shape), place.outputs)


def _output_tensors(params: OutputParams, place: Place) -> tuple[TensorSpec, ...]:
    return _specs(place.shape[-1], place.outputs, bias=params.bias)


def _build_output(params: OutputParams, place: Place) -> "torch.nn.Module":
    return torch.nn.Linear(place.shape[-1], place.outputs, bias=params.bias)


def _bilinear_shape(params: LinearParams, place: Place) -> Shape:
    if len(place.shape) == 1:
        return (params.units,)
    size = in_words(place.shape)
    message = f"Bilinear needs a row of values, and this is {size}; put Flatten before it."
    raise ValueError(message)


def _bilinear_tensors(params: LinearParams, place: Place) -> tuple[TensorSpec, ...]:
    (features,) = place.shape
    fans = features * features, params.units * features  # as torch.nn.init counts them
    law = uniform_law(1 / sqrt(features))
    shape = (params.units, features, features)
    return weight_and_bias(shape, fans, law, bias=params.units * params.bias, prefix="form.")


def _build_bilinear(params: LinearParams, place: Place) -> "torch.nn.Module":
    from initstudio import modules  # noqa: PLC0415 - it loads torch

    return modules.SelfBilinear(place.shape[0], params.units, bias=params.bias)


def _positions(shape: Shape) -> Shape:
    """Return the positions of a sequence, at each of which a Linear layer does the same."""
    if len(shape) <= 2:
        return shape[:-1]
    size = in_words(shape)
    message = f"Linear needs a row of values, and this is {size}; put Flatten before it."
    raise ValueError(message)


def _specs(fan_in: int, units: int, *, bias: bool) -> tuple[TensorSpec, ...]:
    law = uniform_law(1 / sqrt(fan_in))
    return weight_and_bias((units, fan_in), (fan_in, units), law, bias=units * bias)


LINEAR = Layer(
    key="linear",
    label="Linear",
    group="Linear",
    summary="Every output is a weighted sum of all inputs, plus a bias.",
    source="torch.nn.Linear",
    order=10,
    params=LinearParams,
    shape=_shape,
    tensors=_tensors,
    build=_build,
)

OUTPUT = Layer(
    key="output",
    label="Output",
    group="Linear",
    summary="A Linear layer with as many outputs as the data has classes.",
    source="torch.nn.Linear",
    order=11,
    params=OutputParams,
    shape=_output_shape,
    tensors=_output_tensors,
    build=_build_output,
)

BILINEAR = Layer(
    key="bilinear",
    label="Bilinear",
    group="Linear",
    summary="Every output is a weighted sum of the products of all pairs of inputs, plus a bias.",
    source="torch.nn.Bilinear, of the signal with itself",
    order=12,
    params=LinearParams,
    shape=_bilinear_shape,
    tensors=_bilinear_tensors,
    build=_build_bilinear,
    vectorised=False,  # vmap runs it one by one anyway, and warns
)
