"""A signal that is made of biases, and no longer of the input."""

import numpy as np

from initstudio.finding import BIAS_FIX, TANH_FIX, Evidence, Finding, Verdict

FEWEST = 3
MOST = 0.9
"""Share of the signal's power that may come from the biases in the last activation."""


def _look(evidence: Evidence) -> Verdict | None:
    profile = evidence.profile
    shares = profile.at_activations(profile.from_biases)
    if len(shares) < FEWEST or not np.isfinite(shares[-1]) or shares[-1] <= MOST:
        return None
    if profile.normalized:
        return None  # which makes as much of nothing as of any input
    share = f"{100 * shares[-1]:.4g} %" if shares[-1] < 0.99999 else "all"
    where = f"In {profile.label(-1)} {share} of the signal"
    with_biases = any(
        one.law.std or one.law.mean for one in evidence.tensors if one.tensor.role == "bias"
    )
    if with_biases:
        why = f"{where} comes from the biases, as theory has it"
    else:
        why = f"{where} would be there without an input, as theory has it"
    return Verdict(
        sentence=f"{why}: it looks alive, and all inputs look alike.",
        severity="bad" if shares[-1] > 0.999 else "careful",
        fix=TANH_FIX if "sigmoid" in profile.kinds else BIAS_FIX,
    )


BIAS_DRIVEN = Finding(
    key="bias_driven",
    label="Signal without input",
    summary="Biases, or an activation that makes something of nothing, hold the signal up where "
    "the weights let it fade: its size says nothing of the input any more.",
    source="Poole et al. 2016, eq. 3, with and without the input",
    order=15,
    look=_look,
)
