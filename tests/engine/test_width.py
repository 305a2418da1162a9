"""The width check measures what plain loops do, and tells muP from the standard parametrization."""

from itertools import islice

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from torch import nn

from initstudio.catalogue import Value
from initstudio.engine.data import batches, prepare
from initstudio.engine.initialize import initialize
from initstudio.engine.plan import plan
from initstudio.engine.studies import STUDIES
from initstudio.engine.studies.width import slopes, widened, widths_up_to
from initstudio.engine.study import Superseded
from initstudio.errors import ExperimentError
from initstudio.experiment import SGD, Choice, Experiment
from initstudio.presets import ARTICLE, contender, multilayer
from initstudio.results import Results
from initstudio.schedule import WarmUp

STUDY = STUDIES["width"]
ASKED = replace(
    ARTICLE,
    network=multilayer(3, 48, "relu"),
    training=replace(ARTICLE.training, batch_size=64, learning_rate=1e-2),
    contenders=(contender("Kaiming", 3, "kaiming_normal"), contender("muP", 1, "mup", "mup_bias")),
)
DROPPED = (Choice("linear"), Choice("dropout"), Choice("relu"), Choice("output"))


def nothing(_done: float) -> None:
    """Heed nothing."""


def check(asked: Experiment, **params: Value) -> Results:
    *before, last = STUDY.begin(plan(asked), STUDY.parse(params), nothing)
    assert last is not None
    assert last.share == 1
    assert all(one is None or one.share < 1 for one in before)
    return last


def by_hand(width: int, steps: int) -> list[list[float]]:
    """Return the mean |z| of the Linear layers of plain networks on the first batch."""
    resolved = plan(replace(ASKED, network=multilayer(3, width, "relu")))
    network = initialize(resolved, 0, 0)
    split = prepare(resolved, 0)
    x, y = torch.from_numpy(split.train_x), torch.from_numpy(split.train_y)
    order = batches(0, len(x), 64, 0)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    found = []
    for index in order[: steps + 1]:
        signal, sizes = x[order[0]], []
        for module in network:
            signal = module(signal)
            if isinstance(module, nn.Linear):
                sizes.append(signal.detach().double().abs().mean().item())
        found.append(sizes)
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(x[index]), y[index]).backward()
        optimizer.step()
    return found


def test_it_measures_plain_networks() -> None:
    found = check(ASKED, most=64, steps=3).values
    np.testing.assert_array_equal(found["widths"], [32, 64])
    np.testing.assert_array_equal(found["layers"], [0, 2, 4, 6])
    for at, width in enumerate((32, 64)):
        np.testing.assert_allclose(found["size"][0, at], by_hand(width, 3), rtol=1e-3)


def test_mup_stays_and_the_standard_grows() -> None:
    """Mean |z| of layer 2 is 1.1, 2.1, 8.8 at widths 64, 256, 1024; other data move it by some."""
    sizes, rises = [], []
    for seed in range(4):
        asked = replace(ASKED, seeds=replace(ASKED.seeds, first=seed))
        found = check(asked, most=1024).values
        sizes.append(found["size"][:, [1, 3, 5], 4, 1])
        rises.append(found["slope"])
    kaiming, mup = np.mean(sizes, axis=0)
    assert kaiming == pytest.approx([1.1, 2.1, 8.8], rel=0.2)
    assert mup == pytest.approx([1.1, 1.1, 1.1], rel=0.1)
    assert np.mean(rises, axis=0)[0, 1] > 0.5
    assert abs(np.mean(rises, axis=0)[1, 1]) < 0.1


def test_the_slope_is_numpys_least_squares() -> None:
    size = np.random.default_rng(0).lognormal(size=(2, 4, 3))
    widths = [32, 64, 128, 256]
    found = slopes(widths, size)
    for contender_at in range(2):
        for layer in range(3):
            line = np.polyfit(np.log2(widths), np.log2(size[contender_at, :, layer]), 1)
            assert found[contender_at, layer] == pytest.approx(line[0])
    size[0, 1, 2], size[1, 0, 0] = 0, np.inf
    np.testing.assert_array_equal(np.isnan(slopes(widths, size)), [[0, 0, 1], [1, 0, 0]])


def test_widths_are_doubled() -> None:
    assert widths_up_to(512) == [32, 64, 128, 256, 512]
    assert widths_up_to(100) == [32, 64]


