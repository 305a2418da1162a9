"""Many dots: where they belong, in their colours, also after the view has moved."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.chart.scatter import Scatter
from initstudio.ui.theme import LIGHT

SIZE = QSize(360, 240)
COLOURS = ("#ff0000", "#0000ff")
POINTS = np.array([[0.2, 0.3], [0.7, 0.8], [0.5, 0.5]])
GROUPS = np.array([0, 1, 1])


def drawn(canvas: Canvas, points: np.ndarray = POINTS, size: float = 7) -> QImage:
    canvas.begin()
    scatter = canvas.put("dots", Scatter, z=2)
    scatter.show_points(points, GROUPS, COLOURS, ring="#00ff00", size=size)
    canvas.end()
    image: QImage = canvas.grab().toImage()
    return image


def colour_at(canvas: Canvas, image: QImage, x: float, y: float, right: int = 0) -> str:
    spot = canvas.mapFromScene(canvas.viewbox.mapViewToScene(QPointF(x, y)))
    return QColor(image.pixel(spot.x() + right, spot.y())).name()


def canvas_of(qtbot: QtBot) -> Canvas:
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(SIZE)
    canvas.show()
    canvas.grab()
    return canvas


def test_each_dot_lies_in_its_place_on_its_ring_as_the_view_moves(qtbot: QtBot) -> None:
    canvas = canvas_of(qtbot)
    for shift in (0.0, 0.1, -0.15):
        canvas.look_at((shift, 1 + shift), (0, 1))
        image = drawn(canvas)
        for (x, y), group in zip(POINTS.tolist(), GROUPS.tolist(), strict=True):
            assert colour_at(canvas, image, x, y) == COLOURS[group]
            ring = QColor(colour_at(canvas, image, x, y, right=4))
            assert ring.green() > 120
        assert colour_at(canvas, image, 0.5, 0.8) == LIGHT.base


def test_dots_that_move_or_grow_are_painted_anew_and_others_are_not(qtbot: QtBot) -> None:
    canvas = canvas_of(qtbot)
    drawn(canvas)
    scatter = canvas._items["dots"]
    painted = scatter._layer.cacheKey()
    drawn(canvas)
    assert scatter._layer.cacheKey() == painted
    image = drawn(canvas, POINTS + np.array([0.1, 0]))
    assert scatter._layer.cacheKey() != painted
    assert colour_at(canvas, image, 0.3, 0.3) == COLOURS[0]
    assert colour_at(canvas, image, 0.2, 0.3) == LIGHT.base


def test_a_picture_to_take_home_shows_them_as_the_screen_does(qtbot: QtBot) -> None:
    canvas = canvas_of(qtbot)
    shown = drawn(canvas).convertToFormat(QImage.Format.Format_RGB32)
    image = QImage(SIZE, QImage.Format.Format_RGB32)
    image.fill(QColor(LIGHT.base))
    painter = QPainter(image)
    canvas.paint_on(painter, QRectF(0, 0, SIZE.width(), SIZE.height()))
    painter.end()
    for x, y in POINTS.tolist():
        for right in range(-3, 4):
            one = QColor(colour_at(canvas, shown, x, y, right))
            other = QColor(colour_at(canvas, image, x, y, right))
            for part in ("red", "green", "blue"):
                assert abs(getattr(one, part)() - getattr(other, part)()) <= 8
