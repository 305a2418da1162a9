"""Units that start alike, and stay alike; and layers that start at nothing."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from initstudio.finding import GAIN_FIX, Evidence, Finding, Fix, Started, Verdict, listed

MANY = 3
"""Layers beyond which a fix is for all."""


def _is_zero(one: Started) -> bool:
    return one.law.std == 0 and one.law.mean == 0 and one.law.kind == "constant"


def _for(layers: Sequence[Started], evidence: Evidence) -> Fix:
    """Return the fix for these layers alone, if the others are well."""
    if len(layers) > MANY or len(layers) >= len(evidence.weights) - 1:
        return GAIN_FIX
    return replace(GAIN_FIX, places=tuple(dict.fromkeys(one.path for one in layers)))


def _symmetry(evidence: Evidence) -> Verdict | None:
    alike = [
        one
        for one in evidence.weights
        if one.law.kind == "constant" and one.tensor.shape[0] > 1 and not one.tensor.site.is_last
    ]
    # a branch that ends with zeros adds nothing at first, and its weights learn from the skip
    alike = [one for one in alike if not (_is_zero(one) and one.tensor.site.branch)]
    if not alike:
        return None
    here = listed([one.layer for one in alike])
    if all(one.law.mean == 0 for one in alike):
        why = "All weights are 0, so that nothing passes and only the last bias has a gradient"
    else:
        why = "All units start alike, have the same gradients and stay alike for ever"
    return Verdict(sentence=f"{why}: {here}.", severity="bad", fix=_for(alike, evidence))


def _twins(evidence: Evidence) -> Verdict | None:
    found = [
        (int(count), one)
        for count, one in zip(evidence.twins, evidence.weights, strict=False)
        if np.isfinite(count) and count > 0 and one.law.kind != "constant"
    ]
    if not found:
        return None
    count, worst = max(found, key=lambda pair: pair[0])
    return Verdict(
        sentence=f"{count} of {worst.tensor.shape[0]} units of {worst.layer} have the weights of "
        "another one, to the bit: they compute the same, and learn the same.",
        severity="careful",
        fix=_for([one for _, one in found], evidence),
    )


def _zero_last(evidence: Evidence) -> Verdict | None:
    weights = evidence.weights
    if not weights or not _is_zero(weights[-1]) or all(_is_zero(one) for one in weights):
        return None
    return Verdict(
        sentence=f"{weights[-1].layer} starts at 0: the outputs are equal for all inputs, and at "
        "the first step it alone has a gradient. That is safe, and sometimes meant.",
        severity="tip",
    )


SYMMETRY = Finding(
    key="symmetry",
    label="Units that are alike",
    summary="Equal weights make equal units, which training cannot tell apart.",
    source="Goodfellow, Bengio and Courville 2016, Deep learning, section 8.4",
    order=5,
    look=_symmetry,
)

TWINS = Finding(
    key="twins",
    label="Some units are alike",
    summary="Some units have exactly the weights of another unit of their layer.",
    source="Goodfellow, Bengio and Courville 2016, Deep learning, section 8.4",
    order=6,
    look=_twins,
)

ZERO_LAST = Finding(
    key="zero_last",
    label="Last layer at 0",
    summary="Zero weights in the last layer let no gradient pass to the others at the first step.",
    source="Zhang et al. 2019, Fixup initialization, section 3",
    order=31,
    look=_zero_last,
)
