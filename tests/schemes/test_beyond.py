"""Schemes beyond the usual: closed forms, published invariants, and torch's own functions."""

from collections.abc import Iterator
from math import log, sqrt
from typing import Any

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from scipy import stats
from torch.nn import init

from initstudio import gaussian
from initstudio.catalogue import Branch, Site, TensorSpec, Value
from initstudio.engine.initialize import initialize
from initstudio.engine.plan import plan
from initstudio.engine.reference import train_one
from initstudio.experiment import Choice, Experiment
from initstudio.presets import DIGITS, contender
from initstudio.schemes import SCHEMES
from tests.specs import spec

CHANCE = 1e-6


def drawn(key: str, tensor: TensorSpec, seed: int = 0, **values: Value) -> torch.Tensor:
    scheme = SCHEMES[key]
    assert scheme.draw
    params = scheme.parse(values)
    assert scheme.refuses(params, tensor) is None
    out = torch.full(tensor.shape, torch.nan)
    scheme.draw(out, params, tensor, torch.Generator().manual_seed(seed))
    return out


def assert_drawn_from(values: torch.Tensor, law: Any) -> None:  # noqa: ANN401 - scipy has no types
    """A right draw fails here once in a million."""
    assert stats.kstest(values.double().flatten().numpy(), law.cdf).pvalue > CHANCE


def test_all_of_torch_nn_init_is_here() -> None:
    public = {name for name in dir(init) if name.endswith("_") and not name.startswith("_")}
    sources = " ".join(scheme.source for scheme in SCHEMES.values())
    # LeCun's sources name kaiming_{}_ by a pattern; these are its keys
    known = {"xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_"}
    keys = {f"{key}_" for key in SCHEMES}
    missing = {name for name in public if f"init.{name}" not in sources} - (known & keys)
    assert missing == set()


def test_deterministic_matrices_are_torchs() -> None:
    assert torch.equal(drawn("identity", spec(5, 7)), init.eye_(torch.empty(5, 7)))
    assert torch.equal(drawn("identity", spec(4, 4), scale=0.5), 0.5 * torch.eye(4))
    wanted = init.dirac_(torch.empty(6, 3, 3, 3), 2)
    assert torch.equal(drawn("dirac", spec(6, 3, 3, 3), groups=2), wanted)
    for key, tensor in (
        ("identity", spec(5, 7)),
        ("dirac", spec(6, 4, 3, 5)),
        ("zero_hadamard", spec(6, 6)),
        ("zero_hadamard", spec(12, 5)),
        ("zero_hadamard", spec(5, 12)),
        ("zero_hadamard", spec(12, 5, 3, 3)),
    ):
        values = drawn(key, tensor).double()
        law = SCHEMES[key].law(SCHEMES[key].parse({}), tensor)
        assert values.mean().item() == pytest.approx(law.mean, abs=1e-7)
        assert values.std(correction=0).item() == pytest.approx(law.std, abs=1e-7)


def test_sparse_is_torchs_and_depends_on_its_generator_alone() -> None:
    torch.manual_seed(3)
    wanted = init.sparse_(torch.empty(40, 30), 0.25, 0.5)
    torch.manual_seed(3)
    scheme, found = SCHEMES["sparse"], torch.empty(40, 30)
    assert scheme.draw
    params = scheme.parse({"sparsity": 0.25, "std": 0.5})
    scheme.draw(found, params, spec(40, 30), torch.default_generator)
    assert torch.equal(found, wanted)
    one, other = (drawn("sparse", spec(40, 30), 5, sparsity=0.25) for _ in range(2))
    assert torch.equal(one, other)
    assert ((one == 0).sum(0) == 10).all()


@pytest.mark.parametrize("mode", ["fan_in", "fan_out", "fan_avg"])
@pytest.mark.parametrize("distribution", ["truncated_normal", "normal", "uniform"])
def test_variance_scaling_has_its_variance_and_shape(mode: str, distribution: str) -> None:
    tensor = spec(200, 300)
    fan = {"fan_in": 300, "fan_out": 200, "fan_avg": 250}[mode]
    std = sqrt(2 / fan)
    values = drawn("variance_scaling", tensor, scale=2.0, mode=mode, distribution=distribution)
    wide = std / stats.truncnorm(-2, 2).std()
    laws = {
        "truncated_normal": stats.truncnorm(-2, 2, 0, wide),
        "normal": stats.norm(0, std),
        "uniform": stats.uniform(-sqrt(3) * std, 2 * sqrt(3) * std),
    }
    assert_drawn_from(values, laws[distribution])
    assert laws[distribution].std() == pytest.approx(std)
    law = SCHEMES["variance_scaling"].law(
        SCHEMES["variance_scaling"].parse(
            {"scale": 2.0, "mode": mode, "distribution": distribution}
        ),
        tensor,
    )
    assert law.std == pytest.approx(std)


@pytest.mark.parametrize("activation", ["relu", "gelu", "tanh", "silu", "sigmoid", "mish"])
def test_the_activation_gain_keeps_the_mean_square(activation: str) -> None:
    tensor = spec(400, 500, site=Site(activation=activation))
    gain = 1 / sqrt(gaussian.moments(activation, {})[1])
    assert_drawn_from(drawn("activation_gain", tensor), stats.norm(0, gain / sqrt(500)))
    kept = gaussian.unit_variance_gain(activation, {})
    values = drawn("activation_gain", tensor, keeps="variance", mode="fan_out")
    assert_drawn_from(values, stats.norm(0, kept / sqrt(400)))


