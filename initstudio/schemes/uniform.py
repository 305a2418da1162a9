"""Uniform initialization between two bounds of one's own."""

from math import sqrt
from typing import TYPE_CHECKING, Annotated, TypeAlias

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import Params, Scheme, TensorSpec
from initstudio.law import Law

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")

Low: TypeAlias = Annotated[
    float, Meta(ge=-1e6, le=1e6, title="Low", description="The least value.")
]
High: TypeAlias = Annotated[
    float, Meta(ge=-1e6, le=1e6, title="High", description="The greatest value.")
]


class UniformParams(Params, frozen=True):
    """Two bounds; the article's weights are the default."""

    low: Low = -0.1
    high: High = 0.1


def _law(params: UniformParams, _tensor: TensorSpec) -> Law:
    return Law(
        kind="uniform",
        mean=(params.low + params.high) / 2,
        std=(params.high - params.low) / sqrt(12),
        low=params.low,
        high=params.high,
    )


def _refuses(params: UniformParams, _tensor: TensorSpec) -> str | None:
    if params.low <= params.high:
        return None
    return f"The low bound {params.low:g} is above the high bound {params.high:g}."


def _draw(
    values: "torch.Tensor", params: UniformParams, _tensor: TensorSpec, generator: "torch.Generator"
) -> object:
    return torch.nn.init.uniform_(values, params.low, params.high, generator=generator)


UNIFORM = Scheme(
    key="uniform",
    label="Uniform",
    summary="Every value between two bounds is equally likely.",
    source="torch.nn.init.uniform_",
    order=40,
    params=UniformParams,
    formula="U(low, high), std = (high - low) / sqrt 12",
    law=_law,
    refuses=_refuses,
    draw=_draw,
    roles=("weight", "bias", "scale", "shift", "slope"),
)
