"""Depth, width and activation of a whole network at once."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from initstudio import layer_edits
from initstudio.declared import Param, params_of
from initstudio.experiment import Choice
from initstudio.layers import LAYERS
from initstudio.ui.fields import ChoiceBox, NumberBox, tip
from initstudio.ui.form import Note

DEPTH = Param(
    name="depth",
    label="Depth",
    kind="integer",
    default=2,
    low=0,
    high=layer_edits.MAX_DEPTH,
    help="Hidden Linear layers, each with what follows it. Repeats or cuts the last of them.",
)
_UNITS = next(
    param for param in params_of(LAYERS[layer_edits.LINEAR].params) if param.name == "units"
)
WIDTH = Param(
    name="width",
    label="Width",
    kind="integer",
    default=_UNITS.default,
    low=_UNITS.low,
    high=_UNITS.high,
    help="Units of every hidden Linear layer.",
)


class BlockBar(QWidget):
    """Three controls side by side; what differs between the layers shows as "several"."""

    depth_changed = Signal(object)
    width_changed = Signal(object)
    activation_changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        layers = LAYERS.items()
        names = tuple((key, one.label) for key, one in layers if one.group == "Activation")
        self.activations = frozenset(key for key, _ in names)
        self.depth_box, self.width_box = NumberBox(DEPTH), NumberBox(WIDTH)
        self.depth_box.setToolTip(tip(DEPTH))
        self.width_box.setToolTip(tip(WIDTH))
        self.activation = ChoiceBox(names)
        self.activation.setToolTip("Replaces every activation of the network.")
        self._note = Note()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        fields: dict[str, QWidget] = {
            "Depth": self.depth_box,
            "Width": self.width_box,
            "Activation": self.activation,
        }
        for at, (text, field) in enumerate(fields.items()):
            label = QLabel(text)
            label.setProperty("kind", "muted")
            label.setBuddy(field)
            field.setAccessibleName(f"Network: {text}")
            grid.addWidget(label, 0, at)
            grid.addWidget(field, 1, at)
            grid.setColumnStretch(at, 4 if text == "Activation" else 3)
        grid.addWidget(self._note, 2, 0, 1, 3)
        self.depth_box.edited.connect(self.depth_changed)
        self.width_box.edited.connect(self.width_changed)
        self.activation.edited.connect(self.activation_changed)
        for box in (self.depth_box, self.width_box):
            box.refused.connect(self._note.show_text)

    def show_network(self, network: tuple[Choice, ...]) -> None:
        """Show what the layers have in common."""
        hidden = layer_edits.hidden_layers(network)
        default = int(_UNITS.default)
        self.depth_box.show_value(len(hidden))
        self.width_box.show_value(layer_edits.width_of(network, default))
        self.width_box.setEnabled(bool(hidden))
        self.activation.show_value(layer_edits.activation_of(network, self.activations))
        every = (layer_edits.layer_at(network, path) for path in layer_edits.every_path(network))
        self.activation.setEnabled(any(layer.key in self.activations for layer in every))
