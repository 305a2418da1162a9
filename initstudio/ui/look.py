"""Which look a person has chosen: light, dark or the system's, for the desk or for a stage."""

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from initstudio.ui import theme

LOOKS = {"system": "As the system", "light": "Light", "dark": "Dark"}
"""What can be chosen, with the words for it."""


def chosen() -> str:
    """Return the key of what was chosen."""
    key = str(QSettings().value("theme", "system"))
    return key if key in LOOKS else "system"


def staged() -> bool:
    """Return whether the look for a stage was chosen."""
    return bool(QSettings().value("stage", defaultValue=False, type=bool))


def choose(key: str) -> None:
    """Use and remember light, dark or the system's look."""
    QSettings().setValue("theme", key)
    apply()


def choose_stage(*, on: bool) -> None:
    """Use and remember the look for a stage, or that for the desk."""
    QSettings().setValue("stage", on)
    apply()


def apply() -> None:
    """Give the window the look that was chosen."""
    app = QApplication.instance()
    if isinstance(app, QApplication):
        found = theme.THEMES.get(chosen()) or theme.system_theme()
        theme.apply(app, found.staged() if staged() else found)


def follow_system(app: QApplication) -> None:
    """Change with the desktop, if that is what was chosen."""

    def _on_changed(_scheme: object) -> None:
        if chosen() == "system":
            apply()

    app.styleHints().colorSchemeChanged.connect(_on_changed)
