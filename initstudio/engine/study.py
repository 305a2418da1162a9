"""What a Study looks like: an examination of how an experiment starts, made without its training.

A study is a plain generator. It yields often, so that what is wanted more can come between: None
after a slice of work, or `Results`, whole as far as it has come.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from initstudio.catalogue import Entry, P
from initstudio.engine.plan import Plan
from initstudio.results import Results


class Superseded(Exception):  # noqa: N818 - it is no error
    """The work is not wanted any more."""


Heed: TypeAlias = Callable[[float], None]
"""Is told the share that is done, from inside of a slice that takes long, as often as one likes.

It raises Superseded where the study is not wanted any more.
"""


@dataclass(frozen=True, kw_only=True)
class Study(Entry[P]):
    """An examination; `begin` gives its slices, the last of them Results with a share of 1.

    Those of a lower `order` go first. `begin` raises ExperimentError where the experiment cannot
    be examined so, with one sentence.
    """

    begin: Callable[[Plan, P, Heed], Iterator[Results | None]]
