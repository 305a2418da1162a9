"""How a network's outputs move with its inputs: the Jacobian, and its singular values.

What takes long is a generator that yields None after a slice of work, so that other work can come
between; what it gives is what it returns. In float64, as a product of many layers spreads further
than float32 can tell.
"""

import warnings
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any, TypeAlias

import torch
from torch import nn

from initstudio.engine.network import PlannedLayer
from initstudio.engine.plan import Plan
from initstudio.engine.stacked import Output, first_of
from initstudio.rehearsal import rehearsing

Matrix: TypeAlias = Generator[None, None, torch.Tensor]
"""Slices of work that give a matrix, or a vector, in the end."""

MOST = 2048
"""Singular values that are computed of one matrix."""
MOST_VALUES = 2**25
"""Entries of the largest matrix that is made."""
AT_ONCE = 600
"""Singular values that take no longer than a slice; more are computed on a thread aside."""
SLICE = 0.05
"""Seconds that a slice may take."""
FIRST_ROWS = 8
SMALLEST_SQUARE = 1e-10
"""Squares of this part of the largest have lost no more than ten of float64's sixteen digits."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """A layer with weights and all that follows it, up to the next one or the end of its chain."""

    first: str
    """The module of the layer with weights."""
    last: str
    """The module of the last layer."""
    watched: int
    """The place of that among the plan's watched layers."""


@dataclass(frozen=True, kw_only=True)
class Traced:
    """What one example has become, with the graph of how: all are [1, *shape]."""

    given: torch.Tensor
    """The input; where that is tokens, the first real numbers that are made of it."""
    output: torch.Tensor
    blocks: tuple[tuple[torch.Tensor, torch.Tensor] | None, ...]
    """What goes into each block and what comes out; None where what goes in is tokens."""


def measured(plan: Plan) -> tuple[PlannedLayer, ...]:
    """Return the layers whose Jacobian is meant: all before the last one, if that is Output.

    A network without Output, or with nothing before it, is meant as a whole. What leaves the last
    of these is what the last watched layer among them gives.
    """
    *before, last = plan.network
    ends = last.layer is not None and last.layer.key == "output"
    return tuple(before) if ends and before else plan.network


def blocks_of(plan: Plan) -> tuple[Block, ...]:
    """Return the blocks of the measured layers, in the order of the signal.

    A person's own network has none, as nothing is known of how its parts are joined.
    """
    watched = {layer.module: at for at, layer in enumerate(plan.watched)}
    return tuple(
        Block(first=first, last=last, watched=watched[last])
        for first, last in _chained(measured(plan))
    )


def is_chain(plan: Plan) -> bool:
    """Return whether the measured layers are nothing but blocks, one after another.

    Then the product of the blocks' Jacobians is that of the whole. It is not where layers normalize
    by the batch, through which an example moves the others.
    """
    first, *rest = measured(plan)
    keys = {layer.layer.key for layer in (first, *rest) if layer.layer}
    plain = not any(layer.bodies or layer.own for layer in (first, *rest))
    weighted = any(tensor.role == "weight" for tensor in first.tensors)
    return plain and weighted and not plan.facts.tokens and "batch_norm" not in keys


