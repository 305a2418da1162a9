"""A small picture of the data, painted."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFontDatabase,
    QFontMetricsF,
    QImage,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from initstudio.datasets import DATASETS
from initstudio.engine import plan
from initstudio.experiment import Experiment
from initstudio.ui import theme
from initstudio.ui.data_picture import COLUMNS, ROWS, Picture, picture_of, state_of

PADDING = 10.0


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
            picture = picture_of(choice.key, params, experiment.seeds.first, state_of(params))
        self.show_picture(picture)

    def show_picture(self, picture: Picture) -> None:
        """Show a picture."""
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
        picture = self.picture
        if picture.points is not None:
            _paint_points(painter, ground, picture.points, picture.classes, colours)
        elif picture.images is not None:
            _paint_images(painter, ground, picture.images, colours)
        elif picture.sequences is not None:
            _paint_sequences(painter, ground, picture.sequences, colours)
        elif picture.text:
            _paint_text(painter, ground, picture.text, colours)
        else:
            painter.setPen(QColor(colours.muted))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(ground, flags, picture.caption)
        painter.end()


def _paint_points(
    painter: QPainter,
    ground: QRectF,
    points: npt.NDArray[np.float32],
    classes: npt.NDArray[np.int64] | None,
    colours: theme.Theme,
) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    radius = 1.6 if len(points) > 300 else 2.4
    slots = np.zeros(len(points), dtype=np.int64) if classes is None else classes
    for slot in np.unique(slots):
        colour = QColor(colours.accent if classes is None else colours.colour(int(slot)))
        colour.setAlphaF(0.8)
        painter.setBrush(colour)
        for at in _placed(ground, points[slots == slot]):
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
        longer = max(height, width)
        w, h = (cell - 4) * width / longer, (cell - 4) * height / longer
        painter.drawImage(QRectF(x + (cell - w) / 2, y + (cell - h) / 2, w, h), picture)


def _paint_sequences(
    painter: QPainter, ground: QRectF, sequences: npt.NDArray[np.float32], colours: theme.Theme
) -> None:
    band = ground.height() / len(sequences)
    steps = np.linspace(0, 1, sequences.shape[2])
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for at, sequence in enumerate(sequences):
        place = QRectF(ground.left(), ground.top() + at * band + 3, ground.width(), band - 6)
        for channel, values in enumerate(sequence):
            painter.setPen(QPen(QColor(colours.colour(channel)), 1.2))
            points = np.stack([steps, values], axis=1)
            painter.drawPolyline(QPolygonF(list(_placed(place, points))))


def _paint_text(
    painter: QPainter, ground: QRectF, lines: tuple[str, ...], colours: theme.Theme
) -> None:
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPointSizeF(colours.small_font)
    painter.setFont(font)
    painter.setPen(QColor(colours.text))
    metrics = QFontMetricsF(font)
    high = ground.height() / max(len(lines), 1)
    for at, line in enumerate(lines):
        room = QRectF(ground.left(), ground.top() + at * high, ground.width(), high)
        shown = metrics.elidedText(line, Qt.TextElideMode.ElideLeft, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, shown)


def _placed(ground: QRectF, points: npt.NDArray[np.floating]) -> Iterable[QPointF]:
    """Give the places of points from 0 to 1 in the ground, upward."""
    for x, y in points.tolist():
        yield QPointF(ground.left() + x * ground.width(), ground.bottom() - y * ground.height())


def _rgb(colour: str) -> npt.NDArray[np.float32]:
    made = QColor(colour)
    return np.array([made.red(), made.green(), made.blue()], dtype=np.float32)
