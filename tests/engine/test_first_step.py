"""The first step against what training does, exact Hessians and gradients one by one."""

from functools import partial
from math import log
from typing import Literal

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from torch.func import functional_call

from initstudio.catalogue import NoParams
from initstudio.engine import curvature
from initstudio.engine.curvature import Landscape, largest_eigenvalue
from initstudio.engine.initialize import initialize
from initstudio.engine.multiplied import multiplied
from initstudio.engine.objective import loss_of
from initstudio.engine.plan import plan
from initstudio.engine.studies.first_step import FIRST_STEP
from initstudio.engine.study import Superseded
from initstudio.engine.train import Networks, train
from initstudio.engine.xray import Xray, first_batch
from initstudio.experiment import (
    SGD,
    Adam,
    AdamW,
    Choice,
    Contender,
    Data,
    Experiment,
    RMSprop,
    Seeds,
    Training,
)
from initstudio.layers import LAYERS
from initstudio.presets import contender, multilayer
from initstudio.rehearsal import rehearsing
from initstudio.schedule import WarmUp
from tests.examined import TORCH, asked, nothing, whole
from tests.examined import found as results_of
from tests.own_networks import MLP, RESIDUAL, own
from tests.specs import around

found = partial(results_of, FIRST_STEP)
LINEAR = Choice("linear", {"units": 5})
TANH = (LINEAR, Choice("tanh"), LINEAR, Choice("tanh"), Choice("output"))
Loss = Literal["cross_entropy", "mse", "huber", "bce"]
PLAIN = SGD(momentum=0.0)


def landscape_of(experiment: Experiment, index: int = 0) -> Landscape:
    resolved, seed = plan(experiment), experiment.seeds.first
    batch = first_batch(resolved, seed)
    return Landscape(
        initialize(resolved, index, seed),
        resolved.multipliers[index],
        experiment.training.loss,
        torch.from_numpy(batch.x),
        torch.from_numpy(batch.y),
    )


def exact_hessian(experiment: Experiment, index: int = 0) -> torch.Tensor:
    """Return the Hessian by `torch.autograd.functional`, in float64."""
    resolved, seed = plan(experiment), experiment.seeds.first
    network, batch = initialize(resolved, index, seed).double(), first_batch(resolved, seed)
    x, y = torch.from_numpy(batch.x), torch.from_numpy(batch.y)
    by = resolved.multipliers[index]
    x = x.double() if x.is_floating_point() else x
    y = y.double() if y.is_floating_point() else y
    shapes = {name: one.shape for name, one in network.named_parameters()}
    sizes = [shape.numel() for shape in shapes.values()]
    start = torch.cat([one.detach().flatten() for one in network.parameters()])

    def loss(flat: torch.Tensor) -> torch.Tensor:
        parts = zip(shapes.items(), flat.split(sizes), strict=True)
        values = {name: part.view(shape) for (name, shape), part in parts}
        values |= {name: values[name] * times for name, times in by.items()}
        return loss_of(experiment.training.loss, functional_call(network, values, (x,)), y)

    with rehearsing(network):
        hessian: torch.Tensor = torch.autograd.functional.hessian(loss, start)
    return hessian


SEQUENCE = (Choice("linear", {"units": 4}), Choice("unflatten", {"height": 2, "width": 2}))
NETWORKS = {
    "tanh": TANH,
    "gelu": (LINEAR, Choice("gelu"), Choice("output")),
    "relu": multilayer(2, 5, "relu"),
    "rrelu": (LINEAR, Choice("rrelu"), Choice("output")),
    "norms": (LINEAR, Choice("batch_norm"), Choice("silu"), Choice("layer_norm"), Choice("output")),
    "residual": (LINEAR, Choice("residual", {}, (Choice("tanh"), LINEAR)), Choice("output")),
    "attention": (
        *SEQUENCE,
        Choice("as_sequence"),
        Choice("attention", {"heads": 1}),
        Choice("last_steps"),
        Choice("output"),
    ),
    "rnn": (*SEQUENCE, Choice("as_sequence"), Choice("rnn", {"hidden": 3}), Choice("output")),
    "gru": (*SEQUENCE, Choice("as_sequence"), Choice("gru", {"hidden": 2}), Choice("output")),
    "conv": (
        *SEQUENCE[:1],
        Choice("unflatten", {"height": 2, "width": 2}),
        Choice("conv2d", {"channels": 2}),
        Choice("flatten"),
        Choice("output"),
    ),
}
OWN = {"own": MLP, "own with norms": RESIDUAL}


