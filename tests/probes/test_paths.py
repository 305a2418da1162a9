"""Paths of weights and the loss along a line, against loops and the weights themselves."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
import torch
from msgspec.structs import replace
from torch import nn

from initstudio.engine.initialize import initialize
from initstudio.engine.plan import plan
from initstudio.engine.reference import CRITERIA, PlainStep, train_one
from initstudio.engine.train import Networks, train
from initstudio.engine.xray import Xray, first_batch
from initstudio.experiment import Choice, Data, Experiment, Recording, Seeds
from initstudio.history import Readings, Snapshot
from initstudio.presets import ARTICLE, contender
from initstudio.trajectories import LINE, NUMBERS, SINGLE, distance_error, plane_of, sketching

SERIES = ("loss", "accuracy", "validation_loss")
PROBES = (*SERIES, "some_weights", "path", "line_loss")
SMALL = (Choice("linear", {"units": 6}), Choice("tanh"), Choice("linear", {"units": 3}))
LARGE = (Choice("linear", {"units": 40}), Choice("relu"), Choice("linear", {"units": 40}))
MOVING = (
    Choice("linear", {"units": 12}),
    Choice("batch_norm"),
    Choice("relu"),
    Choice("dropout", {"p": 0.3}),
)
ONE_BY_ONE = (
    Choice("linear", {"units": 12}),
    Choice("batch_norm"),
    Choice("rrelu"),
    Choice("dropout", {"p": 0.3}),
)
networks = pytest.mark.parametrize(
    "network", [SMALL, MOVING, ONE_BY_ONE], ids=["plain", "moving", "one by one"]
)


def racing(
    network: tuple[Choice, ...], *, every: int = 4, probes: tuple[str, ...] = PROBES
) -> Experiment:
    training = replace(ARTICLE.training, epochs=3, batch_size=16, learning_rate=0.02)
    return replace(
        ARTICLE,
        network=(*network, Choice("output")),
        data=Data(dataset=Choice("moons", {"examples": 90})),
        contenders=(contender("A", 0, "kaiming_uniform"), contender("B", 1, "ntk")),
        training=training,
        seeds=Seeds(count=2),
        recording=Recording(every=every, probes=probes),
    )


def compared(experiment: Experiment, key: str) -> Iterator[tuple[PlainStep, Readings, int]]:
    """Yield each plain step at which there is this reading, with the readings, and the replica."""
    shots = {shot.step: shot.readings for shot in train(experiment, dtype=torch.float64)}
    for replica in range(4):
        for plain in train_one(experiment, replica // 2, replica % 2, dtype=torch.float64):
            if key in shots[plain.step]:
                yield plain, shots[plain.step], replica


def weights_of(plain: PlainStep, experiment: Experiment, replica: int) -> list[torch.Tensor]:
    """Return copies of the weight tensors as the plain network computes with them, in order."""
    resolved = plan(experiment)
    names = [
        f"{layer.module}.{tensor.name}"
        for layer in resolved.layers
        for tensor in layer.tensors
        if tensor.role == "weight"
    ]
    by = resolved.multipliers[replica // 2]
    return [
        plain.network.get_parameter(name).detach().clone() * by.get(name, 1.0) for name in names
    ]


# A few weights


def test_some_weights_are_those_of_the_plain_network() -> None:
    experiment = racing((Choice("linear", {"units": 24}), Choice("tanh")))
    met = 0
    for plain, readings, replica in compared(experiment, "some_weights"):
        found = readings["some_weights"][replica]
        first, last = weights_of(plain, experiment, replica)
        assert found.shape == (2, SINGLE)
        # of [24, 2]: rows 1, 4, 7, ... and columns 0, 0, 0, 0, 1, 1, 1, 1
        wanted = [float(first[3 * at + 1, at // 4]) for at in range(SINGLE)]
        assert np.allclose(found[0], wanted, rtol=1e-6)
        wanted = [float(last[at // 4, 3 * at + 1]) for at in range(SINGLE)]
        assert np.allclose(found[1], wanted, rtol=1e-6)
        met += 1
    assert met > 12


def test_a_tensor_of_few_weights_has_no_more() -> None:
    experiment = racing((Choice("linear", {"units": 3}),))
    found = next(iter(train(experiment))).readings["some_weights"]
    assert (np.isnan(found).sum(2) == SINGLE - 6).all()


# The sketch


@pytest.mark.parametrize("network", [SMALL, LARGE], ids=["exact", "sketch"])
def test_a_path_is_the_signed_sum_of_each_part(network: tuple[Choice, ...]) -> None:
    experiment = racing(network)
    starts: dict[int, list[float]] = {}
    met = 0
    for plain, readings, replica in compared(experiment, "path"):
        found = readings["path"][replica]
        row = [
            value
            for one in weights_of(plain, experiment, replica)
            for value in one.flatten().tolist()
        ]
        way = [now - start for now, start in zip(row, starts.setdefault(replica, row), strict=True)]
        columns = min(NUMBERS, len(row))
        order, signs = sketching(len(row))
        wanted = [0.0] * columns
        for cell, (place, sign) in enumerate(zip(order.tolist(), signs.tolist(), strict=True)):
            wanted[cell % columns] += sign * way[place]
        assert found.shape == (columns,)
        assert np.allclose(found, wanted, rtol=1e-5, atol=1e-7)
        met += 1
    assert met > 12


def kept_weights(experiment: Experiment) -> tuple[list[Snapshot], npt.NDArray[np.float64]]:
    """Return the snapshots with a path, and all weights of each replica then [n, R, weights]."""
    resolved = plan(experiment)
    names = [
        f"{layer.module}.{tensor.name}"
        for layer in resolved.layers
        for tensor in layer.tensors
        if tensor.role == "weight"
    ]
    met: list[Networks] = []
    shots, kept = [], []
    for shot in train(experiment, met.append):
        if "path" in shot.readings:
            shots.append(shot)
            states = [met[0](replica) for replica in range(4)]
            kept.append(
                [torch.cat([state[name].flatten() for name in names]).numpy() for state in states]
            )
    return shots, np.array(kept, np.float64)


def by_svd(points: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], list[float]]:
    """Return points in the plane of their first two components by numpy, and the shares."""
    _, sizes, axes = np.linalg.svd(points - points.mean(0), full_matrices=False)
    return points @ axes[:2].T, (sizes[:2] ** 2 / (sizes**2).sum()).tolist()


@pytest.mark.parametrize("network", [SMALL, LARGE], ids=["exact", "sketch"])
def test_the_plane_of_sketches_is_that_of_the_real_weights(network: tuple[Choice, ...]) -> None:
    shots, weights = kept_weights(racing(network, every=1))
    ways = weights - weights[:1]
    error = distance_error(weights.shape[2])
    assert (error == 0) == (network == SMALL)
    for replicas in ([0], [3], [0, 1, 2, 3]):
        whole = ways[:, replicas].reshape(-1, ways.shape[2])
        sketches = np.stack([shot.readings["path"][replicas] for shot in shots])
        sketches = sketches.reshape(len(whole), -1).astype(np.float64)
        plane = plane_of(sketches)
        placed, shares = by_svd(whole)
        assert np.allclose(plane.shares, shares, atol=error + 1e-5)
        found = plane.of(sketches)
        found *= np.sign((found * placed).sum(0))
        reach = np.abs(placed).max()
        assert np.abs(found - placed).max() <= (2 * error + 1e-4) * reach
        lengths = np.linalg.norm(sketches, axis=1)
        assert np.allclose(lengths, np.linalg.norm(whole, axis=1), rtol=2 * error + 1e-4, atol=1e-6)


# The line


def loss_at(
    experiment: Experiment,
    start: dict[str, torch.Tensor],
    now: dict[str, torch.Tensor],
    at: float,
    replica: int,
) -> float:
    """Return the loss of a network of its own whose parameters lie at a place of the line."""
    resolved = plan(experiment)
    batch = first_batch(resolved, replica % 2)
    network = initialize(resolved, replica // 2, replica % 2).double()
    for module in network.modules():
        if isinstance(module, nn.Dropout | nn.RReLU):
            module.eval()
    by = resolved.multipliers[replica // 2]
    held = {
        name: (start[name] + at * (now[name] - start[name])) * by.get(name, 1.0) for name in now
    }
    x, y = torch.from_numpy(batch.x).double(), torch.from_numpy(batch.y)
    with torch.no_grad():
        outputs = torch.func.functional_call(network, held, (x,))
        return float(CRITERIA[experiment.training.loss](outputs, y))


@networks
def test_the_loss_along_the_line_is_that_of_the_plain_network(network: tuple[Choice, ...]) -> None:
    experiment = racing(network, every=1)
    starts: dict[int, dict[str, torch.Tensor]] = {}
    met = 0
    for plain, readings, replica in compared(experiment, "line_loss"):
        now = {name: one.detach().clone() for name, one in plain.network.named_parameters()}
        start = starts.setdefault(replica, now)
        found = readings["line_loss"][replica]
        assert found.shape == (len(LINE),)
        for at in range(0, len(LINE), 3):
            wanted = loss_at(experiment, start, now, LINE[at], replica)
            assert found[at] == pytest.approx(wanted, rel=1e-5), LINE[at]
        met += 1
    assert met >= 4 * 3


def test_the_ends_of_the_line_are_the_losses_at_the_start_and_now() -> None:
    experiment = racing(SMALL, every=1)
    # one batch, so that the first is also the one of each step
    experiment = replace(experiment, training=replace(experiment.training, batch_size=72))
    shots = [shot.readings for shot in train(experiment) if "line_loss" in shot.readings]
    first = shots[0]["loss"]
    assert len(shots) >= 2
    zero, one = LINE.index(0.0), LINE.index(1.0)
    for readings in shots:
        assert np.allclose(readings["line_loss"][:, zero], first, rtol=1e-6)
        assert np.allclose(readings["line_loss"][:, one], readings["loss"], rtol=1e-6)
    assert not np.allclose(shots[-1]["line_loss"][:, zero], shots[-1]["line_loss"][:, one])
    assert (shots[0]["line_loss"] == shots[0]["line_loss"][:, :1]).all(), "there is no line yet"


@networks
def test_following_leaves_no_trace(network: tuple[Choice, ...]) -> None:
    both: list[tuple[list[Snapshot], list[dict[str, torch.Tensor]]]] = []
    for probes in (PROBES, SERIES):
        met: list[Networks] = []
        torch.manual_seed(5)
        shots = list(train(racing(network, every=1, probes=probes), met.append))
        both.append((shots, [met[0](replica) for replica in range(4)]))
        assert torch.rand(1) == torch.rand(1, generator=torch.Generator().manual_seed(5))
    (shots, states), (others, plain) = both
    for shot, other in zip(shots, others, strict=True):
        for key in set(SERIES) & other.readings.keys():
            assert np.array_equal(shot.readings[key], other.readings[key], equal_nan=True), key
    for state, other_state in zip(states, plain, strict=True):
        for name, value in state.items():
            assert torch.equal(value, other_state[name]), name


@networks
def test_the_x_ray_says_what_training_says_at_step_0(network: tuple[Choice, ...]) -> None:
    experiment = racing(network)
    first = next(iter(train(experiment))).readings
    start = Xray().readings(plan(experiment), lambda _share: None, PROBES[3:])
    for key in PROBES[3:]:
        assert np.allclose(start[key], first[key], rtol=1e-5, equal_nan=True), key


@pytest.mark.parametrize("network", [SMALL, ONE_BY_ONE], ids=["together", "one by one"])
def test_a_contender_that_breaks_troubles_no_other(network: tuple[Choice, ...]) -> None:
    experiment = racing(network)
    wild = contender("C", 2, "normal", std=1e6)
    found = {}
    for contenders in ((experiment.contenders[0], wild), experiment.contenders[:1]):
        *_, last = (
            shot
            for shot in train(replace(experiment, contenders=contenders))
            if "line_loss" in shot.readings
        )
        found[len(contenders)] = last.readings
    for key in PROBES[3:]:
        assert np.allclose(found[2][key][:2], found[1][key], rtol=1e-4, atol=1e-6, equal_nan=True)
        assert np.isfinite(found[2][key][:2]).any()
