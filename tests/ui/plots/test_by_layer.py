"""Pictures by layer draw what was read: the same numbers the slow way, and sentences where none."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from initstudio.bins import BINS, HEAD
from initstudio.catalogue import Value
from initstudio.experiment import Recording
from initstudio.history import History, Readings
from initstudio.presets import multilayer
from initstudio.ui.chart.colours import amounts, signs
from initstudio.ui.chart.contender_line import Pin
from initstudio.ui.plots import PLOTS
from initstudio.ui.plots.layer_plot import LayerPlot
from initstudio.ui.plots.plot import Plot
from tests.synthetic import (
    binned,
    experiment_of,
    falling,
    header_of,
    history_of,
    layers_of,
    stretch_from,
)

Array = npt.NDArray[np.float64]
KEYS = (
    "activation_std", "gradient_norm", "similarity", "activity", "change", "activations", "spectrum"
)  # fmt: skip
EVERY = [
    (key, name)
    for key, kind in PLOTS.items()
    if issubclass(kind, LayerPlot)
    for name in kind.quantities
]
every_quantity = pytest.mark.parametrize(("key", "name"), EVERY)


def run_of(
    first: Readings | None = None,
    latest: Readings | None = None,
    contenders: int = 3,
    seeds: int = 3,
) -> History:
    """Return a run with these readings at the start and at step 20, others are made up."""
    header = header_of(experiment_of(contenders, seeds))
    history = History(header)
    made = layers_of(header)
    loss = falling(header, 21)
    history.extend(stretch_from(header, loss[:1], 0, {**made, **(first or {})}))
    if latest is not None:
        history.extend(stretch_from(header, loss[1:], 1, {**made, **latest}))
    return history


def shown(qtbot: QtBot, key: str, history: History, **options: Value) -> Plot:
    plot = PLOTS[key]()
    qtbot.addWidget(plot)
    plot.resize(640, 420)
    plot.show_options(options)
    plot.show_contenders(history.header.experiment.contenders)
    plot.restart(history)
    plot.show()
    for _ in range(2):
        plot.refresh(settle=True)
        plot.grab()
    return plot


def layer_plot(qtbot: QtBot, key: str, history: History, **options: Value) -> LayerPlot:
    plot = shown(qtbot, key, history, **options)
    assert isinstance(plot, LayerPlot)
    return plot


def drawn(plot: Plot, key: object) -> tuple[Array, Array]:
    item = plot.canvas._items["line", key]
    assert item.isVisible()
    return np.asarray(item.x_values), np.asarray(item.y_values)


def is_drawn(plot: Plot, kind: str, key: object) -> bool:
    item = plot.canvas._items.get((kind, key))
    return item is not None and item.isVisible()


def options_of(key: str, name: str) -> dict[str, Value]:
    fields = PLOTS[key].Options.__struct_fields__
    found: dict[str, Value] = {"quantity": name} if "quantity" in fields else {}
    if "scale" in fields:
        found["scale"] = "linear"
    if "layers" in fields:
        found["layers"] = "all"
    return found


@every_quantity
def test_the_line_is_the_median_of_what_was_read(key: str, name: str, qtbot: QtBot) -> None:
    if key in ("similarity", "spectrum"):
        pytest.skip("has a test of its own")
    kind = PLOTS[key]
    assert issubclass(kind, LayerPlot)
    quantity = kind.quantities[name]
    rng = np.random.default_rng(7)
    made = layers_of(header_of(experiment_of(3, 3)))[quantity.reading]
    first, latest = (made * rng.uniform(0.5, 2, made.shape).astype(np.float32) for _ in range(2))
    history = run_of({quantity.reading: first}, {quantity.reading: latest})
    plot = layer_plot(qtbot, key, history, **options_of(key, name))
    for slot in range(3):
        for what, readings in ((slot, latest), (("start", slot), first)):
            rows = readings[3 * slot : 3 * slot + 3]
            wanted = [
                sorted(float(one) for one in column)[1] * quantity.times
                for column in rows.T
                if not np.isnan(column).any()
            ]
            x, y = drawn(plot, what)
            np.testing.assert_allclose(y, wanted, rtol=1e-6)
            assert x.tolist() == list(range(len(wanted)))
    names = plot.canvas.bottom.names
    assert len(names) == len(drawn(plot, 0)[0])
    assert plot.canvas.left.labelText == quantity.axis
    cells = plot.data(history)
    assert cells[1][2] == names[0]
    assert cells[1][4] == pytest.approx(latest[0][~np.isnan(latest[0])][0] * quantity.times)


@pytest.mark.parametrize("layers", ["activations", "before", "all"])
def test_the_layers_are_those_that_were_chosen(layers: str, qtbot: QtBot) -> None:
    header = header_of(experiment_of(1))
    reading = np.arange(1.0, len(header.layers) + 1, dtype=np.float32)[None]
    history = run_of({"activation_std": reading}, contenders=1, seeds=1)
    plot = shown(qtbot, "activation_std", history, layers=layers, scale="linear")
    wanted = {
        "activations": [label for label in header.layers if "ReLU" in label],
        "before": [
            one
            for one, after in zip(header.layers, header.layers[1:], strict=False)
            if "ReLU" in after
        ],
        "all": list(header.layers),
    }[layers]
    assert list(plot.canvas.bottom.names) == wanted
    expected = [header.layers.index(label) + 1 for label in wanted]
    assert drawn(plot, 0)[1].tolist() == expected


def test_theory_of_the_gradient_begins_at_the_last_layer(qtbot: QtBot) -> None:
    header = header_of(experiment_of(1))
    count = len(header.layers)
    measured = np.geomspace(1e-3, 0.5, count)[None].astype(np.float32)
    theory = np.geomspace(1e-2, 1, count)[None].astype(np.float32)
    history = run_of({"signal_std": measured, "signal_theory": theory}, contenders=1, seeds=1)
    plot = shown(qtbot, "gradient_norm", history, quantity="signal", scale="linear")
    np.testing.assert_allclose(drawn(plot, ("signal_theory", 0))[1], theory[0] * 0.5, rtol=1e-6)
    assert "scaled to the last layer" in plot.notes


def test_what_the_biases_make_is_a_line_of_its_own_where_they_make_anything(qtbot: QtBot) -> None:
    header = header_of(experiment_of(2))
    part = np.full((2, len(header.layers)), 0.02, np.float32)
    part[1] = 1e-40
    history = run_of({"second_from_biases": part}, seeds=1, contenders=2)
    plot = shown(qtbot, "activation_std", history, quantity="second", layers="all", scale="linear")
    np.testing.assert_allclose(drawn(plot, ("second_from_biases", 0))[1], 0.02, rtol=1e-6)
    assert np.isnan(drawn(plot, ("second_from_biases", 1))[1]).all()
    assert "what the biases alone make" in plot.notes
    part[0] = 0
    history = run_of({"second_from_biases": part}, seeds=1, contenders=2)
    plot = shown(qtbot, "activation_std", history, quantity="second")
    assert "biases" not in plot.notes


def test_similarity_is_the_mean_over_pairs_and_their_quartiles(qtbot: QtBot) -> None:
    header = header_of(experiment_of(1, 3))
    rng = np.random.default_rng(3)
    cosines = rng.uniform(-1, 1, (3, len(header.layers), 28)).astype(np.float32)
    cosines[1, 0, 5:] = np.nan  # fewer examples
    cosines[2, 1] = np.nan  # outputs that are all 0
    plot = layer_plot(qtbot, "similarity", run_of({"cosines": cosines}, contenders=1), layers="all")
    _, y = drawn(plot, 0)
    for layer in range(len(header.layers)):
        means = []
        for seed in range(3):
            known = [float(one) for one in cosines[seed, layer] if one == one]  # noqa: PLR0124
            means.append(sum(known) / len(known) if known else np.inf)
        assert y[layer] == pytest.approx(sorted(means)[1], abs=1e-6)
        every = cosines[:, layer][np.isfinite(cosines[:, layer])]
        low, high = np.quantile(every.astype(np.float64), (0.25, 0.75))
        assert plot._curves[0].low[layer] == pytest.approx(low)
        assert plot._curves[0].high[layer] == pytest.approx(high)
    assert plot.canvas.view[1] == (-1.05, 1.05)


def test_bands_over_pairs_are_left_out_where_they_would_hide_one_another(qtbot: QtBot) -> None:
    for contenders, banded in ((4, True), (5, False)):
        plot = shown(qtbot, "similarity", run_of(contenders=contenders, seeds=1))
        assert is_drawn(plot, "area", 0) == banded
        assert ("mean and quartiles of" in plot.notes) == banded


def test_the_cosine_map_has_each_pair_in_its_cell_and_tells_it(qtbot: QtBot) -> None:
    header = header_of(experiment_of(2))
    rng = np.random.default_rng(4)
    cosines = rng.uniform(-1, 1, (2, len(header.layers), 28)).astype(np.float32)
    plot = shown(
        qtbot,
        "similarity",
        run_of({"cosines": cosines}, contenders=2, seeds=1),
        style="map",
        layer="2",
    )
    for slot in range(2):
        item = plot.canvas._items["image", slot]
        pair = 0
        for one in range(8):
            for other in range(one + 1, 8):
                value = np.array(cosines[slot, 2, pair])
                wanted = signs(plot.theme).of(value, -1, 1)
                # the item holds the uppermost row first
                assert (item._pixels[one, other] == wanted).all()
                assert (item._pixels[other, one] == wanted).all()
                pair += 1
    (left, right), (bottom, top) = plot._panels[1].area  # type: ignore[attr-defined]
    assert right - left == pytest.approx(top - bottom)
    side = (right - left) / 8
    plot.canvas.pointed.emit((left + 5.5 * side, top - 2.5 * side))
    found = [label.value for label in plot.legend.labels]
    at = [(one, other) for one in range(8) for other in range(one + 1, 8)].index((2, 5))
    for text, value in zip(found, cosines[:, 2, at], strict=True):
        assert float(text.replace("−", "-")) == pytest.approx(value, rel=0.06)
    assert "Inputs 3 and 6" in plot.canvas.toolTip()
    plot.canvas.pointed.emit(None)
    mean = float(plot.legend.labels[0].value.replace("−", "-"))
    assert mean == pytest.approx(cosines[0, 2].mean(), rel=0.06, abs=1e-3)


def test_the_spectrum_is_that_of_the_chosen_layer(qtbot: QtBot) -> None:
    header = header_of(experiment_of(2))
    rng = np.random.default_rng(5)
    first, latest = rng.uniform(0.1, 3, (2, 2, len(header.tensors), 16)).astype(np.float32)
    history = run_of({"singular_values": first}, {"singular_values": latest}, 2, 1)
    plot = shown(qtbot, "spectrum", history, layer="1", scale="log")
    for slot in range(2):
        np.testing.assert_allclose(drawn(plot, slot)[1], np.log10(latest[slot, 1]), rtol=1e-5)
        start = drawn(plot, ("start", slot))[1]
        np.testing.assert_allclose(start, np.log10(first[slot, 1]), rtol=1e-5)


def test_the_map_of_activations_is_each_layer_over_its_highest_density(qtbot: QtBot) -> None:
    header = header_of(experiment_of(1))
    rng = np.random.default_rng(6)
    values = [rng.normal(0, 0.5 + at, 4000).clip(-7, 7) for at in range(len(header.layers))]
    reading = np.stack([binned(one, -4) for one in values])[None]
    plot = shown(
        qtbot, "activations", run_of({"activations": reading}, contenders=1, seeds=1), layers="all"
    )
    item = plot.canvas._items["image", 0]
    pixels = item._pixels[::-1]
    low, high = item._area.top(), item._area.bottom()
    cells = len(pixels)
    width = 2.0 ** round(np.log2((high - low) / cells))
    assert (high - low) / cells == pytest.approx(width), "cells are whole bins"
    shades = amounts(plot.theme)
    for layer, one in enumerate(values):
        counts: dict[int, int] = {}
        for value in one:
            counts[int(np.floor(value / width))] = counts.get(int(np.floor(value / width)), 0) + 1
        most = max(counts.values())
        for row in range(cells):
            count = counts.get(int(np.floor((low + (row + 0.5) * width) / width)), 0)
            found = pixels[row, layer]
            if count == 0:
                assert found[3] == 0
            else:
                assert (found == shades.of(np.array(np.log10(count / most)), -3, 0)).all()


def test_ridges_stand_on_their_layers_in_order_with_the_start_behind(qtbot: QtBot) -> None:
    header = header_of(experiment_of(1))
    count = len(header.layers)
    rng = np.random.default_rng(8)

    def reading(shift: float) -> npt.NDArray[np.int32]:
        each = [binned(rng.normal(shift + at, 0.2, 3000), -5) for at in range(count)]
        return np.stack(each)[None]

    history = run_of({"activations": reading(0)}, {"activations": reading(0.5)}, 1, 1)
    plot = shown(qtbot, "activations", history, layers="all", style="ridges")
    for what, shift in ((0, 0.5), (("start", 0), 0.0)):
        x, y = drawn(plot, what)
        turns = np.flatnonzero(np.diff(np.isfinite(np.pad(y, 1, constant_values=np.nan))))
        assert len(turns) == 2 * count, "one line for each layer"
        for layer, (start, end) in enumerate(turns.reshape(-1, 2)):
            top = start + int(np.argmax(y[start:end]))
            assert x[top] == pytest.approx(shift + layer, abs=0.15), "each layer has its own mean"
            assert y[top] - np.min(y[start:end]) == pytest.approx(1.7, abs=0.02)
            assert y[top] == pytest.approx(count - 1 - layer + 1.7)
    assert plot.canvas.left.names == header.layers[::-1]
    assert "faint: at the start" in plot.notes


def test_one_contender_can_be_chosen(qtbot: QtBot) -> None:
    plot = shown(qtbot, "activations", run_of(), contender="2")
    assert is_drawn(plot, "image", 2)
    assert not is_drawn(plot, "image", 0)
    assert [label.name for label in plot.legend.labels] == ["Way 2"]


def test_dead_and_saturated_leave_out_what_cannot_be(qtbot: QtBot) -> None:
    header = header_of(experiment_of(3, 3))
    saturated = np.full((9, len(header.layers)), np.nan, np.float32)
    history = run_of({"saturated": saturated})
    plot = shown(qtbot, "activity", history, quantity="saturated")
    assert plot.canvas.message == "No activation function of this network levels off at both ends."
    plot.set_option("quantity", "dead")
    plot.refresh()
    assert plot.canvas.message == ""
    assert list(plot.canvas.bottom.names) == [header.layers[at] for at in header.activations]


def test_no_update_yet_is_a_sentence_and_a_guide_shows_what_is_healthy(qtbot: QtBot) -> None:
    made = layers_of(header_of(experiment_of(3, 3)))["update_ratio"]
    before = run_of({"update_ratio": np.full_like(made, np.nan)})
    plot = shown(qtbot, "change", before)
    assert plot.canvas.message == "There has been no update yet."
    after = run_of({"update_ratio": np.full_like(made, np.nan)}, {"update_ratio": made})
    plot = shown(qtbot, "change", after)
    assert plot.canvas.message == ""
    assert (drawn(plot, "guide")[1] == -3).all()
    assert "0.001" in plot.notes


def test_the_mouse_reads_the_values_of_a_layer(qtbot: QtBot) -> None:
    header = header_of(experiment_of(1))
    reading = np.linspace(1, 2, len(header.layers), dtype=np.float32)[None]
    history = run_of({"activation_std": reading}, contenders=1, seeds=1)
    plot = shown(qtbot, "activation_std", history, layers="all")
    plot.canvas.hovered.emit(1.2)
    assert float(plot.legend.labels[0].value) == pytest.approx(float(reading[0, 1]), abs=0.005)
    plot.canvas.hovered.emit(None)
    assert plot.legend.labels[0].value == ""
    assert plot.canvas.viewbox.mapViewToScene(QPointF(0, 0))


@every_quantity
def test_a_reading_that_is_missing_is_a_sentence(key: str, name: str, qtbot: QtBot) -> None:
    kind = PLOTS[key]
    assert issubclass(kind, LayerPlot)
    reading = kind.quantities[name].reading
    for history, wanted in ((run_of(), kind.invitation), (run_of(latest={}), "was not measured")):
        del history.first[reading]
        history.latest = {key: one for key, one in history.latest.items() if key != reading}
        plot = shown(qtbot, key, history, **options_of(key, name))
        assert plot.data(history)[1:] == []
        only = len(kind.reads) == 1
        assert (kind.invitation if only else wanted) in plot.canvas.message
    chosen = tuple(one for one in history.latest if one != reading)
    recording = Recording(probes=chosen)
    header = history.header
    other = History(replace(header, experiment=replace(header.experiment, recording=recording)))
    other.first, other.latest, other.layers_step = history.first, history.latest, 20
    plot = shown(qtbot, key, other, **options_of(key, name))
    assert "was not recorded in this run." in plot.canvas.message


def hostile() -> Mapping[str, float]:
    return {"nan": np.nan, "inf": np.inf, "large": 1e308, "small": 5e-324, "zero": 0.0, "one": 1.0}


@every_quantity
@pytest.mark.parametrize("value", list(hostile()))
@pytest.mark.parametrize("scale", ["linear", "log"])
def test_hostile_numbers_are_drawn_or_told(
    key: str, name: str, value: str, scale: str, qtbot: QtBot
) -> None:
    kind = PLOTS[key]
    assert issubclass(kind, LayerPlot)
    readings = {}
    for reading in kind.quantities[name].readings:
        made = layers_of(header_of(experiment_of(3, 3)))[reading].astype(np.float64)
        made[:] = hostile()[value]  # all of them
        readings[reading] = made
    options = {**options_of(key, name), "scale": scale}
    if "scale" not in kind.Options.__struct_fields__:
        del options["scale"]
    whole = shown(qtbot, key, run_of(readings, readings), **options)
    if value in ("nan", "inf", "large"):
        assert whole.canvas.message or key == "similarity"
    some = {}
    for reading, made in readings.items():
        usual = layers_of(header_of(experiment_of(3, 3)))[reading].astype(np.float64)
        usual[3:6] = made[3:6]
        some[reading] = usual
    plot = shown(qtbot, key, run_of(some, some), **options)
    assert plot.canvas.message == ""
    assert np.isfinite(drawn(plot, 0)[1]).any()
    assert np.isfinite(drawn(plot, 2)[1]).any()
    if value in ("nan", "inf") and name not in ("dead", "saturated"):
        assert "Way 1: no finite number" in plot.notes
    for style in ("map",) if key == "similarity" else ():
        shown(qtbot, key, run_of(some, readings), style=style)


@pytest.mark.parametrize("style", ["map", "ridges"])
@pytest.mark.parametrize(
    ("values", "exponent"),
    [
        ([np.nan, np.inf], 0),
        ([], 0),
        ([0.0] * 9, -100),
        ([0.5] * 9, -23),
        ([1e38, -1e38], 119),
        ([1e308, -1e308], 1016),
        ([5e-324, 0.0], -1074),
        ([1e-45, 3e-45], -150),
    ],
)
def test_hostile_outputs_are_drawn_or_told(
    style: str, values: list[float], exponent: int, qtbot: QtBot
) -> None:
    with np.errstate(over="ignore"):
        one = binned(np.array(values), exponent)
    assert one[HEAD : HEAD + BINS].sum() == one[3]
    made = layers_of(header_of(experiment_of(3)))["activations"]
    whole, some = made.copy(), made.copy()
    whole[:], some[1] = one, one
    for reading in (whole, some):
        for latest in (None, {"activations": reading}):
            history = run_of({"activations": reading}, latest, seeds=1)
            plot = shown(qtbot, "activations", history, style=style)
            plot.data(history)
            if reading is whole and one[3] == 0:
                assert plot.canvas.message == "No contender has a finite value here."
            else:
                assert plot.canvas.message == ""
            if reading is some and one[3] == 0:
                assert "Way 1: no finite value in" in plot.notes


@pytest.mark.parametrize("key", KEYS)
def test_a_network_of_one_layer_is_drawn(key: str, qtbot: QtBot) -> None:
    base = experiment_of(2)
    experiment = replace(base, network=(base.network[-1],))
    header = header_of(experiment)
    assert len(header.layers) == 1
    history = History(header)
    history.extend(stretch_from(header, falling(header, 3)))
    fields = PLOTS[key].Options.__struct_fields__
    plot = shown(qtbot, key, history)
    if "layers" in fields:
        assert plot.canvas.message == (
            "This network has no activation functions; choose All layers."
        )
        plot.set_option("layers", "all")
        plot.refresh()
        plot.grab()
        assert plot.canvas.message == ""


def test_a_thousand_layers_are_thinned_in_maps_and_said(qtbot: QtBot) -> None:
    history = run_of(contenders=2, seeds=1)
    labels = tuple(f"{at} ReLU" for at in range(1000))
    header = replace(history.header, layers=labels, activations=tuple(range(1000)))
    many = History(header)
    many.extend(stretch_from(header, falling(header, 2)))
    for style in ("map", "ridges"):
        plot = shown(qtbot, "activations", many, style=style)
        assert "one layer of" in plot.notes
    for key in ("activation_std", "similarity", "activity"):
        assert shown(qtbot, key, many).canvas.message == ""


def test_a_pinned_run_with_other_kinds_of_layers_is_drawn_at_the_same_places(qtbot: QtBot) -> None:
    present = experiment_of(2)
    tanh = replace(present, network=multilayer(2, 64, "tanh"))
    deeper = replace(present, network=multilayer(3, 64, "relu"))
    plot = shown(qtbot, "activation_std", history_of(present), scale="linear")
    plot.show_pins((Pin("Run 1", history_of(tanh)), Pin("Run 2", history_of(deeper))))
    plot.refresh()
    _, before = drawn(plot, (1, 0))
    np.testing.assert_allclose(before, drawn(plot, 0)[1])
    assert "Run 1: layers of other kinds, at the same places" in plot.notes
    assert "Run 2 has other layers, and is not shown" in plot.notes
    rows = plot.data(history_of(present))
    layers = [{row[2] for row in rows if row[0] == name} for name in ("Way 0", "Way 0 (Run 1)")]
    assert layers == [{"2 ReLU", "4 ReLU"}, {"2 Tanh", "4 Tanh"}]