@pytest.mark.parametrize("name", [*NETWORKS, *OWN])
def test_the_sharpness_is_the_largest_eigenvalue_of_the_exact_hessian(name: str) -> None:
    starting = contender("K", 1, "kaiming_normal", "normal")
    network = (own(OWN[name]),) if name in OWN else NETWORKS[name]
    experiment = asked(network, TORCH, starting)
    have = found(experiment).values["sharpness"]
    for index in range(2):
        wanted = torch.linalg.eigvalsh(exact_hessian(experiment, index))[-1].item()
        # an eigenvalue lies within the tolerance; float32's rounding comes on top
        assert have[index] == pytest.approx(wanted, rel=curvature.TOLERANCE + 1e-4)


@pytest.mark.parametrize("loss", ["cross_entropy", "mse", "huber", "bce"])
def test_multipliers_and_losses_count(loss: Loss) -> None:
    training = Training(batch_size=8, loss=loss)
    experiment = asked(TANH, contender("N", 0, "ntk"), training=training)
    assert plan(experiment).multipliers[0]
    hessian = exact_hessian(experiment)
    have = found(experiment).values["sharpness"][0]
    assert have == pytest.approx(torch.linalg.eigvalsh(hessian)[-1].item(), rel=1.1e-3)
    vector = torch.randn(len(hessian), generator=torch.Generator().manual_seed(1))
    wanted = (hessian @ vector.double()).numpy()
    product = landscape_of(experiment).hessian()(vector).numpy()
    np.testing.assert_allclose(product, wanted, rtol=1e-3, atol=1e-5 * np.abs(wanted).max())


@pytest.mark.parametrize(
    "key", sorted(LAYERS.keys() - {"embedding", "conv3d", "conv_transpose3d", "max_pool3d"})
)
def test_every_layer_has_numbers(key: str) -> None:
    results = found(asked(around(key), training=Training(batch_size=8, optimizer=PLAIN)))
    # torch has no second derivative of hardsigmoid, which a sentence says
    for name in ("loss", "update_ratio", *(("sharpness",) if key != "hardsigmoid" else ())):
        assert np.isfinite(results.values[name]).all(), results.notes


def test_tokens_have_numbers() -> None:
    network = (
        Choice("embedding", {"features": 3}),
        Choice("lstm", {"hidden": 3}),
        Choice("output"),
    )
    experiment = replace(asked(network), data=Data(dataset=Choice("text", {"length": 5})))
    values = found(experiment).values
    assert np.isfinite(values["sharpness"]).all()
    assert np.isfinite(values["update_ratio"]).all()


def quadratic(optimizer: SGD, rate: float = 0.1, epochs: int = 1) -> Experiment:
    """Return linear regression on all examples at once: the loss is a parabola."""
    training = Training(
        batch_size=48, epochs=epochs, optimizer=optimizer, learning_rate=rate, loss="mse"
    )
    return asked((Choice("output"),), training=training)


def test_linear_regression_has_the_curvature_of_its_data() -> None:
    experiment = quadratic(PLAIN)
    x = first_batch(plan(experiment), experiment.seeds.first).x.astype(np.float64)
    ones = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    # the mean over 48 examples and 3 outputs of a square, whose second derivative is 2
    wanted = 2 / 3 * np.linalg.eigvalsh(ones.T @ ones / len(x))[-1]
    values = found(experiment).values
    assert values["sharpness"][0] == pytest.approx(wanted, rel=1e-3)
    assert values["stable_rate"][0] == pytest.approx(2 / wanted, rel=1e-3)


DESCENTS = {
    "plain": PLAIN,
    "momentum": SGD(momentum=0.9),
    "Nesterov": SGD(momentum=0.8, nesterov=True),
    "weight decay": SGD(momentum=0.5, weight_decay=0.7),
}


@pytest.mark.parametrize("name", DESCENTS)
def test_training_grows_above_the_stable_rate_and_not_below(name: str) -> None:
    rate = found(quadratic(DESCENTS[name])).values["stable_rate"][0]
    last = {}
    for share in (0.97, 1.03):
        steps = train(quadratic(DESCENTS[name], rate * share, epochs=600))
        losses = [one.readings["loss"][0] for one in steps if "loss" in one.readings]
        last[share] = losses[590] / losses[0]
    assert last[0.97] < 1
    assert not last[1.03] < 100  # it may have become NaN


@pytest.mark.parametrize("optimizer", [Adam(), AdamW(), RMSprop()])
def test_other_optimisers_have_no_stable_rate_but_a_sentence(optimizer: Adam) -> None:
    training = Training(batch_size=8, optimizer=optimizer)
    results = found(asked(TANH, training=training))
    assert np.isnan(results.values["stable_rate"]).all()
    assert np.isfinite(results.values["sharpness"]).all()
    assert any("curvature alone sets no stable learning rate" in one for one in results.notes)


