"""The editor for Python, driven as a person does."""

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QColor, QHelpEvent, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QToolTip, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from initstudio.ui import theme
from initstudio.ui.code_editor import HELP, CodeEditor
from initstudio.ui.completing_edit import Offer

NAMES = [
    Offer("module", help="The layer."),
    Offer("generator", help="The source of all randomness."),
    Offer("torch.nn.init.normal_", opens=True, help="Fills with N(mean, std^2)."),
    Offer("torch.nn.init.zeros_", opens=True),
    Offer("torch.nn.Linear"),
]
CODE = "def init(module, generator):\n    if module:\n        pass\n"
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def editor(qtbot: QtBot) -> CodeEditor:
    holder = QWidget()
    qtbot.addWidget(holder)
    editor = CodeEditor(NAMES)
    rows = QVBoxLayout(holder)
    rows.addWidget(editor)
    rows.addWidget(QLineEdit())
    holder.resize(520, 300)
    holder.show()
    holder.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is holder)
    editor.setFocus()
    editor.holder = holder  # type: ignore[attr-defined] # lives as long as the editor
    return editor


def write(editor: CodeEditor, text: str) -> None:
    """Type a text; a line's end is Enter."""
    for number, line in enumerate(text.split("\n")):
        if number:
            editor.list.hide()
            QTest.keyClick(editor, Qt.Key.Key_Return)
        QTest.keyClicks(editor, line)


def select(editor: CodeEditor, first: int, last: int) -> None:
    """Select from the beginning of one line to the end of another."""
    cursor = QTextCursor(editor.document().findBlockByNumber(first - 1))
    end = editor.document().findBlockByNumber(last - 1)
    cursor.setPosition(end.position() + end.length() - 1, QTextCursor.MoveMode.KeepAnchor)
    editor.setTextCursor(cursor)


def words(editor: CodeEditor) -> list[str]:
    return [one.word for one in editor.list.offers] if editor.list.isVisible() else []


def test_it_says_what_it_is_and_how_to_leave_it(editor: CodeEditor) -> None:
    assert editor.accessibleName() == "Code"
    assert "Escape and then Tab leaves" in editor.accessibleDescription()


# Indentation


def test_lines_are_indented_as_they_are_written(editor: CodeEditor) -> None:
    write(editor, "def init(module):\nif module:\npass\nreturn\nx")
    assert editor.toPlainText() == (
        "def init(module):\n    if module:\n        pass\n    return\nx"
    )


def test_tab_goes_to_the_next_step_and_backspace_back(editor: CodeEditor) -> None:
    QTest.keyClick(editor, Qt.Key.Key_Tab)
    write(editor, "a")
    QTest.keyClick(editor, Qt.Key.Key_Tab)
    assert editor.toPlainText() == "    a   "
    editor.setPlainText("")
    QTest.keyClick(editor, Qt.Key.Key_Tab)
    QTest.keyClick(editor, Qt.Key.Key_Tab)
    QTest.keyClick(editor, Qt.Key.Key_Backspace)
    assert editor.toPlainText() == "    "
    write(editor, "ab")
    QTest.keyClick(editor, Qt.Key.Key_Backspace)
    assert editor.toPlainText() == "    a"


def test_tab_moves_selected_lines_in_and_out_as_one_edit(editor: CodeEditor) -> None:
    editor.setPlainText("a\n\n  b\nc")
    select(editor, 1, 3)
    QTest.keyClick(editor, Qt.Key.Key_Tab)
    assert editor.toPlainText() == "    a\n\n    b\nc"
    QTest.keyClick(editor, Qt.Key.Key_Tab)
    assert editor.toPlainText() == "        a\n\n        b\nc"
    QTest.keyClick(editor, Qt.Key.Key_Backtab, SHIFT)
    assert editor.toPlainText() == "    a\n\n    b\nc"
    editor.undo()
    assert editor.toPlainText() == "        a\n\n        b\nc"
    editor.undo()
    editor.undo()
    assert editor.toPlainText() == "a\n\n  b\nc"
    editor.redo()
    assert editor.toPlainText() == "    a\n\n    b\nc"


def test_shift_tab_takes_a_part_of_a_step_first(editor: CodeEditor) -> None:
    editor.setPlainText("      a")
    for wanted in ("    a", "a", "a"):
        QTest.keyClick(editor, Qt.Key.Key_Backtab, SHIFT)
        assert editor.toPlainText() == wanted


def test_escape_and_tab_leave_the_editor(editor: CodeEditor) -> None:
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    QTest.keyClick(editor, Qt.Key.Key_Tab)
    assert not editor.hasFocus()
    assert editor.toPlainText() == ""
    editor.setFocus()
    QTest.keyClick(editor, Qt.Key.Key_Tab)
    assert editor.hasFocus()
    assert editor.toPlainText() == "    "


def test_escape_is_forgotten_by_the_next_key(editor: CodeEditor) -> None:
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    QTest.keyClicks(editor, "1")
    QTest.keyClick(editor, Qt.Key.Key_Tab)
    assert editor.toPlainText() == "1   "


def test_code_that_may_only_be_read_is_not_changed(editor: CodeEditor) -> None:
    editor.setPlainText(CODE)
    editor.setReadOnly(True)
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Backspace, Qt.Key.Key_A):
        QTest.keyClick(editor, key)
    QTest.keyClick(editor, Qt.Key.Key_Space, CONTROL)
    assert not editor.list.isVisible()
    QTest.keyClick(editor, Qt.Key.Key_Tab)
    assert editor.toPlainText() == CODE
    assert not editor.hasFocus()


# Names


