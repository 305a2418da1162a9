"""An editor for a person's own Python: line numbers, colours, indentation, names that exist.

It runs nothing and knows nothing of what the code is for; its owner reads `toPlainText`, and may
mark one line as wrong.
"""

import re
from collections.abc import Iterable

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextBlock,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
)
from PySide6.QtWidgets import QTextEdit, QToolTip, QWidget

from initstudio.ui import theme
from initstudio.ui.completing_edit import CompletingEdit, Offer
from initstudio.ui.line_numbers import LineNumbers, line_place
from initstudio.ui.python_colours import KEYWORDS, PythonColours, stretches
from initstudio.ui.python_indent import INDENT, erased, next_indent, shift_lines

GAP = 16
"""Pixels between a line that is wrong and the sentence about it."""
HELP = "Tab indents; Escape and then Tab leaves the editor. Ctrl+Space completes."

_PATH = re.compile(r"(?:((?:[^\W\d]\w*\.)+))?((?:[^\W\d]\w*)?)$")
_WORD = re.compile(r"[^\W\d]\w{2,}")


class CodeEditor(CompletingEdit):
    """Python code; `names` are offered, dotted ones part by part (`torch.nn.init.normal_`)."""

    least = 2

    def __init__(self, names: Iterable[Offer] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.names: tuple[Offer, ...] = tuple(names)
        self.error: tuple[int, str] | None = None
        """The line that is wrong, counted from 1, and why."""
        self._wrong_text = ""
        self._leaving = False
        self.setTabStopDistance(INDENT * self.fontMetrics().horizontalAdvance(" "))
        self.setToolTip(HELP)
        self.setAccessibleName("Code")
        self.setAccessibleDescription(HELP)
        self.numbers = LineNumbers(self)
        self.colours = PythonColours(self.document())
        self.blockCountChanged.connect(self._on_lines_changed)
        self.cursorPositionChanged.connect(self._mark_lines)
        self.textChanged.connect(self._on_text_changed)
        theme.present.theme_changed.connect(self._on_theme_changed)
        self._on_lines_changed()
        self._mark_lines()

    def show_error(self, line: int, why: str) -> None:
        """Mark a line, counted from 1, as wrong, until the text changes."""
        self.error = (min(max(line, 1), self.blockCount()), why)
        self._wrong_text = self.toPlainText()
        self.setAccessibleDescription(f"Line {self.error[0]}: {why} {HELP}")
        self._mark_lines()

    def clear_error(self) -> None:
        """Take the mark away."""
        if self.error:
            self.error = None
            self.setAccessibleDescription(HELP)
            self._mark_lines()

    def go_to(self, line: int) -> None:
        """Put the cursor at the beginning of a line, counted from 1, and show it."""
        self.setTextCursor(QTextCursor(self.document().findBlockByNumber(max(line, 1) - 1)))
        self.ensureCursorVisible()

    # Completion

    def begun(self) -> str:
        """Return the last part of the name before the cursor."""
        return self._path()[1]

    def wants(self) -> bool:
        """Return whether enough is typed, or a point."""
        return super().wants() or bool(self._path()[0])

    def offers(self) -> list[Offer]:
        """Return the given names, the words of the text and the keywords that begin so."""
        if self.isReadOnly() or self._in_text():
            return []
        path, begun = self._path()
        found: dict[str, Offer] = {}
        for name in self.names:
            if name.word.startswith(path + begun):
                part, *rest = name.word[len(path) :].split(".")
                whole = Offer(part, name.shown or part, name.help, name.opens)
                found.setdefault(part, Offer(part) if rest else whole)
        if not path:
            words = [*sorted(set(_WORD.findall(self._other_text()))), *sorted(KEYWORDS)]
            for word in words:
                if word.startswith(begun):
                    found.setdefault(word, Offer(word))
        return list(found.values())

    def _path(self) -> tuple[str, str]:
        """Return the dotted name before the cursor: all up to the last point, and the rest."""
        match = _PATH.search(self._before_cursor())
        return (match[1] or "", match[2]) if match else ("", "")

    def _before_cursor(self) -> str:
        cursor = self.textCursor()
        cursor.movePosition(QTextCursor.MoveOperation.StartOfBlock, QTextCursor.MoveMode.KeepAnchor)
        return cursor.selectedText()

    def _other_text(self) -> str:
        """Return the text without the word that is being typed."""
        cursor = self.textCursor()
        cursor.movePosition(QTextCursor.MoveOperation.Start, QTextCursor.MoveMode.KeepAnchor)
        before = cursor.selectedText().replace("\u2029", "\n")
        after = self.toPlainText()[len(before) :]
        return before[: len(before) - len(self.begun())] + " " + re.sub(r"^\w+", "", after)

    def _in_text(self) -> bool:
        """Return whether the cursor is in a string or a comment."""
        before = self._before_cursor()
        found, state = stretches(before, _state_before(self.textCursor().block()))
        if state:
            return True
        if not found or found[-1].start + found[-1].length < len(before):
            return False
        last = found[-1]
        # a short string that has no second quote yet ends with the line, too
        ends = before[last.start :].lstrip("rRuUbBfF")
        return last.kind == "comment" or (
            last.kind == "string" and (len(ends) < 2 or ends[0] != ends[-1])
        )

    # Indentation

    def _edits_indent(self, event: QKeyEvent) -> bool:
        """Return whether a key was about indentation."""
        key, cursor = event.key(), self.textCursor()
        changed = event.modifiers() & (
            Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
        )
        if self.isReadOnly() or changed:
            return False
        before = self._before_cursor()
        if key == Qt.Key.Key_Tab and cursor.hasSelection():
            shift_lines(cursor, 1)
        elif key == Qt.Key.Key_Tab:
            cursor.insertText(" " * (INDENT - len(before) % INDENT))
        elif key == Qt.Key.Key_Backtab:
            shift_lines(cursor, -1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            spaces = next_indent(before, _state_before(cursor.block()))
            cursor.insertText("\n" + " " * spaces)
        elif key == Qt.Key.Key_Backspace and not cursor.hasSelection() and erased(before):
            start = cursor.position() - erased(before)
            cursor.setPosition(start, QTextCursor.MoveMode.KeepAnchor)
            cursor.removeSelectedText()
        else:
            return False
        self.ensureCursorVisible()
        return True

    # Marks

    def _mark_lines(self) -> None:
        """Lay a shade over the cursor's line, and another over the one that is wrong."""
        colours = theme.present.theme
        marks = []
        if not self.isReadOnly():
            marks.append(self._mark(self.textCursor().block(), colours.blend(colours.hover, 0.5)))
        if self.error:
            block = self.document().findBlockByNumber(self.error[0] - 1)
            marks.append(self._mark(block, colours.blend(colours.error, 0.12)))
            wave = QTextEdit.ExtraSelection()
            wave.cursor = QTextCursor(block)
            indent = len(block.text()) - len(block.text().lstrip())
            wave.cursor.setPosition(block.position() + indent)
            end = QTextCursor.MoveOperation.EndOfBlock
            wave.cursor.movePosition(end, QTextCursor.MoveMode.KeepAnchor)
            wave.format.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
            wave.format.setUnderlineColor(QColor(colours.error))
            marks.append(wave)
        self.setExtraSelections(marks)
        self.numbers.wrong = self.error[0] if self.error else 0
        self.numbers.update()

    def _mark(self, block: QTextBlock, colour: str) -> QTextEdit.ExtraSelection:
        mark = QTextEdit.ExtraSelection()
        mark.cursor = QTextCursor(block)
        mark.format.setBackground(QColor(colour))
        mark.format.setProperty(QTextFormat.Property.FullWidthSelection, True)  # noqa: FBT003 - Qt's
        return mark

    def _on_text_changed(self) -> None:
        if self.error and self.toPlainText() != self._wrong_text:
            self.clear_error()

    def _on_theme_changed(self, _theme: theme.Theme) -> None:
        self._mark_lines()

    def _on_lines_changed(self, _count: int = 0) -> None:
        self.setViewportMargins(self.numbers.sizeHint().width(), 0, 0, 0)

    # Qt

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Indent, or let the base class do its part."""
        if self.list.isVisible() and self._takes_key(event):
            event.accept()
            return
        self._leaving = event.key() == Qt.Key.Key_Escape and not self.list.isVisible()
        if self._leaving:
            event.accept()
        elif self._edits_indent(event):
            self.list.hide()
            event.accept()
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, following: bool) -> bool:  # noqa: FBT001, N802 - Qt's
        """Let Tab leave after Escape."""
        if self._leaving and not self.list.isVisible():
            return QWidget.focusNextPrevChild(self, following)
        return super().focusNextPrevChild(following)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Let Tab indent again."""
        self._leaving = False
        super().focusOutEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the line numbers beside the text."""
        super().resizeEvent(event)
        self.numbers.place()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the sentence about the line that is wrong at its end."""
        super().paintEvent(event)
        if not self.error:
            return
        block = self.document().findBlockByNumber(self.error[0] - 1)
        end = QTextCursor(block)
        end.movePosition(QTextCursor.MoveOperation.EndOfBlock)
        place = self.cursorRect(end)
        place.setLeft(place.left() + GAP)
        place.setRight(self.viewport().width() - GAP // 2)
        painter = QPainter(self.viewport())
        painter.setFont(theme.font(theme.present.theme.small_font))
        painter.setPen(QColor(theme.present.theme.error))
        width = max(place.width(), 0)
        text = painter.fontMetrics().elidedText(self.error[1], Qt.TextElideMode.ElideRight, width)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, text)
        painter.end()

    def viewportEvent(self, event: QEvent) -> bool:
        """Tell the whole sentence over the line that is wrong."""
        if isinstance(event, QHelpEvent) and self.error:
            block = self.document().findBlockByNumber(self.error[0] - 1)
            place = line_place(self, block)
            if place.top() <= event.pos().y() <= place.bottom():
                QToolTip.showText(event.globalPos(), self.error[1], self)
                return True
        return super().viewportEvent(event)


def _state_before(block: QTextBlock) -> int:
    """Return the state that a line starts with."""
    return max(block.previous().userState(), 0)
