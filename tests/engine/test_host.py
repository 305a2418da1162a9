"""The host obeys between steps; here with a made-up training, in this process."""

import queue
import re
import weakref
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from msgspec.structs import replace

from initstudio.engine import host
from initstudio.engine.host import Host, Networks
from initstudio.engine.messages import (
    Command,
    Ended,
    Pause,
    Progress,
    Report,
    Resume,
    Saved,
    SaveWeights,
    SetLearningRate,
    Start,
    Started,
    Stop,
)
from initstudio.engine.train import train
from initstudio.engine.trouble import memory_asked_for
from initstudio.errors import ExperimentError
from initstudio.experiment import Experiment
from initstudio.history import Snapshot
from initstudio.presets import ARTICLE
from initstudio.weights import read_weights

if TYPE_CHECKING:
    from initstudio.engine.examiner import Commands

STEPS = 500
At = dict[int, list[Command | None]]


class Stage:
    """A training that puts commands into the queue at given steps; what it was told is kept."""

    def __init__(self, *first: Command | None, at: At | None = None) -> None:
        self.commands: Commands = queue.SimpleQueue()
        self.reports: list[Report] = []
        self.rates: dict[int, float] = {}
        self.made: list[int] = []
        self.error: dict[int, Exception] = {}
        self.at = dict(at or {})
        for command in first:
            self.commands.put(command)

    def train(
        self, experiment: Experiment, meet: Callable[[Networks], object]
    ) -> Generator[Snapshot, float | None, None]:
        replicas = experiment.replicas
        for step in range(STEPS + 1):
            for command in self.at.pop(step, []):
                self.commands.put(command)
            if step in self.error:
                raise self.error[step]
            self.made.append(step)
            loss = np.full(replicas, step, np.float32)
            rate = yield Snapshot(step, {"loss": loss, "gradient_norm": loss[:, None]})
            if rate is not None:
                self.rates[step + 1] = rate

    def play(self) -> list[Report]:
        Host(self.commands, self.reports.append).serve(self.train)
        return self.reports

    def steps(self, run: int = 1) -> list[int]:
        return [
            int(step)
            for report in self.reports
            if isinstance(report, Progress) and report.run == run
            for step in report.stretch.steps
        ]

    def ends(self) -> list[tuple[int, str]]:
        return [(one.run, one.reason) for one in self.reports if isinstance(one, Ended)]


def test_a_run_reports_every_step_once_and_finishes() -> None:
    stage = Stage(Start(1, ARTICLE))
    assert finish(stage) == [(1, "finished")]
    assert stage.steps() == list(range(STEPS + 1))
    first = stage.reports[0]
    assert isinstance(first, Started)
    assert first.header.steps == STEPS


def finish(stage: Stage) -> list[tuple[int, str]]:
    """Play until the run has ended, then end the commands."""

    def send(report: Report) -> None:
        stage.reports.append(report)
        if isinstance(report, Ended):
            stage.commands.put(None)

    Host(stage.commands, send).serve(stage.train)
    return stage.ends()


def test_weights_are_saved_while_a_run_waits_and_after_it(tmp_path: Path) -> None:
    tiny = replace(
        ARTICLE,
        training=replace(ARTICLE.training, epochs=1, batch_size=400),
        contenders=ARTICLE.contenders[:2],
    )
    stage = Stage(Start(1, tiny, paused=True))
    during, after = tmp_path / "during", tmp_path / "after"

    def send(report: Report) -> None:
        stage.reports.append(report)
        match report:
            case Progress(paused=True):
                stage.commands.put(SaveWeights(1, str(during)))
            case Saved(folder=folder) if folder == str(during):
                stage.commands.put(Resume(1))
            case Ended():
                stage.commands.put(SaveWeights(99, str(tmp_path / "of another run")))
                stage.commands.put(SaveWeights(1, str(after)))
                stage.commands.put(SaveWeights(1, str(tmp_path / "file")))
            case Saved(folder=folder) if folder == str(tmp_path / "file"):
                stage.commands.put(None)

    (tmp_path / "file").write_bytes(b"")
    Host(stage.commands, send).serve(train)
    saved = [report for report in stage.reports if isinstance(report, Saved)]
    assert [(one.run, one.files) for one in saved] == [(1, 2), (1, 4), (1, 0)]
    assert saved[2].why.endswith("start.safetensors: File exists")
    assert sorted(path.name for path in after.iterdir()) == [
        "1-xavier.seed0.start.safetensors",
        "1-xavier.seed0.step2.safetensors",
        "2-kaiming.seed0.start.safetensors",
        "2-kaiming.seed0.step2.safetensors",
    ]
    first = "1-xavier.seed0.start.safetensors"
    assert read_weights(during / first).tensors == read_weights(after / first).tensors


