"""The data that all contenders learn: which set, its parameters, how it is parted and scaled."""

import msgspec
from msgspec.structs import replace
from PySide6.QtWidgets import QVBoxLayout, QWidget

from initstudio import edits
from initstudio.catalogue import params_of
from initstudio.datasets import DATASETS
from initstudio.engine import plan
from initstudio.experiment import Choice, Data, Experiment
from initstudio.ui.data_preview import DataPreview
from initstudio.ui.entry_picker import EntryPicker, Fact
from initstudio.ui.form import Form, below, title
from initstudio.ui.scroll_panel import scrolling_column
from initstudio.ui.session import Session

WHERE = "$.experiment.data"
LABELS = {param.name: param.label for param in params_of(Data)}


class DataPanel(QWidget):
    """Data set, parameters, picture, facts, validation part and scaling."""

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
        self._lay_out(scrolling_column(self))
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

    def _lay_out(self, column: QVBoxLayout) -> None:
        for widget in (self.preview, self.facts, self.summary, self.dataset):
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
        self.session.edit(replace(experiment, data=data), text, merge)


def facts_in_words(experiment: Experiment) -> str:
    """Return the size, shape and parts of the data, or "" where the data is not known."""
    if plan.choice_problems(experiment):
        return ""
    facts = plan.data_facts(experiment)
    training, validation = plan.split_sizes(experiment, facts)
    shape = " × ".join(f"{side:,}" for side in facts.shape)
    what = "features" if len(facts.shape) == 1 else "values"
    return (
        f"{facts.examples:,} examples, {shape} {what}, {facts.classes} classes; "
        f"{training:,} to train, {validation:,} to validate."
    )
