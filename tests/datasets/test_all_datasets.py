"""What every data set promises, present and future."""

from typing import Any

import numpy as np
import pytest

from initstudio.catalogue import Dataset, Params, params_of
from initstudio.datasets import DATASETS
from initstudio.errors import ExperimentError

entries = pytest.mark.parametrize("entry", DATASETS.values(), ids=DATASETS.keys())


def variants(entry: Dataset[Any]) -> list[Params]:
    """Return the defaults, and one variant for each choice and each small integer."""
    found: list[Params] = [entry.params()]
    for param in params_of(entry.params):
        if param.kind == "choice":
            found += [entry.parse({param.name: value}) for value, _ in param.choices]
        if param.kind == "integer":
            found.append(entry.parse({param.name: int(param.low)}))
            found.append(entry.parse({param.name: int(min(param.high, 37))}))
    return found


@entries
def test_data_is_as_the_facts_say(entry: Dataset[Any]) -> None:
    for params in variants(entry):
        facts = entry.facts(params)
        features, classes = entry.make(params, np.random.default_rng(5))
        assert features.dtype == np.float32
        assert features.shape == (facts.examples, *facts.shape)
        assert np.isfinite(features).all()
        assert classes.dtype == np.int64
        assert classes.shape == (facts.examples,)
        assert set(classes.tolist()) <= set(range(facts.classes))


@entries
def test_the_defaults_hold_every_class(entry: Dataset[Any]) -> None:
    params = entry.params()
    for seed in range(5):
        _, classes = entry.make(params, np.random.default_rng(seed))
        assert set(classes.tolist()) == set(range(entry.facts(params).classes))


@entries
def test_the_same_generator_gives_the_same_data_bit_for_bit(entry: Dataset[Any]) -> None:
    params = entry.params()
    first, second = (entry.make(params, np.random.default_rng(3)) for _ in range(2))
    assert [part.tobytes() for part in first] == [part.tobytes() for part in second]


@entries
def test_another_generator_gives_other_data_unless_it_is_a_fixed_collection(
    entry: Dataset[Any],
) -> None:
    params = entry.params()
    first, second = (entry.make(params, np.random.default_rng(seed))[0] for seed in (3, 4))
    assert (first.tobytes() == second.tobytes()) == (entry.key == "digits")


@entries
def test_it_does_not_touch_the_global_generator(entry: Dataset[Any]) -> None:
    before = np.random.get_state(legacy=False)  # noqa: NPY002 - that it is left alone is the point
    entry.make(entry.params(), np.random.default_rng(0))
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


def test_there_are_the_six_of_the_first_edition_in_their_order() -> None:
    assert list(DATASETS)[:6] == ["random", "digits", "moons", "circles", "spirals", "blobs"]
