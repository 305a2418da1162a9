"""The menu bar: the table of actions, and the menus whose entries come from elsewhere."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar

from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu

from initstudio.presets import EXPERIMENTS
from initstudio.ui import look
from initstudio.ui.actions import ACTS
from initstudio.ui.commands import Commands, recent_files

T = TypeVar("T")
MENUS = ("File", "Edit", "Run", "View", "Help")


def fill(
    window: QMainWindow,
    commands: Commands,
    actions: Mapping[str, QAction],
    docks: Sequence[QDockWidget],
) -> None:
    """Give the window its menus."""
    menus = {title: window.menuBar().addMenu(f"&{title}") for title in MENUS}
    presets = menus["File"].addMenu("&New from preset")
    for name in EXPERIMENTS:
        presets.addAction(name).triggered.connect(partial(_call, commands.load_preset, name))
    for dock in docks:
        menus["View"].addAction(dock.toggleViewAction())
    _fill_themes(menus["View"].addMenu("&Theme"))
    for act in ACTS:
        if act.separated:
            menus[act.menu].addSeparator()
        menus[act.menu].addAction(actions[act.key])
    actions["stage_look"].setCheckable(True)
    actions["stage_look"].setChecked(look.staged())
    recent = QMenu("Open &recent", window)
    recent.aboutToShow.connect(partial(_fill_recent, recent, commands))
    menus["File"].insertMenu(actions["ask_save"], recent)


def _call(slot: Callable[[T], None], value: T, *_checked: bool) -> None:
    """Call a slot with a value, without the switch that `triggered` carries."""
    slot(value)


def _fill_recent(menu: QMenu, commands: Commands) -> None:
    menu.clear()
    paths = recent_files()
    for path in paths:
        menu.addAction(str(path)).triggered.connect(partial(_call, commands.open, path))
    if not paths:
        menu.addAction("No files yet").setEnabled(False)


def _fill_themes(menu: QMenu) -> None:
    group = QActionGroup(menu)
    for key, text in look.LOOKS.items():
        action = QAction(text, menu)
        action.setCheckable(True)
        action.setChecked(key == look.chosen())
        action.triggered.connect(partial(_call, look.choose, key))
        group.addAction(action)
        menu.addAction(action)
