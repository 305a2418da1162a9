"""Layers that bring the signal back to mean 0 and variance 1, whatever the weights before them."""

from math import prod
from typing import TYPE_CHECKING, Annotated, TypeAlias

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import Layer, Params, Place, Shape, TensorSpec
from initstudio.shapes import in_words, scale_and_shift

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")

Epsilon: TypeAlias = Annotated[
    float,
    Meta(
        gt=0,
        le=1,
        title="Epsilon",
        description="Added to the variance, so that a constant signal divides by no zero.",
        extra={"log": True},
    ),
]

Affine: TypeAlias = Annotated[
    bool,
    Meta(
        title="Scale and shift",
        description="Learn a factor and an offset for each value; they start at 1 and 0.",
    ),
]


class BatchNormParams(Params, frozen=True):
    """As in torch."""

    eps: Epsilon = 1e-5
    momentum: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            title="Momentum",
            description="Weight of the newest batch in the running mean and variance, which "
            "validation uses.",
        ),
    ] = 0.1
    affine: Affine = True


class LayerNormParams(Params, frozen=True):
    """As in torch."""

    eps: Epsilon = 1e-5
    affine: Affine = True


class GroupNormParams(Params, frozen=True):
    """Into how many groups the channels are parted."""

    groups: Annotated[
        int, Meta(ge=1, le=65_536, title="Groups", description="They must divide the channels.")
    ] = 4
    eps: Epsilon = 1e-5
    affine: Affine = True


class InstanceNormParams(Params, frozen=True):
    """As in torch, where scale and shift are off."""

    eps: Epsilon = 1e-5
    affine: Affine = False


class RMSNormParams(Params, frozen=True):
    """As in torch, with an epsilon that is written out."""

    eps: Epsilon = 1e-6
    affine: Affine = True


def _batch_shape(_params: BatchNormParams, place: Place) -> Shape:
    if len(place.shape) > 4:
        message = (
            f"BatchNorm takes up to 3 dimensions, and this is {in_words(place.shape)}; "
            "put Flatten before it."
        )
        raise ValueError(message)
    return place.shape


def _channel_tensors(
    params: BatchNormParams | GroupNormParams | InstanceNormParams, place: Place
) -> tuple[TensorSpec, ...]:
    return scale_and_shift(place.shape[:1]) if params.affine else ()


def _build_batch(params: BatchNormParams, place: Place) -> "torch.nn.Module":
    dimensions = max(1, len(place.shape) - 1)
    kind = getattr(torch.nn, f"BatchNorm{dimensions}d")
    made: torch.nn.Module = kind(
        place.shape[0], eps=params.eps, momentum=params.momentum, affine=params.affine
    )
    return made


def _same(_params: Params, place: Place) -> Shape:
    return place.shape


def _layer_tensors(params: LayerNormParams, place: Place) -> tuple[TensorSpec, ...]:
    return scale_and_shift(_normalized(place.shape)) if params.affine else ()


def _build_layer(params: LayerNormParams, place: Place) -> "torch.nn.Module":
    return torch.nn.LayerNorm(
        _normalized(place.shape), eps=params.eps, elementwise_affine=params.affine
    )


def _normalized(shape: Shape) -> Shape:
    """Return what is normalized together: of a sequence each step by itself, else everything."""
    return shape[-1:] if len(shape) == 2 else shape


def _group_shape(params: GroupNormParams, place: Place) -> Shape:
    if place.shape[0] % params.groups:
        message = (
            f"{params.groups} groups do not divide {place.shape[0]} channels; "
            "choose another number of groups."
        )
        raise ValueError(message)
    return place.shape


def _build_group(params: GroupNormParams, place: Place) -> "torch.nn.Module":
    return torch.nn.GroupNorm(params.groups, place.shape[0], eps=params.eps, affine=params.affine)


def _instance_shape(_params: InstanceNormParams, place: Place) -> Shape:
    if not 2 <= len(place.shape) <= 4:
        message = (
            "InstanceNorm needs channels with positions, and this is "
            f"{in_words(place.shape)}; put Unflatten before it."
        )
        raise ValueError(message)
    if prod(place.shape[1:]) < 2:
        message = "InstanceNorm needs more than one position in a channel; leave it out here."
        raise ValueError(message)
    return place.shape


def _build_instance(params: InstanceNormParams, place: Place) -> "torch.nn.Module":
    kind = getattr(torch.nn, f"InstanceNorm{len(place.shape) - 1}d")
    made: torch.nn.Module = kind(place.shape[0], eps=params.eps, affine=params.affine)
    return made


def _rms_tensors(params: RMSNormParams, place: Place) -> tuple[TensorSpec, ...]:
    return scale_and_shift(_normalized(place.shape), shift=False) if params.affine else ()


def _build_rms(params: RMSNormParams, place: Place) -> "torch.nn.Module":
    return torch.nn.RMSNorm(
        _normalized(place.shape), eps=params.eps, elementwise_affine=params.affine
    )


BATCH_NORM = Layer(
    key="batch_norm",
    label="BatchNorm",
    group="Normalization",
    summary="Gives each feature, or channel, mean 0 and variance 1 over the batch.",
    source="torch.nn.BatchNorm1d, 2d, 3d; Ioffe and Szegedy 2015, algorithm 1",
    order=60,
    params=BatchNormParams,
    shape=_batch_shape,
    tensors=_channel_tensors,
    build=_build_batch,
    least_batch=2,
)

LAYER_NORM = Layer(
    key="layer_norm",
    label="LayerNorm",
    group="Normalization",
    summary="Gives each example, or step of a sequence, mean 0 and variance 1 over its values.",
    source="torch.nn.LayerNorm; Ba, Kiros and Hinton 2016, eq. 3",
    order=61,
    params=LayerNormParams,
    shape=_same,
    tensors=_layer_tensors,
    build=_build_layer,
)

GROUP_NORM = Layer(
    key="group_norm",
    label="GroupNorm",
    group="Normalization",
    summary="Gives each example mean 0 and variance 1 over each group of channels.",
    source="torch.nn.GroupNorm; Wu and He 2018, eq. 7",
    order=62,
    params=GroupNormParams,
    shape=_group_shape,
    tensors=_channel_tensors,
    build=_build_group,
)

INSTANCE_NORM = Layer(
    key="instance_norm",
    label="InstanceNorm",
    group="Normalization",
    summary="Gives each channel of each example mean 0 and variance 1 over its positions.",
    source="torch.nn.InstanceNorm1d, 2d, 3d; Ulyanov, Vedaldi and Lempitsky 2016, eq. 4",
    order=63,
    params=InstanceNormParams,
    shape=_instance_shape,
    tensors=_channel_tensors,
    build=_build_instance,
)

RMS_NORM = Layer(
    key="rms_norm",
    label="RMSNorm",
    group="Normalization",
    summary="Gives each example, or each step of a sequence, mean square 1 and keeps its mean.",
    source="torch.nn.RMSNorm; Zhang and Sennrich 2019, eq. 4",
    order=64,
    params=RMSNormParams,
    shape=_same,
    tensors=_rms_tensors,
    build=_build_rms,
)
