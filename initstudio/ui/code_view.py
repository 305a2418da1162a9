"""A person's own code as it is shown before it may run, and the question whether it may."""

from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from initstudio import trust
from initstudio.ui.form import Note

WARNING = (
    "Opening it runs its code. Run it only if you trust it; this protects from mistakes, not from "
    "malice."
)


class CodeView(QPlainTextEdit):
    """A text to read, in a fixed width."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.setStyleSheet('font-family: "monospace";')
        self.setTabStopDistance(4 * self.fontMetrics().horizontalAdvance(" "))
        self.setTabChangesFocus(True)
        self.setAccessibleName(name)


def warning() -> QLabel:
    """Return the plain warning."""
    label = QLabel(WARNING)
    label.setProperty("kind", "warning")
    label.setWordWrap(True)
    label.setAccessibleName("Warning")
    return label


def trusted(code: str, note: Note) -> bool:
    """Trust the text and return True; where that cannot be written down, `note` says why."""
    try:
        trust.trust(code)
    except OSError as error:
        note.show_text(f"It could not be written down that you trust it: {error.strerror}.")
        return False
    return True


class TrustDialog(QDialog):
    """Shows the code that came with an experiment; accepted, it is trusted."""

    def __init__(self, code: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Code in this experiment")
        self.setAccessibleName("Trust")
        self._code = code
        self.code = CodeView("Trust: code")
        self.code.setPlainText(code)
        self.problem = Note()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.run = buttons.addButton("&Trust and run", QDialogButtonBox.ButtonRole.AcceptRole)
        self.run.setAccessibleName("Trust: Trust and run")
        self.run.setAutoDefault(False)
        column = QVBoxLayout(self)
        intro = QLabel("This network is made by the code below, which came with the experiment.")
        intro.setWordWrap(True)
        for widget in (intro, self.code, warning(), self.problem, buttons):
            column.addWidget(widget)
        column.setStretch(1, 1)
        buttons.accepted.connect(self._on_accepted)
        buttons.rejected.connect(self.reject)
        self.resize(680, 560)

    def _on_accepted(self) -> None:
        if trusted(self._code, self.problem):
            self.accept()
