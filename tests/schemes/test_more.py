"""Chrono, T-Fixup, the tails in sigmas and other libraries' starts, against their definitions."""

import dataclasses
from math import log, sqrt

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from initstudio.catalogue import Site, TensorSpec, Value
from initstudio.schemes import SCHEMES
from tests.specs import spec

SIGMAS = 5


def drawn(key: str, tensor: TensorSpec, seed: int = 1, **values: Value) -> torch.Tensor:
    scheme = SCHEMES[key]
    filled = torch.full(tensor.shape, 7.0)
    assert scheme.draw
    scheme.draw(filled, scheme.parse(values), tensor, torch.Generator().manual_seed(seed))
    return filled


def law(key: str, tensor: TensorSpec, **values: Value) -> tuple[float, float]:
    found = SCHEMES[key].law(SCHEMES[key].parse(values), tensor)
    return found.mean, found.std


def near(values: torch.Tensor, mean: float, std: float) -> None:
    """Check both moments of independent draws of at most a normal's kurtosis."""
    many = values.numel()
    assert abs(float(values.double().mean()) - mean) <= SIGMAS * std / sqrt(many)
    found = float(values.double().std(correction=0))
    assert abs(found - std) <= SIGMAS * std * sqrt(0.5 / many) + 2 * std / many


LSTM = spec(4 * 5000, role="bias", fans=(3, 20_000), name="rnn.bias_ih_l0", gates=4, layer="lstm")
GRU = spec(3 * 5000, role="bias", fans=(3, 15_000), name="rnn.bias_ih_l0", gates=3, layer="gru")
STATE = spec(4 * 5, role="bias", fans=(3, 20), name="rnn.bias_hh_l0", gates=4, layer="lstm")


@pytest.mark.parametrize("longest", [3.0, 100.0, 1e5])
def test_chrono_spreads_memory_over_its_range(longest: float) -> None:
    i, f, g, o = drawn("chrono", LSTM, longest=longest).chunk(4)
    assert torch.equal(i, -f)
    assert not g.any()
    assert not o.any()
    steps = f.double().exp().numpy()
    assert steps.min() >= 1 - 1e-6
    assert steps.max() <= (longest - 1) * (1 + 1e-6)
    assert stats.kstest(steps, stats.uniform(1, longest - 2).cdf).pvalue > 1e-4
    r, z, n = drawn("chrono", GRU, longest=longest).chunk(3)
    assert not r.any()
    assert not n.any()
    assert stats.kstest(z.double().exp().numpy(), stats.uniform(1, longest - 2).cdf).pvalue > 1e-4
    assert not drawn("chrono", STATE, longest=longest).any()


def test_the_moments_of_chrono_are_those_of_its_integral() -> None:
    longest = 100.0
    u = np.linspace(1, longest - 1, 2_000_001)
    first, second = np.trapezoid(np.log(u), u), np.trapezoid(np.log(u) ** 2, u)
    first, second = first / (longest - 2), second / (longest - 2)
    assert law("chrono", LSTM) == pytest.approx((0, sqrt(second / 2)), rel=1e-6)
    mean = first / 3
    assert law("chrono", GRU) == pytest.approx((mean, sqrt(second / 3 - mean**2)), rel=1e-6)


def test_tails_are_cut_in_sigmas() -> None:
    tensor = spec(300, 200)
    values = drawn("trunc_normal_tf", tensor, mean=3.0, std=0.5)
    assert values.min() >= 3 - 1 - 1e-6
    assert values.max() <= 3 + 1 + 1e-6
    cut = stats.truncnorm(-2, 2, 3, 0.5)
    wanted = (cut.mean(), cut.std())
    assert law("trunc_normal_tf", tensor, mean=3.0, std=0.5) == pytest.approx(wanted, rel=1e-9)
    near(values, cut.mean(), cut.std())
    again = torch.empty(300, 200)
    nn.init.trunc_normal_(again, 0, 1, -2, 2, generator=torch.Generator().manual_seed(1))
    assert torch.equal(values, again * 0.5 + 3)


SITE = Site(attentions=16)
PACKED = spec(192, 64, fans=(64, 192), name="in_proj_weight", gates=3, layer="transformer")
OUT = spec(64, 64, name="out_proj.weight", layer="transformer", site=SITE)


