"""The tunings that go from layer to layer: LSUV, the weight-norm start and Krähenbühl's."""

from math import log, sqrt

import pytest
import torch
from torch import nn

from tests.tunings.trials import (
    CLASSES,
    NETWORKS,
    batch_for,
    by_unit,
    dense,
    outputs_of,
    start,
    trial_of,
    tune,
)

every_network = pytest.mark.parametrize("kind", NETWORKS)


def deep(depth: int = 30, width: int = 32, scale: float = 1) -> nn.Sequential:
    """Return ReLU layers without biases, all homogeneous."""
    layers: list[nn.Module] = [nn.Linear(8, width, bias=False), nn.ReLU()]
    for _ in range(depth - 2):
        layers += [nn.Linear(width, width, bias=False), nn.ReLU()]
    network = nn.Sequential(*layers, nn.Linear(width, CLASSES, bias=False))
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for weight in network.parameters():
            nn.init.kaiming_normal_(weight, generator=generator).mul_(scale)
    return network


# LSUV


@every_network
@pytest.mark.parametrize("begin", ["drawn", "orthogonal", "gaussian"])
@pytest.mark.parametrize("tolerance", [0.1, 0.01])
def test_lsuv_gives_every_layer_unit_variance(kind: str, begin: str, tolerance: float) -> None:
    x = batch_for(kind)
    network = tune("lsuv", trial_of(start(kind), x), start=begin, tolerance=tolerance)
    found = outputs_of(network, x)
    assert len(found) >= 2
    for _, output in found:
        assert output.double().var(correction=0).item() == pytest.approx(1, abs=tolerance + 1e-5)
        assert output.double().std().item() == pytest.approx(1, abs=tolerance)


@pytest.mark.parametrize("begin", ["drawn", "orthogonal", "gaussian"])
def test_lsuv_reaches_through_thirty_layers(begin: str) -> None:
    x = batch_for("dense")
    network = tune("lsuv", trial_of(deep(scale=0.01), x), start=begin)
    for _, output in outputs_of(network, x):
        assert output.std(correction=0).item() == pytest.approx(1, abs=1e-3)


def test_lsuv_scales_weights_as_drawn_by_one_number_a_layer() -> None:
    before, after = start("convolutional"), start("convolutional")
    tune("lsuv", trial_of(after, batch_for("convolutional")), start="drawn")
    for (name, old), new in zip(before.named_parameters(), after.parameters(), strict=True):
        ratio = new / old
        if old.dim() >= 2:
            assert ratio.std().item() < 1e-5 * ratio.mean().item(), name
        else:
            assert torch.equal(old, new)


def test_lsuv_from_orthogonal_has_orthogonal_rows_or_columns() -> None:
    network = tune("lsuv", trial_of(dense(), batch_for("dense")), start="orthogonal")
    for weight in (one for one in network.parameters() if one.dim() >= 2):
        long = weight if weight.shape[0] <= weight.shape[1] else weight.T
        square = (long @ long.T).detach()
        torch.testing.assert_close(square / square[0, 0], torch.eye(len(square)), atol=1e-5, rtol=0)


def test_lsuv_leaves_the_padding_row_of_an_embedding_at_zero() -> None:
    for begin in ("drawn", "orthogonal", "gaussian"):
        network = tune("lsuv", trial_of(start("recurrent"), batch_for("recurrent")), start=begin)
        assert not network.get_parameter("0.weight")[0].any()


def test_lsuv_tries_no_more_than_it_may() -> None:
    """A bias spread by b adds b^2: then a try moves the variance from v to (v - b^2) / v + b^2."""
    network = nn.Sequential(nn.Linear(8, 400))
    with torch.no_grad():
        network.get_parameter("0.bias").copy_(torch.linspace(-1, 1, 400) * sqrt(3) * 0.9)
        network.get_parameter("0.weight").mul_(30)
    x = batch_for("dense")
    variance = network(x).double().var(correction=0).item()
    fixed = network.get_parameter("0.bias").double().var(correction=0).item()
    tries = 0
    while abs(variance - 1) >= 0.01:
        variance = (variance - fixed) / variance + fixed
        tries += 1
    assert 5 < tries < 60
    state = {name: values.clone() for name, values in network.state_dict().items()}
    # the cross terms of weight and bias shift the count by a little
    tune("lsuv", trial_of(network, x), start="drawn", tolerance=0.01, tries=tries + 5)
    network.load_state_dict(state)
    with pytest.raises(ValueError, match=rf"after {tries - 5} tries, not 1 to within 0\.01"):
        tune("lsuv", trial_of(network, x), start="drawn", tolerance=0.01, tries=tries - 5)


