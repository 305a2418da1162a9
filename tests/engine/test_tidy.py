"""The tidy table, read back as a person's own script would, number for number."""

import csv
import io
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from msgspec.structs import replace

from initstudio.bins import HEAD, SIZE
from initstudio.engine import tidy
from initstudio.engine.plan import plan
from initstudio.experiment import Experiment, Recording, Seeds
from initstudio.history import Header, Snapshot
from initstudio.measurement import Axis, Probe
from initstudio.presets import ARTICLE, contender, multilayer

PROBE_AXES: dict[str, tuple[Axis, ...]] = {
    "whole": ("replica",),
    "by_layer": ("replica", "layer"),
    "by_tensor": ("replica", "tensor"),
    "spread": ("replica", "tensor", "bin"),
    "pairs": ("replica", "layer", "pair"),
    "ranks": ("replica", "tensor", "rank"),
    "table": ("replica", "class", "class"),
    "told": ("replica", "verdict", "rank"),
    "places": ("replica", "place"),
    "cells": ("replica", "quantity", "cell"),
    "odd": ("replica", "bin"),
}


def probe(key: str) -> Probe:
    return Probe(
        key=key,
        label=key,
        summary="",
        unit="",
        axes=PROBE_AXES[key],
        cadence="step",
        measure=lambda moment: moment.loss,
    )


@pytest.fixture(autouse=True)
def _probes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tidy, "PROBES", {key: probe(key) for key in PROBE_AXES})


def header() -> Header:
    names = ("Plain", 'A "name", with\na line', "Plain")
    experiment = Experiment(
        network=multilayer(2, 3, "relu"),
        data=ARTICLE.data,
        contenders=tuple(
            contender(name, slot, "xavier_uniform")
            for name, slot in zip(names, (4, 1, 0), strict=True)
        ),
        seeds=Seeds(first=7, count=2),
        recording=Recording(probes=()),
    )
    return plan(experiment).header


HEADER = header()
REPLICAS, LAYERS, TENSORS = 6, 5, 3
FLOATS = st.floats(width=32, allow_nan=True, allow_infinity=True)


def table(snapshot: Snapshot) -> list[dict[str, str]]:
    text = tidy.HEADING + tidy.Tidy(HEADER).lines(snapshot)
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert all(None not in row and None not in row.values() for row in rows)
    return rows


