"""What starts each parameter tensor, in words and numbers: the answer to "what does it do here?".

It loads no torch; what was measured of a start comes with the readings of step 0.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from initstudio.catalogue import Role
from initstudio.engine.assignment import Assignment, assign
from initstudio.engine.network import PlannedLayer
from initstudio.engine.traps import traps_of
from initstudio.experiment import Contender, Rule
from initstudio.law import Law
from initstudio.layers import LAYERS

ROLES: dict[Role, str] = {
    "weight": "weights",
    "bias": "biases",
    "scale": "scales",
    "shift": "shifts",
    "slope": "slopes",
}
SUSPECT = 1e-4
"""A right draw is called wrong once in so many times."""


@dataclass(frozen=True, kw_only=True)
class Inspected:
    """One parameter tensor of one contender; `trap` is "" where nothing surprises."""

    parameter: str
    layer: str
    assignment: Assignment
    rule: str
    scheme: str
    formula: str
    """The scheme's formula, and what it comes to with the numbers filled in."""
    law: Law | None
    target: str
    """The law as a person writes it, U(-0.125, 0.125); or why the tensor cannot have the scheme.

    Where the network multiplies the tensor, it is N(0, 1²) × 0.125 = N(0, 0.125²).
    """
    source: str
    trap: str


def inspect(contender: Contender, layers: tuple[PlannedLayer, ...]) -> tuple[Inspected, ...]:
    """Return a row for each tensor of the layers, in their order."""
    return tuple(_inspected(contender, one) for one in assign(contender, layers))


def law_in_words(law: Law) -> str:
    """Return a distribution as a person writes it, with its numbers."""
    texts = {
        "uniform": f"U({number(law.low)}, {number(law.high)})",
        "normal": f"N({number(law.mean)}, {number(law.std)}²)",
        "constant": number(law.mean),
        "truncated normal": f"normal cut to [{number(law.low)}, {number(law.high)}]",
        "orthogonal": "orthogonal",
        "sparse normal": "normal with zeros",
        "fixed": "fixed",
        "mixed": "parts drawn differently",
        "own": "as its own code draws",
    }
    return texts[law.kind]


def verdict(chance: float, law: Law | None = None) -> str:
    """Return in words whether a draw is as its target says, by the probability of straying so."""
    if not isfinite(chance):
        untested = {"own": "drawn by its own code", "mixed": "its parts differ"}
        return f"not tested: {untested.get(law.kind if law else '', 'tuned since')}"
    if chance >= SUSPECT:
        return "exact" if chance == 1 else f"as it should be (p = {chance:.2g})"
    return f"strays (p = {chance:.1g})"


def rule_in_words(rule: Rule) -> str:
    """Return which tensors a rule is for: "weights of Linear"."""
    words = [ROLES[rule.role]]
    if rule.layer is not None:
        label = LAYERS[rule.layer].label if rule.layer in LAYERS else rule.layer
        words.append(f"of {label}")
    if rule.position is not None:
        words.append("at " + ".".join(str(at + 1) for at in rule.position))
    if rule.parameter is not None:
        words.append(f"named {rule.parameter}")
    return " ".join(words) if len(words) > 1 else f"all {words[0]}"


def number(value: float) -> str:
    """Return a number with four digits that count."""
    return f"{value:.4g}".replace("-", "−")


def _inspected(contender: Contender, one: Assignment) -> Inspected:
    rule = "no rule: as PyTorch starts it"
    if one.rule is not None:
        rule = f"rule {one.rule + 1}: {rule_in_words(contender.rules[one.rule])}"
    refused = one.scheme.refuses(one.params, one.tensor) if one.scheme else None
    trap = "" if refused else " ".join(traps_of(one))
    return Inspected(
        parameter=one.parameter,
        layer=one.layer.label,
        assignment=one,
        rule=rule,
        scheme=one.scheme.label if one.scheme else "PyTorch default",
        formula=refused or _filled(one),
        law=None if refused else one.law,
        target=refused or _target(one),
        source=one.scheme.source if one.scheme else "",
        trap=trap,
    )


def _target(one: Assignment) -> str:
    """Return what the network starts with; where it is multiplied, first what is drawn."""
    if one.multiplier == 1:
        return law_in_words(one.law)
    return f"{law_in_words(one.drawn)} × {number(one.multiplier)} = {law_in_words(one.law)}"


def _filled(one: Assignment) -> str:
    """Return the formula with the tensor's numbers in it, and what it comes to."""
    comes_to = f"{_target(one)}, std {number(one.law.std)}"
    if one.scheme is None:
        return comes_to
    formula = one.scheme.formula
    known = _known(one)
    pattern = r"\b(" + "|".join(sorted(known, key=len, reverse=True)) + r")\b"
    numbers = re.sub(pattern, lambda found: number(known[found[0]]), formula)
    return f"{formula}\n= {numbers}\n= {comes_to}" if numbers != formula else comes_to


def _known(one: Assignment) -> Mapping[str, float]:
    tensor = one.tensor
    known: dict[str, float] = {"fan_in": tensor.fan_in, "fan_out": tensor.fan_out}
    for name in one.params.__struct_fields__ if one.params else ():
        value = getattr(one.params, name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            known[name] = value
    mode = getattr(one.params, "mode", "")
    if mode in known:
        known["fan"] = known[mode]
    return known
