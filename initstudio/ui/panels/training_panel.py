"""How every contender is trained, under which seeds, and how often all layers are measured."""

from collections.abc import Mapping
from math import ceil
from typing import Any

import msgspec
from msgspec.structs import replace
from PySide6.QtWidgets import QVBoxLayout, QWidget

from initstudio.catalogue import Entry, Params
from initstudio.declared import params_of
from initstudio.engine import plan
from initstudio.experiment import (
    OPTIMIZERS,
    Choice,
    Experiment,
    Optimizer,
    Recording,
    Seeds,
    Training,
)
from initstudio.schedule import SCHEDULES, Schedule
from initstudio.ui.device_form import DeviceForm
from initstudio.ui.entry_picker import EntryPicker, Fact
from initstudio.ui.form import Form, below, title
from initstudio.ui.scroll_panel import scrolling_column
from initstudio.ui.session import Session

WHERE = "$.experiment"
LABELS = {
    param.name: param.label for kind in (Training, Seeds, Recording) for param in params_of(kind)
}


class TrainingPanel(QWidget):
    """Epochs, batches, optimiser, rate, schedule, loss, clipping, device, seeds and snapshots."""

    title = "Training"
    object_name = "training_panel"

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName(self.object_name)
        self.session = session
        self.passes = Form(Training, "Training", ("epochs", "batch_size"))
        self.optimizer = EntryPicker("Optimizer", _entries(OPTIMIZERS))
        self.rate = Form(Training, "Training", ("learning_rate",))
        self.schedule = EntryPicker("Schedule", _entries(SCHEDULES))
        self.update_rule = Form(Training, "Training", ("loss", "clip_norm"))
        self.device = DeviceForm()
        self.seeds = Form(Seeds, "Seeds")
        self.recording = Form(Recording, "Recording")
        self.facts = Fact()
        self.facts.setAccessibleName("Training: steps")
        self._lay_out(scrolling_column(self))
        self.passes.changed.connect(self._on_training_changed)
        for form in (self.rate, self.update_rule, self.device):
            form.changed.connect(self._on_training_changed)
        session.devices_seen.connect(self._show_devices)
        self.schedule.entry_chosen.connect(self._on_schedule_chosen)
        self.schedule.param_changed.connect(self._on_schedule_changed)
        self.optimizer.entry_chosen.connect(self._on_optimizer_chosen)
        self.optimizer.param_changed.connect(self._on_optimizer_changed)
        self.seeds.changed.connect(self._on_seeds_changed)
        self.recording.changed.connect(self._on_recording_changed)
        session.experiment_changed.connect(self.show_experiment)
        self.show_experiment(session.experiment)

    def show_experiment(self, experiment: Experiment) -> None:
        """Show the training of this experiment."""
        training = msgspec.structs.asdict(experiment.training)
        optimizer, schedule = experiment.training.optimizer, experiment.training.schedule
        for form in (self.passes, self.rate, self.update_rule):
            form.show_values(training)
        self.optimizer.show_choice(Choice(key_of(optimizer), msgspec.structs.asdict(optimizer)))
        key = next(key for key, kind in SCHEDULES.items() if kind is type(schedule))
        self.schedule.show_choice(Choice(key, msgspec.structs.asdict(schedule)))
        self.seeds.show_values(msgspec.structs.asdict(experiment.seeds))
        self.recording.show_values(msgspec.structs.asdict(experiment.recording))
        self._show_devices()
        self._show_problems()
        self.facts.show_text(steps_in_words(experiment))

    def _lay_out(self, column: QVBoxLayout) -> None:
        for widget in (self.passes, self.facts, self.optimizer, self.rate, self.schedule):
            column.addWidget(widget)
        column.addWidget(self.update_rule)
        column.addWidget(self.device)
        column.addSpacing(6)
        column.addWidget(title("Seeds"))
        column.addWidget(self.seeds)
        column.addSpacing(6)
        column.addWidget(title("Recording"))
        column.addWidget(self.recording)
        column.addStretch()

    def _show_devices(self) -> None:
        self.device.show_devices(self.session.devices, self.session.experiment.training.device)

    def _show_problems(self) -> None:
        problems = self.session.problems
        training = below(problems, f"{WHERE}.training")
        self.passes.show_problems(training)
        self.rate.show_problems(training)
        self.update_rule.show_problems(training)
        self.schedule.show_problems("", below(problems, f"{WHERE}.training.schedule"))
        self.optimizer.show_problems("", below(problems, f"{WHERE}.training.optimizer"))
        self.seeds.show_problems(below(problems, f"{WHERE}.seeds"))
        self.recording.show_problems(below(problems, f"{WHERE}.recording"))

    def _on_training_changed(self, name: str, value: object) -> None:
        self._edit("training", replace(self.session.experiment.training, **{name: value}), name)

    def _on_seeds_changed(self, name: str, value: object) -> None:
        self._edit("seeds", replace(self.session.experiment.seeds, **{name: value}), name)

    def _on_recording_changed(self, name: str, value: object) -> None:
        self._edit("recording", replace(self.session.experiment.recording, **{name: value}), name)

    def _edit(self, part: str, value: object, name: str) -> None:
        text = f"Change {LABELS[name].lower()}"
        new = replace(self.session.experiment, **{part: value})
        self.session.edit(new, text, f"{part}.{name}")

    def _on_schedule_chosen(self, key: str) -> None:
        self._edit_schedule(SCHEDULES[key](), f"Use the schedule {key}")

    def _on_schedule_changed(self, name: str, value: object) -> None:
        schedule = self.session.experiment.training.schedule
        label = next(p.label for p in params_of(type(schedule)) if p.name == name)
        new = replace(schedule, **{name: value})
        self._edit_schedule(new, f"Change {label.lower()}", f"schedule.{name}")

    def _edit_schedule(self, schedule: Schedule, text: str, merge: str = "") -> None:
        experiment = self.session.experiment
        training = replace(experiment.training, schedule=schedule)
        self.session.edit(replace(experiment, training=training), text, merge)

    def _on_optimizer_chosen(self, key: str) -> None:
        optimizer = carried(self.session.experiment.training.optimizer, OPTIMIZERS[key])
        self._edit_optimizer(optimizer, f"Train with {key}")

    def _on_optimizer_changed(self, name: str, value: object) -> None:
        optimizer = self.session.experiment.training.optimizer
        label = next(p.label for p in params_of(type(optimizer)) if p.name == name)
        new = replace(optimizer, **{name: value})
        self._edit_optimizer(new, f"Change {label.lower()}", f"optimizer.{name}")

    def _edit_optimizer(self, optimizer: Optimizer, text: str, merge: str = "") -> None:
        experiment = self.session.experiment
        training = replace(experiment.training, optimizer=optimizer)
        self.session.edit(replace(experiment, training=training), text, merge)


