"""Layers that change the shape of the signal, or pick from it."""

from math import prod
from typing import TYPE_CHECKING, Annotated

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import Layer, NoParams, Params, Place, Shape, TensorSpec
from initstudio.shapes import in_words, sequence

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


def _shape(_params: NoParams, place: Place) -> Shape:
    return (prod(place.shape),)


def _tensors(_params: Params, _place: Place) -> tuple[TensorSpec, ...]:
    return ()


def _build(_params: NoParams, _place: Place) -> "torch.nn.Module":
    return torch.nn.Flatten()


class UnflattenParams(Params, frozen=True):
    """The image that a row of values is laid out as."""

    channels: Annotated[int, Meta(ge=1, le=65_536, title="Channels")] = 1
    height: Annotated[int, Meta(ge=1, le=65_536, title="Height")] = 8
    width: Annotated[int, Meta(ge=1, le=65_536, title="Width")] = 8


class LastParams(Params, frozen=True):
    """How many steps are kept."""

    count: Annotated[
        int,
        Meta(ge=1, le=65_536, title="Steps", description="Kept of the end; one loses its axis."),
    ] = 1


def _unflatten_shape(params: UnflattenParams, place: Place) -> Shape:
    wanted = (params.channels, params.height, params.width)
    if prod(place.shape) == prod(wanted):
        return wanted
    message = (
        f"{in_words(place.shape)} values are no image of {in_words(wanted)}; "
        "choose other sides for Unflatten."
    )
    raise ValueError(message)


def _build_unflatten(params: UnflattenParams, place: Place) -> "torch.nn.Module":
    wanted = (params.channels, params.height, params.width)
    unflatten = torch.nn.Unflatten(1, wanted)
    if len(place.shape) == 1:
        return unflatten
    return torch.nn.Sequential(torch.nn.Flatten(), unflatten)


def _sequence_shape(_params: NoParams, place: Place) -> Shape:
    if len(place.shape) == 1:
        return (place.shape[0], 1)
    return (prod(place.shape[:-1]), place.shape[-1])


def _build_sequence(_params: NoParams, _place: Place) -> "torch.nn.Module":
    from initstudio import modules  # noqa: PLC0415 - it loads torch

    return modules.Sequence()


def _last_shape(params: LastParams, place: Place) -> Shape:
    steps, features = sequence(place.shape, "Last steps")
    if params.count > steps:
        message = f"The sequence has {steps} steps, not {params.count}; keep fewer."
        raise ValueError(message)
    return (features,) if params.count == 1 else (params.count, features)


def _build_last(params: LastParams, _place: Place) -> "torch.nn.Module":
    from initstudio import modules  # noqa: PLC0415 - it loads torch

    return modules.LastPositions(params.count)


def _mean_shape(_params: NoParams, place: Place) -> Shape:
    return (sequence(place.shape, "Mean of steps")[1],)


def _build_mean(_params: NoParams, _place: Place) -> "torch.nn.Module":
    from initstudio import modules  # noqa: PLC0415 - it loads torch

    return modules.MeanPositions()


FLATTEN = Layer(
    key="flatten",
    label="Flatten",
    group="Shape",
    summary="Lays all values of an example in one row.",
    source="torch.nn.Flatten",
    order=80,
    params=NoParams,
    shape=_shape,
    tensors=_tensors,
    build=_build,
)

UNFLATTEN = Layer(
    key="unflatten",
    label="Unflatten",
    group="Shape",
    summary="Lays a row of values out as an image.",
    source="torch.nn.Unflatten",
    order=81,
    params=UnflattenParams,
    shape=_unflatten_shape,
    tensors=_tensors,
    build=_build_unflatten,
)

AS_SEQUENCE = Layer(
    key="as_sequence",
    label="As sequence",
    group="Shape",
    summary="Reads a row as a sequence of single values, or an image row by row.",
    source="Le, Jaitly and Hinton 2015, section 4.2, for images pixel by pixel",
    order=82,
    params=NoParams,
    shape=_sequence_shape,
    tensors=_tensors,
    build=_build_sequence,
)

LAST_STEPS = Layer(
    key="last_steps",
    label="Last steps",
    group="Shape",
    summary="Keeps the last steps of a sequence.",
    source="Definition",
    order=83,
    params=LastParams,
    shape=_last_shape,
    tensors=_tensors,
    build=_build_last,
)

MEAN_STEPS = Layer(
    key="mean_steps",
    label="Mean of steps",
    group="Shape",
    summary="The mean of all steps of a sequence.",
    source="Definition",
    order=84,
    params=NoParams,
    shape=_mean_shape,
    tensors=_tensors,
    build=_build_mean,
)
