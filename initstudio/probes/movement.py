"""How far the weights move: in one update, and since the start."""

from typing import TYPE_CHECKING, NamedTuple

import lazy_loader

from initstudio.alike import each, wide
from initstudio.measurement import Moment, Probe

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
else:
    torch = lazy_loader.load("torch")


def _update_ratio(moment: Moment) -> "torch.Tensor":
    found = _movement(moment)
    return _ratio(found.updated, found.previous)


def _travel(moment: Moment) -> "torch.Tensor":
    found = _movement(moment)
    return _ratio(found.moved, found.started)


def _start_cosine(moment: Moment) -> "torch.Tensor":
    """Return the cosine by the sides of the triangle of 0, the start and what is now."""
    found = _movement(moment)
    old, new, moved = found.started, found.now, found.moved
    return (old / new + new / old - (moved / old) * (moved / new)) / 2


def _ratio(moved: "torch.Tensor", length: "torch.Tensor") -> "torch.Tensor":
    """Return how far tensors have moved over how long they were; NaN of what was 0."""
    return (moved / length).masked_fill(length == 0, torch.nan)


class _Movement(NamedTuple):
    """Lengths float64 [R, T] of weights, and of the ways between them."""

    now: "torch.Tensor"
    started: "torch.Tensor"
    moved: "torch.Tensor"
    """Since the start."""
    previous: "torch.Tensor"
    """NaN where there is none."""
    updated: "torch.Tensor"
    """In the last update."""


def _movement(moment: Moment) -> _Movement:
    """Return all lengths, worked out once and together: a call costs as much as a small layer."""
    if "movement" not in moment.shared:
        moment.shared["movement"] = _worked_out(moment)
    found: _Movement = moment.shared["movement"]
    return found


def _worked_out(moment: Moment) -> _Movement:
    now, started, previous = moment.weights, moment.started, moment.previous
    parts: list[Sequence[torch.Tensor]] = [now]
    moved = not all(torch.equal(one, other) for one, other in zip(now, started, strict=True))
    if moved:
        parts += [started, _ways(started, now)]
    if previous is not None:
        parts += [previous, _ways(previous, now)]
    together = [tensor for part in parts for tensor in part]
    lengths = list(each(together, _lengths).split(len(now), dim=1))
    if not moved:
        lengths[1:1] = [lengths[0], torch.zeros_like(lengths[0])]
    if previous is None:
        lengths += [torch.full_like(lengths[0], torch.nan)] * 2
    return _Movement(*lengths)


def _ways(before: "Sequence[torch.Tensor]", now: "Sequence[torch.Tensor]") -> "list[torch.Tensor]":
    """Return the differences, rounded as the weights are."""
    return [one - other for one, other in zip(now, before, strict=True)]


def _lengths(stacked: "torch.Tensor") -> "torch.Tensor":
    lengths: torch.Tensor = torch.linalg.vector_norm(wide(stacked), dim=2)
    return lengths


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
