"""Edits of an experiment, as pure functions: `Experiment -> Experiment`.

They know the structure of an Experiment and no catalogue; a function that needs to know what an
entry is (which layers are activations) is told. A rule that names a layer by its position follows
that layer through every edit, and goes with it when it is deleted.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from initstudio.catalogue import Entry, Role, Value
from initstudio.errors import ExperimentError
from initstudio.experiment import MAX_CONTENDERS, Choice, Contender, Experiment, Rule

Network = tuple[Choice, ...]
T = TypeVar("T")

LINEAR = "linear"
OUTPUT = "output"
MAX_DEPTH = 200
HIDDEN = (Choice(LINEAR, {"units": 64}), Choice("relu"))
"""What a network without hidden layers grows by."""


# Choices: an entry of a catalogue with values for its parameters.


def with_param(choice: Choice, name: str, value: Value) -> Choice:
    """Return the choice with one parameter changed."""
    return Choice(choice.key, {**choice.params, name: value})


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


# The network.


def place_for_new(network: Network, after: int | None) -> int:
    """Return where a new layer goes: after that layer; but before an Output that ends the network.

    None stands for no place in particular, so the end.
    """
    at = len(network) if after is None else after + 1
    ends = bool(network) and network[-1].key == OUTPUT
    return min(at, len(network) - 1) if ends else at


def insert_layers(experiment: Experiment, at: int, layers: Sequence[Choice]) -> Experiment:
    """Return the experiment with `layers` put in before the layer that is at `at`."""
    order = _order(experiment)
    return _rearranged(experiment, [*order[:at], *layers, *order[at:]])


def remove_layers(experiment: Experiment, positions: Collection[int]) -> Experiment:
    """Return the experiment without these layers."""
    return _rearranged(experiment, [at for at in _order(experiment) if at not in positions])


def move_layers(experiment: Experiment, positions: Collection[int], to: int) -> Experiment:
    """Return the experiment with these layers, in their order, before the one that is at `to`."""
    return _rearranged(experiment, moved(len(experiment.network), positions, to))


def duplicate_layers(experiment: Experiment, positions: Collection[int]) -> Experiment:
    """Return the experiment with copies of these layers behind the last of them."""
    copies = [experiment.network[at] for at in sorted(positions)]
    return insert_layers(experiment, max(positions) + 1, copies)


def set_network(experiment: Experiment, network: Network) -> Experiment:
    """Return the experiment with another network; rules keep the positions that they name."""
    return replace(experiment, network=network)


def replace_layers(experiment: Experiment, layers: Mapping[int, Choice]) -> Experiment:
    """Return the experiment with other layers at some places."""
    network = tuple(layers.get(at, layer) for at, layer in enumerate(experiment.network))
    return replace(experiment, network=network)


def set_layer_param(
    experiment: Experiment, positions: Collection[int], name: str, value: Value
) -> Experiment:
    """Return the experiment with one parameter of these layers changed."""
    changed = {at: with_param(experiment.network[at], name, value) for at in positions}
    return replace_layers(experiment, changed)


# The network as a block of hidden layers: each a Linear with what follows it.


def hidden_layers(network: Network) -> list[int]:
    """Return the positions of the hidden Linear layers; a Linear at the very end is the output."""
    found = [at for at, layer in enumerate(network) if layer.key == LINEAR]
    return found[:-1] if found and found[-1] == len(network) - 1 else found


def width_of(network: Network, default: int = 64) -> int | None:
    """Return the units that all hidden layers have, or None where they differ or there are none."""
    units = _common(network[at].params.get("units", default) for at in hidden_layers(network))
    return units if isinstance(units, int) else None


def activation_of(network: Network, activations: Collection[str]) -> str | None:
    """Return the key of the activation that the network uses throughout, or None."""
    return _common(layer.key for layer in network if layer.key in activations)


def set_depth(experiment: Experiment, depth: int) -> Experiment:
    """Return the experiment with that many hidden layers, grown or cut at the deep end.

    A hidden layer is repeated with all that follows it: activation, dropout, normalization.

    Raises:
        ValueError: The depth is not from 0 to MAX_DEPTH.
    """
    if not 0 <= depth <= MAX_DEPTH:
        message = f"depth is {depth}, not from 0 to {MAX_DEPTH}"
        raise ValueError(message)
    network, order = experiment.network, _order(experiment)
    starts = hidden_layers(network)
    if depth < len(starts):
        end = _end_of_block(network, starts[-1])
        return _rearranged(experiment, [*order[: starts[depth]], *order[end:]])
    if not starts:
        at = place_for_new(network, None)
        return insert_layers(experiment, at, HIDDEN * depth)
    end = _end_of_block(network, starts[-1])
    return insert_layers(experiment, end, network[starts[-1] : end] * (depth - len(starts)))


def set_width(experiment: Experiment, units: int) -> Experiment:
    """Return the experiment with that many units in every hidden layer."""
    return set_layer_param(experiment, hidden_layers(experiment.network), "units", units)


def set_activation(experiment: Experiment, key: str, activations: Collection[str]) -> Experiment:
    """Return the experiment with every activation replaced by the one with this key."""
    places = enumerate(experiment.network)
    others = [at for at, layer in places if layer.key in activations and layer.key != key]
    return replace_layers(experiment, dict.fromkeys(others, Choice(key)))


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
        if rule.role == role and rule.layer is None and rule.position is None
    ]
    return found[-1] if found else None


def other_rules(contender: Contender) -> int:
    """Return how many rules are not the general ones for weights and for biases."""
    general = {general_rule(contender, "weight"), general_rule(contender, "bias")} - {None}
    return len(contender.rules) - len(general)


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


def moved(count: int, positions: Collection[int], to: int) -> list[int]:
    """Return the order of `count` things after those at `positions` went before the one at `to`."""
    rest = [at for at in range(count) if at not in positions]
    start = sum(at < to for at in rest)
    return [*rest[:start], *sorted(positions), *rest[start:]]


def _with_contender(experiment: Experiment, at: int, **changes: object) -> Experiment:
    contenders = list(experiment.contenders)
    contenders[at] = replace(contenders[at], **changes)
    return replace(experiment, contenders=tuple(contenders))


def _order(experiment: Experiment) -> list[int]:
    return list(range(len(experiment.network)))


def _rearranged(experiment: Experiment, order: Sequence[int | Choice]) -> Experiment:
    """Return the experiment with the old layers (by position) and the new ones in this order."""
    old = experiment.network
    network = tuple(old[item] if isinstance(item, int) else item for item in order)
    places = {item: at for at, item in enumerate(order) if isinstance(item, int)}
    contenders = tuple(
        replace(contender, rules=_followed(contender.rules, places, len(old)))
        for contender in experiment.contenders
    )
    return replace(experiment, network=network, contenders=contenders)


def _followed(rules: Iterable[Rule], places: Mapping[int, int], layers: int) -> tuple[Rule, ...]:
    kept = []
    for rule in rules:
        if rule.position is None or rule.position >= layers:
            kept.append(rule)
        elif rule.position in places:
            kept.append(replace(rule, position=places[rule.position]))
    return tuple(kept)


def _end_of_block(network: Network, start: int) -> int:
    end = start + 1
    while end < len(network) and network[end].key not in (LINEAR, OUTPUT):
        end += 1
    return end


def _common(values: Iterable[T]) -> T | None:
    different = set(values)
    return different.pop() if len(different) == 1 else None
