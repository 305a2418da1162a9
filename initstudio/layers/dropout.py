"""Layers that hide part of the signal while training."""

from typing import TYPE_CHECKING, Annotated

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import Layer, Params, Place, Shape, TensorSpec

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


class DropoutParams(Params, frozen=True):
    """How much is hidden."""

    p: Annotated[
        float,
        Meta(
            ge=0,
            lt=1,
            title="Probability",
            description="Share of the values set to 0 at each training step.",
        ),
    ] = 0.5


def _shape(_params: DropoutParams, place: Place) -> Shape:
    return place.shape


def _tensors(_params: DropoutParams, _place: Place) -> tuple[TensorSpec, ...]:
    return ()


def _build(params: DropoutParams, _place: Place) -> "torch.nn.Module":
    return torch.nn.Dropout(params.p)


DROPOUT = Layer(
    key="dropout",
    label="Dropout",
    group="Regularization",
    summary="Sets random values to 0 while training and scales the others up to keep the mean.",
    source="torch.nn.Dropout; Srivastava et al. 2014, section 4",
    order=70,
    params=DropoutParams,
    shape=_shape,
    tensors=_tensors,
    build=_build,
)
