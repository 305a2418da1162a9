"""What a study of an experiment's start has found, so far or in all."""

import msgspec

from initstudio.finding import Told
from initstudio.history import Readings


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """Arrays by name, NaN where it has not been found yet.

    `share` is the part of the work that is done, 1.0 for all. `notes` are sentences for who looks
    at the picture, and `told` what is found in the contenders' starts.
    """

    values: Readings
    share: float = 1.0
    notes: tuple[str, ...] = ()
    told: tuple[Told, ...] = ()
