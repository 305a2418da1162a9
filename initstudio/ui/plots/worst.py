"""The validation images with the greatest loss, for each contender under one seed."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from msgspec import Meta
from PySide6.QtWidgets import QWidget

from initstudio.catalogue import DataFacts, Params
from initstudio.errors import ExperimentError
from initstudio.experiment import Data
from initstudio.history import History
from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.chart.colours import Pixels
from initstudio.ui.chart.gallery import Caption, Gallery, as_pixels, galleries_in
from initstudio.ui.chart.legend import Label
from initstudio.ui.chart.lines import Array, number
from initstudio.ui.chart.panels import panels_on
from initstudio.ui.plots.judged_plot import JudgedPlot
from initstudio.ui.plots.plot import Line, Table
from initstudio.ui.run_data import class_names, images_at

Images = list[Pixels | None]
"""None where the data has no such example."""
FARTHEST = 2.0**24
"""Places in a data set up to here are exact in float32."""


class WorstOptions(Params, frozen=True):
    """Under which seed."""

    seed: Annotated[
        str, Meta(max_length=12, title="Seed", description="The seed whose networks are shown.")
    ] = "first"


@dataclass(frozen=True, eq=False)
class _Worst:
    """What is known of a contender's worst examples, the worst first, [n] each."""

    seed: int
    places: npt.NDArray[np.int64]
    """In the seed's data set; -1 where not known."""
    loss: Array
    truth: npt.NDArray[np.int64]
    predicted: npt.NDArray[np.int64]