def test_t_fixup_scales_values_outputs_and_feed_forward() -> None:
    factor = 0.67 * 16**-0.25
    q, k, v = drawn("t_fixup", PACKED, blocks=16).chunk(3)
    bound = sqrt(6 / 128)
    for part, scale in ((q, 1), (k, 1), (v, factor)):
        assert float(part.abs().max()) == pytest.approx(bound * scale, rel=0.01)
        near(part, 0, bound * scale / sqrt(3))
    generator = torch.Generator().manual_seed(1)
    first = nn.init.xavier_uniform_(torch.empty(64, 64), generator=generator)
    assert torch.equal(q, first)
    near(drawn("t_fixup", OUT), 0, factor * bound / sqrt(3))
    assert law("t_fixup", PACKED, blocks=16)[1] == pytest.approx(
        bound / sqrt(3) * sqrt((2 + factor**2) / 3)
    )
    plain = spec(64, 64, layer="linear", site=SITE)
    near(drawn("t_fixup", plain), 0, bound / sqrt(3))
    embedding = spec(500, 64, layer="embedding", site=SITE)
    near(drawn("t_fixup", embedding), 0, (9 * 16) ** -0.25 / 8)


def test_keras_is_glorot_with_kerass_fans() -> None:
    dense = spec(300, 200)
    near(drawn("keras", dense), 0, sqrt(2 / 500))
    embedding = spec(400, 30, layer="embedding")
    near(drawn("keras", embedding), 0, 0.05 / sqrt(3))
    # 64 channels, multiplier 2, window 3 x 3: Keras's kernel [3, 3, 64, 2]
    depthwise = spec(128, 1, 3, 3, layer="depthwise")
    depthwise = replaced(depthwise, groups=64)
    near(drawn("keras", depthwise), 0, sqrt(2 / (9 * 64 + 9 * 2)))
    for gate in drawn("keras", replaced(PACKED, layer="attention")).chunk(3):
        near(gate, 0, sqrt(2 / 128))


def replaced(tensor: TensorSpec, **changes: object) -> TensorSpec:
    return dataclasses.replace(tensor, **changes)  # type: ignore[arg-type]


STATE_WEIGHT = spec(4 * 16, 16, name="rnn.weight_hh_l0", gates=4, layer="lstm")


def test_recurrent_kernels_are_orthogonal_whole_or_by_gate() -> None:
    whole = drawn("keras", STATE_WEIGHT).double()
    torch.testing.assert_close(whole.T @ whole, torch.eye(16).double(), rtol=0, atol=1e-5)
    for gate in drawn("flax", STATE_WEIGHT).double().chunk(4):
        torch.testing.assert_close(gate.T @ gate, torch.eye(16).double(), rtol=0, atol=1e-5)


def test_an_lstm_of_keras_starts_with_open_forget_gates() -> None:
    i, f, g, o = drawn("keras", LSTM).chunk(4)
    assert bool((f == 1).all())
    assert not torch.cat([i, g, o]).any()
    assert not drawn("keras", STATE).any()
    assert not drawn("flax", LSTM).any()
    assert law("keras", LSTM) == pytest.approx((0.25, sqrt(3) / 4))


def test_flax_is_lecun_with_its_tails_cut() -> None:
    values = drawn("flax", spec(300, 200))
    near(values, 0, 1 / sqrt(200))
    edge = 2 / sqrt(200) / stats.truncnorm(-2, 2).std()
    assert float(values.abs().max()) <= edge * (1 + 1e-6)
    near(drawn("flax", spec(400, 30, layer="embedding")), 0, 1 / sqrt(30))


@pytest.mark.parametrize("key", ["keras", "flax", "timm"])
def test_norms_start_as_identities(key: str) -> None:
    assert bool((drawn(key, spec(9, role="scale")) == 1).all())
    assert not drawn(key, spec(9, role="shift")).any()
    slope = {"keras": 0.0, "flax": 0.01, "timm": 0.25}[key]
    torch.testing.assert_close(drawn(key, spec(1, role="slope")), torch.tensor([slope]))


def test_timm_starts_two_kinds_of_models() -> None:
    near(drawn("timm", spec(300, 200)), 0, 0.02)
    patch = spec(64, 3, 4, 4, layer="conv2d")
    near(drawn("timm", patch), 0, 1 / sqrt(48))
    near(drawn("timm", patch, model="resnet"), 0, sqrt(2 / (64 * 16)))
    untouched = drawn("timm", spec(5, 5), model="resnet")
    assert bool((untouched == 7).all()), "as PyTorch has it"
    assert law("timm", spec(5, 5), model="resnet")[1] == spec(5, 5).default.std


def test_log_is_the_natural_one() -> None:
    assert float(drawn("chrono", LSTM, longest=100.0).max()) <= log(99) + 1e-5
