"""A small picture of the data: points in the plane, or a few images."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from initstudio.datasets import DATASETS
from initstudio.engine import plan
from initstudio.engine.data import stream
from initstudio.experiment import Experiment
from initstudio.ui import theme

MOST_POINTS = 800
MOST_VALUES = 4_000_000
"""Data with more values than this is not made for a picture."""
ROWS, COLUMNS = 3, 8
PADDING = 10.0


@dataclass(frozen=True, eq=False)
class Picture:
    """What is drawn: points float32 [n, 2] from 0 to 1, or images float32 [n, side, side]."""

    caption: str
    points: npt.NDArray[np.float32] | None = None
    images: npt.NDArray[np.float32] | None = None
    classes: npt.NDArray[np.int64] | None = None


class DataPreview(QWidget):
    """Paints the Picture of an experiment's data; the same data is made once."""

    def __init__(self) -> None:
        super().__init__()
        self.picture = Picture("")
        self.setAccessibleName("Data: preview")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.present.theme_changed.connect(self._on_theme_changed)

    def show_experiment(self, experiment: Experiment) -> None:
        """Show the first seed's data; nothing where the data is not known."""
        picture = Picture("")
        if not plan.choice_problems(experiment):
            choice = experiment.data.dataset
            params = DATASETS[choice.key].parse(choice.params)
            picture = picture_of(choice.key, params, experiment.seeds.first)
        if picture is not self.picture:
            self.picture = picture
            self.setToolTip(picture.caption)
            self.setAccessibleDescription(picture.caption)
            self.update()

    def _on_theme_changed(self, _theme: theme.Theme) -> None:
        self.update()

    def sizeHint(self) -> QSize:
        """Return a size of 16:9 or so."""
        return QSize(260, 150)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the ground, and what there is to see."""
        colours = theme.present.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(colours.border))
        painter.setBrush(QColor(colours.base))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        ground = QRectF(self.rect()).adjusted(PADDING, PADDING, -PADDING, -PADDING)
        if self.picture.points is not None:
            _paint_points(painter, ground, self.picture, colours)
        elif self.picture.images is not None:
            _paint_images(painter, ground, self.picture.images, colours)
        else:
            painter.setPen(QColor(colours.muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(ground, flags, self.picture.caption)
        painter.end()


@lru_cache(maxsize=32)
def picture_of(key: str, params: Any, seed: int) -> Picture:  # noqa: ANN401 - any Params struct
    """Return what there is to see of a data set under one seed."""
    dataset = DATASETS[key]
    if getattr(params, "layout", "") == "flat":
        params = msgspec.structs.replace(params, layout="image")
    facts = dataset.facts(params)
    if facts.examples * int(np.prod(facts.shape)) > MOST_VALUES:
        return Picture("Too large to be drawn here.")
    features, classes = dataset.make(params, stream(seed, "data"))
    if len(facts.shape) > 1:
        images = features[: ROWS * COLUMNS].reshape(-1, *facts.shape[-2:])
        return Picture(f"The first {len(images)} images.", images=images / max(images.max(), 1e-9))
    some = stream(seed, "preview").permutation(facts.examples)[:MOST_POINTS]
    return _points(features[some], classes[some], facts.shape[0])


def _points(
    features: npt.NDArray[np.float32], classes: npt.NDArray[np.int64], dimension: int
) -> Picture:
    plane = features[:, :2] if dimension > 1 else np.stack([features[:, 0], classes], axis=1)
    low, high = plane.min(0), plane.max(0)
    points = ((plane - low) / np.maximum(high - low, 1e-9)).astype(np.float32)
    caption = "The examples, coloured by class."
    if dimension == 1:
        caption = "The examples by class."
    elif dimension > 2:
        caption = f"Features 1 and 2 of {dimension:,}, coloured by class."
    return Picture(caption, points=points, classes=classes)


def _paint_points(
    painter: QPainter, ground: QRectF, picture: Picture, colours: theme.Theme
) -> None:
    if picture.points is None or picture.classes is None:
        return
    painter.setPen(Qt.PenStyle.NoPen)
    radius = 1.6 if len(picture.points) > 300 else 2.4
    for slot in np.unique(picture.classes):
        colour = QColor(colours.colour(int(slot)))
        colour.setAlphaF(0.8)
        painter.setBrush(colour)
        for x, y in picture.points[picture.classes == slot]:
            at = QPointF(
                ground.left() + float(x) * ground.width(),
                ground.bottom() - float(y) * ground.height(),
            )
            painter.drawEllipse(at, radius, radius)


def _paint_images(
    painter: QPainter, ground: QRectF, images: npt.NDArray[np.float32], colours: theme.Theme
) -> None:
    cell = min(ground.width() / COLUMNS, ground.height() / ROWS)
    left = ground.center().x() - cell * COLUMNS / 2
    top = ground.center().y() - cell * ROWS / 2
    paper, ink = _rgb(colours.base), _rgb(colours.text)
    for at, image in enumerate(images):
        mixed = paper + (ink - paper) * image[:, :, None].clip(0, 1)
        pixels = np.ascontiguousarray(mixed.astype(np.uint8))
        height, width = image.shape
        picture = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        x, y = left + at % COLUMNS * cell, top + at // COLUMNS * cell
        painter.drawImage(QRectF(x + 2, y + 2, cell - 4, cell - 4), picture)


def _rgb(colour: str) -> npt.NDArray[np.float32]:
    made = QColor(colour)
    return np.array([made.red(), made.green(), made.blue()], dtype=np.float32)
