"""The Jacobian against torch's own, its spectrum against closed forms of wide random layers."""

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from torch import nn

from initstudio.catalogue import NoParams
from initstudio.engine import isometry
from initstudio.engine.initialize import initialize
from initstudio.engine.jacobian import blocks_of, jacobian, measured, singular_values, trace
from initstudio.engine.plan import plan
from initstudio.engine.studies.jacobian import JACOBIAN
from initstudio.engine.study import Superseded
from initstudio.engine.xray import first_batch
from initstudio.experiment import Choice, Contender, Data, Experiment, Training
from initstudio.layers import LAYERS
from initstudio.presets import contender, multilayer
from tests.examined import TORCH, asked, nothing, whole
from tests.examined import found as results_of
from tests.own_networks import HEAD, MLP, RESIDUAL, own
from tests.specs import around

ENDS = (Choice("flatten"), Choice("output"))
found = partial(results_of, JACOBIAN)
LINEAR = Choice("linear", {"units": 7})


def by_torch(experiment: Experiment, index: int = 0) -> np.ndarray:
    """Return the singular values of the Jacobian by `torch.autograd.functional`, plainly."""
    resolved = plan(experiment)
    network = initialize(resolved, index, experiment.seeds.first).double()
    layers = list(network)[: len(measured(resolved))]
    batch = torch.from_numpy(first_batch(resolved, experiment.seeds.first).x)
    start = 0
    if not batch.is_floating_point():
        batch, start = layers[0](batch).detach(), 1
    for module in network.modules():
        # by the batch, as in training
        module.training = isinstance(module, nn.modules.batchnorm._BatchNorm)
    rest = nn.Sequential(*layers[start:])
    batch = batch.double()

    def first(x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = rest(torch.cat([x, batch[1:]]))
        return out[0]

    full = torch.autograd.functional.jacobian(first, batch[:1])
    matrix = full.reshape(-1, batch[0].numel()).numpy()
    return np.asarray(np.linalg.svd(matrix, compute_uv=False))


def assert_equals_torch(experiment: Experiment) -> None:
    values = found(experiment).values["singular_values"]
    for index in range(len(experiment.contenders)):
        wanted = by_torch(experiment, index)[:512]
        np.testing.assert_allclose(
            values[index, : len(wanted)], wanted, rtol=1e-5, atol=1e-12 * wanted[0]
        )
        assert np.isnan(values[index, len(wanted) :]).all()


@pytest.mark.parametrize(
    "key", sorted(LAYERS.keys() - {"embedding", "conv3d", "conv_transpose3d", "max_pool3d"})
)
def test_it_is_torchs_own_for_every_layer(key: str) -> None:
    assert_equals_torch(asked(around(key)))


@pytest.mark.parametrize(
    "network",
    [
        multilayer(4, 9, "tanh"),
        (Choice("linear", {"units": 40}), Choice("gelu"), Choice("output")),  # by its columns
        (Choice("residual", {"projection": "linear"}, (LINEAR, Choice("relu"))), *ENDS),
        (LINEAR, Choice("repeat", {"times": 3}, (LINEAR, Choice("batch_norm"))), *ENDS),
        (*(LINEAR, Choice("batch_norm"), Choice("tanh")) * 2, *ENDS),  # no product of its blocks
        (Choice("output"),),
        (LINEAR, Choice("output"), Choice("tanh")),
    ],
)
def test_it_is_torchs_own_for_networks(network: tuple[Choice, ...]) -> None:
    assert_equals_torch(asked(network))


@pytest.mark.parametrize("code", [MLP, RESIDUAL])
def test_it_is_torchs_own_for_a_persons_own_networks(code: str) -> None:
    assert_equals_torch(asked((own(code),)))


def test_tokens_count_from_the_first_real_numbers_on() -> None:
    network = (
        Choice("embedding", {"features": 4}),
        Choice("attention", {"heads": 2}),
        Choice("last_steps"),
        Choice("output"),
    )
    experiment = replace(asked(network), data=Data(dataset=Choice("text", {"length": 6})))
    assert_equals_torch(experiment)
    values = found(experiment).values["block_singular_values"][0]
    assert np.isnan(values[0]).all()  # the embedding's own
    assert np.isfinite(values[1]).all()


def test_tokens_that_only_one_layer_reads_have_a_sentence() -> None:
    body = (Choice("embedding", {"features": 4}), Choice("last_steps"))
    network = (Choice("repeat", {"times": 1}, body), Choice("output"))
    experiment = replace(asked(network), data=Data(dataset=Choice("text", {"length": 6})))
    results = found(experiment)
    assert np.isnan(results.values["singular_values"]).all()
    assert len(results.notes) == 1
    assert "tokens" in results.notes[0]


FLOAT32 = (
    HEAD
    + """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(6, 3)

    def forward(self, x):
        return self.fc(x) @ torch.ones(3, 3).tril()
"""
)


def test_a_network_that_knows_float32_only_is_measured_in_float32() -> None:
    experiment = asked((own(FLOAT32),))
    network = initialize(plan(experiment), 0, experiment.seeds.first)
    weight = next(network.parameters()).detach().double().numpy()
    mixing = np.tril(np.ones((3, 3))).T
    wanted = np.linalg.svd(mixing @ weight)[1]
    values = found(experiment).values["singular_values"][0, :3]
    np.testing.assert_allclose(values, wanted, rtol=1e-5)


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_multipliers_count(factor: float) -> None:
    experiment = asked(multilayer(2, 8, "tanh"), contender("N", 0, "ntk", sigma_w=factor))
    results, resolved = found(experiment), plan(experiment)
    assert resolved.multipliers[0]
    network = initialize(resolved, 0, 3).double()
    with torch.no_grad():
        for name, by in resolved.multipliers[0].items():
            network.get_parameter(name).mul_(by)
    x = torch.from_numpy(first_batch(resolved, 3).x[:1]).double()
    full = torch.autograd.functional.jacobian(network[:4], x).reshape(8, 6).numpy()
    wanted = np.linalg.svd(full, compute_uv=False)
    np.testing.assert_allclose(results.values["singular_values"][0, :6], wanted, rtol=1e-6)


def test_blocks_begin_with_weights_and_end_before_the_next() -> None:
    inside = (Choice("relu"), LINEAR, Choice("tanh"), LINEAR)
    network = (
        Choice("tanh"),
        LINEAR,
        Choice("relu"),
        Choice("dropout"),
        Choice("residual", {}, inside),
        Choice("sigmoid"),
        LINEAR,
        Choice("output"),
    )
    resolved = plan(asked(network))
    named = [(one.first, one.last) for one in blocks_of(resolved)]
    assert named == [("1", "3"), ("4.body.1", "4.body.2"), ("4.body.3", "4.body.3"), ("6", "6")]
    watched = [layer.module for layer in resolved.watched]
    assert [watched[one.watched] for one in blocks_of(resolved)] == [last for _, last in named]
    layers = found(asked(network)).values["block_layers"]
    assert layers.dtype == np.int64
    assert [watched[at] for at in layers] == [last for _, last in named]


def test_a_blocks_values_are_those_of_its_matrix() -> None:
    network = (LINEAR, Choice("relu"), Choice("residual", {}, (LINEAR, Choice("tanh"))), *ENDS)
    experiment = asked(network)
    values = found(experiment).values["block_singular_values"][0]
    assert values.shape == (2, 64)
    module = initialize(plan(experiment), 0, 3).double()
    x = torch.from_numpy(first_batch(plan(experiment), 3).x[0]).double()
    linear, body = (module.get_submodule(name) for name in ("0", "2.body.0"))
    assert isinstance(linear, nn.Linear)
    assert isinstance(body, nn.Linear)
    before = linear(x)
    first = (before > 0).double().diag() @ linear.weight
    second = (1 - torch.tanh(body(before.relu())) ** 2).diag() @ body.weight
    for matrix, have in zip((first, second), values, strict=True):
        wanted = torch.linalg.svdvals(matrix.detach()).numpy()
        # seven or six values at 64 evenly spaced ranks: each comes several times
        np.testing.assert_allclose([have[0], have[-1]], [wanted[0], wanted[-1]], atol=1e-12)
        near = np.abs(have[:, None] - wanted).argmin(1)
        np.testing.assert_allclose(have, wanted[near], rtol=1e-6, atol=1e-12)
        assert (np.diff(have) <= 0).all()


def test_an_identity_rnn_keeps_300_steps_exactly() -> None:
    rnn = nn.RNN(1, 1, nonlinearity="relu", batch_first=True)
    with torch.no_grad():
        for name, parameter in rnn.named_parameters():
            parameter.fill_(float("weight" in name))

    class Last(nn.Module):
        def forward(self, outputs: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
            return outputs[0][:, -1]

    whole_network = nn.Sequential(nn.Sequential(rnn, Last()))
    traced = trace(whole_network, 1, torch.rand(1, 300, 1))
    assert whole(jacobian(traced.output, traced.given)).tolist() == [[1.0] * 300]


@pytest.mark.parametrize(
    ("starting", "words"),
    [
        (contender("Zero", 0, "zeros"), "nothing that changes"),
        (contender("Huge", 0, "constant", value=1e6), "not finite"),
        (contender("One", 0, "constant", value=0.1), "5 of 6 directions are lost"),
    ],
)
def test_hostile_starts_have_a_sentence_and_no_warning(starting: Contender, words: str) -> None:
    results = found(asked((LINEAR,) * 60 + (Choice("output"),), starting))
    (sentence,) = results.notes
    assert words in sentence
    values = results.values
    assert np.isnan(values["log10_condition"][0]) == np.isnan(values["variance"][0])
    if starting.name == "Zero":
        assert (values["singular_values"][0, :6] == 0).all()
        assert values["mean_square"][0] == 0
    if starting.name == "Huge":
        assert np.isnan(values["singular_values"]).all()
        assert np.isnan(values["mean_square"][0])
    assert np.isnan(values["variance"][0]) == (starting.name != "One")


def test_weights_that_are_not_finite_give_nan_and_a_sentence() -> None:
    assert torch.isnan(whole(singular_values(torch.tensor([[torch.nan, 1.0]])))).all()
    nans = np.array([np.nan, np.nan])
    assert "not finite" in isometry.in_words("N", nans, isometry.kept(nans, 2, 1e-16))


def test_one_unit_and_a_batch_of_one_are_measured() -> None:
    experiment = replace(asked(multilayer(1, 1, "tanh")), training=Training(batch_size=1))
    values = found(experiment).values
    assert values["singular_values"][0, 0] > 0
    assert values["log10_condition"][0] == 0
    assert values["variance"][0] == 0


def test_more_values_than_are_shown_are_thinned_evenly() -> None:
    network = (Choice("linear", {"units": 700}), Choice("output"))
    experiment = asked(network, contender("C", 0, "normal", std=0.1), features=650)
    results = found(experiment)
    wanted = by_torch(experiment)
    assert len(wanted) == 650
    ranks = np.linspace(0, 649, 512).round().astype(int)
    np.testing.assert_allclose(
        results.values["singular_values"][0], wanted[ranks], rtol=1e-6, atol=1e-9
    )
    assert "512 of 650 singular values are shown, evenly." in results.notes


def test_singular_values_keep_the_small_ones() -> None:
    exponents = torch.linspace(0, -11, 40, dtype=torch.float64)
    wanted = 10**exponents
    left, right = (
        torch.linalg.qr(torch.randn(40, 40, dtype=torch.float64, generator=generator))[0]
        for generator in [torch.Generator().manual_seed(0)] * 2
    )
    have = whole(singular_values(left @ wanted.diag() @ right))
    np.testing.assert_allclose(have, wanted, rtol=1e-3)
    rows = torch.zeros(50, 60, dtype=torch.float64)
    rows[5:45, 10:50] = left
    have = whole(singular_values(rows))
    np.testing.assert_allclose(have, [1.0] * 40 + [0.0] * 10, atol=1e-14)
    assert (have[40:] == 0).all()


def test_what_is_too_large_is_refused_in_a_sentence() -> None:
    x = torch.zeros(1, 3000, requires_grad=True)
    with pytest.raises(ValueError, match="3,000 by 3,000 values is too large"):
        whole(jacobian(x * 2, x))


def test_blocks_that_are_too_large_have_one_sentence_and_the_whole_is_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("initstudio.engine.jacobian.MOST", 60)
    wide = Choice("linear", {"units": 70})
    experiment = asked((wide, wide, wide, Choice("output")), features=2)
    results = found(experiment)
    wanted = by_torch(experiment)
    np.testing.assert_allclose(results.values["singular_values"][0, :2], wanted, rtol=1e-6)
    assert np.isnan(results.values["block_singular_values"][0, 1:]).all()
    assert np.isfinite(results.values["block_singular_values"][0, 0]).all()
    assert sum("70 by 70 values is too large" in one for one in results.notes) == 1


def test_what_vmap_refuses_is_followed_row_by_row() -> None:
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor) -> Any:  # noqa: ANN401 - as torch has it
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx: Any, pull: torch.Tensor) -> Any:  # noqa: ANN401
            (x,) = ctx.saved_tensors
            return pull * 3 * x**2 * float(pull.abs().sum() > 0)

    x = torch.tensor([[1.0, 2.0, 3.0]], requires_grad=True)
    cubes = Cube.apply(x)  # type: ignore[no-untyped-call]
    have = whole(jacobian(cubes, x))
    assert have.tolist() == np.diag([3.0, 12.0, 27.0]).tolist()


def test_it_can_be_ended_while_a_network_is_drawn() -> None:
    def refuse(_share: float) -> None:
        raise Superseded

    with pytest.raises(Superseded):
        next(JACOBIAN.begin(plan(asked(multilayer(2, 8, "tanh"))), NoParams(), refuse))


def test_it_tells_what_it_has_so_far_and_rests_between() -> None:
    contenders = (TORCH, replace(TORCH, name="Again", slot=1))
    steps = list(
        JACOBIAN.begin(plan(asked(multilayer(3, 8, "tanh"), *contenders)), NoParams(), nothing)
    )
    news = [one for one in steps if one is not None]
    assert [one.share for one in news] == [0.5, 1.0]
    assert len(steps) - len(news) >= 8
    half, all_of_it = (one.values for one in news)
    assert np.isnan(half["log10_condition"][1])
    for key in half.keys() - {"block_layers"}:
        assert half[key].dtype == np.float64
        np.testing.assert_array_equal(half[key][0], all_of_it[key][0])
    np.testing.assert_array_equal(all_of_it["singular_values"][0], all_of_it["singular_values"][1])
