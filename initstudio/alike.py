"""Statistics of many tensors at once: those of one shape are stacked, as a call costs much.

A call of torch costs microseconds, as much as the work of a small layer. A large tensor is taken by
itself, and not copied.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from math import sqrt
from typing import TYPE_CHECKING

import lazy_loader

from initstudio.catalogue import TensorSpec

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")

MOST = 2**15
"""Values that are stacked, at most: in float64 they fit into the nearest caches."""
PARTED = 1e-6
"""Part of the mean square below which a variance is not taken as the rest of two large numbers."""
COLUMNS = frozenset({"embedding", "position"})
"""Layers each of whose units has a column of the weight: a row is what one token adds."""


def each(
    tensors: "Sequence[torch.Tensor]",
    statistic: "Callable[[torch.Tensor], torch.Tensor]",
    kinds: Sequence[object] = (),
) -> "torch.Tensor":
    """Return a statistic of each of T tensors [R, ...], [R, T, ...].

    `statistic` gets k of them that are of one shape (and kind, where `kinds` are given), stacked
    [R, k, ...], and returns [R, k, ...].
    """
    found: list[torch.Tensor | None] = [None] * len(tensors)
    for places, stacked in alike(tensors, kinds):
        for place, one in zip(places, statistic(stacked).unbind(1), strict=True):
            found[place] = one
    return torch.stack([one for one in found if one is not None], dim=1)


def alike(
    tensors: "Sequence[torch.Tensor]", kinds: Sequence[object] = ()
) -> "Iterator[tuple[list[int], torch.Tensor]]":
    """Yield those of one shape and kind together: their places, and them stacked [R, k, ...]."""
    groups: dict[object, list[int]] = {}
    for place, tensor in enumerate(tensors):
        kind = kinds[place] if kinds else None
        groups.setdefault((tensor.shape, kind), []).append(place)
    for places in groups.values():
        count = max(1, MOST // max(1, tensors[places[0]].numel()))
        for start in range(0, len(places), count):
            some = places[start : start + count]
            if len(some) == 1:
                yield some, tensors[some[0]].unsqueeze(1)
            else:
                yield some, torch.stack([tensors[place] for place in some], dim=1)


def wide(stacked: "torch.Tensor") -> "torch.Tensor":
    """Return tensors [R, k, ...] as rows [R, k, n] of float64.

    In float32 the squares of 1e-23 vanish and those of 1e20 overflow.
    """
    return stacked.flatten(2).double()


def moments(tensors: "Sequence[torch.Tensor]") -> "torch.Tensor":
    """Return mean, mean square and standard deviation of T tensors [R, ...], [R, T, 3]."""

    def sums(stacked: torch.Tensor) -> torch.Tensor:
        rows = _wide_for_now(stacked)
        return torch.stack([rows.mean(2), torch.linalg.vector_norm(rows, dim=2)], dim=2)

    def spread(stacked: torch.Tensor) -> torch.Tensor:
        rows = wide(stacked)
        away = rows - rows.mean(2, keepdim=True)
        lengths: torch.Tensor = torch.linalg.vector_norm(away, dim=2)
        return lengths / sqrt(rows.shape[2])

    mean, lengths = each(tensors, sums).unbind(2)
    second = lengths.square() / torch.tensor([one[0].numel() for one in tensors])
    variance = second - mean.square()
    clear = variance > PARTED * second
    std = torch.where(clear, variance, 0).sqrt()
    # nearly constant ones, and those that are no numbers
    places = (~clear).any(0).nonzero()[:, 0].tolist()
    if places:
        std[:, places] = each([tensors[place] for place in places], spread)
    return torch.stack([mean, second, std], dim=2)


def _wide_for_now(stacked: "torch.Tensor") -> "torch.Tensor":
    """Return what `wide` does, in memory that the next call writes anew.

    Memory that is asked for anew each time is given back to the system in between, and each of its
    pages costs as much as the work on it.
    """
    flat = stacked.flatten(2)
    if flat.numel() > MOST or flat.device.type != "cpu":
        return flat.double()
    return _scratch()[: flat.numel()].view(flat.shape).copy_(flat)


@cache
def _scratch() -> "torch.Tensor":
    return torch.empty(MOST, dtype=torch.float64)


def by_unit(weight: "torch.Tensor", tensor: TensorSpec | None) -> "torch.Tensor":
    """Return a weight [R, *shape] as [R, groups, units, weights]: a row for each unit's inputs.

    Units of different groups of a convolution do not see the same; elsewhere there is one group.
    The rows of a unit's gates are one. A vector is one unit's. Without
    what is known of the tensor, each row is a unit.
    """
    rows: torch.Tensor
    if weight.dim() < 3:
        rows = weight.reshape(len(weight), 1, 1, -1)
    elif tensor is None:
        rows = weight.flatten(2).unsqueeze(1)
    elif tensor.layer.startswith("conv_transpose"):
        # torch keeps [inputs, outputs of a group, *window]
        rows = weight.unflatten(1, (tensor.groups, -1)).transpose(2, 3).flatten(3)
    elif tensor.layer in COLUMNS:
        rows = weight.flatten(1, -2).transpose(1, 2).unsqueeze(1)
    elif tensor.gates > 1:
        gated = weight.flatten(2).unflatten(1, (tensor.gates, -1))
        rows = gated.transpose(1, 2).flatten(2).unsqueeze(1)
    else:
        rows = weight.unflatten(1, (tensor.groups, -1)).flatten(3)
    return rows
