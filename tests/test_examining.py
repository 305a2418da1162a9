"""The X-ray on the command line: a table a contender, sentences, or all numbers as JSON."""

import io
import json
import re

import numpy as np
import pytest
from msgspec.structs import replace

from initstudio import commands, edits, examining
from initstudio.engine.plan import plan
from initstudio.engine.studies import STUDIES
from initstudio.engine.xray import Xray
from initstudio.experiment import Choice, Experiment, Recording, Seeds, Training
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


def test_what_a_run_does_not_record_is_measured_all_the_same() -> None:
    few = replace(SMALL, recording=Recording(probes=("loss", "weights")))
    assert examined(few) == examined()
    _, results = examining.examine(few, STUDIES["start"], io.StringIO())
    assert "weights" in results.values
    assert "gradients" not in results.values


def test_a_start_beyond_numbers_is_a_sentence() -> None:
    wild = edits.set_scheme(SMALL, 2, "weight", Choice("normal", {"std": 1e6}))
    *_, profile, sentences = examined(wild).split("\n\n")
    assert profile.startswith("Normal: a loss that is no finite number before any training")
    first = sentences.splitlines()[0]
    assert first.startswith("bad: Normal: No finite numbers. From ")


def test_the_similarity_of_a_small_batch_is_that_of_its_pairs() -> None:
    few = replace(SMALL, training=Training(batch_size=3))
    rows = examined(few).split("\n\n")[0].splitlines()[2:]
    pairs = Xray().readings(plan(few), lambda _share: None)["cosines"][:3].astype(float)
    wanted = np.median(np.nanmean(pairs, axis=-1), axis=0)
    assert [row.split()[-1] for row in rows] == [f"{one:.4g}" for one in wanted]


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
