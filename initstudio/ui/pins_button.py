"""The button of the pinned runs, for both pages: it pins, renames and takes off."""

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QInputDialog, QMenu, QToolButton, QWidget

from initstudio.history import History
from initstudio.ui.chart.contender_line import Pin
from initstudio.ui.pins import MOST
from initstudio.ui.session import Session


class PinsButton(QToolButton):
    """Tells how many runs are pinned; its menu is filled anew whenever it opens."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setAccessibleName("Pinned runs")
        self.setToolTip("Keep runs and starts in the pictures of both pages, dashed.")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(self._fill)
        self.setMenu(menu)
        session.pins.changed.connect(self._show_count)
        self._show_count()

    def _show_count(self) -> None:
        count = len(self._session.pins.all)
        self.setText(f"Pins: {count}" if count else "Pins")

    def _fill(self) -> None:
        """Offer what can be pinned, and tell what is."""
        session, pins = self._session, self._session.pins
        self.menu().clear()
        for text, history in (
            ("Pin this run", session.history),
            ("Pin the run before", session.before),
        ):
            possible = history is not None and history.last_step > 0 and pins.of(history) is None
            self._offer(text, partial(self._on_run, history), possible=possible)
        experiment = session.experiment
        possible = not session.problems and pins.of_start(experiment) is None
        self._offer("Pin this start", partial(self._on_start), possible=possible)
        for pin in pins.all:
            self.menu().addSeparator()
            title = pin.history.header.experiment.title
            sub = self.menu().addMenu(f"{pin.name}: {title}, {self._place_of(pin)}")
            sub.addAction("Rename…").triggered.connect(partial(self._ask_name, pin))
            sub.addAction("Take off").triggered.connect(partial(self._on_removed, pin))
        if pins.all:
            self.menu().addSeparator()
            self.menu().addAction("Take all off").triggered.connect(pins.clear)

    def _offer(self, text: str, slot: Callable[[], None], *, possible: bool) -> None:
        action = self.menu().addAction(text)
        action.setEnabled(possible and not self._session.pins.full)
        action.triggered.connect(lambda _on=False: slot())
        if self._session.pins.full:
            action.setToolTip(f"{MOST} are pinned; take one off first.")

    def _place_of(self, pin: Pin) -> str:
        """Return how far a pinned run has come, and whether it is what is shown anyway."""
        last = pin.history.last_step
        place = f"step {last:,}" if last >= 0 else "not run"
        if pin.history is self._session.history:
            return f"{place} (this run)"
        this = self._session.pins.of_start(self._session.experiment) is pin
        return f"{place} (this start)" if this else place

    def _on_run(self, history: History | None) -> None:
        if history is not None:
            self._session.pins.add(history)

    def _on_start(self) -> None:
        self._session.pins.add_start(self._session.experiment)

    def _on_removed(self, pin: Pin, *_checked: bool) -> None:
        self._session.pins.remove(pin)

    def _ask_name(self, pin: Pin, *_checked: bool) -> None:
        name, good = QInputDialog.getText(self, "Rename a pinned run", "Name:", text=pin.name)
        if good:
            self._session.pins.rename(pin, name)
