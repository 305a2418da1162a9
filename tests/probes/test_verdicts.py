"""What is told of each validation example, against the plain network and a loop over them."""

import dataclasses
import math
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import pytest
import torch
from msgspec.structs import replace
from torch.nn import functional

from initstudio.engine.data import prepare, stream
from initstudio.engine.objective import loss_of, losses_of
from initstudio.engine.plan import plan
from initstudio.engine.reference import train_one
from initstudio.engine.train import train
from initstudio.experiment import Choice, Data, Experiment, Recording, Seeds, Training
from initstudio.history import Snapshot
from initstudio.measurement import Judged, Moment
from initstudio.presets import ARTICLE, DIGITS, contender
from initstudio.probes import PROBES
from initstudio.probes.verdicts import WORST

KEYS = ("confusion", "worst")
CONTENDERS = (contender("A", 0, "kaiming_normal"), contender("B", 1, "normal", std=0.5))
NOISY = (Choice("linear", {"units": 9}), Choice("batch_norm"), Choice("dropout"))


def digits(loss: str = "cross_entropy", *, seeds: int = 2) -> Experiment:
    return replace(
        DIGITS,
        network=(*NOISY, Choice("relu"), Choice("output")),
        data=Data(dataset=Choice("digits"), validation=0.3),
        training=Training(epochs=2, batch_size=200, learning_rate=1e-2, loss=loss),  # type: ignore[arg-type]
        contenders=CONTENDERS,
        seeds=Seeds(first=3, count=seeds),
    )


def recalled() -> Experiment:
    """Return networks that answer at three positions."""
    network = (
        Choice("embedding", {"features": 4}),
        Choice("lstm", {"hidden": 6, "output": "every"}),
        Choice("last_steps", {"count": 3}),
        Choice("output"),
    )
    data = Data(dataset=Choice("copy", {"examples": 150, "recall": 3, "delay": 2}))
    training = replace(digits().training, batch_size=60)
    return replace(digits(), network=network, data=data, training=training)


def ends_of(asked: Experiment) -> list[Snapshot]:
    return [one for one in train(asked, dtype=torch.float64) if "confusion" in one.readings]


