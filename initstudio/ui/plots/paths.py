"""Where the weights go: all of them in the plane in which they move most, or a few over steps."""

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from msgspec import Meta
from PySide6.QtWidgets import QWidget

from initstudio.catalogue import Params
from initstudio.history import Header, History, Integers
from initstudio.trajectories import Plane, plane_of, single_places
from initstudio.ui.chart.legend import Label
from initstudio.ui.chart.lines import Array, Range, masked, number, step_end
from initstudio.ui.chart.route import (
    Passed,
    Route,
    even_view,
    exactness,
    kept_of,
    near,
    route_of,
    share_text,
    troubles_of,
)
from initstudio.ui.chart.trail import START, Trail, nearest
from initstudio.ui.chart.weight_lines import WeightLines, axis_of, names_of, notes_on
from initstudio.ui.plots.one_seed import OneSeedPlot, Seed
from initstudio.ui.plots.plot import Plot, Table

if TYPE_CHECKING:
    from collections.abc import Hashable

Kept = tuple[Integers, npt.NDArray[Any]]


class PathsOptions(Params, frozen=True):
    """What is followed, and in which plane."""

    what: Annotated[
        Literal["components", "weights"],
        Meta(
            title="Picture",
            description="The first two principal components of the way of all weights, or eight "
            "weights of one layer over the steps.",
            extra={"choices": {"components": "Components", "weights": "Some weights"}},
        ),
    ] = "components"
    plane: Annotated[
        Literal["shared", "own"],
        Meta(
            title="Plane",
            description="One plane for all contenders, in which directions and lengths compare; "
            "or for each its own, in which it varies most.",
            extra={"choices": {"shared": "One plane", "own": "Each its own"}},
        ),
    ] = "shared"
    layer: Annotated[
        str, Meta(max_length=8, title="Layer", description="The weight tensor that is shown.")
    ] = "0"
    seed: Seed = "first"


