"""What is found in how the contenders start, and alarms of the run, worst first."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from initstudio.alarms import Alarm
from initstudio.engine.diagnosis import READ, tell
from initstudio.engine.plan import plan
from initstudio.experiment import Contender
from initstudio.finding import Fix, Told, mend
from initstudio.findings import FINDINGS
from initstudio.ui import theme
from initstudio.ui.entry_picker import Fact
from initstudio.ui.scroll_panel import scrolling_column
from initstudio.ui.session import Session
from initstudio.ui.studied import START
from initstudio.ui.studies import Studies

NOTHING = "Nothing stands out in how these contenders start."
UNKNOWN = "What is found in how the contenders start appears here."
MARKS = {"bad": "error", "careful": "warning", "tip": "muted"}
SEVERITIES = {"bad": 0, "careful": 1, "tip": 2}
ALARMS: dict[str, str] = {
    "vanishing": "Vanishing",
    "exploding": "Exploding",
    "not finite": "No finite numbers",
}
STUDIES = (START, "first_step")
"""Those that tell of findings."""


class FindingsPanel(QWidget):
    """A sentence for each finding, worst first, with a button where one change would mend it."""

    title = "Findings"
    object_name = "findings_panel"

    def __init__(self, session: Session, studies: Studies, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(self.object_name)
        self.session = session
        self.studies = studies
        self.found: tuple[Told, ...] = ()
        self.alarms: tuple[Alarm, ...] = ()
        self.empty = Fact()
        self.empty.setAccessibleName("Findings: none")
        self._shown: object = None
        self._measured = False
        column = scrolling_column(self)
        column.addWidget(self.empty)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(6)
        column.addLayout(self._rows)
        column.addStretch()
        session.experiment_changed.connect(self._on_changed)
        studies.changed.connect(self._on_changed)
        session.runs_changed.connect(self._on_run_changed)
        session.ticked.connect(self._on_run_changed)
        theme.present.theme_changed.connect(self._on_theme_changed)
        self.empty.show_text(UNKNOWN)

    def _on_changed(self, _change: object = None) -> None:
        if not self.isVisible():
            return  # a hidden panel costs nothing; it catches up when it is shown
        experiment = self.session.experiment
        if not self.studies.at_work:
            # nobody measures: what needs no readings can be said
            told = () if self.session.problems else tell(plan(experiment), None)
            self._show(told, measured=False)
            return
        known = [self.studies.of(study) for study in STUDIES]
        fresh = [one for one in known if one and one.fresh and one.results]
        if self.session.problems:
            self._show((), measured=False)
        elif known[0] in fresh:
            told = tuple(one for found in fresh if found.results for one in found.results.told)
            self._show(told, measured=True)

    def _on_run_changed(self) -> None:
        if self.isVisible() and self.session.alarms != self.alarms:
            self.alarms = self.session.alarms
            self._fill()

    def _show(self, told: tuple[Told, ...], *, measured: bool) -> None:
        contenders = {one.slot: one for one in self.session.experiment.contenders}
        order = list(FINDINGS)
        self.found = tuple(
            sorted(
                (one for one in told if one.slot in contenders),
                key=lambda one: (SEVERITIES[one.verdict.severity], order.index(one.finding)),
            )
        )
        names = [contenders[one.slot].name for one in self.found]
        if (self.found, names, measured) != self._shown:
            self._shown = (self.found, names, measured)
            self._measured = measured
            self._fill()

    def _fill(self) -> None:
        while (item := self._rows.takeAt(0)) is not None:
            row = item.widget()
            if row:
                row.hide()
                row.deleteLater()
        contenders = {one.slot: one for one in self.session.experiment.contenders}
        for alarm in self.alarms:
            if alarm.slot in contenders:
                self._rows.addWidget(self._alarm(alarm, contenders[alarm.slot]))
        for one in self.found:
            self._rows.addWidget(self._finding(one, contenders[one.slot]))
        nothing = NOTHING if self._measured else UNKNOWN
        self.empty.show_text("" if self.found or self.alarms else nothing)

    def _alarm(self, alarm: Alarm, contender: Contender) -> QFrame:
        title = f"{contender.name}: {ALARMS[alarm.kind]} in training"
        text = alarm.sentence.split(": ", 1)[-1]
        row = _card(title, "error", f"{text[:1].upper()}{text[1:]}", contender.slot)
        row.setToolTip("Seen in the readings of the present run, against those of its start.")
        return row

    def _finding(self, one: Told, contender: Contender) -> QFrame:
        finding, verdict = FINDINGS[one.finding], one.verdict
        title = f"{contender.name}: {finding.label}"
        row = _card(title, MARKS[verdict.severity], verdict.sentence, contender.slot)
        row.setToolTip(f"{finding.summary}\n{finding.source}")
        column = row.layout()
        if verdict.fix and isinstance(column, QVBoxLayout):
            button = self._fix_button(one.slot, verdict.fix, title)
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        return row

    def _fix_button(self, slot: int, fix: Fix, title: str) -> QToolButton:
        button = QToolButton()
        button.setText(fix.text)
        button.setAccessibleName(f"Mend {title}")
        button.setToolTip("Does so for this contender; it can be undone.")
        if fix.is_for_all:
            button.setToolTip("Does so for all contenders; it can be undone.")
        button.clicked.connect(lambda: self._mend(slot, fix))
        return button

    def _mend(self, slot: int, fix: Fix) -> None:
        experiment = self.session.experiment
        slots = [contender.slot for contender in experiment.contenders]
        if slot in slots:
            at = slots.index(slot)
            name = experiment.contenders[at].name
            self.session.edit(mend(experiment, at, fix), f"Mend {name}")

    def _on_theme_changed(self, _theme: theme.Theme) -> None:
        self._fill()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what has changed while nobody looked."""
        super().showEvent(event)
        self.studies.want(self.title, {START: {"probes": " ".join(READ)}})
        self._on_changed()
        self._on_run_changed()

    def hideEvent(self, event: QHideEvent) -> None:
        """Want nothing more."""
        super().hideEvent(event)
        self.studies.want(self.title, {})


def _card(title: str, mark: str, text: str, slot: int) -> QFrame:
    """Return a framed sentence about the contender of that slot, below a title."""
    card = QFrame()
    card.setProperty("kind", "card")
    name = QLabel(title)
    name.setTextFormat(Qt.TextFormat.PlainText)
    name.setProperty("kind", mark)
    name.setWordWrap(True)
    dot = QLabel()
    dot.setFixedSize(10, 10)
    dot.setStyleSheet(f"background: {theme.present.theme.colour(slot)}; border-radius: 5px;")
    head = QHBoxLayout()
    head.setSpacing(6)
    head.addWidget(dot)
    head.addWidget(name, 1)
    sentence = QLabel(text)
    sentence.setTextFormat(Qt.TextFormat.PlainText)
    sentence.setWordWrap(True)
    sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    sentence.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
    sentence.setAccessibleName(title)
    column = QVBoxLayout(card)
    column.setContentsMargins(9, 7, 9, 7)
    column.setSpacing(4)
    column.addLayout(head)
    column.addWidget(sentence)
    return card
