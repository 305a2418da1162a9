"""What every data set promises, present and future."""

from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from initstudio.catalogue import Dataset, Params, Value
from initstudio.datasets import DATASETS
from initstudio.declared import params_of
from initstudio.errors import ExperimentError

FIXED = {"digits", "iris", "wine", "breast_cancer", "diabetes", "text", "file"}
"""Collections that are the same for every seed."""

entries = pytest.mark.parametrize("entry", DATASETS.values(), ids=DATASETS.keys())


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Give the path of a file for the data set that is a person's own."""
    path = tmp_path_factory.mktemp("own") / "own.csv"
    path.write_text("length,colour,kind\n1,red,a\n2,blue,b\n3,red,a\n,red,b\n", encoding="utf-8")
    return str(path)


def defaults(entry: Dataset[Any], table: str) -> Params:
    params: Params = entry.parse({"path": table} if entry.key == "file" else {})
    return params


def variants(entry: Dataset[Any], table: str) -> list[Params]:
    """Return the defaults, and one variant for each choice, switch and small integer."""
    found = [defaults(entry, table)]
    for param in params_of(entry.params):
        values: list[Value] = []
        if param.kind == "choice":
            values = [value for value, _ in param.choices]
        if param.kind == "switch":
            values = [not param.default]
        if param.kind == "integer":
            values = [int(param.low), int(min(param.high, 37))]
        found += [replace(found[0], **{param.name: value}) for value in values]
    return [one for one in found if getattr(one, "task", "") != "values"]


@entries
def test_data_is_as_the_facts_say(entry: Dataset[Any], table: str) -> None:
    for params in variants(entry, table):
        facts = entry.facts(params)
        features, targets = entry.make(params, np.random.default_rng(5))
        assert features.dtype == (np.int64 if facts.tokens else np.float32)
        assert features.shape == (facts.examples, *facts.shape)
        assert np.isfinite(features).all()
        if facts.tokens:
            assert 0 <= features.min() <= features.max() < facts.tokens
        places = (facts.examples, *facts.positions)
        if facts.task == "classes":
            assert targets.dtype == np.int64
            assert targets.shape == places
            assert 0 <= targets.min() <= targets.max() < facts.outputs
        else:
            assert targets.dtype == np.float32
            assert targets.shape == (*places, facts.outputs)
            assert np.isfinite(targets).all()
        assert facts.answer == (*facts.positions, facts.outputs)


@entries
def test_the_defaults_hold_every_class(entry: Dataset[Any], table: str) -> None:
    params = defaults(entry, table)
    facts = entry.facts(params)
    if facts.task == "values":
        pytest.skip("has no classes")
    if entry.key == "text":
        params = replace(params, length=1, step=1)  # rare letters are at few places
    for seed in range(5):
        _, classes = entry.make(params, np.random.default_rng(seed))
        assert set(classes.ravel().tolist()) == set(range(facts.outputs))


@entries
def test_the_same_generator_gives_the_same_data_bit_for_bit(
    entry: Dataset[Any], table: str
) -> None:
    params = defaults(entry, table)
    first, second = (entry.make(params, np.random.default_rng(3)) for _ in range(2))
    assert [part.tobytes() for part in first] == [part.tobytes() for part in second]


@entries
def test_another_generator_gives_other_data_unless_it_is_a_fixed_collection(
    entry: Dataset[Any], table: str
) -> None:
    params = defaults(entry, table)
    first, second = (entry.make(params, np.random.default_rng(seed))[0] for seed in (3, 4))
    assert (first.tobytes() == second.tobytes()) == (entry.key in FIXED)


@entries
def test_a_run_cannot_change_the_next_one_s_data(entry: Dataset[Any], table: str) -> None:
    params = defaults(entry, table)
    first = entry.make(params, np.random.default_rng(3))
    before = [part.tobytes() for part in first]
    for part in first:
        part[:] = 0
    again = entry.make(params, np.random.default_rng(3))
    assert [part.tobytes() for part in again] == before


@entries
def test_it_does_not_touch_the_global_generator(entry: Dataset[Any], table: str) -> None:
    before = np.random.get_state(legacy=False)  # noqa: NPY002 - that it is left alone is the point
    entry.make(defaults(entry, table), np.random.default_rng(0))
    after = np.random.get_state(legacy=False)  # noqa: NPY002 - as above
    assert str(before) == str(after)


@entries
def test_every_parameter_has_a_label_limits_and_a_source(entry: Dataset[Any]) -> None:
    assert entry.summary
    assert entry.source
    for param in params_of(entry.params):
        assert param.label
        if param.kind in {"integer", "number"}:
            assert np.isfinite([param.low, param.high]).all()
            with pytest.raises(ExperimentError, match=rf"^\$\.{param.name}: "):
                entry.parse({param.name: param.high + 1})


def test_they_come_in_their_order() -> None:
    assert list(DATASETS) == [
        *("random", "digits", "moons", "circles", "spirals", "blobs"),
        *("iris", "wine", "breast_cancer", "diabetes"),
        *("xor", "parity", "teacher", "sine", "chirp", "adding", "copy", "text", "file"),
    ]
