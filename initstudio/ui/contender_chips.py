"""The contenders as coloured chips: a swatch, a name, and an eye that hides and shows."""

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPainterPath, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QLineEdit,
    QListView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from initstudio.experiment import Contender
from initstudio.ui import theme
from initstudio.ui.reorder_list import ReorderList

Index = QModelIndex | QPersistentModelIndex
HEIGHT = 30
SWATCH = 22
EYE = 24
WIDEST = 220
NAME = Qt.ItemDataRole.EditRole


class ContenderModel(QAbstractListModel):
    """The contenders of the present experiment; asks for a new name, and changes nothing."""

    rename_asked = Signal(int, str)

    def __init__(self) -> None:
        super().__init__()
        self.contenders: tuple[Contender, ...] = ()
        self.troubled: frozenset[int] = frozenset()

    def show_contenders(self, contenders: tuple[Contender, ...], troubled: frozenset[int]) -> None:
        """Show these, with a mark on the troubled ones; rows come and go at the end only."""
        old, new = len(self.contenders), len(contenders)
        if new > old:
            self.beginInsertRows(QModelIndex(), old, new - 1)
        elif new < old:
            self.beginRemoveRows(QModelIndex(), new, old - 1)
        self.contenders, self.troubled = contenders, troubled
        if new > old:
            self.endInsertRows()
        elif new < old:
            self.endRemoveRows()
        if new:
            self.dataChanged.emit(self.index(0), self.index(new - 1))

    def rowCount(self, parent: Index | None = None) -> int:
        """Return the number of contenders."""
        return 0 if parent is not None and parent.isValid() else len(self.contenders)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a contender's name, or what is said of it aloud."""
        contender = self.contenders[index.row()]
        if role in {Qt.ItemDataRole.DisplayRole, NAME}:
            return contender.name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"Contender {contender.name}" + (", hidden" if contender.hidden else "")
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{contender.name}\nDrag to reorder; F2 renames; the eye hides its curves."
        return None

    def setData(self, index: Index, value: object, _role: int = NAME) -> bool:
        """Ask for a new name."""
        self.rename_asked.emit(index.row(), str(value))
        return True

    def supportedDropActions(self) -> Qt.DropAction:
        """Return that rows are moved, never copied; the experiment moves them."""
        return Qt.DropAction.MoveAction

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Return that a chip can be selected, renamed and dragged."""
        base = super().flags(index) | Qt.ItemFlag.ItemIsEditable
        return base | (Qt.ItemFlag.ItemIsDragEnabled if index.isValid() else base)


class ChipList(ReorderList):
    """Chips that flow into rows, as high as they need; `eye_clicked` tells of a click on an eye."""

    eye_clicked = Signal(int)

    def __init__(self, model: ContenderModel) -> None:
        super().__init__(model)
        self.contenders = model
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setSpacing(3)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setItemDelegate(_ChipDelegate(self))
        self.doubleClicked.connect(self.edit)

    def fit_height(self) -> None:
        """Take the height that all chips need."""
        self.doItemsLayout()
        last = self.model().index(self.model().rowCount() - 1, 0)
        bottom = self.visualRect(last).bottom() + self.verticalOffset() if last.isValid() else 0
        self.setFixedHeight(max(bottom, HEIGHT) + 12)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Tell of a click on an eye."""
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and eye_rect(self.visualRect(index)).contains(event.position()):
            self.eye_clicked.emit(index.row())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Rename; but on an eye a second click is only a click."""
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and eye_rect(self.visualRect(index)).contains(event.position()):
            event.accept()
            return
        super().mouseDoubleClickEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Flow anew."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.fit_height()


def eye_rect(chip: QRect) -> QRectF:
    """Return where the eye of a chip is."""
    return QRectF(chip.right() - EYE - 2, chip.top(), EYE + 2, chip.height())


class _ChipDelegate(QStyledItemDelegate):
    """Paints a chip, and edits its name in place."""

    def __init__(self, chips: ChipList) -> None:
        super().__init__(chips)
        self._chips = chips

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Return room for swatch, name and eye."""
        text = option.fontMetrics.horizontalAdvance(str(index.data()))
        return QSize(min(SWATCH + text + EYE + 14, WIDEST), HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one chip."""
        colours = theme.present.theme
        model = self._chips.contenders
        contender = model.contenders[index.row()]
        troubled = index.row() in model.troubled
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chip = QRectF(option.rect).adjusted(1, 1, -1, -1)
        own = colours.colour(contender.slot)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        border = own if selected else colours.error if troubled else colours.border
        painter.setPen(QPen(QColor(border), 2 if selected else 1))
        painter.setBrush(QColor(colours.blend(own, 0.22 if selected else 0.08)))
        painter.drawRoundedRect(chip, chip.height() / 2, chip.height() / 2)
        self._paint_swatch(painter, chip, own, colours.dash(contender.slot), contender.hidden)
        ink = colours.muted if contender.hidden else colours.text
        painter.setPen(QColor(colours.error if troubled else ink))
        room = name_rect(option.rect)
        text = option.fontMetrics.elidedText(
            contender.name, Qt.TextElideMode.ElideRight, room.width()
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)
        _paint_eye(painter, eye_rect(option.rect).center(), colours.muted, closed=contender.hidden)
        painter.restore()

    def _paint_swatch(
        self,
        painter: QPainter,
        chip: QRectF,
        colour: str,
        dash: tuple[float, ...],
        hidden: bool,  # noqa: FBT001 - private
    ) -> None:
        pen = QPen(QColor(colour), 3)
        if dash:
            pen.setDashPattern(list(dash))
        middle = chip.center().y()
        painter.setOpacity(0.4 if hidden else 1)
        if dash:
            painter.setPen(pen)
            painter.drawLine(QPointF(chip.left() + 8, middle), QPointF(chip.left() + 21, middle))
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colour))
            painter.drawEllipse(QPointF(chip.left() + 14, middle), 5.5, 5.5)
        painter.setOpacity(1)

    def createEditor(self, parent: QWidget, _option: QStyleOptionViewItem, index: Index) -> QWidget:
        """Return a line for the name."""
        line = QLineEdit(parent)
        line.setMaxLength(60)
        line.setAccessibleName(f"Name of contender {index.row() + 1}")
        line.setStyleSheet("padding: 0 4px;")
        return line

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, _index: Index
    ) -> None:
        """Lay the line over the chip."""
        rect = option.rect.adjusted(SWATCH, 2, -4, -2)
        rect.setWidth(max(rect.width(), 90))
        editor.setGeometry(rect)

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        """Ask for the new name, where it is one."""
        if isinstance(editor, QLineEdit) and editor.text() != index.data(NAME):
            model.setData(index, editor.text())

    def editorEvent(
        self,
        _event: QEvent,
        _model: QAbstractItemModel,
        _option: QStyleOptionViewItem,
        _index: Index,
    ) -> bool:
        """Leave clicks to the list."""
        return False


def name_rect(chip: QRect) -> QRect:
    """Return where the name of a chip is."""
    return chip.adjusted(SWATCH + 4, 0, -EYE - 4, 0)


def _paint_eye(painter: QPainter, at: QPointF, colour: str, *, closed: bool) -> None:
    left, right = at + QPointF(-6.5, 0), at + QPointF(6.5, 0)
    path = QPainterPath(left)
    path.quadTo(at + QPointF(0, 7.5), right)
    if not closed:
        path.quadTo(at + QPointF(0, -7.5), left)
    painter.setPen(QPen(QColor(colour), 1.4))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)
    if closed:
        for x in (-4.0, 0.0, 4.0):
            start = at + QPointF(x, 3.2 if x else 4)
            painter.drawLine(start, start + QPointF(x * 0.4, 3))
    else:
        painter.setBrush(QColor(colour))
        painter.drawEllipse(at, 2.2, 2.2)
