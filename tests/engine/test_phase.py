"""Phases against published figures, against iterating the maps by hand, and against signals."""

from functools import partial
from math import exp, inf, log

import numpy as np
import pytest
from msgspec.structs import replace

from initstudio import edits, gaussian
from initstudio.averages import averages_of
from initstudio.engine.assignment import assign
from initstudio.engine.phase import critical_line, fixed_point, phase
from initstudio.engine.plan import plan
from initstudio.engine.studies import STUDIES
from initstudio.errors import ExperimentError
from initstudio.experiment import Choice, Experiment
from initstudio.presets import ARTICLE, contender, multilayer
from initstudio.results import Results


def at(key: str, w: float, b: float, **params: object) -> tuple[float, float, float, float]:
    found = phase(averages_of(key, params), np.array([w]), np.array([b]))
    return float(found.q[0]), float(found.chi[0]), float(found.c[0]), float(found.depth[0])


@pytest.mark.parametrize(("weight", "depth"), [(1.0, 3.63), (1.3, 7.83), (1.5, 15.8), (1.7, 74.9)])
def test_depth_scales_of_tanh(weight: float, depth: float) -> None:
    found = at("tanh", weight, 0.05)[3]
    assert found == pytest.approx(depth, rel=2e-3)
    chi = fixed_point("tanh", {}, weight, 0.05)[1]
    assert found == pytest.approx(-1 / log(chi), rel=1e-5)


@pytest.mark.parametrize(("weight", "bias"), [(0.7, 0.1), (2.5, 0.05), (1.2, 0.0), (3.5, 0.3)])
def test_lengths_settle_within_their_own_depth(weight: float, bias: float) -> None:
    found = phase(averages_of("tanh", {}), np.array([weight]), np.array([bias]))
    q, distances = 1.0, []
    for _ in range(30):
        q = weight * gaussian.moments("tanh", {}, q)[1] + bias
        distances.append(abs(q - fixed_point("tanh", {}, weight, bias)[0]))
    late = [one for one in distances if 1e-10 < one < 1e-4]
    if len(late) < 3:
        late = distances[-3:]
    per_layer = log(late[0] / late[-1]) / (len(late) - 1)
    assert found.length_depth[0] == pytest.approx(1 / per_layer, rel=0.01)


def test_the_correlation_that_is_settled_at_is_left_as_it_is() -> None:
    """By a plain sum over a grid of both signals."""
    z = np.linspace(-8, 8, 1601)
    weight = np.exp(-(z**2) / 2)
    weight /= weight.sum()
    for w, b in ((2.5, 0.05), (3.5, 0.3), (2.0, 0.02)):
        q, chi, c, _ = at("tanh", w, b)
        assert chi > 1
        assert 0 < c < 1
        second = c * z[:, None] + np.sqrt(1 - c * c) * z[None]
        product = (
            weight @ (np.tanh(np.sqrt(q) * z)[:, None] * np.tanh(np.sqrt(q) * second)) @ weight
        )
        assert (w * product + b) / q == pytest.approx(c, abs=1e-6)


def test_what_jumps_tears_equal_inputs_apart() -> None:
    found = phase(averages_of("hardshrink", {}), np.array([1.5]), np.array([0.1]))
    assert np.isfinite(found.chi).all()
    assert np.isnan(found.c).all()
    assert np.isnan(found.depth).all()
    assert np.isnan(critical_line(averages_of("hardshrink", {}), np.array([0.0, 0.1]))).all()


def test_the_critical_point_of_tanh() -> None:
    exact = gaussian.critical_weight_variance("tanh", {}, 0.05)
    assert fixed_point("tanh", {}, exact, 0.05)[0] == pytest.approx(0.5700, abs=6e-5)
    for bias, weight in ((0.05, 1.7610), (0.01, 1.4242)):
        exact = gaussian.critical_weight_variance("tanh", {}, bias)
        assert exact == pytest.approx(weight, abs=6e-5)
        assert fixed_point("tanh", {}, exact, bias)[1] == pytest.approx(1, abs=1e-6)


def test_the_gain_of_torch_for_tanh_is_chaotic() -> None:
    q, chi = fixed_point("tanh", {}, (5 / 3) ** 2, 0.0)
    assert chi == pytest.approx(1.2098, abs=6e-5)
    assert gaussian.moments("tanh", {}, q)[1] ** 0.5 == pytest.approx(0.6513, abs=6e-5)


@pytest.mark.parametrize("key", ["tanh", "gelu", "sigmoid", "softplus", "elu", "hardtanh"])
def test_the_grid_is_the_quadrature(key: str) -> None:
    for weight, bias in ((0.4, 0.2), (1.1, 0.05), (1.9, 0.3)):
        q, chi = fixed_point(key, {}, weight, bias)
        found = at(key, weight, bias)
        if np.isfinite(q):
            assert found[0] == pytest.approx(q, rel=1e-6)
        else:
            assert found[0] == q
        assert found[1] == pytest.approx(chi, rel=1e-6)


@pytest.mark.parametrize(("weight", "bias"), [(0.7, 0.1), (2.5, 0.05), (3.5, 0.3)])
def test_what_is_settled_at_is_where_iterating_comes_to(weight: float, bias: float) -> None:
    averages = averages_of("tanh", {})
    q, c = np.array([1.0]), np.array([0.3])
    distances = []
    for _ in range(400):
        product, _ = averages.slope_of_correlation(q, c)
        longer = weight * averages.moments(q)[1] + bias
        c = (weight * product + bias) / longer
        q = longer
        distances.append(float(c[0]))
    settled_q, _, settled_c, depth = at("tanh", weight, bias)
    assert settled_q == pytest.approx(float(q[0]), rel=1e-3)
    assert settled_c == pytest.approx(float(c[0]), abs=1e-3)
    # e times nearer in so many layers
    late = [abs(one - distances[-1]) for one in distances[25:36]]
    assert log(late[0] / late[-1]) / 10 == pytest.approx(1 / depth, rel=0.02)


