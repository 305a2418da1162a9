"""The first layer's weights as images: what each of its units looks for."""

from math import ceil, floor
from typing import Annotated

import numpy as np
from msgspec import Meta
from PySide6.QtWidgets import QWidget

from initstudio.catalogue import Params
from initstudio.history import History
from initstudio.ui.chart.colours import signs
from initstudio.ui.chart.legend import Label
from initstudio.ui.chart.lines import Array, Range, counted, fair_top, masked, number
from initstudio.ui.chart.panels import Panel
from initstudio.ui.plots.one_seed import OneSeedPlot, Seed
from initstudio.ui.plots.plot import Line, Table

FEW_PIXELS = 3


class FiltersOptions(Params, frozen=True):
    """Whose weights are drawn, and by which channel."""

    seed: Seed = "first"
    channel: Annotated[
        str,
        Meta(max_length=8, title="Channel", description="The channel of the image, from 1."),
    ] = "1"


class FiltersPlot(OneSeedPlot):
    """A small image for each unit."""

    key = "filters"
    label = "First layer"
    summary = (
        "The weights of each unit of the first layer as an image: over all pixels, or the kernels "
        "of a Conv2d. All contenders share one scale, blue below zero and orange above."
    )
    invitation = (
        "The weights of the first layer appear here as images. It needs data that are images, such "
        "as Digits, and a first layer that sees them whole, or a Conv2d."
    )
    order = 77
    pages = ("board", "xray")
    reads = ("first_weights",)
    Options = FiltersOptions

    def __init__(self, parent: QWidget | None = None) -> None:
        self._units: list[Array] = []
        self._areas: list[tuple[Range, Range]] = []
        self._columns = 1
        self._limit = 1.0
        super().__init__(parent)

    def on_shape_changed(self) -> None:
        """Forget the images; the channels of this run are offered when they are known."""
        super().on_shape_changed()
        self._units, self._areas = [], []
        self._offer(1)

    def draw(self, history: History) -> None:
        """Draw a panel of images for each contender."""
        lost = self._take_in(history)
        if not self.drawn:
            self.panels = []
            self.clear(
                "The first layer with weights neither takes all pixels in nor is a Conv2d, or its "
                "weights are too many to be drawn."
            )
            self.show_notes([])
            return
        self.lay_out_panels(square=False)
        canvas, shades = self.canvas, signs(self.theme)
        canvas.begin(smooth=self.settled)
        self._areas = []
        for line, panel, units in zip(self.drawn, self.panels, self._units, strict=True):
            self._columns = columns_for(units.shape, panel)
            picture = mosaic(units, self._columns)
            area = _centred(picture.shape, panel)
            self._areas.append(area)
            pixels = shades.of(picture[::-1], -self._limit, self._limit)
            canvas.image(line.key, area, pixels, z=1)
            if np.isnan(units).all():
                self.say_nothing_of(line, panel, "no finite weight")
        self.draw_titles()
        canvas.colour_scale(shades, -self._limit, self._limit, "weight")
        canvas.end()
        self._label(None)
        self.show_notes(self._make_notes(history, lost))

    def data(self, history: History) -> Table:
        """Return each weight of the channel that is shown."""
        rows: Table = [("contender", "seed", "unit", "row", "column", "weight")]
        for line in self._having(history):
            found = self.reading_of(history, line, "first_weights")
            units = found[:, self._channel(found.shape[1])]
            head = (line.name, self.seed_of(history))
            for (unit, row, column), weight in np.ndenumerate(units):
                rows.append((*head, unit + 1, row + 1, column + 1, float(weight)))
        return rows

    # ------------------------------------------------------------------ numbers

    def _channel(self, channels: int) -> int:
        """Return the index of the channel that is shown."""
        chosen = self.options.channel
        at = int(chosen) - 1 if chosen.isdecimal() else 0
        return at if 0 <= at < channels else 0

    def _offer(self, channels: int) -> None:
        names = [(str(at), f"Channel {at}") for at in range(1, channels + 1)]
        self.toolbar.offer("channel", names)
        self.toolbar.show_values(self.options)
        self.toolbar.control("channel").setVisible(channels > 1)

    def _having(self, history: History) -> tuple[Line, ...]:
        """Return the contenders with weights that can be drawn, and offer their channels."""
        found = self.lines_with("first_weights", history)
        shapes = {line: self.of(line, history).latest["first_weights"].shape[1:] for line in found}
        shown = tuple(line for line in found if shapes[line][0])
        if shown:
            self._offer(max(shapes[line][1] for line in shown))
        return shown

    def _take_in(self, history: History) -> list[int]:
        """Take each contender's images [units, height, width]; return how many weights are lost."""
        self._units, lost = [], []
        self.drawn = self._having(history)
        for line in self.drawn:
            found = self.reading_of(history, line, "first_weights")
            drawn, hostile, _ = masked(found[:, self._channel(found.shape[1])], log=False)
            self._units.append(drawn)
            lost.append(hostile)
        sizes = [float(np.nanmax(np.abs(one))) for one in self._units if np.isfinite(one).any()]
        self._limit = (fair_top([0.0], sizes) if sizes else 0.0) or 1.0
        return lost

    # ------------------------------------------------------------------ words

    def _make_notes(self, history: History, lost: list[int]) -> list[str]:
        count, high, wide = self._units[0].shape
        units_of_layer = history.header.tensor_shapes[0][0]
        what = f"{count:,} of " if count < units_of_layer else ""
        notes = self.head_notes(history)
        notes.append(f"{history.header.tensors[0]}: {what}{counted(units_of_layer, 'unit')}")
        notes.append(f"{high} × {wide} weights each")
        for line, units, hostile in zip(self.drawn, self._units, lost, strict=True):
            if hostile:
                of = f"{hostile:,} of {units.size:,} weights"
                notes.append(f"{line.name}: {of} cannot be drawn")
            known = units[np.isfinite(units)]
            if len(known) and np.abs(known).max() > self._limit:
                reach = number(float(np.abs(known).max()))
                notes.append(f"{line.name} reaches {reach}, beyond the scale")
        return notes

    def on_pointed(self, place: tuple[float, float] | None) -> None:
        """Tell the weights below the mouse, of all contenders."""
        found = None
        if place and self._units:
            _, high, wide = self._units[0].shape
            count = len(self._units[0])
            rows = ceil(count / self._columns) * (high + 1) - 1
            columns = min(count, self._columns) * (wide + 1) - 1
            cells = [Panel(area).cell_at(place, rows, columns) for area in self._areas]
            cell = next((one for one in cells if one), None)
            found = cell and self._weight_at(rows - 1 - cell[0], cell[1])
        self._label(found)
        if found:
            unit, row, column = (one + 1 for one in found)
            self.canvas.setToolTip(f"Unit {unit}, row {row}, column {column}")

    def _weight_at(self, row: int, column: int) -> tuple[int, int, int] | None:
        """Return unit, row and column of the weight at a place of the mosaic; None in a gap."""
        count, high, wide = self._units[0].shape
        down, row = divmod(row, high + 1)
        across, column = divmod(column, wide + 1)
        unit = down * self._columns + across
        return (unit, row, column) if row < high and column < wide and unit < count else None

    def _label(self, weight: tuple[int, int, int] | None) -> None:
        labels = []
        for line, units in zip(self.drawn, self._units, strict=True):
            text = number(float(units[weight])) if weight else ""
            labels.append(Label(line.name, line.slot, text, line.run))
        self.legend.show_labels(tuple(labels))


