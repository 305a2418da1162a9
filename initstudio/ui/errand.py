"""One command of the program's own, in a process of its own: the window never waits for it.

For what needs torch or reads much, outside of a run; nothing that goes wrong there reaches us.
"""

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

from initstudio import paths

PATIENCE = 60_000
"""Milliseconds until a command that does not end is ended."""
FAREWELL = 3_000
"""Milliseconds that a process that is killed has to be gone."""


class Errand(QObject):
    """Starts by itself; ends with one of its two signals, unless it is cancelled."""

    done = Signal(bytes)
    """What it wrote to its standard output."""
    failed = Signal(str)
    """Why there is nothing, as a sentence."""

    def __init__(
        self,
        *words: str,
        given: bytes = b"",
        patience: int = PATIENCE,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._patience = patience
        self._late = False
        self._process = QProcess(self)
        environment = QProcessEnvironment()
        for name, value in paths.own_environment().items():
            environment.insert(name, value)
        self._process.setProcessEnvironment(environment)
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(self._on_error)
        self._watch = QTimer(self, singleShot=True, interval=patience)
        self._watch.timeout.connect(self._on_late)
        self._words, self._given = words, given
        # not yet: whoever asks connects to the signals first
        self._begin = QTimer(self, singleShot=True)
        self._begin.timeout.connect(self._on_begun)
        self._begin.start()

    def cancel(self) -> None:
        """End it; neither signal comes any more."""
        self._begin.stop()
        self._watch.stop()
        self._process.blockSignals(True)  # noqa: FBT003 - Qt's
        if self._process.state() is not QProcess.ProcessState.NotRunning:
            self._process.kill()
            self._process.waitForFinished(FAREWELL)

    def _on_begun(self) -> None:
        program, *arguments = paths.own_command(*self._words)
        self._watch.start()
        self._process.start(program, arguments)
        self._process.write(self._given)
        self._process.closeWriteChannel()

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._watch.stop()
        output = bytes(self._process.readAllStandardOutput().data())
        if self._late:
            self.failed.emit(f"It took longer than {self._patience // 1000} s and was ended.")
        elif status is QProcess.ExitStatus.NormalExit and code == 0:
            self.done.emit(output)
        else:
            self.failed.emit(_last_words(bytes(self._process.readAllStandardError().data()), code))

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._watch.stop()
            self.failed.emit(f"It could not be started: {self._process.errorString()}.")

    def _on_late(self) -> None:
        self._late = True
        self._process.kill()


def _last_words(errors: bytes, code: int) -> str:
    """Return what the process said last, or how it ended."""
    lines = errors.decode("utf-8", "replace").strip().splitlines()
    return lines[-1].removeprefix("error: ") if lines else f"It ended with exit status {code}."
