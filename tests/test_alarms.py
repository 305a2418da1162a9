"""Alarms name what vanishes and what explodes, once, with its step; and are silent else."""

import numpy as np
import pytest
from msgspec.structs import replace

from initstudio.alarms import LEAST, LESS, MORE, Alarm, Alarms
from initstudio.engine.plan import plan
from initstudio.engine.train import train
from initstudio.experiment import SGD, Experiment, Recording, Seeds
from initstudio.presets import ARTICLE, DIGITS, contender, multilayer

TWO = replace(ARTICLE, contenders=(contender("A", 3, "normal"), contender("B", 1, "normal")))
HEADER = plan(TWO).header
TENSORS, LAYERS = len(HEADER.tensors), len(HEADER.layers)


def told(
    *gradients: float, loss: tuple[float, ...] = (), outputs: tuple[float, ...] = ()
) -> list[Alarm]:
    """Return what is told of contender B whose first layer has these gradients, step by step."""
    alarms = Alarms(HEADER)
    found = []
    for at, gradient in enumerate(gradients):
        norms = np.full((2, TENSORS), 0.5, np.float32)
        spread = np.full((2, LAYERS), 1.0, np.float32)
        norms[1, 0] = gradient
        spread[1, 2] = outputs[at] if outputs else 1.0
        losses = np.array([0.7, loss[at] if loss else 0.7], np.float32)
        readings = {"gradient_norm": norms, "activation_std": spread}
        found += alarms.extend(20 * at, readings, losses)
    return found


def test_a_gradient_that_vanishes_is_told_of_once_with_its_step() -> None:
    (alarm,) = told(0.5, 0.4, 3e-9, 3e-9, 3e-9, 0.5, 3e-9, 3e-9)
    assert (alarm.slot, alarm.kind, alarm.step) == (1, "vanishing", 40)
    assert alarm.sentence == (
        "B: the gradient vanishes from step 40: 3×10⁻⁹ in 1 Linear, 6×10⁻⁹ of the start, while the "
        "loss is at 100 % of its start."
    )


@pytest.mark.parametrize(
    "gradients",
    [
        (0.5, 0.5, 0.5),
        (0.5, 3e-9, 0.5, 3e-9, 0.5),  # a batch now and then
        (0.5, 1.01 * LESS * 0.5, 1.01 * LESS * 0.5),
        (0.0, 0.0, 0.0),  # no start to hold it against: that is for findings
        (1e-12, 1e-12, 1e-12),
        (0.5, 400.0, 0.5),
        (0.0, 1.0, 0.9, 0.8),
        (1e-12, 0.9, 0.8),  # has left a plateau
    ],
)
def test_nothing_is_told_of_what_is_well(gradients: tuple[float, ...]) -> None:
    assert told(*gradients) == []


def test_what_has_been_learned_leaves_less_gradient() -> None:
    faint = (0.5, 1e-4, 1e-4)
    assert told(*faint, loss=(0.7, 1e-4, 1e-4)) == []
    (alarm,) = told(*faint, loss=(0.7, 0.35, 0.35))
    assert "50 %" in alarm.sentence


def test_what_started_as_nothing_starts_when_it_is_not() -> None:
    (alarm,) = told(0.0, 0.1, 0.1, 1e-6, 1e-6)
    assert (alarm.kind, alarm.step) == ("vanishing", 60)


def test_a_gradient_that_explodes_is_told_of() -> None:
    (alarm,) = told(0.5, 1.02 * MORE * 0.5, 1e6, loss=(0.7, 0.8, 0.9))
    assert (alarm.slot, alarm.kind, alarm.step) == (1, "exploding", 20)
    assert alarm.sentence == (
        "B: the gradient explodes from step 20: 510 in 1 Linear, at the start at most 0.5."
    )
    assert told(0.5, 0.99 * MORE * 0.5, loss=(0.7, 0.8)) == []
    assert told(0.5, 1e6, loss=(0.7, 0.6)) == []