def plain_answers(
    asked: Experiment, index: int, seed: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield the plain network's outputs on the validation part at each epoch's start, and truth.

    The plain loop has run its step when it tells of it, so the running statistics have moved;
    those from before it are used.
    """
    kept: list[dict[str, torch.Tensor]] = []
    data = prepare(plan(asked), seed)
    x, y = torch.from_numpy(data.validation_x), torch.from_numpy(data.validation_y)
    x = x.double() if x.is_floating_point() else x
    for step in train_one(asked, index, seed, dtype=torch.float64):
        buffers = {name: one.clone() for name, one in step.network.named_buffers()}
        before = kept[-1] if kept else fresh(buffers)
        kept.append(buffers)
        if step.validation is None:
            continue
        state = {**dict(step.network.named_parameters()), **before}
        step.network.eval()
        with torch.no_grad():
            outputs = torch.func.functional_call(step.network, state, (x,))
        step.network.train()
        yield outputs, y


def fresh(buffers: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return running statistics as they are before anything was seen."""
    return {
        name: torch.ones_like(one) if name.endswith("var") else torch.zeros_like(one)
        for name, one in buffers.items()
    }


def counted(outputs: torch.Tensor, truth: torch.Tensor, classes: int) -> npt.NDArray[np.int64]:
    """Return the table, example by example and position by position."""
    found = np.zeros((classes, classes), np.int64)
    for row, wanted in zip(outputs.flatten(0, -2).tolist(), truth.flatten().tolist(), strict=True):
        found[wanted, row.index(max(row))] += 1
    return found


def slow_loss(kind: str, row: list[float], wanted: int) -> float:
    """Return the loss of one example in plain arithmetic."""
    hot = [float(at == wanted) for at in range(len(row))]
    if kind == "cross_entropy":
        top = max(row)
        return top + math.log(sum(math.exp(one - top) for one in row)) - row[wanted]
    if kind == "mse":
        parts = [(one - goal) ** 2 for one, goal in zip(row, hot, strict=True)]
    elif kind == "huber":
        gaps = [abs(one - goal) for one, goal in zip(row, hot, strict=True)]
        parts = [gap**2 / 2 if gap < 1 else gap - 0.5 for gap in gaps]
    else:
        parts = [
            max(one, 0) - one * goal + math.log1p(math.exp(-abs(one)))
            for one, goal in zip(row, hot, strict=True)
        ]
    return sum(parts) / len(parts)


def one_by_one() -> Experiment:
    """Return networks that are trained one after another."""
    found = replace(digits(), network=(*NOISY, Choice("rrelu"), Choice("output")))
    assert plan(found).header.one_by_one
    return found


@pytest.mark.parametrize("make", [digits, recalled, one_by_one])
def test_the_table_is_that_of_a_loop_over_the_plain_network(
    make: Callable[[], Experiment],
) -> None:
    asked = make()
    # the last comes after the last update, where the plain loop has no step
    *ends, last = ends_of(asked)
    classes = plan(asked).facts.outputs
    for replica in range(4):
        seed = 3 + replica % 2
        answers = list(plain_answers(asked, replica // 2, seed))
        assert len(answers) == len(ends) == 2
        for shot, (outputs, truth) in zip(ends, answers, strict=True):
            wanted = counted(outputs, truth, classes)
            assert np.array_equal(shot.readings["confusion"][replica], wanted)
    for shot in (*ends, last):
        table = shot.readings["confusion"]
        held = prepare(plan(asked), 3).validation_y
        assert table.dtype == np.int32
        assert table.sum((1, 2)).tolist() == [held.size] * 4
        right = np.trace(table, axis1=1, axis2=2) / held.size
        np.testing.assert_allclose(right, shot.readings["validation_accuracy"], atol=1e-6)


@pytest.mark.parametrize("loss", ["cross_entropy", "mse", "huber", "bce"])
def test_the_worst_are_those_of_a_loop(loss: str) -> None:
    asked = digits(loss)
    *ends, last = ends_of(asked)
    assert last.readings["worst"].shape == (4, 4, WORST)
    for replica in range(4):
        seed = 3 + replica % 2
        order = stream(seed, "split").permutation(plan(asked).facts.examples)
        places = order[plan(asked).training_examples :].tolist()
        answers = plain_answers(asked, replica // 2, seed)
        for shot, (outputs, truth) in zip(ends, answers, strict=True):
            rows = outputs.tolist()
            told = [
                (slow_loss(loss, row, wanted), place, wanted, row.index(max(row)))
                for row, wanted, place in zip(rows, truth.tolist(), places, strict=True)
            ]
            told.sort(key=lambda one: -one[0])
            found = shot.readings["worst"][replica]
            assert found.dtype == np.float32
            np.testing.assert_allclose(found[1], [one[0] for one in told[:WORST]], rtol=1e-5)
            assert found[[0, 2, 3]].T.tolist() == [list(one[1:]) for one in told[:WORST]]


def test_nothing_else_depends_on_it() -> None:
    named = tuple(key for key in PROBES if key not in KEYS)
    without = list(train(replace(digits(), recording=Recording(every=3, probes=named))))
    whole = list(train(replace(digits(), recording=Recording(every=3))))
    for one, other in zip(without, whole, strict=True):
        assert one.readings.keys() == other.readings.keys() - set(KEYS)
        for key, values in one.readings.items():
            np.testing.assert_array_equal(values, other.readings[key])


def test_examples_are_judged_for_those_who_ask_only(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def noted(loss: str, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        asked.append(True)
        return losses_of(loss, outputs, targets)

    monkeypatch.setattr("initstudio.engine.program.losses_of", noted)
    list(train(replace(digits(), recording=Recording(probes=("loss", "validation_loss")))))
    assert not asked
    list(train(replace(digits(), recording=Recording(probes=("confusion",)))))
    assert asked


@pytest.mark.parametrize(
    ("data", "known"),
    [
        (Data(dataset=Choice("digits", {"layout": "flat"})), {"confusion", "worst"}),
        (Data(dataset=Choice("digits", {"layout": "image"})), {"confusion", "worst"}),
        (Data(dataset=Choice("random")), {"confusion"}),
        (Data(dataset=Choice("text")), {"confusion"}),
        (Data(dataset=Choice("sine")), set()),
    ],
)
def test_only_what_the_data_has_is_measured(data: Data, known: set[str]) -> None:
    loss = "mse" if data.dataset.key == "sine" else "cross_entropy"
    network: tuple[Choice, ...] = (Choice("flatten"), Choice("output"))
    if data.dataset.key == "text":
        network = (Choice("embedding", {"features": 2}), *network)
    training = replace(ARTICLE.training, loss=loss)
    asked = replace(ARTICLE, data=data, network=network, training=training)
    assert {probe.key for probe in plan(asked).probes} & set(KEYS) == known


def test_without_a_validation_part_there_is_no_reading() -> None:
    asked = replace(digits(), data=Data(dataset=Choice("digits"), validation=0.0))
    assert not any(set(KEYS) & shot.readings.keys() for shot in train(asked))


def judged(loss: list[float], predicted: list[int], truth: list[int]) -> Moment:
    return Moment(
        loss=torch.zeros(1),
        correct=torch.zeros(1),
        weights=(),
        gradients=(),
        activations=(),
        signals=(),
        layers=(),
        theory=lambda _quantity: torch.ones(1, 1),
        started=(),
        judged=Judged(
            predicted=torch.tensor([predicted]),
            truth=torch.tensor([truth]),
            loss=torch.tensor([loss]),
            example=torch.tensor([[10 * at for at in range(len(loss))]]),
            classes=3,
        ),
    )


def test_what_is_no_number_is_worst_of_all() -> None:
    moment = judged([1.0, math.nan, math.inf, 2.0, 1.0], [0, 0, 1, 2, 1], [0, 1, 2, 0, 1])
    places, loss, truth, predicted = PROBES["worst"].measure(moment)[0].tolist()
    assert places == [10, 20, 30, 0, 40]
    assert math.isnan(loss[0])
    assert loss[1:] == [math.inf, 2.0, 1.0, 1.0]
    assert truth == [1, 2, 0, 0, 1]
    assert predicted == [0, 1, 2, 0, 1]
    table = PROBES["confusion"].measure(moment)[0].tolist()
    assert table == [[1, 0, 1], [1, 1, 0], [0, 1, 0]]


@pytest.mark.parametrize("key", KEYS)
def test_a_moment_without_them_is_refused(key: str) -> None:
    moment = dataclasses.replace(judged([1.0], [0], [0]), judged=None)
    with pytest.raises(ValueError, match="judged"):
        PROBES[key].measure(moment)


@pytest.mark.parametrize("loss", ["cross_entropy", "mse", "huber", "bce"])
@pytest.mark.parametrize("positions", [(), (3,), (2, 2)])
def test_losses_of_examples_have_the_batches_mean(loss: str, positions: tuple[int, ...]) -> None:
    generator = torch.Generator().manual_seed(1)
    outputs = 3 * torch.randn(6, *positions, 4, generator=generator, dtype=torch.float64)
    targets = torch.randint(0, 4, (6, *positions), generator=generator)
    each = losses_of(loss, outputs, targets)
    assert each.shape == (6,)
    torch.testing.assert_close(each.mean(), loss_of(loss, outputs, targets))
    if loss == "cross_entropy" and not positions:
        wanted = functional.cross_entropy(outputs, targets, reduction="none")
        torch.testing.assert_close(each, wanted)