def eigenvalue(matrix: torch.Tensor) -> float:
    start = torch.randn(len(matrix), generator=torch.Generator().manual_seed(0)).to(matrix)
    return whole(largest_eigenvalue(lambda vector: matrix @ vector, start))


def rotated(values: torch.Tensor) -> torch.Tensor:
    noise = torch.randn(len(values), len(values), generator=torch.Generator().manual_seed(7))
    turn: torch.Tensor = torch.linalg.qr(noise.double())[0]
    return turn @ values.double().diag() @ turn.T


@pytest.mark.parametrize("kept", [60, 6])
def test_the_largest_eigenvalue_is_not_the_largest_in_size(
    kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(curvature, "MOST_KEPT", kept)
    spread = torch.cat([torch.tensor([-50.0, 3.0]), torch.linspace(-10, 1, 98)])
    assert eigenvalue(rotated(spread)) == pytest.approx(3, rel=1e-3)
    assert eigenvalue(rotated(-spread)) == pytest.approx(50, rel=1e-3)
    below = torch.linspace(-9, -1, 30)
    assert eigenvalue(rotated(below)) == pytest.approx(-1, rel=1e-3)


def test_eigenvalues_of_plain_matrices() -> None:
    assert eigenvalue(torch.zeros(9, 9)) == 0
    assert eigenvalue(torch.full((1, 1), -2.0)) == -2
    assert eigenvalue(torch.eye(5) * 4) == pytest.approx(4)
    assert np.isnan(eigenvalue(torch.full((3, 3), torch.nan)))


def gradients(experiment: Experiment) -> np.ndarray:
    """Return the gradient by each example alone, float64 [examples, parameters]."""
    resolved, seed = plan(experiment), experiment.seeds.first
    network, batch = initialize(resolved, 0, seed).double(), first_batch(resolved, seed)
    parameters = list(network.parameters())
    found_so_far = []
    with rehearsing(network):
        for at in range(len(batch.x)):
            x, y = (torch.from_numpy(one[at : at + 1]) for one in (batch.x, batch.y))
            used = multiplied(network, resolved.multipliers[0])
            outputs = functional_call(network, used, (x.double(),))
            loss = loss_of(experiment.training.loss, outputs, y)
            parts = torch.autograd.grad(loss, parameters)
            found_so_far.append(torch.cat([one.flatten() for one in parts]).numpy())
    return np.array(found_so_far)


@pytest.mark.parametrize("scheme", ["normal", "ntk"])
@pytest.mark.parametrize(
    "network", [TANH, NETWORKS["attention"], NETWORKS["rnn"], NETWORKS["rrelu"]]
)
def test_the_noise_scale_is_that_of_single_gradients(
    network: tuple[Choice, ...], scheme: str
) -> None:
    training = Training(batch_size=40)
    experiment = asked(network, contender("C", 0, scheme), training=training)
    one_by_one = gradients(experiment)
    trace = one_by_one.var(0, ddof=1).sum()
    square = (one_by_one.mean(0) ** 2).sum() - trace / len(one_by_one)
    wanted = trace / square if square > 0 else np.nan
    have = found(experiment).values["noise_scale"][0]
    assert have == pytest.approx(wanted, rel=1e-3, nan_ok=True)
    landscape = landscape_of(experiment)
    assert whole(landscape.noise_scale(at_once=False)) == pytest.approx(have, nan_ok=True, rel=1e-4)


def test_at_least_one_of_those_noise_scales_is_a_number() -> None:
    training = Training(batch_size=40)
    experiment = asked(TANH, contender("C", 0, "ntk"), training=training)
    assert found(experiment).values["noise_scale"][0] > 0


DROPPED = (LINEAR, Choice("dropout", {"p": 0.4}), Choice("relu"), Choice("output"))


@pytest.mark.parametrize(
    "training",
    [
        Training(batch_size=8),
        Training(batch_size=8, optimizer=AdamW(weight_decay=0.3), learning_rate=0.02),
        Training(batch_size=8, optimizer=RMSprop(momentum=0.5)),
        Training(batch_size=8, optimizer=SGD(nesterov=True, weight_decay=0.1), clip_norm=0.05),
        Training(batch_size=8, optimizer=PLAIN, schedule=WarmUp(steps=10), learning_rate=0.5),
    ],
)
@pytest.mark.parametrize("network", [DROPPED, NETWORKS["norms"], NETWORKS["rnn"]])
def test_the_update_is_that_of_training(network: tuple[Choice, ...], training: Training) -> None:
    starts = (TORCH, contender("N", 1, "ntk"))
    experiment = replace(asked(network, *starts, training=training), seeds=Seeds(first=3, count=2))
    names = [
        f"{layer.module}.{tensor.name}"
        for layer in plan(experiment).layers
        for tensor in layer.tensors
        if tensor.role == "weight"
    ]
    met: list[Networks] = []
    running = train(experiment, met.append)
    first = next(running).readings
    before = [met[0](row) for row in range(4)]
    next(running)
    after = [met[0](row) for row in range(4)]
    running.close()
    wanted = [
        [float((new[n] - old[n]).norm() / old[n].norm()) for n in names]
        for old, new in zip(before, after, strict=True)
    ]
    values = found(experiment).values
    np.testing.assert_allclose(values["update_ratio"], wanted, rtol=1e-3)
    np.testing.assert_allclose(values["loss"], first["loss"], rtol=1e-5)


def test_the_loss_is_that_of_the_xray_and_chance_is_ln_c() -> None:
    experiment = replace(asked(TANH), seeds=Seeds(count=3))
    values = found(experiment).values
    readings = Xray().readings(plan(experiment), nothing)
    np.testing.assert_allclose(values["loss"], readings["loss"], rtol=1e-6)
    assert values["chance_loss"].tolist() == [log(3)]
    by_squares = asked(TANH, training=Training(batch_size=8, loss="mse"))
    assert np.isnan(found(by_squares).values["chance_loss"]).all()


def test_it_says_what_the_numbers_mean() -> None:
    training = Training(batch_size=8, optimizer=PLAIN, learning_rate=5)
    experiment = asked(TANH, contender("He", 0, "kaiming_normal"), training=training)
    results = found(experiment)
    rate = results.values["stable_rate"][0]
    assert (
        f"He: a learning rate above {rate:.2g} makes the first steps grow "
        "(2 / largest curvature); it is 5."
    ) in results.notes
    slower = replace(experiment, training=replace(training, learning_rate=1e-5, optimizer=SGD()))
    rate = found(slower).values["stable_rate"][0]
    assert (
        f"He: a learning rate above {rate:.2g} makes the first steps grow "
        "(3.8 / largest curvature)."
    ) in found(slower).notes


@pytest.mark.parametrize(
    ("starting", "words"),
    [
        (contender("Huge", 0, "constant", value=1e6), "Huge: the loss is not finite."),
        (contender("Zero", 0, "zeros"), "Zero: a learning rate above"),
    ],
)
def test_hostile_starts_have_a_sentence_and_no_warning(starting: Contender, words: str) -> None:
    training = Training(batch_size=8, optimizer=PLAIN)
    results = found(asked((LINEAR,) * 12 + (Choice("output"),), starting, training=training))
    assert any(note.startswith(words) for note in results.notes), results.notes
    if starting.name == "Zero":
        # only the last bias moves, and no weight of 0 has a size to compare with
        assert np.isnan(results.values["update_ratio"]).all()
        assert results.values["loss"][0] == pytest.approx(log(3))


def test_a_batch_of_one_and_batch_norm_have_no_noise_scale_but_a_sentence() -> None:
    alone = found(asked(TANH, training=Training(batch_size=1)))
    assert np.isnan(alone.values["noise_scale"]).all()
    assert any("A batch of one" in one for one in alone.notes)
    assert np.isfinite(alone.values["sharpness"]).all()
    normed = found(asked(NETWORKS["norms"]))
    assert np.isnan(normed.values["noise_scale"]).all()
    assert any("Batch norm" in one for one in normed.notes)


def test_what_cannot_be_differentiated_twice_has_a_sentence() -> None:
    results = found(asked((LINEAR, Choice("hardsigmoid"), Choice("output"))))
    assert np.isnan(results.values["sharpness"]).all()
    assert np.isfinite(results.values["loss"]).all()
    assert "Torch: A layer of the network cannot be differentiated twice." in results.notes


def test_it_can_be_ended_and_tells_what_it_has_so_far() -> None:
    experiment = replace(asked(TANH), seeds=Seeds(count=2))

    def refuse(_share: float) -> None:
        raise Superseded

    with pytest.raises(Superseded):
        next(FIRST_STEP.begin(plan(experiment), NoParams(), refuse))
    steps = list(FIRST_STEP.begin(plan(experiment), NoParams(), nothing))
    news = [one for one in steps if one is not None]
    assert [one.share for one in news] == [0.5, 1.0]
    assert np.isnan(news[0].values["sharpness"][1])
    assert news[0].values["sharpness"][0] == news[1].values["sharpness"][0]
    assert len(steps) > 10
