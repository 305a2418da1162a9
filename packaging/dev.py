#!/usr/bin/env python3
"""Set up, run, test, measure and check InitStudio from a clone; needs only Python 3.11 or later.

The first call makes `.venv` in the project root and installs the locked versions; a later call
finds them in place and starts at once.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import urllib.request
import venv
from pathlib import Path
from typing import TYPE_CHECKING

import system_libraries

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "packaging" / "requirements.lock"
STAMP = VENV / "installed.txt"
DESKTOP = "tests/desktop"
CHECKED = ("initstudio", "tests", "packaging")
OLDEST = (3, 11)
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
ONE_THREAD = {"OMP_NUM_THREADS": "1"}  # torch in each pytest worker would take every core
OFFSCREEN = {"QT_QPA_PLATFORM": "offscreen"}

HELP = """
verbs:
  run [args]         open the window, or pass args to `python -m initstudio`
  test [pytest args] lint, all tests offscreen, and tests/desktop on a real window system (Xvfb on
                     Linux); pytest args narrow it to one of the two
  bench [filter]     run tests/benchmarks/bench_*<filter>*.py, one JSON line a figure
  lint               ruff, ruff format --check and mypy
  shot [args]        save pictures of the window without a screen
"""


class StepError(Exception):
    """A step of the set-up that failed, in one sentence."""


def main(arguments: Sequence[str]) -> int:
    """Do what the command line asks and return the exit status."""
    if sys.version_info < OLDEST:
        say(f"This needs Python {OLDEST[0]}.{OLDEST[1]} or later, and this is {sys.version}.")
        return 2
    parser = argparse.ArgumentParser(
        prog="dev.py",
        description=__doc__,
        epilog=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("verb", choices=VERBS)
    parser.add_argument("args", nargs=argparse.REMAINDER, help="passed on")
    options = parser.parse_args(arguments)
    try:
        set_up()
        return VERBS[options.verb](options.args)
    except (StepError, OSError) as error:
        say(f"Failed: {error}")
        return 1
    except KeyboardInterrupt:
        return 130


def run(arguments: Sequence[str]) -> int:
    """Open the window, or do what `python -m initstudio` does with these arguments."""
    need_system()
    return call([python(), "-m", "initstudio", *arguments])


def shot(arguments: Sequence[str]) -> int:
    """Save pictures of the window without a screen."""
    need_system()
    return call([python(), "-m", "initstudio", "shot", *arguments], OFFSCREEN)


def bench(arguments: Sequence[str]) -> int:
    """Print the figures of the benchmarks."""
    need_system()
    return call([python(), "tests/benchmarks", *arguments], OFFSCREEN, ROOT)


def lint(_arguments: Sequence[str] = ()) -> int:
    """Check style, format and types."""
    return summary(lint_steps())


def test(arguments: Sequence[str]) -> int:
    """Check everything and run all tests, also after a failure, then say which part failed."""
    need_system(display=True)
    steps = lint_steps()
    on_desktop = any(DESKTOP in argument for argument in arguments)
    if not on_desktop:
        steps["tests"] = call(pytest_command(arguments), {**OFFSCREEN, **ONE_THREAD}, ROOT)
    if on_desktop or not arguments:
        steps["desktop tests"] = test_desktop(arguments or [DESKTOP])
    return summary(steps)


def lint_steps() -> dict[str, int]:
    """Return the exit status of each check."""
    return {
        "ruff": call([python(), "-m", "ruff", "check", *CHECKED], cwd=ROOT),
        "format": call([python(), "-m", "ruff", "format", "--check", *CHECKED], cwd=ROOT),
        "mypy": call([python(), "-m", "mypy"], cwd=ROOT),
    }


def pytest_command(arguments: Sequence[str]) -> list[str]:
    """Return the command of all tests that need no window system."""
    # Whole windows and engine processes run in there: more workers than two only slow them down.
    spread = ["-n", "2", "--dist", "loadfile"]
    select = ["-m", "not desktop", f"--ignore={DESKTOP}"]
    return [python(), "-m", "pytest", *spread, *select, *arguments]


def test_desktop(arguments: Sequence[str]) -> int:
    """Run the tests that need a window system; 0 while there are none."""
    if not (ROOT / DESKTOP).is_dir():
        say(f"There is no {DESKTOP}; left out.")
        return 0
    command = [python(), "-m", "pytest", *arguments]
    if not sys.platform.startswith("linux"):
        return call(command, {}, ROOT)
    program = shutil.which("Xvfb")
    if program is None:
        say("Xvfb is missing; the desktop tests cannot run.")
        return 1
    with system_libraries.virtual_display(program) as display:
        return call(command, {"QT_QPA_PLATFORM": "xcb", "DISPLAY": display}, ROOT)


def set_up() -> None:
    """Make the virtual environment and install the locked versions, where that is still to do."""
    if not (VENV / "pyvenv.cfg").exists():
        say("Making .venv ...")
        make_venv()
    lock = LOCK.read_text(encoding="utf-8")
    wanted = stamp(lock, (VENV / "pyvenv.cfg").read_text(encoding="utf-8"), ROOT)
    if STAMP.exists() and STAMP.read_text(encoding="utf-8") == wanted:
        return
    say("Installing the locked versions; the first time takes some minutes ...")
    install(lock)
    STAMP.write_text(wanted, encoding="utf-8")


def make_venv() -> None:
    """Make an empty virtual environment with pip.

    Raises:
        StepError: This Python cannot.
    """
    try:
        venv.create(VENV, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        shutil.rmtree(VENV, ignore_errors=True)
        message = f"cannot make .venv ({error}); on Debian and Ubuntu install python3-venv first."
        raise StepError(message) from None


def install(lock: str) -> None:
    """Install the locked versions and put the project on the path.

    Raises:
        StepError: pip could not.
    """
    pip = [python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if index := torch_index(sys.platform):
        # Its dependencies come with the lock: the index has other versions of them.
        demand([*pip, "--no-deps", "--index-url", index, f"torch=={pins(lock)['torch']}"])
    demand([*pip, "--requirement", str(LOCK)])
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    found = subprocess.check_output([python(), "-c", code], text=True)
    # Not `pip install -e`: a path file needs no build, and its imports are plain to mypy.
    Path(found.strip(), "initstudio.pth").write_text(f"{ROOT}\n", encoding="utf-8")


def pins(lock: str) -> dict[str, str]:
    """Return the version of each locked package by its name in small letters."""
    lines = (line.partition("#")[0].partition(";")[0].strip() for line in lock.splitlines())
    pairs = (line.partition("==") for line in lines if line)
    return {name.lower(): version for name, _, version in pairs}


def stamp(lock: str, interpreter: str, root: Path) -> str:
    """Return what tells one state of the installation from another."""
    return hashlib.sha256("\n".join([lock, interpreter, str(root)]).encode()).hexdigest()


def answers(url: str) -> bool:
    """Say whether a web page can be had within five seconds, through the proxy if one is set."""
    try:
        request = urllib.request.Request(url, method="HEAD")  # noqa: S310 - our own https address
        with urllib.request.urlopen(request, timeout=5):  # noqa: S310
            return True
    except OSError:
        return False


def torch_index(platform: str, opener: Callable[[str], bool] = answers) -> str | None:
    """Return the index with the CPU build of torch, or None where pip's own sources have to do.

    On Linux the plain build brings gigabytes of CUDA; elsewhere the plain build is the CPU's.
    """
    if not platform.startswith("linux"):
        return None
    return TORCH_INDEX if opener(f"{TORCH_INDEX}/torch/") else None


def need_system(*, display: bool = False) -> None:
    """Install what Qt, and a virtual display, lack on Linux; where not allowed, print how."""
    if not sys.platform.startswith("linux"):
        return
    lacking = system_libraries.lacking_here(display=display)
    if not lacking:
        return
    say(f"Missing from the system: {', '.join(item.name for item in lacking)}")
    if (prefix := apt_prefix()) is not None:
        silent = {"DEBIAN_FRONTEND": "noninteractive"}
        call([*prefix, "apt-get", "update", "-qq"], silent)
        get = [*prefix, "apt-get", "install", "-qq", "--yes", "--no-install-recommends"]
        if call([*get, *(item.apt for item in lacking)], silent) == 0:
            return
        say("apt-get could not install them.")
    for line in system_libraries.install_commands(lacking):
        say(f"Install them with: {line}")


def apt_prefix() -> list[str] | None:
    """Return what to put before apt-get, or None where it may not be used without a question."""
    if sys.platform == "win32" or not shutil.which("apt-get"):
        return None
    if os.geteuid() == 0:
        return []
    sudo = [shutil.which("sudo") or "", "-n"]
    if not sudo[0] or subprocess.run([*sudo, "true"], capture_output=True, check=False).returncode:
        return None
    return sudo


def python() -> str:
    """Return the Python of the virtual environment."""
    return str(VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def call(
    command: Sequence[str], extra: Mapping[str, str] | None = None, cwd: Path | None = None
) -> int:
    """Run a command with `extra` in its environment and return its exit status."""
    say(f"$ {shlex.join(command)}")
    environment = {**os.environ, **(extra or {})}
    return subprocess.run(command, env=environment, cwd=cwd, check=False).returncode


def demand(command: Sequence[str]) -> None:
    """Run a command that has to succeed.

    Raises:
        StepError: It did not.
    """
    if status := call(command):
        message = f"`{shlex.join(command)}` ended with exit status {status}."
        raise StepError(message)


def summary(steps: Mapping[str, int]) -> int:
    """Print one line a step and return 1 if any failed."""
    for name, status in steps.items():
        sys.stdout.write(f"{name}: {'ok' if status == 0 else f'FAILED (exit {status})'}\n")
    return int(any(steps.values()))


def say(line: str) -> None:
    """Print a line of progress; not on stdout, which is for what the commands give."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


VERBS: dict[str, Callable[[Sequence[str]], int]] = {
    "run": run,
    "test": test,
    "bench": bench,
    "lint": lint,
    "shot": shot,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
