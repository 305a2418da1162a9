"""A list whose rows are dragged into another order; the experiment moves, the list only asks."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import (
    QAbstractItemModel,
    QItemSelection,
    QItemSelectionModel,
    QPoint,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QAction,
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from initstudio.ui import theme

Keys = QKeySequence.StandardKey | Qt.Key | str


class ReorderList(QListView):
    """A QListView of one kind of rows; `rows_moved(rows, to)` asks to put rows before row `to`."""

    rows_moved = Signal(list, int)

    def __init__(self, model: QAbstractItemModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        model.setParent(self)
        self.setModel(model)
        self._mark: int | None = None
        self.setMouseTracking(True)
        self.setDragEnabled(True)
        self.setAcceptDrops(True)
        self.setDropIndicatorShown(False)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def rows(self) -> list[int]:
        """Return the selected rows in order."""
        return sorted(index.row() for index in self.selectionModel().selectedIndexes())

    def row(self) -> int | None:
        """Return the current row, or None."""
        index = self.currentIndex()
        return index.row() if index.isValid() else None

    def select_rows(self, rows: Sequence[int]) -> None:
        """Select exactly these rows; the last becomes the current one and is scrolled to."""
        model, chosen = self.model(), QItemSelection()
        for row in rows:
            chosen.select(model.index(row, 0), model.index(row, 0))
        flag = QItemSelectionModel.SelectionFlag
        self.selectionModel().select(chosen, flag.ClearAndSelect)
        if rows:
            last = model.index(rows[-1], 0)
            self.selectionModel().setCurrentIndex(last, flag.NoUpdate)
            self.scrollTo(last)

    def add_action(self, text: str, keys: Keys | None, slot: Callable[[], None]) -> QAction:
        """Return a new action of the context menu, whose keys work while the list has the focus."""
        action = QAction(text, self)
        if keys is not None:
            action.setShortcut(QKeySequence(keys))
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.triggered.connect(lambda _checked=False: slot())
        self.addAction(action)
        return action

    def move_selection(self, by: int) -> None:
        """Ask to move the selected rows one place up (-1) or down (1)."""
        rows = self.rows()
        if not rows:
            return
        to = rows[0] - 1 if by < 0 else rows[-1] + 2
        if 0 <= to <= self.model().rowCount():
            self.rows_moved.emit(rows, to)

    def drop_row(self, at: QPoint) -> int:
        """Return the row before which something that is dropped here goes."""
        flows = self.flow() == QListView.Flow.LeftToRight
        for row in range(self.model().rowCount()):
            rect = self.visualRect(self.model().index(row, 0))
            if flows and at.y() <= rect.bottom() and at.x() < rect.center().x():
                return row
            if flows and at.y() < rect.top():
                return row
            if not flows and at.y() < rect.center().y():
                return row
        return self.model().rowCount()

    # Qt

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Let in what is dragged from here."""
        if event.source() is self:
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Show where the rows would go."""
        if event.source() is not self:
            event.ignore()
            return
        self._show_mark(self.drop_row(event.position().toPoint()))
        event.acceptProposedAction()
        if self.hasAutoScroll():
            super().dragMoveEvent(event)
            event.accept()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Take the mark away."""
        self._show_mark(None)
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Ask for the move; the rows follow when the experiment has changed."""
        self._show_mark(None)
        if event.source() is not self:
            event.ignore()
            return
        rows, to = self.rows(), self.drop_row(event.position().toPoint())
        event.acceptProposedAction()
        if rows:
            self.rows_moved.emit(rows, to)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the rows, and the mark between two of them."""
        super().paintEvent(event)
        if self._mark is None or not self.model().rowCount():
            return
        painter = QPainter(self.viewport())
        painter.setPen(QPen(QColor(theme.present.theme.accent), 2))
        painter.drawLine(*self._mark_line(self._mark))
        painter.end()

    def _mark_line(self, row: int) -> tuple[QPoint, QPoint]:
        count = self.model().rowCount()
        rect: QRect = self.visualRect(self.model().index(min(row, count - 1), 0))
        if self.flow() == QListView.Flow.LeftToRight:
            x = rect.left() - 1 if row < count else rect.right() + 2
            return QPoint(x, rect.top()), QPoint(x, rect.bottom())
        y = max(rect.top(), 1) if row < count else rect.bottom()
        return QPoint(rect.left(), y), QPoint(rect.right(), y)

    def _show_mark(self, row: int | None) -> None:
        if row != self._mark:
            self._mark = row
            self.viewport().update()
