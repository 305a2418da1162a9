"""Edits of an experiment's contenders and choices, as pure functions: `Experiment -> Experiment`.

Those of its network are in `layer_edits.py`. They know the structure of an Experiment and no
catalogue.
"""

from collections.abc import Collection
from math import sqrt
from typing import Any

import msgspec
from msgspec.structs import replace

from initstudio.catalogue import Entry, Role, Value
from initstudio.errors import ExperimentError
from initstudio.experiment import MAX_CONTENDERS, Choice, Contender, Experiment, Rule

# Choices: an entry of a catalogue with values for its parameters.


def with_param(choice: Choice, name: str, value: Value) -> Choice:
    """Return the choice with one parameter changed."""
    return replace(choice, params={**choice.params, name: value})


def rechosen(choice: Choice, entry: Entry[Any]) -> Choice:
    """Return `entry` with the values of `choice` that it takes too, each within its limits."""
    kept: dict[str, Value] = {}
    names = {field.name for field in msgspec.structs.fields(entry.params)}
    for name in names & choice.params.keys():
        try:
            entry.parse({name: choice.params[name]})
        except ExperimentError:
            continue  # the other entry has narrower limits: its own default stands
        kept[name] = choice.params[name]
    return Choice(entry.key, {name: kept[name] for name in choice.params if name in kept})


# Contenders.


def next_slot(experiment: Experiment) -> int:
    """Return the lowest slot, and so colour, that no contender has.

    Raises:
        ExperimentError: There are as many contenders as there can be.
    """
    taken = {contender.slot for contender in experiment.contenders}
    for slot in range(MAX_CONTENDERS):
        if slot not in taken:
            return slot
    raise ExperimentError(
        "$.experiment.contenders", f"There are {MAX_CONTENDERS} contenders already, and no more."
    )


def unique_name(experiment: Experiment, wanted: str, besides: int | None = None) -> str:
    """Return `wanted`, or it with the first number that makes it unlike all names in use.

    The contender at `besides` may have it already.
    """
    others = enumerate(experiment.contenders)
    taken = {contender.name for at, contender in others if at != besides}
    name, number = wanted[:60], 1
    while name in taken:
        number += 1
        end = f" {number}"
        name = wanted[: 60 - len(end)] + end
    return name


def add_contender(experiment: Experiment, name: str, weight: Choice, bias: Choice) -> Experiment:
    """Return the experiment with one more contender: a scheme for all weights, one for all biases.

    Raises:
        ExperimentError: There are as many contenders as there can be.
    """
    rules = (Rule(role="weight", scheme=weight), Rule(role="bias", scheme=bias))
    new = Contender(name=unique_name(experiment, name), slot=next_slot(experiment), rules=rules)
    return replace(experiment, contenders=(*experiment.contenders, new))


def contender_at(
    experiment: Experiment, weight_variance: float, bias_variance: float
) -> Experiment:
    """Return the experiment with a contender at a point of the phase diagram.

    Its weights have the variance `weight_variance` / fan_in, its biases `bias_variance`.

    Raises:
        ExperimentError: There are as many contenders as there can be.
    """
    sigma_w, sigma_b = float(f"{sqrt(weight_variance):.6g}"), float(f"{sqrt(bias_variance):.6g}")
    name = f"σw² {weight_variance:.3g}, σb² {bias_variance:.3g}"
    values: dict[str, Value] = {"critical": False, "sigma_w": sigma_w, "sigma_b": sigma_b}
    bias = Choice("sigma_b", {"sigma_b": sigma_b}) if sigma_b else Choice("zeros")
    return add_contender(experiment, name, Choice("edge_of_chaos", values), bias)


def duplicate_contender(experiment: Experiment, at: int) -> Experiment:
    """Return the experiment with a copy of a contender right behind it, in a colour of its own.

    Raises:
        ExperimentError: There are as many contenders as there can be.
    """
    every = experiment.contenders
    name = unique_name(experiment, every[at].name)
    copy = replace(every[at], name=name, slot=next_slot(experiment))
    return replace(experiment, contenders=(*every[: at + 1], copy, *every[at + 1 :]))


def remove_contenders(experiment: Experiment, positions: Collection[int]) -> Experiment:
    """Return the experiment without these contenders."""
    kept = (one for at, one in enumerate(experiment.contenders) if at not in positions)
    return replace(experiment, contenders=tuple(kept))


