"""The experiment as PyTorch code to take home: a preview, to be copied or saved."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QFontDatabase, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from initstudio.experiment import Experiment, encode
from initstudio.files import atomic_write
from initstudio.ui.entry_picker import Fact
from initstudio.ui.errand import Errand
from initstudio.ui.form import Note
from initstudio.ui.python_colours import PythonColours
from initstudio.ui.session import Session

SCRIPT, NOTEBOOK = "script", "notebook"
HELP = {
    SCRIPT: "Needs only torch (and numpy for the data). Under the same torch it gives the same "
    "starting weights, bit for bit, and the same losses to rounding.",
    NOTEBOOK: "The same as the script, in cells for Jupyter.",
    "init": "Only how this contender starts the network, as a function to paste.",
}
WAITING = "The code is being written, and run to see that it gives the same weights…"


class ScriptWindow(QDialog):
    """Has the code written in a process of its own; follows the experiment while it is open."""

    def __init__(
        self, session: Session, contender: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("PyTorch script - InitStudio")
        self.setAccessibleName("Script")
        self.resize(900, 760)
        self._session = session
        self._errand: Errand | None = None
        self._shown: tuple[Experiment, str, str] | None = None
        self._make_controls()
        self._lay_out()
        self._connect()
        self._offer(contender)
        self._write()

    @property
    def choice(self) -> tuple[str, str]:
        """Return what is asked for: its kind, and of an init function the contender's name."""
        kind, name = self.what.currentData()
        return str(kind), str(name)

    def _make_controls(self) -> None:
        self.what = QComboBox()
        self.about = Fact()
        self.code = QPlainTextEdit()
        self.code.setReadOnly(True)
        self.code.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.code.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.colours = PythonColours(self.code.document())
        self.problem = Note()
        self.copy = QPushButton("&Copy")
        self.save = QPushButton("&Save as…")
        self.save.setProperty("kind", "primary")
        for widget, name, tip in (
            (self.what, "What", "What is written."),
            (self.code, "Code", ""),
            (self.copy, "Copy", "Copy all of it."),
            (self.save, "Save", "Save it to a file."),
            (self.problem, "problem", ""),
            (self.about, "about", ""),
        ):
            widget.setAccessibleName(f"Script: {name}")
            widget.setToolTip(tip)
        for button in (self.copy, self.save):
            button.setAutoDefault(False)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        label = QLabel("&Write")
        label.setBuddy(self.what)
        head.addWidget(label)
        head.addWidget(self.what, 1)
        head.addStretch(1)
        head.addWidget(self.copy)
        head.addWidget(self.save)
        column = QVBoxLayout(self)
        column.addLayout(head)
        column.addWidget(self.about)
        column.addWidget(self.problem)
        column.addWidget(self.code, 1)

    def _connect(self) -> None:
        self.what.activated.connect(self._write)
        self.copy.clicked.connect(self._on_copy)
        self.save.clicked.connect(self._on_save)
        QShortcut(QKeySequence.StandardKey.Save, self, self._on_save)
        self._session.experiment_changed.connect(self._on_experiment_changed)

    def _offer(self, contender: str) -> None:
        """Offer the script, the notebook and each contender's init function."""
        before = self.choice if self.what.count() else ("init" if contender else SCRIPT, contender)
        self.what.clear()
        self.what.addItem("The whole experiment, a script", (SCRIPT, ""))
        self.what.addItem("The whole experiment, a notebook", (NOTEBOOK, ""))
        for one in self._session.experiment.contenders:
            self.what.addItem(f"Init function of {one.name}", ("init", one.name))
        found = [at for at in range(self.what.count()) if self.what.itemData(at) == before]
        self.what.setCurrentIndex(found[0] if found else 0)

    def _on_experiment_changed(self, _experiment: object) -> None:
        self._offer("")
        self._write()

    def _write(self, _chosen: object = None) -> None:
        """Have the code of what is chosen written, unless it is shown already."""
        kind, name = self.choice
        wanted = (self._session.experiment, kind, name)
        if wanted == self._shown:
            return
        self._shown = wanted
        if self._errand:
            self._errand.cancel()
            self._errand.deleteLater()
            self._errand = None
        self.about.show_text(HELP[kind])
        self._show("", WAITING)
        for problem in self._session.problems:
            self._show("", "", f"{problem.where}: {problem.why}")
            return
        words = {SCRIPT: [], NOTEBOOK: ["--notebook"], "init": ["--init", name]}[kind]
        given = encode(self._session.experiment)
        self._errand = Errand("script", "-", *words, given=given, parent=self)
        self._errand.done.connect(self._on_done)
        self._errand.failed.connect(self._on_failed)

    def _on_done(self, output: bytes) -> None:
        self._show(output.decode("utf-8", "replace").replace("\r\n", "\n"))

    def _on_failed(self, why: str) -> None:
        self._show("", "", why)

    def _show(self, code: str, waiting: str = "", problem: str = "") -> None:
        self.code.setPlainText(code)
        self.code.setPlaceholderText(waiting)
        self.problem.show_text(problem)
        for button in (self.copy, self.save):
            button.setEnabled(bool(code))

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.code.toPlainText())

    def _on_save(self) -> None:
        code = self.code.toPlainText()
        if not code:
            return
        kind, _ = self.choice
        ending = ".ipynb" if kind == NOTEBOOK else ".py"
        present, title = self._session.path, self._session.experiment.title
        start = present.with_suffix(ending) if present else Path(f"{title}{ending}")
        filters = f"{'Notebooks' if kind == NOTEBOOK else 'Python'} (*{ending});;All files (*)"
        name, _ = QFileDialog.getSaveFileName(self, "Save the code", str(start), filters)
        if not name:
            return
        path = Path(name)
        path = path if path.suffix else path.with_suffix(ending)
        try:
            atomic_write(path, code.encode())
        except OSError as error:
            self.problem.show_text(f"{path}: It could not be saved: {error.strerror or error}.")

    def closeEvent(self, event: QCloseEvent) -> None:
        """End the writing, if it still goes on."""
        if self._errand:
            self._errand.cancel()
        super().closeEvent(event)
