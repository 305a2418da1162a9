"""A window on a file of weights: how each tensor is spread, beside how it begins here."""

from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHeaderView,
    QLabel,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from initstudio.distribution import Binned, display_exponent, pool
from initstudio.engine.plan import plan
from initstudio.history import History
from initstudio.ui import theme
from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.chart.legend import Label, Legend
from initstudio.ui.chart.lines import fair_top, number
from initstudio.ui.chart.spread import Spread, ends_of, spread_of
from initstudio.ui.entry_picker import Fact
from initstudio.ui.errand import Errand
from initstudio.ui.form import Note
from initstudio.ui.session import Session
from initstudio.weights import Tensor, Weights

Index = QModelIndex | QPersistentModelIndex
COLUMNS = ("Tensor", "Shape", "Std", "Mean", "Least", "Greatest", "Not finite")
FILE = "in the file"
READING = "The file is being read…"


class Group(NamedTuple):
    """How one contender starts the tensor that the file's is compared with."""

    name: str
    slot: int
    values: Binned


class TensorsModel(QAbstractTableModel):
    """The tensors of a file, one a row."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.tensors: tuple[Tensor, ...] = ()

    def show_tensors(self, tensors: tuple[Tensor, ...]) -> None:
        """Show these."""
        self.beginResetModel()
        self.tensors = tensors
        self.endResetModel()

    def rowCount(self, _parent: Index | None = None) -> int:
        """Return the number of tensors."""
        return len(self.tensors)

    def columnCount(self, _parent: Index | None = None) -> int:
        """Return the number of facts."""
        return len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: ANN401
        """Return a column's name."""
        if role == Qt.ItemDataRole.DisplayRole and orientation is Qt.Orientation.Horizontal:
            return COLUMNS[section]
        return None

    def data(self, index: Index, role: int = 0) -> Any:  # noqa: ANN401
        """Return a cell's text; numbers stand right."""
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() > 1:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.DisplayRole:
            return _cells(self.tensors[index.row()])[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            one = self.tensors[index.row()]
            return f"{one.name}: {prod(one.shape):,} values of type {one.dtype}"
        return None


class WeightsWindow(QDialog):
    """Reads the file in a process of its own; shows its tensors and one distribution."""

    def __init__(self, path: Path, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"{path.name} - InitStudio")
        self.setAccessibleName("Weights file")
        self.resize(980, 620)
        self._session = session
        self.weights: Weights | None = None
        self.facts = Fact()
        self.facts.setAccessibleName("Weights file: facts")
        self.problem = Note()
        self.model = TensorsModel(self)
        self.table = self._make_table()
        self.canvas = Canvas()
        self.canvas.setAccessibleName("Weights file: distribution")
        self.legend = Legend()
        self.beside = Fact()
        self.beside.setAccessibleName("Weights file: compared with")
        self._lay_out()
        self._show_theme(theme.present.theme)
        self.canvas.say(READING)
        self._errand = Errand("tensors", str(path), "--json", parent=self)
        self._errand.done.connect(self._on_done)
        self._errand.failed.connect(self._on_failed)
        theme.present.theme_changed.connect(self._show_theme)
        for change in (session.runs_changed, session.experiment_changed):
            change.connect(self._draw)
        self.canvas.resized.connect(self._draw)

    @property
    def chosen(self) -> Tensor | None:
        """Return the tensor whose distribution is shown."""
        row = self.table.currentIndex().row()
        return self.model.tensors[row] if 0 <= row < len(self.model.tensors) else None

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setAccessibleName("Weights file: tensors")
        table.setModel(self.model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        table.horizontalHeader().setHighlightSections(False)
        table.selectionModel().currentRowChanged.connect(self._draw)
        return table

    def _lay_out(self) -> None:
        picture = QWidget()
        column = QVBoxLayout(picture)
        column.setContentsMargins(0, 0, 0, 0)
        heading = QLabel("Distribution")
        heading.setProperty("kind", "title")
        column.addWidget(heading)
        column.addWidget(self.legend)
        column.addWidget(self.canvas, 1)
        column.addWidget(self.beside)
        parts = QSplitter(Qt.Orientation.Vertical)
        parts.addWidget(self.table)
        parts.addWidget(picture)
        parts.setSizes([220, 360])
        parts.setChildrenCollapsible(False)
        whole = QVBoxLayout(self)
        whole.addWidget(self.facts)
        whole.addWidget(self.problem)
        whole.addWidget(parts, 1)

    def _on_done(self, output: bytes) -> None:
        self.weights = msgspec.json.decode(output, type=Weights)
        told = "  ·  ".join(f"{key}: {value}" for key, value in self.weights.metadata.items())
        count = sum(prod(one.shape) for one in self.weights.tensors)
        held = f"{len(self.weights.tensors):,} tensors, {count:,} values"
        self.facts.show_text(f"{held}  ·  {told}" if told else held)
        self.model.show_tensors(self.weights.tensors)
        # a matrix says more than a bias, which comes before it
        matrices = (at for at, one in enumerate(self.weights.tensors) if len(one.shape) > 1)
        self.table.selectRow(next(matrices, 0))
        if not self.weights.tensors:
            self.canvas.say("There is no tensor in this file.")

    def _on_failed(self, why: str) -> None:
        self.problem.show_text(why)
        self.canvas.say("There is nothing to show.")

    def _show_theme(self, colours: theme.Theme) -> None:
        self.canvas.show_theme(colours)
        self.legend.show_theme(colours)
        self._draw()

    def _draw(self, *_change: object) -> None:
        tensor = self.chosen
        if tensor is None or self.weights is None:
            return
        mine = pool(tensor.reading)
        name, others = beside(tensor, self.weights.tensors, self._session.history)
        shown = {one.slot for one in self._session.experiment.contenders if not one.hidden}
        others = [one for one in others if one.slot in shown]
        groups = [one for one in (mine, *(other.values for other in others)) if one]
        self.legend.show_labels(
            tuple(Label(one.name, one.slot, _std(one.values)) for one in others)
        )
        self.canvas.begin(smooth=True)
        beyond = self._draw_groups(mine, others, groups) if groups else []
        self.canvas.end()
        self.beside.show_text(" ".join([_told(tensor, name, others), *beyond]))
        self.canvas.say("" if groups else "None of its values is a finite number.")

    def _draw_groups(
        self, mine: Binned | None, others: list[Group], groups: list[Binned]
    ) -> list[str]:
        """Draw all, and return a sentence for each that is higher than the axis."""
        low, high = ends_of(groups)
        margin = (high - low) * 0.06 or abs(low) * 0.5 or 1.0
        view = (low - margin, high + margin)
        exponent = display_exponent(groups, *view)
        whole = spread_of(mine, exponent) if mine else None
        parts = [(one, spread_of(one.values, exponent)) for one in others]
        peaks = [one.peak for one in (whole, *(part for _, part in parts)) if one and one.bandwidth]
        least = whole.peak if whole else 0.0
        top = 1.05 * (max(fair_top([0.0], peaks), least) if peaks else 1.0)
        self.canvas.name_axes("weight", "density, 1 / weight")
        self.canvas.look_at(view, (0.0, top))
        colours = theme.present.theme
        if whole:
            self._draw_one(FILE, whole, colours.text, filled=True)
        for (_, slot, _), part in parts:
            self._draw_one(slot, part, colours.colour(slot), dash=colours.dash(slot))
        return [
            f"{name} peaks at {number(part.peak, 2)}, above the axis."
            for (name, _, _), part in parts
            if part.peak > top
        ]

    def _draw_one(
        self,
        key: int | str,
        spread: Spread,
        colour: str,
        *,
        dash: tuple[float, ...] = (),
        filled: bool = False,
    ) -> None:
        _, top = self.canvas.view[1]
        if spread.bandwidth == 0:
            ends = np.array([0.0, top])
            self.canvas.line(key, np.full(2, spread.edges[0]), ends, colour, width=3)
            return
        colours = theme.present.theme
        if filled:
            x, bars = np.repeat(spread.edges, 2)[1:-1], np.repeat(spread.bars, 2)
            self.canvas.area(key, x, np.zeros(len(x)), bars, colours.veil(colour), z=2)
        self.canvas.line(
            key, spread.places, spread.line, colour, width=colours.line_width, dash=dash
        )

    def closeEvent(self, event: QCloseEvent) -> None:
        """End the reading, if it still goes on."""
        self._errand.cancel()
        super().closeEvent(event)


def beside(
    tensor: Tensor, tensors: tuple[Tensor, ...], history: History | None
) -> tuple[str, list[Group]]:
    """Return the weight tensor of the run that a file's is compared with, and how each starts it.

    It is the one of the same name and shape or else, of those of the same shape, the one that
    comes as far down the network as the file's does; "" where there is none.
    """
    if history is None or "weights" not in history.first:
        return "", []
    header = history.header
    names = [
        f"{layer.module}.{one.name}"
        for layer in plan(header.experiment).layers
        for one in layer.tensors
        if one.role == "weight"
    ]
    alike = [at for at, shape in enumerate(header.tensor_shapes) if shape == tensor.shape]
    same = [at for at in alike if names[at] == tensor.name]
    rank = [one.name for one in tensors if one.shape == tensor.shape].index(tensor.name)
    chosen = same or alike[rank : rank + 1]
    if not chosen:
        return "", []
    reading = history.first["weights"][:, chosen[0]]
    slots = np.array(header.slots)
    groups = [(one, pool(reading[slots == one.slot])) for one in header.experiment.contenders]
    return names[chosen[0]], [
        Group(one.name, one.slot, found) for one, found in groups if found is not None
    ]


def _told(tensor: Tensor, name: str, others: list[Group]) -> str:
    mine = f"Filled: {tensor.name} in the file"
    if not name:
        return f"{mine}. This network has no weight tensor of its shape to compare it with."
    if not others:
        return f"{mine}. No contender is shown to compare it with."
    return f"{mine}. Lines: {name} at the start, by contender."


def _std(values: Binned) -> str:
    return f"σ {number(values.std(), 2)}" if values.constant is None else ""


def _cells(one: Tensor) -> tuple[str, ...]:
    shape = " × ".join(f"{side:,}" for side in one.shape) or "one number"
    facts = (one.std, one.mean, one.low, one.high)
    numbers = ("–" if value is None else number(value) for value in facts)
    return one.name, shape, *numbers, f"{one.not_finite:,}" if one.not_finite else ""
