"""What the first update will do: the loss it starts from, and whether its step has a good size."""

from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from msgspec import Meta
from PySide6.QtCore import QPointF, QRectF

from initstudio.catalogue import Params
from initstudio.history import Header
from initstudio.results import Results
from initstudio.ui.chart.legend import Label
from initstudio.ui.chart.lines import Array, counted, masked, middle, number
from initstudio.ui.chart.table import Cell, Row
from initstudio.ui.chart.table import Table as PaintedTable
from initstudio.ui.chart.words import VeiledWords, Word
from initstudio.ui.plots.plot import Line, Table
from initstudio.ui.plots.study_plot import Found, StudyPlot
from initstudio.ui.theme import font

GUIDE = 1e-3
"""The usual size of an update, as a part of the weight that it changes."""
FAR = 30.0
"""Times the guide, or that part of it, from which on a ratio is marked."""
HEADS = (
    "Contender",
    "First loss;\nguessing:\n{guess}",
    "Largest\nstable\nrate",
    "Rate now,\n× largest\nstable",
    "Noise\nscale,\nexamples",
    "Update ÷\nweight,\nmedian",
    "Update ÷\nweight,\nfarthest",
)
MEANINGS = (
    "",
    "Loss of the first batch before any update; guessing among all classes gives the one above.",
    "Above it, the first steps grow: 2 ÷ the greatest curvature of the loss; more with momentum.",
    "The learning rate of the experiment, in units of the largest stable one.",
    "Batch size at which noise and gradient are equal: larger batches help little beyond it.",
    "Median over the weight tensors of the first update's length ÷ the weight's; 10⁻³ is usual.",
    "The tensor's ratio that is farthest from 10⁻³, in factors.",
)


class FirstStepOptions(Params, frozen=True):
    """What is shown."""

    view: Annotated[
        Literal["table", "ratios"],
        Meta(
            title="View",
            extra={"choices": {"table": "Table", "ratios": "Update ratio by layer"}},
        ),
    ] = "table"


