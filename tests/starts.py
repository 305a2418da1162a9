"""Starts of small networks, and what is told of them."""

from functools import partial

from msgspec.structs import replace

from initstudio.engine.diagnosis import READ, tell
from initstudio.engine.plan import plan
from initstudio.engine.xray import Xray
from initstudio.experiment import Choice, Experiment, Rule, Training
from initstudio.finding import Told
from initstudio.history import Readings
from initstudio.presets import ARTICLE, contender, multilayer

Linear = partial(Choice, "linear")


def experiment(
    activation: str, depth: int, scheme: str, bias: str = "zeros", **params: float
) -> Experiment:
    one = contender("It", 3, scheme, bias, **params)
    return replace(
        ARTICLE,
        network=multilayer(depth, 64, activation),
        # another beside it, so that there is something to compare
        contenders=(one, contender("Other", 5, "kaiming_normal")),
        training=Training(epochs=1, batch_size=64),
    )


def of_network(network: tuple[Choice, ...], scheme: str) -> Experiment:
    return replace(experiment("relu", 1, scheme), network=network)


def started(asked: Experiment) -> Readings:
    """Return the readings of the start."""
    return Xray().readings(plan(asked), lambda _share: None, READ)


def told(asked: Experiment, readings: Readings | None = None) -> dict[str, Told]:
    """Return what is told of the first contender."""
    found = tell(plan(asked), readings or started(asked))
    return {one.finding: one for one in found if one.slot == 3}


LAYER_NORMALIZED = (Linear({"units": 64}), Choice("layer_norm"), Choice("relu"))


def first_rule_only() -> Experiment:
    """Return an experiment whose contender starts the first layer, and no other."""
    asked = experiment("tanh", 3, "xavier_normal")
    one = asked.contenders[0]
    rule = Rule(role="weight", scheme=Choice("xavier_normal"), position=(0,))
    return replace(asked, contenders=(replace(one, rules=(rule,)), asked.contenders[1]))
