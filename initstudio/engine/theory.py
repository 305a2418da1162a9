"""What mean-field theory says of a start: how far each layer's outputs spread, before any training.

Weights are independent, with mean 0; each unit sums many of them, so that pre-activations are
normal, with a variance q that depends on the example alone (Poole et al. 2016, eq. 3; He et al.
2015, section 2.2). Only means and variances of the weights' distributions matter. Where theory is
silent there is NaN, and from there on. It loads no torch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import nan, prod
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from initstudio import gaussian
from initstudio.engine.assignment import Assignment
from initstudio.engine.network import PlannedLayer
from initstudio.engine.plan import Plan

Floats: TypeAlias = npt.NDArray[np.float64]

DRAWN = {"normal", "uniform", "truncated normal", "orthogonal", "sparse normal"}
"""Kinds of laws that are centred draws, all that theory needs to know of weights."""
SHAPES = {"flatten", "unflatten", "as_sequence"}
CONVOLUTIONS = {"conv1d": 1, "conv2d": 2, "conv3d": 3, "depthwise": 2}
PER_EXAMPLE = {"layer_norm", "rms_norm"}
SLOPE = (0.25, 0.0, "constant")
"""Mean, variance and kind of what torch starts PReLU with, which the averages are for."""
GRID = 48
"""Variances for which an activation's moments are computed; between them they are interpolated."""


@dataclass(frozen=True)
class Signal:
    """Second moment and mean of what leaves a layer, over its units, for each example [n].

    `centred`: each unit is normal around 0 over draws of the weights, and independent of all that
    went before.
    """

    square: Floats
    mean: Floats
    centred: bool = False

    @property
    def std(self) -> float:
        """Return the standard deviation over examples and units together."""
        return float(np.sqrt(max(0.0, self.square.mean() - self.mean.mean() ** 2)))


def input_signal(x: npt.NDArray[Any]) -> Signal:
    """Return the signal of a batch of real numbers [examples, ...]."""
    rows = x.reshape(len(x), -1).astype(np.float64)
    return Signal((rows**2).mean(1), rows.mean(1))


def predicted_stds(plan: Plan, contender: int, x: npt.NDArray[Any]) -> Floats:
    """Return the std of the outputs of each layer that is watched, for a batch, float64 [layers].

    It is the root of the mean over draws of the variance; NaN where theory is silent: after
    attention, recurrent layers and pooling, for weights that are not centred draws, and where a
    tuning has looked at data.
    """
    found: dict[str, float] = {}
    if plan.tunings[contender] is None and np.issubdtype(x.dtype, np.floating):
        by_layer: dict[str, dict[str, Assignment]] = {}
        for one in plan.assignments[contender]:
            by_layer.setdefault(one.layer.module, {})[one.tensor.name] = one
        _Follower(by_layer, found).follow(plan.network, input_signal(x))
    return np.array([found.get(layer.module, nan) for layer in plan.watched])


