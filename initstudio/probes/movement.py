"""How far the weights move: in one update, and since the start."""

from typing import TYPE_CHECKING

import lazy_loader

from initstudio.alike import each, wide
from initstudio.measurement import Moment, Probe

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
else:
    torch = lazy_loader.load("torch")


def _update_ratio(moment: Moment) -> "torch.Tensor":
    if moment.previous is None:
        return torch.full((len(moment.loss), len(moment.weights)), torch.nan)
    return _compared(moment.previous, moment.weights)[..., 0]


def _travel(moment: Moment) -> "torch.Tensor":
    return _since_start(moment)[..., 0]


def _start_cosine(moment: Moment) -> "torch.Tensor":
    return _since_start(moment)[..., 1]


def _since_start(moment: Moment) -> "torch.Tensor":
    """Return travel and cosine [R, T, 2], worked out once."""
    if "since start" not in moment.shared:
        found = _compared(moment.started, moment.weights)
        moment.shared["since start"] = found
    kept: torch.Tensor = moment.shared["since start"]
    return kept


def _compared(before: "Sequence[torch.Tensor]", now: "Sequence[torch.Tensor]") -> "torch.Tensor":
    """Return how far T tensors have moved and the cosine of both, [R, T, 2]; NaN of what was 0."""
    new = _lengths(now)
    if all(torch.equal(one, other) for one, other in zip(now, before, strict=True)):
        old, moved = new, torch.zeros_like(new)  # before the first update, at a third of the price
    else:
        # rounded as the weights are
        moved = _lengths([one - other for one, other in zip(now, before, strict=True)])
        old = _lengths(before)
    ratio = moved / old
    cosine = (old / new + new / old - ratio * (moved / new)) / 2
    return torch.stack([ratio.masked_fill(old == 0, torch.nan), cosine], dim=2)


def _lengths(tensors: "Sequence[torch.Tensor]") -> "torch.Tensor":
    return each(tensors, lambda some: torch.linalg.vector_norm(wide(some), dim=2))


UPDATE_RATIO = Probe(
    key="update_ratio",
    label="Update to weight ratio by layer",
    summary="Length of the last update of each weight tensor over the length of the tensor before "
    "it; about 0.001 is healthy.",
    source="Karpathy 2015, CS231n Convolutional Neural Networks for Visual Recognition, "
    "Ratio of weights:updates",
    unit="",
    order=66,
    axes=("replica", "tensor"),
    cadence="snapshot",
    measure=_update_ratio,
)

TRAVEL = Probe(
    key="travel",
    label="Distance from the start by layer",
    summary="Length of the way from each weight tensor's start to where it is, over the length of "
    "its start.",
    source="Chizat, Oyallon and Bach 2019, On lazy training in differentiable programming",
    unit="",
    order=67,
    axes=("replica", "tensor"),
    cadence="snapshot",
    measure=_travel,
)

START_COSINE = Probe(
    key="start_cosine",
    label="Cosine with the start by layer",
    summary="Cosine of each weight tensor and its start, each taken as one long row of numbers.",
    source="Definition",
    unit="",
    order=68,
    axes=("replica", "tensor"),
    cadence="snapshot",
    measure=_start_cosine,
)
