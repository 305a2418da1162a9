"""The tunings that descend: MetaInit and GradInit."""

from statistics import median

import pytest
import torch
from torch import nn
from torch.nn import functional

from initstudio.catalogue import Trial
from initstudio.tunings.metainit import gradient_quotient
from tests.tunings.trials import CLASSES, batch_for, start, trial_of, tune


def scaled(
    activation: type[nn.Module], scale: float, width: int = 24, seed: int = 1
) -> nn.Sequential:
    """Return four layers of that activation, He weights times a scale, zero biases."""
    network = nn.Sequential(
        nn.Linear(8, width),
        activation(),
        nn.Linear(width, width),
        activation(),
        nn.Linear(width, width),
        activation(),
        nn.Linear(width, CLASSES),
    )
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.dim() >= 2:
                nn.init.kaiming_normal_(parameter, generator=generator).mul_(scale)
            else:
                parameter.zero_()
    return network


def loss_of(trial: Trial) -> torch.Tensor:
    return trial.loss(trial.network(trial.x), trial.y)


# MetaInit


def check_directions(before: nn.Sequential, after: nn.Sequential) -> None:
    for old, new in zip(before.parameters(), after.parameters(), strict=True):
        if old.dim() >= 2:
            cosine = functional.cosine_similarity(
                old.detach().double().flatten(), new.detach().double().flatten(), dim=0
            )
            assert cosine.item() == pytest.approx(1, abs=1e-6)
        else:
            assert torch.equal(old, new)


def quotient_of(trial: Trial) -> float:
    return gradient_quotient(loss_of(trial), list(trial.network.parameters())).item()


def test_the_gradient_quotient_is_that_of_the_whole_hessian() -> None:
    """Against H itself, made column by column, and against the difference of two gradients."""
    x, y = batch_for("dense").double(), torch.arange(40) % CLASSES
    generator = torch.Generator().manual_seed(2)
    sizes = [(5, 8), (5,), (CLASSES, 5)]
    parts = [torch.randn(*size, generator=generator, dtype=torch.float64) for size in sizes]

    def loss(values: torch.Tensor) -> torch.Tensor:
        first, bias, last = (
            one.view(size) for one, size in zip(values.split([40, 5, 15]), sizes, strict=True)
        )
        return functional.cross_entropy(torch.tanh(x @ first.T + bias) @ last.T, y)

    flat = torch.cat([one.flatten() for one in parts])
    hessian = torch.autograd.functional.hessian(loss, flat)
    slope = torch.autograd.functional.jacobian(loss, flat)
    epsilon = torch.where(slope >= 0, 1e-5, -1e-5)
    expected = ((slope - hessian @ slope) / (slope + epsilon) - 1).abs().mean().item()

    leaves = [one.clone().requires_grad_() for one in parts]
    outputs = torch.tanh(x @ leaves[0].T + leaves[1]) @ leaves[2].T
    found = gradient_quotient(functional.cross_entropy(outputs, y), leaves).item()
    assert found == pytest.approx(expected, rel=1e-9)

    step = 1e-4
    ahead = torch.autograd.functional.jacobian(loss, flat - step * slope)
    difference = (((slope + (ahead - slope) / step) / (slope + epsilon)) - 1).abs().mean().item()
    assert found == pytest.approx(difference, rel=1e-2)


@pytest.mark.parametrize(
    ("activation", "scale", "factor"),
    [(nn.Tanh, 0.3, 1.2), (nn.Tanh, 1, 1.2), (nn.Tanh, 3, 1.5), (nn.ReLU, 1, 1.5)],
)
def test_metainit_lowers_the_gradient_quotient(
    activation: type[nn.Module], scale: float, factor: float
) -> None:
    falls = []
    for seed in range(5):
        trial = trial_of(scaled(activation, scale, seed=seed), batch_for("dense"))
        before = quotient_of(trial)
        tune("metainit", trial)
        check_directions(scaled(activation, scale, seed=seed), trial.network)
        falls.append(before / quotient_of(trial))
    assert median(falls) > factor


def test_metainit_never_raises_the_gradient_quotient() -> None:
    for rate in (0.01, 10):
        trial = trial_of(scaled(nn.ReLU, 1), batch_for("dense"))
        before = quotient_of(trial)
        tune("metainit", trial, steps=20, learning_rate=rate)
        assert quotient_of(trial) <= before * (1 + 1e-4)


@pytest.mark.parametrize("kind", ["dense", "convolutional", "recurrent", "attentive"])
def test_metainit_changes_norms_only(kind: str) -> None:
    before, after = start(kind), start(kind)
    tune("metainit", trial_of(after, batch_for(kind)), steps=20)
    check_directions(before, after)


