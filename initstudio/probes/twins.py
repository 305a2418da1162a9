"""How many units are the same as another one: they stay so for ever, as they learn the same."""

from typing import TYPE_CHECKING

import lazy_loader

from initstudio.alike import alike, by_unit
from initstudio.measurement import Moment, Probe

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")

SEED = 20
"""Of the numbers that rows are hashed by."""


def _measure(moment: Moment) -> "torch.Tensor":
    """Return the number of units [R, tensor] whose incoming weights are those of another unit.

    Of the weights alone, whatever the biases. A unit is what gives one output: an output channel
    of any convolution, a feature of an embedding, all gates of a recurrent unit. Units of different
    groups of a convolution see different inputs, and are no twins. Weights that are not numbers
    equal nothing.
    """
    found = torch.zeros(len(moment.loss), len(moment.weights), dtype=torch.float64)
    kinds = moment.tensors or [None] * len(moment.weights)
    alikes = [kind and (kind.layer, kind.gates, kind.groups) for kind in kinds]
    for places, stacked in alike(moment.weights, alikes):
        rows = by_unit(stacked.flatten(0, 1), kinds[places[0]])
        found[:, places] = _twins(rows).view(-1, len(places))
    return found


def _twins(rows: "torch.Tensor") -> "torch.Tensor":
    """Return how many units [m] of [m, groups, units, weights] equal another of their group."""
    count = torch.zeros(len(rows), dtype=torch.float64)
    # twins have the same first weight, which two of a thousand others share by chance
    first = rows[..., 0].sort(dim=2).values
    doubtful = (first[..., 1:] == first[..., :-1]).flatten(1).any(1).nonzero()[:, 0]
    if len(doubtful):
        count[doubtful] = _counted(rows[doubtful])
    return count


def _counted(rows: "torch.Tensor") -> "torch.Tensor":
    """Return the same by all of the weights: rows of one hash are compared."""
    order = _hashes(rows).sort(dim=2)
    at, group, place = (order.values[..., 1:] == order.values[..., :-1]).nonzero(as_tuple=True)
    one = rows[at, group, order.indices[at, group, place]]
    other = rows[at, group, order.indices[at, group, place + 1]]
    same = (one == other).all(1)
    twin = torch.zeros(rows.shape[:3], dtype=torch.float64)
    at, group, place = at[same], group[same], place[same]
    twin[at, group, place] = 1
    twin[at, group, place + 1] = 1
    return twin.sum((1, 2))


def _hashes(rows: "torch.Tensor") -> "torch.Tensor":
    """Return one int64 for each row: the same for equal rows, and hardly ever for others."""
    whole = torch.int32 if rows.dtype == torch.float32 else torch.int64
    bits = (rows.contiguous() + 0.0).view(whole).long()  # + 0.0: -0 equals 0
    generator = torch.Generator().manual_seed(SEED)
    factors = torch.randint(-(2**62), 2**62, (rows.shape[3],), generator=generator) | 1
    return (bits * factors).sum(3)


TWINS = Probe(
    key="twins",
    label="Identical units by layer",
    summary="Number of units whose incoming weights are exactly those of another unit of the same "
    "layer.",
    source="Goodfellow, Bengio and Courville 2016, Deep Learning, section 8.4",
    unit="units",
    order=65,
    axes=("replica", "tensor"),
    cadence="snapshot",
    measure=_measure,
)
