"""What a canvas holds besides lines, areas and dots: images, and the scale of their colours."""

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QImage,
    QPaintEngine,
    QPainter,
)
from PySide6.QtWidgets import QGraphicsSceneResizeEvent

from initstudio.ui.chart.axis import marks_between
from initstudio.ui.chart.colours import Pixels, Shades
from initstudio.ui.chart.lines import Range
from initstudio.ui.theme import LIGHT, Theme, font

BAR = 11.0
"""Width of a colour scale's bar, pixels."""
GAP = 5.0
FINE = 3
"""Pixels of an image in a drawing, for each of ours: readers of drawings blur what is coarser."""
FEWEST = 6
"""Letters, and an ellipsis, below which a shortened word says nothing."""


Named = tuple[float, str]
"""A place on a scale, and what is written there."""


class Image(pg.GraphicsObject):
    """Cells of one colour each, with sharp edges at any size and in every format."""

    def __init__(self) -> None:
        super().__init__()
        self._pixels: Pixels = np.zeros((1, 1, 4), np.uint8)
        self._area = QRectF(0, 0, 1, 1)

    def show_pixels(self, area: tuple[Range, Range], pixels: Pixels) -> None:
        """Show pixels [rows, columns, 3 or 4], the first row lowest, over an area (x, y)."""
        (left, right), (bottom, top) = area
        wanted = QRectF(left, bottom, right - left, top - bottom)
        if wanted != self._area:
            self.prepareGeometryChange()
            self._area = wanted
        self._pixels = pixels[::-1]
        self.update()

    def boundingRect(self) -> QRectF:
        """Return the area."""
        return self._area

    def paint(self, painter: QPainter, *_: object) -> None:
        """Paint the cells: in a drawing, so fine that no reader stretches them."""
        # on whole pixels, or each format would round its cells another way
        place = QRectF(painter.transform().mapRect(self._area).toRect())
        pixels = finer(self._pixels, place) if sharpened(painter) else self._pixels
        painter.drawImage(place, image_of(pixels))


class Words(pg.GraphicsObject):
    """A word or a few at a place of the plane, above it; they stay text in every format."""

    def __init__(self) -> None:
        super().__init__()
        self._place = QPointF()
        self._text = ""
        self._room = 0.0
        self._look = (QColor(), font(LIGHT.plot_font))

    def show_words(self, place: tuple[float, float], text: str, room: float, theme: Theme) -> None:
        """Show text in the middle above a place, shortened to `room` pixels; 0: to its right."""
        self._place, self._text, self._room = QPointF(*place), text, room
        self._look = (QColor(theme.text if room else theme.muted), font(theme.plot_font))
        self.update()

    def boundingRect(self) -> QRectF:
        """Return all that is in view: the text has no size in the plane."""
        return QRectF(self.viewRect())

    def paint(self, painter: QPainter, *_: object) -> None:
        """Paint the words."""
        ink, made = self._look
        place = painter.transform().map(self._place)
        painter.resetTransform()
        metrics = QFontMetricsF(made)
        text, shift = self._text, 0.0
        if self._room:
            text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, self._room)
            if len(text) < min(FEWEST, len(self._text)):
                return
            shift = metrics.horizontalAdvance(text) / 2
        painter.setFont(made)
        painter.setPen(ink)
        painter.drawText(place - QPointF(shift, metrics.descent() + 1), text)

    def viewTransformChanged(self) -> None:  # noqa: N802 - pyqtgraph's name
        """Note that another part is in view, and forget the one that was."""
        super().viewTransformChanged()
        self.prepareGeometryChange()


