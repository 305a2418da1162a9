"""A table of texts, a row for each contender: as text to copy, and painted into a picture.

In a picture too many columns are not made tiny: they are parted into tables one below the other,
each with the names.
"""

from collections.abc import Callable, Sequence
from math import ceil
from typing import NamedTuple

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from initstudio.ui.theme import Theme

SWATCH, MARK, GAP = 18, 10, 18
"""Pixels of a contender's mark with its space, of the mark alone, and between two columns."""
TALL = 1.6
"""The height of a row in heights of its text."""
LONGEST = 260
"""Pixels of a name before it is cut."""
READABLE = 0.8
"""Below this share of the plots' text size a table is parted instead of made smaller."""
STEP = 8
"""Pixels by which parts are made narrower until they are about equal."""
SMALLEST = 4
"""Pixels of text; what does not fit then is cut."""


class Head(NamedTuple):
    """A heading, its exact meaning, and whether its column is one of numbers."""

    text: str
    help: str = ""
    numbers: bool = True


class Entry(NamedTuple):
    """One contender: its colour and its cells; of each cell the ink ("": the usual) and a help."""

    colour: str
    cells: tuple[str, ...]
    inks: tuple[str, ...]
    tips: tuple[str, ...]


class Sheet(NamedTuple):
    """A table whose first column is the contenders' names; below it, sentences about it."""

    heads: tuple[Head, ...] = ()
    entries: tuple[Entry, ...] = ()
    remarks: tuple[str, ...] = ()

    def as_tsv(self) -> str:
        """Return the headings and rows as lines, columns parted by tabs, for a spreadsheet."""
        lines = [[head.text for head in self.heads], *(entry.cells for entry in self.entries)]
        return "".join("\t".join(_plain(cell) for cell in line) + "\n" for line in lines)

    def as_markdown(self) -> str:
        """Return the table as Markdown, numbers to the right, with the remarks as a list."""
        rule = ["---:" if head.numbers else ":---" for head in self.heads]
        lines = [[_escaped(head.text) for head in self.heads], rule]
        lines += [[_escaped(cell) for cell in entry.cells] for entry in self.entries]
        table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
        remarks = "".join(f"- {_escaped(remark)}\n" for remark in self.remarks)
        return f"{table}\n{remarks}" if remarks else table


def _plain(cell: str) -> str:
    return " ".join(cell.replace("−", "-").split("\t")).replace("\r", " ").replace("\n", " ")


def _escaped(cell: str) -> str:
    one_line = " ".join(cell.splitlines()).replace("\\", "\\\\")
    for mark in "|*_`<":
        one_line = one_line.replace(mark, "\\" + mark)
    return one_line


class Layout(NamedTuple):
    """How a sheet is painted: the text's height in pixels, and the columns in each of its parts.

    `widths` are those of all columns, `height` that of a part, in pixels.
    """

    pixels: int
    parts: tuple[tuple[int, ...], ...]
    widths: tuple[int, ...]
    height: int

    def fits(self, room: QSize) -> bool:
        """Return whether all parts, one below the other, are within the room."""
        wide = all(sum(self.widths[at] for at in part) <= room.width() for part in self.parts)
        return wide and len(self.parts) * self.height <= room.height()


def lay_out(
    measure: Callable[[int], tuple[Sequence[int], int]], largest: int, room: QSize
) -> Layout:
    """Return how a sheet fits into the room, in pixels, with its text as large as can be.

    `measure(pixels)` gives the columns' widths (the first: names) and the height of one part at a
    size of text. The table stays whole while its width lets its text be of a readable size. Only
    whole sizes are tried: others look different in each format of a picture.
    """
    sizes = range(largest, SMALLEST, -1)
    widest = next((size for size in sizes if sum(measure(size)[0]) <= room.width()), SMALLEST)
    whole = widest >= READABLE * largest

    def laid_out(pixels: int) -> Layout:
        widths, height = measure(pixels)
        parts = (tuple(range(len(widths))),) if whole else _balanced(widths, room.width())
        return Layout(pixels, parts, tuple(widths), height)

    tried = map(laid_out, range(widest if whole else largest, SMALLEST, -1))
    return next((one for one in tried if one.fits(room)), laid_out(SMALLEST))


