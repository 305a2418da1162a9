"""The inspector: for each parameter tensor of a contender, what starts it, and whether it did."""

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Any, NamedTuple

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QLabel, QTableView, QVBoxLayout, QWidget

from initstudio.engine import plan
from initstudio.engine.inspection import SUSPECT, Inspected, inspect, number, verdict
from initstudio.engine.network import every
from initstudio.experiment import Contender, Experiment
from initstudio.history import History
from initstudio.ui import theme
from initstudio.ui.entry_picker import Fact
from initstudio.ui.form import Note
from initstudio.ui.scroll_panel import MARGIN
from initstudio.ui.session import Session

Index = QModelIndex | QPersistentModelIndex
EMPTY = "Choose a contender to see what starts each of its tensors."


@dataclass(frozen=True)
class Row:
    """One tensor; what was measured of it is None until the engine has drawn it."""

    inspected: Inspected
    mean: float | None = None
    std: float | None = None
    chance: float | None = None


class Column(NamedTuple):
    """One column: its heading, its text for a row and its meaning."""

    title: str
    text: Callable[[Row], str]
    help: str


COLUMNS = (
    Column("Parameter", lambda row: row.inspected.parameter, "Its name in named_parameters()."),
    Column("Layer", lambda row: row.inspected.layer, "The layer that it belongs to."),
    Column(
        "Shape",
        lambda row: " × ".join(f"{side:,}" for side in row.inspected.assignment.tensor.shape),
        "Its shape as torch stores it.",
    ),
    Column("Started by", lambda row: row.inspected.scheme, "The scheme of the rule that won."),
    Column("Target", lambda row: row.inspected.target, "The distribution that it is drawn from."),
    Column(
        "Target std",
        lambda row: number(row.inspected.law.std) if row.inspected.law else "–",
        "By the formula.",
    ),
    Column("Std", lambda row: _measured(row.std), "Measured at step 0, over its own mean."),
    Column(
        "Draw",
        lambda row: "" if row.chance is None else verdict(row.chance, row.inspected.law),
        "Whether the draw passes a test against its target. p: the probability that right draws "
        "stray as far; below 0.0001 they are called wrong.",
    ),
    Column("Rule", lambda row: row.inspected.rule, "The last rule that matches wins."),
    Column(
        "Fan-in", lambda row: _fan(row.inspected.assignment.tensor.fan_in), "As torch counts it."
    ),
    Column(
        "Fan-out", lambda row: _fan(row.inspected.assignment.tensor.fan_out), "As torch counts it."
    ),
    Column("Mean", lambda row: _measured(row.mean), "Measured at step 0."),
)
DRAW = [column.title for column in COLUMNS].index("Draw")
ROOM = 16
"""Pixels between columns."""


class InspectorPanel(QWidget):
    """A table of tensors, and the whole story of the selected one below."""

    title = "Inspector"
    object_name = "inspector_panel"

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName(self.object_name)
        self._session = session
        self._slot: int | None = None
        self._shown: object = None
        self.heading = QLabel(EMPTY)
        self.heading.setTextFormat(Qt.TextFormat.PlainText)
        self.heading.setAccessibleName("Inspector: contender")
        self.model = _Model(self)
        self.table = QTableView(showGrid=False, wordWrap=False)
        self.table.setAccessibleName("Inspector: tensors")
        self.table.setModel(self.model)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table.horizontalHeader().setAccessibleName("Inspector: columns")
        self.table.verticalHeader().setAccessibleName("Inspector: rows")
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 10)
        self.detail, self.trap = Fact(), Note("warning")
        self.detail.setAccessibleName("Inspector: formula")
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.table, self.copy)
        copy.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        for widget in (self.heading, self.table, self.detail, self.trap):
            column.addWidget(widget)
        column.setStretch(1, 1)
        self.table.selectionModel().currentRowChanged.connect(self._show_detail)
        session.experiment_changed.connect(self._on_changed)
        session.ticked.connect(self._on_changed)
        session.state_changed.connect(self._on_changed)

    def show_contender(self, slot: int) -> None:
        """Show the tensors of the contender of that slot."""
        self._slot = slot
        self._on_changed()

    def copy(self) -> None:
        """Put the table on the clipboard, with tabs."""
        QGuiApplication.clipboard().setText(self.as_tsv())

    def as_tsv(self) -> str:
        """Return the table with a heading, columns parted by tabs."""
        lines = [[column.title for column in COLUMNS]]
        lines += [[column.text(row) for column in COLUMNS] for row in self.model.rows]
        return "".join("\t".join(cells).replace("−", "-") + "\n" for cells in lines)

    def _on_changed(self, _change: object = None) -> None:
        if not self.isVisible():
            return  # a hidden panel costs nothing; it catches up when it is shown
        experiment, history = self._session.experiment, self._session.history
        fresh = history if history and not self._session.stale else None
        started = fresh if fresh and "start_chance" in fresh.first else None
        state = (experiment, self._slot, id(started) if started else None)
        if state == self._shown:
            return
        self._shown = state
        contender = next((one for one in experiment.contenders if one.slot == self._slot), None)
        rows = _rows(experiment, contender, started) if contender else ()
        self.model.show_rows(rows)
        self.heading.setText(_heading(contender, rows, started) if contender else EMPTY)
        self._widen()
        if rows and not self.table.currentIndex().isValid():
            self.table.selectRow(0)
        self._show_detail()

    def _widen(self) -> None:
        self.table.resizeColumnsToContents()
        for column in range(len(COLUMNS)):
            self.table.setColumnWidth(column, self.table.columnWidth(column) + ROOM)

    def _show_detail(self, _current: object = None, _before: object = None) -> None:
        at = self.table.currentIndex().row()
        row = self.model.rows[at] if 0 <= at < len(self.model.rows) else None
        found = row.inspected if row else None
        self.detail.show_text(f"{found.formula}\n{found.source}".strip() if found else "")
        self.trap.show_text(found.trap if found else "")

    def showEvent(self, event: Any) -> None:  # noqa: ANN401 - Qt's
        """Catch up with what changed while it was hidden."""
        super().showEvent(event)
        self._on_changed()