class PathsPlot(OneSeedPlot):
    """A route for each contender, from a dot at the start to a larger one where it is now."""

    key = "paths"
    label = "Weight paths"
    summary = (
        "The way of all weights from their start, in the plane of its first two principal "
        "components; or a few weights over the steps. The steps of a random walk would give 61 % "
        "and 15 % of the variance (Antognini and Sohl-Dickstein 2018)."
    )
    invitation = "Press Run: the way of the weights through training appears here."
    order = 78
    reads = ("path", "some_weights")
    Options = PathsOptions

    def __init__(self, parent: QWidget | None = None) -> None:
        self._passed: list[Passed] = []
        self._planes: dict[Hashable, Plane] = {}
        self._box: tuple[Range, Range] | None = None
        self._view: Range | None = None
        self._placed: list[Array] = []
        super().__init__(parent)

    @property
    def planes(self) -> "dict[Hashable, Plane]":
        """Return the planes that are shown, by their line's key, or "all"."""
        return self._planes

    def needs(self) -> tuple[str, ...]:
        """Return what is shown."""
        return (self._reading,)

    def state_of(self, history: History) -> object:
        """Return what grows with each snapshot."""
        return history.layers_step, history.album.revision

    def fits(self, pinned: Header, present: Header) -> bool:
        """Return whether a pinned run's weights are as many, in the same tensors."""
        one, other = ((each.tensors, each.tensor_shapes) for each in (pinned, present))
        return one == other

    def show_like(self, other: Plot) -> None:
        """Show what another plot of this kind shows, the same way round."""
        super().show_like(other)
        if isinstance(other, PathsPlot):
            self._planes = dict(other.planes)

    def on_shape_changed(self) -> None:
        """Forget what was drawn; offer the layers of this run."""
        super().on_shape_changed()
        self._passed, self._placed = [], []
        self._planes, self._box, self._view = {}, None, None
        names = self.header.tensors if self.header else ("First layer",)
        self.toolbar.offer("layer", [(str(at), name) for at, name in enumerate(names)])
        self.toolbar.show_values(self.options)
        of_all = self._reading == "path"
        self.toolbar.control("layer").setVisible(not of_all)
        self.toolbar.control("plane").setVisible(of_all and len(self.lines) > 1)

    def draw(self, history: History) -> None:
        """Draw a route, or lines over steps, for each contender."""
        self.drawn = self.lines_with(self._reading, history)
        self.panels, self._passed, self._placed = [], [], []
        if not self.drawn or not history.header.tensors:
            what = "has no weights" if self.drawn else "was not recorded in this run"
            name = "This network" if self.drawn else f"“{self._reading.replace('_', ' ')}”"
            self.clear(f"{name} {what}.")
            self.show_notes([])
            return
        self.canvas.say("")
        of_all, own = self._reading == "path", self._own
        self.canvas.hold_axes(held=of_all and not own)
        if not of_all:
            self._draw_weights(history)
            return
        routes = self._find_routes(history)
        self._passed = [route.passed() for route in routes]
        if own:
            self._draw_own(routes)
        else:
            self._draw_shared(routes)
        self._label(None)
        self.show_notes(self._route_notes(history, routes))

    def data(self, history: History) -> Table:
        """Return what is drawn: places in the plane, or weights, at the steps that are drawn."""
        self.drawn = self.lines_with(self._reading, history)
        seed = self.seed_of(history)
        if self._reading == "some_weights":
            rows: Table = [("contender", "seed", "step", "layer", "weight", "value")]
            names, layer = names_of(self._shape(history)), history.header.tensors[self._layer]
            for one in self._find_weights(history)[0]:
                for step, found in zip(one.steps.tolist(), one.weights.tolist(), strict=True):
                    head = (one.line.name, seed, int(step), layer)
                    rows += [(*head, *cells) for cells in zip(names, found, strict=True)]
            return rows
        rows = [("contender", "seed", "step", "distance", "first component", "second component")]
        routes = self._find_routes(history)
        for line, route, plane in zip(self.drawn, routes, self._find_planes(routes), strict=True):
            cells = np.column_stack([route.lengths, plane.of(route.points)]).tolist()
            steps = route.steps.tolist()
            rows += [(line.name, seed, step, *row) for step, row in zip(steps, cells, strict=True)]
        return rows

    # ------------------------------------------------------------------ numbers

    @property
    def _reading(self) -> str:
        return "path" if self.options.what == "components" else "some_weights"

    @property
    def _own(self) -> bool:
        """Return whether each contender has a plane of its own; a single one has that anyway."""
        return self.options.plane == "own" and len(self.drawn) > 1

    @property
    def _layer(self) -> int:
        """Return the weight tensor that is shown: the first, unless another one is chosen."""
        chosen, count = self.options.layer, len(self.header.tensors) if self.header else 0
        return int(chosen) if chosen.isdecimal() and int(chosen) < count else 0

    def _shape(self, history: History) -> tuple[int, ...]:
        return history.header.tensor_shapes[self._layer]

    def _keep(self, history: History) -> dict[int, Kept]:
        """Return the readings of the present run and of each pinned one, by its number."""
        runs = {line.run: self.of(line, history) for line in self.drawn}
        return {at: kept_of(run, self._reading) for at, run in runs.items()}

    def _find_weights(self, history: History) -> tuple[list[WeightLines], int]:
        """Return the weights of the layer that is shown, and how many values are no numbers."""
        count, kept = len(single_places(self._shape(history))), self._keep(history)
        found, lost = [], 0
        for line in self.drawn:
            steps, values = kept[line.run]
            replica = self.replica_of(history, line)
            weights, bad, _ = masked(values[:, replica, self._layer, :count], log=False)
            found.append(WeightLines(line, steps.astype(np.float64), weights))
            lost += bad
        return found, lost

    def _find_routes(self, history: History) -> list[Route]:
        kept = self._keep(history)
        return [
            route_of(kept[line.run][0], kept[line.run][1][:, self.replica_of(history, line)])
            for line in self.drawn
        ]

    def _find_planes(self, routes: Sequence[Route]) -> list[Plane]:
        """Return the plane of each route: its own, or one of all that do not reach far beyond."""
        if self._own:
            for line, route in zip(self.drawn, routes, strict=True):
                self._planes[line.key] = plane_of(route.points, self._planes.get(line.key))
            return [self._planes[line.key] for line in self.drawn]
        some = [route for route, inside in zip(routes, near(routes), strict=True) if inside]
        points = np.concatenate([route.points for route in some])
        self._planes["all"] = plane_of(points, self._planes.get("all"))
        return [self._planes["all"]] * len(routes)

    # ------------------------------------------------------------------ drawing

    def _draw_shared(self, routes: Sequence[Route]) -> None:
        """Draw all routes in one plane, in which a unit is as long upward as across."""
        canvas = self.canvas
        plane = self._find_planes(routes)[0]
        placed = [plane.of(route.points) for route in routes]
        parts = zip(placed, near(routes), strict=True)
        inside = np.concatenate([places for places, has_part in parts if has_part])
        low, high = inside.min(0), inside.max(0)
        self._box, view = even_view(self._box, low, high, canvas.columns, canvas.rows)
        for axis in (canvas.left, canvas.bottom):
            axis.show_as()
        whose = "path" if len(self.drawn) == 1 else "paths"
        words = [
            f"{name} component, {share_text(share)} of the {whose}"
            for name, share in zip(("first", "second"), plane.shares, strict=True)
        ]
        canvas.name_axes(*words)
        canvas.look_at(*view)
        canvas.begin(smooth=self.settled)
        for line, places in zip(self.drawn, placed, strict=True):
            self._placed.append(Trail(line.key, line.stroke(self.theme), places).draw(canvas))
        canvas.dots("start", np.zeros(1), np.zeros(1), self.theme.text, size=START, z=30)
        canvas.end()

    def _draw_own(self, routes: Sequence[Route]) -> None:
        """Draw a panel for each contender: its route in its own plane, to its own scale."""
        planes = self._find_planes(routes)
        self.lay_out_panels(square=False)
        canvas, theme = self.canvas, self.theme
        canvas.begin(smooth=self.settled)
        parts = zip(self.drawn, self.panels, routes, planes, strict=True)
        for line, panel, route, plane in parts:
            stroke = line.stroke(theme)
            trail = Trail(line.key, stroke, plane.of(route.points))
            shares = [share_text(share) for share in plane.shares]
            notes = [" and ".join(shares), ", ".join(shares), shares[0]]
            self._placed.append(trail.draw_in(panel, canvas, theme, notes))
        self.draw_titles()
        canvas.end()

    def _draw_weights(self, history: History) -> None:
        """Draw the weights of the chosen layer over the steps: a colour for each contender."""
        canvas, theme = self.canvas, self.theme
        curves, lost = self._find_weights(history)
        runs = [self.of(line, history) for line in self.drawn]
        last = max(1, *(run.last_step for run in runs))
        end = step_end(last, max(1, *(run.header.steps for run in runs)))
        self._view = view = axis_of(curves, self._view)
        for axis in (canvas.left, canvas.bottom):
            axis.show_as()
        canvas.name_axes("step", f"weights of {history.header.tensors[self._layer]}")
        canvas.look_at((0.0, float(end)), view)
        canvas.begin(smooth=self.settled)
        for one in curves:
            one.draw(canvas, theme)
        if history.until is not None:
            x = np.full(2, float(history.until))
            canvas.line("until", x, np.array(view), theme.muted, width=1.2, z=25)
        canvas.end()
        self.legend.show_labels(tuple(Label(one.name, one.slot, run=one.run) for one in self.drawn))
        notes = notes_on(self._shape(history), curves, lost, view)
        self.show_notes([*self.head_notes(history), *notes])

    # ------------------------------------------------------------------ words

    def _route_notes(self, history: History, routes: Sequence[Route]) -> list[str]:
        weights = sum(prod(shape) for shape in history.header.tensor_shapes)
        names = [line.name for line in self.drawn]
        part = [True] * len(routes) if self._own else near(routes)
        notes = [*self.head_notes(history), *troubles_of(names, routes, part)]
        notes += [exactness(weights), "numbers above: distance from the start"]
        if self.panels:
            notes.append("shares: of the first and the second component of each")
        elif len(self.drawn) > 1:
            notes.append("each contender's way from its own start")
        return [*notes, "small dot: start; large: now"]

    def on_pointed(self, place: tuple[float, float] | None) -> None:
        """Tell of the point of a route nearest to the mouse."""
        if not self._passed or not self._placed:
            return
        found = nearest(self.canvas, place, self._placed) if place else None
        step = None
        if found:
            line, passed = self.drawn[found[0]], self._passed[found[0]]
            step, away = int(passed.steps[found[1]]), number(float(passed.lengths[found[1]]))
            self.canvas.setToolTip(f"{line.name}, step {step:,}: {away} from the start")
        self._label(step)

    def _label(self, step: int | None) -> None:
        """Name the contenders, with their distance from the start: now, or at a step."""
        parts = zip(self.drawn, self._passed, strict=True)
        labels = (
            Label(line.name, line.slot, number(passed.length_at(step)), line.run)
            for line, passed in parts
        )
        self.legend.show_labels(tuple(labels))
