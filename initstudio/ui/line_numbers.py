"""The numbers beside the lines of an editor."""

from PySide6.QtCore import QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QTextBlock
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from initstudio.ui import theme

ROOM = 8
"""Pixels on either side of the numbers."""


class LineNumbers(QWidget):
    """Follows an editor through its lines; the number of a `wrong` line stands out."""

    def __init__(self, editor: QPlainTextEdit) -> None:
        super().__init__(editor)
        self.editor = editor
        self.wrong = 0
        """Counted from 1; 0 for none."""
        editor.blockCountChanged.connect(self._on_lines_changed)
        editor.updateRequest.connect(self._on_update_request)
        editor.cursorPositionChanged.connect(self.update)

    def place(self) -> None:
        """Stand at the left of the editor's text."""
        text, width = self.editor.viewport().geometry(), self.sizeHint().width()
        self.setGeometry(text.left() - width, text.top(), width, text.height())

    def _on_lines_changed(self, _count: int) -> None:
        self.updateGeometry()
        self.place()

    def _on_update_request(self, place: QRect, scrolled: int) -> None:
        if scrolled:
            self.scroll(0, scrolled)
        else:
            self.update(0, place.y(), self.width(), place.height())

    # Qt

    def sizeHint(self) -> QSize:
        """Return the width of the largest number, for at least two digits."""
        digits = max(len(str(self.editor.blockCount())), 2)
        return QSize(digits * self.editor.fontMetrics().horizontalAdvance("9") + 2 * ROOM, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the numbers of the lines in sight."""
        colours = theme.present.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(event.rect(), QColor(colours.base))
        painter.setFont(self.editor.font())
        present = self.editor.textCursor().blockNumber() + 1
        block = self.editor.firstVisibleBlock()
        while block.isValid():
            place = line_place(self.editor, block)
            if place.top() > event.rect().bottom():
                break
            number = block.blockNumber() + 1
            colour = colours.text if number == present else colours.muted
            painter.setPen(QColor(colours.error if number == self.wrong else colour))
            box = QRect(0, place.top(), self.width() - ROOM, place.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignRight, str(number))
            if number == self.wrong:
                painter.setBrush(QColor(colours.error))
                painter.drawEllipse(QPointF(ROOM / 2 + 1, place.center().y() + 0.5), 2.5, 2.5)
            block = block.next()
        painter.end()


def line_place(editor: QPlainTextEdit, block: QTextBlock) -> QRect:
    """Return where a line stands in an editor's viewport."""
    return editor.blockBoundingGeometry(block).translated(editor.contentOffset()).toRect()
