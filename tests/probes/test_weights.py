"""Readings of weights against slow, obvious ones: twins, movement, singular values."""

import dataclasses
import math
from itertools import combinations

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from initstudio.bins import SIZE
from initstudio.catalogue import TensorSpec
from initstudio.counting import reading_of
from initstudio.distribution import pool
from initstudio.engine.initialize import initialize
from initstudio.engine.plan import plan
from initstudio.engine.train import train
from initstudio.experiment import SGD, Experiment, Recording
from initstudio.measurement import Moment
from initstudio.presets import ARTICLE, contender, multilayer
from initstudio.probes import PROBES, spectrum
from tests.specs import spec


def moment_of(
    *weights: torch.Tensor,
    started: tuple[torch.Tensor, ...] = (),
    previous: tuple[torch.Tensor, ...] | None = None,
    tensors: tuple[TensorSpec, ...] = (),
) -> Moment:
    return Moment(
        loss=torch.zeros(len(weights[0])),
        correct=torch.zeros(len(weights[0])),
        weights=weights,
        gradients=weights,
        activations=(),
        signals=(),
        layers=(),
        started=started or weights,
        previous=previous,
        tensors=tensors,
        theory=lambda _quantity: torch.ones(1, 1),
    )


def read(key: str, moment: Moment) -> np.ndarray:
    with torch.no_grad():
        return PROBES[key].measure(moment).double().numpy()


def normal(*shape: int, scale: float = 1.0, seed: int = 0) -> torch.Tensor:
    return scale * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


# Twins


def slow_twins(units: list[list[float]]) -> int:
    found: set[int] = set()
    for one, other in combinations(range(len(units)), 2):
        if units[one] == units[other]:
            found |= {one, other}
    return len(found)


def test_twins_are_rows_that_are_the_same() -> None:
    coarse = torch.randint(0, 2, (4, 9, 3), generator=torch.Generator().manual_seed(1)).float()
    signed = coarse * torch.tensor([1.0, -1.0, 1.0])  # 0 and -0 are the same
    cases = (
        coarse,
        signed,
        normal(4, 9, 3),
        torch.zeros(4, 9, 3),
        normal(4, 1, 5),
        coarse.double(),
    )
    found = read("twins", moment_of(*cases))
    for at, weights in enumerate(cases):
        for replica in range(4):
            assert found[replica, at] == slow_twins(weights[replica].tolist())
    assert found.max() == 9
    assert len(set(found[:, 0])) > 1


def test_the_first_weight_alone_makes_no_twins() -> None:
    weights = normal(1, 50, 20)
    weights[:, :, 0] = 3
    assert read("twins", moment_of(weights))[0, 0] == 0
    weights[:, 7, 5] = weights[:, 7, 5].nextafter(torch.tensor(9.0))
    weights[0, 31] = weights[0, 7]
    assert read("twins", moment_of(weights))[0, 0] == 2
    weights[0, 31, 19] = weights[0, 31, 19].nextafter(torch.tensor(9.0))
    assert read("twins", moment_of(weights))[0, 0] == 0


def test_what_is_no_number_has_no_twin() -> None:
    weights = torch.zeros(1, 4, 3)
    weights[0, :2, 1] = math.nan
    assert read("twins", moment_of(weights))[0, 0] == 2
    weights[0, :2, 1] = math.inf
    assert read("twins", moment_of(weights))[0, 0] == 4


def test_a_unit_has_the_weights_of_what_gives_its_output() -> None:
    """A unit is found by what it computes: those that are twins give the same for every input."""
    coarse = torch.Generator().manual_seed(4)
    grouped = torch.randint(0, 2, (6, 2, 2, 1), generator=coarse).float()
    turned = torch.randint(0, 2, (4, 3, 2, 1), generator=coarse).float()
    turned[:2, 1] = turned[:2, 0]
    table = torch.tensor([[1.0, 1.0, 2.0], [3.0, 3.0, 2.0]])
    gates = torch.tensor([[1.0], [1.0], [1.0], [2.0], [5.0], [2.0]])  # two gates of three units
    tensors = (
        in_groups(spec(6, 2, 2, 1, layer="conv2d"), 2),
        in_groups(spec(4, 3, 2, 1, layer="conv_transpose2d"), 2),
        spec(2, 3, layer="embedding"),
        spec(6, 1, layer="lstm", gates=2),
    )
    weights = tuple(one[None] for one in (grouped, turned, table, gates))
    found = read("twins", moment_of(*weights, tensors=tensors))
    parts = [slow_twins(part.flatten(1).tolist()) for part in grouped.split(3)]
    parted = [part.transpose(0, 1).flatten(1).tolist() for part in turned.split(2)]
    wanted = [sum(parts), sum(slow_twins(part) for part in parted), 2, 2]
    assert found[0].tolist() == wanted
    same = torch.nn.functional.conv_transpose2d(normal(1, 4, 3, 3), turned, groups=2)[0]
    assert slow_twins([unit.flatten().tolist() for unit in same]) == wanted[1] >= 2