def test_a_run_that_did_not_get_so_far_has_no_weights_to_save() -> None:
    stage = Stage(Start(1, ARTICLE))
    stage.error[0] = RuntimeError("no networks yet")

    def send(report: Report) -> None:
        stage.reports.append(report)
        match report:
            case Ended():
                stage.commands.put(SaveWeights(1, "nowhere"))
            case Saved():
                stage.commands.put(None)

    Host(stage.commands, send).serve(stage.train)
    assert stage.reports[-1] == Saved(1, "nowhere", 0, "The run has no networks.")


def test_the_start_is_measured_and_then_waits() -> None:
    stage = Stage(Start(1, ARTICLE, paused=True))

    def send(report: Report) -> None:
        stage.reports.append(report)
        if isinstance(report, Progress):
            stage.commands.put(None)

    Host(stage.commands, send).serve(stage.train)
    assert stage.made == [0]
    progress = stage.reports[1]
    assert isinstance(progress, Progress)
    assert progress.paused
    assert progress.stretch.steps.tolist() == [0]
    assert progress.stretch.layers_step == 0


def test_steps_are_counted_from_the_start() -> None:
    stage = Stage(Start(1, ARTICLE, paused=True), Resume(1, 3))
    heard = []

    def send(report: Report) -> None:
        stage.reports.append(report)
        if isinstance(report, Progress) and report.paused:
            heard.append(stage.steps()[-1])
            stage.commands.put(Resume(1, 2) if len(heard) == 1 else None)

    Host(stage.commands, send).serve(stage.train)
    assert heard == [3, 5]
    assert stage.steps() == [0, 1, 2, 3, 4, 5]


def test_pause_holds_and_resume_goes_on_without_a_gap() -> None:
    stage = Stage(Start(1, ARTICLE), at={7: [Pause(1)]})

    def send(report: Report) -> None:
        stage.reports.append(report)
        if isinstance(report, Progress) and report.paused:
            assert stage.made[-1] == 7
            stage.commands.put(Resume(1))
        if isinstance(report, Ended):
            stage.commands.put(None)

    Host(stage.commands, send).serve(stage.train)
    assert stage.steps() == list(range(STEPS + 1))


def test_a_pause_is_told_once_whatever_is_said_meanwhile() -> None:
    stage = Stage(Start(1, ARTICLE, paused=True))

    def send(report: Report) -> None:
        stage.reports.append(report)
        if isinstance(report, Progress):
            for command in (SetLearningRate(1, 0.1), Pause(1), Stop(99), None):
                stage.commands.put(command)

    Host(stage.commands, send).serve(stage.train)
    assert sum(isinstance(report, Progress) and report.paused for report in stage.reports) == 1


def test_stop_ends_the_run_after_the_present_step() -> None:
    stage = Stage(Start(1, ARTICLE), at={5: [Stop(1), None]})
    stage.play()
    assert stage.made[-1] == 5
    assert stage.steps() == [0, 1, 2, 3, 4, 5]
    assert stage.ends() == [(1, "stopped")]


def test_a_new_start_ends_the_run_and_no_command_for_the_old_one_counts() -> None:
    other = replace(ARTICLE, title="Other")
    stage = Stage(Start(1, ARTICLE), at={3: [Start(2, other), Stop(1), Pause(1)]})
    ends = finish_of(stage, run=2)
    assert ends == [(1, "stopped"), (2, "finished")]
    assert stage.steps(1) == [0, 1, 2, 3]
    assert stage.steps(2) == list(range(STEPS + 1))
    titles = [one.header.experiment.title for one in stage.reports if isinstance(one, Started)]
    assert titles == [ARTICLE.title, "Other"]


def finish_of(stage: Stage, run: int) -> list[tuple[int, str]]:
    def send(report: Report) -> None:
        stage.reports.append(report)
        if isinstance(report, Ended) and report.run == run:
            stage.commands.put(None)

    Host(stage.commands, send).serve(stage.train)
    return stage.ends()


