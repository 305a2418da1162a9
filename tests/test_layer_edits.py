"""Edits of a network, without Qt: rows of layers, blocks, and rules that follow their layers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from initstudio import layer_edits
from initstudio.experiment import Choice, Experiment, Path, Rule
from initstudio.layers import LAYERS
from initstudio.presets import ARTICLE, DEEP_DIGITS, NETWORKS, multilayer

ACTIVATIONS = {key for key, layer in LAYERS.items() if layer.group == "Activation"}
LETTERS = replace(ARTICLE, network=tuple(Choice(letter) for letter in "abcdef"))


def keys(experiment: Experiment) -> str:
    return " ".join(layer.key for layer in experiment.network)


def with_rule_at(experiment: Experiment, *position: int) -> Experiment:
    rule = Rule(role="weight", scheme=Choice("ones"), position=position)
    first = experiment.contenders[0]
    changed = replace(first, rules=(*first.rules, rule))
    return replace(experiment, contenders=(changed, *experiment.contenders[1:]))


def positions(experiment: Experiment) -> list[Path]:
    rules = experiment.contenders[0].rules
    return [rule.position for rule in rules if rule.position is not None]


def test_insert_remove_duplicate_move() -> None:
    assert (
        keys(layer_edits.insert_layers(LETTERS, (1,), [Choice("x"), Choice("y")]))
        == "a x y b c d e f"
    )
    assert keys(layer_edits.remove_layers(LETTERS, [(0,), (2,)])) == "b d e f"
    assert keys(layer_edits.duplicate_layers(LETTERS, [(1,), (3,)])) == "a b c d b d e f"
    assert keys(layer_edits.move_layers(LETTERS, [(1,), (3,)], (6,))) == "a c e f b d"
    assert keys(layer_edits.move_layers(LETTERS, [(5,)], (0,))) == "f a b c d e"
    assert keys(layer_edits.move_layers(LETTERS, [(2,)], (2,))) == keys(LETTERS)
    assert keys(layer_edits.move_layers(LETTERS, [(2,)], (3,))) == keys(LETTERS)


def test_a_rule_for_one_layer_follows_it() -> None:
    ruled = with_rule_at(LETTERS, 2)
    assert positions(layer_edits.insert_layers(ruled, (0,), [Choice("x")])) == [(3,)]
    assert positions(layer_edits.insert_layers(ruled, (3,), [Choice("x")])) == [(2,)]
    assert positions(layer_edits.remove_layers(ruled, [(0,), (1,)])) == [(0,)]
    assert positions(layer_edits.remove_layers(ruled, [(2,)])) == []
    assert positions(layer_edits.move_layers(ruled, [(2,)], (6,))) == [(5,)]
    assert positions(layer_edits.duplicate_layers(ruled, [(2,)])) == [(2,)]
    assert positions(layer_edits.remove_layers(with_rule_at(LETTERS, 9), [(0,)])) == [(9,)]


def test_a_new_layer_goes_before_the_output() -> None:
    network = NETWORKS["SimpleNN"]
    assert layer_edits.place_for_new(network, None) == (len(network) - 1,)
    assert layer_edits.place_for_new(network, (len(network) - 1,)) == (len(network) - 1,)
    assert layer_edits.place_for_new(network, (0,)) == (1,)
    assert layer_edits.place_for_new(network[:-1], None) == (len(network) - 1,)
    assert layer_edits.place_for_new((), None) == (0,)


@pytest.mark.parametrize("depth", [0, 1, 2, 7, 30])
def test_depth_makes_the_network_of_that_depth(depth: int) -> None:
    for start in (1, 2, 30):
        experiment = replace(ARTICLE, network=multilayer(start, 64, "relu"))
        changed = layer_edits.set_depth(experiment, depth)
        assert changed.network == multilayer(depth, 64, "relu")
        assert len(layer_edits.hidden_layers(changed.network)) == depth


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
    deeper = layer_edits.set_depth(replace(ARTICLE, network=network), 3)
    assert deeper.network == (*network[:6], *network[3:6], network[6])
    assert layer_edits.set_depth(deeper, 2).network == network
    assert layer_edits.set_depth(deeper, 0).network == (network[0], network[6])
    with pytest.raises(ValueError, match="depth is -1"):
        layer_edits.set_depth(deeper, -1)


def test_depth_grows_from_nothing_and_keeps_a_linear_output() -> None:
    nothing = layer_edits.set_depth(replace(ARTICLE, network=(Choice("output"),)), 2)
    assert nothing.network == multilayer(2, 64, "relu")
    own_output = (*multilayer(2, 8, "relu")[:-1], Choice("linear", {"units": 2}))
    deeper = layer_edits.set_depth(replace(ARTICLE, network=own_output), 3)
    assert deeper.network[-1] == own_output[-1]
    assert layer_edits.width_of(deeper.network) == 8


def test_width_and_activation_of_the_whole_network() -> None:
    wide = layer_edits.set_width(DEEP_DIGITS, 100)
    assert layer_edits.width_of(wide.network) == 100
    assert wide.network == multilayer(30, 100, "relu")
    assert layer_edits.set_activation(wide, "tanh", ACTIVATIONS).network == multilayer(
        30, 100, "tanh"
    )
    mixed = layer_edits.set_layer_param(wide, [(0,)], "units", 5)
    assert layer_edits.width_of(mixed.network) is None
    assert layer_edits.activation_of(mixed.network, ACTIVATIONS) == "relu"
    one = layer_edits.replace_layers(mixed, {(1,): Choice("tanh")})
    assert layer_edits.activation_of(one.network, ACTIVATIONS) is None


def test_an_activation_that_stays_keeps_its_parameters() -> None:
    network = (Choice("leaky_relu", {"negative_slope": 0.3}), Choice("relu"))
    changed = layer_edits.set_activation(
        replace(ARTICLE, network=network), "leaky_relu", ACTIVATIONS
    )
    assert changed.network == (network[0], Choice("leaky_relu"))


def tree(network: tuple[Choice, ...]) -> str:
    """Return a network as text: "a [b c] d" holds b and c in its first layer."""
    parts = (one.key + (f" [{tree(one.inside)}]" if one.inside else "") for one in network)
    return " ".join(parts)


def nested(text: str) -> Experiment:
    """Return the experiment with a network written so."""
    rows: list[list[Choice]] = [[]]
    for word in text.replace("[", " [ ").replace("]", " ] ").split():
        if word == "[":
            rows.append([])
        elif word == "]":
            inside = tuple(rows.pop())
            rows[-1][-1] = replace(rows[-1][-1], inside=inside)
        else:
            rows[-1].append(Choice(word))
    return replace(ARTICLE, network=tuple(rows[0]))


def test_edits_reach_inside_blocks() -> None:
    blocks = nested("a r [b c s [d e]] f")
    found = layer_edits.insert_layers(blocks, (1, 2, 1), [Choice("x")])
    assert tree(found.network) == "a r [b c s [d x e]] f"
    assert tree(layer_edits.remove_layers(blocks, [(1, 2), (1, 0)]).network) == "a r [c] f"
    assert tree(layer_edits.remove_layers(blocks, [(1,), (1, 0)]).network) == "a f"
    found = layer_edits.duplicate_layers(blocks, [(1, 0), (1, 2)])
    assert tree(found.network) == "a r [b c s [d e] b s [d e]] f"
    changed = layer_edits.set_layer_param(blocks, [(1, 2, 0)], "units", 3)
    assert layer_edits.layer_at(changed.network, (1, 2, 0)).params == {"units": 3}
    assert tree(changed.network) == tree(blocks.network)
    network = tuple(Choice(key) for key in ("relu", "tanh"))
    inside = replace(ARTICLE, network=(Choice("r", inside=network), Choice("relu")))
    changed = layer_edits.set_activation(inside, "tanh", ACTIVATIONS)
    assert tree(changed.network) == "r [tanh tanh] tanh"


def test_layers_move_into_and_out_of_blocks() -> None:
    blocks = nested("a r [b c] d")
    assert tree(layer_edits.move_layers(blocks, [(0,)], (1, 1)).network) == "r [b a c] d"
    assert tree(layer_edits.move_layers(blocks, [(1, 0)], (3,)).network) == "a r [c] d b"
    assert tree(layer_edits.move_layers(blocks, [(1,)], (0,)).network) == "r [b c] a d"
    assert layer_edits.move_layers(blocks, [(1,)], (1, 1)) == blocks, "nothing moves into itself"
    wrapped = layer_edits.wrap_layers(blocks, [(0,), (2,)], Choice("s"))
    assert tree(wrapped.network) == "s [a d] r [b c]"
    assert tree(layer_edits.unwrap_block(blocks, (1,)).network) == "a b c d"
    assert layer_edits.place_for_new(blocks.network, (1, 0)) == (1, 1)


def test_rules_follow_layers_into_and_out_of_blocks() -> None:
    ruled = with_rule_at(nested("a r [b c] d"), 1, 0)
    assert positions(layer_edits.unwrap_block(ruled, (1,))) == [(1,)]
    assert positions(layer_edits.insert_layers(ruled, (0,), [Choice("x")])) == [(2, 0)]
    assert positions(layer_edits.move_layers(ruled, [(1, 0)], (0,))) == [(0,)]
    assert positions(layer_edits.remove_layers(ruled, [(1,)])) == []
    assert positions(layer_edits.wrap_layers(ruled, [(1,)], Choice("s"))) == [(1, 0, 0)]


networks = st.recursive(
    st.builds(Choice, st.sampled_from("abc")),
    lambda inside: st.builds(
        Choice, st.sampled_from("rs"), st.just({}), st.lists(inside, max_size=3).map(tuple)
    ),
    max_leaves=8,
)


@given(st.lists(networks, min_size=1, max_size=4).map(tuple), st.data())
def test_a_move_loses_and_doubles_nothing(network: tuple[Choice, ...], data: st.DataObject) -> None:
    experiment = replace(ARTICLE, network=network)
    paths = list(layer_edits.every_path(network))
    chosen = data.draw(st.lists(st.sampled_from(paths), min_size=1, max_size=3))
    to = data.draw(st.sampled_from([*paths, (len(network),)]))
    changed = layer_edits.move_layers(experiment, chosen, to).network
    assert sorted(tree(changed).replace("[", "").replace("]", "").split()) == sorted(
        tree(network).replace("[", "").replace("]", "").split()
    )
