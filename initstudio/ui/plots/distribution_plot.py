"""Distributions of what each layer or weight tensor has many of, in the same honest bins for all.

On one axis, as small multiples of layers and contenders, or as ridgelines over the run.
"""

from collections.abc import Hashable, Iterator
from math import prod
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, TypeAlias

import numpy as np
from msgspec import Meta
from PySide6.QtWidgets import QWidget

from initstudio.catalogue import Params
from initstudio.distribution import Binned, density, pool
from initstudio.engine.targets import Laws, targets_of
from initstudio.history import Header, History, Known
from initstudio.target import Target, target_of
from initstudio.ui.chart.legend import Label
from initstudio.ui.chart.lines import number
from initstudio.ui.chart.multiples import Multiples, Row, rows_that_fit
from initstudio.ui.chart.one_axis import OneAxis
from initstudio.ui.chart.over_time import OverTime, chosen_rows, ridges_that_fit
from initstudio.ui.chart.spread import Ink, Scene, Shown
from initstudio.ui.chart.spread_notes import behind_note
from initstudio.ui.plots.plot import Line, Plot, Table

if TYPE_CHECKING:
    from initstudio.bins import Reading

MULTIPLES, TIME = "multiples", "time"
Counted: TypeAlias = tuple[Line, int | None, int, Binned | None]
"""Whose values, of which layer (None: of all) and of which step they are, and they themselves."""
Drawn: TypeAlias = tuple[list[str], list[Binned | None]]
"""What must be told of a picture, and of each contender the values that its label tells of."""


class DistributionOptions(Params, frozen=True):
    """Which layer is drawn, and how."""

    layer: Annotated[
        str, Meta(max_length=8, title="Layer", description="The layer whose values are shown.")
    ] = "0"
    style: Annotated[
        Literal["both", "histogram", "density", "multiples", "time"],
        Meta(
            title="Picture",
            description="On one axis, bars count the values in bins that all contenders share, and "
            "the line is a Gaussian kernel density estimate. Small multiples show each layer of "
            "each contender; over time, there is a density for each of many steps.",
            extra={
                "choices": {
                    "both": "Both",
                    "histogram": "Histogram",
                    "density": "Density",
                    MULTIPLES: "Small multiples",
                    TIME: "Over time",
                }
            },
        ),
    ] = "both"
    axis: Annotated[
        Literal["layer", "one"],
        Meta(
            title="Axes",
            description="Whether each layer has an axis of its own, or all have the same.",
            extra={"choices": {"layer": "Axis per layer", "one": "One axis"}},
        ),
    ] = "layer"
    scale: Annotated[
        Literal["linear", "log"],
        Meta(
            title="Scale",
            description="A log scale reaches down to a single value and out to the last one.",
            extra={"choices": {"linear": "Linear", "log": "Log"}},
        ),
    ] = "linear"


