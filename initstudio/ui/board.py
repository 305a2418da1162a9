"""A board: the pictures that a person chose, one to six, side by side.

There are two: one of the race, and one of how the contenders start, before it. A picture is known
by its place, so that the same one can be there twice.
"""

from collections import Counter
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QAction, QHideEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from initstudio.catalogue import Value
from initstudio.errors import ExperimentError
from initstudio.experiment import Choice, Experiment
from initstudio.ui.arrangement import MOST, Side, kept, neighbour
from initstudio.ui.board_edits import RACE, XRAY, BoardEdits
from initstudio.ui.board_grid import BoardGrid
from initstudio.ui.board_menus import BoardMenus
from initstudio.ui.board_run import BoardRun
from initstudio.ui.board_studies import BoardStudies
from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.frame_clock import FrameClock
from initstudio.ui.picture_drag import PictureDrag
from initstudio.ui.placed_picture import PlacedPicture
from initstudio.ui.plots import PLOTS
from initstudio.ui.plots.plot import Plot
from initstudio.ui.plots.study_plot import StudyPlot
from initstudio.ui.session import Session
from initstudio.ui.studies import Studies
from initstudio.ui.take_home import Taken, alone, ask_save, copy, take_home
from initstudio.ui.theme import Theme, present


class Board(QWidget):
    """Lays out the plots that the experiment names, and keeps them up to date.

    With `studies` it is that of the start, and shows what they find.
    """

    def __init__(
        self, session: Session, studies: Studies | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self.page = RACE if studies is None else XRAY
        self._run = BoardRun(session, studies, lambda: self.places, self)
        self._wants = (
            BoardStudies(studies, self.page.title, lambda: self.places, self) if studies else None
        )
        self.edits = BoardEdits(session, self.page)
        self._pictures: list[PlacedPicture] = []
        self._shown: tuple[Choice, ...] = ()
        self._large: PlacedPicture | None = None
        self._clock = FrameClock(lambda: self.places, self)
        self.shared_actions: Sequence[QAction] = ()
        """The window's actions, whose keys are to work in a picture's own window, too."""
        self.setObjectName("board")
        self.setAccessibleName(self.page.title)
        self.menus = BoardMenus(self.page, self.edits)
        """The buttons with menus; who shows the board puts them into their place."""
        self.pictures = self.menus.pictures
        self.actions_of = self.pictures.actions_of
        self._lay_out()
        self.menus.arrangements.failed.connect(session.failed)
        self.grid.shares_changed.connect(self.edits.share)
        self._drag.dropped.connect(self._on_dropped)
        self._drag.torn.connect(self._on_torn)
        session.experiment_changed.connect(self.show_experiment)
        session.closed.connect(self.bring_all_back)
        present.theme_changed.connect(self._on_theme_changed)
        self.show_experiment(session.experiment)

    def _lay_out(self) -> None:
        self.empty = QLabel("The board is empty. Choose what to see under Pictures.", self)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.grid = BoardGrid(self)
        self._drag = PictureDrag(self.grid, self._is_loose)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 8, 8)
        column.addWidget(self.grid)
        column.addWidget(self.empty)

    # ------------------------------------------------------------------ what is there

    @property
    def places(self) -> tuple[Plot, ...]:
        """Return the plots on the board, by place; also those in windows of their own."""
        return tuple(one.plot for one in self._pictures)

    @property
    def plots(self) -> dict[str, Plot]:
        """Return the plots on the board, by key; of several with one key the first."""
        found: dict[str, Plot] = {}
        for plot in self.places:
            found.setdefault(plot.key, plot)
        return found

    @property
    def repaints(self) -> dict[str, int]:
        """Return how often the pictures of each kind have been painted, by key."""
        painted: Counter[str] = Counter()
        for plot in self.places:
            if isinstance(plot.picture, Canvas):
                painted[plot.key] += plot.picture.repaints
        return dict(painted)

    @property
    def is_large(self) -> bool:
        """Return whether one picture has all the room."""
        return self._large is not None

    def show_experiment(self, experiment: Experiment) -> None:
        """Show the pictures that the experiment names, with their options."""
        shown = self.edits.shown()
        if shown != self._shown:
            self._place(shown)
        for plot, choice in zip(self.places, shown, strict=True):
            plot.show_options(choice.params)
            plot.show_contenders(experiment.contenders)
        self._shown = shown
        self._show_places()

    def enlarge(self, place: int) -> None:
        """Give one picture the whole board, or the others their places back."""
        picture = self._pictures[place]
        if picture.window:
            picture.window.toggle_maximized()
            return
        self._large = None if self._large is picture else picture
        self._show_places()
        picture.plot.setFocus()  # that Esc reaches it

    def remove(self, place: int) -> None:
        """Take a picture off the board, undoably."""
        self._let_go(self._pictures.pop(place))  # of two that are alike this one
        self._shown = self._shown[:place] + self._shown[place + 1 :]
        self.edits.remove(place)

    def tear_off(self, place: int, at: QPoint | None = None) -> None:
        """Show a picture in a window of its own, about there on the screen, until that closes."""
        picture = self._pictures[place]
        self._large = None if self._large is picture else self._large
        picture.tear_off(at, self.shared_actions)
        self._show_places()

    def bring_all_back(self) -> None:
        """Close the windows of pictures that have their own."""
        for picture in self._pictures:
            picture.bring_back()

    # ------------------------------------------------------------------ what is taken home

    def ask_save_picture(self) -> None:
        """Ask how a picture of all that is in sight is to be taken, and save it."""
        ask_save(self._in_sight(), self)

    def copy_picture(self) -> None:
        """Put a picture of all that is in sight on the clipboard."""
        copy(self._in_sight())

    def _in_sight(self) -> Taken:
        name = self._session.experiment.title
        if self._large:
            return alone(self._large.plot, name)
        where, whole = self.grid.cells(), QRect()
        for cell in where:
            whole = whole.united(self.grid.area(cell))
        return Taken(plots=self.places, cells=where, size=whole.size(), name=name)

    def _on_taken(self, plot: Plot, what: str) -> None:
        try:
            take_home(what, plot, self)
        except ExperimentError as error:
            self._session.failed.emit(error.where, error.why)

    # ------------------------------------------------------------------ which pictures there are

    def _of(self, plot: Plot) -> PlacedPicture:
        return next(one for one in self._pictures if one.plot is plot)

    def _is_loose(self, plot: Plot) -> bool:
        """Return whether a plot is not in its place just now."""
        return self.is_large or self._of(plot).is_torn_off

    def _place_of(self, plot: Plot) -> int:
        return self._pictures.index(self._of(plot))

    def _place(self, shown: Sequence[Choice]) -> None:
        """Keep the plots that are still wanted, make new ones and let go of the others."""
        before = self._pictures
        found = kept(self._shown, shown)
        for at, picture in enumerate(before):
            if at not in found:
                self._let_go(picture)
        self._pictures = [
            self._make(choice.key) if at is None else before[at]
            for choice, at in zip(shown, found, strict=True)
        ]

    def _let_go(self, picture: PlacedPicture) -> None:
        self._drag.forget(picture.plot)
        picture.discard()
        self._large = None if self._large is picture else self._large

    def _make(self, key: str) -> PlacedPicture:
        plot = PLOTS[key](self)
        picture = PlacedPicture(plot, self.page.field, self)
        picture.asked.connect(partial(self._on_asked, picture))
        picture.came_back.connect(self._show_places)
        self._drag.watch(plot)
        plot.options_changed.connect(partial(self._on_options_changed, plot))
        plot.enlarge_asked.connect(partial(self._on_asked, picture, "enlarge"))
        plot.marked.connect(self._clock.wake)
        plot.taken.connect(partial(self._on_taken, plot))
        self._run.join(plot)
        if self._wants:
            self._wants.join(plot)
        if isinstance(plot, StudyPlot):
            plot.edit_asked.connect(self.edits.follow)
            plot.open_asked.connect(self.edits.open)
        return picture

    def _show_places(self) -> None:
        """Show each picture in its place, and what can be done with it."""
        large = self._large.widget if self._large else None
        self.grid.show_widgets([one.widget for one in self._pictures], self.edits.shares(), large)
        self.grid.setVisible(bool(self._pictures))
        self.empty.setVisible(not self._pictures)
        self.pictures.show_pictures(plot.key for plot in self.places)
        full = len(self._pictures) >= MOST
        for picture in self._pictures:
            picture.show_state(large=picture is self._large, full=full)
        self._tell_wants()
        self._clock.wake()

    # ------------------------------------------------------------------ what a person asks for

    def _on_asked(self, picture: PlacedPicture, what: str) -> None:
        place = self._pictures.index(picture)
        match what:
            case "enlarge":
                self.enlarge(place)
            case "back" if self._large:
                self.enlarge(self._pictures.index(self._large))
            case "window" | "close" if picture.window:
                picture.bring_back()
            case "window":
                self.tear_off(place)
            case "duplicate":
                self.edits.duplicate(place)
            case "remove" | "close":
                self.remove(place)
            case "left" | "right" | "up" | "down":
                self._move(place, what)

    def _move(self, place: int, side: Side) -> None:
        other = neighbour(len(self._pictures), place, side)
        if other is not None and not self.is_large:
            self.edits.swap(place, other)

    def _on_dropped(self, plot: Plot, place: int) -> None:
        self.edits.swap(self._place_of(plot), place)

    def _on_torn(self, plot: Plot, at: QPoint) -> None:
        self.tear_off(self._place_of(plot), at)

    def _on_options_changed(self, plot: Plot, options: dict[str, Value]) -> None:
        self.edits.change(self._place_of(plot), options)

    # ------------------------------------------------------------------ what goes on around

    def _tell_wants(self) -> None:
        """Tell which studies somebody looks at here."""
        if self._wants:
            # those that lie in a board that is being hidden still count as visible themselves
            seen = (one for one in self._pictures if one.is_torn_off or self.isVisible())
            self._wants.want([one.plot for one in seen if one.plot.isVisible()])

    def _on_theme_changed(self, theme: Theme) -> None:
        for plot in self.places:
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
