"""What plots cost: a repaint of each kind, a frame late in a run over an early one, and memory."""

import gc
import os
import tracemalloc
from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from time import perf_counter

import numpy as np
from msgspec.structs import replace

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from initstudio import presets
from initstudio.bins import BINS, HEAD, SIZE
from initstudio.datasets import DATASETS
from initstudio.engine.plan import plan
from initstudio.experiment import Choice, Data, Recording, Seeds
from initstudio.history import Header, History, Readings, Snapshot, Stretch
from initstudio.probes import PROBES
from initstudio.probes.surface import PLACES, SMALL
from initstudio.probes.verdicts import WORST
from initstudio.trajectories import LINE, NUMBERS, SINGLE
from initstudio.ui import theme
from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.chart.sheet_view import SheetView
from initstudio.ui.plots import PLOTS
from initstudio.ui.plots.plot import Plot
from initstudio.ui.plots.step_plot import StepPlot
from initstudio.ui.plots.study_plot import StudyPlot
from tests.synthetic import studied_of

CONTENDERS, SEEDS = 8, 3
EARLY, LATE = 1_000, 1_000_000
SCRUBBED = 100_000
"""Steps of the run that is gone back in."""
BOARD = ("loss", "accuracy", "weights", "gradient_norm", "activation_std", "over_steps")
ROUNDS = 40
STYLES = (
    ("similarity", "map"),
    ("activations", "ridges"),
    ("weights", "multiples"),
    ("weights", "time"),
    ("outputs", "multiples"),
    ("outputs", "time"),
)
"""Pictures that have another look, which costs something else."""
DATA = {"surface": "moons", "fitted": "sine", "filters": "digits"}
"""Pictures with a run of their own, as few data have what they show; by the data of that run."""


def figures() -> Iterator[dict[str, object]]:
    """Yield the figures."""
    app = QApplication([])
    theme.apply(app, theme.LIGHT)
    early, late = run_of(EARLY), run_of(LATE)
    usual, ratios = (early, late), []
    looks: list[tuple[str, type[Plot], dict[str, str]]]
    looks = [(key, kind, {}) for key, kind in PLOTS.items()]
    looks += [(key, PLOTS[key], {"style": style}) for key, style in STYLES]
    for key, kind, options in looks:
        runs = (run_of(EARLY, picture=key), run_of(LATE, picture=key)) if key in DATA else usual
        plots = [shown(app, kind, history, **options) for history in runs]
        # in turns, so that both meet the same weather
        times = np.array([[frame(app, plot) for plot in plots] for _ in range(ROUNDS)])
        first, last = np.median(times, axis=0)
        ratios.append(last / first)
        name = " as ".join((key, *options.values()))
        yield bound(
            f"{name}: one frame of 8 contenders x 3 seeds, 800 x 450", 1000 * last, 25, 8, "ms"
        )
        end(plots)
    name = "cost of a frame after a million steps over after a thousand, worst plot"
    yield bound(name, max(ratios), 1.2, 1.05, "")
    for share, name in ((0.4, "a wide part"), (0.0, "a few hundred steps")):
        first, last = zoomed(app, (run_of(EARLY), late), share)
        yield bound(f"loss, zoomed in on {name}: one frame", 1000 * last, 25, 8, "ms")
        yield bound(
            "the same, after a million steps over after a thousand", last / first, 1.2, 1, ""
        )
    del early, late, usual
    text = "going back in a run of 100,000 steps: six pictures repainted, 8 contenders x 3 seeds"
    yield bound(text, 1000 * scrubbing(app), 50, 40, "ms")
    name = "memory growth over the last half of a million steps, but for the readings kept"
    yield bound(name, growth(app), 0.5, 0, "MiB")
    series, album, found = memory()
    yield bound(
        "readings of a million steps, 8 contenders, 20 layers: series", series, 100, 90, "MB"
    )
    yield bound("the same: with those by layer", series + album, 200, 180, "MB")
    yield bound("the same: memory in use", found, 200, 180, "MB")


