"""A person looks at how the contenders start, before any training, and edits what is seen."""

import numpy as np
import pytest
from msgspec.structs import replace
from pytestqt.qtbot import QtBot

from initstudio import edits
from initstudio.experiment import Choice, Experiment
from initstudio.presets import DEEP_DIGITS, DIGITS
from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.plots.study_plot import StudyPlot
from initstudio.ui.session import State
from initstudio.ui.studied import START, Studied
from tests.studio import PATIENCE, Studio

LOOKED_AT = replace(
    DEEP_DIGITS, xray=tuple(Choice(key) for key in ("activation_std", "gradient_norm"))
)


def shows_start_of(studio: Studio, experiment: Experiment, qtbot: QtBot) -> None:
    def seen() -> bool:
        known = studio.window.studies.of(START)
        same = known is not None and known.header.experiment.work() == experiment.work()
        return same and known is not None and known.share >= 1

    qtbot.waitUntil(seen, timeout=PATIENCE)
    qtbot.waitUntil(lambda: not any(plot.dirty for plot in studio.window.pages.xray.plots.values()))


def test_the_xray_is_there_at_a_click_and_follows_an_edit(studio: Studio, qtbot: QtBot) -> None:
    studio.session.load(LOOKED_AT)
    studio.menu("View", "The X-ray")
    shows_start_of(studio, LOOKED_AT, qtbot)
    history = studio.window.studies.history
    assert history is not None
    faded = history.first["activation_std"][2]
    assert faded[-2] < 1e-20
    assert studio.inked("Signal by layer", 2).any()
    better = edits.set_scheme(LOOKED_AT, 2, "weight", Choice("kaiming_normal"))
    studio.session.edit(better, "Scheme")
    shows_start_of(studio, better, qtbot)
    history = studio.window.studies.history
    assert history is not None
    assert history.first["activation_std"][2][-2] > 0.01


def test_the_xray_follows_edits_while_a_run_goes_on(studio: Studio, qtbot: QtBot) -> None:
    studio.shows(LOOKED_AT, qtbot)
    studio.press("Run")
    studio.is_at(3, qtbot)
    studio.menu("View", "The X-ray")
    other = edits.set_scheme(LOOKED_AT, 0, "weight", Choice("orthogonal"))
    studio.session.edit(other, "Scheme")
    shows_start_of(studio, other, qtbot)
    assert studio.session.state in {State.RUNNING, State.FINISHED}
    assert studio.history.header.experiment == LOOKED_AT


def test_a_pinned_start_stays_beside_the_next_one(studio: Studio, qtbot: QtBot) -> None:
    first = replace(DIGITS, xray=tuple(Choice(key) for key in ("activation_std", "jacobian")))
    studio.session.load(first)
    studio.menu("View", "The X-ray")
    studies, board = studio.window.studies, studio.window.pages.xray
    jacobian = board.plots["jacobian"]
    assert isinstance(jacobian, StudyPlot)
    shows_start_of(studio, first, qtbot)
    qtbot.waitUntil(lambda: whole(studies.of("jacobian"), first), timeout=PATIENCE)
    history, alone = studies.history, studies.of("jacobian")
    assert history is not None
    assert alone is not None
    assert alone.results is not None
    studio.menu("Run", "Pin this start")
    assert studio.text("Pinned runs") == "Pins: 1"
    assert jacobian.pins == (), "it is the present one"
    other = edits.set_scheme(first, 0, "weight", Choice("normal", {"std": 0.5}))
    studio.session.edit(other, "Scheme")
    qtbot.waitUntil(lambda: any(whole(one, first) for one in jacobian.beside), timeout=PATIENCE)
    qtbot.waitUntil(lambda: bool(studies.pinned.beside[0].history.latest), timeout=PATIENCE)
    shows_start_of(studio, other, qtbot)
    beside = jacobian.beside[0]
    assert beside is not None
    assert beside.results is not None
    for key, values in alone.results.values.items():
        np.testing.assert_array_equal(beside.results.values[key], values)
    (pin,) = board.plots["activation_std"].pins
    for key, values in history.first.items():
        np.testing.assert_array_equal(pin.history.first[key], values)
    assert "Xavier (Start 1)" in [label.name for label in jacobian.legend.labels]
    assert ("line", (1, 0)) in jacobian.canvas._items
    studio.session.pins.clear()
    qtbot.waitUntil(lambda: ("line", (1, 0)) not in seen(jacobian.canvas))


def whole(studied: Studied | None, experiment: Experiment) -> bool:
    """Return whether a study of this experiment is over."""
    same = studied is not None and studied.header.experiment.work() == experiment.work()
    return same and studied is not None and studied.share >= 1


def seen(canvas: Canvas) -> set[object]:
    """Return the keys of what is in sight."""
    return {key for key, item in canvas._items.items() if item.isVisible()}


@pytest.mark.parametrize("page", ["The race", "The X-ray"])
def test_each_page_has_its_own_pictures(studio: Studio, page: str) -> None:
    studio.session.load(LOOKED_AT)
    studio.menu("View", page)
    names = {"The race": {"loss"}, "The X-ray": {"activation_std", "gradient_norm"}}[page]
    assert names <= studio.window.pages.present.plots.keys()
    assert studio.window.pages.present.isVisible()
