"""The experiment file: what is written is read again, and no bytes do more than be refused."""

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from initstudio.errors import ExperimentError
from initstudio.experiment import (
    FORMAT,
    MAX_CONTENDERS,
    OPTIMIZERS,
    VERSION,
    Choice,
    Contender,
    Experiment,
    Rule,
    decode,
    encode,
)
from initstudio.presets import ARTICLE, DIGITS, EXPERIMENTS, contender

GOOD = encode(ARTICLE)


def refusal(data: bytes) -> ExperimentError:
    with pytest.raises(ExperimentError) as caught:
        decode(data)
    assert caught.value.where.startswith("$")
    assert caught.value.why
    assert "`" not in caught.value.why
    return caught.value


def changed(path: str, value: object) -> bytes:
    """Return the good file with one value replaced: "training.epochs", "contenders.0.slot"."""
    file: Any = json.loads(GOOD)
    spot = file
    *parts, last = path.split(".")
    for part in parts:
        spot = spot[int(part) if isinstance(spot, list) else part]
    spot[int(last) if isinstance(spot, list) else last] = value
    return json.dumps(file).encode()


# Round trips

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60)
numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**64 - 1)
choices = st.builds(
    Choice, names, st.dictionaries(names, st.booleans() | numbers | names, max_size=3)
)
rules = st.builds(
    Rule,
    role=st.sampled_from(["weight", "bias", "scale", "shift", "slope"]),
    scheme=choices,
    layer=st.none() | names,
    position=st.none() | st.lists(st.integers(0, 99), max_size=3).map(tuple),
    parameter=st.none() | names,
)


@st.composite
def experiments(draw: st.DrawFn) -> Experiment:
    slots = draw(st.permutations(range(MAX_CONTENDERS)))[: draw(st.integers(0, MAX_CONTENDERS))]
    rivals = (
        Contender(
            name=draw(names),
            slot=slot,
            rules=draw(st.lists(rules, max_size=2).map(tuple)),
            hidden=draw(st.booleans()),
        )
        for slot in slots
    )
    training = replace(
        ARTICLE.training,
        optimizer=draw(st.sampled_from([kind() for kind in OPTIMIZERS.values()])),
        learning_rate=draw(st.floats(0, 1000, exclude_min=True)),
    )
    return replace(
        ARTICLE,
        title=draw(st.text(st.characters(codec="utf-8"), max_size=200)),
        network=draw(st.lists(choices, max_size=4).map(tuple)),
        training=training,
        contenders=tuple(rivals),
        board=draw(st.lists(choices, max_size=2).map(tuple)),
    )


@given(experiments())
@settings(max_examples=100, deadline=None)
def test_what_is_written_is_read_again(experiment: Experiment) -> None:
    data = encode(experiment)
    assert decode(data) == experiment
    assert encode(decode(data)) == data


@pytest.mark.parametrize("preset", EXPERIMENTS.values(), ids=EXPERIMENTS)
def test_presets_are_read_again(preset: Experiment) -> None:
    assert decode(encode(preset)) == preset


def test_a_file_is_json_with_its_format_and_version() -> None:
    file = json.loads(GOOD)
    assert (file["format"], file["version"]) == (FORMAT, VERSION)
    assert GOOD.endswith(b"}\n")


def test_a_byte_order_mark_and_other_white_space_are_read() -> None:
    assert decode(b"\xef\xbb\xbf" + GOOD) == ARTICLE
    assert decode(json.dumps(json.loads(GOOD), indent=7).encode()) == ARTICLE


def test_parts_left_out_are_defaults() -> None:
    file = {
        "format": FORMAT,
        "version": 1,
        "experiment": {"network": [], "data": {"dataset": {"key": "moons"}}, "contenders": []},
    }
    experiment = decode(json.dumps(file).encode())
    assert experiment.training == replace(ARTICLE.training, epochs=20)
    assert experiment.seeds.count == 1


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_file_is_written_with_a_value_that_it_cannot_hold(value: float) -> None:
    training = replace(ARTICLE.training, learning_rate=value)
    with pytest.raises(ExperimentError) as caught:
        encode(replace(ARTICLE, training=training))
    assert caught.value.where == "$.experiment.training.learning_rate"
    with pytest.raises(ExperimentError) as caught:
        encode(replace(ARTICLE, network=(Choice("linear", {"units": value}),)))
    assert caught.value.where.startswith("$.experiment.network[0].params")


