"""A signal or a gradient that is no finite number."""

import numpy as np

from initstudio.finding import GAIN_FIX, Evidence, Finding, Verdict


def _look(evidence: Evidence) -> Verdict | None:
    profile = evidence.profile
    if not evidence.measured or not len(profile.spread):
        return None
    lost = np.flatnonzero(~np.isfinite(profile.spread))
    back = np.flatnonzero(np.isinf(profile.signal))
    if len(lost):
        what = f"From {profile.labels[lost[0]]} on the signal is no finite number"
    elif len(back):
        what = f"From {profile.labels[back[-1]]} back the gradient is no finite number"
    else:
        return None
    return Verdict(
        sentence=f"{what}: it has grown beyond what 32 bits can hold, or a weight is none. "
        "Nothing can be learned.",
        severity="bad",
        fix=GAIN_FIX,
    )


OVERFLOW = Finding(
    key="overflow",
    label="No finite numbers",
    summary="The first pass through the network gives numbers that are infinite, or none at all.",
    source="IEEE 754: single precision ends at 3.4e38",
    order=1,
    look=_look,
)
