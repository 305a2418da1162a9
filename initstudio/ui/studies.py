"""What studies of the present experiment have found, each made while somebody looks at it.

They are made by an engine of their own, so that they wait for no training and no training for them.
Of each study one question is under way; when it is answered, or takes long, the newest is asked.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from time import monotonic

from PySide6.QtCore import QObject, QTimer, Signal

from initstudio.catalogue import Value
from initstudio.engine.messages import (
    Command,
    Examine,
    Examined,
    Forget,
    NotExamined,
    Rest,
    Working,
)
from initstudio.engine.plan import header_of
from initstudio.experiment import Experiment
from initstudio.history import Header, History
from initstudio.ui.chart.contender_line import Pin
from initstudio.ui.pinned_studies import PinnedStudies
from initstudio.ui.session import Session
from initstudio.ui.studied import (
    QUICK,
    START,
    Question,
    Studied,
    Wants,
    history_of,
    of_probes,
    probes_in,
    studied_by,
)
from initstudio.ui.worker import Died, Event, RunWorker

REST = 0.4
"""Seconds without an edit after which a hand rests."""
HURRY = 0.3
"""Seconds that an answer may take before a newer question puts an end to it."""
SILENCE = 20.0
"""Seconds without a word after which an engine that is asked something else is ended."""
LOOK = 100
"""Milliseconds from look to look at questions that wait."""


class Studies(QObject):
    """Asks for the studies that are wanted; without `make_worker` nothing is ever found.

    To a board it is as a session is: `history` holds the readings at step 0.
    """

    changed = Signal(str)
    """There is something new of the study of that key."""
    runs_changed = Signal()
    ticked = Signal()

    def __init__(
        self,
        session: Session,
        make_worker: Callable[[], RunWorker] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.session = session
        self.history: History | None = None
        self._make_worker = make_worker
        self._worker: RunWorker | None = None
        self._wants: dict[str, Wants] = {}
        self._known: dict[str, Studied] = {}
        self._asked: dict[str, Question] = {}
        self._resting: set[str] = set()
        self._asks = count(1)
        self._edited = -REST
        self._busy = True
        """Whether anything of the present experiment is under way, as far as is known."""
        self._look = QTimer(self, interval=LOOK)
        self._look.timeout.connect(self._ask_what_waits)
        session.experiment_changed.connect(self._on_experiment_changed)
        session.state_changed.connect(self._on_state_changed)
        session.closed.connect(self.close)
        self.pinned = PinnedStudies(session, self._send, self._asks, self)
        """What is known of the starts of pinned runs."""

    @property
    def experiment(self) -> Experiment:
        """Return the present experiment."""
        return self.session.experiment

    @property
    def at_work(self) -> bool:
        """Return whether there is anybody to make studies."""
        return self._make_worker is not None

    @property
    def pid(self) -> int | None:
        """Return the process id of the engine, if there is one."""
        return self._worker.pid if self._worker else None

    def want(self, who: str, wants: Wants) -> None:
        """Note which studies somebody looks at just now, and with which parameters."""
        if self._wants.get(who, {}) != wants:
            self._wants[who] = {key: dict(params) for key, params in wants.items()}
            for key in self._asked.keys() - self._all_wants().keys():
                self._forget(key)
            self._ask_what_waits()

    def want_pinned(self, wants: Mapping[Pin, Wants]) -> None:
        """Note which studies of pinned runs somebody looks at just now."""
        self.pinned.want(wants)
        self._ask_of_pinned()

    def of(self, study: str) -> Studied | None:
        """Return what is known by a study; None if nothing is."""
        return self._known.get(study)

    def rest(self, study: str, *, resting: bool) -> None:
        """Let a study wait, or go on where it was."""
        (self._resting.add if resting else self._resting.discard)(study)
        self._send(Rest(study, resting))
        self.pinned.rest(study, resting=resting)
        self._note(study, resting=resting)
        self._ask_what_waits()

    def drain(self) -> None:
        """Take in what the engine has reported; happens by itself, too."""
        for event in self._worker.take() if self._worker else []:
            self._take(event)
        self._ask_what_waits()

    def close(self) -> None:
        """End the engine and its thread."""
        self._look.stop()
        self._make_worker = None
        worker, self._worker = self._worker, None
        if worker:
            worker.close()

    def _all_wants(self) -> dict[str, Mapping[str, Value]]:
        """Return what is wanted by anybody; of the start, the probes that anybody reads."""
        found = {key: params for wants in self._wants.values() for key, params in wants.items()}
        if START in found:
            starts = [wants[START] for wants in self._wants.values() if START in wants]
            found[START] = of_probes(set().union(*map(probes_in, starts)))
        return found

    def _on_experiment_changed(self, experiment: Experiment) -> None:
        self._edited = monotonic()
        for key, question in list(self._asked.items()):
            if key not in QUICK and not question.is_about(experiment, question.params):
                self._forget(key)  # its slices would keep the quick ones waiting
        self._ask_what_waits()

    def _on_state_changed(self, _state: object) -> None:
        if self._worker is None:
            self._ask_what_waits()

    def _ask_what_waits(self) -> None:
        """Ask for what is wanted and not known yet, unless an answer is on its way."""
        waiting, self._busy, busy = False, True, False
        if self._make_worker is None or (self._worker is None and self.session.begins):
            return  # a second engine that loads would keep the first one waiting
        for key, params in self._all_wants().items():
            question = self._asked.get(key)
            if question and question.is_about(self.experiment, params):
                known = self._known.get(key)
                answer = known is not None and known.header.experiment is question.experiment
                self._note(key, fresh=answer)
                busy |= not question.answered and key not in self._resting
                continue
            self._note(key, fresh=False)
            if self.session.problems:
                continue
            now, busy = monotonic(), True
            moves = key not in QUICK and now - self._edited < REST
            if moves or (question and not question.answered and now - question.began < HURRY):
                waiting = True
                continue
            if question and not question.answered and now - question.heard > SILENCE:
                self._replace_engine()
            self._ask(key, params)
        if waiting:
            self._look.start()
        else:
            self._look.stop()
        self._busy = busy
        self._ask_of_pinned()

    def _ask_of_pinned(self) -> None:
        """Ask for the next study of a pinned run, if all of the present experiment is known."""
        if not self._busy:
            self.pinned.ask_next(self._resting)

    def _ask(self, key: str, params: Mapping[str, Value], tries: int = 0) -> None:
        ask, now = next(self._asks), monotonic()
        self._asked[key] = Question(
            ask=ask,
            experiment=self.experiment,
            params=dict(params),
            began=now,
            heard=now,
            tries=tries,
        )
        self._note(key, share=0.0)
        self._send(Examine(ask, key, self.experiment, dict(params)))
        if key in self._resting:
            self._send(Rest(key))

    def _send(self, command: Command) -> None:
        """Tell the engine, which begins with its first question."""
        if self._worker is None and self._make_worker and isinstance(command, Examine):
            self._worker = self._make_worker()
            self._worker.arrived.connect(self.drain)
            self._worker.start()
        if self._worker:
            self._worker.send(command)

    def _forget(self, key: str) -> None:
        question = self._asked[key]
        if not question.answered:
            del self._asked[key]
            self._send(Forget(key))
            known = self._known.get(key)
            if known and known.results:  # which is not under way any more
                self._note(key, share=known.results.share)

    def _replace_engine(self) -> None:
        if self._worker:
            self._worker.replace_engine()

    def _take(self, event: Event) -> None:
        match event:
            case Died(why=why):
                self._on_died(why)
            case Examined() | NotExamined() | Working():
                question = self._asked.get(event.study)
                if question and question.ask == event.ask:
                    question.heard = monotonic()
                    self._take_answer(event, question)
                self.pinned.take(event)
            case _:
                pass  # of a run, and it has none

    def _take_answer(self, event: Examined | NotExamined | Working, asked: Question) -> None:
        fresh = asked.is_about(self.experiment, asked.params)
        match event:
            case Working(study=key, share=share):
                self._note(key, share=share)
            case NotExamined(study=key) | Examined(study=key):
                known = studied_by(
                    event,
                    self._header_of(key, asked.experiment),
                    fresh=fresh,
                    resting=key in self._resting,
                )
                asked.answered = known.results is None or known.share >= 1
                if key == START and known.results:
                    self.history = history_of(known.header, known.results)
                    self.runs_changed.emit()
                self._put(key, known)

    def _header_of(self, key: str, experiment: Experiment) -> Header:
        known = self._known.get(key)
        same = known is not None and known.header.experiment is experiment
        return known.header if known and same else header_of(experiment)

    def _on_died(self, why: str) -> None:
        """Ask once more what was under way; what ends two engines is given up."""
        idle = all(one.answered or key in self._resting for key, one in self._asked.items())
        self.pinned.on_died(why, guilty=idle)
        for key, question in list(self._asked.items()):
            if question.answered:
                continue
            if question.tries == 0:
                self._ask(key, question.params, tries=1)
            else:
                question.answered = True
                header = self._header_of(key, question.experiment)
                self._put(key, Studied(header=header, trouble=why))

    def _note(self, key: str, **changes: float | bool) -> None:
        known = self._known.get(key)
        if known is None and not self.session.problems:
            known = Studied(header=header_of(self.experiment), fresh=False)
        if known and any(getattr(known, name) != value for name, value in changes.items()):
            # a type checker cannot know which fields these are
            self._put(key, replace(known, **changes))  # type: ignore[arg-type]

    def _put(self, key: str, known: Studied) -> None:
        self._known[key] = known
        self.changed.emit(key)
