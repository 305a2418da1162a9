"""The vectorised training against the plain loop, network by network."""

import dataclasses
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from initstudio.catalogue import Value
from initstudio.engine.data import batches, prepare
from initstudio.engine.plan import plan
from initstudio.engine.reference import train_one
from initstudio.engine.theory import predicted_stds
from initstudio.engine.train import train
from initstudio.errors import ExperimentError
from initstudio.experiment import (
    SGD,
    Adam,
    AdamW,
    Choice,
    Data,
    Experiment,
    Optimizer,
    Recording,
    RMSprop,
    Seeds,
    Training,
)
from initstudio.history import Snapshot
from initstudio.layers import LAYERS
from initstudio.presets import contender
from initstudio.schedule import Cosine, Schedule, StepDecay, WarmUp
from tests.specs import around

Loss = Literal["cross_entropy", "mse", "huber", "bce"]
CONTENDERS = (
    contender("Xavier", 0, "xavier_uniform"),
    contender("Kaiming", 1, "kaiming_normal"),
    contender("Torch", 2, "torch_default", "torch_default"),
)
SMALL = (Choice("linear", {"units": 7}), Choice("relu"), Choice("output"))
NEAR = 1e-6
"""Relative; losses are read as float32, whose own rounding is 6e-8."""
SOLID: dict[str, dict[str, Value]] = {
    "conv3d": {"channels": 3},
    "conv_transpose3d": {"channels": 3, "kernel": 2},
}
"""Layers of which only a person's own data are as deep as they need."""


def experiment(
    network: tuple[Choice, ...] = SMALL, training: Training | None = None, seeds: int = 2
) -> Experiment:
    """150 examples, 120 of them trained on in batches of 32 and a last one of 24: 52 steps."""
    return Experiment(
        network=network,
        data=Data(dataset=Choice("random", {"examples": 150, "features": 6, "classes": 3})),
        training=training or Training(epochs=13, batch_size=32, learning_rate=1e-2),
        contenders=CONTENDERS,
        seeds=Seeds(first=5, count=seeds),
        recording=Recording(every=20),
    )


def series(snapshots: list[Snapshot], key: str) -> np.ndarray:
    return np.array([shot.readings[key] for shot in snapshots if key in shot.readings])


def assert_equal_to_plain(asked: Experiment) -> None:
    snapshots = list(train(asked, dtype=torch.float64))
    loss, accuracy = series(snapshots, "loss"), series(snapshots, "accuracy")
    held = series(snapshots, "validation_loss")
    right = series(snapshots, "validation_accuracy")
    assert len(loss) >= 50
    for index in range(len(asked.contenders)):
        for at, seed in enumerate(asked.seeds.each()):
            replica = index * asked.seeds.count + at
            plain = list(train_one(asked, index, seed, dtype=torch.float64))
            validated = [step.validation for step in plain if step.validation]
            np.testing.assert_allclose(loss[:, replica], [step.loss for step in plain], rtol=NEAR)
            wanted = [step.correct for step in plain]
            np.testing.assert_allclose(accuracy[:, replica], wanted, atol=1e-6, equal_nan=True)
            np.testing.assert_allclose(
                held[:-1, replica], [found[0] for found in validated], rtol=NEAR
            )
            np.testing.assert_allclose(
                right[:-1, replica], [found[1] for found in validated], atol=1e-6
            )


TOKENS = Data(dataset=Choice("text", {}), validation=0.2)


@pytest.mark.parametrize("key", sorted(LAYERS.keys() - {"embedding", *SOLID}))
def test_every_layer_trains_as_in_the_plain_loop(key: str) -> None:
    assert_equal_to_plain(experiment(around(key)))


