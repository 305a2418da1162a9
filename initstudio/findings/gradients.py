"""The gradient fades or grows on its way back to the first layers."""

import numpy as np

from initstudio.finding import (
    BRANCH_FIX,
    GAIN_FIX,
    TANH_FIX,
    Evidence,
    Finding,
    Fix,
    Floats,
    Verdict,
    short,
)

FEWEST = 4
"""Layers from which on a trend is one."""
LOUD, GRAVE = 1e2, 1e-4
"""Times more, or less, from which on it may be told; and what is left where it is bad."""
NORMALIZED = 3
"""Batch normalizations from which on their growth matters, and the growth in all that does."""
TOTAL = 3.0


def _ends(evidence: Evidence, values: Floats) -> tuple[float, float] | None:
    """Return the size in the first and in the last activation, if there is a trend."""
    activations = evidence.profile.activations
    if len(activations) < FEWEST:
        return None
    first, last = float(values[activations[0]]), float(values[activations[-1]])
    if not (np.isfinite(first) and np.isfinite(last)) or last <= 0:
        return None
    return first, last


def _predicted(evidence: Evidence) -> float:
    """Return the first over the last by theory; 0 where it has none."""
    ends = _ends(evidence, evidence.profile.signal_theory)
    return ends[0] / ends[1] if ends else 0.0


def _allowed(evidence: Evidence, *, foretold: bool) -> float:
    """Return how many times less or more it may become; what theory foretells is no luck."""
    return LOUD if foretold else max(LOUD, evidence.luck(len(evidence.profile.activations)))


def _normalizations(evidence: Evidence) -> int:
    return sum(kind == "batch_norm" for kind in evidence.profile.kinds)


def _sentence(evidence: Evidence, verb: str, first: float, last: float) -> str:
    profile = evidence.profile
    told, theory = "", _predicted(evidence)
    if theory:
        luck = evidence.luck(len(profile.activations))
        agrees = first > 0 and 1 / luck <= first / last / theory <= luck
        told = f", as theory says ({short(theory)})" if agrees else f"; theory says {short(theory)}"
    way = f"from {profile.label(-1)} to {profile.label(0)}"
    if not first:
        return f"The gradient {verb} on its way back: {way} nothing is left of it{told}."
    return (
        f"The gradient {verb} on its way back: {way} it becomes {short(first / last)} of its "
        f"size{told}."
    )


def _fades(evidence: Evidence) -> Verdict | None:
    ends = _ends(evidence, evidence.profile.signal)
    if ends is None:
        return None
    ratio = ends[0] / ends[1]
    if ratio >= 1 / _allowed(evidence, foretold=0 < _predicted(evidence) < 1 / LOUD):
        return None
    return Verdict(
        sentence=_sentence(evidence, "fades", *ends),
        severity="bad" if ratio < GRAVE else "careful",
        # what holds up the signal through sigmoids saturates them
        fix=TANH_FIX if "sigmoid" in evidence.profile.kinds else GAIN_FIX,
    )


def _grows(evidence: Evidence) -> Verdict | None:
    ends = _ends(evidence, evidence.profile.signal)
    if ends is None or _normalizations(evidence) >= NORMALIZED:
        return None
    ratio = ends[0] / ends[1]
    if ratio <= _allowed(evidence, foretold=_predicted(evidence) > LOUD):
        return None
    return Verdict(
        sentence=_sentence(evidence, "grows", *ends),
        severity="bad" if ratio > 1 / GRAVE else "careful",
        fix=BRANCH_FIX if "residual" in evidence.profile.kinds else GAIN_FIX,
    )


def _normalized(evidence: Evidence) -> Verdict | None:
    count = _normalizations(evidence)
    ends = _ends(evidence, evidence.profile.signal)
    if count < NORMALIZED or ends is None or ends[0] / ends[1] <= TOTAL:
        return None
    ratio, steps = ends[0] / ends[1], len(evidence.profile.activations) - 1
    return Verdict(
        sentence=f"Batch normalization makes the gradient grow on its way back, by "
        f"{short(ratio ** (1 / steps))} in each of {steps} layers, {short(ratio)} in all; with "
        "ReLU theory says 1.2 a layer. No scale of the weights changes that: fewer layers, "
        "skips or a smaller learning rate do.",
        severity="bad" if ratio > 100 else "careful",
        fix=Fix(text="Use layer normalization", layers=("batch_norm", "layer_norm")),
    )


GRADIENT_FADES = Finding(
    key="gradient_fades",
    label="Gradient fades",
    summary="The gradient by the first activation's outputs is less than a hundredth of that by "
    "the last one's, and less than the luck of a draw explains.",
    source="Glorot and Bengio 2010, section 4.2; Schoenholz et al. 2017, eq. 9",
    order=12,
    look=_fades,
)

GRADIENT_GROWS = Finding(
    key="gradient_grows",
    label="Gradient grows",
    summary="The gradient by the first activation's outputs is more than a hundred times that by "
    "the last one's.",
    source="Schoenholz et al. 2017, eq. 9",
    order=13,
    look=_grows,
)

BATCH_NORM_GRADIENT = Finding(
    key="batch_norm_gradient",
    label="Batch normalization and the gradient",
    summary="With batch normalization before each rectifier the gradient's variance grows by "
    "pi / (pi - 1) a layer, whatever the weights.",
    source="Yang et al. 2019, A mean field theory of batch normalization, theorem 3.9",
    order=14,
    look=_normalized,
)
