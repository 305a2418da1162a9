"""The Experiment: the frozen description of everything that a person asked for, and its file.

Catalogue entries are named by key here and known only to the floors above, which check them
(`engine/check.py`); so this file needs no catalogue, and the catalogues need no window.
"""

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from initstudio.catalogue import Params, Role, Value, convert, explain
from initstudio.errors import ExperimentError
from initstudio.schedule import Constant, Schedule

FORMAT = "initstudio experiment"
VERSION = 1
MAX_CONTENDERS = 16
MAX_REPLICAS = 256
Device: TypeAlias = Literal["cpu", "cuda", "mps"]
DEVICES: dict[Device, str] = {"cpu": "CPU", "cuda": "CUDA", "mps": "Apple GPU (MPS)"}
"""Their labels."""

Path: TypeAlias = tuple[Annotated[int, Meta(ge=0)], ...]
"""Where a layer stands in the network: (2,) is the third, (2, 0) the first inside of it."""


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A catalogue entry by its key, with values for its parameters; those left out are defaults.

    `inside` are the layers of a block.
    """

    key: str
    params: dict[str, Value] = {}
    inside: tuple["Choice", ...] = ()


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which tensors get which scheme: all that match every condition given; the last rule wins.

    `layer` is a layer's key in the catalogue and `position` its place in the network; of a block,
    all that is inside is meant too. `parameter` is the tensor's name in torch's `named_parameters`,
    in which * stands for anything.
    """

    role: Role
    scheme: Choice
    layer: str | None = None
    position: Path | None = None
    parameter: Annotated[str, Meta(min_length=1, max_length=200)] | None = None


