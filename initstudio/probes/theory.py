"""What mean-field theory says of the start, beside what is measured."""

from functools import partial
from typing import TYPE_CHECKING

from initstudio.measurement import Moment, Probe

if TYPE_CHECKING:
    import torch


def _measure(quantity: str, moment: Moment) -> "torch.Tensor":
    return moment.theory(quantity)


def _probe(  # noqa: PLR0913 - what a probe is declared by
    key: str, quantity: str, *, label: str, summary: str, source: str, order: int
) -> Probe:
    return Probe(
        key=key,
        label=label,
        summary=f"{summary} NaN where theory is silent.",
        source=source,
        unit="",
        order=order,
        axes=("replica", "layer"),
        cadence="start",
        measure=partial(_measure, quantity),
    )


ACTIVATION_THEORY = _probe(
    "activation_theory",
    "activation_std",
    label="Activation std by theory",
    summary="Standard deviation of each layer's outputs that theory predicts of the start.",
    source="Poole et al. 2016, Exponential expressivity in deep neural networks, eq. 3",
    order=75,
)

SECOND_THEORY = _probe(
    "second_theory",
    "activation_second",
    label="Mean square by theory",
    summary="Mean square of each layer's outputs that theory predicts of the start.",
    source="Poole et al. 2016, Exponential expressivity in deep neural networks, eq. 3",
    order=76,
)

SECOND_FROM_BIASES = _probe(
    "second_from_biases",
    "second_from_biases",
    label="Mean square from biases",
    summary="Mean square of each layer's outputs that theory predicts for an input of 0.",
    source="Poole et al. 2016, Exponential expressivity in deep neural networks, eq. 3",
    order=77,
)

SIGNAL_THEORY = _probe(
    "signal_theory",
    "signal_std",
    label="Gradient by theory",
    summary="Root of the mean square of the gradient by each layer's outputs that theory predicts "
    "of the start, over that by the last layer's.",
    source="Schoenholz et al. 2017, Deep information propagation, eq. 9",
    order=78,
)

COSINE_THEORY = _probe(
    "cosine_theory",
    "cosine",
    label="Similarity by theory",
    summary="Mean cosine of the outputs of each pair of the first 8 examples that theory predicts "
    "of the start.",
    source="Poole et al. 2016, Exponential expressivity in deep neural networks, eq. 5",
    order=79,
)
