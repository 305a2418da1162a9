"""The benchmark of pictures has something to draw for each of them, and does not do without."""

import pytest
from PySide6.QtWidgets import QApplication

from initstudio.history import History
from initstudio.ui.plots import PLOTS
from tests.benchmarks.bench_plots import DATA, end, run_of, shown


@pytest.fixture(scope="module")
def usual() -> History:
    return run_of(1000)


@pytest.mark.parametrize("key", list(PLOTS))
def test_every_picture_has_something_to_draw(key: str, usual: History, qapp: QApplication) -> None:
    end([shown(qapp, PLOTS[key], run_of(1000, picture=key) if key in DATA else usual)])


@pytest.mark.parametrize("key", list(DATA))
def test_an_empty_picture_has_no_figure(key: str, usual: History, qapp: QApplication) -> None:
    with pytest.raises(ValueError, match=f"the picture '{key}' is empty: .+ appears? here"):
        shown(qapp, PLOTS[key], usual)
