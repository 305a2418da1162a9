"""The session: edits, documents, and a run that follows them."""

import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from pytestqt.qtbot import QtBot

from initstudio.experiment import Choice, Experiment, Seeds, decode, encode
from initstudio.history import History
from initstudio.presets import ARTICLE, DIGITS
from initstudio.ui import session as session_module
from initstudio.ui.session import Session, State
from initstudio.ui.worker import RunWorker
from tests import fake_engine
from tests.ui.conftest import at_rate

Reaches = Callable[[Session, State], None]
LONG = replace(ARTICLE, training=replace(ARTICLE.training, epochs=100_000))


def titled(title: str, experiment: Experiment = ARTICLE) -> Experiment:
    return replace(experiment, title=title)


@pytest.fixture
def quiet(qtbot: QtBot) -> Session:
    return Session(ARTICLE)


@pytest.fixture
def long(session: Session) -> Session:
    session.load(LONG)
    return session


class Heard:
    """What a session has said."""

    def __init__(self, session: Session) -> None:
        self.failures: list[tuple[str, str]] = []
        self.states: list[State] = []
        self.experiments: list[Experiment] = []
        session.failed.connect(lambda where, why: self.failures.append((where, why)))
        session.state_changed.connect(self.states.append)
        session.experiment_changed.connect(self.experiments.append)


def history_of(session: Session) -> History:
    assert session.history is not None
    return session.history


# Edits and documents, for which no engine is needed.


def test_equal_values_stop_here(quiet: Session) -> None:
    heard = Heard(quiet)
    quiet.edit(decode(encode(ARTICLE)), "Nothing")
    assert heard.experiments == []
    assert not quiet.undo_stack.canUndo()


def test_undo_and_redo_bring_back_each_value(quiet: Session) -> None:
    values = [titled(name) for name in "abc"]
    for value in values:
        quiet.edit(value, f"Name {value.title}")
    assert quiet.undo_stack.undoText() == "Name c"
    seen = []
    while quiet.undo_stack.canUndo():
        quiet.undo_stack.undo()
        seen.append(quiet.experiment)
    assert seen == [values[1], values[0], ARTICLE]
    while quiet.undo_stack.canRedo():
        quiet.undo_stack.redo()
    assert quiet.experiment == values[-1]


def test_edits_with_the_same_merge_are_one(quiet: Session) -> None:
    for name in "abc":
        quiet.edit(titled(name), "Rename", merge="title")
    assert quiet.undo_stack.count() == 1
    quiet.edit(titled("d"), "Rename", merge="another")
    quiet.edit(titled("e"), "Rename")
    quiet.edit(titled("f"), "Rename")
    assert quiet.undo_stack.count() == 4
    for _ in range(4):
        quiet.undo_stack.undo()
    assert quiet.experiment == ARTICLE


def test_merged_edits_that_come_back_leave_nothing_to_undo(quiet: Session) -> None:
    quiet.edit(titled("a"), "Rename", merge="title")
    quiet.edit(ARTICLE, "Rename", merge="title")
    assert quiet.undo_stack.count() == 0
    assert not quiet.modified


def test_problems_are_those_of_the_present_experiment(quiet: Session) -> None:
    assert not quiet.problems
    quiet.edit(replace(ARTICLE, network=()), "Clear")
    assert [problem.where for problem in quiet.problems] == ["$.experiment.network"]
    quiet.undo_stack.undo()
    assert not quiet.problems


def test_save_and_open_give_the_same_experiment(quiet: Session, tmp_path: Path) -> None:
    path = tmp_path / "Größe 😀.json"
    quiet.edit(titled("mine"), "Rename")
    assert quiet.modified
    assert quiet.save_as(path)
    assert (quiet.path, quiet.modified) == (path, False)
    other = Session(DIGITS)
    assert other.open(path)
    assert (other.experiment, other.path, other.modified) == (quiet.experiment, path, False)


def test_save_without_a_file_says_no(quiet: Session) -> None:
    assert not quiet.save()


