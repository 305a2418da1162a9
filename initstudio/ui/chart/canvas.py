"""The ground that a plot draws on: lines, areas, dots and images, kept from frame to frame.

A frame is `begin`, any number of `line`, `area`, `dots`, `image`, `words` and one `colour_scale`,
and `end`, which takes away what was not drawn again. Nothing ranges by itself; thick lines are
drawn in segments, which measured several times as quick as paths; only a picture that rests is
smoothed (`settle`).
"""

from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from time import perf_counter
from typing import Any, TypeVar

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QGraphicsItem, QGraphicsPathItem, QLabel, QWidget

from initstudio.ui.chart.axis import NumberAxis
from initstudio.ui.chart.colours import Pixels, Shades
from initstudio.ui.chart.curve import Curve, Dots
from initstudio.ui.chart.items import ColourScale, Image, Named, Words
from initstudio.ui.chart.lines import Array, Range
from initstudio.ui.chart.marks import Crosses, EndNames, Mark
from initstudio.ui.chart.pointing import PointedPlot
from initstudio.ui.theme import LIGHT, Theme, font

Item = TypeVar("Item", bound=QGraphicsItem)

LEFT, BELOW = 68, 46
"""Pixels of axes that are held."""
RIGHT = 24
"""Pixels right of the axes, for half of the last number."""
FEW = 64
"""Lines of fewer points are dashed by the pen, longer ones by leaving out pixel columns."""
SCALE = "scale of colours"