def test_no_file_is_written_with_half_of_a_character() -> None:
    with pytest.raises(ExperimentError, match="half of a character"):
        encode(replace(ARTICLE, title="\ud800"))


def test_no_file_is_written_that_could_not_be_read() -> None:
    twins = (contender("A", 1, "zeros"), contender("B", 1, "zeros"))
    with pytest.raises(ExperimentError, match=r"contenders\[1\]\.slot: slot 1 is taken already"):
        encode(replace(ARTICLE, contenders=twins))


# What is refused


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ("format", "another", "$.format"),
        ("format", 3, "$.format"),
        ("version", 2, "$.version"),
        ("version", 0, "$.version"),
        ("version", -1, "$.version"),
        ("version", True, "$.version"),
        ("version", "1", "$.version"),
        ("version", 10**400, "$.version"),
        ("experiment", None, "$.experiment"),
        ("extra", 1, "$"),
        ("experiment.extra", 1, "$.experiment"),
        ("experiment.title", 5, "$.experiment.title"),
        ("experiment.title", "x" * 201, "$.experiment.title"),
        ("experiment.network", {}, "$.experiment.network"),
        ("experiment.network.1", "relu", "$.experiment.network[1]"),
        ("experiment.network.0.key", 1, "$.experiment.network[0].key"),
        ("experiment.data.validation", 0.95, "$.experiment.data.validation"),
        ("experiment.data.validation", -0.1, "$.experiment.data.validation"),
        ("experiment.training.epochs", 0, "$.experiment.training.epochs"),
        ("experiment.training.epochs", 1.5, "$.experiment.training.epochs"),
        ("experiment.training.epochs", 10**7, "$.experiment.training.epochs"),
        ("experiment.training.batch_size", 0, "$.experiment.training.batch_size"),
        ("experiment.training.learning_rate", 0, "$.experiment.training.learning_rate"),
        ("experiment.training.learning_rate", -1, "$.experiment.training.learning_rate"),
        ("experiment.training.learning_rate", "1", "$.experiment.training.learning_rate"),
        ("experiment.training.learning_rate", None, "$.experiment.training.learning_rate"),
        ("experiment.training.loss", "hinge", "$.experiment.training.loss"),
        ("experiment.training.clip_norm", -1, "$.experiment.training.clip_norm"),
        ("experiment.training.optimizer.key", "lion", "$.experiment.training.optimizer.key"),
        ("experiment.training.optimizer.beta1", 1, "$.experiment.training.optimizer.beta1"),
        ("experiment.training.optimizer.momentum", 0.9, "$.experiment.training.optimizer"),
        ("experiment.seeds.count", 65, "$.experiment.seeds.count"),
        ("experiment.seeds.first", -1, "$.experiment.seeds.first"),
        ("experiment.recording.every", 0, "$.experiment.recording.every"),
        ("experiment.contenders.1.slot", 0, "$.experiment.contenders[1].slot"),
        ("experiment.contenders.1.slot", 16, "$.experiment.contenders[1].slot"),
        ("experiment.contenders.2.name", "", "$.experiment.contenders[2].name"),
        ("experiment.contenders.0.rules.1.role", "x", "$.experiment.contenders[0].rules[1].role"),
    ],
)
def test_a_mistake_is_refused_with_its_place(path: str, value: object, where: str) -> None:
    assert refusal(changed(path, value)).where == where


def test_a_newer_version_is_refused_in_a_sentence() -> None:
    why = refusal(changed("version", 7)).why
    assert why == "this file is of version 7; this InitStudio reads up to 1"


def test_a_newer_version_is_named_whatever_else_the_file_holds() -> None:
    newer = {"format": FORMAT, "version": 2, "experiment": {"all": "new"}, "more": [1]}
    assert refusal(json.dumps(newer).encode()).where == "$.version"


def test_too_many_contenders_are_refused() -> None:
    one = json.loads(GOOD)["experiment"]["contenders"][0]
    many = [one | {"slot": index % MAX_CONTENDERS} for index in range(MAX_CONTENDERS + 1)]
    problem = refusal(changed("experiment.contenders", many))
    assert problem.where == "$.experiment.contenders"
    assert problem.why == "at most 16 contenders; there are 17"


@pytest.mark.parametrize("text", [b"1e999", b"-1e999", b"NaN", b"Infinity", b"nan", b"0x1", b"1e"])
def test_a_number_that_is_none_is_refused(text: bytes) -> None:
    assert GOOD.count(b'"learning_rate": 0.001') == 1
    refusal(GOOD.replace(b'"learning_rate": 0.001', b'"learning_rate": ' + text))


