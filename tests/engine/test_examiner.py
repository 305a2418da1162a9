"""The examiner makes what is wanted most first, and the newest question of each study wins."""

import queue
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from msgspec.structs import replace

from initstudio.catalogue import NoParams
from initstudio.engine.examiner import Examiner
from initstudio.engine.host import Host
from initstudio.engine.messages import (
    Command,
    Examine,
    Examined,
    Forget,
    NotExamined,
    Report,
    Rest,
    Start,
    Working,
)
from initstudio.engine.plan import Plan
from initstudio.engine.studies import STUDIES
from initstudio.engine.study import Heed, Study
from initstudio.errors import ExperimentError
from initstudio.presets import ARTICLE
from initstudio.results import Results

OTHER = replace(ARTICLE, title="Another")
Slice = Callable[["Desk", str, int, Heed], None]


class Desk:
    """An examiner whose studies are made up: each slice is noted, and may say something more."""

    def __init__(self, slices: int = 4) -> None:
        self.commands: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
        self.reports: list[Report] = []
        self.done: list[str] = []
        self.during: Slice = lambda _desk, _key, _at, _heed: None
        self._slices = slices
        self._open: dict[tuple[bool, str], int] = {}

    def ask(self, command: Command) -> None:
        """Put a command into the queue."""
        self._note(command)
        self.commands.put(command)

    def study(self, key: str, order: int) -> Study[NoParams]:
        def begin(plan: Plan, _params: NoParams, heed: Heed) -> Iterator[Results | None]:
            for at in range(self._slices):
                self.during(self, key, at, heed)
                self.done.append(f"{key} {at} {plan.experiment.title[:3]}")
                share = (at + 1) / self._slices
                yield Results(values={"at": np.array([at])}, share=share) if at % 2 else None

        return Study(key=key, label=key, summary="", order=order, params=NoParams, begin=begin)

    def serve(self, *commands: Command) -> Command | None:
        first, *rest = commands
        assert isinstance(first, Examine | Rest | Forget)
        self._note(first)
        for one in rest:
            self.ask(one)
        studies = {"quick": self.study("quick", 1), "slow": self.study("slow", 9)}
        return Examiner(self.commands, self._send, studies).serve(first)

    def _note(self, command: Command) -> None:
        if isinstance(command, Examine):
            self._open[command.behind, command.study] = command.ask
        if isinstance(command, Forget):
            self._open.pop((command.behind, command.study), None)

    def _send(self, report: Report) -> None:
        self.reports.append(report)
        if _is_last(report):
            ended = getattr(report, "ask", 0)
            self._open = {key: ask for key, ask in self._open.items() if ask != ended}
        if not self._open and self.commands.empty():
            self.commands.put(None)


def _is_last(report: Report) -> bool:
    done = isinstance(report, Examined) and report.results.share >= 1
    return done or isinstance(report, NotExamined)


def at_end(desk: Desk) -> list[tuple[int, str]]:
    ended = [one for one in desk.reports if isinstance(one, Examined) and one.results.share >= 1]
    return [(one.ask, one.study) for one in ended]


def test_what_goes_first_comes_between() -> None:
    desk = Desk()

    def during(desk: Desk, key: str, at: int, _heed: Heed) -> None:
        if key == "slow" and at == 1:
            desk.ask(Examine(2, "quick", ARTICLE))

    desk.during = during
    desk.serve(Examine(1, "slow", ARTICLE))
    assert desk.done[:2] == ["slow 0 The", "slow 1 The"]
    assert desk.done[2:6] == [f"quick {at} The" for at in range(4)]
    assert at_end(desk)[0] == (2, "quick")


def test_the_newest_question_of_a_study_wins() -> None:
    desk = Desk()
    desk.serve(Examine(1, "slow", ARTICLE), Examine(2, "slow", OTHER), Examine(3, "slow", ARTICLE))
    assert at_end(desk) == [(3, "slow")]
    assert desk.done == [f"slow {at} The" for at in range(4)]


def test_a_long_slice_ends_when_something_else_is_wanted() -> None:
    desk = Desk()

    def during(desk: Desk, key: str, at: int, heed: Heed) -> None:
        if key == "slow" and at == 2 and not any("quick" in one for one in desk.done):
            desk.ask(Examine(2, "quick", ARTICLE))
            heed(0.5)
            pytest.fail("it goes on")

    desk.during = during
    desk.serve(Examine(1, "slow", ARTICLE))
    assert desk.done[2:6] == [f"quick {at} The" for at in range(4)]
    assert desk.done.count("slow 0 The") <= 2


def test_it_is_told_how_far_a_silent_study_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(10_000))
    monkeypatch.setattr("initstudio.engine.examiner.time.monotonic", lambda: float(next(clock)))
    desk = Desk()
    desk.during = lambda _desk, _key, at, heed: heed(at / 4)
    desk.serve(Examine(7, "slow", ARTICLE))
    assert [one for one in desk.reports if isinstance(one, Working)] == [
        Working(7, "slow", at / 4) for at in range(4)
    ]


def test_a_study_can_wait_and_goes_on_where_it_was() -> None:
    desk = Desk()

    def during(desk: Desk, key: str, at: int, _heed: Heed) -> None:
        if key == "slow" and at == 1:
            desk.ask(Rest("slow"))
            desk.ask(Examine(2, "quick", ARTICLE))
        if key == "quick" and at == 3:
            desk.ask(Rest("slow", resting=False))

    desk.during = during
    desk.serve(Examine(1, "slow", ARTICLE))
    assert desk.done[:6] == ["slow 0 The", "slow 1 The", *(f"quick {at} The" for at in range(4))]
    assert desk.done[6:] == ["slow 2 The", "slow 3 The"]
    assert at_end(desk) == [(2, "quick"), (1, "slow")]


