"""Streams, splits, scaling and batches against slow, obvious versions."""

import itertools
import math
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from initstudio.datasets import DATASETS
from initstudio.engine import plan as planning
from initstudio.engine.data import Split, batches, prepare, stream
from initstudio.experiment import Choice, Data, Experiment, Training
from initstudio.presets import multilayer


def experiment(dataset: Choice, **data: float | bool) -> Experiment:
    return Experiment(
        network=multilayer(0, 1, "relu"),
        data=Data(dataset=dataset, **data),  # type: ignore[arg-type] # a switch and a number
        training=Training(batch_size=1),
        contenders=(),
    )


def plan(dataset: Choice, **data: float | bool) -> planning.Plan:
    """Return a plan without contenders, which data do not depend on."""
    wanted = experiment(dataset, **data)
    facts = planning.data_facts(wanted)
    training, validation = planning.split_sizes(wanted, facts)
    entry = DATASETS[dataset.key]
    return planning.Plan(
        experiment=wanted,
        dataset=entry,
        dataset_params=entry.parse(dataset.params),
        facts=facts,
        training_examples=training,
        validation_examples=validation,
        network=(),
        layers=(),
        assignments=(),
        tunings=(),
        probes=(),
        header=None,  # type: ignore[arg-type] # nothing here reads it
    )


MOONS = Choice("moons", {"examples": 50})


def arrays(split: Split) -> list[bytes]:
    parts = (split.train_x, split.train_y, split.validation_x, split.validation_y)
    return [part.tobytes() for part in parts]


def test_streams_are_told_apart_by_seed_and_name_and_are_otherwise_the_same() -> None:
    names = ["data", "split", "order of epoch 1", "order of epoch 11", "d", ""]
    keys = list(itertools.product([0, 1, 2**31 - 1], names))
    draws = {key: stream(*key).bytes(16) for key in keys}
    assert len(set(draws.values())) == len(keys)
    assert draws == {key: stream(*key).bytes(16) for key in keys}


def test_a_stream_is_what_it_was_in_the_first_edition() -> None:
    """Runs are promised to be the same bit for bit: this must never change."""
    expected = np.random.default_rng(np.random.SeedSequence(7, spawn_key=(100, 97, 116, 97)))
    assert stream(7, "data").bytes(64) == expected.bytes(64)


def test_every_example_is_in_exactly_one_part() -> None:
    wanted = plan(MOONS, standardize=False)
    split = prepare(wanted, 3)
    assert (len(split.train_y), len(split.validation_y)) == (40, 10)
    made, classes = wanted.dataset.make(wanted.dataset_params, stream(3, "data"))
    rows = sorted((*point, one) for point, one in zip(made.tolist(), classes, strict=True))
    parted = [
        *zip(split.train_x.tolist(), split.train_y, strict=True),
        *zip(split.validation_x.tolist(), split.validation_y, strict=True),
    ]
    assert sorted((*point, one) for point, one in parted) == rows


def test_the_split_is_a_shuffle() -> None:
    """Moons come class by class; a split that cut them so would validate on one class only."""
    for seed in range(10):
        assert set(prepare(plan(MOONS), seed).train_y.tolist()) == {0, 1}
    assert arrays(prepare(plan(MOONS), 0)) == arrays(prepare(plan(MOONS), 0))
    assert arrays(prepare(plan(MOONS), 0)) != arrays(prepare(plan(MOONS), 1))


def test_the_seed_chooses_the_validation_part_of_a_fixed_collection() -> None:
    wanted = plan(Choice("digits"), standardize=False)
    first, second = prepare(wanted, 0), prepare(wanted, 1)
    assert first.validation_x.tobytes() != second.validation_x.tobytes()
    total = first.train_x.sum(dtype=np.float64) + first.validation_x.sum(dtype=np.float64)
    assert total == second.train_x.sum(dtype=np.float64) + second.validation_x.sum(dtype=np.float64)


