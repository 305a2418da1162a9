"""What is shown of each layer of a network, as the rows of a Qt model."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from initstudio.catalogue import Shape, TensorSpec, Value
from initstudio.declared import Param, params_of
from initstudio.engine.inspection import law_in_words
from initstudio.engine.network import PlannedLayer, shown
from initstudio.experiment import Choice, Experiment, Path
from initstudio.layer_edits import layer_at

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, kw_only=True)
class Row:
    """What is shown of one layer."""

    choice: Choice
    planned: PlannedLayer
    param: Param | None
    """The parameter that is edited in the row."""
    closed: bool = False
    """Whether it is a block whose layers are not shown."""

    @property
    def path(self) -> Path:
        """Return the layer's place in the network."""
        return self.planned.path

    @property
    def number(self) -> str:
        """Return the place as a person counts: 3, or 3.1 inside of a block."""
        return ".".join(str(at + 1) for at in self.path)

    @property
    def is_block(self) -> bool:
        """Return whether the layer holds layers."""
        kind = self.planned.layer
        return kind is not None and kind.bodies is not None and not self.is_part

    @property
    def is_part(self) -> bool:
        """Return whether this is a part of a person's own network: it is shown, not edited."""
        return self.planned.is_part

    @property
    def opens(self) -> bool:
        """Return whether there is something inside that can be shown or not."""
        return self.is_block or (bool(self.planned.bodies) and not self.is_part)

    @property
    def name(self) -> str:
        """Return the kind of layer; of a person's own network what they call it."""
        if self.is_part:
            return self.planned.label.removeprefix(f"{self.number} ")
        if self.planned.own:
            return str(self.choice.params.get("factory", "")) or "Own network"
        return self.planned.layer.label if self.planned.layer else self.choice.key

    @property
    def value(self) -> Value | None:
        """Return the value of the parameter in the row."""
        return self.choice.params.get(self.param.name, self.param.default) if self.param else None

    @property
    def shapes(self) -> str:
        """Return the shape that comes out, after that which comes in where it is another.

        Of a part only what comes out, as there is no room for more than its name.
        """
        before, after = self.planned.shape_in, self.planned.shape_out
        if after is None or self.is_part:
            return shape_text(after)
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
        parts = [f"Layer {self.number}: {self.name}"]
        if self.is_block:
            parts.append("closed" if self.closed else f"{len(self.choice.inside)} layers inside")
        elif self.opens:
            count = len(self.planned.bodies[0])
            parts.append("closed" if self.closed else f"{count} parts inside")
        if self.is_part:
            parts.append("read-only")
        if self.param and self.value is not None:
            parts.append(f"{self.param.label} {self.value}")
        if self.shapes:
            parts.append(f"shape {self.shapes.replace('→', 'to')}")
        parts.append(f"{self.planned.parameters:,} parameters")
        return ", ".join(parts) + (f". {self.problem}" if self.problem else "")


def rows_of(
    experiment: Experiment, planned: Sequence[PlannedLayer], closed: Collection[Path]
) -> tuple[Row, ...]:
    """Return what is shown of a network: its layers, and those inside of blocks that are open."""
    return tuple(
        _row_of(_choice_of(experiment, layer), layer, closed=layer.path in closed)
        for layer in shown(planned)
        if not any(layer.path[:end] in closed for end in range(1, len(layer.path)))
    )


def _choice_of(experiment: Experiment, layer: PlannedLayer) -> Choice:
    """Return a layer as it was chosen; of a part, the person's own network that it is in."""
    return layer_at(experiment.network, layer.path[:-1] if layer.is_part else layer.path)


def _row_of(choice: Choice, planned: PlannedLayer, *, closed: bool) -> Row:
    """Return what is shown of a layer; its first parameter is in the row, if it is a plain number.

    What steps by factors (an epsilon) is for the form below.
    """
    params = params_of(planned.layer.params) if planned.layer and not planned.is_part else ()
    plain = params and params[0].kind in {"integer", "number"} and not params[0].log
    param = params[0] if plain else None
    return Row(choice=choice, planned=planned, param=param, closed=closed)


def _in_words(tensor: TensorSpec) -> str:
    return f"{tensor.name}: {shape_text(tensor.shape)}, {law_in_words(tensor.default)}"


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
            tensors = [_in_words(tensor) for tensor in row.planned.tensors if row.is_part]
            name = row.name if row.is_part else ""
            return "\n".join(filter(None, (row.problem, name, summary, *tensors)))
        return None

    def supportedDropActions(self) -> Qt.DropAction:
        """Return that rows are moved, never copied; the experiment moves them."""
        return Qt.DropAction.MoveAction

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Return that a row can be selected, edited and dragged."""
        base = super().flags(index)
        if not index.isValid():
            return base
        if self.rows[index.row()].is_part:
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
