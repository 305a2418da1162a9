"""The convergence table as a person uses it: sorted by clicks, copied, scrubbed, taken home."""

from collections.abc import Iterator

import numpy as np
import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from initstudio.experiment import Choice
from initstudio.history import History
from initstudio.ui.arrangement import PLACES
from initstudio.ui.board import Board
from initstudio.ui.chart.contender_line import Pin
from initstudio.ui.chart.convergence_cells import COLUMNS
from initstudio.ui.figure import Look, as_csv, take
from initstudio.ui.plots.convergence import ConvergencePlot
from initstudio.ui.session import Session
from initstudio.ui.theme import LIGHT
from tests.synthetic import experiment_of, falling, header_of, history_of, stretch_from

KEYS = [column.key for column in COLUMNS]


@pytest.fixture
def plot(qtbot: QtBot) -> ConvergencePlot:
    plot = ConvergencePlot()
    qtbot.addWidget(plot)
    plot.resize(1200, 400)
    return plot


def show(plot: ConvergencePlot, history: History, **options: str | float) -> None:
    plot.show_options(options)
    plot.show_contenders(history.header.experiment.contenders)
    plot.restart(history)
    plot.show()
    plot.refresh()


def column(plot: ConvergencePlot, key: str) -> list[str]:
    return [entry.cells[KEYS.index(key)] for entry in plot.table.sheet.entries]


def troubled_history() -> History:
    """Return a run in which seeds of Way 1 stall, one of Way 2 diverges, and Way 3 only stalls."""
    header = header_of(experiment_of(4, 3))
    loss = falling(header, 100)
    loss[:, 3:5] = 2.3
    loss[41:, 8] = np.nan
    loss[:, 9:12] = 2.3
    history = History(header)
    history.extend(stretch_from(header, loss))
    return history