# Units


@every_network
@pytest.mark.parametrize(
    ("key", "values", "mean"),
    [
        ("weight_norm", {}, 0),
        ("krahenbuhl", {"between": False}, 0),
        ("krahenbuhl", {"between": False, "beta": 0.3}, 0.3),
    ],
)
def test_each_unit_is_standardized(
    kind: str, key: str, values: dict[str, float], mean: float
) -> None:
    x = batch_for(kind)
    network = tune(key, trial_of(start(kind), x), **values)
    found = outputs_of(network, x)
    assert len(found) >= 2
    for module, output in found:
        units = by_unit(module, output)
        torch.testing.assert_close(
            units.std(1, correction=0), torch.ones(len(units)).double(), rtol=0, atol=1e-4
        )
        if not isinstance(module, nn.Embedding):  # it has no bias
            torch.testing.assert_close(
                units.mean(1), torch.full((len(units),), mean).double(), rtol=0, atol=1e-4
            )


@pytest.mark.parametrize(
    "module",
    [
        nn.Conv1d(4, 6, 3, groups=2),
        nn.Conv3d(4, 6, 2),
        nn.ConvTranspose1d(4, 6, 3),
        nn.ConvTranspose2d(4, 6, 2, groups=2),
        nn.ConvTranspose3d(4, 8, 2, groups=4),
        nn.Linear(5, 6),
    ],
    ids=lambda one: type(one).__name__,
)
def test_the_units_of_every_kind_of_layer(module: nn.Module) -> None:
    sides = {"1d": 1, "2d": 2, "3d": 3}.get(type(module).__name__[-2:], 1)
    x = torch.randn(20, 4, *[5] * sides, generator=torch.Generator().manual_seed(4))
    weight = module.get_parameter("weight")
    direction = weight.detach().clone()
    tune("weight_norm", trial_of(nn.Sequential(module), x))
    output = module(x).detach()
    units = output.double().movedim(-1 if isinstance(module, nn.Linear) else 1, 0).flatten(1)
    torch.testing.assert_close(units.std(1, correction=0), torch.ones(len(units)).double())
    assert units.mean(1).abs().max().item() < 1e-5
    assert (weight / direction > 0).all()


