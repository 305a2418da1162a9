"""How the window looks, light and dark: colours, fonts, widths, and the contenders' colours.

Contrasts and the distance of the contenders' colours, also as colour-blind people see them, are
computed by the tests; a dash pattern is the second cue.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from PySide6.QtCore import QDir, QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

from initstudio.paths import resource
from initstudio.ui.style_sheet import STYLE_SHEET

SOLID = ()
DASHES: tuple[tuple[float, ...], ...] = (SOLID, (5, 2.5), (1.5, 2), (6, 2, 1.5, 2))
"""Pen patterns in units of the pen's width; slots 0-3 and 4-7, 8-11, 12-15 differ by it."""


PINNED_DASHES: tuple[tuple[float, ...], ...] = ((8, 4), (3, 3), (8, 3, 2, 3), (2, 5))
"""The pen patterns of pinned runs, from the first on."""


@dataclass(frozen=True, kw_only=True)
class Theme:
    """Colours as "#rrggbb"; sizes of text in points, widths of lines in pixels."""

    name: Literal["light", "dark"]
    window: str
    panel: str
    base: str
    """The ground of plots, lists and fields."""
    control: str
    hover: str
    text: str
    muted: str
    border: str
    accent: str
    accent_text: str
    grid: str
    good: str
    warning: str
    error: str
    contenders: tuple[str, ...]
    body_font: float = 10.0
    small_font: float = 9.0
    title_font: float = 11.0
    plot_font: float = 9.5
    line_width: float = 2.0
    thin_width: float = 1.0

    def staged(self) -> "Theme":
        """Return the same for a stage: text and lines that the last row can see."""
        return replace(
            self,
            body_font=11.0,
            small_font=11.0,
            title_font=15.0,
            plot_font=13.5,
            line_width=3.0,
            thin_width=1.5,
        )

    def colour(self, slot: int) -> str:
        """Return the contender's colour."""
        return self.contenders[slot % len(self.contenders)]

    def dash(self, slot: int) -> tuple[float, ...]:
        """Return the contender's pen pattern; empty is a solid line."""
        return DASHES[slot // 4 % len(DASHES)]

    def pinned_dash(self, run: int) -> tuple[float, ...]:
        """Return the pen pattern of a pinned run; the first is 1."""
        return PINNED_DASHES[(run - 1) % len(PINNED_DASHES)]

    def veil(self, colour: str, areas: int = 1) -> str:
        """Return the colour as "#aarrggbb", fainter where many areas lie over one another."""
        few = 0x2C if self.name == "light" else 0x38
        return f"#{few if areas <= 4 else few // 2:02x}{colour[1:]}"

    def blend(self, colour: str, share: float) -> str:
        """Return `colour` at `share` of its strength over the plot's ground, opaque."""
        return _mixed(colour, self.base, share)


LIGHT = Theme(
    name="light",
    window="#eef0f4",
    panel="#f7f8fa",
    base="#ffffff",
    control="#ffffff",
    hover="#e6ecf6",
    text="#1b2130",
    muted="#566072",
    border="#cfd5de",
    accent="#2563c9",
    accent_text="#ffffff",
    grid="#e4e7ec",
    good="#177a4a",
    warning="#9a5b00",
    error="#c02636",
    contenders=(
        "#2062df", "#e06a00", "#048b5b", "#b44793", "#6b4a12", "#0c9ac4", "#cf203d", "#492ca4",
        "#5f6b7a", "#7d7df0", "#3d7721", "#8c1d59", "#869333", "#e0559a", "#0c6566", "#a65008",
    ),
)  # fmt: skip

DARK = Theme(
    name="dark",
    window="#101318",
    panel="#161a21",
    base="#171a21",
    control="#222833",
    hover="#2b3342",
    text="#e8ecf3",
    muted="#a0abbb",
    border="#343c4a",
    accent="#4c8df0",
    accent_text="#0b1220",
    grid="#2a303b",
    good="#4fd08b",
    warning="#f2b34c",
    error="#ff7a80",
    contenders=(
        "#75a9ff", "#f9952f", "#30cf8f", "#d07ac2", "#ffe066", "#98edff", "#ff515f", "#8e6dfe",
        "#a9b4c2", "#bcd63a", "#d9a273", "#b77aa3", "#ff9ecd", "#4db5ac", "#818ef9", "#97bc4c",
    ),
)  # fmt: skip

THEMES: dict[str, Theme] = {theme.name: theme for theme in (LIGHT, DARK)}


class _Present(QObject):
    """The theme in use, and word of its change."""

    theme_changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.theme = LIGHT


present = _Present()
"""`present.theme` is what `apply` set last; `present.theme_changed(Theme)` tells of a change."""


def system_theme() -> Theme:
    """Return the theme that the desktop asks for; light where it does not say."""
    scheme = QApplication.styleHints().colorScheme()
    return DARK if scheme == Qt.ColorScheme.Dark else LIGHT


def palette(theme: Theme) -> QPalette:
    """Return the colours of Qt's own controls."""
    roles = {
        QPalette.ColorRole.Window: theme.panel,
        QPalette.ColorRole.WindowText: theme.text,
        QPalette.ColorRole.Base: theme.base,
        QPalette.ColorRole.AlternateBase: theme.panel,
        QPalette.ColorRole.Text: theme.text,
        QPalette.ColorRole.PlaceholderText: theme.muted,
        QPalette.ColorRole.Button: theme.control,
        QPalette.ColorRole.ButtonText: theme.text,
        QPalette.ColorRole.BrightText: theme.error,
        QPalette.ColorRole.ToolTipBase: theme.control,
        QPalette.ColorRole.ToolTipText: theme.text,
        QPalette.ColorRole.Highlight: theme.accent,
        QPalette.ColorRole.HighlightedText: theme.accent_text,
        QPalette.ColorRole.Accent: theme.accent,
        QPalette.ColorRole.Link: theme.accent,
        QPalette.ColorRole.Light: theme.hover,
        QPalette.ColorRole.Midlight: theme.hover,
        QPalette.ColorRole.Mid: theme.border,
        QPalette.ColorRole.Dark: theme.border,
        QPalette.ColorRole.Shadow: theme.border,
    }
    made = QPalette()
    for role, colour in roles.items():
        made.setColor(role, QColor(colour))
    faded = QColor(theme.blend(theme.text, 0.45))
    for role in (
        QPalette.ColorRole.WindowText,
        QPalette.ColorRole.Text,
        QPalette.ColorRole.ButtonText,
    ):
        made.setColor(QPalette.ColorGroup.Disabled, role, faded)
    return made


def style_sheet(theme: Theme) -> str:
    """Return the window's one style sheet."""
    QDir.setSearchPaths("icons", [str(resource("icons"))])
    return STYLE_SHEET.substitute(
        {
            "name": theme.name,
            "window": theme.window,
            "panel": theme.panel,
            "base": theme.base,
            "control": theme.control,
            "hover": theme.hover,
            "text": theme.text,
            "muted": theme.muted,
            "faded": theme.blend(theme.text, 0.45),
            "border": theme.border,
            "grid": theme.grid,
            "strong": theme.blend(theme.text, 0.3),
            "accent": theme.accent,
            "accent_text": theme.accent_text,
            "accent_hover": theme.blend(theme.accent, 0.85),
            "selected": theme.blend(theme.accent, 0.18),
            "error": theme.error,
            "warning": theme.warning,
            "good": theme.good,
            "small": f"{theme.small_font:g}",
            "title": f"{theme.title_font:g}",
        }
    )


def apply(app: QApplication, theme: Theme) -> None:
    """Give the whole window this theme, and say so."""
    app.setStyle("Fusion")
    app.setPalette(palette(theme))
    app.setFont(font(theme.body_font))
    app.setStyleSheet(style_sheet(theme))
    present.theme = theme
    present.theme_changed.emit(theme)


def font(points: float, *, bold: bool = False) -> QFont:
    """Return the desktop's own font in this size."""
    made = QFont()
    made.setPointSizeF(points)
    made.setBold(bold)
    return made


@lru_cache(maxsize=1024)
def _mixed(colour: str, ground: str, share: float) -> str:
    over, under = QColor(colour), QColor(ground)
    mixed = (
        round(under_part + (over_part - under_part) * share)
        for over_part, under_part in zip(_rgb(over), _rgb(under), strict=True)
    )
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def _rgb(colour: QColor) -> tuple[int, int, int]:
    return colour.red(), colour.green(), colour.blue()
