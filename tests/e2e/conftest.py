"""The real window with the real engine; one for a module, as torch takes seconds to load."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEventLoop, QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from initstudio.presets import ARTICLE
from initstudio.ui import session, theme
from initstudio.ui.studied import START
from tests.studio import Studio


@pytest.fixture(scope="module")
def _alone(tmp_path_factory: pytest.TempPathFactory, qapp: QApplication) -> Iterator[Path]:
    """Use settings of the test's own, and no second engine that stands by."""
    folder = tmp_path_factory.mktemp("settings")
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder))
    theme.apply(qapp, theme.LIGHT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "SPARE_AFTER", 10**8)
        yield folder


@pytest.fixture(scope="module")
def _shared(_alone: Path) -> Iterator[Studio]:
    studio = Studio()
    studies = studio.window.studies
    studies.want("the first test", {START: {"probes": "loss"}})
    while studies.pid is None:  # its engine outlives the tests
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    studies.want("the first test", {})
    yield studio
    studio.close()


@pytest.fixture
def studio(_shared: Studio, qtbot: QtBot) -> Studio:
    """Give the window with the article's experiment at its start."""
    _shared.session.undo_stack.clear()
    _shared.shows(ARTICLE, qtbot)
    _shared.session.undo_stack.clear()
    return _shared


@pytest.fixture
def own(_alone: Path, qtbot: QtBot) -> Iterator[Studio]:
    """Give a window of the test's own, for what its engine or its window does not outlive."""
    studio = Studio()
    yield studio
    studio.close()
