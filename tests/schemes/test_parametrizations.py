"""NTK and muP: multipliers, against kernels in closed form and the paper's rates for each layer."""

from itertools import islice
from math import acos, pi, sin, sqrt
from typing import Literal

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from torch import nn
from torch.func import functional_call

from initstudio.catalogue import Site, Value
from initstudio.engine.data import batches, prepare
from initstudio.engine.initialize import initialize
from initstudio.engine.multiplied import multiplied
from initstudio.engine.plan import plan
from initstudio.engine.reference import train_one
from initstudio.engine.train import train
from initstudio.experiment import (
    SGD,
    Adam,
    Choice,
    Contender,
    Data,
    Experiment,
    Optimizer,
    Rule,
    Training,
)
from initstudio.law import times
from initstudio.presets import contender, multilayer
from initstudio.schemes import SCHEMES
from tests.specs import spec

Kind = Literal["adam", "sgd"]
FIRST, HIDDEN, LAST = (Site(at=at, layers=3) for at in range(3))
SIGMAS = 5.2
"""A right implementation strays further from its mean with probability 2e-7."""
BASE = 64


def started_by(weight: str, bias: str = "zeros", **values: Value) -> Contender:
    """Return a contender whose weights and biases take the same parameters."""
    return Contender(
        name=weight,
        slot=0,
        rules=(
            Rule(role="weight", scheme=Choice(weight, values)),
            Rule(role="bias", scheme=Choice(bias, {} if bias == "zeros" else values)),
        ),
    )


def experiment(one: Contender, width: int, depth: int = 3) -> Experiment:
    return Experiment(
        network=multilayer(depth, width, "relu"),
        data=Data(dataset=Choice("random")),
        training=Training(epochs=1, batch_size=64, learning_rate=1e-2),
        contenders=(one,),
    )


# NTK

WIDTH, DRAWS = 256, 400
SIGMA_W, SIGMA_B = 1.3, 0.4


