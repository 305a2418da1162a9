"""What is known of the starts of pinned runs: asked once, one at a time, behind the present one."""

from collections.abc import Iterator

import numpy as np
import pytest
from msgspec.structs import replace
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from initstudio.engine.messages import (
    Command,
    Examine,
    Examined,
    Forget,
    NotExamined,
    Rest,
    Working,
)
from initstudio.experiment import Experiment
from initstudio.presets import ARTICLE
from initstudio.results import Results
from initstudio.ui.chart.contender_line import Pin
from initstudio.ui.pinned_studies import LATER
from initstudio.ui.session import Session
from initstudio.ui.studied import START
from initstudio.ui.studies import Studies
from initstudio.ui.worker import RunWorker
from tests.ui.conftest import at_rate, fake_engine

EARLIER, EARLIEST = at_rate(ARTICLE, 2.0), at_rate(ARTICLE, 3.0)
LOSS = {"probes": "loss"}


@pytest.fixture
def studies(qapp: QApplication) -> Iterator[Studies]:
    session = Session(ARTICLE)
    yield Studies(session, lambda: RunWorker(make_engine=fake_engine))
    session.close()


@pytest.fixture
def said(studies: Studies, monkeypatch: pytest.MonkeyPatch) -> list[Command]:
    """Give what the engine is told, which reaches nobody."""
    told: list[Command] = []
    monkeypatch.setattr(RunWorker, "send", lambda _worker, command: told.append(command))
    monkeypatch.setattr(RunWorker, "start", lambda _worker: None)
    return told


def pin(studies: Studies, experiment: Experiment) -> Pin:
    """Pin a start that is not the present one."""
    studies.session.pins.add_start(experiment)
    studies.drain()  # as it happens by itself in time
    return studies.pinned.beside[-1]


def asked(said: list[Command]) -> list[tuple[str, float, bool]]:
    """Return the studies that were asked for: of which learning rate, and whether behind."""
    return [
        (one.study, one.experiment.training.learning_rate, one.behind)
        for one in said
        if isinstance(one, Examine)
    ]


def answer(studies: Studies, said: list[Command], share: float = 1.0) -> Results:
    """Answer the newest question."""
    newest = [one for one in said if isinstance(one, Examine)][-1]
    results = Results(values={"loss": np.full(3, float(newest.ask))}, share=share)
    studies._take(Examined(newest.ask, newest.study, results))
    studies.drain()
    return results


def test_a_pinned_start_is_asked_for_once_after_the_present_one(
    studies: Studies, said: list[Command]
) -> None:
    earlier = pin(studies, EARLIER)
    studies.want("me", {"slow": {}})
    studies.want_pinned({earlier: {"slow": {}}})
    assert asked(said) == [("slow", 1e-3, False)]
    answer(studies, said)
    assert asked(said)[1:] == [("slow", 2.0, True)]
    assert studies.pinned.of("slow", earlier) is None
    results = answer(studies, said)
    known = studies.pinned.of("slow", earlier)
    assert known is not None
    assert known.results is results
    assert known.header.experiment == EARLIER
    studies.session.edit(at_rate(ARTICLE, 5.0), "Rate")
    studies._edited -= 1
    studies.drain()
    answer(studies, said)
    assert asked(said)[2:] == [("slow", 5.0, False)]


def test_one_is_under_way_at_a_time_and_what_is_quick_goes_first(
    studies: Studies, said: list[Command]
) -> None:
    first, second = pin(studies, EARLIER), pin(studies, EARLIEST)
    wants = {"slow": {}, START: LOSS}
    studies.want_pinned({first: wants, second: wants})
    for count in range(1, 5):
        assert len(asked(said)) == count
        answer(studies, said)
    assert asked(said) == [
        *((START, rate, True) for rate in (2.0, 3.0)),
        *(("slow", rate, True) for rate in (2.0, 3.0)),
    ]


