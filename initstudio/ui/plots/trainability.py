"""Which depths can be trained with which weights: short trainings, and how far theory reaches."""

from functools import partial
from typing import Annotated, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec import Meta
from msgspec.structs import replace
from PySide6.QtCore import Qt

from initstudio.catalogue import Params, Value
from initstudio.cells import cell_experiment, row_experiment
from initstudio.engine.network import every
from initstudio.engine.plan import layers_of
from initstudio.engine.typical import activation_of, width_of
from initstudio.experiment import Experiment
from initstudio.history import Header
from initstudio.layer_edits import MAX_DEPTH
from initstudio.results import Results
from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.chart.colours import Shades, amounts
from initstudio.ui.chart.lines import Array, Range, middle, number
from initstudio.ui.chart.panels import Panel, strip_height
from initstudio.ui.chart.words import VeiledWords, Word
from initstudio.ui.plots.plot import Table
from initstudio.ui.plots.study_plot import Change, StudyPlot
from initstudio.ui.theme import font

PRESENT = "this experiment"
GAP = 0.6
"""Room between two maps, in cells."""
TOLD = "line, 6 ξ: how far a signal is told to reach"
WEIGHTS = "weight variance × fan-in"
BIAS_VARIANCE = 0.0


class TrainabilityOptions(Params, frozen=True):
    """What the colours stand for."""

    colour: Annotated[
        Literal["accuracy", "loss"],
        Meta(title="Colour", extra={"choices": {"accuracy": "Accuracy", "loss": "Loss"}}),
    ] = "accuracy"
    deepest: Annotated[
        int,
        Meta(
            ge=2,
            le=MAX_DEPTH,
            title="Deepest",
            description="Layers of the deepest networks.",
            extra={"unit": "layers"},
        ),
    ] = 50
    steps: Annotated[
        int,
        Meta(
            ge=1,
            le=10_000,
            title="Steps",
            description="Updates of each cell's training.",
            extra={"unit": "steps"},
        ),
    ] = 100


class _Map(NamedTuple):
    """One map: of the present run, 0, or of a pinned one, from 1 on; where it begins, in cells."""

    run: int
    name: str
    header: Header
    results: Results
    left: float

    def key(self, name: str) -> object:
        """Return what tells a part of it from the other maps'."""
        return (name, self.run) if self.run else name


