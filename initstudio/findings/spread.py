"""The signal fades or grows on its way through the network, and whether theory says so."""

from math import exp, sqrt

import numpy as np

from initstudio.finding import GAIN_FIX, Evidence, Finding, Floats, Severity, Verdict, short

FEWEST = 3
"""Activation functions from which on a trend is one."""
FEW_FOLD = 10.0
"""How many times less or more the last one may spread than the first, without a word."""
GRAVE = 1e4
DEVIATIONS = 4.0
"""Standard deviations of its logarithm that a spread owes to the luck of a draw, at most."""
PER_LAYER = 5.0
"""What a layer of n units adds to the variance of a squared length, times n: that of ReLU."""


def _ends(values: Floats) -> tuple[float, float] | None:
    """Return the first and the last, if there is a trend to tell of."""
    if len(values) < FEWEST or not np.isfinite(values).all() or values[0] <= 0:
        return None
    return float(values[0]), float(values[-1])


def _per_layer(first: float, last: float, count: int) -> float:
    return (last / first) ** (1 / (count - 1)) if last > 0 else 0.0


def _luck(evidence: Evidence, layers: int) -> float:
    """Return how many times less or more a signal may become by the luck of a draw alone.

    The squared length after L layers of n units has the variance (1 + 5/n)^L - 1, and the
    logarithm of a length half the deviation of that of its square.
    """
    return exp(DEVIATIONS * 0.5 * sqrt(PER_LAYER * layers / max(evidence.narrowest, 1)))


def _changed(evidence: Evidence) -> float | None:
    """Return the last spread over the first, if that is beyond luck; else None."""
    spread = evidence.profile.at_activations(evidence.profile.spread)
    ends = _ends(spread)
    if ends is None:
        return None
    ratio = ends[1] / ends[0]
    allowed = max(FEW_FOLD, _luck(evidence, len(spread)))
    return None if 1 / allowed <= ratio <= allowed else ratio


def _trend(evidence: Evidence, verb: str) -> str:
    """Return the sentence about where the signal begins and ends, and what theory says of it."""
    profile = evidence.profile
    spread = profile.at_activations(profile.spread)
    theory = _ends(profile.at_activations(profile.spread_theory))
    first, last = float(spread[0]), float(spread[-1])
    told = ""
    if theory:
        told = f"; theory says by {short(_per_layer(*theory, len(spread)))} a layer"
    return (
        f"The signal {verb}: by {short(_per_layer(first, last, len(spread)))} a layer, from a "
        f"spread of {short(first)} in {profile.label(0)} to {short(last)} in "
        f"{profile.label(-1)}{told}."
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
    return Verdict(sentence=_trend(evidence, "grows"), severity=severity, fix=GAIN_FIX)


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