def test_parts_of_an_answer_are_shown_and_the_rest_awaited(
    studies: Studies, said: list[Command], qtbot: QtBot
) -> None:
    earlier = pin(studies, EARLIER)
    studies.want_pinned({earlier: {"slow": {}, "phase": {}}})
    answer(studies, said)
    with qtbot.waitSignal(studies.pinned.studied) as told:
        answer(studies, said, share=0.25)
    assert told.args == ["slow"]
    ask = [one for one in said if isinstance(one, Examine)][-1].ask
    studies._take(Working(ask, "slow", 0.5))
    studies._take(Working(ask + 7, "slow", 0.75))  # of no question that is under way
    known = studies.pinned.of("slow", earlier)
    assert known is not None
    assert (known.share, known.results is None) == (0.5, False)
    assert asked(said) == [("phase", 2.0, True), ("slow", 2.0, True)]


def test_an_edit_asks_for_the_present_start_and_lets_the_other_go_on_behind(
    studies: Studies, said: list[Command]
) -> None:
    earlier = pin(studies, EARLIER)
    studies.want("me", {START: LOSS})
    studies.want_pinned({earlier: {"slow": {}, "jacobian": {}}})
    answer(studies, said)
    studies.session.edit(at_rate(ARTICLE, 5.0), "Rate")
    assert asked(said) == [(START, 1e-3, False), ("slow", 2.0, True), (START, 5.0, False)]
    assert not any(isinstance(one, Forget) for one in said)
    ask = next(one.ask for one in said if isinstance(one, Examine) and one.behind)
    studies._take(Examined(ask, "slow", Results(values={})))
    studies.drain()
    assert len(asked(said)) == 3, "the present one is not answered yet"
    answer(studies, said)
    assert asked(said)[3:] == [("jacobian", 2.0, True)]


def test_a_study_that_rests_does_so_for_pinned_runs_too(
    studies: Studies, said: list[Command]
) -> None:
    earlier = pin(studies, EARLIER)
    studies.want("me", {"slow": {}})
    studies.want_pinned({earlier: {"slow": {}, "jacobian": {}}})
    studies.rest("slow", resting=True)  # which makes way for the others
    assert asked(said)[1:] == [("jacobian", 2.0, True)]
    studies.rest("jacobian", resting=True)
    assert said[-1] == Rest("jacobian", behind=True)
    answer(studies, said)
    assert len(asked(said)) == 2, "the other study of the pinned run rests as well"
    studies.rest("slow", resting=False)
    assert len(asked(said)) == 2, "the present one goes first"


def test_what_nobody_looks_at_any_more_ends_and_what_is_taken_off_too(
    studies: Studies, said: list[Command]
) -> None:
    earlier = pin(studies, EARLIER)
    studies.want_pinned({earlier: {"slow": {}}})
    studies.want_pinned({})
    assert said[-1] == Forget("slow", behind=True)
    studies.want_pinned({earlier: {"slow": {"draws": 3}}})
    studies.want_pinned({earlier: {"slow": {"draws": 4}}})
    assert said[-2] == Forget("slow", behind=True)
    assert len(asked(said)) == 3
    studies.session.pins.clear()
    assert said[-1] == Forget("slow", behind=True)
    assert studies.pinned.beside == ()
    answer(studies, said)
    assert len(asked(said)) == 3


def test_another_name_keeps_what_is_known(studies: Studies, said: list[Command]) -> None:
    earlier = pin(studies, EARLIER)
    studies.want_pinned({earlier: {START: LOSS}})
    assert studies.pinned.beside[0].why == LATER
    answer(studies, said)
    studies.session.pins.rename(studies.session.pins.all[0], "Before")
    (shown,) = studies.pinned.beside
    assert (shown.name, shown.why) == ("Before", "")
    assert shown.history.series["loss"].mean.tolist() == [[1.0] * 3]


def test_what_starts_as_the_present_experiment_does_is_not_beside_it(studies: Studies) -> None:
    def names() -> list[str]:
        return [one.name for one in studies.pinned.beside]

    session = studies.session
    session.pins.add_start(ARTICLE)
    assert names() == []
    session.edit(replace(ARTICLE, title="Another"), "Title")
    assert names() == []
    session.edit(EARLIER, "Rate")
    assert names() == ["Start 1"]
    session.undo_stack.undo()
    assert names() == []


