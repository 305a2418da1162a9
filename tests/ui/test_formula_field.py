"""The formula field, driven as a person does."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from initstudio.formula import start
from initstudio.schemes import SCHEMES
from initstudio.ui.form import Form
from initstudio.ui.formula_field import FormulaField, density


@pytest.fixture
def form(qtbot: QtBot) -> Form:
    form = Form(SCHEMES["formula"].params, "Start")
    qtbot.addWidget(form)
    form.show_values({})
    form.show()
    form.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is form)
    return form


def field_of(form: Form) -> FormulaField:
    field = form.fields["formula"]
    assert isinstance(field, FormulaField)
    return field


def test_a_formula_is_taken_on_enter_and_a_mistake_is_not(form: Form) -> None:
    heard: list[object] = []
    form.changed.connect(lambda _name, value: heard.append(value))
    field = field_of(form)
    assert field.caption.text() == "fan_in 64, fan_out 64: mean 0, std 0.1768"
    for text in ("1/0", "2/4"):
        field.line.selectAll()
        QTest.keyClicks(field.line, text)
        QTest.keyClick(field.line, Qt.Key.Key_Return)
        form.show_values({})
        if text == "1/0":
            assert field.complaint == "Column 3: this divides by zero."
            assert form._notes["formula"].text() == field.complaint
            assert field.line.text() == text
            assert heard == []
    assert heard == ["2/4"]
    assert field.complaint == ""


def test_a_begun_word_is_completed(form: Form) -> None:
    line = field_of(form).line
    line.setText("1 / fan_i")
    line.complete("fan_in")
    assert line.text() == "1 / fan_in"


def test_a_cut_bell_is_painted_between_its_bounds() -> None:
    curve = density(start("truncated_normal(0, 1, -1, 2)", {}))[1:-1]
    top = max(curve, key=lambda point: point[1])
    assert top == pytest.approx((1 / 3, 1), abs=0.01)
    assert curve[0][1] == pytest.approx(0.60653, abs=1e-5)  # exp(-1 / 2)


# the popup takes the keyboard, which the platform without a screen cannot give
@pytest.mark.qt_log_ignore("This plugin does not support grabbing the keyboard")
def test_the_words_that_fit_are_offered_while_typing(form: Form) -> None:
    line = field_of(form).line
    line.selectAll()
    QTest.keyClicks(line, "fan")
    popup = line.completer_.popup()
    assert popup
    assert popup.isVisible()
    assert line.words.stringList() == ["fan_in", "fan_out", "fan_avg"]
    popup.hide()


def test_a_factor_of_residual_branches_is_no_mistake(form: Form) -> None:
    field = field_of(form)
    field.show_value("normal(0, 1 / sqrt(branches))")
    assert field.complaint == ""
