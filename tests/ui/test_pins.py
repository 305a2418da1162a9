"""The pinned runs and starts: how many there are, their names, and the button that shows them."""

from collections.abc import Iterator

import numpy as np
import pytest
from msgspec.structs import replace
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QInputDialog, QMenu
from pytestqt.qtbot import QtBot

from initstudio.history import History
from initstudio.presets import ARTICLE, DIGITS
from initstudio.ui.chart.contender_line import Pin
from initstudio.ui.main_window import MainWindow
from initstudio.ui.pages import XRAY, Pages
from initstudio.ui.pins import MOST, Pins
from initstudio.ui.pins_button import PinsButton
from initstudio.ui.session import Session
from initstudio.ui.studies import Studies
from tests.synthetic import experiment_of, history_of
from tests.ui.conftest import at_rate


@pytest.fixture
def session(qtbot: QtBot) -> Iterator[Session]:
    del qtbot  # only that there is an application
    session = Session(ARTICLE)
    yield session
    session.close()


@pytest.fixture
def button(session: Session, qtbot: QtBot) -> PinsButton:
    button = PinsButton(session)
    qtbot.addWidget(button)
    return button


def run_of(steps: int) -> History:
    return history_of(experiment_of(2), steps)


def entries(button: PinsButton) -> dict[str, QAction]:
    """Return what the menu offers as it opens, that of each pin by "its name / the text"."""
    button.menu().aboutToShow.emit()
    found = {}
    for action in button.menu().actions():
        sub = action.menu()
        found[action.text()] = action
        for one in sub.actions() if isinstance(sub, QMenu) else ():
            found[f"{action.text().split(':')[0]} / {one.text()}"] = one
    return found


def test_pins_are_few_and_have_names() -> None:
    pins = Pins()
    runs = [run_of(5) for _ in range(MOST + 1)]
    for run in runs:
        pins.add(run)
        pins.add(run)
    assert [pin.name for pin in pins.all] == [f"Run {at + 1}" for at in range(MOST)]
    assert pins.full
    pins.add_start(ARTICLE)
    assert len(pins.all) == MOST
    pins.rename(pins.all[1], " Kaiming ")
    pins.rename(pins.all[2], "  ")
    pins.remove(pins.all[0])
    assert [pin.name for pin in pins.all][:2] == ["Kaiming", "Run 3"]
    assert [pin.history for pin in pins.beside(runs[1])] == runs[2:MOST]
    assert pins.of(runs[0]) is None


def test_a_start_is_pinned_once_whatever_its_contenders_are_called() -> None:
    pins = Pins()
    pins.add_start(ARTICLE)
    first, *others = ARTICLE.contenders
    pins.add_start(replace(ARTICLE, contenders=(replace(first, name="Mine"), *others), title="X"))
    (pin,) = pins.all
    assert pin.name == "Start 1"
    assert pin.history.header.experiment is ARTICLE
    assert pins.of_start(DIGITS) is None
    pins.rename(pin, "Before")
    assert pins.all[0].why == "a start, for the X-ray alone"


def test_a_pin_is_told_from_others_by_itself() -> None:
    run = run_of(5)
    assert Pin("Run 1", run) != Pin("Run 1", run)
    assert np.array_equal(Pin("Run 1", run).history.series["loss"].steps, np.arange(5))


def test_the_menu_pins_renames_and_takes_off(
    button: PinsButton, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.before = run_of(20)
    assert not entries(button)["Pin this run"].isEnabled()
    entries(button)["Pin the run before"].trigger()
    assert [pin.history for pin in session.pins.all] == [session.before]
    assert not entries(button)["Pin the run before"].isEnabled()
    assert button.text() == "Pins: 1"
    monkeypatch.setattr(QInputDialog, "getText", lambda *_a, **_k: ("Slow", True))
    entries(button)["Run 1 / Rename…"].trigger()
    assert session.pins.all[0].name == "Slow"
    entries(button)["Slow / Take off"].trigger()
    assert session.pins.all == ()
    assert button.text() == "Pins"


def test_the_menu_pins_a_start_and_tells_which_it_is(button: PinsButton, session: Session) -> None:
    entries(button)["Pin this start"].trigger()
    assert [pin.name for pin in session.pins.all] == ["Start 1"]
    assert f"Start 1: {ARTICLE.title}, not run (this start)" in entries(button)
    assert not entries(button)["Pin this start"].isEnabled()
    session.edit(at_rate(ARTICLE, 5.0), "Rate")
    assert f"Start 1: {ARTICLE.title}, not run" in entries(button)
    assert entries(button)["Pin this start"].isEnabled()
    session.edit(replace(ARTICLE, network=()), "Clear")
    assert not entries(button)["Pin this start"].isEnabled()
    entries(button)["Take all off"].trigger()
    assert session.pins.all == ()


def test_a_full_menu_says_so(button: PinsButton, session: Session) -> None:
    for _ in range(MOST):
        session.pins.add(run_of(5))
    start = entries(button)["Pin this start"]
    assert not start.isEnabled()
    assert start.toolTip() == "4 are pinned; take one off first."


def test_the_button_is_on_both_pages(session: Session, qtbot: QtBot) -> None:
    pages = Pages(session, Studies(session))
    qtbot.addWidget(pages)
    pages.show()
    assert pages.pins.isVisible()
    pages.show_page(XRAY)
    assert pages.pins.isVisible()


def test_the_command_pins_a_start_or_says_why_not(session: Session, qtbot: QtBot) -> None:
    window = MainWindow(session)
    qtbot.addWidget(window)
    told: list[str] = []
    session.failed.connect(lambda _where, why: told.append(why))
    action = window.actions_by_key["pin_start"]
    action.trigger()
    assert [pin.name for pin in session.pins.all] == ["Start 1"]
    action.trigger()
    assert told == ["This start is pinned, as Start 1."]
    for _ in range(1, MOST):
        session.pins.add(run_of(5))
    session.edit(at_rate(ARTICLE, 5.0), "Rate")
    action.trigger()
    assert told[1:] == ["4 are pinned; take one off first."]
    session.edit(replace(ARTICLE, network=()), "Clear")
    assert not action.isEnabled()
    window.commands.pin_start()
    assert told[2:] == ["The network has no layers; add one."]
    session.undo_stack.setClean()  # or the window would ask as it closes


def test_a_start_without_a_run_is_no_line_of_the_race(session: Session, qtbot: QtBot) -> None:
    pages = Pages(session, Studies(session))
    qtbot.addWidget(pages)
    session.pins.add_start(ARTICLE)
    plot = pages.race.plots["loss"]
    plot.restart(history_of(ARTICLE))
    plot.refresh()
    assert [line.run for line in plot.lines] == [0] * len(ARTICLE.contenders)
    assert "Start 1: a start, for the X-ray alone" in plot.notes
