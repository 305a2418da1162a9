"""What a person does to a board, as edits of the experiment that can be undone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from msgspec.structs import replace

from initstudio.catalogue import Value
from initstudio.experiment import Choice, Experiment, Shares
from initstudio.ui.arrangement import MOST
from initstudio.ui.plots import PLOTS
from initstudio.ui.plots.plot import Plot
from initstudio.ui.plots.study_plot import Change, StudyPlot
from initstudio.ui.session import Session


@dataclass(frozen=True, kw_only=True)
class Page:
    """Which board one is: `field` of the experiment names its pictures, `shares` their sizes."""

    field: Literal["board", "xray"]
    shares: Literal["board_shares", "xray_shares"]
    title: str

    def choices(self, experiment: Experiment) -> tuple[Choice, ...]:
        """Return all pictures that the experiment names for it."""
        return experiment.board if self.field == "board" else experiment.xray

    def shares_of(self, experiment: Experiment) -> Shares:
        """Return how large they are."""
        return experiment.board_shares if self.field == "board" else experiment.xray_shares

    def knows(self, key: str) -> bool:
        """Return whether there is such a picture, and it can be put here."""
        return key in PLOTS and self.field in PLOTS[key].pages


RACE = Page(field="board", shares="board_shares", title="Board")
XRAY = Page(field="xray", shares="xray_shares", title="X-ray")


class BoardEdits:
    """Edits the pictures of one page. A place counts the pictures that are shown from 0."""

    def __init__(self, session: Session, page: Page) -> None:
        self._session = session
        self._page = page

    def shown(self) -> tuple[Choice, ...]:
        """Return the pictures that can be shown, at most six.

        Of a study there is one at a time, so that all its pictures have the parameters of the
        first.
        """
        choices = self._choices()
        shown = [choices[at] for at in self._places()]
        studies: dict[str, Mapping[str, Value]] = {}
        for place, choice in enumerate(shown):
            kind = PLOTS[choice.key]
            if issubclass(kind, StudyPlot):
                own = _only(choice.params, kind.study_options)
                common = studies.setdefault(kind.study, own)
                shown[place] = _with(choice, kind.study_options, common)
        return tuple(shown)

    def shares(self) -> Shares:
        """Return how large the columns and rows are to be."""
        return self._page.shares_of(self._session.experiment)

    def add(self, key: str) -> None:
        """Put one more picture on the board, if there is room."""
        if len(self._places()) < MOST:
            self._put([*self._choices(), Choice(key)], f"Show {PLOTS[key].label}")

    def duplicate(self, place: int) -> None:
        """Put the same picture on the board once more, behind the others."""
        choice = self.shown()[place]
        if len(self._places()) < MOST:
            self._put([*self._choices(), choice], f"Duplicate {PLOTS[choice.key].label}")

    def remove(self, place: int) -> None:
        """Take a picture off the board."""
        choices, at = self._choices(), self._places()[place]
        label = PLOTS[choices[at].key].label
        self._put(choices[:at] + choices[at + 1 :], f"Hide {label}")

    def swap(self, one: int, other: int) -> None:
        """Let two pictures change places."""
        choices, places = self._choices(), self._places()
        here, there = places[one], places[other]
        choices[here], choices[there] = choices[there], choices[here]
        self._put(choices, f"Move {PLOTS[choices[there].key].label}")

    def change(self, place: int, params: Mapping[str, Value]) -> None:
        """Give a picture other options; those that its study has, too, go to all of that study."""
        choices, at = self._choices(), self._places()[place]
        choices[at] = Choice(choices[at].key, dict(params))
        kind = PLOTS[choices[at].key]
        if issubclass(kind, StudyPlot):
            names = kind.study_options
            for index, choice in enumerate(choices):
                other = PLOTS.get(choice.key, Plot)
                if issubclass(other, StudyPlot) and other.study == kind.study:
                    choices[index] = _with(choice, names, _only(params, names))
        self._put(choices, f"Change {kind.label}", merge=f"{self._page.field} {at}")

    def share(self, shares: Shares) -> None:
        """Give the columns and rows these sizes."""
        experiment = self._session.experiment
        changed = replace(experiment, **{self._page.shares: shares})
        self._session.edit(changed, "Resize pictures", merge=self._page.shares)

    def arrange(self, choices: Sequence[Choice], shares: Shares, name: str) -> None:
        """Put these pictures in the place of all that there are."""
        fields = {self._page.field: tuple(choices), self._page.shares: shares}
        self._session.edit(replace(self._session.experiment, **fields), f"Arrange as {name}")

    def follow(self, change: Change, text: str) -> None:
        """Make the change of the experiment that a picture proposes."""
        self._session.edit(change(self._session.experiment), text)

    def open(self, change: Change) -> None:
        """Open the experiment that a picture proposes in the place of this one."""
        self._session.load(change(self._session.experiment))

    def _choices(self) -> list[Choice]:
        return list(self._page.choices(self._session.experiment))

    def _places(self) -> list[int]:
        """Return where in the experiment's list the pictures are that are shown."""
        found = [at for at, one in enumerate(self._choices()) if self._page.knows(one.key)]
        return found[:MOST]

    def _put(self, choices: Sequence[Choice], text: str, merge: str = "") -> None:
        changed = replace(self._session.experiment, **{self._page.field: tuple(choices)})
        self._session.edit(changed, text, merge)


def _only(params: Mapping[str, Value], names: Sequence[str]) -> dict[str, Value]:
    return {name: value for name, value in params.items() if name in names}


def _with(choice: Choice, names: Sequence[str], common: Mapping[str, Value]) -> Choice:
    """Return the choice with `common` in the place of its parameters of these names."""
    own = {name: value for name, value in choice.params.items() if name not in names}
    return Choice(choice.key, {**own, **common})
