"""Weights, their updates, gradients and outputs as counts in bins; see `distribution.py`."""

from typing import TYPE_CHECKING, TypeAlias

import lazy_loader
import numpy as np
import numpy.typing as npt

from initstudio.alike import alike
from initstudio.distribution import BINS, HEAD, LEAST, bins_of
from initstudio.measurement import Moment, Probe

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
else:
    torch = lazy_loader.load("torch")

Integers: TypeAlias = npt.NDArray[np.int64]

EXAMPLES = 8
FEWEST = 2**14
"""Outputs of a layer are counted for as many of the batch's first examples as give so many, and for
EXAMPLES at least: a bin's share is then known to half of one part in a hundred."""


def _weights(moment: Moment) -> "torch.Tensor":
    return distributions(moment.weights)


def _gradients(moment: Moment) -> "torch.Tensor":
    return distributions(moment.gradients)


def _updates(moment: Moment) -> "torch.Tensor":
    """Count what the last update added to each weight; nothing where there has been none."""
    now, previous = moment.weights, moment.previous
    if previous is None:
        nothing = np.zeros((len(moment.loss), len(now), HEAD + BINS), np.int32)
        nothing[..., 0] = LEAST
        return torch.from_numpy(nothing)
    # rounded as the weights are: what was really added
    return distributions([one - before for one, before in zip(now, previous, strict=True)])


def _activations(moment: Moment) -> "torch.Tensor":
    """Count the outputs for the first examples of the batch that make FEWEST values."""
    return distributions(tuple(outputs[:, : _enough(outputs)] for outputs in moment.activations))


def _enough(outputs: "torch.Tensor") -> int:
    """Return how many examples of outputs [R, batch, ...] are counted."""
    return max(EXAMPLES, -(-FEWEST // outputs[0, 0].numel()))


def distributions(tensors: "Sequence[torch.Tensor]") -> "torch.Tensor":
    """Return the distributions of T tensors [R, ...] as int32 [R, T, HEAD + BINS]."""
    parts = [(places, some.flatten(2)) for places, some in alike(tensors)]
    # amin and amax pass a NaN on, so that they tell which are finite at a third of the price;
    # `torch.aminmax` costs ten times both
    low = torch.cat([rows.amin(2) for _, rows in parts], dim=1).double()
    high = torch.cat([rows.amax(2) for _, rows in parts], dim=1).double()
    masks: list[torch.Tensor | None] = [None] * len(parts)
    if not bool(torch.isfinite(high - low).all()):
        masks = [torch.isfinite(rows) for _, rows in parts]
        ranges = [
            _range(rows, mask)
            for (_, rows), mask in zip(parts, masks, strict=True)
            if mask is not None
        ]
        low, high = (torch.cat(ends, dim=1).double() for ends in zip(*ranges, strict=True))
    exponent, first = bins_of(low.numpy(), high.numpy())
    found = np.zeros((*exponent.shape, HEAD + BINS), np.int32)
    order = [place for places, _ in parts for place in places]
    found[:, order, 0], found[:, order, 1] = exponent, first
    start = 0
    for (places, rows), mask in zip(parts, masks, strict=True):
        at = slice(start, start := start + len(places))
        found[:, places, HEAD:] = _counts(rows, exponent[:, at], first[:, at], mask)
    found[..., 3] = found[..., HEAD:].sum(2)
    found[..., 2] = [tensor[0].numel() for tensor in tensors] - found[..., 3]
    return torch.from_numpy(found)


def _counts(
    rows: "torch.Tensor", exponent: Integers, first: Integers, finite: "torch.Tensor | None"
) -> Integers:
    """Return the counts [R, k, BINS] of the finite values of rows [R, k, n]."""
    offset = BINS * np.arange(first.size).reshape(first.shape) - first
    place = _places(rows, exponent).add_(torch.from_numpy(offset)[..., None])
    seen = place.flatten() if finite is None else place[finite]
    bins = torch.bincount(seen.int(), minlength=BINS * first.size)
    return bins.view(*first.shape, BINS).numpy()


def _places(rows: "torch.Tensor", exponent: Integers) -> "torch.Tensor":
    """Return floor(v / 2^exponent) of the values v of rows [R, k, n]."""
    if rows.dtype == torch.float32 and LEAST <= exponent.min() <= exponent.max() <= 0:
        scale = torch.from_numpy(np.ldexp(1.0, -exponent).astype(np.float32))[..., None]
        return rows.mul(scale).floor_()  # exact: integers below 2^24
    return _floor(rows.double(), torch.from_numpy(-exponent)[..., None])


def _range(rows: "torch.Tensor", finite: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor]":
    """Return the least and the greatest finite value of rows [R, k, n], 0 where there is none."""
    nothing = ~finite.any(2)
    low = torch.where(finite, rows, torch.inf).amin(2).masked_fill(nothing, 0)
    high = torch.where(finite, rows, -torch.inf).amax(2).masked_fill(nothing, 0)
    return low, high


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
    summary="The outputs of each layer, counted in bins that are powers of two wide; of a large "
    "layer for the first examples of the batch.",
    source="Glorot and Bengio 2010, figures 4 and 6",
    unit="",
    order=62,
    axes=("replica", "layer", "bin"),
    cadence="snapshot",
    measure=_activations,
)

UPDATES = Probe(
    key="updates",
    label="Update distribution",
    summary="What the last update added to the values of each weight tensor, counted in bins; "
    "nothing before the first.",
    source="Definition",
    unit="",
    order=63,
    axes=("replica", "tensor", "bin"),
    cadence="snapshot",
    measure=_updates,
)
