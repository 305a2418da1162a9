"""What surprises people in how a tensor is started, told where it does so."""

from dataclasses import replace

from initstudio.engine.assignment import Assignment
from initstudio.schemes import SCHEMES

TRANSPOSED = (
    "Of a transposed convolution torch takes the outgoing channels for fan-in, and the incoming "
    "ones for fan-out."
)


def traps_of(one: Assignment) -> tuple[str, ...]:
    """Return a sentence for each trap that bites; the tensor must take its scheme."""
    found = []
    if one.bites:
        found.append((one.scheme or SCHEMES["torch_default"]).trap)
    tensor = one.tensor
    transposed = tensor.layer.startswith("conv_transpose")
    if transposed and _depends(one, "fan_in") != _depends(one, "fan_out"):
        found.append(TRANSPOSED)
    if tensor.groups > 1 and _depends(one, "fan_out"):
        which = "incoming" if transposed else "outgoing"
        found.append(
            f"torch does not divide fan-out by the {tensor.groups} groups: it counts {which} "
            "channels that no weight meets."
        )
    return tuple(found)


def _depends(one: Assignment, fan: str) -> bool:
    """Return whether the distribution changes with a fan of the tensor."""
    if one.scheme is None:
        return False
    tensor = replace(one.tensor, **{fan: 2 * getattr(one.tensor, fan)})
    return one.scheme.law(one.params, tensor) != one.drawn
