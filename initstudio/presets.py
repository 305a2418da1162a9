"""The networks and experiments that a person can start from, as values."""

from initstudio.catalogue import Value
from initstudio.experiment import (
    SGD,
    Adam,
    Choice,
    Contender,
    Data,
    Experiment,
    Recording,
    Rule,
    Training,
)


def contender(name: str, slot: int, weight: str, bias: str = "zeros", **params: Value) -> Contender:
    """Return a contender: `weight` with `params` for all weights, `bias` for all biases."""
    return Contender(
        name=name,
        slot=slot,
        rules=(
            Rule(role="weight", scheme=Choice(weight, params)),
            Rule(role="bias", scheme=Choice(bias)),
        ),
    )


def multilayer(depth: int, width: int, activation: str) -> tuple[Choice, ...]:
    """Return `depth` Linear layers of `width`, each with its activation, and the output."""
    hidden = (Choice("linear", {"units": width}), Choice(activation))
    return hidden * depth + (Choice("output"),)


def residual(blocks: int, width: int, activation: str) -> tuple[Choice, ...]:
    """Return a Linear layer, so many residual blocks of two, and the output."""
    linear = Choice("linear", {"units": width})
    block = Choice("residual", inside=(Choice(activation), linear, Choice(activation), linear))
    return (linear, Choice("repeat", {"times": blocks}, (block,)), Choice("output"))


NETWORKS: dict[str, tuple[Choice, ...]] = {
    "SimpleNN": multilayer(2, 64, "relu"),
    "Deep ReLU": multilayer(30, 64, "relu"),
    "Deep tanh": multilayer(10, 64, "tanh"),
    "Residual": residual(8, 64, "relu"),
}

_ARTICLE_CONTENDERS = (
    contender("Xavier", 0, "xavier_uniform"),
    contender("Kaiming", 1, "kaiming_uniform"),
    contender("Normal", 2, "normal", std=0.01),
)

_DEEP_BOARD = tuple(
    Choice(key) for key in ("loss", "over_steps", "gradient_norm", "activation_std")
)
_BOARD = tuple(Choice(key) for key in ("loss", "weights", "gradient_norm", "activation_std"))

ARTICLE = Experiment(
    title="The article's experiment",
    network=NETWORKS["SimpleNN"],
    data=Data(dataset=Choice("random")),
    training=Training(epochs=20, batch_size=32, optimizer=Adam(), learning_rate=1e-3),
    contenders=_ARTICLE_CONTENDERS,
    board=_BOARD,
)

DIGITS = Experiment(
    title="Handwritten digits",
    network=NETWORKS["SimpleNN"],
    data=Data(dataset=Choice("digits")),
    training=Training(epochs=30, batch_size=64, optimizer=Adam(), learning_rate=1e-3),
    contenders=_ARTICLE_CONTENDERS,
    board=_BOARD,
)

DEEP_DIGITS = Experiment(
    title="Digits through 30 ReLU layers",
    network=NETWORKS["Deep ReLU"],
    data=Data(dataset=Choice("digits")),
    training=Training(epochs=30, batch_size=64, optimizer=SGD(), learning_rate=2e-3),
    contenders=_ARTICLE_CONTENDERS,
    recording=Recording(every=20),
    board=_DEEP_BOARD,
)

EXPERIMENTS: dict[str, Experiment] = {
    "Article": ARTICLE,
    "Digits": DIGITS,
    "Deep digits": DEEP_DIGITS,
}
