"""The editor for an initialization of one's own."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from initstudio.own_code import mistake
from initstudio.trust import trust
from initstudio.tunings.python import TEMPLATE, may_run
from initstudio.ui.code_editor import CodeEditor
from initstudio.ui.completing_edit import Offer
from initstudio.ui.form import Note

CAME = "This code came with the file. Read it; run it only if you trust it."
PLAIN = (
    "Code runs in the engine, with limits of time, memory and output. This protects from mistakes, "
    "not from malice: trusted code can do whatever you can."
)
DRAWS = (
    *("uniform_", "normal_", "trunc_normal_", "constant_", "ones_", "zeros_", "eye_", "dirac_"),
    *("xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_", "orthogonal_"),
    *("sparse_", "calculate_gain"),
)
KINDS = (
    *("Linear", "Bilinear", "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d"),
    *("ConvTranspose3d", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "LayerNorm", "GroupNorm"),
    *("InstanceNorm1d", "InstanceNorm2d", "RMSNorm", "Embedding", "RNN", "LSTM", "GRU"),
    *("MultiheadAttention", "PReLU", "Parameter", "Module"),
)
NAMES = (
    *(Offer(f"nn.init.{name}", opens=True) for name in DRAWS),
    *(Offer(f"nn.{name}") for name in KINDS),
    *(Offer(f"torch.{name}", opens=True) for name in ("empty", "zeros", "ones", "eye", "linalg")),
    *(Offer(f"math.{name}") for name in ("sqrt", "log", "exp", "pi", "prod")),
    *(Offer(f"module.{name}") for name in ("weight", "bias", "in_features", "out_features")),
    *(Offer(word) for word in ("module", "generator", "isinstance", "hasattr")),
)


class CodeDialog(QDialog):
    """Edits code; `applied` tells of code that the person has trusted by applying it."""

    applied = Signal(str)

    def __init__(self, code: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Python code")
        self.setAccessibleName("Python code")
        self._given = code
        self.editor = CodeEditor(NAMES)
        self.editor.setPlainText(code)
        self.warning = QLabel(CAME, wordWrap=True)
        self.warning.setProperty("kind", "warning")
        self.warning.setVisible(not may_run(code))
        self.problem = Note()
        self.plain = QLabel(PLAIN, wordWrap=True)
        self.plain.setProperty("kind", "muted")
        self.template = QPushButton("&Template")
        self.template.setToolTip("Begin anew from the article's example.")
        self.revert = QPushButton("&Revert")
        self.revert.setToolTip("Back to the code as it was when this was opened.")
        self.cancel = QPushButton("Cancel")
        self.apply = QPushButton("&Apply")
        self.apply.setProperty("kind", "primary")
        self._lay_out()
        self.template.clicked.connect(lambda: self._replace(TEMPLATE))
        self.revert.clicked.connect(lambda: self._replace(self._given))
        self.cancel.clicked.connect(self.reject)
        self.apply.clicked.connect(self._on_apply)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(keys), self, self._on_apply)
        self.editor.textChanged.connect(self._on_text_changed)
        self._on_text_changed()
        self.editor.setFocus()
        self.resize(760, 560)

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        for button in (self.template, self.revert, self.cancel, self.apply):
            button.setAutoDefault(False)
            button.setAccessibleName(f"Python code: {button.text().replace('&', '')}")
        buttons.addWidget(self.template)
        buttons.addWidget(self.revert)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.apply)
        column = QVBoxLayout(self)
        column.addWidget(self.warning)
        column.addWidget(self.editor, 1)
        column.addWidget(self.problem)
        column.addWidget(self.plain)
        column.addLayout(buttons)

    def _on_text_changed(self) -> None:
        code = self.editor.toPlainText()
        same = code == self._given
        self.apply.setText("&Trust and run" if same and not may_run(code) else "&Apply")
        self.apply.setToolTip("Trust this very text, and start the network by it (Ctrl+Return).")
        self.revert.setEnabled(not same)
        self.problem.show_text("")

    def _replace(self, code: str) -> None:
        """Replace the text, so that the editor's own undo brings it back."""
        cursor = self.editor.textCursor()
        cursor.select(cursor.SelectionType.Document)
        cursor.insertText(code)
        self.editor.setFocus()

    def _on_apply(self) -> None:
        code = self.editor.toPlainText()
        wrong = mistake(code)
        if wrong:
            self.problem.show_text(str(wrong))
            self.editor.show_error(wrong.line or 1, str(wrong))
            return
        if not may_run(code):
            try:
                trust(code)
            except OSError as error:
                self.problem.show_text(f"It could not be trusted: {error.strerror or error}.")
                return
        self.applied.emit(code)
        self.accept()