def test_the_edge_of_chaos_is_solved_for() -> None:
    tensor = spec(400, 500, site=Site(activation="tanh"))
    values = drawn("edge_of_chaos", tensor, sigma_b=sqrt(0.05))
    assert_drawn_from(values, stats.norm(0, sqrt(1.7610 / 500)))
    chosen = drawn("edge_of_chaos", tensor, critical=False, sigma_w=1.5)
    assert_drawn_from(chosen, stats.norm(0, 1.5 / sqrt(500)))
    scheme = SCHEMES["edge_of_chaos"]
    relu = spec(4, 5, site=Site(activation="relu"))
    refusal = scheme.refuses(scheme.parse({"sigma_b": 0.3}), relu)
    assert refusal
    assert "no critical point" in refusal
    bias = spec(9000, role="bias", fans=(5, 9000))
    assert_drawn_from(drawn("sigma_b", bias, sigma_b=0.3), stats.norm(0, 0.3))


def test_siren_tells_the_first_layer_from_the_others() -> None:
    first, other = spec(256, 64, site=Site(layers=3)), spec(256, 64, site=Site(at=1, layers=3))
    assert_drawn_from(drawn("siren", first), stats.uniform(-1 / 64, 2 / 64))
    bound = sqrt(6 / 64) / 30
    assert_drawn_from(drawn("siren", other), stats.uniform(-bound, 2 * bound))


def test_delta_orthogonal_keeps_lengths() -> None:
    weight = drawn("delta_orthogonal", spec(8, 5, 3, 3), gain=1.5)
    middle = weight[:, :, 1, 1]
    torch.testing.assert_close(middle.T @ middle, 2.25 * torch.eye(5), atol=1e-5, rtol=0)
    weight[:, :, 1, 1] = 0
    assert (weight == 0).all()


def test_zero_keeps_the_rank_and_its_columns_are_orthonormal() -> None:
    assert torch.equal(drawn("zero_hadamard", spec(4, 9)), torch.eye(4, 9))
    grown = drawn("zero_hadamard", spec(16, 5))
    torch.testing.assert_close(grown.T @ grown, torch.eye(5))
    conv = drawn("zero_hadamard", spec(4, 4, 3, 3))
    assert torch.equal(conv[:, :, 1, 1], torch.eye(4))


def branch(at: int, layers: int = 3, branches: int = 4) -> Site:
    return Site(
        at=at + 1,
        layers=9,
        branch=Branch(number=1, branches=branches, at=at, layers=layers),
    )


def test_fixup_scales_branches_and_silences_their_ends() -> None:
    scheme = SCHEMES["fixup"]
    params = scheme.parse({})
    he = sqrt(2 / 100)
    inner = scheme.law(params, spec(100, 100, site=branch(0)))
    assert inner.std == pytest.approx(4 ** (-1 / 4) * he)
    assert scheme.law(params, spec(100, 100, site=branch(2))).std == 0
    assert scheme.law(params, spec(100, 100, site=Site(at=8, layers=9))).std == 0
    assert scheme.law(params, spec(100, 100, site=Site(at=0, layers=9))).std == pytest.approx(he)
    law = SCHEMES["gpt2"].law(SCHEMES["gpt2"].parse({}), spec(9, 9, site=branch(2)))
    assert law.std == pytest.approx(0.02 / 2)


def residual_digits(scheme: str) -> Experiment:
    inside = (Choice("linear", {"units": 32}), Choice("relu"), Choice("linear", {"units": 32}))
    block = Choice("repeat", {"times": 4}, (Choice("residual", inside=inside),))
    network = (Choice("linear", {"units": 32}), block, Choice("output"))
    return replace(DIGITS, network=network, contenders=(contender("It", 0, scheme),))


def test_a_fixup_network_starts_at_exactly_log_classes() -> None:
    first = next(train_one(residual_digits("fixup"), 0, 0, dtype=torch.float64))
    assert first.loss == pytest.approx(log(10), abs=1e-12)


def test_silent_branches_leave_the_stream_as_it_is() -> None:
    asked = residual_digits("zero_last")
    network = initialize(plan(asked), 0, 0)
    x = torch.randn(5, 64)
    stem = network[0](x)
    assert torch.equal(network[1](stem), stem)


def gates(seed: int = 0) -> Iterator[torch.Tensor]:
    for name in ("bias_ih_l0", "bias_hh_l0"):
        tensor = spec(12, role="bias", fans=(5, 12), gates=4, layer="lstm", name=f"rnn.{name}")
        yield drawn("lstm_forget", tensor, seed, bias=2.0)


def test_forget_gates_start_open() -> None:
    of_input, of_state = gates()
    assert of_input.tolist() == [0.0] * 3 + [2.0] * 3 + [0.0] * 6
    assert of_state.tolist() == [0.0] * 12
    law = SCHEMES["lstm_forget"].law(
        SCHEMES["lstm_forget"].parse({"bias": 2.0}),
        spec(12, role="bias", fans=(5, 12), gates=4, name="rnn.bias_ih_l0"),
    )
    assert (law.mean, law.std) == pytest.approx((0.5, float(np.std(of_input.numpy()))))
