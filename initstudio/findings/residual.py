"""A residual stream that grows from block to block."""

import numpy as np

from initstudio.finding import BRANCH_FIX, Evidence, Finding, Verdict, short

FEWEST = 3
"""Blocks from which on growth is one."""
MOST = 10.0
"""Times that the mean square of the stream may grow."""


def _look(evidence: Evidence) -> Verdict | None:
    profile = evidence.profile
    blocks = [at for at, kind in enumerate(profile.kinds) if kind == "residual"]
    if len(blocks) < FEWEST:
        return None
    stream = profile.second[blocks]
    if not np.isfinite(stream).all() or stream[0] <= 0 or stream[-1] / stream[0] <= MOST:
        return None
    growth = float(stream[-1] / stream[0])
    each = growth ** (1 / (len(blocks) - 1))
    return Verdict(
        sentence=f"The residual stream grows: its mean square by {short(each)} in each of "
        f"{len(blocks)} blocks, {short(growth)} in all. Branches that start at 0 keep it as it is.",
        severity="bad" if growth > 1e4 else "careful",
        fix=BRANCH_FIX,
    )


RESIDUAL_GROWTH = Finding(
    key="residual_growth",
    label="Residual stream grows",
    summary="Each block adds a branch as large as the stream, which doubles it.",
    source="Zhang et al. 2019, Fixup initialization, section 2",
    order=18,
    look=_look,
)
