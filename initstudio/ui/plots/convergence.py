"""A table of how fast and how far each contender learned."""

from collections.abc import Iterator
from math import inf, isfinite
from typing import Annotated, Any, NamedTuple

from msgspec import Meta
from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSortFilterProxyModel,
    Qt,
)
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QFontMetricsF,
    QGuiApplication,
    QKeySequence,
    QPainter,
    QShortcut,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QTableView,
    QWidget,
)

from initstudio.catalogue import Params
from initstudio.convergence import Row, Spread, accuracy_series, rows
from initstudio.history import Header, History
from initstudio.ui.chart.lines import number
from initstudio.ui.plots.plot import Line, Plot, Table
from initstudio.ui.theme import Theme, font

Index = QModelIndex | QPersistentModelIndex
ROLE_SORT = Qt.ItemDataRole.UserRole
SWATCH, CELL = 18.0, 18.0
"""Pixels of a contender's mark, and between two columns, where the table is painted."""


class ConvergenceOptions(Params, frozen=True):
    """The two targets."""

    loss_target: Annotated[float, Meta(ge=0, le=1000, title="Loss target")] = 0.5
    accuracy_target: Annotated[
        float, Meta(ge=0, le=100, title="Accuracy target", extra={"unit": "%"})
    ] = 90.0


class Column(NamedTuple):
    """One column: its heading, the field of a Row, its kind of number and its exact meaning."""

    title: str
    field: str
    kind: str
    help: str


COLUMNS = (
    Column("Contender", "", "name", "The way of starting the network."),
    Column(
        "Steps to loss", "loss_steps", "steps",
        "Steps made at the end of the first epoch whose mean training loss is at or below the "
        "target, and the epochs that this is.",
    ),
    Column(
        "Steps to accuracy", "accuracy_steps", "steps",
        "Steps made at the first epoch's end with at least the target accuracy, and the epochs "
        "that this is: on the validation part, or without one on the epoch's training batches.",
    ),
    Column("Final loss", "final_loss", "loss", "Mean training loss of the last completed epoch."),
    Column(
        "Final accuracy", "final_accuracy", "accuracy",
        "Accuracy at the last epoch's end, on the validation part, or without one the epoch's "
        "mean on the training batches.",
    ),
    Column(
        "Best loss", "best_loss", "loss",
        "Least of the epochs' mean training losses. An epoch's is the mean over its steps of the "
        "batch's loss before the update, as the article prints it.",
    ),
    Column(
        "Best accuracy", "best_accuracy", "accuracy",
        "Greatest accuracy at an epoch's end, on the validation part, or without one the epoch's "
        "mean on the training batches.",
    ),
    Column("First loss", "first_loss", "loss", "Loss of the first batch, before any update."),
    Column("Diverged", "diverged", "step", "Step of the first loss that is no finite number."),
)  # fmt: skip


