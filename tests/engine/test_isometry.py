"""The spectrum of the Jacobian against closed forms of wide random layers, and its words."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from initstudio.engine import isometry
from initstudio.engine.studies.jacobian import JACOBIAN
from initstudio.experiment import Choice, Contender
from initstudio.presets import contender, multilayer
from tests.examined import TORCH, asked
from tests.examined import found as results_of

found = partial(results_of, JACOBIAN)
LINEAR = Choice("linear", {"units": 7})
CASES: list[tuple[str, str, Callable[[int], float]]] = [
    ("linear", "normal", lambda depth: depth),
    ("linear", "orthogonal", lambda _depth: 0),
    ("relu", "kaiming_normal", lambda depth: 2 * depth),
    ("relu", "kaiming_uniform", lambda depth: 2 * depth),
    ("relu", "orthogonal", lambda depth: depth),
]
WIDTH, DEPTH, DRAWS = 200, 3, 6


def chain(activation: str, widths: list[int]) -> tuple[Choice, ...]:
    layers: list[Choice] = []
    for width in widths:
        layers.append(Choice("linear", {"units": width}))
        if activation != "linear":
            layers.append(Choice(activation))
    return (*layers, Choice("output"))


@pytest.mark.parametrize(("activation", "scheme", "form"), CASES)
def test_the_variance_is_that_of_the_closed_forms(
    activation: str, scheme: str, form: Callable[[int], float]
) -> None:
    starting = contender("C", 0, scheme)
    network = chain(activation, [WIDTH] * DEPTH)
    results = [
        found(asked(network, starting, features=WIDTH, seed=seed)).values for seed in range(DRAWS)
    ]
    predicted = results[0]["predicted_variance"][0]
    assert predicted == pytest.approx(form(DEPTH), abs=1e-9)
    assert_near([one["variance"][0] for one in results], predicted)


def assert_near(measured_values: list[float], predicted: float) -> None:
    """See that the mean over draws is the prediction, but for its error and the finite width."""
    error = np.std(measured_values, ddof=1) / len(measured_values) ** 0.5
    tolerance = 4 * error + 0.03 * (1 + predicted)
    assert np.mean(measured_values) == pytest.approx(predicted, abs=tolerance)
    assert tolerance < 0.3 * (1 + predicted)  # or it would say nothing


@pytest.mark.parametrize("scheme", ["normal", "orthogonal"])
@pytest.mark.parametrize("activation", ["linear", "tanh", "gelu"])
@pytest.mark.parametrize("widths", [[80, 160, 320], [320, 160, 80], [160, 320, 160], [160] * 3])
def test_the_variance_of_other_shapes_and_activations_is_the_predicted_one(
    scheme: str, activation: str, widths: list[int]
) -> None:
    name, value = ("std", 0.08) if scheme == "normal" else ("gain", 1.3)
    starting = contender("C", 0, scheme, "zeros", **{name: value})
    network = chain(activation, widths)
    results = [found(asked(network, starting, features=160, seed=seed)).values for seed in range(4)]
    predicted = [one["predicted_variance"][0] for one in results]
    measured_values = [one["variance"][0] for one in results]
    assert_near(
        [a - b + predicted[0] for a, b in zip(measured_values, predicted, strict=True)],
        predicted[0],
    )


@pytest.mark.parametrize(
    ("network", "starting"),
    [
        ((LINEAR, Choice("batch_norm"), Choice("relu"), Choice("output")), TORCH),
        ((Choice("residual", {"projection": "linear"}, (LINEAR,)), Choice("output")), TORCH),
        (multilayer(2, 8, "relu"), contender("Z", 0, "zeros")),
        (multilayer(2, 8, "relu"), contender("C", 0, "constant", value=0.5)),
        (multilayer(2, 8, "relu"), contender("S", 0, "sparse")),
    ],
)
def test_where_theory_is_silent_nothing_is_predicted(
    network: tuple[Choice, ...], starting: Contender
) -> None:
    assert np.isnan(found(asked(network, starting)).values["predicted_variance"]).all()


def test_numbers_and_words_of_a_spectrum() -> None:
    values = np.array([4.0, 2.0, 1e-5, 1e-17])
    kept = isometry.kept(values, 4, 2.2e-16)
    assert kept.tolist() == [4.0, 2.0, 1e-5]
    assert isometry.log10_condition(kept) == pytest.approx(np.log10(4e5))
    squares = values**2
    assert isometry.mean_square(values) == pytest.approx(squares.mean())
    assert isometry.variance(values) == pytest.approx(squares.var() / squares.mean() ** 2)
    assert isometry.in_words("He", values, kept) == (
        "He: 1 of 4 directions are lost; the others have condition number 4 × 10⁵, "
        "singular values from 1 × 10⁻⁵ to 4."
    )
    even = np.array([1.1, 1.0, 0.9])
    sentence = "Orthogonal: close to an isometry, singular values from 0.9 to 1.1."
    assert isometry.in_words("Orthogonal", even, even) == sentence
    wide = np.array([300.0, 0.012])
    sentence = "He: condition number 2.5 × 10⁴; singular values from 0.012 to 300."
    assert isometry.in_words("He", wide, wide) == sentence
