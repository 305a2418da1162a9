"""Every reading against the plain network's own weights, gradients and outputs."""

from itertools import accumulate

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from initstudio.distribution import pool
from initstudio.engine.reference import train_one
from initstudio.engine.train import train
from initstudio.experiment import Recording, Seeds
from initstudio.measurement import Moment, Watched
from initstudio.presets import ARTICLE
from initstudio.probes import PROBES
from initstudio.probes.distributions import distributions
from tests.slow_bins import assert_counted, slow_bins


def counts(values: torch.Tensor) -> torch.Tensor:
    return distributions((values,))[:, 0]


def test_readings_are_those_of_the_plain_network() -> None:
    training = replace(ARTICLE.training, epochs=1, clip_norm=0.1)
    asked = replace(ARTICLE, training=training, seeds=Seeds(count=2), recording=Recording(every=6))
    snapshots = {shot.step: shot.readings for shot in train(asked, dtype=torch.float64)}
    for replica in range(6):
        before: list[np.ndarray] = []
        for plain in train_one(asked, replica // 2, replica % 2, dtype=torch.float64):
            readings = snapshots[plain.step]
            linears = [layer for layer in plain.network if isinstance(layer, torch.nn.Linear)]
            now = [layer.weight.detach().numpy().copy() for layer in linears]
            updates = [one - other for one, other in zip(now, before, strict=False)]
            before = now
            if "weights" not in readings:
                continue
            assert readings["updates"][replica, :, 3].any() == (plain.step > 0)
            for at, update in enumerate(updates):
                assert_counts(readings["updates"][replica, at], update)
            for at, layer in enumerate(linears):
                gradient = layer.weight.grad
                assert gradient is not None
                norm = float(gradient.square().sum().sqrt())
                assert readings["gradient_norm"][replica, at] == pytest.approx(norm, rel=1e-5)
            for at, outputs in enumerate(plain.activations):
                std = np.std(outputs.detach().numpy())
                assert readings["activation_std"][replica, at] == pytest.approx(std, rel=1e-5)
            for at, layer in enumerate(linears):
                assert_counts(readings["weights"][replica, at], layer.weight.detach().numpy())


def assert_counts(reading: np.ndarray, values: np.ndarray) -> None:
    """Compare with counting one by one; values of both loops may differ in their last bits."""
    bins = slow_bins(reading)
    assert reading[2:4].tolist() == [0, values.size]
    for below, one in zip(accumulate([0, *(one.many for one in bins)]), bins, strict=False):
        assert abs(int((values < float(one.low)).sum()) - below) <= 1


CASES = {
    "normal": torch.randn(1000, generator=torch.Generator().manual_seed(0)),
    "constant": torch.full((50,), 0.5),
    "zeros": torch.zeros(50),
    "one value": torch.tensor([-3.7]),
    "subnormal": torch.tensor([1e-45, 3e-45, -1e-40]),
    "huge": torch.tensor([3e38, -3e38, 1.0, 0.0]),
    "far and narrow": 100 + 1e-4 * torch.randn(100, generator=torch.Generator().manual_seed(1)),
    "just below an edge": torch.tensor([-1e-30, 1.0]),
    "below an edge by less than a float can tell": torch.tensor([-1e-40, 3e38]),
    "coarse": torch.tensor([-1e-45, 700.0, -300.0]),
    "an edge": torch.tensor([0.0, 1.0, 2.0, 512.0]),
    "not finite": torch.tensor([torch.nan, torch.inf, -torch.inf, 1.0, 2.0]),
    "nothing finite": torch.tensor([torch.nan, torch.inf]),
    "double": torch.tensor([1e300, -1e300, 5e-324, -5e-324], dtype=torch.float64),
    "small double": torch.tensor([5e-324, -1e-320, 1e-310], dtype=torch.float64),
}


@pytest.mark.parametrize("name", CASES)
def test_counts_are_exact(name: str) -> None:
    values = CASES[name]
    reading = counts(values[None])[0].numpy()
    assert abs(int(reading[1])) <= 2**25
    assert_counted(reading, values.double().numpy())


def test_rows_are_counted_apart() -> None:
    values = torch.stack([CASES["normal"], 100 * CASES["normal"], torch.full((1000,), torch.nan)])
    together = counts(values)
    for row, reading in zip(values, together, strict=True):
        assert torch.equal(counts(row[None])[0], reading)


def test_values_that_are_all_zero_coarsen_nothing_that_they_are_merged_with() -> None:
    faint = 1e-20 * CASES["normal"]
    together = pool(counts(torch.stack([faint, torch.zeros(1000)])).numpy())
    alone = pool(counts(faint[None]).numpy())
    assert together is not None
    assert alone is not None
    assert together.exponent <= alone.exponent
    assert together.std() < alone.std()


def test_lengths_and_spreads_of_faint_and_of_huge_values_are_told() -> None:
    for scale in (1e-30, 1.0, 1e30):
        values = scale * torch.randn(2, 3, 40, generator=torch.Generator().manual_seed(3))
        moment = Moment(
            loss=torch.zeros(2),
            correct=torch.zeros(2),
            weights=(values,),
            gradients=(values,),
            activations=(values,),
            signals=(values,),
            layers=(Watched(label="1 Linear", key="linear"),),
            started=(values,),
            theory=lambda _quantity: torch.ones(2, 1),
        )
        assert PROBES["activation_theory"].measure(moment).shape == (2, 1)
        rows = values.double().flatten(1).numpy()
        spread = PROBES["activation_std"].measure(moment)[:, 0]
        np.testing.assert_allclose(spread, rows.std(1), rtol=1e-6)
        length = PROBES["gradient_norm"].measure(moment)[:, 0]
        np.testing.assert_allclose(length, np.sqrt((rows**2).sum(1)), rtol=1e-6)
