"""Pictures that are taken home look as on the screen, in every format, and keep text as text."""

import csv
import io

import numpy as np
import numpy.typing as npt
import pypdfium2
import pytest
from PySide6.QtCore import QByteArray, QSize
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from pytestqt.qtbot import QtBot

from initstudio.errors import ExperimentError
from initstudio.history import History
from initstudio.ui.arrangement import PLACES
from initstudio.ui.figure import Figure, Look, as_csv, take
from initstudio.ui.plots import PLOTS
from initstudio.ui.plots.plot import Plot, Table
from initstudio.ui.plots.study_plot import StudyPlot
from initstudio.ui.theme import DARK, LIGHT, Theme
from tests.synthetic import experiment_of, history_of, studied_of

every_plot = pytest.mark.parametrize("key", list(PLOTS))
SIZE = QSize(960, 540)
"""That of a slide."""
IMAGES = (
    "phase",
    "trainability",
    "activations",
    "over_steps",
    "surface",
    "filters",
    "confusion",
    "worst",
)
"""Pictures that show an image as long as nothing else is chosen; all the rest is drawn."""
SEEN = 32
"""A difference of a colour, of 255, that an eye would see."""
Pixels = npt.NDArray[np.int16]


def plot_of(qtbot: QtBot, key: str, history: History | None) -> Plot:
    plot = PLOTS[key]()
    qtbot.addWidget(plot)
    if history:
        plot.show_contenders(history.header.experiment.contenders)
    if isinstance(plot, StudyPlot):
        plot.show_study(studied_of(plot.study, history.header.experiment) if history else None)
    plot.restart(history)
    return plot


@pytest.fixture
def history() -> History:
    return history_of(experiment_of(3, 2), 100)


def pixels(image: QImage) -> Pixels:
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    data = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    return data[..., 2::-1].astype(np.int16)


def png(data: bytes) -> Pixels:
    return pixels(QImage.fromData(data))


def svg(data: bytes, theme: Theme) -> Pixels:
    image = QImage(SIZE, QImage.Format.Format_RGB32)
    image.fill(QColor(theme.window))
    painter = QPainter(image)
    QSvgRenderer(QByteArray(data)).render(painter)
    painter.end()
    return pixels(image)


def pdf(data: bytes) -> Pixels:
    page = pypdfium2.PdfDocument(data)[0]
    return np.asarray(page.render(scale=96 / 72, rev_byteorder=True).to_numpy()[..., :3], np.int16)


def differing(one: Pixels, other: Pixels) -> float:
    """Return the share of pixels that differ by what an eye would see."""
    assert one.shape == other.shape
    return float((np.abs(one - other).max(2) > SEEN).mean())


