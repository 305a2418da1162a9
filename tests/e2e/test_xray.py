"""A person looks at how the contenders start, before any training, and edits what is seen."""

import pytest
from msgspec.structs import replace
from pytestqt.qtbot import QtBot

from initstudio import edits
from initstudio.experiment import Choice, Experiment
from initstudio.presets import DEEP_DIGITS
from initstudio.ui.session import State
from initstudio.ui.studies import START
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


@pytest.mark.parametrize("page", ["The race", "The X-ray"])
def test_each_page_has_its_own_pictures(studio: Studio, page: str) -> None:
    studio.session.load(LOOKED_AT)
    studio.menu("View", page)
    names = {"The race": {"loss"}, "The X-ray": {"activation_std", "gradient_norm"}}[page]
    assert names <= studio.window.pages.present.plots.keys()
    assert studio.window.pages.present.isVisible()
