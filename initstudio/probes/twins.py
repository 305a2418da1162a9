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
    rows = [by_unit(one, kind) for one, kind in zip(moment.weights, kinds, strict=True)]
    # twins have the same first weight, which two of a thousand others share by chance
    for places, first in alike([one[..., 0] for one in rows]):
        ordered = first.sort(dim=3).values
        same = (ordered[..., 1:] == ordered[..., :-1]).flatten(2).any(2)
        for replica, at in same.nonzero().tolist():
            found[replica, places[at]] = _counted(rows[places[at]][replica])
    return found


def _counted(rows: "torch.Tensor") -> int:
    """Return how many units of [groups, units, weights] equal another one of their group."""
    order = _hashes(rows).sort(dim=1)
    group, place = (order.values[:, 1:] == order.values[:, :-1]).nonzero(as_tuple=True)
    one = rows[group, order.indices[group, place]]
    other = rows[group, order.indices[group, place + 1]]
    same = (one == other).all(1)
    group, place = group[same], place[same]
    twin = torch.zeros(rows.shape[:2], dtype=torch.bool)
    twin[group, place] = True
    twin[group, place + 1] = True
    return int(twin.sum())


def _hashes(rows: "torch.Tensor") -> "torch.Tensor":
    """Return an int64 for each row: the same for equal rows, and hardly ever for others."""
    whole = torch.int32 if rows.dtype == torch.float32 else torch.int64
    bits = (rows.contiguous() + 0.0).view(whole).long()  # + 0.0: -0 equals 0
    generator = torch.Generator().manual_seed(SEED)
    factors = torch.randint(-(2**62), 2**62, rows.shape[-1:], generator=generator) | 1
    return (bits * factors).sum(-1)


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
