"""Initialization by matrices that nothing is drawn for: identities, and their kin."""

from math import sqrt
from typing import TYPE_CHECKING, Annotated

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import NoParams, Params, Scheme, TensorSpec
from initstudio.law import Law

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


class IdentityParams(Params, frozen=True):
    """One factor."""

    scale: Annotated[
        float,
        Meta(ge=-1000, le=1000, title="Scale", description="The numbers on the diagonal."),
    ] = 1.0


class DiracParams(Params, frozen=True):
    """As in torch."""

    groups: Annotated[
        int,
        Meta(ge=1, le=65_536, title="Groups", description="They must divide the output channels."),
    ] = 1


class DeltaParams(Params, frozen=True):
    """One gain for the activation."""

    gain: Annotated[
        float,
        Meta(ge=0, le=1000, title="Gain", description="1 for linear and tanh, sqrt 2 for ReLU."),
    ] = 1.0


def fixed(ones: int, size: int, scale: float = 1.0) -> Law:
    """Return the law of so many equal numbers among zeros."""
    share = ones / size
    mean = scale * share
    spread = abs(scale) * sqrt(share * (1 - share))
    return Law(kind="fixed", mean=mean, std=spread, low=min(0.0, scale), high=max(0.0, scale))


def _matrix_only(what: str, tensor: TensorSpec) -> str | None:
    if len(tensor.shape) == 2:
        return None
    if len(tensor.shape) < 2:
        return f"{what} needs a matrix, and a {tensor.role} has one dimension only."
    return f"{what} needs a matrix, and this has {len(tensor.shape)} dimensions; use Dirac."


def _identity_law(params: IdentityParams, tensor: TensorSpec) -> Law:
    return fixed(min(tensor.shape), tensor.size, params.scale)


def _refuses_identity(_params: IdentityParams, tensor: TensorSpec) -> str | None:
    return _matrix_only("Identity", tensor)


def _draw_identity(
    values: "torch.Tensor",
    params: IdentityParams,
    _tensor: TensorSpec,
    _generator: "torch.Generator",
) -> object:
    filled = torch.nn.init.eye_(values)
    return filled if params.scale == 1 else filled.mul_(params.scale)


