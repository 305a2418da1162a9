"""Pictures of single networks, side by side: of each contender that of one seed."""

from typing import Annotated

import numpy as np
import numpy.typing as npt
from msgspec import Meta
from PySide6.QtWidgets import QWidget

from initstudio.history import History
from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.chart.lines import counted
from initstudio.ui.chart.panels import Panel, panels_on
from initstudio.ui.plots.plot import Line, Plot

Seed = Annotated[
    str, Meta(max_length=16, title="Seed", description="The seed whose networks are shown.")
]


class OneSeedPlot(Plot):
    """A panel for each contender. Its options have a `seed`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self.panels: list[Panel] = []
        self.drawn: tuple[Line, ...] = ()
        """The contenders that have a panel."""
        super().__init__(parent)

    def make_picture(self) -> Canvas:
        """Return a canvas that tells what the mouse is on."""
        canvas = self.make_canvas()
        canvas.pointed.connect(self.on_pointed)
        return canvas

    def state_of(self, history: History) -> object:
        """Return the step of the newest readings."""
        return history.layers_step

    def on_shape_changed(self) -> None:
        """Forget the panels; offer the seeds of this run."""
        self.panels, self.drawn = [], ()
        seeds = self.header.experiment.seeds.each() if self.header else range(1)
        first = ("first", f"Seed {seeds[0]}")
        self.toolbar.offer("seed", [first, *((str(one), f"Seed {one}") for one in seeds[1:])])
        self.toolbar.show_values(self.options)
        self.toolbar.control("seed").setVisible(len(seeds) > 1)

    def on_pointed(self, place: tuple[float, float] | None) -> None:
        """Tell what is below the mouse."""

    # ------------------------------------------------------------------ for subclasses

    def seed_of(self, history: History) -> int:
        """Return the seed that is shown: the first, unless one of the others is chosen."""
        seeds = history.header.experiment.seeds.each()
        chosen = self.options.seed
        return int(chosen) if chosen.isdecimal() and int(chosen) in seeds else seeds[0]

    def replica_of(self, history: History, line: Line) -> int:
        """Return the row of a contender's network under the seed that is shown, in its run."""
        seeds = np.array(self.of(line, history).header.seeds)[line.replicas]
        places = np.flatnonzero(seeds == self.seed_of(history))
        return int(line.replicas[places[0] if len(places) else 0])

    def reading_of(self, history: History, line: Line, key: str) -> npt.NDArray[np.floating]:
        """Return the newest reading of a contender's network under the seed that is shown."""
        latest = self.of(line, history).latest[key]
        found: npt.NDArray[np.floating] = latest[self.replica_of(history, line)]
        return found

    def lay_out_panels(self, *, square: bool) -> None:
        """Give each contender that is drawn a panel, and no axes."""
        canvas = self.canvas
        self.panels = panels_on(canvas, len(self.drawn), self.theme, square=square)
        for axis in (canvas.left, canvas.bottom):
            axis.show_as(bare=True)
        canvas.name_axes("", "")
        canvas.look_at((0, canvas.columns), (0, canvas.rows))
        canvas.say("")

    def draw_titles(self) -> None:
        """Write each contender's name above its panel."""
        for line, panel in zip(self.drawn, self.panels, strict=True):
            panel.draw_title(self.canvas, line.key, line.name, *line.rule(self.theme))

    def say_nothing_of(self, line: Line, panel: Panel, text: str) -> None:
        """Write in the middle of a panel why it is empty."""
        (left, right), (bottom, top) = panel.area
        place = ((left + right) / 2, (bottom + top) / 2)
        self.canvas.words(("nothing", line.key), place, text, room=right - left)

    def head_notes(self, history: History) -> list[str]:
        """Return the step and, of several seeds, which it is."""
        notes = [f"step {history.layers_step:,}"]
        count = history.header.experiment.seeds.count
        if count > 1:
            notes.append(f"seed {self.seed_of(history)} of {counted(count, 'seed')}")
        return notes