def test_a_signal_that_explodes_is_told_of() -> None:
    (alarm,) = told(0.5, 0.5, loss=(0.7, 0.8), outputs=(1.0, 2 * MORE))
    assert alarm.sentence == (
        f"B: the signal explodes from step 20: 2,000 in {HEADER.layers[2]}, at the start at most 1."
    )


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_no_number_is_told_of(bad: float) -> None:
    (alarm,) = told(0.5, bad, bad)
    assert (alarm.kind, alarm.step) == ("not finite", 20)
    assert alarm.sentence == "B: the gradient is not finite from step 20, in 1 Linear."
    (alarm,) = told(bad, bad)
    assert alarm.step == 0
    (alarm,) = told(0.5, 0.5, outputs=(1.0, bad))
    assert alarm.sentence == f"B: the signal is not finite from step 20, in {HEADER.layers[2]}."
    (alarm,) = told(0.5, 0.5, loss=(0.7, bad))
    assert alarm.sentence == "B: the loss is not finite from step 20."


def test_readings_by_layer_do_where_there_is_no_other() -> None:
    alarms = Alarms(HEADER)
    signals = np.full((2, LAYERS), 0.5)
    assert alarms.extend(0, {"signal_std": signals}) == []
    signals = signals.copy()
    signals[0, 1] = 1e-9
    assert alarms.extend(20, {"signal_std": signals}) == []
    (alarm,) = alarms.extend(40, {"signal_std": signals})
    assert alarm.sentence == (
        f"A: the gradient vanishes from step 20: 10⁻⁹ in {HEADER.layers[1]}, 2×10⁻⁹ of the start."
    )
    assert alarms.extend(60, {"loss": np.ones(2)}) == []


def test_of_several_seeds_the_first_is_named() -> None:
    header = plan(replace(TWO, seeds=Seeds(first=7, count=3))).header
    alarms = Alarms(header)
    norms = np.full((6, TENSORS), LEAST)
    alarms.extend(0, {"gradient_norm": norms}, np.ones(6))
    norms = norms.copy()
    norms[[1, 2], 0] = 5
    (alarm,) = alarms.extend(20, {"gradient_norm": norms}, np.full(6, 1.5))
    assert alarm.slot == 3
    assert alarm.sentence.startswith("A (seed 8): the gradient explodes")


def run(asked: Experiment) -> list[Alarm]:
    alarms = Alarms(plan(asked).header)
    return [one for shot in train(asked) for one in alarms.extend(shot.step, shot.readings)]


DEEP = replace(
    ARTICLE,
    network=multilayer(4, 16, "tanh"),
    training=replace(ARTICLE.training, epochs=6, learning_rate=0.02),
    recording=Recording(every=2),
)


def test_weight_decay_makes_gradients_vanish() -> None:
    decaying = replace(DEEP, training=replace(DEEP.training, optimizer=SGD(weight_decay=5.0)))
    found = {alarm.slot: alarm for alarm in run(decaying)}
    assert found.keys() == {0, 1, 2}
    for alarm in found.values():
        assert alarm.kind == "vanishing"
        assert 0 < alarm.step < 100
    assert run(replace(DEEP, training=replace(DEEP.training, optimizer=SGD()))) == []


def test_too_large_steps_make_gradients_explode() -> None:
    training = replace(DEEP.training, optimizer=SGD(), loss="mse", learning_rate=0.7, epochs=1)
    contenders = (contender("Large", 0, "normal", std=0.7), contender("Small", 5, "xavier_normal"))
    linear = multilayer(2, 16, "leaky_relu")
    wild = replace(
        DEEP,
        network=linear,
        training=training,
        contenders=contenders,
        recording=Recording(every=1),
    )
    kinds = [alarm.kind for alarm in run(wild) if alarm.slot == 0]
    assert kinds == ["exploding", "not finite"]
    calm = replace(wild, training=replace(training, learning_rate=1e-4))
    assert run(calm) == []


@pytest.mark.parametrize("asked", [ARTICLE, DIGITS], ids=["article", "digits"])
def test_a_sound_training_is_left_in_peace(asked: Experiment) -> None:
    assert run(replace(asked, training=replace(asked.training, epochs=6))) == []