class _Follower:
    """Follows a signal through layers and notes the std of each."""

    def __init__(
        self, assigned: Mapping[str, Mapping[str, Assignment]], found: dict[str, float]
    ) -> None:
        self._assigned = assigned
        self._found = found

    def follow(self, layers: Sequence[PlannedLayer], signal: Signal | None) -> Signal | None:
        """Return what leaves the last layer; None where theory is silent."""
        for layer in layers:
            signal = self._through(layer, signal) if signal else None
            if signal is None:
                return None
            self._found[layer.module] = signal.std
        return signal

    def _through(self, layer: PlannedLayer, signal: Signal) -> Signal | None:
        key = layer.layer.key if layer.layer else ""
        params: Any = layer.params
        found: Signal | None = None
        if key in SHAPES:
            found = signal
        elif key in {"linear", "output"} or key in CONVOLUTIONS:
            found = self._weighted(layer, "", signal, _covered(layer))
        elif layer.layer and layer.layer.group == "Activation":
            found = self._activated(layer, signal)
        elif key == "dropout":
            found = replace(signal, square=signal.square / (1 - params.p), centred=False)
        elif key == "batch_norm" or key in PER_EXAMPLE:
            found = self._normalized(layer, key, signal)
        elif key == "repeat":
            found = signal
            for body in layer.bodies:
                found = self.follow(body, found)
        elif key == "residual":
            found = self._added(layer, signal)
        return found

    def _law(self, layer: PlannedLayer, name: str) -> tuple[float, float, str] | None:
        """Return mean, variance and kind of what starts a tensor; None where there is none."""
        one = self._assigned.get(layer.module, {}).get(name)
        return None if one is None else (one.law.mean, one.law.std**2, one.law.kind)

    def _weighted(
        self, layer: PlannedLayer, prefix: str, signal: Signal, covered: float = 1.0
    ) -> Signal | None:
        weight, bias = self._law(layer, f"{prefix}weight"), self._law(layer, f"{prefix}bias")
        if weight is None:
            return None
        mean, variance, kind = weight
        zero = kind == "constant" and mean == 0
        if not (zero or (kind in DRAWN and mean == 0)):
            return None
        (tensor,) = (one for one in layer.tensors if one.name == f"{prefix}weight")
        square = tensor.fan_in * covered * variance * signal.square
        shift = 0.0
        if bias is not None:
            shift, spread, how = bias
            if shift and how != "constant":
                return None
            square = square + spread + shift**2
        return Signal(square, np.full_like(square, shift), centred=not shift)

    def _activated(self, layer: PlannedLayer, signal: Signal) -> Signal | None:
        slope, params = self._law(layer, "weight"), layer.params
        if not signal.centred or layer.layer is None or slope not in {None, SLOPE}:
            return None
        values = (
            {name: getattr(params, name) for name in params.__struct_fields__} if params else {}
        )
        try:
            mean, square = _moments(layer.layer.key, values, signal.square)
        except ValueError:
            return None
        return Signal(square, mean)

    def _normalized(self, layer: PlannedLayer, key: str, signal: Signal) -> Signal | None:
        scale, shift = self._law(layer, "weight"), self._law(layer, "bias")
        if scale not in {None, (1.0, 0.0, "constant")} or shift not in {
            None,
            (0.0, 0.0, "constant"),
        }:
            return None
        if key == "layer_norm":
            ones = np.ones_like(signal.square)
            return Signal(ones, np.zeros_like(ones), signal.centred)
        if key == "rms_norm":
            root = np.sqrt(signal.square)
            return Signal(np.ones_like(root), signal.mean / root, signal.centred)
        if not signal.centred:
            return None  # of other signals each channel has a mean and a spread of its own
        return Signal(
            signal.square / signal.square.mean(), np.zeros_like(signal.mean), centred=True
        )

    def _added(self, layer: PlannedLayer, signal: Signal) -> Signal | None:
        params: Any = layer.params
        branch = self.follow(layer.bodies[0], signal)
        if branch is None or not branch.centred:
            return None  # what is skipped and what is added must not depend on one another
        factor = params.branch_scale
        if params.learned:
            scale = self._law(layer, "scale")
            if scale is None or scale[2] != "constant":
                return None
            factor *= scale[0]
        skipped: Signal | None = signal
        if self._law(layer, "projection.weight") is not None:
            skipped = self._weighted(layer, "projection.", signal)
        if skipped is None:
            return None
        return Signal(
            params.skip_scale**2 * skipped.square + factor**2 * branch.square,
            params.skip_scale * skipped.mean,
            skipped.centred,
        )


def _covered(layer: PlannedLayer) -> float:
    """Return the share of a window's values, over all its places, that are no padding."""
    key = layer.layer.key if layer.layer else ""
    params: Any = layer.params
    if key not in CONVOLUTIONS or not layer.shape_in or not params.padding:
        return 1.0
    dilation = getattr(params, "dilation", 1)
    shares = []
    for side in layer.shape_in[1:]:
        reach = dilation * (params.kernel - 1) + 1
        starts = np.arange(0, side + 2 * params.padding - reach + 1, params.stride)
        places = starts[:, None] + dilation * np.arange(params.kernel) - params.padding
        shares.append(float(((places >= 0) & (places < side)).mean()))
    return prod(shares)


def _moments(key: str, params: Mapping[str, object], q: Floats) -> tuple[Floats, Floats]:
    """Return E[phi] and E[phi^2] of an activation for signals of variances q [n].

    Raises:
        ValueError: The activation is not known.
    """
    low, high = float(q.min()), float(q.max())
    if not (low > 0 and np.isfinite(high)):
        message = "a signal that is 0 or infinite has no averages"
        raise ValueError(message)
    if high / low < 1 + 1e-9:
        mean, square, _ = gaussian.moments(key, params, low)
        return np.full_like(q, mean), np.full_like(q, square)
    grid = np.geomspace(low, high, GRID)
    means, squares = np.array([gaussian.moments(key, params, one)[:2] for one in grid]).T
    # relative to the signal, which is the same for every variance where an activation is like ReLU
    places, at = np.log(grid), np.log(q)
    mean = np.interp(at, places, means / np.sqrt(grid)) * np.sqrt(q)
    return mean, np.interp(at, places, squares / grid) * q