def scrubbing(app: QApplication) -> float:
    """Return the median time from a move of the timeline to six repainted pictures, s."""
    history = run_of(SCRUBBED)
    plots = [shown(app, PLOTS[key], history) for key in BOARD]
    times = []
    for step in np.random.default_rng(0).integers(0, SCRUBBED, ROUNDS).tolist():
        began = perf_counter()
        for plot in plots:
            plot.show_step(step)
        for plot in plots:
            plot.refresh()
        app.processEvents()
        times.append(perf_counter() - began)
    end(plots)
    return median(times)


def bound(figure: str, value: float, most: float, aim: float, unit: str) -> dict[str, object]:
    """Return a figure that should be small."""
    return {
        "figure": figure,
        "value": round(float(value), 3),
        "at_most": most,
        "aim": aim,
        "unit": unit,
    }


def shown(app: QApplication, kind: type[Plot], history: History, **options: str) -> Plot:
    """Return the plot of a history in a window of its own.

    Raises:
        ValueError: It has nothing to draw, and says so; what that costs is no figure.
    """
    plot = kind()
    plot.show_options(options)
    plot.resize(800, 450)
    plot.show_contenders(history.header.experiment.contenders)
    plot.restart(history)
    plot.show()
    for _ in range(3):
        frame(app, plot)
    if said := said_by(plot):
        end([plot])
        message = f"the picture {plot.key!r} is empty: {said}"
        raise ValueError(message)
    return plot


def said_by(plot: Plot) -> str:
    """Return the sentence that stands in the place of a picture, if there is one."""
    picture = plot.picture
    if isinstance(picture, Canvas):
        return picture.message
    if isinstance(picture, SheetView) and not picture.message.isHidden():
        return picture.message.text()
    return ""


def end(plots: Sequence[Plot]) -> None:
    """Close the plots and let go of their memory now, as no event loop runs that would."""
    for plot in plots:
        plot.close()
        plot.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def frame(app: QApplication, plot: Plot) -> float:
    """Return the seconds of one frame: a few new steps, the picture's numbers, its painting.

    What a study has found is new each time.
    """
    history = plot.history
    if history is None:
        raise ValueError(plot.key)
    history.extend(stretch(history, history.last_step + 1, 20))
    experiment = history.header.experiment
    studied = studied_of(plot.study, experiment) if isinstance(plot, StudyPlot) else None
    began = perf_counter()
    if isinstance(plot, StudyPlot):
        plot.show_study(studied)
    else:
        plot.extend(history)
    plot.refresh()
    app.processEvents()
    return perf_counter() - began


def zoomed(app: QApplication, histories: Sequence[History], share: float) -> tuple[float, ...]:
    """Return the median seconds of a frame of each history's newest part, a share of its steps."""
    plots = [shown(app, PLOTS["loss"], history) for history in histories]
    for plot, history in zip(plots, histories, strict=True):
        left = history.last_step - max(300.0, share * history.last_step)
        if isinstance(plot, StepPlot):
            plot.zoom.part = (left, history.last_step + 20.0 * ROUNDS + 100)
        frame(app, plot)
    times = np.array([[frame(app, plot) for plot in plots] for _ in range(ROUNDS)])
    end(plots)
    return tuple(np.median(times, axis=0).tolist())


def memory() -> tuple[float, float, float]:
    """Return the MB that a run of a million steps with 8 contenders and 20 layers keeps.

    First of what is read at each step, then by layer, then all that Python and numpy hold of it.
    """
    base = run_of(0).header
    every = base.experiment.recording.every
    experiment = replace(base.experiment, seeds=Seeds(count=1))
    header = replace(
        plan(experiment).header,
        steps=LATE,
        layers=tuple(f"{at} {kind}" for at in range(20) for kind in ("Linear", "ReLU")),
        tensors=tuple(f"{at} Linear" for at in range(20)),
    )
    tracemalloc.start()
    history = History(header)
    layers = stretch(history, 0, 1).layers
    for start in range(0, LATE, 1000):
        shots = [Snapshot(step, layers) for step in range(start, start + 1000, every)]
        new = stretch(history, start, 1000, layers)
        history.extend(replace(new, earlier=tuple(shots[:-1]), layers_step=shots[-1].step))
    gc.collect()
    found = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return kept(history) / 1e6, albums(history) / 1e6, found / 1e6


