"""A picture of the window, of the asked size, with something on it."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from initstudio.errors import ExperimentError
from initstudio.experiment import Experiment
from initstudio.presets import ARTICLE
from initstudio.ui import shot as shot_module
from initstudio.ui import theme
from initstudio.ui.worker import RunWorker
from tests import fake_engine as fake
from tests.ui.conftest import at_rate, fake_engine

Shot = Callable[..., int]


@pytest.fixture
def shot(monkeypatch: pytest.MonkeyPatch, qtbot: QtBot, qapp: QApplication) -> Shot:
    monkeypatch.setattr(shot_module, "RunWorker", partial(RunWorker, make_engine=fake_engine))

    def take(experiment: Experiment, path: Path, *, name: str = "light") -> int:
        size = (1280, 800)
        status = shot_module.shot(experiment, path, after=0.3, size=size, theme=name)
        theme.apply(qapp, theme.LIGHT)
        return status

    return take


def colours(path: Path) -> tuple[tuple[int, int], float, int]:
    """Return a picture's size, its mean lightness, and how many colours it has."""
    image = QImage(str(path)).convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint32)
    lightness = float(np.frombuffer(image.constBits(), np.uint8).reshape(-1, 4)[:, :3].mean())
    return (image.width(), image.height()), lightness, len(np.unique(pixels))


def test_a_picture_light_and_dark(shot: Shot, tmp_path: Path) -> None:
    light, dark = tmp_path / "light.png", tmp_path / "dark.png"
    assert shot(ARTICLE, light) == 0
    assert shot(ARTICLE, dark, name="dark") == 0
    size, lightness, number = colours(light)
    assert size == (1280, 800)
    assert number > 200, "text and curves have many shades"
    assert lightness > 200
    assert colours(dark)[1] < 60


def test_what_cannot_run_is_one_error(shot: Shot, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    with pytest.raises(ExperimentError, match="no layers"):
        shot(replace(ARTICLE, network=()), path)
    with pytest.raises(ExperimentError, match="not to be"):
        shot(at_rate(ARTICLE, fake.REFUSES), path)
    assert not path.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="another sentence there")
def test_a_picture_that_cannot_be_written_is_one_error(shot: Shot, tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="could not be written"):
        shot(ARTICLE, tmp_path / "no folder" / "a.png")
