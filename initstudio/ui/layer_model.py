"""What is shown of each layer of a network, as the rows of a Qt model."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from initstudio.catalogue import Param, Shape, Value, params_of
from initstudio.engine.plan import PlannedLayer
from initstudio.experiment import Choice

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, kw_only=True)
class Row:
    """What is shown of one layer."""

    choice: Choice
    planned: PlannedLayer
    param: Param | None
    """The parameter that is edited in the row."""

    @property
    def name(self) -> str:
        """Return the kind of layer."""
        return self.planned.layer.label if self.planned.layer else self.choice.key

    @property
    def value(self) -> Value | None:
        """Return the value of the parameter in the row."""
        return self.choice.params.get(self.param.name, self.param.default) if self.param else None

    @property
    def shapes(self) -> str:
        """Return the shape that comes out, after that which comes in where it is another."""
        before, after = self.planned.shape_in, self.planned.shape_out
        if after is None:
            return ""
        return (
            shape_text(after)
            if before in (None, after)
            else f"{shape_text(before)} → {shape_text(after)}"
        )

    @property
    def count(self) -> str:
        """Return the number of parameters; none as a dash."""
        return f"{self.planned.parameters:,}" if self.planned.parameters else "–"

    @property
    def problem(self) -> str:
        """Return why the layer cannot stand there, or ""."""
        return self.planned.problem.why if self.planned.problem else ""

    def spoken(self) -> str:
        """Return the row as one sentence."""
        parts = [f"Layer {self.planned.index + 1}: {self.name}"]
        if self.param and self.value is not None:
            parts.append(f"{self.param.label} {self.value}")
        if self.shapes:
            parts.append(f"shape {self.shapes.replace('→', 'to')}")
        parts.append(f"{self.planned.parameters:,} parameters")
        return ", ".join(parts) + (f". {self.problem}" if self.problem else "")


def row_of(choice: Choice, planned: PlannedLayer) -> Row:
    """Return what is shown of a layer; its first parameter is in the row, if it is a plain number.

    What steps by factors (an epsilon) is for the form below.
    """
    params = params_of(planned.layer.params) if planned.layer else ()
    plain = params and params[0].kind in {"integer", "number"} and not params[0].log
    return Row(choice=choice, planned=planned, param=params[0] if plain else None)


def shape_text(shape: Shape | None) -> str:
    """Return a shape as a person writes it: 64, or 1×8×8."""
    return "×".join(f"{side}" for side in shape or ())


class LayerModel(QAbstractListModel):
    """The rows of the present network."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[Row, ...] = ()

    def show_rows(self, rows: tuple[Row, ...]) -> None:
        """Show these; rows come and go where the networks differ, so that a selection stays."""
        old, new = [row.choice for row in self.rows], [row.choice for row in rows]
        start = _shared(old, new)
        end = _shared(old[start:][::-1], new[start:][::-1])
        replaced = min(len(old), len(new)) - start - end
        first = start + replaced
        if len(new) > len(old):
            self.beginInsertRows(QModelIndex(), first, len(new) - end - 1)
            self.rows = rows
            self.endInsertRows()
        elif len(old) > len(new):
            self.beginRemoveRows(QModelIndex(), first, len(old) - end - 1)
            self.rows = rows
            self.endRemoveRows()
        self.rows = rows
        if rows:
            self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))

    def rowCount(self, parent: Index | None = None) -> int:
        """Return the number of layers."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a layer's name, the value in its row, or what is said of it."""
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.name
        if role == Qt.ItemDataRole.EditRole:
            return row.value
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return row.spoken()
        if role == Qt.ItemDataRole.ToolTipRole:
            summary = row.planned.layer.summary if row.planned.layer else ""
            return "\n".join(filter(None, (row.problem, summary)))
        return None

    def supportedDropActions(self) -> Qt.DropAction:
        """Return that rows are moved, never copied; the experiment moves them."""
        return Qt.DropAction.MoveAction

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Return that a row can be selected, edited and dragged."""
        base = super().flags(index)
        if not index.isValid():
            return base
        edits = Qt.ItemFlag.ItemIsEditable if self.rows[index.row()].param else base
        return base | Qt.ItemFlag.ItemIsDragEnabled | edits


def _shared(one: Sequence[Choice], other: Sequence[Choice]) -> int:
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
