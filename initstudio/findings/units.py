"""Units that say the same whatever comes in, or that have come to their ends."""

import numpy as np

from initstudio.experiment import Choice
from initstudio.finding import GAIN_FIX, Evidence, Finding, Fix, Floats, Verdict

DEAD, MOST_DEAD = 0.5, 0.9
SATURATED, MOST_SATURATED = 0.4, 0.8
"""Shares of the worst layer from which on it is told, and from which on it is bad."""


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
    zero = Fix(text="Start the biases at 0", role="bias", scheme=Choice("zeros"))
    return Verdict(
        sentence=f"{100 * share:.0f} % of the units of {layer} give the same for the whole batch: "
        "no gradient passes through them.",
        severity="bad" if share >= MOST_DEAD else "careful",
        fix=zero if _has_biases(evidence) else GAIN_FIX,
    )


def _saturated(evidence: Evidence) -> Verdict | None:
    worst = _worst(evidence, evidence.profile.saturated)
    if worst is None or worst[0] < SATURATED:
        return None
    share, layer = worst
    return Verdict(
        sentence=f"{100 * share:.0f} % of the outputs of {layer} are at the ends of its range, "
        "where its slope is below 5 % of the steepest: the weights are too large for it.",
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
