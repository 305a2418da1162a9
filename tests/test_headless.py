"""Runs without a window: what is written, however they end."""

import csv
import io
import json
import signal
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from initstudio import headless
from initstudio.engine.plan import plan
from initstudio.errors import ExperimentError
from initstudio.experiment import Experiment, Recording, Training, decode, encode
from initstudio.history import Snapshot
from initstudio.presets import ARTICLE, DEEP_DIGITS, DIGITS

SHORT = msgspec.structs.replace(
    ARTICLE, training=Training(epochs=2, batch_size=100), recording=Recording(every=4)
)
STEPS = 16
Train = headless.Train


def readings(step: int) -> dict[str, np.ndarray]:
    """Return what a run of three networks of three weight tensors might read at a step."""
    found = {}
    if step < STEPS:
        found["loss"] = np.array([1 / (step + 1), 0.1, np.nan], np.float32)
    if step % 4 == 0:
        found["gradient_norm"] = np.full((3, 3), step, np.float32)
    if step % 8 == 0:
        found["validation_loss"] = np.full(3, 1 / (step + 2), np.float32)
    return found


def train_until(last: int, end: Callable[[], object] = lambda: None) -> Train:
    """Return a fake of `train` that does something after the step `last`, and then goes on."""

    def train(_experiment: Experiment, _meet: object) -> Generator[Snapshot, float | None, None]:
        for step in range(STEPS + 1):
            yield Snapshot(step, readings(step))
            if step == last:
                end()

    return train


def raise_(error: BaseException) -> None:
    raise error


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "readings.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def summary(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        (folder / "summary.json").read_bytes(), parse_constant=pytest.fail
    )
    return found


def run(folder: Path, train: Train, **options: Any) -> bool:  # noqa: ANN401 - passed on
    return headless.run(SHORT, folder, train, stream=io.StringIO(), **options)


def test_a_run_that_finished_is_written_whole(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder ünï 🎲"
    assert run(folder, train_until(-1))
    found = rows(folder)
    assert len(found) == 16 * 3 + 5 * 9 + 3 * 3
    assert {row["probe"] for row in found} == {"loss", "gradient_norm", "validation_loss"}
    assert [int(row["step"]) for row in found] == sorted(int(row["step"]) for row in found)
    last = [row["value"] for row in found if row["probe"] == "loss" and row["step"] == "15"]
    assert last == ["0.0625", "0.1", "nan"]
    told = summary(folder)
    assert told["state"] == "finished"
    assert told["steps"] == told["steps_planned"] == 16
    assert told["seconds"] >= 0
    assert told["versions"]["torch"][0].isdigit()
    assert [one["contender"] for one in told["networks"]] == ["Xavier", "Kaiming", "Normal"]
    assert [one["diverged_at"] for one in told["networks"]] == [None, None, 0]
    assert told["networks"][1]["train_loss"]["final"] == pytest.approx(0.1)
    assert told["networks"][2]["train_loss"]["final"] is None


def test_the_summary_holds_the_experiment_as_a_file_does(tmp_path: Path) -> None:
    run(tmp_path / "out", train_until(-1))
    file = json.loads(encode(ARTICLE)) | {"experiment": summary(tmp_path / "out")["experiment"]}
    assert decode(json.dumps(file).encode()) == SHORT


@pytest.mark.parametrize(
    "end",
    [partial(signal.raise_signal, signal.SIGINT), partial(raise_, KeyboardInterrupt())],
    ids=["Ctrl-C", "Ctrl-C twice"],
)
def test_ctrl_c_keeps_what_was_trained(tmp_path: Path, end: Callable[[], object]) -> None:
    before = signal.getsignal(signal.SIGINT)
    assert not run(tmp_path / "out", train_until(5, end))
    steps = {int(row["step"]) for row in rows(tmp_path / "out")}
    assert steps in (set(range(6)), set(range(7)))
    told = summary(tmp_path / "out")
    assert told["state"] == f"stopped at step {max(steps)}"
    assert told["steps"] == max(steps)
    assert signal.getsignal(signal.SIGINT) == before


def test_the_second_ctrl_c_does_not_wait_for_the_step(tmp_path: Path) -> None:
    def press_twice() -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        pytest.fail("the second one was not heard")

    assert not run(tmp_path / "out", train_until(3, press_twice))
    assert summary(tmp_path / "out")["state"] == "stopped at step 3"


def test_a_run_that_failed_says_so_and_keeps_its_readings(tmp_path: Path) -> None:
    error = ExperimentError("$.experiment", "out of memory")
    with pytest.raises(ExperimentError, match="out of memory"):
        run(tmp_path / "out", train_until(6, lambda: raise_(error)))
    assert {int(row["step"]) for row in rows(tmp_path / "out")} == set(range(7))
    assert summary(tmp_path / "out")["state"] == "failed at step 6"


def test_readings_are_on_disk_while_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(headless, "FLUSH", 0.0)
    seen = []
    run(tmp_path / "out", train_until(9, lambda: seen.append(len(rows(tmp_path / "out")))))
    assert seen == [10 * 3 + 3 * 9 + 2 * 3]


def test_the_training_generator_is_closed(tmp_path: Path) -> None:
    closed = []

    def train(_experiment: Experiment, _meet: object) -> Generator[Snapshot, float | None, None]:
        try:
            for step in range(STEPS + 1):
                yield Snapshot(step, readings(step))
                if step == 2:
                    signal.raise_signal(signal.SIGINT)
        finally:
            closed.append(True)

    run(tmp_path / "out", train)
    assert closed == [True]


@pytest.mark.parametrize("name", ["readings.csv", "summary.json"])
def test_an_earlier_run_is_replaced_only_on_demand(tmp_path: Path, name: str) -> None:
    earlier = tmp_path / name
    earlier.write_text("precious", encoding="utf-8")
    with pytest.raises(ExperimentError, match="--force") as caught:
        run(tmp_path, train_until(-1))
    assert caught.value.where == str(tmp_path)
    assert earlier.read_text(encoding="utf-8") == "precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    assert run(tmp_path, train_until(-1), force=True)
    assert summary(tmp_path)["state"] == "finished"
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("", encoding="utf-8")
    with pytest.raises(ExperimentError) as caught:
        run(path, train_until(-1))
    assert caught.value.where == str(path)


def test_an_experiment_that_cannot_run_leaves_no_folder(tmp_path: Path) -> None:
    wrong = msgspec.structs.replace(SHORT, network=())
    with pytest.raises(ExperimentError, match="no layers"):
        headless.run(wrong, tmp_path / "out", train_until(-1), stream=io.StringIO())
    assert not (tmp_path / "out").exists()


def test_experiments_are_found_by_name_or_by_file(tmp_path: Path) -> None:
    assert headless.load("Digits") == DIGITS
    assert headless.load("deep digits") == DEEP_DIGITS
    path = tmp_path / "mine.json"
    path.write_bytes(encode(SHORT))
    assert headless.load(str(path)) == SHORT


def test_a_file_goes_before_an_experiment_of_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("Digits").write_bytes(encode(SHORT))
    assert headless.load("Digits") == SHORT


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b"{", "$"),
        (b"\xff\xfe", "$"),
        (b"{}", "$.format"),
        (encode(ARTICLE).replace(b'"epochs": 20', b'"epochs": 0'), "$.experiment.training.epochs"),
        (encode(ARTICLE).replace(b'"relu"', b'"magic"', 1), "$.experiment.network[1].key"),
        (encode(ARTICLE).replace(b'"version": 1', b'"version": 9'), "$.version"),
    ],
)
def test_a_mistake_in_a_file_has_its_file_and_place(
    tmp_path: Path, data: bytes, where: str
) -> None:
    path = tmp_path / "mine.json"
    path.write_bytes(data)
    with pytest.raises(ExperimentError) as caught:
        headless.load(str(path))
    assert caught.value.where == f"{path} {where}"


