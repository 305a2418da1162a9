"""Convolutions: the same small weights at every place of a signal."""

from functools import partial
from math import prod, sqrt
from typing import TYPE_CHECKING, Annotated, Any

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import Layer, Params, Place, Shape, TensorSpec
from initstudio.law import uniform_law
from initstudio.shapes import image, weight_and_bias, windows

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


class ConvParams(Params, frozen=True):
    """What torch asks for; one number for all sides."""

    channels: Annotated[
        int, Meta(ge=1, le=65_536, title="Channels", description="Outputs at each place.")
    ] = 16
    kernel: Annotated[
        int, Meta(ge=1, le=1024, title="Kernel", description="Side of the window.")
    ] = 3
    stride: Annotated[
        int, Meta(ge=1, le=1024, title="Stride", description="Steps between two windows.")
    ] = 1
    padding: Annotated[
        int,
        Meta(
            ge=0,
            le=1024,
            title="Padding",
            description="Zeros on each side; half of an odd kernel keeps the size.",
        ),
    ] = 1
    dilation: Annotated[
        int, Meta(ge=1, le=1024, title="Dilation", description="Steps between values of a window.")
    ] = 1
    groups: Annotated[
        int,
        Meta(
            ge=1,
            le=65_536,
            title="Groups",
            description="Channels are parted into so many groups that do not meet; they must "
            "divide the channels on both sides.",
        ),
    ] = 1
    bias: Annotated[bool, Meta(title="Bias")] = True


class DepthwiseParams(Params, frozen=True):
    """A convolution for each channel by itself."""

    kernel: Annotated[
        int, Meta(ge=1, le=1024, title="Kernel", description="Side of the window.")
    ] = 3
    multiplier: Annotated[
        int, Meta(ge=1, le=1024, title="Multiplier", description="Outputs for each channel.")
    ] = 1
    stride: Annotated[
        int, Meta(ge=1, le=1024, title="Stride", description="Steps between two windows.")
    ] = 1
    padding: Annotated[
        int, Meta(ge=0, le=1024, title="Padding", description="Zeros on each side.")
    ] = 1
    bias: Annotated[bool, Meta(title="Bias")] = True


class TransposeParams(Params, frozen=True):
    """What torch asks for; one number for all sides. The defaults double each side."""

    channels: Annotated[
        int, Meta(ge=1, le=65_536, title="Channels", description="Outputs at each place.")
    ] = 16
    kernel: Annotated[
        int, Meta(ge=1, le=1024, title="Kernel", description="Side of the window.")
    ] = 4
    stride: Annotated[
        int, Meta(ge=1, le=1024, title="Stride", description="Steps between two windows.")
    ] = 2
    padding: Annotated[
        int, Meta(ge=0, le=1024, title="Padding", description="Taken off on each side.")
    ] = 1
    groups: Annotated[
        int, Meta(ge=1, le=65_536, title="Groups", description="They must divide the channels.")
    ] = 1
    bias: Annotated[bool, Meta(title="Bias")] = True


def _divided(channels: int, outputs: int, groups: int) -> None:
    if channels % groups or outputs % groups:
        message = (
            f"{groups} groups do not divide {channels} channels coming in and {outputs} going "
            "out; choose another number of groups."
        )
        raise ValueError(message)


def _shape(dimensions: int, params: ConvParams, place: Place) -> Shape:
    label = f"Conv{dimensions}d"
    channels, sides = image(place.shape, dimensions, label)
    _divided(channels, params.channels, params.groups)
    reach = params.dilation * (params.kernel - 1) + 1
    return (params.channels, *windows(sides, reach, params.stride, params.padding, label))