def in_groups(tensor: TensorSpec, groups: int) -> TensorSpec:
    return dataclasses.replace(tensor, groups=groups)


def test_training_does_not_part_twins() -> None:
    """Constant weights: the units of each hidden layer stay the same for ever, to the bit."""
    contenders = (contender("Constant", 0, "constant"), contender("Xavier", 1, "xavier_uniform"))
    asked = replace(
        ARTICLE,
        network=multilayer(2, 16, "tanh"),
        contenders=contenders,
        training=replace(ARTICLE.training, epochs=2),
    )
    found = [shot.readings["twins"] for shot in train(asked) if "twins" in shot.readings]
    assert len(found) > 2
    for reading in found:
        assert reading[0, :2].tolist() == [16, 16]
        assert reading[1].tolist() == [0, 0, 0]


# Movement

MOVES = {
    "small": (normal(2, 5, 4), 1e-6 * normal(2, 5, 4, seed=1)),
    "large": (normal(2, 5, 4), 30 * normal(2, 5, 4, seed=1)),
    "huge": (normal(2, 5, 4, scale=1e30), normal(2, 5, 4, seed=1, scale=1e30)),
    "faint": (normal(2, 5, 4, scale=1e-30), normal(2, 5, 4, seed=1, scale=1e-30)),
    "one weight": (normal(1, 1, 1), normal(1, 1, 1, seed=1)),
    "from zero": (torch.zeros(2, 3, 2), normal(2, 3, 2)),
    "no move": (normal(2, 3, 2), torch.zeros(2, 3, 2)),
    "double": (normal(2, 3, 2).double(), normal(2, 3, 2, seed=1).double()),
}


@pytest.mark.parametrize("case", MOVES)
def test_movement_is_that_of_plain_arithmetic(case: str) -> None:
    before, step = MOVES[case]
    now = before + step
    others = normal(len(now), 6, 6), normal(len(now), 6, 6, seed=5)
    moment = moment_of(now, others[0], started=(before, others[1]), previous=(before, others[1]))
    for replica in range(len(now)):
        a, b = (one[replica].double().flatten().numpy() for one in (before, now))
        length = math.sqrt(a @ a)
        ratio = math.sqrt((b - a) @ (b - a)) / length if length else math.nan
        cosine = (a @ b) / math.sqrt((a @ a) * (b @ b)) if length else math.nan
        for key in ("update_ratio", "travel"):
            assert read(key, moment)[replica, 0] == pytest.approx(ratio, rel=1e-6, nan_ok=True)
        found = read("start_cosine", moment)[replica, 0]
        assert found == pytest.approx(cosine, abs=1e-6, nan_ok=True)


@pytest.mark.parametrize("case", MOVES)
def test_updates_are_the_differences_counted_one_by_one(case: str) -> None:
    before, step = MOVES[case]
    now = before + step
    found = read("updates", moment_of(now, previous=(before,)))
    for replica in range(len(now)):
        pairs = zip(now[replica].flatten(), before[replica].flatten(), strict=True)
        slow = reading_of(np.array([float(one - other) for one, other in pairs]))
        assert found[replica, 0].tolist() == slow.tolist()


def test_an_update_to_what_is_no_number_is_told_and_the_first_snapshot_has_none() -> None:
    now = normal(2, 4, 3)
    before = now.clone()
    before[1, 2, 2] = math.inf
    found = read("updates", moment_of(now, previous=(before,)))
    assert found[:, 0, 2].tolist() == [0, 1]
    assert found[:, 0, 3].tolist() == [12, 11]
    none = PROBES["updates"].measure(moment_of(now, normal(2, 5)))
    assert (none.shape, none.dtype) == ((2, 2, SIZE), torch.int32)
    assert not none[..., 2:].any()
    assert pool(none.numpy()[:, 0]) is None


def test_at_the_start_nothing_has_moved() -> None:
    weights = normal(2, 4, 3), torch.zeros(2, 4, 3)
    weights[0][1, 2, 2] = math.nan
    moment = moment_of(*weights)
    assert np.isnan(read("update_ratio", moment)).all()
    nan = math.nan
    np.testing.assert_array_equal(read("travel", moment), [[0, nan], [nan, nan]])
    np.testing.assert_allclose(read("start_cosine", moment), [[1, nan], [nan, nan]])