class ColourScale(pg.GraphicsWidget):
    """A bar of colours beside the picture, with its numbers and what they stand for."""

    def __init__(self) -> None:
        super().__init__()
        self._theme = LIGHT
        self._shown: tuple[Shades, float, float, str, bool] | None = None
        self._named: tuple[Named, ...] = ()
        self.hide()

    def show_theme(self, theme: Theme) -> None:
        """Use the theme's colours and fonts."""
        self._theme = theme
        self._measure()

    def show_scale(  # noqa: PLR0913 - what a scale is
        self,
        shades: Shades,
        low: float,
        high: float,
        label: str,
        *,
        log: bool,
        named: tuple[Named, ...] = (),
    ) -> None:
        """Show these colours for numbers from `low` to `high`; on a log scale their logarithms.

        With `named` places, those alone are told.
        """
        wanted = (shades, low, high, label, log)
        if wanted != self._shown or named != self._named:
            self._shown, self._named = wanted, named
            self._measure()

    def paint(self, painter: QPainter, *_: object) -> None:
        """Paint bar, numbers and label."""
        if self._shown is None:
            return
        shades, label = self._shown[0], self._shown[3]
        theme, height = self._theme, self.size().height()
        metrics = QFontMetricsF(font(theme.plot_font))
        bands = min(64, len(shades.table))
        for band in range(bands):  # each reaches to the bottom: no seams at any size
            red, green, blue = shades.table[round((bands - 1 - band) * 255 / (bands - 1))].tolist()
            top = height * band / bands
            painter.fillRect(QRectF(GAP, top, BAR, height - top), QColor(red, green, blue))
        painter.setFont(font(theme.plot_font))
        painter.setPen(QColor(theme.muted))
        for share, text in self._marks():
            y = height * (1 - share) + (metrics.ascent() - metrics.descent()) / 2
            painter.drawText(QPointF(GAP + BAR + GAP, y), text)
        painter.translate(self.size().width() - metrics.descent(), height / 2)
        painter.rotate(-90)
        text = metrics.elidedText(label, Qt.TextElideMode.ElideRight, height)
        painter.drawText(QPointF(-metrics.horizontalAdvance(text) / 2, 0), text)

    def _marks(self) -> list[tuple[float, str]]:
        """Return where numbers stand, as a share of the height, and their text."""
        if self._shown is None:
            return []
        low, high, log = self._shown[1], self._shown[2], self._shown[4]
        span = high - low
        marks = list(self._named) or marks_between(
            low, high, max(60.0, self.size().height()), log=log
        )
        return [((at - low) / span, text) for at, text in marks] if span > 0 else []

    def _measure(self) -> None:
        """Take as much width as the numbers and the label need."""
        if self._shown is None:
            return
        metrics = QFontMetricsF(font(self._theme.plot_font))
        widest = max((metrics.horizontalAdvance(text) for _, text in self._marks()), default=0.0)
        label = metrics.height() + GAP if self._shown[3] else 0.0
        self.setFixedWidth(float(np.ceil(GAP + BAR + GAP + widest + label)))
        self.update()

    def resizeEvent(self, event: QGraphicsSceneResizeEvent) -> None:
        """Find room for the numbers that this height has."""
        super().resizeEvent(event)
        if event.newSize().height() != event.oldSize().height():
            self._measure()


def sharpened(painter: QPainter) -> bool:
    """Prepare a painter for cells with sharp edges, and return whether it makes a drawing.

    A drawing is read by others, and needs `finer` cells.
    """
    painter.resetTransform()
    hints = QPainter.RenderHint
    painter.setRenderHint(hints.SmoothPixmapTransform, on=False)
    painter.setRenderHint(hints.Antialiasing, on=False)
    painter.setRenderHint(hints.LosslessImageRendering)
    return painter.paintEngine().type() in (QPaintEngine.Type.SVG, QPaintEngine.Type.Pdf)


def image_of(pixels: Pixels) -> QImage:
    """Return pixels [rows, columns, 3 or 4] as an image that holds them."""
    rows, columns, parts = pixels.shape
    whole = np.full((rows, columns, 4), 255, np.uint8)
    whole[..., :parts] = pixels
    made = QImage(whole.tobytes(), columns, rows, 4 * columns, QImage.Format.Format_RGBA8888)
    return made.copy()


def finer(pixels: Pixels, place: QRectF) -> Pixels:
    """Return the same cells in more pixels, none of which a reader needs to stretch.

    Cells end where they do on the screen, at whole pixels of ours.
    """

    def times(length: float, cells: int) -> npt.NDArray[np.intp]:
        count = round(length)
        if count <= cells:
            return np.arange(cells)
        found = ((np.arange(count) + 0.5) * cells / count).astype(np.intp)
        return np.repeat(found, FINE)

    rows, columns = pixels.shape[:2]
    found: Pixels = pixels[times(place.height(), rows)][:, times(place.width(), columns)]
    return found
