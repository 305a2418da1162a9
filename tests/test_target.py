"""The targets of starting values against scipy's densities, and against what is really drawn."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from initstudio.catalogue import Value
from initstudio.law import Law, constant_law, normal_law, times, truncated_law, uniform_law
from initstudio.schemes import SCHEMES
from initstudio.target import CLOSED, WHY_NOT, Target, density_of, target_of
from tests.specs import spec

Array = npt.NDArray[np.float64]
PLACES = np.linspace(-3, 3, 1201)


def truncated(mean: float, std: float, low: float, high: float) -> Any:  # noqa: ANN401
    return stats.truncnorm((low - mean) / std, (high - mean) / std, mean, std)


def law_of(key: str, **values: Value) -> Law:
    scheme = SCHEMES[key]
    return scheme.law(scheme.parse(values), spec(64, 32))


CASES = {
    "normal": (normal_law(0.3, 0.1), stats.norm(0.1, 0.3)),
    "uniform": (uniform_law(0.7), stats.uniform(-0.7, 1.4)),
    "cut at two": (truncated_law(0.5), truncated(0, 0.5 / 0.87962566103, -1.1368472, 1.1368472)),
    "xavier": (law_of("xavier_uniform"), stats.uniform(-0.25, 0.5)),
    "kaiming": (law_of("kaiming_normal"), stats.norm(0, np.sqrt(2 / 32))),
    "lopsided": (
        law_of("truncated_normal", mean=0.5, std=2.0, low=0.0, high=1.0),
        truncated(0.5, 2, 0, 1),
    ),
    "in sigmas": (
        law_of("trunc_normal_tf", mean=0.2, std=0.1, low=-1.0, high=3.0),
        truncated(0.2, 0.1, 0.1, 0.5),
    ),
    "narrow": (
        law_of("truncated_normal", mean=0.0, std=1.0, low=-0.01, high=0.01),
        truncated(0, 1, -0.01, 0.01),
    ),
    "multiplied": (times(truncated_law(1.0), 0.25), truncated(0, 0.28421, -0.5684236, 0.5684236)),
    "formula": (
        law_of("formula", formula="truncated_normal(0, 1, -1, 2)"),
        truncated(0, 1, -1, 2),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_density_is_scipys(name: str) -> None:
    law, oracle = CASES[name]
    # a place at a jump may fall to either side of it
    far = [np.abs(PLACES - end) > 1e-6 for end in (law.low, law.high)]
    places = PLACES[far[0] & far[1]]
    expected = oracle.pdf(places)
    assert np.abs(density_of(law, places) - expected).max() < 1e-4 * expected.max()


@pytest.mark.parametrize("key", sorted(SCHEMES))
def test_every_scheme_has_a_target_or_a_reason(key: str) -> None:
    scheme, tensor = SCHEMES[key], spec(64, 64)
    params = scheme.parse({})
    if scheme.refuses(params, tensor):
        pytest.skip("refused")
    law = scheme.law(params, tensor)
    found = target_of([law], [1])
    if law.kind not in CLOSED:
        assert found == WHY_NOT[law.kind]
        return
    assert isinstance(found, Target)
    if law.std == 0:
        assert found.atoms == ((law.mean, 1.0),)
        return
    x, y = found.curve(law.mean - 8 * law.std, law.mean + 8 * law.std, 4001)
    assert np.trapezoid(y, x) == pytest.approx(1, abs=2e-3)
    mean = np.trapezoid(x * y, x)
    assert mean == pytest.approx(law.mean, abs=1e-3 * law.std)
    assert np.sqrt(np.trapezoid((x - mean) ** 2 * y, x)) == pytest.approx(law.std, rel=2e-3)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-1, 1), st.floats(0.05, 2), st.integers(1, 10_000)),
        min_size=1,
        max_size=6,
    )
)
def test_of_many_tensors_it_is_the_mixture_by_their_sizes(
    parts: list[tuple[float, float, int]],
) -> None:
    target = target_of([normal_law(std, mean) for mean, std, _ in parts], [n for *_, n in parts])
    assert isinstance(target, Target)
    whole = sum(n for *_, n in parts)
    slow = sum(n / whole * stats.norm(mean, std).pdf(PLACES) for mean, std, n in parts)
    np.testing.assert_allclose(target.density(PLACES), slow, rtol=1e-12, atol=1e-300)


def test_single_values_are_apart() -> None:
    laws = [constant_law(0.5), uniform_law(1.0), normal_law(0.0), constant_law(0.5)]
    target = target_of(laws, [10, 60, 20, 10])
    assert isinstance(target, Target)
    assert list(target.atoms) == [(0.5, 0.2), (0.0, 0.2)]
    np.testing.assert_allclose(target.density(np.array([0.5, 2.0])), [0.3, 0])
    assert list(target.jumps) == [-1, 1]


def test_one_tensor_without_a_density_leaves_none() -> None:
    orthogonal = law_of("orthogonal")
    assert target_of([normal_law(1), orthogonal], [1, 1]) == "orthogonal"
    assert target_of(["tuned", normal_law(1)], [1, 1]) == "tuned"
    with pytest.raises(ValueError, match="orthogonal"):
        density_of(orthogonal, PLACES)


def test_a_curve_is_steep_where_the_density_jumps() -> None:
    target = target_of([uniform_law(0.5)], [1])
    assert isinstance(target, Target)
    x, y = target.curve(-1, 1, 5)
    steps = np.flatnonzero(np.diff(y))
    assert [round(float(at), 9) for at in x[steps]] == [-0.5, 0.5]
    assert np.diff(x)[steps].max() < 1e-12


def test_draws_follow_the_target() -> None:
    """A right implementation fails with probability 1e-6."""
    scheme = SCHEMES["truncated_normal"]
    params = scheme.parse({"mean": 0.1, "std": 0.5, "low": -0.4, "high": 0.9})
    tensor, values = spec(400, 500), torch.empty(400, 500)
    assert scheme.draw
    scheme.draw(values, params, tensor, torch.Generator().manual_seed(0))
    target = target_of([scheme.law(params, tensor)], [1])
    assert isinstance(target, Target)
    edges = np.linspace(-0.4, 0.9, 27)
    counts = np.histogram(values.numpy(), edges)[0]
    expected = target.density((edges[1:] + edges[:-1]) / 2) * np.diff(edges) * values.numel()
    chi = float(((counts - expected) ** 2 / expected).sum())
    assert stats.chi2(25).sf(chi) > 1e-6
