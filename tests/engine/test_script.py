"""A script, run by a Python that knows nothing of us, does what we do."""

import hashlib
import json
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from initstudio.catalogue import DataFacts, Value
from initstudio.datasets import DATASETS
from initstudio.engine.initialize import initialize
from initstudio.engine.plan import plan, problems
from initstudio.engine.script import init_function_of, notebook_of, script_of
from initstudio.engine.train import train
from initstudio.errors import ExperimentError
from initstudio.experiment import (
    SGD,
    AdamW,
    Choice,
    Contender,
    Data,
    Experiment,
    RMSprop,
    Rule,
    Seeds,
    Training,
)
from initstudio.layers import LAYERS
from initstudio.presets import ARTICLE, DEEP_DIGITS, contender
from initstudio.schedule import Cosine, StepDecay, WarmUp
from initstudio.schemes import SCHEMES
from initstudio.tunings import TUNINGS
from tests.specs import around

MOST_STEPS, FEW_STEPS = 100, 30
"""Steps whose losses are compared; few where it is about the network and its start."""
RTOL = 1e-4
DRIVER = """
import hashlib, itertools, json, runpy, sys
import torch
found = {}
most, *paths = sys.argv[1:]
for path in paths:
    script = runpy.run_path(path)
    for at, (_, init, tune) in enumerate(script["CONTENDERS"]):
        for seed in script["SEEDS"]:
            model = script["start"](init, tune, seed)
            state = {
                name.replace("parametrizations.", "").removesuffix(".original"): hashlib.sha256(
                    value.numpy().tobytes()
                ).hexdigest()
                for name, value in model.state_dict().items()
            }
            losses = []
            for of_epoch, _ in script["train"](model, seed):
                losses += of_epoch
                if len(losses) >= int(most):
                    break
            found[f"{path} {at} {seed}"] = [state, losses[:int(most)]]
json.dump(found, sys.stdout)
"""
SMALL = (Choice("linear", {"units": 5}), Choice("tanh"), Choice("output"))


def experiment(**changes: Any) -> Experiment:  # noqa: ANN401 - fields of all kinds
    """60 examples, 48 of them trained on in batches of 16: 102 steps."""
    plain = Experiment(
        network=SMALL,
        data=Data(dataset=Choice("random", {"examples": 60, "features": 6, "classes": 3})),
        training=Training(epochs=34, batch_size=16, learning_rate=1e-3),
        contenders=(contender("Xavier", 0, "xavier_uniform"),),
    )
    return replace(plain, **changes)


