"""What is measured of a start, and the test of draws against their target."""

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from scipy import stats

from initstudio.engine.initialize import initialize
from initstudio.engine.plan import plan
from initstudio.engine.train import train
from initstudio.experiment import Choice, Contender, Experiment, Rule, Seeds
from initstudio.law import Law, constant_law, normal_law, uniform_law
from initstudio.presets import ARTICLE
from initstudio.probes.start import _farthest, _kolmogorov_tail, chances

TRIALS = 400


def chance(values: torch.Tensor, law: Law) -> float:
    return chances([values], [law])[0]


def drawn(law: Law, count: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    if law.kind == "normal":
        return torch.empty(count).normal_(law.mean, law.std, generator=generator)
    return torch.empty(count).uniform_(law.low, law.high, generator=generator)


@pytest.mark.parametrize("law", [normal_law(0.3, mean=0.1), uniform_law(2.0)], ids=str)
def test_the_chance_is_that_of_kolmogorov_and_smirnov(law: Law) -> None:
    reference = stats.norm(law.mean, law.std) if law.kind == "normal" else stats.uniform(-2.0, 4.0)
    for count in (100, 1000, 20_000):
        values = drawn(law, count, count)
        wanted = stats.kstest(values.double().numpy(), reference.cdf).pvalue
        assert chance(values, law) == pytest.approx(wanted, abs=0.02)


@pytest.mark.parametrize("count", [1, 2, 30, 3000, 20_000])
def test_the_distance_is_that_of_sorted_values(count: int) -> None:
    generator = torch.Generator().manual_seed(count)
    uniform = torch.rand(3, count, generator=generator)
    rows = torch.cat([uniform, uniform**2, (4 * uniform).floor() / 4, torch.ones(1, count)])
    wanted = [stats.kstest(row.double().numpy(), "uniform").statistic for row in rows]
    np.testing.assert_allclose(_farthest(rows), wanted, rtol=1e-9)


def test_tensors_are_tested_together_as_apart() -> None:
    laws = [normal_law(0.3), normal_law(2.0, mean=1.0), uniform_law(2.0), constant_law(0.1)] * 3
    values = [drawn(law, 500, seed) for seed, law in enumerate(laws)]
    values[5] = values[5][:400]
    assert chances(values, laws) == [
        chance(one, law) for one, law in zip(values, laws, strict=True)
    ]


def test_the_tail_is_kolmogorovs() -> None:
    for x in (0.1, 0.5, 0.8, 1.0, 1.5, 3.0):
        assert _kolmogorov_tail(x) == pytest.approx(stats.kstwobign.sf(x), abs=1e-9)


@pytest.mark.parametrize(
    "law",
    [normal_law(1.0), uniform_law(1.0), Law(kind="orthogonal", mean=0, std=1.0)],
    ids=lambda law: law.kind,
)
def test_right_draws_pass_and_wrong_ones_do_not(law: Law) -> None:
    """Of right draws at most the share t lies below t; a tenth more spread is always found."""
    base = normal_law(1.0) if law.kind == "orthogonal" else law
    found = np.array([chance(drawn(base, 2000, seed), law) for seed in range(TRIALS)])
    for limit in (0.05, 0.25):
        edge = 5 * (limit * (1 - limit) / TRIALS) ** 0.5
        assert (found < limit).mean() <= limit + edge
    assert chance(1.1 * drawn(base, 20_000, 1), law) < 1e-6
    assert chance(0.2 + drawn(base, 20_000, 1), law) < 1e-6


def test_constants_are_exact_and_what_is_not_finite_fails() -> None:
    assert chance(torch.full((5,), 0.1), constant_law(0.1)) == 1
    assert chance(torch.tensor([0.1, 0.1, 0.1001]), constant_law(0.1)) == 0
    assert chance(torch.zeros(4), constant_law(0)) == 1
    assert chance(torch.tensor([1.0, torch.nan]), normal_law(1.0)) == 0


def started(experiment: Experiment) -> dict[str, np.ndarray]:
    run = train(experiment)
    first, second = next(run), next(run)
    run.close()
    assert "start_mean" not in second.readings
    return first.readings


def test_a_start_is_measured_parameter_by_parameter() -> None:
    asked = replace(ARTICLE, seeds=Seeds(first=3, count=2))
    readings = started(asked)
    resolved = plan(asked)
    for replica in range(6):
        network = initialize(resolved, replica // 2, 3 + replica % 2)
        for at, name in enumerate(resolved.header.parameters):
            values = network.get_parameter(name).detach().double()
            for key, wanted in (
                ("start_mean", values.mean()),
                ("start_std", values.std(correction=0)),
                ("start_least", values.min()),
                ("start_greatest", values.max()),
            ):
                assert readings[key][replica, at] == pytest.approx(float(wanted), rel=1e-6)
    assert (readings["start_chance"] > 1e-4).all()


def test_a_tensor_that_no_rule_hits_is_tested_against_torchs_default() -> None:
    bare = replace(ARTICLE, contenders=(Contender(name="Bare", slot=0, rules=()),))
    assert (started(bare)["start_chance"] > 1e-4).all()
    rule = Rule(role="weight", scheme=Choice("normal", {"std": 0.0}))
    frozen = replace(bare, contenders=(Contender(name="Zero", slot=0, rules=(rule,)),))
    readings = started(frozen)
    assert (readings["start_std"][0, ::2] == 0).all()
    assert (readings["start_chance"][0, ::2] == 1).all()
