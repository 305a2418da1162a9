"""Units that say the same whatever comes in, or that have come to their ends."""

import numpy as np

from initstudio.finding import BIAS_FIX, GAIN_FIX, Evidence, Finding, Floats, Verdict

DEAD, MOST_DEAD = 0.5, 0.9
SATURATED, MOST_SATURATED = 0.4, 0.8
"""Shares of the worst layer from which on it is told, and from which on it is bad."""
USUAL = {"hardtanh": 0.32, "relu6": 1.0}
"""Share of a normal of variance 1 that is at the ends; ReLU6 has its lower end in the middle."""


def _worst(evidence: Evidence, shares: Floats) -> tuple[float, str] | None:
    """Return the greatest share and its layer."""
    known = np.where(np.isfinite(shares), shares, -1.0)
    if not len(known) or known.max() < 0:
        return None
    at = int(known.argmax())
    return float(known[at]), evidence.profile.labels[at]


def _has_biases(evidence: Evidence) -> bool:
    biases = [one for one in evidence.tensors if one.tensor.role == "bias"]
    return any(one.law.std or one.law.mean for one in biases)


def _dead(evidence: Evidence) -> Verdict | None:
    worst = _worst(evidence, evidence.profile.dead)
    if worst is None or worst[0] < DEAD:
        return None
    share, layer = worst
    return Verdict(
        sentence=f"{100 * share:.0f} % of the units of {layer} give the same for the whole batch: "
        "no gradient passes through them.",
        severity="bad" if share >= MOST_DEAD else "careful",
        fix=BIAS_FIX if _has_biases(evidence) else GAIN_FIX,
    )


def _saturated(evidence: Evidence) -> Verdict | None:
    usual = np.array([USUAL.get(kind, 0.0) for kind in evidence.profile.kinds])
    shares = np.where(usual < 1, evidence.profile.saturated, np.nan)
    worst = _worst(evidence, np.where(shares < usual + (1 - usual) * SATURATED, np.nan, shares))
    if worst is None:
        return None
    share, layer = worst
    return Verdict(
        sentence=f"{100 * share:.0f} % of the outputs of {layer} are at the ends of its range, "
        "where it has no slope to speak of: the weights are too large for it.",
        severity="bad" if share >= MOST_SATURATED else "careful",
        fix=GAIN_FIX,
    )


DEAD_UNITS = Finding(
    key="dead_units",
    label="Dead units",
    summary="Half of the units of an activation, or more, give one number for all inputs.",
    source="Lu et al. 2020, Dying ReLU and initialization",
    order=7,
    look=_dead,
)

SATURATION = Finding(
    key="saturation",
    label="Saturated units",
    summary="Much of what a bounded activation gives lies at the ends of its range.",
    source="Glorot and Bengio 2010, section 3",
    order=8,
    look=_saturated,
)
