"""The X-ray: all readings at step 0."""

from collections.abc import Iterator

from initstudio.catalogue import NoParams
from initstudio.engine.plan import Plan
from initstudio.engine.study import Heed, Study
from initstudio.engine.xray import Xray
from initstudio.results import Results

_xray = Xray()
"""Of this process: it keeps what the next X-ray may need again."""


def _begin(plan: Plan, _params: NoParams, heed: Heed) -> Iterator[Results | None]:
    yield Results(values=_xray.readings(plan, heed))


START = Study(
    key="start",
    label="X-ray",
    summary="All readings of how the contenders start, before any training.",
    order=1,
    params=NoParams,
    begin=_begin,
)
