"""What mean-field theory says of a start: signal, gradient and similarity, before any training.

Weights are independent, with mean 0; each unit sums many of them, so that pre-activations are
normal, with a variance q that depends on the example alone (Poole et al. 2016, eq. 3; He et al.
2015, section 2.2), and two examples have a covariance that depends on theirs (Poole et al. 2016,
eq. 5). Gradients are taken to be independent of the signal (Schoenholz et al. 2017, eq. 7 and 9).
Only means and variances of the weights' distributions matter. Where theory is silent there is NaN,
and from there on; of gradients, from there back to the front. It loads no torch.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import nan, prod
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from initstudio.averages import averages_of
from initstudio.engine.moments import (
    COMPARED,
    CONVOLUTIONS,
    Back,
    Floats,
    Signal,
    batch_normalized,
    example_normalized,
    input_signal,
    meetings,
    pairs_of,
    unknown,
)
from initstudio.engine.network import PlannedLayer
from initstudio.engine.plan import Plan

if TYPE_CHECKING:
    from initstudio.engine.assignment import Assignment

QUANTITIES = ("activation_std", "activation_second", "second_from_biases", "signal_std", "cosine")
DRAWN = {"normal", "uniform", "truncated normal", "orthogonal", "sparse normal"}
"""Kinds of laws that are centred draws, all that theory needs to know of weights."""
SHAPES = {"flatten", "unflatten", "as_sequence"}
PER_EXAMPLE = {"layer_norm", "rms_norm"}
SLOPE = (0.25, 0.0, "constant")
"""Mean, variance and kind of what torch starts PReLU with, which the averages are for."""
SILENT = 1e-20
"""An input whose averages are defined, and which is nothing beside any bias."""


def predictions(
    plan: Plan, contender: int, x: npt.NDArray[Any], *, compared: bool = True
) -> dict[str, Floats]:
    """Return what is predicted of the layers that are watched, for a batch, float64 [layers] each.

    "activation_std": the root of the mean over draws of the variance of a layer's outputs, over the
    batch and units together. "activation_second": their mean square. "second_from_biases": the part
    of that which there would be for an input of 0, if what normalizes divided as it does.
    "signal_std": the root of the mean square of the loss's gradient by the outputs, over that by
    the outputs of the last layer. "cosine": the mean cosine of the outputs of each pair of the
    first 8 examples.

    Unless examples are `compared` there are no cosines, which is quicker. NaN where theory is
    silent: after attention, recurrent layers and pooling, for weights that are not centred draws,
    and where a tuning has looked at data.
    """
    whole = _Follower(plan, contender)
    alone = _Follower(plan, contender, beside=whole)
    something = _comes_of_nothing(plan, contender)
    if plan.tunings[contender] is None and np.issubdtype(x.dtype, np.floating):
        # batch normalization takes away what examples have in common
        normalized = any(one.layer and one.layer.key == "batch_norm" for one in plan.layers)
        signal = input_signal(x)
        whole.run(signal if compared or normalized else replace(signal, pairs=None))
        if something:
            alone.run(input_signal(np.full((1, *x.shape[1:]), SILENT)))
    signals = [whole.found.get(layer.module) for layer in plan.watched]
    silent = [alone.found.get(layer.module) for layer in plan.watched]
    back = np.array([whole.gradients.get(layer.module, nan) for layer in plan.watched])
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        second = np.array([one.square.mean() if one else nan for one in signals])
        from_biases = np.array([one.square.mean() if one else nan for one in silent])
        return {
            "activation_std": np.array([one.std if one else nan for one in signals]),
            "activation_second": second,
            "second_from_biases": from_biases if something else 0 * second,
            "signal_std": np.sqrt(back / back[-1]) if len(back) else back,
            "cosine": np.array([one.cosine if one else nan for one in signals]),
        }


def _comes_of_nothing(plan: Plan, contender: int) -> bool:
    """Return whether an input of 0 would give anything: by biases, or activations with phi(0)."""
    for one in plan.assignments[contender]:
        if one.tensor.role in {"bias", "shift"} and (one.law.std or one.law.mean):
            return True
    for layer in plan.layers:
        if layer.layer and layer.layer.group == "Activation":
            try:
                if not averages_of(layer.layer.key, layer.values).passes_zero:
                    return True
            except ValueError:
                return True
    return False


def predicted_stds(plan: Plan, contender: int, x: npt.NDArray[Any]) -> Floats:
    """Return "activation_std" of the `predictions`, float64 [layers]."""
    return predictions(plan, contender, x)["activation_std"]


class _Follower:
    """Follows a signal through all layers, and the gradient back."""

    def __init__(self, plan: Plan, contender: int, beside: "_Follower | None" = None) -> None:
        """`beside`: has followed the whole signal, of which this one follows a part."""
        self._network, self._beside = plan.network, beside
        self._assigned: dict[str, dict[str, Assignment]] = {}
        for one in plan.assignments[contender]:
            self._assigned.setdefault(one.layer.module, {})[one.tensor.name] = one
        self.found: dict[str, Signal] = {}
        """By the layer's module, what leaves it."""
        self.gradients: dict[str, float] = {}
        """By the layer's module, the mean square of the gradient by what leaves it."""
        self.divisors: dict[str, float] = {}
        """By a normalization's module, what it divides the mean square by, over the examples."""

    def run(self, signal: Signal) -> None:
        """Follow a signal to the end; and the gradient, from there back as far as is known."""
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            out, back = self._follow(self._network, signal)
            if out is not None:
                back(np.ones_like(out.square))

    def _follow(
        self, layers: Sequence[PlannedLayer], signal: Signal | None
    ) -> tuple[Signal | None, Back]:
        """Return what leaves the last layer, None where theory is silent, and the way back."""
        steps: list[tuple[str, Back]] = []
        for layer in layers:
            signal, back = self._through(layer, signal) if signal else (None, unknown)
            if signal is None:
                return None, unknown
            self.found[layer.module] = signal
            steps.append((layer.module, back))

        def all_back(gradient: Floats) -> Floats | None:
            known: Floats | None = gradient
            for module, back in reversed(steps):
                if known is None:
                    return None
                # of copies that share no name, each notes its own
                self.gradients[module] = float(known.mean())
                known = back(known)
            return known

        return signal, all_back

    def _through(self, layer: PlannedLayer, signal: Signal) -> tuple[Signal | None, Back]:
        key = layer.layer.key if layer.layer else ""
        params: Any = layer.params
        found: tuple[Signal | None, Back] = None, unknown
        if key in SHAPES:
            found = signal, lambda gradient: gradient
        elif key in {"linear", "output"} or key in CONVOLUTIONS:
            found = self._weighted(layer, "", signal)
        elif layer.layer and layer.layer.group == "Activation":
            found = self._activated(layer, signal)
        elif key == "dropout":
            # two examples have masks of their own, so that their product stays
            kept = 1 - params.p
            dropped = replace(signal, square=signal.square / kept, centred=False)
            found = dropped, lambda gradient: gradient / kept
        elif key == "batch_norm" or key in PER_EXAMPLE:
            found = self._normalized(layer, key, signal)
        elif key == "repeat":
            found = self._follow([one for body in layer.bodies for one in body], signal)
        elif key == "residual":
            found = self._added(layer, signal)
        return found

    def _law(self, layer: PlannedLayer, name: str) -> tuple[float, float, str] | None:
        """Return mean, variance and kind of what starts a tensor; None where there is none."""
        one = self._assigned.get(layer.module, {}).get(name)
        return None if one is None else (one.law.mean, one.law.std**2, one.law.kind)

    def _weighted(
        self, layer: PlannedLayer, prefix: str, signal: Signal
    ) -> tuple[Signal | None, Back]:
        weight, bias = self._law(layer, f"{prefix}weight"), self._law(layer, f"{prefix}bias")
        if weight is None:
            return None, unknown
        mean, variance, kind = weight
        zero = kind == "constant" and mean == 0
        if not (zero or (kind in DRAWN and mean == 0)):
            return None, unknown
        (tensor,) = (one for one in layer.tensors if one.name == f"{prefix}weight")
        covered, spread_to = meetings(layer) if not prefix else (1.0, 1.0)
        by = tensor.fan_in * covered * variance
        shift = added = 0.0
        if bias is not None:
            shift, spread, how = bias
            if shift and how != "constant":
                return None, unknown
            added = spread + shift**2
        square = by * signal.square + added
        # of an image, two places of one example differ as two examples do
        is_image = layer.layer is not None and layer.layer.key in CONVOLUTIONS
        pairs = None if is_image or signal.pairs is None else by * signal.pairs + added
        out = Signal(square, np.full_like(square, shift), pairs, centred=not shift)
        # how many products each input is in: the outputs of its group, in each place that sees it
        back = tensor.shape[0] / tensor.groups * prod(tensor.shape[2:]) * spread_to * variance
        return out, lambda gradient: gradient * back

    def _activated(self, layer: PlannedLayer, signal: Signal) -> tuple[Signal | None, Back]:
        slope = self._law(layer, "weight")
        if not signal.centred or layer.layer is None or slope not in {None, SLOPE}:
            return None, unknown
        try:
            averages = averages_of(layer.layer.key, layer.values)
            mean, square, rise = averages.moments(signal.square)
            pairs = signal.pairs
            if pairs is not None:
                compared = signal.square[:COMPARED]
                pairs = averages.products(compared, pairs_of(len(compared)), pairs)
        except ValueError:
            return None, unknown
        return Signal(square, mean, pairs), lambda gradient: gradient * rise

    def _normalized(
        self, layer: PlannedLayer, key: str, signal: Signal
    ) -> tuple[Signal | None, Back]:
        params: Any = layer.params
        scale, shift = self._law(layer, "weight"), self._law(layer, "bias")
        plain = scale in {None, (1.0, 0.0, "constant")} and shift in {None, (0.0, 0.0, "constant")}
        if not plain:
            return None, unknown
        if self._beside:
            return self._normalized_beside(layer, key, signal), unknown
        centre = key == "layer_norm"
        if centre and prod(layer.shape_in or (1,)) == 1:
            return None, unknown  # one unit, of which nothing is left
        if key == "batch_norm":
            found = batch_normalized(signal, params.eps)
        else:
            found = example_normalized(signal, params.eps, centre=centre)
        if found is None:
            return None, unknown
        out, variance = found
        if variance is None:
            return out, unknown
        self.divisors[layer.module] = float(np.mean(variance))
        return out, lambda gradient: gradient / variance

    def _normalized_beside(self, layer: PlannedLayer, key: str, signal: Signal) -> Signal | None:
        """Return what a normalization leaves of a part of the signal, divided as the whole is."""
        if key == "batch_norm":
            # what all examples share is taken away
            return Signal(np.full_like(signal.square, SILENT), 0 * signal.mean, None, centred=True)
        if self._beside is None or layer.module not in self._beside.divisors:
            return None
        middle = signal.mean if key == "layer_norm" else 0 * signal.mean
        square = np.maximum(signal.square - middle**2, SILENT)
        divisor = self._beside.divisors[layer.module]
        mean = (signal.mean - middle) / np.sqrt(divisor)
        return Signal(square / divisor, mean, None, signal.centred)

    def _added(self, layer: PlannedLayer, signal: Signal) -> tuple[Signal | None, Back]:
        params: Any = layer.params
        branch, through_branch = self._follow(layer.bodies[0], signal)
        if branch is None or not branch.centred:
            # what is skipped and what is added must not depend on one another
            return None, unknown
        factor = params.branch_scale
        if params.learned:
            scale = self._law(layer, "scale")
            if scale is None or scale[2] != "constant":
                return None, unknown
            factor *= scale[0]
        skipped: Signal | None = signal
        skipped_back: Back = _same
        if self._law(layer, "projection.weight") is not None:
            skipped, skipped_back = self._weighted(layer, "projection.", signal)
        if skipped is None:
            return None, unknown
        skip, kept = params.skip_scale**2, factor**2
        pairs = None
        if skipped.pairs is not None and branch.pairs is not None:
            pairs = skip * skipped.pairs + kept * branch.pairs
        out = Signal(
            skip * skipped.square + kept * branch.square,
            params.skip_scale * skipped.mean,
            pairs,
            skipped.centred,
        )

        def back(gradient: Floats) -> Floats | None:
            inside, beside = through_branch(kept * gradient), skipped_back(skip * gradient)
            return None if inside is None or beside is None else inside + beside

        return out, back


def _same(gradient: Floats) -> Floats | None:
    return gradient
