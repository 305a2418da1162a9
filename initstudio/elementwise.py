"""What all activation layers have in common: they work on every value, and keep the shape."""

from typing import TYPE_CHECKING, TypeVar

from initstudio.catalogue import Layer, Params, Place, Shape, TensorSpec

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

P = TypeVar("P", bound=Params)


def _same(_params: Params, place: Place) -> Shape:
    return place.shape


def _none(_params: Params, _place: Place) -> tuple[TensorSpec, ...]:
    return ()


def activation(  # noqa: PLR0913 - what an activation is made of, each by its name
    *,
    key: str,
    label: str,
    summary: str,
    source: str,
    order: int,
    params: type[P],
    module: "Callable[[P], nn.Module]",
    tensors: "Callable[[P, Place], tuple[TensorSpec, ...]]" = _none,
    vectorised: bool = True,
) -> Layer[P]:
    """Return an activation whose module is made of its parameters alone."""
    return Layer(
        key=key,
        label=label,
        group="Activation",
        summary=summary,
        source=source,
        order=order,
        params=params,
        shape=_same,
        tensors=tensors,
        build=lambda values, _place: module(values),
        vectorised=vectorised,
    )
