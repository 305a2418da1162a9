"""What is built, started and trained, and the sentence for each thing that cannot be."""

from typing import Any

import pytest
from msgspec.structs import replace

from initstudio.catalogue import Role, Value
from initstudio.engine.assignment import assign
from initstudio.engine.plan import (
    Plan,
    layers_of,
    plan,
    problems,
    read,
    split_sizes,
)
from initstudio.errors import ExperimentError
from initstudio.experiment import SGD, Choice, Contender, Experiment, Path, Rule, encode
from initstudio.presets import ARTICLE, DEEP_DIGITS, DIGITS, EXPERIMENTS, NETWORKS, contender
from initstudio.probes import PROBES

RANDOM = ARTICLE.data.dataset


def rule(role: Role, key: str, layer: str | None = None, position: Path | None = None) -> Rule:
    return Rule(role=role, scheme=Choice(key), layer=layer, position=position)


def with_network(*layers: str | Choice, base: Experiment = ARTICLE) -> Experiment:
    choices = (Choice(one) if isinstance(one, str) else one for one in layers)
    return replace(base, network=tuple(choices))


def with_rules(*rules: Rule, base: Experiment = ARTICLE) -> Experiment:
    return replace(base, contenders=(Contender(name="Rival", slot=0, rules=rules),))


def with_training(base: Experiment = ARTICLE, **values: Any) -> Experiment:  # noqa: ANN401
    return replace(base, training=replace(base.training, **values))


def with_data(dataset: str, base: Experiment = ARTICLE, **params: Value) -> Experiment:
    return replace(base, data=replace(base.data, dataset=Choice(dataset, params)))


def only_problem(experiment: Experiment) -> ExperimentError:
    (problem,) = problems(experiment)
    with pytest.raises(ExperimentError) as caught:
        plan(experiment)
    assert (caught.value.where, caught.value.why) == (problem.where, problem.why)
    return problem


# Shapes and counts


@pytest.mark.parametrize("preset", EXPERIMENTS.values(), ids=EXPERIMENTS)
def test_presets_have_no_problems(preset: Experiment) -> None:
    assert problems(preset) == []
    assert plan(preset).experiment == preset


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_preset_networks_fit_all_presets(network: tuple[Choice, ...]) -> None:
    for preset in EXPERIMENTS.values():
        assert problems(replace(preset, network=network)) == []


def test_shapes_and_counts_of_simple_nn_on_digits() -> None:
    layers = plan(DIGITS).layers
    assert [layer.label for layer in layers] == [
        "1 Linear",
        "2 ReLU",
        "3 Linear",
        "4 ReLU",
        "5 Output",
    ]
    assert [layer.shape_in for layer in layers] == [(64,)] * 5
    assert [layer.shape_out for layer in layers] == [(64,)] * 4 + [(10,)]
    assert [layer.parameters for layer in layers] == [64 * 64 + 64, 0, 64 * 64 + 64, 0, 650]
    assert [layer.problem for layer in layers] == [None] * 5


def test_the_header_names_layers_tensors_and_replicas() -> None:
    seeds = replace(DIGITS.seeds, first=7, count=3)
    header = plan(replace(DIGITS, seeds=seeds)).header
    assert header.slots == (0, 0, 0, 1, 1, 1, 2, 2, 2)
    assert header.seeds == (7, 8, 9, 7, 8, 9, 7, 8, 9)
    assert header.layers == ("1 Linear", "2 ReLU", "3 Linear", "4 ReLU", "5 Output")
    assert header.activations == (1, 3)
    assert header.tensors == ("1 Linear", "3 Linear", "5 Output")
    assert header.tensor_shapes == ((64, 64), (64, 64), (10, 64))


def test_replicas_follow_the_contenders_order_by_slot() -> None:
    turned = replace(ARTICLE, contenders=ARTICLE.contenders[::-1])
    assert plan(turned).header.slots == (2, 1, 0)


