"""The bar below the race: a slider through the run, and its replay."""

from PySide6.QtCore import QSettings, QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QToolButton,
    QWidget,
)

from initstudio.ui.session import Session
from initstudio.ui.timeline import SPEEDS, Timeline

PLACES = 1_000_000
"""Places of the slider; a longer run has several steps in each."""
PACE = 100
"""Milliseconds between two refreshes of the bar while a run goes on."""
FAR = 10
"""Snapshots that Page Up and Page Down go."""
TIP = (
    "Drag to go back in the run; every picture follows.\n"
    "Left and Right: the snapshot before and after. With Shift: one step.\n"
    "Page Up and Page Down: ten snapshots. Home: the start. End: now. Space: replay."
)


class TimelineBar(QWidget):
    """Shows the session's timeline, and moves it."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.setObjectName("timeline")
        self.setAccessibleName("Timeline")
        self.play = _button("▶", "Replay", "Replay the run (Ctrl+Space)")
        self.slider = StepSlider()
        self.now = _button("Now", "Now", "Show the run as it is now (Ctrl+End)")
        self.where = QLabel()
        self.speed = QComboBox()
        self.loop = _button("Loop", "Loop", "Begin the replay again at its end")
        self._late = QTimer(self, singleShot=True, interval=PACE)
        self._fill()
        self.play.clicked.connect(self._timeline.play_or_pause)
        self.now.clicked.connect(self._timeline.go_now)
        self.slider.chosen.connect(self._on_chosen)
        self.slider.stepped.connect(self._on_stepped)
        self.slider.jumped.connect(self._timeline.go_by)
        self.slider.space_pressed.connect(self._timeline.play_or_pause)
        self.speed.activated.connect(self._on_speed)
        self.loop.toggled.connect(self._on_loop)
        self._late.timeout.connect(self._show)
        self._timeline.moved.connect(self._show)
        self._timeline.changed.connect(self._on_changed)
        self._restore()
        self._show()

    @property
    def _timeline(self) -> Timeline:
        return self._session.timeline

    def _fill(self) -> None:
        self.where.setProperty("kind", "muted")
        self.where.setAccessibleName("Where in the run")
        self.where.setMinimumWidth(170)
        self.slider.setAccessibleName("Step that is shown")
        self.slider.setToolTip(TIP)
        self.speed.setAccessibleName("Length of the replay")
        self.speed.setToolTip("How long a replay of the whole run takes.")
        self.speed.setProperty("kind", "quiet")
        for seconds, text in SPEEDS.items():
            self.speed.addItem(text, seconds)
        self.loop.setCheckable(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 0, 12, 6)
        row.setSpacing(6)
        row.addWidget(self.play)
        row.addWidget(self.slider, 1)
        for widget in (self.where, self.now, self.speed, self.loop):
            row.addWidget(widget)

    # ------------------------------------------------------------------ what is shown

    def _on_changed(self) -> None:
        if not self._late.isActive():
            self._late.start()

    def _show(self, _step: int | None = None) -> None:
        timeline = self._timeline
        last, place = timeline.last, timeline.place
        for widget in (self.play, self.slider, self.speed, self.loop):
            widget.setEnabled(last > 0)
        self.now.setEnabled(timeline.step is not None)
        self.play.setText("❚❚" if timeline.playing else "▶")
        places = min(last, PLACES)
        if not self.slider.isSliderDown():
            with QSignalBlocker(self.slider):
                self.slider.setRange(0, places)
                self.slider.setValue(round(place * places / max(last, 1)))
        self.where.setText(self._words(place))

    def _words(self, place: int) -> str:
        history = self._timeline.history
        if history is None:
            return ""
        epoch = place / max(1, history.header.steps_per_epoch)
        if self._timeline.step is None:
            return f"now: step {place:,}, epoch {epoch:.1f}"
        return f"step {place:,} of {self._timeline.last:,}, epoch {epoch:.1f}"

    def _on_chosen(self, place: int) -> None:
        places = max(1, self.slider.maximum())
        self._timeline.go(round(place * self._timeline.last / places))

    def _on_stepped(self, steps: int) -> None:
        self._timeline.go(self._timeline.place + steps)

    def _on_speed(self) -> None:
        self._timeline.show_seconds(float(self.speed.currentData()))
        self._remember()

    def _on_loop(self, loops: bool) -> None:  # noqa: FBT001 - Qt's signal
        self._timeline.loops = loops
        self._remember()

    # ------------------------------------------------------------------ settings

    def _restore(self) -> None:
        settings = QSettings()
        seconds = settings.value("timeline/seconds", self._timeline.seconds, float)
        at = self.speed.findData(seconds)
        self.speed.setCurrentIndex(max(at, 0))
        self._timeline.show_seconds(float(self.speed.currentData()))
        self.loop.setChecked(bool(settings.value("timeline/loop", defaultValue=False, type=bool)))

    def _remember(self) -> None:
        settings = QSettings()
        settings.setValue("timeline/seconds", self._timeline.seconds)
        settings.setValue("timeline/loop", self._timeline.loops)


class StepSlider(QSlider):
    """A slider that goes to where it is pressed, and tells of its keys."""

    chosen = Signal(int)
    """A place that a person went to."""
    stepped = Signal(int)
    """Steps to go."""
    jumped = Signal(int)
    """Snapshots to go."""
    space_pressed = Signal()

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.valueChanged.connect(self.chosen)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to where it is pressed."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._go_to(event.position().x())
            event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the mouse while it is pressed."""
        if self.isSliderDown():
            self._go_to(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self.setSliderDown(False)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go by snapshots, by steps, to the ends; or replay."""
        keys = Qt.Key
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        match event.key():
            case keys.Key_Left | keys.Key_Down:
                (self.stepped if shift else self.jumped).emit(-1)
            case keys.Key_Right | keys.Key_Up:
                (self.stepped if shift else self.jumped).emit(1)
            case keys.Key_PageUp:
                self.jumped.emit(-FAR)
            case keys.Key_PageDown:
                self.jumped.emit(FAR)
            case keys.Key_Space:
                self.space_pressed.emit()
            case _:
                super().keyPressEvent(event)
                return
        event.accept()

    def _go_to(self, x: float) -> None:
        half = self.height() / 2
        share = (x - half) / max(1.0, self.width() - 2 * half)
        self.setValue(round(min(max(share, 0.0), 1.0) * self.maximum()))


def _button(text: str, name: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setAccessibleName(name)
    button.setToolTip(tip)
    button.setProperty("kind", "quiet")
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
