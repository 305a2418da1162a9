"""The weights and the gradients of each layer as counts in bins; see `distribution.py`."""

from typing import TYPE_CHECKING

import lazy_loader

from initstudio.catalogue import Moment, Probe
from initstudio.distribution import BINS

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")

FINEST = 23
"""A bin is never finer than the greatest value over 2^FINEST, so that indices stay small."""


def _weights(moment: Moment) -> "torch.Tensor":
    return torch.stack([counts(tensor) for tensor in moment.weights], dim=1)


def _gradients(moment: Moment) -> "torch.Tensor":
    return torch.stack([counts(tensor) for tensor in moment.gradients], dim=1)


def counts(values: "torch.Tensor") -> "torch.Tensor":
    """Return the distribution of each row of `values` [R, ...] as int32 [R, HEAD + BINS]."""
    rows = values.flatten(1)
    finite = torch.isfinite(rows)
    all_finite = bool(finite.all())
    low, high = _range(rows, finite, all_finite=all_finite)
    exponent, first = _bins(low, high)
    # a power of two scales exactly, and twice half of it never leaves the range of a float
    half = torch.div(-exponent, 2, rounding_mode="floor")
    scaled = torch.ldexp(torch.ldexp(rows, half[:, None]), (-exponent - half)[:, None])
    place = (torch.floor(scaled) - first[:, None]).nan_to_num_(0, 0, 0).long()
    place += BINS * torch.arange(len(rows))[:, None]
    seen = place.flatten() if all_finite else place[finite]
    found = torch.bincount(seen, minlength=BINS * len(rows)).view(len(rows), BINS)
    known = finite.sum(1)
    head = torch.stack([exponent, first.long(), rows.shape[1] - known, known], dim=1)
    return torch.cat([head, found], dim=1).int()


def _range(
    rows: "torch.Tensor", finite: "torch.Tensor", *, all_finite: bool
) -> "tuple[torch.Tensor, torch.Tensor]":
    """Return the least and the greatest finite value of each row; 0 where there is none."""
    if all_finite:
        low, high = torch.aminmax(rows, dim=1)
        return low.double(), high.double()
    inf = torch.inf
    low = torch.where(finite, rows, inf).amin(1).double()
    high = torch.where(finite, rows, -inf).amax(1).double()
    some = finite.any(1)
    return low.where(some, torch.zeros_like(low)), high.where(some, torch.zeros_like(high))


def _bins(low: "torch.Tensor", high: "torch.Tensor") -> "tuple[torch.Tensor, torch.Tensor]":
    """Return the least exponent for which BINS bins hold [low, high], and the first bin."""
    greatest = torch.maximum(low.abs(), high.abs())
    greatest = torch.where(greatest > 0, greatest, torch.ones_like(greatest))
    finest = torch.frexp(greatest)[1].long() - FINEST
    spread = (high / 2 - low / 2) / (BINS / 2)  # halved first: the difference may overflow
    spread = torch.where(spread > 0, spread, torch.full_like(spread, 2.0**-1074))
    exponent = torch.maximum(torch.frexp(spread)[1].long() - 1, finest)
    for _ in range(2):  # a range that straddles one edge more needs the next power
        width = torch.ldexp(torch.ones_like(low), exponent)
        needed = torch.floor(high / width) - torch.floor(low / width)
        exponent = exponent + (needed >= BINS).long()
    width = torch.ldexp(torch.ones_like(low), exponent)
    return exponent, torch.floor(low / width)


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
