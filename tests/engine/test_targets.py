"""The laws of the weight tensors are those that the window's inspector and the engine know."""

import numpy as np
import pytest
from msgspec.structs import replace

from initstudio import presets
from initstudio.distribution import pool
from initstudio.engine.plan import plan
from initstudio.engine.targets import targets_of
from initstudio.engine.train import train
from initstudio.experiment import Choice, Recording
from initstudio.target import Target, target_of


@pytest.mark.parametrize("name", presets.EXPERIMENTS)
def test_there_is_a_law_for_each_weight_tensor_of_each_contender(name: str) -> None:
    experiment = presets.EXPERIMENTS[name]
    made = plan(experiment)
    found = targets_of(experiment)
    assert set(found) == {one.slot for one in experiment.contenders}
    for contender, assigned in zip(experiment.contenders, made.assignments, strict=True):
        laws = [one.law for one in assigned if one.tensor.role == "weight"]
        assert list(found[contender.slot]) == laws
        assert len(laws) == len(made.header.tensors)


def test_a_tuned_contender_has_none() -> None:
    first, *others = presets.ARTICLE.contenders
    tuned = replace(first, tuning=Choice("lsuv"))
    experiment = replace(presets.ARTICLE, contenders=(tuned, *others))
    assert set(targets_of(experiment)[first.slot]) == {"tuned"}


def test_what_is_drawn_spreads_as_the_target_of_all_tensors_does() -> None:
    experiment = replace(presets.ARTICLE, recording=Recording(probes=("weights",)))
    header = plan(experiment).header
    sizes = [int(np.prod(shape)) for shape in header.tensor_shapes]
    start = next(iter(train(experiment))).readings["weights"]
    for at, contender in enumerate(experiment.contenders):
        target = target_of(targets_of(experiment)[contender.slot], sizes)
        assert isinstance(target, Target)
        group = pool(start[at])
        assert group is not None
        assert group.total == sum(sizes)
        running = np.cumsum(group.counts) / group.total
        x, y = target.curve(float(group.edges[0]) - 0.5, float(group.edges[-1]) + 0.5, 20_001)
        steps = np.diff(x) * (y[1:] + y[:-1]) / 2
        below = np.interp(group.edges[1:], x[1:], np.cumsum(steps))
        # Kolmogorov's bound for a false alarm of 1e-6, and half a step of the sum
        assert np.abs(running - below).max() < np.sqrt(np.log(2e6) / 2 / group.total) + 1e-3
