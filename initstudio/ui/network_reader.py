"""Has a person's own code read in a process of its own, so that the window never waits for it.

The process is this same program (`initstudio describe -`), which keeps itself to limits of time and
memory; one that does not is killed from here.
"""

from PySide6.QtCore import QCoreApplication, QObject, QProcess, QProcessEnvironment, QTimer, Signal

from initstudio import paths
from initstudio.described import MOST_DESCRIBED, Reading, reading_from
from initstudio.errors import ExperimentError

MOST_SECONDS = 90
"""More than the process takes by its own limits, and torch with it."""
MOST_BYTES = 2 * MOST_DESCRIBED
GOODBYE = 2000
"""Milliseconds that a killed process has to be gone."""


class NetworkReader(QObject):
    """Reads one text at a time; `read` tells of what came of the last one."""

    read = Signal(object)
    """A `Reading`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._stdout = bytearray()
        self._limit = QTimer(self, singleShot=True, interval=MOST_SECONDS * 1000)
        self._limit.timeout.connect(self._on_too_late)
        app = QCoreApplication.instance()
        if app:
            app.aboutToQuit.connect(self.cancel)

    @property
    def busy(self) -> bool:
        """Return whether a text is being read."""
        return self._process is not None

    def start(self, code: str, factory: str, shape: tuple[int, ...], tokens: int) -> None:
        """Read a trusted text, for examples of that shape; what was being read is forgotten."""
        self.cancel()
        sides = ",".join(str(side) for side in shape)
        program, *words = paths.own_command(
            "describe", "-", "--shape", sides, "--tokens", str(tokens), f"--factory={factory}"
        )
        process = QProcess(self)
        process.setProcessEnvironment(_environment())
        process.setStandardErrorFile(QProcess.nullDevice())
        process.readyReadStandardOutput.connect(self._on_output)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_error)
        self._process = process
        self._stdout.clear()
        self._limit.start()
        process.start(program, words)
        process.write(code.encode("utf-8"))
        process.closeWriteChannel()

    def cancel(self) -> None:
        """Forget what is being read; its process is gone when this returns."""
        process = self._release()
        if process:
            process.kill()
            process.waitForFinished(GOODBYE)
            process.deleteLater()

    def _release(self) -> QProcess | None:
        self._limit.stop()
        process, self._process = self._process, None
        if process:
            process.blockSignals(True)  # noqa: FBT003 - Qt's own
        return process

    def _on_output(self) -> None:
        if self._process is None:
            return
        self._stdout += bytes(self._process.readAllStandardOutput().data())
        if len(self._stdout) > MOST_BYTES:
            self._give_up("What the code gave is too large to be shown.")

    def _on_too_late(self) -> None:
        self._give_up(f"Its code does not end: it was stopped after {MOST_SECONDS} seconds.")

    def _give_up(self, why: str) -> None:
        self.cancel()
        self.read.emit(Reading(where="file", why=why))

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart and self._process:
            self._give_up(f"It could not be read: {self._process.errorString()}.")

    def _on_finished(self, status: int, how: QProcess.ExitStatus) -> None:
        self._on_output()
        process = self._release()
        if process is None:
            return
        process.deleteLater()
        try:
            found = reading_from(bytes(self._stdout))
        except ExperimentError as error:
            found = Reading(where=error.where, why=error.why)
            if how is QProcess.ExitStatus.CrashExit:
                found = Reading(where="file", why="Its code crashed the process that read it.")
            elif not self._stdout.strip():
                why = f"Its code ended the process that read it, with exit status {status}."
                found = Reading(where="file", why=why)
        self.read.emit(found)


def _environment() -> QProcessEnvironment:
    """Return the environment of our own processes, in which no module of the folder is found."""
    found = QProcessEnvironment()
    for name, value in paths.own_environment().items():
        found.insert(name, value)
    found.insert("PYTHONSAFEPATH", "1")
    return found