class DistributionPlot(Plot):
    """Distributions of what each layer, or each weight tensor, has many of."""

    Options = DistributionOptions
    quantity: ClassVar[str] = ""
    drawn: ClassVar[bool] = False
    """Whether the values at the start were drawn from a law."""
    silence: ClassVar[str] = "No contender has a finite value here."

    def __init__(self, parent: QWidget | None = None) -> None:
        self._looks = OneAxis(), Multiples(), OverTime()
        self._first: dict[tuple[Hashable, int | None], Binned | None] = {}
        self._newest: dict[tuple[Hashable, int | None], tuple[Reading, Binned | None]] = {}
        """Of each contender and layer its newest reading, and what that tells."""
        self._past: dict[tuple[Hashable, int], Binned | None] = {}
        self._laws: dict[int, Laws] = {}
        super().__init__(parent)

    def state_of(self, history: History) -> object:
        """Return the step of the newest readings."""
        return history.layers_step

    def on_shape_changed(self) -> None:
        """Forget axes and the start; offer the layers of this run."""
        self._looks = OneAxis(), Multiples(), OverTime()
        self._first, self._newest, self._past, self._laws = {}, {}, {}, {}
        names = [
            (str(at), name)
            for at, name in enumerate(self.names_of(self.header) if self.header else ())
        ]
        self.toolbar.offer("layer", [*(names or [("0", "First layer")]), ("all", "All layers")])
        self.toolbar.show_values(self.options)
        several = self.options.style == MULTIPLES
        self.toolbar.control("layer").setVisible(not several)
        self.toolbar.control("axis").setVisible(several)

    def prepare(self) -> Iterator[None]:
        """Pool the newest readings, and make their densities."""
        history = self.shown
        if history is None or self.reads[0] not in history.latest:
            return
        several = self.options.style == MULTIPLES
        lines = self.lines_with(self.reads[0], history)
        for layer in self._fitting(history) if several else (self._layer(),):
            for line in lines:
                group = self._now(self.of(line, history), line, layer)
                if group and group.constant is None:
                    density(group)
                yield

    def draw(self, history: History) -> None:
        """Draw the picture that is chosen."""
        lines = self.lines_with(self.reads[0], history)
        pictures = {MULTIPLES: self._draw_multiples, TIME: self._draw_time}
        found = pictures.get(self.options.style, self._draw_one)(history, lines)
        if found is None:
            self.clear(self.silence)
            self.show_notes([f"step {history.layers_step:,}"])
            return
        notes, groups = found
        labels = (_label(line, group) for line, group in zip(lines, groups, strict=True))
        self.legend.show_labels(tuple(labels))
        self.show_notes([f"step {history.layers_step:,}", *notes])

    def data(self, history: History) -> Table:
        """Return the counts of each contender in its own bins, as fine as they were recorded."""
        rows: Table = [("contender", "layer", "step", "bin low", "bin high", "count")]
        names = self.names_of(history.header)
        for line, layer, step, group in self._counted(
            history, self.lines_with(self.reads[0], history)
        ):
            if group:
                name = "all" if layer is None else names[layer]
                edges, counts = group.edges.tolist(), group.counts.tolist()
                bins = zip(edges[:-1], edges[1:], counts, strict=True)
                rows += [(line.name, name, step, *one) for one in bins if one[2]]
        return rows

    def names_of(self, header: Header) -> tuple[str, ...]:
        """Return the names of what has a distribution each: the weight tensors."""
        return header.tensors

    # ------------------------------------------------------------------ the three pictures

    def _draw_one(self, history: History, lines: tuple[Line, ...]) -> Drawn | None:
        shown = [self._shown(history, line, self._layer()) for line in lines]
        if not any(one.now or one.start for one in shown):
            return None
        scene = self._scene(history)
        notes = [*self._looks[0].draw(scene, shown), *behind_note(scene, shown)]
        return notes, [one.now for one in shown]

    def _draw_multiples(self, history: History, lines: tuple[Line, ...]) -> Drawn | None:
        names, fitting = self.names_of(history.header), self._fitting(history)
        rows = [
            Row(names[at], [self._shown(history, line, at) for line in lines]) for at in fitting
        ]
        everything = [one for row in rows for one in row.shown]
        if not any(one.now or one.start for one in everything):
            return None
        scene = self._scene(history)
        notes = self._looks[1].draw(scene, rows, one_axis=self.options.axis == "one")
        left_out = [f"one layer of {fitting.step} is shown"] if fitting.step > 1 else []
        return [*left_out, *behind_note(scene, everything), *notes], [None] * len(lines)

    def _draw_time(self, history: History, lines: tuple[Line, ...]) -> Drawn | None:
        steps, groups = self._over_time(history, lines)
        if not any(group for row in groups for group in row):
            return None
        panels = [(self._ink(line), row) for line, row in zip(lines, groups, strict=True)]
        notes = self._looks[2].draw(self._scene(history), steps, panels)
        many = len(history.album.steps_of(self.reads[0]))
        told = f"{len(steps)} steps of {many:,} that are kept" if len(steps) < many else ""
        return [*([told] if told else []), *notes], [row[-1] for row in groups]

    def _scene(self, history: History) -> Scene:
        style = self.options.style
        return Scene(
            canvas=self.canvas,
            theme=self.theme,
            quantity=self.quantity,
            bars=style not in ("density", TIME),
            line=style != "histogram",
            log=self.options.scale == "log",
            settled=self.settled,
            started=history.layers_step == 0,
        )

    # ------------------------------------------------------------------ numbers

    def _counted(self, history: History, lines: tuple[Line, ...]) -> Iterator[Counted]:
        """Yield all that the picture is made of."""
        if self.options.style == TIME:
            steps, groups = self._over_time(history, lines)
            for line, row in zip(lines, groups, strict=True):
                for step, group in zip(steps, row, strict=True):
                    yield line, self._layer(), step, group
            return
        several = self.options.style == MULTIPLES
        for line in lines:
            run = self.of(line, history)
            both = ((run.first, 0), (run.latest, run.layers_step))
            for layer in self._fitting(history) if several else (self._layer(),):
                for readings, step in both if run.layers_step else both[:1]:
                    yield line, layer, step, self._group(readings, line, layer)

    def _layer(self) -> int | None:
        """Return which layer is drawn; None: all of them, pooled."""
        layer, names = self.options.layer, self.names_of(self.header) if self.header else ()
        return int(layer) if layer.isdecimal() and int(layer) < len(names) else None

    def _fitting(self, history: History) -> range:
        """Return the layers that have room below one another, evenly spaced."""
        count = len(self.names_of(history.header))
        one_axis = self.options.axis == "one"
        most = rows_that_fit(self.canvas.rows, self.theme, one_axis=one_axis)
        return range(0, count, max(1, -(-count // most)))

    def _ink(self, line: Line) -> Ink:
        return Ink(line.key, line.name, *line.stroke(self.theme), pinned=line.run > 0)

    def _group(self, readings: Known, line: Line, layer: int | None) -> Binned | None:
        """Return a contender's values of a layer, or of all; its seeds are pooled."""
        reading = readings[self.reads[0]][line.replicas]
        rows = reading if layer is None else reading[:, layer]
        return pool(rows.reshape(-1, reading.shape[-1]))

    def _now(self, run: History, line: Line, layer: int | None) -> Binned | None:
        """Return a contender's values in the newest reading of its run."""
        reading = run.latest[self.reads[0]]
        known = self._newest.get((line.key, layer))
        if known is None or known[0] is not reading:
            known = reading, self._group(run.latest, line, layer)
            self._newest[line.key, layer] = known
        return known[1]

    def _shown(self, history: History, line: Line, layer: int | None) -> Shown:
        """Return a contender's values now and at the start, and what they were drawn from."""
        run, start = self.of(line, history), None
        if run.layers_step > 0:
            key = line.key, layer
            if key not in self._first:
                self._first[key] = self._group(run.first, line, layer)
            start = self._first[key]
        now = self._now(run, line, layer)
        return Shown(self._ink(line), now, start, self._target(run.header, line, layer))

    def _target(self, header: Header, line: Line, layer: int | None) -> Target | str | None:
        if not self.drawn:
            return None
        if line.run not in self._laws:
            self._laws[line.run] = targets_of(header.experiment)
        laws = self._laws[line.run].get(line.slot, ())
        sizes = [prod(shape) for shape in header.tensor_shapes]
        if len(laws) != len(sizes):
            return None
        chosen = slice(None) if layer is None else slice(layer, layer + 1)
        return target_of(laws[chosen], sizes[chosen])

    def _over_time(
        self, history: History, lines: tuple[Line, ...]
    ) -> tuple[list[int], list[list[Binned | None]]]:
        """Return evenly spaced steps with the newest, and each contender's values at them."""
        kept = history.album.steps_of(self.reads[0]).tolist()
        kept = [step for step in kept if step < history.layers_step]
        rows = chosen_rows(len(kept), ridges_that_fit(self.canvas.rows, self.theme) - 1)
        steps = [*(kept[row] for row in rows), history.layers_step]
        found, groups = {}, []
        for line in lines:
            run = self.of(line, history)
            row = []
            for step in steps:
                if step == run.layers_step and not line.run:
                    row.append(self._now(run, line, self._layer()))
                    continue
                key = line.key, step
                found[key] = self._past[key] if key in self._past else self._at(run, line, step)
                row.append(found[key])
            groups.append(row)
        self._past = found
        return steps, groups

    def _at(self, run: History, line: Line, step: int) -> Binned | None:
        """Return a contender's values at the newest step kept at or before one; None: none."""
        key = self.reads[0]
        at = int(np.searchsorted(run.album.steps_of(key), step, side="right")) - 1
        if at < 0 or step > run.last_step:
            return None
        return self._group({key: run.album.over(key, [at])[1][0]}, line, self._layer())


def _label(line: Line, now: Binned | None) -> Label:
    """Return the contender's name, with the standard deviation of its values."""
    several = now is not None and now.constant is None
    spread = f"σ {number(now.std(), 2)}" if now and several else ""
    return Label(line.name, line.slot, spread, line.run)
