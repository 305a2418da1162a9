"""Weights, gradients and outputs of each layer as counts in bins; see `distribution.py`."""

from typing import TYPE_CHECKING, TypeAlias

import lazy_loader
import numpy as np
import numpy.typing as npt

from initstudio.distribution import BINS, HEAD, LEAST, bins_of
from initstudio.measurement import Moment, Probe

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]


def _weights(moment: Moment) -> "torch.Tensor":
    return distributions(moment.weights)


def _gradients(moment: Moment) -> "torch.Tensor":
    return distributions(moment.gradients)


def _activations(moment: Moment) -> "torch.Tensor":
    return distributions(moment.activations)


def distributions(tensors: "tuple[torch.Tensor, ...]") -> "torch.Tensor":
    """Return the distributions of T tensors [R, ...] as int32 [R, T, HEAD + BINS]."""
    rows = [tensor.flatten(1) for tensor in tensors]
    ranges = [_range(row) for row in rows]
    low = np.stack([least for least, _, _ in ranges], axis=1)
    high = np.stack([most for _, most, _ in ranges], axis=1)
    exponent, first = bins_of(low, high)
    found = np.zeros((*low.shape, HEAD + BINS), np.int32)
    found[..., 0], found[..., 1] = exponent, first
    for at, (row, (_, _, finite)) in enumerate(zip(rows, ranges, strict=True)):
        bins = _counts(row, exponent[:, at], first[:, at], finite)
        found[:, at, HEAD:] = bins
        found[:, at, 3] = bins.sum(1)
        found[:, at, 2] = row.shape[1] - found[:, at, 3]
    return torch.from_numpy(found)


def _counts(
    rows: "torch.Tensor", exponent: Integers, first: Integers, finite: "torch.Tensor | None"
) -> Integers:
    """Return the counts [R, BINS] of the finite values of rows [R, n]."""
    offset = torch.from_numpy(BINS * np.arange(len(rows)) - first)[:, None]
    if rows.dtype == torch.float32 and LEAST <= exponent.min() <= exponent.max() <= 0:
        scale = torch.from_numpy(np.ldexp(1.0, -exponent).astype(np.float32))[:, None]
        place = rows.mul(scale).floor_().add_(offset)  # exact: integers below 2^24
    else:
        place = _floor(rows.double(), torch.from_numpy(-exponent)[:, None]).add_(offset)
    seen = place.flatten() if finite is None else place[finite]
    bins = torch.bincount(seen.long(), minlength=BINS * len(rows))
    return bins.view(len(rows), BINS).numpy()


def _range(rows: "torch.Tensor") -> "tuple[Floats, Floats, torch.Tensor | None]":
    """Return the least and the greatest finite value of each row, 0 where there is none.

    The third is which values are finite, or None if all are: amin and amax pass a NaN on, so
    that they tell at a third of the price. (`torch.aminmax` costs ten times both.)
    """
    low, high = rows.amin(1).double().numpy(), rows.amax(1).double().numpy()
    if np.isfinite(low).all() and np.isfinite(high).all():
        return low, high, None
    finite = torch.isfinite(rows)
    nothing = ~finite.any(1)
    low_known = torch.where(finite, rows, torch.inf).amin(1).masked_fill(nothing, 0)
    high_known = torch.where(finite, rows, -torch.inf).amax(1).masked_fill(nothing, 0)
    return low_known.double().numpy(), high_known.double().numpy(), finite


def _floor(values: "torch.Tensor", power: "torch.Tensor") -> "torch.Tensor":
    """Return floor(values 2^power) of float64, where 2^power itself may lie beyond its range."""
    half = torch.div(power, 2, rounding_mode="floor")
    scaled = torch.ldexp(torch.ldexp(values, half), power - half)
    underflown = (scaled == 0) & (values < 0)
    return torch.floor(scaled).masked_fill_(underflown, -1)


WEIGHTS = Probe(
    key="weights",
    label="Weight distribution",
    summary="The values of each weight tensor, counted in bins that are powers of two wide.",
    source="Definition",
    unit="",
    order=60,
    axes=("replica", "tensor", "bin"),
    cadence="snapshot",
    measure=_weights,
)

GRADIENTS = Probe(
    key="gradients",
    label="Gradient distribution",
    summary="The gradients of each weight tensor, counted in bins, before clipping.",
    source="Definition",
    unit="",
    order=61,
    axes=("replica", "tensor", "bin"),
    cadence="snapshot",
    measure=_gradients,
)

ACTIVATIONS = Probe(
    key="activations",
    label="Activation distribution",
    summary="The outputs of each layer for the batch, counted in bins that are powers of two wide.",
    source="Glorot and Bengio 2010, figures 4 and 6",
    unit="",
    order=62,
    axes=("replica", "layer", "bin"),
    cadence="snapshot",
    measure=_activations,
)
