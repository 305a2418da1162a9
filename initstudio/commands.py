"""The words of the command line; `verbs.py` says what each does."""

import argparse
import math
import os
import re
import sys
from collections.abc import Callable, Container, Sequence
from pathlib import Path
from typing import NoReturn, TypeAlias

from initstudio import __version__, verbs
from initstudio.errors import ExperimentError

SIDES = range(200, 10_001)
CATALOGUES = {
    "schemes": "ways to set starting weights",
    "tunings": "second steps of starting a network, on real data",
    "layers": "layers of a network",
    "datasets": "data to train on",
    "probes": "measurements",
}
FILE_HELP = "an experiment file, - for stdin, or one of: Article, Digits, Deep digits"

Commands: TypeAlias = "argparse._SubParsersAction[_Parser]"  # noqa: SLF001 - it has no public name


def main(words: Sequence[str]) -> int:
    """Do what the words say and return the exit status."""
    try:
        parser, names = _parser()
        arguments = parser.parse_args(_with_command(words, names))
        return int(arguments.do(arguments))
    except SystemExit as ended:  # --help and --version
        return ended.code if isinstance(ended.code, int) else 1
    except ExperimentError as error:
        return verbs.fail(error.where, error.why, verbs.BAD_INPUT)
    except KeyboardInterrupt:
        return verbs.INTERRUPTED
    except BrokenPipeError:
        # the reader of our output has gone; nothing may be written at exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


class _Parser(argparse.ArgumentParser):
    """Tells of a mistake in one line."""

    def error(self, message: str) -> NoReturn:
        where, why = "command line", f"{message} (see {self.prog} --help)"
        raise ExperimentError(where, why)


