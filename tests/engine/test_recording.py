"""A recorded function gives the bits of the function itself, again and again."""

from collections.abc import Callable

import pytest
import torch
from torch.func import vmap
from torch.nn import functional

from initstudio.engine.recording import Flat, record

GENERATOR = torch.Generator().manual_seed(0)
X = torch.randn(3, 40, 50, generator=GENERATOR)
W = torch.randn(3, 60, 50, generator=GENERATOR)
B = torch.randn(3, 60, generator=GENERATOR)


def linear(x: torch.Tensor, w: torch.Tensor, b: torch.Tensor) -> list[torch.Tensor]:
    y = vmap(functional.linear)(x, w, b)
    return [y, y.relu()]


def chain(x: torch.Tensor, w: torch.Tensor, b: torch.Tensor) -> list[torch.Tensor]:
    """Many large results, most of which are done with at once; views of some live on."""
    kept = x.sin()
    view = kept.transpose(1, 2)
    for _ in range(6):
        x = (x * 1.5).tanh() + kept
    top, rest = x.split(20, dim=1)
    for _ in range(4):
        x = x.cos() - 1
    return [x, view.exp(), top * 2, rest, w, b.sum(1, keepdim=True).expand(3, 60)]


def in_place(x: torch.Tensor, w: torch.Tensor, b: torch.Tensor) -> list[torch.Tensor]:
    part = (x * 2)[:, :10]
    part.add_(1)
    return [part, part * w[:, :10]]


def pieces(x: torch.Tensor, w: torch.Tensor, b: torch.Tensor) -> list[torch.Tensor]:
    """Torch does not say that what this gives lies in the memory of what it takes."""
    first, second = (x * 2).unsafe_chunk(2, 1)
    other = (x + 3).tanh()
    return [first.sigmoid_() * 2, second.add_(1) * 3, other, w + 1, b]


@pytest.mark.parametrize("function", [linear, chain, in_place, pieces])
def test_as_the_function_itself(function: Flat) -> None:
    recorded = record(function, [X, W, B], [])
    for factor in (1.0, 2.0, -1.0):
        inputs = [factor * X, W - factor, B * factor]
        wanted = function(*inputs)
        for ours, theirs in zip(recorded(*inputs), wanted, strict=True):
            if function is linear:  # its bias goes into the product, which rounds once less
                torch.testing.assert_close(ours, theirs)
            else:
                assert torch.equal(ours, theirs)


def test_the_inputs_stay_as_they_are_while_recording() -> None:
    def move(x: torch.Tensor) -> list[torch.Tensor]:
        return [x.add_(1)]

    x = torch.zeros(5)
    recorded = record(move, [x], [])
    assert (x == 0).all()
    recorded(x)
    assert (x == 1).all()


def viewed(x: torch.Tensor) -> list[torch.Tensor]:
    return [x.sum(1, keepdim=True).view(3, 50), x * 2]


def straight(x: torch.Tensor) -> list[torch.Tensor]:
    return [x @ x.transpose(1, 2), x]


def twice(x: torch.Tensor) -> list[torch.Tensor]:
    y = x.exp()
    return [y, y]


def turned(x: torch.Tensor) -> list[torch.Tensor]:
    return [x.exp().transpose(1, 2), x]


def given(x: torch.Tensor) -> list[torch.Tensor]:
    return [x, x + 1]


@pytest.mark.parametrize("function", [viewed, straight, twice, turned, given])
def test_first_outputs_are_written_where_they_are_wanted(
    function: Callable[[torch.Tensor], list[torch.Tensor]],
) -> None:
    target = torch.zeros_like(function(X)[0].contiguous())
    recorded = record(function, [X], [target])
    for factor in (1.0, 3.0):
        wanted = function(factor * X)
        found = recorded(factor * X)
        assert torch.equal(target, wanted[0])
        assert torch.equal(found[1], wanted[1])


@pytest.mark.parametrize("function", [linear, chain, in_place])
def test_without_memory_of_its_own_it_gives_the_same(function: Flat) -> None:
    target = torch.zeros_like(function(X, W, B)[0].contiguous())
    recorded = record(function, [X, W, B], [target], keeps=False)
    first, second = recorded(X, W, B), recorded(2 * X, W, B)
    for inputs, found in (((X, W, B), first), ((2 * X, W, B), second)):
        for ours, theirs in zip(found[1:], function(*inputs)[1:], strict=True):
            torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(target, function(2 * X, W, B)[0])


def test_large_results_lie_in_the_same_memory_at_each_call() -> None:
    recorded = record(chain, [X, W, B], [])
    first, second = (recorded(X, W, B)[0].data_ptr() for _ in range(2))
    assert first == second


def test_a_tensor_from_outside_is_refused() -> None:
    outside = torch.ones(4)
    with pytest.raises(ValueError, match="outside the recording"):
        record(lambda x: [x + outside], [torch.ones(4)], [])
