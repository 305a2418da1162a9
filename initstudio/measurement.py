"""What a Probe looks like, and what it may read of a training step."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from initstudio.catalogue import DataFacts, Entry, NoParams, TensorSpec, Value

if TYPE_CHECKING:
    import torch

    from initstudio.law import Law

_Each: TypeAlias = Literal["replica", "layer", "tensor", "parameter", "bin", "pair", "rank"]
_Drawn: TypeAlias = Literal["input", "end", "place", "quantity", "cell", "unit", "channel"]
Axis: TypeAlias = Literal[_Each, _Drawn, "row", "column", "coordinate", "class", "verdict"]
Cadence: TypeAlias = Literal["step", "snapshot", "seldom", "epoch", "start"]

VERDICT = ("example", "loss", "class", "predicted class")
"""What is told of one validation example, in order."""
SELDOM = 8
"""Snapshots from one reading of the dear probes to the next."""


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A layer whose outputs are measured: its key in the catalogue, or "", and its parameters.

    `activates` tells whether it is an activation function. `channels_first` tells which axis of an
    example counts the units: the first, as of images, or the last, as of rows and sequences.
    """

    label: str
    key: str = ""
    params: Mapping[str, Value] = field(default_factory=dict)
    activates: bool = False
    channels_first: bool = False


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What the networks say of each of the n validation examples, all classes.

    Where a network answers at several positions, so do `predicted` and `truth`, and `loss` is the
    mean over them.
    """

    predicted: "torch.Tensor"
    """int64 [R, n, *positions], the class of the greatest output."""
    truth: "torch.Tensor"
    """int64 [R, n, *positions]; the seeds have different parts."""
    loss: "torch.Tensor"
    """[R, n]."""
    example: "torch.Tensor"
    """int64 [R, n], the place of each in its seed's data set."""
    classes: int


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What a probe may read, for all R replicas stacked on the leading axis.

    At step k the weights are those after k updates, and loss, outputs, activations and gradients
    belong to the batch of the update to come. Gradients are unclipped.

    Weights and parameters are those that the networks compute with. Where a scheme has a
    `multiplier` m they are m w, w being what is trained, and the gradients are those by m w, which
    are those by w over m: so they compare across contenders, whatever their parametrization.
    """

    loss: "torch.Tensor"
    """[R], mean over the batch."""
    correct: "torch.Tensor"
    """[R], share of the batch that is classified rightly; NaN where there are no classes."""
    weights: "tuple[torch.Tensor, ...]"
    """One [R, *shape] for each tensor with the role weight, in order of the layers."""
    gradients: "tuple[torch.Tensor, ...]"
    """The gradients of `weights`, in the same order and shapes."""
    activations: "tuple[torch.Tensor, ...]"
    """The output [R, batch, *shape] of each layer, in order."""
    signals: "tuple[torch.Tensor, ...]"
    """The gradients of the losses by `activations`, in the same order and shapes."""
    layers: tuple[Watched, ...]
    """What gave `activations`, in the same order."""
    theory: "Callable[[str], torch.Tensor]"
    """Gives what theory predicts of each layer at the start [R, layers]; the names are those of
    `engine.theory.predictions`."""
    started: "tuple[torch.Tensor, ...]"
    """`weights` as they were at step 0."""
    previous: "tuple[torch.Tensor, ...] | None" = None
    """`weights` before the last update, where they were kept: at snapshots but the first."""
    parameters: "tuple[torch.Tensor, ...]" = ()
    """One [R, *shape] for each parameter tensor, in order of the layers."""
    laws: "tuple[tuple[Law | None, ...], ...]" = ()
    """For each replica, for each parameter, what it was drawn from; None where it was tuned."""
    tensors: tuple[TensorSpec, ...] = ()
    """What `weights` are, in the same order."""
    wanted: frozenset[str] = frozenset()
    """The keys of the probes that are measured in this run; none where that is not known."""
    shared: dict[str, Any] = field(default_factory=dict)
    """What one probe has worked out and another may use."""
    validation: "tuple[torch.Tensor, torch.Tensor] | None" = None
    """Mean loss [R] and accuracy [R] on the whole validation part; at an epoch's end only."""
    judged: Judged | None = None
    """Each validation example by itself; at an epoch's end, where a probe `judges`."""
    predict: "Callable[[torch.Tensor], torch.Tensor] | None" = None
    """Gives the outputs [R, n, *out] of the networks with their present weights, for inputs
    [n, *shape]: without dropout, by the running statistics, and without a trace. Those have seen
    the batch of the update to come."""
    along: "Callable[[Sequence[float]], torch.Tensor] | None" = None
    """Gives the mean losses [R, n] on the first batch of each seed with the parameters at n places
    of the line from the start (0) to now (1): as in training, but without noise or a trace."""
    facts: DataFacts | None = None
    """What is known of the data."""
    input_ranges: tuple[tuple[float, float], ...] = ()
    """The least and greatest value of each input over the examples of all seeds; none where there
    are more than two inputs, or no real ones."""


def _always(_facts: DataFacts) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Probe(Entry[NoParams]):
    """A measurement.

    `axes` name the axes of its reading; "tensor" counts the weight tensors, "parameter" all
    parameter tensors, "layer" all layers, "pair" two of a batch's first examples, "rank" places
    in an order of size, "class" the classes, and "verdict" what is told of a validation example, as
    `VERDICT` says: "example" is its place in the data set.
    A reading has four bytes a number, or two where `measure` gives float16.
    `cadence`: at each step, at each snapshot (every few steps), at each eighth snapshot and the
    last ("seldom", for what is dear), at step 0 and each epoch's end, or at step 0 only ("start").
    """

    params: type[NoParams] = NoParams
    unit: str
    axes: tuple[Axis, ...]
    cadence: Cadence
    measure: "Callable[[Moment], torch.Tensor]"
    applies: Callable[[DataFacts], bool] = _always
    """Whether it can be measured of such data; of others it is left out, and costs nothing."""
    judges: bool = False
    """Whether it reads `Moment.judged`; it is left out where no data is kept out for validation."""
