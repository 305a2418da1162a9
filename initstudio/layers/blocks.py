"""Layers that hold layers."""

from math import prod, sqrt
from typing import TYPE_CHECKING, Annotated, Literal

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import Layer, Params, Place, Shape, TensorSpec
from initstudio.law import constant_law, uniform_law
from initstudio.shapes import in_words, weight_and_bias

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


class ResidualParams(Params, frozen=True):
    """How what is skipped and what the layers inside make of it are added."""

    projection: Annotated[
        Literal["none", "linear"],
        Meta(
            title="Projection",
            description="What brings the skipped signal to another size: nothing, or a linear "
            "map (of an image a 1 x 1 convolution), which must keep the sides.",
            extra={"choices": {"none": "None", "linear": "Linear"}},
        ),
    ] = "none"
    skip_scale: Annotated[
        float, Meta(ge=-1000, le=1000, title="Skip scale", description="Factor of what is skipped.")
    ] = 1.0
    branch_scale: Annotated[
        float,
        Meta(
            ge=-1000,
            le=1000,
            title="Branch scale",
            description="Factor of what the layers inside give; 1 / sqrt(blocks) keeps many "
            "blocks from growing.",
        ),
    ] = 1.0
    learned: Annotated[
        bool,
        Meta(
            title="Learned scale",
            description="One more factor of the branch, which is learned (SkipInit, ReZero).",
        ),
    ] = False
    start: Annotated[
        float,
        Meta(
            ge=-1000,
            le=1000,
            title="Start of the learned scale",
            description="0 makes every block the identity at first.",
        ),
    ] = 0.0


class RepeatParams(Params, frozen=True):
    """How many copies, each with weights of its own."""

    times: Annotated[
        int,
        Meta(
            ge=1,
            le=200,
            title="Times",
            description="Copies of the layers inside, one after another, each with weights of its "
            "own.",
        ),
    ] = 2


def _needs_projection(place: Place) -> bool:
    return place.inside != place.shape


def _residual_shape(params: ResidualParams, place: Place) -> Shape:
    if not _needs_projection(place):
        return place.inside
    before, after = in_words(place.shape), in_words(place.inside)
    if params.projection == "none":
        message = (
            f"Residual adds {before} to {after}, which do not fit; "
            "change the layers inside, or choose a projection."
        )
        raise ValueError(message)
    flat = len(place.shape) == len(place.inside) <= 2
    sides = place.shape[:-1] == place.inside[:-1] if flat else place.shape[1:] == place.inside[1:]
    if len(place.shape) != len(place.inside) or not sides:
        message = (
            f"A linear projection cannot bring {before} to {after}; "
            "change the layers inside so that only the channels differ."
        )
        raise ValueError(message)
    return place.inside


def _residual_tensors(params: ResidualParams, place: Place) -> tuple[TensorSpec, ...]:
    found: tuple[TensorSpec, ...] = ()
    if params.learned:
        found = (
            TensorSpec(
                name="scale",
                role="scale",
                shape=(1,),
                fan_in=0,
                fan_out=0,
                default=constant_law(params.start),
            ),
        )
    if not _needs_projection(place):
        return found
    image = len(place.shape) > 2
    incoming, outgoing = (
        (place.shape[0], place.inside[0]) if image else (place.shape[-1], place.inside[-1])
    )
    shape = (outgoing, incoming, *(1,) * (len(place.shape) - 1 if image else 0))
    law = uniform_law(1 / sqrt(prod(shape[1:])))
    return found + weight_and_bias(
        shape, (incoming, outgoing), law, bias=outgoing, prefix="projection."
    )


def _build_residual(params: ResidualParams, place: Place) -> "torch.nn.Module":
    from initstudio import modules  # noqa: PLC0415 - it loads torch

    (body,) = place.bodies
    projection: torch.nn.Module | None = None
    if _needs_projection(place):
        if len(place.shape) > 2:
            kind = getattr(torch.nn, f"Conv{len(place.shape) - 1}d")
            projection = kind(place.shape[0], place.inside[0], 1)
        else:
            projection = torch.nn.Linear(place.shape[-1], place.inside[-1])
    return modules.Residual(
        body,
        projection,
        skip_scale=params.skip_scale,
        branch_scale=params.branch_scale,
        start=params.start if params.learned else None,
    )


def _residual_bodies(_params: ResidualParams) -> tuple[str, ...]:
    return ("body",)


def _repeat_shape(_params: RepeatParams, place: Place) -> Shape:
    return place.inside


def _repeat_tensors(_params: RepeatParams, _place: Place) -> tuple[TensorSpec, ...]:
    return ()


def _build_repeat(_params: RepeatParams, place: Place) -> "torch.nn.Module":
    return torch.nn.Sequential(*place.bodies)


def _repeat_bodies(params: RepeatParams) -> tuple[str, ...]:
    return tuple(str(copy) for copy in range(params.times))


RESIDUAL = Layer(
    key="residual",
    label="Residual",
    group="Block",
    summary="Adds what the layers inside make of the signal to the signal itself.",
    source="He et al. 2016, Deep residual learning, eq. 1 and 2; De and Smith 2020 (SkipInit)",
    order=90,
    params=ResidualParams,
    shape=_residual_shape,
    tensors=_residual_tensors,
    build=_build_residual,
    bodies=_residual_bodies,
    adds=True,
)

REPEAT = Layer(
    key="repeat",
    label="Repeat",
    group="Block",
    summary="The layers inside several times over, each copy with weights of its own.",
    source="Definition",
    order=91,
    params=RepeatParams,
    shape=_repeat_shape,
    tensors=_repeat_tensors,
    build=_build_repeat,
    bodies=_repeat_bodies,
)
