"""The bar on top: the experiments one click away, the run's buttons, and how far it is."""

import math

from msgspec.structs import replace
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from initstudio.declared import params_of
from initstudio.experiment import Training
from initstudio.presets import EXPERIMENTS
from initstudio.ui.fields import NumberBox
from initstudio.ui.session import Session, State

BUTTONS = ("run", "pause", "step", "stop", "reset", "new_seed")
PACE = 100
"""Milliseconds between two refreshes of the numbers."""
PARTS = 1000
_RATE = next(param for param in params_of(Training) if param.name == "learning_rate")


class RunBar(QWidget):
    """Shows the session's state; its buttons are the window's actions."""

    preset_chosen = Signal(str)

    def __init__(self, session: Session, actions: dict[str, QAction]) -> None:
        super().__init__()
        self.setObjectName("run_bar")
        self.setAccessibleName("Run bar")
        self._session = session
        self._presets = QButtonGroup(self)
        self._progress = QProgressBar(maximum=PARTS)
        self._state = QLabel()
        self._at = QLabel()
        self._pace = QLabel()
        self._rate = NumberBox(_RATE)
        self._refresh = QTimer(self, singleShot=True, interval=PACE)
        for widget, name in (
            (self._progress, "Progress"),
            (self._state, "State"),
            (self._at, "Step and epoch"),
            (self._pace, "Speed and time left"),
            (self._rate, "Learning rate of the run"),
        ):
            widget.setAccessibleName(name)
        self._fill(actions)
        self._refresh.timeout.connect(self._show_progress)
        self._rate.edited.connect(self._on_rate_chosen)
        session.experiment_changed.connect(self.show_experiment)
        session.state_changed.connect(self._on_state_changed)
        session.ticked.connect(self._on_ticked)
        self.show_experiment()
        self._show_progress()

    def show_experiment(self) -> None:
        """Show the present experiment's name and learning rate."""
        experiment = self._session.experiment
        self._rate.show_value(experiment.training.learning_rate)
        for button in self._presets.buttons():
            button.setChecked(EXPERIMENTS[button.text()].title == experiment.title)
        self._show_progress()

    def _fill(self, actions: dict[str, QAction]) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        row.setSpacing(4)
        self._presets.setExclusive(False)  # an edited experiment may be none of them
        for name, experiment in EXPERIMENTS.items():
            button = QPushButton(name)
            button.setCheckable(True)
            button.setAccessibleName(f"Experiment {name}")
            button.setProperty("kind", "chip")
            button.setToolTip(experiment.title)
            button.clicked.connect(lambda _on=False, name=name: self._on_preset(name))
            self._presets.addButton(button)
            row.addWidget(button)
        row.addSpacing(12)
        for key in BUTTONS:
            row.addWidget(_button(actions[key], primary=key == "run"))
        row.addSpacing(12)
        row.addLayout(self._progress_column(), 1)
        row.addSpacing(12)
        label = QLabel("Learning rate")
        label.setBuddy(self._rate)
        row.addWidget(label)
        row.addWidget(self._rate)

    def _progress_column(self) -> QVBoxLayout:
        words = QHBoxLayout()
        words.addWidget(self._state)
        for label in (self._at, self._pace):
            label.setProperty("kind", "muted")
            # what does not fit is cut off, or numbers that grow would move the buttons
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        words.addWidget(self._at, 3)
        self._pace.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        words.addWidget(self._pace, 2)
        self._progress.setTextVisible(False)
        self._progress.setFixedHeight(6)
        column = QVBoxLayout()
        column.setSpacing(4)
        column.addStretch(1)
        column.addLayout(words)
        column.addWidget(self._progress)
        column.addStretch(1)
        return column

    def _on_preset(self, name: str) -> None:
        self.preset_chosen.emit(name)
        self.show_experiment()  # a click on the present one must not take its mark away

    def _on_rate_chosen(self, rate: float) -> None:
        experiment = self._session.experiment
        training = replace(experiment.training, learning_rate=float(rate))
        after = replace(experiment, training=training)
        self._session.edit(after, "Change learning rate", merge="learning_rate")

    def _on_state_changed(self, _state: State) -> None:
        self._show_progress()

    def _on_ticked(self) -> None:
        if not self._refresh.isActive():
            self._refresh.start()

    def _show_progress(self) -> None:
        session = self._session
        text = session.state.text
        if session.stale and session.state in {State.RUNNING, State.PAUSED}:
            text += ", as it was before the edit"
        self._state.setText(text)
        history = session.history
        if history is None:
            return
        step, steps = max(history.last_step, 0), history.header.steps
        epoch = min(
            step // history.header.steps_per_epoch + 1, history.header.experiment.training.epochs
        )
        self._progress.setValue(round(PARTS * step / steps))
        slow = history.header.one_by_one
        self._at.setText(
            f"step {step:,} of {steps:,}, epoch {epoch:,}" + one_by_one_text(slow, short=True)
        )
        self._at.setToolTip(one_by_one_text(slow))
        self._pace.setText(pace_text(session.speed, session.seconds_left))


def one_by_one_text(layers: tuple[str, ...], *, short: bool = False) -> str:
    """Return that the networks train one after another, and why; empty where they do not."""
    if not layers:
        return ""
    if short:
        return ", one network after another"
    kinds = " and ".join(layers)
    return f"The networks train one after another: {kinds} cannot run in all of them at once."


def pace_text(speed: float, seconds_left: float) -> str:
    """Return the speed and the time left in words; empty where they are not known."""
    if not speed:
        return ""
    left = "" if math.isinf(seconds_left) else f", {duration_text(seconds_left)} left"
    return f"{speed:,.0f} steps/s{left}"


def duration_text(seconds: float) -> str:
    """Return a time in its two largest units."""
    whole = math.ceil(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60} min"


def _button(action: QAction, *, primary: bool) -> QToolButton:
    button = QToolButton()
    button.setAccessibleName(action.text().replace("&", ""))
    button.setDefaultAction(action)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if primary:
        button.setProperty("kind", "primary")
    return button
