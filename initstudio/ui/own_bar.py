"""What can be done with a network of a person's own: trust it, read it again, replace it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from initstudio.described import from_text
from initstudio.engine.network import PlannedLayer, every
from initstudio.errors import ExperimentError
from initstudio.layers.own import OwnParams
from initstudio.trust import is_trusted
from initstudio.ui.entry_picker import Fact
from initstudio.ui.form import GAP, Note

if TYPE_CHECKING:
    from initstudio.experiment import Path

UNTRUSTED = "The code of this network came with the experiment. It has not run, and is not trusted."


class OwnBar(QWidget):
    """Hidden where there is no such network; of several, it is for the first that needs care."""

    file_asked = Signal(object)
    """Another file is wanted for the network of this path, a tuple."""
    again_asked = Signal(object)
    trust_asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._path: Path = ()
        self.note, self.fact = Note("warning"), Fact()
        self.trust = _button("&Trust and run…", "Read its code, and run it if you trust it.")
        self.again = _button("Read a&gain…", "Run its code again, for the data as they are now.")
        self.file = _button("Re&place by file…", "Use another Python file instead.")
        row = QHBoxLayout()
        row.setSpacing(GAP)
        for button in (self.trust, self.again, self.file):
            row.addWidget(button)
        row.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.note)
        column.addWidget(self.fact)
        column.addLayout(row)
        self.trust.clicked.connect(lambda: self.trust_asked.emit(self._path))
        self.again.clicked.connect(lambda: self.again_asked.emit(self._path))
        self.file.clicked.connect(lambda: self.file_asked.emit(self._path))
        self.hide()

    def show_layers(self, layers: Sequence[PlannedLayer]) -> None:
        """Show what concerns the network of a person's own among these layers."""
        found = [one for one in every(layers) if isinstance(one.params, OwnParams)]
        self.setVisible(bool(found))
        if not found:
            return
        careful = [one for one in found if one.problem or not _trusted(one)]
        layer = (careful or found)[0]
        self._path = layer.path
        trusted = _trusted(layer)
        self.note.show_text("" if trusted else UNTRUSTED)
        self.fact.show_text(_alone(layer) if trusted else "")
        self.trust.setVisible(not trusted)
        self.again.setVisible(trusted and bool(layer.code))


def _trusted(layer: PlannedLayer) -> bool:
    return not layer.code or is_trusted(layer.code)


def _alone(layer: PlannedLayer) -> str:
    """Return why such networks train one after another, or ""."""
    try:
        alone = from_text(layer.params.described).alone if layer.code else ""  # type: ignore[union-attr]
    except ExperimentError:
        return ""
    return f"Contenders train one after another, which is slower: {alone}." if alone else ""


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setAccessibleName(f"Own network: {text.replace('&', '').rstrip('…')}")
    return button