class Canvas(PointedPlot):
    """A pair of axes and the items on it."""

    resized = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        axes = {side: NumberAxis(side) for side in ("left", "bottom")}
        super().__init__(parent, axisItems=axes, enableMenu=False)
        self.left, self.bottom = axes["left"], axes["bottom"]
        self.view: tuple[Range, Range] = ((0.0, 1.0), (0.0, 1.0))
        self.repaints = 0
        self.paint_seconds = 0.0
        self._theme = LIGHT
        self._items: dict[Hashable, Any] = {}
        self._drawn: set[Hashable] = set()
        self._groups: dict[str, tuple[object, list[Hashable]]] = {}
        self._group = ""
        self._smooth = False
        self._area = QRectF(0, 0, 1, 1)
        """The part of the plane that is in view."""
        self._scale: int | None = None
        """Pixels that each of ours becomes in a picture to take home."""
        self._message = QLabel(self.viewport(), wordWrap=True)
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._message.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._message.hide()
        self._cursor = pg.InfiniteLine(angle=90, movable=False)
        self._cursor.hide()
        plot = self.getPlotItem()
        plot.hideButtons()
        plot.addItem(self._cursor, ignoreBounds=True)
        plot.setContentsMargins(2, 9, RIGHT, 2)
        self.scale_of_colours = ColourScale()
        plot.layout.addItem(self.scale_of_colours, 2, 3)
        self.viewbox = plot.getViewBox()
        self._names = EndNames(self.viewbox, plot)
        self._room = 0
        self.viewbox.setMouseEnabled(x=False, y=False)
        self.viewbox.disableAutoRange()
        self.viewport().setMouseTracking(True)
        self.setFrameShape(self.Shape.NoFrame)
        self.show_theme(LIGHT)

    @property
    def _ink(self) -> float:
        """Return the pixels of a pen that is one of ours wide: pens know nothing of scaling."""
        return self._scale or self.devicePixelRatioF()

    @property
    def columns(self) -> int:
        """Return the width of the drawing area, pixels."""
        return max(1, int(self.viewbox.width()))

    @property
    def rows(self) -> int:
        """Return the height of the drawing area, pixels."""
        return max(1, int(self.viewbox.height()))

    def show_theme(self, theme: Theme) -> None:
        """Use the theme's colours and fonts from the next frame on."""
        self._theme = theme
        self.setBackground(theme.base)
        plot_font = font(theme.plot_font)
        for axis in (self.left, self.bottom):
            axis.setStyle(tickFont=plot_font, tickTextOffset=5, hideOverlappingLabels=False)
            axis.setZValue(-1000)  # the grid lies behind the curves
            axis.setTextPen(theme.muted)
            axis.setPen(pg.mkPen(theme.border, width=self._ink))
            axis.setTickPen(pg.mkPen(theme.grid, width=self._ink))
            axis.label.setFont(plot_font)
            axis.labelStyle = {"color": theme.muted}
            axis.write(axis.meaning, anew=True)
        self.left.setGrid(255)
        self.scale_of_colours.show_theme(theme)
        self._cursor.setPen(pg.mkPen(theme.muted, width=1))
        self._message.setFont(font(theme.body_font))
        self._message.setStyleSheet(f"color: {theme.muted}; background: transparent;")

    def name_axes(self, bottom: str, left: str) -> None:
        """Write what the axes stand for, with units."""
        for axis, text in ((self.bottom, bottom), (self.left, left)):
            axis.write(text)

    def hold_axes(self, *, held: bool) -> None:
        """Give the axes a room that is the same for any numbers, or what theirs need.

        Their room else changes while they are painted, too late for a picture that is laid out by
        the size of what they leave.
        """
        self.left.setWidth(LEFT if held else None)
        self.bottom.setHeight(BELOW if held else None)
        self.getPlotItem().layout.activate()

    def look_at(self, x: Range, y: Range) -> None:
        """Show this part of the plane; nothing is done if it is shown already."""
        if (x, y) != self.view:
            self.view = (x, y)
            self.viewbox.setRange(xRange=x, yRange=y, padding=0, disableAutoRange=True)
            self._area = QRectF(x[0], y[0], x[1] - x[0], y[1] - y[0])

    def say(self, message: str) -> None:
        """Write a sentence over the empty axes; an empty one takes it away."""
        if message != self._message.text():
            self._message.setText(message)
            for axis in (self.left, self.bottom):
                axis.setStyle(showValues=not message)
            self._place_message()
        self._message.setVisible(bool(message))

    @property
    def message(self) -> str:
        """Return the sentence over the axes, or nothing."""
        return str(self._message.text())

    def point_at(self, x: float | None) -> None:
        """Draw the cursor's line at x, or none."""
        self._cursor.setVisible(x is not None)
        if x is not None:
            self._cursor.setPos(x)

    def paint_on(self, painter: QPainter, area: QRectF) -> None:
        """Paint what is shown, smooth and without its ground, into an area of the same size."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._cursor.hide()
        self.scene().render(painter, area, QRectF(self.viewport().rect()))
        if self.message:
            painter.setFont(self._message.font())
            painter.setPen(QColor(self._theme.muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(area.adjusted(24, 12, -24, -12), flags, self.message)

    def show_pixels(self, scale: int) -> None:
        """Draw for a picture in which each of our pixels becomes so many: pens know nothing of it.

        Only for a canvas that is on no screen.
        """
        self._scale = scale
        self.show_theme(self._theme)

    def begin(self, *, smooth: bool = False) -> None:
        """Begin a frame; `smooth` draws it antialiased, which costs three times as much."""
        self._drawn.clear()
        self._smooth = smooth

    def line(  # noqa: PLR0913 - what a line is
        self,
        key: Hashable,
        x: Array,
        y: Array,
        colour: str,
        *,
        width: float = 2.0,
        dash: tuple[float, ...] = (),
        z: float = 10,
    ) -> None:
        """Draw a line [n]; it breaks where a value is NaN."""
        item = self._items.get(("line", key))
        if item is None:
            item = self._keep(("line", key), Curve())
        few = len(x) <= FEW
        pen = _pen(colour, width * self._ink, dash if few else ())
        gaps = dash and not few
        item.show_in(self._area)
        item.show_line(
            x,
            self._within(y),
            pen,
            self._dashed(x, y, dash, width) if gaps else "finite",
            smooth=self._smooth,
            pieces=not (self._smooth or (dash and few)),
        )
        self._show(("line", key), item, z)

    def area(  # noqa: PLR0913 - what an area is
        self, key: Hashable, x: Array, low: Array, high: Array, colour: str, *, z: float
    ) -> None:
        """Fill between two lines [n], leaving out where either is NaN."""
        item = self._items.get(("area", key))
        if item is None:
            item = self._keep(("area", key), QGraphicsPathItem())
            item.setPen(Qt.PenStyle.NoPen)
        known = np.isfinite(low) & np.isfinite(high)
        across = np.concatenate([x[known], x[known][::-1]])
        around = self._within(np.concatenate([low[known], high[known][::-1]]))
        item.setPath(pg.arrayToQPath(across, around, connect="all"))
        item.setBrush(QBrush(QColor(colour)))
        self._show(("area", key), item, z)

    def dots(  # noqa: PLR0913 - what dots are
        self, key: Hashable, x: Array, y: Array, colour: str, *, size: float, z: float
    ) -> None:
        """Draw a dot at each point [n] that is a number."""
        item = self._items.get(("dots", key))
        if item is None:
            item = self._keep(("dots", key), Dots())
        known = np.isfinite(y)
        item.show_in(self._area)
        item.show_points(x[known], self._within(y)[known], colour, size)
        self._show(("dots", key), item, z)

    def put(self, key: Hashable, make: Callable[[], Item], *, z: float) -> Item:
        """Return an item of the caller's own making that is kept from frame to frame."""
        item: Item | None = self._items.get(key)
        if item is None:
            item = self._keep(key, make())
        self._show(key, item, z)
        return item

    def show_axes(self, *, shown: bool) -> None:
        """Show the axes, or give their room to the picture."""
        for side in ("left", "bottom"):
            self.getPlotItem().showAxis(side, shown)

    def image(
        self, key: Hashable, area: tuple[Range, Range], pixels: Pixels, *, z: float = 0
    ) -> None:
        """Fill an area (x, y) with cells uint8 [rows, columns, 3 or 4], the first row lowest."""
        item = self._items.get(("image", key))
        if item is None:
            item = self._keep(("image", key), Image())
        item.show_pixels(area, pixels)
        self._show(("image", key), item, z)

    def words(
        self, key: Hashable, place: tuple[float, float], text: str, *, room: float = 0
    ) -> None:
        """Write above a place (x, y): in its middle, in `room` pixels, or from it to the right."""
        item = self._items.get(("words", key))
        if item is None:
            item = self._keep(("words", key), Words())
        item.show_words(place, text, room, self._theme)
        self._show(("words", key), item, 20)

    def colour_scale(  # noqa: PLR0913 - what a scale is
        self,
        shades: Shades,
        low: float,
        high: float,
        label: str,
        *,
        log: bool = False,
        named: tuple[Named, ...] = (),
    ) -> None:
        """Show beside the picture what its colours stand for; on a log scale of logarithms.

        With `named` places, those alone are told.
        """
        self.scale_of_colours.show_scale(shades, low, high, label, log=log, named=named)
        self._drawn.add(SCALE)

    def crosses(self, key: Hashable, marks: Sequence[Mark], *, z: float) -> None:
        """Draw a cross with a word at each of these places."""
        item = self._items.get(("crosses", key))
        if item is None:
            item = self._keep(("crosses", key), Crosses())
        item.show_marks(marks, font(self._theme.plot_font))
        self._show(("crosses", key), item, z)

    def name_ends(self, marks: Sequence[Mark]) -> None:
        """Write names right of the axes, each as high as its line ends; none takes no room."""
        self._names.show_marks(marks, font(self._theme.plot_font))
        room = max(self._names.room, RIGHT)
        if room != self._room:
            self._room = room
            self.getPlotItem().setContentsMargins(2, 9, room, 2)

    @property
    def end_names(self) -> tuple[Mark, ...]:
        """Return the names right of the axes."""
        return self._names.marks

    def stays(self, group: str, token: object) -> bool:
        """Return whether a group of items is as it was when the token was the same, and keep it.

        If not, what is drawn until `end_group` is that group.
        """
        state = (token, self.view, self._smooth, self.columns, self._theme, self._ink)
        known = self._groups.get(group)
        if known and known[0] == state:
            for key in known[1]:
                self._show(key, self._items[key], self._items[key].zValue())
            return True
        self._groups[group] = (state, [])
        self._group = group
        return False

    def end_group(self) -> None:
        """End the group of items that `stays` began."""
        self._group = ""

    def end(self) -> None:
        """End the frame: what it did not draw is hidden."""
        self.scale_of_colours.setVisible(SCALE in self._drawn)
        for key, item in self._items.items():
            if key not in self._drawn:
                item.setVisible(False)
        self.viewport().update()
        self.getPlotItem().layout.activate()  # or the axes wait for a turn of the event loop

    def _keep(self, key: Hashable, item: Any) -> Any:  # noqa: ANN401
        self._items[key] = item
        self.getPlotItem().addItem(item, ignoreBounds=True)
        return item

    def _show(self, key: Hashable, item: Any, z: float) -> None:  # noqa: ANN401
        if item.zValue() != z:
            item.setZValue(z)
        if not item.isVisible():
            item.setVisible(True)
        self._drawn.add(key)
        if self._group:
            self._groups[self._group][1].append(key)

    def _within(self, y: Array) -> Array:
        """Return values cut off well outside of the view, where Qt would run out of pixels."""
        bottom, top = self.view[1]
        margin = 2 * (top - bottom)
        return np.clip(y, bottom - margin, top + margin)

    def _dashed(self, x: Array, y: Array, dash: tuple[float, ...], width: float) -> Any:  # noqa: ANN401
        """Return which points connect to the next, int32 [n]: none in the gaps of the pattern."""
        left, right = self.view[0]
        pixels = (x - left) * (self.columns / (right - left)) / width
        edges = np.cumsum([mark * 2 for mark in dash])
        part = np.searchsorted(edges, pixels % edges[-1], side="right")
        connect = (part % 2 == 0) & np.isfinite(y)
        connect[:-1] &= np.isfinite(y[1:])
        return connect.astype(np.int32)

    def _place_message(self) -> None:
        area = self.viewport().rect().adjusted(24, 12, -24, -12)
        self._message.setGeometry(area)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the sentence in the middle, and tell of the size."""
        super().resizeEvent(event)
        if hasattr(self, "_message"):  # the base class resizes while it is being built
            self._place_message()
            self.resized.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint, count it and time it."""
        began = perf_counter()
        super().paintEvent(event)
        self.repaints += 1
        self.paint_seconds = perf_counter() - began


@lru_cache(maxsize=512)
def _pen(colour: str, width: float, dash: tuple[float, ...]) -> QPen:
    """Return a pen; nobody may change it."""
    pen: QPen = pg.mkPen(colour, width=width)
    if dash:
        pen.setDashPattern(dash)
    return pen
