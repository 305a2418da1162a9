"""The curvature of the loss at the start, the noise of its gradient, and what they say of a rate.

Everything is of one batch, as in training but without noise such as dropout's, and by the
parameters as they are trained, in the precision of training. What takes long is a generator that
yields None after a slice of work; what it gives is what it returns.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from math import nan
from time import perf_counter
from typing import TypeAlias

import numpy as np
import torch
from torch import nn
from torch.func import functional_call, grad, vmap

from initstudio.engine.multiplied import multiplied
from initstudio.engine.objective import loss_of
from initstudio.experiment import SGD, Optimizer
from initstudio.rehearsal import rehearsing

Number: TypeAlias = Generator[None, None, float]
"""Slices of work that give a number in the end."""
Product: TypeAlias = Callable[[torch.Tensor], torch.Tensor]
"""Gives a symmetric matrix times a vector."""

TOLERANCE = 1e-3
"""Of the largest curvature, relative: so near to it, at least, is an eigenvalue."""
MOST_PRODUCTS = 200
MOST_KEPT, LEAST_KEPT = 60, 6
"""Vectors that are kept at once, as far as they fit into the next."""
KEPT_VALUES = 2**26
AT_ONCE = 2**23
"""Values of the gradients by single examples that are held at once."""
SLICE = 0.05
"""Seconds that a slice may take."""
TWICE = "A layer of the network cannot be differentiated twice."


class Landscape:
    """The loss of a network on one batch, as a function of its parameters."""

    def __init__(
        self,
        network: nn.Module,
        multipliers: Mapping[str, float],
        loss: str,
        x: torch.Tensor,
        y: torch.Tensor,
    ) -> None:
        self._network = deepcopy(network)
        self._multipliers = multipliers
        self._loss_name = loss
        self._x, self._y = x, y
        self._parameters = [one for one in self._network.parameters() if one.requires_grad]
        norms = [
            one
            for one in self._network.modules()
            if isinstance(one, nn.modules.batchnorm._BatchNorm)  # noqa: SLF001 - it has no public name
        ]
        self.mixes = bool(norms)
        """Whether what becomes of an example depends on the others."""
        for norm in norms:
            # a graph that knows them could not be followed once they have moved back
            norm.running_mean = norm.running_var = norm.num_batches_tracked = None

    @property
    def size(self) -> int:
        """Return the number of parameters that are trained."""
        return sum(one.numel() for one in self._parameters)

    def gradient(self) -> torch.Tensor:
        """Return the gradient, flat."""
        with rehearsing(self._network), torch.enable_grad():
            loss = self._loss(self._x, self._y)
            return _flat(torch.autograd.grad(loss, self._parameters, materialize_grads=True))

    def hessian(self) -> Product:
        """Return what multiplies a flat vector by the Hessian.

        Raises:
            ValueError: A layer cannot be differentiated twice.
        """
        parameters = self._parameters
        with rehearsing(self._network), torch.enable_grad():
            loss = self._loss(self._x, self._y)
            gradient = _flat(
                torch.autograd.grad(loss, parameters, create_graph=True, materialize_grads=True)
            )

        def times(vector: torch.Tensor) -> torch.Tensor:
            if not gradient.requires_grad:
                return torch.zeros_like(vector)
            with _in_a_sentence():
                found = torch.autograd.grad(
                    gradient, parameters, vector, retain_graph=True, materialize_grads=True
                )
            return _flat(found).detach()

        return times

    def noise_scale(self, *, at_once: bool) -> Number:
        """Return tr(Sigma) / |G|^2, the simple noise scale, in examples.

        McCandlish et al. 2018, eq. 2.9, with the unbiased estimates of their appendix A.1 from
        batches of one and the whole batch. NaN where those leave nothing of |G|^2, for a batch of
        one, and where examples depend on one another. `at_once`: the network can run for several
        parameters at once.
        """
        count = len(self._x)
        if count < 2 or self.mixes:
            return nan
        squares, mean = 0.0, self.gradient().double()
        done, size = 0, 1
        most = max(1, AT_ONCE // max(1, len(mean)))
        while done < count:
            began = perf_counter()
            some = slice(done, done + size)
            with rehearsing(self._network):
                by_example = self._by_vmap if at_once else self._one_by_one
                squares += by_example(self._x[some], self._y[some])
            done += size
            if perf_counter() - began < SLICE / 2:
                size = min(most, 2 * size)
            yield
        small, large = squares / count, float(mean @ mean)
        trace = (small - large) * count / (count - 1)
        square = (count * large - small) / (count - 1)
        return trace / square if square > 0 else nan

    def _loss(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        network, by = self._network, self._multipliers
        outputs = functional_call(network, multiplied(network, by), (x,)) if by else network(x)
        return loss_of(self._loss_name, outputs, y)

    def _by_vmap(self, x: torch.Tensor, y: torch.Tensor) -> float:
        """Return the sum of the squared lengths of the gradients of these examples."""
        parameters = {
            name: one.detach()
            for name, one in self._network.named_parameters()
            if one.requires_grad
        }

        def loss(
            values: dict[str, torch.Tensor], one_x: torch.Tensor, one_y: torch.Tensor
        ) -> torch.Tensor:
            used = values | {name: values[name] * by for name, by in self._multipliers.items()}
            outputs = functional_call(self._network, used, (one_x.unsqueeze(0),))
            return loss_of(self._loss_name, outputs, one_y.unsqueeze(0))

        found = vmap(grad(loss), (None, 0, 0))(parameters, x, y)
        return sum(_square(one) for one in found.values())

    def _one_by_one(self, x: torch.Tensor, y: torch.Tensor) -> float:
        found = 0.0
        with torch.enable_grad():
            for one_x, one_y in zip(x.split(1), y.split(1), strict=True):
                loss = self._loss(one_x, one_y)
                gradient = _flat(
                    torch.autograd.grad(loss, self._parameters, materialize_grads=True)
                )
                found += _square(gradient)
        return found


def largest_eigenvalue(product: Product, start: torch.Tensor) -> Number:
    """Return the largest eigenvalue of a symmetric matrix: not the largest in size.

    By Lanczos' method with full orthogonalization, begun anew from the best vector when as many
    are kept as memory allows (Lanczos 1950; Ghorbani, Krishnan and Xiao 2019). `start` is a random
    vector. NaN where a product is not finite, or MOST_PRODUCTS do not reach TOLERANCE.
    """
    vector = start / start.norm()
    kept = max(LEAST_KEPT, min(MOST_KEPT, KEPT_VALUES // max(1, len(start))))
    for _ in range(MOST_PRODUCTS // kept + 1):
        value, best = yield from _lanczos(product, vector, kept)
        if best is None:
            return value
        vector = best
    return nan


def _lanczos(
    product: Product, first: torch.Tensor, kept: int
) -> Generator[None, None, tuple[float, torch.Tensor | None]]:
    """Return the largest eigenvalue that so many vectors tell of.

    With it the vector to begin anew from, or None where the value is near enough, or not finite.
    """
    basis, diagonal, beside = [first], list[float](), list[float]()
    eps = torch.finfo(first.dtype).eps
    while True:
        following = product(basis[-1])
        yield
        if not following.isfinite().all():
            return nan, None
        diagonal.append(float(following @ basis[-1]))
        for _ in range(2):  # once leaves rounding behind
            for one in basis:
                following -= (following @ one) * one
        length = float(following.norm())
        bands = np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1)
        values, vectors = np.linalg.eigh(bands)
        value, scale = float(values[-1]), float(np.abs(values).max())
        exact = length <= 10 * eps * scale or len(basis) == len(first)
        if exact or length * abs(vectors[-1, -1]) <= TOLERANCE * abs(value):
            return value, None
        if len(basis) == kept:
            best = torch.zeros_like(first)
            for share, one in zip(vectors[:, -1], basis, strict=True):
                best += float(share) * one
            return value, best / best.norm()
        beside.append(length)
        basis.append(following / length)


def stable_rate(optimizer: Optimizer, curvature: float) -> float:
    """Return the learning rate above which steps along the largest curvature grow, for SGD.

    On a parabola of this curvature: 2 / c without momentum, 2 (1 + beta) / c with it and
    2 (1 + beta) / ((1 + 2 beta) c) with Nesterov's (Cohen et al. 2021, section 2); weight decay
    adds to the curvature. NaN where that is not above 0, and for other optimisers: those scale
    each step by the gradients that they have seen, which curvature alone does not bound.
    """
    if not isinstance(optimizer, SGD):
        return nan
    bent = curvature + optimizer.weight_decay
    beta = optimizer.momentum
    reach = 2 * (1 + beta) / (1 + 2 * beta if optimizer.nesterov else 1)
    return reach / bent if bent > 0 else nan


def _flat(tensors: tuple[torch.Tensor, ...]) -> torch.Tensor:
    return torch.cat([one.flatten() for one in tensors])


def _square(values: torch.Tensor) -> float:
    """Return the squared length, summed in float64."""
    return float(torch.linalg.vector_norm(values, dtype=torch.float64)) ** 2


@contextmanager
def _in_a_sentence() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        if "derivative for" in str(error) or "differentiate twice" in str(error):
            raise ValueError(TWICE) from error
        raise
