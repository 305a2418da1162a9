"""The dialogue that opens a person's own file, driven as a person does."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QComboBox,
    QDialogButtonBox,
    QFileDialog,
    QLineEdit,
    QListWidget,
    QTableView,
    QWidget,
)
from pytestqt.qtbot import QtBot

from initstudio.datasets.file import FileParams
from initstudio.experiment import Choice
from initstudio.ui.import_dialog import ImportDialog
from initstudio.ui.import_look import in_words, look_at

W = TypeVar("W", bound=QWidget)
Open = Callable[[Choice | None], ImportDialog]

TABLE = """id,size,colour,kind
1,1.5,red,b
2,,blue,a
3,3.5,red,b
4,5.5
5,4.5,blue,c
6,2.5,red,a
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "own.csv"
    made.write_text(TABLE, encoding="utf-8")
    return made


@pytest.fixture
def opened(qtbot: QtBot) -> Iterator[Open]:
    """Give a function that opens the dialogue and waits until it has read the file."""
    dialogs: list[ImportDialog] = []

    def show(choice: Choice | None = None) -> ImportDialog:
        dialog = ImportDialog(choice)
        dialogs.append(dialog)
        qtbot.addWidget(dialog)
        dialog.show()
        dialog.activateWindow()
        qtbot.waitUntil(lambda: QApplication.activeWindow() is dialog)
        settle(dialog, qtbot)
        return dialog

    yield show
    for dialog in dialogs:
        dialog._looker.wait()


def settle(dialog: ImportDialog, qtbot: QtBot) -> None:
    """Wait until what is shown is of the parameters as they are."""
    qtbot.waitUntil(
        lambda: (
            not dialog._looker.isRunning()
            and dialog.look.params == dialog.params
            and "being read" not in dialog.problem.text()
        )
    )


def find(dialog: QWidget, kind: type[W], name: str) -> W:
    (found,) = (one for one in dialog.findChildren(kind) if one.accessibleName() == name)
    return found


def use(path: Path, **params: Any) -> Choice:  # noqa: ANN401 - parameters of all kinds
    return Choice("file", {"path": str(path), **params})


