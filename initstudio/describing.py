"""The process that reads a person's own network: what keeps its code from harm by mistake.

The code may hang, crash, print, or ask for all memory. So it runs in a process by itself, with a
limit of time and, where the system has one, of memory; all that it prints goes to stderr, and the
one JSON object on stdout is ours. This protects from mistakes, not from malice.
"""

import os
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import msgspec

from initstudio.described import MOST_CODE, Reading, decoded
from initstudio.errors import ExperimentError
from initstudio.trust import is_trusted, trust

SECONDS = 60
"""How long the code may take, loading torch aside."""
MEMORY = 4 * 2**30
"""Bytes that the code may ask for, where the system can keep it to that."""
_print_lock = threading.Lock()


def describe(
    name: str, factory: str, shape: tuple[int, ...], tokens: int, *, trusted: bool
) -> Reading:
    """Return what is in a file, or in stdin where its name is "-"; `trusted` trusts it from now on.

    Raises:
        ExperimentError: It cannot be read or used; or it is not trusted.
    """
    code = text_of(name)
    if trusted:
        trust(code)
    if not is_trusted(code):
        why = "its code is not trusted; read it, and say --trust if it may run"
        raise ExperimentError(name, why)
    from initstudio.engine.describe import read  # noqa: PLC0415 - loads torch

    warnings.simplefilter("ignore")  # what torch says of somebody's code is for them
    _limit_memory()
    try:
        return read(code, factory, shape, tokens)
    except MemoryError:
        raise ExperimentError("network", "It asks for more memory than there is.") from None


def text_of(name: str) -> str:
    """Return the text of a file.

    Raises:
        ExperimentError: It cannot be read, is too large, or is no text.
    """
    try:
        if name == "-":
            data = sys.stdin.buffer.read(MOST_CODE + 1)
        else:
            with Path(name).open("rb") as file:
                data = file.read(MOST_CODE + 1)
    except OSError as error:
        raise ExperimentError(name, f"It could not be opened: {error.strerror or error}.") from None
    return decoded(data, name)


def speak_alone(do: Callable[[], Reading], seconds: float = SECONDS) -> int:
    """Do it with all that is printed on stderr; then print what it gave, and end the process.

    Threads and exit handlers that the code has left behind are not waited for.
    """
    sys.stdout.flush()
    ours = os.dup(1)
    os.dup2(2, 1)
    timer = threading.Timer(seconds, _end, (ours, Reading(where="file", why=_too_long(seconds))))
    timer.daemon = True
    timer.start()
    try:
        reading = do()
    except ExperimentError as error:
        reading = Reading(where=error.where, why=error.why)
    _end(ours, reading)


def _end(stdout: int, reading: Reading) -> NoReturn:
    """Print what was read, and for a failure the one line of the command line, and end."""
    with _print_lock:
        left = memoryview(msgspec.json.encode(reading) + b"\n")
        try:
            while left:
                left = left[os.write(stdout, left) :]
        except OSError:  # the reader has gone
            os._exit(1)
        if reading.why:
            line = " ".join(f"error: {reading.where}: {reading.why}".split())
            os.write(2, f"{line}\n".encode("utf-8", "replace"))
        os._exit(2 if reading.why else 0)


def _too_long(seconds: float) -> str:
    return f"Its code does not end: it was stopped after {seconds:g} seconds."


def _limit_memory() -> None:
    """Let the code ask for some more memory than is in use, where the system has such a limit."""
    try:
        import resource  # noqa: PLC0415 - not on Windows

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (ImportError, OSError):
        return
    most = pages * resource.getpagesize() + MEMORY
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard == resource.RLIM_INFINITY or most < hard:
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))
