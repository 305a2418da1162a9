"""The engine process: takes commands on stdin, trains, and writes reports to stdout.

It ends when its stdin ends, whatever it is doing, so that it never outlives its window.
"""

import contextlib
import faulthandler
import gc
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import msgspec

from initstudio.engine.examiner import Commands, Examiner, Studies
from initstudio.engine.messages import (
    Command,
    Ended,
    Examine,
    Forget,
    Pause,
    Progress,
    Ready,
    Report,
    Rest,
    Resume,
    Saved,
    SaveWeights,
    SetLearningRate,
    Start,
    Started,
    Stop,
    pack,
    read_frame,
    unpack_command,
)
from initstudio.engine.plan import plan
from initstudio.engine.trouble import memory_asked_for, told_of
from initstudio.errors import ExperimentError
from initstudio.experiment import Device, Experiment
from initstudio.history import Header, Snapshot, stretch_of
from initstudio.probes import PROBES

INTERVAL = 1 / 60
"""Seconds between two progress reports, at least."""
GRACE = 1.0
"""Seconds from the end of stdin until the process is ended, whatever it is doing."""

Networks: TypeAlias = Callable[[int], Any]
"""Gives the present weights of a replica."""
Train: TypeAlias = Callable[
    [Experiment, Callable[[Networks], object]], Generator[Snapshot, float | None, None]
]
Send: TypeAlias = Callable[[Report], None]
Load: TypeAlias = Callable[[], tuple[str, dict[Device, str], Train]]

THREADS = 1
"""Threads of torch: one leaves the other of two cores to the window, and the bits to the seed.

Measured on two cores without a window, two threads train the article's networks as fast as one,
30 layers of 64 1.3 times and layers of 512 1.6 times as fast.
"""

_STEP_KEYS = frozenset(probe.key for probe in PROBES.values() if probe.cadence == "step")
_AT_ENDS = [probe for probe in PROBES.values() if probe.cadence == "epoch"]
_EPOCH_KEYS = frozenset(probe.key for probe in _AT_ENDS if probe.axes == ("replica",))
_PAGE_KEYS = frozenset(probe.key for probe in _AT_ENDS) - _EPOCH_KEYS


def main() -> int:
    """Serve the window until it closes the pipe, and return the exit status."""
    return serve_window(_load_torch, _load_studies)


