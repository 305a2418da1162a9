"""The control for a person's own code: a line about it, and a button that opens the editor."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from initstudio.catalogue import Value
from initstudio.declared import Param
from initstudio.own_code import mistake
from initstudio.tunings.python import may_run
from initstudio.ui.code_dialog import CodeDialog

UNTRUSTED = "Not trusted yet, so it does not run. Read it first."


class CodeField(QWidget):
    """Shows how long the code is, and whether it may run; the code is edited in a dialogue."""

    edited = Signal(object)
    refused = Signal(str)

    def __init__(self, param: Param, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = param.label
        self.code = ""
        self.about = QLabel(wordWrap=True)
        self.edit = QPushButton("&Edit…")
        self.edit.setAutoDefault(False)
        self.edit.setToolTip(param.help)
        self.edit.clicked.connect(self.open)
        self.warning = QLabel(UNTRUSTED, wordWrap=True)
        self.warning.setProperty("kind", "warning")
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.about, 1)
        row.addWidget(self.edit)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.warning)
        self.setFocusProxy(self.edit)

    def show_value(self, value: Value | None) -> None:
        """Show code; None stands for several different ones."""
        self.code = str(value or "")
        lines = len(self.code.splitlines())
        self.about.setText("Several" if value is None else f"{lines} line{'s' * (lines != 1)}")
        self.warning.setVisible(value is not None and not may_run(self.code))
        self.edit.setAccessibleName(f"{self.accessibleName()}, edit")

    def open(self) -> None:
        """Open the editor, and tell of what was made of the code there."""
        dialog = CodeDialog(self.code, self)
        dialog.applied.connect(self._on_applied)
        dialog.exec()
        dialog.deleteLater()

    def _on_applied(self, code: str) -> None:
        wrong = mistake(code)
        self.refused.emit(str(wrong) if wrong else "")
        self.show_value(code)
        self.edited.emit(code)