@pytest.mark.parametrize(
    ("validation", "batch", "expected"),
    [
        (0.2, 64, (1438, 359, 23)),
        (0, 64, (1797, 0, 29)),
        (0.5, 899, (899, 898, 1)),
        (0.9, 1, (180, 1617, 180)),
    ],
)
def test_the_steps_of_an_epoch_cover_the_training_part(
    validation: float, batch: int, expected: tuple[int, int, int]
) -> None:
    data = replace(DIGITS.data, validation=validation)
    planned = plan(with_training(replace(DIGITS, data=data), batch_size=batch, epochs=3))
    training, kept, steps = expected
    assert (planned.training_examples, planned.validation_examples) == (training, kept)
    assert planned.header.steps_per_epoch == steps
    assert planned.header.steps == 3 * steps
    assert split_sizes(planned.experiment, planned.facts) == (training, kept)


def test_all_probes_are_read_unless_some_are_named() -> None:
    facts = plan(ARTICLE).facts
    assert plan(ARTICLE).probes == tuple(one for one in PROBES.values() if one.applies(facts))
    named = replace(ARTICLE.recording, probes=("gradient_norm",))
    assert plan(replace(ARTICLE, recording=named)).probes == (PROBES["gradient_norm"],)
    silent = replace(ARTICLE.recording, probes=())
    assert plan(replace(ARTICLE, recording=silent)).probes == ()


def test_norms_have_scale_and_shift_and_no_weight() -> None:
    network = with_network("linear", "batch_norm", "layer_norm", "prelu", "dropout", "output")
    planned = plan(network)
    roles = [[one.role for one in layer.tensors] for layer in planned.layers]
    norm = ["scale", "shift"]
    assert roles == [["weight", "bias"], norm, norm, ["slope"], [], ["weight", "bias"]]
    assert planned.header.tensors == ("1 Linear", "6 Output")
    assert planned.header.activations == (3,)


# Rules


def starts(planned: Plan) -> list[list[tuple[int, str, str | None, int | None]]]:
    return [
        [
            (one.layer.path[0], one.tensor.role, one.scheme.key if one.scheme else None, one.rule)
            for one in contender
        ]
        for contender in planned.assignments
    ]


def test_the_last_rule_that_matches_wins() -> None:
    rules = (
        rule("weight", "ones"),
        rule("weight", "xavier_uniform", layer="linear"),
        rule("weight", "zeros", position=(2,)),
        rule("bias", "normal", layer="output"),
        rule("weight", "constant", layer="relu"),
        rule("weight", "constant", layer="linear", position=(4,)),
    )
    assert starts(plan(with_rules(*rules))) == [
        [
            (0, "weight", "xavier_uniform", 1),
            (0, "bias", None, None),
            (2, "weight", "zeros", 2),
            (2, "bias", None, None),
            (4, "weight", "ones", 0),
            (4, "bias", "normal", 3),
        ]
    ]


def test_a_contender_without_rules_keeps_torchs_start() -> None:
    (found,) = starts(plan(with_rules()))
    assert {(scheme, at) for _, _, scheme, at in found} == {(None, None)}


def test_parameters_of_a_scheme_are_parsed() -> None:
    rules = (Rule(role="weight", scheme=Choice("normal", {"std": 3})),)
    (found,) = plan(with_rules(*rules)).assignments
    assert found[0].params is not None
    assert getattr(found[0].params, "std", None) == 3.0


def test_hiding_renaming_and_reordering_leave_every_assignment() -> None:
    usual = dict(zip((0, 1, 2), plan(ARTICLE).assignments, strict=True))
    told = tuple(
        replace(one, hidden=True, name=f"Not {one.name}") for one in ARTICLE.contenders[::-1]
    )
    planned = plan(replace(ARTICLE, contenders=told))
    assert dict(zip((2, 1, 0), planned.assignments, strict=True)) == usual
    added = replace(ARTICLE, contenders=(contender("New", 9, "zeros"), *ARTICLE.contenders))
    assert plan(added).assignments[1:] == tuple(usual.values())


def test_roles_are_told_apart() -> None:
    experiment = with_rules(
        rule("scale", "zeros"), rule("shift", "ones"), rule("slope", "ones"), base=ARTICLE
    )
    network = with_network("linear", "batch_norm", "prelu", "output", base=experiment)
    (found,) = starts(plan(network))
    assert [(role, key) for _, role, key, _ in found] == [
        ("weight", None),
        ("bias", None),
        ("scale", "zeros"),
        ("shift", "ones"),
        ("slope", "ones"),
        ("weight", None),
        ("bias", None),
    ]


# Problems of layers

IMAGES = replace(DIGITS.data, dataset=Choice("digits", {"layout": "image"}))


