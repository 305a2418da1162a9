"""Replicas begin on boundaries, and a view of them shows nothing of the gaps."""

import pytest
import torch

from initstudio.engine.layout import ALIGNED, aligned, is_tight, length, padded, spread

SHAPES = [(3, 5), (1, 1), (4, 32), (2, 7, 9), (5, 4, 8), (3, 2, 3, 4)]


@pytest.mark.parametrize("shape", SHAPES)
def test_each_replica_begins_on_a_boundary(shape: tuple[int, ...]) -> None:
    memory = torch.arange(float(length(shape)))
    view = spread(memory, shape)
    size = view[0].numel()
    for replica, values in enumerate(view):
        start = int(values.flatten()[0])
        assert start % ALIGNED == 0
        assert start == replica * (length(shape) // shape[0])
        assert torch.equal(values.flatten(), torch.arange(start, start + size).float())


@pytest.mark.parametrize("shape", SHAPES)
def test_aligned_has_the_same_values(shape: tuple[int, ...]) -> None:
    values = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    found = aligned(values)
    assert torch.equal(found, values)
    assert found.stride() == padded(torch.zeros(shape)).stride()
    assert (found is values) == is_tight(shape)


def test_a_view_begins_where_its_memory_does() -> None:
    memory = torch.arange(96.0)
    assert spread(memory[32:], (1, 3)).tolist() == [[32.0, 33.0, 34.0]]