def key_of(optimizer: Optimizer) -> str:
    """Return the optimiser's key in OPTIMIZERS."""
    return next(key for key, kind in OPTIMIZERS.items() if kind is type(optimizer))


def carried(optimizer: Optimizer, kind: type[Optimizer]) -> Optimizer:
    """Return another optimiser with those settings that differ from the old one's defaults."""
    names = {param.name for param in params_of(kind)}
    changed = {
        param.name: getattr(optimizer, param.name)
        for param in params_of(type(optimizer))
        if param.name in names and getattr(optimizer, param.name) != param.default
    }
    return kind(**changed)


def steps_in_words(experiment: Experiment) -> str:
    """Return how many steps and networks this is, or "" where the data is not known."""
    if plan.data_problem(experiment):
        return ""
    training, _ = plan.split_sizes(experiment, plan.data_facts(experiment))
    per_epoch = ceil(training / experiment.training.batch_size)
    steps = per_epoch * experiment.training.epochs
    contenders, seeds = len(experiment.contenders), experiment.seeds.count
    together = (
        counted(contenders, "network")
        if seeds == 1
        else (f"{counted(contenders, 'contender')} × {seeds} seeds")
    )
    return f"{counted(per_epoch, 'step')} an epoch, {steps:,} in all, for {together} at once."


def counted(number: int, word: str) -> str:
    """Return "1 step" or "25 steps"."""
    return f"{number:,} {word}" + ("" if number == 1 else "s")


def _entries(kinds: Mapping[str, type[Params]]) -> dict[str, Entry[Any]]:
    """Return what a picker needs of types that stand in no catalogue."""
    return {
        key: Entry(key=key, label=key, summary=(kind.__doc__ or "").split("\n")[0], params=kind)
        for key, kind in kinds.items()
    }
