"""Numbers on an axis: none stands on another."""

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QFont, QFontMetricsF
from pytestqt.qtbot import QtBot

from initstudio.ui.chart.axis import BESIDE, NumberAxis
from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.theme import LIGHT, Theme


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("points", [8.0, 14.0])
def test_numbers_of_a_low_axis_do_not_stand_on_one_another(points: float) -> None:
    axis, metrics = axis_of(points, "left")
    line = metrics.height()
    for size in (30, 55, 110, 400):
        ((_, values),) = axis.tickValues(0.0, 4.0, size)
        gaps = np.diff(sorted(values)) * size / 4
        assert (gaps >= line - 1e-9).all()
        assert 0 in values


def axis_of(points: float, orientation: str = "bottom") -> tuple[NumberAxis, QFontMetricsF]:
    axis, made = NumberAxis(orientation), QFont()
    made.setPointSizeF(points)
    axis.setStyle(tickFont=made)
    return axis, QFontMetricsF(made)


def as_number(text: str) -> float:
    """Read a number as it is written on an axis: "−1,000", "2.5×10⁻⁶", "10⁵"."""
    raised = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    mantissa, times, power = (
        text.rpartition("10") if re.search("[⁻⁰¹²³⁴-⁹]$", text) else (text, "", "")
    )
    sign = -1 if text.startswith("−") else 1
    plain = float(mantissa.strip("−×").replace(",", "") or 1)
    return sign * plain * (10 ** int(power.translate(raised)) if times else 1)


@pytest.mark.usefixtures("qapp")
@settings(max_examples=1000, deadline=None)
@given(
    st.sampled_from([8.0, 14.0]),
    st.floats(-1e4, 1e4),
    st.floats(1e-6, 1e6),
    st.floats(40, 900),
    st.sampled_from([1.0, 100.0, 100 / 15]),
)
@example(points=8.0, low=105.0, span=3.0, size=40.0, times=1.0)
def test_numbers_below_an_axis_stay_apart_and_are_not_cut(
    points: float, low: float, span: float, size: float, times: float
) -> None:
    axis, metrics = axis_of(points)
    axis.show_as(times=times)
    high = low + span
    ((spacing, values),) = axis.tickValues(low, high, size)
    unit = size / (high - low)
    halves = [
        metrics.horizontalAdvance(text) / 2 for text in axis.tickStrings(values, times, spacing)
    ]
    places = [(value - low) * unit for value in values]
    for place, half in zip(places, halves, strict=True):
        assert -1e-6 <= place <= size + 1e-6
        assert place + half <= size + BESIDE + 1e-6
    for (one, half), (other, its_half) in pairwise(zip(places, halves, strict=True)):
        assert one + half < other - its_half
    counts = np.array(values) / spacing
    assert np.allclose(counts, np.round(counts), atol=1e-6 * (1 + np.abs(counts).max(initial=0)))
    texts = axis.tickStrings(values, times, spacing)
    told = np.array([as_number(text) for text in texts])
    assert np.allclose(told, np.array(values) * times, rtol=0, atol=1e-3 * spacing * times)
    if size >= 300 and 1e-3 < span < 100 and abs(low) < 100:
        assert len(values) >= 2


@pytest.mark.usefixtures("qapp")
def test_the_numbers_are_those_of_the_plane_times_a_factor() -> None:
    axis, _ = axis_of(8.0)
    axis.show_as(times=20.0)
    ((spacing, values),) = axis.tickValues(0.0, 5.0, 400)
    assert axis.tickStrings(values, axis.scale, spacing) == ["0", "20", "40", "60", "80", "100"]


@pytest.mark.parametrize("theme", [LIGHT, LIGHT.staged()])
def test_what_an_axis_stands_for_is_shortened_to_its_room(theme: Theme, qtbot: QtBot) -> None:
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.show_theme(theme)
    text = "second component, 8 % of the paths of all of the contenders"
    canvas.resize(500, 160)
    canvas.show()
    canvas.name_axes("step", text)
    qtbot.waitUntil(lambda: canvas.left.labelText.endswith("…"))
    assert text.startswith(canvas.left.labelText[:-1])
    box = canvas.left.label.sceneBoundingRect()  # with the margins of its document
    margin = canvas.left.label.document().documentMargin()
    assert box.top() + margin >= 0
    assert box.bottom() - margin <= 160
    canvas.resize(500, 1200)
    qtbot.waitUntil(lambda: canvas.left.labelText == text)
    assert canvas.bottom.labelText == "step"