def move_contenders(experiment: Experiment, positions: Collection[int], to: int) -> Experiment:
    """Return the experiment with these contenders before the one that is at `to`."""
    order = moved(len(experiment.contenders), positions, to)
    return replace(experiment, contenders=tuple(experiment.contenders[at] for at in order))


def rename_contender(experiment: Experiment, at: int, name: str) -> Experiment:
    """Return the experiment with a contender renamed, unlike all others; an empty name is none."""
    wanted = " ".join(name.split())
    if not wanted:
        return experiment
    return _with_contender(experiment, at, name=unique_name(experiment, wanted, at))


def set_hidden(experiment: Experiment, at: int, *, hidden: bool) -> Experiment:
    """Return the experiment with a contender hidden from the plots, or shown."""
    return _with_contender(experiment, at, hidden=hidden)


def general_rule(contender: Contender, role: Role) -> int | None:
    """Return the index of the rule that starts all tensors of a role, or None."""
    found = [
        at
        for at, rule in enumerate(contender.rules)
        if rule.role == role and (rule.layer, rule.position, rule.parameter) == (None, None, None)
    ]
    return found[-1] if found else None


def other_rules(contender: Contender) -> list[int]:
    """Return the numbers of the rules that are not the general ones for weights and biases."""
    general = {general_rule(contender, "weight"), general_rule(contender, "bias")}
    return [number for number in range(len(contender.rules)) if number not in general]


def set_scheme(experiment: Experiment, at: int, role: Role, scheme: Choice) -> Experiment:
    """Return the experiment with another scheme for all tensors of a role of one contender.

    Where there was no such rule it becomes the first, so that all others still win over it.
    """
    rules = list(experiment.contenders[at].rules)
    rule = general_rule(experiment.contenders[at], role)
    if rule is None:
        rules.insert(0, Rule(role=role, scheme=scheme))
    else:
        rules[rule] = replace(rules[rule], scheme=scheme)
    return _with_contender(experiment, at, rules=tuple(rules))


def only_general(experiment: Experiment, at: int, role: Role) -> Experiment:
    """Return the experiment with the general rule for a role of one contender as its only one."""
    contender = experiment.contenders[at]
    kept = general_rule(contender, role)
    rules = enumerate(contender.rules)
    left = tuple(rule for number, rule in rules if rule.role != role or number == kept)
    return _with_contender(experiment, at, rules=left)


def add_rule(experiment: Experiment, at: int, rule: Rule) -> Experiment:
    """Return the experiment with one more rule of a contender, the last: so it wins over all."""
    rules = (*experiment.contenders[at].rules, rule)
    return _with_contender(experiment, at, rules=rules)


def set_rule_scheme(experiment: Experiment, at: int, number: int, scheme: Choice) -> Experiment:
    """Return the experiment with another scheme in one rule of a contender."""
    rules = list(experiment.contenders[at].rules)
    rules[number] = replace(rules[number], scheme=scheme)
    return _with_contender(experiment, at, rules=tuple(rules))


def remove_rule(experiment: Experiment, at: int, number: int) -> Experiment:
    """Return the experiment without one rule of a contender."""
    rules = experiment.contenders[at].rules
    return _with_contender(experiment, at, rules=(*rules[:number], *rules[number + 1 :]))


def move_rule(experiment: Experiment, at: int, number: int, by: int) -> Experiment:
    """Return the experiment with one rule moved by so many places; a later one wins."""
    rules = list(experiment.contenders[at].rules)
    rule = rules.pop(number)
    rules.insert(min(max(number + by, 0), len(rules)), rule)
    return _with_contender(experiment, at, rules=tuple(rules))


def set_tuning(experiment: Experiment, at: int, tuning: Choice | None) -> Experiment:
    """Return the experiment with another tuning of one contender, or with none."""
    return _with_contender(experiment, at, tuning=tuning)


def moved(count: int, positions: Collection[int], to: int) -> list[int]:
    """Return the order of `count` things after those at `positions` went before the one at `to`."""
    rest = [at for at in range(count) if at not in positions]
    start = sum(at < to for at in rest)
    return [*rest[:start], *sorted(positions), *rest[start:]]


def _with_contender(experiment: Experiment, at: int, **changes: object) -> Experiment:
    contenders = list(experiment.contenders)
    contenders[at] = replace(contenders[at], **changes)
    return replace(experiment, contenders=tuple(contenders))
