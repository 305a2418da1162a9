"""What one contender does is nobody else's business."""

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from initstudio.engine.initialize import initialize
from initstudio.engine.plan import plan
from initstudio.engine.train import train
from initstudio.experiment import (
    SGD,
    Adam,
    AdamW,
    Choice,
    Contender,
    Data,
    Experiment,
    Optimizer,
    RMSprop,
    Seeds,
    Training,
)
from initstudio.layers import LAYERS
from initstudio.presets import contender, multilayer
from tests.specs import around

XAVIER = contender("Xavier", 0, "xavier_uniform")
KAIMING = contender("Kaiming", 1, "kaiming_uniform")
WILD = contender("Wild", 2, "normal", std=1000.0)
TAME = contender("Tame", 2, "normal", std=0.01)
TAME_3 = replace(TAME, slot=3)


def experiment(*contenders: Contender, activation: str = "relu", width: int = 16) -> Experiment:
    return Experiment(
        network=multilayer(4, width, activation),
        data=Data(dataset=Choice("random", {"examples": 200, "features": 20})),
        training=Training(epochs=12, optimizer=SGD(), learning_rate=0.05),
        contenders=contenders,
        seeds=Seeds(count=2),
    )


def losses(asked: Experiment) -> np.ndarray:
    """Return the losses of all batches and validations, [contenders, readings, seeds]."""
    found = [
        shot.readings[key]
        for shot in train(asked)
        for key in ("loss", "validation_loss")
        if key in shot.readings
    ]
    return np.array(found).reshape(len(found), len(asked.contenders), -1).swapaxes(0, 1)


def test_a_contender_that_diverges_leaves_its_neighbours_bit_for_bit() -> None:
    for activation in ("relu", "tanh", "gelu"):
        beside = losses(experiment(XAVIER, WILD, KAIMING, activation=activation))
        alone = losses(experiment(XAVIER, KAIMING, activation=activation))
        tame = losses(experiment(XAVIER, TAME, KAIMING, activation=activation))
        np.testing.assert_array_equal(beside[[0, 2]], alone)
        np.testing.assert_array_equal(beside[[0, 2]], tame[[0, 2]])
    wild = losses(experiment(XAVIER, WILD, KAIMING))[1]
    assert not np.isfinite(wild[-1]).any()


ODD = Data(dataset=Choice("random", {"examples": 90, "features": 7, "classes": 3}))


CONVOLUTIONS = {key for key, layer in LAYERS.items() if layer.group == "Convolution"}


@pytest.mark.parametrize("key", sorted(LAYERS.keys() - CONVOLUTIONS - {"embedding"}))
def test_no_bit_depends_on_company_whatever_the_shapes(key: str) -> None:
    """Widths, classes and batches (the last of an epoch has 8) that fill no register."""
    assert_alone_as_beside(replace(experiment(), network=around(key), data=ODD))


@pytest.mark.parametrize("key", sorted(CONVOLUTIONS - {"conv3d", "conv_transpose3d"}))
def test_convolutions_agree_to_rounding_whatever_the_company(key: str) -> None:
    """Torch's kernel takes the channels of all replicas as groups, and sums them as it likes."""
    asked = replace(experiment(), network=around(key), data=ODD)
    alone = losses(replace(asked, contenders=(XAVIER,)))
    beside = losses(replace(asked, contenders=(TAME_3, XAVIER)))
    np.testing.assert_allclose(alone[0], beside[1], rtol=1e-4)


@pytest.mark.parametrize(
    "optimizer", [SGD(nesterov=True), Adam(), AdamW(), RMSprop(momentum=0.5)], ids=repr
)
def test_no_bit_depends_on_company_whatever_the_optimizer(optimizer: Optimizer) -> None:
    training = Training(epochs=6, optimizer=optimizer, clip_norm=0.05, loss="mse")
    assert_alone_as_beside(replace(experiment(width=33), training=training, data=ODD))


def assert_alone_as_beside(asked: Experiment) -> None:
    pair = losses(replace(asked, contenders=(XAVIER, KAIMING)))
    alone = losses(replace(asked, contenders=(XAVIER,)))
    beside = losses(replace(asked, contenders=(WILD, XAVIER, TAME_3, KAIMING)))
    np.testing.assert_array_equal(pair[:1], alone)
    np.testing.assert_array_equal(pair, beside[[1, 3]])
    assert not np.array_equal(pair[0], pair[1])


def test_adding_hiding_and_reordering_change_nobodys_start() -> None:
    def start(asked: Experiment, slot: int) -> dict[str, torch.Tensor]:
        index = [one.slot for one in asked.contenders].index(slot)
        return initialize(plan(asked), index, 1).state_dict()

    few = experiment(XAVIER, KAIMING)
    many = experiment(KAIMING, replace(TAME, hidden=True), XAVIER)
    for slot in (0, 1):
        one, other = start(few, slot), start(many, slot)
        assert all(torch.equal(one[name], other[name]) for name in one)


def test_adding_and_reordering_change_nobodys_losses_beyond_rounding() -> None:
    few = losses(experiment(XAVIER, KAIMING))
    many = losses(experiment(KAIMING, TAME, XAVIER))
    np.testing.assert_allclose(few[0], many[2], rtol=1e-4)
    np.testing.assert_allclose(few[1], many[0], rtol=1e-4)


def test_contenders_of_one_seed_share_data_batches_and_dropout_masks() -> None:
    twins = (XAVIER, replace(XAVIER, slot=7))
    asked = replace(experiment(*twins), network=(Choice("dropout"), *multilayer(2, 16, "relu")))
    found = losses(asked)
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.array_equal(found[0][:, 0], found[0][:, 1])
