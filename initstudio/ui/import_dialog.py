"""The dialogue in which a person's own file becomes a data set."""

from typing import Any, cast

import msgspec
from msgspec.structs import replace
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QGridLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from initstudio import tables
from initstudio.datasets.file import FILE, FileParams
from initstudio.declared import params_of
from initstudio.errors import ExperimentError
from initstudio.experiment import Choice
from initstudio.tables import Table
from initstudio.tables.examples import MOST_WORDS
from initstudio.ui.entry_picker import Fact
from initstudio.ui.form import GAP, Form, Note, label_width
from initstudio.ui.import_look import Look, Looker, RowsModel, in_words

FILTER = "Data (*.csv *.tsv *.txt *.npz *ubyte *.idx *.gz);;All files (*)"
OTHERS = ("task", "missing")
"""Parameters that the form shows; the rest have controls of their own."""
HELP = {param.name: param.help for param in params_of(FileParams)}


class ImportDialog(QDialog):
    """Path, preview, target, columns, task and gaps; what comes of them; OK only if it can be used.

    `choice` is what was chosen. Whoever opened it deletes it once it is `idle` after it was closed.
    """

    idle = Signal()
    """It is closed, and reads no more."""

    def __init__(self, choice: Choice | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Open a data file")
        self.setAccessibleName("Import")
        self.params = _params_of(choice)
        self.look = Look(self.params)
        self._closed = False
        self._fresh = choice is None or set(choice.params) <= {"path"}
        """Whether the columns to leave out are still to be proposed."""
        self._looker = Looker(self)
        self._make_controls()
        self._lay_out()
        self._connect()
        self.path.setText(self.params.path)
        self.others.show_values(msgspec.structs.asdict(self.params))
        self._look()

    @property
    def choice(self) -> Choice:
        """Return the data set that was chosen, with what differs from the defaults."""
        defaults = msgspec.structs.asdict(FileParams())
        values = msgspec.structs.asdict(self.params)
        return Choice(
            FILE.key, {name: value for name, value in values.items() if value != defaults[name]}
        )

    def _make_controls(self) -> None:
        self.path = QLineEdit()
        self.path.setPlaceholderText("A CSV, NPZ or IDX file")
        self.browse = QPushButton("&Browse…")
        self.browse.setAutoDefault(False)
        self.rows = RowsModel(self)
        self.preview = QTableView()
        self.preview.setModel(self.rows)
        self.preview.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
        self.preview.setTabKeyNavigation(False)
        self.target = QComboBox()
        self.columns = QListWidget()
        self.others = Form(FileParams, "Import", only=OTHERS)
        self.summary = Fact()
        self.problem = Note()
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        self.ok = self.buttons.button(QDialogButtonBox.StandardButton.Ok)
        self.ok.setText("&Use this data")
        for widget, name, tip in (
            (self.path, "File", HELP["path"]),
            (self.browse, "Browse", "Choose a file."),
            (self.preview, "First rows", "The first rows, as they were read."),
            (self.target, "Target column", "The column to predict."),
            (self.columns, "Columns used", "Columns without a mark are left out."),
            (self.summary, "summary", ""),
            (self.problem, "problem", ""),
        ):
            widget.setAccessibleName(f"Import: {name}")
            widget.setToolTip(tip)

    def _lay_out(self) -> None:
        head = QGridLayout()
        head.setHorizontalSpacing(GAP)
        head.setColumnMinimumWidth(0, label_width(self))
        head.setColumnStretch(1, 1)
        head.addWidget(_label("&File", self.path), 0, 0)
        head.addWidget(self.path, 0, 1)
        head.addWidget(self.browse, 0, 2)
        head.addWidget(self.preview, 1, 0, 1, 3)
        head.addWidget(_label("&Target column", self.target), 2, 0)
        head.addWidget(self.target, 2, 1, 1, 2)
        head.addWidget(_label("&Columns used", self.columns), 3, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.columns, 3, 1, 1, 2)
        head.setRowStretch(1, 2)
        head.setRowStretch(3, 1)
        column = QVBoxLayout(self)
        column.addLayout(head, 1)
        for widget in (self.others, self.summary, self.problem, self.buttons):
            column.addWidget(widget)
        self.columns.setMinimumHeight(70)
        self.resize(640, 620)

    def _connect(self) -> None:
        self.path.textEdited.connect(self._on_path_edited)
        self.path.editingFinished.connect(self._on_path_given)
        self.browse.clicked.connect(self._on_browse)
        self.target.activated.connect(self._on_target_chosen)
        self.columns.itemChanged.connect(self._on_column_changed)
        self.others.changed.connect(self._on_other_changed)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._looker.finished.connect(self._on_looked)

    # What a person does

    def _on_path_edited(self, _text: str) -> None:
        self._refuse("Press Enter to read the file.")

    def _on_path_given(self) -> None:
        self.show_path(self.path.text())

    def show_path(self, path: str) -> None:
        """Read another file, and forget what was chosen for the columns of the last one."""
        self.path.setText(path)
        if path == self.params.path:
            self._show_look()
            return
        self.params = replace(self.params, path=path, target="", without="")
        self._fresh = True
        self._look()

    def _on_browse(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Open a data file", self.params.path, FILTER)
        if name:
            self.show_path(name)

    def _on_target_chosen(self, at: int) -> None:
        name = self.target.itemText(at) if at < self.target.count() - 1 else ""
        self.params = replace(self.params, target=name)
        self._look()

    def _on_column_changed(self, _item: QListWidgetItem) -> None:
        items = [self.columns.item(at) for at in range(self.columns.count())]
        out = [one.text() for one in items if one.checkState() == Qt.CheckState.Unchecked]
        self.params = replace(self.params, without=tables.join_names(out) if out else "")
        self._look()

    def _on_other_changed(self, name: str, value: object) -> None:
        self.params = replace(self.params, **{name: cast("Any", value)})
        self._look()

    # Looking, and what was found

    def _look(self) -> None:
        if self._looker.isRunning():  # and looks again when it ends
            return
        self._refuse("The file is being read.")
        self._looker.start_with(self.params)

    def _on_looked(self) -> None:
        if self._closed:
            self.idle.emit()
            return
        if self._looker.params != self.params:
            self._look()
            return
        self.look = self._looker.look
        if self._fresh and isinstance(self.look.held, Table):
            self._fresh = False
            if self._propose_columns(self.look.held):
                self._look()
                return
        self._show_look()

    def _propose_columns(self, table: Table) -> bool:
        """Leave out columns that are as good as names of the rows; return whether there are any."""
        names = [column.name for column in table.columns[:-1] if len(column.words) > MOST_WORDS]
        if names:
            self.params = replace(self.params, without=tables.join_names(names))
        return bool(names)

    def _show_look(self) -> None:
        held, problem = self.look.held, self.look.problem
        self.rows.show_file(held)
        self._show_columns(held.columns if isinstance(held, Table) else ())
        self.others.show_values(msgspec.structs.asdict(self.params))
        at = problem.where.removeprefix("$.") if problem else ""
        self.others.show_problems({at: problem.why} if problem and at in OTHERS else {})
        self.summary.show_text(in_words(self.look))
        self._refuse(problem.why if problem else "")

    def _show_columns(self, columns: tuple[tables.Column, ...]) -> None:
        names = [column.name for column in columns]
        if names != [self.target.itemText(at) for at in range(self.target.count())]:
            self.target.clear()
            self.target.addItems(names)
        at = names.index(self.params.target) if self.params.target in names else len(names) - 1
        self.target.setCurrentIndex(at)
        self.target.setEnabled(bool(names))
        self.columns.setEnabled(bool(names))
        self.columns.blockSignals(True)  # noqa: FBT003 - Qt's own; showing is no edit
        without = tables.split_names(self.params.without)
        inputs = [column for index, column in enumerate(columns) if index != at]
        if [self.columns.item(row).text() for row in range(self.columns.count())] != [
            column.name for column in inputs
        ]:
            self.columns.clear()
            for column in inputs:
                item = QListWidgetItem(column.name, self.columns)
                item.setToolTip(_kind_in_words(column))
        for row, column in enumerate(inputs):
            used = column.name not in without
            state = Qt.CheckState.Checked if used else Qt.CheckState.Unchecked
            self.columns.item(row).setCheckState(state)
        self.columns.blockSignals(False)  # noqa: FBT003 - as above

    def _refuse(self, why: str) -> None:
        """Say why the file cannot be used; "" lets it be."""
        self.problem.show_text(why)
        self.ok.setEnabled(not why)
        self.ok.setToolTip(why or "Train on this data.")

    # Qt

    def done(self, result: int) -> None:
        """Close, and say so when nothing is being read any more."""
        super().done(result)
        self._closed = True
        if not self._looker.isRunning():
            self.idle.emit()


def _params_of(choice: Choice | None) -> FileParams:
    """Return a choice's parameters; the defaults of those that are wrong."""
    if choice is None:
        return FileParams()
    try:
        return FILE.parse(choice.params)
    except ExperimentError:
        return FileParams(path=str(choice.params.get("path", "")))


def _kind_in_words(column: tables.Column) -> str:
    if column.words:
        return f"Text, {len(column.words):,} different ones."
    return "Numbers."


def _label(text: str, buddy: QWidget) -> QLabel:
    label = QLabel(text)
    label.setBuddy(buddy)
    return label
