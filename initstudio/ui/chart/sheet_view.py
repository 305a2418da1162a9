"""A sheet on the screen: a table that tells which heading was clicked."""

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QLabel, QTableView, QWidget

from initstudio.ui.chart.sheet import Sheet, alignment
from initstudio.ui.theme import Theme, font

Index = QModelIndex | QPersistentModelIndex
NAME_PAD, PAD = 36, 18
"""Pixels of a cell besides its text: of the first column, and of others."""
ARROWS = (" ↑", " ↓")
"""Behind the heading by which the rows are ordered: that of a style covers texts on the right."""


class _Model(QAbstractTableModel):
    """The sheet's texts, inks and helps."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.sheet = Sheet()
        self._order = (-1, "")

    def show_order(self, column: int, arrow: str) -> None:
        """Show an arrow behind one heading, -1: behind none."""
        before, self._order = self._order, (column, arrow)
        for section in {before[0], column} - {-1} if before != self._order else ():
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, section, section)

    def show_sheet(self, sheet: Sheet) -> None:
        """Show it; the selection stays while the same contenders stand in the same rows."""
        names = [[entry.cells[0] for entry in one.entries] for one in (self.sheet, sheet)]
        same = names[0] == names[1] and self.sheet.heads == sheet.heads
        if not same:
            self.beginResetModel()
        self.sheet = sheet
        if not same:
            self.endResetModel()
        elif sheet.entries:
            last = self.index(len(sheet.entries) - 1, len(sheet.heads) - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent and parent.isValid() else len(self.sheet.entries)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent and parent.isValid() else len(self.sheet.heads)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: ANN401
        if orientation == Qt.Orientation.Vertical or section >= len(self.sheet.heads):
            return None
        head = self.sheet.heads[section]
        arrow = self._order[1] if section == self._order[0] else ""
        return {
            Qt.ItemDataRole.DisplayRole: head.text + arrow,
            Qt.ItemDataRole.TextAlignmentRole: alignment(head),
            Qt.ItemDataRole.ToolTipRole: head.help,
        }.get(Qt.ItemDataRole(role))

    def data(self, index: Index, role: int = 0) -> Any:  # noqa: ANN401
        entry, at = self.sheet.entries[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return entry.cells[at]
            case Qt.ItemDataRole.TextAlignmentRole:
                return alignment(self.sheet.heads[at])
            case Qt.ItemDataRole.ToolTipRole:
                return entry.tips[at]
            case Qt.ItemDataRole.DecorationRole if not at:
                return QColor(entry.colour)
            case Qt.ItemDataRole.ForegroundRole if entry.inks[at]:
                return QColor(entry.inks[at])
            case _:
                return None


class SheetView(QTableView):
    """Shows a sheet. `heading_clicked(column)` asks for another order of the rows."""

    heading_clicked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, showGrid=False, wordWrap=False)
        self.setProperty("kind", "bare")
        self._model = _Model(self)
        self.setModel(self._model)
        self.verticalHeader().hide()
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setFrameShape(QTableView.Shape.NoFrame)
        head = self.horizontalHeader()
        head.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        head.setSectionsClickable(True)
        head.sectionClicked.connect(self.heading_clicked)
        self.message = QLabel(self, alignment=Qt.AlignmentFlag.AlignCenter, wordWrap=True)
        self._widths: dict[int, int] = {}

    @property
    def sheet(self) -> Sheet:
        """Return what is shown."""
        return self._model.sheet

    def show_sheet(self, sheet: Sheet) -> None:
        """Show a sheet; columns never become narrower while a run goes."""
        self.message.hide()
        self._model.show_sheet(sheet)
        self._widen()

    def show_order(self, column: int, *, falling: bool) -> None:
        """Mark by which column the rows are ordered; -1: by none."""
        self._model.show_order(column, ARROWS[falling])

    def say(self, message: str, heads: Sheet, theme: Theme) -> None:
        """Show the headings alone, with a sentence below them."""
        self._model.show_sheet(heads)
        self._widen()
        self.message.setText(message)
        self.message.setStyleSheet(f"color: {theme.muted};")
        self.message.setGeometry(self.rect().adjusted(24, 34, -24, -8))
        self.message.setVisible(bool(message))

    def show_theme(self, theme: Theme) -> None:
        """Use the theme's font."""
        self.setFont(font(theme.plot_font))
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 12)

    def _widen(self) -> None:
        """Make columns wide enough for what they hold."""
        metrics, sheet = QFontMetrics(self.font()), self._model.sheet
        header = self.horizontalHeader()
        for column, head in enumerate(sheet.heads):
            texts = [entry.cells[column] for entry in sheet.entries]
            needed = max([metrics.horizontalAdvance(text) for text in texts], default=0)
            needed = max(needed, metrics.horizontalAdvance(head.text + ARROWS[0]))
            needed += PAD if column else NAME_PAD
            if needed > self._widths.get(column, 0):
                self._widths[column] = needed
                header.resizeSection(column, needed)