class TrainabilityPlot(StudyPlot):
    """A cell for each depth and variance, and theory's curve over them.

    The map is of data, activation, width and training, and of no contender: of a pinned run that
    has others of these there is a map beside it.
    """

    key = "trainability"
    label = "Trainability"
    summary = (
        "Each cell is a short training at one depth and one variance of the weights; the curve is "
        "how deep theory says that a signal reaches. A click opens the cell as an experiment."
    )
    order = 160
    study = "trainability"
    study_options = ("deepest", "steps")
    is_long = True
    by_contender = False
    unlike = "the same map"
    Options = TrainabilityOptions

    def make_picture(self) -> Canvas:
        """Return the canvas, which can be clicked; there are no contenders in it."""
        canvas = super().make_picture()
        self.legend.hide()
        canvas.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
        canvas.setToolTip("Click a cell to open its network as an experiment.")
        return canvas

    def fits(self, pinned: Header, present: Header) -> bool:
        """Return whether a pinned run has another map."""
        return _work_of(pinned) != _work_of(present)

    def draw_results(self, results: Results) -> None:
        """Draw each map's cells, curve and words."""
        maps, (rows, columns) = self._maps(), results.values["loss"].shape
        several = len(maps) > 1
        canvas, theme = self.canvas, self.theme
        variances = tuple(number(one) for one in results.values["weight_variance"])
        canvas.bottom.show_as(names=() if several else variances, bare=several)
        canvas.left.show_as(names=tuple(f"{depth:,.0f}" for depth in results.values["depth"]))
        canvas.name_axes(WEIGHTS, "depth, layers")
        whole = len(maps) * (columns + GAP) - GAP
        head = foot = strip_height(theme)
        pixel = whole / canvas.columns, rows / max(40.0, canvas.rows - head - foot)
        above, below = (head * pixel[1], foot * pixel[1]) if several else (0.0, 0.0)
        canvas.look_at((-0.5, whole - 0.5), (-0.5 - below, rows - 0.5 + above))
        canvas.say("")
        canvas.begin(smooth=self.settled)
        reach, shades = self._reach([one.results for one in maps]), amounts(theme)
        words: list[Word] = []
        for one in maps:
            self._draw_map(one, shades, reach)
            if several:
                dash = theme.pinned_dash(one.run) if one.run else ()
                panel = Panel((_across(one), (-0.5, rows - 0.5)), pixel)
                panel.draw_title(canvas, one.run, one.name, theme.muted, dash)
                given = one.results.values["weight_variance"]
                half = float(given[-1] - given[0]) / max(1, len(given) - 1) / 2
                ends = float(given[0]) - half, float(given[-1]) + half
                words += panel.numbers_below(ends, theme.small_font)
        canvas.colour_scale(shades, *reach, self._scale_name)
        told = not several and np.isfinite(curve(results)[1]).any()
        self._write(words, (-0.5, rows - 0.5) if told else None)
        canvas.end()

    def results_notes(self, results: Results) -> list[str]:
        """Return how many cells there are so far, and what a click does."""
        loss = results.values["loss"]
        done = int((~np.isnan(loss)).sum())
        notes = [f"{done} of {loss.size} cells" if done < loss.size else "", *results.notes]
        maps = self._maps()
        for one in maps:
            lost = int(np.isinf(one.results.values["loss"]).sum())
            whose = f"{one.name}: " if len(maps) > 1 else ""
            notes.append(f"{whose}{lost} cells diverged" if lost else "")
        notes.append(TOLD if len(maps) > 1 else "")
        return [*notes, "click: the cell as an experiment"]

    def reading_at(self, _results: Results, x: float, y: float) -> str:
        """Return what is known of the cell below the mouse."""
        one, row, column = self._cell(x, y)
        values = one.results.values
        depth, weights = values["depth"][row], float(values["weight_variance"][column])
        loss, accuracy = (float(values[key][row, column]) for key in ("loss", "accuracy"))
        whose = f"{one.name}, " if len(self._maps()) > 1 else ""
        place = f"{whose}{depth:,.0f} layers, {WEIGHTS} {number(weights)}"
        if np.isnan(loss) and np.isnan(accuracy):
            return f"{place}: not trained yet. Click: open it"
        share = "" if np.isnan(accuracy) else f", accuracy {100 * accuracy:.0f} %"
        return f"{place}: loss {number(loss)}{share}. Click: open it"

    def act_at(self, _results: Results, x: float, y: float) -> None:
        """Ask to open the cell that was clicked."""
        one, row, column = self._cell(x, y)
        layers = tuple(every(layers_of(one.header.experiment)))
        change = partial(
            cell_experiment,
            activation=activation_of(layers),
            depth=int(one.results.values["depth"][row]),
            width=width_of(layers),
            weight_variance=float(one.results.values["weight_variance"][column]),
            bias_variance=BIAS_VARIANCE,
            steps=self.options.steps,
        )
        self.open_asked.emit(partial(_of, one.header.experiment, change) if one.run else change)

    def study_params(self) -> dict[str, Value]:
        """Return the study's parameters: the map's biases are zero."""
        return {**super().study_params(), "bias_variance": BIAS_VARIANCE}

    def results_data(self, _results: Results) -> Table:
        """Return each cell's loss and accuracy, and theory's curve."""
        found: Table = [("what", "depth (layers)", WEIGHTS, "loss", "accuracy")]
        for one in self._maps():
            values, whose = one.results.values, f" ({one.name})" if one.run else ""
            for row, depth in enumerate(values["depth"].tolist()):
                for column, variance in enumerate(values["weight_variance"].tolist()):
                    both = (float(values[key][row, column]) for key in ("loss", "accuracy"))
                    found.append((f"cell{whose}", depth, variance, *both))
            told = values["curve_depth"].tolist(), values["curve_variance"].tolist()
            found += [(f"{TOLD}{whose}", *place, "", "") for place in zip(*told, strict=True)]
        return found

    # ------------------------------------------------------------------ inside

    def _maps(self) -> list[_Map]:
        """Return the maps that there are, side by side: the present one, then those of pins."""
        names = PRESENT, *(pin.name for pin in self.pins)
        shown = True, *(self.suits(pin) for pin in self.pins)
        made: list[_Map] = []
        for run, one in enumerate((self.studied, *self.beside)):
            if shown[run] and one and one.results and not one.trouble:
                columns = one.results.values["loss"].shape[1]
                made.append(
                    _Map(run, names[run], one.header, one.results, len(made) * (columns + GAP))
                )
        return made

    def _cell(self, x: float, y: float) -> tuple[_Map, int, int]:
        """Return the map, row and column of the cell that is nearest to a place."""
        one = min(self._maps(), key=lambda one: abs(x - sum(_across(one)) / 2))
        rows, columns = one.results.values["loss"].shape
        column = min(max(round(x - one.left), 0), columns - 1)
        return one, min(max(round(y), 0), rows - 1), column

    @property
    def _of_accuracy(self) -> bool:
        """Return whether colours stand for the accuracy, which some data have not."""
        results = self.studied.results if self.studied else None
        told = results is not None and not np.isnan(results.values["accuracy"]).all()
        return told and self.options.colour == "accuracy"

    @property
    def _scale_name(self) -> str:
        return "accuracy, %" if self._of_accuracy else "loss"

    def _shown(self, results: Results) -> Array:
        """Return the numbers that colours stand for."""
        if not self._of_accuracy:
            return results.values["loss"].astype(np.float64)
        with np.errstate(over="ignore"):
            found: Array = 100 * results.values["accuracy"].astype(np.float64)
        return found

    def _reach(self, results: list[Results]) -> Range:
        """Return the ends of the colours."""
        if self._of_accuracy:
            return 0.0, 100.0
        cells = np.concatenate([self._shown(one).ravel() for one in results])
        known = cells[np.isfinite(cells)]
        # a runaway must not flatten the others
        return 0.0, min(float(known.max()), 3 * middle(known) + 1e-12) if known.size else 1.0

    def _draw_map(self, one: _Map, shades: Shades, reach: Range) -> None:
        """Draw the cells, and theory's curve within them."""
        canvas, theme, shown = self.canvas, self.theme, self._shown(one.results)
        top = len(shown) - 0.5
        area = _across(one), (-0.5, top)
        canvas.image(one.key("cells"), area, shades.of(shown, *reach), z=-20)
        rows, columns = np.nonzero(np.isnan(shown))  # those not known yet are struck through
        gap, left = np.full(len(rows), np.nan), one.left + columns
        x = np.stack([left - 0.5, left + 0.5, gap], axis=1).ravel()
        y = np.stack([rows - 0.5, rows + 0.5, gap], axis=1).ravel()
        canvas.line(one.key("hatch"), x, y, theme.border, width=1, z=-10)
        x, y = curve(one.results)
        y = np.where(y <= top, y, np.nan)
        canvas.line(one.key("halo"), one.left + x, y, theme.base, width=5, z=4)
        canvas.line(one.key("told"), one.left + x, y, theme.text, width=2, z=5)

    def _write(self, numbers: list[Word], told: tuple[float, float] | None) -> None:
        """Write the numbers of several maps' axes, and at a place what the curve is."""
        canvas, theme = self.canvas, self.theme
        small = font(theme.small_font)
        below = canvas.put("numbers", VeiledWords, z=20)
        below.show_words(tuple(numbers), theme.muted, theme.base, small)
        words = (Word(*told, TOLD, right=1, up=-1),) if told else ()
        canvas.put("words", VeiledWords, z=20).show_words(words, theme.text, theme.base, small)


