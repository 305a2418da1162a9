"""What the networks decide all over a plane of two inputs, side by side."""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
import numpy.typing as npt
from msgspec import Meta
from PySide6.QtWidgets import QWidget

from initstudio.catalogue import Params
from initstudio.history import Header, History
from initstudio.ui.chart.boundary import boundary
from initstudio.ui.chart.colours import (
    CLASSES,
    Pixels,
    classes,
    classified,
    signs,
)
from initstudio.ui.chart.legend import Label
from initstudio.ui.chart.lines import Array, Range, fair_top, masked, number
from initstudio.ui.chart.scatter import Scatter
from initstudio.ui.examples import Examples, datasets_of, examples_of
from initstudio.ui.plots.one_seed import OneSeedPlot, Seed
from initstudio.ui.plots.plot import Table

DOTS = 1200
"""Dots in all panels together, at most."""
WIDE = 220
"""Pixels of a panel above which dots are larger."""
TONES = 9
"""Colours of dots that stand for values."""
Area = tuple[Range, Range]


class SurfaceOptions(Params, frozen=True):
    """Whose networks are drawn, and whether with the data."""

    seed: Seed = "first"
    data: Annotated[
        bool,
        Meta(title="Data", description="Draw training examples over the surface."),
    ] = True


class SurfacePlot(OneSeedPlot):
    """Cells in the colour of the class that is predicted there."""

    key = "surface"
    label = "Decision surface"
    summary = (
        "What each network predicts at every place of two inputs: the colour is the class, its "
        "strength the softmax probability, and a line parts what is equally likely."
    )
    invitation = (
        "What each network predicts across the plane of two inputs appears here. It needs data "
        f"with two inputs: {datasets_of(2)}, or a file of your own."
    )
    order = 75
    pages = ("board", "xray")
    reads = ("surface", "input_range")
    Options = SurfaceOptions

    def __init__(self, parent: QWidget | None = None) -> None:
        self._cells: list[Array] = []
        self._areas: list[Area] = []
        self._limit = 1.0
        super().__init__(parent)

    def on_shape_changed(self) -> None:
        """Forget the cells."""
        super().on_shape_changed()
        self._cells = []

    def draw(self, history: History) -> None:
        """Draw a panel for each contender."""
        self._take_in(history)
        if not self.drawn:
            self.panels = []
            missing = [key for key in self.reads if key not in history.latest]
            names = " and ".join(f"“{key.replace('_', ' ')}”" for key in missing)
            self.clear(f"{names} was not recorded in this run.")
            self.show_notes([])
            return
        found = examples_of(history.header.experiment, self.seed_of(history))
        self.lay_out_panels(square=True)
        canvas = self.canvas
        canvas.begin(smooth=self.settled)
        for line, panel, cells in zip(self.drawn, self.panels, self._cells, strict=True):
            canvas.image(line.key, panel.area, self._pixels(cells), z=1)
            if np.isnan(cells[0]).all():
                self.say_nothing_of(line, panel, "no finite output")
        if len(self._cells[0]) > 1:
            self._draw_boundaries()
        if found and self.options.data:
            self._draw_examples(found)
        self.draw_titles()
        self._draw_scale(history)
        canvas.end()
        self._label(None)
        self.show_notes(self._make_notes(history, found))

    def fits(self, pinned: Header, present: Header) -> bool:
        """Return whether a pinned run is of the same data."""
        return pinned.experiment.data == present.experiment.data

    def has(self, pinned: History) -> bool:
        """Return whether a pinned run has the surface, and knows where it lies."""
        return pinned.latest.keys() >= set(self.reads)

    def data(self, history: History) -> Table:
        """Return what is predicted in the middle of each cell."""
        self._take_in(history)
        of_classes = len(self._cells[0]) > 1 if self._cells else True
        told = ("class", "softmax probability", "lead") if of_classes else ("value",)
        rows: Table = [("contender", "seed", "step", "input 1", "input 2", *told)]
        for line, cells, area in zip(self.drawn, self._cells, self._areas, strict=True):
            head = (line.name, self.seed_of(history), history.layers_step)
            side = cells.shape[1]
            x, y = (_middles(ends, side).tolist() for ends in area)
            rows += [
                (*head, x[column], y[row], *cells[:, row, column].tolist())
                for row in range(side)
                for column in range(side)
            ]
        return rows

    # ------------------------------------------------------------------ numbers

    def _take_in(self, history: History) -> None:
        """Take the cells [quantities, rows, columns] of each contender from the readings."""
        self._cells = []
        self._areas = []
        has = {key: self.lines_with(key, history) for key in self.reads}
        self.drawn = tuple(line for line in self.lines if all(line in one for one in has.values()))
        for line in self.drawn:
            told = self.reading_of(history, line, "surface")
            side = round(told.shape[1] ** 0.5)
            values, _, _ = masked(told, log=False)
            self._cells.append(values.reshape(-1, side, side))
            across, up = self.of(line, history).latest["input_range"][0].astype(float).tolist()
            self._areas.append(((across[0], across[1]), (up[0], up[1])))
        sizes = [float(np.nanmax(np.abs(one[0]))) for one in self._cells if _some(one[0])]
        self._limit = (fair_top([0.0], sizes) if sizes else 0.0) or 1.0

    def _pixels(self, cells: Array) -> Pixels:
        """Return the colours of cells [quantities, rows, columns]."""
        if len(cells) == 1:
            return signs(self.theme).of(cells[0], -self._limit, self._limit)
        chance = 1 / self._classes  # the least that the likeliest class can have
        return classified(self.theme, cells[0], (cells[1] - chance) / (1 - chance))

    @property
    def _classes(self) -> int:
        """Return how many classes the data has; those of a run are those of its last layer."""
        header = self.header
        found = header.outputs if header else 0
        return max(found, 2)

    # ------------------------------------------------------------------ drawing

    def _draw_boundaries(self) -> None:
        """Draw the lines between classes of all panels, in one go."""
        x, y = [], []
        for panel, cells in zip(self.panels, self._cells, strict=True):
            across, up = boundary(cells[0], cells[2])
            side = cells.shape[1]
            (left, right), (bottom, top) = panel.area
            x.append(left + (across + 0.5) * (right - left) / side)
            y.append(bottom + (up + 0.5) * (top - bottom) / side)
        whole = np.concatenate(x)
        if len(whole):
            self.canvas.line("edges", whole, np.concatenate(y), self.theme.text, width=1.5, z=3)

    def _draw_examples(self, found: Examples) -> None:
        """Draw dots in the colours of their classes, or values, on a ring of the ground's."""
        some = slice(DOTS // len(self.drawn))
        points = found.x[some].astype(np.float64)
        places = [
            _placed(points, area, panel.area)
            for area, panel in zip(self._areas, self.panels, strict=True)
        ]
        (left, right), _ = self.panels[0].area
        groups, colours = self._groups(found, some)
        self.canvas.put("examples", Scatter, z=4).show_points(
            np.concatenate(places),
            np.tile(groups, len(places)),
            colours,
            ring=self.theme.base,
            size=5.0 if right - left > WIDE else 4.0,
        )

    def _groups(self, found: Examples, some: slice) -> tuple[npt.NDArray[np.int64], Sequence[str]]:
        """Return which colour each dot has, and the colours."""
        if found.classes is not None:
            known = CLASSES[self.theme.name]
            return found.classes[some] % len(known), known
        values = np.zeros(0) if found.values is None else found.values[some].astype(np.float64)
        share = np.clip(values / self._limit, -1, 1)
        table = signs(self.theme).of(np.linspace(-1, 1, TONES), -1, 1)[:, :3].tolist()
        colours = ["#{:02x}{:02x}{:02x}".format(*one) for one in table]
        return np.rint((share + 1) / 2 * (TONES - 1)).astype(np.int64), colours

    def _draw_scale(self, history: History) -> None:
        if self._cells and len(self._cells[0]) == 1:
            shades = signs(self.theme)
            self.canvas.colour_scale(shades, -self._limit, self._limit, _value(history))
            return
        known = len(CLASSES[self.theme.name])
        count = min(self._classes, known)
        more = self._classes > known
        named = tuple(
            (at + 0.5, f"{at}, {at + known} …" if more else str(at)) for at in range(count)
        )
        label = "class, from as likely as chance to certain"
        self.canvas.colour_scale(classes(self.theme, count), 0, count, label, named=named)

    # ------------------------------------------------------------------ words

    def _make_notes(self, history: History, found: Examples | None) -> list[str]:
        notes = [*self.head_notes(history), *self._troubles()]
        ends = [f"{number(low)} to {number(high)}" for low, high in self._areas[0]]
        unit = ", standardized" if history.header.experiment.data.standardize else ""
        notes.append(f"across: input 1, {ends[0]}{unit}")
        notes.append(f"up: input 2, {ends[1]}{unit}")
        if found and self.options.data:
            drawn = min(len(found.x), DOTS // len(self.drawn))
            notes.append(f"dots: {drawn:,} of {found.total:,} training examples")
        return notes

    def _troubles(self) -> list[str]:
        """Return what cannot be drawn of the contenders."""
        notes = []
        for line, cells in zip(self.drawn, self._cells, strict=True):
            lost = int(np.isnan(cells[0]).sum())
            if lost:
                notes.append(
                    f"{line.name}: no finite output in {lost:,} of {cells[0].size:,} cells"
                )
            elif len(cells) == 1 and np.abs(cells[0]).max() > self._limit:
                reach = number(float(np.abs(cells[0]).max()))
                notes.append(f"{line.name} reaches {reach}, beyond the scale")
        return notes

    def on_pointed(self, place: tuple[float, float] | None) -> None:
        """Tell what is predicted at the place below the mouse, by all contenders."""
        if not self._cells:
            return
        side = self._cells[0].shape[1]
        found = [panel.cell_at(place, side, side) for panel in self.panels if place]
        cell = next((one for one in found if one), None)
        self._label(cell)
        if cell:
            x, y = (
                float(_middles(ends, side)[at])
                for ends, at in zip(self._areas[0], cell[::-1], strict=True)
            )
            self.canvas.setToolTip(f"input 1: {number(x)}, input 2: {number(y)}")

    def _label(self, cell: tuple[int, int] | None) -> None:
        """Name the contenders, with what they predict in the cell below the mouse."""
        labels = []
        for line, cells in zip(self.drawn, self._cells, strict=True):
            text = _told(cells[:, cell[0], cell[1]]) if cell else ""
            labels.append(Label(line.name, line.slot, text, line.run))
        self.legend.show_labels(tuple(labels))


def _told(quantities: Array) -> str:
    if np.isnan(quantities[0]):
        return "no number"
    if len(quantities) == 1:
        return number(float(quantities[0]))
    return f"{int(quantities[0])}: {number(float(quantities[1]), 2)}"


def _value(history: History) -> str:
    unit = ", standardized" if history.header.experiment.data.standardize else ""
    return f"value that is predicted{unit}"


def _middles(ends: Range, cells: int) -> Array:
    low, high = ends
    return low + (high - low) * (np.arange(cells) + 0.5) / cells


def _placed(points: Array, area: Area, panel: Area) -> Array:
    """Return points [n, 2] of an area where they lie in a panel."""
    sides = [
        low + (points[:, at] - begin) * (high - low) / (end - begin)
        for at, ((begin, end), (low, high)) in enumerate(zip(area, panel, strict=True))
    ]
    return np.stack(sides, axis=1)


def _some(values: Array) -> bool:
    return bool(np.isfinite(values).any())