def test_what_stands_behind_waits_for_all_others_and_goes_on_where_it_was() -> None:
    desk = Desk()

    def during(desk: Desk, key: str, at: int, _heed: Heed) -> None:
        if (key, at, len(desk.done)) == ("quick", 1, 1):
            desk.ask(Examine(2, "slow", ARTICLE))
            desk.ask(Examine(3, "quick", ARTICLE))

    desk.during = during
    desk.serve(Examine(1, "quick", OTHER, behind=True))
    assert desk.done == [
        *("quick 0 Ano", "quick 1 Ano"),
        *(f"quick {at} The" for at in range(4)),
        *(f"slow {at} The" for at in range(4)),
        *("quick 2 Ano", "quick 3 Ano"),
    ]
    assert at_end(desk) == [(3, "quick"), (2, "slow"), (1, "quick")]


def test_what_stands_behind_can_wait_by_itself() -> None:
    desk = Desk()

    def during(desk: Desk, key: str, at: int, _heed: Heed) -> None:
        if key == "slow" and at == 1 and len(desk.done) == 1:
            desk.ask(Rest("slow", behind=True))
            desk.ask(Examine(2, "slow", ARTICLE))
        if len(desk.done) == 5:
            desk.ask(Rest("slow", resting=False, behind=True))

    desk.during = during
    desk.serve(Examine(1, "slow", OTHER, behind=True))
    assert [one[-3:] for one in desk.done] == ["Ano"] * 2 + ["The"] * 4 + ["Ano"] * 2
    assert at_end(desk) == [(2, "slow"), (1, "slow")]


@pytest.mark.parametrize("behind", [False, True])
def test_a_study_that_nobody_looks_at_ends(behind: bool) -> None:
    desk = Desk()

    def during(desk: Desk, key: str, at: int, _heed: Heed) -> None:
        if key == "slow" and at == 1:
            desk.ask(Forget("slow", behind))
            desk.ask(Examine(2, "quick", ARTICLE, behind=behind))

    desk.during = during
    desk.serve(Examine(1, "slow", ARTICLE, behind=behind))
    assert at_end(desk) == [(2, "quick")]
    assert "slow 2 The" not in desk.done


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (ExperimentError("$.experiment.network[0]", "It is not to be."), "It is not to be."),
        (RuntimeError("the sky fell"), "RuntimeError: the sky fell"),
        (MemoryError("can't allocate memory: 4096 bytes"), "There is not enough memory"),
    ],
)
def test_what_fails_is_told_and_the_rest_goes_on(error: Exception, why: str) -> None:
    desk = Desk()

    def during(_desk: Desk, key: str, _at: int, _heed: Heed) -> None:
        if key == "quick":
            raise error

    desk.during = during
    desk.serve(Examine(1, "slow", ARTICLE), Examine(2, "quick", ARTICLE))
    (failed,) = [one for one in desk.reports if isinstance(one, NotExamined)]
    assert (failed.ask, failed.study) == (2, "quick")
    assert failed.why.startswith(why)


def test_a_study_without_an_answer_is_told_of() -> None:
    desk = Desk(slices=0)
    desk.serve(Examine(1, "slow", ARTICLE))
    assert desk.reports == [NotExamined(1, "slow", "slow", "It ended without an answer.")]


def test_mistakes_of_the_question_are_sentences() -> None:
    desk = Desk()
    desk.serve(Examine(1, "nothing", ARTICLE))
    assert desk.reports == [NotExamined(1, "nothing", "nothing", "There is no such study.")]
    desk = Desk()
    desk.serve(Examine(1, "quick", replace(ARTICLE, network=())))
    (failed,) = desk.reports
    assert isinstance(failed, NotExamined)
    assert failed.why == "The network has no layers; add one."
    desk = Desk()
    desk.serve(Examine(1, "quick", ARTICLE, {"depth": 3}))
    (failed,) = desk.reports
    assert isinstance(failed, NotExamined)
    assert "depth" in f"{failed.where} {failed.why}"


def test_a_run_ends_all_studies() -> None:
    start = Start(5, ARTICLE)
    desk = Desk()

    def during(desk: Desk, _key: str, at: int, _heed: Heed) -> None:
        if at == 1:
            desk.commands.put(start)

    desk.during = during
    assert desk.serve(Examine(1, "slow", ARTICLE)) == start
    assert at_end(desk) == []


def test_the_host_passes_studies_on() -> None:
    commands: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
    commands.put(Examine(1, "start", ARTICLE, {"probes": "loss activation_std"}))
    reports: list[Report] = []

    def send(report: Report) -> None:
        reports.append(report)
        commands.put(None)

    Host(commands, send, load_studies=lambda: STUDIES).serve(
        lambda *_: pytest.fail("nothing was to be trained")
    )
    (report,) = reports
    assert isinstance(report, Examined)
    assert report.results.values.keys() == {"loss", "activation_std"}


def test_a_probe_that_is_not_there_is_told() -> None:
    commands: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
    reports: list[Report] = []

    def send(report: Report) -> None:
        reports.append(report)
        commands.put(None)

    Examiner(commands, send, STUDIES).serve(Examine(1, "start", ARTICLE, {"probes": "luck"}))
    assert reports == [NotExamined(1, "start", "start.params.probes", "there is no probe 'luck'")]
