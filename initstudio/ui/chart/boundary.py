"""Where one class gives way to another, between the cells of a plane."""

import numpy as np
import numpy.typing as npt

from initstudio.ui.chart.lines import Array


def boundary(classes: Array, lead: Array) -> tuple[Array, Array]:
    """Return the lines between classes as x and y [3n], pieces of two points and a gap.

    `classes` [rows, columns] are those in the middles of cells, which lie at whole numbers, NaN
    where there is none; `lead` is how much more likely each is than the next. Between two middles
    of another class the line is where both would be equally likely if the leads fell evenly. Within
    each square of four middles, such places are joined to their mean.
    """
    across, along = _crossed(classes, lead), _crossed(classes.T, lead.T).T
    level, steep = ~np.isnan(across), ~np.isnan(along)
    row, column = np.nonzero(level[:-1] | level[1:] | steep[:, :-1] | steep[:, 1:])
    below, above = across[row, column], across[row + 1, column]
    before, after = along[row, column], along[row, column + 1]
    # 0 * keeps NaN where the class does not change
    x = np.stack([column + below, column + above, column + 0 * before, column + 1 + 0 * after])
    y = np.stack([row + 0 * below, row + 1 + 0 * above, row + before, row + after])
    known = ~np.isnan(x)
    count = np.maximum(known.sum(0), 1)
    pieces = []
    for side in (x, y):
        middle = np.where(known, side, 0.0).sum(0) / count
        ends = np.broadcast_to(middle, side.shape)[known]
        pieces.append(np.stack([side[known], ends, np.full(len(ends), np.nan)], axis=1).ravel())
    return pieces[0], pieces[1]


def _crossed(classes: Array, lead: Array) -> npt.NDArray[np.float64]:
    """Return where between each two neighbours of a row the class changes, from 0 to 1; or NaN."""
    one, other = classes[:, :-1], classes[:, 1:]
    found = np.full(one.shape, np.nan)
    places = np.nonzero((one != other) & ~np.isnan(one) & ~np.isnan(other))
    before, after = lead[:, :-1][places], lead[:, 1:][places]
    whole = before + after
    found[places] = np.where(whole > 0, before / np.where(whole > 0, whole, 1.0), 0.5)
    return found
