"""All layers over the whole run in one picture: where trouble begins, and how it spreads."""

from collections.abc import Hashable
from typing import Annotated, Literal

import numpy as np
from msgspec import Meta
from PySide6.QtWidgets import QWidget

from initstudio.catalogue import Params
from initstudio.history import History, Integers
from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.chart.colours import amounts
from initstudio.ui.chart.heat import Cells, cells_of, ends_of_all
from initstudio.ui.chart.legend import Label
from initstudio.ui.chart.lines import counted, number
from initstudio.ui.chart.panels import Panel, strip_height
from initstudio.ui.plots.plot import Line, Plot, Table
from initstudio.ui.plots.quantity import Places, Quantity, readings_of

ABOVE = 4.0
"""Pixels above the contenders' names."""
GAP = 0.03
"""Room between two contenders, over the width of one."""
QUANTITIES = {
    "gradient": Quantity(reading="gradient_norm", tensors=True, axis="gradient norm"),
    "signal": Quantity(reading="activation_std", axis="std of the outputs"),
    "update": Quantity(reading="update_ratio", tensors=True, axis="update / weights"),
    "dead": Quantity(reading="dead", axis="dead units, %", log=False, times=100.0),
}


class OverStepsOptions(Params, frozen=True):
    """What the colours stand for, and who comes first."""

    quantity: Annotated[
        Literal["gradient", "signal", "update", "dead"],
        Meta(
            title="Colour",
            description="Length of the gradient of each weight tensor; standard deviation of each "
            "layer's outputs; length of an update over that of the weights; share of units that "
            "give one number for the whole batch.",
            extra={
                "choices": {
                    "gradient": "Gradient norm",
                    "signal": "Signal",
                    "update": "Update / weights",
                    "dead": "Dead units",
                }
            },
        ),
    ] = "gradient"
    order: Annotated[
        Literal["trouble", "listed"],
        Meta(
            title="Order",
            description="Trouble first: who has cells without a number, or layers that lie most "
            "decades apart. The order is found anew when the run has twice as many snapshots.",
            extra={"choices": {"trouble": "Trouble first", "listed": "As listed"}},
        ),
    ] = "trouble"