def kept(history: History) -> int:
    """Return the bytes of what is read at each step and epoch."""
    groups = (history.series, history.epoch_series, history.epoch_means)
    return sum(series.bytes for group in groups for series in group.values())


def albums(history: History) -> int:
    """Return the bytes of the snapshots that are kept."""
    return history.album.bytes + history.epoch_album.bytes


def run_of(steps: int, whole: int = 0, picture: str = "") -> History:
    """Return the history of so many steps of a run of `whole`, that of a picture if it has one."""
    whole = whole or 2 * steps
    base = presets.DIGITS
    if picture in DATA:
        base = replace(
            base,
            data=Data(dataset=Choice(DATA[picture])),
            training=replace(
                base.training, loss="mse" if picture == "fitted" else base.training.loss
            ),
            recording=Recording(probes=("loss", *PLOTS[picture].reads)),
        )
    contenders = tuple(
        presets.contender(f"Contender {slot}", slot, "xavier_uniform") for slot in range(CONTENDERS)
    )
    experiment = replace(base, contenders=contenders, seeds=Seeds(count=SEEDS))
    # the run is long either way, so that both have the same axis and the same part of it filled
    header = replace(plan(experiment).header, steps=whole, steps_per_epoch=whole // 80)
    history = History(header)
    for start in range(0, steps, 1000):
        history.extend(stretch(history, start, 1000))
    return history


def stretch(history: History, start: int, count: int, layers: Readings | None = None) -> Stretch:
    """Return readings of `count` steps, with these by layer, or new ones."""
    header = history.header
    rng = np.random.default_rng(start)
    replicas = len(header.slots)
    steps = np.arange(start, start + count)
    fall = np.exp(-steps[:, None] / header.steps * np.linspace(2, 6, replicas))
    loss = (2.3 * fall * np.exp(rng.normal(0, 0.1, (count, replicas)))).astype(np.float32)
    ends = steps[steps % header.steps_per_epoch == 0]
    validation = np.repeat(loss[:1], len(ends), 0)
    return Stretch(
        steps=steps,
        series={"loss": loss, "accuracy": np.exp(-loss)},
        epoch_steps=ends,
        epoch_series={"validation_loss": validation, "validation_accuracy": np.exp(-validation)},
        layers_step=int(steps[-1]),
        layers=layers_of(header, rng, start / header.steps) if layers is None else layers,
        epoch_pages=tuple(Snapshot(int(at), verdicts_of(header, rng)) for at in ends),
    )


def verdicts_of(header: Header, rng: np.random.Generator) -> Readings:
    """Return readings of single classes and examples."""
    replicas, digits = len(header.slots), DATASETS["digits"]
    _, classes = digits.make(digits.params(), rng)
    places = rng.integers(0, len(classes), (replicas, WORST))
    loss = -np.sort(-rng.uniform(0, 9, places.shape))
    told = (places, loss, classes[places], rng.integers(0, 10, places.shape))
    return {
        "confusion": rng.poisson(3, (replicas, 10, 10)).astype(np.int32),
        "worst": np.stack(told, axis=1).astype(np.float32),
    }


def layers_of(header: Header, rng: np.random.Generator, share: float = 0.0) -> Readings:
    """Return readings by layer, when that share of the run is over; those that are recorded."""
    if header.experiment.recording.probes is not None:
        return answers_of(header, rng, share)
    replicas, tensors = len(header.slots), len(header.tensors)
    counts = rng.poisson(8, (replicas, tensors, SIZE)).astype(np.int32)
    counts[..., 0], counts[..., 1], counts[..., 2] = -10, -BINS // 2, 0
    counts[..., 3] = counts[..., HEAD : HEAD + BINS].sum(-1)
    counts[..., 4:HEAD] = 0
    counts[..., HEAD + BINS :] = 0x7F7F7F7F  # the mean of each bin's values is its middle
    outputs = counts[:, np.arange(len(header.layers)) % tensors]
    layers: Readings = {"weights": counts, "gradients": counts, "activations": outputs}
    layers["updates"] = counts
    layers["path"] = way(replicas, share) + rng.normal(0, 0.01, (replicas, NUMBERS))
    layers["path"] = layers["path"].astype(np.float32)
    layers["line_loss"] = rng.uniform(0.1, 2, (replicas, len(LINE))).astype(np.float32)
    for key, probe in PROBES.items():
        sizes = {"layer": len(header.layers), "tensor": tensors, "pair": 28, "rank": 16}
        sizes["place"] = SINGLE
        if "bin" in probe.axes or not {"layer", "tensor"} & set(probe.axes):
            continue
        shape = (replicas, *(sizes[axis] for axis in probe.axes[1:]))
        layers[key] = rng.uniform(0.1, 1, shape).astype(np.float32)
    return layers


def answers_of(header: Header, rng: np.random.Generator, share: float) -> Readings:
    """Return what networks answer over their inputs, or the weights that these meet first.

    It bends more and more as the run goes on; no two networks agree, nor do two snapshots.
    """
    replicas = len(header.slots)
    turn = np.linspace(0, 3, replicas)[:, None] + rng.normal(0, 0.05, (replicas, 1))
    ends = np.tile(np.array([-2.2, 2.2], np.float32), (replicas, 2, 1))
    places = np.linspace(-2.2, 2.2, PLACES)
    x, y = (one.ravel() for one in np.meshgrid(*[np.linspace(-2.2, 2.2, SMALL)] * 2))
    height = (1 + 4 * share) * (np.cos(turn) * x + np.sin(turn) * y + share * np.sin(3 * x))
    lead = np.abs(np.tanh(height / 2))  # of the one of two classes whose logit is so much higher
    surface = np.stack([height > 0, (1 + lead) / 2, lead], axis=1).astype(np.float16)
    fit = (0.2 + share) * np.sin(2 * places + turn)
    weights = rng.normal(0, 0.1, (replicas, 64, 1, 8, 8)) * (1 + share)
    made: Mapping[str, Readings] = {
        "moons": {"surface": surface, "input_range": ends},
        "sine": {"fit": fit.astype(np.float32), "input_range": ends[:, :1]},
        "digits": {"first_weights": weights.astype(np.float32)},
    }
    return made[header.experiment.data.dataset.key]


def way(replicas: int, share: float) -> np.ndarray:
    """Return where weights are on a way that bends, as those of networks do [R, numbers]."""
    ahead, aside = np.random.default_rng(0).normal(size=(2, replicas, NUMBERS))
    found: np.ndarray = np.sqrt(share) * ahead + 0.4 * share * aside
    return found


def growth(app: QApplication) -> float:
    """Return by how much Python's and numpy's memory grew over the last half of a run, MiB."""
    usual = run_of(EARLY, 2 * LATE)
    own = {key: run_of(EARLY, 2 * LATE, key) for key in DATA}
    plots = [shown(app, kind, own.get(key, usual)) for key, kind in PLOTS.items()]
    histories = (usual, *own.values())
    sizes = []
    tracemalloc.start()
    for _ in range(LATE // 10_000):
        for history in histories:
            history.extend(stretch(history, history.last_step + 1, 10_000))
        for plot in plots:
            plot.extend(own.get(plot.key, usual))
            plot.refresh()
        app.processEvents()
        gc.collect()
        readings = sum(kept(history) + albums(history) for history in histories)
        sizes.append(tracemalloc.get_traced_memory()[0] - readings)
    tracemalloc.stop()
    quarter = len(sizes) // 4
    return (median(sizes[-quarter:]) - median(sizes[2 * quarter : 3 * quarter])) / 2**20
