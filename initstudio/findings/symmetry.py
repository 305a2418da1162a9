"""Units that start alike, and stay alike."""

from initstudio.finding import GAIN_FIX, Evidence, Finding, Verdict


def _look(evidence: Evidence) -> Verdict | None:
    alike = [
        one
        for one in evidence.weights
        if one.law.kind == "constant" and one.tensor.shape[0] > 1 and not one.tensor.site.is_last
    ]
    if not alike:
        return None
    here = alike[0].layer if len(alike) == 1 else f"{alike[0].layer} and {len(alike) - 1} more"
    if all(one.law.mean == 0 for one in alike):
        why = "All weights are 0, so that nothing passes and only the last bias has a gradient"
    else:
        why = "All units start alike, have the same gradients and stay alike for ever"
    return Verdict(sentence=f"{why}: {here}.", severity="bad", fix=GAIN_FIX)


SYMMETRY = Finding(
    key="symmetry",
    label="Units that are alike",
    summary="Equal weights make equal units, which training cannot tell apart.",
    source="Goodfellow, Bengio and Courville 2016, Deep learning, section 8.4",
    order=5,
    look=_look,
)
