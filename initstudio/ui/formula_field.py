"""The field for a formula: one line with completion, its mistake marked, its law painted below."""

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, QStringListModel, QTimer, Signal
from PySide6.QtGui import QColor, QFontDatabase, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QCompleter, QLabel, QLineEdit, QVBoxLayout, QWidget

from initstudio.catalogue import Value
from initstudio.declared import Param
from initstudio.formula import LONGEST, FormulaError, Start, completions, start
from initstudio.formula.completion import word_before
from initstudio.law import Law
from initstudio.ui.theme import present

PAUSE = 700
"""After so many milliseconds without a key, what is typed counts as done."""
FAN = 64
FACTS = {
    **dict.fromkeys(("fan_in", "fan_out", "fan_avg", "rows", "columns"), float(FAN)),
    "size": float(FAN * FAN),
    "dims": 2.0,
    "layers": 3.0,
    "layer": 2.0,
    "is_first": 0.0,
    "is_last": 0.0,
    "branches": 2.0,
    "branch_layers": 2.0,
}
"""The layer that the preview is for: the middle one of three, in one of two branches."""
POINTS = 161


class FormulaField(QWidget):
    """A formula; what is typed wrongly stays, with a sentence about it."""

    edited = Signal(object)
    refused = Signal(str)

    def __init__(self, _param: Param, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = FormulaLine(self)
        self.preview = LawPreview(self)
        self.caption = QLabel(self)
        self.caption.setWordWrap(True)
        self.complaint = ""
        self._shown: Value | None = None
        self.setFocusProxy(self.line)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for part in (self.line, self.preview, self.caption):
            column.addWidget(part)
        self._pause = QTimer(self, singleShot=True, interval=PAUSE)
        self._pause.timeout.connect(self.commit)
        self.line.textEdited.connect(self._on_text_edited)
        self.line.editingFinished.connect(self.commit)

    def show_value(self, value: Value | None) -> None:
        """Show a formula; what is being typed stays while the value is the same as before."""
        if value == self._shown and (value is None or self.line.text()):
            return
        self._shown = value
        self._pause.stop()
        self.line.setText("" if value is None else str(value))
        self._look()

    def commit(self) -> None:
        """Take what was typed, or say what is wrong with it."""
        self._pause.stop()
        text = self.line.text()
        if self._shown is None and not text:
            return
        if self._look() and text != self._shown:
            self._shown = text
            self.edited.emit(text)

    def _on_text_edited(self, _text: str) -> None:
        self.line.mark(None)
        self._complain("")
        self._pause.start()

    def _look(self) -> bool:
        """Show the law or the mistake of the text, and return whether it has a law."""
        text = self.line.text()
        if self._shown is None and not text:
            self._show(None, None)
            return False
        try:
            self._show(start(text, FACTS), None)
        except FormulaError as error:
            self._show(None, error)
            return False
        return True

    def _show(self, meant: Start | None, error: FormulaError | None) -> None:
        self.line.mark(error)
        self.preview.show_start(meant)
        self.caption.setText("" if meant is None else caption(meant.law))
        self.caption.setVisible(meant is not None)
        self._complain(error.sentence if error else "")

    def _complain(self, sentence: str) -> None:
        if sentence != self.complaint:
            self.complaint = sentence
            self.refused.emit(sentence)


class FormulaLine(QLineEdit):
    """The line itself: monospaced, completing words, a wave under a mistake."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.setStyleSheet('font-family: "monospace";')
        self.setPlaceholderText("several")
        self.setMaxLength(LONGEST)
        self.error: FormulaError | None = None
        self.words = QStringListModel(self)
        self.completer_ = QCompleter(self.words, self)
        self.completer_.setWidget(self)
        self.completer_.activated.connect(self.complete)
        self.textEdited.connect(self._on_text_edited)

    def mark(self, error: FormulaError | None) -> None:
        """Draw a line under the mistake; None takes it away."""
        self.error = error
        self.setProperty("invalid", error is not None)
        self.style().unpolish(self)
        self.style().polish(self)
        self.update()

    def complete(self, word: str) -> None:
        """Put a word in the place of what was begun before the cursor."""
        begun = word_before(self.text(), self.cursorPosition())
        self.setSelection(self.cursorPosition() - len(begun), len(begun))
        self.insert(word)
        self.textEdited.emit(self.text())

    def _on_text_edited(self, text: str) -> None:
        begun = word_before(text, self.cursorPosition())
        found = [word for word, _ in completions(text, self.cursorPosition())] if begun else []
        if not found or found == [begun]:
            popup = self.completer_.popup()
            if popup:
                popup.hide()
            return
        self.words.setStringList(found)
        self.completer_.setCompletionPrefix(begun)
        self.completer_.complete()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Underline the mistake, measured from the cursor's own place."""
        super().paintEvent(event)
        if self.error is None:
            return
        metrics = self.fontMetrics()
        text, at = self.text(), self.error.position
        begin = self.cursorRect().center().x() - metrics.horizontalAdvance(
            text[: self.cursorPosition()]
        )
        left = begin + metrics.horizontalAdvance(text[:at])
        marked = text[at : at + self.error.length] or " "
        painter = QPainter(self)
        painter.setPen(QPen(QColor(present.theme.error), 2))
        y = (self.height() + metrics.height()) // 2
        painter.drawLine(left, y, left + metrics.horizontalAdvance(marked), y)
        painter.end()


class LawPreview(QWidget):
    """The density of a law, its highest point at the top."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.meant: Start | None = None
        self.setFixedHeight(48)
        present.theme_changed.connect(self.update)

    def show_start(self, meant: Start | None) -> None:
        """Show a distribution; None hides the picture."""
        self.meant = meant
        self.setVisible(meant is not None)
        self.update()

    def sizeHint(self) -> QSize:
        """Return a low, wide strip."""
        return QSize(160, 48)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the ground, the area and its outline."""
        theme = present.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(theme.base))
        if self.meant is not None:
            inner = QRectF(self.rect()).adjusted(4, 4, -4, -4)
            points = [
                QPointF(inner.left() + x * inner.width(), inner.bottom() - y * inner.height())
                for x, y in density(self.meant)
            ]
            painter.setPen(QPen(QColor(theme.accent), theme.line_width))
            painter.setBrush(QColor(theme.veil(theme.accent)))
            painter.drawPolygon(QPolygonF(points))
        painter.end()


