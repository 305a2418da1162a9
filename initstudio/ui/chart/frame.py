"""The frame around a picture: its title, its options, its legend and one line of notes."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from initstudio.ui.chart.legend import Legend
from initstudio.ui.chart.toolbar import Toolbar
from initstudio.ui.theme import Theme, font

TAKEN = {
    "copy_picture": "&Copy picture",
    "save_picture": "&Save picture…",
    "copy_data": "Copy &data",
    "save_data": "Save data &as CSV…",
}
"""What a person can take home of a plot: its key, and the menu's words for it."""

ROOM_CHANGES = (QEvent.Type.LayoutRequest, QEvent.Type.ShowToParent, QEvent.Type.HideToParent)
"""What happens to controls when they take more or less room."""


class Frame(QWidget):
    """Lays out what belongs to a picture; `put` gives it the picture itself."""

    enlarge_asked = Signal()
    """The title was double-clicked."""
    taken = Signal(str)
    """What is to be taken home: a key of `TAKEN`."""

    def __init__(self, label: str, toolbar: Toolbar, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAutoFillBackground(True)
        self.title = QLabel(label)
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.title.setMinimumWidth(40)
        self.title.installEventFilter(self)
        self.toolbar = toolbar
        self.toolbar.installEventFilter(self)
        self._last: QWidget | None = None
        self.more = self._make_more()
        self.corner = QHBoxLayout()
        """What stands right of the options, the menu last."""
        self.legend = Legend()
        self.note = QLabel(wordWrap=False)
        self.note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._note = ""
        self._where = ""
        self.fold = QFrame(self, Qt.WindowType.Popup)
        """Holds the options where the picture is too narrow for them."""
        self.fold.setProperty("kind", "card")
        QHBoxLayout(self.fold).setContentsMargins(8, 6, 8, 6)
        self.unfold = QToolButton()
        self.unfold.setText("Options")
        self.unfold.setProperty("kind", "quiet")
        self.unfold.setAccessibleName(f"{label}: Options")
        self.unfold.setToolTip("What is shown, and how.")
        self.unfold.clicked.connect(self._on_unfold)
        self.unfold.hide()

    def put(self, picture: QWidget) -> None:
        """Lay out all, around the picture."""
        self._head = QGridLayout()
        self._head.setSpacing(2)
        self._head.setColumnStretch(0, 1)
        self._head.addWidget(self.title, 0, 0)
        self.corner.addWidget(self.more)
        self._head.addLayout(self.corner, 0, 2)
        self._head.addWidget(self.unfold, 1, 0, 1, 4, Qt.AlignmentFlag.AlignLeft)
        self._place_toolbar("beside")
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 7, 10, 5)
        column.setSpacing(3)
        column.addLayout(self._head)
        column.addWidget(self.legend)
        column.addWidget(picture, 1)
        column.addWidget(self.note)

    def put_last(self, button: QWidget) -> None:
        """Put a button that comes and goes to the end of the head."""
        self._last = button
        button.installEventFilter(self)
        self._head.addWidget(button, 0, 3)

    def show_frame(self, theme: Theme) -> None:
        """Use the theme's colours and fonts."""
        self.title.setFont(font(theme.title_font, bold=True))
        self.note.setFont(font(theme.small_font))
        self.note.setStyleSheet(f"color: {theme.muted};")
        self.note.setFixedHeight(self.note.fontMetrics().height() + 2)
        self.setStyleSheet(
            f"#{self.objectName()} {{ background: {theme.base};"
            f" border: 1px solid {theme.border}; border-radius: 8px; }}"
            f"#{self.objectName()}:focus {{ border-color: {theme.accent}; }}"
        )
        self.legend.show_theme(theme)

    def show_notes(self, notes: Sequence[str]) -> None:
        """Write what a person must know to read the picture; the whole text is in the tooltip."""
        text = "  ·  ".join(note for note in notes if note)
        if text != self._note:
            self._note = text
            self.note.setToolTip("\n".join(note for note in notes if note))
            self._elide_note()

    @property
    def notes(self) -> str:
        """Return the notes under the picture, in full."""
        return self._note

    def _make_more(self) -> QToolButton:
        """Return the button with the menu of what can be taken home; a right click shows it, too.

        Who places the picture adds what can be done with it there.
        """
        button = QToolButton(popupMode=QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setText("⋯")
        button.setProperty("kind", "dots")
        button.setAccessibleName(f"{self.title.text()}: More")
        button.setToolTip("Take this picture or its numbers home; enlarge, double or remove it.")
        menu = QMenu(button)
        for key, text in TAKEN.items():
            menu.addAction(text).triggered.connect(partial(self._on_taken, key))
        button.setMenu(menu)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(lambda at: menu.popup(self.mapToGlobal(at)))
        return button

    def _on_taken(self, key: str, *_checked: bool) -> None:
        self.taken.emit(key)

    def _place_toolbar(self, where: str) -> None:
        """Put the options "beside" the title, into a row "below" it, or behind a button: "fold"."""
        if where == self._where:
            return
        self._where = where
        for layout in (self._head, self.fold.layout()):
            if layout:
                layout.removeWidget(self.toolbar)
        # a picture that is taken home has no controls
        explicit = self.toolbar.testAttribute(Qt.WidgetAttribute.WA_WState_ExplicitShowHide)
        self.unfold.setVisible(where == "fold" and not (explicit and self.toolbar.isHidden()))
        fold = self.fold.layout()
        if where == "fold" and fold:
            fold.addWidget(self.toolbar)
        else:
            self.fold.hide()
            place = (0, 1, 1, 1) if where == "beside" else (1, 0, 1, 4)
            self._head.addWidget(self.toolbar, *place, Qt.AlignmentFlag.AlignLeft)

    def _on_unfold(self) -> None:
        self.fold.adjustSize()
        self.fold.move(self.unfold.mapToGlobal(self.unfold.rect().bottomLeft()))
        self.fold.show()

    def _elide_note(self) -> None:
        metrics = self.note.fontMetrics()
        width = max(20, self.width() - 26)
        self.note.setText(metrics.elidedText(self._note, Qt.TextElideMode.ElideRight, width))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shorten the notes to the width, and give the options a row where they need one."""
        super().resizeEvent(event)
        self._elide_note()
        self._find_room()

    def _find_room(self) -> None:
        """Put the options where there is room for them."""
        title = self.title.fontMetrics().horizontalAdvance(self.title.text())
        options = self.toolbar.sizeHint().width()
        corner = self.corner.sizeHint().width()
        if self._last and not self._last.isHidden():
            corner += self._last.sizeHint().width()
        if title + options + corner + 38 <= self.width():
            self._place_toolbar("beside")
        else:
            self._place_toolbar("below" if options + 24 <= self.width() else "fold")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ask for more room at a double click on the title; heed controls that come and go."""
        if watched in (self.toolbar, self._last):
            if event.type() in ROOM_CHANGES:
                self._find_room()
        elif event.type() == QEvent.Type.MouseButtonDblClick:
            self.enlarge_asked.emit()
            return True
        return super().eventFilter(watched, event)

    def hasHeightForWidth(self) -> bool:
        """Return that the board is shared evenly, whatever the legend needs."""
        return False

    def sizeHint(self) -> QSize:
        """Return the same size for all pictures, so that they share the board evenly."""
        return QSize(420, 300)

    def minimumSizeHint(self) -> QSize:
        """Return the least size at which a picture can be read."""
        return QSize(220, 150)
