"""A signal that is made of biases, and no longer of the input."""

import numpy as np

from initstudio.experiment import Choice
from initstudio.finding import Evidence, Finding, Fix, Verdict

FEWEST = 3
MOST = 0.9
"""Share of the signal's power that may come from the biases in the last activation."""


def _look(evidence: Evidence) -> Verdict | None:
    profile = evidence.profile
    shares = profile.at_activations(profile.from_biases)
    if len(shares) < FEWEST or not np.isfinite(shares[-1]) or shares[-1] <= MOST:
        return None
    share = f"{100 * shares[-1]:.4g} %" if shares[-1] < 0.99999 else "all"
    return Verdict(
        sentence=f"In {profile.label(-1)} {share} of the signal comes from the biases, as "
        "theory has it: it looks alive, and all inputs look alike.",
        severity="bad" if shares[-1] > 0.999 else "careful",
        fix=Fix(text="Start the biases at 0", role="bias", scheme=Choice("zeros")),
    )


BIAS_DRIVEN = Finding(
    key="bias_driven",
    label="Signal of biases",
    summary="Random biases hold the signal up where the weights let it fade: its size says nothing "
    "of the input any more.",
    source="Poole et al. 2016, eq. 3, with and without the input",
    order=15,
    look=_look,
)
