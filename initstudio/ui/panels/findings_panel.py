"""What is found in how the contenders start, each with what would mend it."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from initstudio import edits
from initstudio.engine.diagnosis import Found, diagnose
from initstudio.ui import theme
from initstudio.ui.entry_picker import Fact
from initstudio.ui.scroll_panel import scrolling_column
from initstudio.ui.session import Session

NOTHING = "Nothing stands out in how these contenders start."
UNKNOWN = "What is found in how the contenders start appears here."
MARKS = {"bad": "error", "careful": "warning"}


class FindingsPanel(QWidget):
    """A sentence for each finding, worst first, with a button where one scheme would mend it."""

    title = "Findings"
    object_name = "findings_panel"

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(self.object_name)
        self.session = session
        self.found: list[Found] = []
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
        session.runs_changed.connect(self._on_changed)
        session.ticked.connect(self._on_changed)
        theme.present.theme_changed.connect(self._on_theme_changed)
        self.empty.show_text(UNKNOWN)

    def _on_changed(self, _change: object = None) -> None:
        if not self.isVisible():
            return  # a hidden panel costs nothing; it catches up when it is shown
        experiment, history = self.session.experiment, self.session.history
        fresh = history if history and not self.session.stale and history.layers_step >= 0 else None
        state = (experiment, id(fresh) if fresh else None)
        if state == self._shown:
            return
        self._shown = state
        self._measured = fresh is not None
        self._show(diagnose(experiment, fresh))

    def _show(self, found: list[Found]) -> None:
        self.found = sorted(found, key=lambda one: one.verdict.severity)  # bad before careful
        while (item := self._rows.takeAt(0)) is not None:
            row = item.widget()
            if row:
                row.hide()
                row.deleteLater()
        for one in self.found:
            self._rows.addWidget(self._row(one))
        nothing = NOTHING if self._measured else UNKNOWN
        self.empty.show_text("" if self.found else nothing)

    def _row(self, one: Found) -> QFrame:
        row = QFrame()
        row.setProperty("kind", "card")
        row.setToolTip(f"{one.finding.summary}\n{one.finding.source}")
        name = QLabel(f"{one.contender.name}: {one.finding.label}")
        name.setTextFormat(Qt.TextFormat.PlainText)
        name.setProperty("kind", MARKS[one.verdict.severity])
        name.setWordWrap(True)
        colour = theme.present.theme.colour(one.contender.slot)
        dot = QLabel()
        dot.setFixedSize(10, 10)
        dot.setStyleSheet(f"background: {colour}; border-radius: 5px;")
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(dot)
        head.addWidget(name, 1)
        sentence = QLabel(one.verdict.sentence)
        sentence.setTextFormat(Qt.TextFormat.PlainText)
        sentence.setWordWrap(True)
        sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        sentence.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        sentence.setAccessibleName(f"{one.contender.name}: {one.finding.label}")
        column = QVBoxLayout(row)
        column.setContentsMargins(9, 7, 9, 7)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(sentence)
        if one.verdict.fix:
            column.addWidget(self._fix_button(one), 0, Qt.AlignmentFlag.AlignLeft)
        return row

    def _fix_button(self, one: Found) -> QToolButton:
        button = QToolButton()
        button.setText(one.verdict.fix.text if one.verdict.fix else "")
        button.setAccessibleName(f"Mend {one.contender.name}: {one.finding.label}")
        button.setToolTip("Changes the scheme of this contender's weights; it can be undone.")
        button.clicked.connect(lambda: self._mend(one))
        return button

    def _mend(self, one: Found) -> None:
        experiment, fix = self.session.experiment, one.verdict.fix
        slots = [contender.slot for contender in experiment.contenders]
        if fix and one.contender.slot in slots:
            at = slots.index(one.contender.slot)
            mended = edits.set_scheme(experiment, at, fix.role, fix.scheme)
            self.session.edit(mended, f"Mend {one.contender.name}")

    def _on_theme_changed(self, _theme: theme.Theme) -> None:
        self._show(self.found)

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what has changed while nobody looked."""
        super().showEvent(event)
        self._on_changed()
