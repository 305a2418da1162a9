"""How much of a start is luck: many draws of each contender, and where this one lies."""

from typing import Annotated, Literal, NamedTuple

import numpy as np
from msgspec import Meta

from initstudio.catalogue import Params
from initstudio.history import Header
from initstudio.results import Results
from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.chart.legend import Label
from initstudio.ui.chart.lines import HUGE, Array, Range, number
from initstudio.ui.chart.words import Signs, VeiledWords, Word
from initstudio.ui.plots.plot import Line, Table
from initstudio.ui.plots.study_plot import StudyPlot
from initstudio.ui.theme import font

QUANTITIES = {
    "loss": "loss of the first batch",
    "gradient_norm": "gradient norm",
    "length": "mean square at the last activation ÷ at the input",
}
"""In the order of the readings of the own seed."""
WIDE = 30.0
"""The greatest over the least draw from which on the axis is a log one."""
HALF = 0.34
SPAN = np.array([-HALF, HALF])
"""Half of the height of a strip, in rows."""
LONGEST = 18
"""Letters of a name that are shown beside a strip."""
BINS = 30
GOLDEN = 0.6180339887498949


class LuckOptions(Params, frozen=True):
    """What is drawn of the draws, and how many there are."""

    quantity: Annotated[
        Literal["loss", "gradient_norm", "length"],
        Meta(
            title="Quantity",
            extra={
                "choices": {"loss": "Loss", "gradient_norm": "Gradient norm", "length": "Length"}
            },
        ),
    ] = "loss"
    draws: Annotated[
        int,
        Meta(
            ge=2,
            le=2000,
            title="Draws",
            description="Starts of each contender, under the first seed and those that follow.",
            extra={"unit": "draws"},
        ),
    ] = 200


class Strip(NamedTuple):
    """One contender's draws: the finite ones in order, the own one, and the exact std around 1."""

    line: Line
    draws: Array
    own: float
    spread: float
    lost: int

    @property
    def quartiles(self) -> tuple[float, float, float]:
        """Return the lower quartile, the median and the upper quartile; NaN where no draw is."""
        if not len(self.draws):
            return np.nan, np.nan, np.nan
        low, half, high = np.quantile(self.draws, (0.25, 0.5, 0.75)).tolist()
        return low, half, high

    @property
    def percentile(self) -> float:
        """Return the share of draws below the own one, in percent; NaN: not known, or all equal."""
        if not len(self.draws) or not np.isfinite(self.own) or self.draws[0] == self.draws[-1]:
            return np.nan
        return float(100 * np.mean(self.draws < self.own))


