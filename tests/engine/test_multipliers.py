"""What networks compute with, where schemes multiply it, on every path."""

import dataclasses
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn

from initstudio.engine.data import batches, prepare
from initstudio.engine.initialize import initialize
from initstudio.engine.inspection import inspect
from initstudio.engine.multiplied import multiplied
from initstudio.engine.plan import plan, problems
from initstudio.engine.reference import train_one
from initstudio.engine.saving import Networks, save_weights
from initstudio.engine.train import train
from initstudio.experiment import Choice, Contender, Data, Experiment, Rule, Seeds, Training
from initstudio.layers import LAYERS
from initstudio.presets import contender
from initstudio.probes.distributions import distributions
from tests.engine.test_isolation import losses
from tests.engine.test_train import assert_equal_to_plain
from tests.own_networks import CELL, RECURRENT, RESIDUAL, SHARED, own
from tests.specs import around

XAVIER = contender("Xavier", 0, "xavier_uniform")
NTK = contender("NTK", 1, "ntk", bias="ntk_bias")
MUP = Contender(
    name="muP",
    slot=2,
    rules=(
        Rule(role="weight", scheme=Choice("mup", {"optimizer": "sgd", "base_width": 5})),
        Rule(role="bias", scheme=Choice("mup_bias", {"optimizer": "sgd", "base_width": 5})),
    ),
)
SMALL = (Choice("linear", {"units": 7}), Choice("tanh"), Choice("output"))


def experiment(*contenders: Contender, network: tuple[Choice, ...] = SMALL) -> Experiment:
    """150 examples, 120 of them trained on in batches of 32 and a last one of 24: 52 steps."""
    return Experiment(
        network=network,
        data=Data(dataset=Choice("random", {"examples": 150, "features": 6, "classes": 3})),
        training=Training(epochs=13, batch_size=32, learning_rate=1e-2),
        contenders=contenders,
        seeds=Seeds(count=2),
    )


@pytest.mark.parametrize(
    "key", ["linear", "conv2d", "lstm", "attention", "batch_norm", "residual", "rrelu"]
)
def test_multiplied_networks_train_as_in_the_plain_loop(key: str) -> None:
    """Some all at once, some one by one."""
    assert_equal_to_plain(experiment(NTK, XAVIER, network=around(key)))


@pytest.mark.parametrize("code", [SHARED, RESIDUAL, RECURRENT, CELL])
def test_own_networks_are_multiplied_as_in_the_plain_loop(code: str) -> None:
    """Also where modules share a weight, or are used several times."""
    assert_equal_to_plain(experiment(NTK, XAVIER, network=(own(code),)))


def test_contenders_with_other_multipliers_train_as_in_the_plain_loop() -> None:
    assert_equal_to_plain(experiment(MUP, NTK, XAVIER))


@pytest.mark.parametrize("key", ["linear", "batch_norm", "prelu", "transformer", "residual"])
def test_no_bit_of_others_depends_on_multipliers_beside_them(key: str) -> None:
    alone = losses(experiment(XAVIER, network=around(key)))
    beside = losses(experiment(NTK, XAVIER, network=around(key)))
    np.testing.assert_array_equal(alone[0], beside[1])


def effective_network(asked: Experiment, at: int, seed: int) -> nn.Sequential:
    """Return the plain network that has what a contender computes with as its parameters."""
    resolved = plan(asked)
    network = initialize(resolved, at, seed).double()
    with torch.no_grad():
        for name, value in multiplied(network, resolved.multipliers[at]).items():
            network.get_parameter(name).copy_(value)
    return network