def test_a_number_too_large_for_a_parameter_is_refused_there() -> None:
    assert b'"std": 0.01' in GOOD
    problem = refusal(GOOD.replace(b'"std": 0.01', b'"std": 1e999'))
    assert problem.where.startswith("$.experiment.contenders[2].rules[0].scheme.params")


DEEP = 100_000


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"[" * DEEP, id="arrays"),
        pytest.param(b'{"a":' * DEEP, id="objects"),
        pytest.param(b'{"x":' + b"[" * DEEP + b"]" * DEEP + b"}", id="an unknown field"),
        pytest.param(
            b'{"format":"initstudio experiment","version":1,"experiment":{"network":'
            + b"[" * DEEP
            + b"]" * DEEP
            + b"}}",
            id="a known field",
        ),
    ],
)
def test_deep_nesting_is_refused(data: bytes) -> None:
    refusal(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"\0",
        b"null",
        b"[]",
        b"{}",
        b"{",
        b'"initstudio experiment"',
        b"\xff\xfe",
        b"\x80",
        GOOD.decode().encode("utf-16"),
        GOOD + b"{}",
        GOOD.replace(b"The article", b"\xff"),
        GOOD.replace(b"The article", b"\\ud800"),
        GOOD.replace(b"The article", b"\n"),
        GOOD.replace(b"The article", b"x" * 10**6),
        b'"' + b"x" * 10**7,
    ],
    ids=range(17),
)
def test_what_is_no_experiment_is_refused(data: bytes) -> None:
    refusal(data)


def test_of_a_field_given_twice_the_last_counts_and_is_checked() -> None:
    assert GOOD.count(b'"epochs": 20,') == 1
    twice = GOOD.replace(b'"epochs": 20,', b'"epochs": 20, "epochs": 7,')
    assert decode(twice).training.epochs == 7
    refusal(GOOD.replace(b'"epochs": 20,', b'"epochs": 0, "epochs": 20,'))


# Bytes of every kind


def read_or_refuse(data: bytes) -> None:
    try:
        experiment = decode(data)
    except ExperimentError as problem:
        assert problem.where.startswith("$")  # noqa: PT017 - it may also be read
        return
    assert decode(encode(experiment)) == experiment


@given(st.binary(max_size=200))
def test_random_bytes_are_read_or_refused(data: bytes) -> None:
    read_or_refuse(data)


@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=4))
@settings(max_examples=500, deadline=None)
def test_changed_bytes_are_read_or_refused(changes: list[tuple[int, int]]) -> None:
    data = bytearray(GOOD)
    for at, value in changes:
        data[at] = value
    read_or_refuse(bytes(data))


def test_every_truncation_is_refused() -> None:
    for length in range(len(GOOD.rstrip())):
        refusal(GOOD[:length])


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
PATHS = ["experiment", "experiment.network", "experiment.network.0", "experiment.network.0.params"]
PATHS += ["experiment.data", "experiment.data.dataset", "experiment.training", "experiment.seeds"]
PATHS += ["experiment.training.optimizer", "experiment.training.epochs", "experiment.board"]
PATHS += ["experiment.contenders", "experiment.contenders.0.rules.0", "experiment.recording"]


@given(st.sampled_from(PATHS), values)
@settings(max_examples=500, deadline=None)
def test_any_value_in_any_place_is_read_or_refused(path: str, value: object) -> None:
    read_or_refuse(changed(path, value))


@given(values)
def test_random_json_is_refused(value: object) -> None:
    refusal(json.dumps(value).encode())


# What a run depends on


def test_names_order_and_visibility_are_no_work() -> None:
    first, *others = ARTICLE.contenders
    told = (*others, replace(first, name="Another", hidden=True))
    same = replace(ARTICLE, title="Another", board=(), contenders=told)
    assert same.work() == ARTICLE.work() != DIGITS.work()
    slower = replace(ARTICLE, training=replace(ARTICLE.training, learning_rate=1.0))
    assert slower.work() != ARTICLE.work()


def test_an_experiment_cannot_be_changed_in_place() -> None:
    with pytest.raises(AttributeError):
        ARTICLE.title = "x"  # type: ignore[misc]
    assert isinstance(ARTICLE, msgspec.Struct)


def test_replicas_are_contenders_times_seeds() -> None:
    assert replace(ARTICLE, seeds=replace(ARTICLE.seeds, count=5)).replicas == 15
    assert list(replace(ARTICLE.seeds, first=7, count=3).each()) == [7, 8, 9]
