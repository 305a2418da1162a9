"""The canary for lost references: some PySide6 releases on Python 3.11 lose one of None a call.

None, True and False then reach a count of zero within seconds of painting, and the process ends.
"""

import sys

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

ROUNDS = 2000
SINGLETONS = (None, True, False)
SLACK = 100
"""References that the test itself may let go of; losing one a call is losing thousands."""


class Painted(QWidget):
    """Paints through Python, as our plots do."""

    def paintEvent(self, _event: object) -> None:
        painter = QPainter(self)
        _draw(painter)
        painter.end()


def _draw(painter: QPainter) -> None:
    painter.setPen(QPen(QColor("#123456"), 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawLine(QPointF(0, 0), QPointF(9, 9))
    painter.drawRect(QRectF(1, 1, 5, 5))
    painter.drawText(QPointF(2, 8), "x")


def _round(widget: QWidget, label: QLabel, image: QImage) -> None:
    painter = QPainter(image)
    _draw(painter)
    painter.end()
    label.setText("a")
    label.setVisible(True)
    label.setVisible(False)
    widget.setEnabled(True)
    widget.isVisible()
    widget.parentWidget()
    widget.layout()
    widget.repaint()


def test_no_reference_of_a_singleton_is_lost(qtbot: QtBot) -> None:
    widget = Painted()
    qtbot.addWidget(widget)
    label = QLabel()
    QVBoxLayout(widget).addWidget(label)
    widget.show()
    image = QImage(20, 20, QImage.Format.Format_RGB32)
    before = [sys.getrefcount(one) for one in SINGLETONS]
    for _ in range(ROUNDS):
        _round(widget, label, image)
    after = [sys.getrefcount(one) for one in SINGLETONS]
    lost = [one - two for one, two in zip(before, after, strict=True)]
    assert max(lost) < SLACK, f"references lost of {SINGLETONS}: {lost}"
