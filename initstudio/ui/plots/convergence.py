"""A table of how fast and how far each contender learned, and of who is ahead."""

from typing import Annotated, Literal

from msgspec import Meta
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QKeySequence, QPainter, QShortcut
from PySide6.QtWidgets import QWidget

from initstudio.catalogue import Params
from initstudio.convergence import Row, Spread, accuracy_series, measured, row_of
from initstudio.history import Header, History
from initstudio.ranking import compare, ranks
from initstudio.ui.chart.convergence_cells import (
    MEASURED,
    Standing,
    next_sort,
    ordered,
    sheet_of,
    sorted_by,
)
from initstudio.ui.chart.convergence_words import GOALS, sentence, trouble_text
from initstudio.ui.chart.lines import number
from initstudio.ui.chart.sheet import paint_sheet
from initstudio.ui.chart.sheet_view import SheetView
from initstudio.ui.plots.plot import Cell, Line, Plot, Table
from initstudio.ui.theme import Theme


class ConvergenceOptions(Params, frozen=True):
    """The two targets, what ranks, how seeds are summed up, and the order of the rows."""

    loss_target: Annotated[
        float,
        Meta(
            ge=0,
            le=1000,
            title="Loss ≤",
            description="The loss target: of an epoch's mean training loss.",
        ),
    ] = 0.5
    accuracy_target: Annotated[
        float,
        Meta(
            ge=0,
            le=100,
            title="Accuracy ≥",
            description="The accuracy target, at an epoch's end.",
            extra={"unit": "%"},
        ),
    ] = 90.0
    rank_by: Annotated[
        Literal["loss_steps", "accuracy_steps", "final_loss", "final_accuracy", "area"],
        Meta(
            title="Rank by",
            description="The number by which contenders are ranked and compared.",
            extra={
                "choices": {
                    "loss_steps": "To loss",
                    "accuracy_steps": "To accuracy",
                    "final_loss": "Final loss",
                    "final_accuracy": "Final accuracy",
                    "area": "Area",
                }
            },
        ),
    ] = "loss_steps"
    mean: Annotated[
        bool,
        Meta(
            title="± std",
            description="Tell of several seeds the mean and the standard deviation, rather than "
            "the median with the least and the greatest.",
        ),
    ] = False
    sort: Annotated[
        str,
        Meta(
            title="Sorted by",
            description="The key of a column; with - before it the greatest comes first.",
            extra={"editor": "none"},
        ),
    ] = ""


