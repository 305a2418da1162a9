"""How far the weights move: in one update, and since the start."""

from typing import TYPE_CHECKING

import lazy_loader

from initstudio.alike import alike
from initstudio.measurement import Moment, Probe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch
else:
    torch = lazy_loader.load("torch")


def _update_ratio(moment: Moment) -> "torch.Tensor":
    if moment.previous is None:
        return torch.full((len(moment.loss), len(moment.weights)), torch.nan)
    return _compared(moment.previous, moment.weights, _ratio)


def _travel(moment: Moment) -> "torch.Tensor":
    return _compared(moment.started, moment.weights, _ratio)


def _start_cosine(moment: Moment) -> "torch.Tensor":
    return _compared(moment.started, moment.weights, _cosine)


def _compared(
    before: "Sequence[torch.Tensor]",
    now: "Sequence[torch.Tensor]",
    compare: "Callable[[torch.Tensor, torch.Tensor], torch.Tensor]",
) -> "torch.Tensor":
    """Return what a comparison of rows [R, k, n] in float64 gives of T tensors, [R, T]."""
    found = torch.empty(len(now[0]), len(now), dtype=torch.float64)
    for (places, one), (_, other) in zip(alike(before), alike(now), strict=True):
        shape = *one.shape[:2], -1
        found[:, places] = compare(one.reshape(shape).double(), other.reshape(shape).double())
    return found


def _ratio(before: "torch.Tensor", now: "torch.Tensor") -> "torch.Tensor":
    """Return how far rows have moved over how long they were; NaN of what was 0."""
    length: torch.Tensor = torch.linalg.vector_norm(before, dim=2)
    moved: torch.Tensor = torch.linalg.vector_norm(now - before, dim=2)
    return (moved / length).masked_fill(length == 0, torch.nan)


def _cosine(before: "torch.Tensor", now: "torch.Tensor") -> "torch.Tensor":
    """Return the cosine of rows before and now; NaN where one is 0."""
    lengths = torch.linalg.vector_norm(before, dim=2) * torch.linalg.vector_norm(now, dim=2)
    found: torch.Tensor = torch.linalg.vecdot(before, now, dim=2) / lengths
    return found


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
