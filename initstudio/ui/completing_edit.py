"""A text field that offers words while one is typed, in a list that never takes the focus."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFont,
    QFontDatabase,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QTextCursor,
)
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

MOST_ROWS = 8
WIDTH = 340
_MOVES = {
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_PageDown: MOST_ROWS,
    Qt.Key.Key_PageUp: -MOST_ROWS,
}
_TAKES = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab)
_ENTERS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


@dataclass(frozen=True)
class Offer:
    """A word that can be taken, as it is shown, with one line of help.

    `opens` says that parentheses belong to it, between which the cursor comes to stand.
    """

    word: str
    shown: str = ""
    help: str = ""
    opens: bool = False


class OfferList(QFrame):
    """The words on offer, and the help of the one that is marked."""

    taken = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.ToolTip | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setProperty("kind", "card")
        self.offers: tuple[Offer, ...] = ()
        self.list = QListWidget()
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setAccessibleName("Completions")
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setUniformItemSizes(True)
        self._help = QLabel()
        self._help.setProperty("kind", "muted")
        self._help.setTextFormat(Qt.TextFormat.PlainText)
        self._help.setWordWrap(True)
        self._help.setContentsMargins(8, 0, 8, 0)
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 6)
        self._rows.setSpacing(5)
        self._rows.addWidget(self.list)
        self._rows.addWidget(self._help)
        self.list.currentRowChanged.connect(self._on_row_changed)
        self.list.itemClicked.connect(self._on_item_clicked)

    @property
    def current(self) -> Offer | None:
        """Return the offer that is marked."""
        row = self.list.currentRow()
        return self.offers[row] if 0 <= row < len(self.offers) else None

    def show_offers(self, offers: Sequence[Offer], place: QRect) -> None:
        """Show offers below a place on the screen, or above where there is more room."""
        self.offers = tuple(offers)
        if not offers:
            self.hide()
            return
        self.list.clear()
        self.list.setFont(monospace())
        for offer in offers:
            self.list.addItem(QListWidgetItem(offer.shown or offer.word))
        rows = min(len(offers), MOST_ROWS)
        self.list.setFixedHeight(rows * self.list.sizeHintForRow(0) + 4)
        self.list.setCurrentRow(0)
        # room for the longest help, so that nothing jumps while one moves through the list
        width = WIDTH - 20
        tallest = max(self._height_of(offer.help, width) for offer in offers)
        self._help.setFixedHeight(tallest)
        self._help.setVisible(bool(tallest))
        size = QSize(WIDTH, self._rows.sizeHint().height())
        self.setFixedSize(size)
        self.move(_beside(place, size))
        self.show()

    def step(self, by: int) -> None:
        """Mark another offer."""
        self.list.setCurrentRow(min(max(self.list.currentRow() + by, 0), len(self.offers) - 1))

    def _height_of(self, text: str, width: int) -> int:
        if not text:
            return 0
        flags = int(Qt.TextFlag.TextWordWrap.value)
        metrics = self._help.fontMetrics()
        return metrics.boundingRect(0, 0, width, 1000, flags, text).height() + 2

    def _on_row_changed(self, _row: int) -> None:
        self._help.setText(self.current.help if self.current else "")

    def _on_item_clicked(self, _item: QListWidgetItem) -> None:
        if self.current:
            self.taken.emit(self.current)


class CompletingEdit(QPlainTextEdit):
    """Offers what its class finds for the word at the cursor; Ctrl+Space asks for it.

    Tab and Enter take the offer that is marked, Escape closes the list, and Enter goes through
    where the word is already there.
    """

    least = 1
    """So many characters of a word bring the list up."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = OfferList(self)
        self.list.taken.connect(self.take)
        self.setFont(monospace())
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)

    def begun(self) -> str:
        """Return what of a word stands before the cursor."""
        raise NotImplementedError

    def offers(self) -> list[Offer]:
        """Return what may stand at the cursor instead of what is begun, best first."""
        raise NotImplementedError

    def wants(self) -> bool:
        """Return whether enough is typed for the list to come up by itself."""
        return len(self.begun()) >= self.least

    def take(self, offer: Offer) -> None:
        """Put the word in the place of what is begun."""
        cursor = self.textCursor()
        start = cursor.position() - units(self.begun())
        cursor.beginEditBlock()
        cursor.setPosition(start, QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText(offer.word)
        if offer.opens and self._follows(cursor) != "(":
            cursor.insertText("()")
            cursor.movePosition(QTextCursor.MoveOperation.Left)
        cursor.endEditBlock()
        self.setTextCursor(cursor)
        self.list.hide()

    def suggest(self, *, asked: bool = False) -> None:
        """Show what may be typed; nothing while too little is typed, unless it was asked for."""
        begun = self.begun()
        offers = self.offers() if asked or self.wants() else []
        if [one.word for one in offers] == [begun] and not asked:
            offers = []
        place = self.cursorRect()
        place.translate(-self.fontMetrics().horizontalAdvance(begun), 0)
        corner = self.viewport().mapToGlobal(place.topLeft())
        self.list.show_offers(offers, QRect(corner, place.size()))

    def _follows(self, cursor: QTextCursor) -> str:
        return self.document().characterAt(cursor.position())

    def _takes_key(self, event: QKeyEvent) -> bool:
        """Return whether a key was meant for the list."""
        key, offer = cast("Qt.Key", event.key()), self.list.current
        if key == Qt.Key.Key_Escape:
            self.list.hide()
        elif key in _MOVES:
            self.list.step(_MOVES[key])
        elif key in _TAKES and offer and not event.modifiers():
            if key in _ENTERS and offer.word == self.begun():
                self.list.hide()
                return False
            self.take(offer)
        else:
            return False
        return True

    # Qt

    def focusNextPrevChild(self, following: bool) -> bool:  # noqa: FBT001, N802 - Qt's
        """Keep Tab for the list while it is there."""
        return not self.list.isVisible() and super().focusNextPrevChild(following)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Give the list its keys, and look for words after those that write or erase."""
        if self.list.isVisible() and self._takes_key(event):
            event.accept()
            return
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if control and event.key() == Qt.Key.Key_Space:
            self.suggest(asked=True)
            event.accept()
            return
        before = self.toPlainText()
        super().keyPressEvent(event)
        if self.toPlainText() == before:
            if event.text() or event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
                self.list.hide()
            return
        writes = bool(event.text()) and event.text().isprintable()
        if writes or (self.list.isVisible() and event.key() == Qt.Key.Key_Backspace):
            self.suggest()
        else:
            self.list.hide()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Close the list: the cursor is elsewhere."""
        self.list.hide()
        super().mousePressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Close the list."""
        self.list.hide()
        super().focusOutEvent(event)


def monospace() -> QFont:
    """Return the desktop's own font for code, in the window's size."""
    made = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    made.setPointSizeF(QGuiApplication.font().pointSizeF())
    return made


def units(text: str) -> int:
    """Return how long Qt counts a text, in units of UTF-16."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _beside(place: QRect, size: QSize) -> QPoint:
    """Return where a list of this size stands beside a place and on its screen."""
    corner = QPoint(place.left(), place.bottom() + 4)
    screen = QGuiApplication.screenAt(place.topLeft()) or QGuiApplication.primaryScreen()
    room = screen.availableGeometry()
    if corner.y() + size.height() > room.bottom() and place.top() - size.height() > room.top():
        corner.setY(place.top() - size.height() - 4)
    corner.setX(max(min(corner.x(), room.right() - size.width()), room.left()))
    return corner
