"""The buttons of a board, which stand above it: named arrangements, and pictures."""

from PySide6.QtWidgets import QHBoxLayout, QWidget

from initstudio.ui.arrangement_menu import ArrangementMenu
from initstudio.ui.board_edits import BoardEdits, Page
from initstudio.ui.picture_menu import PictureMenu


class BoardMenus(QWidget):
    """Both menus of a page, beside each other."""

    def __init__(self, page: Page, edits: BoardEdits, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.arrangements = ArrangementMenu(page, edits)
        self.pictures = PictureMenu(page)
        self.pictures.chosen.connect(edits.add)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.arrangements)
        row.addWidget(self.pictures)
