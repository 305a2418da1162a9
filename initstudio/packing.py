"""Readings of distributions in little memory, exactly: of their bins only those that hold values.

Most counts fit a byte; the others are kept beside them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudio.bins import BINS, HEAD, SIZE, Reading

Bytes = npt.NDArray[np.uint8]
BYTE = 255


@dataclass(frozen=True)
class Packed:
    """Readings [..., SIZE]: which bins hold values, and those bins' counts and means [n].

    Where a count is BYTE or more, the next of `large` is meant.
    """

    head: Reading
    filled: Bytes
    counts: Bytes
    means: Bytes
    large: Reading

    @property
    def nbytes(self) -> int:
        """Return the bytes that it takes."""
        parts = (self.head, self.filled, self.counts, self.means, self.large)
        return sum(part.nbytes for part in parts)

    def unpacked(self) -> Reading:
        """Return the readings, int32 [..., SIZE]."""
        found = np.zeros((*self.head.shape[:-1], SIZE), np.int32)
        found[..., :HEAD] = self.head
        filled = np.unpackbits(self.filled, axis=-1).view(np.bool_)
        counts = self.counts.astype(np.int32)
        counts[self.counts == BYTE] = self.large
        found[..., HEAD : HEAD + BINS][filled] = counts
        means = np.zeros(filled.shape, np.uint8)
        means[filled] = self.means
        found[..., HEAD + BINS :] = means.view(np.int32)
        return found


def packed(values: npt.NDArray[Any]) -> Packed | None:
    """Return readings of distributions [..., SIZE] packed; None of anything else."""
    if values.dtype != np.int32 or values.shape[-1:] != (SIZE,):
        return None
    counts = values[..., HEAD : HEAD + BINS]
    filled = counts > 0
    means = np.ascontiguousarray(values[..., HEAD + BINS :]).view(np.uint8)
    some = counts[filled]
    return Packed(
        head=values[..., :HEAD].copy(),
        filled=np.packbits(filled, axis=-1),
        counts=np.minimum(some, BYTE).astype(np.uint8),
        means=means[filled],
        large=some[some >= BYTE],
    )
