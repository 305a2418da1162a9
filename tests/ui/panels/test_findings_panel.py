"""A person is told what is wrong with a start, and mends it with one click."""

import pytest
from msgspec.structs import replace
from PySide6.QtWidgets import QLabel, QToolButton
from pytestqt.qtbot import QtBot

from initstudio.experiment import Choice
from initstudio.presets import ARTICLE, contender, multilayer
from initstudio.ui import theme
from initstudio.ui.panels.findings_panel import NOTHING, UNKNOWN, FindingsPanel
from initstudio.ui.session import Session

DEEP = replace(
    ARTICLE,
    network=multilayer(12, 64, "relu"),
    contenders=(
        contender("Xavier", 0, "xavier_uniform"),
        contender("Ones", 4, "ones"),
        contender("Kaiming", 1, "kaiming_normal"),
    ),
)


@pytest.fixture
def panel(qtbot: QtBot) -> FindingsPanel:
    panel = FindingsPanel(Session(DEEP))
    qtbot.addWidget(panel)
    panel.resize(320, 600)
    panel.show()
    return panel


def sentences(panel: FindingsPanel) -> dict[str, str]:
    labels = panel.findChildren(QLabel)
    return {one.accessibleName(): one.text() for one in labels if one.accessibleName()}


def press(panel: FindingsPanel, name: str) -> None:
    (button,) = [
        one
        for one in panel.findChildren(QToolButton)
        if one.accessibleName() == name and one.isVisible()
    ]
    button.click()


def test_the_worst_comes_first(panel: FindingsPanel) -> None:
    severities = [one.verdict.severity for one in panel.found]
    assert severities == sorted(severities)
    assert severities[0] == "bad"
    told = sentences(panel)
    assert told["Xavier: Xavier before rectifiers"].startswith("Xavier is made for tanh")
    assert "stay alike for ever" in told["Ones: Units that are alike"]
    assert not any(name.startswith("Kaiming:") for name in told)


def test_one_click_mends_it_and_undo_takes_that_back(panel: FindingsPanel) -> None:
    press(panel, "Mend Xavier: Xavier before rectifiers")
    experiment = panel.session.experiment
    assert experiment.contenders[0].rules[0].scheme == Choice("activation_gain")
    assert experiment.contenders[1:] == DEEP.contenders[1:]
    assert "Xavier" not in {one.contender.name for one in panel.found}
    panel.session.undo_stack.undo()
    assert "Xavier" in {one.contender.name for one in panel.found}


def test_a_good_start_is_said_to_be_one_once_it_is_measured(
    panel: FindingsPanel, ready: Session, qtbot: QtBot
) -> None:
    panel.session.edit(replace(DEEP, contenders=DEEP.contenders[2:]), "Only Kaiming")
    assert panel.found == []
    assert panel.empty.text() == UNKNOWN
    measured = FindingsPanel(ready)
    qtbot.addWidget(measured)
    measured.show()
    # the made-up losses are those of a network that is sure of itself
    assert {one.finding.key for one in measured.found} == {"first_loss"}
    assert measured.empty.text() == ""
    measured._show([])
    assert measured.empty.text() == NOTHING


def test_what_is_hidden_catches_up(panel: FindingsPanel) -> None:
    panel.hide()
    panel.session.edit(replace(DEEP, contenders=DEEP.contenders[2:]), "Only Kaiming")
    assert panel.found != []
    panel.show()
    assert panel.found == []


def test_the_theme_can_change(panel: FindingsPanel) -> None:
    before = len(panel.found)
    theme.present.theme_changed.emit(theme.DARK)
    theme.present.theme_changed.emit(theme.LIGHT)
    assert len(panel.found) == before
