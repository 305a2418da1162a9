"""How the network stretches what comes in: the singular values of its Jacobian at the start."""

from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from msgspec import Meta

from initstudio.catalogue import Params
from initstudio.history import Header
from initstudio.results import Results
from initstudio.ui.chart.legend import Label
from initstudio.ui.chart.lines import Array, masked, middle, number, superscript
from initstudio.ui.chart.words import VeiledWords, Word
from initstudio.ui.plots.plot import Line, Table
from initstudio.ui.plots.study_plot import StudyPlot
from initstudio.ui.theme import font

ROUNDING = 1e-13
"""Of the greatest singular value: below, there is nothing but the rounding of the numbers."""


class JacobianOptions(Params, frozen=True):
    """Of what the singular values are."""

    part: Annotated[
        Literal["network", "blocks"],
        Meta(
            title="Part",
            description="The whole network from its input to its last hidden layer, or each block.",
            extra={"choices": {"network": "Whole network", "blocks": "Block by block"}},
        ),
    ] = "network"


class JacobianPlot(StudyPlot):
    """All singular values by rank, or the range and the median of those of each block."""

    key = "jacobian"
    label = "Jacobian spectrum"
    summary = (
        "Singular values of the Jacobian at the start: how much the network stretches or shrinks "
        "small changes of its input, in each direction."
    )
    order = 130
    study = "jacobian"
    Options = JacobianOptions

    def draw_results(self, results: Results) -> None:
        """Draw each contender's curve, or its bands over the blocks."""
        found = self.found()
        drawn = [masked(self._curve(one.results, one.row), log=True)[0] for one in found]
        everything = np.concatenate([np.zeros(1), *(one.ravel() for one in drawn)])
        view = self.fit("y", everything, log=True)
        canvas, theme = self.canvas, self.theme
        blocks = self.options.part == "blocks"
        names = _blocks(self.header, results) if blocks else ()
        view_x = (-0.4, max(len(names), 1) - 0.6) if blocks else (0.0, 1.0)
        canvas.left.show_as(log=True)
        canvas.bottom.show_as(names=names)
        canvas.name_axes(
            "block" if blocks else "share of the ranks, largest first", "singular value"
        )
        canvas.look_at(view_x, view)
        canvas.say("" if np.isfinite(everything[1:]).any() else _nothing(results))
        canvas.begin(smooth=self.settled)
        canvas.line("one", np.array(view_x), np.zeros(2), theme.muted, width=1, dash=(4, 3), z=2)
        told = canvas.put("words", VeiledWords, z=20)
        word = Word(view_x[1], 0.0, "1: an isometry", right=-1, up=1)
        told.show_words((word,), theme.muted, theme.base, font(theme.small_font))
        for one, curve in zip(found, drawn, strict=True):
            if blocks:
                self._draw_blocks(one.line, curve)
            else:
                self._draw_network(one.line, curve[0])
        canvas.end()
        self.legend.show_labels(
            tuple(
                Label(line.name, line.slot, _condition(results, row), line.run)
                for line, _, results, row in found
            )
        )

    def fits(self, pinned: Header, present: Header) -> bool:
        """Return whether a pinned run has the same blocks; a whole network is like any other."""
        return self.options.part == "network" or super().fits(pinned, present)

    def results_notes(self, results: Results) -> list[str]:
        """Return how near each contender is to an isometry, and how wide its values spread."""
        notes = list(results.notes)
        if self.options.part == "blocks":
            notes.insert(0, "line: median, band: least to greatest")
        else:
            notes.append("number beside a name: condition, greatest ÷ least")
        for line, _, own, row in self.found():
            measured = float(own.values["variance"][row])
            told = float(own.values["predicted_variance"][row])
            if np.isfinite(measured):
                theory = f", theory {number(told)}" if np.isfinite(told) else ""
                notes.append(f"{line.name}: variance of σ² {number(measured)}{theory}")
        for line, _, own, row in self.found():
            every = self._every(own, row)
            lost = sum(int(np.isnan(_kept(one)).sum()) for one in every)
            if lost:
                notes.append(f"{line.name}: {lost} below 10⁻¹³ of the greatest, not drawn")
        return notes

    def results_data(self, _results: Results) -> Table:
        """Return all singular values, of the whole and of each block, and what sums them up."""
        found: Table = [("contender", "part", "rank", "singular value")]
        for line, header, results, row in self.found():
            names, values = _blocks(header, results), results.values
            for key in ("log10_condition", "variance", "predicted_variance", "mean_square"):
                found.append((line.name, key.replace("_", " "), "", float(values[key][row])))
            parts = [("network", values["singular_values"][row])]
            parts += list(zip(names, values["block_singular_values"][row], strict=True))
            for part, one in parts:
                known = one[np.isfinite(one)].tolist()
                found += [(line.name, part, at + 1, value) for at, value in enumerate(known)]
        return found

    def _curve(self, results: Results, row: int) -> Array:
        """Return values by rank, float64 [1, n]; or median, least, greatest [3, blocks]."""
        if self.options.part == "network":
            return _kept(results.values["singular_values"][row])[None]
        blocks = results.values["block_singular_values"][row]
        made = np.full((3, len(blocks)), np.nan)
        for at, one in enumerate(blocks):
            kept = _kept(one)
            known = kept[~np.isnan(kept)]
            if len(known):
                made[:, at] = middle(known), known.min(), known.max()
        return made

    def _every(self, results: Results, row: int) -> list[Array]:
        """Return the lists of values that the picture is of."""
        if self.options.part == "network":
            return [results.values["singular_values"][row]]
        return list(results.values["block_singular_values"][row])

    def _draw_network(self, line: Line, values: Array) -> None:
        x = (np.arange(len(values)) + 0.5) / max(len(values), 1)
        colour, width, dash = line.stroke(self.theme)
        z = 10 - bool(line.run)
        self.canvas.line(line.key, x, values, colour, width=width, dash=dash, z=z)
        if len(values) <= 16 and not line.run:
            self.canvas.dots(line.key, x, values, colour, size=5, z=11)

    def _draw_blocks(self, line: Line, values: Array) -> None:
        theme, canvas = self.theme, self.canvas
        x = np.arange(values.shape[1], dtype=np.float64)
        colour, width, dash = line.stroke(theme)
        if not line.run:
            veil = theme.veil(colour, len(self.lines))
            canvas.area(line.key, x, values[1], values[2], veil, z=1)
            canvas.dots(line.key, x, values[0], colour, size=5, z=11)
        z = 10 - bool(line.run)
        canvas.line(line.key, x, values[0], colour, width=width, dash=dash, z=z)


def _blocks(header: Header | None, results: Results) -> tuple[str, ...]:
    """Return the names of the blocks' layers."""
    layers = header.layers if header else ()
    return tuple(layers[at] for at in results.values["block_layers"].tolist())


def _kept(values: npt.NDArray[np.floating]) -> Array:
    """Return the values that there are, float64 [n], NaN where rounding alone left them."""
    known = values[~np.isnan(values)].astype(np.float64)
    return np.where(known > ROUNDING * known.max(initial=0.0), known, np.nan)


def _condition(results: Results, row: int) -> str:
    power = float(results.values["log10_condition"][row])
    if not np.isfinite(power):
        return "–" if np.isnan(power) else "infinite"
    if power < 300:
        return number(10.0**power, 2)
    return f"10{superscript(round(power))}"


def _nothing(results: Results) -> str:
    """Return why there is no curve."""
    if results.share < 1:
        return "The first network is being looked at."
    return results.notes[0] if results.notes else "No singular value is a finite number above 0."
