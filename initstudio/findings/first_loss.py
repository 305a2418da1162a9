"""A network that is sure of itself before it has learned anything."""

from math import isfinite

from initstudio.experiment import Choice
from initstudio.finding import Evidence, Finding, Fix, Verdict, short

MORE = 2.0
"""How many times the loss of guessing the first loss may be."""


def _look(evidence: Evidence) -> Verdict | None:
    if not (isfinite(evidence.loss) and isfinite(evidence.guess)):
        return None
    if evidence.loss <= MORE * evidence.guess:
        return None
    return Verdict(
        sentence=f"The first loss is {short(evidence.loss)}, and guessing would give "
        f"{short(evidence.guess)}: the network starts sure of wrong answers. A smaller last layer "
        "would not.",
        severity="bad" if evidence.loss > 10 * evidence.guess else "careful",
        fix=_fix(evidence),
    )


def _fix(evidence: Evidence) -> Fix | None:
    if not evidence.weights:
        return None
    last = evidence.weights[-1]
    return Fix(text=f"Start {last.layer} at 0", scheme=Choice("zeros"), places=(last.path,))


FIRST_LOSS = Finding(
    key="first_loss",
    label="First loss",
    summary="The first loss is more than twice that of guessing among equally likely classes.",
    source="Karpathy 2019, A recipe for training neural networks: verify loss at init",
    order=30,
    look=_look,
)