class WorstPlot(JudgedPlot):
    """Images, with what they are and what they are taken for."""

    key = "worst"
    label = "Worst examples"
    summary = "The validation images with the greatest loss: what they are, and are taken for."
    invitation = "The images that are judged worst appear here."
    order = 56
    reads = ("worst",)
    Options = WorstOptions

    def __init__(self, parent: QWidget | None = None) -> None:
        self._shown: list[tuple[Line, Gallery, _Worst]] = []
        self._names: tuple[str, ...] = ()
        self._notes: list[str] = []
        self._kept: dict[object, tuple[object, Images]] = {}
        super().__init__(parent)

    @staticmethod
    def unfit(facts: DataFacts) -> str:
        """Return why this data has no such images."""
        if facts.task != "classes":
            return "This data has values to predict, and no classes."
        return "" if facts.picture and not facts.positions else "This data has no images."

    def make_picture(self) -> Canvas:
        """Return a canvas that tells which image the mouse is on."""
        canvas = self.make_canvas()
        canvas.pointed.connect(self._on_pointed)
        canvas.show_axes(shown=False)
        return canvas

    def on_shape_changed(self) -> None:
        """Forget the images; offer the seeds of this run."""
        self._shown, self._kept = [], {}
        seeds = tuple(dict.fromkeys(self.header.seeds)) if self.header else (0,)
        rest = [(str(seed), f"Seed {seed}") for seed in seeds[1:]]
        self.toolbar.offer("seed", [("first", f"Seed {seeds[0]}"), *rest])
        self.toolbar.show_values(self.options)

    def draw(self, history: History) -> None:
        """Draw each contender's images."""
        lines = self.lines_with("worst", history)
        runs = [self.of(line, history) for line in lines]
        found = [
            worst_of(run, self._chosen(line, run)) for line, run in zip(lines, runs, strict=True)
        ]
        data = history.header.experiment.data
        try:
            images = [self._images(data, line, one) for line, one in zip(lines, found, strict=True)]
        except ExperimentError as error:
            self.clear(error.why)
            self.show_notes([self.when(history)])
            return
        self._names = class_names(data)
        canvas = self.canvas
        canvas.look_at((0, canvas.columns), (0, canvas.rows))
        canvas.say("")
        canvas.begin(smooth=self.settled)
        self._draw_galleries(lines, found, images)
        canvas.end()
        self._notes = self._make_notes(history, images)
        self._on_pointed(None)

    def clear(self, message: str) -> None:
        """Show no data, and a sentence."""
        self._shown = []
        super().clear(message)

    def data(self, history: History) -> Table:
        """Return what is known of each example, under each seed."""
        heads = ("place", "example", "true class", "predicted class", "loss")
        rows: Table = [("contender", "seed", "step", *heads)]
        for line in self.lines_with("worst", history):
            run = self.of(line, history)
            for replica in line.replicas.tolist():
                one = worst_of(run, replica)
                head = (line.name, one.seed, run.epoch_step)
                parts = (one.places, one.truth, one.predicted, one.loss)
                told = zip(*(part.tolist() for part in parts), strict=True)
                rows += [(*head, at, *cells) for at, cells in enumerate(told, 1)]
        return rows

    # ------------------------------------------------------------------ numbers

    def _chosen(self, line: Line, run: History) -> int:
        """Return the replica of a contender under the chosen seed, or its first."""
        seeds = run.header.seeds
        wanted = self.options.seed
        at = [replica for replica in line.replicas.tolist() if str(seeds[replica]) == wanted]
        return int(at[0] if at else line.replicas[0])

    def _images(self, data: Data, line: Line, one: _Worst) -> Images:
        """Return the images; None where the data has no such example, or no more.

        Raises:
            ExperimentError: The data set cannot be read.
        """
        asked = (self.theme, one.seed, one.places.tobytes(), one.truth.tobytes())
        known = self._kept.get(line.key)
        if known is None or known[0] != asked:
            seen = images_at(data, one.seed, one.places)
            same = zip(seen.images, (seen.classes == one.truth).tolist(), strict=True)
            found = [as_pixels(image, self.theme) if it else None for image, it in same]
            known = self._kept[line.key] = asked, found
        return known[1]

    # ------------------------------------------------------------------ drawing

    def _draw_galleries(
        self, lines: tuple[Line, ...], found: list[_Worst], images: list[Images]
    ) -> None:
        canvas, theme = self.canvas, self.theme
        panels = panels_on(canvas, len(lines), self.theme)
        captions = [[self._caption(one, at) for at in range(len(one.places))] for one in found]
        known = (image.shape for some in images for image in some if image is not None)
        height, width, _ = next(known, (1, 1, 4))
        galleries = galleries_in(panels, width / height, captions, theme)
        self._shown = list(zip(lines, galleries, found, strict=True))
        for (line, gallery, _), some, texts in zip(self._shown, images, captions, strict=True):
            gallery.draw(canvas, line.key, some, texts, theme)
            gallery.panel.draw_title(canvas, line.key, line.name, *line.rule(theme))

    def _caption(self, one: _Worst, at: int) -> Caption:
        theme = self.theme
        truth, predicted = self._name(one.truth[at]), self._name(one.predicted[at])
        right = one.truth[at] == one.predicted[at]
        loss = number(float(one.loss[at]), 2)
        return Caption(f"{truth}→{predicted}", loss, theme.muted if right else theme.text)

    def _name(self, of: int) -> str:
        """Return what a class is called."""
        if of < 0:
            return "?"
        return self._names[of] if of < len(self._names) else str(of)

    # ------------------------------------------------------------------ words

    def _make_notes(self, history: History, images: list[Images]) -> list[str]:
        _, gallery, first = self._shown[0]
        notes = [self.when(history), f"seed {first.seed}", "class→taken for, and the loss"]
        most = max(len(one.places) for _, _, one in self._shown)
        if gallery.count < most:
            notes.append(f"room for {gallery.count} of {most}")
        for (line, _, one), some in zip(self._shown, images, strict=True):
            lost = int(np.isnan(one.loss).sum())
            if lost:
                notes.append(f"{line.name}: {lost} of these losses are no number; they come first")
            if any(image is None for image in some):
                notes.append(f"{line.name}: the data no longer has some of these examples")
        return notes

    def _on_pointed(self, place: tuple[float, float] | None) -> None:
        """Read the image below the mouse."""
        if not self._shown:
            return
        told = ""
        for line, gallery, one in self._shown:
            at = gallery.at(place) if place else None
            if at is not None:
                told = f"{line.name}: {self._in_words(one, at)}"
        self.show_notes([told] if told else self._notes)
        self.legend.show_labels(
            tuple(
                Label(line.name, line.slot, number(float(one.loss[0])), line.run)
                for line, _, one in self._shown
            )
        )

    def _in_words(self, one: _Worst, at: int) -> str:
        truth, predicted = self._name(one.truth[at]), self._name(one.predicted[at])
        what = f"class {truth} taken for {predicted}"
        if truth == predicted:
            what = f"class {truth}, taken for what it is"
        place = f"example {one.places[at]:,} of the data" if one.places[at] >= 0 else "no example"
        return (
            f"{what}, loss {number(float(one.loss[at]), 4)}; {place}, number {at + 1} of the worst"
        )


def worst_of(run: History, replica: int) -> _Worst:
    """Return what is known of a network's worst examples."""
    places, loss, truth, predicted = run.latest["worst"][replica].astype(np.float64)
    return _Worst(
        seed=run.header.seeds[replica],
        places=_whole(places),
        loss=loss,
        truth=_whole(truth),
        predicted=_whole(predicted),
    )


def _whole(values: Array) -> npt.NDArray[np.int64]:
    """Return whole numbers from 0; -1 for what is none."""
    known = (values >= 0) & (values <= FARTHEST)
    return np.where(known, values, -1.0).astype(np.int64)