def test_a_file_that_is_not_there_is_named_with_what_there_is() -> None:
    with pytest.raises(ExperimentError, match="Article, Digits, Deep digits") as caught:
        headless.load("nothing.json")
    assert caught.value.where == "nothing.json"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError) as caught:
        headless.load(str(tmp_path))
    assert caught.value.where == str(tmp_path)


def test_the_fake_run_is_as_long_as_the_plan_says() -> None:
    header = plan(SHORT).header
    assert (header.steps, len(header.slots), len(header.tensors)) == (STEPS, 3, 3)


def test_the_tables_of_classes_and_the_worst_are_written_too(tmp_path: Path) -> None:
    from initstudio.engine.train import train  # noqa: PLC0415 - loads torch

    recording = Recording(probes=("loss", "validation_accuracy", "confusion", "worst"))
    training = Training(epochs=2, batch_size=500)
    asked = msgspec.structs.replace(DIGITS, training=training, recording=recording)
    assert headless.run(asked, tmp_path / "out", train, stream=io.StringIO())
    found = rows(tmp_path / "out")
    ends = {row["step"] for row in found if row["probe"] == "confusion"}
    assert ends == {"0", "3", "6"}
    for row in found:
        if row["probe"] != "validation_accuracy":
            continue
        same = [
            one
            for one in found
            if one["probe"] == "confusion"
            and (one["step"], one["slot"]) == (row["step"], row["slot"])
        ]
        right = sum(int(one["value"]) for one in same if one["bin_low"] == one["bin_high"])
        assert sum(int(one["value"]) for one in same) == 359
        assert right / 359 == pytest.approx(float(row["value"]), abs=1e-6)
    worst = [row for row in found if row["probe"] == "worst" and row["layer"] == "loss"]
    losses = [float(row["value"]) for row in worst if row["step"] == "6" and row["slot"] == "1"]
    assert len(losses) == 16
    assert losses == sorted(losses, reverse=True)
