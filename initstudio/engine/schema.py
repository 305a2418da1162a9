"""The JSON Schema of an experiment file, for editors and other programs.

It is derived from the types that the file is read with; where those say only "an entry by its
key", the catalogues say which keys there are and what parameters each takes.
"""

from collections.abc import Mapping
from inspect import cleandoc
from typing import Any

import msgspec

from initstudio.catalogue import Entry, Layer, Params
from initstudio.datasets import DATASETS
from initstudio.experiment import FORMAT, VERSION, Experiment
from initstudio.layers import LAYERS
from initstudio.probes import PROBES
from initstudio.schemes import SCHEMES
from initstudio.tunings import TUNINGS

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]
LAYER = {"$ref": "#/$defs/Layer"}


def file_schema() -> Schema:
    """Return the schema of an experiment file, as it would be written in JSON."""
    kinds = _params_types()
    (experiment, *params), definitions = msgspec.json.schema_components(
        (Experiment, *kinds), ref_template="#/$defs/{name}"
    )
    known = dict(zip(kinds, params, strict=True))
    definitions["Layer"] = {"description": "A layer.", **_one_of(LAYERS, known)}
    _property(definitions, "Experiment", "network")["items"] = LAYER
    _property(definitions, "Data", "dataset", _one_of(DATASETS, known))
    _property(definitions, "Rule", "scheme", _one_of(SCHEMES, known))
    tuning = [_one_of(TUNINGS, known), {"type": "null"}]
    _property(definitions, "Contender", "tuning")["anyOf"] = tuning
    for kind in definitions.values():
        kind["description"] = cleandoc(kind["description"])
    probes = {"type": "array", "items": {"enum": list(PROBES)}}
    _property(definitions, "Recording", "probes")["anyOf"] = [probes, {"type": "null"}]
    return {
        "$schema": DIALECT,
        "title": "InitStudio experiment",
        "type": "object",
        "properties": {
            "format": {"const": FORMAT},
            "version": {"const": VERSION},
            "experiment": experiment,
        },
        "required": ["format", "version", "experiment"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def _params_types() -> list[type[Params]]:
    """Return the parameter types of all entries, each once."""
    catalogues: tuple[Mapping[str, Entry[Any]], ...] = (LAYERS, DATASETS, SCHEMES, TUNINGS)
    return list(dict.fromkeys(entry.params for room in catalogues for entry in room.values()))


def _property(
    definitions: Schema, kind: str, name: str, replacement: Schema | None = None
) -> Schema:
    """Return the schema of one field, replaced if a replacement is given.

    Raises:
        ValueError: The types have no such field (any more).
    """
    properties = definitions[kind]["properties"]
    if name not in properties:
        message = f"{kind} has no field {name!r}"
        raise ValueError(message)
    if replacement is not None:
        properties[name] = replacement
    return properties[name]  # type: ignore[no-any-return] # JSON is of any type


def _one_of(catalogue: Mapping[str, Entry[Any]], params: Mapping[type[Params], Schema]) -> Schema:
    """Return the schema of a Choice among the entries of a catalogue."""
    return {"oneOf": [_choice(entry, params[entry.params]) for entry in catalogue.values()]}


def _choice(entry: Entry[Any], params: Schema) -> Schema:
    needed = [field.name for field in msgspec.structs.fields(entry.params) if field.required]
    properties = {"key": {"const": entry.key}, "params": params}
    if isinstance(entry, Layer) and entry.bodies:
        properties["inside"] = {"type": "array", "items": LAYER}
    return {
        "title": entry.label,
        "description": entry.summary,
        "type": "object",
        "properties": properties,
        "required": ["key", "params"] if needed else ["key"],
        "additionalProperties": False,
    }
