"""Luck gives what a plain loop over starts gives, and spreads as it must."""

from math import nan, sqrt

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from torch.nn import functional

from initstudio.catalogue import Value
from initstudio.engine.initialize import initialize
from initstudio.engine.plan import plan
from initstudio.engine.studies import STUDIES
from initstudio.engine.studies.luck import length_variance
from initstudio.engine.study import Superseded
from initstudio.engine.xray import first_batch
from initstudio.experiment import Choice, Contender, Experiment
from initstudio.history import Readings
from initstudio.presets import ARTICLE, contender, multilayer

STUDY = STUDIES["luck"]
CLOSE = 2e-6
"""Some roundings of float32, which a processor does by where in memory the weights lie."""
SMALL = replace(
    ARTICLE,
    network=multilayer(3, 12, "relu"),
    contenders=(
        contender("Default", 0, "torch_default", "torch_default"),
        contender("Kaiming", 4, "kaiming_normal", nonlinearity="relu"),
    ),
    seeds=replace(ARTICLE.seeds, first=5, count=3),
)


def nothing(_done: float) -> None:
    """Heed nothing."""


def luck(asked: Experiment, **params: Value) -> Readings:
    *_, last = STUDY.begin(plan(asked), STUDY.parse(params), nothing)
    assert last is not None
    assert last.share == 1
    return last.values


def with_start(asked: Experiment, *starts: Contender) -> Experiment:
    return replace(asked, contenders=starts)


def test_it_is_a_plain_loop_over_seeds() -> None:
    found, resolved = luck(SMALL, draws=4), plan(SMALL)
    batch = first_batch(resolved, 5)
    x, y = torch.from_numpy(batch.x), torch.from_numpy(batch.y)
    for at in range(2):
        for draw in range(4):
            network = initialize(resolved, at, 5 + draw)
            loss = functional.cross_entropy(network(x), y)
            loss.backward()
            assert found["loss"][at, draw] == pytest.approx(loss.item(), rel=CLOSE)
            whole = torch.cat([one.grad.flatten() for one in network.parameters()])  # type: ignore[union-attr]
            wanted = float(whole.double().square().sum().sqrt())
            assert found["gradient_norm"][at, draw] == pytest.approx(wanted, rel=CLOSE)
            out = network[:6](x).detach().double()
            length = float(out.square().mean() / x.double().square().mean())
            assert found["length"][at, draw] == pytest.approx(length, rel=CLOSE)
    np.testing.assert_array_equal(found["own"][:, 0], found["loss"][:, 0])
    np.testing.assert_array_equal(found["own"][:, 1], found["gradient_norm"][:, 0])
    np.testing.assert_array_equal(found["own"][:, 2], found["length"][:, 0])


def test_the_gradient_is_by_what_the_networks_compute_with() -> None:
    asked = with_start(SMALL, contender("NTK", 0, "ntk"))
    found, resolved = luck(asked, draws=2), plan(asked)
    batch = first_batch(resolved, 5)
    network = initialize(resolved, 0, 6)
    for name, by in resolved.multipliers[0].items():
        network.get_parameter(name).data *= by
    functional.cross_entropy(
        network(torch.from_numpy(batch.x)), torch.from_numpy(batch.y)
    ).backward()
    gradients = [one.grad for one in network.parameters() if one.grad is not None]
    square = float(sum(one.double().square().sum() for one in gradients))
    assert found["gradient_norm"][0, 1] == pytest.approx(sqrt(square), rel=1e-5)


def test_the_length_spreads_as_the_closed_form_says() -> None:
    one = replace(ARTICLE.training, batch_size=1)
    tiny = replace(SMALL, network=multilayer(2, 20, "relu"), training=one)
    tiny = with_start(tiny, contender("He", 0, "kaiming_normal", nonlinearity="relu"))
    found = luck(tiny, draws=2000)
    lengths = found["length"][0]
    spread = float(found["spread"][0])
    assert spread == pytest.approx(1.25**2 - 1)
    assert abs(lengths.mean() - 1) < 4 * sqrt(spread / 2000)
    # the error of a variance, from the fourth moment of the same draws
    fourth = float(((lengths - lengths.mean()) ** 4).mean())
    assert abs(lengths.var() - spread) < 4 * sqrt((fourth - spread**2) / 2000)


@pytest.mark.parametrize(
    ("network", "start", "wanted"),
    [
        (multilayer(1, 10, "relu"), contender("He", 0, "kaiming_normal", nonlinearity="relu"), 0.5),
        (multilayer(1, 10, "relu"), contender("He", 0, "kaiming_uniform"), nan),
        (multilayer(1, 10, "relu"), contender("Xavier", 0, "xavier_normal"), nan),
        (
            multilayer(1, 10, "relu"),
            contender("Biased", 0, "kaiming_normal", "ones", nonlinearity="relu"),
            nan,
        ),
        (
            multilayer(1, 10, "tanh"),
            contender("He", 0, "kaiming_normal", nonlinearity="relu"),
            nan,
        ),
        ((Choice("output"),), contender("He", 0, "kaiming_normal", nonlinearity="relu"), nan),
        (
            multilayer(1, 10, "relu"),
            contender("Edge", 0, "edge_of_chaos", critical=False, sigma_w=sqrt(2)),
            0.5,
        ),
    ],
)
def test_the_closed_form_is_given_where_it_holds(
    network: tuple[Choice, ...], start: Contender, wanted: float
) -> None:
    asked = with_start(replace(SMALL, network=network), start)
    assert length_variance(plan(asked), 0) == pytest.approx(wanted, nan_ok=True)


def test_what_overflows_is_not_finite() -> None:
    deep = replace(SMALL, network=multilayer(8, 12, "relu"))
    huge = with_start(deep, contender("Huge", 0, "normal", std=1e6))
    found = luck(huge, draws=2)
    assert not np.isfinite(found["loss"]).any()
    assert not np.isfinite(found["gradient_norm"]).any()


def test_zero_weights_and_tokens_have_their_length() -> None:
    zero = with_start(SMALL, contender("Zero", 0, "zeros"))
    found = luck(zero, draws=2)
    np.testing.assert_array_equal(found["length"], 0)
    np.testing.assert_allclose(found["loss"], np.log(2), rtol=1e-6)
    text = replace(
        zero,
        data=replace(SMALL.data, dataset=Choice("copy")),
        network=(
            Choice("embedding"),
            Choice("flatten"),
            Choice("linear"),
            Choice("relu"),
            Choice("output"),
        ),
    )
    assert np.isnan(luck(text, draws=2)["length"]).all()


def test_what_is_not_drawn_yet_is_missing() -> None:
    found = STUDY.begin(plan(SMALL), STUDY.parse({"draws": 3}), nothing)
    first = [next(found) for _ in range(3)]
    assert first[:2] == [None, None]  # one slice for each network
    assert first[2] is not None
    assert first[2].share == pytest.approx(1 / 3)
    np.testing.assert_array_equal(np.isnan(first[2].values["loss"]), [[False, True, True]] * 2)


def test_it_heeds_within_a_network() -> None:
    def end(_done: float) -> None:
        raise Superseded

    with pytest.raises(Superseded):
        next(STUDY.begin(plan(SMALL), STUDY.parse({}), end))