class ConvergencePlot(Plot):
    """The table, sorted by a click on a heading; Ctrl+C copies it with tabs."""

    key = "convergence"
    label = "Convergence"
    summary = "Steps, epochs and seconds to a loss and to an accuracy, and who is ahead."
    invitation = "Press Run: how fast each contender learns appears here."
    order = 70
    reads = ("loss", "accuracy")
    Options = ConvergenceOptions

    def make_picture(self) -> QWidget:
        """Return the table."""
        self.table = table = SheetView()
        table.setAccessibleName(self.label)
        table.setToolTip("A click on a heading sorts. Ctrl+C copies the table.")
        table.heading_clicked.connect(self._on_heading_clicked)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), table, self.copy)
        copy.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        menu = self.more.menu()
        first = menu.actions()[0]
        for text, slot in (("Copy &table", self.copy), ("Copy as &Markdown", self.copy_markdown)):
            action = menu.addAction(text)
            action.triggered.connect(slot)
            menu.insertAction(first, action)
        menu.insertSeparator(first)
        self.legend.hide()
        return table

    def state_of(self, history: History) -> object:
        """Return what changes with each epoch."""
        series = [*history.epoch_means.values(), *history.epoch_series.values()]
        rows = [(len(one), one.stride) for one in series]
        return rows, history.diverged.tobytes(), history.until

    def draw(self, history: History) -> None:
        """Fill the table."""
        standings = self.standings(history)
        mean = self.options.mean
        rows = ordered(standings, self.options.sort, mean=mean)
        self.table.show_sheet(sheet_of(rows, self.theme, mean=mean))
        column, falling = sorted_by(self.options.sort)
        self.table.show_order(column, falling=falling)
        self.show_notes(self._notes_of(history, standings))

    def clear(self, message: str) -> None:
        """Empty the table and write a sentence over it."""
        self.table.say(message, sheet_of((), self.theme, mean=self.options.mean), self.theme)

    def show_theme(self, theme: Theme) -> None:
        """Use the theme, in the table too."""
        super().show_theme(theme)
        self.table.show_theme(theme)

    def fits(self, _pinned: Header, _present: Header) -> bool:
        """Return that any run has its rows."""
        return True

    def standings(self, history: History) -> tuple[Standing, ...]:
        """Return what the table tells of each contender that is shown, in their order."""
        rows = self._rows(history)
        by = self.options.rank_by
        places = ranks([row for _, row, _ in rows], by)
        best = next((at for at, place in enumerate(places) if place.rank == 1), -1)
        found = []
        for at, ((line, row, per_epoch), place) in enumerate(zip(rows, places, strict=True)):
            behind = compare(rows[best][1], row, by) if at != best >= 0 else None
            found.append(
                Standing(
                    name=line.name,
                    colour=line.stroke(self.theme).colour,
                    row=row,
                    per_epoch=per_epoch,
                    place=place,
                    behind=behind,
                    first=rows[best][0].name if behind else "",
                )
            )
        return tuple(found)

    def data(self, history: History) -> Table:
        """Return the numbers of the table, as it is sorted: of several seeds all that is known."""
        ends = (
            *("", " (least)", " (greatest)", " (mean)", " (standard deviation)"),
            " (seeds that got there)",
        )
        against = ("Behind the first (mean)", "Behind the first (seeds)", "p")
        trouble = ("Stalled (seeds)", "Diverged (seeds)", "Diverged (first step)")
        fields = [f"{one.title}{end}" for one in MEASURED for end in ends]
        table: Table = [("Contender", "Seeds", "Rank", *fields, *against, *trouble)]
        for one in ordered(self.standings(history), self.options.sort, mean=self.options.mean):
            cells: list[Cell] = [one.name, len(one.row.seeds), one.place.rank or ""]
            for column in MEASURED:
                found: Spread = getattr(one.row, column.key)
                cells += [found.median, found.low, found.high, found.mean, found.std]
                cells.append(found.reached)
            behind = one.behind
            cells += [behind.behind, behind.worse, behind.p] if behind else ["", "", ""]
            cells += [one.row.stalled, one.row.diverged.reached, one.row.diverged.low]
            table.append(tuple(cells))
        return table

    def paint_picture(self, painter: QPainter, area: QRectF) -> None:
        """Paint the table as it is sorted, parted where its text would be too small."""
        painter.setFont(self.table.font())
        paint_sheet(painter, area, self.table.sheet, self.theme)
        if not self.table.sheet.entries:
            painter.setPen(QColor(self.theme.muted))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, self.table.message.text())

    def copy(self) -> None:
        """Put the table, as it is sorted, on the clipboard, with tabs."""
        QGuiApplication.clipboard().setText(self.table.sheet.as_tsv())

    def copy_markdown(self) -> None:
        """Put the table, as it is sorted, on the clipboard as Markdown."""
        QGuiApplication.clipboard().setText(self.table.sheet.as_markdown())

    def _rows(self, history: History) -> list[tuple[Line, Row, int]]:
        """Return each line with its row and the steps that make an epoch of its run."""
        targets = self.options.loss_target, self.options.accuracy_target / 100
        found: list[tuple[Line, Row, int]] = []
        for run in sorted({line.run for line in self.lines}):
            lines = [line for line in self.lines if line.run == run]
            own = self.of(lines[0], history)
            numbers, per_epoch = measured(own, *targets), max(1, own.header.steps_per_epoch)
            found += ((line, row_of(own, numbers, line.replicas), per_epoch) for line in lines)
        return found

    def _on_heading_clicked(self, column: int) -> None:
        self.set_option("sort", next_sort(self.options.sort, column))

    def _notes_of(self, history: History, standings: tuple[Standing, ...]) -> list[str]:
        """Return who is ahead, who is in trouble, and what the targets are measured on."""
        options = self.options
        notes = [self._comparison(standings)]
        for one in standings:
            seeds, gone = len(one.row.seeds), one.row.diverged.reached
            notes.append(trouble_text(one.name, gone, seeds, "diverged"))
            notes.append(trouble_text(one.name, one.row.stalled, seeds, "stalled"))
        held_out = accuracy_series(history) is history.epoch_series.get("validation_accuracy")
        part = "validation part" if held_out else "training batches"
        return [
            *notes,
            f"loss target {number(options.loss_target)}, mean of an epoch's batches",
            f"accuracy target {number(options.accuracy_target)} %, {part}",
        ]

    def _comparison(self, standings: tuple[Standing, ...]) -> str:
        """Return how the first stands against the next one, in words."""
        others = [one for one in standings if one.behind]
        if others:
            second = min(others, key=lambda one: one.place.rank)
            if second.behind:
                return sentence(second.first, second.name, second.behind)
        started = any(one.row.final_loss.reached for one in standings)
        nobody = started and not any(one.place.rank for one in standings)
        goal = GOALS.get(self.options.rank_by)
        return f"nobody has reached the {goal}" if nobody and goal else ""