def test_a_layer_that_cannot_follow_says_so_and_the_rest_goes_on() -> None:
    images = replace(DIGITS, data=IMAGES)
    layers = layers_of(with_network("linear", "relu", "flatten", "output", base=images))
    problem = layers[0].problem
    assert problem
    assert problem.where == "$.experiment.network[0]"
    assert problem.why.endswith("put Flatten before it.")
    assert layers[0].shape_out is None
    assert layers[0].tensors == ()
    assert layers[1].shape_in == layers[0].shape_in == (1, 8, 8)
    assert layers[2].shape_out == (64,)
    assert layers[3].shape_out == (10,)
    assert [layer.problem for layer in layers[1:]] == [None] * 3


def test_flatten_mends_it() -> None:
    images = replace(DIGITS, data=IMAGES)
    assert problems(with_network("flatten", "linear", "relu", "output", base=images)) == []


@pytest.mark.parametrize("last", ["linear", "relu"])
def test_a_network_must_end_with_the_classes(last: str) -> None:
    problem = only_problem(with_network("linear", "relu", last))
    assert problem.where == "$.experiment.network[2]"
    assert problem.why == (
        "The network ends with 64 values and the data has 2 classes; end it with Output."
    )


def test_a_layer_of_the_right_size_may_be_the_last() -> None:
    assert problems(with_network("linear", "tanh", Choice("linear", {"units": 2}))) == []


def test_parts_of_a_network_that_the_catalogue_lacks() -> None:
    bad = with_network("linear", "no such", Choice("dropout", {"p": 2}), "output")
    first, second = problems(bad)
    assert first.where == "$.experiment.network[1].key"
    assert first.why.startswith("there is no 'no such'; known: linear, output, bilinear, ")
    assert second.where == "$.experiment.network[2].params.p"
    layers = layers_of(bad)
    assert [bool(layer.problem) for layer in layers] == [False, True, True, False]
    assert layers[1].label == "2 no such"
    assert layers[3].shape_out == (2,)


def test_a_million_units_are_refused_where_they_are_asked_for() -> None:
    problem = only_problem(with_network(Choice("linear", {"units": 10**6}), "relu", "output"))
    assert problem.where == "$.experiment.network[0].params.units"
    assert "65536" in problem.why


# Problems of the whole


def test_no_layers_and_no_contenders() -> None:
    problem = only_problem(with_network())
    assert problem.where == "$.experiment.network"
    assert problem.why == "The network has no layers; add one."
    problem = only_problem(replace(ARTICLE, contenders=()))
    assert problem.where == "$.experiment.contenders"
    assert problem.why == "There are no contenders; add one."


@pytest.mark.parametrize("network", [["relu"], ["prelu"], ["dropout", "batch_norm"]], ids=str)
def test_a_network_without_weights(network: list[str]) -> None:
    two_by_two = with_network(*network, base=with_data("moons"))
    problem = only_problem(two_by_two)
    assert problem.where == "$.experiment.network"
    assert problem.why == "The network has no weights to start; add a Linear layer or Output."


def test_a_batch_larger_than_the_training_part() -> None:
    assert problems(with_training(batch_size=800)) == []
    problem = only_problem(with_training(batch_size=801))
    assert problem.where == "$.experiment.training.batch_size"
    assert problem.why == "A batch of 801 is larger than the training part of 800 examples."


def test_batch_norm_needs_two_examples_in_the_last_batch_too() -> None:
    normed = with_network("linear", "batch_norm", "relu", "output")
    assert problems(with_training(normed, batch_size=800)) == []
    for batch in (1, 17, 47, 799):  # 800 = 17 x 47 + 1
        problem = only_problem(with_training(normed, batch_size=batch))
        assert problem.where == "$.experiment.training.batch_size"
        assert problem.why == (
            "BatchNorm needs batches of at least 2 examples, and the last of an epoch has 1; "
            "choose another batch size."
        )
        assert problems(with_training(batch_size=batch)) == []


def test_nesterov_without_momentum() -> None:
    problem = only_problem(with_training(optimizer=SGD(momentum=0.0, nesterov=True)))
    assert problem.where == "$.experiment.training.optimizer.nesterov"
    assert problem.why == "Nesterov needs a momentum above 0."
    assert problems(with_training(optimizer=SGD(momentum=0.5, nesterov=True))) == []


