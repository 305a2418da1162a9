"""The open window's document: one Experiment with undo and a file, and the run that shows it."""

from pathlib import Path

from msgspec.structs import replace
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from initstudio.alarms import Alarm
from initstudio.engine import plan
from initstudio.errors import ExperimentError
from initstudio.experiment import Device, Experiment, encode
from initstudio.files import atomic_write
from initstudio.history import History
from initstudio.ui.live_run import LiveRun, State
from initstudio.ui.pins import Pins
from initstudio.ui.timeline import Timeline
from initstudio.ui.worker import RunWorker

__all__ = ["Session", "State"]

SETTLE = 250
"""Milliseconds after the last edit until the start is computed again."""
SPARE_AFTER = 5_000
"""Milliseconds of quiet after which a second engine is started, to stand by."""
LAST_SEED = 2**31 - 1


class Session(QObject):
    """Holds the present Experiment and replaces it whole; drives the run that belongs to it.

    Without a worker everything works but running, which then does nothing.
    """

    experiment_changed = Signal(object)
    state_changed = Signal(object)
    runs_changed = Signal()
    """`history` is another one."""
    ticked = Signal()
    """`history` has grown."""
    devices_seen = Signal()
    """The engine has told which `devices` there are."""
    weights_saved = Signal(str, int)
    """The folder in which so many files of weights were written."""
    failed = Signal(str, str)
    """Where and why something that was asked for is not possible."""
    closed = Signal()
    """Its engine is to end, and all that goes with it."""

    def __init__(
        self,
        experiment: Experiment,
        worker: RunWorker | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self.experiment = experiment
        self.path: Path | None = None
        self.problems: tuple[ExperimentError, ...] = tuple(plan.problems(experiment))
        self.timeline = Timeline(self)
        self.pins = Pins(self)
        self.before: History | None = None
        """The readings of the last run before the present one that made a step."""
        self._shown: History | None = None
        self._live = LiveRun(worker, self)
        self._live.state_changed.connect(self._on_state_changed)
        self._live.restarted.connect(self._on_restarted)
        self._live.ticked.connect(self._on_ticked)
        self._live.failed.connect(self.failed)
        self._live.saved.connect(self.weights_saved)
        self._live.devices_seen.connect(self.devices_seen)
        self._settle = QTimer(self, singleShot=True, interval=SETTLE)
        self._settle.timeout.connect(self._on_settled)
        self._quiet = QTimer(self, singleShot=True, interval=SPARE_AFTER)
        self._quiet.timeout.connect(self._on_quiet)
        if worker and not self.problems:
            self._live.begin(experiment, paused=True)

    @property
    def modified(self) -> bool:
        """Return whether there are edits that no file has."""
        return not self.undo_stack.isClean()

    @property
    def state(self) -> State:
        """Return where the present run stands."""
        return self._live.state

    @property
    def history(self) -> History | None:
        """Return the readings of the present run."""
        return self._live.history

    @property
    def begins(self) -> bool:
        """Return whether the first engine is still loading, which nothing else should delay."""
        starting = self.state is State.STARTING and self.history is None
        return starting and self._live.worker is not None

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """Return what has begun to go wrong in the present run, in order."""
        return self._live.alarms

    @property
    def devices(self) -> dict[Device, str]:
        """Return what can compute, with makers' names; empty until the engine has told."""
        return self._live.devices

    @property
    def speed(self) -> float:
        """Return the speed of training, steps/s; 0 where not known."""
        return self._live.speed

    @property
    def seconds_left(self) -> float:
        """Return the time that the rest of the run will take; infinite where not known."""
        if not self.history or not self.speed:
            return float("inf")
        return (self.history.header.steps - self.history.last_step) / self.speed

    @property
    def stale(self) -> bool:
        """Return whether the run is of an experiment that has been edited since."""
        run = self._live.experiment
        return run is None or run.work() != self.experiment.work()

    def edit(self, experiment: Experiment, text: str, merge: str = "") -> None:
        """Replace the experiment, undoably; edits in a row with the same `merge` are one."""
        if experiment != self.experiment:
            self.undo_stack.push(_Edit(self, experiment, text, merge))

    def recheck(self) -> None:
        """Look anew for what keeps the experiment from running: what lies beside it has changed."""
        self._show(self.experiment)
        if self.state is State.FAILED and not self.problems and self._live.worker:
            self._begin(paused=True)

    def load(self, experiment: Experiment, path: Path | None = None) -> None:
        """Replace the document. Undo brings the one before back, so nothing is lost."""
        clean = path is not None or not self.modified
        if (experiment, path) != (self.experiment, self.path):
            self.undo_stack.push(_Load(self, experiment, path))
        if clean:
            self.undo_stack.setClean()

    def open(self, path: Path) -> bool:
        """Load a file and return True; if it cannot be, nothing changes."""
        try:
            experiment = plan.read(path.read_bytes())
        except OSError as error:
            self.failed.emit(str(path), f"It could not be opened: {error.strerror or error}.")
            return False
        except ExperimentError as error:
            self.failed.emit(f"{path.name}, {error.where}", error.why)
            return False
        self.load(experiment, path)
        return True

    def save(self) -> bool:
        """Write the document to its file; return whether that was done."""
        return self.path is not None and self.save_as(self.path)

    def save_as(self, path: Path) -> bool:
        """Write the document to `path`, which becomes its file; return whether that was done."""
        try:
            atomic_write(path, encode(self.experiment))
        except OSError as error:
            self.failed.emit(str(path), f"It could not be saved: {error.strerror or error}.")
            return False
        except ExperimentError as error:
            self.failed.emit(error.where, error.why)
            return False
        self.path = path
        self.undo_stack.setClean()
        self.experiment_changed.emit(self.experiment)
        return True

    def run(self) -> None:
        """Go on with the run; begin one where there is none, or where it is out of date."""
        if self._runnable():
            resumable = {State.READY, State.PAUSED, State.STARTING, State.RUNNING}
            if self.stale or self.state not in resumable:
                self._begin(paused=False)
            elif self.state is not State.RUNNING:
                self._live.resume()

    def pause(self) -> None:
        """Wait after the present step."""
        if self.state is State.RUNNING:
            self._live.pause()

    def step(self) -> None:
        """Make one step and wait."""
        if self.state is State.RUNNING:
            self._live.pause()
        elif self._runnable():
            if not self.stale and self.state in {State.READY, State.PAUSED}:
                self._live.resume(1)
            else:
                self._begin(paused=True)

    def stop(self) -> None:
        """End the run."""
        starting = self.state is State.STARTING and self._live.worker is not None
        if self._live.going or starting:
            self._settle.stop()
            self._live.stop()

    def reset(self) -> None:
        """Go back to the start: the same weights, bit for bit."""
        if self._runnable():
            self._begin(paused=True)

    def new_seed(self) -> None:
        """Take seeds that were not used yet, and show their start."""
        seeds = self.experiment.seeds
        following = seeds.first + seeds.count
        first = following if following + seeds.count <= LAST_SEED else 0
        self.edit(replace(self.experiment, seeds=replace(seeds, first=first)), "New seed")
        self.reset()

    def save_weights(self, folder: Path) -> None:
        """Have the weights of the present run written into a folder, at its start and as now."""
        self._live.save_weights(folder)

    def drain(self) -> None:
        """Take in what the engine has reported; happens by itself, too."""
        self._live.drain()

    def close(self) -> None:
        """End the engine and its thread."""
        self._settle.stop()
        self._quiet.stop()
        self.undo_stack.blockSignals(True)  # noqa: FBT003 - Qt's; its end would still be told
        if self._live.worker:
            self._live.worker.close()
        self.closed.emit()

    def _runnable(self) -> bool:
        for problem in self.problems:
            self.failed.emit(problem.where, problem.why)
            return False
        return self._live.worker is not None

    def _begin(self, *, paused: bool) -> None:
        self._settle.stop()
        self._live.begin(self.experiment, paused=paused)

    def _show(self, experiment: Experiment) -> None:
        """Make `experiment` the present one, and let the run follow."""
        self.experiment = experiment
        self.problems = tuple(plan.problems(experiment))
        self.experiment_changed.emit(experiment)
        run = self._live.experiment
        if self._live.worker is None or not self.stale:
            return
        if not self._live.going:
            self._settle.start()
        elif run and _with_rate_of(run, experiment).work() == experiment.work():
            self._live.set_learning_rate(experiment)

    def _on_settled(self) -> None:
        if self.stale and not self.problems and not self._live.going:
            self._begin(paused=True)

    def _on_restarted(self) -> None:
        last, self._shown = self._shown, self._live.history
        if last is not None and last.last_step > 0:
            self.before = last
        self.runs_changed.emit()
        self.timeline.follow(self._live.history)

    def _on_ticked(self) -> None:
        self.ticked.emit()
        self.timeline.grow()

    def _on_state_changed(self, state: State) -> None:
        self._quiet.stop()
        if state not in {State.RUNNING, State.STARTING}:
            self._quiet.start()
        self.state_changed.emit(state)

    def _on_quiet(self) -> None:
        if self._live.worker:
            self._live.worker.warm_spare()


class _Edit(QUndoCommand):
    """One replacement of the experiment; its first `redo` makes it."""

    def __init__(self, session: Session, after: Experiment, text: str, merge: str = "") -> None:
        super().__init__(text)
        self.session = session
        self.before = session.experiment
        self.after = after
        self.merge = merge

    def redo(self) -> None:
        self.session._show(self.after)  # noqa: SLF001 - the session's own command

    def undo(self) -> None:
        self.session._show(self.before)  # noqa: SLF001

    def id(self) -> int:
        return 1 if self.merge else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Edit) or other.merge != self.merge:
            return False
        self.after = other.after
        self.setObsolete(self.after == self.before)
        return True


class _Load(_Edit):
    """One replacement of the whole document: the experiment and its file."""

    def __init__(self, session: Session, after: Experiment, path: Path | None) -> None:
        super().__init__(session, after, f"Open {after.title}")
        self.paths = (session.path, path)

    def redo(self) -> None:
        self.session.path = self.paths[1]
        super().redo()

    def undo(self) -> None:
        self.session.path = self.paths[0]
        super().undo()


def _with_rate_of(run: Experiment, edited: Experiment) -> Experiment:
    """Return what runs, with the learning rate of the edited experiment."""
    rate = edited.training.learning_rate
    return replace(run, training=replace(run.training, learning_rate=rate))
