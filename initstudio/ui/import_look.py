"""What a person is shown of a file before it is used: its first rows, and in words what it gives.

Looking is done on a thread of its own: a large table takes seconds to read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from PySide6.QtCore import (
    QAbstractTableModel,
    QCoreApplication,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QThread,
)

from initstudio import tables
from initstudio.datasets.file import FileParams, examples_of
from initstudio.errors import ExperimentError
from initstudio.tables import Arrays, Examples, Table, counted

MOST_ROWS = 50
MOST_NUMBERS = 12
"""Features of arrays that are shown; a table shows all of its columns."""
MOST_CLASSES = 5
MOST_TROUBLES = 3
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, eq=False)
class Look:
    """What was found under some parameters; `problem` keeps the file from being used."""

    params: FileParams
    held: Table | Arrays | None = None
    examples: Examples | None = None
    problem: ExperimentError | None = None


def look_at(params: FileParams) -> Look:
    """Return what is found in a file."""
    held = None
    try:
        if params.path.strip():
            held = tables.read(params.path)
        return Look(params, held, examples_of(params))
    except ExperimentError as error:
        return Look(params, held, problem=error)


class Looker(QThread):
    """Looks at a file and ends; `look` is there when it has `finished`."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.params = FileParams()
        self.look = Look(self.params)
        app = QCoreApplication.instance()
        if app:
            # a thread that is alive when the program ends would take it down
            app.aboutToQuit.connect(self.wait)

    def start_with(self, params: FileParams) -> None:
        """Look at another file, or at the same under other parameters."""
        self.params = params
        self.start()

    def run(self) -> None:
        """Look."""
        self.look = look_at(self.params)


class RowsModel(QAbstractTableModel):
    """The first rows of a table, or of arrays with the target as the last column."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.names: tuple[str, ...] = ()
        self.lines: tuple[str, ...] = ()
        self.cells: tuple[tuple[str, ...], ...] = ()

    def show_file(self, held: Table | Arrays | None) -> None:
        """Show these, or nothing."""
        self.beginResetModel()
        self.names, self.lines, self.cells = _rows_of(held) if held else ((), (), ())
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        """Return the number of rows that are shown."""
        return 0 if parent is not None and parent.isValid() else len(self.cells)

    def columnCount(self, parent: Index | None = None) -> int:
        """Return the number of columns."""
        return 0 if parent is not None and parent.isValid() else len(self.names)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a cell's text; a gap is a dash, and said to be missing."""
        cell = self.cells[index.row()][index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return cell or "–"
        if role in {Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole}:
            return cell or "missing"
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        """Return a column's name, or the line of a row."""
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return (self.names if orientation == Qt.Orientation.Horizontal else self.lines)[section]


def _rows_of(
    held: Table | Arrays,
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return the names, the lines and the cells that are shown."""
    rows = range(min(held.rows, MOST_ROWS))
    if isinstance(held, Table):
        names = tuple(column.name for column in held.columns)
        cells = tuple(tuple(column.cell(row) for column in held.columns) for row in rows)
        return names, tuple(f"{line:,}" for line in held.lines[: len(rows)].tolist()), cells
    x, target = held.names
    first = held.x[: len(rows)].reshape(len(rows), -1)[:, :MOST_NUMBERS].tolist()
    targets = held.y[: len(rows)].reshape(len(rows), -1).tolist()
    names = (
        *(f"{x} {at + 1}" for at in range(len(first[0]))),
        *(
            target if len(targets[0]) == 1 else f"{target} {at + 1}"
            for at in range(len(targets[0]))
        ),
    )
    cells = tuple(
        (
            *(f"{number:g}" for number in numbers),
            *(held.words[number] if held.words else f"{number:g}" for number in answer),
        )
        for numbers, answer in zip(first, targets, strict=True)
    )
    return names, tuple(f"{row + 1:,}" for row in rows), cells


def in_words(look: Look) -> str:
    """Return what the file gives, one sentence a line; "" where it cannot be used."""
    found, held = look.examples, look.held
    if found is None or held is None:
        return ""
    size = " × ".join(f"{side:,}" for side in found.shape)
    features = f"{size} {'feature' if prod(found.shape) == 1 else 'features'}"
    sentences = [f"{found.rows:,} of {held.rows:,} rows, {features}, {_target(found)}."]
    one, many = ("line", "lines") if isinstance(held, Table) else ("row", "rows")
    if found.dropped:
        lost = counted(found.dropped, one, many)
        sentences.append(f"Rows with missing values are left out: {lost}.")
    if found.filled:
        mended = counted(found.filled, one, many)
        sentences.append(f"Missing values become their column's mean: {mended}.")
    if isinstance(held, Table):
        troubles = [f"Line {one.line:,}: {one.why}." for one in held.troubles]
        sentences += troubles[:MOST_TROUBLES]
        if len(troubles) > MOST_TROUBLES:
            more = [one.line for one in held.troubles[MOST_TROUBLES:]]
            sentences.append(f"And more in {counted(dict.fromkeys(more))}.")
    return "\n".join(sentences)


def _target(found: Examples) -> str:
    if found.task == "values":
        return (
            "1 value to predict" if found.outputs == 1 else f"{found.outputs:,} values to predict"
        )
    return f"{found.outputs:,} classes ({_some(found.classes)})"


def _some(names: Sequence[str]) -> str:
    shown = [name if len(name) <= 20 else f"{name[:20]}…" for name in names[:MOST_CLASSES]]
    return ", ".join([*shown, "…"] if len(names) > MOST_CLASSES else shown)