@pytest.mark.parametrize("key", SOLID)
def test_every_layer_of_solids_trains_as_in_the_plain_loop(key: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    file = tmp_path / "solids.npz"
    np.savez(file, x=rng.normal(size=(150, 2, 3, 4, 5)), y=np.arange(150) % 3)
    layer = Choice(key, SOLID[key])
    asked = experiment((layer, Choice("tanh"), Choice("flatten"), Choice("output")))
    assert_equal_to_plain(replace(asked, data=Data(dataset=Choice("file", {"path": str(file)}))))


def test_tokens_train_as_in_the_plain_loop() -> None:
    network = (Choice("embedding", {"features": 4}), Choice("gru", {"hidden": 5}), Choice("output"))
    asked = experiment(network, Training(epochs=2, batch_size=64), seeds=1)
    assert_equal_to_plain(replace(asked, data=TOKENS))


def test_answers_at_several_positions_train_as_in_the_plain_loop() -> None:
    network = (
        Choice("embedding", {"features": 4}),
        Choice("lstm", {"hidden": 6, "output": "every"}),
        Choice("last_steps", {"count": 3}),
        Choice("output"),
    )
    data = Data(dataset=Choice("copy", {"examples": 150, "recall": 3, "delay": 2}))
    assert_equal_to_plain(replace(experiment(network), data=data))


@pytest.mark.parametrize(
    "optimizer",
    [
        SGD(momentum=0),
        SGD(nesterov=True, weight_decay=0.01),
        Adam(),
        Adam(weight_decay=0.1, beta1=0.5),
        AdamW(),
        RMSprop(),
        RMSprop(momentum=0.5, weight_decay=0.01),
    ],
    ids=repr,
)
@pytest.mark.parametrize("clip", [0, 0.05])
def test_every_optimizer_trains_as_in_the_plain_loop(optimizer: Optimizer, clip: float) -> None:
    training = Training(
        epochs=13, batch_size=32, learning_rate=1e-2, optimizer=optimizer, clip_norm=clip
    )
    assert_equal_to_plain(experiment(training=training, seeds=1))


@pytest.mark.parametrize("loss", ["mse", "huber", "bce"])
def test_every_loss_trains_as_in_the_plain_loop(loss: Loss) -> None:
    training = Training(epochs=13, batch_size=32, learning_rate=1e-2, loss=loss)
    assert_equal_to_plain(experiment(training=training))


@pytest.mark.parametrize("loss", ["mse", "huber"])
def test_values_train_as_in_the_plain_loop(loss: Loss) -> None:
    training = Training(epochs=13, batch_size=32, learning_rate=1e-2, loss=loss)
    asked = experiment(training=training)
    assert_equal_to_plain(replace(asked, data=Data(dataset=Choice("sine", {"examples": 150}))))


@pytest.mark.parametrize("schedule", [WarmUp(steps=10), Cosine(warm_up=5), StepDecay(epochs=3)])
def test_every_schedule_trains_as_in_the_plain_loop(schedule: Schedule) -> None:
    training = Training(epochs=13, batch_size=32, learning_rate=1e-2, schedule=schedule)
    assert_equal_to_plain(experiment(training=training, seeds=1))


def test_one_network_after_another_trains_as_in_the_plain_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(LAYERS, "relu", dataclasses.replace(LAYERS["relu"], vectorised=False))
    network = (Choice("linear", {"units": 7}), Choice("dropout"), Choice("batch_norm"))
    asked = experiment((*network, Choice("relu"), Choice("output")))
    assert plan(asked).header.one_by_one == ("ReLU",)
    assert_equal_to_plain(asked)


def test_images_train_as_in_the_plain_loop() -> None:
    asked = replace(
        experiment((Choice("flatten"), *SMALL), seeds=1),
        data=Data(dataset=Choice("digits", {"layout": "image"})),
        training=Training(epochs=3, batch_size=64),
    )
    assert_equal_to_plain(asked)


def test_readings_come_when_they_are_due() -> None:
    snapshots = list(train(experiment()))
    assert [shot.step for shot in snapshots] == list(range(53))
    due = [shot.step for shot in snapshots if "weights" in shot.readings]
    assert due == [0, 20, 40, 51]
    ends = [shot.step for shot in snapshots if "validation_loss" in shot.readings]
    assert ends == list(range(0, 53, 4))
    assert all("loss" in shot.readings for shot in snapshots[:-1])
    assert "loss" not in snapshots[-1].readings


def test_the_same_experiment_gives_the_same_bits() -> None:
    first, second = (list(train(experiment())) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert one.readings.keys() == other.readings.keys()
        for key, values in one.readings.items():
            np.testing.assert_array_equal(values, other.readings[key])


def test_a_learning_rate_sent_holds_from_that_update_on() -> None:
    still = train(experiment())
    moved = train(experiment())
    same, changed = [next(still)], [next(moved)]
    for step in range(8):
        same.append(still.send(None))
        changed.append(moved.send(1.0 if step == 4 else None))
    agree = [
        bool((one.readings["loss"] == other.readings["loss"]).all())
        for one, other in zip(same, changed, strict=True)
    ]
    assert agree == [True] * 5 + [False] * 4
    still.close()
    moved.close()


def test_without_a_validation_part_its_readings_are_nan() -> None:
    asked = experiment()
    asked = replace(asked, data=replace(asked.data, validation=0.0))
    first = next(train(asked))
    assert np.isnan(first.readings["validation_loss"]).all()
    assert np.isnan(first.readings["validation_accuracy"]).all()


def test_theory_is_told_once_for_the_first_batch_of_each_seed() -> None:
    asked = experiment()
    snapshots = list(train(asked))
    (first,) = [shot for shot in snapshots if "activation_theory" in shot.readings]
    assert first.step == 0
    found = first.readings["activation_theory"]
    resolved = plan(asked)
    assert found.shape == (6, len(resolved.header.layers))
    for index in range(3):
        for at, seed in enumerate(asked.seeds.each()):
            x = prepare(resolved, seed).train_x
            wanted = predicted_stds(resolved, index, x[batches(seed, len(x), 32, 0)[0]])
            np.testing.assert_allclose(found[2 * index + at], wanted, rtol=1e-6)


def test_only_the_probes_that_are_named_are_read() -> None:
    asked = replace(experiment(), recording=Recording(probes=("loss", "gradient_norm")))
    assert next(train(asked)).readings.keys() == {"loss", "gradient_norm"}


def test_what_cannot_run_says_so_before_the_first_step() -> None:
    asked = replace(experiment(), network=())
    with pytest.raises(ExperimentError, match="no layers"):
        next(train(asked))
    huge = tuple(Choice("linear", {"units": 65_536}) for _ in range(20))
    with pytest.raises(ExperimentError, match="GiB"):
        next(train(replace(experiment(), network=(*huge, Choice("output")))))
