"""The trainability map is made of plain trainings, and its curve is theory's."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from initstudio.averages import averages_of
from initstudio.catalogue import Value
from initstudio.cells import cell_experiment, row_experiment
from initstudio.engine.phase import phase
from initstudio.engine.plan import plan
from initstudio.engine.studies import STUDIES, trainability
from initstudio.engine.study import Superseded
from initstudio.engine.train import train
from initstudio.engine.typical import activation_of, width_of
from initstudio.errors import ExperimentError
from initstudio.experiment import SGD, Choice, Experiment
from initstudio.history import Readings
from initstudio.presets import ARTICLE, multilayer
from initstudio.results import Results

STUDY = STUDIES["trainability"]
TANH = Choice("tanh")
ASKED = replace(ARTICLE, network=multilayer(3, 9, "tanh"))
SMALL: dict[str, Value] = {"rows": 2, "columns": 3, "deepest": 4, "steps": 20}


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainability, "_kept", type(trainability._kept)())


def nothing(_done: float) -> None:
    """Heed nothing."""


def begin(asked: Experiment, **params: Value) -> Iterator[Results | None]:
    return STUDY.begin(plan(asked), STUDY.parse({**SMALL, **params}), nothing)


def map_of(asked: Experiment, **params: Value) -> Readings:
    *before, last = begin(asked, **params)
    assert last is not None
    assert last.share == 1
    assert all(one is None or one.share < 1 for one in before)
    return last.values


def trained(asked: Experiment, steps: int) -> list[Readings]:
    running = train(asked)
    found = [next(running).readings for _ in range(steps)]
    running.close()
    return found


def test_a_cell_is_the_training_of_its_experiment() -> None:
    found = map_of(ASKED, bias_variance=0.04)
    np.testing.assert_array_equal(found["depth"], [2, 4])
    for row, column in ((0, 0), (1, 2)):
        cell = cell_experiment(
            ASKED,
            activation=TANH,
            depth=int(found["depth"][row]),
            width=9,
            weight_variance=float(found["weight_variance"][column]),
            bias_variance=0.04,
            steps=20,
        )
        plan(cell)
        readings = trained(cell, 20)
        losses = [float(one["loss"][0]) for one in readings]
        right = [float(one["accuracy"][0]) for one in readings]
        assert found["loss"][row, column] == np.mean(losses[-10:])
        assert found["accuracy"][row, column] == np.mean(right[-10:])
        assert found["start_loss"][row, column] == losses[0]


def test_a_cell_starts_as_mean_field_theory_does() -> None:
    cell = cell_experiment(
        ASKED, activation=TANH, depth=5, width=7, weight_variance=1.5, bias_variance=0.09, steps=10
    )
    resolved = plan(cell)
    for one in resolved.assignments[0]:
        weight = one.tensor.role == "weight"
        wanted = 1.5 / one.tensor.fan_in if weight else 0.09
        assert (one.law.kind, one.law.mean) == ("normal", 0)
        assert one.law.std**2 == pytest.approx(wanted)
    assert [layer.key for layer in cell.network] == ["linear", "tanh"] * 5 + ["output"]
    assert cell.data == ASKED.data
    assert cell.training.optimizer == ASKED.training.optimizer
    assert cell.title == "5 tanh layers of 7, sigma_w^2 1.5, sigma_b^2 0.09"


def test_a_row_has_as_many_cells_as_an_experiment_may_have_contenders() -> None:
    with pytest.raises(ValueError, match="17 cells in a row, and at most 16"):
        row_experiment(
            ASKED,
            activation=TANH,
            depth=2,
            width=2,
            weight_variances=[1.0] * 17,
            bias_variance=0,
            steps=1,
        )


def test_what_was_trained_is_not_trained_again(monkeypatch: pytest.MonkeyPatch) -> None:
    halves = (one.values for one in begin(ASKED) if one is not None and one.share == 0.5)
    first = next(halves)["loss"]
    assert np.isfinite(first[0]).all()
    assert np.isnan(first[1]).all()
    depths = []

    def counted(row: Experiment, *args: Any) -> Any:  # noqa: ANN401 - passed on as it is
        depths.append((len(row.network) - 1) // 2)
        return train(row, *args)

    monkeypatch.setattr(trainability, "train", counted)
    again = map_of(ASKED)
    assert depths == [4]
    np.testing.assert_array_equal(again["loss"][0], first[0])
    renamed = replace(ASKED, title="Another", contenders=ASKED.contenders[:1])
    np.testing.assert_array_equal(map_of(renamed)["loss"], again["loss"])
    assert depths == [4]
    map_of(ASKED, steps=11)
    assert depths == [4, 2, 4]


def test_the_curve_is_six_depth_scales_about_the_critical_point() -> None:
    found = map_of(ASKED, bias_variance=0.05)
    assert found["weight_variance"][[0, -1]] == pytest.approx([1.7610 / 2, 1.7610 * 2], rel=1e-3)
    scales = phase(averages_of("tanh", {}), found["curve_variance"], np.array(0.05)).depth
    np.testing.assert_allclose(found["curve_depth"], 6 * scales)
    nearest = int(np.argmin(np.abs(found["curve_variance"] - 1.3)))
    assert found["curve_depth"][nearest] == pytest.approx(6 * 7.83, rel=0.1)


def test_the_network_says_what_the_map_is_made_of() -> None:
    mixed = replace(
        ASKED,
        network=(
            Choice("linear", {"units": 10}),
            Choice("elu", {"alpha": 0.5}),
            Choice("linear", {"units": 30}),
            Choice("elu", {"alpha": 0.5}),
            Choice("linear", {"units": 20}),
            Choice("relu"),
            Choice("output"),
        ),
    )
    assert activation_of(plan(mixed).layers) == Choice("elu", {"alpha": 0.5})
    assert width_of(plan(mixed).layers) == 20
    bare = plan(replace(ASKED, network=(Choice("output"),)))
    assert activation_of(bare.layers) == TANH
    assert width_of(bare.layers) == 64


def test_what_overflows_is_not_finite() -> None:
    training = replace(ASKED.training, optimizer=SGD(), learning_rate=1000.0, loss="mse")
    wild = replace(ASKED, training=training, network=multilayer(1, 16, "relu"))
    found = map_of(wild, shallowest=4, rows=1)
    assert found["loss"].shape == (1, 3)
    assert np.isfinite(found["start_loss"]).all()
    assert not np.isfinite(found["loss"]).any()


def test_without_a_critical_point_the_map_lies_around_what_keeps_a_mean_square() -> None:
    *_, last = begin(replace(ASKED, network=multilayer(1, 4, "relu")), bias_variance=0.1, rows=1)
    assert last is not None
    np.testing.assert_allclose(last.values["weight_variance"], [1, 2.5, 4], rtol=1e-9)
    assert last.notes[0].startswith("No critical sigma_w^2 is known, so the map lies around 2: ")
    reached = last.values["curve_depth"]
    # beyond 2 lengths grow without bound, and the gradient with them
    chi = last.values["curve_variance"] / 2
    apart = np.abs(chi - 1) > 1e-6
    np.testing.assert_allclose(reached[apart], 6 / np.abs(np.log(chi[apart])), rtol=1e-6)
    *_, last = begin(replace(ASKED, network=multilayer(1, 4, "gelu")), bias_variance=0.0, rows=1)
    assert last is not None
    assert last.values["weight_variance"][1] == pytest.approx(1.25 * 1.5335**2, rel=1e-4)


def test_data_that_linear_layers_cannot_read_are_refused() -> None:
    text = replace(
        ASKED,
        data=replace(ASKED.data, dataset=Choice("copy")),
        network=(Choice("embedding"), Choice("flatten"), Choice("output")),
    )
    with pytest.raises(ExperimentError, match="they do not fit these data"):
        next(begin(text))
    with pytest.raises(ExperimentError, match="must not be the shallowest"):
        next(begin(ASKED, shallowest=9))


def test_images_are_laid_out_in_rows() -> None:
    pictures = replace(
        ASKED, network=(Choice("unflatten", {"channels": 1}), Choice("flatten"), Choice("output"))
    )
    row = row_experiment(
        pictures,
        activation=TANH,
        depth=1,
        width=2,
        weight_variances=[1.0],
        bias_variance=0,
        steps=3,
    )
    assert [layer.key for layer in row.network] == ["flatten", "linear", "tanh", "output"]
    assert plan(row).header.steps >= 3


def test_it_heeds_before_a_row_is_trained() -> None:
    def end(_done: float) -> None:
        raise Superseded

    with pytest.raises(Superseded):
        for _ in STUDY.begin(plan(ASKED), STUDY.parse(SMALL), end):
            pass
