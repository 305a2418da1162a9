"""A form from declared parameters: labels, controls, help, and one sentence where one is wrong."""

from collections.abc import Collection, Iterable, Mapping
from typing import cast

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from initstudio.catalogue import Value
from initstudio.declared import Param, params_of
from initstudio.errors import ExperimentError
from initstudio.ui.drag_slider import DragSlider, reach
from initstudio.ui.fields import Field, Switch, field_for, tip
from initstudio.ui.formula_field import FormulaField

LABEL = "Clip gradient norm"
"""The label column of every form is as wide as this, so that those of a panel line up."""
GAP = 8


class Form(QWidget):
    """The parameters of a struct, one a row; `changed` tells of what a person did, nothing else.

    With `sliders`, numbers that have a usual range can be dragged, too.
    Each control is named "<name>: <label>" for assistive tools and for tests.
    """

    changed = Signal(str, object)

    def __init__(
        self,
        kind: type[msgspec.Struct],
        name: str,
        only: Collection[str] | None = None,
        parent: QWidget | None = None,
        *,
        sliders: bool = False,
    ) -> None:
        super().__init__(parent)
        self.name = name
        self.sliders: dict[str, DragSlider] = {}
        shown = (p for p in params_of(kind) if p.editor != "none")
        self.params = tuple(p for p in shown if only is None or p.name in only)
        self.fields: dict[str, QWidget] = {}
        self._notes: dict[str, Note] = {}
        self._refusals: dict[str, str] = {}
        self._problems: dict[str, str] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(GAP)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnMinimumWidth(0, label_width(self))
        for param in self.params:
            self._add(param)
            if sliders and reach(param):
                self._add_slider(param)
        if not self.params:
            self.hide()

    def show_values(self, values: Mapping[str, Value | None]) -> None:
        """Show values by name; one that is left out is at its default, None is several ones."""
        for param in self.params:
            field = cast("Field", self.fields[param.name])
            value = values.get(param.name, param.default)
            field.show_value(value)
            if param.name in self.sliders:
                self.sliders[param.name].show_value(value)

    def show_problems(self, problems: Mapping[str, str]) -> None:
        """Show a sentence under each parameter that is wrong."""
        self._problems = dict(problems)
        for name in self.fields:
            self._show_note(name)

    def _add(self, param: Param) -> None:
        row = self._grid.rowCount()
        field = _field_of(param)
        field.setToolTip(tip(param))
        field.setAccessibleName(f"{self.name}: {param.label}")
        field.setAccessibleDescription(field.toolTip())
        if not isinstance(field, Switch):
            label = QLabel(param.label)
            label.setToolTip(field.toolTip())
            label.setBuddy(field)
            self._grid.addWidget(label, row, 0)
        note = Note()
        self._grid.addWidget(field, row, 1)
        self._grid.addWidget(note, row + 2, 0, 1, 2)
        self.fields[param.name], self._notes[param.name] = field, note
        listener = cast("Field", field)
        listener.edited.connect(lambda value, name=param.name: self.changed.emit(name, value))
        listener.refused.connect(lambda why, name=param.name: self._on_refused(name, why))

    def _add_slider(self, param: Param) -> None:
        """Put a slider below the field that was added last."""
        slider, field = DragSlider(param), cast("Field", self.fields[param.name])
        slider.setAccessibleName(f"{self.name}: {param.label}, slider")
        slider.setAccessibleDescription(slider.toolTip())
        slider.edited.connect(field.show_value)
        slider.edited.connect(lambda value: self.changed.emit(param.name, value))
        field.edited.connect(slider.show_value)
        self._grid.addWidget(slider, self._grid.rowCount() - 2, 0, 1, 2)
        self.sliders[param.name] = slider

    def _on_refused(self, name: str, why: str) -> None:
        self._refusals[name] = why
        self._show_note(name)

    def _show_note(self, name: str) -> None:
        self._notes[name].show_text(self._refusals.get(name) or self._problems.get(name, ""))


class Note(QLabel):
    """A sentence that takes room only while there is one."""

    def __init__(self, kind: str = "error", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", kind)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.hide()

    def show_text(self, text: str) -> None:
        """Show the sentence; "" hides it."""
        if text != self.text():
            self.setText(text)
        self.setVisible(bool(text))


def _field_of(param: Param) -> QWidget:
    match param.editor:
        case "formula":
            return FormulaField(param)
        case "python":
            from initstudio.ui.code_field import CodeField  # noqa: PLC0415 - seldom needed

            return CodeField(param)
        case _:
            return field_for(param)


def title(text: str) -> QLabel:
    """Return a heading."""
    label = QLabel(text)
    label.setProperty("kind", "title")
    return label


def label_width(widget: QWidget) -> int:
    """Return the width of the label column in pixels."""
    return widget.fontMetrics().horizontalAdvance(LABEL) + 4


def below(problems: Iterable[ExperimentError], where: str) -> dict[str, str]:
    """Return the problems of a struct by the name of its field; "" for those of it as a whole."""
    found: dict[str, str] = {}
    for problem in problems:
        if problem.where == where:
            found.setdefault("", problem.why)
        elif problem.where.startswith(f"{where}."):
            name = problem.where[len(where) + 1 :].split(".")[0].split("[")[0]
            found.setdefault(name, problem.why)
    return found
