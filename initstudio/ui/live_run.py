"""The present run as the window knows it: its state, its readings, its speed."""

from collections import deque
from enum import Enum
from pathlib import Path

import numpy as np
from msgspec.structs import replace
from PySide6.QtCore import QObject, QTimer, Signal

from initstudio.alarms import Alarm, Alarms
from initstudio.engine.messages import (
    Command,
    Ended,
    Pause,
    Progress,
    Ready,
    Resume,
    Saved,
    SaveWeights,
    SetLearningRate,
    Start,
    Started,
    Stop,
)
from initstudio.experiment import Device, Experiment
from initstudio.history import History, Snapshot, Stretch
from initstudio.ui.worker import Died, Event, RunWorker

STOP_PATIENCE = 500
"""Milliseconds until an engine that does not obey Stop is ended."""
START_PATIENCE = 15_000
"""Milliseconds until an engine that does not leave an older run is ended."""


class State(Enum):
    """Where the present run stands; the value is what a person reads."""

    STARTING = "Preparing the start"
    READY = "Ready"
    RUNNING = "Running"
    PAUSED = "Paused"
    FINISHED = "Finished"
    STOPPED = "Stopped"
    FAILED = "Failed"

    @property
    def text(self) -> str:
        """Return the state in a word or two."""
        return self.value


