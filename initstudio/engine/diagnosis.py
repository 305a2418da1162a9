"""What is found in how an experiment's contenders start, before and beside its first readings."""

from dataclasses import dataclass
from math import log, nan

import msgspec
import numpy as np

from initstudio.engine.assignment import Assignment
from initstudio.engine.plan import Plan, plan, problems
from initstudio.engine.theory import predicted_stds
from initstudio.experiment import Contender, Experiment
from initstudio.finding import Evidence, Finding, Floats, Started, Verdict
from initstudio.findings import FINDINGS
from initstudio.history import History

NOTHING: Floats = np.zeros(0)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A verdict on one contender."""

    contender: Contender
    finding: Finding
    verdict: Verdict


def diagnose(experiment: Experiment, history: History | None) -> list[Found]:
    """Return what is found, contender by contender; nothing where the experiment has mistakes.

    `history` must be of this experiment, or of one that starts alike; without it only what needs no
    readings is found. It loads no torch.
    """
    if problems(experiment):
        return []
    resolved = plan(experiment)
    found = []
    for at, contender in enumerate(experiment.contenders):
        if resolved.tunings[at]:
            continue  # what was drawn is not what it starts with
        evidence = evidence_of(resolved, at, history)
        for finding in FINDINGS.values():
            verdict = finding.look(evidence)
            if verdict:
                found.append(Found(contender=contender, finding=finding, verdict=verdict))
    return found


def evidence_of(resolved: Plan, at: int, history: History | None) -> Evidence:
    """Return what is known of the contender of that index; of several seeds the medians."""
    header, facts = resolved.header, resolved.facts
    spread = theory = NOTHING
    loss = guess = nan
    if history is not None and history.layers_step >= 0:
        slot = resolved.experiment.contenders[at].slot
        rows = [row for row, one in enumerate(history.header.slots) if one == slot]
        spread = _first(history, "activation_std", rows, header.activations)
        theory = _first(history, "activation_theory", rows, header.activations)
        series = history.series.get("loss")
        if series is not None and len(series) and series.stride == 1 and rows:
            loss = float(np.median(series.mean[0, rows]))
        if facts.task == "classes" and resolved.experiment.training.loss == "cross_entropy":
            guess = log(max(facts.outputs, 1))
    return Evidence(
        tensors=tuple(_started(one) for one in resolved.assignments[at]),
        activations=tuple(header.layers[index] for index in header.activations),
        spread=spread,
        theory=theory,
        from_biases=_from_biases(resolved, at),
        loss=loss,
        guess=guess,
    )


def _from_biases(resolved: Plan, at: int) -> Floats:
    """Return which share of each activation's variance there is without any input."""
    ones = np.ones((1, *resolved.facts.shape))
    silent = 1e-20 * ones  # whose averages are defined, and which is nothing beside any bias
    whole, alone = (predicted_stds(resolved, at, x) ** 2 for x in (ones, silent))
    with np.errstate(invalid="ignore", divide="ignore"):
        shares: Floats = (alone / whole)[list(resolved.header.activations)]
    return shares


def _first(history: History, key: str, rows: list[int], columns: tuple[int, ...]) -> Floats:
    reading = history.first.get(key)
    if reading is None or not rows or not columns:
        return NOTHING
    chosen = reading[rows][:, list(columns)].astype(np.float64)
    median: Floats = np.median(chosen, axis=0)
    return median


def _started(one: Assignment) -> Started:
    return Started(
        layer=one.layer.label,
        tensor=one.tensor,
        scheme=one.scheme.key if one.scheme else "torch_default",
        params=msgspec.structs.asdict(one.params) if one.params else {},
        law=one.law,
    )
