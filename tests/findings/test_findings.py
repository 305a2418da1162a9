"""Each finding speaks where it must, is silent where it must be, and what it proposes mends it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from initstudio import edits
from initstudio.engine.diagnosis import diagnose, evidence_of
from initstudio.engine.initialize import initialize
from initstudio.engine.plan import plan
from initstudio.engine.train import train
from initstudio.experiment import Choice, Experiment, Training
from initstudio.finding import short
from initstudio.findings import FINDINGS
from initstudio.history import History, stretch_of
from initstudio.presets import ARTICLE, contender, multilayer
from initstudio.probes import PROBES

STEPS = frozenset(key for key, probe in PROBES.items() if probe.cadence == "step")
EPOCHS = frozenset(key for key, probe in PROBES.items() if probe.cadence == "epoch")


def experiment(
    activation: str, depth: int, scheme: str, bias: str = "zeros", **params: float
) -> Experiment:
    one = contender("It", 3, scheme, bias, **params)
    return replace(
        ARTICLE,
        network=multilayer(depth, 64, activation),
        contenders=(one,),
        training=Training(epochs=1, batch_size=64),
    )


def started(asked: Experiment) -> History:
    """Return the readings of the start."""
    history = History(plan(asked).header)
    running = train(asked)
    history.extend(stretch_of([next(running)], STEPS, EPOCHS))
    running.close()
    return history


def found(asked: Experiment, history: History | None = None) -> set[str]:
    return {one.finding.key for one in diagnose(asked, history or started(asked))}


@dataclass(frozen=True)
class Case:
    """An experiment in which it speaks, and one in which it does not."""

    speaks: Callable[[], Experiment]
    silent: Callable[[], Experiment]


CASES = {
    "fades": Case(
        lambda: experiment("relu", 20, "normal", std=0.01),
        lambda: experiment("relu", 20, "kaiming_normal"),
    ),
    "grows": Case(
        lambda: experiment("relu", 10, "normal", std=0.5),
        lambda: experiment("tanh", 10, "normal", std=0.5),
    ),
    "bias_driven": Case(
        lambda: experiment("relu", 10, "torch_default", "torch_default"),
        lambda: experiment("relu", 10, "kaiming_normal", "sigma_b"),
    ),
    "xavier_rectifier": Case(
        lambda: experiment("relu", 8, "xavier_normal"),
        lambda: experiment("tanh", 8, "xavier_normal"),
    ),
    "kaiming_smooth": Case(
        lambda: experiment("gelu", 20, "kaiming_normal"),
        lambda: experiment("leaky_relu", 20, "kaiming_normal"),
    ),
    "sigmoid_deep": Case(
        lambda: experiment("sigmoid", 6, "xavier_normal"),
        lambda: experiment("sigmoid", 2, "xavier_normal"),
    ),
    "symmetry": Case(
        lambda: experiment("tanh", 3, "constant", value=0.1),
        lambda: experiment("tanh", 3, "identity"),
    ),
    "first_loss": Case(
        lambda: experiment("relu", 3, "normal", std=1.0),
        lambda: experiment("relu", 3, "lecun_normal"),
    ),
}


def test_every_finding_has_its_case() -> None:
    assert CASES.keys() == FINDINGS.keys()


@pytest.mark.parametrize("key", FINDINGS)
def test_it_speaks_where_it_must(key: str) -> None:
    asked = CASES[key].speaks()
    history = started(asked)
    (one,) = [one for one in diagnose(asked, history) if one.finding.key == key]
    assert one.contender.slot == 3
    assert one.verdict.sentence.endswith(".")
    assert "nan" not in one.verdict.sentence
    assert "inf" not in one.verdict.sentence


@pytest.mark.parametrize("key", FINDINGS)
def test_it_is_silent_where_it_must_be(key: str) -> None:
    assert key not in found(CASES[key].silent())


@pytest.mark.parametrize("key", FINDINGS)
def test_what_it_proposes_mends_it(key: str) -> None:
    asked = CASES[key].speaks()
    (one,) = [one for one in diagnose(asked, started(asked)) if one.finding.key == key]
    fix = one.verdict.fix
    if fix:
        mended = edits.set_scheme(asked, 0, fix.role, fix.scheme)
        assert key not in found(mended)


def test_nothing_is_found_in_a_good_start() -> None:
    assert found(experiment("relu", 10, "kaiming_normal")) <= {"first_loss"}
    assert found(experiment("tanh", 3, "xavier_normal")) == set()


def test_facts_of_gelu_under_kaiming() -> None:
    asked = experiment("gelu", 30, "kaiming_normal")
    (one,) = [o for o in diagnose(asked, None) if o.finding.key == "kaiming_smooth"]
    assert "leaves" in one.verdict.sentence
    assert "10⁻⁷" in one.verdict.sentence or "10⁻⁸" in one.verdict.sentence


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.532, "0.53"),
        (1.13e-5, "1.1×10⁻⁵"),
        (1e-38, "10⁻³⁸"),
        (2.0, "2"),
        (1234.0, "1,200"),
        (3e7, "3×10⁷"),
        (0.0, "0"),
    ],
)
def test_numbers_are_as_a_person_reads_them(value: float, text: str) -> None:
    assert short(value) == text


def test_without_readings_only_what_needs_none_is_found() -> None:
    asked = experiment("relu", 20, "xavier_normal")
    assert {one.finding.key for one in diagnose(asked, None)} == {"xavier_rectifier"}


def test_a_start_that_was_tuned_or_has_mistakes_is_passed_by() -> None:
    asked = experiment("relu", 20, "xavier_normal")
    tuned = edits.set_tuning(asked, 0, Choice("lsuv"))
    assert diagnose(tuned, None) == []
    assert diagnose(replace(asked, network=()), None) == []


def test_the_share_of_the_biases_is_that_of_a_network_without_input() -> None:
    asked = experiment("tanh", 6, "torch_default", "torch_default")
    resolved = plan(asked)
    shares = evidence_of(resolved, 0, None).from_biases
    x = torch.randn(200, 20, generator=torch.Generator().manual_seed(0))
    x /= x.square().mean(1, keepdim=True).sqrt()
    whole: list[list[float]] = []
    alone: list[list[float]] = []
    for seed in range(200):
        network = initialize(resolved, 0, seed)
        with torch.no_grad():
            for kept, given in ((whole, x[seed : seed + 1]), (alone, torch.zeros(1, 20))):
                kept.append([float(network[: at + 1](given).square().mean()) for at in (1, 5, 11)])
    wanted = np.mean(alone, axis=0) / np.mean(whole, axis=0)
    np.testing.assert_allclose(shares[[0, 2, 5]], wanted, rtol=0.1)


def test_evidence_is_the_median_of_the_seeds() -> None:
    asked = experiment("relu", 4, "kaiming_normal")
    asked = replace(asked, seeds=replace(asked.seeds, count=3))
    history = started(asked)
    evidence = evidence_of(plan(asked), 0, history)
    wanted = np.median(history.first["activation_std"], axis=0)[list(history.header.activations)]
    np.testing.assert_array_equal(evidence.spread, wanted.astype(np.float64))
    assert evidence.loss == float(np.median(history.series["loss"].mean[0]))
    assert evidence.guess == pytest.approx(np.log(2))
