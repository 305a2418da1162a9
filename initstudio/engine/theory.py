"""What mean-field theory says of a start: how far each layer's outputs spread, before any training.

Weights are independent, with mean 0; each unit sums many of them, so that pre-activations are
normal, with a variance q that depends on the example alone (Poole et al. 2016, eq. 3; He et al.
2015, section 2.2). Only means and variances of the weights' distributions matter. Where theory is
silent there is NaN, and from there on. It loads no torch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
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
HOMOGENEOUS = {"linear", "relu", "leaky_relu", "prelu", "rrelu"}
"""Activations that multiply the spread by the same number, however small or great it is."""
PER_DECADE, FIRST, LAST = 100, -8, 8
"""Variances for which an activation's moments are computed, and the decades of the outermost."""


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


def predictions(plan: Plan, contender: int, x: npt.NDArray[Any]) -> dict[str, Floats]:
    """Return all that is predicted, float64 [watched layers] each, by the keys of `Moment.theory`.

    "activation_std": `predicted_stds`.
    """
    return {"activation_std": predicted_stds(plan, contender, x)}


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
        slope = self._law(layer, "weight")
        if not signal.centred or layer.layer is None or slope not in {None, SLOPE}:
            return None
        try:
            mean, square = _moments(layer.layer.key, layer.values, signal.square)
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

    They are interpolated between the nodes of one grid for all; beyond its ends an activation is
    taken for a line or a constant.

    Raises:
        ValueError: The activation is not known.
    """
    if not (q.min() > 0 and np.isfinite(q.max())):
        message = "a signal that is 0 or infinite has no averages"
        raise ValueError(message)
    known = tuple(sorted(params.items()))
    if key in HOMOGENEOUS:
        mean, slope = _at_node(key, known, 0)
        return mean * np.sqrt(q), (slope + mean**2) * q
    first, last = FIRST * PER_DECADE, LAST * PER_DECADE
    place = np.clip(np.log10(q) * PER_DECADE, first, last)
    below = np.minimum(np.floor(place).astype(np.int64), last - 1)
    nodes = {int(at): _at_node(key, known, int(at)) for at in np.union1d(below, below + 1)}
    low, high = (np.array([nodes[int(at)] for at in one]) for one in (below, below + 1))
    share = (place - below)[:, None]
    means, slopes = ((1 - share) * low + share * high).T
    edge = 10.0 ** (place / PER_DECADE)  # q itself, inside of the grid
    far = np.sqrt(q / edge)
    flat_low, flat_high = _is_flat(key, known)
    means = means * np.where(place <= first, 1 if flat_low else far, 1)
    means = means * np.where(place >= last, 1 if flat_high else far, 1)
    variances = slopes * np.where((place >= last) & flat_high, edge, q)
    return means, variances + means**2


@lru_cache(maxsize=16_384)
def _at_node(key: str, params: tuple[tuple[str, object], ...], at: int) -> tuple[float, float]:
    """Return E[phi] and Var[phi] / q at q = 10^(at / PER_DECADE)."""
    q = 10.0 ** (at / PER_DECADE)
    mean, square, _ = gaussian.moments(key, dict(params), q)
    return mean, max(square - mean**2, 0.0) / q


@lru_cache(maxsize=256)
def _is_flat(key: str, params: tuple[tuple[str, object], ...]) -> tuple[bool, bool]:
    """Return whether it has another value than 0 at 0, and whether it ends at constants."""
    at_zero = abs(_at_node(key, params, FIRST * PER_DECADE)[0]) > 10 * 10 ** (FIRST / 2)
    outer, inner = (_at_node(key, params, end * PER_DECADE)[1] for end in (LAST, LAST - 1))
    return at_zero, outer < inner / 2
