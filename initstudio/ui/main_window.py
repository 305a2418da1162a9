"""The window: the board in the middle, panels in docks, the run bar on top; no state of its own."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSettings, QSize, Qt, QTimer, QUrl
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QPaintEvent,
)
from PySide6.QtWidgets import (
    QDockWidget,
    QMainWindow,
    QTabWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from initstudio.ui import menus
from initstudio.ui.actions import build_actions, refresh_actions
from initstudio.ui.commands import LAYOUT, TAKEN, Commands
from initstudio.ui.message_bar import MessageBar
from initstudio.ui.panels.contenders_panel import ContendersPanel
from initstudio.ui.panels.inspector_panel import InspectorPanel
from initstudio.ui.panels.network_panel import NetworkPanel
from initstudio.ui.run_bar import RunBar
from initstudio.ui.session import Session
from initstudio.ui.studies import Studies
from initstudio.ui.worker import RunWorker

if TYPE_CHECKING:
    from initstudio.ui.board import Board
    from initstudio.ui.pages import Pages

FIRST_SIZE = QSize(1600, 900)
WIDE = 1500
"""Pixels from which on there is room for panels on both sides of the board."""

_log = logging.getLogger(__name__)


class MainWindow(QMainWindow):
    """Wires the session to what shows it and to what edits it."""

    def __init__(
        self,
        session: Session,
        size: QSize | None = None,
        make_examiner: Callable[[], RunWorker] | None = None,
    ) -> None:
        super().__init__()
        self.resize(size or FIRST_SIZE.boundedTo(self.screen().availableSize() * 0.94))
        self.setObjectName("main_window")
        self.setAcceptDrops(True)
        self._session = session
        self.commands = Commands(session, self)
        self.actions_by_key = build_actions(session, self.commands, self)
        self._messages = MessageBar(self)
        self.studies = Studies(session, make_examiner, self)
        self._pages: Pages | None = None
        self._centre = self._add_centre()
        self._add_run_bar()
        network = NetworkPanel(session)
        contenders, inspector = ContendersPanel(session), InspectorPanel(session)
        left = Qt.DockWidgetArea.LeftDockWidgetArea
        self.docks = [
            self._add_dock(network, left),
            self._add_dock(contenders, Qt.DockWidgetArea.RightDockWidgetArea),
            self._add_dock(None, Qt.DockWidgetArea.LeftDockWidgetArea, "data_panel", "Data"),
            self._add_dock(
                None, Qt.DockWidgetArea.LeftDockWidgetArea, "training_panel", "Training"
            ),
            self._add_dock(
                None, Qt.DockWidgetArea.RightDockWidgetArea, "findings_panel", "Findings"
            ),
            self._add_dock(inspector, Qt.DockWidgetArea.BottomDockWidgetArea),
        ]
        self.docks[-1].hide()
        network.own.file_asked.connect(self.commands.networks.ask)
        network.own.again_asked.connect(self.commands.networks.again)
        network.own.trust_asked.connect(self.commands.networks.trust)
        contenders.inspect_asked.connect(self._show_inspector)
        contenders.code_asked.connect(self.commands.show_script)
        contenders.contender_chosen.connect(inspector.show_contender)
        for contender in session.experiment.contenders[:1]:
            inspector.show_contender(contender.slot)
        self._stack_docks()
        menus.fill(self, self.commands, self.actions_by_key, self.docks)
        self.setProperty("standard_layout", self.saveState(LAYOUT))
        self._restore()
        session.experiment_changed.connect(self._on_experiment_changed)
        session.state_changed.connect(self._refresh)
        session.undo_stack.cleanChanged.connect(self._refresh)
        session.undo_stack.indexChanged.connect(self._refresh)
        session.failed.connect(self._on_failed)
        session.weights_saved.connect(self._on_weights_saved)
        self._refresh()

    @property
    def board(self) -> "Board":
        """Return the board of the race."""
        return self.pages.race

    @property
    def pages(self) -> "Pages":
        """Return the boards. They are made when they are first asked for: after the first paint.

        What draws takes longer to load than all the rest of the window, which a person can look
        at meanwhile.
        """
        if self._pages is None:
            from initstudio.ui.pages import Pages  # noqa: PLC0415 - loads pyqtgraph

            self._fill_docks()
            self._pages = Pages(self._session, self.studies)
            self._pages.share(
                [one for key, one in self.actions_by_key.items() if key != "full_screen"]
            )
            self._centre.addWidget(self._pages, 1)
        return self._pages

    def _fill_docks(self) -> None:
        """Make the panels that lie behind others at first."""
        from initstudio.ui.panels.data_panel import DataPanel  # noqa: PLC0415 - not at the start
        from initstudio.ui.panels.findings_panel import FindingsPanel  # noqa: PLC0415
        from initstudio.ui.panels.training_panel import TrainingPanel  # noqa: PLC0415

        _network, _contenders, data, training, findings, _inspector = self.docks
        findings.setWidget(FindingsPanel(self._session, self.studies))
        data.setWidget(DataPanel(self._session))
        training.setWidget(TrainingPanel(self._session))

    def show_trouble(self, details: str) -> None:
        """Tell of an unexpected error, quietly."""
        self._messages.show_message("Something went wrong; your work is safe.", details)

    def _add_centre(self) -> QVBoxLayout:
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._messages)
        self.setCentralWidget(centre)
        centre.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        centre.setFocus()  # no control stands out before a person goes to one
        return column

    def _add_run_bar(self) -> None:
        run_bar = RunBar(self._session, self.actions_by_key)
        run_bar.preset_chosen.connect(self.commands.load_preset)
        bar = QToolBar("Run", self)
        bar.setObjectName("run_tools")
        bar.setMovable(False)
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        bar.addWidget(run_bar)
        self.addToolBar(bar)

    def _add_dock(
        self,
        panel: NetworkPanel | ContendersPanel | InspectorPanel | None,
        area: Qt.DockWidgetArea,
        name: str = "",
        title: str = "",
    ) -> QDockWidget:
        """Return a new dock with a panel, or an empty one for the panel of that name and title."""
        title = panel.title if panel else title
        dock = QDockWidget(title, self)
        dock.setObjectName(f"dock_{panel.object_name if panel else name}")
        dock.setAccessibleName(f"{title} dock")
        if panel:
            dock.setWidget(panel)
        self.addDockWidget(area, dock)
        return dock

    def _stack_docks(self) -> None:
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        network, contenders, data, training, findings, inspector = self.docks
        if self.width() < WIDE:
            self.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, contenders)
            self.tabifyDockWidget(contenders, network)
            self.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, findings)
            self.tabifyDockWidget(inspector, findings)
            findings.hide()
        self.tabifyDockWidget(network, data)
        self.tabifyDockWidget(data, training)
        for dock in (network, contenders):
            dock.raise_()
        self.resizeDocks([network, contenders], [350, 300], Qt.Orientation.Horizontal)
        if self.width() >= WIDE:
            self.resizeDocks([contenders, findings], [2, 1], Qt.Orientation.Vertical)

    def _show_inspector(self) -> None:
        self.docks[-1].show()
        self.docks[-1].raise_()

    def _on_experiment_changed(self, _experiment: object) -> None:
        self._refresh()

    def _on_failed(self, where: str, why: str) -> None:
        # a place in a file says nothing to who looks at a window
        self._messages.show_message(why if where.startswith("$") else f"{where}: {why}")

    def _on_weights_saved(self, folder: str, files: int) -> None:
        what = "1 file of weights was" if files == 1 else f"{files:,} files of weights were"
        self._messages.show_message(f"{what} written into {folder}", folder, kind="good")

    def _refresh(self, _change: object = None) -> None:
        refresh_actions(self.actions_by_key, self._session)
        path = self._session.path
        name = path.name if path else self._session.experiment.title
        self.setWindowTitle(f"{name}[*] - InitStudio")
        self.setWindowModified(self._session.modified)

    def _restore(self) -> None:
        settings = QSettings()
        geometry, state = settings.value("geometry"), settings.value("layout")
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)
        if isinstance(state, QByteArray):
            self.restoreState(state, LAYOUT)

    def _remember(self) -> None:
        settings = QSettings()
        settings.setValue("geometry", self.saveGeometry())
        settings.setValue("layout", self.saveState(LAYOUT))
        settings.sync()
        if settings.status() is not QSettings.Status.NoError:
            _log.warning("The window's layout could not be remembered in %s", settings.fileName())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint; after the first time, bring in the board."""
        super().paintEvent(event)
        if self._pages is None:
            QTimer.singleShot(0, lambda: self.pages)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask about edits that are in no file, then end the engine."""
        if not self.commands.may_leave():
            event.ignore()
            return
        self._remember()
        self._session.close()
        event.accept()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome one file of a kind that we know."""
        if _dropped(event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take it in."""
        path = _dropped(event.mimeData().urls())
        if path:
            event.acceptProposedAction()
            self.commands.take_in(path)


def _dropped(urls: list[QUrl]) -> Path | None:
    """Return the one such file that is dropped."""
    paths = [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
    return paths[0] if len(paths) == 1 and paths[0].suffix in TAKEN else None
