"""The signal fades or grows on its way through the network."""

import numpy as np

from initstudio.finding import GAIN_FIX, Evidence, Finding, Verdict, short

FEWEST = 3
"""Activation functions from which on a trend is one."""
FAINT, LOUD = 1e-2, 1e2
"""Of the first one's spread, what the last one's is at least and at most."""
GRAVE = 1e-4


def _ends(evidence: Evidence) -> tuple[float, float, str, str, str] | None:
    """Return the first and last spread, their layers, and what theory says of the last."""
    spread = evidence.spread
    if len(spread) < FEWEST or not np.isfinite(spread).all() or spread[0] <= 0:
        return None
    theory = evidence.theory[-1] if len(evidence.theory) else np.nan
    told = f"; theory says {short(float(theory))}" if np.isfinite(theory) else ""
    first, last = evidence.activations[0], evidence.activations[-1]
    return float(spread[0]), float(spread[-1]), first, last, told


def _fades(evidence: Evidence) -> Verdict | None:
    found = _ends(evidence)
    if found is None or found[1] / found[0] >= FAINT:
        return None
    begins, ends, first, last, told = found
    return Verdict(
        sentence=f"The signal fades: the outputs spread by {short(begins)} in {first} and by "
        f"{short(ends)} in {last}{told}.",
        severity="bad" if ends / begins < GRAVE else "careful",
        fix=GAIN_FIX,
    )


def _grows(evidence: Evidence) -> Verdict | None:
    found = _ends(evidence)
    if found is None or found[1] / found[0] <= LOUD:
        return None
    begins, ends, first, last, told = found
    return Verdict(
        sentence=f"The signal grows: the outputs spread by {short(begins)} in {first} and by "
        f"{short(ends)} in {last}{told}.",
        severity="bad" if ends / begins > 1 / GRAVE else "careful",
        fix=GAIN_FIX,
    )


FADES = Finding(
    key="fades",
    label="Signal fades",
    summary="The outputs of the last activation spread by less than a hundredth of the first's.",
    source="Glorot and Bengio 2010, section 4.2; He et al. 2015, section 2.2",
    order=10,
    look=_fades,
)

GROWS = Finding(
    key="grows",
    label="Signal grows",
    summary="The outputs of the last activation spread by more than a hundred times the first's.",
    source="Glorot and Bengio 2010, section 4.2; He et al. 2015, section 2.2",
    order=11,
    look=_grows,
)
