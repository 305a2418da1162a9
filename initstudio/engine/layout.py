"""Where the numbers of stacked replicas lie: each replica's begin on a boundary of registers.

The kernels treat the numbers before a boundary of vector registers, and those left over at the
end, by other instructions, which round differently (a fused multiply-add rounds once). Packed
tightly, a replica's bits would depend on its place, and so on who trains beside it.
"""

from math import prod

import torch

ALIGNED = 32
"""Numbers: the kernels go in steps of two registers of 16."""


def padded(like: torch.Tensor) -> torch.Tensor:
    """Return zeros of the same shape [R, ...] in which each replica begins on a boundary."""
    shape = tuple(like.shape)
    return spread(torch.zeros(length(shape), dtype=like.dtype, device=like.device), shape)


def length(shape: tuple[int, ...]) -> int:
    """Return how many numbers `spread` needs for the shape [R, ...]."""
    return shape[0] * _stride(shape)


def spread(memory: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    """Return a view [R, ...] of flat memory in which each replica begins on a boundary."""
    strides = [prod(shape[axis + 1 :]) for axis in range(1, len(shape))]
    return memory.as_strided(shape, (_stride(shape), *strides), memory.storage_offset())


def is_tight(shape: tuple[int, ...]) -> bool:
    """Tell whether replicas of this shape [R, ...] fill whole registers anyway."""
    return prod(shape[1:]) == _stride(shape)


def aligned(values: torch.Tensor) -> torch.Tensor:
    """Return the values [R, ...] with each replica on a boundary; copied only where need be."""
    if is_tight(tuple(values.shape)):
        return values.contiguous()
    return padded(values).copy_(values)


def _stride(shape: tuple[int, ...]) -> int:
    return -(-prod(shape[1:]) // ALIGNED) * ALIGNED
