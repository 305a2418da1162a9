"""The data that all contenders learn: which set, its parameters, how it is parted and scaled."""

from math import prod
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from initstudio import edits
from initstudio.catalogue import DataFacts
from initstudio.datasets import DATASETS
from initstudio.datasets.file import FILE
from initstudio.declared import params_of
from initstudio.engine import plan
from initstudio.experiment import Choice, Data, Experiment
from initstudio.ui.data_preview import DataPreview
from initstudio.ui.entry_picker import EntryPicker, Fact
from initstudio.ui.form import Form, below, title
from initstudio.ui.scroll_panel import scrolling_column
from initstudio.ui.session import Session

if TYPE_CHECKING:
    from initstudio.ui.import_dialog import ImportDialog

WHERE = "$.experiment.data"
LABELS = {param.name: param.label for param in params_of(Data)}


class DataPanel(QWidget):
    """Data set, parameters, picture, facts, validation part and scaling.

    A file of a person's own is opened by the button, or dropped anywhere on the panel.
    """

    title = "Data"
    object_name = "data_panel"

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName(self.object_name)
        self.session = session
        self.dataset = EntryPicker("Data set", DATASETS)
        self.preview = DataPreview()
        self.summary = Fact()
        self.facts = Fact()
        self.facts.setAccessibleName("Data: facts")
        self.parting = Form(Data, "Data")
        self.open_button = QToolButton()
        self.open_button.setText("Open file…")
        self.open_button.setAccessibleName("Data: Open file")
        self.open_button.setToolTip(
            "Use a CSV, NPZ or IDX file of your own. It can be dropped here."
        )
        self.importing: ImportDialog | None = None
        """The dialogue, while it is open."""
        self.setAcceptDrops(True)
        self._lay_out(scrolling_column(self))
        self.open_button.clicked.connect(self._on_open_clicked)
        self.dataset.entry_chosen.connect(self._on_dataset_chosen)
        self.dataset.param_changed.connect(self._on_param_changed)
        self.parting.changed.connect(self._on_parting_changed)
        session.experiment_changed.connect(self.show_experiment)
        self.show_experiment(session.experiment)

    def show_experiment(self, experiment: Experiment) -> None:
        """Show the data of this experiment."""
        choice = experiment.data.dataset
        self.dataset.show_choice(choice)
        self.summary.show_text(DATASETS[choice.key].summary if choice.key in DATASETS else "")
        self.parting.show_values(msgspec.structs.asdict(experiment.data))
        self.preview.show_experiment(experiment)
        self.facts.show_text(facts_in_words(experiment))
        self._show_problems()

    def open_file(self, path: str = "") -> None:
        """Ask what to use of a file; of the present one, or of none, where no path is given."""
        if self.importing:
            self.importing.show_path(path or self.importing.params.path)
            return
        present = self.session.experiment.data.dataset
        choice = Choice(FILE.key, {"path": path}) if path else present
        from initstudio.ui.import_dialog import ImportDialog  # noqa: PLC0415 - not at the start

        dialog = ImportDialog(choice if choice.key == FILE.key else None, self)
        dialog.accepted.connect(lambda: self._edit("Use a file", dataset=dialog.choice))
        dialog.finished.connect(self._on_import_closed)
        dialog.idle.connect(dialog.deleteLater)
        self.importing = dialog
        dialog.open()

    def _lay_out(self, column: QVBoxLayout) -> None:
        for widget in (self.preview, self.facts, self.summary, self.dataset, self.open_button):
            column.addWidget(widget)
        column.addSpacing(6)
        column.addWidget(title("Parts and scale"))
        column.addWidget(self.parting)
        column.addStretch()

    def _show_problems(self) -> None:
        problems = self.session.problems
        dataset = below(problems, f"{WHERE}.dataset")
        params = below(problems, f"{WHERE}.dataset.params")
        whole = dataset.get("") or dataset.get("key") or params.get("", "")
        self.dataset.show_problems(whole, params)
        self.parting.show_problems(below(problems, WHERE))

    def _on_open_clicked(self) -> None:
        self.open_file()

    def _on_import_closed(self) -> None:
        self.importing = None

    def _on_dataset_chosen(self, key: str) -> None:
        entry = DATASETS[key]
        choice = edits.rechosen(self.session.experiment.data.dataset, entry)
        self._edit(f"Use {entry.label}", dataset=choice)

    def _on_param_changed(self, name: str, value: object) -> None:
        choice = self.session.experiment.data.dataset
        changed = Choice(
            choice.key, {**choice.params, name: msgspec.convert(value, int | float | bool | str)}
        )
        self._edit(f"Change {name} of the data", f"data.{choice.key}.{name}", dataset=changed)

    def _on_parting_changed(self, name: str, value: object) -> None:
        self._edit(f"Change {LABELS[name].lower()}", f"data.{name}", **{name: value})

    def _edit(self, text: str, merge: str = "", **changes: object) -> None:
        experiment = self.session.experiment
        data = replace(experiment.data, **changes)
        self.session.edit(plan.with_data(experiment, data), text, merge)

    # Qt

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome one file that is no experiment."""
        if _dropped(event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open it."""
        path = _dropped(event.mimeData().urls())
        if path:
            event.acceptProposedAction()
            self.open_file(path)


def _dropped(urls: list[QUrl]) -> str:
    """Return the path of the one file that is dropped; what is no data is left to the window."""
    paths = [url.toLocalFile() for url in urls if url.isLocalFile()]
    others = (".json", ".py", ".safetensors")
    return paths[0] if len(paths) == 1 and not paths[0].lower().endswith(others) else ""


def facts_in_words(experiment: Experiment) -> str:
    """Return the size, shape and parts of the data, or "" where the data is not known."""
    if plan.data_problem(experiment):
        return ""
    facts = plan.data_facts(experiment)
    training, validation = plan.split_sizes(experiment, facts)
    return (
        f"{facts.examples:,} examples, {_features(facts)}, {_target(facts)}; "
        f"{training:,} to train, {validation:,} to validate."
    )


def _features(facts: DataFacts) -> str:
    shape = " × ".join(f"{side:,}" for side in facts.shape)
    one = prod(facts.shape) == 1
    if facts.tokens:
        return f"{shape} {'token' if one else 'tokens'} out of {facts.tokens:,}"
    if len(facts.shape) > 1:
        return f"{shape} values"
    return f"{shape} {'feature' if one else 'features'}"


def _target(facts: DataFacts) -> str:
    what = f"{facts.outputs:,} classes"
    if facts.task == "values":
        what = (
            "1 value to predict" if facts.outputs == 1 else f"{facts.outputs:,} values to predict"
        )
    if not facts.positions:
        return what
    return f"{what} at each of {' × '.join(f'{side:,}' for side in facts.positions)} positions"
