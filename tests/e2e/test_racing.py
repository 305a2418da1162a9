"""A person watches several initializations of one network race."""

from functools import partial

import numpy as np
import pytest
from msgspec.structs import replace
from pytestqt.qtbot import QtBot

from initstudio.presets import ARTICLE, DEEP_DIGITS, DIGITS
from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.session import State
from tests.studio import Studio

LONG = replace(ARTICLE, training=replace(ARTICLE.training, epochs=10_000))
PICTURES = ("Weights", "Gradient by layer", "Signal by layer")


def shown(studio: Studio, picture: str, slot: int) -> bool:
    return bool(studio.inked(picture, slot).any())


def test_the_article_is_there_at_once_with_something_to_see(own: Studio, qtbot: QtBot) -> None:
    assert own.session.experiment == ARTICLE
    assert "The article's experiment" in own.window.windowTitle()
    own.reaches(State.READY, qtbot)
    assert own.text("State") == "Ready"
    for picture in PICTURES:
        for slot in range(3):
            qtbot.waitUntil(partial(shown, own, picture, slot))


def test_all_contenders_race_and_their_curves_grow(studio: Studio, qtbot: QtBot) -> None:
    def reaches_far(slot: int) -> bool:
        """Return whether a contender's curve, as far as it is seen, goes through the picture."""
        columns = np.flatnonzero(studio.inked("Loss", slot).any(0))
        width = studio.find_a(Canvas, "Loss").width()
        return len(columns) > 0 and bool(columns[-1] - columns[0] > 0.4 * width)

    studio.press("Run")
    studio.is_at(50, qtbot)
    early = studio.history.last_step
    studio.reaches(State.FINISHED, qtbot)
    assert studio.text("State") == "Finished"
    assert studio.text("Step and epoch") == "step 500 of 500, epoch 20"
    assert early < 500
    for slot in range(3):
        qtbot.waitUntil(partial(reaches_far, slot))
    loss = studio.history.series["loss"].mean
    assert np.isfinite(loss).all()
    assert (loss[-20:].mean(0) < loss[:20].mean(0)).all()


def test_pause_step_and_continue(studio: Studio, qtbot: QtBot) -> None:
    studio.session.load(LONG)
    studio.press("Run")
    studio.is_at(30, qtbot)
    qtbot.waitUntil(lambda: "steps/s" in studio.text("Speed and time left"))
    studio.press("Pause")
    studio.reaches(State.PAUSED, qtbot)
    at = studio.history.last_step
    studio.press("Step")
    qtbot.waitUntil(lambda: studio.history.last_step == at + 1)
    assert studio.session.state is State.PAUSED
    studio.press("Run")
    studio.is_at(at + 50, qtbot)
    steps = studio.history.series["loss"].steps
    assert steps.tolist() == list(range(len(steps)))


def test_stop_shows_at_once(studio: Studio, qtbot: QtBot) -> None:
    studio.session.load(LONG)
    studio.press("Run")
    studio.is_at(10, qtbot)
    studio.press("Stop")
    assert studio.text("State") == "Stopped"
    studio.press("Run")
    studio.reaches(State.RUNNING, qtbot)


def test_reset_gives_the_same_weights_and_new_seed_others(studio: Studio, qtbot: QtBot) -> None:
    def start() -> tuple[bytes, bytes]:
        studio.reaches(State.READY, qtbot)
        history = studio.history
        return history.series["loss"].mean.tobytes(), history.latest["weights"].tobytes()

    before = start()
    studio.press("Run")
    studio.is_at(100, qtbot)
    assert studio.history.latest["weights"].tobytes() != before[1]
    studio.press("Reset")
    assert start() == before
    studio.press("New seed")
    qtbot.waitUntil(lambda: not studio.session.stale and studio.session.state is State.READY)
    other = start()
    assert other[0] != before[0]
    assert other[1] != before[1]
    studio.menu("Edit", "Undo New seed")
    qtbot.waitUntil(lambda: studio.history.header.seeds == (0, 0, 0))
    assert start() == before


def test_the_digits_are_one_click_away(studio: Studio, qtbot: QtBot) -> None:
    studio.press("Experiment Digits")
    assert studio.session.experiment == DIGITS
    qtbot.waitUntil(lambda: studio.history.header.experiment == DIGITS)
    studio.press("Run")
    studio.reaches(State.FINISHED, qtbot)
    accuracy = studio.history.epoch_series["validation_accuracy"].mean[-1]
    assert (accuracy > 0.9).all()


def test_through_thirty_layers_kaiming_learns_and_the_others_stall(
    studio: Studio, qtbot: QtBot
) -> None:
    studio.press("Experiment Deep digits")
    assert studio.session.experiment == DEEP_DIGITS
    qtbot.waitUntil(lambda: studio.history.header.experiment == DEEP_DIGITS)
    studio.press("Run")
    studio.reaches(State.FINISHED, qtbot)
    names = [one.name for one in DEEP_DIGITS.contenders]
    accuracy = studio.history.epoch_series["validation_accuracy"].mean[-1]
    found = dict(zip(names, accuracy.tolist(), strict=True))
    assert found["Kaiming"] > 0.7
    assert found["Xavier"] < 0.3
    assert found["Normal"] < 0.3


def test_the_learning_rate_changes_while_it_runs(studio: Studio, qtbot: QtBot) -> None:
    studio.session.load(LONG)
    studio.press("Run")
    studio.is_at(50, qtbot)
    history = studio.history
    studio.type("Learning rate of the run", "1e-9")
    assert studio.session.experiment.training.learning_rate == pytest.approx(1e-9)
    studio.is_at(history.last_step + 100, qtbot)
    assert studio.history is history, "the run goes on"
    studio.press("Pause")
    studio.reaches(State.PAUSED, qtbot)
    # at such a rate the weights stand still, so each batch has the loss that it has an epoch later
    per_epoch = history.header.steps_per_epoch
    epochs = history.epoch_series["validation_loss"].mean
    assert per_epoch * 3 < history.last_step
    np.testing.assert_allclose(epochs[-1], epochs[-2], rtol=1e-5)


def test_keys_run_pause_and_stop(studio: Studio, qtbot: QtBot) -> None:
    studio.session.load(LONG)
    for keys, state in (("F5", State.RUNNING), ("F6", State.PAUSED), ("Shift+F5", State.STOPPED)):
        studio.key("Board", keys)
        studio.reaches(state, qtbot)
