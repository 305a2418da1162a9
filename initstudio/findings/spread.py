"""The signal fades or grows on its way through the network, and whether theory says so."""

import numpy as np

from initstudio.finding import (
    BRANCH_FIX,
    GAIN_FIX,
    Evidence,
    Finding,
    Floats,
    Severity,
    Verdict,
    short,
)

FEWEST = 3
"""Activation functions from which on a trend is one."""
FEW_FOLD = 10.0
"""How many times less or more the last one may spread than the first, without a word."""
GRAVE = 1e4


def _ends(values: Floats) -> tuple[float, float] | None:
    """Return the first and the last, if there is a trend to tell of."""
    if len(values) < FEWEST or not np.isfinite(values).all() or values[0] <= 0:
        return None
    return float(values[0]), float(values[-1])


def _per_layer(first: float, last: float, count: int) -> float:
    return (last / first) ** (1 / (count - 1)) if last > 0 else 0.0


def _changed(evidence: Evidence) -> float | None:
    """Return the last spread over the first, if that is beyond luck; else None."""
    spread = evidence.profile.at_activations(evidence.profile.spread)
    ends = _ends(spread)
    if ends is None:
        return None
    ratio = ends[1] / ends[0]
    allowed = max(FEW_FOLD, evidence.luck(len(spread)))
    beyond_luck = not 1 / allowed <= ratio <= allowed
    theory = _predicted(evidence)
    # what theory foretells is no luck
    foretold = bool(theory) and (max(ratio, theory) < 1 / FEW_FOLD or min(ratio, theory) > FEW_FOLD)
    return ratio if beyond_luck or foretold else None


def _predicted(evidence: Evidence) -> float:
    """Return the last spread over the first by theory; 0 where it has none."""
    ends = _ends(evidence.profile.at_activations(evidence.profile.spread_theory))
    return ends[1] / ends[0] if ends else 0.0


def _trend(evidence: Evidence, verb: str) -> str:
    """Return the sentence about where the signal begins and ends, and what theory says of it."""
    profile = evidence.profile
    spread = profile.at_activations(profile.spread)
    first, last = float(spread[0]), float(spread[-1])
    told = ""
    if theory := _predicted(evidence):
        foretold = short(_per_layer(1.0, theory, len(spread)))
        luck = evidence.luck(len(spread))
        agrees = last > 0 and 1 / luck <= last / first / theory <= luck
        told = f", as theory says ({foretold})" if agrees else f"; theory says {foretold} a layer"
    each = short(_per_layer(first, last, len(spread)))
    if not last:
        return f"The signal {verb}: nothing is left of it in {profile.label(-1)}{told}."
    return (
        f"The signal {verb}: by a factor of {each} a layer{told}, from a spread of "
        f"{short(first)} in {profile.label(0)} to {short(last)} in {profile.label(-1)}."
    )


def _fades(evidence: Evidence) -> Verdict | None:
    ratio = _changed(evidence)
    if ratio is None or ratio > 1:
        return None
    severity: Severity = "bad" if ratio < 1 / GRAVE else "careful"
    return Verdict(sentence=_trend(evidence, "fades"), severity=severity, fix=GAIN_FIX)


def _grows(evidence: Evidence) -> Verdict | None:
    ratio = _changed(evidence)
    if ratio is None or ratio < 1:
        return None
    severity: Severity = "bad" if ratio > GRAVE else "careful"
    fix = BRANCH_FIX if "residual" in evidence.profile.kinds else GAIN_FIX
    return Verdict(sentence=_trend(evidence, "grows"), severity=severity, fix=fix)


FADES = Finding(
    key="fades",
    label="Signal fades",
    summary="The outputs of the last activation spread less than a tenth as far as the first's, "
    "and less than the luck of a draw explains.",
    source="Glorot and Bengio 2010, section 4.2; He et al. 2015, section 2.2; for luck: Hanin and "
    "Rolnick 2018, How to start training",
    order=10,
    look=_fades,
)

GROWS = Finding(
    key="grows",
    label="Signal grows",
    summary="The outputs of the last activation spread more than ten times as far as the first's, "
    "and more than the luck of a draw explains.",
    source="Glorot and Bengio 2010, section 4.2; He et al. 2015, section 2.2; for luck: Hanin and "
    "Rolnick 2018, How to start training",
    order=11,
    look=_grows,
)