class FirstStepPlot(StudyPlot):
    """A row of numbers for each contender, or a line of ratios over its weights."""

    key = "first_step"
    label = "First step"
    summary = (
        "The first loss, the largest stable learning rate, the gradient's noise and the size of "
        "the first update, before it is made."
    )
    order = 140
    study = "first_step"
    Options = FirstStepOptions

    def clear(self, message: str) -> None:
        """Show no data, and a sentence."""
        self.canvas.show_axes(shown=True)
        self.legend.show()
        super().clear(message)

    def draw_results(self, results: Results) -> None:
        """Draw the table, or the lines."""
        table = self.options.view == "table"
        self.canvas.show_axes(shown=not table)
        self.canvas.say("")
        self.legend.setVisible(not table)
        self.canvas.begin(smooth=self.settled)
        if table:
            self._draw_table(results)
        else:
            self._draw_ratios()
        self.canvas.end()
        self.legend.show_labels(
            tuple(Label(one.line.name, one.line.slot, run=one.line.run) for one in self.found())
        )

    def fits(self, pinned: Header, present: Header) -> bool:
        """Return whether a pinned run has the same weight tensors; a row stands by itself."""
        return self.options.view == "table" or super().fits(pinned, present)

    def results_notes(self, results: Results) -> list[str]:
        """Return what the table says in words, and what stands behind the numbers."""
        notes = list(results.notes)
        if self.options.view == "ratios":
            notes.append("dashed: 10⁻³, the usual ratio")
        if self.lines and len(self.lines[0].replicas) > 1:
            notes.append(f"medians of {counted(len(self.lines[0].replicas), 'seed')}")
        return notes

    def reading_at(self, _results: Results, x: float, y: float) -> str:
        """Return what the numbers of the column mean."""
        if self.options.view != "table":
            return ""
        view = QRectF(QPointF(0, 0), self.canvas.viewbox.size())
        at = self._table().heading_at(x * view.width(), (1 - y) * view.height(), view)
        return MEANINGS[at] if at > 0 else ""

    def results_data(self, _results: Results) -> Table:
        """Return every seed's numbers, one a row."""
        keys = ("loss", "stable_rate", "sharpness", "noise_scale")
        shown = self.found()
        tensors = tuple(dict.fromkeys(name for one in shown for name in one.header.tensors))
        ratios = tuple(f"update ÷ weight, {name}" for name in tensors)
        heads = ("loss", "largest stable learning rate", "sharpness", "noise scale (examples)")
        found: Table = [("contender", "seed", "loss of guessing", *heads, *ratios)]
        for line, header, results, _ in shown:
            guess = float(results.values["chance_loss"][0])
            for replica in line.replicas.tolist():
                numbers = [float(results.values[key][replica]) for key in keys]
                steps = results.values["update_ratio"][replica].astype(np.float64).tolist()
                by_name = dict(zip(header.tensors, steps, strict=True))
                cells = [by_name.get(name, "") for name in tensors]
                found.append((line.name, header.seeds[replica], guess, *numbers, *cells))
        return found

    # ------------------------------------------------------------------ the table

    def _draw_table(self, results: Results) -> None:
        self.canvas.look_at((0.0, 1.0), (0.0, 1.0))
        guess = number(float(results.values["chance_loss"][0]))
        heads = tuple(head.replace("{guess}", guess) for head in HEADS)
        rows = []
        for one in self.found():
            name, run = self.names_of(one.line)
            rows.append(Row(one.line.slot, name, self._cells(one), one.line.run, run))
        self._table().show_rows(heads, tuple(rows), self.theme)

    def _plain_rate(self, results: Results, line: Line) -> str:
        """Return what plain gradient descent could use, where the optimiser has no such rate."""
        sharpness = middle(results.values["sharpness"][line.replicas])
        return f"{_text(2 / sharpness)} (SGD)" if sharpness > 0 else _text(np.nan)

    def _table(self) -> PaintedTable:
        return self.canvas.put("table", PaintedTable, z=10)

    def _cells(self, found: Found) -> list[Cell]:
        line, header, results, _ = found
        values, theme = results.values, self.theme
        loss = middle(values["loss"][line.replicas])
        stable = middle(values["stable_rate"][line.replicas])
        noise = middle(values["noise_scale"][line.replicas])
        ratios = _over_seeds(values["update_ratio"][line.replicas])
        usual, worst = middle(ratios), farthest(ratios)
        guess = float(values["chance_loss"][0])
        rate = header.experiment.training.learning_rate
        times = rate / stable if stable > 0 else np.nan  # of the largest stable rate
        return [
            Cell(_text(loss), theme.warning if loss > 1.5 * guess else ""),
            Cell(_text(stable) if np.isfinite(stable) else self._plain_rate(results, line)),
            Cell(_text(times), theme.error if times > 1 else ""),
            Cell(_text(noise)),
            Cell(_text(usual), theme.warning if is_far(usual) else ""),
            Cell(_text(worst), theme.warning if is_far(worst) else ""),
        ]

    # ------------------------------------------------------------------ the lines

    def _draw_ratios(self) -> None:
        names = self.header.tensors if self.header else ()
        canvas, theme, found = self.canvas, self.theme, self.found()
        ratios = [
            masked(_over_seeds(one.results.values["update_ratio"][one.line.replicas]), log=True)[0]
            for one in found
        ]
        guide = np.log10(GUIDE)
        view = self.fit("ratio", np.concatenate([[guide], *ratios]), log=True)
        view_x = (-0.3, len(names) - 0.7)
        canvas.left.show_as(log=True)
        canvas.bottom.show_as(names=names)
        canvas.name_axes("weight tensor", "update ÷ weight")
        canvas.look_at(view_x, view)
        canvas.line("guide", np.array(view_x), np.full(2, guide), theme.muted, width=1, dash=(4, 3))
        word = Word(view_x[1], guide, "10⁻³: usual", right=-1, up=1)
        told = canvas.put("words", VeiledWords, z=20)
        told.show_words((word,), theme.muted, theme.base, font(theme.small_font))
        x = np.arange(len(names), dtype=np.float64)
        for (line, *_), one in zip(found, ratios, strict=True):
            colour, width, dash = line.stroke(theme)
            z = 10 - bool(line.run)
            canvas.line(line.key, x, one, colour, width=width, dash=dash, z=z)
            if not line.run:
                canvas.dots(line.key, x, one, colour, size=6 if len(x) <= 40 else 4, z=11)


def farthest(ratios: Array) -> float:
    """Return the ratio that is most factors away from the guide; NaN where there is none."""
    known = ratios[~np.isnan(ratios)]
    if not known.size:
        return np.nan
    away = np.abs(np.log(np.maximum(known, 1e-300)) - np.log(GUIDE))
    return float(known[np.argmax(away)])


def is_far(ratio: float) -> bool:
    """Return whether a ratio is so far from the guide that it should be looked at."""
    return ratio > GUIDE * FAR or ratio < GUIDE / FAR


def _over_seeds(ratios: npt.NDArray[np.floating]) -> Array:
    """Return the median over the seeds [tensors]."""
    return np.array([middle(column) for column in ratios.T], np.float64)


def _text(value: float) -> str:
    return "–" if np.isnan(value) else number(value)
