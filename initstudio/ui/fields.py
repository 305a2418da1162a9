"""One control for one declared parameter: number box, switch, choice or text.

A field shows what it is told in silence (`show_value`), says what a person did (`edited`), and
keeps what was typed wrongly, with one sentence about it (`refused`; "" takes it back).
"""

from typing import Protocol, cast

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, SignalInstance
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence, QValidator, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QCheckBox, QComboBox, QLineEdit, QWidget

from initstudio.catalogue import Value
from initstudio.declared import Param
from initstudio.ui import numbers

PAUSE = 700
"""After so many milliseconds without a key, a typed number counts as done."""


class Field(Protocol):
    """What a form needs of every control; they are QWidgets, too."""

    @property
    def edited(self) -> SignalInstance:
        """Return the signal of a value that a person gave."""
        ...

    @property
    def refused(self) -> SignalInstance:
        """Return the signal of a sentence about what was typed; "" takes it back."""
        ...

    def show_value(self, value: Value | None) -> None:
        """Show a value without a signal; None stands for several different ones."""
        ...


class NumberBox(QAbstractSpinBox):
    """A whole or other number with limits; steps by one, a tenth, or a factor (1, 2, 5, 10)."""

    edited = Signal(object)
    refused = Signal(str)

    def __init__(self, param: Param, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.param = param
        self.value: float | None = None
        self.complaint = ""
        self.suffix = f" {param.unit}" if param.unit else ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._pause = QTimer(self, singleShot=True, interval=PAUSE)
        self._pause.timeout.connect(self.commit)
        line = self.lineEdit()
        line.setPlaceholderText("several")
        line.setTextMargins(5, 0, 0, 0)
        line.textEdited.connect(self._on_text_edited)
        line.installEventFilter(self)
        self.editingFinished.connect(self.commit)

    def show_value(self, value: Value | None) -> None:
        """Show a value; what is being typed stays while the value is the same as before."""
        if value == self.value and (value is None or self.lineEdit().text()):
            return
        self.value = cast("float | None", value)
        self._pause.stop()
        self._write()
        self._complain("")

    def _write(self) -> None:
        text = "" if self.value is None else numbers.text_of(self.value)
        self.lineEdit().setText(text + self.suffix if text else "")

    def _on_text_edited(self, _text: str) -> None:
        self._complain("")
        self._pause.start()

    def commit(self) -> None:
        """Take what was typed, or say what is wrong with it."""
        self._pause.stop()
        text = self._typed()
        if not text and self.value is None:
            return
        if self.value is not None and text == numbers.text_of(self.value):
            self._complain("")
            return
        try:
            value = numbers.value_of(text, self.param)
        except ValueError as error:
            self._complain(str(error))
            return
        self._take(value, write=not self.hasFocus())

    def _take(self, value: float, *, write: bool = True) -> None:
        changed = value != self.value
        self.value = value
        if write:
            self._write()
        self._complain("")
        if changed:
            self.edited.emit(value)

    def _typed(self) -> str:
        return self.lineEdit().text().removesuffix(self.suffix or "\0").strip()

    def _complain(self, sentence: str) -> None:
        if sentence == self.complaint:
            return
        self.complaint = sentence
        self.setProperty("invalid", bool(sentence))
        self.style().unpolish(self)
        self.style().polish(self)
        self.refused.emit(sentence)

    # Qt

    def stepBy(self, steps: int) -> None:
        """Step from what stands in the box, or from the last good value."""
        self._pause.stop()
        try:
            start = numbers.value_of(self._typed(), self.param)
        except ValueError:
            start = float(self.param.default) if self.value is None else self.value
        self._take(numbers.stepped(self.param, start, steps))
        self.selectAll()

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:  # noqa: N802 - Qt's name
        """Return whether there is a step up and down."""
        enabled = QAbstractSpinBox.StepEnabledFlag.StepNone
        value = float(self.param.default) if self.value is None else self.value
        if numbers.stepped(self.param, value, 1) != value:
            enabled |= QAbstractSpinBox.StepEnabledFlag.StepUpEnabled
        if numbers.stepped(self.param, value, -1) != value:
            enabled |= QAbstractSpinBox.StepEnabledFlag.StepDownEnabled
        return enabled

    def validate(self, text: str, at: int) -> tuple[QValidator.State, str, int]:
        """Let everything be typed; mistakes are told, not forbidden."""
        return QValidator.State.Acceptable, text, at

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the panel that scrolls, unless the box has the focus."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Take what was typed, and show it as all numbers are shown."""
        super().focusOutEvent(event)
        if not self.complaint:
            self._write()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Leave undo and redo to the window while nothing is being typed here."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            standard = QKeySequence.StandardKey
            history = event.matches(standard.Undo) or event.matches(standard.Redo)
            if history and self._idle():
                event.ignore()
                return True
        return super().eventFilter(watched, event)

    def _idle(self) -> bool:
        shown = "" if self.value is None else numbers.text_of(self.value)
        return self._typed() == shown and not self._pause.isActive()


class Switch(QCheckBox):
    """On or off."""

    edited = Signal(object)
    refused = Signal(str)

    def __init__(self, param: Param, parent: QWidget | None = None) -> None:
        super().__init__(param.label, parent)
        self.clicked.connect(self._on_clicked)

    def show_value(self, value: Value | None) -> None:
        """Show on, off, or a dash for several."""
        self.setTristate(value is None)
        state = Qt.CheckState.PartiallyChecked
        if value is not None:
            state = Qt.CheckState.Checked if value else Qt.CheckState.Unchecked
        self.setCheckState(state)

    def _on_clicked(self) -> None:
        on = self.checkState() != Qt.CheckState.Unchecked
        self.show_value(on)
        self.edited.emit(on)


class ChoiceBox(QComboBox):
    """One of a few; `edited` carries its key."""

    edited = Signal(object)
    refused = Signal(str)

    def __init__(self, choices: tuple[tuple[str, str], ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        for key, label in choices:
            self.addItem(label, key)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)
        self.setPlaceholderText("several")
        self._shown: Value | None = None
        self.show_value(None)
        self.activated.connect(self._on_activated)

    def show_value(self, value: Value | None) -> None:
        """Show the choice with this key; none where it is unknown."""
        self._shown = value
        self.setCurrentIndex(-1 if value is None else self.findData(value))

    def offer(self, choices: tuple[tuple[str, str], ...]) -> None:
        """Offer these choices from now on; the one shown stays so."""
        self.clear()
        for key, label in choices:
            self.addItem(label, key)
        self.show_value(self._shown)

    def _on_activated(self, index: int) -> None:
        key = self.itemData(index)
        if key != self._shown:
            self._shown = key
            self.edited.emit(key)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the panel that scrolls, unless the box has the focus."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class TextBox(QLineEdit):
    """A line of text."""

    edited = Signal(object)
    refused = Signal(str)

    def __init__(self, _param: Param, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: Value | None = None
        self.editingFinished.connect(self._on_finished)

    def show_value(self, value: Value | None) -> None:
        """Show the text."""
        if value != self._shown:
            self._shown = value
            self.setText("" if value is None else str(value))

    def _on_finished(self) -> None:
        if self.text() != (self._shown or ""):
            self._shown = self.text()
            self.edited.emit(self.text())


def field_for(param: Param, parent: QWidget | None = None) -> "QWidget":
    """Return the control for a parameter, a `Field`, with its help as tool tip."""
    field: QWidget
    if param.kind == "switch":
        field = Switch(param, parent)
    elif param.kind == "choice":
        field = ChoiceBox(param.choices, parent)
    elif param.kind == "text":
        field = TextBox(param, parent)
    else:
        field = NumberBox(param, parent)
    field.setToolTip(tip(param))
    return field


def tip(param: Param) -> str:
    """Return the help and the limits of a parameter."""
    lines = [param.help or f"{param.label}."]
    if param.kind in {"integer", "number"}:
        words = numbers.limits(param)
        kind = "Whole number" if param.kind == "integer" else "Number"
        lines.append(f"{kind} {words}." if words != "any number" else "Any number.")
    return "\n".join(lines)
