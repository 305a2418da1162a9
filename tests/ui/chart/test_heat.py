"""Cells of layers over steps, against plain loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from initstudio.ui import theme
from initstudio.ui.chart.colours import amounts
from initstudio.ui.chart.heat import DECADES, Cells, cells_of, ends_of_all

hostile = st.sampled_from([0.0, 1.0, 2.5, 1e-30, 1e30, np.nan, np.inf, 5e-39])
readings = arrays(np.float32, st.tuples(st.integers(1, 5), st.integers(1, 4), st.integers(1, 4)),
                  elements=hostile.map(np.float32))  # fmt: skip


@given(readings, st.booleans())
def test_each_cell_is_the_median_over_the_seeds(values: np.ndarray, log: bool) -> None:
    cells = cells_of(values, log=log).values
    for step, layer in np.ndindex(values.shape[0], values.shape[2]):
        seeds = sorted(float(one) if np.isfinite(one) else np.inf for one in values[step, :, layer])
        half = len(seeds) // 2
        middle = seeds[half] if len(seeds) % 2 else (seeds[half - 1] + seeds[half]) / 2
        if np.isinf(middle):
            assert np.isnan(cells[layer, step])
        elif log and middle == 0:
            assert np.isneginf(cells[layer, step])
        else:
            assert cells[layer, step] == pytest.approx(np.log10(middle) if log else middle)


def test_trouble_is_the_decades_between_layers_and_what_has_no_number() -> None:
    well = Cells(np.log10([[1.0, 1.0], [1.0, 1.0]]))
    apart = Cells(np.log10([[1.0, 1e-3], [1.0, 1.0]]))
    broken = Cells(np.array([[0.0, np.nan], [0.0, 0.0]]))
    assert well.trouble(log=True) == 0
    assert apart.trouble(log=True) == pytest.approx(1.5)
    assert broken.trouble(log=True) == pytest.approx(25)
    assert Cells(np.array([[10.0, 30.0]])).trouble(log=False) == 20
    assert Cells(np.full((2, 2), np.nan)).trouble(log=True) == 100
    assert Cells(np.zeros((2, 0))).trouble(log=True) == 0


def test_one_that_explodes_leaves_colours_for_the_others() -> None:
    cells = [Cells(np.linspace(-1, 0, 20)[None]), Cells(np.array([[0.0, 30.0, np.nan]]))]
    found = ends_of_all(cells, log=True)
    assert found is not None
    (low, high), beyond = found
    assert low == -1
    assert high == pytest.approx(np.median([*np.linspace(-1, 0, 20), 0, 30]) + DECADES)
    assert beyond
    assert ends_of_all([Cells(np.full((2, 2), np.nan))], log=True) is None
    assert ends_of_all([Cells(np.array([[2.0, 4.0]]))], log=False) == ((0.0, 4.0), False)


def test_colours_are_those_of_the_numbers_and_what_has_none_is_red() -> None:
    shades = amounts(theme.LIGHT)
    cells = Cells(np.array([[0.0, 1.0, np.nan], [-np.inf, 2.0, 1.0]]))
    pixels = cells.pixels(shades, (0.0, 2.0), "#c02636")
    assert pixels.shape == (2, 3, 4)
    assert pixels[1, 2].tolist() == [0xC0, 0x26, 0x36, 255]  # the first layer is the last row
    assert pixels[0, 0].tolist() == [*shades.table[0].tolist(), 255]
    assert pixels[0, 1].tolist() == [*shades.table[-1].tolist(), 255]
    assert pixels[1, 0].tolist() == [*shades.table[0].tolist(), 255]
