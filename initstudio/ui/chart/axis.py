"""An axis with round, readable numbers; on a log scale the canvas holds decimal logarithms."""

from math import ceil, floor, inf, log10
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QGraphicsSceneResizeEvent

from initstudio.ui.chart.lines import SMALLEST, nice_step, number, superscript

BESIDE = 24
"""Pixels right of the axes."""
PLAIN = 1e9
"""Whole numbers below are written out where they need more than three digits."""
EDGE = 4
"""Pixels that the longest label leaves beside it."""
WIDE = 64
"""Pixels from number to number below an axis, about."""
APART = 8
"""Pixels between two numbers below an axis, at least."""
Tick = tuple[float, list[float]]
Ticks = list[Tick]


class NumberAxis(pg.AxisItem):
    """Numbers, powers of ten, or names at whole numbers, in the plot's own font."""

    meaning = ""
    """What it stands for, with units; the base class resizes it while it is being built."""

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation, maxTickLength=-4)
        self.log = False
        self.names: tuple[str, ...] = ()
        self.bare = False
        self.enableAutoSIPrefix(enable=False)

    def show_as(
        self,
        *,
        log: bool = False,
        names: tuple[str, ...] = (),
        bare: bool = False,
        times: float = 1.0,
    ) -> None:
        """Draw the axis anew if it has changed its kind; a bare one is not seen.

        The numbers are `times` those of the plane.
        """
        self.setScale(times)
        if (log, names, bare) != (self.log, self.names, self.bare):
            self.log, self.names, self.bare = log, names, bare
            if self.orientation == "left":
                # the base class finds out while it paints, and paints no name that is too wide
                metrics = QFontMetricsF(self.style["tickFont"] or QFont())
                widest = max((metrics.horizontalAdvance(name) for name in names), default=30)
                self.textWidth = int(widest) + 4
                self.setWidth(None)
            self.picture = None
            self.update()

    def write(self, meaning: str, *, anew: bool = False) -> None:
        """Write what the axis stands for, as far as there is room."""
        self.meaning = meaning
        metrics = QFontMetricsF(self.style["tickFont"] or QFont())
        text = metrics.elidedText(meaning, Qt.TextElideMode.ElideRight, self._length())
        if text != self.labelText or (anew and text):
            self.setLabel(text)
            super().resizeEvent()  # or the label is centred by what it was

    def labelString(self) -> str:  # noqa: N802 - pyqtgraph's name
        """Return the label as HTML, without the room for a unit that the base class leaves."""
        return str(super().labelString()).replace(" </span>", "</span>")

    def resizeEvent(self, event: QGraphicsSceneResizeEvent | None = None) -> None:
        """Find out for how much of the label there is room."""
        super().resizeEvent(event)
        if event:  # the base class calls it without one, too
            self.write(self.meaning)

    def boundingRect(self) -> QRectF:
        """Return the axis and the grid, with room for the numbers at the ends."""
        # with a grid, the base class leaves no room for the numbers at the ends
        sides, ends = (0, 10) if self.orientation == "left" else (28, 0)
        return QRectF(super().boundingRect()).adjusted(-sides, -ends, sides, ends)

    def paint(self, painter: QPainter, *options: Any) -> None:  # noqa: ANN401
        """Paint the axis, unless it is bare."""
        if not self.bare:
            super().paint(painter, *options)

    def tickValues(self, minVal: float, maxVal: float, size: float) -> Any:  # noqa: ANN401, N803
        """Return where numbers stand: [(spacing, [value, ...])]."""
        low, high = min(minVal, maxVal), max(minVal, maxVal)
        if self.bare:
            return []
        if self.names:
            return _name_ticks(low, high, size, self._room())
        if self.log:
            return _log_ticks(low, high, size)
        if self.orientation == "bottom":
            return self._across(low, high, size) if SMALLEST < high - low < inf else []
        return self._spread(super().tickValues(minVal, maxVal, size)[:1], size / (high - low))

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Return what stands there."""
        if self.names:
            return [self.names[round(value)] for value in values]
        if self.log:
            return [_log_text(value) for value in values]
        return [_linear_text(value * scale, spacing * scale) for value in values]

    def _spread(self, ticks: Ticks, unit: float) -> Ticks:
        """Return every so-manieth number, so that none stands on another; `unit` is in pixels."""
        if not ticks:
            return ticks
        spacing, values = ticks[0]
        every = max(1, ceil(self._line() / max(spacing * unit, 1e-3)))
        return [(every * spacing, [one for one in values if round(one / spacing) % every == 0])]

    def _across(self, low: float, high: float, size: float) -> Ticks:
        """Return as many round numbers as have room beside each other, and at the axis's end."""
        metrics = QFontMetricsF(self.style["tickFont"] or QFont())
        low, high = low * self.scale, high * self.scale
        spacing, unit = nice_step((high - low) / max(2.0, size / WIDE)), size / (high - low)
        ends: Ticks = []
        while True:
            first, last = ceil(low / spacing - 1e-9), floor(high / spacing + 1e-9)
            values = [at * spacing for at in range(first, last + 1)]
            widths = [metrics.horizontalAdvance(_linear_text(one, spacing)) for one in values]
            found = [
                one
                for one, width in zip(values, widths, strict=True)
                if (one - low) * unit + width / 2 <= size + BESIDE
            ]
            if len(found) < 2 and ends:  # one number alone tells nothing
                return ends
            room = max(widths, default=0.0) + APART
            if room <= spacing * unit:
                return [(spacing / self.scale, [one / self.scale for one in found])]
            if len(found) > 1 and room <= (found[-1] - found[0]) * unit:
                ends = [(spacing / self.scale, [found[at] / self.scale for at in (0, -1)])]
            spacing = nice_step(1.01 * spacing)

    def _length(self) -> float:
        """Return the pixels of the longest text that has its middle at the axis's."""
        whole = self.parentItem().boundingRect() if self.parentItem() else QRectF(self.rect())
        place = self.geometry()
        if self.orientation == "left":
            middle, end = place.center().y(), whole.height()
        else:
            middle, end = place.center().x(), whole.width()
        return float(max(0.0, 2 * min(middle, end - middle) - EDGE))

    def _line(self) -> int:
        """Return the pixels that a line of text needs."""
        return ceil(QFontMetricsF(self.style["tickFont"] or QFont()).height())

    def _room(self) -> tuple[int, int]:
        """Return how many names there are, and the pixels that each needs."""
        if self.orientation == "left":
            return len(self.names), self._line()
        metrics = QFontMetricsF(self.style["tickFont"] or QFont())
        widest = max(metrics.horizontalAdvance(name) for name in self.names)
        return len(self.names), ceil(widest) + 2 * APART


