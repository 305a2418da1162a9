"""What theory says of a start, against published figures and against networks that are drawn."""

from math import pi, sqrt

import numpy as np
import pytest
from msgspec.structs import replace

from initstudio.averages import averages_of
from initstudio.engine.plan import Plan, plan
from initstudio.engine.theory import predicted_stds, predictions
from initstudio.experiment import Choice, Rule
from initstudio.gaussian import moments
from initstudio.presets import DEEP_DIGITS, contender
from tests.drawn import (
    ALIKE,
    DRAWS,
    WIDTH,
    X,
    deep,
    measured,
    measured_each,
    measured_more,
    planned,
)


def of_activations(resolved: Plan, values: np.ndarray) -> np.ndarray:
    return values[list(resolved.header.activations)]


def test_the_figures_of_glorot_and_bengio() -> None:
    resolved = planned(
        deep("tanh"),
        contender("Torch", 0, "torch_default"),
        contender("Xavier", 1, "xavier_uniform"),
    )
    for at, wanted in (
        (0, (0.4603, 0.2495, 0.1412, 0.0810, 0.0467)),
        (1, (0.6279, 0.4863, 0.4082, 0.3576, 0.3216)),
    ):
        found = of_activations(resolved, predicted_stds(resolved, at, X))
        np.testing.assert_allclose(found, wanted, atol=6e-5)


@pytest.mark.parametrize(
    ("scheme", "factor"),
    [("kaiming_normal", 1.0), ("xavier_normal", 0.5), ("torch_default", 1 / 6)],
)
def test_relu_networks_multiply_the_second_moment_by_a_factor_a_layer(
    scheme: str, factor: float
) -> None:
    resolved = planned(deep("relu"), contender("It", 0, scheme))
    found = of_activations(resolved, predicted_stds(resolved, 0, X)) ** 2
    share = 0.5 - 1 / (2 * pi)  # the variance of max(z, 0)
    wanted = share * 2 * factor * factor ** np.arange(5)
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