class Contender(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One way of starting the network.

    `slot` is its identity and its colour, and stays with it through renaming and reordering.
    `tuning` is what is done to the network, on real data, after its tensors were drawn.
    """

    name: Annotated[str, Meta(min_length=1, max_length=60)]
    slot: Annotated[int, Meta(ge=0, lt=MAX_CONTENDERS)]
    rules: tuple[Rule, ...]
    tuning: Choice | None = None
    hidden: bool = False


class Data(Params, frozen=True):
    """The data set, and how it is parted and scaled."""

    dataset: Choice
    validation: Annotated[
        float,
        Meta(
            ge=0,
            le=0.9,
            title="Validation part",
            description="Share of the examples kept out of training, to measure what was learned.",
        ),
    ] = 0.2
    standardize: Annotated[
        bool,
        Meta(
            title="Standardize",
            description="Shift and scale each feature, and each value to predict, to mean 0 and "
            "variance 1 over the training part. The usual theory of initialization assumes it.",
        ),
    ] = True


WeightDecay: TypeAlias = Annotated[
    float,
    Meta(ge=0, le=10, title="Weight decay", extra={"log": True}),
]


class SGD(Params, frozen=True, tag="sgd", tag_field="key"):
    """Stochastic gradient descent, `torch.optim.SGD`."""

    momentum: Annotated[float, Meta(ge=0, lt=1, title="Momentum")] = 0.9
    nesterov: Annotated[bool, Meta(title="Nesterov", description="Needs a momentum above 0.")] = (
        False
    )
    weight_decay: WeightDecay = 0.0


class Adam(Params, frozen=True, tag="adam", tag_field="key"):
    """Adam (Kingma and Ba 2015, algorithm 1), `torch.optim.Adam`."""

    beta1: Annotated[float, Meta(ge=0, lt=1, title="Beta 1")] = 0.9
    beta2: Annotated[float, Meta(ge=0, lt=1, title="Beta 2")] = 0.999
    eps: Annotated[float, Meta(gt=0, le=1, title="Epsilon", extra={"log": True})] = 1e-8
    weight_decay: WeightDecay = 0.0


class AdamW(Params, frozen=True, tag="adamw", tag_field="key"):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019), `torch.optim.AdamW`."""

    beta1: Annotated[float, Meta(ge=0, lt=1, title="Beta 1")] = 0.9
    beta2: Annotated[float, Meta(ge=0, lt=1, title="Beta 2")] = 0.999
    eps: Annotated[float, Meta(gt=0, le=1, title="Epsilon", extra={"log": True})] = 1e-8
    weight_decay: WeightDecay = 0.01


class RMSprop(Params, frozen=True, tag="rmsprop", tag_field="key"):
    """RMSprop (Hinton 2012, lecture 6e), `torch.optim.RMSprop`."""

    alpha: Annotated[
        float, Meta(ge=0, lt=1, title="Alpha", description="Smoothing of the squared gradient.")
    ] = 0.99
    momentum: Annotated[float, Meta(ge=0, lt=1, title="Momentum")] = 0.0
    eps: Annotated[float, Meta(gt=0, le=1, title="Epsilon", extra={"log": True})] = 1e-8
    weight_decay: WeightDecay = 0.0


Optimizer: TypeAlias = SGD | Adam | AdamW | RMSprop
OPTIMIZERS: dict[str, type[Optimizer]] = {
    "SGD": SGD,
    "Adam": Adam,
    "AdamW": AdamW,
    "RMSprop": RMSprop,
}


class Training(Params, frozen=True):
    """How every contender is trained; the same for all."""

    epochs: Annotated[
        int, Meta(ge=1, le=1_000_000, title="Epochs", description="Passes over the training part.")
    ] = 20
    batch_size: Annotated[
        int, Meta(ge=1, le=1_000_000, title="Batch size", extra={"unit": "examples"})
    ] = 32
    optimizer: Optimizer = msgspec.field(default_factory=Adam)
    learning_rate: Annotated[
        float,
        Meta(
            gt=0,
            le=1000,
            title="Learning rate",
            description="Can be changed while a run is going.",
            extra={"log": True},
        ),
    ] = 1e-3
    schedule: Schedule = Constant()
    device: Annotated[
        Device,
        Meta(
            title="Device",
            description="What computes. Weights and data are drawn on the CPU whatever it is, so "
            "the start is the same, bit for bit, and training differs by rounding.",
            extra={"choices": DEVICES},
        ),
    ] = "cpu"
    loss: Annotated[
        Literal["cross_entropy", "mse", "huber", "bce"],
        Meta(
            title="Loss",
            description="Classes: cross-entropy of the softmax, or binary cross-entropy, squared "
            "or Huber error of each output against one-hot targets. Values: squared or Huber error "
            "(Huber 1964, with delta 1).",
            extra={
                "choices": {
                    "cross_entropy": "Cross-entropy",
                    "mse": "Mean squared error",
                    "huber": "Huber",
                    "bce": "Binary cross-entropy",
                }
            },
        ),
    ] = "cross_entropy"
    clip_norm: Annotated[
        float,
        Meta(
            ge=0,
            le=1e6,
            title="Clip gradient norm",
            description="Longer gradients of a network are scaled down to this norm, as "
            "torch.nn.utils.clip_grad_norm_ does. 0: no clipping.",
            extra={"log": True},
        ),
    ] = 0.0


class Seeds(Params, frozen=True):
    """The seeds under which each contender starts; every random stream derives from them."""

    first: Annotated[
        int,
        Meta(
            ge=0,
            le=2**31 - 1,
            title="Seed",
            description="The same seed gives the same weights, data and batches, bit for bit.",
        ),
    ] = 0
    count: Annotated[
        int,
        Meta(
            ge=1,
            le=64,
            title="Seeds",
            description="Networks trained for each contender; curves show the median and a band.",
        ),
    ] = 1

    def each(self) -> range:
        """Return the seeds."""
        return range(self.first, self.first + self.count)


class Recording(Params, frozen=True):
    """What is measured, and how often. No probes named means all of the catalogue."""

    every: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            title="Snapshot every",
            description="Steps between two measurements of every layer.",
            extra={"unit": "steps"},
        ),
    ] = 40
    probes: tuple[str, ...] | None = None


Share: TypeAlias = Annotated[float, Meta(gt=0, le=1000)]


