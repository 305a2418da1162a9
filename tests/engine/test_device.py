"""What computes: each device that is here against the CPU, and a sentence for each that is not.

The CPU, taken for a device with memory of its own, goes the same way as those: so that the way is
gone where there is no other device, too.
"""

from itertools import islice
from typing import get_args

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from initstudio.engine import program as program_module
from initstudio.engine import train as train_module
from initstudio.engine.device import device_of, devices_here, memory_of
from initstudio.engine.plan import plan, problems, read
from initstudio.engine.train import Networks, train
from initstudio.errors import ExperimentError
from initstudio.experiment import DEVICES, Choice, Data, Device, Experiment, Seeds, Training, encode
from initstudio.history import Readings
from initstudio.presets import contender
from tests.specs import around

STEPS = 20
NEAR = 1e-3
"""Relative, in float32 after `STEPS` small steps: sums in another order differ by rounding only,
1e-7 a sum, which training makes grow."""
NETWORKS = {
    "linear": (Choice("linear", {"units": 7}), Choice("relu"), Choice("output")),
    "convolution": around("conv2d"),
    "noise and statistics": (
        Choice("linear", {"units": 7}),
        Choice("dropout"),
        Choice("batch_norm"),
        Choice("relu"),
        Choice("output"),
    ),
    "attention": around("transformer"),
    "one by one": around("gru"),
    "one by one with noise": (Choice("dropout"), *around("rrelu")),
}


def experiment(network: tuple[Choice, ...], device: Device = "cpu") -> Experiment:
    return Experiment(
        network=network,
        data=Data(dataset=Choice("random", {"examples": 150, "features": 6, "classes": 3})),
        training=Training(epochs=5, batch_size=32, learning_rate=1e-3, device=device),
        contenders=(contender("Xavier", 0, "xavier_uniform"), contender("NTK", 1, "ntk")),
        seeds=Seeds(count=2),
    )


def run(asked: Experiment) -> tuple[list[Readings], dict[str, torch.Tensor]]:
    """Return the readings of the first steps, and the weights of the last replica at the start."""
    met: list[Networks] = []
    shots = train(asked, met.append)
    found = [next(shots).readings]
    start = met[0](3)
    found += [shot.readings for shot in islice(shots, STEPS)]
    assert len(found) == STEPS + 1
    return found, start


def assert_as_on_the_cpu(asked: Experiment) -> None:
    ours, start = run(asked)
    training = replace(asked.training, device="cpu")
    theirs, drawn = run(replace(asked, training=training))
    parameters = plan(asked).header.parameters
    assert all(torch.equal(start[name], drawn[name]) for name in parameters)
    for one, other in zip(ours, theirs, strict=True):
        assert one.keys() == other.keys()
        for key in ("loss", "validation_loss", "gradient_norm", "activation_std"):
            if key in one:
                np.testing.assert_allclose(one[key], other[key], rtol=NEAR, atol=1e-6, err_msg=key)
    np.testing.assert_array_equal(ours[0]["weights"], theirs[0]["weights"])


@pytest.mark.parametrize("device", ["cuda", "mps"])
@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_a_device_trains_as_the_cpu_does(device: Device, network: tuple[Choice, ...]) -> None:
    if device not in devices_here():
        pytest.skip(f"there is no {DEVICES[device]} device on this machine")
    assert_as_on_the_cpu(experiment(network, device))


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_the_way_over_a_device_ends_where_that_on_the_cpu_does(
    network: tuple[Choice, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = experiment(network)
    theirs, _ = run(asked)
    for module in (program_module, train_module):
        monkeypatch.setattr(module, "is_elsewhere", lambda _device: True)
    ours, _ = run(asked)
    for one, other in zip(ours, theirs, strict=True):
        assert one.keys() == other.keys()
        for key in ("loss", "validation_loss", "gradient_norm", "activation_std"):
            if key in one:
                np.testing.assert_allclose(one[key], other[key], rtol=NEAR, atol=1e-6, err_msg=key)


def test_the_cpu_is_always_here_and_has_a_name() -> None:
    here = devices_here()
    assert here["cpu"]
    assert device_of("cpu") == torch.device("cpu")
    assert memory_of(torch.device("cpu")) is None
    assert set(here) <= set(get_args(Device)) == set(DEVICES)


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_device_that_is_not_here_is_refused_when_it_is_to_run(device: Device) -> None:
    if device in devices_here():
        pytest.skip(f"there is a {DEVICES[device]} device on this machine")
    asked = experiment(NETWORKS["linear"], device)
    assert read(encode(asked)) == asked
    assert not problems(asked), "another machine may have it"
    with pytest.raises(ExperimentError, match=r"sees no .* device on this machine") as caught:
        next(train(asked))
    assert caught.value.where == "$.experiment.training.device"
    assert DEVICES[device] in caught.value.why
