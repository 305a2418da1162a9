"""Runs a person's own Python: only what they trusted, with limits of time, memory and output.

This protects from mistakes, not from malice: trusted code can do whatever its person can.
"""

import contextlib
import faulthandler
import io
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any

from initstudio.trust import is_trusted

FILE = "<your code>"
MARK = "InitStudio runs "
DONE = "InitStudio ran it."
"""What is said on the standard error around it, so that who outlives the process knows."""
GRACE = 5.0
"""Seconds until a process whose code goes on after its time ends itself."""
LINE = 300
"""Characters of an error's text that are told."""


@dataclass(frozen=True)
class Limits:
    """What own code may use."""

    seconds: float = 10.0
    memory: int = 4 * 2**30
    """Bytes beyond what the process has already."""
    output: int = 64 * 2**10
    """Characters printed."""


LIMITS = Limits()


class OwnCodeError(ValueError):
    """Own code cannot be run, or failed; `line` counts from 1, 0 where it is not known."""

    def __init__(self, why: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {why}" if line else why)
        self.line = line


class _TimeUpError(BaseException):
    """Not an Exception, so that code that catches all of those does not catch it."""


class _FloodError(BaseException):
    """Too much was printed."""


def mistake(code: str) -> OwnCodeError | None:
    """Return what keeps the code from being Python, without running any of it."""
    try:
        compile(code, FILE, "exec", dont_inherit=True)
    except SyntaxError as error:
        return OwnCodeError(f"{error.msg}.", error.lineno or 0)
    except ValueError as error:  # a null character, in some versions
        return OwnCodeError(f"{error}.")
    except (RecursionError, MemoryError):
        return OwnCodeError("It is nested too deeply.")
    return None


def define(
    code: str, name: str, given: dict[str, Any], *, trusted: bool = False
) -> Callable[..., Any]:
    """Run trusted code and return the function that it calls `name`; call within `limited`.

    `trusted` is for code of our own; all other must be trusted by the person.

    Raises:
        OwnCodeError: It is not trusted, is no Python, or defines no such function.
    """
    if not (trusted or is_trusted(code)):
        message = "Its Python code is not trusted yet: read it, then choose Trust and run."
        raise OwnCodeError(message)
    if wrong := mistake(code):
        raise wrong
    space = {"__name__": "own_code", **given}
    exec(compile(code, FILE, "exec", dont_inherit=True), space)  # noqa: S102 - it is trusted
    function: Callable[..., Any] | None = space.get(name)
    if not callable(function):
        message = f"There is no function called {name} in it."
        raise OwnCodeError(message)
    return function


@contextlib.contextmanager
def limited(what: str, limits: Limits | None = None) -> Iterator[None]:
    """Run what is inside within limits; `what` names it to who reads the standard error.

    Raises:
        OwnCodeError: Whatever goes wrong inside, with the line of the code.
    """
    limits = limits or LIMITS
    _say(f"{MARK}{what}")
    try:
        with _output(limits), _memory(limits), _time(limits), _no_child():
            yield
    except OwnCodeError:
        raise
    except _TimeUpError as error:
        message = f"It takes longer than {limits.seconds:g} s and was ended."
        raise OwnCodeError(message, _line(error.__traceback__)) from None
    except _FloodError as error:
        message = f"It prints more than {limits.output:,} characters and was ended."
        raise OwnCodeError(message, _line(error.__traceback__)) from None
    except SystemExit as error:
        message = "It asks to exit."
        raise OwnCodeError(message, _line(error.__traceback__)) from None
    except Exception as error:  # noqa: BLE001 - whatever a person's code may raise
        raise OwnCodeError(_told(error, limits), _line(error.__traceback__)) from None
    finally:
        _say(DONE)


def _say(text: str) -> None:
    with contextlib.suppress(OSError):
        os.write(2, f"{text}\n".encode("utf-8", "replace"))


def _told(error: Exception, limits: Limits) -> str:
    text = str(error)
    if isinstance(error, MemoryError) or "can't allocate memory" in text:
        return f"It needs more than the {limits.memory / 2**30:g} GiB of memory that it may use."
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    first = first if len(first) <= LINE else f"{first[:LINE]}…"
    return f"{type(error).__name__}: {first}".rstrip(": ").rstrip(".") + "."


def _line(trace: TracebackType | None) -> int:
    """Return the innermost line of own code in a traceback."""
    lines = [frame.lineno for frame in traceback.extract_tb(trace) if frame.filename == FILE]
    return (lines or [0])[-1] or 0


@contextlib.contextmanager
def _time(limits: Limits) -> Iterator[None]:
    """Raise in the code when its time is over; end the process if it goes on all the same."""
    faulthandler.dump_traceback_later(limits.seconds + GRACE, exit=True, file=2)
    main = threading.current_thread() is threading.main_thread()
    if not main or not hasattr(signal, "setitimer"):
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
        return

    def _on_time_up(_number: int, _frame: FrameType | None) -> None:
        raise _TimeUpError

    before = signal.signal(signal.SIGALRM, _on_time_up)
    signal.setitimer(signal.ITIMER_REAL, limits.seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        faulthandler.cancel_dump_traceback_later()


@contextlib.contextmanager
def _memory(limits: Limits) -> Iterator[None]:
    """Bound the memory that the process may map, where the system can."""
    try:
        import resource  # noqa: PLC0415 - not on Windows

        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - no path of a file
            mapped = int(file.read().split()[0]) * resource.getpagesize()
    except (ImportError, OSError):
        yield
        return
    before = resource.getrlimit(resource.RLIMIT_AS)
    bound = mapped + limits.memory
    if before[1] != resource.RLIM_INFINITY:
        bound = min(bound, before[1])
    resource.setrlimit(resource.RLIMIT_AS, (bound, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


class _Counted(io.TextIOBase):
    """Passes text on until there is too much of it."""

    def __init__(self, to: Any, most: int) -> None:  # noqa: ANN401 - a stream of text
        self._to = to
        self._left = most

    def write(self, text: str) -> int:
        self._left -= len(text)
        if self._left < 0:
            raise _FloodError
        self._to.write(text)
        return len(text)

    def flush(self) -> None:
        self._to.flush()

    def writable(self) -> bool:
        return True


@contextlib.contextmanager
def _no_child() -> Iterator[None]:
    """End a child that the code has forked: it must not go on as if it were us."""
    parent = os.getpid()
    try:
        yield
    finally:
        # before anything else is put back: the watchdog's thread is not in the child
        if os.getpid() != parent:
            os._exit(1)


@contextlib.contextmanager
def _output(limits: Limits) -> Iterator[None]:
    counted = _Counted(sys.stderr, limits.output)
    with contextlib.redirect_stdout(counted), contextlib.redirect_stderr(counted):
        yield
