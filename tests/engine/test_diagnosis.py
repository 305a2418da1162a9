"""What findings look at, and when they are asked."""

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from initstudio import edits
from initstudio.engine.diagnosis import evidence_of, tell
from initstudio.engine.initialize import initialize
from initstudio.engine.messages import Examined, pack, unpack_report
from initstudio.engine.plan import plan
from initstudio.experiment import Choice, Training
from initstudio.results import Results
from tests.starts import experiment, started, told


def test_without_readings_only_what_needs_none_is_found() -> None:
    asked = experiment("relu", 20, "xavier_normal")
    assert {one.finding for one in tell(plan(asked), None) if one.slot == 3} == {"xavier_rectifier"}


def test_of_a_start_that_was_tuned_only_what_is_measured_is_told() -> None:
    asked = experiment("relu", 20, "xavier_normal")
    tuned = edits.set_tuning(asked, 0, Choice("lsuv"))
    assert [one for one in tell(plan(tuned), None) if one.slot == 3] == []
    found = told(tuned, started(asked))  # as if it had not helped
    assert found.keys() == {"fades", "gradient_fades"}
    assert not any(one.verdict.fix for one in found.values())


def test_a_batch_of_few_has_the_pairs_that_it_has() -> None:
    asked = experiment("tanh", 4, "xavier_normal")
    asked = replace(asked, training=replace(asked.training, batch_size=3))
    readings = started(asked)
    cosine = evidence_of(plan(asked), 0, readings).profile.cosine
    np.testing.assert_allclose(cosine, np.nanmean(readings["cosines"][0], axis=-1), rtol=1e-6)
    assert np.isfinite(cosine).all()
    alone = replace(asked, training=replace(asked.training, batch_size=1))
    assert np.isnan(evidence_of(plan(alone), 0, started(alone)).profile.cosine).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, 1e30])
def test_nothing_is_said_with_numbers_that_are_none(value: float) -> None:
    asked = experiment("relu", 8, "kaiming_normal")
    readings = {
        key: np.full_like(one, value) for key, one in started(asked).items() if key != "twins"
    }
    for one in tell(plan(asked), readings):
        words = one.verdict.sentence.replace(",", " ").replace(";", " ").split()
        assert not {"nan", "inf", "-inf"} & set(words)


def test_what_is_told_travels() -> None:
    asked = experiment("relu", 20, "xavier_normal")
    found = tell(plan(asked), started(asked))
    assert found
    sent = Examined(1, "start", Results(values={}, told=found))
    assert unpack_report(pack(sent)[4:]) == sent


def test_the_share_of_the_biases_is_that_of_a_network_without_input() -> None:
    asked = replace(
        experiment("tanh", 6, "torch_default", "torch_default"),
        training=Training(epochs=1, batch_size=200),
    )
    resolved = plan(asked)
    evidence = evidence_of(resolved, 0, started(asked))
    shares = evidence.profile.from_biases
    x = torch.randn(200, 20, generator=torch.Generator().manual_seed(0))
    x = (x - x.mean(0)) / x.std(0)
    whole: list[list[float]] = []
    alone: list[list[float]] = []
    for seed in range(100):
        network = initialize(resolved, 0, seed)
        with torch.no_grad():
            for kept, given in ((whole, x), (alone, torch.zeros(1, 20))):
                kept.append([float(network[: at + 1](given).square().mean()) for at in (1, 5, 11)])
    wanted = np.mean(alone, axis=0) / np.mean(whole, axis=0)
    np.testing.assert_allclose(shares[[1, 5, 11]], wanted, rtol=0.1)


def test_evidence_is_the_median_of_the_seeds() -> None:
    asked = experiment("relu", 4, "kaiming_normal")
    asked = replace(asked, seeds=replace(asked.seeds, count=3))
    readings = started(asked)
    evidence = evidence_of(plan(asked), 1, readings)
    wanted = np.median(readings["activation_std"][3:], axis=0).astype(np.float64)
    np.testing.assert_array_equal(evidence.profile.spread, wanted)
    assert evidence.loss == float(np.median(readings["loss"][3:]))
    assert evidence.guess == pytest.approx(np.log(2))
    pairs = readings["cosines"][3:].astype(np.float64).mean(-1)
    np.testing.assert_allclose(evidence.profile.cosine, np.median(pairs, axis=0))
