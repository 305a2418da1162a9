"""Layers that change the shape and nothing else."""

from math import prod
from typing import TYPE_CHECKING

import lazy_loader

from initstudio.catalogue import Layer, NoParams, Place, Shape, TensorSpec

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


def _shape(_params: NoParams, place: Place) -> Shape:
    return (prod(place.shape),)


def _tensors(_params: NoParams, _place: Place) -> tuple[TensorSpec, ...]:
    return ()


def _build(_params: NoParams, _place: Place) -> "torch.nn.Module":
    return torch.nn.Flatten()


FLATTEN = Layer(
    key="flatten",
    label="Flatten",
    group="Shape",
    summary="Lays all values of an example in one row.",
    source="torch.nn.Flatten",
    order=60,
    params=NoParams,
    shape=_shape,
    tensors=_tensors,
    build=_build,
)