class LuckPlot(StudyPlot):
    """A strip of dots for each contender."""

    key = "luck"
    label = "Luck of the draw"
    summary = (
        "Many draws of each contender's starting weights, without training: how far the loss, the "
        "gradient and the signal's length differ by luck alone, and where this seed lies."
    )
    order = 150
    study = "luck"
    study_options = ("draws",)
    is_long = True
    Options = LuckOptions

    def make_picture(self) -> Canvas:
        """Return the canvas, without a legend: the strips have names."""
        self.legend.hide()
        return super().make_picture()

    def draw_results(self, _results: Results) -> None:
        """Draw all strips, the first contender's at the top."""
        strips = self.strips()
        log = self._is_log(strips)
        view = self._axis(strips, log=log)
        canvas, theme = self.canvas, self.theme
        names = tuple(self._short(strip.line) for strip in reversed(strips))
        canvas.left.show_as(names=names)
        canvas.bottom.show_as(log=log)
        canvas.name_axes(QUANTITIES[self.options.quantity], "")
        canvas.look_at(view, (-0.5, len(strips) - 0.5))
        known = any(len(strip.draws) for strip in strips)
        canvas.say("" if known else "No draw gives a finite number.")
        canvas.begin(smooth=self.settled)
        words: list[Word] = []
        for at, strip in enumerate(reversed(strips)):
            self._draw_strip(strip, at, log=log)
            own = _placed(strip.own, log=log)
            if np.isfinite(own) and np.isfinite(strip.percentile):
                words.append(Word(own, at, f"{strip.percentile:.0f} %", right=1, up=1))
        told = canvas.put("words", VeiledWords, z=20)
        told.show_words(tuple(words), theme.text, theme.base, font(theme.small_font))
        canvas.end()
        self.legend.show_labels(
            tuple(Label(one.line.name, one.line.slot, run=one.line.run) for one in strips)
        )

    def fits(self, _pinned: Header, _present: Header) -> bool:
        """Return that a strip stands by itself."""
        return True

    def results_notes(self, results: Results) -> list[str]:
        """Return what the marks mean, and what could not be drawn."""
        strips = self.strips()
        notes = ["diamond: this seed, and the share of draws below it", "bar: median and quartiles"]
        if self.options.quantity == "length" and any(np.isfinite(one.spread) for one in strips):
            notes.append("bracket: theory for one example, 1 ± its exact standard deviation")
        notes += [f"{one.line.name}: no finite number in {one.lost}" for one in strips if one.lost]
        return notes + list(results.notes)

    def reading_at(self, _results: Results, _x: float, y: float) -> str:
        """Return the strip's numbers."""
        strips = self.strips()
        at = len(strips) - 1 - round(y)
        return _in_words(strips[at]) if 0 <= at < len(strips) else ""

    def results_data(self, _results: Results) -> Table:
        """Return every draw's three numbers, and those of the own seed."""
        found: Table = [("contender", "draw", *(words for words in QUANTITIES.values()))]
        for line, _, results, row in self.found():
            values = results.values
            own = values["own"][row].astype(np.float64).tolist()
            found.append((line.name, "this seed", *own))
            draws = np.stack([values[key][row] for key in QUANTITIES], axis=1).astype(np.float64)
            found += [
                (line.name, at + 1, *numbers)
                for at, numbers in enumerate(draws.tolist())
                if not np.isnan(numbers).all()
            ]
        return found

    def strips(self) -> list[Strip]:
        """Return the strips of the contenders that are shown."""
        key, made = self.options.quantity, []
        at = list(QUANTITIES).index(key)
        for line, _, results, row in self.found():
            every = results.values[key][row].astype(np.float64)
            finite = np.abs(every) <= HUGE
            lost = int((~finite & ~np.isnan(every)).sum())
            if results.share >= 1:  # until then NaN stands for a draw that is still to come
                lost = int((~finite).sum())
            own = float(results.values["own"][row, at])
            variance = float(results.values["spread"][row]) if key == "length" else np.nan
            spread = variance**0.5 if variance >= 0 else np.nan
            made.append(Strip(line, np.sort(every[finite]), own, spread, lost))
        return made

    def _is_log(self, strips: list[Strip]) -> bool:
        known = np.concatenate([strip.draws for strip in strips])
        return bool(known.size and known.min() > 0 and known.max() > WIDE * known.min())

    def _axis(self, strips: list[Strip], *, log: bool) -> Range:
        """Return the axis: all draws, and the own seeds that are finite numbers."""
        own = [one.own for one in strips if np.isfinite(one.own) and (one.own > 0 or not log)]
        told = [1 + one.spread for one in strips if np.isfinite(one.spread)]
        every = np.concatenate([np.array([*own, *told]), *(one.draws for one in strips)])
        every = every[np.abs(every) <= HUGE]
        return self.fit(f"log {log}", np.log10(every) if log else every, log=log)

    def _draw_strip(self, strip: Strip, at: int, *, log: bool) -> None:
        canvas, theme, key = self.canvas, self.theme, strip.line.key
        colour, _, pattern = strip.line.stroke(theme)
        dash = pattern if strip.line.run else ()
        x = np.log10(strip.draws) if log else strip.draws
        low, half, high = (_placed(value, log=log) for value in strip.quartiles)
        ends = np.array([low, high])
        row = np.full(2, float(at))
        canvas.area(key, ends, row - HALF, row + HALF, theme.veil(colour), z=1)
        faint = theme.blend(colour, 0.6)
        canvas.dots(key, x, at + scattered(x) * (HALF - 0.06), faint, size=4, z=5)
        canvas.line(("median", key), np.full(2, half), row + SPAN, colour, width=3, dash=dash, z=8)
        if np.isfinite(strip.spread) and len(strip.draws):
            left, right = (_placed(1 + side * strip.spread, log=log) for side in (-1.0, 1.0))
            left = canvas.view[0][0] if np.isnan(left) else left
            across = np.array([left, left, right, right])
            around = at - HALF + np.array([0.1, 0.0, 0.0, 0.1])
            canvas.line(("spread", key), across, around, theme.text, width=1.5, z=9)
        own = _placed(strip.own, log=log)
        if np.isfinite(own):
            mark = canvas.put(("own", key), Signs, z=12)
            mark.show_points(np.array([own]), row[:1], colour, theme.text, 13)

    def _short(self, line: Line) -> str:
        """Return the name beside a strip; of a pinned run's with what tells it from others."""
        name, run = self.names_of(line)
        if not run:
            return _cut(name, LONGEST)
        run = _cut(run, LONGEST // 2)
        return f"{_cut(name, LONGEST - len(run))} ({run})"


def scattered(x: Array) -> Array:
    """Return heights [n], -1 to 1, at which dots at x [n], in order, show how dense they lie."""
    if not len(x):
        return x
    if x[0] == x[-1]:
        return np.zeros(len(x))
    counts, edges = np.histogram(x, BINS)
    smooth = np.convolve(counts, (0.25, 0.5, 0.25), mode="same")
    share = np.interp(x, (edges[:-1] + edges[1:]) / 2, smooth) / smooth.max()
    turns = np.arange(len(x)) * GOLDEN % 1
    return np.asarray((2 * turns - 1) * share)


def _placed(value: float, *, log: bool) -> float:
    """Return where a value lies on the axis; NaN: nowhere."""
    if not log:
        return value
    return float(np.log10(value)) if value > 0 else np.nan


def _in_words(strip: Strip) -> str:
    low, half, high = strip.quartiles
    text = f"{strip.line.name}: median {number(half)}, quartiles {number(low)} – {number(high)}"
    if np.isfinite(strip.percentile):
        text += f", this seed {number(strip.own)}: above {strip.percentile:.0f} % of the draws"
    return text


def _cut(name: str, longest: int) -> str:
    return name if len(name) <= longest else name[: longest - 1].rstrip() + "…"