class Shares(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How wide a board's columns and how tall its rows are, relative to one another.

    Where there are not as many as the board has, all are alike.
    """

    columns: tuple[Share, ...] = ()
    rows: tuple[Share, ...] = ()


XRAY = tuple(Choice(key) for key in ("activation_std", "gradient_norm", "phase", "similarity"))
"""The pictures of the start that are shown at first."""


class Experiment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The frozen description of one experiment; the window shows it and replaces it whole.

    `board` names the pictures of the race that are shown, with their options, and `xray` those of
    the start; `board_shares` and `xray_shares` say how large they are.
    """

    title: Annotated[str, Meta(max_length=200)] = "Untitled"
    network: tuple[Choice, ...]
    data: Data
    training: Training = Training()
    contenders: tuple[Contender, ...]
    seeds: Seeds = Seeds()
    recording: Recording = Recording()
    board: tuple[Choice, ...] = ()
    xray: tuple[Choice, ...] = XRAY
    board_shares: Shares = Shares()
    xray_shares: Shares = Shares()

    @property
    def replicas(self) -> int:
        """Return the number of networks that train: contenders times seeds."""
        return len(self.contenders) * self.seeds.count

    def work(self) -> "Experiment":
        """Return what a run depends on.

        That is all but the title, the boards, and the contenders' names, order and visibility.
        """
        contenders = tuple(
            msgspec.structs.replace(contender, name="", hidden=False)
            for contender in sorted(self.contenders, key=lambda one: one.slot)
        )
        return msgspec.structs.replace(
            self,
            title="",
            board=(),
            xray=(),
            board_shares=Shares(),
            xray_shares=Shares(),
            contenders=contenders,
        )


class _File(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """An experiment file: what it is, in which version, and the experiment."""

    format: str
    version: int
    experiment: Experiment


class _Head(msgspec.Struct):
    """The part of a file that is read first, whatever else it holds."""

    format: str = ""
    version: int = 0


def encode(experiment: Experiment) -> bytes:
    """Return the experiment as a JSON file's bytes, which `decode` reads as the same experiment.

    Raises:
        ExperimentError: It holds a value that no file may, such as NaN.
    """
    convert(msgspec.to_builtins(experiment), Experiment, "$.experiment")
    file = _File(format=FORMAT, version=VERSION, experiment=experiment)
    try:
        data = msgspec.json.encode(file)
    except UnicodeEncodeError:
        raise ExperimentError("$.experiment", "a text holds half of a character") from None
    decode(data)  # a NaN among a Choice's parameters has become null: better no file than that one
    return msgspec.json.format(data, indent=2) + b"\n"


def decode(data: bytes) -> Experiment:
    """Return the experiment in a file's bytes. Catalogue keys are not checked here.

    Raises:
        ExperimentError: The JSON path of the first mistake, and the mistake.
    """
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        head = msgspec.json.decode(data, type=_Head)
        if head.format != FORMAT:
            raise ExperimentError(
                "$.format", f"this is not an InitStudio file: expected '{FORMAT}'"
            )
        if head.version != VERSION:
            raise ExperimentError("$.version", _version_trouble(head.version))
        experiment = msgspec.json.decode(data, type=_File).experiment
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        if isinstance(error, msgspec.MsgspecError):
            raise explain(error, "$") from None
        raise ExperimentError("$", f"this is not a readable JSON file: {error}") from None
    for problem in structure_problems(experiment):
        raise problem
    return experiment


def structure_problems(experiment: Experiment) -> list[ExperimentError]:
    """Return what is wrong apart from the catalogues: contenders that cannot be told apart."""
    problems = []
    contenders = experiment.contenders
    if len(contenders) > MAX_CONTENDERS:
        why = f"at most {MAX_CONTENDERS} contenders; there are {len(contenders)}"
        problems.append(ExperimentError("$.experiment.contenders", why))
    slots: set[int] = set()
    for index, contender in enumerate(contenders):
        if contender.slot in slots:
            where = f"$.experiment.contenders[{index}].slot"
            problems.append(ExperimentError(where, f"slot {contender.slot} is taken already"))
        slots.add(contender.slot)
    return problems


def _version_trouble(version: int) -> str:
    if version > VERSION:
        return f"this file is of version {version}; this InitStudio reads up to {VERSION}"
    return f"there is no version {version} of this file"
