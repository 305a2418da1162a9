"""Forms, driven as a person does."""

from itertools import pairwise
from typing import Annotated, Literal, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from initstudio.catalogue import Params
from initstudio.declared import Param, params_of
from initstudio.ui import numbers
from initstudio.ui.fields import NumberBox
from initstudio.ui.form import Form


class Sample(Params, frozen=True):
    """One of each kind."""

    count: Annotated[int, Meta(ge=1, le=100_000, title="Count", extra={"unit": "rows"})] = 5
    rate: Annotated[float, Meta(gt=0, le=1000, title="Rate", extra={"log": True})] = 1e-3
    share: Annotated[float, Meta(ge=0, lt=1, title="Share")] = 0.9
    loss: Annotated[
        Literal["a", "b"], Meta(title="Loss", extra={"choices": {"a": "Loss A", "b": "Loss B"}})
    ] = "a"
    on: Annotated[bool, Meta(title="On", description="Whether it is on.")] = True
    name: Annotated[str, Meta(title="Name")] = "x"


PARAMS = {param.name: param for param in params_of(Sample)}


@pytest.fixture
def form(qtbot: QtBot) -> Form:
    holder = QWidget()
    qtbot.addWidget(holder)
    form = Form(Sample, "Sample")
    QVBoxLayout(holder).addWidget(form)
    form.show_values({})
    holder.show()
    holder.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is holder)
    form.holder = holder  # type: ignore[attr-defined] # lives as long as the form
    return form


@pytest.fixture
def heard(form: Form) -> list[tuple[str, object]]:
    changes: list[tuple[str, object]] = []
    form.changed.connect(lambda name, value: changes.append((name, value)))
    return changes


def box(form: Form, name: str) -> NumberBox:
    return cast("NumberBox", form.fields[name])


def type_into(field: NumberBox, text: str) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)


def complaint(form: Form, name: str) -> str:
    note = form._notes[name]
    return note.text() if note.isVisible() else ""


def test_every_control_has_a_name_and_help(form: Form) -> None:
    names = [field.accessibleName() for field in form.fields.values()]
    labels = ("Count", "Rate", "Share", "Loss", "On", "Name")
    assert names == [f"Sample: {label}" for label in labels]
    assert form.fields["on"].toolTip() == "Whether it is on."
    assert "above 0 and at most 1,000" in form.fields["rate"].toolTip()


def test_showing_values_is_silent(form: Form, heard: list[tuple[str, object]]) -> None:
    form.show_values({"count": 7, "rate": 0.5, "share": 0.1, "loss": "b", "on": False, "name": "y"})
    assert heard == []
    assert box(form, "count").text() == "7 rows"
    assert box(form, "rate").text() == "0.5"
    form.show_values({})
    assert box(form, "rate").text() == "0.001"
    assert heard == []


def test_a_typed_number_is_taken_on_enter(form: Form, heard: list[tuple[str, object]]) -> None:
    type_into(box(form, "rate"), "2.5e-4")
    assert heard == []
    QTest.keyClick(box(form, "rate"), Qt.Key.Key_Return)
    assert heard == [("rate", 2.5e-4)]


def test_a_typed_number_is_taken_after_a_pause(
    form: Form, heard: list[tuple[str, object]], qtbot: QtBot
) -> None:
    type_into(box(form, "count"), "1,200")
    qtbot.waitUntil(lambda: heard == [("count", 1200)])
    assert box(form, "count").hasFocus()
    box(form, "rate").setFocus()
    assert box(form, "count").text() == "1200 rows"


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("count", "0", "Count must be from 1 to 100,000."),
        ("count", "2.5", "Count must be a whole number from 1 to 100,000."),
        ("count", "many", "Count must be a whole number from 1 to 100,000."),
        ("rate", "0", "Rate must be above 0 and at most 1,000."),
        ("rate", "nan", "Rate must be a number, as in 0.001, 1e-3 or 5/3."),
        ("rate", "1e999", "Rate must be a number, as in 0.001, 1e-3 or 5/3."),
        ("rate", "", "Rate must be a number, as in 0.001, 1e-3 or 5/3."),
        ("rate", "0,1", "Rate is written with a point, as in 0.001, and no comma."),
        ("share", "1", "Share must be at least 0 and below 1."),
    ],
)
def test_a_mistake_gives_a_sentence_and_is_not_lost(
    form: Form, heard: list[tuple[str, object]], name: str, text: str, sentence: str
) -> None:
    field = box(form, name)
    type_into(field, text or " ")
    QTest.keyClick(field, Qt.Key.Key_Tab)
    assert complaint(form, name) == sentence
    assert field.text().strip() == text
    form.show_values({})  # the experiment changed elsewhere
    assert field.text().strip() == text
    assert heard == []
    type_into(field, "0.5" if name != "count" else "6")
    assert complaint(form, name) == ""
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert heard == [(name, 0.5 if name != "count" else 6)]


