"""Whether different examples stay different on their way through the layers."""

from typing import TYPE_CHECKING

import lazy_loader

from initstudio.alike import each
from initstudio.measurement import Moment, Probe

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")

EXAMPLES = 8
"""Of the batch, the first; they make 28 pairs."""


def _measure(moment: Moment) -> "torch.Tensor":
    """Return [R, layer, pair], the pairs in the order of `np.triu_indices(8, 1)`."""
    return each([outputs[:, :EXAMPLES] for outputs in moment.activations], _cosines)


def _cosines(stacked: "torch.Tensor") -> "torch.Tensor":
    """Return the cosines [R, k, pair] of outputs [R, k, examples, ...]; NaN where one is zero."""
    rows = stacked.flatten(3).double()
    rows = rows / torch.linalg.vector_norm(rows, dim=3, keepdim=True)
    found: torch.Tensor = rows.new_full((*rows.shape[:2], EXAMPLES, EXAMPLES), torch.nan)
    count = rows.shape[2]
    found[:, :, :count, :count] = rows @ rows.mT
    first, second = torch.triu_indices(EXAMPLES, EXAMPLES, 1)
    return found[:, :, first, second]


COSINES = Probe(
    key="cosines",
    label="Cosine of two examples by layer",
    summary="Cosine of each layer's outputs for each two of the batch's first eight examples: 1 "
    "where the layer no longer tells them apart.",
    source="Poole et al. 2016, Exponential expressivity in deep neural networks, eq. 5; "
    "Schoenholz et al. 2017, eq. 4",
    unit="",
    order=52,
    axes=("replica", "layer", "pair"),
    cadence="snapshot",
    measure=_measure,
)
