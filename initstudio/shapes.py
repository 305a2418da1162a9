"""Shapes of images and sequences, and the sentences for those that do not fit a layer."""

from collections.abc import Sequence

from initstudio.catalogue import Role, Shape, TensorSpec
from initstudio.law import Law, constant_law

AXES = {
    1: "channels x length",
    2: "channels x height x width",
    3: "channels x depth x height x width",
}


def in_words(shape: Shape) -> str:
    """Return a shape as text: 3 x 5."""
    return " x ".join(str(side) for side in shape)


def image(shape: Shape, dimensions: int, label: str) -> tuple[int, Shape]:
    """Return channels and sides of an image of that many dimensions.

    Raises:
        ValueError: The shape is another.
    """
    if len(shape) == dimensions + 1:
        return shape[0], shape[1:]
    message = (
        f"{label} needs {AXES[dimensions]}, and this is {in_words(shape)}; put Unflatten before it."
    )
    raise ValueError(message)


def sequence(shape: Shape, label: str) -> tuple[int, int]:
    """Return steps and features of a sequence.

    Raises:
        ValueError: The shape is another.
    """
    if len(shape) == 2:
        return shape[0], shape[1]
    message = (
        f"{label} needs a sequence of steps x features, and this is {in_words(shape)}; "
        "put As sequence before it."
    )
    raise ValueError(message)


def windows(sides: Sequence[int], reach: int, stride: int, padding: int, label: str) -> Shape:
    """Return how often a window that reaches over so many values fits along each side.

    Raises:
        ValueError: It does not fit once.
    """
    for side in sides:
        if side + 2 * padding < reach:
            message = (
                f"{label} reaches over {reach} values, and the signal has {side} with "
                f"{2 * padding} of padding; choose a smaller kernel."
            )
            raise ValueError(message)
    return tuple((side + 2 * padding - reach) // stride + 1 for side in sides)


def weight_and_bias(  # noqa: PLR0913 - what a layer's tensors are
    shape: Shape,
    fans: tuple[int, int],
    law: Law,
    *,
    bias: int = 0,
    prefix: str = "",
    groups: int = 1,
) -> tuple[TensorSpec, ...]:
    """Return a weight and its bias of so many values (0: none), both started by the same law."""
    sizes: list[tuple[Role, Shape]] = [("weight", shape)]
    if bias:
        sizes.append(("bias", (bias,)))
    return tuple(
        TensorSpec(
            name=f"{prefix}{role}",
            role=role,
            shape=size,
            fan_in=fans[0],
            fan_out=fans[1],
            default=law,
            groups=groups,
        )
        for role, size in sizes
    )


def scale_and_shift(
    shape: Shape, *, shift: bool = True, prefix: str = ""
) -> tuple[TensorSpec, ...]:
    """Return the factor and the offset of a normalization, which start at 1 and 0."""
    roles: list[tuple[str, Role, float]] = [("weight", "scale", 1), ("bias", "shift", 0)]
    return tuple(
        TensorSpec(
            name=f"{prefix}{name}",
            role=role,
            shape=shape,
            fan_in=0,
            fan_out=0,
            default=constant_law(start),
        )
        for name, role, start in roles[: 1 + shift]
    )


def lacks_fans(what: str, tensor: TensorSpec) -> str | None:
    """Return in a sentence that a tensor has no fan-in and fan-out, or None where it has."""
    if len(tensor.shape) >= 2:
        return None
    return f"{what} needs fan-in and fan-out, and a {tensor.role} has one dimension only."
