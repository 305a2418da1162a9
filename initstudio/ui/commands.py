"""What the window's actions do beyond the session: questions, files, help."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSettings
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QFileDialog, QMainWindow, QMessageBox

from initstudio import __version__
from initstudio.presets import EXPERIMENTS
from initstudio.ui import look
from initstudio.ui.actions import ACTS, Act
from initstudio.ui.network_opening import NetworkOpening
from initstudio.ui.picture_keys import PICTURE_ACTS, PictureAct
from initstudio.ui.pins import MOST
from initstudio.ui.session import Session

if TYPE_CHECKING:
    from initstudio.ui.board import Board
    from initstudio.ui.pages import Pages

FILTER = "Experiments (*.json);;All files (*)"
WEIGHTS_FILTER = "Weights (*.safetensors);;All files (*)"
TAKEN = (".json", ".py", ".safetensors")
"""Endings of the files that can be dropped on the window."""
MAX_RECENT = 8
LAYOUT = 3
"""Counts up when docks change, so that an older layout is not restored."""
Answer = QMessageBox.StandardButton


class Commands(QObject):
    """Asks where the session needs an answer; each method is the slot of an action."""

    def __init__(self, session: Session, window: QMainWindow) -> None:
        super().__init__(window)
        self._session = session
        self._window = window
        self.networks = NetworkOpening(session, window)

    @property
    def _folder(self) -> str:
        """Return where dialogues begin: the document's folder."""
        return str(self._session.path.parent) if self._session.path else ""

    def ask_open(self) -> None:
        """Ask for a file and open it."""
        name, _ = QFileDialog.getOpenFileName(
            self._window, "Open an experiment", self._folder, FILTER
        )
        if name:
            self.open(Path(name))

    def take_in(self, path: Path) -> None:
        """Show a file that was dropped on the window, each kind in its way."""
        if path.suffix == ".safetensors":
            self.show_weights(path)
        elif path.suffix == ".py":
            self.networks.open(path)
        else:
            self.open(path)

    def open(self, path: Path) -> None:
        """Open a file, unless there are edits that a person wants to keep first."""
        if self.may_leave() and self._session.open(path):
            remember(path)

    def ask_network(self) -> None:
        """Ask for a Python file and open the network in it."""
        self.networks.ask()

    def ask_save(self) -> bool:
        """Save, asking for a file if there is none; return whether it was saved."""
        return self._session.save() if self._session.path else self.ask_save_as()

    def ask_save_as(self) -> bool:
        """Ask for a file and save to it; return whether it was saved."""
        present = self._session.path or Path(f"{self._session.experiment.title}.json")
        name, _ = QFileDialog.getSaveFileName(
            self._window, "Save the experiment", str(present), FILTER
        )
        if not name:
            return False
        path = Path(name)
        path = path if path.suffix else path.with_suffix(".json")
        saved = self._session.save_as(path)
        if saved:
            remember(path)
        return saved

    def ask_save_weights(self) -> None:
        """Ask for a folder, and have the weights of the run written into it."""
        folder = QFileDialog.getExistingDirectory(
            self._window, "A folder for the weights of all networks", self._folder
        )
        if folder:
            self._session.save_weights(Path(folder))

    def ask_open_weights(self) -> None:
        """Ask for a file of weights and show what is in it."""
        name, _ = QFileDialog.getOpenFileName(
            self._window, "Look into a file of weights", self._folder, WEIGHTS_FILTER
        )
        if name:
            self.show_weights(Path(name))

    def show_weights(self, path: Path) -> None:
        """Show what is in a file of weights, in a window of its own."""
        from initstudio.ui.weights_window import WeightsWindow  # noqa: PLC0415 - loads pyqtgraph

        WeightsWindow(path, self._session, self._window).show()

    def show_script(self, contender: str = "") -> None:
        """Show the experiment as PyTorch code; that of a contender's start if one is named."""
        from initstudio.ui.script_window import ScriptWindow  # noqa: PLC0415 - not at the start

        ScriptWindow(self._session, contender, self._window).show()

    def ask_save_picture(self) -> None:
        """Ask how the board's picture is to be taken, and save it."""
        if board := self._board():
            board.ask_save_picture()

    def copy_picture(self) -> None:
        """Put the board's picture on the clipboard."""
        if board := self._board():
            board.copy_picture()

    def replay(self) -> None:
        """Replay the run from the step that is shown, or pause."""
        self._session.timeline.play_or_pause()

    def go_back(self) -> None:
        """Show the run as it was at the snapshot before."""
        self._session.timeline.go_by(-1)

    def go_on(self) -> None:
        """Show the run as it was at the next snapshot."""
        self._session.timeline.go_by(1)

    def go_now(self) -> None:
        """Show the run as it is now."""
        self._session.timeline.go_now()

    def pin_run(self) -> None:
        """Keep the present run in the pictures when another one begins."""
        pins, history = self._session.pins, self._session.history
        if history is None or history.last_step <= 0:
            self._session.failed.emit("Pins", "This run has not made a step yet.")
        elif pins.of(history) is None and self._has_room():
            pins.add(history)

    def pin_start(self) -> None:
        """Keep the present start in the X-ray's pictures when the experiment is edited."""
        pins, experiment = self._session.pins, self._session.experiment
        for problem in self._session.problems[:1]:
            self._session.failed.emit(problem.where, problem.why)
            return
        found = pins.of_start(experiment)
        if found:
            self._session.failed.emit("Pins", f"This start is pinned, as {found.name}.")
        elif self._has_room():
            pins.add_start(experiment)

    def _has_room(self) -> bool:
        """Return whether one more can be pinned; else say that it cannot."""
        if self._session.pins.full:
            self._session.failed.emit("Pins", f"{MOST} are pinned; take one off first.")
        return not self._session.pins.full

    def show_race(self) -> None:
        """Show the board of the race."""
        if pages := self._pages():
            pages.show_page(0)

    def show_xray(self) -> None:
        """Show the board of the start."""
        if pages := self._pages():
            pages.show_page(1)

    def _board(self) -> "Board | None":
        """Return the board that is shown, once it is there."""
        pages = self._pages()
        return pages.present if pages else None

    def _pages(self) -> "Pages | None":
        from initstudio.ui.pages import Pages  # noqa: PLC0415 - loads pyqtgraph

        return self._window.findChild(Pages)

    def load_preset(self, name: str) -> None:
        """Show a preset experiment; undo brings back what was there."""
        self._session.load(EXPERIMENTS[name])

    def may_leave(self) -> bool:
        """Return whether the present document may go: saved, discarded or unchanged."""
        if not self._session.modified:
            return True
        answer = QMessageBox.question(
            self._window,
            "Save the experiment?",
            f"“{self._session.experiment.title}” has edits that are in no file.",
            Answer.Save | Answer.Discard | Answer.Cancel,
            Answer.Save,
        )
        return answer == Answer.Discard or (answer == Answer.Save and self.ask_save())

    def undo(self) -> None:
        """Undo the last edit."""
        self._session.undo_stack.undo()

    def redo(self) -> None:
        """Redo what was undone."""
        self._session.undo_stack.redo()

    def quit(self) -> None:
        """Close the window, which may ask."""
        self._window.close()

    def stage_look(self) -> None:
        """Use large text and thick lines, or no longer."""
        look.choose_stage(on=not look.staged())

    def full_screen(self) -> None:
        """Fill the screen, or leave it."""
        if self._window.isFullScreen():
            self._window.showNormal()
        else:
            self._window.showFullScreen()

    def reset_layout(self) -> None:
        """Put all panels back into their places."""
        self._window.restoreState(self._window.property("standard_layout"), LAYOUT)

    def show_shortcuts(self) -> None:
        """List all keys."""
        pictures = "<tr><td colspan=2><br><b>In a picture of the board</b></td></tr>"
        rows = _rows(ACTS) + pictures + _rows(PICTURE_ACTS)
        QMessageBox.information(self._window, "Keyboard shortcuts", f"<table>{rows}</table>")

    def show_about(self) -> None:
        """Say what this is."""
        QMessageBox.about(
            self._window,
            "About InitStudio",
            f"<b>InitStudio {__version__}</b><p>A desktop laboratory for neural-network weight "
            "initialization.</p><p>Networks train in a process of their own, on this computer; "
            "nothing leaves it.</p>",
        )


def recent_files() -> list[Path]:
    """Return the files opened and saved last, newest first."""
    found = QSettings().value("recent")
    # a list of one comes back as its only text
    names = found if isinstance(found, list) else [found] if found else []
    return [Path(str(name)) for name in names]


def remember(path: Path) -> None:
    """Put a file at the head of the recent ones."""
    path = path.resolve()
    paths = [path, *(one for one in recent_files() if one != path)]
    QSettings().setValue("recent", [str(one) for one in paths[:MAX_RECENT]])


def _rows(acts: Sequence[Act | PictureAct]) -> str:
    """Return a table's rows: what the actions that have keys do, and their keys."""
    return "".join(
        f"<tr><td>{act.text.replace('&', '')}&nbsp;&nbsp;</td><td>{_keys(act.shortcuts)}</td></tr>"
        for act in acts
        if act.shortcuts
    )


def _keys(shortcuts: tuple[str, ...]) -> str:
    native = QKeySequence.SequenceFormat.NativeText
    return ", ".join(QKeySequence(keys).toString(native) for keys in shortcuts)
