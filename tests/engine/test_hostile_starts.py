"""Starts that overflow, are not numbers, or have next to nothing: every study has an answer.

An answer is results, or one sentence; warnings fail a test.
"""

import numpy as np
import pytest
from msgspec.structs import replace

from initstudio.engine.examiner import Studies
from initstudio.engine.messages import Examined, pack, unpack_report
from initstudio.engine.plan import plan, problems
from initstudio.engine.studies import STUDIES
from initstudio.errors import ExperimentError
from initstudio.experiment import Choice, Data, Experiment, Rule, Training
from initstudio.presets import ARTICLE, contender, multilayer
from initstudio.results import Results

PARAMS: dict[str, dict[str, int]] = {
    "luck": {"draws": 3},
    "trainability": {"rows": 2, "columns": 2, "steps": 3, "deepest": 3},
    "width": {"steps": 1, "most": 64},
}
SMALL = replace(
    ARTICLE,
    network=multilayer(2, 6, "relu"),
    data=Data(dataset=Choice("random", {"examples": 40, "features": 5})),
    training=Training(epochs=1, batch_size=16),
)


def started(scheme: str, bias: str = "zeros", **params: float) -> Experiment:
    rules = (
        Rule(role="weight", scheme=Choice(scheme, dict(params))),
        Rule(role="bias", scheme=Choice(bias)),
    )
    one = replace(contender("It", 2, "normal"), rules=rules)
    return replace(SMALL, contenders=(one, contender("Other", 5, "kaiming_normal")))


def trained(**changes: object) -> Experiment:
    return replace(SMALL, training=replace(SMALL.training, **changes))


HOSTILE = {
    "overflow": started("normal", std=1e6),
    "overflow of tanh": replace(started("normal", std=1e6), network=multilayer(3, 6, "tanh")),
    "vanishing": started("normal", std=1e-30),
    "zeros": started("zeros"),
    "no numbers": replace(started("normal", std=1e6), network=multilayer(12, 6, "relu")),
    "one layer": replace(SMALL, network=(Choice("output"),)),
    "one unit": replace(SMALL, network=multilayer(3, 1, "sigmoid")),
    "a batch of one": trained(batch_size=1),
    "a batch of two": trained(batch_size=2),
    "constant data": replace(SMALL, data=Data(dataset=Choice("random", {"features": 1}))),
    "values": replace(
        SMALL, data=Data(dataset=Choice("sine")), training=Training(batch_size=8, loss="mse")
    ),
    "no activation": replace(SMALL, network=(Choice("linear", {"units": 4}), Choice("output"))),
    "blocks": replace(
        SMALL,
        network=(
            Choice("linear", {"units": 6}),
            Choice("residual", inside=(Choice("relu"), Choice("linear", {"units": 6}))),
            Choice("dropout"),
            Choice("output"),
        ),
    ),
    "tuned": replace(SMALL, contenders=(replace(SMALL.contenders[0], tuning=Choice("lsuv")),)),
    "tokens": replace(
        SMALL,
        data=Data(dataset=Choice("copy")),
        network=(Choice("embedding"), Choice("flatten"), Choice("output")),
    ),
}


def answer(study: str, asked: Experiment, studies: Studies = STUDIES) -> Results | str:
    one = studies[study]
    try:
        found = list(one.begin(plan(asked), one.parse(PARAMS.get(study, {})), lambda _share: None))
    except ExperimentError as error:
        return error.why
    assert found[-1] is not None
    assert found[-1].share == 1
    return found[-1]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("study", STUDIES)
def test_every_study_answers(study: str, name: str) -> None:
    asked = HOSTILE[name]
    if problems(asked):
        pytest.fail(f"{name} cannot run: {problems(asked)[0]}")
    found = answer(study, asked)
    if isinstance(found, str):
        assert found[0].isupper()
        assert found.endswith(".")
        return
    assert isinstance(unpack_report(pack(Examined(1, study, found))[4:]), Examined)
    for told in found.told:
        assert told.verdict.sentence.endswith(".")
    for note in found.notes:
        assert "nan" not in note.split()
    assert all(isinstance(one, np.ndarray) for one in found.values.values())