def click(plot: ConvergencePlot, key: str) -> None:
    head = plot.table.horizontalHeader()
    at = KEYS.index(key)
    head.resizeSection(at, 100)
    plot.table.horizontalScrollBar().setValue(head.sectionPosition(at))
    place = QPoint(head.sectionViewportPosition(at) + 20, head.height() // 2)
    QTest.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_the_table_copies_with_tabs_as_it_is_sorted(plot: ConvergencePlot) -> None:
    show(plot, history_of(experiment_of(3)), sort="final_loss")
    plot.copy()
    lines = [line.split("\t") for line in QGuiApplication.clipboard().text().splitlines()]
    assert lines[0] == [one.title for one in COLUMNS]
    losses = [float(line[KEYS.index("final_loss")]) for line in lines[1:]]
    assert losses == sorted(losses)
    assert [line[0] for line in lines[1:]] == ["Way 2", "Way 1", "Way 0"]


def test_ctrl_c_copies_and_the_menu_copies_as_markdown(plot: ConvergencePlot, qtbot: QtBot) -> None:
    show(plot, history_of(experiment_of(3, 2)), sort="-rank")
    with qtbot.waitActive(plot):
        plot.activateWindow()
    plot.table.setFocus()
    QTest.keyClick(plot.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    names = [line.split("\t")[0] for line in QGuiApplication.clipboard().text().splitlines()]
    assert names == ["Contender", "Way 0", "Way 1", "Way 2"]
    actions = {one.text().replace("&", ""): one for one in plot.more.menu().actions()}
    actions["Copy as Markdown"].trigger()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert [line.split("|")[1].strip() for line in lines[:5]] == [
        *("Contender", ":---", "Way 0", "Way 1", "Way 2")
    ]
    assert any("sooner than Way 0" in line for line in lines[5:])
    assert {"Copy picture", "Copy table"} <= actions.keys()


def test_clicks_on_a_heading_sort_and_come_back(plot: ConvergencePlot) -> None:
    show(plot, history_of(experiment_of(3)))
    head = plot.table.horizontalHeader()
    told: list[object] = []
    plot.options_changed.connect(told.append)
    for names, sort, arrow in (
        (["Way 2", "Way 1", "Way 0"], "area", " ↑"),
        (["Way 0", "Way 1", "Way 2"], "-area", " ↓"),
        (["Way 0", "Way 1", "Way 2"], "", ""),
    ):
        click(plot, "area")
        assert plot.dirty
        plot.refresh()
        assert column(plot, "name") == names
        assert plot.options.sort == sort
        heading = head.model().headerData(KEYS.index("area"), Qt.Orientation.Horizontal)
        assert heading == f"Area per step{arrow}"
    assert told == [{"sort": "area"}, {"sort": "-area"}, {}]


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session(replace(experiment_of(), board=(Choice("convergence"),)))
    yield session
    session.close()


def test_the_order_is_part_of_the_document_and_can_be_undone(
    session: Session, qtbot: QtBot
) -> None:
    board = Board(session)
    qtbot.addWidget(board)
    board.resize(1000, 500)
    board.show()
    plot = board.plots["convergence"]
    assert isinstance(plot, ConvergencePlot)
    show(plot, history_of(session.experiment))
    click(plot, "final_loss")
    assert session.experiment.board == (Choice("convergence", {"sort": "final_loss"}),)
    plot.refresh()
    assert column(plot, "name") == ["Way 2", "Way 1", "Way 0"]
    session.undo_stack.undo()
    assert session.experiment.board == (Choice("convergence"),)
    plot.refresh()
    assert column(plot, "name") == ["Way 0", "Way 1", "Way 2"]


def test_the_notes_tell_who_is_ahead_and_how_many_seeds_are_in_trouble(
    plot: ConvergencePlot,
) -> None:
    show(plot, troubled_history())
    assert plot.notes.startswith("Way 2 reaches the loss target sooner than Way 1, in ")
    notes = plot.notes.split("  ·  ")
    assert "Way 1 stalled in 2 of 3 seeds" in notes
    assert "Way 2 diverged in 1 of 3 seeds" in notes
    assert "Way 3 stalled" in notes
    assert column(plot, "stalled") == ["–", "2 of 3", "–", "3 of 3"]
    assert column(plot, "diverged") == ["–", "–", "1 of 3, first at step 41", "–"]
    assert column(plot, "rank") == ["3=", "2", "1", "3="]


def test_another_number_ranks_and_is_compared(plot: ConvergencePlot) -> None:
    show(plot, history_of(experiment_of(3, 3)), rank_by="final_accuracy")
    assert column(plot, "rank") == ["3", "2", "1"]
    assert column(plot, "behind")[2] == "first"
    assert "final accuracy is" in plot.notes
    assert "points higher than Way 1’s, in 3 of 3 seeds, p = 0.25" in plot.notes


def test_nobody_at_the_target_is_told(plot: ConvergencePlot) -> None:
    show(plot, history_of(experiment_of(2)), loss_target=0.0)
    assert plot.notes.startswith("nobody has reached the loss target")
    assert column(plot, "rank") == ["–", "–"]


def test_seconds_are_those_of_the_clock_or_none(plot: ConvergencePlot) -> None:
    history = history_of(experiment_of(2))
    show(plot, history)
    assert column(plot, "loss_seconds") == ["–", "–"]
    history.clock.note(0, 0.0)
    history.clock.note(100, 5.0)
    plot.refresh()
    steps = int(column(plot, "loss_steps")[1].split()[0])
    assert column(plot, "loss_seconds")[1] == f"{steps / 20:g} s"
    tip = plot.table.model().headerData(
        KEYS.index("loss_seconds"), Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole
    )
    assert "all of them" in tip


def test_the_table_is_that_of_the_step_that_is_shown(plot: ConvergencePlot) -> None:
    history = troubled_history()
    show(plot, history)
    plot.draw(history.at(35))
    assert column(plot, "diverged") == ["–"] * 4
    assert column(plot, "loss_steps")[0] == "–"
    cells = as_csv(plot.data(history.at(35))).splitlines()[1].split(",")
    assert cells[:3] == ["Way 0", "3", ""]


def test_pinned_runs_are_ranked_too_in_their_own_epochs(plot: ConvergencePlot) -> None:
    experiment = experiment_of(1, 3)
    header = header_of(experiment, per_epoch=20)
    earlier = History(header)
    earlier.extend(stretch_from(header, np.linspace(2, 0, 100 * 3, dtype="f4").reshape(-1, 3)))
    history = history_of(experiment_of(1, 3))
    show(plot, history)
    plot.show_pins([Pin("Run 1", earlier)])
    plot.refresh()
    assert column(plot, "name") == ["Way 0", "Way 0 (Run 1)"]
    assert column(plot, "loss_steps")[1] == "100 (5 ep.)"
    assert plot.notes.startswith("Way 0 reaches the loss target ")
    assert "than Way 0 (Run 1), in" in plot.notes
    plot.show_step(35)
    plot.refresh()
    assert column(plot, "loss_steps")[1] == "–"


def test_the_mean_and_deviation_are_shown_on_demand(plot: ConvergencePlot) -> None:
    history = history_of(experiment_of(2, 3))
    show(plot, history, mean=True)
    finals = history.epoch_means["loss"].mean[-1, 3:]
    mean, std = column(plot, "final_loss")[1].split(" ± ")
    assert float(mean) == pytest.approx(finals.mean(), rel=0.05)
    assert float(std) == pytest.approx(finals.std(ddof=1), rel=0.05)


def test_what_is_exported_is_parted_where_it_would_be_tiny(plot: ConvergencePlot) -> None:
    show(plot, troubled_history())
    look = Look(theme=LIGHT, size=QSize(960, 540))
    drawing = take([plot], PLACES[1], look, ".svg").decode()
    parts = drawing.count(">Contender</text>")
    assert parts > 1
    assert drawing.count(">Way 3</text>") == parts
    assert drawing.count(">Final loss</text>") == 1
    wide = Look(theme=LIGHT, size=QSize(2400, 540))
    assert take([plot], PLACES[1], wide, ".svg").decode().count(">Contender</text>") == 1


def test_a_long_name_is_cut_in_a_picture(plot: ConvergencePlot) -> None:
    history = history_of(experiment_of(2))
    show(plot, history)
    first, second = history.header.experiment.contenders
    plot.show_contenders((replace(first, name="very " * 60), second))
    plot.refresh()
    look = Look(theme=LIGHT, size=QSize(960, 540))
    drawing = take([plot], PLACES[1], look, ".svg").decode()
    assert "…</text>" in drawing


def test_hidden_contenders_are_not_ranked(plot: ConvergencePlot) -> None:
    history = history_of(experiment_of(3))
    show(plot, history)
    first, second, third = history.header.experiment.contenders
    plot.show_contenders((first, second, replace(third, hidden=True)))
    plot.refresh()
    assert column(plot, "rank") == ["2", "1"]


def test_a_run_that_goes_on_changes_the_table_at_an_epochs_end_only(
    plot: ConvergencePlot,
) -> None:
    history = history_of(experiment_of(2), 31)
    show(plot, history)
    header, loss = history.header, falling(history.header, 60)
    plot.extend(history)
    plot.refresh()
    history.extend(stretch_from(header, loss[31:35], 31))
    plot.extend(history)
    assert not plot.dirty
    history.extend(stretch_from(header, loss[35:41], 35))
    plot.extend(history)
    assert plot.dirty
