"""Small images in rows, each with a line or two of text below it."""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from math import ceil, floor
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QFontMetricsF

from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.chart.colours import Pixels
from initstudio.ui.chart.panels import Panel
from initstudio.ui.chart.tiles import Tile, Tiles
from initstudio.ui.chart.words import PlainWords, Word, width_of
from initstudio.ui.theme import Theme, font

SMALLEST = 18.0
"""Pixels of an image's longer side; of more images than fit so the last are left out."""
BETWEEN = 8.0
"""Pixels from one image to the next, at least."""
BESIDE = 5.0
"""Pixels from one text to the next, at least."""
UNDER = 2.0
"""Pixels between an image and its text."""

Float32 = npt.NDArray[np.float32]


class Caption(NamedTuple):
    """What stands below an image: one line, or two where both do not fit beside each other."""

    first: str
    second: str
    ink: str


def in_a_line(caption: Caption) -> str:
    """Return both texts beside each other."""
    return f"{caption.first}  {caption.second}"


@dataclass(frozen=True)
class Gallery:
    """Where so many images lie in a panel, on a canvas whose plane is that of its pixels."""

    panel: Panel
    count: int
    columns: int
    cell: tuple[float, float]
    """Width and height of an image with its text, pixels."""
    lines: int
    """Of text, 1 or 2."""
    line: float
    """Height of one, pixels."""

    def draw(
        self,
        canvas: Canvas,
        key: Hashable,
        images: list[Pixels | None],
        captions: list[Caption],
        theme: Theme,
    ) -> None:
        """Draw images uint8 [height, width, 4], the first row uppermost; None: there is none."""
        tiles: list[Tile] = []
        words: list[Word] = []
        inks: list[str] = []
        wide = self.cell[0] - BETWEEN
        tall = self.cell[1] - self.lines * self.line - UNDER - BETWEEN / 2
        for at, (image, caption) in enumerate(zip(images, captions, strict=True)):
            if at == self.count:
                break
            left, top = self._corner(at)
            middle = left + wide / 2
            if image is not None:
                found = _coarser(image, wide, tall)
                w, h = _sharp(found.shape[1], found.shape[0], wide, tall)
                tiles.append(Tile(QRectF(round(middle - w / 2), round(top - tall), w, h), found))
            texts = [caption.first, caption.second] if self.lines > 1 else [in_a_line(caption)]
            level = top - tall - UNDER
            words += [
                Word(middle, level - row * self.line, text, up=-1, gap=0)
                for row, text in enumerate(texts)
            ]
            inks += [caption.ink] * len(texts)
        canvas.put(("tiles", key), Tiles, z=2).show_tiles(tuple(tiles))
        item = canvas.put(("captions", key), PlainWords, z=8)
        item.show_words(tuple(words), tuple(inks), font(theme.small_font))

    def at(self, place: tuple[float, float]) -> int | None:
        """Return which image, or its text, is at a place; None: none is."""
        (left, _), (_, top) = self.panel.area
        column, row = (place[0] - left) // self.cell[0], (top - place[1]) // self.cell[1]
        if not 0 <= column < self.columns or row < 0:
            return None
        found = int(row * self.columns + column)
        return found if found < self.count else None

    def _corner(self, at: int) -> tuple[float, float]:
        """Return the left upper corner of an image."""
        (left, _), (_, top) = self.panel.area
        row, column = divmod(at, self.columns)
        return left + column * self.cell[0] + BETWEEN / 2, top - row * self.cell[1] - BETWEEN / 2


def galleries_in(
    panels: list[Panel], ratio: float, captions: list[list[Caption]], theme: Theme
) -> list[Gallery]:
    """Return a gallery for each of equal panels, all with as many columns."""
    count = max(len(some) for some in captions)
    one = _gallery_in(panels[0], ratio, [text for some in captions for text in some], count, theme)
    return [replace(one, panel=panel) for panel in panels]


def _gallery_in(
    panel: Panel, ratio: float, captions: list[Caption], most: int, theme: Theme
) -> Gallery:
    """Return the gallery with the largest images of width / height `ratio`, or as many as fit."""
    (left, right), (bottom, top) = panel.area
    width, height = right - left, top - bottom
    points = theme.small_font
    line = QFontMetricsF(font(points)).height()
    both = max(width_of(in_a_line(one), points) for one in captions)
    apart = max(width_of(text, points) for one in captions for text in (one.first, one.second))
    best: tuple[float, Gallery] | None = None
    for count in range(most, 0, -1):
        for columns in range(1, count + 1):
            cell = width / columns, height / ceil(count / columns)
            lines = 1 if both + BESIDE <= cell[0] else 2
            room = cell[1] - lines * line - UNDER - BETWEEN / 2
            fits = room >= 1 and cell[0] > BETWEEN and apart + BESIDE <= cell[0]
            side = max(_fitted(ratio, 1.0, cell[0] - BETWEEN, room)) if fits else 0.0
            if best is None or side > best[0] or not best[0]:
                best = side, Gallery(panel, count, columns, cell, lines, line)
        if best and best[0] >= SMALLEST:
            break
    if best is None:
        message = "a gallery of nothing"
        raise ValueError(message)
    return best[1]


def as_pixels(image: Float32, theme: Theme) -> Pixels:
    """Return an image [channels, height, width] from 0 to 1 as uint8 [height, width, 4].

    Three channels are red, green and blue; else the first is drawn from the ground to the ink.
    """
    values = image.astype(np.float64)
    if len(values) == 3:
        found = 255 * values.transpose(1, 2, 0)
    else:
        paper, ink = _rgb(theme.base), _rgb(theme.text)
        found = paper + (ink - paper) * values[0][..., None]
    whole = np.full((*values.shape[1:], 4), 255, np.uint8)
    whole[..., :3] = np.rint(found)
    return whole


def _sharp(width: int, height: int, wide: float, tall: float) -> tuple[float, float]:
    """Return the largest size in a room at which each of an image's pixels takes as many of ours.

    An image that is larger than the room just fits into it.
    """
    by = min(wide / width, tall / height)
    if by >= 1:
        return float(width * floor(by)), float(height * floor(by))
    return _fitted(width, height, wide, tall)


def _coarser(image: Pixels, wide: float, tall: float) -> Pixels:
    """Return an image [height, width, 4] in the means of squares of it, if it is too large."""
    by = ceil(max(image.shape[1] / max(wide, 1), image.shape[0] / max(tall, 1), 1))
    if by == 1:
        return image
    rows, columns = (-(-size // by) for size in image.shape[:2])
    more = ((0, rows * by - image.shape[0]), (0, columns * by - image.shape[1]), (0, 0))
    whole = np.pad(image, more, mode="edge").reshape(rows, by, columns, by, -1)
    found: Pixels = np.rint(whole.mean((1, 3))).astype(np.uint8)
    return found


def _fitted(width: float, height: float, wide: float, tall: float) -> tuple[float, float]:
    """Return the size with the same ratio that fits into a room, at least of a pixel."""
    by = max(min(wide / width, tall / height), 0.0)
    return max(width * by, 1.0), max(height * by, 1.0)


def _rgb(colour: str) -> npt.NDArray[np.float64]:
    made = QColor(colour)
    return np.array([made.red(), made.green(), made.blue()], dtype=np.float64)
