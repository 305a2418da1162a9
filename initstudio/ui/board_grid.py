"""The ground of a board: it lays widgets into rows and columns, whose dividers can be dragged."""

from collections.abc import Sequence
from itertools import accumulate

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QWidget

from initstudio.experiment import Shares
from initstudio.ui.arrangement import LEAST, Cell, cells, parts, rows_and_columns
from initstudio.ui.theme import Theme, present

GAP = 8
SMALLEST = QSize(220, 150)
"""The least size at which a picture can be read."""
Divider = tuple[int | None, int | None]
"""Behind which row and which column it stands; both where two cross."""


class BoardGrid(QWidget):
    """Shows one to six widgets in the places of `arrangement`, or one of them large."""

    shares_changed = Signal(object)
    """A person has dragged a divider: the `Shares` that are wanted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._widgets: list[QWidget] = []
        self._large: QWidget | None = None
        self._shares = Shares()
        self._held: Divider | None = None
        self._mark = QFrame(self)
        self._mark.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._mark.hide()
        self.setMouseTracking(True)
        self.setAccessibleName("Pictures on the board")
        present.theme_changed.connect(self.show_theme)
        self.show_theme(present.theme)

    @property
    def shares(self) -> Shares:
        """Return how large rows and columns are, also while a divider is being dragged."""
        return self._shares

    def show_theme(self, theme: Theme) -> None:
        """Use the theme's colours."""
        veil = f"#30{theme.accent[1:]}"
        self._mark.setStyleSheet(
            f"background: {veil}; border: 2px solid {theme.accent}; border-radius: 8px;"
        )

    def show_widgets(
        self, widgets: Sequence[QWidget], shares: Shares, large: QWidget | None = None
    ) -> None:
        """Lay out these in this order, or `large` over all; those of before are the caller's."""
        self._widgets, self._large = list(widgets), large
        for widget in self._widgets:
            widget.setParent(self)
        if self._held is None:
            self._shares = shares
        self.updateGeometry()
        self._lay_out()
        for widget in self._widgets:
            widget.setVisible(large is None or widget is large)

    def cells(self) -> list[Cell]:
        """Return where the widgets lie, as parts of the height and the width."""
        return cells(len(self._widgets), self._shares)

    def area(self, cell: Cell) -> QRect:
        """Return where a cell is, in pixels."""
        top, left, tall, wide = cell
        height, width = self.height() + GAP, self.width() + GAP
        y, x = round(top * height), round(left * width)
        return QRect(
            x, y, round((left + wide) * width) - x - GAP, round((top + tall) * height) - y - GAP
        )

    def place_at(self, spot: QPoint) -> int | None:
        """Return which place is below a spot of ours."""
        areas = enumerate(map(self.area, self.cells()))
        return next((at for at, area in areas if area.contains(spot)), None)

    def mark(self, place: int | None) -> None:
        """Show where a picture would be dropped, or take the mark away."""
        if place is not None:
            self._mark.setGeometry(self.area(self.cells()[place]))
            self._mark.raise_()
        self._mark.setVisible(place is not None)

    @property
    def marked(self) -> QRect | None:
        """Return the area that is marked."""
        return self._mark.geometry() if self._mark.isVisibleTo(self) else None

    def _lay_out(self) -> None:
        for widget, cell in zip(self._widgets, self.cells(), strict=True):
            whole = widget is self._large
            widget.setGeometry(self.rect() if whole else self.area(cell))

    def _parts(self) -> tuple[list[float], list[float]]:
        """Return the parts that rows and columns have."""
        rows, columns = rows_and_columns(len(self._widgets))
        return list(parts(self._shares.rows, rows)), list(parts(self._shares.columns, columns))

    def _divider_at(self, spot: QPoint) -> Divider | None:
        """Return the divider below a spot: what no widget covers is one, or two that cross."""
        if self._large is not None or self.childAt(spot):
            return None
        rows, columns = self._parts()
        row = _gap_at(rows, spot.y(), self.height() + GAP)
        column = _gap_at(columns, spot.x(), self.width() + GAP)
        return None if row is None and column is None else (row, column)

    def _drag_to(self, spot: QPoint) -> None:
        rows, columns = self._parts()
        row, column = self._held or (None, None)
        if row is not None:
            _move(rows, row, (spot.y() + GAP / 2) / (self.height() + GAP))
        if column is not None:
            _move(columns, column, (spot.x() + GAP / 2) / (self.width() + GAP))
        self._shares = _as_shares(rows, columns)
        self._lay_out()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of a divider."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._held = self._divider_at(event.position().toPoint())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the divider that is held; tell by the mouse's form where there is one."""
        spot = event.position().toPoint()
        if self._held is not None:
            self._drag_to(spot)
            return
        match self._divider_at(spot):
            case None:
                self.unsetCursor()
            case (None, _):
                self.setCursor(Qt.CursorShape.SplitHCursor)
            case (_, None):
                self.setCursor(Qt.CursorShape.SplitVCursor)
            case _:
                self.setCursor(Qt.CursorShape.SizeAllCursor)

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let go of the divider."""
        held, self._held = self._held, None
        if held is not None:
            self.shares_changed.emit(self._shares)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Make what a divider parts alike."""
        divider = self._divider_at(event.position().toPoint())
        if divider is not None:
            row, column = divider
            rows = () if row is not None else self._shares.rows
            columns = () if column is not None else self._shares.columns
            self.shares_changed.emit(Shares(columns=columns, rows=rows))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out anew."""
        super().resizeEvent(event)
        self._lay_out()

    def sizeHint(self) -> QSize:
        """Return room for four pictures."""
        return QSize(960, 640)

    def minimumSizeHint(self) -> QSize:
        """Return the least size at which all pictures can be read."""
        rows, columns = (1, 1) if self._large else rows_and_columns(len(self._widgets))
        return QSize(
            columns * (SMALLEST.width() + GAP) - GAP, rows * (SMALLEST.height() + GAP) - GAP
        )


def _gap_at(sizes: Sequence[float], spot: int, whole: int) -> int | None:
    """Return behind which row or column the gap is in which a spot lies, in pixels."""
    for at, end in enumerate(list(accumulate(sizes))[:-1]):
        edge = round(end * whole)
        if edge - GAP <= spot < edge:
            return at
    return None


def _move(sizes: list[float], at: int, to: float) -> None:
    """Move the end of row or column `at` to a part of the whole, as far as both sides allow."""
    start = sum(sizes[:at])
    both = sizes[at] + sizes[at + 1]
    sizes[at] = min(max(to - start, LEAST), both - LEAST)
    sizes[at + 1] = both - sizes[at]


def _as_shares(rows: Sequence[float], columns: Sequence[float]) -> Shares:
    """Return sizes as a file has them; one row or column needs none."""

    def kept(sizes: Sequence[float]) -> tuple[float, ...]:
        return tuple(round(size, 4) for size in sizes) if len(sizes) > 1 else ()

    return Shares(columns=kept(columns), rows=kept(rows))
