"""A run without a window: trains in this very process and writes every reading down.

`readings.csv` grows while the run goes (see `engine/tidy.py` for its columns); `summary.json` is
written at the end, also of a run that was stopped or failed (see `engine/summary.py`).
"""

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TextIO, TypeAlias

import lazy_loader
import msgspec
import numpy as np

from initstudio import __version__
from initstudio.engine.plan import plan, read
from initstudio.engine.summary import Summary, to_json
from initstudio.engine.tidy import HEADING, Tidy
from initstudio.errors import ExperimentError
from initstudio.experiment import Choice, Experiment
from initstudio.files import atomic_write
from initstudio.history import Snapshot
from initstudio.presets import EXPERIMENTS
from initstudio.progress import Progress
from initstudio.trust import trust

READINGS = "readings.csv"
SUMMARY = "summary.json"
WEIGHTS = "weights"
"""A folder."""
FLUSH = 1.0
"""Seconds of readings that a kill may lose."""

torch = lazy_loader.load("torch")

Networks: TypeAlias = Callable[[int], dict[str, Any]]
"""Gives the present weights of a replica, tensors by name."""
Train: TypeAlias = Callable[
    [Experiment, Callable[[Networks], object]], Generator[Snapshot, float | None, None]
]


def named_experiment(name: str) -> str | None:
    """Return the proper name of a shipped experiment that `name` stands for, unless a file does."""
    if Path(name).exists():
        return None
    proper = {title.casefold(): title for title in EXPERIMENTS}
    return proper.get(name.casefold())


def load(name: str) -> Experiment:
    """Return the experiment in a file or, where there is no such file, the one of that name.

    "-" is the standard input.

    Raises:
        ExperimentError: There is neither, or the file has a mistake; with the file's name.
    """
    if proper := named_experiment(name):
        return EXPERIMENTS[proper]
    try:
        return read(sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes())
    except FileNotFoundError:
        known = ", ".join(EXPERIMENTS)
        why = f"there is no such file, nor an experiment of that name (there are: {known})"
        raise ExperimentError(name, why) from None
    except OSError as error:
        raise ExperimentError(name, error.strerror or str(error)) from None
    except ExperimentError as error:
        where = f"{name} {error.where}"
        raise ExperimentError(where, error.why) from None


def trust_all(experiment: Experiment) -> int:
    """Trust all of a person's own code in an experiment, and return how many texts that is.

    Raises:
        OSError: It could not be written down.
    """
    tunings = (one.tuning for one in experiment.contenders)
    choices = [*_each(experiment.network), *(one for one in tunings if one)]
    codes = {str(one.params["code"]) for one in choices if "code" in one.params}
    for code in codes:
        trust(code)
    return len(codes)


def _each(layers: Sequence[Choice]) -> Iterator[Choice]:
    for layer in layers:
        yield layer
        yield from _each(layer.inside)


def run(  # noqa: PLR0913 - what a command line may ask for
    experiment: Experiment,
    folder: Path,
    train: Train,
    *,
    force: bool = False,
    weights: bool = False,
    stream: TextIO | None = None,
) -> bool:
    """Train, write the readings and the summary into `folder`, and return whether it finished.

    Ctrl-C ends the run after the present step. With `weights`, those of the start and of the end
    are written as well (see `engine/saving.py`).

    Raises:
        ExperimentError: The experiment cannot run, or the folder cannot be had.
        OSError: The disk is full, or the like; what was written stays.
    """
    resolved = plan(experiment)
    header = resolved.header
    met: list[Networks] = []
    _claim(folder, force=force)
    summary = Summary(header)
    progress = Progress(header, stream or sys.stderr)
    state = "failed"
    try:
        with (
            (folder / READINGS).open("w", encoding="utf-8", newline="") as file,
            contextlib.closing(train(experiment, met.append)) as snapshots,
            _first_interrupt() as asked,
        ):
            _write_down(snapshots, file, Tidy(header), summary, progress, asked=asked)
        state = "finished" if summary.step == header.steps else "stopped"
    except KeyboardInterrupt:
        state = "stopped"
    finally:
        seconds = progress.seconds
        progress.end(state, summary.step)
        record = _record(experiment, state, summary, header.steps, seconds)
        atomic_write(folder / SUMMARY, to_json(record))
    if weights:
        from initstudio.engine.saving import save_weights  # noqa: PLC0415 - loads torch

        save_weights(resolved, met[0], summary.step, folder / WEIGHTS)
    return state == "finished"


def _write_down(  # noqa: PLR0913 - all that a snapshot goes to
    snapshots: Iterable[Snapshot],
    file: TextIO,
    tidy: Tidy,
    summary: Summary,
    progress: Progress,
    *,
    asked: threading.Event,
) -> None:
    """Pass each snapshot on, up to the one during which it was asked to stop."""
    flushed = 0.0
    file.write(HEADING)
    for snapshot in snapshots:
        file.write(tidy.lines(snapshot))
        summary.take(snapshot)
        progress.show(snapshot)
        if progress.seconds - flushed >= FLUSH:
            file.flush()
            flushed = progress.seconds
        if asked.is_set():
            return


def _claim(folder: Path, *, force: bool) -> None:
    """Make the folder, and see that no earlier run is in it, or that it may go."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        earlier = [path for name in (READINGS, SUMMARY) if (path := folder / name).exists()]
        if earlier and not force:
            why = f"an earlier run is here ({earlier[0].name}); --force replaces it"
            raise ExperimentError(str(folder), why)
        for path in earlier:
            path.unlink()
    except OSError as error:
        raise ExperimentError(str(folder), error.strerror or str(error)) from None


@contextlib.contextmanager
def _first_interrupt() -> Iterator[threading.Event]:
    """Yield what the first Ctrl-C sets; the next ones act as ever."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = signal.getsignal(signal.SIGINT)

    def _on_interrupt(_number: int, _frame: object) -> None:
        asked.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, _on_interrupt)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)


def _record(
    experiment: Experiment, state: str, summary: Summary, steps: int, seconds: float
) -> dict[str, Any]:
    """Return what the summary file says."""
    from initstudio.engine.device import devices_here  # noqa: PLC0415 - loads torch

    step = summary.step
    return {
        "state": state if state == "finished" else f"{state} at step {step}",
        "steps": step,
        "steps_planned": steps,
        "seconds": seconds,
        "steps_per_second": step / seconds if seconds > 0 else None,
        "versions": {
            "initstudio": __version__,
            "torch": str(torch.__version__),
            "numpy": np.__version__,
            "msgspec": msgspec.__version__,
        },
        "device": {
            "kind": experiment.training.device,
            "name": devices_here().get(experiment.training.device),
        },
        "networks": summary.networks(),
        "experiment": experiment,
    }
