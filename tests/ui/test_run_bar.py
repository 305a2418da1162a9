"""The run bar shows where the run stands."""

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QLabel,
    QMainWindow,
    QProgressBar,
    QPushButton,
    QToolButton,
)
from pytestqt.qtbot import QtBot

from initstudio.presets import ARTICLE, DIGITS, EXPERIMENTS
from initstudio.ui.actions import build_actions, refresh_actions
from initstudio.ui.commands import Commands
from initstudio.ui.run_bar import BUTTONS, RunBar, duration_text, one_by_one_text, pace_text
from initstudio.ui.session import Session, State
from tests.ui.conftest import at_rate


@pytest.fixture
def bar(session: Session, qtbot: QtBot) -> RunBar:
    owner = QMainWindow()
    qtbot.addWidget(owner)
    actions = build_actions(session, Commands(session, owner), owner)
    session.state_changed.connect(lambda _state: refresh_actions(actions, session))
    refresh_actions(actions, session)
    bar = RunBar(session, actions)
    bar.preset_chosen.connect(lambda name: session.load(EXPERIMENTS[name]))
    bar.resize(1280, 50)
    qtbot.addWidget(bar)
    bar.show()
    return bar


def label(bar: RunBar, name: str) -> str:
    (found,) = (one for one in bar.findChildren(QLabel) if one.accessibleName() == name)
    return str(found.text())


def button(bar: RunBar, name: str) -> QToolButton:
    (found,) = (one for one in bar.findChildren(QToolButton) if one.accessibleName() == name)
    return found


def enabled(bar: RunBar) -> set[str]:
    return {one.accessibleName() for one in bar.findChildren(QToolButton) if one.isEnabled()}


def test_what_can_be_pressed_follows_the_state(bar: RunBar, session: Session, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: session.state is State.READY)
    assert enabled(bar) == {"Run", "Step", "Reset", "New seed"}
    session.load(replace(ARTICLE, training=replace(ARTICLE.training, epochs=100_000)))
    button(bar, "Run").click()
    qtbot.waitUntil(lambda: session.state is State.RUNNING)
    assert enabled(bar) == {"Pause", "Step", "Stop", "Reset", "New seed"}
    qtbot.waitUntil(lambda: "steps/s" in label(bar, "Speed and time left"))
    button(bar, "Pause").click()
    qtbot.waitUntil(lambda: session.state is State.PAUSED)
    assert enabled(bar) == {"Run", "Step", "Stop", "Reset", "New seed"}
    assert button(bar, "Run").text() == "Continue"
    button(bar, "Stop").click()
    assert label(bar, "State") == "Stopped"


def test_progress_and_time_are_told(bar: RunBar, session: Session, qtbot: QtBot) -> None:
    session.run()
    qtbot.waitUntil(lambda: session.state is State.FINISHED)
    assert label(bar, "Step and epoch") == "step 500 of 500, epoch 20"
    (progress,) = bar.findChildren(QProgressBar)
    assert progress.value() == progress.maximum()


def test_the_learning_rate_is_edited_here(bar: RunBar, session: Session) -> None:
    (box,) = bar.findChildren(QAbstractSpinBox)
    box.selectAll()
    QTest.keyClicks(box, "0.25")
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert session.experiment.training.learning_rate == 0.25
    session.edit(at_rate(ARTICLE, 0.5), "Rate")
    assert box.text() == "0.5"


def test_the_preset_that_is_shown_is_marked(bar: RunBar, session: Session) -> None:
    buttons = {one.text(): one for one in bar.findChildren(QPushButton)}
    assert list(buttons) == list(EXPERIMENTS)
    buttons["Digits"].click()
    assert session.experiment == DIGITS
    assert [name for name, one in buttons.items() if one.isChecked()] == ["Digits"]
    buttons["Digits"].click()
    assert buttons["Digits"].isChecked()
    session.edit(replace(DIGITS, title="Mine"), "Rename")
    assert not buttons["Digits"].isChecked()


def test_an_edit_during_a_run_is_told(bar: RunBar, session: Session, qtbot: QtBot) -> None:
    session.load(replace(ARTICLE, training=replace(ARTICLE.training, epochs=100_000)))
    session.run()
    qtbot.waitUntil(lambda: session.state is State.RUNNING)
    session.edit(DIGITS, "Digits")
    assert "before the edit" in label(bar, "State")


def test_every_button_has_a_name_and_says_what_it_does(bar: RunBar) -> None:
    tools = [one for one in bar.findChildren(QToolButton) if one.accessibleName()]
    assert len(tools) == len(BUTTONS)
    assert all(one.toolTip() for one in tools)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.2, "1 s"),
        (59.5, "1 min 0 s"),
        (61, "1 min 1 s"),
        (3600, "1 h 0 min"),
        (7.3e6, "2,027 h 46 min"),
    ],
)
def test_a_time_is_told_in_two_units(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_a_pace_that_is_not_known_is_not_told() -> None:
    assert pace_text(0, float("inf")) == ""
    assert pace_text(1234.4, float("inf")) == "1,234 steps/s"
    assert pace_text(10, 5) == "10 steps/s, 5 s left"


def test_networks_that_train_one_after_another_are_told_of() -> None:
    assert one_by_one_text(()) == ""
    assert one_by_one_text(("RReLU",), short=True) == ", one network after another"
    assert "RReLU cannot run" in one_by_one_text(("RReLU",))