def test_readings_that_are_known_are_not_measured_again(
    studies: Studies, said: list[Command]
) -> None:
    earlier = pin(studies, EARLIER)
    studies.want_pinned({earlier: {START: {"probes": "loss"}}})
    answer(studies, said)
    (shown,) = studies.pinned.beside
    studies.want_pinned({shown: {START: {"probes": "dead"}}})
    (shown,) = studies.pinned.beside
    assert shown.why == LATER, "the other readings are still to come"
    answer(studies, said)
    (shown,) = studies.pinned.beside
    studies.want_pinned({shown: {START: {"probes": "loss"}}})
    probes = [one.params["probes"] for one in said if isinstance(one, Examine)]
    assert probes == ["loss", "dead loss"]


def test_what_cannot_be_is_a_sentence_and_is_not_asked_again(
    studies: Studies, said: list[Command]
) -> None:
    earlier = pin(studies, EARLIER)
    studies.want_pinned({earlier: {START: LOSS}})
    studies._take(NotExamined(1, START, "$.experiment", "It is not to be."))
    studies.drain()
    assert studies.pinned.beside[0].why == "It is not to be."
    assert len(asked(said)) == 1


def test_a_study_that_ends_engines_is_given_up_and_no_other(
    studies: Studies, said: list[Command]
) -> None:
    earlier = pin(studies, EARLIER)
    studies.want_pinned({earlier: {"slow": {}, "jacobian": {}}})
    for _ in range(2):
        assert asked(said)[-1][0] == "slow"
        studies._on_died("It is gone.")
        studies.drain()
    known = studies.pinned.of("slow", earlier)
    assert known is not None
    assert known.trouble == "It is gone."
    assert asked(said)[-1][0] == "jacobian"


def test_an_engine_that_the_present_study_ends_is_held_against_no_other(
    studies: Studies, said: list[Command]
) -> None:
    earlier = pin(studies, EARLIER)
    studies.want_pinned({earlier: {"slow": {}}})
    studies.want("me", {"jacobian": {}})
    for _ in range(2):
        studies._on_died("It is gone.")
        studies.drain()
    present = studies.of("jacobian")
    assert present is not None
    assert present.trouble == "It is gone."
    assert studies.pinned.of("slow", earlier) is None
    assert asked(said)[-1] == ("slow", 2.0, True)


def test_who_listens_may_want_something_anew_and_nothing_is_asked_twice(
    studies: Studies, said: list[Command]
) -> None:
    earlier = pin(studies, EARLIER)
    studies.changed.connect(lambda _key: studies.want_pinned({earlier: {"slow": {}}}))
    studies.want("me", {START: LOSS, "phase": {}, "jacobian": {}})
    assert asked(said) == [(key, 1e-3, False) for key in (START, "phase", "jacobian")]
    for question in [one for one in said if isinstance(one, Examine)]:
        assert len(asked(said)) == 3
        studies._take(Examined(question.ask, question.study, Results(values={})))
    studies.drain()
    assert asked(said)[3:] == [("slow", 2.0, True)]
    studies.session.edit(at_rate(ARTICLE, 5.0), "Rate")  # what is known is of an earlier one now
    assert asked(said)[4:] == [(START, 5.0, False), ("phase", 5.0, False)]


def test_mistakes_of_the_present_experiment_keep_no_pinned_one_back(
    studies: Studies, said: list[Command]
) -> None:
    earlier = pin(studies, EARLIER)
    studies.session.edit(replace(ARTICLE, network=()), "Clear")
    studies.want("me", {"slow": {}})
    studies.want_pinned({earlier: {"slow": {}}})
    assert asked(said) == [("slow", 2.0, True)]


def test_the_readings_are_those_of_the_pinned_experiment_alone(
    studies: Studies, qtbot: QtBot
) -> None:
    earlier = pin(studies, EARLIER)
    studies.want("me", {START: LOSS})
    studies.want_pinned({earlier: {START: LOSS}})
    qtbot.waitUntil(lambda: studies.pinned.beside[0].why == "")
    qtbot.waitUntil(lambda: studies.history is not None)
    pinned, present = studies.pinned.beside[0].history, studies.history
    assert present is not None
    # the made-up loss of replica r under its seed is seed + r + rate at step 0
    for rate, history in ((1e-3, present), (2.0, pinned)):
        expected = [seed + at + rate for at, seed in enumerate(history.header.seeds)]
        assert history.series["loss"].mean[0].tolist() == pytest.approx(expected)
    assert (pinned.last_step, pinned.header.experiment) == (0, EARLIER)
