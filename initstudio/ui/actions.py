"""The table of all that a person can do from a menu, a button or a key."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence

from initstudio.ui.session import Session, State

Enabled = Callable[[Session], bool]


def _always(_session: Session) -> bool:
    return True


def _can_run(session: Session) -> bool:
    return not session.problems and (session.stale or session.state is not State.RUNNING)


def _is_running(session: Session) -> bool:
    return session.state is State.RUNNING


def _can_step(session: Session) -> bool:
    return not session.problems and session.state is not State.STARTING


def _can_stop(session: Session) -> bool:
    return session.state in {State.RUNNING, State.PAUSED}


def _can_restart(session: Session) -> bool:
    return not session.problems


def _has_weights(session: Session) -> bool:
    return session.history is not None and session.state not in {State.STARTING, State.FAILED}


def _has_steps(session: Session) -> bool:
    return session.history is not None and session.state is not State.READY


def _can_undo(session: Session) -> bool:
    return session.undo_stack.canUndo()


def _can_redo(session: Session) -> bool:
    return session.undo_stack.canRedo()


@dataclass(frozen=True, kw_only=True)
class Act:
    """One action; `key` names it, and the method of `Commands` or `Session` that it calls."""

    key: str
    menu: str
    text: str
    tip: str
    shortcuts: tuple[str, ...] = ()
    enabled: Enabled = _always
    separated: bool = False
    """A line stands before it in the menu."""


ACTS: tuple[Act, ...] = (
    Act(
        key="ask_open",
        menu="File",
        text="&Open…",
        tip="Open an experiment file",
        shortcuts=("Ctrl+O",),
    ),
    Act(
        key="ask_network",
        menu="File",
        text="Open &network from Python file…",
        tip="Use a network of your own, made by a Python file",
        shortcuts=("Ctrl+Shift+O",),
    ),
    Act(key="ask_save", menu="File", text="&Save", tip="Save", shortcuts=("Ctrl+S",)),
    Act(
        key="ask_save_as",
        menu="File",
        text="Save &as…",
        tip="Save to another file",
        shortcuts=("Ctrl+Shift+S",),
    ),
    Act(
        key="show_script",
        menu="File",
        text="PyTorch &script…",
        tip="The experiment as code: a script, a notebook or an init function",
        shortcuts=("Ctrl+E",),
        separated=True,
    ),
    Act(
        key="ask_save_picture",
        menu="File",
        text="Save the board's &picture…",
        tip="All pictures as one: PNG, SVG or PDF",
        shortcuts=("Ctrl+P",),
    ),
    Act(
        key="ask_save_weights",
        menu="File",
        text="Save &weights…",
        tip="Write each network's weights, at the start and as they are now, as safetensors",
        enabled=_has_weights,
    ),
    Act(
        key="ask_open_weights",
        menu="File",
        text="&Look into a weights file…",
        tip="See the distributions in a safetensors file, beside those at the start here",
    ),
    Act(
        key="quit",
        menu="File",
        text="&Quit",
        tip="Close the window",
        shortcuts=("Ctrl+Q",),
        separated=True,
    ),
    Act(
        key="undo",
        menu="Edit",
        text="&Undo",
        tip="Undo the last edit",
        shortcuts=("Ctrl+Z",),
        enabled=_can_undo,
    ),
    Act(
        key="redo",
        menu="Edit",
        text="&Redo",
        tip="Redo what was undone",
        shortcuts=("Ctrl+Shift+Z", "Ctrl+Y"),
        enabled=_can_redo,
    ),
    Act(
        key="copy_picture",
        menu="Edit",
        text="Copy the board's &picture",
        tip="All pictures as one, on the clipboard",
        shortcuts=("Ctrl+Shift+C",),
        separated=True,
    ),
    Act(
        key="run",
        menu="Run",
        text="&Run",
        tip="Train all contenders",
        shortcuts=("F5", "Ctrl+R"),
        enabled=_can_run,
    ),
    Act(
        key="pause",
        menu="Run",
        text="&Pause",
        tip="Wait after the present step",
        shortcuts=("F6",),
        enabled=_is_running,
    ),
    Act(
        key="step",
        menu="Run",
        text="S&tep",
        tip="Make one step and wait",
        shortcuts=("F10",),
        enabled=_can_step,
    ),
    Act(
        key="stop",
        menu="Run",
        text="&Stop",
        tip="End the run",
        shortcuts=("Shift+F5",),
        enabled=_can_stop,
    ),
    Act(
        key="reset",
        menu="Run",
        text="R&eset",
        tip="Back to the start: the same weights, bit for bit",
        shortcuts=("F8",),
        enabled=_can_restart,
        separated=True,
    ),
    Act(
        key="new_seed",
        menu="Run",
        text="&New seed",
        tip="Other weights, other batches",
        shortcuts=("F9",),
        enabled=_can_restart,
    ),
    Act(
        key="replay",
        menu="Run",
        text="Re&play",
        tip="Replay the run from the step that is shown, or pause",
        shortcuts=("Ctrl+Space",),
        enabled=_has_steps,
        separated=True,
    ),
    Act(
        key="go_back",
        menu="Run",
        text="Snapshot &before",
        tip="Show the run as it was at the snapshot before",
        shortcuts=("Ctrl+[",),
        enabled=_has_steps,
    ),
    Act(
        key="go_on",
        menu="Run",
        text="Snapshot &after",
        tip="Show the run as it was at the next snapshot",
        shortcuts=("Ctrl+]",),
        enabled=_has_steps,
    ),
    Act(
        key="go_now",
        menu="Run",
        text="N&ow",
        tip="Show the run as it is now",
        shortcuts=("Ctrl+End",),
        enabled=_has_steps,
    ),
    Act(
        key="pin_run",
        menu="Run",
        text="P&in this run",
        tip="Keep this run in the pictures, dashed, when another one begins",
        shortcuts=("Ctrl+K",),
        enabled=_has_steps,
    ),
    Act(
        key="pin_start",
        menu="Run",
        text="Pin t&his start",
        tip="Keep this start in the X-ray's pictures, dashed, when the experiment is edited",
        shortcuts=("Ctrl+Shift+K",),
        enabled=_can_restart,
    ),
    Act(
        key="show_race",
        menu="View",
        text="The &race",
        tip="Losses, weights and gradients while the contenders train",
        shortcuts=("Ctrl+1",),
        separated=True,
    ),
    Act(
        key="show_xray",
        menu="View",
        text="The &X-ray",
        tip="How the contenders start, beside theory, before any training",
        shortcuts=("Ctrl+2",),
    ),
    Act(
        key="stage_look",
        menu="View",
        text="&Stage look",
        tip="Large text and thick lines, for a projector or a shared screen",
        shortcuts=("F7",),
        separated=True,
    ),
    Act(
        key="full_screen",
        menu="View",
        text="&Full screen",
        tip="Fill the screen, or leave it",
        shortcuts=("F11",),
    ),
    Act(
        key="reset_layout",
        menu="View",
        text="&Standard layout",
        tip="Put all panels back into their places",
    ),
    Act(
        key="show_shortcuts",
        menu="Help",
        text="&Keyboard shortcuts",
        tip="List all keys",
        shortcuts=("F1",),
    ),
    Act(key="show_about", menu="Help", text="&About InitStudio", tip="What this is"),
)


def build_actions(session: Session, commands: QObject, owner: QObject) -> dict[str, QAction]:
    """Return a QAction for each entry of the table, which calls the method of that name."""
    actions = {}
    for act in ACTS:
        action = QAction(act.text, owner)
        action.setObjectName(act.key)
        action.setShortcuts([QKeySequence(keys) for keys in act.shortcuts])
        action.setToolTip(_tip(act))
        action.setStatusTip(act.tip)
        # `triggered` carries a switch, which none of the methods takes
        slot: Callable[[], object] = getattr(commands, act.key, None) or getattr(session, act.key)
        action.triggered.connect(lambda _on=False, slot=slot: slot())
        actions[act.key] = action
    return actions


def refresh_actions(actions: dict[str, QAction], session: Session) -> None:
    """Enable what is possible now, and say what undo and redo would do."""
    for act in ACTS:
        actions[act.key].setEnabled(act.enabled(session))
    stack = session.undo_stack
    actions["undo"].setText(f"&Undo {stack.undoText()}".rstrip())
    actions["redo"].setText(f"&Redo {stack.redoText()}".rstrip())
    again = session.stale and session.state in {State.RUNNING, State.PAUSED}
    actions["run"].setText("&Run again" if again else "&Run")
    if session.state is State.PAUSED and not session.stale:
        actions["run"].setText("&Continue")


def _tip(act: Act) -> str:
    keys = QKeySequence(act.shortcuts[0]).toString(QKeySequence.SequenceFormat.NativeText) if (
        act.shortcuts
    ) else ""  # fmt: skip
    return f"{act.tip} ({keys})" if keys else act.tip