def test_more_networks_than_can_train_at_once() -> None:
    many = tuple(contender(f"Rival {slot}", slot, "zeros") for slot in range(16))
    full = replace(ARTICLE, contenders=many, seeds=replace(ARTICLE.seeds, count=16))
    assert problems(full) == []
    problem = only_problem(replace(full, seeds=replace(full.seeds, count=17)))
    assert problem.where == "$.experiment.seeds.count"
    assert problem.why == "272 networks would train at once; at most 256 can."


def test_data_and_probes_that_the_catalogue_lacks() -> None:
    assert only_problem(with_data("cats")).where == "$.experiment.data.dataset.key"
    wrong = with_data("moons", no_such=1)
    assert only_problem(wrong).where == "$.experiment.data.dataset.params"
    recording = replace(ARTICLE.recording, probes=("gradient_norm", "mood"))
    problem = only_problem(replace(ARTICLE, recording=recording))
    assert problem.where == "$.experiment.recording.probes[1]"
    assert problem.why == "there is no probe 'mood'"


# Problems of contenders


def test_a_scheme_that_refuses_a_tensor_names_contender_rule_and_layer() -> None:
    bad = with_rules(rule("weight", "zeros"), rule("bias", "kaiming_normal"))
    problem = only_problem(bad)
    assert problem.where == "$.experiment.contenders[0].rules[1].scheme"
    assert problem.why == (
        "Rival: Kaiming needs fan-in and fan-out, and a bias has one dimension only. "
        "(the bias of layer 1 Linear)"
    )


def test_each_rule_that_fails_is_told_once_and_an_overruled_one_never() -> None:
    bad = with_rules(
        rule("bias", "orthogonal"),
        rule("bias", "lecun_normal", layer="output"),
        rule("weight", "orthogonal"),
    )
    places = [one.where.partition(".rules")[2] for one in problems(bad)]
    assert places == ["[0].scheme", "[1].scheme"]
    mended = with_rules(rule("bias", "orthogonal"), rule("bias", "zeros"))
    assert problems(mended) == []


def test_a_schemes_key_and_parameters_are_checked_where_they_stand() -> None:
    missing = with_rules(rule("weight", "zeros"), rule("bias", "magic"))
    assert only_problem(missing).where == "$.experiment.contenders[0].rules[1].scheme.key"
    wrong = with_rules(Rule(role="weight", scheme=Choice("normal", {"std": -1})))
    where = "$.experiment.contenders[0].rules[0].scheme.params.std"
    assert only_problem(wrong).where == where
    bounds = with_rules(Rule(role="weight", scheme=Choice("uniform", {"low": 1, "high": 0})))
    problem = only_problem(bounds)
    assert problem.where == "$.experiment.contenders[0].rules[0].scheme"
    assert "The low bound 1 is above the high bound 0." in problem.why


def test_contenders_that_share_a_slot() -> None:
    twins = (contender("A", 3, "zeros"), contender("B", 3, "zeros"))
    problem = only_problem(replace(ARTICLE, contenders=twins))
    assert problem.where == "$.experiment.contenders[1].slot"


def test_problems_of_several_parts_are_all_told() -> None:
    bad = with_training(with_rules(rule("bias", "orthogonal")), batch_size=10**6)
    bad = with_network("linear", base=bad)
    assert [one.where for one in problems(bad)] == [
        "$.experiment.network[0]",
        "$.experiment.training.batch_size",
        "$.experiment.contenders[0].rules[0].scheme",
    ]


# Files


def test_a_file_with_an_unknown_choice_is_refused_and_one_that_does_not_fit_is_not() -> None:
    assert read(encode(DEEP_DIGITS)) == DEEP_DIGITS
    with pytest.raises(ExperimentError) as caught:
        read(encode(with_network("no such")))
    assert caught.value.where == "$.experiment.network[0].key"
    misfit = with_network("linear")
    assert problems(misfit)
    assert read(encode(misfit)) == misfit


def test_assign_needs_no_sound_network() -> None:
    layers = layers_of(with_network("no such", "output"))
    (rival,) = with_rules(rule("weight", "zeros")).contenders
    assert [one.layer.path for one in assign(rival, layers)] == [(1,), (1,)]
