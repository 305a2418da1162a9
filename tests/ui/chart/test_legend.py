"""The legend: what has no room in its two rows is counted, and nothing is painted over."""

from itertools import pairwise

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from initstudio.ui.chart.legend import Label, Legend
from initstudio.ui.theme import LIGHT


class Pen(QPainter):
    """A painter that notes which texts are written, and from where to where."""

    def __init__(self, image: QImage) -> None:
        super().__init__(image)
        self.written: list[tuple[str, float, float, float]] = []

    def drawText(  # type: ignore[override]  # noqa: N802 - Qt's
        self, at: QPointF, text: str
    ) -> None:
        wide = self.fontMetrics().horizontalAdvance(text)
        self.written.append((text, at.x(), at.x() + wide, at.y()))


@pytest.mark.parametrize("width", range(210, 700, 7))
def test_the_count_of_what_is_left_out_stands_beside_the_last_name(
    width: int, qtbot: QtBot
) -> None:
    legend = Legend()
    qtbot.addWidget(legend)
    legend.show_theme(LIGHT)
    legend.show_labels(tuple(Label(f"Way {at} (Run 1)", at, "1.6×10¹²", at) for at in range(6)))
    legend.resize(width, legend.heightForWidth(width))
    image = QImage(width, legend.height(), QImage.Format.Format_ARGB32)
    pen = Pen(image)
    legend.paint_on(pen)
    pen.end()
    names = [text for text, *_ in pen.written if text.startswith("Way")]
    counts = [text for text, *_ in pen.written if text.startswith("+")]
    assert counts == ([f"+{6 - len(names)}"] if len(names) < 6 else [])
    for row in {at for *_, at in pen.written}:
        ends = [(left, right) for _, left, right, at in pen.written if at == row]
        assert ends == sorted(ends)
        for (_, right), (left, _) in pairwise(ends):
            assert right <= left + 1
