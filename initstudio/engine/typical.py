"""What is typical of a network: the activation and the width of the cells of its map."""

from collections import Counter
from collections.abc import Iterable
from statistics import median

from initstudio.engine.network import PlannedLayer
from initstudio.experiment import Choice

WIDTH = 64
"""Of a network without Linear layers of its own."""


def activation_of(layers: Iterable[PlannedLayer]) -> Choice:
    """Return the activation that the network has most often; tanh if it has none."""
    counted = Counter(
        (layer.layer.key, tuple(sorted(layer.values.items())))
        for layer in layers
        if layer.layer and layer.layer.group == "Activation"
    )
    if not counted:
        return Choice("tanh")
    key, values = counted.most_common(1)[0][0]
    return Choice(key, dict(values))


def width_of(layers: Iterable[PlannedLayer]) -> int:
    """Return the median of the units of the network's Linear layers; 64 if it has none."""
    found = [
        int(layer.values["units"])
        for layer in layers
        if layer.layer and layer.layer.key == "linear" and "units" in layer.values
    ]
    return int(median(found)) if found else WIDTH