def test_without_a_validation_part_it_is_empty() -> None:
    split = prepare(plan(Choice("digits", {"layout": "image"}), validation=0), 0)
    assert split.train_x.shape == (1797, 1, 8, 8)
    assert split.validation_x.shape == (0, 1, 8, 8)
    assert split.validation_y.shape == (0,)


@pytest.mark.parametrize("dataset", [MOONS, Choice("random", {"examples": 30, "features": 3})])
def test_standardizing_is_the_textbook_s_by_the_training_part_alone(dataset: Choice) -> None:
    raw, scaled = (prepare(plan(dataset, standardize=how), 2) for how in (False, True))
    for feature in range(raw.train_x.shape[1]):
        column = [float(value) for value in raw.train_x[:, feature]]
        mean = math.fsum(column) / len(column)
        std = math.sqrt(math.fsum((value - mean) ** 2 for value in column) / len(column))
        for before, after in (
            (raw.train_x, scaled.train_x),
            (raw.validation_x, scaled.validation_x),
        ):
            expected = [(float(value) - mean) / std for value in before[:, feature]]
            assert after[:, feature].tolist() == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert scaled.train_x.dtype == scaled.validation_x.dtype == np.float32
    assert np.array_equal(raw.train_y, scaled.train_y)


def test_a_constant_feature_becomes_zero_in_both_parts() -> None:
    raw, scaled = (prepare(plan(Choice("digits"), standardize=how), 0) for how in (False, True))
    constant = raw.train_x.min(0) == raw.train_x.max(0)
    assert constant.any()
    assert (scaled.train_x[:, constant] == 0).all()
    assert (scaled.validation_x[:, constant] == 0).all()
    assert np.isfinite(scaled.train_x).all()
    varied = scaled.train_x[:, ~constant]
    assert np.abs(varied.mean(0)).max() < 1e-5
    assert np.abs(varied.std(0) - 1).max() < 1e-5


@given(st.integers(0, 2**31), st.integers(1, 300), st.integers(1, 300), st.integers(0, 10_000))
def test_an_epoch_s_batches_hold_every_example_once(
    seed: int, examples: int, batch_size: int, epoch: int
) -> None:
    found = batches(seed, examples, batch_size, epoch)
    whole, rest = divmod(examples, batch_size)
    assert [len(batch) for batch in found] == [batch_size] * whole + [rest] * (rest > 0)
    assert sorted(np.concatenate(found).tolist()) == list(range(examples))
    assert all(batch.dtype == np.int64 for batch in found)


def test_every_epoch_and_every_seed_has_an_order_of_its_own() -> None:
    orders = {
        (seed, epoch): np.concatenate(batches(seed, 100, 32, epoch)).tobytes()
        for seed in range(3)
        for epoch in range(20)
    }
    assert len(set(orders.values())) == 60
    assert np.concatenate(batches(2, 100, 32, 19)).tobytes() == orders[2, 19]


def test_the_order_does_not_depend_on_the_batch_size() -> None:
    small, large = (np.concatenate(batches(1, 100, size, 5)) for size in (7, 100))
    assert np.array_equal(small, large)


def test_an_order_is_a_fair_shuffle() -> None:
    """The mean place of one example over many epochs is the middle, within five standard errors."""
    examples, epochs = 50, 2000
    places = [
        int(np.flatnonzero(np.concatenate(batches(0, examples, 50, epoch)) == 0)[0])
        for epoch in range(epochs)
    ]
    error = math.sqrt((examples**2 - 1) / 12 / epochs)
    assert abs(sum(places) / epochs - (examples - 1) / 2) < 5 * error


def test_contenders_do_not_touch_the_data() -> None:
    first = plan(MOONS)
    changed = msgspec.structs.replace(first.experiment, title="another")
    assert arrays(prepare(first, 4)) == arrays(prepare(replace(first, experiment=changed), 4))