def shown_rows(dialog: ImportDialog) -> list[list[str]]:
    model = find(dialog, QTableView, "Import: First rows").model()
    return [
        [str(model.index(row, column).data()) for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def header(dialog: ImportDialog, orientation: Qt.Orientation) -> list[str]:
    model = find(dialog, QTableView, "Import: First rows").model()
    count = model.columnCount() if orientation == Qt.Orientation.Horizontal else model.rowCount()
    return [str(model.headerData(at, orientation)) for at in range(count)]


def test_without_a_file_it_asks_for_one(opened: Open) -> None:
    dialog = opened(None)
    assert not dialog.ok.isEnabled()
    assert dialog.problem.text() == dialog.ok.toolTip() == "Choose a file."
    assert dialog.summary.text() == ""
    assert shown_rows(dialog) == []


def test_a_typed_path_is_read_and_its_rows_are_shown(
    opened: Open, path: Path, qtbot: QtBot
) -> None:
    dialog = opened(None)
    line = find(dialog, QLineEdit, "Import: File")
    line.setFocus()
    QTest.keyClicks(line, str(path))
    assert dialog.problem.text() == "Press Enter to read the file."
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert dialog.isVisible(), "Enter has read the file and not closed the dialogue"
    settle(dialog, qtbot)
    assert header(dialog, Qt.Orientation.Horizontal) == ["id", "size", "colour", "kind"]
    assert header(dialog, Qt.Orientation.Vertical) == ["2", "3", "4", "6", "7"]
    assert shown_rows(dialog)[:2] == [["1", "1.5", "red", "b"], ["2", "–", "blue", "a"]]
    assert dialog.summary.text().splitlines() == [
        "4 of 5 rows, 4 features, 3 classes (a, b, c).",
        "Rows with missing values are left out: line 3.",
        "Line 5: 2 fields where 4 are expected, so the row is left out.",
    ]
    assert dialog.ok.isEnabled()
    assert dialog.choice == use(path)


def test_target_columns_and_gaps_are_chosen(opened: Open, path: Path, qtbot: QtBot) -> None:
    dialog = opened(use(path))
    target = find(dialog, QComboBox, "Import: Target column")
    assert [target.itemText(at) for at in range(target.count())] == ["id", "size", "colour", "kind"]
    assert target.currentText() == "kind"
    target.setCurrentIndex(2)
    target.activated.emit(2)
    settle(dialog, qtbot)
    columns = find(dialog, QListWidget, "Import: Columns used")
    assert [columns.item(at).text() for at in range(columns.count())] == ["id", "size", "kind"]
    columns.setFocus()
    columns.setCurrentRow(0)
    QTest.keyClick(columns, Qt.Key.Key_Space)
    settle(dialog, qtbot)
    missing = find(dialog, QComboBox, "Import: Missing values")
    missing.setCurrentIndex(1)
    missing.activated.emit(1)
    settle(dialog, qtbot)
    assert dialog.summary.text().splitlines()[:2] == [
        "5 of 5 rows, 4 features, 2 classes (blue, red).",
        "Missing values become their column's mean: line 3.",
    ]
    assert dialog.choice == use(path, target="colour", without="id", missing="mean")
    target.setCurrentIndex(3)
    target.activated.emit(3)
    settle(dialog, qtbot)
    assert dialog.choice == use(path, without="id", missing="mean")


def test_what_was_chosen_before_is_shown_again(opened: Open, path: Path) -> None:
    choice = use(path, target="size", without="id,kind", task="values", missing="mean")
    dialog = opened(choice)
    assert dialog.choice == choice
    assert find(dialog, QComboBox, "Import: Target column").currentText() == "size"
    assert find(dialog, QComboBox, "Import: Task").currentText() == "Values"
    columns = find(dialog, QListWidget, "Import: Columns used")
    checked = [columns.item(at).checkState() == Qt.CheckState.Checked for at in range(3)]
    assert checked == [False, True, False]
    assert dialog.summary.text().startswith("4 of 5 rows, 2 features, 1 value to predict.")


def test_another_file_forgets_the_columns_of_the_last(
    opened: Open, path: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    dialog = opened(use(path, target="size", without="id"))
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,x\n2,y\n", encoding="utf-8")
    dialog.show_path(str(other))
    settle(dialog, qtbot)
    assert dialog.choice == use(other)
    assert dialog.ok.isEnabled()


def test_columns_that_name_the_rows_are_left_out_at_first(
    opened: Open, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "named.csv"
    rows = [f'"Doe, {at}",{at},{at % 2}' for at in range(101)]
    path.write_text("name,size,kind\n" + "\n".join(rows), encoding="utf-8")
    dialog = opened(use(path))
    settle(dialog, qtbot)
    assert dialog.choice == use(path, without="name")
    columns = find(dialog, QListWidget, "Import: Columns used")
    assert columns.item(0).toolTip() == "Text, 101 different ones."
    columns.item(0).setCheckState(Qt.CheckState.Checked)
    settle(dialog, qtbot)
    assert not dialog.ok.isEnabled()
    assert dialog.problem.text().startswith("The column 'name' holds 101 different texts")


def test_arrays_have_no_columns_to_choose(opened: Open, tmp_path: Path) -> None:
    path = tmp_path / "own.npz"
    x = np.arange(80, dtype=np.float32).reshape(4, 20)
    x[1, 3] = np.nan
    file = io.BytesIO()
    np.savez(file, X=x, y=np.array(["no", "yes", "no", "yes"]))
    path.write_bytes(file.getvalue())
    dialog = opened(use(path))
    assert header(dialog, Qt.Orientation.Horizontal) == [
        *(f"X {at}" for at in range(1, 13)),
        "y",
    ]
    assert shown_rows(dialog)[0][:2] == ["0", "1"]
    assert shown_rows(dialog)[1][3] == "nan"
    assert [row[-1] for row in shown_rows(dialog)] == ["no", "yes", "no", "yes"]
    assert not find(dialog, QComboBox, "Import: Target column").isEnabled()
    assert dialog.summary.text().splitlines() == [
        "3 of 4 rows, 20 features, 2 classes (no, yes).",
        "Rows with missing values are left out: row 2.",
    ]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "The file is empty."),
        (b"a,b\n1,\0\n", "Line 2 holds a NUL byte, so this is not a text file."),
        (b"PK\3\4nonsense", "This is not an NPZ file, or it is cut short."),
        (b"a,b\n1,2\n2,2\n", "The target is the same in every row."),
    ],
)
def test_what_cannot_be_used_is_one_sentence_and_no_ok(
    data: bytes, why: str, opened: Open, path: Path
) -> None:
    path.write_bytes(data)
    dialog = opened(use(path))
    assert dialog.problem.text() == dialog.ok.toolTip() == why
    assert dialog.problem.isVisible()
    assert not dialog.ok.isEnabled()
    assert dialog.summary.text() == ""


def test_a_problem_of_a_choice_stands_at_its_control(opened: Open, path: Path) -> None:
    dialog = opened(use(path, task="values"))
    assert dialog.others._notes["task"].text() == "The target is text, and cannot be values."


def test_wrong_parameters_are_forgotten_but_not_the_path(opened: Open, path: Path) -> None:
    assert opened(use(path, task="nonsense", no_such=3)).choice == use(path)


def test_it_is_browsed_for(
    opened: Open, path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    dialog = opened(None)
    QTest.mouseClick(find(dialog, QAbstractButton, "Import: Browse"), Qt.MouseButton.LeftButton)
    settle(dialog, qtbot)
    assert dialog.choice == use(path)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    dialog.browse.click()
    assert dialog.choice == use(path)


def test_closing_while_reading_says_when_it_is_idle(path: Path, qtbot: QtBot) -> None:
    path.write_text("a,b\n" + "1,2\n3,4\n" * 50_000, encoding="utf-8")
    dialog = ImportDialog(use(path))
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.problem.text() == "The file is being read."
    with qtbot.waitSignal(dialog.idle):
        dialog.reject()
    assert not dialog._looker.isRunning()
    again = ImportDialog(use(path))
    qtbot.addWidget(again)
    settle(again, qtbot)
    with qtbot.waitSignal(again.idle):
        again.reject()


def test_changes_in_a_row_end_with_the_last_one(opened: Open, path: Path, qtbot: QtBot) -> None:
    dialog = opened(use(path))
    for at in (0, 1, 2):
        dialog.target.setCurrentIndex(at)
        dialog.target.activated.emit(at)
        assert not dialog.ok.isEnabled()
    settle(dialog, qtbot)
    assert dialog.choice == use(path, target="colour")
    assert dialog.summary.text().startswith("4 of 5 rows, 5 features, 2 classes (blue, red).")


def test_every_control_has_a_name_and_help(opened: Open, path: Path) -> None:
    dialog = opened(use(path))
    kinds = QComboBox | QLineEdit | QCheckBox | QListWidget | QTableView | QAbstractButton
    for widget in dialog.findChildren(QWidget):
        inside = isinstance(widget.parent(), QTableView | QDialogButtonBox)
        if isinstance(widget, kinds) and not inside:
            assert widget.accessibleName().startswith("Import: "), widget
            assert widget.toolTip(), widget.accessibleName()
    assert dialog.accessibleName() == "Import"


def test_the_tab_key_reaches_every_control(opened: Open, path: Path) -> None:
    dialog = opened(use(path))
    dialog.path.setFocus()
    reached = []
    for _ in range(12):
        focus = QApplication.focusWidget()
        assert focus is not None
        reached.append(focus.accessibleName())
        QTest.keyClick(focus, Qt.Key.Key_Tab)
    wanted = ("File", "Browse", "First rows", "Target column", "Columns used", "Task")
    assert {f"Import: {name}" for name in (*wanted, "Missing values")} <= set(reached)


def test_troubles_beyond_the_first_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "ragged.csv"
    rows = ["1,x", "2,y"] * 10 + ["1", "1,2,3"] * 4
    path.write_text("a,b\n" + "\n".join(rows), encoding="utf-8")
    assert in_words(look_at(FileParams(path=str(path)))).splitlines() == [
        "20 of 20 rows, 1 feature, 2 classes (x, y).",
        "Line 22: 1 field where 2 are expected, so the row is left out.",
        "Line 23: 3 fields where 2 are expected, so the row is left out.",
        "Line 24: 1 field where 2 are expected, so the row is left out.",
        "And more in lines 25, 26, 27, 28 and 29.",
    ]
