"""Pictures to take home: painted anew, off the screen, at any size and in either theme.

The same painter serves the screen's pixels, SVG and PDF, whose text stays text. (pyqtgraph's own
exporters are not used: the one for SVG raises with Qt 6.11.)
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import (
    QBuffer,
    QByteArray,
    QIODevice,
    QMarginsF,
    QRect,
    QRectF,
    QSize,
    QSizeF,
    Qt,
)
from PySide6.QtGui import QColor, QImage, QImageWriter, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from initstudio.errors import ExperimentError
from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.plots.plot import Plot, Table
from initstudio.ui.theme import Theme, font

DPI = 96
"""Dots per inch that sizes in pixels stand for, as on the screen."""
INCH = 0.0254
"""Metres."""
FORMATS = (".png", ".svg", ".pdf")
GAP = 8
MOST_PIXELS = 200_000_000


@dataclass(frozen=True, kw_only=True)
class Look:
    """How a picture is taken: size in pixels as on the screen, and how many pixels each becomes.

    `scale` is for PNG and the clipboard; SVG and PDF have no pixels.
    """

    theme: Theme
    size: QSize
    scale: int = 1
    transparent: bool = False


class Figure:
    """Plots in cells (row, column, rows, columns) of one picture, without their controls.

    Cells may be parts of rows and columns, too: those of a board are parts of a single one.
    """

    def __init__(self, plots: Sequence[Plot], cells: Sequence[Sequence[float]], look: Look) -> None:
        self._look = look = replace(look, theme=_whole(look.theme))
        rows = max((row + tall for row, _, tall, _ in cells), default=1)
        columns = max((column + wide for _, column, _, wide in cells), default=1)
        width = (look.size.width() + GAP) / columns
        height = (look.size.height() + GAP) / rows
        self._parts = [
            (
                _twin(plot, look, QSize(round(wide * width - GAP), round(tall * height - GAP))),
                QRectF(column * width, row * height, wide * width - GAP, tall * height - GAP),
            )
            for plot, (row, column, tall, wide) in zip(plots, cells, strict=True)
        ]

    def close(self) -> None:
        """Let go of the plots that were made for it."""
        for twin, _ in self._parts:
            twin.hide()
            twin.deleteLater()

    def paint(self, painter: QPainter) -> None:
        """Paint all of it, from the painter's origin."""
        theme = self._look.theme
        for twin, area in self._parts:
            painter.save()
            if not self._look.transparent:
                painter.fillRect(area, QColor(theme.base))
            painter.translate(area.topLeft())
            _paint(twin, painter, theme)
            painter.restore()

    def image(self) -> QImage:
        """Return the picture as pixels.

        Raises:
            ExperimentError: There would be too many of them.
        """
        look = self._look
        pixels = look.size * look.scale
        if pixels.width() * pixels.height() > MOST_PIXELS:
            why = f"{pixels.width():,} x {pixels.height():,} pixels are too many for one picture"
            raise ExperimentError("Picture", why)
        image = QImage(pixels, QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(look.scale)
        image.fill(Qt.GlobalColor.transparent if look.transparent else QColor(look.theme.window))
        self._paint_on(QPainter(image))
        # only now: the size of text in points would grow with it
        per_metre = round(DPI * look.scale / INCH)
        image.setDotsPerMeterX(per_metre)
        image.setDotsPerMeterY(per_metre)
        return image

    def bytes(self, ending: str) -> bytes:
        """Return the picture as a file of one of `FORMATS`.

        Raises:
            ExperimentError: The format is not one of them, or there are too many pixels.
        """
        data = QByteArray()
        device = QBuffer(data)
        device.open(QIODevice.OpenModeFlag.WriteOnly)
        if ending == ".png":
            QImageWriter(device, QByteArray(b"png")).write(self.image())
        elif ending == ".svg":
            self._write_svg(device)
        elif ending == ".pdf":
            self._write_pdf(device)
        else:
            why = f"pictures are written as {', '.join(FORMATS)}; this is {ending or 'nothing'}"
            raise ExperimentError("Picture", why)
        device.close()
        return bytes(data.data())

    def _write_svg(self, device: QBuffer) -> None:
        size = self._look.size
        made = QSvgGenerator()
        made.setOutputDevice(device)
        made.setResolution(DPI)
        made.setSize(size)
        made.setViewBox(QRect(0, 0, size.width(), size.height()))
        made.setTitle(", ".join(twin.label for twin, _ in self._parts))
        made.setDescription("Made with InitStudio")
        self._paint_on(QPainter(made))

    def _write_pdf(self, device: QBuffer) -> None:
        size = self._look.size
        made = QPdfWriter(device)
        made.setResolution(DPI)
        points = QSizeF(size.width(), size.height()) * (72 / DPI)
        made.setPageSize(QPageSize(points, QPageSize.Unit.Point))
        made.setPageMargins(QMarginsF(0, 0, 0, 0))
        made.setTitle(", ".join(twin.label for twin, _ in self._parts))
        made.setCreator("InitStudio")
        self._paint_on(QPainter(made))

    def _paint_on(self, painter: QPainter) -> None:
        self.paint(painter)
        painter.end()


def take(
    plots: Sequence[Plot], cells: Sequence[Sequence[float]], look: Look, ending: str = ".png"
) -> bytes:
    """Return a picture of plots as a file of one of `FORMATS`.

    Raises:
        ExperimentError: The format is not one of them, or there are too many pixels.
    """
    figure = Figure(plots, cells, look if ending == ".png" else replace(look, scale=1))
    try:
        return figure.bytes(ending)
    finally:
        figure.close()


def as_csv(table: Table) -> str:
    """Return a table as CSV; what is no finite number is an empty cell."""
    return "".join(",".join(_cell(cell) for cell in row) + "\n" for row in table)


def _cell(cell: str | float) -> str:
    if isinstance(cell, str):
        quoted = '"' + cell.replace('"', '""') + '"'
        return quoted if any(mark in cell for mark in ',"\n\r') else cell
    return repr(cell) if abs(cell) < float("inf") else ""


def _whole(theme: Theme) -> Theme:
    """Return the theme with text of whole pixels: QSvgGenerator knows no others."""

    def whole(points: float) -> float:
        return round(points * DPI / 72) * 72 / DPI

    return replace(
        theme,
        body_font=whole(theme.body_font),
        small_font=whole(theme.small_font),
        title_font=whole(theme.title_font),
        plot_font=whole(theme.plot_font),
    )


def _twin(plot: Plot, look: Look, size: QSize) -> Plot:
    """Return a plot like this one, drawn in the look's theme, of that size, on no screen."""
    twin = type(plot)()
    twin.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    twin.toolbar.hide()
    twin.more.hide()
    twin.show_theme(look.theme)
    if isinstance(twin.picture, Canvas):
        twin.picture.show_pixels(look.scale)
    twin.show_like(plot)
    twin.who.hide()
    twin.resize(size)
    twin.show()
    twin.refresh(settle=True)  # once to know how tall the legend is
    layout = twin.layout()
    if layout:
        layout.activate()
    twin.refresh(settle=True)
    return twin


def _paint(plot: Plot, painter: QPainter, theme: Theme) -> None:
    """Paint a plot's title, what is chosen, its legend, picture and notes."""
    title = QRectF(plot.title.geometry())
    painter.setFont(plot.title.font())
    painter.setPen(QColor(theme.text))
    painter.drawText(title, Qt.AlignmentFlag.AlignVCenter, plot.label)
    painter.setFont(font(theme.small_font))
    painter.setPen(QColor(theme.muted))
    chosen = "  ·  ".join(plot.toolbar.words())
    side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    painter.drawText(title, side, chosen)
    painter.save()
    painter.translate(plot.legend.geometry().topLeft())
    if plot.legend.isVisible():
        plot.legend.paint_on(painter)
    painter.restore()
    plot.paint_picture(painter, QRectF(plot.picture.geometry()))
    painter.setFont(plot.note.font())
    painter.setPen(QColor(theme.muted))
    painter.drawText(QRectF(plot.note.geometry()), Qt.AlignmentFlag.AlignVCenter, plot.note.text())