class _Model(QAbstractTableModel):
    """The rows as text."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: tuple[Row, ...] = ()

    def show_rows(self, rows: tuple[Row, ...]) -> None:
        """Show these; the selection stays while the tensors do."""
        same = [one.inspected.parameter for one in rows] == [
            one.inspected.parameter for one in self.rows
        ]
        if not same:
            self.beginResetModel()
        self.rows = rows
        if not same:
            self.endResetModel()
        elif rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(COLUMNS) - 1))

    def rowCount(self, parent: Index | None = None) -> int:
        """Return the number of tensors."""
        return 0 if parent and parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        """Return the number of columns."""
        return 0 if parent and parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: ANN401
        """Return a column's title and meaning."""
        if orientation == Qt.Orientation.Vertical:
            return None
        texts = {
            Qt.ItemDataRole.DisplayRole: COLUMNS[section].title,
            Qt.ItemDataRole.ToolTipRole: COLUMNS[section].help,
        }
        return texts.get(Qt.ItemDataRole(role))

    def data(self, index: Index, role: int = 0) -> Any:  # noqa: ANN401
        """Return a cell's text; a draw that strays is in the colour of an error."""
        row, column = self.rows[index.row()], COLUMNS[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.text(row)
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(filter(None, (row.inspected.formula, row.inspected.trap)))
        if role == Qt.ItemDataRole.ForegroundRole and index.column() == DRAW:
            return _colour(row.chance)
        return None


def _colour(chance: float | None) -> QColor | None:
    """Return the colour of a verdict; none where nothing was tested."""
    if chance is None or not isfinite(chance):
        return None
    colours = theme.present.theme
    return QColor(colours.error if chance < SUSPECT else colours.good)


def _rows(experiment: Experiment, contender: Contender, started: History | None) -> tuple[Row, ...]:
    if plan.choice_problems(experiment):
        return ()
    layers = tuple(every(plan.layers_of(experiment)))
    rows = tuple(Row(one) for one in inspect(contender, layers))
    if started is None or contender.slot not in started.header.slots:
        return rows
    replica = started.header.slots.index(contender.slot)
    places = {name: at for at, name in enumerate(started.header.parameters)}
    first = started.first
    return tuple(
        Row(
            row.inspected,
            float(first["start_mean"][replica, at]),
            float(first["start_std"][replica, at]),
            float(first["start_chance"][replica, at]),
        )
        if (at := places.get(row.inspected.parameter)) is not None
        else row
        for row in rows
    )


def _heading(contender: Contender, rows: tuple[Row, ...], started: History | None) -> str:
    if not rows:
        return f"{contender.name}: there is nothing to start yet."
    if started is None:
        return f"{contender.name}: what will be drawn."
    strays = sum(row.chance is not None and row.chance < SUSPECT for row in rows)
    drawn = "every draw is as it should be" if not strays else f"{strays} of {len(rows)} stray"
    return f"{contender.name}, seed {started.header.seeds[0]}: {drawn}."


def _target_std(inspected: Inspected) -> str:
    return number(inspected.law.std) if inspected.law else "–"


def _fan(fan: int) -> str:
    return f"{fan:,}" if fan else "–"


def _measured(value: float | None) -> str:
    return "" if value is None else number(value)