NETWORKS: dict[str, tuple[Choice, ...]] = {
    "relu": deep("relu"),
    "tanh": deep("tanh"),
    "gelu": deep("gelu"),
    "leaky": deep("leaky_relu", negative_slope=0.2),
    "batch norm": (
        *(Choice("linear", {"units": WIDTH}), Choice("batch_norm"), Choice("relu")) * 3,
        Choice("output"),
    ),
    "layer norm": (
        *(Choice("linear", {"units": WIDTH}), Choice("layer_norm"), Choice("tanh")) * 3,
        Choice("output"),
    ),
    "dropout": (
        *(Choice("linear", {"units": WIDTH}), Choice("relu"), Choice("dropout", {"p": 0.3})) * 3,
        Choice("output"),
    ),
    "residual": (
        Choice("linear", {"units": WIDTH}),
        *(
            Choice(
                "residual",
                {"branch_scale": 0.5},
                inside=(
                    Choice("relu"),
                    Choice("linear", {"units": WIDTH}),
                ),
            ),
        )
        * 3,
        Choice("output"),
    ),
    "convolution": (
        Choice("linear", {"units": WIDTH}),
        Choice("unflatten", {"channels": 8, "height": 8, "width": 8}),
        Choice("conv2d", {"channels": 64, "kernel": 3, "padding": 1}),
        Choice("relu"),
        Choice("conv2d", {"channels": 64, "kernel": 3, "padding": 2, "stride": 2, "dilation": 2}),
        Choice("relu"),
        Choice("flatten"),
        Choice("output"),
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("scheme", ["kaiming_normal", "xavier_uniform", "torch_default"])
def test_networks_that_are_drawn_spread_as_predicted(name: str, scheme: str) -> None:
    bias = "torch_default" if scheme == "torch_default" else "zeros"
    resolved = planned(NETWORKS[name], contender("It", 0, scheme, bias))
    found, wanted = predicted_stds(resolved, 0, X), measured(resolved, X)
    hidden = [at for at, one in enumerate(resolved.watched) if one.layer.key != "output"]  # type: ignore[union-attr]
    np.testing.assert_allclose(found[hidden], wanted[hidden], rtol=0.05)
    assert np.isfinite(found).all()


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("scheme", ["kaiming_normal", "torch_default"])
def test_networks_that_are_drawn_are_as_predicted_in_all_else(name: str, scheme: str) -> None:
    bias = "torch_default" if scheme == "torch_default" else "zeros"
    draws = 60 if name == "convolution" else DRAWS  # of few channels, shared by all places
    resolved = planned(NETWORKS[name], contender("It", 0, scheme, bias))
    found, wanted = predictions(resolved, 0, ALIKE), measured_more(resolved, ALIKE, draws)
    hidden = [at for at, one in enumerate(resolved.watched) if one.layer.key != "output"]  # type: ignore[union-attr]
    for key, tolerance in (("activation_second", 0.05), ("signal_std", 0.07)):
        np.testing.assert_allclose(
            found[key][hidden], wanted[key][hidden], rtol=tolerance, err_msg=key
        )
        assert np.isfinite(found[key]).all()
    if name != "convolution":
        np.testing.assert_allclose(found["cosine"][hidden], wanted["cosine"][hidden], atol=0.02)


@pytest.mark.parametrize("activation", ["linear", "tanh", "relu", "gelu"])
def test_with_biases_all_is_within_5_percent(activation: str) -> None:
    """Of means over so many draws that 5 % are more than four of their standard errors."""
    network = deep(activation, 4)
    if activation == "linear":
        network = (Choice("linear", {"units": WIDTH}),) * 4 + (Choice("output"),)
    start = contender("It", 0, "activation_gain")
    biases = Rule(role="bias", scheme=Choice("sigma_b", {"sigma_b": 0.3}))
    resolved = planned(network, replace(start, rules=(*start.rules, biases)))
    predicted = predictions(resolved, 0, ALIKE)
    wanted = {key: predicted[key][:-1] for key in ("activation_second", "cosine")}
    wanted["signal_second"] = predicted["signal_std"][:-1] ** 2
    draws = 128
    measured = measured_each(resolved, ALIKE, draws)
    # given the gradient by the outputs, that by all else is on the average in proportion to it
    measured["signal_second"] /= measured["signal_second"][:, -1:]
    for key, value in wanted.items():
        ratio = measured[key][:, :-1] / value
        error = ratio.std(0, ddof=1) / sqrt(draws)
        assert (4 * error < 0.05).all(), key
        np.testing.assert_allclose(ratio.mean(0), 1, atol=0.05, err_msg=key)


def test_the_gradient_of_glorot_and_bengio() -> None:
    """The product of the factors of the gradient's variance through five tanh layers."""
    resolved = planned(
        deep("tanh"),
        contender("Torch", 0, "torch_default"),
        contender("Xavier", 1, "xavier_uniform"),
    )
    for at, first_layer, wanted in ((0, 1 / 3, 0.0023), (1, 1.0, 0.1375)):
        back = predictions(resolved, at, X)["signal_std"]
        product = first_layer * (back[0] / back[resolved.header.activations[-1]]) ** 2
        assert product == pytest.approx(wanted, abs=6e-5)


def test_what_the_biases_make_is_told_apart() -> None:
    resolved = planned(deep("relu", 30), contender("It", 0, "torch_default", "torch_default"))
    found = predictions(resolved, 0, X)
    second, alone = found["activation_second"], found["second_from_biases"]
    places = list(resolved.header.activations)
    # biases of variance 1/(3 n), of which each layer keeps 1/6: 0.4 / n before a rectifier
    assert second[[places[-1] - 1]] == pytest.approx(0.4 / WIDTH, rel=1e-3)
    assert alone[places[-1]] / second[places[-1]] == pytest.approx(1, abs=1e-6)
    assert alone[places[0]] / second[places[0]] < 0.01
    assert found["cosine"][places[-1]] == pytest.approx(1, abs=1e-4)
    zero = planned(deep("relu", 3), contender("It", 0, "kaiming_normal"))
    assert (predictions(zero, 0, X)["second_from_biases"] < 1e-30).all()


def test_orthogonal_inputs_become_alike_through_rectifiers() -> None:
    resolved = planned(deep("relu", 50), contender("It", 0, "kaiming_normal"))
    found = predictions(resolved, 0, np.eye(8, WIDTH, dtype=np.float32))["cosine"]
    wanted = {1: 0.31831, 2: 0.49373, 3: 0.60483, 5: 0.73595, 10: 0.87154, 30: 0.97201, 50: 0.98786}
    places = resolved.header.activations
    for layers, cosine in wanted.items():
        assert found[places[layers - 1]] == pytest.approx(cosine, abs=6e-6)


def test_a_batch_of_one_has_no_pairs() -> None:
    resolved = planned(deep("tanh", 2), contender("It", 0, "xavier_normal"))
    found = predictions(resolved, 0, X[:1])
    assert np.isnan(found["cosine"]).all()
    assert np.isfinite(found["signal_std"]).all()


@pytest.mark.parametrize(
    "key", ["relu", "leaky_relu", "tanh", "gelu", "sigmoid", "softplus", "elu", "selu", "hardtanh"]
)
def test_averages_are_those_of_the_quadrature_over_twenty_decades(key: str) -> None:
    q = np.array([1e-12, 3e-9, 1.7e-8, 2.3e-5, 0.01234, 0.9, 1.0, 7.77, 123.4, 5.5e6, 2e8, 1e10])
    means, squares, _ = averages_of(key, {}).moments(q)
    for at, one in enumerate(q):
        mean, square, _ = moments(key, {}, float(one))
        spread = sqrt(max(square - mean**2, 0))
        found = sqrt(max(squares[at] - means[at] ** 2, 0))
        if spread > 1e-4 * sqrt(square):  # or it is rounding
            assert found == pytest.approx(spread, rel=1e-3), one
        assert squares[at] == pytest.approx(square, rel=1e-3), one


def test_examples_of_different_length_are_followed_one_by_one() -> None:
    lengths = np.linspace(0.1, 3, len(X), dtype=np.float32)[:, None]
    resolved = planned(deep("tanh", 3), contender("It", 0, "xavier_normal"))
    found, wanted = predicted_stds(resolved, 0, X * lengths), measured(resolved, X * lengths)
    np.testing.assert_allclose(found[:-1], wanted[:-1], rtol=0.03)


def test_30_layers_of_a_race_are_told_before_it() -> None:
    resolved = plan(DEEP_DIGITS)
    x = np.random.default_rng(1).normal(size=(64, 64)).astype(np.float32)
    kaiming = of_activations(resolved, predicted_stds(resolved, 1, x))
    np.testing.assert_allclose(kaiming, kaiming[0], rtol=1e-9)
    xavier = of_activations(resolved, predicted_stds(resolved, 0, x))
    assert xavier[-1] / xavier[0] == pytest.approx(sqrt(0.5) ** 29, rel=1e-9)


@pytest.mark.parametrize(
    "network",
    [
        (Choice("tanh"), Choice("output")),
        (
            Choice("linear", {"units": 12}),
            Choice("unflatten", {"height": 3, "width": 4}),
            Choice("as_sequence"),
            Choice("lstm", {"hidden": 3}),
            Choice("output"),
        ),
    ],
    ids=["an activation of data", "a recurrent layer"],
)
def test_where_theory_is_silent_there_is_no_number(network: tuple[Choice, ...]) -> None:
    resolved = planned(network, contender("It", 0, "xavier_normal"))
    found = predicted_stds(resolved, 0, X)
    assert np.isnan(found[-1])
    assert np.isnan(found).any()


def test_other_starts_have_no_prediction() -> None:
    for one in (
        contender("Ones", 0, "ones"),
        contender("Identity", 0, "identity"),
        replace(contender("Tuned", 0, "normal"), tuning=Choice("lsuv")),
    ):
        resolved = planned(deep("tanh", 2), one)
        assert np.isnan(predicted_stds(resolved, 0, X)).all()
    shifted = Rule(role="bias", scheme=Choice("constant", {"value": 0.5}))
    one = contender("Shifted", 0, "xavier_normal")
    resolved = planned(deep("tanh", 2), replace(one, rules=(*one.rules, shifted)))
    found = predicted_stds(resolved, 0, X)
    assert np.isfinite(found[0])
    assert np.isnan(found[1:]).all()


def test_tokens_have_no_prediction() -> None:
    resolved = planned(deep("tanh", 1), contender("It", 0, "xavier_normal"))
    assert np.isnan(predicted_stds(resolved, 0, np.zeros((4, 3), np.int64))).all()
