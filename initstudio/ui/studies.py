"""What studies of the present experiment have found, each made while somebody looks at it.

They are made by an engine of their own, so that they wait for no training and no training for them.
Of each study one question is under way; when it is answered, or takes long, the newest is asked.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from time import monotonic
from typing import TypeAlias

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from initstudio.catalogue import Value
from initstudio.engine.messages import Examine, Examined, Forget, NotExamined, Rest, Working
from initstudio.engine.plan import header_of
from initstudio.experiment import Experiment
from initstudio.history import Header, History, Stretch
from initstudio.results import Results
from initstudio.ui.session import Session
from initstudio.ui.worker import Died, Event, RunWorker

Wants: TypeAlias = Mapping[str, Mapping[str, Value]]
"""Studies by key, each with its parameters."""
START = "start"
"""The study that gives all readings at step 0."""
QUICK = {START, "phase"}
"""Studies that follow each move of a hand; the others wait until it rests."""
REST = 0.4
"""Seconds without an edit after which a hand rests."""
HURRY = 0.3
"""Seconds that an answer may take before a newer question puts an end to it."""
SILENCE = 20.0
"""Seconds without a word after which an engine that is asked something else is ended."""
LOOK = 100
"""Milliseconds from look to look at questions that wait."""


@dataclass(frozen=True, kw_only=True)
class Studied:
    """What is known by one study; of which experiment, its `header` tells.

    `fresh`: it is of the present experiment. `share` of the work is done. `trouble` says why there
    is nothing.
    """

    header: Header
    results: Results | None = None
    share: float = 0.0
    trouble: str = ""
    fresh: bool = True
    resting: bool = False


@dataclass(kw_only=True)
class _Question:
    """What was asked last of one study."""

    ask: int
    experiment: Experiment
    params: dict[str, Value]
    began: float
    heard: float
    tries: int = 0
    answered: bool = False

    def is_about(self, experiment: Experiment, params: Mapping[str, Value]) -> bool:
        return self.params == dict(params) and self.experiment.work() == experiment.work()


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
        self._asked: dict[str, _Question] = {}
        self._resting: set[str] = set()
        self._last_ask = 0
        self._edited = -REST
        self._look = QTimer(self, interval=LOOK)
        self._look.timeout.connect(self._ask_what_waits)
        session.experiment_changed.connect(self._on_experiment_changed)
        session.state_changed.connect(self._on_state_changed)
        session.closed.connect(self.close)

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

    def of(self, study: str) -> Studied | None:
        """Return what is known by a study; None if nothing is."""
        return self._known.get(study)

    def rest(self, study: str, *, resting: bool) -> None:
        """Let a study wait, or go on where it was."""
        (self._resting.add if resting else self._resting.discard)(study)
        if self._worker:
            self._worker.send(Rest(study, resting))
        self._note(study, resting=resting)

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
            probes = {key for one in starts for key in str(one.get("probes", "")).split()}
            found[START] = {"probes": " ".join(sorted(probes))}
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
        waiting = False
        if self._make_worker is None or (self._worker is None and self.session.begins):
            return  # a second engine that loads would keep the first one waiting
        for key, params in self._all_wants().items():
            question = self._asked.get(key)
            if question and question.is_about(self.experiment, params):
                known = self._known.get(key)
                answer = known is not None and known.header.experiment is question.experiment
                self._note(key, fresh=answer)
                continue
            self._note(key, fresh=False)
            if self.session.problems:
                continue
            now = monotonic()
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

    def _ask(self, key: str, params: Mapping[str, Value], tries: int = 0) -> None:
        worker = self._worker or self._begin()
        if worker is None:
            return
        self._last_ask += 1
        now = monotonic()
        self._asked[key] = _Question(
            ask=self._last_ask,
            experiment=self.experiment,
            params=dict(params),
            began=now,
            heard=now,
            tries=tries,
        )
        self._note(key, share=0.0)
        worker.send(Examine(self._last_ask, key, self.experiment, dict(params)))
        if key in self._resting:
            worker.send(Rest(key))

    def _begin(self) -> RunWorker | None:
        if self._make_worker:
            self._worker = self._make_worker()
            self._worker.arrived.connect(self.drain)
            self._worker.start()
        return self._worker

    def _forget(self, key: str) -> None:
        question = self._asked[key]
        if not question.answered:
            del self._asked[key]
            if self._worker:
                self._worker.send(Forget(key))

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
            case _:
                pass  # of a run, and it has none

    def _take_answer(self, event: Examined | NotExamined | Working, asked: _Question) -> None:
        fresh = asked.is_about(self.experiment, asked.params)
        match event:
            case Working(study=key, share=share):
                self._note(key, share=share)
            case NotExamined(study=key, where=where, why=why):
                asked.answered = True
                trouble = why if where.startswith("$") else f"{where}: {why}"
                header = self._header_of(key, asked.experiment)
                self._put(key, Studied(header=header, trouble=trouble, fresh=fresh))
            case Examined(study=key, results=results):
                asked.answered = results.share >= 1
                known = Studied(
                    header=self._header_of(key, asked.experiment),
                    results=results,
                    share=results.share,
                    fresh=fresh,
                    resting=key in self._resting,
                )
                if key == START:
                    self._show_start(known.header, results)
                self._put(key, known)

    def _header_of(self, key: str, experiment: Experiment) -> Header:
        known = self._known.get(key)
        same = known is not None and known.header.experiment is experiment
        return known.header if known and same else header_of(experiment)

    def _show_start(self, header: Header, results: Results) -> None:
        history = History(header)
        values = results.values
        stepped = {key: one[None] for key, one in values.items() if key in {"loss", "accuracy"}}
        history.extend(
            Stretch(
                steps=np.zeros(1 if stepped else 0, np.int64),
                series=stepped,
                epoch_steps=np.zeros(0, np.int64),
                epoch_series={},
                layers_step=0,
                layers={key: one for key, one in values.items() if key not in stepped},
            )
        )
        self.history = history
        self.runs_changed.emit()

    def _on_died(self, why: str) -> None:
        """Ask once more what was under way; what ends two engines is given up."""
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