def _chained(chain: Sequence[PlannedLayer]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    is_open = False
    for layer in chain:
        if layer.bodies or layer.own:
            is_open = False
            for body in () if layer.own else layer.bodies:
                found += _chained(body)
        elif any(tensor.role == "weight" for tensor in layer.tensors):
            found.append((layer.module, layer.module))
            is_open = True
        elif is_open:
            found[-1] = (found[-1][0], layer.module)
    return found


def trace(
    network: nn.Sequential,
    layers: int,
    x: torch.Tensor,
    blocks: Sequence[Block] = (),
    dtype: torch.dtype = torch.float64,
) -> Traced:
    """Run the first layers of a network, as in training but without noise; follow one example.

    The network is brought to `dtype`, and forgets its running statistics. `x` [batch, ...] begins
    with the example; the others are needed only where the network normalizes by the batch.

    Raises:
        ValueError: The network cannot be run so.
        RuntimeError: A person's own network computes in another precision only.
    """
    modules = list(network)[:layers]
    norms = [
        one
        for module in modules
        for one in module.modules()
        if isinstance(one, nn.modules.batchnorm._BatchNorm)  # noqa: SLF001 - it has no public name
    ]
    network.to(dtype)
    for norm in norms:
        # a graph that knows them could not be followed once they have moved back
        norm.running_mean = norm.running_var = norm.num_batches_tracked = None
    given = x if norms else x[:1]
    given = given.to(dtype) if given.is_floating_point() else given
    watch = _Watch(network, blocks)
    try:
        with rehearsing(network), torch.enable_grad():
            return watch.run(modules, given)
    finally:
        watch.end()


@dataclass
class _Watch:
    """Notes what goes into blocks and what comes out of them."""

    network: nn.Sequential
    blocks: Sequence[Block]
    into: dict[str, torch.Tensor] = field(default_factory=dict)
    out: dict[str, torch.Tensor] = field(default_factory=dict)
    hooks: list[Any] = field(default_factory=list)

    def run(self, modules: Sequence[nn.Module], signal: torch.Tensor) -> Traced:
        """Run these modules one after another."""
        start = 0
        while not signal.is_floating_point() and start < len(modules):
            with torch.no_grad():
                signal = first_of(modules[start](signal))
            start += 1
        if start and start == len(modules):
            message = "Its input is tokens, and no layer between them and Output can be measured."
            raise ValueError(message)
        for block in self.blocks:
            if int(block.first.split(".")[0]) >= start:
                first, last = (self.network.get_submodule(n) for n in (block.first, block.last))
                note_in, note_out = (partial(how, block.first) for how in (self._in, self._out))
                self.hooks.append(first.register_forward_pre_hook(note_in))
                self.hooks.append(last.register_forward_hook(note_out))
        signal, given = _parted(signal.detach().requires_grad_())
        for module in modules[start:]:
            signal = first_of(module(signal))
        pairs = [(self.into.get(one.first), self.out.get(one.first)) for one in self.blocks]
        blocks = tuple((a, b) if a is not None and b is not None else None for a, b in pairs)
        return Traced(given=given, output=signal[:1], blocks=blocks)

    def end(self) -> None:
        """Note nothing any more."""
        for hook in self.hooks:
            hook.remove()

    def _in(self, block: str, _module: nn.Module, args: tuple[torch.Tensor, ...]) -> object:
        if not args[0].is_floating_point():
            return None
        signal, self.into[block] = _parted(args[0])
        return (signal, *args[1:])

    def _out(self, block: str, _module: nn.Module, _args: object, output: Output) -> None:
        self.out[block] = first_of(output)[:1]


def _parted(signal: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the signal [batch, ...], and the part of it that is the first example [1, ...]."""
    one = signal[:1]
    return torch.cat([one, signal[1:]]), one


def jacobian(output: torch.Tensor, given: torch.Tensor) -> Matrix:
    """Return d output / d given, float64 [outputs, inputs], by the side that has fewer values.

    By its rows: the graph is followed back from each output. By its columns: what follows it back
    is linear in what it is given, and is itself followed back (Townsend 2017).

    Raises:
        ValueError: It would be too large.
    """
    outputs, inputs = output.numel(), given.numel()
    if min(outputs, inputs) > MOST or outputs * inputs > MOST_VALUES:
        message = f"A Jacobian of {outputs:,} by {inputs:,} values is too large to be measured."
        raise ValueError(message)
    if inputs < outputs and output.requires_grad:
        pull = torch.zeros_like(output, requires_grad=True)
        try:
            (pulled,) = torch.autograd.grad(
                output, given, pull, create_graph=True, materialize_grads=True
            )
            return (yield from _rows(pulled, pull)).T
        except RuntimeError:
            pass  # a layer that cannot be differentiated twice
    return (yield from _rows(output, given))


def _rows(output: torch.Tensor, given: torch.Tensor) -> Matrix:
    flat = output.flatten()
    found = torch.zeros(len(flat), given.numel(), dtype=torch.float64)
    done, size = 0, FIRST_ROWS
    while done < len(flat) and flat.requires_grad:
        began = perf_counter()
        rows = min(size, len(flat) - done)
        pulls = flat.new_zeros(rows, len(flat))
        pulls.diagonal(done).fill_(1)
        found[done : done + rows] = _pulled(flat, given, pulls).detach().flatten(1)
        done += rows
        if perf_counter() - began < SLICE / 2:
            size *= 2
        yield
    return found


def _pulled(output: torch.Tensor, given: torch.Tensor, pulls: torch.Tensor) -> torch.Tensor:
    """Return what each row of `pulls` becomes on its way back, [rows, *given]."""

    def one(pull: torch.Tensor, *, batched: bool) -> torch.Tensor:
        (found,) = torch.autograd.grad(
            output,
            given,
            pull,
            retain_graph=True,
            is_grads_batched=batched,
            materialize_grads=True,
        )
        return found

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what vmap runs one by one
            return one(pulls, batched=True)
    except RuntimeError:  # what vmap refuses
        return torch.stack([one(pull, batched=False) for pull in pulls])


def singular_values(matrix: torch.Tensor) -> Matrix:
    """Return the singular values, float64 [min(rows, columns)], the largest first.

    NaN where the matrix is not finite.
    """
    count = min(matrix.shape)
    if not matrix.isfinite().all():
        return matrix.new_full((count,), torch.nan)
    found = matrix.new_zeros(count)
    # dead units make whole rows and columns 0: those give singular values of exactly 0
    full = matrix[matrix.any(1)][:, matrix.any(0)]
    if full.numel() == 0:
        return found
    scale = full.abs().max()
    if min(full.shape) <= AT_ONCE:
        values = _values(full / scale)
    else:
        pool = ThreadPoolExecutor(1)
        work = pool.submit(_values, full / scale)
        pool.shutdown(wait=False)
        while not wait([work], SLICE).done:
            yield
        values = work.result()
    yield
    found[: len(values)] = values * scale
    return found


def _values(matrix: torch.Tensor) -> torch.Tensor:
    """Return the singular values; by the squares, which is faster, where they keep the small."""
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    squares: torch.Tensor = torch.linalg.eigvalsh(wide @ wide.T).flip(0)
    if squares[-1] > SMALLEST_SQUARE * squares[0]:
        return squares.sqrt()
    values: torch.Tensor = torch.linalg.svdvals(matrix)
    return values
