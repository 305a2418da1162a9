"""Layers on the clipboard, as JSON that a person can read, mail and paste back."""

import msgspec
from PySide6.QtGui import QGuiApplication

from initstudio.errors import ExperimentError
from initstudio.experiment import Choice


def copy(layers: tuple[Choice, ...]) -> None:
    """Put layers on the clipboard."""
    text = msgspec.json.format(msgspec.json.encode(layers), indent=2).decode()
    QGuiApplication.clipboard().setText(text)


def paste() -> tuple[Choice, ...]:
    """Return the layers on the clipboard.

    Raises:
        ExperimentError: There are none.
    """
    text = QGuiApplication.clipboard().text()
    try:
        return msgspec.json.decode(text, type=tuple[Choice, ...])
    except (msgspec.MsgspecError, RecursionError):
        raise ExperimentError("Paste", "The clipboard holds no layers.") from None
