"""What each layer or weight tensor has a number of, which of them are drawn, and on what scale."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from initstudio.history import Header
from initstudio.ui.chart.lines import Range

Scale = Annotated[
    Literal["log", "linear"],
    Meta(title="Scale", extra={"choices": {"log": "Log", "linear": "Linear"}}),
]
Layers = Annotated[
    Literal["activations", "before", "all"],
    Meta(
        title="Layers",
        description="The activation functions, the layer just before each, or all.",
        extra={
            "choices": {
                "activations": "Activations",
                "before": "Pre-activations",
                "all": "All layers",
            }
        },
    ),
]
Places = tuple[list[int], tuple[str, ...]]
"""Columns of a reading, and a name for each."""


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """One number that each layer, or each weight tensor, has, and how it is drawn."""

    reading: str
    axis: str
    """What the axis says, with the unit."""
    theory: str = ""
    """The reading, taken at the start, of what theory says; "" where there is none."""
    anchored: bool = False
    """Whether theory is relative to what is measured in the last layer."""
    biases: str = ""
    """The reading, taken at the start, of the part that the biases alone make; or ""."""
    tensors: bool = False
    log: bool = True
    times: float = 1.0
    """What the reading is multiplied by to be in the axis's unit."""
    ends: Range | None = None
    """The axis's ends, where they are always the same."""
    top: float = 0.0
    """The least that the axis reaches up to."""
    guide: float | None = None
    """A value that is worth a line of its own."""
    silence: str = "No contender has a number here that can be drawn."

    @property
    def readings(self) -> tuple[str, ...]:
        """Return all that it reads."""
        return tuple(key for key in (self.reading, self.theory, self.biases) if key)


def readings_of(quantities: Iterable[Quantity]) -> tuple[str, ...]:
    """Return all that the quantities read."""
    return tuple(dict.fromkeys(key for one in quantities for key in one.readings))


def chosen_layers(header: Header, which: str) -> Places:
    """Return the activation functions, the layers "before" them, or "all"."""
    chosen = list(range(len(header.layers)))
    if which == "activations":
        chosen = list(header.activations)
    elif which == "before":
        chosen = [at - 1 for at in header.activations if at > 0]
    return chosen, tuple(header.layers[at] for at in chosen)
