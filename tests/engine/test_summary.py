"""The summary against a slow version that looks at all readings at once."""

import json
import math
from typing import Any

import msgspec
import numpy as np
import pytest

from initstudio.engine.plan import plan
from initstudio.engine.summary import Summary, to_json
from initstudio.experiment import Experiment, Recording, Seeds, Training
from initstudio.history import Header, Snapshot
from initstudio.presets import ARTICLE


def experiment(epochs: int = 3) -> Experiment:
    """Return one of 800 training examples: 8 steps an epoch, 3 contenders under 2 seeds."""
    return msgspec.structs.replace(
        ARTICLE,
        training=Training(epochs=epochs, batch_size=100),
        seeds=Seeds(first=5, count=2),
        recording=Recording(probes=()),
    )


def header() -> Header:
    return plan(experiment()).header


def snapshots(losses: np.ndarray, validation: np.ndarray) -> list[Snapshot]:
    """Return what `train` yields for losses [24, 6] and validation readings [4, 6]."""
    found = []
    for step in range(len(losses) + 1):
        readings = {} if step == len(losses) else {"loss": losses[step]}
        if step % 8 == 0:
            readings["validation_loss"] = validation[step // 8]
            readings["validation_accuracy"] = 1 - validation[step // 8] / 10
        found.append(Snapshot(step, readings))
    return found


def networks(shots: list[Snapshot]) -> list[dict[str, Any]]:
    summary = Summary(header())
    for shot in shots:
        summary.take(shot)
    found: list[dict[str, Any]] = json.loads(to_json({"networks": summary.networks()}))["networks"]
    return found


def draws() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    return (
        generator.uniform(0, 5, (24, 6)).astype(np.float32),
        generator.uniform(0, 5, (4, 6)).astype(np.float32),
    )


def test_it_says_what_all_readings_say() -> None:
    losses, validation = draws()
    found = networks(snapshots(losses, validation))
    assert [(one["slot"], one["seed"]) for one in found] == [
        (slot, seed) for slot in (0, 1, 2) for seed in (5, 6)
    ]
    for replica, one in enumerate(found):
        means = [math.fsum(losses[at : at + 8, replica].tolist()) / 8 for at in (0, 8, 16)]
        assert one["train_loss_by_epoch"] == pytest.approx(means, rel=1e-12)
        assert one["train_loss"] == {
            "first": pytest.approx(means[0]),
            "best": pytest.approx(min(means)),
            "best_epoch": means.index(min(means)) + 1,
            "final": pytest.approx(means[-1]),
        }
        measured = [float(value) for value in validation[:, replica]]
        assert one["validation_loss"] == {
            "first": measured[0],
            "best": min(measured),
            "best_epoch": measured.index(min(measured)),
            "final": measured[-1],
        }
        accuracy = one["validation_accuracy"]
        assert accuracy["best_epoch"] == measured.index(min(measured))
        assert accuracy["best"] == pytest.approx(1 - min(measured) / 10)
        assert one["diverged_at"] is None


def test_a_network_that_diverges_is_null_from_there_and_its_neighbours_are_not() -> None:
    losses, validation = draws()
    losses[10:, 2] = math.nan
    losses[9, 2] = math.inf
    validation[2:, 2] = math.nan
    found = networks(snapshots(losses, validation))
    bad = found.pop(2)
    assert bad["diverged_at"] == 9
    assert bad["train_loss"]["final"] is None
    assert bad["train_loss"]["best"] == bad["train_loss"]["first"]
    assert bad["train_loss_by_epoch"][1:] == [None, None]
    assert bad["validation_loss"]["final"] is None
    assert bad["validation_loss"]["best_epoch"] in {0, 1}
    assert all(one["diverged_at"] is None for one in found)
    assert all(one["train_loss"]["final"] is not None for one in found)


def test_infinities_of_both_signs_are_no_accident_of_the_summary() -> None:
    losses, validation = draws()
    losses[3, 0], losses[4, 0] = math.inf, -math.inf
    found = networks(snapshots(losses, validation))
    assert found[0]["diverged_at"] == 3
    assert found[0]["train_loss_by_epoch"][0] is None
    assert found[0]["train_loss_by_epoch"][1] is not None


def test_a_run_that_stopped_counts_whole_epochs_only() -> None:
    losses, validation = draws()
    shots = snapshots(losses, validation)
    assert len(networks(shots[:8])[0]["train_loss_by_epoch"]) == 1
    early = networks(shots[:7])[0]
    assert early["train_loss_by_epoch"] == []
    assert early["train_loss"] == {"first": None, "best": None, "best_epoch": None, "final": None}
    assert early["validation_loss"]["first"] == early["validation_loss"]["final"]


def test_nothing_measured_is_nothing_said() -> None:
    nothing = {"first": None, "best": None, "best_epoch": None, "final": None}
    for one in networks([Snapshot(0, {})]):
        assert one["train_loss"] == one["validation_loss"] == one["validation_accuracy"] == nothing
