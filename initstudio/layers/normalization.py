"""Layers that bring the signal back to mean 0 and variance 1, whatever the weights before them."""

from typing import TYPE_CHECKING, Annotated, TypeAlias

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import Layer, Params, Place, Shape, TensorSpec, constant_law

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


def _batch_shape(_params: BatchNormParams, place: Place) -> Shape:
    if len(place.shape) != 1:
        size = " x ".join(str(side) for side in place.shape)
        message = f"BatchNorm1d needs a flat input, and this is {size}; put Flatten before it."
        raise ValueError(message)
    return place.shape


def _batch_tensors(params: BatchNormParams, place: Place) -> tuple[TensorSpec, ...]:
    return _specs(_batch_shape(params, place), affine=params.affine)


def _build_batch(params: BatchNormParams, place: Place) -> "torch.nn.Module":
    (features,) = _batch_shape(params, place)
    return torch.nn.BatchNorm1d(
        features, eps=params.eps, momentum=params.momentum, affine=params.affine
    )


def _layer_shape(_params: LayerNormParams, place: Place) -> Shape:
    return place.shape


def _layer_tensors(params: LayerNormParams, place: Place) -> tuple[TensorSpec, ...]:
    return _specs(place.shape, affine=params.affine)


def _build_layer(params: LayerNormParams, place: Place) -> "torch.nn.Module":
    return torch.nn.LayerNorm(place.shape, eps=params.eps, elementwise_affine=params.affine)


def _specs(shape: Shape, *, affine: bool) -> tuple[TensorSpec, ...]:
    if not affine:
        return ()
    return (
        TensorSpec(
            name="weight", role="scale", shape=shape, fan_in=0, fan_out=0, default=constant_law(1)
        ),
        TensorSpec(
            name="bias", role="shift", shape=shape, fan_in=0, fan_out=0, default=constant_law(0)
        ),
    )


BATCH_NORM = Layer(
    key="batch_norm",
    label="BatchNorm1d",
    group="Normalization",
    summary="Gives each feature mean 0 and variance 1 over the batch.",
    source="torch.nn.BatchNorm1d; Ioffe and Szegedy 2015, algorithm 1",
    order=40,
    params=BatchNormParams,
    shape=_batch_shape,
    tensors=_batch_tensors,
    build=_build_batch,
    least_batch=2,
)

LAYER_NORM = Layer(
    key="layer_norm",
    label="LayerNorm",
    group="Normalization",
    summary="Gives each example mean 0 and variance 1 over its values.",
    source="torch.nn.LayerNorm; Ba, Kiros and Hinton 2016, eq. 3",
    order=41,
    params=LayerNormParams,
    shape=_layer_shape,
    tensors=_layer_tensors,
    build=_build_layer,
)
