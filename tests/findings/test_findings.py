"""Each finding speaks where it must, is silent where it must be, and what it proposes mends it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from msgspec.structs import replace

from initstudio import edits
from initstudio.engine.diagnosis import tell, tell_rates
from initstudio.engine.plan import plan
from initstudio.experiment import SGD, Choice, Experiment, Rule
from initstudio.finding import Told, mend, short
from initstudio.findings import FINDINGS
from initstudio.presets import multilayer, residual
from tests.starts import (
    LAYER_NORMALIZED,
    Linear,
    experiment,
    first_rule_only,
    of_network,
    started,
    told,
)


def too_fast(rate: float) -> dict[str, Told]:
    """Return what is told where the largest stable learning rate is 0.05."""
    asked = experiment("tanh", 3, "xavier_normal")
    asked = replace(asked, training=replace(asked.training, learning_rate=rate, optimizer=SGD()))
    found = tell_rates(plan(asked), np.array([0.05, 0.05]))
    return {one.finding: one for one in found if one.slot == 3}


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
    "overflow": Case(
        lambda: experiment("relu", 30, "normal", std=20.0),
        lambda: experiment("relu", 10, "normal", std=20.0),
    ),
    "other_gain": Case(
        lambda: experiment("gelu", 10, "orthogonal"),
        lambda: experiment("softsign", 30, "orthogonal", gain=3.0),
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
        ("gelu", 10, "activation_gain"),
        ("softsign", 10, "kaiming_normal"),
        ("relu6", 5, "kaiming_normal"),
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


def test_a_signal_beyond_numbers_is_told_with_its_layer() -> None:
    asked = experiment("relu", 30, "normal", std=20.0)
    readings = started(asked)
    lost = int(np.flatnonzero(~np.isfinite(readings["activation_std"][0]))[0])
    sentence = told(asked, readings)["overflow"].verdict.sentence
    assert sentence.startswith(f"From {plan(asked).watched[lost].label} on the signal is no finite")


def test_a_gradient_beyond_numbers_is_told_with_its_layer() -> None:
    asked = experiment("relu", 8, "kaiming_normal")
    readings = dict(started(asked))
    readings["signal_std"] = readings["signal_std"].copy()
    readings["signal_std"][0, :3] = np.inf
    sentence = told(asked, readings)["overflow"].verdict.sentence
    assert sentence.startswith("From 3 Linear back the gradient is no finite number")


def test_normalization_makes_gains_and_biases_of_no_account() -> None:
    deep = of_network(LAYER_NORMALIZED * 10 + (Choice("output"),), "xavier_normal")
    assert told(deep).keys() <= {"first_loss"}
    default = edits.set_scheme(deep, 0, "weight", Choice("torch_default"))
    default = edits.set_scheme(default, 0, "bias", Choice("torch_default"))
    assert told(default).keys() <= {"first_loss", "trap"}


@pytest.mark.parametrize("activation", ["relu6", "hardtanh"])
def test_ends_that_a_good_start_reaches_are_no_saturation(activation: str) -> None:
    for scheme in ("kaiming_normal", "activation_gain"):
        assert "saturation" not in told(experiment(activation, 3, scheme))


def test_hardtanh_can_saturate() -> None:
    assert "saturation" in told(experiment("hardtanh", 4, "normal", std=1.0))


def test_a_trend_of_theory_and_one_beyond_it_are_said_apart() -> None:
    asked = experiment("relu", 20, "normal", std=0.01)
    readings = dict(started(asked))
    each = 64**0.5 * 0.01 / 2**0.5
    assert f"as theory says ({short(each)})" in told(asked, readings)["fades"].verdict.sentence
    kaiming = started(experiment("relu", 20, "kaiming_normal"))
    readings["activation_theory"] = kaiming["activation_theory"]
    assert "; theory says 1 a layer," in told(asked, readings)["fades"].verdict.sentence


@pytest.mark.parametrize("key", ["grows", "gradient_grows", "residual_growth", "first_loss"])
def test_what_is_proposed_for_a_residual_network_mends_it(key: str) -> None:
    asked = of_network(residual(24, 64, "relu"), "kaiming_normal")
    fix = told(asked)[key].verdict.fix
    assert fix is not None
    assert key not in told(mend(asked, 0, fix))


def test_what_theory_foretells_is_not_taken_for_luck() -> None:
    """Eight units may lose a hundredfold by luck, but these lose it by their scheme."""
    narrow = replace(experiment("relu", 10, "xavier_normal"), network=multilayer(10, 8, "relu"))
    readings = dict(started(narrow))
    spread = readings["activation_theory"]
    readings["activation_std"] = spread  # the median network
    back = np.geomspace(4.7e-3, 1.0, spread.shape[1], dtype=np.float32)
    readings["signal_std"] = readings["signal_theory"] = np.broadcast_to(back, spread.shape)
    assert {"fades", "gradient_fades"} <= told(narrow, readings).keys()
    readings["activation_theory"] = readings["signal_theory"] = np.full_like(spread, np.nan)
    assert not {"fades", "gradient_fades"} & told(narrow, readings).keys()


def test_a_signal_that_nothing_holds_up_but_the_activation() -> None:
    found = told(experiment("sigmoid", 10, "xavier_normal"))
    assert "would be there without an input" in found["bias_driven"].verdict.sentence


def test_kaiming_names_its_nonlinearity() -> None:
    """Kaiming for a linear network, before ReLU: half of the power is lost in each layer."""
    asked = edits.set_scheme(
        experiment("relu", 10, "kaiming_normal"),
        0,
        "weight",
        Choice("kaiming_normal", {"nonlinearity": "linear"}),
    )
    sentence = told(asked)["other_gain"].verdict.sentence
    assert sentence.startswith("Kaiming normal has the gain 1 here, and ReLU needs 1.4: ")
    assert f"leaves {short(0.5**10)} of" in sentence
