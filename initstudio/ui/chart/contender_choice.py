"""Which contenders one picture shows: a small button with a menu, and the text that a file has."""

from collections.abc import Sequence
from functools import partial
from typing import TypeAlias

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from initstudio.errors import ExperimentError
from initstudio.experiment import Contender
from initstudio.ui.theme import LIGHT, Theme

OPTION = "contenders"
"""The parameter of a picture's `Choice`, whatever picture it is."""
Chosen: TypeAlias = frozenset[int] | None
"""The slots of the contenders that are shown; None: all."""
DOT = 8.0
STEP = 10
MOST_DOTS = 4


def slots_in(text: object) -> Chosen:
    """Return the slots in a text such as "0 2"; an empty one means all.

    Raises:
        ExperimentError: It is no such text.
    """
    words = text.split() if isinstance(text, str) else ["?"]
    if not all(word.isascii() and word.isdigit() and len(word) < 4 for word in words):
        raise ExperimentError(f"$.{OPTION}", "expected contenders' slots, such as '0 2'")
    return frozenset(map(int, words)) or None


def toggled(chosen: Chosen, slot: int, offered: Sequence[int]) -> Chosen:
    """Return what is chosen after a click on a contender: from all to it alone, else one to or fro.

    Where none is left, or all are chosen that are offered, it is all again.
    """
    changed = (chosen or frozenset()) ^ {slot}
    return None if not changed or changed >= set(offered) else changed


class ContenderButton(QToolButton):
    """Has a dot for each contender, full where it is shown; the menu changes which those are.

    It is in sight if it is `offered` and there is anything to choose.
    """

    changed = Signal()
    """A person has chosen others."""

    def __init__(self, of: str, *, offered: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._offered = offered
        self._contenders: tuple[Contender, ...] = ()
        self._chosen: Chosen = None
        self._theme = LIGHT
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setProperty("kind", "dots")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setAccessibleName(f"{of}: Contenders")
        menu = QMenu(self)
        menu.aboutToShow.connect(self._fill)
        self.setMenu(menu)
        self.hide()

    @property
    def text_in_file(self) -> str:
        """Return what is chosen as a file has it; nothing for all."""
        return " ".join(map(str, sorted(self._chosen or ())))

    def shows(self, slot: int) -> bool:
        """Return whether a contender is shown, if it is there."""
        return not self._offered or self._chosen is None or slot in self._chosen

    def choose(self, chosen: Chosen) -> bool:
        """Show these contenders only, and return whether that is a change."""
        before, self._chosen = self._chosen, chosen
        if chosen != before:
            self._show_state()
        return chosen != before

    def show_theme(self, theme: Theme) -> None:
        """Use the theme's colours."""
        self._theme = theme
        self._show_state()

    def show_contenders(self, contenders: Sequence[Contender]) -> None:
        """Offer those of these that are not hidden everywhere."""
        self._contenders = tuple(one for one in contenders if not one.hidden)
        self._show_state()

    def _show_state(self) -> None:
        names = [one.name for one in self._contenders if self.shows(one.slot)]
        some = self._chosen is not None
        self.setText(f"{len(names)} of {len(self._contenders)}" if some else "")
        told = ", ".join(names) or "none of this experiment"
        self.setToolTip(f"Contenders in this picture: {told if some else 'all'}")
        self.setIcon(self._icon())
        # what a file has chosen must be seen, even where there is one contender only
        self.setHidden(not self._offered or (len(self._contenders) < 2 and not some))

    def _icon(self) -> QIcon:
        shown = self._contenders[:MOST_DOTS]
        size = QSize(max(1, STEP * len(shown)), STEP)
        self.setIconSize(size)
        pixmap = QPixmap(size * 2)
        pixmap.setDevicePixelRatio(2)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for at, one in enumerate(shown):
            colour = QColor(self._theme.colour(one.slot))
            full = self.shows(one.slot)
            painter.setPen(QPen(colour if full else QColor(self._theme.muted), 1))
            painter.setBrush(colour if full else Qt.BrushStyle.NoBrush)
            painter.drawEllipse(QRectF(at * STEP + 1, 1, DOT, DOT).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()
        return QIcon(pixmap)

    def _fill(self) -> None:
        menu = self.menu()
        menu.clear()
        every = menu.addAction("&All contenders")
        every.setCheckable(True)
        every.setChecked(self._chosen is None)
        every.triggered.connect(partial(self._on_chosen, None))
        menu.addSeparator()
        offered = [one.slot for one in self._contenders]
        for one in self._contenders:
            action = menu.addAction(one.name.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(self._chosen is not None and one.slot in self._chosen)
            after = toggled(self._chosen, one.slot, offered)
            action.triggered.connect(partial(self._on_chosen, after))

    def _on_chosen(self, chosen: Chosen, *_checked: bool) -> None:
        if self.choose(chosen):
            self.changed.emit()
