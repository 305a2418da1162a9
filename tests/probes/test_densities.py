"""Densities of what short trainings of the presets gave, against scipy's of the values themselves.

The values are those that the probe counted, caught on their way.
"""

from itertools import islice

import numpy as np
import numpy.typing as npt
import pytest
import torch
from msgspec.structs import replace
from scipy.stats import gaussian_kde

from initstudio.distribution import density, pool
from initstudio.engine.train import train
from initstudio.experiment import Choice, Experiment, Recording, Seeds
from initstudio.presets import ARTICLE, DEEP_DIGITS, DIGITS
from initstudio.probes import distributions as probe

Values = npt.NDArray[np.float64]
Caught = list[tuple[npt.NDArray[np.int32], Values]]
STEPS = (0, 20, 200)
SAME = 16
FAR = 500
"""Bandwidths that values may spread over so that a reading's bins tell where each of them lies."""


def trained(experiment: Experiment, activation: str, seeds: int) -> Experiment:
    network = tuple(
        Choice(activation) if layer.key == "relu" else layer for layer in experiment.network
    )
    return replace(
        experiment,
        network=network,
        seeds=Seeds(count=seeds),
        recording=Recording(every=20),
        training=replace(experiment.training, epochs=1000),
    )


@pytest.fixture
def caught(monkeypatch: pytest.MonkeyPatch) -> list[Caught]:
    """Return what was counted: a list for each moment, of readings and the values [n] of each."""
    found: list[Caught] = []
    count = probe.distributions

    def catch(tensors: list[torch.Tensor]) -> torch.Tensor:
        readings = count(tensors)
        found.append(
            [
                (readings[replica, at].numpy(), tensor[replica].double().flatten().numpy().copy())
                for at, tensor in enumerate(tensors)
                for replica in range(len(tensor))
            ]
        )
        return readings

    monkeypatch.setattr(probe, "distributions", catch)
    return found


def error_of(readings: npt.NDArray[np.int32], values: Values) -> tuple[float, float]:
    """Return by how much a density differs from scipy's, over its peak, and the values' spread.

    The spread is in bandwidths. Compared are the highest places and some of all.
    """
    group = pool(readings)
    assert group is not None
    assert group.total == len(values)
    places, heights, width = density(group)
    some = np.unique([*range(0, len(places), max(1, len(places) // 60)), *heights.argsort()[-10:]])
    scaled = values / width  # squares of faint values would vanish
    oracle = gaussian_kde(scaled, bw_method=1 / scaled.std(ddof=1))(places[some] / width) / width
    return float(np.abs(heights[some] - oracle).max() / oracle.max()), float(np.ptp(scaled))


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("preset", [ARTICLE, DIGITS, DEEP_DIGITS], ids=lambda one: str(one.title))
def test_densities_in_training_are_scipys(
    preset: Experiment, activation: str, caught: list[Caught]
) -> None:
    deep = preset is DEEP_DIGITS
    asked = trained(preset, activation, 1 if deep else 2)
    for snapshot in islice(train(asked), STEPS[-1] + 1):
        moments = [one for one in caught if one]
        caught.clear()
        if snapshot.step not in STEPS:
            continue
        (everything,) = moments
        # of a deep network's hundred layers some, in each of its contenders
        for reading, values in everything[:: 7 if deep else 1]:
            if np.ptp(values) == 0:
                continue
            error, spread = error_of(reading[None], values)
            # a dead network's outputs are the same for all examples
            dead = SAME * len(np.unique(values)) < len(values)
            assert error < (3e-3 if spread > FAR or dead else 1e-3)


def test_densities_of_pooled_seeds_are_scipys(caught: list[Caught]) -> None:
    for _ in islice(train(trained(DIGITS, "relu", 4)), 21):
        pass
    first, _ = caught
    several = 4 * len(DIGITS.contenders)
    for start in range(0, len(first), several):
        for contender in range(0, several, 4):
            parts = first[start + contender : start + contender + 4]
            values = np.concatenate([values for _, values in parts])
            error, spread = error_of(np.stack([reading for reading, _ in parts]), values)
            assert spread < FAR
            assert error < 1e-3