def mosaic(units: Array, columns: int) -> Array:
    """Return images [units, height, width] in rows of so many, the first at the upper left.

    One cell parts them, NaN; the first row is the uppermost.
    """
    count, high, wide = units.shape
    rows, columns = ceil(count / columns), min(count, columns)
    whole = np.full((rows, columns, high + 1, wide + 1), np.nan)
    places = np.arange(count)
    whole[places // columns, places % columns, :high, :wide] = units
    joined = whole.swapaxes(1, 2).reshape(rows * (high + 1), columns * (wide + 1))
    found: Array = joined[:-1, :-1]
    return found


def columns_for(shape: tuple[int, ...], panel: Panel) -> int:
    """Return how many images stand in a row so that they become largest."""
    count, high, wide = shape
    (left, right), (bottom, top) = panel.area

    def size(columns: int) -> float:
        rows = ceil(count / columns)
        return min((right - left) / (columns * (wide + 1)), (top - bottom) / (rows * (high + 1)))

    return max(range(1, count + 1), key=size)


def _centred(shape: tuple[int, ...], panel: Panel) -> tuple[Range, Range]:
    """Return the area in the panel's middle in which the cells are square, of whole pixels.

    Of few pixels, half a one counts, or up to half of the room would be left.
    """
    (left, right), (bottom, top) = panel.area
    size = min((right - left) / shape[1], (top - bottom) / shape[0])
    if size >= 1:
        size = floor(size) if size >= FEW_PIXELS else floor(2 * size) / 2
    x, y = floor((left + right - size * shape[1]) / 2), floor((bottom + top - size * shape[0]) / 2)
    return (x, x + size * shape[1]), (y, y + size * shape[0])