def _tensors(dimensions: int, params: ConvParams, place: Place) -> tuple[TensorSpec, ...]:
    window = (params.kernel,) * dimensions
    shape = (params.channels, place.shape[0] // params.groups, *window)
    fans = shape[1] * prod(window), shape[0] * prod(window)
    law = uniform_law(1 / sqrt(fans[0]))
    bias = params.channels * params.bias
    return weight_and_bias(shape, fans, law, bias=bias, groups=params.groups)


def _build(dimensions: int, params: ConvParams, place: Place) -> "torch.nn.Module":
    made: torch.nn.Module = getattr(torch.nn, f"Conv{dimensions}d")(
        place.shape[0],
        params.channels,
        params.kernel,
        stride=params.stride,
        padding=params.padding,
        dilation=params.dilation,
        groups=params.groups,
        bias=params.bias,
    )
    return made


def _plain(params: DepthwiseParams, place: Place) -> ConvParams:
    """Return the depthwise convolution as one in groups."""
    return ConvParams(
        channels=place.shape[0] * params.multiplier,
        kernel=params.kernel,
        stride=params.stride,
        padding=params.padding,
        groups=place.shape[0],
        bias=params.bias,
    )


def _depthwise_shape(params: DepthwiseParams, place: Place) -> Shape:
    _, sides = image(place.shape, 2, "Depthwise")
    found = windows(sides, params.kernel, params.stride, params.padding, "Depthwise")
    return (place.shape[0] * params.multiplier, *found)


def _depthwise_tensors(params: DepthwiseParams, place: Place) -> tuple[TensorSpec, ...]:
    return _tensors(2, _plain(params, place), place)


def _build_depthwise(params: DepthwiseParams, place: Place) -> "torch.nn.Module":
    return _build(2, _plain(params, place), place)


def _transpose_shape(dimensions: int, params: TransposeParams, place: Place) -> Shape:
    label = f"ConvTranspose{dimensions}d"
    channels, sides = image(place.shape, dimensions, label)
    _divided(channels, params.channels, params.groups)
    found = tuple((side - 1) * params.stride - 2 * params.padding + params.kernel for side in sides)
    if min(found) < 1:
        message = f"{label} takes off more than it makes; choose less padding."
        raise ValueError(message)
    return (params.channels, *found)


def _transpose_tensors(
    dimensions: int, params: TransposeParams, place: Place
) -> tuple[TensorSpec, ...]:
    window = (params.kernel,) * dimensions
    shape = (place.shape[0], params.channels // params.groups, *window)
    # torch takes the second axis for the inputs, whichever way round the convolution is
    fans = shape[1] * prod(window), shape[0] * prod(window)
    law = uniform_law(1 / sqrt(fans[0]))
    bias = params.channels * params.bias
    return weight_and_bias(shape, fans, law, bias=bias, groups=params.groups)


def _build_transpose(dimensions: int, params: TransposeParams, place: Place) -> "torch.nn.Module":
    made: torch.nn.Module = getattr(torch.nn, f"ConvTranspose{dimensions}d")(
        place.shape[0],
        params.channels,
        params.kernel,
        stride=params.stride,
        padding=params.padding,
        groups=params.groups,
        bias=params.bias,
    )
    return made


def _convolution(dimensions: int, what: str) -> Layer[Any]:
    return Layer(
        key=f"conv{dimensions}d",
        label=f"Conv{dimensions}d",
        group="Convolution",
        summary=f"The same weighted sum of a window, at every place of {what}.",
        source=f"torch.nn.Conv{dimensions}d; LeCun et al. 1989",
        order=12 + dimensions,
        params=ConvParams,
        shape=partial(_shape, dimensions),
        tensors=partial(_tensors, dimensions),
        build=partial(_build, dimensions),
    )


def _transposed(dimensions: int, what: str) -> Layer[Any]:
    return Layer(
        key=f"conv_transpose{dimensions}d",
        label=f"ConvTranspose{dimensions}d",
        group="Convolution",
        summary=f"Spreads every value over a window of {what}: a convolution turned round.",
        source=f"torch.nn.ConvTranspose{dimensions}d; Zeiler et al. 2010",
        order=16 + dimensions,
        params=TransposeParams,
        shape=partial(_transpose_shape, dimensions),
        tensors=partial(_transpose_tensors, dimensions),
        build=partial(_build_transpose, dimensions),
    )


CONV1D = _convolution(1, "a row of values")
CONV2D = _convolution(2, "an image")
CONV3D = _convolution(3, "a volume")
DEPTHWISE = Layer(
    key="depthwise",
    label="Depthwise conv2d",
    group="Convolution",
    summary="A convolution of each channel by itself: channels do not meet.",
    source="torch.nn.Conv2d(groups=channels); Chollet 2017",
    order=16,
    params=DepthwiseParams,
    shape=_depthwise_shape,
    tensors=_depthwise_tensors,
    build=_build_depthwise,
)
CONV_TRANSPOSE1D = _transposed(1, "a row of values")
CONV_TRANSPOSE2D = _transposed(2, "an image")
CONV_TRANSPOSE3D = _transposed(3, "a volume")