def assert_same(asked: dict[str, Experiment], folder: Path, most: int = MOST_STEPS) -> None:
    """Run the scripts of all these experiments in one strange process, and compare."""
    for number, one in enumerate(asked.values()):
        (folder / f"{number}.py").write_text(script_of(one), encoding="utf-8")
    names = [f"{number}.py" for number in range(len(asked))]
    done = subprocess.run(
        [sys.executable, "-I", "-W", "ignore", "-c", DRIVER, str(most), *names],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    for number, (name, one) in enumerate(asked.items()):
        losses = losses_of(one, most)
        seeds = list(one.seeds.each())
        for at in range(len(one.contenders)):
            for which, seed in enumerate(seeds):
                state, theirs = found[f"{number}.py {at} {seed}"]
                assert state == hashes(one, at, seed), name
                assert len(theirs) == len(losses)
                ours = losses[:, at * len(seeds) + which]
                np.testing.assert_allclose(theirs, ours, rtol=RTOL, err_msg=name)


def hashes(asked: Experiment, at: int, seed: int) -> dict[str, str]:
    state = initialize(plan(asked), at, seed).state_dict()
    return {
        name: hashlib.sha256(value.numpy().tobytes()).hexdigest() for name, value in state.items()
    }


def losses_of(asked: Experiment, most: int) -> np.ndarray[Any, Any]:
    found: list[np.ndarray[Any, Any]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for shot in train(asked):
            if "loss" in shot.readings:
                found.append(shot.readings["loss"])
            if len(found) == most:
                break
    return np.array(found)


def test_every_layer(tmp_path: Path) -> None:
    asked = {
        key: experiment(network=around(key))
        for key in LAYERS
        if key not in {"embedding", "conv3d", "conv_transpose3d"}
    }
    assert_same(asked, tmp_path, FEW_STEPS)


def test_layers_in_three_dimensions(tmp_path: Path) -> None:
    cubes = np.random.default_rng(0).normal(size=(60, 2, 4, 4, 4))
    np.savez(tmp_path / "cubes.npz", X=cubes, y=np.arange(60) % 3)
    data = Data(dataset=Choice("file", {"path": str(tmp_path / "cubes.npz")}))
    asked = {
        key: experiment(
            network=(Choice(key, {"channels": 2}), Choice("flatten"), Choice("output")), data=data
        )
        for key in ("conv3d", "conv_transpose3d")
    }
    assert_same(asked, tmp_path)


@dataclass(frozen=True)
class Setting:
    """A network and data, for schemes that are made for one."""

    network: tuple[Choice, ...]
    data: Data = experiment().data


SETTINGS = (
    Setting(SMALL),
    Setting((*around("conv2d"),)),
    Setting((*around("residual"),)),
    Setting((*around("lstm"),)),
    Setting((*around("layer_norm"),)),
    Setting((*around("prelu"),)),
    Setting(
        (Choice("embedding", {"features": 3}), Choice("flatten"), Choice("output")),
        Data(dataset=Choice("text", {"length": 8, "step": 200})),
    ),
)


def starts(key: str) -> Iterator[Experiment]:
    """Yield an experiment for each role that a scheme takes, with it at a place that it takes."""
    for role in SCHEMES[key].roles:
        found = next(_fitting(key, role), None)
        if found:
            yield found


def _fitting(key: str, role: Any) -> Iterator[Experiment]:  # noqa: ANN401 - a Role
    scheme = Choice(key, {"formula": "normal(0, 0.1)"} if key == "formula" else {})
    for setting in SETTINGS:
        kinds = {choice.key for choice in setting.network}
        for layer in (None, *sorted(kinds)):
            rule = Rule(role=role, scheme=scheme, layer=layer)
            asked = experiment(
                network=setting.network,
                data=setting.data,
                contenders=(Contender(name="It", slot=0, rules=(rule,)),),
            )
            if not problems(asked) and _hits(asked, key):
                yield asked


def _hits(asked: Experiment, key: str) -> bool:
    return any(one.scheme is SCHEMES[key] for one in plan(asked).assignments[0])


def test_every_scheme(tmp_path: Path) -> None:
    asked = {f"{key} {number}": one for key in SCHEMES for number, one in enumerate(starts(key))}
    assert {name.split()[0] for name in asked} == SCHEMES.keys(), "each has its place"
    assert_same(asked, tmp_path, FEW_STEPS)


QUICK: dict[str, dict[str, Value]] = {"metainit": {"steps": 3}, "gradinit": {"steps": 3}}


def test_every_tuning(tmp_path: Path) -> None:
    asked = {}
    for key in TUNINGS:
        one = replace(
            contender("Tuned", 2, "kaiming_normal"), tuning=Choice(key, QUICK.get(key, {}))
        )
        asked[key] = experiment(contenders=(one,), seeds=Seeds(first=3, count=2))
        deep = (*around("conv2d")[:-1], Choice("output"))
        asked[f"{key}, convolution"] = experiment(contenders=(one,), network=deep)
    assert_same(asked, tmp_path)


@pytest.fixture
def own(tmp_path: Path) -> str:
    rows = "\n".join(f"{at % 7},{at * at % 11},{'red' if at % 3 else 'blue'}" for at in range(40))
    (tmp_path / "own.csv").write_text(f"a,b,c\n{rows}\n", encoding="utf-8")
    return str(tmp_path / "own.csv")


def fitting_network(facts: DataFacts) -> tuple[Choice, ...]:
    found: tuple[Choice, ...] = (Choice("output"),)
    if len(facts.shape) > 1 or facts.tokens:
        found = (Choice("flatten"), *found)
    return (Choice("embedding", {"features": 2}), *found) if facts.tokens else found


def test_every_data_set(tmp_path: Path, own: str) -> None:
    asked = {}
    for key, entry in DATASETS.items():
        values: dict[str, Any] = {"path": own} if key == "file" else {}
        facts = entry.facts(entry.parse(values))
        for scaled in (True, False):
            training = Training(epochs=1, batch_size=32, learning_rate=1e-4)
            if facts.task == "values":
                training = replace(training, loss="mse")
            asked[f"{key} {scaled}"] = experiment(
                network=fitting_network(facts),
                data=Data(dataset=Choice(key, values), standardize=scaled),
                training=training,
            )
    assert_same(asked, tmp_path)


def test_every_way_of_training(tmp_path: Path) -> None:
    plain = experiment().training
    values = Data(dataset=Choice("sine", {"examples": 60}), validation=0)
    asked = {
        loss: experiment(training=replace(plain, loss=loss))
        for loss in ("cross_entropy", "mse", "huber", "bce")
    }
    asked |= {
        f"{loss} of values": experiment(training=replace(plain, loss=loss), data=values)
        for loss in ("mse", "huber")
    }
    optimizers = (
        SGD(),
        SGD(momentum=0, weight_decay=0.1),
        SGD(nesterov=True),
        AdamW(),
        AdamW(weight_decay=0),
        RMSprop(momentum=0.5, weight_decay=0.1),
    )
    asked |= {repr(one): experiment(training=replace(plain, optimizer=one)) for one in optimizers}
    schedules = (WarmUp(steps=4), Cosine(), Cosine(warm_up=2, least=0.1), StepDecay(epochs=1))
    asked |= {
        repr(one): experiment(training=replace(plain, schedule=one, epochs=3)) for one in schedules
    }
    asked["clipped"] = experiment(training=replace(plain, clip_norm=0.01))
    assert_same(asked, tmp_path)


def test_what_is_on_the_screen_at_first(tmp_path: Path) -> None:
    asked = {"article": ARTICLE, "deep": replace(DEEP_DIGITS, seeds=Seeds(count=2))}
    assert_same(asked, tmp_path)


HOSTILE = "x\"\"\"\n'''; import os #\\ {0} %s \u2028 ünï 😀"


def test_names_cannot_break_out(tmp_path: Path) -> None:
    two = tuple(replace(contender("X", at, "zeros"), name=HOSTILE) for at in range(2))
    asked = experiment(title=HOSTILE, contenders=two)
    assert_same({"hostile": asked}, tmp_path)
    json.loads(notebook_of(asked))


def test_a_script_imports_only_torch_numpy_and_the_standard_library() -> None:
    allowed = {"torch", "numpy", *sys.stdlib_module_names}
    for one in (ARTICLE, DEEP_DIGITS):
        lines = script_of(one).splitlines()
        imported = {
            line.split()[1].split(".")[0] for line in lines if line.startswith(("import ", "from "))
        }
        assert imported <= allowed
    assert "initstudio" not in script_of(ARTICLE)


def test_what_is_the_same_everywhere_is_said_once() -> None:
    script = script_of(DEEP_DIGITS)
    assert "for _ in range(30) for layer in (nn.Linear(64, 64), nn.ReLU())" in script
    assert script.count("nn.init.kaiming_uniform_(") == 1


def test_a_notebook_is_the_script_in_cells(tmp_path: Path) -> None:
    whole = json.loads(notebook_of(ARTICLE))
    assert (whole["nbformat"], whole["nbformat_minor"]) == (4, 5)
    code = [cell["source"] for cell in whole["cells"] if cell["cell_type"] == "code"]
    titles = [cell["source"] for cell in whole["cells"] if cell["cell_type"] == "markdown"]
    assert [one for one in titles if one.startswith("##")] == [
        "## Network",
        "## Initialization",
        "## Data",
        "## Training",
    ]
    assert code[-1] == "main()"
    (tmp_path / "cells.py").write_text("\n\n".join(code[:-1]), encoding="utf-8")
    space: dict[str, Any] = {}
    exec((tmp_path / "cells.py").read_text(encoding="utf-8"), space)  # noqa: S102 - as a notebook does
    name, init, tune = space["CONTENDERS"][1]
    assert name == "Kaiming"
    model = space["start"](init, tune, 0)
    wanted = initialize(plan(ARTICLE), 1, 0).state_dict()
    assert all(torch.equal(value, wanted[key]) for key, value in model.state_dict().items())


@pytest.mark.parametrize("key", ["xavier_uniform", "fixup", "delta_orthogonal", "siren"])
def test_an_init_function_stands_by_itself(key: str) -> None:
    asked = next(starts(key))
    space: dict[str, Any] = {}
    exec(init_function_of(asked, "It"), space)  # noqa: S102 - it is what is tested
    script: dict[str, Any] = {"__name__": "script"}
    exec(script_of(asked), script)  # noqa: S102
    init: Callable[[torch.nn.Module, torch.Generator], None] = space["init"]
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        network = script["network"]()
        init(network, torch.default_generator)
    wanted = initialize(plan(asked), 0, 0).state_dict()
    assert all(torch.equal(value, wanted[name]) for name, value in network.state_dict().items())


def test_an_unknown_contender_is_a_sentence() -> None:
    with pytest.raises(ExperimentError, match="there is no 'He'; there are: Xavier, Kaiming"):
        init_function_of(ARTICLE, "He")


def test_what_is_too_large_is_a_sentence(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(size=(4000, 200))
    np.savez(tmp_path / "big.npz", X=noise, y=np.arange(4000) % 2)
    data = Data(dataset=Choice("file", {"path": str(tmp_path / "big.npz")}))
    with pytest.raises(ExperimentError, match="a script carries at most 2"):
        script_of(experiment(data=data))
