"""Orthogonal initialization: a random rotation."""

from math import sqrt
from typing import TYPE_CHECKING, Annotated

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import Params, Scheme, TensorSpec
from initstudio.law import Law

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


class OrthogonalParams(Params, frozen=True):
    """One gain for the activation."""

    gain: Annotated[
        float,
        Meta(
            ge=0,
            le=1000,
            title="Gain",
            description="Every singular value of the matrix: 1 for linear, sqrt 2 for ReLU.",
        ),
    ] = 1.0


def _law(params: OrthogonalParams, tensor: TensorSpec) -> Law:
    rows = tensor.shape[0]
    longest = max(rows, tensor.size // rows)
    return Law(
        kind="orthogonal",
        mean=0,
        std=params.gain / sqrt(longest),
        low=-params.gain,
        high=params.gain,
    )


def _refuses(_params: OrthogonalParams, tensor: TensorSpec) -> str | None:
    if len(tensor.shape) >= 2:
        return None
    return f"Orthogonal needs a matrix, and a {tensor.role} has one dimension only."


def _draw(
    values: "torch.Tensor",
    params: OrthogonalParams,
    _tensor: TensorSpec,
    generator: "torch.Generator",
) -> object:
    return torch.nn.init.orthogonal_(values, params.gain, generator=generator)


ORTHOGONAL = Scheme(
    key="orthogonal",
    label="Orthogonal",
    summary="A random matrix that keeps lengths and angles, scaled by a gain.",
    source="Saxe, McClelland and Ganguli 2014, Exact solutions to the nonlinear dynamics of "
    "learning, section 3; torch.nn.init.orthogonal_",
    order=60,
    params=OrthogonalParams,
    formula="gain Q, rows or columns of Q orthonormal; std = gain / sqrt(max(rows, columns))",
    law=_law,
    refuses=_refuses,
    draw=_draw,
    trap="Of a convolution, the matrix with the whole window in its columns is orthogonal; the "
    "convolution does not keep lengths (Delta-orthogonal does).",
    bites=lambda _params, tensor: len(tensor.shape) > 2,
    roles=("weight",),
)
