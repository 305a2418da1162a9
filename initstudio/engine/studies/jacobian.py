"""The Jacobian of the last hidden layer by the input: is the network near an isometry?"""

from collections.abc import Generator, Iterator, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from initstudio.catalogue import Features, NoParams
from initstudio.engine import isometry
from initstudio.engine.initialize import initialize
from initstudio.engine.jacobian import (
    Block,
    Traced,
    blocks_of,
    is_chain,
    jacobian,
    measured,
    singular_values,
    trace,
)
from initstudio.engine.memory import refuse_if_too_large
from initstudio.engine.plan import Plan
from initstudio.engine.study import Heed, Study
from initstudio.engine.xray import first_batch
from initstudio.results import Results

Floats = npt.NDArray[np.float64]

SHOWN = 512
"""Singular values of the whole that are told."""
OF_BLOCK = 64
"""Singular values of a block that are told, of evenly spaced ranks."""


def _begin(plan: Plan, _params: NoParams, heed: Heed) -> Iterator[Results | None]:
    refuse_if_too_large(plan)
    study = _Jacobians(plan)
    x = first_batch(plan, plan.experiment.seeds.first).x
    contenders = len(plan.experiment.contenders)
    for at in range(contenders):
        yield from study.examine(at, x, heed)
        yield study.results((at + 1) / contenders)


class _Jacobians:
    """The values and notes of the contenders that have been examined."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._blocks = blocks_of(plan)
        self._is_chain = is_chain(plan)
        count = len(plan.experiment.contenders)
        self._notes: list[str] = []
        self._values = {
            "singular_values": np.full((count, SHOWN), np.nan),
            "log10_condition": np.full(count, np.nan),
            "variance": np.full(count, np.nan),
            "predicted_variance": np.full(count, np.nan),
            "mean_square": np.full(count, np.nan),
            "block_singular_values": np.full((count, len(self._blocks), OF_BLOCK), np.nan),
        }

    def results(self, share: float) -> Results:
        """Return what has been found so far."""
        values = {key: value.copy() for key, value in self._values.items()}
        values["block_layers"] = np.array([one.watched for one in self._blocks], np.int64)
        return Results(values=values, share=share, notes=tuple(dict.fromkeys(self._notes)))

    def examine(self, at: int, x: Features, heed: Heed) -> Generator[None, None, None]:
        """Examine a contender under the first seed, at the first example of x."""
        plan = self._plan
        contender = plan.experiment.contenders[at]
        share = at / len(plan.experiment.contenders)
        self._values["predicted_variance"][at] = isometry.predicted_variance(plan, at, x)
        network = initialize(plan, at, plan.experiment.seeds.first, partial(heed, share))
        with torch.no_grad():
            for name, by in plan.multipliers[at].items():
                network.get_parameter(name).mul_(by)
        yield
        try:
            traced = _traced(plan, network, torch.from_numpy(x), self._blocks)
            yield
            product = yield from self._of_blocks(at, traced)
            if product is None:
                product = yield from jacobian(traced.output, traced.given)
        except ValueError as error:
            self._notes.append(f"{contender.name}: {error}")
            return
        values = (yield from singular_values(product)).numpy()
        self._take(at, values, max(product.shape), torch.finfo(traced.output.dtype).eps)

    def _of_blocks(self, at: int, traced: Traced) -> Generator[None, None, torch.Tensor | None]:
        """Examine a contender's blocks; return the product of their Jacobians, if it is the whole.

        Most of the work for the whole is then done.
        """
        product: torch.Tensor | None = None
        known = self._is_chain
        for number, pair in enumerate(traced.blocks):
            if pair is None:
                continue
            try:
                matrix = yield from jacobian(pair[1], pair[0])
            except ValueError as error:
                self._notes.append(str(error))
                known = False
                continue
            if known:
                product = matrix if product is None else matrix @ product
            of_block = (yield from singular_values(matrix)).numpy()
            self._values["block_singular_values"][at, number] = _thinned(of_block, OF_BLOCK)
        return product if known else None

    def _take(self, at: int, values: Floats, side: int, eps: float) -> None:
        """Note the singular values of a contender's whole Jacobian."""
        found, name = self._values, self._plan.experiment.contenders[at].name
        kept = isometry.kept(values, side, eps)
        shown = values if len(values) <= SHOWN else _thinned(values, SHOWN)
        found["singular_values"][at, : len(shown)] = shown
        found["log10_condition"][at] = isometry.log10_condition(kept)
        found["variance"][at] = isometry.variance(values)
        found["mean_square"][at] = isometry.mean_square(values)
        self._notes.append(isometry.in_words(name, values, kept))
        if len(values) > SHOWN:
            self._notes.append(f"{SHOWN} of {len(values):,} singular values are shown, evenly.")


def _traced(plan: Plan, network: nn.Sequential, x: torch.Tensor, blocks: Sequence[Block]) -> Traced:
    """Return the example's way, in float32 where a person's own network knows no other numbers."""
    layers = len(measured(plan))
    try:
        return trace(network, layers, x, blocks)
    except RuntimeError:
        return trace(network, layers, x, blocks, torch.float32)


def _thinned(values: Floats, count: int) -> Floats:
    """Return so many of the values, of evenly spaced ranks; of fewer values some come again."""
    ranks = np.linspace(0, len(values) - 1, count).round().astype(np.int64)
    return np.asarray(values[ranks])


JACOBIAN = Study(
    key="jacobian",
    label="Jacobian",
    summary="How the last hidden layer moves with the input: singular values, whole and by block.",
    source="Saxe et al. 2014; Pennington, Schoenholz and Ganguli 2017",
    order=4,
    params=NoParams,
    begin=_begin,
)
