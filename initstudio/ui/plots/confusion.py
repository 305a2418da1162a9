"""Which classes are taken for which: a table of the validation examples for each contender."""

from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from msgspec import Meta
from PySide6.QtWidgets import QWidget

from initstudio.catalogue import DataFacts, Params
from initstudio.history import History
from initstudio.probes.verdicts import MOST_CLASSES
from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.chart.colours import Shades, amounts
from initstudio.ui.chart.legend import Label
from initstudio.ui.chart.lines import Array, number
from initstudio.ui.chart.panels import panels_on
from initstudio.ui.chart.square_table import SquareTable, font_for, inks_on, table_in
from initstudio.ui.plots.judged_plot import JudgedPlot
from initstudio.ui.plots.plot import Line, Table
from initstudio.ui.run_data import class_names

LEAST_NAMED = 300
"""Pixels of height below which the axes' names leave their room to the tables."""
Counts = npt.NDArray[np.int64]


class ConfusionOptions(Params, frozen=True):
    """What the numbers are, and of which examples."""

    show: Annotated[
        Literal["share", "count"],
        Meta(
            title="Numbers",
            description="Share: of the examples of the true class, in %. Count: of examples.",
            extra={"choices": {"share": "Share", "count": "Count"}},
        ),
    ] = "share"
    examples: Annotated[
        Literal["all", "mistakes"],
        Meta(
            title="Examples",
            description="Mistakes: what is right, the diagonal, has no colour, so that the rest "
            "has all colours.",
            extra={"choices": {"all": "All", "mistakes": "Mistakes"}},
        ),
    ] = "all"


class ConfusionPlot(JudgedPlot):
    """True classes by predicted classes."""

    key = "confusion"
    label = "Confusion matrix"
    summary = "For each class of the validation examples, which classes they are taken for."
    invitation = "Which classes are taken for which appears here."
    order = 55
    reads = ("confusion",)
    Options = ConfusionOptions

    def __init__(self, parent: QWidget | None = None) -> None:
        self._drawn: tuple[Line, ...] = ()
        self._tables: list[SquareTable] = []
        self._named = True
        self._counts: list[Counts] = []
        self._notes: list[str] = []
        super().__init__(parent)

    @staticmethod
    def unfit(facts: DataFacts) -> str:
        """Return why this data has no table."""
        if facts.task != "classes":
            return "This data has values to predict, and no classes to confuse."
        if facts.outputs > MOST_CLASSES:
            return f"This data has more than {MOST_CLASSES} classes, too many for a table."
        return ""

    def make_picture(self) -> Canvas:
        """Return a canvas that tells which cell the mouse is on."""
        canvas = self.make_canvas()
        canvas.pointed.connect(self._on_pointed)
        return canvas

    def on_shape_changed(self) -> None:
        """Forget the tables."""
        self._tables, self._counts = [], []

    def draw(self, history: History) -> None:
        """Draw each contender's table."""
        self._drawn = self.lines_with("confusion", history)
        self._counts = [confusion_of(self.of(line, history), line) for line in self._drawn]
        canvas = self.canvas
        names = _names(history, len(self._counts[0]))
        for axis in (canvas.left, canvas.bottom):
            axis.show_as(bare=True)
        self._named = canvas.viewport().height() >= LEAST_NAMED
        canvas.name_axes("predicted class" if self._named else "", "true class")
        canvas.getPlotItem().showAxis("left", self._named)
        canvas.say("")
        size = (0, 0)
        for _ in range(2):  # the scale of colours takes its room while a frame ends
            if size != (canvas.columns, canvas.rows):
                size = canvas.columns, canvas.rows
                self._draw_tables(names)
        self._notes = self._make_notes(history)
        self._on_pointed(None)

    def clear(self, message: str) -> None:
        """Show no data, and a sentence."""
        self._tables, self._counts = [], []
        super().clear(message)

    def data(self, history: History) -> Table:
        """Return how many examples of each class are taken for each, those that are none too."""
        rows: Table = [("contender", "step", "true class", "predicted class", "examples", "share")]
        for line in self.lines_with("confusion", history):
            run = self.of(line, history)
            counts = confusion_of(run, line)
            names = _names(run, len(counts))
            for truth, (row, part) in enumerate(zip(counts, shares_of(counts), strict=True)):
                head = (line.name, run.epoch_step, names[truth])
                pairs = zip(names, row.tolist(), part.tolist(), strict=True)
                rows += [(*head, name, count, share) for name, count, share in pairs]
        return rows

    # ------------------------------------------------------------------ drawing

    def _draw_tables(self, names: tuple[str, ...]) -> None:
        canvas, theme = self.canvas, self.theme
        panels = panels_on(canvas, len(self._drawn), self.theme, square=True)
        self._tables = [table_in(panel, names, theme) for panel in panels]
        canvas.look_at((0, canvas.columns), (0, canvas.rows))
        canvas.begin(smooth=self.settled)
        shades, shown = amounts(theme), [self._shown(counts) for counts in self._counts]
        high = self._highest(shown)
        texts = [
            _percent(shares_of(one)) if self._is_share else _plain(one) for one in self._counts
        ]
        used = font_for({text for some in texts for text in some}, self._tables[0].cell, theme)
        for line, table, values, some in zip(self._drawn, self._tables, shown, texts, strict=True):
            colours = shades.of(values, 0, high)
            table.draw_cells(canvas, line.key, colours, theme)
            if used is not None:
                table.draw_texts(canvas, line.key, some, inks_on(colours, theme), used)
            table.draw_names(canvas, line.key, theme)
            table.panel.draw_title(canvas, line.key, line.name, *line.rule(theme))
        self._draw_scale(shades, high)
        canvas.end()

    def _draw_scale(self, shades: Shades, high: float) -> None:
        label = "share of the true class, %" if self._is_share else "examples"
        self.canvas.colour_scale(shades, 0, high, label)

    def _shown(self, counts: Counts) -> Array:
        """Return what the colours stand for, NaN where there is nothing to show."""
        values = 100 * shares_of(counts) if self._is_share else counts.astype(np.float64)
        if self.options.examples == "mistakes":
            values[np.diag_indices(len(values))] = np.nan
        return values

    def _highest(self, shown: list[Array]) -> float:
        """Return the end of the scale: all of a class, or the most that there is."""
        if self._is_share and self.options.examples == "all":
            return 100.0
        most = max(float(np.nan_to_num(values).max()) for values in shown)
        return most if most > 0 else 1.0

    @property
    def _is_share(self) -> bool:
        return bool(self.options.show == "share")

    # ------------------------------------------------------------------ words

    def _make_notes(self, history: History) -> list[str]:
        examples, seeds = int(self._counts[0].sum()), len(self._drawn[0].replicas)
        several = f", {seeds} seeds summed" if seeds > 1 else ""
        notes = [self.when(history), f"{examples:,} validation answers{several}"]
        if not self._named:
            notes.append("rows: true class, columns: predicted")
        if self._is_share:
            notes.append("numbers: % of the true class")
        notes += [
            f"{line.name} has diverged, and its answers mean nothing"
            for line in self._drawn
            if _has_diverged(self.of(line, history), line)
        ]
        return notes

    def _on_pointed(self, place: tuple[float, float] | None) -> None:
        """Read the cell below the mouse, and tell of the same one in every table."""
        found = None
        for line, table, counts in zip(self._drawn, self._tables, self._counts, strict=False):
            cell = table.cell_at(place) if place else None
            if cell:
                found = cell
                self.show_notes([f"{line.name}: {in_words(table.names, counts, cell)}"])
        if not self._counts:
            return
        if found is None:
            self.show_notes(self._notes)
        texts = [_of(counts, found) if found else _accuracy(counts) for counts in self._counts]
        labels = [
            Label(line.name, line.slot, text, line.run)
            for line, text in zip(self._drawn, texts, strict=True)
        ]
        self.legend.show_labels(tuple(labels))


