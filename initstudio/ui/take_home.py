"""What a person takes home of a board: its pictures, as files or by clipboard, and its numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from initstudio.errors import ExperimentError
from initstudio.files import atomic_write
from initstudio.ui.arrangement import Cell
from initstudio.ui.figure import Look, as_csv
from initstudio.ui.picture_dialog import PictureDialog, copy_picture
from initstudio.ui.plots.plot import Plot
from initstudio.ui.plots.study_plot import StudyPlot
from initstudio.ui.theme import present

WHOLE: Cell = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class Taken:
    """Plots, the cells in which they lie, the size of all in pixels, and a name for it."""

    plots: Sequence[Plot]
    cells: Sequence[Cell]
    size: QSize
    name: str


def alone(plot: Plot, name: str = "") -> Taken:
    """Return one plot as it is seen."""
    return Taken(plots=[plot], cells=[WHOLE], size=plot.size(), name=name or plot.label)


def ask_save(taken: Taken, parent: QWidget) -> None:
    """Ask how a picture is to be taken, and save it; nothing where there is no plot."""
    if taken.plots:
        dialog = PictureDialog(taken.plots, taken.cells, taken.size, taken.name, parent)
        dialog.exec()
        dialog.deleteLater()


def copy(taken: Taken) -> None:
    """Put a picture on the clipboard; nothing where there is no plot."""
    if taken.plots:
        look = Look(theme=present.theme, size=taken.size, scale=2)
        copy_picture(taken.plots, taken.cells, look)


def take_home(what: str, plot: Plot, parent: QWidget) -> None:
    """Do what a plot's menu offers: `what` is a key of `TAKEN`.

    Raises:
        ExperimentError: The file of numbers, and why it could not be written.
    """
    match what:
        case "copy_picture":
            copy(alone(plot))
        case "save_picture":
            ask_save(alone(plot), parent)
        case "copy_data":
            QGuiApplication.clipboard().setText(_numbers_of(plot))
        case "save_data":
            _ask_save_numbers(plot, parent)


def _numbers_of(plot: Plot) -> str:
    """Return the numbers behind a picture, as CSV; nothing where there are none."""
    if isinstance(plot, StudyPlot):
        return as_csv(plot.data(None))
    return as_csv(plot.data(plot.shown)) if plot.shown else ""


def _ask_save_numbers(plot: Plot, parent: QWidget) -> None:
    start = f"{plot.label}.csv"
    name, _ = QFileDialog.getSaveFileName(parent, "Save the numbers", start, "CSV (*.csv)")
    if not name:
        return
    path = Path(name)
    path = path if path.suffix else path.with_suffix(".csv")
    try:
        atomic_write(path, _numbers_of(plot).encode())
    except OSError as error:
        why = f"It could not be saved: {error.strerror or error}."
        raise ExperimentError(str(path), why) from None
