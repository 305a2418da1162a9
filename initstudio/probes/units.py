"""Which units of the activation functions do nothing: those that are dead, and saturated values.

NaN at layers that are no activation function, and where nothing can be told.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import lazy_loader

from initstudio.alike import alike, each
from initstudio.catalogue import Value
from initstudio.measurement import Moment, Probe

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")

Ends: TypeAlias = tuple[float, float]

ENDS: dict[str, Ends] = {
    "tanh": (-1, 1),
    "sigmoid": (0, 1),
    "softsign": (-1, 1),
    "hardsigmoid": (0, 1),
    "relu6": (0, 6),
}
"""Where activation functions level off on both sides."""
MARGIN = 1 / 80
"""Part of the range, at each end, that counts as saturated: there the slope of tanh and sigmoid is
below 4.94 % of their steepest."""


def _dead(moment: Moment) -> "torch.Tensor":
    """Return the share of units [R, layer] that give one number for the whole batch.

    Units are the channels of an image, the features of a sequence, whichever axis counts them
    (`Watched.channels_first`); a unit has a value for each example and each position.
    """
    places = [at for at, layer in enumerate(moment.layers) if layer.activates]
    outputs = [moment.activations[at] for at in places]
    first = [moment.layers[at].channels_first for at in places]
    found = _nothing(moment)
    for some, stacked in alike(outputs, first):
        found[:, [places[at] for at in some]] = _constant(stacked, channels_first=first[some[0]])
    return found


def _constant(stacked: "torch.Tensor", *, channels_first: bool) -> "torch.Tensor":
    """Return the share [R, k] of constant units in outputs [R, k, batch, ...]; NaN of one value."""
    values = stacked.transpose(3, -1) if channels_first else stacked
    values = values.flatten(2, -2)
    if values.shape[2] < 2:
        return torch.full(values.shape[:2], torch.nan, dtype=torch.float64)
    low, high = values.amin(2), values.amax(2)
    return ((low == high) & torch.isfinite(low)).double().mean(2)


def _saturated(moment: Moment) -> "torch.Tensor":
    """Return the share of values [R, layer] that lie close to an end of the function's range."""
    ends = [_ends(layer.key, layer.params) for layer in moment.layers]
    found = _nothing(moment)
    for kind in dict.fromkeys(ends):
        if kind is not None:
            places = [at for at, one in enumerate(ends) if one == kind]
            found[:, places] = _close(moment.activations, places, kind)
    return found


def _close(
    activations: "Sequence[torch.Tensor]", places: Sequence[int], ends: Ends
) -> "torch.Tensor":
    """Return the share [R, places] of values within the margin of one of both ends."""
    low, high = ends
    middle, half = (low + high) / 2, (high - low) / 2
    reach = half - MARGIN * (high - low)

    def share(stacked: "torch.Tensor") -> "torch.Tensor":
        # 0 and 1 in place: counting booleans costs four times as much
        away = (stacked - middle).abs_().ge_(reach)
        return away.reshape(*away.shape[:2], -1).mean(2).double()

    return each([activations[at] for at in places], share)


def _ends(key: str, params: Mapping[str, Value]) -> Ends | None:
    """Return the ends of the range of an activation function that levels off at both."""
    match key:
        case "hardtanh":
            return float(params["min_val"]), float(params["max_val"])
        case "scaled_tanh":
            amplitude = abs(float(params["amplitude"]))
            return -amplitude, amplitude
    return ENDS.get(key)


def _nothing(moment: Moment) -> "torch.Tensor":
    shape = len(moment.loss), len(moment.layers)
    return torch.full(shape, torch.nan, dtype=torch.float64)


DEAD = Probe(
    key="dead",
    label="Dead units by layer",
    summary="Share of an activation function's units, or channels, that give the same number for "
    "every example and position of the batch.",
    source="Lu et al. 2020, Dying ReLU and initialization; Maas, Hannun and Ng 2013, section 2",
    unit="",
    order=53,
    axes=("replica", "layer"),
    cadence="snapshot",
    measure=_dead,
)

SATURATED = Probe(
    key="saturated",
    label="Saturated values by layer",
    summary="Share of the outputs of an activation function with two ends, such as tanh, that lie "
    "within 1/80 of its range from one of them.",
    source="Glorot and Bengio 2010, section 3 and figures 2 and 3",
    unit="",
    order=54,
    axes=("replica", "layer"),
    cadence="snapshot",
    measure=_saturated,
)
