"""The dialogue in which a Python file of a person's own becomes a network."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSplitter,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from initstudio.described import Described, DescribedTensor, Reading, to_text
from initstudio.experiment import Choice
from initstudio.layers.own import OWN
from initstudio.trust import is_trusted
from initstudio.ui.code_view import CodeView, trusted, warning
from initstudio.ui.entry_picker import Fact
from initstudio.ui.form import GAP, Note
from initstudio.ui.layer_model import shape_text
from initstudio.ui.network_reader import NetworkReader

COLUMNS = ("Part", "Kind", "Out", "Parameters")
READING = "Its code is being read, in a process of its own."


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A text to be read, for examples of a shape, or of numbers of so many tokens."""

    code: str
    shape: tuple[int, ...]
    tokens: int = 0
    factory: str = ""
    name: str = ""
    """Of the file."""


class NetworkDialog(QDialog):
    """The code, whether to trust it, what is in it to choose, and its layers; OK once it was read.

    `choice` is the network as a layer.
    """

    def __init__(self, asked: Asked, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Open a network: {asked.name}" if asked.name else "Read a network")
        self.setAccessibleName("Network file")
        self.asked = asked
        self.reading = Reading()
        self._factory = asked.factory
        self._reader = NetworkReader(self)
        self._make_controls()
        self._lay_out()
        self.trust.clicked.connect(self._on_trust)
        self.factory.activated.connect(self._on_factory_chosen)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._reader.read.connect(self._on_read)
        self._show_reading()
        if is_trusted(asked.code):
            self._read()

    @property
    def choice(self) -> Choice:
        """Return the network that was read.

        Raises:
            ValueError: None was.
        """
        described = self.reading.described
        if described is None:
            message = "no network was read"
            raise ValueError(message)
        factory = self.reading.factory
        params = {"code": self.asked.code, "factory": factory, "described": to_text(described)}
        return Choice(OWN.key, dict(params))

    def _make_controls(self) -> None:
        self.code = CodeView("Network file: code")
        self.code.setPlainText(self.asked.code)
        self.trust = QPushButton("&Trust and read")
        self.trust.setAutoDefault(False)
        self.trust.setToolTip("Run this very text, now and whenever it comes again.")
        self.factory = QComboBox()
        self.factory.setToolTip("Classes and functions that can be called without arguments.")
        self.parts = QTreeWidget()
        self.parts.setHeaderLabels(COLUMNS)
        self.parts.setRootIsDecorated(False)
        self.parts.setUniformRowHeights(True)
        self.parts.header().setStretchLastSection(False)
        self.parts.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.parts.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.parts.header().setAccessibleName("Network file: columns")
        self.summary, self.problem = Fact(), Note()
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.ok.setText("&Use this network")
        for widget, name in (
            (self.trust, "Trust and read"),
            (self.factory, "Network"),
            (self.parts, "layers"),
            (self.summary, "summary"),
            (self.problem, "problem"),
        ):
            widget.setAccessibleName(f"Network file: {name}")

    def _lay_out(self) -> None:
        asks = QHBoxLayout()
        asks.setSpacing(GAP)
        asks.addWidget(warning(), 1)
        asks.addWidget(self.trust, 0, Qt.AlignmentFlag.AlignTop)
        choosing = QHBoxLayout()
        label = QLabel("&Network")
        label.setBuddy(self.factory)
        choosing.addWidget(label)
        choosing.addWidget(self.factory, 1)
        below = QWidget()
        column = QVBoxLayout(below)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(asks)
        column.addLayout(choosing)
        column.addWidget(self.parts, 1)
        parted = QSplitter(Qt.Orientation.Vertical)
        parted.setChildrenCollapsible(False)
        parted.addWidget(self.code)
        parted.addWidget(below)
        parted.setSizes([300, 340])
        whole = QVBoxLayout(self)
        whole.addWidget(parted, 1)
        for widget in (self.summary, self.problem, self.buttons):
            whole.addWidget(widget)
        self.resize(720, 720)

    def _on_trust(self) -> None:
        if trusted(self.asked.code, self.problem):
            self._read()

    def _on_factory_chosen(self, at: int) -> None:
        name = self.factory.itemData(at)
        if name and name != self._factory:
            self._factory = name
            self._read()

    def _read(self) -> None:
        self._reader.start(self.asked.code, self._factory, self.asked.shape, self.asked.tokens)
        self._show_reading()

    def _on_read(self, reading: Reading) -> None:
        # where reading one of them failed, the others can still be chosen
        known = reading.candidates or self.reading.candidates
        self.reading = Reading(
            known, reading.needy, reading.factory, reading.described, reading.where, reading.why
        )
        self._factory = reading.factory or self._factory
        self._show_reading()

    def _show_reading(self) -> None:
        busy, found = self._reader.busy, self.reading
        described = None if busy else found.described
        self.trust.setVisible(not is_trusted(self.asked.code))
        self._show_candidates()
        self.factory.setEnabled(bool(found.candidates) and not busy)
        self.parts.clear()
        if described:
            for part in described.parts:
                shape = shape_text(part.shape_out)
                self.parts.addTopLevelItem(_item(part.name, part.kind, shape, part.tensors))
            if described.tensors:
                self.parts.addTopLevelItem(_item("Of its own", "", "", described.tensors))
        self.summary.show_text(READING if busy else _in_words(found))
        why = f"{found.where}: {found.why}" if found.where.startswith("line") else found.why
        self.problem.show_text("" if busy else why)
        self.ok.setEnabled(described is not None)

    def _show_candidates(self) -> None:
        self.factory.clear()
        if not self._factory:
            text = "Choose what makes the network" if self.reading.candidates else ""
            self.factory.addItem(text, "")
        for one in self.reading.candidates:
            shown = f"{one.name}  ({one.kind}) {one.summary}".rstrip()
            self.factory.addItem(shown, one.name)
        self.factory.setCurrentIndex(max(0, self.factory.findData(self._factory)))

    # Qt

    def done(self, result: int) -> None:
        """Close; what is still being read is given up."""
        self._reader.cancel()
        super().done(result)


def _item(name: str, kind: str, shape: str, tensors: Sequence[DescribedTensor]) -> QTreeWidgetItem:
    count = sum(_size(one) for one in tensors)
    item = QTreeWidgetItem([name, kind, shape, f"{count:,}" if count else "–"])
    for column in (2, 3):
        item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return item


def _size(tensor: DescribedTensor) -> int:
    return prod(tensor.shape)


def _in_words(reading: Reading) -> str:
    needy = ""
    if reading.needy:
        needy = f"Not offered, as they need arguments: {', '.join(reading.needy)}."
    if reading.described is None:
        return needy
    return f"{described_in_words(reading.described)} {needy}".rstrip()


def described_in_words(described: Described) -> str:
    """Return what a network takes and gives, its size, and how it can train."""
    tensors = [*described.tensors, *(one for part in described.parts for one in part.tensors)]
    count = sum(_size(one) for one in tensors)
    shapes = f"{shape_text(described.shape)} → {shape_text(described.shape_out)}"
    alone = "All contenders train at once."
    if described.alone:
        alone = f"Contenders train one after another, which is slower: {described.alone}."
    return f"{shapes}, {count:,} parameters. {alone}"
