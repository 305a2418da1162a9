"""The X-ray without a window: studies of an experiment's start, as tables, sentences or JSON."""

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

import msgspec
import numpy as np
import numpy.typing as npt

from initstudio.catalogue import Value
from initstudio.engine.diagnosis import READ, mean_of_known
from initstudio.engine.plan import Plan, plan
from initstudio.engine.study import Heed, Study
from initstudio.errors import ExperimentError
from initstudio.experiment import Experiment
from initstudio.finding import Told
from initstudio.findings import FINDINGS
from initstudio.results import Results

SEVERITIES = {"bad": 0, "careful": 1, "tip": 2}
LATE = 0.5
"""Seconds after which it is told how far a study has come."""
COLUMNS = {
    "std": "activation_std",
    "theory": "activation_theory",
    "mean square": "activation_second",
    "of biases": "second_from_biases",
    "gradient std": "signal_std",
    "dead": "dead",
    "saturated": "saturated",
    "cosine": "cosines",
}
"""The headings of the profile, and the probes below them."""


def examine(experiment: Experiment, study: Study[Any], stream: TextIO) -> tuple[Plan, Results]:
    """Return the resolved experiment, and what the study finds; progress goes to `stream`.

    Raises:
        ExperimentError: The experiment cannot be examined so.
    """
    resolved = plan(experiment)
    heed = _progress(study.label, stream)
    last = None
    for results in study.begin(resolved, study.parse(_asked(resolved, study)), heed):
        if results is not None:
            heed(results.share)
            last = results
    if stream.isatty():
        stream.write("\r\x1b[K")
    if last is None:
        raise ExperimentError(study.label, "nothing was found")
    return resolved, last


def _asked(resolved: Plan, study: Study[Any]) -> dict[str, Value]:
    """Return what the study is asked: for all that is printed, though a run would not record it."""
    if study.key != "start" or resolved.experiment.recording.probes is None:
        return {}
    keys = {"loss", *(probe.key for probe in resolved.probes), *COLUMNS.values(), *READ}
    return {"probes": " ".join(sorted(keys))}


def as_text(resolved: Plan, results: Results) -> str:
    """Return what is found as tables and sentences, contender by contender."""
    values, parts = results.values, []
    if "activation_std" in values:
        parts += [_profile(resolved, values, at) for at in range(len(resolved.assignments))]
    parts += results.notes
    sentences = _sentences(resolved, results.told)
    if "activation_std" in values:
        parts.append("\n".join(sentences) or "Nothing stands out in how these contenders start.")
    elif sentences:
        parts.append("\n".join(sentences))
    return "\n\n".join(parts)


def as_json(resolved: Plan, results: Results, study: str) -> str:
    """Return all numbers and findings as JSON, in which null is what is no finite number."""
    header = resolved.header
    whole = {
        "study": study,
        "contenders": [one.name for one in resolved.experiment.contenders],
        "slots": list(header.slots),
        "seeds": list(header.seeds),
        "layers": list(header.layers),
        "tensors": list(header.tensors),
        "values": {key: _plain(one.tolist()) for key, one in results.values.items()},
        "notes": list(results.notes),
        "findings": [
            {
                "slot": one.slot,
                "finding": one.finding,
                "severity": one.verdict.severity,
                "sentence": one.verdict.sentence,
                "fix": one.verdict.fix.text if one.verdict.fix else None,
            }
            for one in results.told
        ],
    }
    return msgspec.json.encode(whole).decode()


def _profile(resolved: Plan, values: Mapping[str, npt.NDArray[Any]], at: int) -> str:
    """Return the medians over a contender's seeds, a row for each layer that is watched."""
    seeds = resolved.experiment.seeds.count
    rows = slice(at * seeds, (at + 1) * seeds)
    table = [["layer", *COLUMNS]]
    found = [_column(values, key, rows) for key in COLUMNS.values()]
    for layer, label in enumerate(resolved.header.layers):
        table.append([label, *(_number(column, layer) for column in found)])
    loss = float(np.median(values["loss"][rows])) if "loss" in values else math.nan
    name = resolved.experiment.contenders[at].name
    several = f", medians of {seeds} seeds" if seeds > 1 else ""
    told = f"loss {loss:.4g}" if math.isfinite(loss) else "a loss that is no finite number"
    return f"{name}: {told} before any training{several}\n{_aligned(table)}"


def _column(
    values: Mapping[str, npt.NDArray[Any]], key: str, rows: slice
) -> npt.NDArray[np.float64] | None:
    if key not in values:
        return None
    found = values[key][rows].astype(np.float64)
    if key == "cosines":
        found = mean_of_known(found)  # a small batch has few pairs
    median: npt.NDArray[np.float64] = np.median(found, axis=0)
    return median


def _number(column: npt.NDArray[np.float64] | None, layer: int) -> str:
    """Return a number; a dash where there is none."""
    if column is None or math.isnan(column[layer]):
        return "-"
    return f"{column[layer]:.4g}"


def _aligned(table: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[at]) for row in table) for at in range(len(table[0]))]
    lines = []
    for row in table:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _sentences(resolved: Plan, told: Sequence[Told]) -> list[str]:
    names = {one.slot: one.name for one in resolved.experiment.contenders}
    worst_first = sorted(told, key=lambda one: SEVERITIES[one.verdict.severity])
    return [
        f"{one.verdict.severity}: {names[one.slot]}: {FINDINGS[one.finding].label}. "
        f"{one.verdict.sentence}"
        + (f" Mend it: {one.verdict.fix.text}." if one.verdict.fix else "")
        for one in worst_first
    ]


def _plain(value: Any) -> Any:  # noqa: ANN401 - lists in lists
    """Return nested lists with null for what JSON has no number for."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _progress(label: str, stream: TextIO) -> Heed:
    """Return what tells how far a study has come, once it takes long, on a terminal."""
    began = time.monotonic()
    told = [0.0]

    def heed(share: float) -> None:
        now = time.monotonic() - began
        if stream.isatty() and now >= told[0] + LATE:
            told[0] = now
            stream.write(f"\r{label}: {100 * share:.0f} %\x1b[K")
            stream.flush()

    return heed