def _across(one: _Map) -> Range:
    """Return where a map begins and ends, in cells."""
    return one.left - 0.5, one.left + one.results.values["loss"].shape[1] - 0.5


def _of(experiment: Experiment, change: Change, _present: Experiment) -> Experiment:
    """Return what is made of another experiment than the present one."""
    return change(experiment)


def _work_of(header: Header) -> Experiment:
    """Return all that a map depends on: one of its cells, of whatever depth and variance."""
    experiment = header.experiment
    layers = tuple(every(layers_of(experiment)))
    return row_experiment(
        replace(experiment, training=replace(experiment.training, epochs=1)),
        activation=activation_of(layers),
        depth=1,
        width=width_of(layers),
        weight_variances=(1.0,),
        bias_variance=BIAS_VARIANCE,
        steps=1,
    ).work()


def curve(results: Results) -> tuple[Array, Array]:
    """Return theory's curve in units of cells, float64 [n] each, NaN where it has no end."""
    values = results.values
    x = placed(values["curve_variance"], values["weight_variance"])
    return x, placed(values["curve_depth"], values["depth"])


def placed(values: npt.NDArray[np.floating], cells: npt.NDArray[np.number]) -> Array:
    """Return where values lie among cells, which count from 0, going on evenly past the ends."""
    given, marks = np.asarray(values, np.float64), np.asarray(cells, np.float64)
    if len(marks) < 2:
        return np.where(np.isfinite(given), 0.0, np.nan)
    finite = np.where(np.isfinite(given), given, np.nan)
    at = np.clip(np.searchsorted(marks, np.nan_to_num(finite)) - 1, 0, len(marks) - 2)
    step = marks[at + 1] - marks[at]
    with np.errstate(over="ignore"):
        return np.asarray(at + (finite - marks[at]) / step)