class LiveRun(QObject):
    """Drives the engine through a RunWorker; without one, nothing happens."""

    state_changed = Signal(object)
    restarted = Signal()
    """`history` is another one."""
    ticked = Signal()
    """`history` has grown."""
    saved = Signal(str, int)
    """The folder in which so many files of weights were written."""
    devices_seen = Signal()
    """The engine has told which `devices` its torch sees."""
    failed = Signal(str, str)

    def __init__(self, worker: RunWorker | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.worker = worker
        self.state = State.STARTING
        self.devices: dict[Device, str] = {}
        """What the engine's torch sees, with makers' names; empty until it has told."""
        self.history: History | None = None
        self.alarms: tuple[Alarm, ...] = ()
        """What has begun to go wrong in the run, in order."""
        self.experiment: Experiment | None = None
        """What the engine was last given to run."""
        self._run = 0
        self._engine_ready = False
        self._coming: History | None = None
        self._watch_over: Alarms | None = None
        self._unheard: Start | None = None
        """The Start of which the engine has said nothing yet; lost if that engine ends."""
        self._pace: deque[tuple[float, int]] = deque(maxlen=120)
        self._watch = QTimer(self, singleShot=True)
        self._watch.timeout.connect(self._on_patience_lost)
        if worker:
            worker.arrived.connect(self.drain)

    @property
    def going(self) -> bool:
        """Return whether a run is under way, paused or not."""
        return self.state in {State.RUNNING, State.PAUSED}

    @property
    def speed(self) -> float:
        """Return the steps a second of late; 0 where not known."""
        if self.state is not State.RUNNING or len(self._pace) < 2:
            return 0.0
        (began, first), (now, last) = self._pace[0], self._pace[-1]
        return (last - first) / (now - began) if now > began else 0.0

    def begin(self, experiment: Experiment, *, paused: bool) -> None:
        """Start `experiment` anew; `paused`: only its start, the readings at step 0."""
        busy = self._engine_ready and (self.going or self.state is State.STARTING)
        self._run += 1
        self.experiment = experiment
        self._coming = None
        self._pace.clear()
        self._unheard = Start(self._run, experiment, paused)
        self._send(self._unheard)
        self._watch.stop()
        if busy:
            self._watch.start(START_PATIENCE)
        self._set_state(State.STARTING)

    def resume(self, steps: int | None = None) -> None:
        """Go on, for `steps` steps or to the end."""
        self._pace.clear()
        self._send(Resume(self._run, steps))
        if self._unheard:
            self._unheard = replace(self._unheard, paused=False)
        elif steps is None:
            self._set_state(State.RUNNING)

    def pause(self) -> None:
        """Wait after the present step; the engine's report changes the state."""
        self._send(Pause(self._run))

    def stop(self) -> None:
        """End the run; an engine that does not obey is ended itself."""
        self._send(Stop(self._run))
        self._unheard = None
        if self._engine_ready:
            self._watch.start(STOP_PATIENCE)
        self._set_state(State.STOPPED)

    def set_learning_rate(self, experiment: Experiment) -> None:
        """Use this experiment's learning rate from the next step on."""
        self.experiment = experiment
        self._send(SetLearningRate(self._run, experiment.training.learning_rate))

    def save_weights(self, folder: Path) -> None:
        """Have the weights written into a folder."""
        self._send(SaveWeights(self._run, str(folder)))

    def drain(self) -> None:
        """Take in what the engine has reported."""
        events = self.worker.take() if self.worker else []
        before = self.history
        for event in events:
            self._take(event)
        if self.history is not before:
            self.restarted.emit()
        if any(isinstance(event, Progress) for event in events):
            self.ticked.emit()

    def _take(self, event: Event) -> None:
        match event:
            case Died():
                self._on_died(event)
            case Ready(devices=devices):
                self._engine_ready = True
                if devices != self.devices:
                    self.devices = devices
                    self.devices_seen.emit()
            case Started() | Progress() | Ended() | Saved() if event.run == self._run:
                self._take_of_run(event)
            case _:
                pass  # of a run that was replaced meanwhile

    def _take_of_run(self, event: Started | Progress | Ended | Saved) -> None:
        match event:
            case Started():
                self._coming = History(event.header)
                self._obeyed()
            case Progress():
                self._on_progress(event)
            case Ended():
                self._on_ended(event)
            case Saved(why=""):
                self.saved.emit(event.folder, event.files)
            case Saved():
                self.failed.emit("Weights", event.why)

    def _on_progress(self, report: Progress) -> None:
        if self._coming:
            # shown only now: until here the pictures of the run before stay, instead of nothing
            self.history, self._coming = self._coming, None
            self.alarms, self._watch_over = (), Alarms(self.history.header)
        if self.history is None:
            return
        self.history.extend(report.stretch)
        self.history.clock.note(self.history.last_step, report.seconds)
        self._heed(report.stretch)
        self._pace.append((report.seconds, self.history.last_step))
        if self.state in {State.STOPPED, State.FAILED}:
            return
        waiting = State.PAUSED if self.history.last_step else State.READY
        self._set_state(waiting if report.paused else State.RUNNING)

    def _heed(self, stretch: Stretch) -> None:
        """Note what begins to go wrong in the newest readings by layer."""
        if self._watch_over is None or stretch.layers_step < 0:
            return
        for shot in (*stretch.earlier, Snapshot(stretch.layers_step, stretch.layers)):
            at = np.flatnonzero(stretch.steps == shot.step)
            loss = stretch.series["loss"][at[0]] if len(at) and "loss" in stretch.series else None
            self.alarms += tuple(self._watch_over.extend(shot.step, shot.readings, loss))

    def _on_ended(self, report: Ended) -> None:
        self._obeyed()
        if report.reason == "failed":
            self._set_state(State.FAILED)
            self.failed.emit(report.where, report.why)
        elif report.reason == "finished":
            self._set_state(State.FINISHED)
        else:
            self._set_state(State.STOPPED)

    def _on_died(self, event: Died) -> None:
        self._watch.stop()
        self._engine_ready = False
        lost, self._unheard = self._unheard, None
        if lost and not event.by_code:
            self._send(lost)  # once: if it is what ends engines, the next one's end will be told
        elif lost or self.going or self.state in {State.STARTING, State.READY}:
            self._set_state(State.FAILED)
            self.failed.emit("Engine", event.why)

    def _on_patience_lost(self) -> None:
        if self.worker:
            self.worker.replace_engine()

    def _obeyed(self) -> None:
        self._watch.stop()
        self._unheard = None

    def _send(self, command: Command) -> None:
        if self.worker:
            self.worker.send(command)

    def _set_state(self, state: State) -> None:
        if state is not self.state:
            self.state = state
            self.state_changed.emit(state)
