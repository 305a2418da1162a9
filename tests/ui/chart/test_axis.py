"""Numbers on an axis: none stands on another."""

import numpy as np
import pytest
from PySide6.QtGui import QFont, QFontMetricsF
from pytestqt.qtbot import QtBot

from initstudio.ui.chart.axis import NumberAxis


@pytest.mark.parametrize("points", [8.0, 14.0])
def test_numbers_of_a_low_axis_do_not_stand_on_one_another(qtbot: QtBot, points: float) -> None:
    axis = NumberAxis("left")
    made = QFont()
    made.setPointSizeF(points)
    axis.setStyle(tickFont=made)
    line = QFontMetricsF(made).height()
    for size in (30, 55, 110, 400):
        ((_, values),) = axis.tickValues(0.0, 4.0, size)
        gaps = np.diff(sorted(values)) * size / 4
        assert (gaps >= line - 1e-9).all()
        assert 0 in values
