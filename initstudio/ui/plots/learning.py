"""Loss and accuracy as they change: training at each step, validation at each epoch's end."""

from typing import Annotated, Literal

import numpy as np
from msgspec import Meta

from initstudio.catalogue import Params
from initstudio.history import History
from initstudio.ui.plots.step_plot import StepPlot

Show = Annotated[
    Literal["train", "validation", "both"],
    Meta(
        title="Part",
        description="Training: the batch of each step. Validation: the part kept out, at each "
        "epoch's end; lines with dots.",
        extra={"choices": {"train": "Training", "validation": "Validation", "both": "Both"}},
    ),
]
Each = Annotated[
    Literal["step", "epoch"],
    Meta(
        title="Each",
        description="Training at each step, or its mean over each epoch, as the article prints it.",
        extra={"choices": {"step": "Steps", "epoch": "Epochs"}},
    ),
]
Smoothing = Annotated[
    float,
    Meta(
        ge=0,
        le=0.99,
        title="Smooth",
        description="Weight of the past in a moving average of the training curve; the curve "
        "itself stays faint behind it.",
    ),
]


Recent = Annotated[
    bool,
    Meta(
        title="Recent",
        description="Let the axis hold the values of the last quarter of what is in sight, and "
        "not those of all time.",
    ),
]
Band = Annotated[
    Literal["range", "quartiles"],
    Meta(
        title="Band",
        description="Of several seeds: all of them, or the middle half.",
        extra={"choices": {"range": "Range", "quartiles": "Quartiles"}},
    ),
]


class LossOptions(Params, frozen=True):
    """What of the loss is drawn, and how."""

    show: Show = "train"
    each: Each = "step"
    recent: Recent = False
    band: Band = "range"
    scale: Annotated[
        Literal["linear", "log"],
        Meta(title="Scale", extra={"choices": {"linear": "Linear", "log": "Log"}}),
    ] = "linear"
    smoothing: Smoothing = 0.8


class AccuracyOptions(Params, frozen=True):
    """What of the accuracy is drawn, and how."""

    show: Show = "both"
    each: Each = "step"
    band: Band = "range"
    smoothing: Smoothing = 0.9


class LearningPlot(StepPlot):
    """What is read of training at each step, and of validation at each epoch's end."""

    def has(self, pinned: History) -> bool:
        """Return whether a pinned run has the part that is shown."""
        train, held_out = self.reads
        judged = pinned.epoch_series.get(held_out)
        validated = judged is not None and bool(np.isfinite(judged.mean).any())
        show = self.options.show
        return (train in pinned.series and show != "validation") or (validated and show != "train")


class LossPlot(LearningPlot):
    """The loss."""

    key = "loss"
    label = "Loss"
    summary = "How wrong each network is, on the batch of each step and on what was kept out."
    invitation = "Press Run: the loss of each contender appears here."
    order = 10
    reads = ("loss", "validation_loss")
    quantity = "loss"
    Options = LossOptions


class AccuracyPlot(LearningPlot):
    """The accuracy."""

    key = "accuracy"
    label = "Accuracy"
    summary = "Share of the examples that each network classifies rightly."
    invitation = "Press Run: the accuracy of each contender appears here."
    order = 20
    reads = ("accuracy", "validation_accuracy")
    quantity = "accuracy, %"
    percent = True
    Options = AccuracyOptions