def test_one_step_of_metainit_moves_each_norm_by_the_learning_rate_downhill() -> None:
    trial = trial_of(scaled(nn.Tanh, 1).double(), batch_for("dense").double())
    weights = [one for one in trial.network.parameters() if one.dim() >= 2]
    slopes = []
    for weight in weights:
        pair = []
        for stretch in (1 + 1e-6, 1 - 1e-6):
            weight.data.mul_(stretch)
            pair.append(quotient_of(trial))
            weight.data.div_(stretch)
        slopes.append(pair[0] - pair[1])
    before = [one.norm().item() for one in weights]
    tune("metainit", trial, steps=1, learning_rate=1e-3)
    after = [one.norm().item() for one in weights]
    expected = [
        norm - 1e-3 * (1 if slope > 0 else -1) for norm, slope in zip(before, slopes, strict=True)
    ]
    assert after == pytest.approx(expected, rel=1e-9)


def test_metainit_leaves_a_matrix_of_zeros_and_tunes_the_rest() -> None:
    network = scaled(nn.Tanh, 3)
    zeros, last = network.get_parameter("4.weight"), network.get_parameter("6.weight")
    with torch.no_grad():
        zeros.zero_()
        network.get_parameter("4.bias").fill_(0.1)
    before = last.clone()
    tune("metainit", trial_of(network, batch_for("dense")), steps=10)
    assert not zeros.any()
    assert not torch.equal(last, before)


# GradInit


def after_one_step(trial: Trial, rate: float = 0.1) -> tuple[float, float]:
    """Return the gradient's norm, and the loss after torch's own step of gradient descent."""
    drawn = {name: values.clone() for name, values in trial.network.state_dict().items()}
    optimizer = torch.optim.SGD(trial.network.parameters(), lr=rate)
    loss_of(trial).backward()
    gradients = [one.grad for one in trial.network.parameters() if one.grad is not None]
    norm = torch.cat([one.flatten() for one in gradients]).norm().item()
    optimizer.step()
    optimizer.zero_grad()
    found = loss_of(trial).item()
    trial.network.load_state_dict(drawn)
    return norm, found


@pytest.mark.parametrize("activation", [nn.Tanh, nn.ReLU])
@pytest.mark.parametrize("scale", [0.3, 1, 3])
def test_gradinit_lowers_the_loss_after_one_step(activation: type[nn.Module], scale: float) -> None:
    trial = trial_of(scaled(activation, scale), batch_for("dense"))
    _, before = after_one_step(trial)
    tune("gradinit", trial)
    _, after = after_one_step(trial)
    assert after < before


def test_gradinit_brings_the_gradient_below_its_bound() -> None:
    trial = trial_of(scaled(nn.Tanh, 3), batch_for("dense"))
    before, _ = after_one_step(trial)
    assert before > 2
    tune("gradinit", trial, steps=200, gamma=0.5)
    after, _ = after_one_step(trial)
    # it rests at the bound, from which one step of the scales may lead out by a little
    assert after < 0.6


def test_the_first_step_of_gradinit_is_one_of_adam_down_the_looked_ahead_loss() -> None:
    """Adam's first step is its learning rate against the sign; the slope is by differences."""
    rate, size = 1e-3, 0.1
    trial = trial_of(scaled(nn.Tanh, 0.5).double(), batch_for("dense").double())
    assert after_one_step(trial)[0] < 1
    weights = [one for one in trial.network.parameters() if one.any()]
    signs = []
    for weight in weights:
        pair = []
        for stretch in (1 + 1e-5, 1 - 1e-5):
            weight.data.mul_(stretch)
            pair.append(after_one_step(trial, size)[1])
            weight.data.div_(stretch)
        signs.append(1 if pair[0] > pair[1] else -1)
    before = [one.norm().item() for one in weights]
    tune("gradinit", trial, steps=1, learning_rate=rate, step_size=size)
    ratios = [one.norm().item() / norm for one, norm in zip(weights, before, strict=True)]
    assert ratios == pytest.approx([1 - rate * sign for sign in signs], abs=1e-6)


@pytest.mark.parametrize("kind", ["dense", "convolutional", "recurrent", "attentive"])
def test_gradinit_multiplies_each_tensor_by_one_number(kind: str) -> None:
    before, after = start(kind), start(kind)
    tune("gradinit", trial_of(after, batch_for(kind)), steps=10)
    scales = set()
    for old, new in zip(before.parameters(), after.parameters(), strict=True):
        ratio = (new.detach().double() / old.detach().double())[old != 0]
        if len(ratio):
            assert ratio.max().item() == pytest.approx(ratio.min().item(), rel=1e-5)
            assert ratio.min().item() > 0
            scales.add(round(ratio.mean().item(), 6))
    assert len(scales) > 2
