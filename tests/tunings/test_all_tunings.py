"""What every tuning keeps to, whatever the network; and what it does with hostile ones."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from initstudio.rehearsal import WeightLayer, matrices, walk
from initstudio.tunings import TUNINGS
from tests.tunings.trials import (
    NETWORKS,
    Residual,
    batch_for,
    dense,
    noisy,
    start,
    trial_of,
    tune,
)

QUICK: dict[str, dict[str, int]] = {"metainit": {"steps": 5}, "gradinit": {"steps": 5}}

every_tuning = pytest.mark.parametrize("key", TUNINGS)
every_network = pytest.mark.parametrize("kind", NETWORKS)

CHANGED: dict[str, Callable[[str, torch.Tensor], bool]] = {
    "lsuv": lambda _name, values: values.dim() >= 2,
    "output_prior": lambda _name, values: values.dim() == 1,
    "weight_norm": lambda _name, _values: True,
    "krahenbuhl": lambda _name, _values: True,
    "metainit": lambda _name, values: values.dim() >= 2,
    "gradinit": lambda _name, _values: True,
    "python": lambda _name, _values: True,
}
"""Which tensors a tuning may change at all."""


def state(network: nn.Sequential) -> dict[str, torch.Tensor]:
    return {name: values.clone() for name, values in network.state_dict().items()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(values, other[name]) for name, values in one.items())


def test_the_catalogue_holds_what_was_asked_for_in_its_order() -> None:
    assert list(TUNINGS) == [
        *("lsuv", "output_prior", "weight_norm", "krahenbuhl", "metainit", "gradinit", "python")
    ]


@every_tuning
@every_network
def test_only_parameters_change_and_those_stay_finite(key: str, kind: str) -> None:
    network = start(kind)
    before, buffers = state(network), dict(network.named_buffers())
    torch.manual_seed(3)
    dice = torch.get_rng_state()
    tune(key, trial_of(network, batch_for(kind)), **QUICK.get(key, {}))
    assert torch.equal(torch.get_rng_state(), dice)
    assert all(torch.equal(values, before[name]) for name, values in buffers.items())
    assert all(module.training for module in network.modules())
    assert not any(module._forward_hooks for module in network.modules())
    assert torch.is_grad_enabled()
    changed = []
    for name, parameter in network.named_parameters():
        assert parameter.grad is None
        assert parameter.requires_grad
        assert parameter.isfinite().all()
        if not torch.equal(parameter, before[name]):
            changed.append(name)
            assert CHANGED[key](name, parameter)
    assert changed or key == "metainit"  # which keeps the best of its few steps, here the first


@every_tuning
@every_network
def test_the_same_generator_gives_the_same_start(key: str, kind: str) -> None:
    found = []
    for dice in (1, 2):
        torch.manual_seed(dice)
        network = tune(key, trial_of(start(kind), batch_for(kind)), **QUICK.get(key, {}))
        found.append(state(network))
    assert same(*found)


@pytest.mark.parametrize(
    ("key", "values"),
    [("lsuv", {"start": "orthogonal"}), ("lsuv", {"start": "gaussian"}), ("krahenbuhl", {})],
)
def test_another_generator_gives_another_start(key: str, values: dict[str, str]) -> None:
    found = [
        state(tune(key, trial_of(start("dense"), batch_for("dense"), seed), **values))
        for seed in (1, 2)
    ]
    assert not same(*found)


def test_the_walk_is_in_the_order_of_the_signal_and_each_input_is_the_tuned_one() -> None:
    class Backwards(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.second = nn.Linear(8, 8, bias=False)
            self.first = nn.Linear(8, 8, bias=False)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.first(self.second(self.first(x)))  # type: ignore[no-any-return]

    block = Backwards()
    met: list[tuple[str, torch.Tensor]] = []

    def visit(layer: WeightLayer) -> None:
        met.append((layer.label, layer.args[0]))
        layer.weight.mul_(2)

    x = batch_for("dense")
    walk(nn.Sequential(nn.Tanh(), Residual(block), nn.Linear(8, 3)), x, visit)
    assert [label for label, _ in met] == [
        *("layer 2.1 (Linear)", "layer 2.1 (Linear)", "layer 3 (Linear)")
    ]
    inside = x.tanh() @ block.first.weight.T
    torch.testing.assert_close(met[0][1], x.tanh())
    torch.testing.assert_close(met[1][1], inside)
    last = x.tanh() + inside @ block.second.weight.T @ block.first.weight.T
    torch.testing.assert_close(met[2][1], last)


def test_matrices_are_all_but_the_scales_of_normalization() -> None:
    network = nn.Sequential(nn.LSTM(3, 4), nn.LayerNorm((2, 3)), nn.Linear(3, 3), nn.PReLU())
    assert list(matrices(network)) == ["0.weight_ih_l0", "0.weight_hh_l0", "2.weight"]


# Hostile networks: a sentence, or numbers that make sense


def one_unit() -> nn.Sequential:
    return nn.Sequential(nn.Linear(8, 1), nn.Tanh(), nn.Linear(1, 1), nn.Tanh(), nn.Linear(1, 3))


def filled(value: float) -> nn.Sequential:
    network = start("dense")
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(value)
    return network


HOSTILE: dict[str, tuple[Callable[[], nn.Sequential], int]] = {
    "batch of one": (lambda: start("dense"), 1),
    "batch of one, normalized": (noisy, 1),
    "batch of two": (lambda: start("dense"), 2),
    "zeros": (lambda: filled(0), 40),
    "ones": (lambda: filled(1), 40),
    "NaN": (lambda: filled(torch.nan), 40),
    "infinite": (lambda: filled(torch.inf), 40),
    "huge": (lambda: filled(1e30), 40),
    "tiny": (lambda: filled(1e-30), 40),
    "denormal": (lambda: filled(1e-42), 40),
    "one unit": (one_unit, 40),
    "no biases": (lambda: dense(bias=False), 40),
    "nothing to train": (
        lambda: nn.Sequential(nn.Linear(8, 3).requires_grad_(requires_grad=False)),
        40,
    ),
    "no weights": (lambda: nn.Sequential(nn.Tanh()), 40),
    "a dead layer": (
        lambda: nn.Sequential(nn.Linear(8, 5), nn.Threshold(1e9, 0), nn.Linear(5, 3)),
        40,
    ),
    "a shared layer": (lambda: nn.Sequential(*[nn.Linear(8, 8)] * 3, nn.Linear(8, 3)), 40),
    "no last layer": (lambda: nn.Sequential(nn.Linear(8, 8), Residual(nn.Linear(8, 8))), 40),
}


@every_tuning
@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_network_gets_a_sentence_or_a_start_that_makes_sense(key: str, case: str) -> None:
    make, size = HOSTILE[case]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        network = make()
    finite = all(parameter.isfinite().all() for parameter in network.parameters())
    trial = trial_of(network, batch_for("dense", size))
    try:
        tune(key, trial, **QUICK.get(key, {}))
    except ValueError as error:
        sentence = str(error)
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert "\n" not in sentence
        assert "Size" not in sentence
    else:
        assert not finite or all(one.isfinite().all() for one in network.parameters())
    assert not any(module._forward_hooks for module in network.modules())
    assert all(module.training for module in network.modules())
    assert all(type(parameter) is nn.Parameter for parameter in network.parameters())
    assert all(parameter.grad is None for parameter in network.parameters())


@pytest.mark.parametrize(
    ("key", "case", "sentence"),
    [
        ("weight_norm", "batch of one", "Unit 1 of layer 1 (Linear) gives the same value"),
        (
            "metainit",
            "batch of one, normalized",
            "The batch is too small for the network's normalization.",
        ),
        ("krahenbuhl", "NaN", "The output of layer 1 (Linear) is not finite."),
        ("lsuv", "a dead layer", "The output of layer 3 (Linear) "),
        ("output_prior", "no biases", "The network has no layer with a bias."),
        (
            "output_prior",
            "no last layer",
            "The network does not end with a layer that has a bias for each output.",
        ),
        ("lsuv", "no weights", "The network has no layer with a matrix of weights to train."),
        ("metainit", "zeros", "The network has no matrix of weights that are not all 0."),
        ("metainit", "NaN", "The loss or its derivatives are not finite at the start."),
        ("gradinit", "NaN", "The loss or its gradient is not finite at the start."),
        ("gradinit", "nothing to train", "The network has nothing to train."),
    ],
)
def test_the_sentence_says_what_is_wrong(key: str, case: str, sentence: str) -> None:
    make, size = HOSTILE[case]
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the sentence is looked at below
        tune(key, trial_of(make(), batch_for("dense", size)))
    assert str(caught.value).startswith(sentence)


def test_a_layer_inside_a_block_is_called_by_its_number() -> None:
    network = start("noisy")
    with torch.no_grad():
        network[3].body[0].weight.zero_()  # type: ignore[union-attr, index]
    sentence = r"^The weights of layer 4\.1 \(Linear\) are all 0, which no scale can change\.$"
    with pytest.raises(ValueError, match=sentence):
        tune("lsuv", trial_of(network, batch_for("noisy")), start="drawn")


def test_what_cannot_be_differentiated_twice_is_refused_in_a_sentence() -> None:
    class Distances(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.cdist(x, torch.eye(3), p=1)

    for key in ("metainit", "gradinit"):
        trial = trial_of(nn.Sequential(nn.Linear(8, 3), Distances()), batch_for("dense"))
        with pytest.raises(ValueError, match="cannot be differentiated twice"):
            tune(key, trial)
