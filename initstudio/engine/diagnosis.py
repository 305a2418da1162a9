"""What is found in how an experiment's contenders start, from the readings of the start.

It loads no torch.
"""

from collections.abc import Mapping
from math import log, nan
from typing import Any, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from initstudio.engine.assignment import Assignment
from initstudio.engine.plan import Plan
from initstudio.engine.traps import traps_of
from initstudio.finding import Evidence, Floats, Profile, Started, Told
from initstudio.findings import FINDINGS

Readings: TypeAlias = Mapping[str, npt.NDArray[Any]]
READ = (
    "loss",
    "activation_std",
    "activation_theory",
    "activation_second",
    "second_theory",
    "second_from_biases",
    "signal_std",
    "signal_theory",
    "cosines",
    "dead",
    "saturated",
    "twins",
)
"""The probes whose readings of the start findings look at."""


def tell(plan: Plan, readings: Readings | None) -> tuple[Told, ...]:
    """Return what is found, contender by contender, in order of the catalogue.

    Without readings [R, ...] only what needs none is found. Contenders that are tuned are passed
    by: what was drawn is not what they start with.
    """
    found = []
    for at, contender in enumerate(plan.experiment.contenders):
        if plan.tunings[at]:
            continue
        evidence = evidence_of(plan, at, readings)
        for key, finding in FINDINGS.items():
            verdict = finding.look(evidence)
            if verdict:
                found.append(Told(slot=contender.slot, finding=key, verdict=verdict))
    return tuple(found)


def tell_rates(plan: Plan, stable_rate: Floats) -> tuple[Told, ...]:
    """Return what is found in the learning rate, given the largest stable one of each replica [R].

    Tuned contenders are among them, as the rate is that of what they start with.
    """
    finding = FINDINGS["unstable_rate"]
    found = []
    for at, contender in enumerate(plan.experiment.contenders):
        verdict = finding.look(evidence_of(plan, at, None, stable_rate))
        if verdict:
            found.append(Told(slot=contender.slot, finding=finding.key, verdict=verdict))
    return tuple(found)


def evidence_of(
    plan: Plan, at: int, readings: Readings | None, stable_rate: Floats | None = None
) -> Evidence:
    """Return what is known of the contender of that index; of several seeds the medians."""
    experiment, facts = plan.experiment, plan.facts
    seeds = experiment.seeds.count
    rows = slice(at * seeds, (at + 1) * seeds)
    assignments = plan.assignments[at]
    tensors = tuple(_started(one) for one in assignments)
    weights = [one for one in tensors if one.tensor.role == "weight"]
    classes = facts.task == "classes" and experiment.training.loss == "cross_entropy"
    known: Readings = readings or {}
    loss = known["loss"][rows] if "loss" in known else np.array([nan])
    rate = stable_rate[rows] if stable_rate is not None else np.array([nan])
    inner = [one.tensor.shape[0] for one in weights[:-1]]
    return Evidence(
        tensors=tensors,
        profile=_profile(plan, known, rows),
        twins=_median(known, "twins", rows, len(weights)),
        loss=float(np.median(loss)),
        guess=log(max(facts.outputs, 1)) if classes and readings else nan,
        learning_rate=experiment.training.learning_rate,
        stable_rate=float(np.median(rate)),
        traps=_traps(assignments),
        rules=sum(rule.role == "weight" for rule in experiment.contenders[at].rules),
        contenders=len(experiment.contenders),
        narrowest=min(inner, default=1),
    )


def _profile(plan: Plan, known: Readings, rows: slice) -> Profile:
    count = len(plan.watched)

    def layers(key: str) -> Floats:
        return _median(known, key, rows, count)

    cosines = known.get("cosines")
    cosine = np.full(count, nan)
    if cosines is not None:
        # a batch of one has no pairs
        pairs = cosines[rows].astype(np.float64)
        there = np.isfinite(pairs).any(-1)
        sums, counts = np.nansum(pairs, axis=-1), np.isfinite(pairs).sum(-1)
        means = np.divide(sums, counts, out=np.full(sums.shape, nan), where=there)
        cosine = np.median(means, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        from_biases = layers("second_from_biases") / layers("second_theory")
    return Profile(
        labels=tuple(layer.label for layer in plan.watched),
        kinds=tuple(layer.layer.key if layer.layer else "" for layer in plan.watched),
        activations=plan.header.activations,
        spread=layers("activation_std"),
        spread_theory=layers("activation_theory"),
        second=layers("activation_second"),
        from_biases=from_biases,
        signal=layers("signal_std"),
        signal_theory=layers("signal_theory"),
        cosine=cosine,
        dead=layers("dead"),
        saturated=layers("saturated"),
    )


def _median(known: Readings, key: str, rows: slice, count: int) -> Floats:
    """Return the median over seeds [count]; NaN where there is no such reading."""
    if key not in known:
        return np.full(count, nan)
    found: Floats = np.median(known[key][rows].astype(np.float64), axis=0)
    return found


def _traps(assignments: tuple[Assignment, ...]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (one.layer.label, sentence)
        for one in assignments
        if one.scheme is not None and not one.refused
        for sentence in traps_of(one)
    )


def _started(one: Assignment) -> Started:
    return Started(
        layer=one.layer.label,
        tensor=one.tensor,
        scheme=one.scheme.key if one.scheme else "torch_default",
        params=msgspec.structs.asdict(one.params) if one.params else {},
        law=one.law,
        unruled=one.rule is None,
    )
