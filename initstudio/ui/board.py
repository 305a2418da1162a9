"""A board: the pictures that a person chose, one to six, side by side.

There are two: one of the race, and one of how the contenders start, before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from msgspec.structs import replace
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QAction, QGuiApplication, QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QLabel,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from initstudio.catalogue import Value
from initstudio.experiment import Choice, Experiment
from initstudio.files import atomic_write
from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.figure import Look, as_csv
from initstudio.ui.frame_clock import FrameClock
from initstudio.ui.picture_dialog import PictureDialog, copy_picture
from initstudio.ui.plots import PLOTS
from initstudio.ui.plots.plot import Plot
from initstudio.ui.plots.study_plot import Change, StudyPlot
from initstudio.ui.session import Session
from initstudio.ui.studies import START, Studies
from initstudio.ui.theme import Theme, present

MOST = 6
PLACES: dict[int, tuple[tuple[int, int, int, int], ...]] = {
    1: ((0, 0, 1, 1),),
    2: ((0, 0, 1, 1), (0, 1, 1, 1)),
    3: ((0, 0, 2, 1), (0, 1, 1, 1), (1, 1, 1, 1)),
    4: ((0, 0, 1, 1), (0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 1, 1)),
    5: ((0, 0, 2, 1), (0, 1, 1, 1), (0, 2, 1, 1), (1, 1, 1, 1), (1, 2, 1, 1)),
    6: tuple((row, column, 1, 1) for row in range(2) for column in range(3)),
}
"""For each number of pictures: row, column, rows and columns of each."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """Which board one is: `field` of the experiment names its pictures."""

    field: Literal["board", "xray"]
    title: str


RACE = Page(field="board", title="Board")
XRAY = Page(field="xray", title="X-ray")


class Board(QWidget):
    """Lays out the plots that the experiment names, and keeps them up to date.

    With `studies` it is that of the start, and shows what they find.
    """

    def __init__(
        self, session: Session, studies: Studies | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._studies = studies
        self._source = session if studies is None else studies
        self.page = RACE if studies is None else XRAY
        self._plots: dict[str, Plot] = {}
        self._board: tuple[Choice, ...] | None = None
        self._large = ""
        self._clock = FrameClock(lambda: list(self._plots.values()), self)
        self.setObjectName("board")
        self.setAccessibleName(self.page.title)
        self.pictures = self._make_menu()
        """The button with the list of pictures; who shows the board puts it into its place."""
        self.empty = QLabel(
            "The board is empty. Choose what to see under Pictures.",
            alignment=Qt.AlignmentFlag.AlignCenter,
        )
        self._grid = QGridLayout()
        self._grid.setSpacing(8)
        self._grid.addWidget(self.empty, 0, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 8, 8)
        column.addLayout(self._grid)
        session.experiment_changed.connect(self.show_experiment)
        self._source.runs_changed.connect(self._on_runs_changed)
        self._source.ticked.connect(self._on_ticked)
        if studies:
            studies.changed.connect(self._on_studied)
        else:
            session.timeline.moved.connect(self._on_moved)
            session.pins.changed.connect(self._show_pins)
        present.theme_changed.connect(self._on_theme_changed)
        self.show_experiment(session.experiment)

    @property
    def plots(self) -> dict[str, Plot]:
        """Return the plots on the board, by key."""
        return dict(self._plots)

    @property
    def repaints(self) -> dict[str, int]:
        """Return how often each plot's picture has been painted."""
        return {
            key: plot.picture.repaints
            for key, plot in self._plots.items()
            if isinstance(plot.picture, Canvas)
        }

    def show_experiment(self, experiment: Experiment) -> None:
        """Show the pictures that the experiment names, with their options."""
        board = tuple(one for one in self._choices(experiment) if self._knows(one.key))[:MOST]
        keys = [choice.key for choice in board]
        if keys != list(self._plots):
            self._place(list(dict.fromkeys(keys)))
        for choice in board:
            self._plots[choice.key].show_options(choice.params)
        for plot in self._plots.values():
            plot.show_contenders(experiment.contenders)
        self._check_menu()
        self._tell_wants()
        self._clock.wake()

    def choose(self, key: str, *, shown: bool) -> None:
        """Put a picture on the board, or take it off; undoable."""
        experiment = self._session.experiment
        board = tuple(choice for choice in self._choices(experiment) if choice.key != key)
        if shown and len(board) < MOST:
            board += (Choice(key),)
        verb = "Show" if shown else "Hide"
        changed = replace(experiment, **{self.page.field: board})
        self._session.edit(changed, f"{verb} {PLOTS[key].label}")
        self._check_menu()

    def enlarge(self, key: str) -> None:
        """Give one picture the whole board, or the others their places back."""
        self._large = "" if self._large == key else key
        for other, plot in self._plots.items():
            plot.setVisible(self._large in ("", other))
        self._tell_wants()
        self._clock.wake()

    def ask_save_picture(self, key: str = "") -> None:
        """Ask how a picture of one plot, or of all in sight, is to be taken, and save it."""
        plots, cells = self._in_sight(key)
        if plots:
            size = self._plots[key].size() if key else self._area()
            name = PLOTS[key].label if key else self._session.experiment.title
            dialog = PictureDialog(plots, cells, size, name, self)
            dialog.exec()
            dialog.deleteLater()

    def copy_picture(self, key: str = "") -> None:
        """Put a picture of one plot, or of all in sight, on the clipboard."""
        plots, cells = self._in_sight(key)
        if plots:
            size = self._plots[key].size() if key else self._area()
            copy_picture(plots, cells, Look(theme=present.theme, size=size, scale=2))

    def _in_sight(self, key: str) -> tuple[list[Plot], Sequence[Sequence[int]]]:
        """Return the plot of that key, or all that are in sight, and the cells that they have."""
        one = key or self._large
        plots = [self._plots[one]] if one else list(self._plots.values())
        return plots, PLACES[1] if one else PLACES.get(len(plots), ())

    def _area(self) -> QSize:
        """Return the size of all that is in sight."""
        whole = QRect()
        for plot in self._plots.values():
            if plot.isVisibleTo(self):
                whole = whole.united(plot.geometry())
        return whole.size()

    def _on_taken(self, key: str, what: str) -> None:
        match what:
            case "copy_picture":
                self.copy_picture(key)
            case "save_picture":
                self.ask_save_picture(key)
            case "copy_data":
                QGuiApplication.clipboard().setText(self._data(key))
            case "save_data":
                self._ask_save_data(key)

    def _data(self, key: str) -> str:
        """Return the numbers behind a picture, as CSV."""
        plot = self._plots[key]
        if isinstance(plot, StudyPlot):
            return as_csv(plot.data(None))
        return as_csv(plot.data(plot.shown)) if plot.shown else ""

    def _ask_save_data(self, key: str) -> None:
        start = f"{PLOTS[key].label}.csv"
        name, _ = QFileDialog.getSaveFileName(self, "Save the numbers", start, "CSV (*.csv)")
        if not name:
            return
        path = Path(name)
        path = path if path.suffix else path.with_suffix(".csv")
        try:
            atomic_write(path, self._data(key).encode())
        except OSError as error:
            why = f"It could not be saved: {error.strerror or error}."
            self._session.failed.emit(str(path), why)

    def _place(self, keys: list[str]) -> None:
        for key in [key for key in self._plots if key not in keys]:
            plot = self._plots.pop(key)
            self._grid.removeWidget(plot)
            plot.hide()
            plot.deleteLater()
        self._plots = {key: self._plots.get(key) or self._make(key) for key in keys}
        for plot in self._plots.values():
            self._grid.removeWidget(plot)
        places = PLACES.get(len(keys), ())
        for plot, place in zip(self._plots.values(), places, strict=True):
            self._grid.addWidget(plot, *place)
        for row in range(2):
            used = any(at <= row < at + rows for at, _, rows, _ in places)
            self._grid.setRowStretch(row, int(used))
        for column in range(3):
            self._grid.setColumnStretch(column, int(any(place[1] == column for place in places)))
        self.empty.setVisible(not keys)
        self._large = self._large if self._large in keys else ""
        for key, plot in self._plots.items():
            plot.setVisible(self._large in ("", key))

    def _make(self, key: str) -> Plot:
        plot = PLOTS[key](self)
        plot.options_changed.connect(partial(self._on_options_changed, key))
        plot.enlarge_asked.connect(partial(self.enlarge, key))
        plot.marked.connect(self._clock.wake)
        plot.taken.connect(partial(self._on_taken, key))
        plot.restart(self._source.history)
        if self._studies is None:
            plot.show_step(self._session.timeline.step)
            plot.show_pins(self._session.pins.beside(self._source.history))
        if isinstance(plot, StudyPlot) and self._studies:
            plot.rest_asked.connect(partial(self._on_rest_asked, plot.study))
            plot.edit_asked.connect(self._on_edit_asked)
            plot.open_asked.connect(self._on_open_asked)
            plot.show_study(self._studies.of(plot.study))
        return plot

    def _choices(self, experiment: Experiment) -> tuple[Choice, ...]:
        return experiment.board if self.page is RACE else experiment.xray

    def _knows(self, key: str) -> bool:
        return key in PLOTS and self.page.field in PLOTS[key].pages

    def _tell_wants(self) -> None:
        """Tell which studies somebody looks at here."""
        if self._studies is None:
            return
        wants: dict[str, dict[str, Value]] = {}
        probes: set[str] = set()
        for plot in self._plots.values():
            # those that lie in a board that is being hidden still count as visible themselves
            if not (self.isVisible() and plot.isVisible()):
                continue
            if isinstance(plot, StudyPlot):
                wants[plot.study] = plot.study_params()
            else:
                probes.update(plot.needs())
        if probes:
            wants[START] = {"probes": " ".join(sorted(probes))}
        self._studies.want(self.page.title, wants)

    def _on_studied(self, study: str) -> None:
        for plot in self._plots.values():
            if isinstance(plot, StudyPlot) and plot.study == study and self._studies:
                plot.show_study(self._studies.of(study))

    def _on_rest_asked(self, study: str, resting: bool) -> None:  # noqa: FBT001 - a signal's
        if self._studies:
            self._studies.rest(study, resting=resting)

    def _on_edit_asked(self, change: Change, text: str) -> None:
        self._session.edit(change(self._session.experiment), text)

    def _on_open_asked(self, change: Change) -> None:
        self._session.load(change(self._session.experiment))

    def _make_menu(self) -> QToolButton:
        button = QToolButton(popupMode=QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setText("Pictures")
        button.setAccessibleName("Pictures")
        button.setToolTip(f"Choose up to {MOST} pictures for the board.")
        menu = QMenu(button)
        menu.setToolTipsVisible(True)
        self.actions_of: dict[str, QAction] = {}
        for key, kind in PLOTS.items():
            if self.page.field not in kind.pages:
                continue
            action = menu.addAction(kind.label)
            action.setCheckable(True)
            action.setToolTip(kind.summary)
            action.triggered.connect(lambda checked, key=key: self.choose(key, shown=checked))
            self.actions_of[key] = action
        button.setMenu(menu)
        return button

    def _check_menu(self) -> None:
        full = len(self._plots) >= MOST
        for key, action in self.actions_of.items():
            action.setChecked(key in self._plots)
            action.setEnabled(key in self._plots or not full)

    def _on_options_changed(self, key: str, options: dict[str, Value]) -> None:
        experiment = self._session.experiment
        board = tuple(
            Choice(key, options) if choice.key == key else choice
            for choice in self._choices(experiment)
        )
        text = f"Change {PLOTS[key].label}"
        changed = replace(experiment, **{self.page.field: board})
        self._session.edit(changed, text, merge=f"{self.page.field} {key}")

    def _on_runs_changed(self) -> None:
        for plot in self._plots.values():
            plot.restart(self._source.history)
        if self._studies is None:
            self._show_pins()

    def _on_moved(self, step: int | None) -> None:
        for plot in self._plots.values():
            plot.show_step(step)

    def _show_pins(self) -> None:
        for plot in self._plots.values():
            plot.show_pins(self._session.pins.beside(self._source.history))

    def _on_ticked(self) -> None:
        history = self._source.history
        if history is not None:
            for plot in self._plots.values():
                plot.extend(history)

    def _on_theme_changed(self, theme: Theme) -> None:
        for plot in self._plots.values():
            plot.show_theme(theme)

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what came in while the board was out of sight."""
        super().showEvent(event)
        self._tell_wants()
        self._clock.wake()

    def hideEvent(self, event: QHideEvent) -> None:
        """Want nothing more."""
        super().hideEvent(event)
        self._tell_wants()

    def sizeHint(self) -> QSize:
        """Return room for four pictures."""
        return QSize(960, 640)