def test_hidden_layers_are_widened_and_all_else_stays() -> None:
    inside = Choice("residual", inside=(Choice("relu"), Choice("linear", {"bias": False})))
    asked = replace(
        ASKED,
        network=(
            Choice("linear", {"units": 5, "bias": False}),
            inside,
            Choice("tanh"),
            Choice("linear", {"units": 2}),
        ),
        training=replace(ASKED.training, schedule=WarmUp()),
    )
    asked = replace(asked, network=(*asked.network[:1], *asked.network[2:]))
    found = widened(plan(asked), 80, 4)
    units = [layer.params.get("units") for layer in found.network]
    assert units == [80, None, 2]
    assert found.network[0].params["bias"] is False
    assert found.contenders == asked.contenders
    assert found.training.schedule != asked.training.schedule  # no rate that has yet to rise
    blocks = replace(asked, network=(Choice("linear"), inside, Choice("output")))
    assert widened(plan(blocks), 80, 4).network[1].inside[1].params["units"] == 80


def test_convolutions_are_widened_by_their_channels() -> None:
    network = (
        Choice("unflatten", {"channels": 1, "height": 4, "width": 5}),
        Choice("conv2d"),
        Choice("relu"),
        Choice("flatten"),
        Choice("output"),
    )
    asked = replace(ASKED, network=network, contenders=ASKED.contenders[:1])
    found = widened(plan(asked), 96, 4)
    assert found.network[1].params["channels"] == 96
    assert found.network[0] == network[0]
    assert np.isfinite(check(asked, most=64, steps=1).values["size"]).all()


@pytest.mark.parametrize(
    ("network", "why"),
    [
        ((Choice("output"),), "The network has no hidden layer that can be widened."),
        ((Choice("tanh"), Choice("linear", {"units": 2})), "no hidden layer that can be widened"),
    ],
)
def test_what_cannot_be_widened_is_refused(network: tuple[Choice, ...], why: str) -> None:
    with pytest.raises(ExperimentError, match=why):
        check(replace(ASKED, network=network))


def test_what_does_not_fit_once_it_is_wider_is_refused() -> None:
    parted = (
        Choice("unflatten", {"channels": 1, "height": 4, "width": 5}),
        Choice("conv2d", {"channels": 6}),
        Choice("conv2d", {"channels": 6, "groups": 3}),
        Choice("flatten"),
        Choice("output"),
    )
    asked = replace(ASKED, network=parted, contenders=ASKED.contenders[:1])
    with pytest.raises(ExperimentError, match="The network cannot be made 32 wide"):
        check(asked)


def test_dropout_hides_the_same_at_every_step() -> None:
    still = replace(ASKED.training, learning_rate=1e-30, optimizer=SGD(momentum=0))
    found = check(replace(ASKED, network=DROPPED, training=still), most=64, steps=2).values["size"]
    np.testing.assert_array_equal(found[:, :, 0], found[:, :, 2])


def test_notes_say_what_the_slopes_mean() -> None:
    starts = (
        *ASKED.contenders,
        contender("Zero", 4, "zeros"),
        contender("Huge", 5, "normal", std=1e6),
        contender("Fixed", 6, "normal", std=0.05),
    )
    deep = replace(ASKED, network=multilayer(8, 48, "relu"), contenders=starts)
    found = check(deep, most=128)
    kaiming, _, zero, huge, fixed = found.notes
    assert kaiming.startswith("Kaiming: after 4 steps ")
    assert zero == "Zero: after 4 steps outputs are 0 or not finite at some width."
    assert huge == "Huge: after 4 steps outputs are 0 or not finite at some width."
    assert "grow like the width to the power of" in fixed
    assert fixed.endswith("they do before the first, as the start does not allow for the width.")
    assert np.isnan(found.values["slope"][[2, 3]]).any(1).all()


def test_what_is_not_measured_yet_is_missing() -> None:
    slices = STUDY.begin(plan(ASKED), STUDY.parse({"most": 64}), nothing)
    first = next(one for one in slices if one is not None)
    assert first.share == 0.5
    np.testing.assert_array_equal(np.isnan(first.values["size"]).all((0, 2, 3)), [False, True])
    assert np.isnan(first.values["slope"]).all()


def test_it_heeds_while_it_starts_and_runs() -> None:
    shares: list[float] = []
    for _ in STUDY.begin(plan(ASKED), STUDY.parse({"most": 64}), shares.append):
        pass
    assert set(shares) == {0.0, 0.5}

    def end(_done: float) -> None:
        raise Superseded

    with pytest.raises(Superseded):
        next(islice(STUDY.begin(plan(ASKED), STUDY.parse({}), end), 3))
