"""The window's end of the engine process: starts it, talks to it, ends it. No torch here."""

import contextlib
import logging
import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Sequence
from typing import IO, BinaryIO, cast

from initstudio import paths
from initstudio.engine.messages import Command, Report, pack, read_frame, unpack_report
from initstudio.own_code import DONE, MARK

PATIENCE = 0.5
"""Seconds that an engine has to end when it is asked to; then it is killed."""
GLANCE = 1.0
"""Seconds that a process that has closed its pipe gets to say with which status it ends."""
KILLED = 9
KEPT_LINES = 200
LONGEST_LINE = 8192

_log = logging.getLogger(__name__)
_HIDE_CONSOLE = getattr(subprocess, "CREATE_NO_WINDOW", 0)


class EngineClient:
    """One engine process, from its start to its end."""

    def __init__(self, command: Sequence[str] | None = None, *, behind: int = 0) -> None:
        """Start it; `behind` others by so much niceness, where the system knows of that."""
        self._process = subprocess.Popen(
            command or paths.own_command("--engine"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=_HIDE_CONSOLE,
            # a group of its own, so that what a person's code starts ends with it
            start_new_session=os.name == "posix",
            env=paths.own_environment(),
        )
        if behind and hasattr(os, "setpriority"):
            os.setpriority(os.PRIO_PROCESS, self._process.pid, behind)
        self._sending = threading.Lock()
        self._ending = threading.Lock()
        self.doing = ""
        """The code of a person's own that it runs just now; "" where it runs none."""
        self.lines: deque[str] = deque(maxlen=KEPT_LINES)
        """The last of what the engine wrote to its standard error."""
        self._drain = threading.Thread(target=self._drain_errors, name="engine stderr", daemon=True)
        self._drain.start()

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    def send(self, command: Command) -> bool:
        """Give a command, from any thread; return False if the engine has ended."""
        frame = pack(command)
        with self._sending:
            try:
                self._stdin.write(frame)
                self._stdin.flush()
            except (OSError, ValueError):  # a broken pipe, or one that `close` has closed
                return False
        return True

    def read(self) -> Report | None:
        """Wait for the next report and return it, or None when the engine has ended.

        Raises:
            ValueError: The stream is broken.
            msgspec.MsgspecError: A frame holds no report.
        """
        try:
            body = read_frame(self._stdout)
        except ValueError:
            if self._process.poll() is None:
                raise
            return None  # ended in the middle of a frame, or closed
        return None if body is None else unpack_report(body)

    def kill(self) -> None:
        """End the process at once, and what it has started."""
        self._process.kill()
        self._kill_group()

    def close(self) -> None:
        """End the process, wait until it has ended, and release the pipes."""
        with self._ending:
            self._close_stdin()
            self._process.terminate()
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._kill_group()
            # a thread that still reads has found the end of the stream by now
            self._stdout.close()
            self._drain.join()
            self._stderr.close()

    def how_it_ended(self) -> str:
        """Return in a sentence how the process ended, once its reports have."""
        code: int | None = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self._process.wait(GLANCE)
        self._drain.join(GLANCE)  # its last words may still be on their way
        last = next((line for line in reversed(self.lines) if line.strip()), "")
        detail = f": {last.rstrip('.')}" if last else ""
        if self.doing:
            detail = f" while the {self.doing} ran"
        if code is None:
            return f"The engine ended{detail}. A new one is started."
        if code == -KILLED:
            why = detail if self.doing else "; perhaps memory ran out"
            return f"The engine was killed{why}. A new one is started."
        if code < 0:
            name = signal.strsignal(-code)
            return f"The engine ended by signal {-code} ({name}){detail}. A new one is started."
        return f"The engine ended with exit status {code}{detail}. A new one is started."

    @property
    def _stdout(self) -> BinaryIO:
        return cast("BinaryIO", self._process.stdout)

    @property
    def _stderr(self) -> IO[bytes]:
        return cast("IO[bytes]", self._process.stderr)

    @property
    def _stdin(self) -> IO[bytes]:
        return cast("IO[bytes]", self._process.stdin)

    def _kill_group(self) -> None:
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _close_stdin(self) -> None:
        with self._sending:
            try:
                self._stdin.close()
            except OSError:  # it had ended with something still to be flushed
                return

    def _drain_errors(self) -> None:
        # in pieces, as a line may never end
        for line in iter(lambda: self._stderr.readline(LONGEST_LINE), b""):
            text = line.decode("utf-8", "replace").rstrip()
            if text.startswith(MARK):
                self.doing = text.removeprefix(MARK)
                continue
            if text == DONE:
                self.doing = ""
                continue
            self.lines.append(text)
            _log.info("engine %d: %s", self.pid, text)
