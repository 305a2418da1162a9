"""What studies have found of the starts of pinned runs, each made while somebody looks at it.

A pinned run does not change, so that what is found is kept until the run is taken off. One question
is under way at a time, and it stands behind all of the present experiment's.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from initstudio.engine.messages import (
    Command,
    Examine,
    Examined,
    Forget,
    NotExamined,
    Rest,
    Working,
)
from initstudio.experiment import Experiment
from initstudio.history import Header, History
from initstudio.ui.chart.contender_line import Pin
from initstudio.ui.session import Session
from initstudio.ui.studied import (
    QUICK,
    START,
    Studied,
    Wants,
    history_of,
    of_probes,
    probes_in,
    studied_by,
)

if TYPE_CHECKING:
    from initstudio.catalogue import Value

LATER = "not measured yet"
"""Why a start is not in a picture, before its readings are there."""


@dataclass(eq=False)
class _Run:
    """A pinned run, and what is known of its start: by which study, asked with which parameters."""

    pin: Pin
    shown: Pin
    """As the pictures of the start show it: its history holds the readings at step 0."""
    known: dict[str, Studied] = field(default_factory=dict)
    asked: "dict[str, dict[str, Value]]" = field(default_factory=dict)
    wants: "dict[str, dict[str, Value]]" = field(default_factory=dict)
    lethal: set[str] = field(default_factory=set)
    """Studies that ended an engine."""

    @property
    def header(self) -> Header:
        return self.pin.history.header

    @property
    def experiment(self) -> Experiment:
        return self.header.experiment

    def waits_for(self, study: str) -> bool:
        """Return whether a study is wanted that is not known yet."""
        return study in self.wants and self.wants[study] != self.asked.get(study)

    def renew(self) -> None:
        """Show its present name, its start and why that is not there."""
        start = self.known.get(START)
        trouble = start.trouble if start else ""
        why = LATER if self.waits_for(START) else trouble
        history = self.shown.history
        if (self.pin.name, why) != (self.shown.name, self.shown.why):
            self.shown = Pin(self.pin.name, history, why)


@dataclass(frozen=True)
class _Way:
    """The question under way."""

    ask: int
    run: _Run
    study: str
    params: "dict[str, Value]"


class PinnedStudies(QObject):
    """Says what is wanted of pinned runs to who makes studies, and keeps the answers."""

    changed = Signal()
    """The pinned runs beside the present start are others, or there is more of their starts."""
    studied = Signal(str)
    """There is something new of the study of that key."""

    def __init__(
        self,
        session: Session,
        send: Callable[[Command], None],
        asks: Iterator[int],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.beside: tuple[Pin, ...] = ()
        """The pinned runs that do not start as the present experiment does, as their starts."""
        self._session = session
        self._send = send
        self._asks = asks
        self._runs: list[_Run] = []
        self._way: _Way | None = None
        session.pins.changed.connect(self._on_pins_changed)
        session.experiment_changed.connect(self._show)
        self._on_pins_changed()

    def of(self, study: str, pin: Pin) -> Studied | None:
        """Return what a study says of the start of one of `beside`; None if nothing is known."""
        return next((run.known.get(study) for run in self._runs if run.shown is pin), None)

    def want(self, wants: Mapping[Pin, Wants]) -> None:
        """Note which studies of which of `beside` somebody looks at just now."""
        for run in self._runs:
            found = {key: dict(one) for key, one in wants.get(run.shown, {}).items()}
            if START in found:  # what was measured once need not be measured without
                probes = probes_in(found[START]) | probes_in(run.asked.get(START, {}))
                found[START] = of_probes(probes)
            run.wants = found
        self._forget_what_is_not_wanted()
        self._show()

    def ask_next(self, resting: Collection[str]) -> None:
        """Ask for the next that is wanted, if no question is under way; not what rests."""
        found = self._next(resting) if self._way is None else None
        if found:
            run, study = found
            self._way = way = _Way(next(self._asks), run, study, run.wants[study])
            self._send(Examine(way.ask, study, run.experiment, way.params, behind=True))

    def rest(self, study: str, *, resting: bool) -> None:
        """Let a study wait, or go on where it was."""
        if self._way and self._way.study == study:
            self._send(Rest(study, resting, behind=True))

    def take(self, event: Examined | NotExamined | Working) -> None:
        """Take in what the engine has reported, if it is of the question under way."""
        way = self._way
        if way is None or event.ask != way.ask:
            return
        if isinstance(event, Working):
            known = way.run.known.get(way.study) or Studied(header=way.run.header)
            self._put(way, replace(known, share=event.share))
        else:
            self._put(way, studied_by(event, way.run.header), answer=True)

    def on_died(self, why: str, *, guilty: bool) -> None:
        """Ask once more later, if it was what the engine did; twice, and it is given up."""
        way, self._way = self._way, None
        if way and guilty and way.study in way.run.lethal:
            self._put(way, Studied(header=way.run.header, trouble=why), answer=True)
        elif way and guilty:
            way.run.lethal.add(way.study)

    # ------------------------------------------------------------------ inside

    def _next(self, resting: Collection[str]) -> tuple[_Run, str] | None:
        """Return what is to be asked next: what is quick goes first, of all runs."""
        wanted = dict.fromkeys(key for run in self._runs for key in run.wants)
        for study in sorted(wanted, key=lambda one: one not in QUICK):
            for run in self._runs:
                if run.waits_for(study) and study not in resting:
                    return run, study
        return None

    def _put(self, way: _Way, known: Studied, *, answer: bool = False) -> None:
        run, study = way.run, way.study
        run.known[study] = known
        if answer and (known.results is None or known.share >= 1):
            self._way = None
            run.asked[study] = way.params
        if answer and study == START:
            if known.results:
                history = history_of(run.header, known.results)
                run.shown = Pin(run.pin.name, history, run.shown.why)
            self._show()
        self.studied.emit(study)

    def _on_pins_changed(self) -> None:
        """Keep what is known of runs that are still pinned."""
        before = {run.pin.history: run for run in self._runs}
        self._runs = []
        for pin in self._session.pins.all:
            empty = Pin(pin.name, History(pin.history.header))
            run = before.get(pin.history) or _Run(pin, empty)
            run.pin = pin
            self._runs.append(run)
        self._forget_what_is_not_wanted()
        self._show()

    def _forget_what_is_not_wanted(self) -> None:
        way = self._way
        if way and (way.run not in self._runs or way.run.wants.get(way.study) != way.params):
            self._way = None
            self._send(Forget(way.study, behind=True))

    def _show(self, _experiment: object = None) -> None:
        """Tell which runs are beside the present start, if they are others now."""
        for run in self._runs:
            run.renew()
        present = self._session.experiment.work()
        beside = tuple(run.shown for run in self._runs if run.experiment.work() != present)
        if beside != self.beside:
            self.beside = beside
            self.changed.emit()