def test_the_file_stays_with_the_document_through_undo(quiet: Session, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    quiet.edit(titled("a"), "Rename")
    quiet.save_as(path)
    quiet.edit(titled("b"), "Rename")
    assert quiet.modified
    quiet.undo_stack.undo()
    assert (quiet.path, quiet.modified) == (path, False)
    quiet.undo_stack.undo()
    quiet.undo_stack.redo()
    assert (quiet.path, quiet.modified) == (path, False)


def test_loading_another_document_can_be_undone(quiet: Session, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    quiet.edit(titled("a"), "Rename")
    quiet.load(DIGITS)
    assert quiet.modified, "the edit before is in no file"
    quiet.save_as(path)
    quiet.load(ARTICLE)
    assert (quiet.path, quiet.modified) == (None, False)
    quiet.undo_stack.undo()
    assert (quiet.experiment, quiet.path) == (DIGITS, path)


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"{", "$"),
        (b"\xff\xfe\x00", "$"),
        (b'{"format": "something else"}', "$.format"),
        (encode(ARTICLE).replace(b'"version": 1', b'"version": 99'), "$.version"),
        (encode(ARTICLE).replace(b'"xavier_uniform"', b'"xavier_uniforn"'), "scheme.key"),
        (encode(ARTICLE).replace(b'"epochs": 20', b'"epochs": 0'), "$.experiment.training.epochs"),
    ],
)
def test_a_file_with_a_mistake_leaves_everything_as_it_was(
    quiet: Session, tmp_path: Path, content: bytes, where: str
) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(content)
    quiet.edit(titled("mine"), "Rename")
    heard = Heard(quiet)
    assert not quiet.open(path)
    ((place, why),) = heard.failures
    assert place.startswith("broken.json, ")
    assert place.endswith(where)
    assert why
    assert (quiet.experiment.title, quiet.path, heard.experiments) == ("mine", None, [])


def test_a_file_that_is_not_there_is_told_of(quiet: Session, tmp_path: Path) -> None:
    heard = Heard(quiet)
    assert not quiet.open(tmp_path / "none.json")
    assert not quiet.open(tmp_path)
    assert all("could not be opened" in why for _, why in heard.failures)


def test_a_place_that_cannot_be_written_is_named_and_the_edit_stays(
    quiet: Session, tmp_path: Path
) -> None:
    heard = Heard(quiet)
    quiet.edit(titled("mine"), "Rename")
    assert not quiet.save_as(tmp_path / "no folder" / "a.json")
    assert "no folder" in heard.failures[0][0]
    assert (quiet.modified, quiet.path) == (True, None)


def test_without_an_engine_nothing_runs_and_nothing_fails(quiet: Session) -> None:
    heard = Heard(quiet)
    for verb in (quiet.run, quiet.pause, quiet.step, quiet.stop, quiet.reset, quiet.drain):
        verb()
    quiet.close()
    assert (heard.states, heard.failures, quiet.history) == ([], [], None)


# The run, with an engine whose training is made up.


def test_the_start_is_shown_by_itself(ready: Session) -> None:
    history = history_of(ready)
    assert history.last_step == 0
    assert history.layers_step == 0
    assert history.header.experiment == ARTICLE


def test_run_goes_on_to_the_end(ready: Session, reaches: Reaches) -> None:
    began = history_of(ready)
    heard = Heard(ready)
    ready.run()
    reaches(ready, State.FINISHED)
    assert history_of(ready) is began
    assert began.last_step == began.header.steps
    assert len(began.series["loss"]) == began.header.steps + 1
    assert heard.states == [State.RUNNING, State.FINISHED]


def test_run_before_the_start_is_shown(session: Session, reaches: Reaches) -> None:
    session.run()
    reaches(session, State.FINISHED)


def test_run_after_the_end_begins_anew_with_the_same_readings(
    ready: Session, reaches: Reaches
) -> None:
    ready.run()
    reaches(ready, State.FINISHED)
    first = history_of(ready)
    ready.run()
    reaches(ready, State.STARTING)
    reaches(ready, State.FINISHED)
    assert history_of(ready) is not first
    np.testing.assert_array_equal(history_of(ready).series["loss"].mean, first.series["loss"].mean)


def test_step_makes_one_step(ready: Session, qtbot: QtBot) -> None:
    for step in (1, 2, 3):
        ready.step()
        qtbot.waitUntil(partial(_is_at, ready, step))
    assert ready.state is State.PAUSED


def _is_at(session: Session, step: int) -> bool:
    return history_of(session).last_step == step


