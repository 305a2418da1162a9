"""The X-ray: all readings at step 0."""

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from initstudio.catalogue import Params
from initstudio.engine.diagnosis import tell
from initstudio.engine.plan import Plan
from initstudio.engine.study import Heed, Study
from initstudio.engine.xray import Xray
from initstudio.errors import ExperimentError
from initstudio.probes import PROBES
from initstudio.results import Results


class StartParams(Params, frozen=True):
    """What is to be measured."""

    probes: Annotated[
        str,
        Meta(
            title="Probes",
            description="Keys of what is measured, parted by spaces; all that is recorded, if none "
            "is named.",
        ),
    ] = ""


_xray = Xray()
"""Of this process: it keeps what the next X-ray may need again."""


def _begin(plan: Plan, params: StartParams, heed: Heed) -> Iterator[Results | None]:
    keys = params.probes.split()
    for key in keys:
        if key not in PROBES:
            raise ExperimentError("start.params.probes", f"there is no probe '{key}'")
    readings = _xray.readings(plan, heed, keys)
    yield Results(values=readings, told=tell(plan, readings))


START = Study(
    key="start",
    label="X-ray",
    summary="All readings of how the contenders start, before any training.",
    order=1,
    params=StartParams,
    begin=_begin,
)
