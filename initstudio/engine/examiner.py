"""Makes studies for the window, several at once, slice by slice: what is wanted most goes first.

The newest question of each study wins; whatever it was doing for an earlier one ends.
"""

import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from initstudio.engine.messages import (
    Command,
    Examine,
    Examined,
    Forget,
    NotExamined,
    Report,
    Rest,
    Start,
    Working,
)
from initstudio.engine.plan import plan
from initstudio.engine.study import Study, Superseded
from initstudio.engine.trouble import told_of
from initstudio.errors import ExperimentError
from initstudio.results import Results

if TYPE_CHECKING:
    import queue

Commands: TypeAlias = "queue.SimpleQueue[Command | None]"
Studies: TypeAlias = Mapping[str, Study[Any]]
NEWS = 0.1
"""Seconds between two reports of one study, at least; its first and last ones are told at once."""
SILENCE = 0.5
"""Seconds after which it is told how far a study without results has come."""


@dataclass
class _Work:
    """A study under way."""

    asked: Examine
    study: Study[Any]
    heard: float
    """When it was last told how far it has come, s."""
    slices: Iterator[Results | None] | None = None
    news: Results | None = None
    resting: bool = False
    reported: float = -1.0

    @property
    def key(self) -> tuple[bool, str]:
        """Return what at most one work has: whether it stands behind others, and its study."""
        return self.asked.behind, self.asked.study

    @property
    def order(self) -> tuple[bool, int]:
        """Return what is least of what goes first."""
        return self.asked.behind, self.study.order


class Examiner:
    """Serves the commands of studies in a queue, until another kind of command comes."""

    def __init__(
        self, commands: Commands, send: Callable[[Report], None], studies: Studies
    ) -> None:
        self._commands = commands
        self._send = send
        self._studies = studies
        self._works: dict[tuple[bool, str], _Work] = {}
        self._next: Command | None = None
        self._over = False

    def serve(self, first: Examine | Rest | Forget) -> Command | None:
        """Obey `first` and what follows, and return the first command that is no study's."""
        self._obey(first)
        while not self._over:
            self._heed_all()
            work = self._most_wanted()
            if work is not None and not self._over:
                self._advance(work)
        return self._next

    def _heed_all(self) -> None:
        """Obey what has been said; with nothing to do, wait for what will be said."""
        while not self._over and (not self._commands.empty() or self._most_wanted() is None):
            self._obey(self._commands.get())

    def _obey(self, command: Command | None) -> None:
        match command:
            case Examine(study=key) if key in self._studies:
                work = _Work(command, self._studies[key], time.monotonic())
                self._works[work.key] = work
            case Examine(ask=ask, study=key):
                self._send(NotExamined(ask, key, key, "There is no such study."))
            case Rest(study=key, resting=resting, behind=behind):
                if (behind, key) in self._works:
                    self._works[behind, key].resting = resting
            case Forget(study=key, behind=behind):
                self._works.pop((behind, key), None)
            case Start() | None:
                self._next, self._over = command, True
                self._works.clear()
            case _:
                pass  # for a run, and there is none

    def _most_wanted(self) -> _Work | None:
        wanted = [work for work in self._works.values() if not work.resting]
        return min(wanted, key=lambda work: work.order, default=None)

    def _advance(self, work: _Work) -> None:
        """Let a study do one slice, and tell of what it has found."""
        try:
            if work.slices is None:
                params = work.study.parse(work.asked.params, f"{work.asked.study}.params")
                resolved = plan(work.asked.experiment)
                work.slices = work.study.begin(resolved, params, partial(self._heed, work))
            found = next(work.slices)
        except Superseded:
            return
        except StopIteration:
            self._fail(work, work.study.label, "It ended without an answer.")
            return
        except ExperimentError as error:
            self._fail(work, error.where, error.why)
            return
        except BrokenPipeError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever failed, the window must learn of it
            traceback.print_exc()
            self._fail(work, work.study.label, told_of(error))
            return
        work.news = found or work.news
        if found is not None and found.share >= 1:
            self._works.pop(work.key, None)
            self._tell(work)
        elif work.news and time.monotonic() - work.reported >= NEWS:
            self._tell(work)

    def _heed(self, work: _Work, done: float) -> None:
        """Tell how far a long slice has come, and end it if something else is wanted.

        Raises:
            Superseded: The study is over, or one that goes before it was asked for.
        """
        now = time.monotonic()
        if now - work.heard >= SILENCE:
            work.heard = now
            self._send(Working(work.asked.ask, work.asked.study, done))
        while not self._over and not self._commands.empty():
            self._obey(self._commands.get())
        if self._over or self._works.get(work.key) is not work:
            raise Superseded
        first = self._most_wanted()
        if first is not work:
            work.slices = None  # it begins anew afterwards
            raise Superseded

    def _tell(self, work: _Work) -> None:
        if work.news:
            self._send(Examined(work.asked.ask, work.asked.study, work.news))
            work.news, work.reported = None, time.monotonic()

    def _fail(self, work: _Work, where: str, why: str) -> None:
        self._works.pop(work.key, None)
        self._tell(work)
        self._send(NotExamined(work.asked.ask, work.asked.study, where, why))
