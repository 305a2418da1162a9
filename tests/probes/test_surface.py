"""What networks answer over the whole plane, against the plain network asked point by point."""

from collections.abc import Iterator, Mapping
from math import exp

import numpy as np
import numpy.typing as npt
import pytest
import torch
from msgspec.structs import replace

from initstudio.catalogue import Value
from initstudio.engine.data import prepare
from initstudio.engine.plan import plan
from initstudio.engine.reference import PlainStep, train_one
from initstudio.engine.train import Networks, train
from initstudio.engine.xray import Xray
from initstudio.experiment import Choice, Data, Experiment, Recording, Seeds
from initstudio.history import Readings, Snapshot
from initstudio.presets import ARTICLE, DIGITS, contender
from initstudio.probes.first_weights import LIMIT, UNITS
from initstudio.probes.surface import PLACES, SIDE

PROBES = ("loss", "accuracy", "validation_loss", "input_range", "surface", "fit")
SERIES = ("loss", "accuracy", "validation_loss")
USUAL = (Choice("linear", {"units": 12}), Choice("tanh"))
MOVING = (
    Choice("linear", {"units": 12}),
    Choice("batch_norm"),
    Choice("relu"),
    Choice("dropout", {"p": 0.3}),
)
ONE_BY_ONE = (Choice("linear", {"units": 12}), Choice("rrelu"), Choice("dropout", {"p": 0.3}))


def asked(
    data: str,
    network: tuple[Choice, ...] = USUAL,
    *,
    loss: str = "cross_entropy",
    params: Mapping[str, Value] | None = None,
) -> Experiment:
    training = replace(ARTICLE.training, epochs=2, batch_size=16, loss=loss, learning_rate=0.02)
    return replace(
        ARTICLE,
        network=(*network, Choice("output")),
        data=Data(dataset=Choice(data, {"examples": 90, **(params or {})})),
        contenders=(contender("A", 0, "kaiming_uniform"), contender("B", 1, "ntk")),
        training=training,
        seeds=Seeds(count=2),
        recording=Recording(every=4, probes=PROBES),
    )


