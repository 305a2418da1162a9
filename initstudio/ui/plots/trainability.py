"""Which depths can be trained with which weights: short trainings, and how far theory reaches."""

from functools import partial
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from msgspec import Meta
from PySide6.QtCore import Qt

from initstudio.catalogue import Params, Value
from initstudio.cells import cell_experiment
from initstudio.engine.plan import plan
from initstudio.engine.typical import activation_of, width_of
from initstudio.layer_edits import MAX_DEPTH
from initstudio.results import Results
from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.chart.colours import amounts
from initstudio.ui.chart.lines import Array, middle, number
from initstudio.ui.chart.words import VeiledWords, Word
from initstudio.ui.plots.plot import Table
from initstudio.ui.plots.study_plot import StudyPlot
from initstudio.ui.theme import font

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


class TrainabilityPlot(StudyPlot):
    """A cell for each depth and variance, and theory's curve over them."""

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
    Options = TrainabilityOptions

    def make_picture(self) -> Canvas:
        """Return the canvas, which can be clicked; there are no contenders in it."""
        canvas = super().make_picture()
        self.legend.hide()
        canvas.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
        canvas.setToolTip("Click a cell to open its network as an experiment.")
        return canvas

    def draw_results(self, results: Results) -> None:
        """Draw cells, curve and words."""
        values = results.values
        rows, columns = values["loss"].shape
        canvas, theme = self.canvas, self.theme
        canvas.bottom.show_as(names=tuple(number(one) for one in values["weight_variance"]))
        canvas.left.show_as(names=tuple(f"{depth:,.0f}" for depth in values["depth"]))
        canvas.name_axes(WEIGHTS, "depth, layers")
        view = (-0.5, columns - 0.5), (-0.5, rows - 0.5)
        canvas.look_at(*view)
        canvas.say("")
        canvas.begin(smooth=self.settled)
        shown, low, high, label = self._colours(results)
        shades = amounts(theme)
        canvas.image("cells", view, shades.of(shown, low, high), z=-20)
        canvas.colour_scale(shades, low, high, label)
        self._hatch(np.isnan(shown))
        x, y = curve(results)
        canvas.line("halo", x, y, theme.base, width=5, z=4)
        canvas.line("told", x, y, theme.text, width=2, z=5)
        words = [Word(view[0][0], view[1][1], TOLD, right=1, up=-1)] if np.isfinite(y).any() else []
        told = canvas.put("words", VeiledWords, z=20)
        told.show_words(tuple(words), theme.text, theme.base, font(theme.small_font))
        canvas.end()

    def results_notes(self, results: Results) -> list[str]:
        """Return how many cells there are so far, and what a click does."""
        loss = results.values["loss"]
        done = int((~np.isnan(loss)).sum())
        notes = [f"{done} of {loss.size} cells" if done < loss.size else "", *results.notes]
        lost = int(np.isinf(loss).sum())
        if lost:
            notes.append(f"{lost} cells diverged")
        return [*notes, "click: the cell as an experiment"]

    def reading_at(self, results: Results, x: float, y: float) -> str:
        """Return what is known of the cell below the mouse."""
        row, column = _cell(results, x, y)
        values = results.values
        depth, weights = values["depth"][row], float(values["weight_variance"][column])
        loss, accuracy = (float(values[key][row, column]) for key in ("loss", "accuracy"))
        place = f"{depth:,.0f} layers, {WEIGHTS} {number(weights)}"
        if np.isnan(loss) and np.isnan(accuracy):
            return f"{place}: not trained yet. Click: open it"
        share = "" if np.isnan(accuracy) else f", accuracy {100 * accuracy:.0f} %"
        return f"{place}: loss {number(loss)}{share}. Click: open it"

    def act_at(self, results: Results, x: float, y: float) -> None:
        """Ask to open the cell that was clicked."""
        row, column = _cell(results, x, y)
        depth = int(results.values["depth"][row])
        variance = float(results.values["weight_variance"][column])
        header = self.header
        if header is None:
            return
        known = plan(header.experiment)
        change = partial(
            cell_experiment,
            activation=activation_of(known),
            depth=depth,
            width=width_of(known),
            weight_variance=variance,
            bias_variance=BIAS_VARIANCE,
            steps=self.options.steps,
        )
        self.open_asked.emit(change)

    def study_params(self) -> dict[str, Value]:
        """Return the study's parameters: the map's biases are zero."""
        return {**super().study_params(), "bias_variance": BIAS_VARIANCE}

    def results_data(self, results: Results) -> Table:
        """Return each cell's loss and accuracy, and theory's curve."""
        values = results.values
        found: Table = [("what", "depth (layers)", WEIGHTS, "loss", "accuracy")]
        for row, depth in enumerate(values["depth"].tolist()):
            for column, variance in enumerate(values["weight_variance"].tolist()):
                both = (float(values[key][row, column]) for key in ("loss", "accuracy"))
                found.append(("cell", depth, variance, *both))
        told = zip(values["curve_depth"].tolist(), values["curve_variance"].tolist(), strict=True)
        found += [(TOLD, depth, variance, "", "") for depth, variance in told]
        return found

    def _colours(self, results: Results) -> tuple[Array, float, float, str]:
        """Return the numbers that colours stand for, the least and the greatest, and their name."""
        if self.options.colour == "accuracy" and not np.isnan(results.values["accuracy"]).all():
            with np.errstate(over="ignore"):
                percent = 100 * results.values["accuracy"].astype(np.float64)
            return percent, 0.0, 100.0, "accuracy, %"
        loss = results.values["loss"].astype(np.float64)
        known = loss[np.isfinite(loss)]
        # a runaway must not flatten the others
        high = min(float(known.max()), 3 * middle(known) + 1e-12) if known.size else 1.0
        return loss, 0.0, high, "loss"

    def _hatch(self, empty: npt.NDArray[np.bool_]) -> None:
        """Strike through the cells that are not known yet."""
        rows, columns = np.nonzero(empty)
        gap = np.full(len(rows), np.nan)
        x = np.stack([columns - 0.5, columns + 0.5, gap], axis=1).ravel()
        y = np.stack([rows - 0.5, rows + 0.5, gap], axis=1).ravel()
        self.canvas.line("hatch", x, y, self.theme.border, width=1, z=-10)


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


def _cell(results: Results, x: float, y: float) -> tuple[int, int]:
    rows, columns = results.values["loss"].shape
    return min(max(round(y), 0), rows - 1), min(max(round(x), 0), columns - 1)
