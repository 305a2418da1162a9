"""Different inputs become alike on their way through the network."""

import numpy as np

from initstudio.finding import Evidence, Finding, Verdict

FEWEST = 3
ALIKE = 0.99
"""Mean cosine from which on inputs are told apart with difficulty."""
DIFFERENT = 0.9
"""At most this, they were different in the first activation."""


def _look(evidence: Evidence) -> Verdict | None:
    profile = evidence.profile
    cosines = profile.at_activations(profile.cosine)
    if len(cosines) < FEWEST or not np.isfinite(cosines[[0, -1]]).all():
        return None
    first, last = float(cosines[0]), float(cosines[-1])
    if last < ALIKE or first > DIFFERENT:
        return None
    return Verdict(
        sentence=f"Different inputs become alike: the mean cosine of two is {first:.2f} in "
        f"{profile.label(0)} and {last:.5g} in {profile.label(-1)}. Orthogonal weights, skips, or "
        "variances nearer to the edge of chaos keep them apart for longer.",
        severity="bad" if last > 0.9999 else "careful",
    )


ALIKE_INPUTS = Finding(
    key="alike_inputs",
    label="Inputs become alike",
    summary="The outputs of the last activation hardly differ between inputs that do.",
    source="Poole et al. 2016, eq. 5; Schoenholz et al. 2017, section 3",
    order=17,
    look=_look,
)
