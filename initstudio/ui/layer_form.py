"""The parameters of the selected layers, of one kind, together."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from initstudio.catalogue import Value
from initstudio.experiment import Choice
from initstudio.layers import LAYERS
from initstudio.ui.form import Form, title


class LayerForm(QWidget):
    """Shows what selected layers have in common; a change is meant for all of them."""

    changed = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self.form: Form | None = None
        self._forms: dict[str, Form] = {}
        self.heading = title("")
        self.summary = QLabel()
        self.summary.setProperty("kind", "muted")
        self.summary.setWordWrap(True)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._column.addWidget(self.heading)
        self._column.addWidget(self.summary)
        self.hide()

    def show_layers(self, layers: Sequence[tuple[str, Choice]]) -> None:
        """Show these layers, each with its number; none hides the form."""
        kinds = {choice.key for _, choice in layers}
        self.setVisible(bool(layers))
        layer = LAYERS.get(next(iter(kinds))) if len(kinds) == 1 else None
        self._swap(self._form_of(layer.key) if layer else None)
        if layer and self.form:
            self.heading.setText(f"{layer.label}, {_places([at for at, _ in layers])}")
            self.summary.setText(layer.summary)
            values = {p.name: _common(p.name, p.default, layers) for p in self.form.params}
            self.form.show_values(values)
        elif layers:
            self.heading.setText(f"{len(layers)} layers" if len(layers) > 1 else "Unknown layer")
            self.summary.setText("Select layers of one kind to edit them together.")

    def _swap(self, form: Form | None) -> None:
        if form is not self.form:
            if self.form:
                self.form.hide()
            self.form = form
            if form:
                form.setVisible(bool(form.params))

    def _form_of(self, key: str) -> Form:
        if key not in self._forms:
            form = Form(LAYERS[key].params, "Layer", parent=self, sliders=True)
            form.changed.connect(self.changed)
            self._column.addWidget(form)
            self._forms[key] = form
        return self._forms[key]


def _places(numbers: list[str]) -> str:
    if len(numbers) == 1:
        return f"layer {numbers[0]}"
    if len(numbers) <= 4:
        return f"layers {', '.join(numbers)}"
    return f"{len(numbers)} layers"


def _common(name: str, default: Value, layers: Sequence[tuple[str, Choice]]) -> Value | None:
    values = {choice.params.get(name, default) for _, choice in layers}
    return values.pop() if len(values) == 1 else None
