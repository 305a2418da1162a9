"""Marks of a fixed size on the screen, at places of a picture: words, diamonds and discs."""

from functools import lru_cache
from math import ceil
from typing import NamedTuple

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from initstudio.ui.chart.lines import Array
from initstudio.ui.theme import font

PAD = 3.0


@lru_cache(maxsize=1024)
def width_of(text: str, points: float) -> float:
    """Return how wide a text is in the window's font of this size, pixels."""
    return QFontMetricsF(font(points)).horizontalAdvance(text)


@lru_cache(maxsize=64)
def line_height(points: float) -> float:
    """Return the height of a line of the window's font of this size, whole pixels."""
    return float(ceil(QFontMetricsF(font(points)).height()))


class Word(NamedTuple):
    """A text at a place; `right` and `up` say on which side of it: -1, 0 (middle) or 1.

    `gap` is the distance from it in pixels.
    """

    x: float
    y: float
    text: str
    right: int = 0
    up: int = 0
    gap: float = PAD


class Fixed(pg.GraphicsObject):
    """Is as large as the view, so that it is painted whatever the view."""

    def boundingRect(self) -> QRectF:
        """Return the view."""
        return QRectF(self.viewRect())

    def viewTransformChanged(self) -> None:  # noqa: N802 - pyqtgraph's name
        """Take the new view's size, and forget the old one."""
        super().viewTransformChanged()
        self.prepareGeometryChange()


class VeiledWords(Fixed):
    """Texts on a veil of the ground, moved so that none is cut off."""

    def __init__(self) -> None:
        super().__init__()
        self._words: tuple[Word, ...] = ()
        self._font = QFont()
        self._ink = self._ground = QColor()

    def show_words(self, words: tuple[Word, ...], ink: str, ground: str, used: QFont) -> None:
        """Show these."""
        self._words, self._font = words, used
        self._ink, self._ground = QColor(ink), QColor(ground)
        self._ground.setAlpha(0xC8)
        self.update()

    def paint(self, painter: QPainter, *_: object) -> None:
        """Paint them."""
        transform = painter.transform()
        view = transform.mapRect(self.boundingRect())
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self._font)
        metrics = QFontMetricsF(self._font)
        for word in self._words:
            at = transform.map(QPointF(word.x, word.y))
            width = metrics.horizontalAdvance(word.text) + 2 * PAD
            height = metrics.height()
            left = at.x() + (word.right - 1) * width / 2 + word.right * word.gap
            top = at.y() - (word.up + 1) * height / 2 - word.up * word.gap
            left = max(view.left() + 1, min(left, view.right() - width - 1))
            top = max(view.top() + 1, min(top, view.bottom() - height - 1))
            box = QRectF(left, top, width, height)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QBrush(self._ground))
            painter.drawRoundedRect(box, 3, 3)
            painter.setPen(self._ink)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, word.text)


class PlainWords(Fixed):
    """Texts without a veil, each in a colour of its own: numbers in cells, names beside them."""

    def __init__(self) -> None:
        super().__init__()
        self.words: tuple[Word, ...] = ()
        self._inks: tuple[str, ...] = ()
        self._font = QFont()

    def show_words(self, words: tuple[Word, ...], inks: tuple[str, ...], used: QFont) -> None:
        """Show these, in as many colours."""
        self.words, self._inks, self._font = words, inks, used
        self.update()

    def paint(self, painter: QPainter, *_: object) -> None:
        """Paint them."""
        transform = painter.transform()
        painter.resetTransform()
        painter.setFont(self._font)
        metrics = QFontMetricsF(self._font)
        ascent, descent = metrics.ascent(), metrics.descent()
        below = {-1: ascent, 0: (ascent - descent) / 2, 1: -descent}
        size = self._font.pointSizeF()
        pens = {ink: QColor(ink) for ink in set(self._inks)}
        for word, ink in zip(self.words, self._inks, strict=True):
            at = transform.map(QPointF(word.x, word.y))
            width = width_of(word.text, size)
            left = at.x() + (word.right - 1) * width / 2 + word.right * word.gap
            painter.setPen(pens[ink])
            painter.drawText(QPointF(left, at.y() + below[word.up] - word.up * word.gap), word.text)


class Signs(Fixed):
    """Diamonds or discs with a rim, so that they are seen on any ground."""

    def __init__(self) -> None:
        super().__init__()
        self._points = QPolygonF()
        self._colour = self._rim = QColor()
        self._size = 1.0
        self._round = False

    def show_points(  # noqa: PLR0913 - what signs are
        self, x: Array, y: Array, colour: str, rim: str, size: float, *, discs: bool = False
    ) -> None:
        """Show a sign at each place [n]."""
        self._points = QPolygonF([QPointF(*at) for at in zip(x.tolist(), y.tolist(), strict=True)])
        self._colour, self._rim, self._size = QColor(colour), QColor(rim), size
        self._round = discs
        self.update()

    def paint(self, painter: QPainter, *_: object) -> None:
        """Paint them."""
        places = painter.transform().map(self._points)
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._rim, 1.5))
        painter.setBrush(QBrush(self._colour))
        half = self._size / 2
        for at in places.toList():
            if self._round:
                painter.drawEllipse(at, half, half)
                continue
            corners = ((0, -half), (half, 0), (0, half), (-half, 0))
            painter.drawPolygon(QPolygonF([at + QPointF(*corner) for corner in corners]))
