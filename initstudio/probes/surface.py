"""What the networks answer all over their inputs, where these are one or two numbers."""

from typing import TYPE_CHECKING

import lazy_loader

from initstudio.catalogue import DataFacts
from initstudio.measurement import Moment, Probe

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")

SIDE, SMALL, FEW = 40, 28, 12
"""Cells of the plane across, and up; fewer where more networks than FEW are asked."""
PLACES = 200
"""Places along one input."""
MARGIN = 0.1
"""What is looked at beyond the data on each side, as a part of their range."""
MOST_CLASSES = 2048
"""Numbers of classes up to here are exact in float16."""


def _areas(moment: Moment) -> list[tuple[float, float]]:
    """Return from where to where the networks are asked, for each input."""
    found = []
    for low, high in moment.input_ranges:
        margin = MARGIN * (high - low) if high > low else 1.0
        found.append((low - margin, high + margin))
    return found


def _input_range(moment: Moment) -> "torch.Tensor":
    """Return [R, input, 2]."""
    areas = torch.tensor(_areas(moment), dtype=torch.float64)
    return areas.expand(len(moment.loss), *areas.shape)


def _surface(moment: Moment) -> "torch.Tensor":
    """Return [R, quantity, cells]: those of the lowest row come first, from the left.

    Of classes these are float16: the class, its softmax probability, and how far that leads over
    the next class's. Of values it is the first of them, float32. NaN where an output is no number.
    """
    side = SIDE if len(moment.loss) <= FEW else SMALL
    across, up = (_middles(area, side) for area in _areas(moment))
    places = torch.stack([across.repeat(side), up.repeat_interleave(side)], dim=1)
    outputs = _answers(moment, places)
    if moment.facts and moment.facts.task == "values":
        return _finite(outputs[:, None, :, 0]).float()
    sure = outputs.double().softmax(2)
    greatest = sure.topk(min(2, sure.shape[2]), dim=2).values
    lead = 2 * greatest[..., 0] - greatest.sum(2)
    told = torch.stack([outputs.argmax(2).double(), greatest[..., 0], lead], dim=1)
    known = torch.isfinite(outputs).all(2)
    return told.masked_fill(~known[:, None], torch.nan).half()


def _fit(moment: Moment) -> "torch.Tensor":
    """Return the first value [R, PLACES] at even places over the input, from end to end."""
    ((low, high),) = _areas(moment)
    places = torch.linspace(low, high, PLACES, dtype=torch.float64)
    return _finite(_answers(moment, places[:, None])[..., 0])


def _middles(area: tuple[float, float], cells: int) -> "torch.Tensor":
    low, high = area
    return low + (high - low) * (torch.arange(cells, dtype=torch.float64) + 0.5) / cells


def _answers(moment: Moment, places: "torch.Tensor") -> "torch.Tensor":
    """Return the outputs [R, places, outputs]."""
    if moment.predict is None:
        message = "these networks cannot be asked"
        raise ValueError(message)
    return moment.predict(places)


def _finite(values: "torch.Tensor") -> "torch.Tensor":
    return values.masked_fill(~torch.isfinite(values), torch.nan)


def _is_drawn(facts: DataFacts, inputs: int) -> bool:
    """Return whether an example is so many real numbers, and has one answer."""
    return facts.shape == (inputs,) and not facts.tokens and not facts.positions


def _is_plane(facts: DataFacts) -> bool:
    few = facts.task == "values" or facts.outputs <= MOST_CLASSES
    return _is_drawn(facts, 2) and few


def _is_curve(facts: DataFacts) -> bool:
    return _is_drawn(facts, 1) and facts.task == "values"


INPUT_RANGE = Probe(
    key="input_range",
    label="Range of the inputs",
    summary="From where to where the networks are asked what they answer: for each of one or two "
    "inputs the data's range, of all seeds, and a tenth of it more on both sides.",
    source="Definition",
    unit="",
    order=90,
    axes=("replica", "input", "end"),
    cadence="start",
    measure=_input_range,
    applies=lambda facts: _is_plane(facts) or _is_curve(facts),
)

SURFACE = Probe(
    key="surface",
    label="Decision surface",
    summary="Of data with two inputs, what is predicted at a grid of places of their plane: the "
    "class, its softmax probability and its lead, or the value.",
    source="Definition",
    unit="",
    order=91,
    axes=("replica", "quantity", "cell"),
    cadence="snapshot",
    measure=_surface,
    applies=_is_plane,
)

FIT = Probe(
    key="fit",
    label="Fitted curve",
    summary="Of values to predict from one input, what is predicted at 200 places of it.",
    source="Definition",
    unit="",
    order=92,
    axes=("replica", "place"),
    cadence="snapshot",
    measure=_fit,
    applies=_is_curve,
)