def test_rectifiers_vanish_or_grow() -> None:
    assert at("relu", 1.0, 0.0)[:2] == pytest.approx((0, 0.5))
    assert at("relu", 1.0, 0.3)[0] == pytest.approx(0.6)
    assert at("relu", 3.0, 0.3)[:2] == pytest.approx((inf, 1.5))
    assert at("relu", 2.0, 0.0)[1] == pytest.approx(1)
    assert at("relu", 2.0, 0.0)[3] > 1e9
    assert at("relu", 1.0, 0.0)[3] == pytest.approx(1 / log(2))
    assert at("linear", exp(-0.5), 0.0)[3] == pytest.approx(2)


@pytest.mark.parametrize(
    "key",
    ["tanh", "gelu", "silu", "sigmoid", "hardtanh", "sin", "elu", "selu", "relu", "relu6"],
)
def test_critical_lines_are_those_of_the_quadrature(key: str) -> None:
    biases = np.array([0.0, 0.01, 0.05, 0.2, 0.5])
    wanted = []
    for bias in biases:
        try:
            wanted.append(gaussian.critical_weight_variance(key, {}, float(bias)))
        except ValueError:
            wanted.append(np.nan)
    np.testing.assert_allclose(critical_line(averages_of(key, {}), biases), wanted, rtol=1e-6)


def test_critical_lines_lie_between_order_and_chaos() -> None:
    biases = np.array([0.005, 0.05, 0.3])
    for key in ("tanh", "hardtanh", "sin", "elu"):
        averages = averages_of(key, {})
        line = critical_line(averages, biases)
        before, there, behind = (phase(averages, by * line, biases) for by in (0.99, 1, 1.01))
        assert (before.chi < 1).all()
        np.testing.assert_allclose(there.chi, 1, atol=1e-6)
        assert (there.depth > 1e4).all()
        assert (behind.chi > 1).all()
        assert (behind.c < 1).all()


def examined(experiment: Experiment) -> Results:
    study = STUDIES["phase"]
    *slices, last = study.begin(plan(experiment), study.parse({}), lambda _share: None)
    assert all(one is None for one in slices)
    assert last is not None
    assert last.share == 1
    return last


def test_each_contender_has_its_place() -> None:
    asked = replace(
        ARTICLE,
        network=multilayer(4, 64, "tanh"),
        contenders=(
            contender("Edge", 0, "edge_of_chaos", critical=False, sigma_w=1.3, sigma_b=0.2),
            contender("Ones", 1, "ones"),
            contender("Zeros", 2, "zeros"),
            contender("Huge", 3, "normal", std=2.0),
        ),
    )
    found = examined(edits.contender_at(asked, 1.761, 0.05)).values
    points = found["points"]
    np.testing.assert_allclose(points[0], (1.3**2, 0), rtol=1e-9)
    assert np.isnan(points[1:3]).all()
    np.testing.assert_allclose(points[4], (1.761, 0.05), rtol=1e-4)
    assert points[3, 0] == pytest.approx(4.0 * (20 * 64**3) ** 0.25)
    assert found["trail"].shape == (5, 5, 2)
    assert found["weight_variance"][-1] == 16.0
    assert found["depth_scale"].shape == found["chi"].shape == (64, 96)
    wanted = fixed_point("tanh", {}, float(found["weight_variance"][50]), found["bias_variance"][9])
    assert (found["q"][9, 50], found["chi"][9, 50]) == pytest.approx(wanted, rel=1e-6)
    assert np.isfinite(found["chi"]).all()


@pytest.mark.parametrize("activation", ["relu", "gelu", "sigmoid", "silu", "hardtanh", "sin"])
def test_every_activation_has_a_diagram(activation: str) -> None:
    found = examined(replace(ARTICLE, network=multilayer(2, 8, activation)))
    assert not np.isnan(found.values["depth_scale"]).any()
    assert (found.values["depth_scale"] > 0).all()
    assert found.notes[0].startswith("for ")


def test_without_an_activation_it_is_linear() -> None:
    network = (Choice("linear", {"units": 8}), Choice("output"))
    found = examined(replace(ARTICLE, network=network))
    assert "linear" in found.notes[0]
    np.testing.assert_allclose(found.values["chi"][0], found.values["weight_variance"])


def test_a_contender_is_made_at_a_point() -> None:
    made = edits.contender_at(ARTICLE, 1.761, 0.05)
    resolved = plan(made)
    laws = {one.parameter: one.law for one in assign(made.contenders[-1], resolved.layers)}
    assert laws["0.weight"].std ** 2 * 20 == pytest.approx(1.761, rel=1e-5)
    assert laws["0.bias"].std ** 2 == pytest.approx(0.05, rel=1e-5)
    plain = edits.contender_at(ARTICLE, 2.0, 0.0).contenders[-1]
    assert plain.rules[1].scheme == Choice("zeros")
    full = ARTICLE
    add = partial(edits.contender_at, weight_variance=1.0, bias_variance=0.0)
    for _ in range(13):
        full = add(full)
    with pytest.raises(ExperimentError, match="16 contenders"):
        add(full)