class OverStepsPlot(Plot):
    """A heat map of layers and steps for each contender, side by side."""

    key = "over_steps"
    label = "Layers over the run"
    summary = (
        "Each row is a layer and each column a snapshot. A click goes to that step, and to that "
        "layer in a picture that shows one."
    )
    invitation = "Press Run: every layer over the whole run appears here."
    order = 55
    reads = readings_of(QUANTITIES.values())
    Options = OverStepsOptions

    def __init__(self, parent: QWidget | None = None) -> None:
        self._places: Places = ([], ())
        self._panels: list[tuple[Line, Panel, Cells]] = []
        self._whole: dict[Hashable, tuple[object, Cells]] = {}
        """The cells of whole runs, with what they depend on."""
        super().__init__(parent)

    @property
    def quantity(self) -> Quantity:
        """Return what the colours stand for."""
        return QUANTITIES[self.options.quantity]

    def needs(self) -> tuple[str, ...]:
        """Return what the colours stand for."""
        return (self.quantity.reading,)

    def make_picture(self) -> Canvas:
        """Return a canvas that can be pointed at and clicked."""
        canvas = self.make_canvas()
        canvas.pointed.connect(self._on_pointed)
        canvas.clicked.connect(self._on_clicked)
        return canvas

    def state_of(self, history: History) -> object:
        """Return what grows with each snapshot that is kept."""
        return history.album.revision

    def on_shape_changed(self) -> None:
        """Forget what was drawn."""
        self._panels = []
        self._whole = {}

    def draw(self, history: History) -> None:
        """Draw the cells of each contender."""
        self._panels = []
        lines = [line for line in self.lines if len(self._all_steps(line, history))]
        columns, names = self._rows_of(history)
        cells = {line.key: self._cells(line, history, columns) for line in lines if columns}
        found = ends_of_all(list(cells.values()), log=self.quantity.log) if cells else None
        if found is None:
            self.clear(self._why_no_cells(history, columns))
            self.show_notes([])
            return
        ends, beyond = found
        self._places = (columns, names)
        lines = self._in_order(lines, cells)
        self._lay_out_panels(lines, cells, history)
        self._draw_panels(ends)
        self.legend.show_labels(tuple(Label(one.name, one.slot, run=one.run) for one in lines))
        self.show_notes(self._make_notes(history, beyond=beyond))

    def data(self, history: History) -> Table:
        """Return each seed's reading in each layer at each snapshot that is kept."""
        columns, names = self._rows_of(history)
        rows: Table = [("contender", "seed", "step", "layer", self.quantity.axis)]
        for line in self.lines:
            run = self.of(line, history)
            steps, values = run.album.over(self.quantity.reading)
            kept = steps <= (steps.max(initial=0) if run.until is None else run.until)
            for replica in line.replicas.tolist() if len(steps) else ():
                head = (line.name, run.header.seeds[replica])
                for step, found in zip(steps[kept].tolist(), values[kept, replica], strict=True):
                    cells = (found[columns].astype(np.float64) * self.quantity.times).tolist()
                    rows += [
                        (*head, step, name, cell) for name, cell in zip(names, cells, strict=True)
                    ]
        return rows

    # ------------------------------------------------------------------ numbers

    def _all_steps(self, line: Line, history: History) -> Integers:
        return self.of(line, history).album.over(self.quantity.reading)[0]

    def _rows_of(self, history: History) -> Places:
        """Return the columns of the reading that have numbers, and their names."""
        names = history.header.tensors if self.quantity.tensors else history.header.layers
        _, values = history.album.over(self.quantity.reading)
        if not len(values):
            return [], ()
        # a layer that cannot have this number has it at no step
        told = np.isfinite(values).any((0, 1)) | (self.quantity.log & np.ones(len(names), bool))
        columns = np.flatnonzero(told).tolist()
        return columns, tuple(names[at] for at in columns)

    def _cells(self, line: Line, history: History, columns: list[int]) -> Cells:
        """Return the cells of one contender, up to the step that is shown."""
        run = self.of(line, history)
        steps, values = run.album.over(self.quantity.reading)
        state = (run.album.revision, tuple(columns))
        if line.key not in self._whole or self._whole[line.key][0] != state:
            part = values[:, line.replicas][..., columns]
            found = cells_of(part, log=self.quantity.log, times=self.quantity.times)
            self._whole[line.key] = (state, found)
        whole = self._whole[line.key][1]
        if run.until is None:
            return whole
        return Cells(whole.values[:, : int(np.searchsorted(steps, run.until, side="right"))])

    def _in_order(self, lines: list[Line], cells: dict[Hashable, Cells]) -> list[Line]:
        if self.options.order == "listed":
            return lines
        log = self.quantity.log

        def trouble(line: Line) -> float:
            values = cells[line.key].values
            count = 2 ** int(np.log2(max(values.shape[1], 1)))
            return Cells(values[:, :count]).trouble(log=log)

        return sorted(lines, key=trouble, reverse=True)

    # ------------------------------------------------------------------ drawing

    def _lay_out_panels(
        self, lines: list[Line], cells: dict[Hashable, Cells], history: History
    ) -> None:
        canvas, count = self.canvas, len(self._places[1])
        spacings = [_spacing(self._all_steps(line, history)) for line in lines]
        last = max(
            spacing * len(self._all_steps(line, history))
            for line, spacing in zip(lines, spacings, strict=True)
        )
        single = len(lines) == 1
        wide = last if single else 1.0
        whole = wide * (len(lines) * (1 + GAP) - GAP)
        title = strip_height(self.theme) + ABOVE
        tall = count / max(20.0, canvas.rows - title)
        pixel = (whole / canvas.columns, tall)
        canvas.left.show_as(names=self._places[1][::-1])
        canvas.bottom.show_as(bare=not single)
        across = "step" if single else f"step, from 0 to {last:,.0f} for each"
        canvas.name_axes(across, "layer")
        canvas.look_at((0, whole), (-0.5, count - 0.5 + title * tall))
        for at, (line, spacing) in enumerate(zip(lines, spacings, strict=True)):
            left, found = at * (1 + GAP) * wide, cells[line.key]
            right = left + wide * spacing * found.values.shape[1] / last
            area = ((left, max(right, left + pixel[0])), (-0.5, count - 0.5))
            self._panels.append((line, Panel(area, pixel), found))

    def _draw_panels(self, ends: tuple[float, float]) -> None:
        canvas, theme, quantity = self.canvas, self.theme, self.quantity
        shades = amounts(theme)
        canvas.say("")
        canvas.begin(smooth=self.settled)
        room = self.canvas.view[0][1] / (len(self._panels) * (1 + GAP) - GAP)
        for line, panel, cells in self._panels:
            if cells.values.shape[1]:
                canvas.image(line.key, panel.area, cells.pixels(shades, ends, theme.error), z=1)
            left = panel.area[0][0]  # the name has all of the room, however much is filled
            head = Panel(((left, left + room), panel.area[1]), panel.pixel)
            head.draw_title(canvas, line.key, line.name, *line.rule(theme))
        canvas.colour_scale(shades, *ends, quantity.axis, log=quantity.log)
        canvas.end()

    # ------------------------------------------------------------------ words

    def _make_notes(self, history: History, *, beyond: bool) -> list[str]:
        album = history.album
        notes = [f"shown as at step {history.until:,}"] if history.until is not None else []
        notes.append(f"{counted(len(album), 'snapshot')}")
        if album.stride > 1:
            notes.append(f"each {album.stride}th is kept")
        if beyond:
            notes.append("what is more than 10⁶ times the middle has the colour of the end")
        for line, _, cells in self._panels:
            if cells.broken:
                notes.append(f"{line.name}: no finite number in {counted(cells.broken, 'cell')}")
            if cells.zeros:
                notes.append(f"{line.name}: 0 in {counted(cells.zeros, 'cell')}")
        if any(cells.broken for _, _, cells in self._panels):
            notes.insert(0, "red: no finite number")
        if any(len(line.replicas) > 1 for line in self.lines):
            notes.append("median of the seeds")
        return notes

    def _why_no_cells(self, history: History, columns: list[int]) -> str:
        key = self.quantity.reading
        recorded = history.header.experiment.recording.probes
        if recorded is not None and key not in recorded:
            return f"“{key.replace('_', ' ')}” was not recorded in this run."
        if history.latest and key in history.latest and columns:
            return "No contender has a finite number here."
        return self.invitation if not columns else "Nothing has been measured until this step."

    def _found(self, place: tuple[float, float] | None) -> tuple[Line, int, int] | None:
        """Return the line, row of the layers and column of the snapshots at a place."""
        for line, panel, cells in self._panels if place else ():
            rows, columns = cells.values.shape
            at = panel.cell_at(place, rows, columns) if place and columns else None
            if at:
                return line, rows - 1 - at[0], at[1]
        return None

    def _told(self, found: tuple[Line, int, int]) -> tuple[int, str, float]:
        """Return the step, the layer's name and the number of a cell."""
        line, row, column = found
        cells = next(cells for one, _, cells in self._panels if one is line)
        history = self.shown
        steps = self._all_steps(line, history) if history else np.zeros(column + 1, np.int64)
        value = float(cells.values[row, column])
        value = 10**value if self.quantity.log and not np.isnan(value) else value
        return int(steps[column]), self._places[1][row], value

    def _on_pointed(self, place: tuple[float, float] | None) -> None:
        found = self._found(place)
        labels = []
        for line, _, cells in self._panels:
            text = ""
            if found and found[2] < cells.values.shape[1]:
                text = number(self._told((line, *found[1:]))[2], 3)
            labels.append(Label(line.name, line.slot, text, line.run))
        if self._panels:
            self.legend.show_labels(tuple(labels))
        if found:
            step, name, value = self._told(found)
            told = number(value, 3) if np.isfinite(value) else "no finite number"
            self.canvas.setToolTip(
                f"{found[0].name}, {name}, step {step:,}\n{self.quantity.axis}: {told}\n"
                "A click goes there."
            )

    def _on_clicked(self, place: tuple[float, float]) -> None:
        found = self._found(place)
        if found:
            step, name, _ = self._told(found)
            self.place_asked.emit(step, name)


def _spacing(steps: Integers) -> float:
    """Return the steps from one snapshot to the next."""
    return float(steps[1] - steps[0]) if len(steps) > 1 else 1.0
