"""What a Finding looks like: one sentence about how a contender starts, and what would mend it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from initstudio.catalogue import Entry, NoParams, Role, TensorSpec, Value
from initstudio.experiment import Choice
from initstudio.law import Law

Severity: TypeAlias = Literal["bad", "careful"]
Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Started:
    """One tensor and what starts it; `scheme` is "torch_default" where no rule hit it."""

    layer: str
    """Its layer's label, "3 Linear"."""
    tensor: TensorSpec
    scheme: str
    params: Mapping[str, Value]
    law: Law


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What is known of one contender before its first update.

    `spread` and `theory` are the std of the outputs of each activation function, measured and
    predicted, in order; empty where the start was not measured. `from_biases` is the share of the
    variance there that theory gives to the biases, for inputs of mean square 1; NaN where it is
    silent. `loss` is the first batch's and `guess` that of guessing among equally likely classes;
    NaN where not known.
    """

    tensors: tuple[Started, ...]
    activations: tuple[str, ...]
    """The labels of the activation functions, "2 ReLU"."""
    spread: Floats
    theory: Floats
    from_biases: Floats
    loss: float
    guess: float

    @property
    def weights(self) -> tuple[Started, ...]:
        """Return the tensors that are weights."""
        return tuple(one for one in self.tensors if one.tensor.role == "weight")


@dataclass(frozen=True, kw_only=True)
class Fix:
    """Another scheme for all tensors of a role; `text` says what pressing the button does."""

    text: str
    role: Role
    scheme: Choice


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


GAIN_FIX = Fix(
    text="Use the gain of each activation",
    role="weight",
    scheme=Choice("activation_gain"),
)
"""Keeps the mean square of the signal, whatever the activation."""


def short(value: float) -> str:
    """Return a number as a person reads it, with two digits that count: 0.53, 1.1×10⁻⁵."""
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    if -3 <= int(exponent) < 4:
        return f"{float(f'{value:.1e}'):,g}".replace("-", "−")
    mantissa = mantissa.removesuffix(".0")
    power = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return (f"10{power}" if mantissa == "1" else f"{mantissa}×10{power}").replace("-", "−")