def _balanced(widths: Sequence[int], room: int) -> tuple[tuple[int, ...], ...]:
    """Return the columns in as few parts as the room lets, about equally wide."""
    found = _packed(widths, room)
    for narrower in range(room - STEP, 0, -STEP):
        parts = _packed(widths, narrower)
        if len(parts) > len(found):
            break
        found = parts
    return found


def _packed(widths: Sequence[int], room: int) -> tuple[tuple[int, ...], ...]:
    """Return the columns in parts that are not wider than the room, each with the names."""
    parts: list[list[int]] = [[0]]
    used = widths[0]
    for at, width in enumerate(widths[1:], 1):
        if used + width > room and len(parts[-1]) > 1:
            parts.append([0])
            used = widths[0]
        parts[-1].append(at)
        used += width
    return tuple(tuple(part) for part in parts)


def paint_sheet(painter: QPainter, area: QRectF, sheet: Sheet, theme: Theme) -> None:
    """Paint a sheet in the painter's font, from the upper left of the area."""
    used = QFont(painter.font())
    # SVG and PDF know no hinting: with it their letters would stand elsewhere than a PNG's
    used.setHintingPreference(QFont.HintingPreference.PreferNoHinting)

    def measure(pixels: int) -> tuple[list[int], int]:
        used.setPixelSize(pixels)
        metrics = QFontMetricsF(used)
        return _widths(sheet, metrics), _row_height(metrics) * (len(sheet.entries) + 1) + GAP

    largest = _pixels_of(painter)
    layout = lay_out(measure, largest, area.toAlignedRect().size())
    used.setPixelSize(layout.pixels)
    painter.save()
    painter.setFont(used)
    painter.translate(area.topLeft())
    for part in layout.parts:
        _paint_part(painter, sheet, theme, part, layout)
        painter.translate(0, layout.height)
    painter.restore()


def _pixels_of(painter: QPainter) -> int:
    """Return how many pixels high the painter's text is, on what it paints on."""
    used = painter.font()
    if used.pixelSize() > 0:
        return used.pixelSize()
    return max(SMALLEST, round(used.pointSizeF() * painter.device().logicalDpiY() / 72))


def _row_height(metrics: QFontMetricsF) -> int:
    return ceil(metrics.height() * TALL)


def _widths(sheet: Sheet, metrics: QFontMetricsF) -> list[int]:
    """Return how wide each column is, with the gap behind it."""
    widths = []
    for at, head in enumerate(sheet.heads):
        texts = [head.text, *(entry.cells[at] for entry in sheet.entries)]
        width = ceil(max(metrics.horizontalAdvance(text) for text in texts))
        widths.append(width + GAP if at else min(width, LONGEST) + SWATCH + GAP)
    return widths


def _paint_part(
    painter: QPainter, sheet: Sheet, theme: Theme, part: Sequence[int], layout: Layout
) -> None:
    metrics = QFontMetricsF(painter.font())
    height = _row_height(metrics)
    down = round((height + metrics.ascent() - metrics.descent()) / 2)
    right = sum(layout.widths[at] for at in part) - GAP
    for row in range(len(sheet.entries) + 1):
        entry = sheet.entries[row - 1] if row else None
        top, left = row * height, 0
        for at in part:
            text = entry.cells[at] if entry else sheet.heads[at].text
            painter.setPen(QColor((entry.inks[at] or theme.text) if entry else theme.muted))
            start = left + layout.widths[at] - GAP - ceil(metrics.horizontalAdvance(text))
            if not sheet.heads[at].numbers:
                start = left + (0 if at else SWATCH)
                text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, LONGEST)
            painter.drawText(start, top + down, text)
            left += layout.widths[at]
        if entry:
            mark = QRect(0, top + height // 2 - MARK // 2, MARK, MARK)
            painter.fillRect(mark, QColor(entry.colour))
        # not a line, whose edges some formats blur
        painter.fillRect(QRect(0, top + height - 1, right, 1), QColor(theme.grid))


def alignment(head: Head) -> Qt.AlignmentFlag:
    """Return on which side a column's texts stand."""
    side = Qt.AlignmentFlag.AlignRight if head.numbers else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
