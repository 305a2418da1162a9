"""A signal as theory follows it: its moments for each example, and what some layers make of them.

They are the parts of `theory.py` that need no plan. It loads no torch.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import nan
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from initstudio.engine.network import PlannedLayer

Floats: TypeAlias = npt.NDArray[np.float64]
Back: TypeAlias = Callable[[Floats], "Floats | None"]
"""Gives the mean square of the gradient by what comes in [n], from that by what goes out."""


COMPARED = 8
"""Examples of which each pair is compared."""
CONVOLUTIONS = {"conv1d": 1, "conv2d": 2, "conv3d": 3, "depthwise": 2}


@dataclass(frozen=True)
class Signal:
    """Second moment and mean of what leaves a layer, over its units, for each example [n].

    `pairs` is the mean over the units of the product of two examples [m], for each pair of the
    first few; None where it is not known. `centred`: each unit is normal around 0 over draws of
    the weights, and independent of all that went before.
    """

    square: Floats
    mean: Floats
    pairs: Floats | None = None
    centred: bool = False

    @property
    def std(self) -> float:
        """Return the standard deviation over examples and units together."""
        return float(np.sqrt(np.maximum(self.square.mean() - self.mean.mean() ** 2, 0.0)))

    @property
    def cosine(self) -> float:
        """Return the mean cosine of the pairs; NaN where it is not known."""
        if self.pairs is None or not len(self.pairs):
            return nan
        one, other = sides(self.square)
        return float((self.pairs / np.sqrt(one * other)).mean())


def input_signal(x: npt.NDArray[Any]) -> Signal:
    """Return the signal of a batch of real numbers [examples, ...]."""
    rows = x.reshape(len(x), -1).astype(np.float64)
    compared = rows[:COMPARED]
    products = compared @ compared.T / rows.shape[1]
    pairs = products[pairs_of(len(compared))]
    return Signal((rows**2).mean(1), rows.mean(1), pairs)


def batch_normalized(signal: Signal, eps: float) -> tuple[Signal, Floats | None] | None:
    """Return a signal over whose examples each unit has mean 0 and variance 1, but for eps.

    And what its mean square is divided by, None where only that is not known; None where nothing
    is. What all examples share, the mean of their products, is taken away (Yang et al. 2019, A mean
    field theory of batch normalization); so a rectifier before it makes gradients grow by
    pi / (pi - 1).
    """
    if not signal.centred or len(signal.square) < 2:
        return None  # of other signals each channel has a mean and a spread of its own
    zeros = np.zeros_like(signal.mean)
    if signal.pairs is None:
        square = signal.square / (signal.square.mean() + eps)
        return Signal(square, zeros, None, centred=True), None
    shared = float(signal.pairs.mean())
    variance = np.maximum(signal.square.mean() - shared, 0.0) + eps
    square = np.maximum(signal.square - shared, 0.0) / variance
    pairs = (signal.pairs - shared) / variance
    return Signal(square, zeros, pairs, centred=True), variance


def example_normalized(signal: Signal, eps: float, *, centre: bool) -> tuple[Signal, Floats]:
    """Return a signal of which each example has mean square 1, but for eps.

    And what its mean square is divided by. Its mean is taken away or not.
    """
    middle = signal.mean if centre else np.zeros_like(signal.mean)
    spread = np.maximum(signal.square - middle**2, 0.0)
    variance = spread + eps
    pairs = signal.pairs
    if pairs is not None:
        (one, other), (low, high) = sides(variance), sides(middle)
        pairs = (pairs - low * high) / np.sqrt(one * other)
    mean = (signal.mean - middle) / np.sqrt(variance)
    return Signal(spread / variance, mean, pairs, signal.centred), variance


def meetings(layer: PlannedLayer) -> tuple[float, float]:
    """Return the share of a window's values, over all its places, that are no padding.

    And how many places see an input, on the average, over the values of a window.
    """
    key = layer.layer.key if layer.layer else ""
    params: Any = layer.params
    if key not in CONVOLUTIONS or not layer.shape_in:
        return 1.0, 1.0
    dilation = getattr(params, "dilation", 1)
    covered, seen = 1.0, 1.0
    for side in layer.shape_in[1:]:
        reach = dilation * (params.kernel - 1) + 1
        starts = np.arange(0, side + 2 * params.padding - reach + 1, params.stride)
        places = starts[:, None] + dilation * np.arange(params.kernel) - params.padding
        inside = (places >= 0) & (places < side)
        covered *= float(inside.mean())
        seen *= float(inside.sum()) / (side * params.kernel)
    return covered, seen


def sides(values: Floats) -> tuple[Floats, Floats]:
    """Return the values [n] of the first and of the second example of each pair [m]."""
    one, other = pairs_of(min(COMPARED, len(values)))
    return values[one], values[other]


@cache
def pairs_of(count: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the indices of both sides of each pair of so many."""
    one, other = np.triu_indices(count, 1)
    return one, other


def unknown(_gradient: Floats) -> Floats | None:
    """Return the way back of a gradient through what theory is silent of."""
    return None