def test_pause_and_continue_lose_nothing(long: Session, reaches: Reaches, qtbot: QtBot) -> None:
    long.run()
    qtbot.waitUntil(lambda: long.history is not None and long.history.last_step > 20)
    assert long.state is State.RUNNING
    assert long.speed > 0
    assert 0 < long.seconds_left < float("inf")
    long.pause()
    reaches(long, State.PAUSED)
    at = history_of(long).last_step
    assert long.speed == 0
    long.run()
    qtbot.waitUntil(lambda: history_of(long).last_step > at + 20)
    steps = history_of(long).series["loss"].steps
    assert steps.tolist() == list(range(len(steps)))


def test_stop_is_shown_at_once(long: Session, reaches: Reaches, qtbot: QtBot) -> None:
    long.run()
    reaches(long, State.RUNNING)
    long.stop()
    assert long.state is State.STOPPED
    pid = worker_of(long).pid
    with qtbot.waitSignal(long._live._watch.timeout, timeout=700, raising=False) as blocker:
        pass
    assert not blocker.signal_triggered, "the engine obeyed"
    assert (long.state, worker_of(long).pid) == (State.STOPPED, pid)


def worker_of(session: Session) -> RunWorker:
    assert session._live.worker is not None
    return session._live.worker


def test_weights_that_cannot_be_had_are_a_sentence(ready: Session, qtbot: QtBot) -> None:
    heard = Heard(ready)
    ready.save_weights(Path("anywhere"))
    qtbot.waitUntil(lambda: bool(heard.failures))
    assert heard.failures == [("Weights", "The run has no networks.")]


def hangs(session: Session) -> bool:
    """Return whether the engine hangs by now; before, it would still obey."""
    engine = worker_of(session)._engine
    return engine is not None and fake_engine.HANGING in engine.lines


def test_an_engine_that_does_not_obey_stop_is_replaced(
    session: Session, reaches: Reaches, qtbot: QtBot
) -> None:
    heard = Heard(session)
    session.edit(at_rate(LONG, fake_engine.HANGS), "Hang")
    session.run()
    qtbot.waitUntil(lambda: hangs(session))
    pid = worker_of(session).pid
    session.stop()
    qtbot.waitUntil(lambda: worker_of(session).pid != pid)
    session.edit(ARTICLE, "Back")
    session.run()
    reaches(session, State.FINISHED)
    assert heard.failures == [], "who asked to stop need not hear how it was done"


def test_reset_shows_the_same_start(ready: Session, reaches: Reaches) -> None:
    first = history_of(ready).series["loss"].mean.copy()
    ready.run()
    reaches(ready, State.FINISHED)
    ready.reset()
    reaches(ready, State.READY)
    np.testing.assert_array_equal(history_of(ready).series["loss"].mean, first)


def test_new_seed_takes_unused_ones_and_can_be_undone(ready: Session, reaches: Reaches) -> None:
    ready.edit(replace(ARTICLE, seeds=Seeds(first=0, count=3)), "Seeds")
    ready.new_seed()
    assert ready.experiment.seeds == Seeds(first=3, count=3)
    reaches(ready, State.READY)
    assert history_of(ready).header.seeds[:3] == (3, 4, 5)
    ready.undo_stack.undo()
    assert ready.experiment.seeds.first == 0
    ready.load(replace(ARTICLE, seeds=Seeds(first=2**31 - 2, count=1)))
    ready.new_seed()
    assert ready.experiment.seeds.first in (2**31 - 1, 0)
    decode(encode(ready.experiment))


def test_an_edit_is_followed_by_its_start(ready: Session, qtbot: QtBot) -> None:
    ready.edit(DIGITS, "Digits")
    assert ready.stale
    qtbot.waitUntil(lambda: history_of(ready).header.experiment == DIGITS)
    assert not ready.stale


def test_many_edits_in_a_row_start_once(ready: Session, qtbot: QtBot) -> None:
    runs = []
    ready.runs_changed.connect(lambda: runs.append(ready.history))
    for units in range(1, 20):
        network = (Choice("linear", {"units": units}), *ARTICLE.network[1:])
        ready.edit(replace(ARTICLE, network=network), "Units", merge="units")
    qtbot.waitUntil(lambda: history_of(ready).header.tensor_shapes[0][0] == 19)
    assert len(runs) == 1


def test_what_a_run_does_not_depend_on_leaves_it_alone(ready: Session, qtbot: QtBot) -> None:
    history = ready.history
    contenders = tuple(replace(one, name=f"{one.name}!", hidden=True) for one in ARTICLE.contenders)
    ready.edit(replace(ARTICLE, contenders=contenders[::-1], board=(), title="x"), "Looks")
    assert not ready.stale
    assert not ready._settle.isActive()
    assert ready.history is history


