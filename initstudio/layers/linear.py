"""Fully connected layers."""

from typing import TYPE_CHECKING, Annotated

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import Layer, Params, Shape, TensorSpec

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


def _shape(params: LinearParams, shape: Shape, _outputs: int) -> Shape:
    _features(shape)
    return (params.units,)


def _tensors(params: LinearParams, shape: Shape, _outputs: int) -> tuple[TensorSpec, ...]:
    return _specs(_features(shape), params.units, bias=params.bias)


def _build(params: LinearParams, shape: Shape, _outputs: int) -> "torch.nn.Module":
    return torch.nn.Linear(_features(shape), params.units, bias=params.bias)


def _output_shape(_params: OutputParams, shape: Shape, outputs: int) -> Shape:
    _features(shape)
    return (outputs,)


def _output_tensors(params: OutputParams, shape: Shape, outputs: int) -> tuple[TensorSpec, ...]:
    return _specs(_features(shape), outputs, bias=params.bias)


def _build_output(params: OutputParams, shape: Shape, outputs: int) -> "torch.nn.Module":
    return torch.nn.Linear(_features(shape), outputs, bias=params.bias)


def _features(shape: Shape) -> int:
    if len(shape) != 1:
        size = " x ".join(str(side) for side in shape)
        message = f"Linear needs a flat input, and this is {size}; put Flatten before it."
        raise ValueError(message)
    return shape[0]


def _specs(fan_in: int, units: int, *, bias: bool) -> tuple[TensorSpec, ...]:
    fans = {"fan_in": fan_in, "fan_out": units}
    weight = TensorSpec(name="weight", role="weight", shape=(units, fan_in), **fans)
    shift = TensorSpec(name="bias", role="bias", shape=(units,), **fans)
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
