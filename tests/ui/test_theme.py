"""Colours that can be read and told apart, computed; and a style sheet that Qt takes whole."""

import itertools

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from initstudio.paths import resource
from initstudio.ui import look, theme
from initstudio.ui.chart.colours import CLASSES, STRONG
from initstudio.ui.theme import DARK, LIGHT, Theme

Array = npt.NDArray[np.float64]
BOTH = pytest.mark.parametrize("one", [LIGHT, DARK], ids=["light", "dark"])

# Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB
SEEN_BY = {
    "everyone": np.eye(3),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.01182, 0.04294, 0.968881],
        ]
    ),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.3039],
        ]
    ),
}
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.072175],
        [0.0193339, 0.119192, 0.9503041],
    ]
)


def linear(colour: str) -> Array:
    """Return linear RGB."""
    parts = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """Return the contrast of WCAG 2."""
    bright, dark = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (one, other))[::-1]
    return (bright + 0.05) / (dark + 0.05)


def lab(rgb: Array) -> Array:
    """Return CIELAB of linear RGB."""
    xyz = TO_XYZ @ np.clip(rgb, 0, 1) / [0.95047, 1, 1.08883]
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def distance(one: str, other: str, seen: Array) -> float:
    """Return CIE76's delta E, as seen through a matrix on linear RGB."""
    return float(np.linalg.norm(lab(seen @ linear(one)) - lab(seen @ linear(other))))


@BOTH
@pytest.mark.parametrize("slot", range(16))
def test_each_contender_stands_out_from_the_ground(one: Theme, slot: int) -> None:
    assert contrast(one.colour(slot), one.base) >= 3


@BOTH
def test_texts_can_be_read(one: Theme) -> None:
    for ground in (one.window, one.panel, one.base, one.control):
        assert contrast(one.text, ground) >= 7
        for colour in (one.muted, one.good, one.warning, one.error):
            assert contrast(colour, ground) >= 4.5
    assert contrast(one.accent_text, one.accent) >= 4.5


@BOTH
@pytest.mark.parametrize("eyes", SEEN_BY)
def test_the_first_eight_are_told_apart(one: Theme, eyes: str) -> None:
    for first, second in itertools.combinations(range(8), 2):
        apart = distance(one.colour(first), one.colour(second), SEEN_BY[eyes])
        assert apart >= 12, (first, second)


@BOTH
@pytest.mark.parametrize("eyes", SEEN_BY)
def test_all_sixteen_are_told_apart_by_colour_or_dash(one: Theme, eyes: str) -> None:
    for first, second in itertools.combinations(range(16), 2):
        if one.dash(first) == one.dash(second):
            apart = distance(one.colour(first), one.colour(second), SEEN_BY[eyes])
            assert apart >= 12, (first, second)


@BOTH
def test_a_blend_lies_between(one: Theme) -> None:
    assert one.blend("#336699", 1) == "#336699"
    assert one.blend("#336699", 0) == one.base


@BOTH
def test_applying_a_theme_tells_of_it_and_qt_takes_the_style_sheet(
    one: Theme, qapp: QApplication
) -> None:
    heard: list[Theme] = []
    theme.present.theme_changed.connect(heard.append)
    theme.apply(qapp, one)
    theme.present.theme_changed.disconnect(heard.append)
    assert heard == [one]
    assert theme.present.theme is one
    assert "$" not in qapp.styleSheet()


@pytest.mark.parametrize("icon", ["down-light", "down-dark", "up-light", "up-dark", "check"])
def test_icons_can_be_drawn(icon: str, qapp: QApplication) -> None:
    assert not QImage(str(resource(f"icons/{icon}.svg"))).isNull()


def test_the_system_decides_the_first_theme(qapp: QApplication) -> None:
    assert theme.system_theme() in {LIGHT, DARK}


@BOTH
def test_classes_stand_out_from_the_ground_and_are_no_contenders(one: Theme) -> None:
    for colour in CLASSES[one.name]:
        assert contrast(colour, one.base) >= 3
        assert colour not in one.contenders
    assert len(CLASSES[one.name]) == 8


@BOTH
@pytest.mark.parametrize("eyes", SEEN_BY)
def test_classes_are_told_apart(one: Theme, eyes: str) -> None:
    for first, second in itertools.combinations(CLASSES[one.name], 2):
        assert distance(first, second, SEEN_BY[eyes]) >= 12, (first, second)


@BOTH
@pytest.mark.parametrize("eyes", SEEN_BY)
def test_the_first_three_are_told_apart_also_where_they_fill_a_plane(one: Theme, eyes: str) -> None:
    filled = [one.blend(colour, STRONG) for colour in CLASSES[one.name][:3]]
    for first, second in itertools.combinations(filled, 2):
        assert distance(first, second, SEEN_BY[eyes]) >= 12, (first, second)


def test_on_a_stage_text_and_lines_are_larger_and_the_colours_the_same() -> None:
    for one in (LIGHT, DARK):
        stage = one.staged()
        assert stage.contenders == one.contenders
        assert stage.line_width == 3
        assert stage.plot_font >= 1.4 * one.plot_font
        assert stage.title_font > one.title_font


def test_what_was_chosen_is_used_and_remembered(qapp: QApplication) -> None:
    before = theme.present.theme
    look.choose("dark")
    look.choose_stage(on=True)
    assert theme.present.theme == DARK.staged()
    look.choose("light")
    assert theme.present.theme == LIGHT.staged()
    look.choose_stage(on=False)
    assert theme.present.theme == LIGHT
    look.choose("system")
    assert theme.present.theme == theme.system_theme()
    assert (look.chosen(), look.staged()) == ("system", False)
    theme.apply(qapp, before)


def test_the_window_changes_with_the_desktop_only_if_that_was_chosen(qapp: QApplication) -> None:
    before = theme.present.theme
    look.follow_system(qapp)
    heard: list[Theme] = []
    theme.present.theme_changed.connect(heard.append)
    look.choose("dark")
    qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Light)
    assert heard == [DARK]
    look.choose("system")
    heard.clear()
    qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Light)
    assert heard == [theme.system_theme()]
    theme.present.theme_changed.disconnect(heard.append)
    theme.apply(qapp, before)
