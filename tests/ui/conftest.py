"""For tests of the window: a worker with a fake engine, and no widget left behind."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from initstudio.engine.client import EngineClient
from initstudio.experiment import Experiment
from initstudio.presets import ARTICLE
from initstudio.ui import theme
from initstudio.ui.session import Session, State
from initstudio.ui.worker import RunWorker

FAKE_ENGINE = Path(__file__).parent.parent / "fake_engine.py"


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, qapp: QApplication) -> None:
    qapp.setOrganizationName("InitStudio tests")
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    scope = QSettings.Scope.UserScope
    QSettings.setPath(QSettings.Format.IniFormat, scope, str(tmp_path / "settings"))


@pytest.fixture(autouse=True)
def _light(qapp: QApplication) -> Iterator[None]:
    """Leave no other look to the next test."""
    yield
    if theme.present.theme is not theme.LIGHT:
        theme.apply(qapp, theme.LIGHT)


@pytest.fixture(autouse=True)
def _own_clipboard(qapp: QApplication) -> Iterator[None]:
    """A picture left on the offscreen clipboard is deleted after Python, which then crashes."""
    yield
    qapp.clipboard().clear()


@pytest.fixture(autouse=True)
def _no_widget_left(qapp: QApplication) -> Iterator[None]:
    before = set(qapp.topLevelWidgets())
    yield
    left = [
        widget
        for widget in qapp.topLevelWidgets()
        if widget not in before and widget.isVisible() and widget.parent() is None
    ]
    assert not left, f"windows left open: {left}"


def fake_engine() -> EngineClient:
    """Return an engine that needs no torch."""
    return EngineClient([sys.executable, str(FAKE_ENGINE)])


@pytest.fixture
def worker() -> Iterator[RunWorker]:
    worker = RunWorker(make_engine=fake_engine)
    worker.start()
    yield worker
    worker.close()


@pytest.fixture
def session(worker: RunWorker) -> Iterator[Session]:
    session = Session(ARTICLE, worker)
    yield session
    session.close()


@pytest.fixture
def ready(session: Session, qtbot: QtBot) -> Session:
    """Give a session whose start is shown."""
    qtbot.waitUntil(lambda: session.state is State.READY)
    return session


@pytest.fixture
def reaches(qtbot: QtBot) -> Callable[[Session, State], None]:
    """Give a function that waits until a session is in a state."""

    def wait(session: Session, state: State) -> None:
        qtbot.waitUntil(lambda: session.state is state)

    return wait


def at_rate(experiment: Experiment, rate: float) -> Experiment:
    """Return the experiment with another learning rate, by which the fake engine is told."""
    return replace(experiment, training=replace(experiment.training, learning_rate=rate))
