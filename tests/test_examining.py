"""The X-ray on the command line: a table a contender, sentences, or all numbers as JSON."""

import io
import json
import re

import numpy as np
import pytest
from msgspec.structs import replace

from initstudio import commands, examining
from initstudio.engine.plan import plan
from initstudio.engine.studies import STUDIES
from initstudio.engine.xray import Xray
from initstudio.experiment import Experiment, Seeds, Training
from initstudio.presets import DEEP_DIGITS
from initstudio.results import Results

SMALL = replace(
    DEEP_DIGITS,
    seeds=Seeds(count=3),
    training=Training(epochs=1, batch_size=64),
    network=(*DEEP_DIGITS.network[:10], DEEP_DIGITS.network[-1]),
)


def examined(experiment: Experiment = SMALL, study: str = "start") -> str:
    resolved, results = examining.examine(experiment, STUDIES[study], io.StringIO())
    return examining.as_text(resolved, results)


def test_the_profile_is_a_row_a_layer_of_medians_over_the_seeds() -> None:
    first, *rest = examined().split("\n\n")
    name, head, *rows = first.splitlines()
    assert name.startswith("Xavier: loss ")
    assert "medians of 3 seeds" in name
    assert head.split()[:3] == ["layer", "std", "theory"]
    readings = Xray().readings(plan(SMALL), lambda _share: None)
    wanted = np.median(readings["activation_std"][:3].astype(float), axis=0)
    assert [row.split()[2] for row in rows] == [f"{one:.4g}" for one in wanted]
    assert len(rows) == len(plan(SMALL).watched)
    assert len(rest) == 3  # two more contenders, and the findings


def test_findings_are_sentences_worst_first() -> None:
    sentences = examined().split("\n\n")[-1].splitlines()
    severities = [examining.SEVERITIES[one.split(":")[0]] for one in sentences]
    assert severities == sorted(severities)
    assert sentences[0].startswith("bad: Normal: Signal fades. ")
    assert "Mend it: Use the gain of each activation." in sentences[0]


def test_json_holds_all_numbers_and_null_for_what_is_none() -> None:
    resolved, results = examining.examine(SMALL, STUDIES["start"], io.StringIO())
    values = {**results.values, "odd": np.array([[np.nan, np.inf, 1.5]])}
    text = examining.as_json(resolved, Results(values=values, told=results.told), "start")
    whole = json.loads(text)
    assert whole["values"]["odd"] == [[None, None, 1.5]]
    assert whole["contenders"] == ["Xavier", "Kaiming", "Normal"]
    assert np.shape(whole["values"]["activation_std"]) == (9, len(whole["layers"]))
    assert {one["severity"] for one in whole["findings"]} <= examining.SEVERITIES.keys()
    assert whole["findings"][0]["sentence"].endswith(".")


def test_other_studies_print_what_they_note() -> None:
    assert "for ReLU" in examined(study="phase")


def test_a_terminal_is_told_how_far_a_long_study_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    clock = iter(range(100_000))
    monkeypatch.setattr("initstudio.examining.time.monotonic", lambda: float(next(clock)))
    told = Terminal()
    other = replace(SMALL, seeds=Seeds(first=77))
    examining.examine(other, STUDIES["start"], told)
    shares = [int(one) for one in re.findall(r"X-ray: (\d+) %", told.getvalue())]
    assert shares == sorted(shares)
    assert shares[0] < 10
    assert len(shares) > 20
    assert told.getvalue().endswith("\r\x1b[K")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["xray", "nothing.json"], "error: nothing.json: there is no such file"),
        (["xray", "Article", "--study", "fortune"], "error: --study: there is no study 'fortune'"),
    ],
)
def test_mistakes_are_one_line(
    words: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.main(words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(line)
    assert said.err.count("\n") == 1


def test_the_command_prints_a_preset(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["xray", "Article"]) == 0
    assert "Kaiming: loss " in capsys.readouterr().out
    assert commands.main(["xray", "Article", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["study"] == "start"


def test_the_help_names_every_study(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["xray", "--help"]) == 0
    text = capsys.readouterr().out
    assert all(key in text for key in STUDIES if key != "start")
