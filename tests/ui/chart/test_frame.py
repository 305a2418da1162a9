"""Where a picture's options stand: beside the title, below it, or behind a button."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from initstudio.ui.plots.learning import LossPlot


@pytest.mark.qt_log_ignore("This plugin does not support grabbing the keyboard")
def test_options_that_have_no_room_are_behind_a_button_and_come_back(qtbot: QtBot) -> None:
    plot = LossPlot()
    qtbot.addWidget(plot)
    plot.resize(900, 400)
    plot.show()
    row = plot.toolbar.geometry().top()
    assert plot.toolbar.isVisible()
    assert not plot.unfold.isVisible()
    plot.resize(460, 400)
    qtbot.waitUntil(lambda: plot.toolbar.geometry().top() > row)
    plot.resize(260, 400)
    qtbot.waitUntil(plot.unfold.isVisible)
    assert not plot.toolbar.isVisible()
    QTest.mouseClick(plot.unfold, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(plot.toolbar.isVisible)
    assert plot.toolbar.width() >= plot.toolbar.sizeHint().width()
    scale = plot.toolbar.control("scale")
    assert isinstance(scale, QComboBox)
    scale.setCurrentIndex(1)
    assert plot.options.scale == "log"
    plot.resize(900, 400)
    qtbot.waitUntil(plot.toolbar.isVisible)
    assert not plot.fold.isVisible()
    assert plot.isAncestorOf(plot.toolbar)
