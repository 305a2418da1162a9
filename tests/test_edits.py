"""Edits of an experiment, without Qt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from initstudio import edits
from initstudio.errors import ExperimentError
from initstudio.experiment import MAX_CONTENDERS, Choice, Experiment, Rule
from initstudio.layers import LAYERS
from initstudio.presets import ARTICLE, DEEP_DIGITS, NETWORKS, multilayer
from initstudio.schemes import SCHEMES

ACTIVATIONS = {key for key, layer in LAYERS.items() if layer.group == "Activation"}
LETTERS = replace(ARTICLE, network=tuple(Choice(letter) for letter in "abcdef"))


def keys(experiment: Experiment) -> str:
    return " ".join(layer.key for layer in experiment.network)


def with_rule_at(experiment: Experiment, position: int) -> Experiment:
    rule = Rule(role="weight", scheme=Choice("ones"), position=position)
    first = experiment.contenders[0]
    changed = replace(first, rules=(*first.rules, rule))
    return replace(experiment, contenders=(changed, *experiment.contenders[1:]))


def positions(experiment: Experiment) -> list[int]:
    rules = experiment.contenders[0].rules
    return [rule.position for rule in rules if rule.position is not None]


def test_insert_remove_duplicate_move() -> None:
    assert keys(edits.insert_layers(LETTERS, 1, [Choice("x"), Choice("y")])) == "a x y b c d e f"
    assert keys(edits.remove_layers(LETTERS, [0, 2])) == "b d e f"
    assert keys(edits.duplicate_layers(LETTERS, [1, 3])) == "a b c d b d e f"
    assert keys(edits.move_layers(LETTERS, [1, 3], 6)) == "a c e f b d"
    assert keys(edits.move_layers(LETTERS, [5], 0)) == "f a b c d e"
    assert keys(edits.move_layers(LETTERS, [2], 2)) == keys(LETTERS)
    assert keys(edits.move_layers(LETTERS, [2], 3)) == keys(LETTERS)


@given(st.integers(1, 12), st.data())
def test_a_move_keeps_everything_and_the_order_of_both_parts(
    count: int, data: st.DataObject
) -> None:
    chosen = data.draw(st.sets(st.integers(0, count - 1), min_size=1))
    to = data.draw(st.integers(0, count))
    order = edits.moved(count, chosen, to)
    assert sorted(order) == list(range(count))
    assert [at for at in order if at in chosen] == sorted(chosen)
    assert [at for at in order if at not in chosen] == [
        at for at in range(count) if at not in chosen
    ]
    before = [at for at in order[: order.index(min(chosen))] if at not in chosen]
    assert before == [at for at in range(to) if at not in chosen]


def test_a_rule_for_one_layer_follows_it() -> None:
    ruled = with_rule_at(LETTERS, 2)
    assert positions(edits.insert_layers(ruled, 0, [Choice("x")])) == [3]
    assert positions(edits.insert_layers(ruled, 3, [Choice("x")])) == [2]
    assert positions(edits.remove_layers(ruled, [0, 1])) == [0]
    assert positions(edits.remove_layers(ruled, [2])) == []
    assert positions(edits.move_layers(ruled, [2], 6)) == [5]
    assert positions(edits.duplicate_layers(ruled, [2])) == [2]
    assert positions(edits.remove_layers(with_rule_at(LETTERS, 9), [0])) == [9]


def test_a_new_layer_goes_before_the_output() -> None:
    network = NETWORKS["SimpleNN"]
    assert edits.place_for_new(network, None) == len(network) - 1
    assert edits.place_for_new(network, len(network) - 1) == len(network) - 1
    assert edits.place_for_new(network, 0) == 1
    assert edits.place_for_new(network[:-1], None) == len(network) - 1
    assert edits.place_for_new((), None) == 0


@pytest.mark.parametrize("depth", [0, 1, 2, 7, 30])
def test_depth_makes_the_network_of_that_depth(depth: int) -> None:
    for start in (1, 2, 30):
        experiment = replace(ARTICLE, network=multilayer(start, 64, "relu"))
        changed = edits.set_depth(experiment, depth)
        assert changed.network == multilayer(depth, 64, "relu")
        assert len(edits.hidden_layers(changed.network)) == depth


def test_depth_repeats_the_last_block_with_all_that_follows_it() -> None:
    network = (
        Choice("flatten"),
        Choice("linear", {"units": 32}),
        Choice("relu"),
        Choice("linear", {"units": 16}),
        Choice("batch_norm"),
        Choice("tanh"),
        Choice("output"),
    )
    deeper = edits.set_depth(replace(ARTICLE, network=network), 3)
    assert deeper.network == (*network[:6], *network[3:6], network[6])
    assert edits.set_depth(deeper, 2).network == network
    assert edits.set_depth(deeper, 0).network == (network[0], network[6])
    with pytest.raises(ValueError, match="depth is -1"):
        edits.set_depth(deeper, -1)


def test_depth_grows_from_nothing_and_keeps_a_linear_output() -> None:
    nothing = edits.set_depth(replace(ARTICLE, network=(Choice("output"),)), 2)
    assert nothing.network == multilayer(2, 64, "relu")
    own_output = (*multilayer(2, 8, "relu")[:-1], Choice("linear", {"units": 2}))
    deeper = edits.set_depth(replace(ARTICLE, network=own_output), 3)
    assert deeper.network[-1] == own_output[-1]
    assert edits.width_of(deeper.network) == 8


def test_width_and_activation_of_the_whole_network() -> None:
    wide = edits.set_width(DEEP_DIGITS, 100)
    assert edits.width_of(wide.network) == 100
    assert wide.network == multilayer(30, 100, "relu")
    assert edits.set_activation(wide, "tanh", ACTIVATIONS).network == multilayer(30, 100, "tanh")
    mixed = edits.set_layer_param(wide, [0], "units", 5)
    assert edits.width_of(mixed.network) is None
    assert edits.activation_of(mixed.network, ACTIVATIONS) == "relu"
    one = edits.replace_layers(mixed, {1: Choice("tanh")})
    assert edits.activation_of(one.network, ACTIVATIONS) is None


def test_an_activation_that_stays_keeps_its_parameters() -> None:
    network = (Choice("leaky_relu", {"negative_slope": 0.3}), Choice("relu"))
    changed = edits.set_activation(replace(ARTICLE, network=network), "leaky_relu", ACTIVATIONS)
    assert changed.network == (network[0], Choice("leaky_relu"))


def test_contenders_get_free_slots_and_their_own_names() -> None:
    experiment = edits.remove_contenders(ARTICLE, [1])
    assert edits.next_slot(experiment) == 1
    added = edits.add_contender(experiment, "Xavier", Choice("xavier_normal"), Choice("zeros"))
    assert [(one.name, one.slot) for one in added.contenders] == [
        ("Xavier", 0),
        ("Normal", 2),
        ("Xavier 2", 1),
    ]
    copied = edits.duplicate_contender(added, 0)
    assert [(one.name, one.slot) for one in copied.contenders][:2] == [
        ("Xavier", 0),
        ("Xavier 3", 3),
    ]
    assert copied.contenders[1].rules == copied.contenders[0].rules


def test_there_are_no_more_contenders_than_colours() -> None:
    experiment = ARTICLE
    while len(experiment.contenders) < MAX_CONTENDERS:
        experiment = edits.duplicate_contender(experiment, 0)
    assert {one.slot for one in experiment.contenders} == set(range(MAX_CONTENDERS))
    assert len({one.name for one in experiment.contenders}) == MAX_CONTENDERS
    with pytest.raises(ExperimentError, match="16 contenders already"):
        edits.duplicate_contender(experiment, 0)
    with pytest.raises(ExperimentError, match="16 contenders already"):
        edits.add_contender(experiment, "One", Choice("ones"), Choice("zeros"))


def test_renaming() -> None:
    assert edits.rename_contender(ARTICLE, 0, "  A   b ").contenders[0].name == "A b"
    assert edits.rename_contender(ARTICLE, 0, "Normal").contenders[0].name == "Normal 2"
    assert edits.rename_contender(ARTICLE, 0, "Xavier") == ARTICLE
    assert edits.rename_contender(ARTICLE, 0, "  ") == ARTICLE
    long = edits.rename_contender(ARTICLE, 0, "x" * 99)
    assert edits.rename_contender(long, 1, "x" * 99).contenders[1].name == "x" * 58 + " 2"


def test_hiding_and_reordering_change_no_run() -> None:
    assert edits.set_hidden(ARTICLE, 1, hidden=True).work() == ARTICLE.work()
    moved = edits.move_contenders(ARTICLE, [2], 0)
    assert [one.name for one in moved.contenders] == ["Normal", "Xavier", "Kaiming"]


def test_a_scheme_is_set_and_rules_from_a_file_are_kept() -> None:
    ruled = with_rule_at(ARTICLE, 0)
    changed = edits.set_scheme(ruled, 0, "weight", Choice("ones"))
    assert changed.contenders[0].rules[0].scheme == Choice("ones")
    assert changed.contenders[0].rules[1:] == ruled.contenders[0].rules[1:]
    assert edits.other_rules(changed.contenders[0]) == 1
    only = replace(ruled.contenders[0], rules=ruled.contenders[0].rules[2:])
    bare = replace(ruled, contenders=(only,))
    assert edits.general_rule(only, "weight") is None
    added = edits.set_scheme(bare, 0, "weight", Choice("zeros"))
    assert [rule.scheme.key for rule in added.contenders[0].rules] == ["zeros", "ones"]


def test_another_entry_keeps_the_values_that_it_takes() -> None:
    kaiming = Choice("kaiming_uniform", {"mode": "fan_out", "a": 0.1})
    assert edits.rechosen(kaiming, SCHEMES["kaiming_normal"]).params == kaiming.params
    assert edits.rechosen(kaiming, SCHEMES["xavier_uniform"]) == Choice("xavier_uniform")
    kept = edits.rechosen(Choice("normal", {"std": 0.0, "mean": 1.0}), SCHEMES["truncated_normal"])
    assert kept == Choice("truncated_normal", {"mean": 1.0})  # its std is above 0