@given(
    arrays(np.float32, (REPLICAS,), elements=FLOATS),
    arrays(np.float32, (REPLICAS, LAYERS), elements=FLOATS),
    arrays(np.float32, (REPLICAS, TENSORS), elements=FLOATS),
)
def test_every_number_comes_back_exactly_with_its_place(
    whole: np.ndarray, by_layer: np.ndarray, by_tensor: np.ndarray
) -> None:
    readings = {"whole": whole, "by_layer": by_layer, "by_tensor": by_tensor}
    rows = table(Snapshot(12, readings))
    found = {
        (row["probe"], row["slot"], row["seed"], row["layer"]): np.float32(row["value"])
        for row in rows
    }
    assert len(found) == len(rows) == REPLICAS * (1 + LAYERS + TENSORS)
    assert {row["step"] for row in rows} == {"12"}
    assert {row["bin_low"] + row["bin_high"] for row in rows} == {""}
    for replica in range(REPLICAS):
        who = (str([4, 1, 0][replica // 2]), str(7 + replica % 2))
        expected = {("whole", *who, ""): whole[replica]}
        for index in range(LAYERS):
            expected["by_layer", *who, HEADER.layers[index]] = by_layer[replica, index]
        for index in range(TENSORS):
            expected["by_tensor", *who, HEADER.tensors[index]] = by_tensor[replica, index]
        for place, value in expected.items():
            assert np.array_equal(found[place], value, equal_nan=True)


def test_names_that_csv_must_quote_come_back() -> None:
    rows = table(Snapshot(0, {"whole": np.zeros(REPLICAS, np.float32)}))
    assert [row["contender"] for row in rows] == [
        one.name for one in HEADER.experiment.contenders for _ in range(2)
    ]


def test_what_is_not_finite_is_spelled_out() -> None:
    values = np.array([math.nan, math.inf, -math.inf, 0.1, 1e-45, -0.0], np.float32)
    rows = table(Snapshot(0, {"whole": values}))
    assert [row["value"] for row in rows] == ["nan", "inf", "-inf", "0.1", "1e-45", "-0.0"]


def test_a_distribution_is_its_filled_bins() -> None:
    counts = np.zeros((REPLICAS, TENSORS, SIZE), np.int32)
    counts[..., 0] = -3
    counts[2, 1, :4] = (-3, -5, 4, 13)
    counts[2, 1, HEAD + 0] = 6
    counts[2, 1, HEAD + 7] = 7
    rows = table(Snapshot(3, {"spread": counts}))
    assert [(row["bin_low"], row["bin_high"], row["value"]) for row in rows] == [
        ("-0.625", "-0.5", "6"),
        ("0.25", "0.375", "7"),
        ("nan", "nan", "4"),
    ]
    place = {(row["slot"], row["seed"], row["layer"]) for row in rows}
    assert place == {("1", "7", HEADER.tensors[1])}


def test_readings_of_an_unknown_form_are_refused() -> None:
    with pytest.raises(ValueError, match="bin"):
        table(Snapshot(0, {"odd": np.zeros((REPLICAS, 3), np.float32)}))


def test_pairs_and_ranks_are_numbered_from_one() -> None:
    pairs = np.arange(REPLICAS * LAYERS * 28, dtype=np.float32).reshape(REPLICAS, LAYERS, 28)
    ranks = np.arange(REPLICAS * TENSORS * 16, dtype=np.float32).reshape(REPLICAS, TENSORS, 16)
    rows = table(Snapshot(0, {"pairs": pairs, "ranks": ranks}))
    assert len(rows) == pairs.size + ranks.size
    first = [row for row in rows if row["probe"] == "pairs"][:28]
    wanted = [(one + 1, other + 1) for one in range(8) for other in range(one + 1, 8)]
    assert [(int(row["bin_low"]), int(row["bin_high"])) for row in first] == wanted
    assert [float(row["value"]) for row in first] == list(range(28))
    last = [row for row in rows if row["probe"] == "ranks"][-16:]
    assert [(row["bin_low"], row["bin_high"]) for row in last] == [
        (str(n), "") for n in range(1, 17)
    ]
    assert [float(row["value"]) for row in last] == ranks[-1, -1].tolist()


def test_a_table_of_classes_is_what_is_not_zero_in_it() -> None:
    counts = np.zeros((REPLICAS, 4, 4), np.int32)
    counts[2, 3, 1], counts[2, 0, 0] = 7, 12
    rows = table(Snapshot(3, {"table": counts}))
    found = [(row["slot"], row["seed"], row["bin_low"], row["bin_high"]) for row in rows]
    assert found == [("1", "7", "0", "0"), ("1", "7", "3", "1")]
    assert [row["value"] for row in rows] == ["12", "7"]
    assert {row["layer"] for row in rows} == {""}


def test_what_is_told_of_the_worst_comes_back_with_its_name() -> None:
    told = np.arange(REPLICAS * 4 * 5, dtype=np.float32).reshape(REPLICAS, 4, 5)
    told[0, 1, 0] = math.nan
    rows = table(Snapshot(3, {"told": told}))
    assert len(rows) == told.size
    first = [row for row in rows if row["slot"] == "4" and row["seed"] == "7"]
    names = ("example", "loss", "class", "predicted class")
    assert [(row["layer"], row["bin_low"]) for row in first] == [
        (name, str(at)) for name in names for at in range(1, 6)
    ]
    assert [np.float32(row["value"]) for row in first][:5] == told[0, 0].tolist()
    assert first[5]["value"] == "nan"


def test_what_lies_along_axes_is_numbered_and_cells_are_written_if_they_are_named() -> None:
    places = np.arange(REPLICAS * 5, dtype=np.float32).reshape(REPLICAS, 5)
    cells = np.arange(REPLICAS * 6, dtype=np.float16).reshape(REPLICAS, 2, 3)
    shot = Snapshot(0, {"places": places, "cells": cells})
    rows = table(shot)
    assert [(row["bin_low"], float(row["value"])) for row in rows[:5]] == [
        (str(at + 1), at) for at in range(5)
    ]
    assert {row["probe"] for row in rows} == {"places"}
    experiment = replace(HEADER.experiment, recording=Recording(probes=("cells",)))
    text = tidy.HEADING + tidy.Tidy(replace(HEADER, experiment=experiment)).lines(shot)
    found = [row for row in csv.DictReader(io.StringIO(text)) if row["probe"] == "cells"]
    assert [(row["bin_low"], row["bin_high"], float(row["value"])) for row in found[:6]] == [
        (str(1 + at // 3), str(1 + at % 3), at) for at in range(6)
    ]