def kernels() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return two inputs [2, 20], what networks say of them [draws, 2], and kernels [draws, 3].

    A kernel's entries are those of the first input with itself, both, and the second with itself.
    """
    rules = (
        Rule(role="weight", scheme=Choice("ntk", {"sigma_w": SIGMA_W})),
        Rule(role="bias", scheme=Choice("ntk_bias", {"sigma_b": SIGMA_B})),
    )
    resolved = plan(experiment(Contender(name="NTK", slot=0, rules=rules), WIDTH, depth=1))
    x = torch.randn(2, 20, generator=torch.Generator().manual_seed(3))
    outputs, found = [], []
    for seed in range(DRAWS):
        network = initialize(resolved, 0, seed)
        trained = list(network.parameters())
        said = functional_call(network, multiplied(network, resolved.multipliers[0]), (x,))[:, 0]
        one, other = (
            torch.cat([part.flatten() for part in torch.autograd.grad(value, trained, None, True)])
            for value in said
        )
        outputs.append(said.detach())
        found.append(torch.stack([one @ one, one @ other, other @ other]))
    return x.double(), torch.stack(outputs).double(), torch.stack(found).double()


def closed_form(x: torch.Tensor, y: torch.Tensor) -> tuple[float, float]:
    """Return the covariance of the outputs, and their tangent kernel (Jacot et al., theorem 1)."""

    def first(a: torch.Tensor, b: torch.Tensor) -> float:
        return SIGMA_W**2 * float(a @ b) / len(a) + SIGMA_B**2

    size = sqrt(first(x, x) * first(y, y))
    angle = acos(min(1.0, first(x, y) / size))
    both = size / (2 * pi) * (sin(angle) + (pi - angle) * first(x, y) / size)
    slopes = (pi - angle) / (2 * pi)
    covariance = SIGMA_W**2 * both + SIGMA_B**2
    return covariance, covariance + SIGMA_W**2 * slopes * first(x, y)


def test_ntk_has_the_kernels_of_the_closed_form() -> None:
    x, outputs, found = kernels()
    pairs = [(x[0], x[0]), (x[0], x[1]), (x[1], x[1])]
    wanted = [closed_form(*pair) for pair in pairs]
    products = torch.stack(
        [outputs[:, 0] ** 2, outputs[:, 0] * outputs[:, 1], outputs[:, 1] ** 2], dim=1
    )
    for measured, column in ((products, 0), (found, 1)):
        edges = SIGMAS * measured.std(0) / sqrt(DRAWS)
        for at, pair in enumerate(wanted):
            edge = edges[at].item()
            assert measured[:, at].mean().item() == pytest.approx(pair[column], abs=edge)


def test_the_kernel_of_ntk_varies_less_the_wider_the_layer() -> None:
    """Each of n units adds sigma_w^2 (phi^2 + v^2 phi'^2 q), which varies by 3 sigma_w^4 q^2."""
    x, _, found = kernels()
    q = SIGMA_W**2 * float(x[0] @ x[0]) / 20 + SIGMA_B**2
    wanted = 3 * SIGMA_W**4 * q**2 / WIDTH
    spread = found[:, 0].var().item()
    assert spread == pytest.approx(wanted, rel=SIGMAS * sqrt(2 / DRAWS))


@pytest.mark.parametrize(
    ("layer", "shape", "why"),
    [
        ("embedding", (30, 8), "looked up"),
        ("conv_transpose2d", (4, 8, 3, 3), "not the fan-in"),
    ],
)
def test_ntk_refuses_where_fan_in_is_not_what_is_summed_over(
    layer: str, shape: tuple[int, ...], why: str
) -> None:
    refused = SCHEMES["ntk"].refuses(SCHEMES["ntk"].parse({}), spec(*shape, layer=layer))
    assert refused
    assert why in refused


# muP


def test_mup_has_the_variances_of_table_3() -> None:
    scheme, gain = SCHEMES["mup"], 1.5
    for kind in ("adam", "sgd"):
        params = scheme.parse({"optimizer": kind, "gain": gain, "base_width": BASE})
        for width in (BASE, 512):
            for tensor, wanted in (
                (spec(width, 20, site=FIRST), gain / sqrt(20)),
                (spec(width, width, site=HIDDEN), gain / sqrt(width)),
                (spec(3, width, site=LAST), gain * sqrt(BASE) / width),
            ):
                assert scheme.multiplier
                by = scheme.multiplier(params, tensor)
                assert times(scheme.law(params, tensor), by).std == pytest.approx(wanted)
                assert width != BASE or by == 1


def table_3(kind: Kind, at: int, layers: int, fans: tuple[int, int], *, bias: bool) -> float:
    """Return the learning rate of a layer, but for a constant (Tensor Programs V, table 3)."""
    fan_in, fan_out = fans
    if at == layers - 1:
        return 1 if bias else 1 / fan_in
    if bias or at == 0:
        return fan_out if kind == "sgd" else 1
    return 1 if kind == "sgd" else 1 / fan_in


def by_the_paper(asked: Experiment, kind: Kind, steps: int) -> list[float]:
    """Return the losses of a plain network whose layers have learning rates of their own."""
    resolved = plan(asked)
    network = initialize(resolved, 0, 0).double()
    with torch.no_grad():
        for name, by in resolved.multipliers[0].items():
            network.get_parameter(name).mul_(by)
    layers = [module for module in network if isinstance(module, nn.Linear)]
    groups = []
    for at, layer in enumerate(layers):
        fans = layer.in_features, layer.out_features
        base = 20 if at == 0 else BASE, 2 if at == len(layers) - 1 else BASE
        for name, parameter in layer.named_parameters():
            rate, unit = (
                table_3(kind, at, len(layers), pair, bias=name == "bias") for pair in (fans, base)
            )
            groups.append({"params": [parameter], "lr": asked.training.learning_rate * rate / unit})
    optimizer: torch.optim.Optimizer = (
        torch.optim.SGD(groups, momentum=0.9)
        if kind == "sgd"
        else torch.optim.Adam(groups, eps=1e-30)
    )
    split = prepare(resolved, 0)
    x, y = torch.from_numpy(split.train_x).double(), torch.from_numpy(split.train_y)
    losses = []
    for index in islice(batches(0, len(x), asked.training.batch_size, 0), steps):
        loss = nn.functional.cross_entropy(network(x[index]), y[index])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize(("kind", "optimizer"), [("adam", Adam(eps=1e-30)), ("sgd", SGD())])
def test_mup_trains_as_by_the_rates_of_table_3(kind: Kind, optimizer: Optimizer) -> None:
    """The same steps by one rate and multipliers, and by a rate for each layer."""
    asked = experiment(started_by("mup", "mup_bias", optimizer=kind), 160)
    asked = replace(asked, training=replace(asked.training, optimizer=optimizer))
    shots = islice(train(asked, dtype=torch.float64), 12)
    ours = [float(shot.readings["loss"][0]) for shot in shots]
    np.testing.assert_allclose(ours, by_the_paper(asked, kind, 12), rtol=1e-6)


def size_of_layer_2(one: Contender, width: int) -> float:
    """Return mean |z| of the second layer after 4 steps of Adam, over 4 seeds."""
    found = []
    for seed in range(4):
        step = next(islice(train_one(experiment(one, width), 0, seed), 4, None))
        found.append(step.activations[2].abs().mean().item())
    return float(np.mean(found))


def test_the_coordinates_of_mup_stay_and_those_of_the_standard_grow() -> None:
    """The figures are those of another data set, which move them by some percent."""
    kaiming = [size_of_layer_2(contender("K", 0, "kaiming_normal"), n) for n in (64, 256, 1024)]
    assert kaiming == pytest.approx([1.1, 2.1, 8.8], rel=0.15)
    mup = [size_of_layer_2(started_by("mup", "mup_bias"), n) for n in (64, 256, 1024)]
    assert mup == pytest.approx([1.1, 1.1, 1.1], rel=0.1)


@pytest.mark.parametrize(
    ("name", "site", "wanted"),
    [
        ("rnn.weight_ih_l0", FIRST, 1),
        ("rnn.weight_hh_l0", FIRST, 0.5),
        ("rnn.weight_ih_l1_reverse", FIRST, 0.5),
        ("rnn.weight_ih_l0", HIDDEN, 0.5),
    ],
)
def test_mup_knows_what_a_recurrent_layer_takes_in(name: str, site: Site, wanted: float) -> None:
    scheme = SCHEMES["mup"]
    tensor = spec(512, 128, name=name, site=site, gates=4)
    assert scheme.multiplier
    assert scheme.multiplier(scheme.parse({}), tensor) == wanted
    sgd = scheme.parse({"optimizer": "sgd"})
    assert scheme.multiplier(sgd, tensor) == pytest.approx(sqrt(2) if wanted == 1 else 1)


def test_mup_says_where_it_does_not_fit_and_for_whom_it_is() -> None:
    scheme = SCHEMES["mup"]
    for layer in ("attention", "embedding", "depthwise", "bilinear", "conv_transpose1d"):
        why = scheme.refuses(scheme.parse({}), spec(8, 8, 3, layer=layer))
        assert why
        assert why.startswith("muP does not fit: ")
    assert scheme.bites(scheme.parse({}), spec(128, 128, site=HIDDEN))
    assert not scheme.bites(scheme.parse({}), spec(64, 64, site=HIDDEN))
