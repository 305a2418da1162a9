"""The inspector, with and without what was measured."""

from collections.abc import Iterator

import numpy as np
import pytest
from msgspec.structs import replace
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from initstudio.experiment import Choice
from initstudio.presets import ARTICLE
from initstudio.ui.panels.inspector_panel import COLUMNS, DRAW, EMPTY, InspectorPanel
from initstudio.ui.session import Session


@pytest.fixture
def panel(qtbot: QtBot) -> Iterator[InspectorPanel]:
    panel = InspectorPanel(Session(ARTICLE))
    qtbot.addWidget(panel)
    panel.resize(1200, 300)
    panel.show()
    yield panel
    panel.close()


def column(panel: InspectorPanel, title: str) -> list[str]:
    at = [one.title for one in COLUMNS].index(title)
    return [str(panel.model.index(row, at).data()) for row in range(panel.model.rowCount())]


def test_it_says_what_will_be_drawn(panel: InspectorPanel) -> None:
    assert panel.heading.text() == EMPTY
    panel.show_contender(1)
    assert panel.heading.text() == "Kaiming: what will be drawn."
    names = ["0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias"]
    assert column(panel, "Parameter") == names
    assert column(panel, "Fan-in")[:3] == ["20", "20", "64"]
    assert column(panel, "Target")[0] == "U(−0.5477, 0.5477)"
    assert column(panel, "Std") == [""] * 6
    assert "He et al. 2015" in panel.detail.text()
    assert panel.trap.text() == panel.model.rows[0].inspected.trap


def test_it_follows_the_experiment_and_copies(panel: InspectorPanel) -> None:
    panel.show_contender(0)
    longer = (*ARTICLE.network[:4], Choice("linear", {"units": 3}), Choice("output"))
    panel._session.edit(replace(ARTICLE, network=longer), "Longer")
    assert panel.model.rowCount() == 8
    panel.copy()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].split("\t") == [one.title for one in COLUMNS]
    assert len(lines) == 9
    panel._session.edit(replace(ARTICLE, contenders=ARTICLE.contenders[1:]), "Without")
    assert panel.heading.text() == EMPTY


def test_what_was_measured_stands_beside(qtbot: QtBot, ready: Session) -> None:
    panel = InspectorPanel(ready)
    qtbot.addWidget(panel)
    panel.show()
    history = ready.history
    assert history
    shape = (len(history.header.slots), len(history.header.parameters))
    chances = np.full(shape, 0.5)
    chances[0, 2] = 1e-9
    measured = {"start_mean": np.zeros(shape), "start_std": np.ones(shape), "start_chance": chances}
    history.first.update(measured)
    panel.show_contender(0)
    assert panel.heading.text() == "Xavier, seed 0: 1 of 6 stray."
    assert column(panel, "Std") == ["1"] * 6
    assert column(panel, "Draw")[1:3] == ["as it should be (p = 0.5)", "strays (p = 1e-09)"]
    colours = {
        panel.model.data(panel.model.index(row, DRAW), role=9).name()  # the role of the text colour
        for row in (1, 2)
    }
    assert len(colours) == 2
    panel.close()
