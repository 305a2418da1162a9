"""Layers that normalize, in theory and as they are drawn."""

from math import pi

import numpy as np
import pytest
import torch

from initstudio.engine.initialize import initialize
from initstudio.engine.theory import predictions
from initstudio.experiment import Choice
from initstudio.presets import contender
from tests.drawn import WIDTH, X, measured_more, planned


@pytest.mark.parametrize("norm", ["batch_norm", "layer_norm", "rms_norm"])
def test_small_signals_are_normalized_only_as_far_as_epsilon_lets_them(norm: str) -> None:
    unit = (Choice("linear", {"units": WIDTH}), Choice(norm), Choice("tanh"))
    std = 2e-5 if norm == "rms_norm" else 1e-4  # so that the variance is about epsilon
    resolved = planned((*unit, Choice("output")), contender("It", 0, "normal", std=std))
    found, wanted = predictions(resolved, 0, X), measured_more(resolved, X, 32)
    assert 0.1 < found["activation_second"][1] < 0.5
    for key in ("activation_second", "signal_std"):
        np.testing.assert_allclose(found[key][:-1], wanted[key][:-1], rtol=0.05, err_msg=key)


@pytest.mark.parametrize("norm", ["batch_norm", "layer_norm", "rms_norm"])
def test_nothing_and_constant_data_give_numbers_or_silence(norm: str) -> None:
    unit = (Choice("linear", {"units": WIDTH}), Choice(norm), Choice("tanh"))
    constant = np.ones((16, WIDTH), np.float32)
    for scheme, x in (("zeros", X), ("kaiming_normal", constant), ("kaiming_normal", 0 * X)):
        resolved = planned((*unit, Choice("output")), contender("It", 0, scheme))
        found = predictions(resolved, 0, x)
        network = initialize(resolved, 0, 0)
        with torch.no_grad():
            measured = network.get_submodule("1")(network.get_submodule("0")(torch.from_numpy(x)))
        second = found["activation_second"][1]
        assert second == pytest.approx(float((measured**2).mean()), abs=0.05)
        assert np.isnan(found["activation_std"]).tolist() == [
            bool(np.isnan(one)) for one in found["activation_second"]
        ]


def test_gradients_of_a_batch_normalized_rectifier_grow() -> None:
    network = (Choice("linear", {"units": WIDTH}), Choice("batch_norm"), Choice("relu")) * 6
    resolved = planned((*network, Choice("output")), contender("It", 0, "kaiming_normal"))
    found = predictions(resolved, 0, X)["signal_std"][list(resolved.header.activations)]
    growth = (found[:-1] / found[1:]) ** 2
    np.testing.assert_allclose(growth[1:], pi / (pi - 1), rtol=0.03)


def test_what_normalizes_neither_keeps_nor_swells_what_the_biases_make() -> None:
    shares = {}
    for norm in ("batch_norm", "layer_norm", "rms_norm"):
        unit = (Choice("linear", {"units": WIDTH}), Choice(norm), Choice("tanh"))
        biased = contender("It", 0, "kaiming_normal", "torch_default")
        found = predictions(planned((*unit * 3, Choice("output")), biased), 0, X)
        shares[norm] = found["second_from_biases"] / found["activation_second"]
        assert (shares[norm] < 0.05).all(), norm
    # a batch of nothing but biases leaves nothing
    assert (shares["batch_norm"][[1, 2, 4, 5]] < 1e-9).all()
    # of each example, all that there is is divided by the same
    np.testing.assert_allclose(shares["rms_norm"][1], shares["rms_norm"][0], rtol=1e-3)


def test_one_example_or_one_unit_is_not_normalized_by_theory() -> None:
    for units, norm, x in ((WIDTH, "batch_norm", X[:1]), (1, "layer_norm", X)):
        unit = (Choice("linear", {"units": units}), Choice(norm), Choice("tanh"))
        found = predictions(
            planned((*unit, Choice("output")), contender("It", 0, "xavier_normal")), 0, x
        )
        for key in ("activation_std", "activation_second", "cosine"):
            assert np.isnan(found[key][1:]).all()
