"""The list of layers: a row paints number, name, a number to edit, shapes, count and problem."""

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from initstudio.ui import numbers, theme
from initstudio.ui.fields import NumberBox, tip
from initstudio.ui.layer_model import Index, LayerModel, Row
from initstudio.ui.reorder_list import ReorderList

if TYPE_CHECKING:
    from initstudio.declared import Param

HEIGHT = 31
NUMBER, FIELD, SHAPE, COUNT = 28, 66, 88, 62
"""Widths of the columns in pixels; the name has the rest."""
STEP, ARROW = 9, 15
"""How far a layer inside of a block is moved in, and the room of a block's arrow."""


class LayerList(ReorderList):
    """Rows to select, drag and edit in place; `param_edited(row, name, value)`."""

    param_edited = Signal(int, str, object)
    block_toggled = Signal(int)
    """A block's arrow was clicked, or Left or Right pressed on it."""
    refused = Signal(str)
    """What is wrong with what is being typed in a row; "" when that is over."""

    def __init__(self, model: LayerModel) -> None:
        super().__init__(model)
        self.layers = model
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMinimumHeight(3 * HEIGHT)
        self._pressed = False
        self._delegate = _RowDelegate(self)
        self.setItemDelegate(self._delegate)

    def edit_row(self, row: int, typed: str = "") -> None:
        """Open the row's number for editing; with `typed` in place of what it was."""
        if not self.layers.rows[row].param:
            return
        index = self.layers.index(row)
        self.edit(index)
        editor = self.indexWidget(index)
        if isinstance(editor, NumberBox):
            editor.setFocus()
            editor.selectAll()
            if typed:
                editor.lineEdit().insert(typed)

    # Qt

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Remember whether a number was pressed."""
        self._pressed = self._field_at(event) is not None and not event.modifiers()
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Open a number that was clicked."""
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        row = self._field_at(event)
        if index.isValid() and row is None and self._on_arrow(index.row(), event):
            self.block_toggled.emit(index.row())
        if self._pressed and row is not None and event.button() == Qt.MouseButton.LeftButton:
            self.edit_row(row)
        self._pressed = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open the number of the present row with Enter, F2 or a digit."""
        if self.state() == QAbstractItemView.State.EditingState:
            event.accept()  # the Enter that ended the typing comes up from the box
            return
        row, text = self.row(), event.text()
        plain = event.modifiers() in (
            Qt.KeyboardModifier.NoModifier,
            Qt.KeyboardModifier.KeypadModifier,
        )
        if row is not None and plain:
            layer, key = self.layers.rows[row], event.key()
            if layer.opens and key == (Qt.Key.Key_Right if layer.closed else Qt.Key.Key_Left):
                self.block_toggled.emit(row)
                return
            if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2}:
                self.edit_row(row)
                return
            if text and text in "0123456789.-":
                self.edit_row(row, text)
                return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap the sentences anew."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.scheduleDelayedItemsLayout()

    def _on_arrow(self, row: int, event: QMouseEvent) -> bool:
        layer = self.layers.rows[row]
        left = NUMBER + indent(layer)
        return layer.opens and left <= event.position().x() < left + ARROW

    def _field_at(self, event: QMouseEvent) -> int | None:
        index = self.indexAt(event.position().toPoint())
        if not index.isValid() or not self.layers.rows[index.row()].param:
            return None
        inside = field_rect(self.visualRect(index)).contains(event.position().toPoint())
        return index.row() if inside else None


def indent(row: Row) -> int:
    """Return how far a row is moved in, in pixels."""
    return STEP * (len(row.path) - 1)


def field_rect(row: QRect) -> QRect:
    """Return where the number of a row is."""
    left = row.right() - COUNT - SHAPE - FIELD - 4
    return QRect(left, row.top() + 3, FIELD, HEIGHT - 6)


class _RowDelegate(QStyledItemDelegate):
    """Paints a row, and edits its number in place."""

    def __init__(self, layers: LayerList) -> None:
        super().__init__(layers)
        self._list = layers

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return one line, and as many more as the problem takes."""
        row = self._list.layers.rows[index.row()]
        width = self._list.viewport().width()
        if not row.problem:
            return QSize(width, HEIGHT)
        flags = Qt.TextFlag.TextWordWrap
        room = QRect(0, 0, max(width - NUMBER - 10, 60), 1000)
        text = option.fontMetrics.boundingRect(room, flags, row.problem)
        return QSize(width, HEIGHT + text.height() + 6)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one row."""
        colours, row = theme.present.theme, self._list.layers.rows[index.row()]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _paint_ground(painter, option, colours)
        line = QRect(option.rect.topLeft(), QSize(option.rect.width(), HEIGHT))
        middle = Qt.AlignmentFlag.AlignVCenter
        right = middle | Qt.AlignmentFlag.AlignRight
        painter.setPen(QColor(colours.error if row.problem else colours.muted))
        small = QFont(option.font)
        small.setPointSizeF(colours.small_font)
        painter.setFont(small)
        edge = line.right() - 8
        number = QRect(line.left(), line.top(), NUMBER - 6 + indent(row), HEIGHT)
        painter.drawText(number, right, row.number)
        painter.drawText(QRect(edge - COUNT, line.top(), COUNT, HEIGHT), right, row.count)
        shape = QRect(edge - COUNT - SHAPE, line.top(), SHAPE, HEIGHT)
        painter.drawText(shape, right, row.shapes)
        painter.setFont(option.font)
        plain = colours.muted if row.is_part else colours.text
        painter.setPen(QColor(colours.error if row.problem else plain))
        place = line.adjusted(NUMBER + indent(row), 0, 0, 0)
        if row.opens:
            _paint_arrow(painter, place, row, colours)
            place.setLeft(place.left() + ARROW)
        taken = QFontMetrics(small).horizontalAdvance(row.shapes)
        free = edge - COUNT - taken - 8 if row.is_part else shape.left() - 4
        place.setRight(field_rect(line).left() - 4 if row.param else free)
        name = option.fontMetrics.elidedText(row.name, Qt.TextElideMode.ElideRight, place.width())
        painter.drawText(place, middle, name)
        if row.param:
            self._paint_field(painter, field_rect(line), row, colours)
        if row.problem:
            under = option.rect.adjusted(NUMBER, HEIGHT - 3, -8, -4)
            painter.setPen(QColor(colours.error))
            painter.drawText(under, Qt.TextFlag.TextWordWrap, row.problem)
        painter.restore()

    def _paint_field(self, painter: QPainter, rect: QRect, row: Row, colours: theme.Theme) -> None:
        painter.setPen(QColor(colours.border))
        painter.setBrush(QColor(colours.base))
        painter.drawRoundedRect(QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
        painter.setPen(QColor(colours.text))
        value = row.value
        text = numbers.text_of(value) if isinstance(value, int | float) else str(value)
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.drawText(rect.adjusted(4, 0, -8, 0), right, text)

    def createEditor(self, parent: QWidget, _option: QStyleOptionViewItem, index: Index) -> QWidget:
        """Return a number box."""
        at = index.row()
        param = cast("Param", self._list.layers.rows[at].param)
        box = NumberBox(param, parent)
        box.setAccessibleName(f"Layer {at + 1}: {param.label}")
        box.setToolTip(tip(param))
        box.setStyleSheet("QAbstractSpinBox { padding: 0 18px 0 5px; }")
        place = QPersistentModelIndex(index)
        box.edited.connect(
            lambda value: self._list.param_edited.emit(place.row(), param.name, value)
        )
        box.refused.connect(self._list.refused)
        return box

    def destroyEditor(self, editor: QWidget, index: Index) -> None:  # noqa: N802 - Qt
        """Forget what was wrong with what was typed."""
        self._list.refused.emit("")
        super().destroyEditor(editor, index)

    def setEditorData(self, editor: QWidget, index: Index) -> None:
        """Show the value."""
        cast("NumberBox", editor).show_value(self._list.layers.rows[index.row()].value)

    def setModelData(self, editor: QWidget, _model: QAbstractItemModel, _index: Index) -> None:
        """Take what was typed; the box tells of it by itself."""
        cast("NumberBox", editor).commit()

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, _index: Index
    ) -> None:
        """Lay the box over the number."""
        editor.setGeometry(field_rect(option.rect).adjusted(-14, -1, 2, 1))

    def eventFilter(self, editor: QObject, event: QEvent) -> bool:
        """Keep the box open while it holds a mistake."""
        if isinstance(editor, NumberBox) and _ends(event):
            editor.commit()
            if editor.complaint:
                return event.type() == QEvent.Type.KeyPress
        return super().eventFilter(editor, event)


def _ends(event: QEvent) -> bool:
    keys = {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab, Qt.Key.Key_Backtab}
    if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
        return event.key() in keys
    return event.type() == QEvent.Type.FocusOut


def _paint_ground(painter: QPainter, option: QStyleOptionViewItem, colours: theme.Theme) -> None:
    ground = QRectF(option.rect).adjusted(2, 1, -2, -1)
    painter.setPen(Qt.PenStyle.NoPen)
    if option.state & QStyle.StateFlag.State_Selected:
        painter.setBrush(QColor(colours.blend(colours.accent, 0.18)))
        painter.drawRoundedRect(ground, 5, 5)
    elif option.state & QStyle.StateFlag.State_MouseOver:
        painter.setBrush(QColor(colours.hover))
        painter.drawRoundedRect(ground, 5, 5)


def _paint_arrow(painter: QPainter, place: QRect, row: Row, colours: theme.Theme) -> None:
    """Paint the arrow that opens and closes a block: to the right, or down."""
    middle = QPointF(place.left() + 5, place.center().y() + 1)
    corners = [(-3, -5), (3, 0), (-3, 5)] if row.closed else [(-5, -3), (0, 3), (5, -3)]
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.save()
    painter.setPen(QPen(QColor(colours.muted), 1.6))
    painter.drawPolyline([middle + QPointF(x, y) for x, y in corners])
    painter.restore()