def _dirac_law(params: DiracParams, tensor: TensorSpec) -> Law:
    ones = params.groups * min(tensor.shape[0] // params.groups, tensor.shape[1])
    return fixed(ones, tensor.size)


def _refuses_dirac(params: DiracParams, tensor: TensorSpec) -> str | None:
    if not 3 <= len(tensor.shape) <= 5:
        if len(tensor.shape) < 2:
            return f"Dirac needs a convolution, and a {tensor.role} has one dimension only."
        return "Dirac needs a convolution, and this is a matrix; use Identity."
    if tensor.shape[0] % params.groups:
        return f"{params.groups} groups do not divide {tensor.shape[0]} output channels."
    return None


def _draw_dirac(
    values: "torch.Tensor", params: DiracParams, _tensor: TensorSpec, _generator: "torch.Generator"
) -> object:
    return torch.nn.init.dirac_(values, params.groups)


def _delta_law(params: DeltaParams, tensor: TensorSpec) -> Law:
    # orthonormal columns in the middle of the window: gain^2 a column, over all entries
    spread = params.gain * sqrt(min(tensor.shape[:2]) / tensor.size)
    return Law(kind="orthogonal", mean=0, std=spread, low=-params.gain, high=params.gain)


def _refuses_delta(_params: DeltaParams, tensor: TensorSpec) -> str | None:
    if len(tensor.shape) < 2:
        return f"Delta-orthogonal needs a convolution, and a {tensor.role} has one dimension only."
    if len(tensor.shape) == 2:
        return "Delta-orthogonal needs a convolution, and this is a matrix; use Orthogonal."
    if tensor.shape[0] < tensor.shape[1]:
        return (
            f"Delta-orthogonal needs no fewer output than input channels, and this has "
            f"{tensor.shape[0]} of {tensor.shape[1]}."
        )
    return None


def _draw_delta(
    values: "torch.Tensor", params: DeltaParams, _tensor: TensorSpec, generator: "torch.Generator"
) -> object:
    torch.nn.init.zeros_(values)
    matrix = torch.empty(values.shape[:2], dtype=values.dtype)
    torch.nn.init.orthogonal_(matrix, params.gain, generator=generator)
    return _in_the_middle(values, matrix)


def _in_the_middle(values: "torch.Tensor", matrix: "torch.Tensor") -> "torch.Tensor":
    """Put a matrix into the middle of the window of a convolution, and return the whole."""
    place = values
    for side in values.shape[2:]:
        place = place.select(2, (side - 1) // 2)
    place.copy_(matrix)
    return values


def _zero_matrix(rows: int, columns: int) -> "torch.Tensor":
    """Return ZerO's matrix: an identity, through a Hadamard matrix where the rows are more."""
    if rows <= columns:
        return torch.eye(rows, columns)
    order = (rows - 1).bit_length()
    hadamard = torch.ones(1, 1)
    for _ in range(order):
        top = torch.cat([hadamard, hadamard], 1)
        hadamard = torch.cat([top, torch.cat([hadamard, -hadamard], 1)], 0)
    scaled = hadamard / 2 ** (order / 2)
    return torch.eye(rows, 2**order) @ scaled @ torch.eye(2**order, columns)


def _zero_law(_params: NoParams, tensor: TensorSpec) -> Law:
    rows, columns = tensor.shape[:2]
    if rows <= columns:
        return fixed(rows, tensor.size)
    side = 2 ** (rows - 1).bit_length()
    # the first of `columns` Hadamard columns are cut to `rows`; sums of a cut column need counting
    count = columns * rows
    total = sum(
        1 if (row & column).bit_count() % 2 == 0 else -1
        for row in range(rows)
        for column in range(columns)
    )
    mean = total / sqrt(side) / tensor.size
    square = count / side / tensor.size
    high = 1 / sqrt(side)
    return Law(kind="fixed", mean=mean, std=sqrt(square - mean**2), low=-high, high=high)


def _refuses_zero(_params: NoParams, tensor: TensorSpec) -> str | None:
    if len(tensor.shape) >= 2:
        return None
    return f"ZerO needs a matrix, and a {tensor.role} has one dimension only."


def _draw_zero(
    values: "torch.Tensor", _params: NoParams, _tensor: TensorSpec, _generator: "torch.Generator"
) -> object:
    torch.nn.init.zeros_(values)
    return _in_the_middle(values, _zero_matrix(values.shape[0], values.shape[1]))


IDENTITY = Scheme(
    key="identity",
    label="Identity",
    summary="The identity matrix, times a factor: the signal passes as it is.",
    source="torch.nn.init.eye_; Le, Jaitly and Hinton 2015, section 3 (IRNN)",
    order=62,
    params=IdentityParams,
    formula="scale I",
    trap="A layer that is not square drops the last inputs, or leaves the last units at 0.",
    law=_identity_law,
    refuses=_refuses_identity,
    draw=_draw_identity,
    roles=("weight",),
    bites=lambda _params, tensor: len(set(tensor.shape)) > 1,
)

DIRAC = Scheme(
    key="dirac",
    label="Dirac",
    summary="The identity of convolutions: each channel passes as it is.",
    source="torch.nn.init.dirac_; Zagoruyko and Komodakis 2017",
    order=63,
    params=DiracParams,
    formula="1 in the middle of the window from channel i to channel i, else 0",
    law=_dirac_law,
    refuses=_refuses_dirac,
    draw=_draw_dirac,
    roles=("weight",),
)

DELTA_ORTHOGONAL = Scheme(
    key="delta_orthogonal",
    label="Delta-orthogonal",
    summary="A random rotation in the middle of the window: a convolution that keeps lengths.",
    source="Xiao et al. 2018, Dynamical isometry and a mean field theory of CNNs, algorithm 1",
    order=64,
    params=DeltaParams,
    formula="gain Q in the middle of the window, else 0",
    law=_delta_law,
    refuses=_refuses_delta,
    draw=_draw_delta,
    roles=("weight",),
)

ZERO = Scheme(
    key="zero_hadamard",
    label="ZerO",
    summary="Identities and Hadamard matrices: only zeros and equal numbers, and nothing is drawn.",
    source="Zhao, Schäfer and Anandkumar 2022, ZerO initialization, algorithms 1 and 2",
    order=65,
    params=NoParams,
    formula="I where outputs are no more than inputs, else I H I / sqrt(2^m)",
    law=_zero_law,
    refuses=_refuses_zero,
    draw=_draw_zero,
    roles=("weight",),
)
