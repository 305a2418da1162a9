"""What a contender's rules leave out, and what surprises people in its schemes."""

from collections import Counter

from initstudio.experiment import Choice
from initstudio.finding import Evidence, Finding, Fix, Verdict, listed


def _unstarted(evidence: Evidence) -> Verdict | None:
    missed = [one for one in evidence.weights if one.unruled]
    if not missed or not evidence.rules:
        return None
    used = Counter(
        (one.scheme, tuple(sorted(one.params.items())))
        for one in evidence.weights
        if not one.unruled
    )
    fix = None
    if used:
        (key, params), _ = used.most_common(1)[0]
        fix = Fix(text="Start them as the others", scheme=Choice(key, dict(params)), over=False)
    return Verdict(
        sentence=f"No rule of this contender hits {listed([one.layer for one in missed])}: torch's "
        "own default starts it.",
        severity="careful",
        fix=fix,
    )


def _trap(evidence: Evidence) -> Verdict | None:
    if not evidence.traps:
        return None
    sentence = evidence.traps[0][1]
    layers = [layer for layer, one in evidence.traps if one == sentence]
    others = len({one for _, one in evidence.traps}) - 1
    more = f" {others} more in the inspector." if others else ""
    return Verdict(sentence=f"{sentence} Here: {listed(layers)}.{more}", severity="tip")


def _alone(evidence: Evidence) -> Verdict | None:
    if evidence.contenders > 1:
        return None
    return Verdict(
        sentence="There is one contender only: another scheme beside it shows what this one does.",
        severity="tip",
    )


UNSTARTED = Finding(
    key="unstarted",
    label="Left to torch",
    summary="A weight that no rule hits starts by torch's default, though others do not.",
    source="torch.nn.Module.reset_parameters",
    order=25,
    look=_unstarted,
)

TRAP = Finding(
    key="trap",
    label="Trap",
    summary="A scheme does something with these layers that surprises people.",
    source="The documentation of torch.nn.init, and its code",
    order=40,
    look=_trap,
)

ALONE = Finding(
    key="alone",
    label="Nothing to compare",
    summary="Several techniques tried side by side tell more than one.",
    source="How Do I Initialize Weights in PyTorch?, good practice",
    order=50,
    look=_alone,
)