def test_an_edit_leaves_a_run_that_is_going_alone(long: Session, qtbot: QtBot) -> None:
    long.run()
    qtbot.waitUntil(lambda: long.history is not None and long.history.last_step > 5)
    history = long.history
    long.edit(replace(DIGITS, training=LONG.training), "Digits")
    at = history_of(long).last_step
    qtbot.waitUntil(lambda: history_of(long).last_step > at + 5)
    assert long.history is history
    assert long.stale
    long.run()  # which begins the edited one
    qtbot.waitUntil(lambda: long.history is not history)
    assert history_of(long).header.experiment == long.experiment


def test_the_learning_rate_changes_while_it_runs(long: Session, qtbot: QtBot) -> None:
    long.run()
    qtbot.waitUntil(lambda: long.history is not None and long.history.last_step > 5)
    history = history_of(long)
    # the made-up loss at step k is seed + replica + rate / (k + 1)
    assert history.series["loss"].mean[5, 0] == pytest.approx(LONG.training.learning_rate / 6)
    long.edit(at_rate(LONG, 900.0), "Rate", merge="learning_rate")
    long.edit(at_rate(LONG, 1000.0), "Rate", merge="learning_rate")
    assert not long.stale
    qtbot.waitUntil(lambda: history.series["loss"].mean[-1, 0] * history.last_step > 500)
    assert long.history is history
    assert history.series["loss"].mean[-1, 0] == pytest.approx(
        1000.0 / (history.last_step + 1), rel=1e-5
    )


def test_an_experiment_with_problems_does_not_run_and_the_start_stays(ready: Session) -> None:
    history = ready.history
    heard = Heard(ready)
    ready.edit(replace(ARTICLE, network=()), "Clear")
    for verb in (ready.run, ready.step, ready.reset):
        verb()
    assert [where for where, _ in heard.failures] == ["$.experiment.network"] * 3
    assert (ready.state, ready.history) == (State.READY, history)


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (fake_engine.REFUSES, "It is not to be."),
        (fake_engine.RAISES, "on my head"),
        (fake_engine.NO_MEMORY, "3 TiB"),
        (fake_engine.DIES, "killed"),
    ],
)
def test_a_run_that_fails_says_why_and_the_next_one_works(
    session: Session, reaches: Reaches, rate: float, words: str
) -> None:
    heard = Heard(session)
    session.edit(at_rate(ARTICLE, rate), "Trouble")
    session.run()
    reaches(session, State.FAILED)
    ((_, why),) = heard.failures
    assert words in why
    assert history_of(session).last_step == 4, "what was read before stays"
    session.edit(ARTICLE, "Back")
    session.run()
    reaches(session, State.FINISHED)
    assert len(heard.failures) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_an_engine_that_dies_at_rest_is_told_of_and_run_works(
    ready: Session, reaches: Reaches
) -> None:
    pid = worker_of(ready).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    reaches(ready, State.FAILED)
    ready.run()
    reaches(ready, State.FINISHED)


def test_a_second_engine_stands_by_after_a_while_of_quiet(
    worker: RunWorker, reaches: Reaches, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr(session_module, "SPARE_AFTER", 1)
    session = Session(LONG, worker)
    reaches(session, State.READY)
    qtbot.waitUntil(lambda: worker.has_spare)
    session.close()


def test_a_replaced_run_whose_engine_hangs_starts_on_another(
    session: Session, monkeypatch: pytest.MonkeyPatch, reaches: Reaches, qtbot: QtBot
) -> None:
    heard = Heard(session)
    session.edit(at_rate(LONG, fake_engine.HANGS), "Hang")
    session.run()
    qtbot.waitUntil(lambda: hangs(session))
    monkeypatch.setattr("initstudio.ui.live_run.START_PATIENCE", 50)
    session.edit(DIGITS, "Digits")
    session.run()
    qtbot.waitUntil(lambda: history_of(session).header.experiment == DIGITS)
    assert heard.failures == []


def test_what_the_engine_sees_is_told_and_what_computed_is_recorded(ready: Session) -> None:
    assert ready.devices == {"cpu": "Made up"}
    assert history_of(ready).header.device == "Made up"
