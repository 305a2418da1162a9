"""Many small images as one item: each as an item of its own would cost several times as much."""

from typing import NamedTuple

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from initstudio.ui.chart.colours import Pixels
from initstudio.ui.chart.items import finer, image_of, sharpened
from initstudio.ui.chart.words import Fixed


class Tile(NamedTuple):
    """Pixels uint8 [rows, columns, 4], the first row uppermost, and the area that they fill."""

    area: QRectF
    pixels: Pixels


class Tiles(Fixed):
    """Images with sharp edges at any size and in every format."""

    def __init__(self) -> None:
        super().__init__()
        self.tiles: tuple[Tile, ...] = ()
        self._images: list[QImage] = []

    def show_tiles(self, tiles: tuple[Tile, ...]) -> None:
        """Show these."""
        before = [id(one.pixels) for one in self.tiles]
        if before != [id(one.pixels) for one in tiles]:
            self._images = [image_of(one.pixels) for one in tiles]
        self.tiles = tiles
        self.update()

    def paint(self, painter: QPainter, *_: object) -> None:
        """Paint them, on whole pixels."""
        transform = painter.transform()
        drawing = sharpened(painter)
        for tile, image in zip(self.tiles, self._images, strict=True):
            place = QRectF(transform.mapRect(tile.area).toRect())
            made = image_of(finer(tile.pixels, place)) if drawing else image
            painter.drawImage(place, made)
