"""What is found in how an experiment's contenders start, from the readings of the start.

It loads no torch.
"""

from collections.abc import Mapping
from dataclasses import replace
from math import isclose, log, nan
from typing import Any, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from initstudio.engine.assignment import Assignment
from initstudio.engine.plan import Plan
from initstudio.engine.traps import traps_of
from initstudio.finding import Evidence, Fix, Floats, Profile, Started, Told, Verdict
from initstudio.findings import FINDINGS
from initstudio.law import Law
from initstudio.layers import LAYERS
from initstudio.schemes import SCHEMES

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
ALIKE = 0.02
"""Relative difference of two widths of a distribution that is none."""
DRAWN = {"normal", "uniform", "truncated normal", "orthogonal"}
"""Kinds of distributions that do alike."""


def tell(plan: Plan, readings: Readings | None) -> tuple[Told, ...]:
    """Return what is found, contender by contender, in order of the catalogue.

    Without readings [R, ...] only what needs none is found. Of contenders that are tuned only what
    is measured is told: what was drawn is not what they start with.
    """
    known = _medians(plan, readings)
    found = []
    for at, contender in enumerate(plan.experiment.contenders):
        evidence = _evidence(plan, at, known)
        for key, finding in FINDINGS.items():
            verdict = finding.look(evidence)
            if verdict:
                told = _with_help(plan, at, verdict)
                found.append(Told(slot=contender.slot, finding=key, verdict=told))
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
    seeds = plan.experiment.seeds.count
    evidence = _evidence(plan, at, _medians(plan, readings))
    if stable_rate is None:
        return evidence
    rows = stable_rate[at * seeds : (at + 1) * seeds]
    return replace(evidence, stable_rate=float(np.median(rows)))


def _medians(plan: Plan, readings: Readings | None) -> Readings:
    """Return the medians over the seeds [contenders, ...], of pairs of inputs the means first."""
    seeds = plan.experiment.seeds.count
    found = {}
    for key, values in (readings or {}).items():
        if key not in READ:
            continue
        rows = values.astype(np.float64)
        if key == "cosines":
            rows = mean_of_known(rows)
        parted = rows.reshape(-1, seeds, *rows.shape[1:])
        found[key] = parted[:, 0] if seeds == 1 else np.median(parted, axis=1)
    return found


def mean_of_known(values: Floats) -> Floats:
    """Return the mean over the last axis without NaN, as a batch may have few pairs."""
    known = np.isfinite(values)
    counts = known.sum(-1)
    sums: Floats = np.where(known, values, 0.0).sum(-1)
    found: Floats = np.divide(sums, counts, out=np.full(sums.shape, nan), where=counts > 0)
    return found


def _evidence(plan: Plan, at: int, known: Readings) -> Evidence:
    experiment, facts = plan.experiment, plan.facts
    assignments = () if plan.tunings[at] else plan.assignments[at]
    tensors = tuple(_started(one) for one in assignments)
    weights = [one.tensor for one in plan.assignments[at] if one.tensor.role == "weight"]
    classes = facts.task == "classes" and experiment.training.loss == "cross_entropy"
    return Evidence(
        tensors=tensors,
        profile=_profile(plan, at, known),
        twins=_of(known, "twins", at, len(weights)),
        measured=bool(known),
        loss=float(known["loss"][at]) if "loss" in known else nan,
        guess=log(max(facts.outputs, 1)) if classes and known else nan,
        learning_rate=experiment.training.learning_rate,
        traps=_traps(assignments),
        rules=sum(rule.role == "weight" for rule in experiment.contenders[at].rules),
        contenders=len(experiment.contenders),
        narrowest=min((one.shape[0] for one in weights[:-1]), default=1),
    )


def _profile(plan: Plan, at: int, known: Readings) -> Profile:
    count = len(plan.watched)

    def layers(key: str) -> Floats:
        return _of(known, key, at, count)

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
        cosine=layers("cosines"),
        dead=layers("dead"),
        saturated=layers("saturated"),
    )


def _of(known: Readings, key: str, at: int, count: int) -> Floats:
    """Return a contender's readings [count]; NaN where there are none."""
    return known[key][at] if key in known else np.full(count, nan)


def _with_help(plan: Plan, at: int, verdict: Verdict) -> Verdict:
    """Return the verdict without a fix that would change nothing, or cannot be done."""
    if verdict.fix is None or _helps(plan, at, verdict.fix):
        return verdict
    return replace(verdict, fix=None)


def _helps(plan: Plan, at: int, fix: Fix) -> bool:
    if fix.scheme is None:
        return True
    if plan.tunings[at]:
        return False  # which goes over whatever was drawn
    scheme = SCHEMES[fix.scheme.key]
    params = scheme.parse(fix.scheme.params)
    tensors = [
        one
        for one in plan.assignments[at]
        if one.tensor.role == fix.role and (not fix.places or one.layer.path in fix.places)
    ]
    if any(scheme.refuses(params, one.tensor) for one in tensors):
        return False
    return any(_differ(scheme.law(params, one.tensor), one.law) for one in tensors)


def _differ(law: Law, other: Law) -> bool:
    if {law.kind, other.kind} - DRAWN and law.kind != other.kind:
        return True
    same_std = isclose(law.std, other.std, rel_tol=ALIKE)
    return not (same_std and isclose(law.mean, other.mean, rel_tol=ALIKE))


def _traps(assignments: tuple[Assignment, ...]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (one.layer.label, sentence)
        for one in assignments
        if one.scheme is not None and not one.refused
        for sentence in traps_of(one)
    )


def _started(one: Assignment) -> Started:
    activation = LAYERS.get(one.tensor.site.activation)
    return Started(
        layer=one.layer.label,
        tensor=one.tensor,
        scheme=one.scheme.key if one.scheme else "torch_default",
        params=msgspec.structs.asdict(one.params) if one.params else {},
        law=one.law,
        path=one.layer.path,
        label=one.scheme.label if one.scheme else "torch's default",
        activation=activation.label if activation else "no activation",
        unruled=one.rule is None,
    )
