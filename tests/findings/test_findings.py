"""Each finding speaks where it must, is silent where it must be, and what it proposes mends it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from initstudio import edits
from initstudio.engine.diagnosis import READ, evidence_of, tell, tell_rates
from initstudio.engine.initialize import initialize
from initstudio.engine.messages import Examined, pack, unpack_report
from initstudio.engine.plan import plan
from initstudio.engine.xray import Xray
from initstudio.experiment import SGD, Choice, Experiment, Rule, Training
from initstudio.finding import Told, listed, mend, short
from initstudio.findings import FINDINGS
from initstudio.history import Readings
from initstudio.presets import ARTICLE, contender, multilayer, residual
from initstudio.results import Results

Linear = partial(Choice, "linear")


def experiment(
    activation: str, depth: int, scheme: str, bias: str = "zeros", **params: float
) -> Experiment:
    one = contender("It", 3, scheme, bias, **params)
    return replace(
        ARTICLE,
        network=multilayer(depth, 64, activation),
        # another beside it, so that there is something to compare
        contenders=(one, contender("Other", 5, "kaiming_normal")),
        training=Training(epochs=1, batch_size=64),
    )


def of_network(network: tuple[Choice, ...], scheme: str) -> Experiment:
    return replace(experiment("relu", 1, scheme), network=network)


def started(asked: Experiment) -> Readings:
    """Return the readings of the start."""
    return Xray().readings(plan(asked), lambda _share: None, READ)


def told(asked: Experiment, readings: Readings | None = None) -> dict[str, Told]:
    """Return what is told of the first contender."""
    found = tell(plan(asked), readings or started(asked))
    return {one.finding: one for one in found if one.slot == 3}


def too_fast(rate: float) -> dict[str, Told]:
    """Return what is told where the largest stable learning rate is 0.05."""
    asked = experiment("tanh", 3, "xavier_normal")
    asked = replace(asked, training=replace(asked.training, learning_rate=rate, optimizer=SGD()))
    found = tell_rates(plan(asked), np.array([0.05, 0.05]))
    return {one.finding: one for one in found if one.slot == 3}


def first_rule_only() -> Experiment:
    """Return an experiment whose contender starts the first layer, and no other."""
    asked = experiment("tanh", 3, "xavier_normal")
    one = asked.contenders[0]
    rule = Rule(role="weight", scheme=Choice("xavier_normal"), position=(0,))
    return replace(asked, contenders=(replace(one, rules=(rule,)), asked.contenders[1]))


def zero_last() -> Experiment:
    """Return an experiment whose contender starts the last layer at 0, and no other."""
    asked = experiment("relu", 3, "kaiming_normal")
    one = asked.contenders[0]
    rule = Rule(role="weight", scheme=Choice("zeros"), position=(6,))
    return replace(asked, contenders=(replace(one, rules=(*one.rules, rule)), asked.contenders[1]))


@dataclass(frozen=True)
class Case:
    """An experiment in which it speaks, and one in which it does not."""

    speaks: Callable[[], Experiment]
    silent: Callable[[], Experiment]


NORMALIZED = (Linear({"units": 64}), Choice("batch_norm"), Choice("relu"))
LAYER_NORMALIZED = (Linear({"units": 64}), Choice("layer_norm"), Choice("relu"))

CASES = {
    "fades": Case(
        lambda: experiment("relu", 20, "normal", std=0.01),
        lambda: experiment("relu", 20, "kaiming_normal"),
    ),
    "grows": Case(
        lambda: experiment("relu", 10, "normal", std=0.5),
        lambda: experiment("tanh", 10, "normal", std=0.5),
    ),
    "gradient_fades": Case(
        lambda: experiment("sigmoid", 8, "xavier_normal"),
        lambda: experiment("tanh", 8, "xavier_normal"),
    ),
    "gradient_grows": Case(
        lambda: experiment("relu", 10, "normal", std=0.5),
        lambda: experiment("relu", 10, "kaiming_normal"),
    ),
    "batch_norm_gradient": Case(
        lambda: of_network(NORMALIZED * 10 + (Choice("output"),), "kaiming_normal"),
        lambda: of_network(LAYER_NORMALIZED * 10 + (Choice("output"),), "kaiming_normal"),
    ),
    "bias_driven": Case(
        lambda: experiment("relu", 10, "torch_default", "torch_default"),
        lambda: experiment("relu", 10, "kaiming_normal", "sigma_b"),
    ),
    "alike_inputs": Case(
        lambda: experiment("tanh", 20, "normal", "sigma_b", std=0.08),
        lambda: experiment("tanh", 20, "orthogonal"),
    ),
    "residual_growth": Case(
        lambda: of_network(residual(8, 64, "relu"), "kaiming_normal"),
        lambda: of_network(residual(8, 64, "relu"), "fixup"),
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
    "twins": Case(
        lambda: experiment("tanh", 3, "sparse", sparsity=0.98),
        lambda: experiment("tanh", 3, "xavier_normal"),
    ),
    "dead_units": Case(
        lambda: edits.set_scheme(
            experiment("relu", 3, "kaiming_normal"), 0, "bias", Choice("constant", {"value": -9.0})
        ),
        lambda: experiment("relu", 3, "kaiming_normal"),
    ),
    "saturation": Case(
        lambda: experiment("tanh", 4, "normal", std=1.0),
        lambda: experiment("tanh", 4, "xavier_normal"),
    ),
    "first_loss": Case(
        lambda: experiment("relu", 3, "normal", std=1.0),
        lambda: experiment("relu", 3, "lecun_normal"),
    ),
    "zero_last": Case(
        zero_last,
        lambda: experiment("relu", 3, "kaiming_normal"),
    ),
    "unstarted": Case(first_rule_only, lambda: experiment("tanh", 3, "xavier_normal")),
    "trap": Case(
        lambda: experiment("tanh", 3, "sparse", sparsity=0.3),
        lambda: experiment("tanh", 3, "xavier_normal"),
    ),
    "alone": Case(
        lambda: replace(
            experiment("tanh", 3, "xavier_normal"),
            contenders=experiment("tanh", 3, "xavier_normal").contenders[:1],
        ),
        lambda: experiment("tanh", 3, "xavier_normal"),
    ),
}
BY_READINGS = sorted(FINDINGS.keys() - {"unstable_rate"})


def test_every_finding_has_its_case() -> None:
    assert sorted(CASES) == BY_READINGS


@pytest.mark.parametrize("key", BY_READINGS)
def test_it_speaks_where_it_must(key: str) -> None:
    sentence = told(CASES[key].speaks())[key].verdict.sentence
    assert sentence.endswith(".")
    assert "nan" not in sentence.split()
    assert "inf" not in sentence.split()


@pytest.mark.parametrize("key", BY_READINGS)
def test_it_is_silent_where_it_must_be(key: str) -> None:
    assert key not in told(CASES[key].silent())


@pytest.mark.parametrize("key", BY_READINGS)
def test_what_it_proposes_mends_it(key: str) -> None:
    asked = CASES[key].speaks()
    fix = told(asked)[key].verdict.fix
    if fix:
        assert key not in told(mend(asked, 0, fix))


def test_a_learning_rate_above_stability_is_told_and_mended() -> None:
    found = too_fast(0.2)["unstable_rate"].verdict
    assert "4 times" in found.sentence
    assert found.fix is not None
    assert found.fix.learning_rate == 0.025
    assert "unstable_rate" not in too_fast(0.025)
    assert too_fast(2.0)["unstable_rate"].verdict.severity == "bad"


@pytest.mark.parametrize(
    ("activation", "depth", "scheme"),
    [
        ("relu", 10, "kaiming_normal"),
        ("tanh", 3, "xavier_normal"),
        ("selu", 10, "lecun_normal"),
        ("leaky_relu", 5, "kaiming_uniform"),
        ("tanh", 10, "orthogonal"),
    ],
)
def test_nothing_is_found_in_a_good_start(activation: str, depth: int, scheme: str) -> None:
    # a first loss of twice that of guessing is no fault of deep rectifiers' hidden layers
    assert told(experiment(activation, depth, scheme)).keys() <= {"first_loss", "trap"}


def test_facts_of_gelu_under_kaiming() -> None:
    asked = experiment("gelu", 30, "kaiming_normal")
    (one,) = [o for o in tell(plan(asked), None) if o.slot == 3 and o.finding == "kaiming_smooth"]
    assert "leaves" in one.verdict.sentence
    assert "10⁻⁷" in one.verdict.sentence or "10⁻⁸" in one.verdict.sentence


def test_facts_of_batch_normalization() -> None:
    """The gradient's variance grows by pi / (pi - 1), its size by the root of that."""
    sentence = told(CASES["batch_norm_gradient"].speaks())["batch_norm_gradient"].verdict.sentence
    each = float(sentence.split("back, by ")[1].split()[0])
    assert each == pytest.approx(np.sqrt(np.pi / (np.pi - 1)), rel=0.05)


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


def test_layers_are_listed_in_few_words() -> None:
    assert listed(["1 Linear"]) == "1 Linear"
    assert listed(["1 Linear", "3 Linear"]) == "1 Linear and 3 Linear"
    assert listed(["1 Linear", "3 Linear", "5 Linear"]) == "1 Linear and 2 more"


def test_without_readings_only_what_needs_none_is_found() -> None:
    asked = experiment("relu", 20, "xavier_normal")
    assert {one.finding for one in tell(plan(asked), None) if one.slot == 3} == {"xavier_rectifier"}


def test_a_start_that_was_tuned_is_passed_by() -> None:
    asked = experiment("relu", 20, "xavier_normal")
    tuned = edits.set_tuning(asked, 0, Choice("lsuv"))
    assert [one for one in tell(plan(tuned), None) if one.slot == 3] == []


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
