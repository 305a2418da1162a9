"""Images on a canvas: cells where they belong, in their colours, in every format."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pypdfium2
import pytest
from PySide6.QtCore import (
    QBuffer,
    QByteArray,
    QIODevice,
    QMarginsF,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSize,
    QSizeF,
    Qt,
)
from PySide6.QtGui import QColor, QImage, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator, QSvgRenderer
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from initstudio.ui.chart.canvas import SCALE, Canvas
from initstudio.ui.chart.colours import STEPS, Shades, amounts, signs
from initstudio.ui.chart.marks import Mark
from initstudio.ui.theme import DARK, LIGHT, Theme

SIZE = QSize(360, 240)
CELLS = np.array([[0.0, 0.25, 0.5], [0.75, 1.0, np.nan]])
"""The first row is the lower one."""
both_themes = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])


def canvas_of(qtbot: QtBot, theme: Theme = LIGHT, cells: npt.NDArray[np.float64] = CELLS) -> Canvas:
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(SIZE)
    canvas.show_theme(theme)
    canvas.look_at((0, cells.shape[1]), (0, cells.shape[0]))
    canvas.name_axes("across", "up")
    canvas.begin()
    shades = amounts(theme)
    area = ((0.0, float(cells.shape[1])), (0.0, float(cells.shape[0])))
    canvas.image("cells", area, shades.of(cells, 0, 1), z=1)
    canvas.colour_scale(shades, 0, 1, "density, 1 / value")
    canvas.end()
    canvas.show()
    canvas.grab()
    return canvas


def drawn(canvas: Canvas, theme: Theme) -> QImage:
    image = QImage(SIZE, QImage.Format.Format_RGB32)
    image.fill(QColor(theme.base))
    painter = QPainter(image)
    canvas.paint_on(painter, QRectF(0, 0, SIZE.width(), SIZE.height()))
    painter.end()
    return image


def as_svg(canvas: Canvas, theme: Theme) -> QImage:
    data = QByteArray()
    device = QBuffer(data)
    device.open(QIODevice.OpenModeFlag.WriteOnly)
    made = QSvgGenerator()
    made.setOutputDevice(device)
    made.setResolution(96)
    made.setSize(SIZE)
    made.setViewBox(QRect(QPoint(), SIZE))
    painter = QPainter(made)
    painter.fillRect(0, 0, SIZE.width(), SIZE.height(), QColor(theme.base))
    canvas.paint_on(painter, QRectF(0, 0, SIZE.width(), SIZE.height()))
    painter.end()
    image = QImage(SIZE, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    QSvgRenderer(data).render(painter)
    painter.end()
    return image


def as_pdf(canvas: Canvas, theme: Theme) -> QImage:
    data = QByteArray()
    device = QBuffer(data)
    device.open(QIODevice.OpenModeFlag.WriteOnly)
    made = QPdfWriter(device)
    made.setResolution(96)
    made.setPageSize(QPageSize(QSizeF(SIZE) * 0.75, QPageSize.Unit.Point))
    made.setPageMargins(QMarginsF(0, 0, 0, 0))
    painter = QPainter(made)
    painter.fillRect(0, 0, SIZE.width(), SIZE.height(), QColor(theme.base))
    canvas.paint_on(painter, QRectF(0, 0, SIZE.width(), SIZE.height()))
    painter.end()
    page = pypdfium2.PdfDocument(bytes(data.data()))[0]
    found = page.render(scale=96 / 72, rev_byteorder=True).to_numpy()[..., :3]
    rows, columns = found.shape[:2]
    return QImage(
        found.tobytes(), columns, rows, 3 * columns, QImage.Format.Format_RGB888
    ).convertToFormat(QImage.Format.Format_RGB32)


def colour_at(canvas: Canvas, image: QImage, x: float, y: float) -> tuple[int, int, int]:
    spot = canvas.mapFromScene(canvas.viewbox.mapViewToScene(QPointF(x, y)))
    colour = image.pixelColor(spot)
    return colour.red(), colour.green(), colour.blue()


@both_themes
@pytest.mark.parametrize("take", [drawn, as_svg, as_pdf])
def test_each_cell_has_its_colour_up_to_its_edges(
    theme: Theme, take: Callable[[Canvas, Theme], QImage], qtbot: QtBot
) -> None:
    canvas = canvas_of(qtbot, theme)
    image = take(canvas, theme)
    colours = amounts(theme).of(CELLS, 0, 1)
    ground = QColor(theme.base)
    for row in range(2):
        for column in range(3):
            wanted = tuple(colours[row, column, :3].tolist())
            if np.isnan(CELLS[row, column]):
                wanted = (ground.red(), ground.green(), ground.blue())
            # nearly at the edges: nothing is blurred into the next cell
            for x in (0.06, 0.5, 0.94):
                for y in (0.15, 0.8):
                    seen = colour_at(canvas, image, column + x, row + y)
                    assert np.abs(np.subtract(seen, wanted)).max() <= 3, (row, column, x, y)


def test_an_image_that_is_not_drawn_again_is_gone_with_its_scale(qtbot: QtBot) -> None:
    canvas = canvas_of(qtbot)
    with_scale = canvas.columns
    canvas.begin()
    canvas.end()
    canvas.grab()
    assert colour_at(canvas, drawn(canvas, LIGHT), 1.5, 1.3) == (255, 255, 255)
    assert SCALE not in canvas._drawn
    canvas.resize(SIZE + QSize(1, 0))
    canvas.grab()
    assert canvas.columns > with_scale + 20, "the scale gives its room back"


def test_the_scale_names_its_ends_in_its_own_colours(qtbot: QtBot) -> None:
    canvas = canvas_of(qtbot)
    marks = canvas.scale_of_colours._marks()
    assert [marks[0], marks[-1]] == [(0, "0"), (1, "1.0")]
    area = canvas.scale_of_colours.sceneBoundingRect()
    image = drawn(canvas, LIGHT)
    for y, index in ((area.bottom() - 2, 0), (area.top() + 2, STEPS - 1)):
        colour = image.pixelColor(round(area.left() + 10), round(y))
        seen = (colour.red(), colour.green(), colour.blue())
        assert np.abs(np.subtract(seen, amounts(LIGHT).table[index])).max() <= 6


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 0.0), (0.0, 5e-324), (-1e308, 1e308), (3.0, 3.0), (-300.0, 300.0)]
)
def test_hostile_scales_are_drawn(log: bool, low: float, high: float, qtbot: QtBot) -> None:
    canvas = canvas_of(qtbot)
    if log and abs(high) > 400:
        pytest.skip("no logarithm is so large")
    canvas.begin()
    canvas.colour_scale(signs(LIGHT), low, high, "value", log=log)
    canvas.end()
    canvas.grab()


def test_dots_words_and_crosses_stay_when_another_part_comes_into_view(qtbot: QtBot) -> None:
    canvas = canvas_of(qtbot)
    shown = []
    for y in (0.5, 1e3, -1e3):
        canvas.look_at((0, 1), (y - 1, y + 1))
        canvas.begin()
        canvas.dots("a", np.array([0.2]), np.array([y]), "#ff0000", size=9, z=2)
        canvas.words("b", (0.5, y), "Words", room=90)
        canvas.crosses("c", [Mark(y, "gone", "#00aa00", 0.8)], z=3)
        canvas.end()
        canvas.grab()
        image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        seen = [QColor(image.pixel(x, y)) for x in range(60, 340) for y in range(60, 140)]
        names = [colour.name() for colour in seen]
        green = [
            one for one in seen if one.green() > one.red() + 60 and one.blue() < one.green() - 60
        ]
        shown.append({"dots": "#ff0000" in names, "crosses": len(green) > 3})
        dark = [colour for colour in seen if colour.lightness() < 90 and colour.saturation() < 120]
        shown[-1]["words"] = len(dark) > 20
    assert shown == [{"dots": True, "crosses": True, "words": True}] * 3


def test_a_place_tells_where_the_mouse_is_and_was_pressed(qtbot: QtBot) -> None:
    canvas = canvas_of(qtbot)
    spot = canvas.mapFromScene(canvas.viewbox.mapViewToScene(QPointF(2.5, 0.5)))
    with qtbot.waitSignal(canvas.clicked) as told:
        QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert told.args[0] == pytest.approx((2.5, 0.5), abs=0.03)
    with qtbot.waitSignal(canvas.pointed) as told:
        QTest.mouseMove(canvas.viewport(), spot)
    assert told.args[0] == pytest.approx((2.5, 0.5), abs=0.03)


@both_themes
@pytest.mark.parametrize("shades_of", [amounts, signs])
def test_colours_tell_little_from_much(theme: Theme, shades_of: Callable[[Theme], Shades]) -> None:
    table = shades_of(theme).table.astype(np.float64) / 255
    linear = np.where(table <= 0.04045, table / 12.92, ((table + 0.055) / 1.055) ** 2.4)
    light = linear @ [0.2126, 0.7152, 0.0722]
    half = STEPS // 2
    away = 1 if theme is DARK else -1
    ramps = [light] if shades_of is amounts else [light[half - 1 :: -1], light[half:]]
    for ramp in ramps:
        assert (np.diff(ramp) * away >= -0.002).all(), "lightness goes one way"
        least, most = sorted((ramp[0], ramp[-1]))
        assert (most + 0.05) / (least + 0.05) > 6


def test_values_beyond_the_ends_have_the_colour_of_the_end() -> None:
    shades = amounts(LIGHT)
    values = np.array([-np.inf, -1e308, 0.0, 0.5, 1.0, 1e308, np.inf, np.nan, 5e-324])
    found = shades.of(values, 0, 1)
    assert (found[[0, 1, 2, 8], :3] == shades.table[0]).all()
    assert (found[[4, 5, 6], :3] == shades.table[-1]).all()
    assert found[:, 3].tolist() == [255] * 7 + [0, 255]
    assert (shades.of(values[:7], 2.0, 2.0)[..., 3] == 255).all()
    wide = shades.of(np.array([-1e308, 0.0, 1e308]), -1e308, 1e308)
    assert (wide[:, :3] == shades.table[[0, 128, 255]]).all()
