"""What the window knows by studies: the newest question wins, and nothing queues up."""

from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from initstudio.engine.messages import Command, Examine
from initstudio.experiment import Experiment
from initstudio.presets import ARTICLE
from initstudio.ui.session import Session, State
from initstudio.ui.studied import Studied
from initstudio.ui.studies import Studies
from initstudio.ui.worker import RunWorker
from tests.ui.conftest import at_rate, fake_engine


@pytest.fixture
def studies(qapp: QApplication) -> Iterator[Studies]:
    session = Session(ARTICLE)
    yield Studies(session, lambda: RunWorker(make_engine=fake_engine))
    session.close()


@pytest.fixture
def sent(studies: Studies, monkeypatch: pytest.MonkeyPatch) -> list[Examine]:
    """Give what is asked, which reaches nobody."""
    asked: list[Examine] = []

    def send(_worker: RunWorker, command: Command) -> None:
        if isinstance(command, Examine):
            asked.append(command)

    monkeypatch.setattr(RunWorker, "send", send)
    monkeypatch.setattr(RunWorker, "start", lambda _worker: None)
    return asked


def known(studies: Studies, key: str) -> Studied:
    found = studies.of(key)
    assert found is not None
    return found


def done(studies: Studies, key: str, experiment: Experiment) -> Callable[[], bool]:
    def check() -> bool:
        found = studies.of(key)
        return found is not None and found.share >= 1 and found.header.experiment == experiment

    return check


def test_nothing_is_made_before_somebody_looks(studies: Studies, qtbot: QtBot) -> None:
    studies.session.edit(at_rate(ARTICLE, 2.0), "Rate")
    assert studies._worker is None
    studies.want("me", {"start": {"probes": "loss"}})
    qtbot.waitUntil(lambda: studies.history is not None, timeout=20_000)
    assert studies.history is not None
    assert studies.history.layers_step == 0
    assert studies.history.series["loss"].mean[0].tolist() == [2.0, 3.0, 4.0]
    assert known(studies, "start").fresh


def test_an_edit_is_followed_and_what_is_old_is_said_to_be(studies: Studies, qtbot: QtBot) -> None:
    studies.want("me", {"start": {"probes": "loss"}})
    qtbot.waitUntil(done(studies, "start", ARTICLE), timeout=20_000)
    other = at_rate(ARTICLE, 5.0)
    studies.session.edit(other, "Rate")
    assert not known(studies, "start").fresh
    qtbot.waitUntil(done(studies, "start", other), timeout=20_000)
    assert known(studies, "start").fresh


def test_what_changes_nothing_of_the_work_asks_for_nothing(
    studies: Studies, sent: list[Examine]
) -> None:
    studies.want("me", {"start": {"probes": "loss"}})
    studies.session.edit(replace(ARTICLE, title="Another"), "Title")
    assert len(sent) == 1


def test_while_an_answer_is_on_its_way_only_the_newest_question_waits(
    studies: Studies, sent: list[Examine]
) -> None:
    studies.want("me", {"start": {"probes": "loss"}})
    for rate in range(1, 9):
        studies.session.edit(at_rate(ARTICLE, float(rate)), "Rate", merge="rate")
    assert len(sent) == 1
    studies._asked["start"].answered = True
    studies.drain()
    assert [one.experiment.training.learning_rate for one in sent] == [1e-3, 8.0]


def test_an_answer_that_takes_long_is_not_waited_for(studies: Studies, sent: list[Examine]) -> None:
    studies.want("me", {"start": {"probes": "loss"}})
    studies._asked["start"].began -= 1
    studies.session.edit(at_rate(ARTICLE, 2.0), "Rate")
    assert len(sent) == 2


def test_what_takes_long_waits_until_the_hand_rests(studies: Studies, sent: list[Examine]) -> None:
    studies.want("me", {"slow": {}, "start": {"probes": "loss"}})
    assert [one.study for one in sent] == ["slow", "start"]
    studies._asked["start"].answered = True
    studies.session.edit(at_rate(ARTICLE, 2.0), "Rate")
    assert [one.study for one in sent] == ["slow", "start", "start"]
    assert "slow" not in studies._asked  # the engine was told to forget it
    studies._edited -= 1
    studies.drain()
    assert [one.study for one in sent][3:] == ["slow"]
    assert sent[-1].experiment.training.learning_rate == 2.0


