"""Panels: what stands above them has room in every look."""

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.chart.panels import panels_in, strip_height
from initstudio.ui.theme import DARK, LIGHT, Theme


def ink_of(theme: Theme, title: float, qtbot: QtBot) -> int:
    """Return how many pixels of a panel's title are not of the ground."""
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(300, 200)
    canvas.show_theme(theme)
    canvas.show()
    canvas.look_at((0, canvas.columns), (0, canvas.rows))
    canvas.begin()
    panel = panels_in(1, canvas.columns, canvas.rows, title)[0]
    panel.draw_title(canvas, "one", "Éjÿ", theme.base)
    canvas.end()
    image = QImage(300, 200, QImage.Format.Format_RGB32)
    image.fill(theme.base)
    painter = QPainter(image)
    canvas.paint_on(painter, QRectF(0, 0, 300, 200))
    painter.end()
    pixels = np.array(image.constBits()).reshape(200, 300, 4).astype(int)
    level = round(canvas.viewbox.mapViewToScene(canvas.viewbox.viewRect().center()).y())
    seen = pixels[: level - 20, 75:-30]
    return int((np.abs(seen - pixels[level, 150]).sum(2) > 60).sum())


@pytest.mark.parametrize("theme", [LIGHT, DARK, LIGHT.staged(), DARK.staged()])
def test_titles_are_not_cut(theme: Theme, qtbot: QtBot) -> None:
    whole = ink_of(theme, 60.0, qtbot)
    assert whole > 40
    # letters that lie elsewhere between two pixels have a little more or less ink
    assert ink_of(theme, strip_height(theme), qtbot) == pytest.approx(whole, rel=0.05)
    assert ink_of(theme, strip_height(theme) - 8, qtbot) < 0.9 * whole