def test_the_units_of_a_bilinear_layer_in_a_network_of_ones_own() -> None:
    class Own(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.pair = nn.Bilinear(8, 8, 5)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.pair(x, x.flip(0))  # type: ignore[no-any-return]

    network = nn.Sequential(Own())
    x = batch_for("dense")
    output = tune("weight_norm", trial_of(network, x))(x).detach()
    torch.testing.assert_close(output.std(0, correction=0), torch.ones(5))


def test_the_weight_norm_start_is_that_of_its_equations() -> None:
    """t = v x / |v|, g = 1 / std(t), b = -mean(t) / std(t); the network holds w = g v / |v|."""
    x = batch_for("dense")
    layer = nn.Linear(8, 6)
    v = layer.weight.detach().double()
    t = x.double() @ (v / v.norm(dim=1, keepdim=True)).T
    gain = 1 / t.std(0, correction=0)
    bias = -t.mean(0) * gain
    tune("weight_norm", trial_of(nn.Sequential(layer), x))
    expected = gain[:, None] * v / v.norm(dim=1, keepdim=True)
    torch.testing.assert_close(layer.weight.double(), expected, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(layer.bias.double(), bias, rtol=1e-5, atol=1e-6)


def test_without_biases_the_variance_is_still_one() -> None:
    x = batch_for("dense")
    network = tune("weight_norm", trial_of(dense(bias=False), x))
    for module, output in outputs_of(network, x):
        spread = by_unit(module, output).std(1, correction=0)
        torch.testing.assert_close(spread, torch.ones(len(spread)).double(), rtol=0, atol=1e-4)


# Between the layers


def log_rates(network: nn.Sequential, x: torch.Tensor, directions: torch.Tensor) -> list[float]:
    """Return log sqrt(E g^2 / E w^2) of each matrix over random linear losses, one by one."""
    weights = [one for one in network.parameters() if one.dim() >= 2]
    squares = [0.0] * len(weights)
    for direction in directions:
        gradients = torch.autograd.grad((network(x) * direction).sum(), weights)
        for at, gradient in enumerate(gradients):
            squares[at] += gradient.double().square().mean().item() / len(directions)
    sizes = [one.detach().double().square().mean().item() for one in weights]
    return [log(square / size) / 2 for square, size in zip(squares, sizes, strict=True)]


def spread(values: list[float]) -> float:
    return max(values) - min(values)


def chosen_directions(x: torch.Tensor, seed: int = 5) -> torch.Tensor:
    return torch.randn(16, len(x), CLASSES, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("kind", ["dense", "deep"])
def test_balancing_makes_the_rates_of_all_layers_equal(kind: str) -> None:
    x = batch_for("dense")
    network = start("dense") if kind == "dense" else deep(depth=6)
    directions = chosen_directions(x)
    tune("krahenbuhl", trial_of(network, x), between=False)
    assert spread(log_rates(network, x, directions)) > 0.5
    tune("krahenbuhl", trial_of(network, x), rounds=30)
    assert spread(log_rates(network, x, directions)) < 0.01
    # under other directions than those drawn they are as equal as their sampling lets them be
    others = torch.randn(200, len(x), CLASSES, generator=torch.Generator().manual_seed(9))
    assert spread(log_rates(network, x, others)) < 0.3


@pytest.mark.parametrize("kind", ["dense", "convolutional", "noisy"])
def test_the_rounds_as_declared_bring_the_rates_within_one_percent(kind: str) -> None:
    x = batch_for(kind)
    network = start(kind)
    tune("krahenbuhl", trial_of(network, x), between=False)
    for module in network.modules():
        module.training = not isinstance(module, nn.Dropout | nn.RReLU)
    before = spread(log_rates(network, x, chosen_directions(x)))
    network = tune("krahenbuhl", trial_of(start(kind), x))
    for module in network.modules():
        module.training = not isinstance(module, nn.Dropout | nn.RReLU)
    after = spread(log_rates(network, x, chosen_directions(x)))
    assert before > 0.5
    assert after < 0.01


def test_one_full_round_balances_a_homogeneous_network_and_keeps_its_outputs() -> None:
    """r_k = sqrt(C_k / C) with C their geometric mean: the r_k multiply to 1."""
    x = batch_for("dense")
    network = deep(depth=5)
    tune("krahenbuhl", trial_of(network, x), between=False)
    outputs = network(x).detach()
    middle = log_rates(network, x, chosen_directions(x))
    tune("krahenbuhl", trial_of(network, x), rounds=1, damping=1)
    found = log_rates(network, x, chosen_directions(x))
    assert found == pytest.approx([sum(middle) / len(middle)] * len(middle), abs=1e-3)
    torch.testing.assert_close(network(x).detach(), outputs, rtol=1e-3, atol=1e-4)


def test_balancing_keeps_the_outputs_of_relu_layers_with_biases() -> None:
    x = batch_for("dense")
    make = [nn.Linear(8, 24), nn.ReLU(), nn.Linear(24, 24), nn.ReLU(), nn.Linear(24, CLASSES)]
    network = nn.Sequential(*make)
    tune("krahenbuhl", trial_of(network, x), between=False, beta=0.5)
    outputs = network(x).detach()
    tune("krahenbuhl", trial_of(network, x), beta=0.5)
    torch.testing.assert_close(network(x).detach(), outputs, rtol=1e-3, atol=1e-3)


def test_balancing_refuses_a_layer_that_no_gradient_reaches() -> None:
    network = nn.Sequential(nn.Linear(8, 6), nn.Threshold(10, 1), nn.Linear(6, 3))
    with pytest.raises(ValueError, match=r"Unit 1 of layer 3 \(Linear\)"):
        tune("krahenbuhl", trial_of(network, batch_for("dense")))

    class Cut(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.detach()

    network = nn.Sequential(nn.Linear(8, 6), Cut(), nn.Linear(6, 3))
    with pytest.raises(ValueError, match=r"layer 1 \(Linear\) are 0 or not finite"):
        tune("krahenbuhl", trial_of(network, batch_for("dense")))
