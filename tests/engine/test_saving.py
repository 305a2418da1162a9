"""Saved weights are those of the run: at the start bit for bit, and after training as trained."""

from pathlib import Path

import pytest
import torch
from msgspec.structs import replace
from safetensors import safe_open
from safetensors.torch import load_file

from initstudio.engine.build import build
from initstudio.engine.initialize import initialize
from initstudio.engine.plan import plan
from initstudio.engine.reference import train_one
from initstudio.engine.saving import Networks, save_weights
from initstudio.engine.train import train
from initstudio.experiment import Choice, Data, Experiment, Seeds, Training
from initstudio.presets import contender

NETWORK = (
    Choice("linear", {"units": 7}),
    Choice("batch_norm"),
    Choice("prelu"),
    Choice("dropout"),
    Choice("output"),
)
RECURRENT = (
    Choice("linear", {"units": 12}),
    Choice("unflatten", {"height": 3, "width": 4}),
    Choice("as_sequence"),
    Choice("gru", {"hidden": 3}),
    Choice("batch_norm"),
    Choice("output"),
)


def experiment(network: tuple[Choice, ...]) -> Experiment:
    return Experiment(
        title="A title",
        network=network,
        data=Data(dataset=Choice("random", {"examples": 60, "features": 6, "classes": 3})),
        training=Training(epochs=3, batch_size=16),
        contenders=(contender("He / ünï", 0, "kaiming_normal"), contender("?", 4, "lecun_normal")),
        seeds=Seeds(first=5, count=2),
    )


@pytest.mark.parametrize("network", [NETWORK, RECURRENT], ids=["all at once", "one by one"])
def test_what_is_saved_is_what_was_trained(tmp_path: Path, network: tuple[Choice, ...]) -> None:
    asked = experiment(network)
    resolved = plan(asked)
    met: list[Networks] = []
    # in float64: before a normalization a bias moves by rounding alone
    steps = len([*train(asked, met.append, dtype=torch.float64)]) - 1
    assert save_weights(resolved, met[0], steps, tmp_path) == 8
    for at, name in enumerate(("1-he-ünï", "5-contender")):
        for seed in (5, 6):
            start = load_file(tmp_path / f"{name}.seed{seed}.start.safetensors")
            wanted = initialize(resolved, at, seed).state_dict()
            assert start.keys() == wanted.keys()
            assert all(torch.equal(start[key], wanted[key]) for key in wanted)
            path = tmp_path / f"{name}.seed{seed}.step{steps}.safetensors"
            trained = load_file(path)
            build(resolved).load_state_dict(trained)  # all names are there, and no others
            *_, last = train_one(asked, at, seed, dtype=torch.float64)
            for key, value in last.network.state_dict().items():
                torch.testing.assert_close(trained[key], value, rtol=1e-6, atol=1e-8)
            with safe_open(path, "pt") as file:
                facts = file.metadata()
            assert facts["contender"] == asked.contenders[at].name
            assert (facts["seed"], facts["step"]) == (str(seed), str(steps))


def test_before_any_step_there_is_only_the_start(tmp_path: Path) -> None:
    asked = replace(experiment(NETWORK), seeds=Seeds())
    met: list[Networks] = []
    running = train(asked, met.append)
    next(running)
    assert save_weights(plan(asked), met[0], 0, tmp_path) == 2
    assert all(path.name.endswith(".start.safetensors") for path in tmp_path.iterdir())
    running.close()
