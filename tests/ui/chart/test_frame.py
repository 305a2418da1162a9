"""Where a picture's options stand: beside the title, below it, or behind a button."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from initstudio.ui.plots.learning import LossPlot
from initstudio.ui.plots.paths import PathsPlot
from tests.synthetic import experiment_of, history_of


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


def test_options_that_come_and_go_find_their_room(qtbot: QtBot) -> None:
    plot = PathsPlot()
    qtbot.addWidget(plot)
    plot.show_contenders(experiment_of(3).contenders)
    plot.show()
    needed = plot.title.fontMetrics().horizontalAdvance(plot.label)
    needed += plot.toolbar.sizeHint().width() + plot.corner.sizeHint().width()
    plot.resize(needed + 48, 300)
    qtbot.waitUntil(lambda: plot.toolbar.geometry().top() < plot.title.geometry().bottom())
    plot.restart(history_of(experiment_of(3)))  # planes are offered for several contenders alone
    assert plot.toolbar.control("plane").isVisible()
    qtbot.waitUntil(lambda: plot.toolbar.geometry().top() >= plot.title.geometry().bottom() - 2)


def test_a_button_that_comes_at_the_end_of_the_head_does_not_cut_the_title(qtbot: QtBot) -> None:
    plot = LossPlot()
    qtbot.addWidget(plot)
    plot.show()
    needed = plot.title.fontMetrics().horizontalAdvance(plot.label)
    needed += plot.toolbar.sizeHint().width() + plot.corner.sizeHint().width()
    plot.resize(needed + 48, 300)
    qtbot.waitUntil(lambda: plot.toolbar.geometry().top() < plot.title.geometry().bottom())
    plot.whole.show()
    qtbot.waitUntil(lambda: plot.toolbar.geometry().top() >= plot.title.geometry().bottom() - 2)
    plot.whole.hide()
    qtbot.waitUntil(lambda: plot.toolbar.geometry().top() < plot.title.geometry().bottom())
