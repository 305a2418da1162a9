"""A person is told what is wrong with a start, and mends it with one click."""

import pytest
from msgspec.structs import replace
from PySide6.QtWidgets import QApplication, QLabel, QToolButton
from pytestqt.qtbot import QtBot

from initstudio.alarms import Alarm
from initstudio.engine.plan import header_of
from initstudio.experiment import Choice
from initstudio.finding import Fix, Told, Verdict
from initstudio.presets import ARTICLE, contender, multilayer
from initstudio.results import Results
from initstudio.ui import theme
from initstudio.ui.panels.findings_panel import NOTHING, SEVERITIES, UNKNOWN, FindingsPanel
from initstudio.ui.session import Session
from initstudio.ui.studied import START, Studied
from initstudio.ui.studies import Studies

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
    session = Session(DEEP)
    panel = FindingsPanel(session, Studies(session))
    qtbot.addWidget(panel)
    panel.resize(320, 600)
    panel.show()
    return panel


def sentences(panel: FindingsPanel) -> dict[str, str]:
    labels = panel.findChildren(QLabel)
    return {one.accessibleName(): one.text() for one in labels if one.accessibleName()}


def press(panel: FindingsPanel, name: str) -> None:
    QApplication.processEvents()  # what was just added comes into sight
    (button,) = [
        one
        for one in panel.findChildren(QToolButton)
        if one.accessibleName() == name and one.isVisible()
    ]
    button.click()


def test_the_worst_comes_first(panel: FindingsPanel) -> None:
    severities = [SEVERITIES[one.verdict.severity] for one in panel.found]
    assert severities == sorted(severities)
    assert severities[0] == 0
    told = sentences(panel)
    assert told["Xavier: Xavier before rectifiers"].startswith("Xavier is made for tanh")
    assert "stay alike for ever" in told["Ones: Units that are alike"]
    assert not any(name.startswith("Kaiming:") for name in told)


def test_one_click_mends_it_and_undo_takes_that_back(panel: FindingsPanel) -> None:
    press(panel, "Mend Xavier: Xavier before rectifiers")
    experiment = panel.session.experiment
    assert experiment.contenders[0].rules[0].scheme == Choice("activation_gain")
    assert experiment.contenders[1:] == DEEP.contenders[1:]
    assert 0 not in {one.slot for one in panel.found}
    panel.session.undo_stack.undo()
    assert 0 in {one.slot for one in panel.found}


def test_what_is_measured_is_told_and_a_good_start_is_said_to_be_one(
    panel: FindingsPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Studies, "at_work", True)
    session, studies = panel.session, panel.studies
    fix = Fix(text="Use the learning rate 0.1", learning_rate=0.1)
    verdict = Verdict(sentence="It is too fast.", severity="careful", fix=fix)
    told = (Told(slot=4, finding="unstable_rate", verdict=verdict),)
    header = header_of(session.experiment)
    studies._known[START] = Studied(header=header, results=Results(values={}, told=told))
    studies.changed.emit(START)
    assert sentences(panel)["Ones: Learning rate above stability"] == "It is too fast."
    press(panel, "Mend Ones: Learning rate above stability")
    assert session.experiment.training.learning_rate == 0.1
    studies._known[START] = Studied(header=header, results=Results(values={}))
    studies.changed.emit(START)
    assert not panel.found
    assert panel.empty.text() == NOTHING


def test_while_a_start_is_measured_what_was_told_stays(
    panel: FindingsPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = panel.found
    monkeypatch.setattr(Studies, "at_work", True)
    panel.session.edit(replace(DEEP, title="Another"), "Title")
    assert panel.found == before
    panel.session.edit(replace(DEEP, network=()), "Clear")
    assert not panel.found
    assert panel.empty.text() == UNKNOWN


def test_what_is_hidden_catches_up(panel: FindingsPanel) -> None:
    panel.hide()
    panel.session.edit(replace(DEEP, contenders=DEEP.contenders[2:]), "Only Kaiming")
    assert 0 in {one.slot for one in panel.found}
    panel.show()
    assert 0 not in {one.slot for one in panel.found}


def test_the_theme_can_change(panel: FindingsPanel) -> None:
    before = len(panel.found)
    theme.present.theme_changed.emit(theme.DARK)
    theme.present.theme_changed.emit(theme.LIGHT)
    assert len(panel.found) == before


def test_alarms_of_the_run_stand_first(panel: FindingsPanel) -> None:
    live = panel.session._live
    sentence = "Xavier: the gradient vanishes from step 40: 3×10⁻⁹ in 1 Linear, 10⁻⁴ of the start."
    live.alarms = (Alarm(slot=0, kind="vanishing", step=40, sentence=sentence),)
    panel.session.ticked.emit()
    QApplication.processEvents()  # what was just added comes into sight
    told = sentences(panel)
    assert told["Xavier: Vanishing in training"].startswith("The gradient vanishes from step 40")
    shown = (one for one in panel.findChildren(QLabel) if one.isVisibleTo(panel))
    first = next(one.text() for one in shown if ":" in one.text())
    assert first == "Xavier: Vanishing in training"
    live.alarms = ()
    panel.session.runs_changed.emit()
    QApplication.processEvents()
    assert "Xavier: Vanishing in training" not in {
        one.accessibleName() for one in panel.findChildren(QLabel) if one.isVisibleTo(panel)
    }
