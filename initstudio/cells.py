"""Experiments of their own for the cells of the trainability map: one depth and one sigma_w^2 each.

They keep data, seed, optimizer, learning rate, loss and batch size of the experiment that the map
is of, and start every layer as mean-field theory does: weights from N(0, sigma_w^2 / fan_in),
biases from N(0, sigma_b^2).
"""

from collections.abc import Sequence
from math import sqrt

from msgspec.structs import replace

from initstudio.experiment import MAX_CONTENDERS, Choice, Contender, Experiment, Recording, Rule
from initstudio.schedule import Constant

ROWS = {"linear", "output"}
"""What a network begins with that reads rows of values; for any other the data are laid out."""


def cell_experiment(  # noqa: PLR0913 - what tells one cell from another, each by its name
    experiment: Experiment,
    *,
    activation: Choice,
    depth: int,
    width: int,
    weight_variance: float,
    bias_variance: float,
    steps: int,
) -> Experiment:
    """Return the experiment of one cell: `depth` Linear layers of `width`, each activated.

    Its first `steps` updates are those of the map; the learning rate stays as it is.
    """
    row = row_experiment(
        experiment,
        activation=activation,
        depth=depth,
        width=width,
        weight_variances=(weight_variance,),
        bias_variance=bias_variance,
        steps=steps,
    )
    title = (
        f"{depth} {activation.key} layers of {width}, sigma_w^2 {weight_variance:.4g}, "
        f"sigma_b^2 {bias_variance:.4g}"
    )
    return replace(row, title=title, recording=experiment.recording)


def row_experiment(  # noqa: PLR0913 - what tells one row from another, each by its name
    experiment: Experiment,
    *,
    activation: Choice,
    depth: int,
    width: int,
    weight_variances: Sequence[float],
    bias_variance: float,
    steps: int,
) -> Experiment:
    """Return all cells of one depth as the contenders of one run, of which little is recorded.

    Raises:
        ValueError: There are more of them than an experiment can have.
    """
    if len(weight_variances) > MAX_CONTENDERS:
        message = f"{len(weight_variances)} cells in a row, and at most {MAX_CONTENDERS} can be"
        raise ValueError(message)
    begins = experiment.network[0].key if experiment.network else ""
    front = () if begins in ROWS else (Choice("flatten"),)
    hidden = (Choice("linear", {"units": width}), activation)
    training = replace(
        experiment.training,
        epochs=max(experiment.training.epochs, steps),  # an epoch has at least one step
        schedule=Constant(),
    )
    return replace(
        experiment,
        title=f"{depth} {activation.key} layers of {width}",
        network=(*front, *hidden * depth, Choice("output")),
        training=training,
        contenders=tuple(
            _contender(slot, variance, bias_variance)
            for slot, variance in enumerate(weight_variances)
        ),
        seeds=replace(experiment.seeds, count=1),
        recording=Recording(probes=("loss", "accuracy")),
    )


def _contender(slot: int, weight_variance: float, bias_variance: float) -> Contender:
    weight = Choice("edge_of_chaos", {"critical": False, "sigma_w": sqrt(weight_variance)})
    bias = Choice("sigma_b", {"sigma_b": sqrt(bias_variance)}) if bias_variance else Choice("zeros")
    return Contender(
        name=f"sigma_w^2 {weight_variance:.4g}",
        slot=slot,
        rules=(Rule(role="weight", scheme=weight), Rule(role="bias", scheme=bias)),
    )