class _Table(QAbstractTableModel):
    """The rows as text, with the numbers to sort by."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows: tuple[tuple[Line, Row], ...] = ()
        self._per_epoch = 1
        self._theme: Theme | None = None

    def show_rows(self, found: tuple[tuple[Line, Row], ...], per_epoch: int, theme: Theme) -> None:
        """Show these rows; the selection stays while the contenders do."""
        same = [one.slot for one, _ in found] == [one.slot for one, _ in self._rows]
        if not same:
            self.beginResetModel()
        self._rows, self._per_epoch, self._theme = found, max(1, per_epoch), theme
        if not same:
            self.endResetModel()
        elif found:
            last = self.index(len(found) - 1, len(COLUMNS) - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent and parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: ANN401
        if orientation == Qt.Orientation.Vertical:
            return None
        column = COLUMNS[section]
        meaning = f"{column.help} Several seeds: the median, and [least – greatest]."
        return {
            Qt.ItemDataRole.DisplayRole: column.title,
            Qt.ItemDataRole.TextAlignmentRole: _alignment(column),
            Qt.ItemDataRole.ToolTipRole: meaning,
        }.get(Qt.ItemDataRole(role))

    def data(self, index: Index, role: int = 0) -> Any:  # noqa: ANN401
        line, row = self._rows[index.row()]
        column = COLUMNS[index.column()]
        one: Spread | None = getattr(row, column.field) if column.field else None
        if role == Qt.ItemDataRole.DisplayRole:
            return spread_text(one, column.kind, self._per_epoch) if one else line.name
        if role == ROLE_SORT:
            return (one.median if isfinite(one.median) else inf) if one else line.name
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        return self._colour(line, column, role)

    def _colour(self, line: Line, column: Column, role: int) -> QColor | None:
        if self._theme and role == Qt.ItemDataRole.DecorationRole and not column.field:
            return QColor(self._theme.colour(line.slot))
        if self._theme and role == Qt.ItemDataRole.ForegroundRole and column.kind == "step":
            return QColor(self._theme.error)
        return None


def _alignment(column: Column) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column.field else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def spread_text(one: Spread, kind: str, per_epoch: int) -> str:
    """Return the median, the range over several seeds, and how many got there if not all did."""
    if not one.reached:
        return "–"
    text = _text(one.median, kind, per_epoch)
    if one.seeds > 1 and one.low != one.high:
        text += f"  [{_text(one.low, kind, 0)} – {_text(one.high, kind, 0)}]"
    if one.reached < one.seeds:
        text += f"  {one.reached} of {one.seeds}"
    return text


def _text(value: float, kind: str, per_epoch: int) -> str:
    if not isfinite(value):
        return "never" if kind in ("steps", "step") else "–"
    if kind == "accuracy":
        return f"{100 * value:.1f} %"
    if kind == "loss":
        return number(value, 4)
    epochs = f" ({number(value / per_epoch)} ep.)" if kind == "steps" and per_epoch else ""
    return f"{value:,.0f}{epochs}"


class ConvergencePlot(Plot):
    """The table, sortable; Ctrl+C copies it with tabs."""

    key = "convergence"
    label = "Convergence"
    summary = "Steps and epochs to a loss and to an accuracy, and where each contender ended."
    invitation = "Press Run: how fast each contender learns appears here."
    order = 70
    reads = ("loss", "accuracy")
    Options = ConvergenceOptions

    def make_picture(self) -> QWidget:
        """Return the table."""
        table = QTableView(sortingEnabled=True, showGrid=False, wordWrap=False)
        table.setAccessibleName(self.label)
        table.setProperty("kind", "bare")
        self._table = _Table(table)
        self._sorted = QSortFilterProxyModel(table, sortRole=ROLE_SORT)
        self._sorted.setSourceModel(self._table)
        table.setModel(self._sorted)
        table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        table.verticalHeader().hide()
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.setFrameShape(QTableView.Shape.NoFrame)
        head = table.horizontalHeader()
        head.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._message = QLabel(table, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), table, self.copy)
        copy.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.table = table
        self._widths: dict[int, int] = {}
        self.legend.hide()
        return table

    def state_of(self, history: History) -> object:
        """Return what changes with each epoch."""
        series = [*history.epoch_means.values(), *history.epoch_series.values()]
        return [(len(one), one.stride) for one in series], history.diverged.tobytes()

    def draw(self, history: History) -> None:
        """Fill the table."""
        options = self.options
        matched = tuple(self._rows(history))
        self._message.hide()
        self._table.show_rows(matched, history.header.steps_per_epoch, self.theme)
        self._widen()
        held_out = accuracy_series(history) is history.epoch_series.get("validation_accuracy")
        part = "validation part" if held_out else "training batches"
        gone = [f"{line.name} diverged" for line, row in matched if row.diverged.reached]
        self.show_notes(
            [
                *gone,
                f"loss target {number(options.loss_target)}, mean of an epoch's batches",
                f"accuracy target {number(options.accuracy_target)} %, {part}",
            ]
        )
        self.table.setToolTip("Ctrl+C copies the table.")

    def fits(self, _pinned: Header, _present: Header) -> bool:
        """Return that any run has its rows."""
        return True

    def _rows(self, history: History) -> Iterator[tuple[Line, Row]]:
        """Yield each line with its row."""
        targets = self.options.loss_target, self.options.accuracy_target / 100
        for run in sorted({line.run for line in self.lines}):
            lines = [line for line in self.lines if line.run == run]
            found = {row.slot: row for row in rows(self.of(lines[0], history), *targets)}
            yield from ((line, found[line.slot]) for line in lines)

    def clear(self, message: str) -> None:
        """Empty the table and write a sentence over it."""
        self._table.show_rows((), 1, self.theme)
        self._message.setText(message)
        self._message.setStyleSheet(f"color: {self.theme.muted};")
        self._message.setGeometry(self.table.rect().adjusted(24, 34, -24, -8))
        self._message.setVisible(bool(message))

    def show_theme(self, theme: Theme) -> None:
        """Use the theme, in the table too."""
        super().show_theme(theme)
        self.table.setFont(font(theme.plot_font))
        self.table.verticalHeader().setDefaultSectionSize(self.table.fontMetrics().height() + 12)

    def data(self, history: History) -> Table:
        """Return the medians as numbers, with the least and the greatest of several seeds."""
        fields = [column for column in COLUMNS if column.field]
        ends = ("", " (least)", " (greatest)", " (seeds that got there)")
        found: Table = [
            ("Contender", "Seeds", *(f"{one.title}{end}" for one in fields for end in ends))
        ]
        for line, row in self._rows(history):
            spreads: list[Spread] = [getattr(row, one.field) for one in fields]
            numbers = [(one.median, one.low, one.high, one.reached) for one in spreads]
            found.append((line.name, len(line.replicas), *(n for four in numbers for n in four)))
        return found

    def paint_picture(self, painter: QPainter, area: QRectF) -> None:
        """Paint the table as it is sorted, each column as wide as it needs."""
        painter.setFont(self.table.font())
        metrics, model = QFontMetricsF(painter.font()), self._sorted
        texts = [[column.title for column in COLUMNS]] + [
            [str(model.index(row, at).data()) for at in range(len(COLUMNS))]
            for row in range(model.rowCount())
        ]
        widths = [
            max(metrics.horizontalAdvance(row[at]) for row in texts) for at in range(len(COLUMNS))
        ]
        widths[0] += SWATCH
        # what is too wide is made smaller, not cut
        shrink = min(1.0, area.width() / (sum(widths) + CELL * len(COLUMNS)))
        height = metrics.height() + 12
        painter.save()
        painter.translate(area.topLeft())
        painter.scale(shrink, shrink)
        for row, cells in enumerate(texts):
            left = 0.0
            for at, (text, width) in enumerate(zip(cells, widths, strict=True)):
                box = QRectF(left, row * height, width, height)
                self._paint_cell(painter, box, text, row - 1, at)
                left += width + CELL
            painter.setPen(QColor(self.theme.grid))
            painter.drawLine(QPointF(0, (row + 1) * height), QPointF(left, (row + 1) * height))
        painter.restore()
        if not self._table.rowCount():
            painter.setPen(QColor(self.theme.muted))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, self._message.text())

    def _paint_cell(self, painter: QPainter, box: QRectF, text: str, row: int, at: int) -> None:
        """Paint one cell; row -1 is the heading."""
        index = self._sorted.index(row, at)
        colour = QColor(self.theme.muted if row < 0 else self.theme.text)
        if row >= 0 and at == 0:
            mark = QRectF(box.left(), box.center().y() - 5, 10, 10)
            painter.fillRect(mark, index.data(Qt.ItemDataRole.DecorationRole))
        if row >= 0 and (own := index.data(Qt.ItemDataRole.ForegroundRole)):
            colour = own
        painter.setPen(colour)
        painter.drawText(
            box.adjusted(SWATCH if at == 0 else 0, 0, 0, 0), _alignment(COLUMNS[at]), text
        )

    def copy(self) -> None:
        """Put the table, as it is sorted, on the clipboard, with tabs."""
        QGuiApplication.clipboard().setText(self.as_tsv())

    def as_tsv(self) -> str:
        """Return the table as it is sorted, with a heading, columns parted by tabs."""
        model = self._sorted
        lines = [[column.title for column in COLUMNS]]
        for row in range(model.rowCount()):
            cells = (model.index(row, column).data() for column in range(len(COLUMNS)))
            lines.append([str(cell).replace("\t", " ").replace("−", "-") for cell in cells])
        return "".join("\t".join(cells) + "\n" for cells in lines)

    def _widen(self) -> None:
        """Make columns wide enough for what they hold; they never shrink while a run goes."""
        metrics = QFontMetrics(self.table.font())
        head = self.table.horizontalHeader()
        for column in range(len(COLUMNS)):
            texts = [COLUMNS[column].title] + [
                str(self._table.index(row, column).data()) for row in range(self._table.rowCount())
            ]
            needed = max(metrics.horizontalAdvance(text) for text in texts) + (
                36 if not column else 18
            )
            if needed > self._widths.get(column, 0):
                self._widths[column] = needed
                head.resizeSection(column, needed)
