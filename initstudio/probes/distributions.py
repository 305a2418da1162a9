"""Weights, their updates, gradients and outputs as counts in bins; see `bins.py`."""

from typing import TYPE_CHECKING

import lazy_loader
import numpy as np

from initstudio.alike import alike
from initstudio.bins import LEAST, SIZE, Array, Counts
from initstudio.counting import Floats, Indices, reading_of, readings_of
from initstudio.measurement import Moment, Probe

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
else:
    torch = lazy_loader.load("torch")

KINDS = ("weights", "gradients", "updates", "activations")
EXAMPLES = 8
FEWEST = 2**14
"""Outputs of a layer are counted for as many of the batch's first examples as give so many, and for
EXAMPLES at least: a bin's share is then known to half of one part in a hundred."""


def _weights(moment: Moment) -> "torch.Tensor":
    return _measured(moment, "weights")


def _gradients(moment: Moment) -> "torch.Tensor":
    return _measured(moment, "gradients")


def _updates(moment: Moment) -> "torch.Tensor":
    """Count what the last update added to each weight; nothing where there has been none."""
    if moment.previous is None:
        nothing = np.zeros((len(moment.loss), len(moment.weights), SIZE), np.int32)
        nothing[..., 0] = LEAST
        return torch.from_numpy(nothing)
    return _measured(moment, "updates")


def _activations(moment: Moment) -> "torch.Tensor":
    """Count the outputs for the first examples of the batch that make FEWEST values."""
    return _measured(moment, "activations")


def _measured(moment: Moment, key: str) -> "torch.Tensor":
    """Return one kind of distributions; all that are wanted are counted at once, which is less."""
    known: dict[str, torch.Tensor] = moment.shared.setdefault("distributions", {})
    if key not in known:
        kinds = {one: _values(moment, one) for one in KINDS if one == key or one in moment.wanted}
        found = distributions([tensor for values in kinds.values() for tensor in values])
        parts = found.split([len(values) for values in kinds.values()], dim=1)
        known.update(zip(kinds, parts, strict=True))
    return known[key]


def _values(moment: Moment, key: str) -> "Sequence[torch.Tensor]":
    if key == "updates":
        # rounded as the weights are: what was really added
        pairs = zip(moment.weights, moment.previous or (), strict=False)
        return [now - before for now, before in pairs]
    if key == "activations":
        return [outputs[:, : _enough(outputs)] for outputs in moment.activations]
    return moment.weights if key == "weights" else moment.gradients


def _enough(outputs: "torch.Tensor") -> int:
    """Return how many examples of outputs [R, batch, ...] are counted."""
    return max(EXAMPLES, -(-FEWEST // outputs[0, 0].numel()))


def distributions(tensors: "Sequence[torch.Tensor]") -> "torch.Tensor":
    """Return the distributions of T tensors [R, ...] as int32 [R, T, SIZE]."""
    replicas = len(tensors[0])
    found = np.zeros((replicas * len(tensors), SIZE), np.int32)
    parts: list[Floats] = []
    ends: list[tuple[Array, Array, Counts]] = []
    for places, stacked in alike(tensors):
        rows = stacked.flatten(2).flatten(0, 1).numpy()
        # a NaN is passed on, so that the ends tell which rows are finite
        low, high = rows.min(1).astype(np.float64), rows.max(1).astype(np.float64)
        at = (np.arange(replicas)[:, None] * len(tensors) + places).ravel()
        whole = np.isfinite(low) & np.isfinite(high)
        if not whole.all():
            for row in np.flatnonzero(~whole):
                found[at[row]] = reading_of(rows[row].astype(np.float64))
            rows, low, high, at = rows[whole], low[whole], high[whole], at[whole]
        if len(rows):
            parts.append(rows)
            ends.append((low, high, at))
    if parts:
        low, high, at = (np.concatenate(some) for some in zip(*ends, strict=True))
        found[at] = readings_of(parts, low, high, _tally)
    return torch.from_numpy(found.reshape(replicas, len(tensors), SIZE))


def _tally(index: Indices, weights: Array, bins: int) -> Array:
    """Sum weights by index: torch does so in less time than numpy."""
    found = torch.bincount(torch.from_numpy(index), torch.from_numpy(weights), bins)
    return np.asarray(found.numpy(), np.float64)


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