def test_another_value_shown_replaces_a_mistake(form: Form) -> None:
    type_into(box(form, "rate"), "-1")
    QTest.keyClick(box(form, "rate"), Qt.Key.Key_Return)
    form.show_values({"rate": 0.25})
    assert box(form, "rate").text() == "0.25"
    assert complaint(form, "rate") == ""


def test_arrows_step_by_factors_by_one_and_by_tenths(
    form: Form, heard: list[tuple[str, object]]
) -> None:
    for name, key in (
        ("rate", Qt.Key.Key_Up),
        ("count", Qt.Key.Key_Down),
        ("share", Qt.Key.Key_Up),
    ):
        form.fields[name].setFocus()
        QTest.keyClick(form.fields[name], key)
    assert heard == [("rate", 0.002), ("count", 4), ("share", 0.91)]


def test_the_wheel_moves_only_what_has_the_focus(
    form: Form, heard: list[tuple[str, object]]
) -> None:
    form.fields["name"].setFocus()
    for name in ("count", "rate", "loss"):
        _wheel(form.fields[name])
    assert heard == []
    form.fields["count"].setFocus()
    _wheel(form.fields["count"])
    assert heard == [("count", 6)]


def test_switch_choice_and_text(form: Form, heard: list[tuple[str, object]]) -> None:
    QTest.keyClick(form.fields["on"], Qt.Key.Key_Space)
    QTest.keyClick(form.fields["loss"], Qt.Key.Key_Down)
    form.fields["name"].setFocus()
    QTest.keyClicks(form.fields["name"], "yz")
    QTest.keyClick(form.fields["name"], Qt.Key.Key_Return)
    assert heard == [("on", False), ("loss", "b"), ("name", "xyz")]


def test_several_values_show_as_several(form: Form, heard: list[tuple[str, object]]) -> None:
    form.show_values({"count": None, "on": None, "loss": None})
    assert box(form, "count").text() == ""
    QTest.keyClick(form.fields["on"], Qt.Key.Key_Space)
    assert heard == [("on", True)]
    type_into(box(form, "count"), "9")
    QTest.keyClick(box(form, "count"), Qt.Key.Key_Return)
    assert heard[-1] == ("count", 9)


def test_a_problem_stands_under_its_control(form: Form) -> None:
    form.show_problems({"count": "Too many for the data."})
    assert complaint(form, "count") == "Too many for the data."
    form.show_problems({})
    assert complaint(form, "count") == ""


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_text_of_a_number_is_exactly_that_number(value: float) -> None:
    assert float(numbers.text_of(value)) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [(1e-3, "0.001"), (1e-4, "1e-4"), (2.5e-8, "2.5e-8"), (64.0, "64"), (0.0, "0"), (1e6, "1e6")],
)
def test_numbers_read_as_a_person_writes_them(value: float, text: str) -> None:
    assert numbers.text_of(value) == text


def test_a_fraction_and_a_root_are_numbers() -> None:
    assert numbers.value_of("5/3", PARAMS["rate"]) == 5 / 3
    assert numbers.value_of("sqrt 2", PARAMS["rate"]) == 2**0.5
    assert numbers.value_of("sqrt(2)/2", PARAMS["rate"]) == 2**0.5 / 2


def test_factors_go_up_as_they_go_down() -> None:
    rungs = [1e-3, 2e-3, 5e-3, 1e-2, 2e-2]
    for lower, upper in pairwise(rungs):
        assert numbers.stepped(PARAMS["rate"], lower, 1) == upper
        assert numbers.stepped(PARAMS["rate"], upper, -1) == lower
    assert numbers.stepped(PARAMS["rate"], 1e-3, 3) == 1e-2
    decay = Param(name="d", label="D", kind="number", default=0.0, low=0, high=10, log=True)
    assert numbers.stepped(decay, 0.0, 1) == 1e-5
    assert numbers.stepped(decay, 1e-8, -1) == 0


@given(st.floats(0, 1, exclude_max=True), st.integers(-20, 20))
def test_steps_stay_within_the_limits(value: float, steps: int) -> None:
    after = numbers.stepped(PARAMS["share"], value, steps)
    assert 0 <= after < 1
    assert (after - value) * steps >= 0


def _wheel(widget: QWidget) -> None:
    middle = QPointF(widget.rect().center())
    event = QWheelEvent(
        middle,
        QPointF(widget.mapToGlobal(middle.toPoint())),
        QPoint(0, 120),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)