def test_names_are_offered_part_by_part(editor: CodeEditor) -> None:
    write(editor, "to")
    assert words(editor) == ["torch"]
    QTest.keyClick(editor, Qt.Key.Key_Tab)
    write(editor, ".")
    assert words(editor) == ["nn"]
    QTest.keyClick(editor, Qt.Key.Key_Return)
    write(editor, ".")
    assert words(editor) == ["init", "Linear"]
    write(editor, "init.no")
    assert words(editor) == ["normal_"]
    QTest.keyClick(editor, Qt.Key.Key_Tab)
    assert editor.toPlainText() == "torch.nn.init.normal_()"
    assert editor.textCursor().position() == len("torch.nn.init.normal_(")


def test_words_of_the_text_and_keywords_are_offered(editor: CodeEditor) -> None:
    write(editor, "modulus = 1\nmo")
    assert words(editor) == ["module", "modulus"]
    editor.list.hide()
    write(editor, "re = 2\nret")
    assert words(editor) == ["return"]


def test_the_word_that_is_being_typed_is_not_offered(editor: CodeEditor) -> None:
    write(editor, "something")
    assert words(editor) == []


@pytest.mark.parametrize("text", ["# to", "'to", '"""to', 'x = r"to', "f'{x} to", '"""one\ntwo to'])
def test_nothing_is_offered_in_strings_and_comments(editor: CodeEditor, text: str) -> None:
    write(editor, text)
    assert words(editor) == []


@pytest.mark.parametrize("text", ["'a' + to", '"""a""" + to', "x  # a\nto"])
def test_names_are_offered_behind_strings_and_comments(editor: CodeEditor, text: str) -> None:
    write(editor, text)
    assert words(editor) == ["torch"]


def test_a_line_can_be_ended_where_a_list_is_shown(editor: CodeEditor) -> None:
    write(editor, "pas")
    assert words(editor) == ["pass"]
    write(editor, "s")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert editor.toPlainText() == "pass\n"


# The line that is wrong


def test_a_wrong_line_is_marked_until_the_text_changes(editor: CodeEditor) -> None:
    editor.setPlainText(CODE)
    editor.show_error(2, "This line is wrong.")
    assert error_of(editor) == (2, "This line is wrong.")
    assert editor.numbers.wrong == 2
    assert editor.accessibleDescription().startswith("Line 2: This line is wrong.")
    marked = [one.cursor.selectedText() for one in editor.extraSelections()]
    assert "if module:" in marked
    red = QColor(theme.present.theme.error)
    assert _has(editor, red)
    editor.go_to(1)
    assert error_of(editor)
    write(editor, "x")
    assert error_of(editor) is None
    assert editor.numbers.wrong == 0
    assert editor.accessibleDescription() == HELP
    assert not _has(editor, red)


def error_of(editor: CodeEditor) -> tuple[int, str] | None:
    return editor.error


def _has(editor: CodeEditor, colour: QColor) -> bool:
    image = editor.grab().toImage()
    wide, high = range(image.width()), range(image.height())
    return any(image.pixelColor(x, y) == colour for x in wide for y in high)


@pytest.mark.parametrize(("line", "marked"), [(-3, 1), (0, 1), (4, 4), (99, 4)])
def test_a_line_that_is_not_there_marks_the_nearest(
    editor: CodeEditor, line: int, marked: int
) -> None:
    editor.setPlainText(CODE)
    editor.show_error(line, "Why.")
    assert editor.error == (marked, "Why.")


def test_the_whole_sentence_is_told_over_the_line(editor: CodeEditor) -> None:
    editor.setPlainText(CODE)
    editor.show_error(1, "A long sentence. " * 20)
    place = QPoint(60, 8)
    event = QHelpEvent(QEvent.Type.ToolTip, place, editor.viewport().mapToGlobal(place))
    QApplication.sendEvent(editor.viewport(), event)
    assert QToolTip.text() == "A long sentence. " * 20
    QToolTip.hideText()


# The look


def test_line_numbers_stand_beside_the_text_and_grow(editor: CodeEditor) -> None:
    editor.setPlainText(CODE)
    narrow = editor.numbers.width()
    assert editor.numbers.geometry().right() < editor.viewport().geometry().left()
    editor.setPlainText("\n" * 1200)
    assert editor.numbers.width() > narrow
    assert editor.numbers.geometry().right() < editor.viewport().geometry().left()
    editor.go_to(1200)
    assert editor.textCursor().blockNumber() == 1199
    assert editor.firstVisibleBlock().blockNumber() > 1000


@pytest.mark.parametrize("name", ["light", "dark"])
def test_words_have_the_colours_of_the_theme(editor: CodeEditor, name: str) -> None:
    editor.setPlainText("def x(): return 'a'  # why")
    theme.present.theme = theme.THEMES[name]
    theme.present.theme_changed.emit(theme.present.theme)
    try:
        formats = editor.document().firstBlock().layout().formats()
        found = [(one.start, one.format.foreground().color().name()) for one in formats]
        colours = theme.present.theme
        assert found == [
            *((0, colours.accent), (4, colours.text), (9, colours.accent)),
            *((16, colours.good), (21, colours.muted)),
        ]
    finally:
        theme.present.theme = theme.LIGHT


def test_a_change_of_the_theme_keeps_the_mark(editor: CodeEditor) -> None:
    editor.setPlainText(CODE)
    editor.show_error(1, "Why.")
    theme.present.theme_changed.emit(theme.present.theme)
    assert editor.error == (1, "Why.")


def test_characters_beyond_the_basic_plane_shift_no_colour(editor: CodeEditor) -> None:
    editor.setPlainText("'\N{GRINNING FACE}' + 12")
    formats = editor.document().firstBlock().layout().formats()
    assert [(one.start, one.length) for one in formats] == [(0, 4), (7, 2)]
