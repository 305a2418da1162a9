"""Fully connected layers."""

from math import sqrt
from typing import TYPE_CHECKING, Annotated, Any

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import Layer, Params, Place, Shape, TensorSpec, uniform_law

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


def _positions(shape: Shape) -> Shape:
    """Return the positions of a sequence, at each of which a Linear layer does the same."""
    if len(shape) <= 2:
        return shape[:-1]
    size = " x ".join(str(side) for side in shape)
    message = f"Linear needs a row of values, and this is {size}; put Flatten before it."
    raise ValueError(message)


def _specs(fan_in: int, units: int, *, bias: bool) -> tuple[TensorSpec, ...]:
    common: dict[str, Any] = {
        "fan_in": fan_in,
        "fan_out": units,
        "default": uniform_law(1 / sqrt(fan_in)),
    }
    weight = TensorSpec(name="weight", role="weight", shape=(units, fan_in), **common)
    shift = TensorSpec(name="bias", role="bias", shape=(units,), **common)
    return (weight, shift) if bias else (weight,)


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