def test_the_start_is_read_by_all_probes_that_anybody_wants(
    studies: Studies, sent: list[Examine]
) -> None:
    studies.want("me", {"start": {"probes": "loss dead"}})
    studies._asked["start"].answered = True
    studies.want("you", {"start": {"probes": "twins loss"}})
    assert [one.params["probes"] for one in sent] == ["dead loss", "dead loss twins"]


def test_what_nobody_looks_at_any_more_ends(studies: Studies, qtbot: QtBot) -> None:
    studies.want("me", {"slow": {"draws": 1000}})
    qtbot.waitUntil(lambda: studies.of("slow") is not None, timeout=20_000)
    studies.want("me", {"start": {"probes": ""}})
    assert "slow" not in studies._asked
    qtbot.waitUntil(done(studies, "start", ARTICLE), timeout=20_000)


def test_what_is_not_awaited_any_more_is_not_under_way(studies: Studies, qtbot: QtBot) -> None:
    studies.want("me", {"start": {"probes": "loss"}})
    qtbot.waitUntil(done(studies, "start", ARTICLE), timeout=20_000)
    studies.session.edit(at_rate(ARTICLE, 5.0), "Rate")
    assert known(studies, "start").share == 0
    studies.want("me", {})
    assert (known(studies, "start").share, known(studies, "start").fresh) == (1.0, False)


def test_a_study_can_wait_and_go_on(studies: Studies, qtbot: QtBot) -> None:
    studies.want("me", {"slow": {"draws": 6}})
    qtbot.waitUntil(lambda: studies.of("slow") is not None, timeout=20_000)
    studies.rest("slow", resting=True)
    assert known(studies, "slow").resting
    studies.want("you", {"start": {"probes": ""}})
    qtbot.waitUntil(done(studies, "start", ARTICLE), timeout=20_000)
    assert known(studies, "slow").share < 1
    studies.rest("slow", resting=False)
    qtbot.waitUntil(done(studies, "slow", ARTICLE), timeout=20_000)
    assert not known(studies, "slow").resting


def test_what_cannot_be_is_a_sentence(studies: Studies, qtbot: QtBot) -> None:
    studies.want("me", {"refuses": {}})
    qtbot.waitUntil(lambda: studies.of("refuses") is not None, timeout=20_000)
    assert known(studies, "refuses").trouble == "It is not to be."


def test_a_study_that_ends_engines_is_given_up(studies: Studies, qtbot: QtBot) -> None:
    studies.want("me", {"dies": {}})
    qtbot.waitUntil(lambda: studies.of("dies") is not None, timeout=40_000)
    assert known(studies, "dies").trouble.startswith("The engine was killed")
    studies.want("me", {"start": {"probes": ""}})
    qtbot.waitUntil(done(studies, "start", ARTICLE), timeout=20_000)


def test_an_experiment_with_mistakes_keeps_what_was_known(studies: Studies, qtbot: QtBot) -> None:
    studies.want("me", {"start": {"probes": ""}})
    qtbot.waitUntil(done(studies, "start", ARTICLE), timeout=20_000)
    studies.session.edit(replace(ARTICLE, network=()), "Clear")
    assert not known(studies, "start").fresh
    studies.session.undo_stack.undo()
    assert known(studies, "start").fresh


def test_without_an_engine_nothing_is_found(qapp: QApplication) -> None:
    session = Session(ARTICLE)
    studies = Studies(session)
    studies.want("me", {"start": {"probes": ""}})
    assert studies.of("start") is None
    session.close()


def test_its_engine_waits_until_the_first_one_is_loaded(worker: RunWorker, qtbot: QtBot) -> None:
    session = Session(ARTICLE, worker)
    studies = Studies(session, lambda: RunWorker(make_engine=fake_engine))
    studies.want("me", {"start": {"probes": ""}})
    assert (session.begins, vars(studies)["_worker"]) == (True, None)
    qtbot.waitUntil(done(studies, "start", ARTICLE), timeout=20_000)
    assert (session.begins, session.state) == (False, State.READY)
    session.close()