def _has_diverged(run: History, line: Line) -> bool:
    """Return whether a network of a contender had diverged when it was judged."""
    return any(0 <= at <= run.epoch_step for at in run.diverged[line.replicas].tolist())


def confusion_of(history: History, line: Line) -> Counts:
    """Return how many examples of each class are taken for each, the seeds summed."""
    found: Counts = history.latest["confusion"][line.replicas].sum(0, dtype=np.int64)
    return found


def _names(history: History, classes: int) -> tuple[str, ...]:
    """Return what the classes are called, or their numbers."""
    found = class_names(history.header.experiment.data)
    return found if len(found) == classes else tuple(str(at) for at in range(classes))


def shares_of(counts: Counts) -> Array:
    """Return each row over its sum, NaN where no example is of that class."""
    totals = counts.sum(1, keepdims=True)
    found: Array = np.where(totals > 0, counts / np.maximum(totals, 1), np.nan)
    return found


def in_words(names: tuple[str, ...], counts: Counts, cell: tuple[int, int]) -> str:
    """Return what a cell says: "a 4 taken for a 9: 12 of 38 (32 %)"."""
    truth, predicted = cell
    name, total = names[truth], int(counts[truth].sum())
    if not total:
        return f"no validation example is {_a(name)}"
    count = int(counts[cell])
    share = f"{count:,} of {total:,} ({number(100 * count / total, 2)} %)"
    if truth == predicted:
        return f"{_a(name)} taken for what it is: {share}"
    return f"{_a(name)} taken for {_a(names[predicted])}: {share}"


def _a(name: str) -> str:
    """Return a name with the article that is spoken before it."""
    vowel = name[:1].lower() in set("aeiou8") or name in {"11", "18"}
    return f"{'an' if vowel else 'a'} {name}"


def _accuracy(counts: Counts) -> str:
    return f"{number(100 * float(np.trace(counts)) / max(1, int(counts.sum())))} %"


def _of(counts: Counts, cell: tuple[int, int]) -> str:
    return f"{int(counts[cell]):,} of {int(counts[cell[0]].sum()):,}"


def _percent(shares: Array) -> list[str]:
    """Return shares as whole percents; nothing for none, and what is not all is never 100."""
    found = []
    for share in np.nan_to_num(shares).ravel().tolist():
        whole = min(round(100 * share), 99) if share < 1 else 100
        found.append(str(whole) if whole else "<1" if share else "")
    return found


def _plain(counts: Counts) -> list[str]:
    return [f"{count:,}" if count else "" for count in counts.ravel().tolist()]
