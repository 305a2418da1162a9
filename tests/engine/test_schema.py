"""The JSON Schema, tried with a small validator on files that are sound and files that are not."""

import json
import re
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from initstudio.datasets import DATASETS
from initstudio.engine.plan import read
from initstudio.engine.schema import file_schema
from initstudio.errors import ExperimentError
from initstudio.experiment import encode
from initstudio.layers import LAYERS
from initstudio.presets import EXPERIMENTS
from initstudio.probes import PROBES
from initstudio.schemes import SCHEMES

Json: TypeAlias = Any

SCHEMA = file_schema()
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "integer": (int,),
    "number": (int, float),
}
NOTES = {"title", "description", "default", "$schema", "$defs", "discriminator"}


def is_type(value: object, name: str) -> bool:
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def fits(value: Json, schema: dict[str, Json]) -> bool:
    """Whether `value` fits; an unknown keyword of the schema is an error of the test."""
    return all(
        KEYWORDS[word](value, argument, schema)
        for word, argument in schema.items()
        if word not in NOTES
    )


def others_fit(value: Json, argument: Json, schema: dict[str, Json]) -> bool:
    others = value.keys() - schema.get("properties", {}).keys()
    return all(argument is not False and fits(value[name], argument) for name in others)


KEYWORDS: dict[str, Callable[[Json, Json, dict[str, Json]], bool]] = {
    "$ref": lambda value, to, _: fits(value, SCHEMA["$defs"][to.removeprefix("#/$defs/")]),
    "type": lambda value, name, _: is_type(value, name),
    "const": lambda value, one, _: type(value) is type(one) and bool(value == one),
    "enum": lambda value, some, _: value in some,
    "anyOf": lambda value, some, _: any(fits(value, one) for one in some),
    "oneOf": lambda value, some, _: sum(fits(value, one) for one in some) == 1,
    "properties": lambda value, fields, _: all(
        fits(value[name], one) for name, one in fields.items() if name in value
    ),
    "required": lambda value, names, _: all(name in value for name in names),
    "additionalProperties": others_fit,
    "items": lambda value, one, _: all(fits(item, one) for item in value),
    "minimum": lambda value, limit, _: bool(value >= limit),
    "maximum": lambda value, limit, _: bool(value <= limit),
    "exclusiveMinimum": lambda value, limit, _: bool(value > limit),
    "exclusiveMaximum": lambda value, limit, _: bool(value < limit),
    "minLength": lambda value, limit, _: len(value) >= limit,
    "maxLength": lambda value, limit, _: len(value) <= limit,
}


def file_of(name: str) -> Json:
    return json.loads(encode(EXPERIMENTS[name]))


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_preset_fits(name: str) -> None:
    assert fits(file_of(name), SCHEMA)


MISTAKES: dict[str, tuple[str, Any]] = {
    "another format": ("format", "something else"),
    "a newer version": ("version", 2),
    "an unknown field": ("experiment.colour", "red"),
    "epochs of zero": ("experiment.training.epochs", 0),
    "epochs as text": ("experiment.training.epochs", "20"),
    "a learning rate of zero": ("experiment.training.learning_rate", 0),
    "an optimiser that does not exist": ("experiment.training.optimizer", {"key": "magic"}),
    "a field of another optimiser": (
        "experiment.training.optimizer",
        {"key": "sgd", "beta1": 0.5},
    ),
    "a loss that does not exist": ("experiment.training.loss", "hinge"),
    "a layer that does not exist": ("experiment.network.0", {"key": "magic"}),
    "a layer's unknown parameter": (
        "experiment.network.0",
        {"key": "linear", "params": {"size": 3}},
    ),
    "a layer's parameter out of its limits": (
        "experiment.network.0",
        {"key": "linear", "params": {"units": 0}},
    ),
    "a data set that does not exist": ("experiment.data.dataset", {"key": "magic"}),
    "a data set's choice that does not exist": (
        "experiment.data.dataset",
        {"key": "digits", "params": {"layout": "round"}},
    ),
    "a scheme that does not exist": (
        "experiment.contenders.0.rules.0.scheme",
        {"key": "magic"},
    ),
    "a scheme's parameter of another type": (
        "experiment.contenders.0.rules.0.scheme",
        {"key": "xavier_uniform", "params": {"gain": True}},
    ),
    "a slot beyond the last": ("experiment.contenders.0.slot", 16),
    "a name that is empty": ("experiment.contenders.0.name", ""),
    "a probe that does not exist": ("experiment.recording", {"probes": ["magic"]}),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refused_by_the_schema_and_by_the_reader(mistake: str) -> None:
    where, value = MISTAKES[mistake]
    file = file_of("Article")
    *path, last = (int(step) if step.isdigit() else step for step in where.split("."))
    place = file
    for step in path:
        place = place[step]
    place[last] = value
    assert not fits(file, SCHEMA)
    with pytest.raises(ExperimentError) as caught:
        read(json.dumps(file).encode())
    # the reader names the same place, or one within it
    expected = "$." + re.sub(r"\.(\d+)", r"[\1]", where)
    assert caught.value.where.startswith(expected.rpartition(".")[0])


@pytest.mark.parametrize(
    ("kind", "field", "catalogue"),
    [("Experiment", "network", LAYERS), ("Data", "dataset", DATASETS), ("Rule", "scheme", SCHEMES)],
)
def test_every_entry_can_be_chosen_with_its_defaults_written_out(
    kind: str, field: str, catalogue: dict[str, Any]
) -> None:
    schema = SCHEMA["$defs"][kind]["properties"][field]
    schema = schema.get("items", schema)
    for key, entry in catalogue.items():
        assert fits({"key": key}, schema)
        defaults = {name: getattr(entry.params(), name) for name in entry.params.__struct_fields__}
        assert fits({"key": key, "params": defaults}, schema)


def test_probes_can_be_named_or_left_to_the_catalogue() -> None:
    schema = SCHEMA["$defs"]["Recording"]
    assert fits({"probes": list(PROBES)}, schema)
    assert fits({"probes": None}, schema)


def test_it_is_plain_json_whose_references_lead_somewhere() -> None:
    text = json.dumps(SCHEMA, allow_nan=False)
    named = set(re.findall(r'"#/\$defs/([^"]+)"', text))
    assert named
    assert named <= SCHEMA["$defs"].keys()


def test_descriptions_are_not_indented_as_in_the_source() -> None:
    for kind in SCHEMA["$defs"].values():
        assert "\n  " not in kind.get("description", "")
