"""What each word of the command line does; it loads only the rooms that it needs."""

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

from initstudio.errors import ExperimentError

BAD_INPUT = 2
INTERRUPTED = 130


def open_window(arguments: argparse.Namespace) -> int:
    """Open the window, with a file's experiment or a named one, and return the exit status."""
    path = None if arguments.file is None else Path(arguments.file)
    if path and not path.exists():
        from initstudio.headless import load, named_experiment  # noqa: PLC0415

        load(arguments.file)  # or the error
        path = Path(named_experiment(arguments.file) or path)
    from initstudio.ui import app  # noqa: PLC0415

    return app.open_window(path)


def run(arguments: argparse.Namespace) -> int:
    """Train without a window, write every reading, and return the exit status."""
    from msgspec.structs import replace  # noqa: PLC0415

    from initstudio import headless  # noqa: PLC0415
    from initstudio.engine.plan import problems  # noqa: PLC0415

    experiment = headless.load(arguments.file)
    if arguments.device:
        training = replace(experiment.training, device=arguments.device)
        experiment = replace(experiment, training=training)
    if arguments.trust:
        texts = headless.trust_all(experiment)
        print(f"trusted: {texts} text{'s' * (texts != 1)} of Python code", file=sys.stderr)  # noqa: T201
    for problem in problems(experiment):  # before torch is loaded, which takes seconds
        where = f"{arguments.file} {problem.where}"
        raise ExperimentError(where, problem.why)
    import torch  # noqa: PLC0415

    from initstudio.engine.device import device_of  # noqa: PLC0415
    from initstudio.engine.host import THREADS  # noqa: PLC0415
    from initstudio.engine.train import train  # noqa: PLC0415

    device_of(experiment.training.device)  # or the error, before the folder is made
    torch.set_num_threads(THREADS)  # as in the window: the readings are the same, bit for bit
    try:
        finished = headless.run(
            experiment, arguments.out, train, force=arguments.force, weights=arguments.weights
        )
    except OSError as error:  # the disk is full, or gone
        return fail(str(arguments.out), error.strerror or str(error), 1)
    return 0 if finished else INTERRUPTED


def script(arguments: argparse.Namespace) -> int:
    """Write the experiment as a PyTorch script, and return the exit status."""
    from initstudio import headless  # noqa: PLC0415
    from initstudio.engine.plan import problems  # noqa: PLC0415

    experiment = headless.load(arguments.file)
    for problem in problems(experiment):  # before torch is loaded, which takes seconds
        where = f"{arguments.file} {problem.where}"
        raise ExperimentError(where, problem.why)
    import torch  # noqa: PLC0415

    from initstudio.engine import script as writer  # noqa: PLC0415
    from initstudio.engine.host import THREADS  # noqa: PLC0415

    torch.set_num_threads(THREADS)
    out: Path | None = arguments.out
    if arguments.init is not None:
        text = writer.init_function_of(experiment, arguments.init)
    elif arguments.notebook or (out and out.suffix == ".ipynb"):
        text = writer.notebook_of(experiment)
    else:
        text = writer.script_of(experiment)
    if out is None:
        show(text.rstrip("\n"))
        return 0
    from initstudio.files import atomic_write  # noqa: PLC0415

    try:
        atomic_write(out, text.encode())
    except OSError as error:
        return fail(str(out), error.strerror or str(error), 1)
    return 0


def xray(arguments: argparse.Namespace) -> int:
    """Print what a study finds in how the contenders start, and return the exit status."""
    from initstudio import examining, headless  # noqa: PLC0415
    from initstudio.engine.plan import problems  # noqa: PLC0415

    experiment = headless.load(arguments.file)
    for problem in problems(experiment):  # before torch is loaded, which takes seconds
        where = f"{arguments.file} {problem.where}"
        raise ExperimentError(where, problem.why)
    import torch  # noqa: PLC0415

    from initstudio.engine.host import THREADS  # noqa: PLC0415
    from initstudio.engine.studies import STUDIES  # noqa: PLC0415

    study = STUDIES.get(arguments.study)
    if study is None:
        why = f"there is no study '{arguments.study}'; known: {', '.join(STUDIES)}"
        raise ExperimentError("--study", why)
    torch.set_num_threads(THREADS)
    resolved, results = examining.examine(experiment, study, sys.stderr)
    if arguments.json:
        show(examining.as_json(resolved, results, arguments.study))
    else:
        show(examining.as_text(resolved, results))
    return 0


def shot(arguments: argparse.Namespace) -> int:
    """Write a picture of the window, and return the exit status."""
    if sys.platform == "linux" and not (os.environ.keys() & {"DISPLAY", "WAYLAND_DISPLAY"}):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from initstudio.headless import load  # noqa: PLC0415

    experiment = load(arguments.file)
    from initstudio.ui.shot import shot  # noqa: PLC0415

    return shot(
        experiment,
        arguments.picture,
        after=arguments.after,
        size=arguments.size,
        theme=arguments.theme,
    )


def describe(arguments: argparse.Namespace) -> int:
    """Print what a Python file's network is, and return the exit status."""
    from initstudio import describing  # noqa: PLC0415

    return describing.speak_alone(
        lambda: describing.describe(
            arguments.file,
            arguments.factory,
            arguments.shape,
            arguments.tokens,
            trusted=arguments.trust,
        )
    )


def list_entries(arguments: argparse.Namespace) -> int:
    """Print a catalogue, and return the exit status."""
    from initstudio import listing  # noqa: PLC0415

    if arguments.json:
        show(listing.as_json(arguments.catalogue))
    else:
        width = min(shutil.get_terminal_size().columns, 100)
        show(listing.as_text(arguments.catalogue, width))
    return 0


def tensors(arguments: argparse.Namespace) -> int:
    """Print what is in a file of weights, and return the exit status."""
    from msgspec import json as plain_json  # noqa: PLC0415

    from initstudio import weights  # noqa: PLC0415

    found = weights.read_weights(arguments.weights)
    text = plain_json.encode(found).decode() if arguments.json else weights.as_text(found)
    show(text)
    return 0


def schema(_arguments: argparse.Namespace) -> int:
    """Print the JSON Schema of an experiment file, and return the exit status."""
    from initstudio.engine.schema import file_schema  # noqa: PLC0415

    show(json.dumps(file_schema(), indent=2, allow_nan=False))
    return 0


def fail(where: str, why: str, status: int) -> int:
    """Print one line, whatever the words hold, and return the exit status."""
    line = " ".join(f"error: {where}: {why}".split())
    print(line, file=sys.stderr)  # noqa: T201
    return status


def show(text: str) -> None:
    """Print text, with a question mark for what the console cannot show."""
    encoding = sys.stdout.encoding or "utf-8"
    # flushed, as a closed pipe could not be told of at exit
    print(text.encode(encoding, "replace").decode(encoding), flush=True)  # noqa: T201
