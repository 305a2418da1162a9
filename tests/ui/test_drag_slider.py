"""Numbers that are dragged: each step is an edit, and the field above shows it."""

from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from initstudio import edits
from initstudio.catalogue import Params
from initstudio.declared import params_of
from initstudio.experiment import Choice
from initstudio.layers import LAYERS
from initstudio.presets import ARTICLE
from initstudio.schemes import SCHEMES
from initstudio.ui import numbers
from initstudio.ui.drag_slider import STEPS, DragSlider, reach
from initstudio.ui.fields import NumberBox
from initstudio.ui.form import Form
from initstudio.ui.panels.contenders_panel import ContendersPanel
from initstudio.ui.session import Session


class Sample(Params, frozen=True):
    """Numbers of each kind."""

    count: Annotated[int, Meta(ge=1, le=100)] = 5
    gain: Annotated[float, Meta(ge=0, le=1000)] = 1.0
    std: Annotated[float, Meta(ge=0, le=1e6, extra={"log": True})] = 0.01
    open: Annotated[float, Meta(gt=0, lt=1)] = 0.5
    eps: Annotated[float, Meta(ge=0, le=1, extra={"log": True})] = 1e-5


PARAMS = {param.name: param for param in params_of(Sample)}


@pytest.fixture
def form(qtbot: QtBot) -> Form:
    form = Form(Sample, "Sample", sliders=True)
    qtbot.addWidget(form)
    form.show_values({})
    form.show()
    return form


def test_only_numbers_with_a_usual_range_have_a_slider(form: Form) -> None:
    assert list(form.sliders) == ["gain", "std", "open"]
    assert Form(Sample, "Plain").sliders == {}
    assert all(slider.toolTip() for slider in form.sliders.values())
    assert form.sliders["gain"].accessibleName() == "Sample: Gain, slider"


def test_dragging_is_an_edit_at_each_step_and_shows_in_the_field(form: Form) -> None:
    heard: list[tuple[str, object]] = []
    form.changed.connect(lambda name, value: heard.append((name, value)))
    slider = form.sliders["gain"]
    slider.setSliderDown(True)
    for place in (100, 160, STEPS):
        slider.setSliderPosition(place)
    assert heard == [("gain", 1.25), ("gain", 2.0), ("gain", 3.0)]
    field = form.fields["gain"]
    assert isinstance(field, NumberBox)
    assert field.text() == "3"


def test_arrow_keys_move_it(form: Form) -> None:
    heard: list[object] = []
    form.changed.connect(lambda _name, value: heard.append(value))
    QTest.keyClick(form.sliders["std"], Qt.Key.Key_Right)
    QTest.keyClick(form.sliders["std"], Qt.Key.Key_Left)
    step = 900 ** (2 / STEPS)
    assert heard[0] == pytest.approx(0.01 * step, rel=0.005)
    assert heard[1] == pytest.approx(0.01, rel=1e-9)


def test_a_value_outside_of_the_usual_range_is_on_it(form: Form) -> None:
    form.show_values({"gain": 50.0, "std": 40.0})
    for name in ("gain", "std"):
        assert form.sliders[name].value() == STEPS
    form.show_values({"gain": 1.0})
    assert form.sliders["gain"].value() == STEPS // 3


def test_several_values_and_hostile_ones_are_no_place(form: Form) -> None:
    form.show_values({"gain": None, "std": 0.0})
    assert not form.sliders["gain"].isEnabled()
    assert form.sliders["std"].value() == 0
    form.show_values({"gain": 1e308})
    assert form.sliders["gain"].value() == STEPS


@given(st.floats(-1e300, 1e300), st.integers(0, STEPS), st.sampled_from(["gain", "std", "open"]))
def test_what_is_dragged_is_allowed(shown: float, place: int, name: str) -> None:
    slider = DragSlider(PARAMS[name])
    heard: list[float] = []
    slider.edited.connect(heard.append)
    slider.show_value(shown)
    slider.setValue(place)
    assert all(numbers.allows(PARAMS[name], value) for value in heard)


@pytest.mark.parametrize("entry", [*SCHEMES.values(), *LAYERS.values()], ids=lambda one: one.key)
def test_every_entry_s_default_lies_within_its_slider(entry: object) -> None:
    for param in params_of(entry.params):  # type: ignore[attr-defined]
        ends = reach(param)
        if ends:
            assert ends[0] <= float(param.default) <= ends[1]
            assert ends[0] < ends[1]


def test_a_drag_is_one_undo(qtbot: QtBot) -> None:
    experiment = edits.set_scheme(ARTICLE, 0, "weight", Choice("xavier_uniform"))
    session = Session(experiment)
    panel = ContendersPanel(session)
    qtbot.addWidget(panel)
    form = panel.pickers["weight"].form
    assert form is not None
    for place in (90, 100, 110):
        form.sliders["gain"].setValue(place)
    scheme = session.experiment.contenders[0].rules[0].scheme
    assert scheme.params["gain"] == pytest.approx(3 * 110 / STEPS, rel=0.005)
    assert session.undo_stack.count() == 1
    session.undo_stack.undo()
    assert session.experiment == experiment
    session.close()
