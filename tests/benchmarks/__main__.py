"""Runs the benchmarks: `python tests/benchmarks [filter]` prints one JSON line a figure.

Each `bench_*.py` whose name holds the filter runs in a process of its own. Its function
`figures()` yields dicts with `figure`, `value`, `unit`, `aim`, and `at_least` or `at_most`. The
exit status is 1 if a figure misses its bound or a benchmark fails.
"""

import contextlib
import json
import runpy
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent.parent
KEYS = {"figure", "value", "unit", "aim"}
BOUNDS = {"at_least", "at_most"}


def main(arguments: Sequence[str]) -> int:
    """Run what the command line asks for and return the exit status."""
    if len(arguments) == 2 and arguments[0] == "--one":
        return run_one(Path(arguments[1]))
    words = arguments[0] if arguments else ""
    files = sorted(FOLDER.glob("bench_*.py"))
    chosen = [file for file in files if words in file.stem]
    if not chosen:
        known = ", ".join(file.stem for file in files) or "none"
        sys.stderr.write(f"No benchmark's name holds {words!r}; there are: {known}\n")
        return 2
    statuses = [run_apart(file) for file in chosen]
    return int(any(statuses))


def run_apart(file: Path) -> int:
    """Run one benchmark in a fresh process and return its exit status."""
    status = subprocess.run([sys.executable, str(FOLDER), "--one", str(file)], check=False)
    if status.returncode not in (0, 1):
        sys.stderr.write(f"{file.name} failed with exit status {status.returncode}\n")
    return status.returncode


def run_one(file: Path) -> int:
    """Print the figures of one benchmark and return 1 if one misses its bound."""
    out = sys.stdout
    good = True
    sys.path.insert(0, str(ROOT))  # what tests make up is there for benchmarks, too
    # What a benchmark prints must not come between the figures.
    with contextlib.redirect_stdout(sys.stderr):
        for figure in runpy.run_path(str(file))["figures"]():
            line = judged(figure)
            good = good and line["ok"] is True
            out.write(f"{json.dumps(line)}\n")
            out.flush()
    return 0 if good else 1


def judged(figure: Mapping[str, object]) -> dict[str, object]:
    """Return the figure with `ok`.

    Raises:
        ValueError: The figure lacks a key, has no bound or two, or a number is not one.
    """
    bounds = BOUNDS & figure.keys()
    if figure.keys() - BOUNDS != KEYS or len(bounds) != 1:
        message = f"a figure has {sorted(KEYS)} and one of {sorted(BOUNDS)}, not {sorted(figure)}"
        raise ValueError(message)
    name = bounds.pop()
    value, bound = figure["value"], figure[name]
    if not isinstance(value, int | float) or not isinstance(bound, int | float):
        message = f"value and {name} of {figure['figure']!r} have to be numbers"
        raise ValueError(message)  # noqa: TRY004 - a figure's content, not an argument's type
    return {**figure, "ok": value >= bound if name == "at_least" else value <= bound}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
