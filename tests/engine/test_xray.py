"""The X-ray gives what the first snapshot of a training gives, and measures nothing twice."""

import numpy as np
import pytest
from msgspec.structs import replace

from initstudio import edits
from initstudio.engine.plan import plan
from initstudio.engine.study import Superseded
from initstudio.engine.train import train
from initstudio.engine.xray import Xray
from initstudio.experiment import Choice, Experiment
from initstudio.history import Readings
from initstudio.presets import ARTICLE, contender, multilayer
from initstudio.probes import PROBES

DEEP = replace(
    ARTICLE,
    network=multilayer(6, 24, "tanh"),
    contenders=(
        contender("Default", 0, "torch_default", "torch_default"),
        contender("Kaiming", 4, "kaiming_normal"),
        contender("NTK", 2, "ntk"),
    ),
)
SEEDS = replace(DEEP, seeds=replace(DEEP.seeds, count=3))
NOISY = replace(DEEP, network=(Choice("linear"), Choice("dropout"), Choice("output")))
ONE_BY_ONE = replace(DEEP, network=(Choice("linear"), Choice("rrelu"), Choice("output")))
BATCHED = replace(
    DEEP, network=(Choice("linear"), Choice("batch_norm"), Choice("relu"), Choice("output"))
)


def by_training(asked: Experiment) -> Readings:
    running = train(asked)
    readings = next(running).readings
    running.close()
    return readings


def nothing(_done: float) -> None:
    """Heed nothing."""


@pytest.mark.parametrize("asked", [DEEP, SEEDS, NOISY, ONE_BY_ONE, BATCHED])
def test_it_reads_what_training_reads_first(asked: Experiment) -> None:
    found = Xray().readings(plan(asked), nothing)
    wanted = by_training(asked)
    later = {key for key, probe in PROBES.items() if probe.cadence == "epoch"}
    assert wanted.keys() - found.keys() == later & wanted.keys()
    counts = {"weights", "gradients", "activations"}
    for key in wanted.keys() - later - counts:
        np.testing.assert_allclose(found[key], wanted[key], rtol=2e-4, atol=1e-9, err_msg=key)
    for key in counts:
        assert found[key].shape == wanted[key].shape
    np.testing.assert_array_equal(found["weights"], wanted["weights"])


def test_what_has_not_changed_is_not_measured_again() -> None:
    xray, measured = Xray(), list[float]()
    xray.readings(plan(DEEP), measured.append)
    whole = len(measured)
    measured.clear()
    other = edits.set_scheme(DEEP, 1, "weight", Choice("xavier_normal"))
    found = xray.readings(plan(other), measured.append)
    assert len(measured) == pytest.approx(whole / 3)
    np.testing.assert_allclose(
        found["gradient_norm"], by_training(other)["gradient_norm"], rtol=1e-4
    )
    measured.clear()
    swapped = replace(other, contenders=other.contenders[::-1])
    found = xray.readings(plan(swapped), measured.append)
    assert measured == []
    np.testing.assert_allclose(found["loss"], by_training(swapped)["loss"], rtol=1e-5)


@pytest.mark.parametrize("change", ["seed", "network", "batch", "loss"])
def test_what_everything_depends_on_is_noticed(change: str) -> None:
    xray = Xray()
    xray.readings(plan(DEEP), nothing)
    training = DEEP.training
    other = {
        "seed": replace(DEEP, seeds=replace(DEEP.seeds, first=9)),
        "network": replace(DEEP, network=multilayer(4, 24, "tanh")),
        "batch": replace(DEEP, training=replace(training, batch_size=7)),
        "loss": replace(DEEP, training=replace(training, loss="mse")),
    }[change]
    found = xray.readings(plan(other), nothing)
    np.testing.assert_allclose(
        found["gradient_norm"], by_training(other)["gradient_norm"], rtol=1e-4
    )


def test_it_can_be_ended_at_any_point_and_made_anew() -> None:
    shares: list[float] = []
    Xray().readings(plan(DEEP), shares.append)
    assert shares == sorted(shares)
    assert 0 <= shares[0] < shares[-1] <= 1
    for end in range(0, len(shares), 5):
        xray, left = Xray(), iter(range(end))

        def heed(_done: float, left: object = left) -> None:
            if next(left, None) is None:  # type: ignore[call-overload]
                raise Superseded

        with pytest.raises(Superseded):
            xray.readings(plan(DEEP), heed)
        again = xray.readings(plan(DEEP), nothing)
        np.testing.assert_allclose(again["loss"], by_training(DEEP)["loss"], rtol=1e-5)


def test_a_thousand_layers_are_measured_with_progress() -> None:
    deep = replace(DEEP, network=multilayer(1000, 8, "relu"), contenders=DEEP.contenders[1:2])
    shares: list[float] = []
    found = Xray().readings(plan(deep), shares.append)
    assert found["activation_std"].shape == (1, 2001)
    assert len(shares) > 4000
    assert shares == sorted(shares)