def plain_steps(asked: Experiment) -> list[dict[str, np.ndarray]]:
    return [shot.readings for shot in train(asked)]


def test_an_update_is_the_learning_rate_times_the_gradient() -> None:
    training = replace(ARTICLE.training, epochs=2, optimizer=SGD(momentum=0.0), learning_rate=0.3)
    asked = replace(ARTICLE, training=training, recording=Recording(every=1))
    readings = plain_steps(asked)
    first, second = readings[0], readings[1]
    assert np.isnan(first["update_ratio"]).all()
    for replica in range(3):
        network = initialize(plan(asked), replica, 0)
        linears = [one for one in network if isinstance(one, torch.nn.Linear)]
        for at, layer in enumerate(linears):
            length = float(layer.weight.detach().double().norm())
            wanted = 0.3 * first["gradient_norm"][replica, at] / length
            assert second["update_ratio"][replica, at] == pytest.approx(wanted, rel=1e-3)
            assert second["travel"][replica, at] == pytest.approx(wanted, rel=1e-3)


# Singular values


def slow_spectrum(matrix: np.ndarray) -> tuple[float, np.ndarray]:
    values = np.linalg.svd(matrix.astype(np.float64), compute_uv=False)
    share = values / values.sum()
    share = share[share > 0]
    places = np.linspace(0, len(values) - 1, 16)
    return math.exp(-(share * np.log(share)).sum()), np.interp(
        places, np.arange(len(values)), values
    )


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_ranks_and_singular_values_are_those_of_the_matrix(scale: float) -> None:
    weights = (
        normal(2, 20, 30, scale=scale),
        normal(2, 6, 3, 2, 2, scale=scale),
        normal(2, 1, 5, scale=scale),
        scale * normal(2, 12, 1, seed=1) * normal(2, 1, 9),
        scale * torch.eye(8).expand(2, 8, 8),
        normal(2, 4, 6, 2, 2, scale=scale),
    )
    plain = spec(20, 30)
    tensors = (*(plain,) * 5, spec(4, 6, 2, 2, layer="conv_transpose2d"))
    moment = moment_of(*weights, tensors=tensors)
    ranks, values = read("effective_rank", moment), read("singular_values", moment)
    assert values.shape == (2, 6, 16)
    for replica, at in np.ndindex(*ranks.shape):
        weight = weights[at][replica]
        matrix = (weight.transpose(0, 1) if at == 5 else weight).flatten(1).double().numpy()
        rank, spectrum_ = slow_spectrum(matrix / scale)
        assert ranks[replica, at] == pytest.approx(rank, rel=1e-5)
        np.testing.assert_allclose(
            values[replica, at] / scale, spectrum_, atol=1e-5 * spectrum_.max()
        )
    assert ranks[0, 3] == pytest.approx(1, abs=1e-4)
    assert ranks[0, 4] == pytest.approx(8, abs=1e-4)


def test_matrices_without_a_rank_have_none() -> None:
    weights = normal(3, 4, 5)
    weights[0, 1, 1], weights[1, 2, 2] = math.nan, math.inf
    moment = moment_of(weights, torch.zeros(3, 4, 5))
    ranks = read("effective_rank", moment)
    assert np.isnan(ranks[:2, 0]).all()
    assert np.isfinite(ranks[2, 0])
    assert np.isnan(ranks[:, 1]).all()
    values = read("singular_values", moment)
    assert np.isnan(values[:2, 0]).all()
    assert (values[:, 1] == 0).all()


def test_what_would_take_too_long_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spectrum, "MOST", 2 * 3 * 3 * 4 + 2 * 5 * 5 * 6)
    moment = moment_of(normal(2, 5, 6), normal(2, 7, 9), normal(2, 4, 3), normal(2, 5, 6, seed=1))
    ranks = read("effective_rank", moment)
    assert np.isfinite(ranks[0]).tolist() == [True, False, True, False]


def test_dear_readings_are_taken_seldom() -> None:
    asked = replace(
        ARTICLE,
        network=multilayer(1, 4, "relu"),
        training=replace(ARTICLE.training, epochs=2, batch_size=80),
        recording=Recording(every=1),
    )
    steps = [shot.step for shot in train(asked) if "effective_rank" in shot.readings]
    total = plan(asked).header.steps
    assert steps == sorted({*range(0, total, 8), total - 1})
    whole = [shot.step for shot in train(asked) if "travel" in shot.readings]
    assert whole == list(range(total))