def marks_between(low: float, high: float, size: float, *, log: bool) -> list[tuple[float, str]]:
    """Return where numbers stand on a scale of this length in pixels, and their texts."""
    if not SMALLEST < high - low < inf:
        return []
    if log:
        return [(at, _log_text(at)) for _, places in _log_ticks(low, high, size) for at in places]
    step = nice_step((high - low) / max(2.0, size / 48))
    first, last = ceil(low / step - 1e-9), floor(high / step + 1e-9)
    return [(at * step, _linear_text(at * step, step)) for at in range(first, last + 1)]


def _log_ticks(low: float, high: float, size: float) -> Ticks:
    decades = high - low
    room = max(2, size / 34)
    if decades < min(3.0, room / 2):
        marks = [log10(mark) for mark in (1, 2, 5)]
        whole = range(floor(low), ceil(high) + 1)
        values = [power + mark for power in whole for mark in marks]
        return [(1.0, [value for value in values if low - 1e-9 <= value <= high + 1e-9])]
    every = max(1, ceil(decades / room))
    first = ceil((low - 1e-9) / every) * every
    return [(float(every), [float(value) for value in range(first, floor(high + 1e-9) + 1, every)])]


def _name_ticks(low: float, high: float, size: float, room: tuple[int, int]) -> Ticks:
    count, widest = room
    # the names stand one apart, however many of them are in view
    step = max(size, 1) / (high - low)
    every = max(1, ceil(widest / step))
    # half of the last one has to fit beside the axis
    last = min(count - 1, floor(high - max(0.0, widest / 2 - BESIDE) / step))
    return [(float(every), [float(at) for at in range(max(0, ceil(low)), last + 1, every)])]


def _log_text(value: float) -> str:
    if -3 <= value < 4:
        return number(10.0**value, 2)
    power = floor(value + 1e-9)
    mark = round(10 ** (value - power))
    return f"10{superscript(power)}" if mark == 1 else f"{mark}×10{superscript(power)}"


def _linear_text(value: float, spacing: float) -> str:
    """Return a multiple of the spacing with so many digits that it differs from the next one."""
    if abs(value) < spacing / 1000:
        return "0"
    places = max(0, ceil(-log10(spacing) - 1e-9)) if spacing < 1 else 0
    if abs(spacing * 10**places - round(spacing * 10**places)) > 1e-6:
        places += 1
    # down to the digit after the spacing's first, as 250 counts it, too
    digits = floor(log10(abs(value)) + 1e-9) + 1 + (places or 1 - floor(log10(spacing) + 1e-9))
    large = spacing >= 1e5 or abs(value) >= 1e6 or spacing < 1e-4
    if large and not (abs(value) < PLAIN and spacing >= 1 and digits > 3):
        return number(value, max(3, digits))
    return f"{value:,.{places}f}".replace("-", "−")
