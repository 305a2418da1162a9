"""A row of names in the contenders' colours, each with the value that its line has."""

from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from initstudio.ui.theme import LIGHT, Theme, font

SWATCH = 18.0
GAP = 6.0
BETWEEN = 16.0
LONGEST = 150.0


class Label(NamedTuple):
    """One contender in the legend: its name, colour slot and a value as text.

    `run` is 0 for the present run, and counts the pinned ones from 1 on.
    """

    name: str
    slot: int
    value: str = ""
    run: int = 0


class Legend(QWidget):
    """Paints the labels in one row, or two where one is too short; the rest is a "+3"."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.labels: tuple[Label, ...] = ()
        self._theme = LIGHT
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_theme(self, theme: Theme) -> None:
        """Use the theme's colours and fonts."""
        self._theme = theme
        self.setFont(font(theme.plot_font))
        self.updateGeometry()
        self.update()

    def show_labels(self, labels: tuple[Label, ...]) -> None:
        """Show these; nothing is painted if they are shown already."""
        if labels == self.labels:
            return
        before = [label.name for label in self.labels]
        self.labels = labels
        if [label.name for label in labels] != before:
            self.setToolTip("\n".join(label.name for label in labels))
            self.setAccessibleDescription(", ".join(label.name for label in labels))
            self.updateGeometry()
        elif self.height() != self.heightForWidth(self.width()):
            self.updateGeometry()  # values need room, too
        self.update()

    def hasHeightForWidth(self) -> bool:
        """Return that a narrow legend takes two rows."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height of one row or two."""
        line = self._line()
        return int(line * (1 if self._fits_one_row(width) else 2)) if self.labels else 0

    def sizeHint(self) -> QSize:
        """Return the size for the present width."""
        return QSize(100, self.heightForWidth(self.width()))

    def minimumSizeHint(self) -> QSize:
        """Return that almost nothing is enough."""
        return QSize(40, 0)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the labels."""
        self.paint_on(QPainter(self))

    def paint_on(self, painter: QPainter) -> None:
        """Paint the labels with a painter whose origin is this widget's corner."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.font())
        metrics = QFontMetricsF(self.font())
        x, y, line = 0.0, 0.0, self._line()
        for index, label in enumerate(self.labels):
            name = metrics.elidedText(label.name, Qt.TextElideMode.ElideRight, LONGEST)
            value = f" {label.value}" if label.value else ""
            width = self._cell(metrics, label)
            rest, last = f"+{len(self.labels) - index}", y + 2 * line > self.height() + 1
            room = metrics.horizontalAdvance(rest)
            # what is left out after this one is told at the end of the last row
            if x + width > self.width() - (room if last and rest != "+1" else 0) and x > 0:
                if last:
                    painter.setPen(QColor(self._theme.muted))
                    painter.drawText(QPointF(self.width() - room, y + metrics.ascent()), rest)
                    break
                x, y = 0.0, y + line
            self._paint_swatch(painter, label, x, y + metrics.height() / 2)
            left = x + SWATCH + GAP
            painter.setPen(QColor(self._theme.text))
            painter.drawText(QPointF(left, y + metrics.ascent()), name)
            painter.setPen(QColor(self._theme.muted))
            shift = metrics.horizontalAdvance(name)
            painter.drawText(QPointF(left + shift, y + metrics.ascent()), value)
            x += width

    def _paint_swatch(self, painter: QPainter, label: Label, x: float, middle: float) -> None:
        theme = self._theme
        pen = QPen(QColor(theme.colour(label.slot)), 2 if label.run else 3)
        dash = theme.pinned_dash(label.run) if label.run else theme.dash(label.slot)
        if dash:
            pen.setDashPattern([part / 1.5 for part in dash])
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        area = QRectF(x, middle, SWATCH, 0)
        painter.drawLine(area.topLeft(), area.topRight())

    def _cell(self, metrics: QFontMetricsF, label: Label) -> float:
        # room for a value of usual length, so that names do not move while values change
        value = max(
            metrics.horizontalAdvance(f" {label.value}"), metrics.horizontalAdvance(" 0.000")
        )
        name = min(LONGEST, metrics.horizontalAdvance(label.name))
        return SWATCH + GAP + name + (value if label.value else 0) + BETWEEN

    def _fits_one_row(self, width: int) -> bool:
        metrics = QFontMetricsF(self.font())
        return sum(self._cell(metrics, label) for label in self.labels) <= width

    def _line(self) -> float:
        return QFontMetricsF(self.font()).height() + 3
