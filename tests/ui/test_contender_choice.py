"""Each picture shows all contenders or some of them, as the document says."""

from collections.abc import Iterator
from itertools import combinations

import pytest
from msgspec.structs import replace
from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from initstudio.errors import ExperimentError
from initstudio.experiment import Choice
from initstudio.ui.board import Board
from initstudio.ui.chart.contender_choice import slots_in, toggled
from initstudio.ui.figure import Figure, Look
from initstudio.ui.plots import PLOTS
from initstudio.ui.plots.plot import Plot
from initstudio.ui.plots.study_plot import StudyPlot
from initstudio.ui.session import Session
from initstudio.ui.take_home import WHOLE
from initstudio.ui.theme import LIGHT
from tests.synthetic import experiment_of, history_of, studied_of

SHOWN = replace(experiment_of(3), board=(Choice("loss"), Choice("loss", {"contenders": "0 2"})))


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session(SHOWN)
    session._live.history = history_of(SHOWN, 30)
    yield session
    session.close()


@pytest.fixture
def board(session: Session, qtbot: QtBot) -> Board:
    board = Board(session)
    qtbot.addWidget(board)
    board.resize(1000, 700)
    board.show()
    return board


def slots(plot: Plot) -> list[int]:
    return [line.slot for line in plot.lines]


def entries(plot: Plot) -> list[QAction]:
    """Open the menu; return its entries: all, then each contender."""
    menu = plot.who.menu()
    menu.aboutToShow.emit()
    return [one for one in menu.actions() if one.text()]


@pytest.mark.parametrize(
    ("text", "slots"), [("", None), ("0", {0}), ("2 0", {0, 2}), (" 15  3 ", {3, 15})]
)
def test_a_text_of_slots(text: str, slots: set[int] | None) -> None:
    assert slots_in(text) == slots


@pytest.mark.parametrize("text", ["a", "0,2", "-1", "1.5", "²", 3, True, "9" * 5000])
def test_what_is_no_text_of_slots(text: object) -> None:
    with pytest.raises(ExperimentError):
        slots_in(text)


def test_any_choice_can_be_reached_and_none_is_empty() -> None:
    offered = [0, 2, 5]
    for size in range(1, len(offered)):
        for wanted in combinations(offered, size):
            chosen = None
            for slot in wanted:
                chosen = toggled(chosen, slot, offered)
            assert chosen == frozenset(wanted)
    assert toggled(frozenset({0}), 0, offered) is None
    assert toggled(frozenset({0, 2}), 5, offered) is None, "all by name are all"
    assert toggled(frozenset({7}), 0, offered) == frozenset({0, 7}), (
        "one that is hidden just now stays"
    )


def test_the_document_says_who_is_shown(board: Board) -> None:
    first, second = board.places
    assert slots(first) == [0, 1, 2]
    assert slots(second) == [0, 2]
    assert first.who.isVisible()
    assert first.who.text() == ""
    assert second.who.text() == "2 of 3"
    names = ", ".join(SHOWN.contenders[at].name for at in (0, 2))
    assert second.who.toolTip() == f"Contenders in this picture: {names}"


def test_who_is_shown_is_chosen_undoably(board: Board, session: Session) -> None:
    first, second = board.places
    every, *each = entries(first)
    assert every.isChecked()
    assert [one.text() for one in each] == [one.name for one in SHOWN.contenders]
    each[1].trigger()
    assert slots(first) == [1]
    assert slots(second) == [0, 2]
    assert session.experiment.board[0] == Choice("loss", {"contenders": "1"})
    assert [one.isChecked() for one in entries(first)] == [False, False, True, False]
    first.set_option("scale", "log")
    assert session.experiment.board[0] == Choice("loss", {"scale": "log", "contenders": "1"})
    session.undo_stack.undo()
    assert session.experiment == SHOWN
    assert slots(first) == [0, 1, 2]
    entries(second)[0].trigger()
    assert session.experiment.board == (Choice("loss"), Choice("loss"))


def test_hidden_ones_are_not_offered_and_new_ones_are_among_all(
    board: Board, session: Session
) -> None:
    first, second = board.places
    one, two, three = SHOWN.contenders
    session.edit(replace(SHOWN, contenders=(one, replace(two, hidden=True), three)), "Hide")
    assert len(entries(first)) == 3
    assert slots(first) == slots(second) == [0, 2]
    session.edit(replace(SHOWN, contenders=(two,)), "Less")
    assert not first.who.isVisible(), "there is nothing to choose"
    assert slots(second) == []
    assert second.who.isVisible()
    assert second.who.text() == "0 of 1"
    assert "none of this experiment" in second.who.toolTip()


def test_a_wrong_text_in_a_file_is_all(board: Board, session: Session) -> None:
    wrong = (Choice("loss", {"contenders": "x", "scale": "log"}), Choice("loss"))
    session.edit(replace(SHOWN, board=wrong), "Wrong")
    assert slots(board.places[0]) == [0, 1, 2]


def test_a_picture_taken_home_shows_the_same_ones(board: Board) -> None:
    figure = Figure([board.places[1]], [WHOLE], Look(theme=LIGHT, size=board.size()))
    assert slots(figure._parts[0][0]) == [0, 2]
    figure.close()


@pytest.mark.parametrize("key", list(PLOTS))
def test_every_picture_can_show_some(key: str, qtbot: QtBot) -> None:
    experiment = experiment_of(3)
    history = history_of(experiment, 30)
    plot = PLOTS[key]()
    qtbot.addWidget(plot)
    plot.resize(600, 360)
    plot.show_contenders(experiment.contenders)
    if isinstance(plot, StudyPlot):
        plot.show_study(studied_of(plot.study, experiment))
    else:
        plot.restart(history)
    plot.show_options({"contenders": "1"})
    plot.show()
    plot.refresh()
    assert plot.params == {"contenders": "1"}
    if not plot.by_contender:
        assert plot.who.isHidden()
        return
    assert slots(plot) == [1]
    assert {label.slot for label in plot.legend.labels} <= {1}
    rows = plot.data(history)
    others = {one.name for one in experiment.contenders if one.slot != 1}
    assert not others & {str(cell) for row in rows for cell in row}