def density(meant: Start) -> list[tuple[float, float]]:
    """Return the outline of a density, both axes from 0 to 1; a constant is a peak.

    The entries of an orthogonal matrix are drawn as the normal that they come close to.
    """
    law = meant.law
    if law.std == 0:
        return [(0, 0), (0.5, 0), (0.5, 1), (0.5, 0), (1, 0)]
    if law.kind == "uniform":
        return [(0.15, 0), (0.15, 1), (0.85, 1), (0.85, 0)]
    z = np.linspace(-4, 4, POINTS)
    if law.kind == "truncated normal":
        mean, std, low, high = meant.numbers
        z = np.linspace(max((low - mean) / std, -4), min((high - mean) / std, 4), POINTS)
    heights = np.exp(-(z**2) / 2)
    curve = zip(np.linspace(0, 1, POINTS).tolist(), heights.tolist(), strict=True)
    return [(0, 0), *curve, (1, 0)]


def caption(law: Law) -> str:
    """Return the law's numbers, and for which layer they hold."""
    parts = [f"mean {law.mean:.4g}", f"std {law.std:.4g}"]
    if math.isfinite(law.low):
        parts.append(f"from {law.low:.4g} to {law.high:.4g}")
    return f"fan_in {FAN}, fan_out {FAN}: {', '.join(parts)}"