def serve_window(load: Load, load_studies: Callable[[], Studies]) -> int:
    """Serve the window with the version, the devices, the training and the studies given."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the window, which then ends us
    faulthandler.enable()
    reports = _take_stdout()
    commands: Commands = queue.SimpleQueue()
    # listens before anything is loaded: the window may close in the seconds that this takes
    # over a file of its own: Python ends with a fatal error where a thread still reads sys.stdin
    stdin = os.fdopen(os.dup(0), "rb")
    threading.Thread(target=_receive, args=(stdin, commands), daemon=True).start()
    version, devices, train = load()
    gc.freeze()  # what this made stays: looking through it before each run would take 0.2 s

    def send(report: Report) -> None:
        reports.write(pack(report))
        reports.flush()

    try:
        send(Ready(version, devices))
        Host(commands, send, devices, load_studies).serve(train)
    except BrokenPipeError:  # the window has ended
        return 0
    return 0


class Host:
    """Obeys the commands in a queue, one run at a time; None in the queue ends it."""

    def __init__(
        self,
        commands: Commands,
        send: Send,
        devices: Mapping[Device, str] | None = None,
        load_studies: Callable[[], Studies] = dict,
    ) -> None:
        self._commands = commands
        self._send = send
        self._devices = devices or {}
        self._load_studies = load_studies
        self._last: _Run | None = None
        """The run that is over, whose weights may still be asked for."""

    def serve(self, train: Train) -> None:
        """Run what is asked for until the commands end, or memory has run out."""
        command = self._commands.get()
        while command is not None:
            command = self._obey(command, train)

    def _obey(self, command: Command, train: Train) -> Command | None:
        """Return the command to obey next."""
        if isinstance(command, Examine | Rest | Forget):
            return Examiner(self._commands, self._send, self._load_studies()).serve(command)
        if not isinstance(command, Start):
            if self._last:
                self._last.obey_afterwards(command)
            return self._commands.get()
        self._last = None
        gc.collect()  # its memory is wanted, and its program and torch's graphs hold themselves
        name = self._devices.get(command.experiment.training.device, "")
        run = self._last = _Run(command, self._commands, self._send, name)
        run.perform(train)
        if run.out_of_memory:
            return None  # a fresh process has all of the memory again
        return run.successor if run.replaced else self._commands.get()


class _Run:
    """One run, from Start to Ended; another Start, or the end of the commands, replaces it."""

    def __init__(self, start: Start, commands: Commands, send: Send, device: str) -> None:
        self.replaced = False
        self.successor: Command | None = None
        self.out_of_memory = False
        self._id = start.run
        self._experiment = start.experiment
        self._device = device
        self._commands = commands
        self._send = send
        self._stopped = False
        self._paused = start.paused
        self._told_pause = False
        self._steps_left: int | None = None
        self._learning_rate: float | None = None
        self._header: Header | None = None
        self._networks: Networks | None = None
        self._step = 0
        self._begun = False
        self._announced = False
        self._batch: list[Snapshot] = []
        self._seconds = 0.0
        self._reported = -1.0

    def obey_afterwards(self, command: Command) -> None:
        """Obey what can still be asked of a run that is over."""
        if isinstance(command, SaveWeights) and command.run == self._id:
            self._save(Path(command.folder))

    def perform(self, train: Train) -> None:
        """Train, and report how it ended."""
        try:
            self._heed()  # what came while the engine was busy may have replaced this run already
            if not self._stopped:
                self._train(train)
            if self._batch:
                self._report_readings()
            self._send(Ended(self._id, "stopped" if self._stopped else "finished"))
        except ExperimentError as error:
            self._fail(error.where, error.why)
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever failed, the window must learn of it
            traceback.print_exc()
            self.out_of_memory = memory_asked_for(error) is not None
            self._fail("Engine", told_of(error))

    def _train(self, train: Train) -> None:
        header = plan(self._experiment).header
        self._header = msgspec.structs.replace(header, device=self._device)
        snapshots = train(self._experiment, self._meet)
        with contextlib.closing(snapshots):
            snapshot = self._advance(lambda: next(snapshots, None))
            while snapshot is not None and not self._stopped:
                self._take(snapshot)
                self._heed()
                if not self._stopped:
                    snapshot = self._advance(lambda: _following(snapshots, self._new_rate()))

    def _advance(self, make: Callable[[], Snapshot | None]) -> Snapshot | None:
        began = time.perf_counter()
        snapshot = make()
        self._seconds += time.perf_counter() - began
        return snapshot

    def _new_rate(self) -> float | None:
        rate, self._learning_rate = self._learning_rate, None
        return rate

    def _take(self, snapshot: Snapshot) -> None:
        """Keep the snapshot for the next report; send it if it is time."""
        self._batch.append(snapshot)
        self._begun = True
        self._step = snapshot.step
        if self._steps_left is not None:
            self._steps_left -= 1
            self._paused = self._steps_left <= 0
        if self._header and snapshot.step >= self._header.steps:
            self._paused = False  # nothing to wait for: the run is finished
        if time.perf_counter() - self._reported >= INTERVAL and not self._paused:
            self._report_readings()

    def _heed(self) -> None:
        """Obey what has been said since; if paused, wait for what will be said."""
        while not self._stopped:
            if self._paused and self._begun:
                if not self._told_pause:
                    self._report_readings()
                self._told_pause = True
            elif self._commands.empty():
                return
            self._obey(self._commands.get())

    def _obey(self, command: Command | None) -> None:
        match command:
            case Start() | None:
                self.replaced, self.successor, self._stopped = True, command, True
            case Examine() | Rest() | Forget():
                pass  # studies are made by an engine that has no run
            case _ if command.run != self._id:
                pass  # for a run that is over
            case Resume(steps=steps):
                self._paused, self._told_pause, self._steps_left = False, False, steps
                if steps is not None and not self._begun:
                    self._steps_left = steps + 1  # the start itself is no step
            case Pause():
                self._paused, self._steps_left = True, None
            case Stop():
                self._stopped = True
            case SetLearningRate(value=value):
                self._learning_rate = value
            case SaveWeights(folder=folder):
                self._save(Path(folder))

    def _report_readings(self) -> None:
        """Send the snapshots taken since the last report, the first time with what they mean."""
        if self._header is None:
            return
        if not self._announced:
            self._send(Started(self._id, self._header))
            self._announced = True
        snapshots, self._batch = self._batch, []
        stretch = stretch_of(snapshots, _STEP_KEYS, _EPOCH_KEYS, _PAGE_KEYS)
        self._send(Progress(self._id, stretch, self._seconds, self._paused))
        self._reported = time.perf_counter()

    def _meet(self, networks: Networks) -> None:
        self._networks = networks

    def _save(self, folder: Path) -> None:
        """Write the weights as they are, and report it."""
        if self._networks is None:
            self._send(Saved(self._id, str(folder), 0, "The run has no networks."))
            return
        from initstudio.engine.saving import save_weights  # noqa: PLC0415 - loads torch

        try:
            files = save_weights(plan(self._experiment), self._networks, self._step, folder)
            self._send(Saved(self._id, str(folder), files))
        except ExperimentError as error:
            self._send(Saved(self._id, str(folder), 0, f"{error.where}: {error.why}"))

    def _fail(self, where: str, why: str) -> None:
        if self._batch:
            self._report_readings()
        self._send(Ended(self._id, "failed", where, why))


def _load_torch() -> tuple[str, dict[Device, str], Train]:
    import torch  # noqa: PLC0415 - takes seconds, in which the window can already be heard

    from initstudio.engine.device import devices_here  # noqa: PLC0415
    from initstudio.engine.train import train  # noqa: PLC0415

    torch.set_num_threads(THREADS)
    return str(torch.__version__), devices_here(), train


def _load_studies() -> Studies:
    from initstudio.engine.studies import STUDIES  # noqa: PLC0415 - loads torch

    return STUDIES


def _following(
    snapshots: Generator[Snapshot, float | None, None], rate: float | None
) -> Snapshot | None:
    """Return the next snapshot, trained with the rate if one is given; None at the end."""
    try:
        return snapshots.send(rate)
    except StopIteration:
        return None


def _take_stdout() -> BinaryIO:
    """Return the pipe to the window, and turn stdout to stderr: a print must not reach the pipe."""
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return pipe


def _receive(stream: BinaryIO, commands: Commands) -> None:
    """Put the commands into the queue; at their end, put None and see that the process ends."""
    try:
        while (body := read_frame(stream)) is not None:
            commands.put(unpack_command(body))
    except (OSError, ValueError, msgspec.MsgspecError):
        traceback.print_exc()
    # a thread of C, which ends the process even where Python itself is stuck
    faulthandler.dump_traceback_later(GRACE, exit=True)
    commands.put(None)
