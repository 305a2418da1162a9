"""The menu of named arrangements: those that come along, a person's own, and keeping of those."""

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QInputDialog, QMenu, QMessageBox, QToolButton, QWidget

from initstudio import arrangements
from initstudio.arrangements import Arrangement
from initstudio.errors import ExperimentError
from initstudio.experiment import Shares
from initstudio.ui.board_edits import BoardEdits, Page

Answer = QMessageBox.StandardButton


class ArrangementMenu(QToolButton):
    """Applies, saves, renames and deletes the arrangements of one page."""

    failed = Signal(str, str)
    """Where and why something that was asked for is not possible."""

    def __init__(self, page: Page, edits: BoardEdits, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._page = page
        self._edits = edits
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setText("Arrangements")
        self.setAccessibleName("Arrangements")
        self.setToolTip("Pictures, their options and sizes under a name.")
        menu = QMenu(self)
        menu.aboutToShow.connect(self.fill)
        self.setMenu(menu)
        self.fill_built_in()

    def fill_built_in(self) -> None:
        """List what needs no file, so that the button has a menu at once."""
        self._fill(())

    def fill(self) -> None:
        """List all that there are now, in the person's file too."""
        try:
            own = arrangements.own_of(self._page.field)
        except ExperimentError as error:
            own = ()
            self._tell(error)
        self._fill(own)

    def _fill(self, own: tuple[Arrangement, ...]) -> None:
        menu = self.menu()
        menu.clear()
        for one in own:
            self._add(menu, one)
        if own:
            menu.addSeparator()
        for one in arrangements.built_in(self._page.field):
            self._add(menu, one)
        menu.addSeparator()
        menu.addAction("&Save present as…").triggered.connect(self._on_save)
        rename, delete = QMenu("&Rename", menu), QMenu("&Delete", menu)
        for submenu, slot in ((rename, self._on_rename), (delete, self._on_delete)):
            menu.addMenu(submenu).setEnabled(bool(own))
            for one in own:
                action = submenu.addAction(_plain(one.name))
                action.triggered.connect(partial(slot, one.name))
        menu.addSeparator()
        even = menu.addAction("All the same si&ze")
        even.setEnabled(self._edits.shares() != Shares())
        even.triggered.connect(self._on_even)

    def _add(self, menu: QMenu, arrangement: Arrangement) -> None:
        action = menu.addAction(_plain(arrangement.name))
        action.setCheckable(True)
        action.setChecked(self._is_present(arrangement))
        action.triggered.connect(partial(self._on_chosen, arrangement))

    def _is_present(self, arrangement: Arrangement) -> bool:
        present = (self._edits.shown(), self._edits.shares())
        return present == (arrangement.pictures, arrangement.shares)

    def _on_chosen(self, arrangement: Arrangement, *_checked: bool) -> None:
        self._edits.arrange(arrangement.pictures, arrangement.shares, arrangement.name)

    def _on_even(self, *_checked: bool) -> None:
        self._edits.share(Shares())

    def _on_save(self, *_checked: bool) -> None:
        name = self._ask_name("Save the present arrangement", "")
        if name and self._may_replace(name):
            made = Arrangement(
                name=name,
                page=self._page.field,
                pictures=self._edits.shown(),
                shares=self._edits.shares(),
            )
            self._try(partial(arrangements.save, made))

    def _on_rename(self, name: str, *_checked: bool) -> None:
        to = self._ask_name(f"Rename “{name}”", name)
        if to and to != name and self._may_replace(to):
            self._try(partial(arrangements.rename, self._page.field, name, to))

    def _on_delete(self, name: str, *_checked: bool) -> None:
        answer = QMessageBox.question(
            self, "Delete the arrangement?", f"“{name}” is deleted for good."
        )
        if answer == Answer.Yes:
            self._try(partial(arrangements.delete, self._page.field, name))

    def _ask_name(self, title: str, present: str) -> str:
        """Return the name that the person gives, or nothing."""
        name, given = QInputDialog.getText(self, title, "Name:", text=present)
        return name.strip() if given else ""

    def _may_replace(self, name: str) -> bool:
        """Return whether an arrangement of that name may be written over, if there is one."""
        try:
            taken = any(one.name == name for one in arrangements.own_of(self._page.field))
        except ExperimentError as error:
            self._tell(error)
            return False
        if not taken:
            return True
        text = f"There is an arrangement “{name}” already. Is it to be replaced?"
        return QMessageBox.question(self, "Replace the arrangement?", text) == Answer.Yes

    def _try(self, change: partial[None]) -> None:
        try:
            change()
        except ExperimentError as error:
            self._tell(error)

    def _tell(self, error: ExperimentError) -> None:
        self.failed.emit(error.where, error.why)


def _plain(name: str) -> str:
    """Return a name as a menu shows it: & would underline the letter behind it."""
    return name.replace("&", "&&")
