"""The singular values of each weight tensor, as a matrix with a row for each output."""

from math import prod
from typing import TYPE_CHECKING

import lazy_loader

from initstudio.measurement import Moment, Probe

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch
else:
    torch = lazy_loader.load("torch")

SHOWN = 16
"""Singular values of a reading, at evenly spaced ranks."""
MOST = 4e9
"""Work that is done at most for one reading, about a second's: the sum of each matrix's longer side
times the square of the shorter. Larger tensors than fit are left out, and read NaN."""


def _effective_rank(moment: Moment) -> "torch.Tensor":
    found = _nothing(moment)
    for at, values in _spectra(moment).items():
        share = values / values.sum(1, keepdim=True)
        found[:, at] = torch.special.entr(share).sum(1).exp()
    return found


def _singular_values(moment: Moment) -> "torch.Tensor":
    """Return [R, tensor, SHOWN], from the largest to the smallest, linear between two ranks."""
    found = _nothing(moment).unsqueeze(2).repeat(1, 1, SHOWN)
    for at, values in _spectra(moment).items():
        places = torch.linspace(0, values.shape[1] - 1, SHOWN, dtype=torch.float64)
        below = places.floor().long()
        above = places.ceil().long()
        found[:, at] = torch.lerp(values[:, below], values[:, above], places - below)
    return found


def _spectra(moment: Moment) -> "dict[int, torch.Tensor]":
    """Return the singular values [R, ranks] of each tensor that is measured, worked out once.

    In the precision of the weights, whose rounding they cannot be more exact than. NaN of a matrix
    with a value that is not finite.
    """
    if "spectra" not in moment.shared:
        moment.shared["spectra"] = dict(_worked_out(moment))
    found: dict[int, torch.Tensor] = moment.shared["spectra"]
    return found


def _worked_out(moment: Moment) -> "Iterator[tuple[int, torch.Tensor]]":
    matrices = [_matrix(moment, at) for at in range(len(moment.weights))]
    left = MOST
    for at in sorted(range(len(matrices)), key=lambda at: _work(matrices[at])):
        left -= _work(matrices[at])
        if left < 0:
            return
        yield at, _values(matrices[at])


def _values(matrices: "torch.Tensor") -> "torch.Tensor":
    """Return the singular values float64 [R, ranks] of matrices [R, rows, columns]."""
    greatest = matrices.abs().amax((1, 2), keepdim=True)
    sound = torch.isfinite(greatest)
    scale = torch.where(sound & (greatest > 0), greatest, 1)
    safe = (matrices / scale).masked_fill(~sound, 0)
    found: torch.Tensor = torch.linalg.svdvals(safe).double() * scale[:, :, 0]
    return found.masked_fill(~sound[:, :, 0], torch.nan)


def _matrix(moment: Moment, at: int) -> "torch.Tensor":
    """Return a weight as matrices [R, outputs, the rest]."""
    weight = moment.weights[at]
    layer = moment.tensors[at].layer if moment.tensors else ""
    if layer.startswith("conv_transpose"):
        weight = weight.transpose(1, 2)  # torch keeps the inputs first
    return weight.reshape(len(weight), weight.shape[1] if weight.dim() > 1 else 1, -1)


def _work(matrices: "torch.Tensor") -> int:
    return prod(matrices.shape) * min(matrices.shape[1:])


def _nothing(moment: Moment) -> "torch.Tensor":
    shape = len(moment.loss), len(moment.weights)
    return torch.full(shape, torch.nan, dtype=torch.float64)


EFFECTIVE_RANK = Probe(
    key="effective_rank",
    label="Effective rank by layer",
    summary="Exponential of the entropy of each weight tensor's singular values, as shares of "
    "their sum: how many directions it really uses.",
    source="Roy and Vetterli 2007, The effective rank, definition 1",
    unit="",
    order=69,
    axes=("replica", "tensor"),
    cadence="seldom",
    measure=_effective_rank,
)

SINGULAR_VALUES = Probe(
    key="singular_values",
    label="Singular values by layer",
    summary="Singular values of each weight tensor at 16 evenly spaced ranks, from the largest to "
    "the smallest.",
    source="Definition",
    unit="",
    order=70,
    axes=("replica", "tensor", "rank"),
    cadence="seldom",
    measure=_singular_values,
)