def coarser(image: Pixels, scale: int) -> Pixels:
    """Return the mean of each scale by scale pixels, rounded down; sums of 16 fit into int16."""
    parts = [image[row::scale, column::scale] for row in range(scale) for column in range(scale)]
    return np.asarray(np.sum(parts, axis=0, dtype=np.int16) // scale**2, np.int16)


def take_all(plot: Plot, theme: Theme) -> dict[str, bytes]:
    look = Look(theme=theme, size=SIZE)
    return {ending: take([plot], PLACES[1], look, ending) for ending in (".png", ".svg", ".pdf")}


@every_plot
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_format_shows_the_same(
    key: str, theme: Theme, history: History, qtbot: QtBot
) -> None:
    taken = take_all(plot_of(qtbot, key, history), theme)
    shown = png(taken[".png"])
    assert differing(shown, svg(taken[".svg"], theme)) < 0.01
    # its text is set by another library, whose letters differ at their edges
    assert differing(shown, pdf(taken[".pdf"])) < 0.01
    assert (np.abs(shown - shown[0, 0]).max(2) > SEEN).mean() > 0.01, "something is drawn"


@pytest.mark.parametrize("scale", ["linear", "log"])
@pytest.mark.parametrize("style", ["multiples", "time"])
def test_every_format_shows_small_panels_alike(
    style: str, scale: str, history: History, qtbot: QtBot
) -> None:
    plot = plot_of(qtbot, "weights", history)
    plot.show_options({"style": style, "scale": scale})
    taken = take_all(plot, LIGHT)
    shown = png(taken[".png"])
    assert differing(shown, svg(taken[".svg"], LIGHT)) < 0.01
    assert differing(shown, pdf(taken[".pdf"])) < 0.01
    assert "<image" not in taken[".svg"].decode()


@every_plot
def test_the_picture_is_that_of_the_screen(key: str, history: History, qtbot: QtBot) -> None:
    plot = plot_of(qtbot, key, history)
    if key == "convergence":
        pytest.skip("the table's own widget has a heading of its own look")
    figure = Figure([plot], PLACES[1], Look(theme=LIGHT, size=SIZE))
    (twin, _), *_ = figure._parts
    area = twin.picture.geometry()
    on_screen = pixels(twin.picture.grab().toImage())
    taken = pixels(figure.image().copy(area))
    figure.close()
    assert differing(on_screen, taken) < 0.01


@every_plot
def test_text_stays_text(key: str, history: History, qtbot: QtBot) -> None:
    taken = take_all(plot_of(qtbot, key, history), LIGHT)
    drawing = taken[".svg"].decode()
    words = PLOTS[key].label.split()[0]
    assert words in drawing
    assert ("<image" in drawing) == (key in IMAGES), "only what is no drawing is pixels"
    if key == "trainability":
        return  # there is no contender in it
    assert "Way 0" in drawing
    text = pypdfium2.PdfDocument(taken[".pdf"])[0].get_textpage().get_text_range()
    assert words in text
    assert "Way 0" in text


@every_plot
@pytest.mark.parametrize("scale", [1, 2, 4])
def test_more_pixels_show_the_same_in_finer_lines(
    key: str, scale: int, history: History, qtbot: QtBot
) -> None:
    plot = plot_of(qtbot, key, history)
    one = Figure([plot], PLACES[1], Look(theme=LIGHT, size=SIZE))
    many = Figure([plot], PLACES[1], Look(theme=LIGHT, size=SIZE, scale=scale))
    fine = many.image()
    assert fine.size() == SIZE * scale
    assert differing(pixels(one.image()), coarser(pixels(fine), scale)) < 0.04
    one.close()
    many.close()


def test_a_transparent_picture_has_no_ground(history: History, qtbot: QtBot) -> None:
    plot = plot_of(qtbot, "loss", history)
    figure = Figure([plot], PLACES[1], Look(theme=LIGHT, size=SIZE, transparent=True))
    image = figure.image()
    figure.close()
    assert image.pixelColor(1, SIZE.height() // 2).alpha() == 0
    assert (
        f'fill="{LIGHT.base}"'
        not in take(
            [plot], PLACES[1], Look(theme=LIGHT, size=SIZE, transparent=True), ".svg"
        ).decode()
    )


@pytest.mark.parametrize("count", PLACES)
def test_a_board_is_one_picture(count: int, history: History, qtbot: QtBot) -> None:
    plots = [plot_of(qtbot, key, history) for key in list(PLOTS)[:count]]
    drawing = take(plots, PLACES[count], Look(theme=LIGHT, size=SIZE), ".svg").decode()
    assert all(f">{plot.label}</text>" in drawing for plot in plots)


@every_plot
def test_without_a_run_the_picture_says_what_would_come(key: str, qtbot: QtBot) -> None:
    drawing = take([plot_of(qtbot, key, None)], PLACES[1], Look(theme=LIGHT, size=SIZE), ".svg")
    assert PLOTS[key].invitation.split()[0] in drawing.decode()


def test_what_cannot_be_a_picture_is_a_sentence(history: History, qtbot: QtBot) -> None:
    plot = plot_of(qtbot, "loss", history)
    with pytest.raises(ExperimentError, match=r"this is \.gif"):
        take([plot], PLACES[1], Look(theme=LIGHT, size=SIZE), ".gif")
    with pytest.raises(ExperimentError, match="too many"):
        take([plot], PLACES[1], Look(theme=LIGHT, size=QSize(90_000, 300), scale=4))


@every_plot
def test_the_numbers_are_those_of_the_run(key: str, history: History, qtbot: QtBot) -> None:
    plot = plot_of(qtbot, key, history)
    plot.resize(SIZE)
    plot.refresh()
    head, *rows = csv.reader(io.StringIO(as_csv(plot.data(history))))
    assert all(len(row) == len(head) for row in rows)
    if key == "trainability":
        assert {row[0] for row in rows} == {"cell", rows[-1][0]}
        return
    assert {"Way 0", "Way 1", "Way 2"} <= {cell for row in rows for cell in row}


def test_every_reading_of_the_loss_is_there(history: History, qtbot: QtBot) -> None:
    plot = plot_of(qtbot, "loss", history)
    rows = list(csv.DictReader(io.StringIO(as_csv(plot.data(history)))))
    found = [
        float(row["mean"]) for row in rows if (row["contender"], row["seed"]) == ("Way 1", "1")
    ]
    assert found == history.series["loss"].mean[:, 3].tolist()


def test_every_count_of_the_weights_is_there(history: History, qtbot: QtBot) -> None:
    plot = plot_of(qtbot, "weights", history)
    rows = csv.DictReader(io.StringIO(as_csv(plot.data(history))))
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row["contender"], row["step"])
        counts[key] = counts.get(key, 0) + int(row["count"])
    assert set(counts.values()) == {1000}, "500 values of each of two seeds"


def test_cells_are_quoted_where_they_must_be() -> None:
    table: Table = [("a,b", 'say "x"', "line\nbreak"), (1, 0.1, float("nan"))]
    assert list(csv.reader(io.StringIO(as_csv(table)))) == [
        ["a,b", 'say "x"', "line\nbreak"],
        ["1", "0.1", ""],
    ]