@pytest.mark.parametrize("vectorised", [True, False])
def test_what_is_read_of_a_multiplied_network_is_what_a_plain_one_would_give(
    vectorised: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tanh = dataclasses.replace(LAYERS["tanh"], vectorised=vectorised)
    monkeypatch.setitem(LAYERS, "tanh", tanh)
    asked = experiment(XAVIER, NTK)
    first = next(train(asked, dtype=torch.float64)).readings
    for which, seed in enumerate(asked.seeds.each()):
        network = effective_network(asked, 1, seed)
        wanted = readings_of(asked, network, seed)
        replica = 2 + which
        for key in ("loss", "gradient_norm", "activation_std"):
            np.testing.assert_allclose(first[key][replica], wanted[key], rtol=1e-5)
        for key in ("weights", "gradients"):
            np.testing.assert_array_equal(first[key][replica], wanted[key])
        parameters = [parameter.detach() for parameter in network.parameters()]
        means = [float(one.mean()) for one in parameters]
        np.testing.assert_allclose(first["start_mean"][replica], means, rtol=1e-5)
    assert (first["start_chance"] > 1e-6).all(), "tested against the law of what is computed with"


def readings_of(
    asked: Experiment, network: nn.Sequential, seed: int
) -> dict[str, np.ndarray[Any, Any]]:
    """Return what a plain network gives for the first batch."""
    split = prepare(plan(asked), seed)
    index = batches(seed, len(split.train_x), 32, 0)[0]
    x = torch.from_numpy(split.train_x[index]).double()
    hidden = network[0](x)
    outputs = network[2](network[1](hidden))
    loss = nn.functional.cross_entropy(outputs, torch.from_numpy(split.train_y[index]))
    loss.backward()
    weights = [network.get_parameter(name) for name in ("0.weight", "2.weight")]
    gradients = [weight.grad for weight in weights if weight.grad is not None]
    return {
        "loss": np.array(loss.item()),
        "gradient_norm": np.array([one.norm().item() for one in gradients]),
        "activation_std": np.array(
            [one.std(correction=0).item() for one in (hidden, network[1](hidden), outputs)]
        ),
        "weights": distributions(tuple(one.detach()[None] for one in weights)).numpy()[0],
        "gradients": distributions(tuple(one[None] for one in gradients)).numpy()[0],
    }


def test_a_start_keeps_what_was_drawn() -> None:
    network = initialize(plan(experiment(NTK)), 0, 0)
    torch.manual_seed(0)
    own = nn.Sequential(nn.Linear(6, 7), nn.Tanh(), nn.Linear(7, 3))
    for parameter in own.parameters():
        nn.init.normal_(parameter)
    for mine, theirs in zip(network.parameters(), own.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_the_inspector_tells_what_is_drawn_and_what_is_computed_with() -> None:
    resolved = plan(experiment(NTK))
    weight, bias = inspect(NTK, resolved.layers)[:2]
    by = 2**0.5 / 6**0.5
    assert weight.target == f"N(0, 1²) × {by:.4g} = N(0, {by:.4g}²)"
    assert "= w ~ N(0, 1), W = w 1.414 / sqrt(6)" in weight.formula
    assert weight.law
    assert weight.law.std == pytest.approx(by)
    assert bias.target == "N(0, 1²) × 0.1 = N(0, 0.1²)"


def test_a_tuning_of_what_is_multiplied_is_refused_in_a_sentence() -> None:
    asked = experiment(replace(NTK, tuning=Choice("lsuv")))
    (problem,) = problems(asked)
    assert problem.where == "$.experiment.contenders[0].tuning"
    assert problem.why.startswith("NTK: A tuning sets the weights that the network computes with")
    narrow = replace(MUP, tuning=Choice("lsuv"))
    network = (Choice("linear", {"units": 5}), Choice("tanh"), Choice("output"))
    assert not problems(experiment(narrow, network=network)), "all multipliers are 1"


@pytest.mark.parametrize("kind", ["tanh", "rrelu"], ids=["all at once", "one by one"])
def test_saved_weights_are_those_that_a_plain_network_computes_with(
    kind: str, tmp_path: Path
) -> None:
    network = (Choice("linear", {"units": 7}), Choice(kind), Choice("output"))
    asked = replace(experiment(NTK, XAVIER, network=network), seeds=Seeds(count=1))
    met: list[Networks] = []
    assert len(list(islice(train(asked, met.append), 2))) == 2
    assert save_weights(plan(asked), met[0], 1, tmp_path) == 4
    start = load_file(tmp_path / "2-ntk.seed0.start.safetensors")
    wanted = effective_network(asked, 0, 0).float().state_dict()
    assert start.keys() == wanted.keys()
    for name, value in wanted.items():
        torch.testing.assert_close(start[name], value)
    trained = load_file(tmp_path / "2-ntk.seed0.step1.safetensors")
    steps = islice(train_one(asked, 0, 0), 2)
    *_, after = steps
    by = plan(asked).multipliers[0]
    for name, parameter in after.network.named_parameters():
        torch.testing.assert_close(trained[name], parameter.detach() * by[name])
    for name, told in (("2-ntk", True), ("1-xavier", False)):
        with safe_open(tmp_path / f"{name}.seed0.start.safetensors", "pt") as file:
            assert ("multiplied" in file.metadata()) is told
