"""A quiet bar for what went wrong, with the place and the reason."""

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget


class MessageBar(QFrame):
    """Shows one message until it is dismissed or another comes; never takes the keyboard."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.hide()
        self.setObjectName("message_bar")
        self.setAccessibleName("Messages")
        self.setProperty("kind", "card")
        self._details = ""
        self._text = QLabel(wordWrap=True)
        self._text.setAccessibleName("Message")
        self._text.setProperty("kind", "error")
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._copy = _button("Copy details")
        dismiss = _button("Dismiss")
        self._copy.clicked.connect(self._on_copy)
        dismiss.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        row.addWidget(self._text, 1)
        row.addWidget(self._copy)
        row.addWidget(dismiss)

    @property
    def text(self) -> str:
        """Return the message shown last."""
        return str(self._text.text())

    def show_message(self, text: str, details: str = "", *, kind: str = "error") -> None:
        """Show a sentence; `details` can be copied. `kind` "good" is for good news."""
        self._text.setProperty("kind", kind)
        self._text.style().polish(self._text)
        self._details = details
        self._text.setText(text)
        self._copy.setVisible(bool(details))
        self.show()

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._details)


def _button(text: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setAccessibleName(text)
    return button
