"""A person writes an initialization of their own, and says what may run."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from initstudio import edits
from initstudio.experiment import Choice
from initstudio.presets import ARTICLE
from initstudio.trust import is_trusted
from initstudio.tunings.python import TEMPLATE
from initstudio.ui import code_dialog, code_field
from initstudio.ui.code_dialog import CodeDialog
from initstudio.ui.code_field import CodeField
from initstudio.ui.panels.contenders_panel import ContendersPanel
from initstudio.ui.session import Session

MINE = "def init(module, generator):\n    pass\n"


@pytest.fixture
def dialog(qtbot: QtBot) -> CodeDialog:
    return opened(qtbot, TEMPLATE)


def opened(qtbot: QtBot, code: str) -> CodeDialog:
    dialog = CodeDialog(code)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def heard(dialog: CodeDialog) -> list[str]:
    told: list[str] = []
    dialog.applied.connect(told.append)
    return told


def test_what_a_person_applies_is_trusted(dialog: CodeDialog) -> None:
    told = heard(dialog)
    assert dialog.apply.text() == "&Apply"
    dialog.editor.setPlainText(MINE)
    assert not is_trusted(MINE)
    dialog.apply.click()
    assert told == [MINE]
    assert is_trusted(MINE)
    assert not dialog.isVisible()


def test_code_that_came_along_is_shown_with_a_warning(qtbot: QtBot) -> None:
    dialog = opened(qtbot, MINE)
    assert dialog.warning.isVisible()
    assert dialog.apply.text() == "&Trust and run"
    assert not is_trusted(MINE)
    dialog.reject()
    assert not is_trusted(MINE)
    again = opened(qtbot, MINE)
    told = heard(again)
    again.apply.click()
    assert told == [MINE]
    assert is_trusted(MINE)
    assert not opened(qtbot, MINE).warning.isVisible()


def test_the_keyboard_applies(dialog: CodeDialog) -> None:
    told = heard(dialog)
    dialog.editor.setPlainText(MINE)
    dialog.activateWindow()
    dialog.editor.setFocus()
    QTest.keyClick(dialog.editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert told == [MINE]


def test_a_mistake_is_marked_and_nothing_is_applied(dialog: CodeDialog) -> None:
    told = heard(dialog)
    dialog.editor.setPlainText("def init(module, generator):\n    (")
    dialog.apply.click()
    assert told == []
    assert dialog.isVisible()
    assert dialog.problem.text() == "line 2: '(' was never closed."
    assert dialog.editor.error is not None
    assert dialog.editor.error[0] == 2
    dialog.editor.setPlainText(MINE)
    assert dialog.problem.text() == ""


def test_template_and_revert_can_be_undone(qtbot: QtBot) -> None:
    dialog = opened(qtbot, MINE)
    dialog.template.click()
    assert dialog.editor.toPlainText() == TEMPLATE
    dialog.revert.click()
    assert dialog.editor.toPlainText() == MINE
    assert not dialog.revert.isEnabled()
    dialog.editor.undo()
    dialog.editor.undo()
    assert dialog.editor.toPlainText() == MINE


def test_trust_that_cannot_be_written_down_is_a_sentence(
    dialog: CodeDialog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_code: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(code_dialog, "trust", refuse)
    told = heard(dialog)
    dialog.editor.setPlainText(MINE)
    dialog.apply.click()
    assert told == []
    assert dialog.problem.text() == "It could not be trusted: Permission denied."


def test_names_that_exist_are_offered(dialog: CodeDialog) -> None:
    dialog.editor.setPlainText("")
    QTest.keyClicks(dialog.editor, "nn.init.ka")
    assert [one.word for one in dialog.editor.offers()] == ["kaiming_uniform_", "kaiming_normal_"]


@pytest.fixture
def panel(qtbot: QtBot) -> Iterator[ContendersPanel]:
    one = replace(ARTICLE.contenders[0], tuning=Choice("python", {"code": MINE}))
    session = Session(replace(ARTICLE, contenders=(one, *ARTICLE.contenders[1:])))
    panel = ContendersPanel(session)
    qtbot.addWidget(panel)
    panel.show()
    panel.show_experiment(session.experiment)
    yield panel
    session.close()


def field_in(panel: QWidget) -> CodeField:
    (field,) = [one for one in panel.findChildren(CodeField) if one.isVisible()]
    return field


class Answering(CodeDialog):
    """A dialogue in which a person types something and applies it."""

    text = ""

    def exec(self) -> int:
        """Type and apply."""
        if self.text:
            self.editor.setPlainText(self.text)
        self.apply.click()
        return 1


def test_the_panel_says_what_does_not_run_yet(
    panel: ContendersPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    field = field_in(panel)
    assert field.about.text() == "2 lines"
    assert field.warning.isVisible()
    monkeypatch.setattr(code_field, "CodeDialog", Answering)
    rechecked: list[bool] = []
    monkeypatch.setattr(panel.session, "recheck", lambda: rechecked.append(True))
    field.edit.click()
    QApplication.processEvents()
    assert is_trusted(MINE)
    assert not field.warning.isVisible()
    assert rechecked == [True]
    assert panel.session.undo_stack.count() == 0


def test_edited_code_is_an_edit_that_can_be_undone(
    panel: ContendersPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_field, "CodeDialog", Answering)
    monkeypatch.setattr(Answering, "text", MINE + "# more\n")
    field_in(panel).edit.click()
    tuning = panel.session.experiment.contenders[0].tuning
    assert tuning == Choice("python", {"code": MINE + "# more\n"})
    panel.session.undo_stack.undo()
    assert panel.session.experiment.contenders[0].tuning == Choice("python", {"code": MINE})


def test_python_is_among_the_tunings(panel: ContendersPanel) -> None:
    experiment = edits.set_tuning(panel.session.experiment, 0, Choice("python"))
    panel.session.edit(experiment, "Python")
    panel.show_experiment(panel.session.experiment)
    field = field_in(panel)
    assert field.code == TEMPLATE
    assert not field.warning.isVisible()
