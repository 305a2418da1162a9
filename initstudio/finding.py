"""What a Finding looks like: a sentence about how a contender starts, and what would mend it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, nan, sqrt
from typing import Literal, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from initstudio import edits, layer_edits
from initstudio.catalogue import Entry, NoParams, Role, TensorSpec, Value
from initstudio.experiment import Choice, Experiment, Path, Rule
from initstudio.law import Law

Severity: TypeAlias = Literal["bad", "careful", "tip"]
Floats: TypeAlias = npt.NDArray[np.float64]
DEVIATIONS = 4.0
"""Standard deviations of its logarithm that a length owes to the luck of a draw, at most."""
PER_LAYER = 5.0
"""What a layer of n units adds to the variance of a squared length, times n: that of ReLU."""


@dataclass(frozen=True, kw_only=True)
class Started:
    """One tensor and what starts it; `scheme` is "torch_default" where no rule hit it."""

    layer: str
    """Its layer's label, "3 Linear"."""
    tensor: TensorSpec
    scheme: str
    params: Mapping[str, Value]
    law: Law
    path: Path = ()
    """Where its layer stands in the network."""
    label: str = ""
    """Of the scheme."""
    activation: str = ""
    """The label of the activation function behind its layer."""
    unruled: bool = False
    """Whether no rule of the contender hit it."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What is measured or predicted of each layer that is watched, float64 [layers] each.

    Of several seeds the medians; NaN where a number is not known. `*_theory` is what theory
    predicts. `signal` is the std of the loss's gradient by a layer's outputs, and its prediction is
    relative to that by the last layer's. `from_biases` is the share of the mean square that the
    biases make, as theory has it.
    """

    labels: tuple[str, ...]
    kinds: tuple[str, ...]
    """The layers' keys in the catalogue."""
    activations: tuple[int, ...]
    """The indices of the activation functions."""
    spread: Floats
    spread_theory: Floats
    second: Floats
    from_biases: Floats
    signal: Floats
    signal_theory: Floats
    cosine: Floats
    dead: Floats
    saturated: Floats

    @property
    def normalized(self) -> bool:
        """Return whether a layer gives its outputs a size of its own, whatever the weights."""
        return not NORMALIZATIONS.isdisjoint(self.kinds)

    def at_activations(self, values: Floats) -> Floats:
        """Return the values of the activation functions."""
        chosen: Floats = values[list(self.activations)]
        return chosen

    def label(self, at: int) -> str:
        """Return the label of the activation function of that index among them."""
        return self.labels[self.activations[at]]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What is known of one contender before its first update.

    `twins` is how many units of each weight tensor equal another one, float64 [weights]. `loss` is
    the first batch's and `guess` that of guessing among equally likely classes. `stable_rate` is
    the largest learning rate with which the first steps do not grow, for the optimiser in use.
    Each is NaN where it is not known.
    """

    tensors: tuple[Started, ...]
    profile: Profile
    twins: Floats
    measured: bool = False
    """Whether it was measured; what is NaN then is not a finite number, or does not exist."""
    loss: float = nan
    guess: float = nan
    learning_rate: float = nan
    stable_rate: float = nan
    traps: tuple[tuple[str, str], ...] = ()
    """Layers' labels and what surprises people in how they are started."""
    rules: int = 0
    """Of the contender, for weights."""
    contenders: int = 2
    """That are compared."""
    narrowest: int = 1
    """Units of the narrowest layer with weights, but the last."""

    def luck(self, layers: int) -> float:
        """Return how many times less or more a length may become by the luck of a draw alone.

        The squared length after L layers of n units has the variance (1 + 5/n)^L - 1, and the
        logarithm of a length half the deviation of that of its square.
        """
        return exp(DEVIATIONS * 0.5 * sqrt(PER_LAYER * layers / max(self.narrowest, 1)))

    @property
    def weights(self) -> tuple[Started, ...]:
        """Return the tensors that are weights."""
        return tuple(one for one in self.tensors if one.tensor.role == "weight")


@dataclass(frozen=True, kw_only=True)
class Fix:
    """What would mend it; `text` says what pressing the button does.

    Another scheme for tensors of a role: of the layers at `places`, or of all, `over` whatever
    other rules say or only where none does. Layers of another kind. Another learning rate.
    """

    text: str
    role: Role = "weight"
    scheme: Choice | None = None
    places: tuple[Path, ...] = ()
    over: bool = True
    layers: tuple[str, str] | None = None
    """The key of the layers that go, and of those that come instead."""
    learning_rate: float | None = None

    @property
    def is_for_all(self) -> bool:
        """Return whether it changes what all contenders share."""
        return self.layers is not None or self.learning_rate is not None


def mend(experiment: Experiment, at: int, fix: Fix) -> Experiment:
    """Return the experiment with the contender of that index mended."""
    if fix.scheme is not None and fix.places:
        for place in fix.places:
            rule = Rule(role=fix.role, scheme=fix.scheme, position=place)
            experiment = edits.add_rule(experiment, at, rule)
    elif fix.scheme is not None:
        experiment = edits.set_scheme(experiment, at, fix.role, fix.scheme)
        if fix.over:
            experiment = edits.only_general(experiment, at, fix.role)
    if fix.layers is not None:
        old, new = fix.layers
        experiment = layer_edits.set_activation(experiment, new, {old})
    if fix.learning_rate is not None:
        training = replace(experiment.training, learning_rate=fix.learning_rate)
        experiment = replace(experiment, training=training)
    return experiment


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What was found."""

    sentence: str
    severity: Severity
    fix: Fix | None = None


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict on the contender of that slot, by the finding of that key."""

    slot: int
    finding: str
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class Finding(Entry[NoParams]):
    """A rule: `look` gives a verdict, or None where there is nothing to say."""

    params: type[NoParams] = NoParams
    look: Callable[[Evidence], Verdict | None]


def listed(labels: Sequence[str]) -> str:
    """Return "3 Linear", "3 Linear and 5 Linear", or the first with how many more there are."""
    if len(labels) <= 2:
        return " and ".join(labels)
    return f"{labels[0]} and {len(labels) - 1} more"


NORMALIZATIONS = {"batch_norm", "layer_norm", "group_norm", "instance_norm", "rms_norm"}
GAIN_FIX = Fix(
    text="Use the gain of each activation",
    role="weight",
    scheme=Choice("activation_gain"),
)
"""Keeps the mean square of the signal, whatever the activation."""
BIAS_FIX = Fix(text="Start the biases at 0", role="bias", scheme=Choice("zeros"))
TANH_FIX = Fix(text="Use tanh instead of sigmoid", layers=("sigmoid", "tanh"))
BRANCH_FIX = Fix(text="Start the branches at 0 (Fixup)", role="weight", scheme=Choice("fixup"))
"""Keeps a residual stream as it is."""


def short(value: float) -> str:
    """Return a number as a person reads it, with two digits that count: 0.53, 1.1×10⁻⁵."""
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    if -3 <= int(exponent) < 4:
        return f"{float(f'{value:.1e}'):,g}".replace("-", "−")
    mantissa = mantissa.removesuffix(".0")
    power = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return (f"10{power}" if mantissa == "1" else f"{mantissa}×10{power}").replace("-", "−")