def compared(experiment: Experiment) -> Iterator[tuple[PlainStep, Readings, int]]:
    """Yield each plain step at which there is a snapshot, with the readings, and the replica."""
    shots = {shot.step: shot.readings for shot in train(experiment, dtype=torch.float64)}
    first = shots[0]["input_range"]
    for replica in range(4):
        for plain in train_one(experiment, replica // 2, replica % 2, dtype=torch.float64):
            readings = shots[plain.step]
            if {"surface", "fit"} & readings.keys():
                yield plain, {**readings, "input_range": first}, replica


def outputs_at(
    plain: PlainStep, experiment: Experiment, replica: int, at: list[float]
) -> list[float]:
    """Return what the plain network gives for one example."""
    network = plain.network
    held = {name: one.detach().clone() for name, one in network.named_parameters()}
    for name, by in plan(experiment).multipliers[replica // 2].items():
        held[name] = held[name] * by
    network.eval()
    with torch.no_grad():
        x = torch.tensor([at], dtype=torch.float64)
        found: torch.Tensor = torch.func.functional_call(network, held, (x,))
    network.train()
    return found[0].tolist()


def area_of(experiment: Experiment) -> list[tuple[float, float]]:
    """Return the range of each input, of all examples of all seeds, and a tenth more."""
    resolved = plan(experiment)
    rows: list[list[float]] = []
    for seed in experiment.seeds.each():
        split = prepare(resolved, seed)
        rows += split.train_x.tolist() + split.validation_x.tolist()
    found = []
    for column in zip(*rows, strict=True):
        low, high = min(column), max(column)
        found.append((low - (high - low) / 10, high + (high - low) / 10))
    return found


@pytest.mark.parametrize("network", [USUAL, MOVING, ONE_BY_ONE], ids=["plain", "moving", "rrelu"])
@pytest.mark.parametrize(("data", "classes"), [("moons", 2), ("spirals", 3)])
def test_a_surface_is_what_the_plain_network_says_at_each_place(
    network: tuple[Choice, ...], data: str, classes: int
) -> None:
    several = {"classes": classes} if classes > 2 else {}
    experiment = asked(data, network, params=several)
    (left, right), (bottom, top) = area_of(experiment)
    met = 0
    for plain, readings, replica in compared(experiment):
        cells = readings["surface"][replica]
        assert cells.dtype == np.float16
        assert cells.shape == (3, SIDE * SIDE)
        for cell in range(met % 7, SIDE * SIDE, 97):
            row, column = divmod(cell, SIDE)
            at = [
                left + (column + 0.5) * (right - left) / SIDE,
                bottom + (row + 0.5) * (top - bottom) / SIDE,
            ]
            outputs = outputs_at(plain, experiment, replica, at)
            whole = sum(exp(one) for one in outputs)
            sure = sorted((exp(one) / whole for one in outputs), reverse=True)
            assert cells[0, cell] == outputs.index(max(outputs))
            assert cells[1, cell] == pytest.approx(sure[0], rel=1e-3)
            assert cells[2, cell] == pytest.approx(sure[0] - sure[1], rel=1e-3, abs=1e-6)
        met += 1
    assert met > 8


def test_the_range_is_that_of_all_seeds_and_a_tenth_more() -> None:
    experiment = asked("blobs")
    first = next(iter(train(experiment))).readings["input_range"]
    assert first.shape == (4, 2, 2)
    assert np.allclose(first, np.array(area_of(experiment))[None], atol=1e-6)


def test_a_fit_is_what_the_plain_network_says_at_each_place() -> None:
    experiment = asked("sine", loss="mse")
    ((low, high),) = area_of(experiment)
    for plain, readings, replica in compared(experiment):
        curve = readings["fit"][replica]
        assert curve.shape == (PLACES,)
        for at in range(0, PLACES, 23):
            (wanted,) = outputs_at(
                plain, experiment, replica, [low + at * (high - low) / (PLACES - 1)]
            )
            assert curve[at] == pytest.approx(wanted, rel=1e-5, abs=1e-6)


def test_the_surface_of_values_is_the_first_value() -> None:
    experiment = asked("teacher", loss="mse", params={"features": 2, "outputs": 2})
    (left, right), (bottom, top) = area_of(experiment)
    for plain, readings, replica in compared(experiment):
        cells = readings["surface"][replica]
        assert cells.dtype == np.float32
        assert cells.shape == (1, SIDE * SIDE)
        for cell in range(0, SIDE * SIDE, 211):
            row, column = divmod(cell, SIDE)
            at = [
                left + (column + 0.5) * (right - left) / SIDE,
                bottom + (row + 0.5) * (top - bottom) / SIDE,
            ]
            wanted = outputs_at(plain, experiment, replica, at)[0]
            assert cells[0, cell] == pytest.approx(wanted, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("network", [USUAL, MOVING, ONE_BY_ONE], ids=["plain", "moving", "rrelu"])
def test_asking_leaves_no_trace(network: tuple[Choice, ...]) -> None:
    experiment = asked("moons", network)
    without = replace(experiment, recording=Recording(every=4, probes=SERIES))
    both: list[tuple[list[Snapshot], list[dict[str, torch.Tensor]]]] = []
    for one in (experiment, without):
        met: list[Networks] = []
        torch.manual_seed(5)
        shots = list(train(one, met.append))
        both.append((shots, [met[0](replica) for replica in range(4)]))
        assert torch.rand(1) == torch.rand(1, generator=torch.Generator().manual_seed(5))
    (shots, networks), (others, plain) = both
    for shot, other in zip(shots, others, strict=True):
        for key in set(SERIES) & other.readings.keys():
            assert np.array_equal(shot.readings[key], other.readings[key], equal_nan=True), key
    for network_state, other_state in zip(networks, plain, strict=True):
        for name, value in network_state.items():
            assert torch.equal(value, other_state[name]), name


@pytest.mark.parametrize("network", [USUAL, ONE_BY_ONE], ids=["plain", "rrelu"])
def test_the_x_ray_says_what_training_says_at_step_0(network: tuple[Choice, ...]) -> None:
    experiment = asked("moons", network)
    first = next(iter(train(experiment))).readings
    start = Xray().readings(plan(experiment), lambda _share: None, ["surface", "input_range"])
    assert np.allclose(start["input_range"], first["input_range"])
    assert (start["surface"][:, 0] == first["surface"][:, 0]).mean() > 0.999
    assert np.allclose(start["surface"][:, 1], first["surface"][:, 1], atol=1e-3)


def test_of_other_data_none_is_measured() -> None:
    keys = {probe.key for probe in plan(replace(DIGITS, recording=Recording())).probes}
    assert not {"surface", "fit", "input_range"} & keys
    assert "first_weights" in keys
    named = replace(DIGITS, recording=Recording(probes=("loss", "surface")))
    assert [probe.key for probe in plan(named).probes] == ["loss"]
    assert "surface" not in next(iter(train(named))).readings
    assert not Xray().readings(plan(named), lambda _share: None, ["surface", "loss"]).keys() - {
        "loss"
    }
    of_values = {probe.key for probe in plan(asked("sine", loss="mse")).probes}
    assert {"fit", "input_range"} <= of_values
    assert "surface" not in of_values


@pytest.mark.parametrize("every", [True, False], ids=["together", "one by one"])
def test_outputs_that_are_no_numbers_are_nan_and_trouble_no_other(every: bool) -> None:
    experiment = asked("moons", USUAL if every else ONE_BY_ONE)
    wild = contender("C", 2, "normal", std=1e6)
    both = replace(
        experiment,
        network=(
            *experiment.network[:-1],
            *[Choice("linear", {"units": 12})] * 7,
            Choice("output"),
        ),
        contenders=(experiment.contenders[0], wild),
    )
    found = next(iter(train(both))).readings["surface"]
    assert np.isnan(found[2:]).all(1).any()
    assert (np.isnan(found).all(1) == np.isnan(found).any(1)).all(), "all of a cell, or nothing"
    assert np.isfinite(found[:2]).all()


def first_weights(experiment: Experiment) -> npt.NDArray[np.float32]:
    found: npt.NDArray[np.float32] = next(iter(train(experiment))).readings["first_weights"]
    return found


CONV = Choice("conv2d", {"channels": 5, "kernel": 3})


@pytest.mark.parametrize(
    ("network", "layout", "shape"),
    [
        ((Choice("linear", {"units": 70}), Choice("relu")), "flat", (64, 1, 8, 8)),
        ((Choice("flatten"), Choice("linear", {"units": 7})), "image", (7, 1, 8, 8)),
        ((CONV, CONV, Choice("flatten")), "image", (5, 1, 3, 3)),
        ((Choice("max_pool2d"), Choice("flatten"), Choice("relu")), "image", (0, 0, 0, 0)),
    ],
)
def test_first_weights_are_those_of_the_plain_network(
    network: tuple[Choice, ...], layout: str, shape: tuple[int, ...]
) -> None:
    experiment = replace(
        DIGITS,
        network=(*network, Choice("output")),
        data=Data(dataset=Choice("digits", {"layout": layout})),
        contenders=(contender("A", 0, "kaiming_uniform"), contender("B", 1, "ntk")),
        recording=Recording(probes=("first_weights",)),
        seeds=Seeds(count=2),
    )
    found = first_weights(experiment)
    assert found.shape == (4, *shape)
    for replica in range(4 if shape[0] else 0):
        plain = next(iter(train_one(experiment, replica // 2, replica % 2)))
        name, weight = next(iter(plain.network.named_parameters()))
        by = plan(experiment).multipliers[replica // 2].get(name, 1.0)
        for unit in range(shape[0]):
            wanted = (weight[unit] * by).detach().numpy().reshape(shape[1:])
            assert np.array_equal(found[replica, unit], wanted.astype(np.float32))


def test_many_networks_show_fewer_units_each() -> None:
    experiment = replace(
        DIGITS,
        contenders=tuple(contender(f"Way {at}", at, "normal") for at in range(16)),
        seeds=Seeds(count=16),
        recording=Recording(probes=("first_weights",)),
    )
    found = first_weights(experiment)
    assert found.nbytes <= LIMIT
    assert found.shape[:2] == (256, LIMIT // (4 * 256 * 64))
    assert found.shape[1] < UNITS
