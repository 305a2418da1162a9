"""A plot's options as a small row of controls, made from their declaration."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QToolButton,
    QWidget,
)

from initstudio.catalogue import Params
from initstudio.declared import Param, params_of


class Toolbar(QWidget):
    """One control for each field: a list, a toggle or a slider. `changed(name, value)`.

    A field whose editor is "none" has no control: it is set in the picture itself.
    """

    changed = Signal(str, object)

    def __init__(self, options: type[Params], of: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        shown = (param for param in params_of(options) if param.editor != "none")
        self._params = {param.name: param for param in shown}
        self._controls: dict[str, QWidget] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        for param in self._params.values():
            control = self._control(param)
            control.setAccessibleName(f"{of}: {param.label}")
            control.setToolTip(param.help or param.label)
            if param.kind == "number":
                row.addWidget(_caption(param))
            row.addWidget(control)
            self._controls[param.name] = control

    def control(self, name: str) -> QWidget:
        """Return the control of one option."""
        return self._controls[name]

    def offer(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        """Fill the list of a text option with (value, label); the chosen one stays if it can."""
        box = self._controls[name]
        if not isinstance(box, QComboBox):
            message = f"{name} is no list"
            raise TypeError(message)
        present = [(box.itemData(at), box.itemText(at)) for at in range(box.count())]
        if present == list(choices):
            return
        chosen = box.currentData()
        with QSignalBlocker(box):
            box.clear()
            for value, label in choices:
                box.addItem(label, value)
            box.setCurrentIndex(max(0, box.findData(chosen)))

    def value_called(self, name: str, label: str) -> str | None:
        """Return the value that a list of that name offers under a label; None: there is none."""
        box = self._controls.get(name)
        at = box.findText(label) if isinstance(box, QComboBox) else -1
        return str(box.itemData(at)) if isinstance(box, QComboBox) and at >= 0 else None

    def show_values(self, values: Params) -> None:
        """Show these values, without telling of a change."""
        for name, control in self._controls.items():
            value = getattr(values, name)
            with QSignalBlocker(control):
                if isinstance(control, QComboBox):
                    control.setCurrentIndex(max(0, control.findData(value)))
                elif isinstance(control, QToolButton):
                    control.setChecked(bool(value))
                elif isinstance(control, QDoubleSpinBox):
                    control.setValue(float(value))
                elif isinstance(control, QSlider):
                    control.setValue(_place(self._params[name], float(value)))
                    control.setToolTip(f"{self._params[name].help} Now {value:g}.")

    def words(self) -> list[str]:
        """Return what is chosen from the lists in sight, as it stands there."""
        boxes = (box for box in self._controls.values() if isinstance(box, QComboBox))
        return [box.currentText() for box in boxes if not box.isHidden()]

    def _control(self, param: Param) -> QWidget:
        match param.kind:
            case "choice" | "text":
                return self._list(param)
            case "switch":
                button = QToolButton()
                button.setText(param.label)
                button.setCheckable(True)
                button.setProperty("kind", "quiet")
                button.toggled.connect(partial(self.changed.emit, param.name))
                return button
            case _ if param.high - param.low > 1:
                return self._field(param)
            case _:
                slider = QSlider(Qt.Orientation.Horizontal)
                slider.setRange(0, 100)
                slider.setFixedWidth(52)
                slider.valueChanged.connect(partial(self._on_slid, param))
                return slider

    def _list(self, param: Param) -> QComboBox:
        box = QComboBox()
        box.setProperty("kind", "quiet")
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        for value, label in param.choices:
            box.addItem(label, value)
        box.currentIndexChanged.connect(
            lambda _index, name=param.name: self.changed.emit(name, box.currentData())
        )
        return box

    def _field(self, param: Param) -> QDoubleSpinBox:
        field = _Field(minimum=param.low, maximum=param.high)
        field.setKeyboardTracking(False)
        field.setProperty("kind", "quiet")
        field.setDecimals(0 if param.kind == "integer" else 3)
        field.setSingleStep(1.0 if param.high <= 100 else 0.1)
        field.setSuffix(f" {param.unit}" if param.unit else "")
        field.setFixedWidth(86)
        field.valueChanged.connect(partial(self.changed.emit, param.name))
        return field

    def _on_slid(self, param: Param, place: int) -> None:
        value = param.low + (param.high - param.low) * place / 100
        self.changed.emit(param.name, round(value, 4))


class _Field(QDoubleSpinBox):
    """A number without idle zeros."""

    def textFromValue(self, value: float) -> str:
        return f"{value:g}"


def _caption(param: Param) -> QLabel:
    caption = QLabel(param.label)
    caption.setProperty("kind", "muted")
    return caption


def _place(param: Param, value: float) -> int:
    """Return where on the slider, of 0 to 100, a value lies."""
    return round(100 * (value - param.low) / (param.high - param.low))