def test_of_starts_that_wait_only_the_last_is_built() -> None:
    stage = Stage(*(Start(run, ARTICLE) for run in (1, 2, 3)))
    ends = finish_of(stage, run=3)
    assert ends == [(1, "stopped"), (2, "stopped"), (3, "finished")]
    assert stage.made == list(range(STEPS + 1))


def test_a_learning_rate_is_used_from_the_next_step_on() -> None:
    rates = [SetLearningRate(1, 0.5), SetLearningRate(2, 9.0), SetLearningRate(1, 0.25)]
    stage = Stage(Start(1, ARTICLE), at={4: [*rates], 6: [None]})
    stage.play()
    assert stage.rates == {5: 0.25}


@pytest.mark.parametrize(
    ("error", "where", "why"),
    [
        (ExperimentError("$.a", "No."), "$.a", "No."),
        (RuntimeError("the sky\nfell"), "Engine", "RuntimeError: fell"),
        (KeyError(), "Engine", "KeyError"),
        (MemoryError(), "Engine", "There is not enough memory for this experiment."),
    ],
)
def test_what_fails_is_told_with_what_was_read_before(
    error: Exception, where: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = Stage(Start(1, ARTICLE))
    stage.error = {5: error}
    finish(stage)
    assert stage.steps() == [0, 1, 2, 3, 4]
    assert stage.reports[-1] == Ended(1, "failed", where, why)
    shown = capsys.readouterr().err
    assert ("Traceback" in shown) is not isinstance(error, ExperimentError)


def test_after_a_failure_the_next_run_works() -> None:
    stage = Stage(Start(1, ARTICLE))
    stage.error = {5: ExperimentError("$", "No.")}

    def send(report: Report) -> None:
        stage.reports.append(report)
        if isinstance(report, Ended):
            stage.error = {}
            stage.commands.put(Start(2, ARTICLE) if report.run == 1 else None)

    Host(stage.commands, send).serve(stage.train)
    assert stage.ends() == [(1, "failed"), (2, "finished")]


def test_a_run_that_is_over_has_left_memory_when_the_next_one_is_there() -> None:
    tiny = replace(ARTICLE, training=replace(ARTICLE.training, epochs=1, batch_size=400))
    stage = Stage(Start(1, tiny))
    met: list[weakref.ref[object]] = []
    living: list[int] = []

    def watched(
        experiment: Experiment, meet: Callable[[Networks], object]
    ) -> Generator[Snapshot, float | None, None]:
        def meet_and_count(networks: Networks) -> None:
            met.append(weakref.ref(networks.__self__))  # type: ignore[attr-defined] # a method
            living.append(sum(one() is not None for one in met))
            meet(networks)

        return train(experiment, meet_and_count)

    def send(report: Report) -> None:
        if isinstance(report, Ended):
            stage.commands.put(Start(report.run + 1, tiny) if report.run < 3 else None)

    Host(stage.commands, send).serve(watched)
    assert living == [1, 1, 1]


def test_after_memory_has_run_out_the_process_ends() -> None:
    stage = Stage(Start(1, ARTICLE), Start(2, ARTICLE))
    stage.commands.get()
    stage.error = {0: MemoryError()}
    stage.commands.put(Start(3, ARTICLE))
    # run 2 is replaced by run 3 before it begins; run 3 fails, and `serve` returns by itself
    stage.play()
    assert stage.ends() == [(2, "stopped"), (3, "failed")]


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4096 bytes.", "4 KiB"),
        ("not enough memory: you tried to allocate 3298534883328 bytes.", "3 TiB"),
        ("CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total of 3 GiB.", "20 MiB"),
        ("Unable to allocate 7.28 TiB for an array with shape (1000000, 1000000)", "7.28 TiB"),
    ],
)
def test_memory_asked_for_is_named(text: str, size: str) -> None:
    kind: Callable[[str], Exception] = MemoryError if "array" in text else RuntimeError
    sentence = memory_asked_for(kind(text))
    assert sentence is not None
    assert re.search(rf"\b{re.escape(size)} at once", sentence)


def test_another_error_is_none_of_memory() -> None:
    assert memory_asked_for(RuntimeError("shapes do not fit")) is None


def test_only_numbers_of_whole_networks_travel_as_series() -> None:
    assert sorted(host._EPOCH_KEYS) == ["validation_accuracy", "validation_loss"]
    assert sorted(host._PAGE_KEYS) == ["confusion", "worst"]
