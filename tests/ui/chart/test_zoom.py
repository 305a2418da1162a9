"""Zooming keeps what is below the mouse where it is, and never leaves the whole."""

import pytest

from initstudio.ui.chart.zoom import FACTOR, Zoom

WHOLE = (0.0, 1000.0)


@pytest.fixture
def zoom() -> Zoom:
    zoom = Zoom()
    zoom.view(WHOLE)
    return zoom


@pytest.mark.parametrize("at", [0.0, 250.0, 900.0])
def test_what_is_below_the_mouse_stays_there(zoom: Zoom, at: float) -> None:
    zoom.turn(at, 3)
    left, right = zoom.view(WHOLE)
    assert right - left == pytest.approx(1000 / FACTOR**3)
    assert (at - left) / (right - left) == pytest.approx(at / 1000)


def test_zooming_out_ends_at_the_whole(zoom: Zoom) -> None:
    zoom.turn(500, 2)
    zoom.turn(500, -2)
    assert zoom.part is None
    zoom.turn(500, -1)
    assert zoom.view(WHOLE) == WHOLE


def test_there_is_a_closest_look(zoom: Zoom) -> None:
    zoom.turn(500, 99)
    left, right = zoom.view(WHOLE)
    assert right - left == pytest.approx(4)


def test_moving_stops_at_the_ends(zoom: Zoom) -> None:
    zoom.move(100)
    assert zoom.part is None
    zoom.turn(500, 4)
    left, right = zoom.view(WHOLE)
    zoom.move(1e9)
    assert zoom.view(WHOLE) == pytest.approx((1000 - (right - left), 1000))
    zoom.move(-1e9)
    assert zoom.view(WHOLE) == pytest.approx((0, right - left))


def test_a_run_that_grows_moves_nothing(zoom: Zoom) -> None:
    zoom.turn(500, 4)
    before = zoom.view(WHOLE)
    assert zoom.view((0.0, 2000.0)) == before
    zoom.end()
    assert zoom.view((0.0, 2000.0)) == (0.0, 2000.0)
