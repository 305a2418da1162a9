"""How well the networks do: loss and accuracy of each batch, and on the validation part."""

from typing import TYPE_CHECKING

import lazy_loader

from initstudio.measurement import Moment, Probe

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


def _loss(moment: Moment) -> "torch.Tensor":
    return moment.loss


def _accuracy(moment: Moment) -> "torch.Tensor":
    return moment.correct


def _validation_loss(moment: Moment) -> "torch.Tensor":
    return moment.validation[0] if moment.validation else torch.full_like(moment.loss, torch.nan)


def _validation_accuracy(moment: Moment) -> "torch.Tensor":
    return moment.validation[1] if moment.validation else torch.full_like(moment.loss, torch.nan)


LOSS = Probe(
    key="loss",
    label="Training loss",
    summary="Mean loss over the batch, before the update that it leads to.",
    source="torch.nn.functional.cross_entropy or mse_loss, as the experiment says",
    unit="",
    order=10,
    axes=("replica",),
    cadence="step",
    measure=_loss,
)

ACCURACY = Probe(
    key="accuracy",
    label="Training accuracy",
    summary="Share of the batch whose greatest output is its class, before the update.",
    source="Definition",
    unit="",
    order=20,
    axes=("replica",),
    cadence="step",
    measure=_accuracy,
)

VALIDATION_LOSS = Probe(
    key="validation_loss",
    label="Validation loss",
    summary="Mean loss over the whole validation part, at step 0 and at each epoch's end.",
    source="torch.nn.functional.cross_entropy or mse_loss, as the experiment says",
    unit="",
    order=30,
    axes=("replica",),
    cadence="epoch",
    measure=_validation_loss,
)

VALIDATION_ACCURACY = Probe(
    key="validation_accuracy",
    label="Validation accuracy",
    summary="Share of the validation part that is classified rightly, at each epoch's end.",
    source="Definition",
    unit="",
    order=31,
    axes=("replica",),
    cadence="epoch",
    measure=_validation_accuracy,
)
