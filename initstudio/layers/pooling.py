"""Layers that bring neighbours together."""

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import Layer, NoParams, Params, Place, Shape, TensorSpec
from initstudio.shapes import image, in_words, windows

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


class PoolParams(Params, frozen=True):
    """The window; windows follow one another without a gap."""

    kernel: Annotated[
        int, Meta(ge=1, le=1024, title="Kernel", description="Side of the window, and the stride.")
    ] = 2


def _shape(kind: str, dimensions: int, params: PoolParams, place: Place) -> Shape:
    label = f"{kind}Pool{dimensions}d"
    channels, sides = image(place.shape, dimensions, label)
    return (channels, *windows(sides, params.kernel, params.kernel, 0, label))


def _none(_params: Params, _place: Place) -> tuple[TensorSpec, ...]:
    return ()


def _build(kind: str, dimensions: int, params: PoolParams, _place: Place) -> "torch.nn.Module":
    made: torch.nn.Module = getattr(torch.nn, f"{kind}Pool{dimensions}d")(params.kernel)
    return made


def _global_shape(_params: NoParams, place: Place) -> Shape:
    if len(place.shape) > 1:
        return place.shape[:1]
    message = (
        f"Global average needs channels with positions, and this is {in_words(place.shape)}; "
        "put Unflatten before it."
    )
    raise ValueError(message)


def _build_global(_params: NoParams, _place: Place) -> "torch.nn.Module":
    from initstudio import modules  # noqa: PLC0415 - it loads torch

    return modules.MeanPositions(channels_first=True)


def _pool(kind: str, dimensions: int, order: int, what: str) -> Layer[Any]:
    return Layer(
        key=f"{kind.lower()}_pool{dimensions}d",
        label=f"{kind}Pool{dimensions}d",
        group="Pooling",
        summary=f"The {what} of each window, channel by channel.",
        source=f"torch.nn.{kind}Pool{dimensions}d",
        order=order,
        params=PoolParams,
        shape=partial(_shape, kind, dimensions),
        tensors=_none,
        build=partial(_build, kind, dimensions),
    )


MAX_POOL1D = _pool("Max", 1, 50, "greatest value")
MAX_POOL2D = _pool("Max", 2, 51, "greatest value")
AVG_POOL1D = _pool("Avg", 1, 52, "mean")
AVG_POOL2D = _pool("Avg", 2, 53, "mean")
GLOBAL_AVERAGE = Layer(
    key="global_average",
    label="Global average",
    group="Pooling",
    summary="The mean of each channel over all its positions.",
    source="Lin, Chen and Yan 2014, Network in Network, section 3.2",
    order=54,
    params=NoParams,
    shape=_global_shape,
    tensors=_none,
    build=_build_global,
)
