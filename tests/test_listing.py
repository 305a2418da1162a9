"""The listings of the catalogues, for programs and for people."""

import json
import re

import pytest

from initstudio.declared import params_of
from initstudio.listing import CATALOGUES, as_json, as_text

catalogues = pytest.mark.parametrize("name", CATALOGUES)


@catalogues
def test_json_tells_all_that_is_declared(name: str) -> None:
    entries = json.loads(as_json(name))
    assert [entry["key"] for entry in entries] == list(CATALOGUES[name])
    for told in entries:
        entry = CATALOGUES[name][told["key"]]
        assert (told["label"], told["summary"], told["source"]) == (
            entry.label,
            entry.summary,
            entry.source,
        )
        for param, said in zip(params_of(entry.params), told["params"], strict=True):
            for field in ("name", "label", "kind", "default", "help", "unit", "log"):
                assert said[field] == getattr(param, field)
            assert said["low"] == param.low or said["low"] is None
            assert said["high"] == param.high or said["high"] is None
            choices = [(choice["value"], choice["label"]) for choice in said["choices"]]
            assert choices == list(param.choices)
    assert as_json(name).isascii()


@catalogues
@pytest.mark.parametrize("width", [60, 100])
def test_text_names_every_entry_and_parameter_and_keeps_to_its_width(name: str, width: int) -> None:
    text = as_text(name, width)
    lines = text.splitlines()
    assert max(len(line) for line in lines) <= width
    for entry in CATALOGUES[name].values():
        assert f"{entry.key}  ({entry.label})" in lines
        for param in params_of(entry.params):
            assert f"\n    {param.name} = " in text
    assert "None" not in text
    assert "inf" not in re.findall(r"\w+", text)


def test_limits_choices_and_units_are_words() -> None:
    text = " ".join(as_text("datasets").split())
    assert "examples = 1000: integer from 10 to 100000." in text
    assert "factor = 0.5: number from 0 below 1." in text
    assert "layout = flat: one of flat, image." in text


def test_a_scheme_has_its_formula_and_a_data_set_its_size() -> None:
    schemes = {entry["key"]: entry for entry in json.loads(as_json("schemes"))}
    assert schemes["xavier_uniform"]["formula"].startswith("U(-b, b)")
    assert schemes["xavier_uniform"]["roles"] == ["weight"]
    datasets = {entry["key"]: entry for entry in json.loads(as_json("datasets"))}
    assert datasets["digits"]["examples"] == 1797
    assert datasets["digits"]["shape"] == [64]
    assert datasets["digits"]["outputs"] == 10