def _parser() -> tuple[argparse.ArgumentParser, Container[str]]:
    """Return the parser and the names of its commands."""
    parser = _Parser(
        prog="initstudio",
        description="A desktop laboratory for neural-network weight initialization.",
        epilog="Without a command, `initstudio [FILE]` opens the window. Exit status: 0 done, 1 "
        "failed on the way, 2 bad input (one line on stderr, `error: WHERE: WHY`), 130 Ctrl-C.",
    )
    parser.add_argument("--version", action="version", version=f"initstudio {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_open(commands)
    _add_run(commands)
    _add_shot(commands)
    _add_describe(commands)
    for name, what in CATALOGUES.items():
        listing = _add(commands, name, verbs.list_entries, f"list the {what}")
        listing.add_argument("--json", action="store_true", help="as a JSON array")
        listing.set_defaults(catalogue=name)
    _add_script(commands)
    _add_xray(commands)
    tensors = _add(commands, "tensors", verbs.tensors, "say what is in a file of weights")
    tensors.add_argument("weights", metavar="FILE.safetensors", type=Path)
    tensors.add_argument("--json", action="store_true", help="as JSON, with the distributions")
    _add(commands, "schema", verbs.schema, "print the JSON Schema of an experiment file")
    return parser, commands.choices


def _with_command(words: Sequence[str], names: Container[str]) -> list[str]:
    """Return the words with `open` before a lone FILE or nothing."""
    if words and (words[0] in names or words[0] in {"-h", "--help", "--version"}):
        return list(words)
    return ["open", *words]


def _add(
    commands: Commands,
    name: str,
    do: Callable[[argparse.Namespace], int],
    text: str,
    description: str = "",
) -> argparse.ArgumentParser:
    words = description or f"{text[0].upper()}{text[1:]}."
    command = commands.add_parser(
        name, help=text, description=words, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    command.set_defaults(do=do)
    return command


def _add_open(commands: Commands) -> None:
    command = _add(commands, "open", verbs.open_window, "open the window (the same as no command)")
    command.add_argument("file", metavar="FILE", nargs="?", help=FILE_HELP)


def _add_run(commands: Commands) -> None:
    command = _add(
        commands, "run", verbs.run, "train without a window and write every reading", _RUN
    )
    command.add_argument("file", metavar="FILE", help=FILE_HELP)
    command.add_argument(
        "--out",
        metavar="DIR",
        type=Path,
        required=True,
        help="where readings.csv and summary.json are written; made if it is not there",
    )
    command.add_argument(
        "--device",
        choices=("cpu", "cuda", "mps"),
        help="what computes, whatever the file says; mps is Apple's GPU",
    )
    command.add_argument("--force", action="store_true", help="replace an earlier run in DIR")
    command.add_argument(
        "--weights", action="store_true", help="write the weights, at the start and at the end, too"
    )
    command.add_argument(
        "--trust", action="store_true", help="trust the Python code in FILE, now and later"
    )


def _add_shot(commands: Commands) -> None:
    command = _add(commands, "shot", verbs.shot, "write a picture of the window while it trains")
    command.add_argument("file", metavar="FILE", help=FILE_HELP)
    command.add_argument("picture", metavar="OUT.png", type=Path)
    command.add_argument(
        "--after",
        metavar="SECONDS",
        type=_seconds,
        default=5.0,
        help="how long it has trained by then (%(default)s)",
    )
    command.add_argument(
        "--size", metavar="WxH", type=_size, default=(1600, 900), help="in pixels (1600x900)"
    )
    command.add_argument("--theme", choices=("light", "dark"), default="light")


def _add_script(commands: Commands) -> None:
    command = _add(
        commands, "script", verbs.script, "write the experiment as a PyTorch script", _SCRIPT
    )
    command.add_argument("file", metavar="FILE", help=FILE_HELP)
    command.add_argument(
        "--out", metavar="PATH", type=Path, help="a file; .ipynb: a notebook (default: stdout)"
    )
    what = command.add_mutually_exclusive_group()
    what.add_argument("--notebook", action="store_true", help="a Jupyter notebook")
    what.add_argument("--init", metavar="NAME", help="only how that contender starts the network")


def _add_xray(commands: Commands) -> None:
    command = _add(
        commands, "xray", verbs.xray, "measure how the contenders start, without training", _XRAY
    )
    command.add_argument("file", metavar="FILE", help=FILE_HELP)
    command.add_argument("--json", action="store_true", help="all numbers and findings, as JSON")
    command.add_argument(
        "--study",
        metavar="NAME",
        default="start",
        help="another study than the profile: first_step, phase, jacobian, luck, width, "
        "trainability",
    )


def _add_describe(commands: Commands) -> None:
    command = _add(
        commands, "describe", verbs.describe, "read a network in a Python file, as JSON", _DESCRIBE
    )
    command.add_argument("file", metavar="FILE.py", help="the file; - reads it from stdin")
    command.add_argument(
        "--shape",
        metavar="N,N,...",
        type=_shape,
        required=True,
        help="sides of one example of the data, without the batch",
    )
    command.add_argument(
        "--tokens",
        metavar="N",
        type=_count,
        default=0,
        help="the data are tokens, out of so many (%(default)s: they are numbers)",
    )
    command.add_argument("--factory", metavar="NAME", default="", help="the class or function")
    command.add_argument(
        "--trust", action="store_true", help="let this very text run from now on, here as well"
    )


def _seconds(text: str) -> float:
    seconds = float(text)
    if not (math.isfinite(seconds) and 0 <= seconds <= 3600):
        why = f"{text!r} is not a time from 0 to 3600 seconds"
        raise argparse.ArgumentTypeError(why)
    return seconds


def _shape(text: str) -> tuple[int, ...]:
    if re.fullmatch(r"[1-9][0-9]{0,8}(,[1-9][0-9]{0,8}){0,7}", text):
        return tuple(int(side) for side in text.split(","))
    why = f"{text!r} is not a shape such as 1,8,8"
    raise argparse.ArgumentTypeError(why)


def _count(text: str) -> int:
    if re.fullmatch(r"[0-9]{1,9}", text):
        return int(text)
    why = f"{text!r} is not a number of tokens"
    raise argparse.ArgumentTypeError(why)


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([0-9]{1,6})[xX]([0-9]{1,6})", text)
    if match and all(int(side) in SIDES for side in match.groups()):
        return int(match[1]), int(match[2])
    why = f"{text!r} is not a size such as 1600x900, each side from {SIDES[0]} to {SIDES[-1]}"
    raise argparse.ArgumentTypeError(why)


_SCRIPT = """\
Write the experiment as a plain PyTorch script, which needs torch and numpy and nothing of ours.

Run under the same torch it starts every network with the same weights, bit for bit, and its losses
are those of a run to rounding. The weights are compared before it is written.
"""

_XRAY = """\
Measure how each contender starts, before any training: a table with a row for each layer, beside
what theory predicts, and what is found in sentences, worst first, each with what would mend it.

  std           standard deviation of the outputs; theory: what mean-field theory predicts of it
  mean square   of the outputs; of biases: the part that the biases make, by theory
  gradient std  standard deviation of the loss's gradient by the outputs
  dead          share of the units that give the same for the whole batch
  saturated     share of the outputs at the ends of the activation's range
  cosine        mean over pairs of the first 8 examples

A dash stands for a number that there is not. With --json null stands for what is not finite.
"""

_DESCRIBE = """\
Run a Python file of your own that makes a network, and print what is in it.

The file is run only if you have trusted its text, in the window or with --trust. Without --factory
the classes and functions are listed that can be called without arguments; if there is but one, it
is described. In an experiment file the network is {"key": "own", "params": {"code": ...,
"factory": ..., "described": ...}}, where `described` is that JSON object as a text.

What the code prints goes to stderr. A mistake is in `why` of the JSON object, and on stderr.
"""

_RUN = """\
Train without a window, in this process, with a progress bar on stderr.

DIR/readings.csv gets every reading as it is taken, one number a row, with the columns
  probe        what was measured; `initstudio probes` explains them
  step         updates made so far
  contender    its name; slot: its identity, as names may repeat; seed
  layer        such as "1 Linear"; empty for a number of the whole network
  bin_low, bin_high
               empty but for a distribution, which has a row for each bin that is not empty:
               `value` of its values v are in bin_low <= v < bin_high, and those that are not
               finite are counted in a row whose edges are nan
  value        with the fewest digits that give it back exactly; or nan, inf, -inf

DIR/summary.json gets, at the end, for each contender under each seed the first, best and final
training loss (mean of an epoch's batches), validation loss and accuracy (epoch 0 is the start),
and the step at which it diverged; also steps, seconds, versions, what computed and the experiment
itself.
null stands for what is not a finite number.

DIR/weights gets, with --weights, a safetensors file for each network at the start and one at the
end, with the names of torch's state_dict.

Ctrl-C stops after the present step, keeps what was trained and exits with 130.
"""
