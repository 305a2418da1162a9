"""The replicas one after another, for networks that cannot run all at once: slow, and as plain."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import torch
from torch import nn
from torch.func import functional_call

from initstudio.engine.device import undisturbed
from initstudio.engine.multiplied import multiplied
from initstudio.engine.objective import loss_of, losses_of, share_right
from initstudio.engine.stacked import Output, Scores, Stacked, Step, Tensors, first_of, parts_of
from initstudio.rehearsal import rehearsing, substituted


class OneByOne:
    """Does what `program.Program` does, network by network.

    The networks' parameters become the replica's rows of the stacked ones, and so do the gradients
    and buffers. `noise` is the state of each seed's random numbers, from which each of its
    contenders begins; dropout draws from them too, so no masks are needed. `heed` is called at each
    layer that is watched, forward and backward.
    """

    def __init__(  # noqa: PLR0913 - what networks are run with, each by its name
        self,
        stacked: Stacked,
        networks: Sequence[nn.Module],
        loss: str,
        watched: Sequence[str],
        noise: Sequence[torch.Tensor],
        *,
        heed: Callable[[], object] | None = None,
    ) -> None:
        self._networks = networks
        self._loss_name = loss
        self._watched = watched
        self._noise = [noise[replica % len(noise)] for replica in range(len(networks))]
        self._notes = _Notes(heed)
        self._multipliers: list[Tensors] = [
            {name: by[replica] for name, by in stacked.multipliers.items()}
            for replica in range(len(networks))
        ]
        stacked.lend(networks)
        for network in networks:
            for path in watched:
                module = network.get_submodule(path)
                module.register_forward_hook(partial(self._notes.output, path), prepend=True)

    def buffers(self, replica: int) -> Tensors:
        """Return a copy of the buffers of one replica."""
        kept = self._networks[replica].named_buffers()
        return {name: value.clone() for name, value in kept}

    def step(self, x: torch.Tensor, y: torch.Tensor, _masks: object = None) -> Step:
        """Return what a batch gives: x [R, batch, ...], y [R, batch, ...]; gradients are set."""
        found = []
        with torch.random.fork_rng(devices=[]):
            for replica in range(len(self._networks)):
                # of its own: how much RReLU draws depends on the signal
                torch.set_rng_state(self._noise[replica])
                found.append(self._step(replica, x[replica], y[replica]))
                self._noise[replica] = torch.get_rng_state()
        losses, correct, *rest = (_stacked(one) for one in zip(*found, strict=True))
        count = len(self._watched)
        return Step(losses, correct, tuple(rest[:count]), tuple(rest[count:]))

    def evaluate(self, x: torch.Tensor, y: torch.Tensor, *, each: bool = False) -> Scores:
        """Return mean loss and accuracy, without dropout and by the running statistics.

        With `each`, the class and the loss that each example is given come with them.
        """
        found = []
        for replica, (some_x, some_y) in enumerate(zip(x, y, strict=True)):
            with self._evaluating(replica):
                outputs = self._outputs_of(replica, some_x)
            scores = [loss_of(self._loss_name, outputs, some_y), share_right(outputs, some_y)]
            if each:
                scores += [outputs.argmax(-1), losses_of(self._loss_name, outputs, some_y)]
            found.append(scores)
        return Scores(*(torch.stack(one) for one in zip(*found, strict=True)))

    def predict(self, x: torch.Tensor) -> torch.Tensor:
        """Return the outputs [R, n, ...] for inputs [n, ...], evaluated as in `evaluate`.

        What the networks draw at random even then leaves no trace.
        """
        found = []
        with undisturbed(x.device):
            for replica in range(len(self._networks)):
                with self._evaluating(replica):
                    some = [self._outputs_of(replica, part) for part in parts_of(x)]
                found.append(torch.cat(some))
        return _stacked(tuple(found))

    def losses(self, points: Sequence[Tensors], x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return the mean losses [points, R] on a batch by other parameters, [R, ...] each by name.

        As in training, by the batch's statistics, but without noise. Nothing moves.
        """
        found = []
        with undisturbed(x.device), torch.no_grad():
            for replica, network in enumerate(self._networks):
                with rehearsing(network):
                    found.append(
                        torch.stack(
                            [self._loss_at(replica, one, x[replica], y[replica]) for one in points]
                        )
                    )
        return torch.stack(found, dim=1)

    def _loss_at(
        self, replica: int, point: Tensors, x: torch.Tensor, y: torch.Tensor
    ) -> torch.Tensor:
        """Return the loss of one network by other parameters."""
        network, by = self._networks[replica], self._multipliers[replica]
        held = {
            parameter: point[name][replica] * by[name] if name in by else point[name][replica]
            for name, parameter in network.named_parameters()
        }
        try:
            with substituted(network, held):
                return loss_of(self._loss_name, network(x), y)
        finally:
            self._notes.clear()

    @contextmanager
    def _evaluating(self, replica: int) -> Iterator[None]:
        """Have a network without dropout and by its running statistics; nothing is noted of it."""
        network = self._networks[replica]
        network.eval()
        try:
            with torch.no_grad():
                yield
        finally:
            self._notes.clear()
            network.train()

    def _step(self, replica: int, x: torch.Tensor, y: torch.Tensor) -> list[torch.Tensor]:
        """Return loss, share of right answers, activations and gradients by them of one network."""
        for parameter in self._networks[replica].parameters():
            if parameter.grad is not None:
                parameter.grad.zero_()  # in place: it is a part of the stacked gradients
        notes = self._notes
        try:
            outputs = self._outputs_of(replica, x)
            loss = loss_of(self._loss_name, outputs, y)
            loss.backward()
            activations = [notes.outputs[path].detach() for path in self._watched]
            signals = [
                notes.signals.get(path, torch.zeros_like(activation))
                for path, activation in zip(self._watched, activations, strict=True)
            ]
        finally:
            notes.clear()
        return [loss.detach(), share_right(outputs.detach(), y), *activations, *signals]

    def _outputs_of(self, replica: int, x: torch.Tensor) -> torch.Tensor:
        network, multipliers = self._networks[replica], self._multipliers[replica]
        outputs: torch.Tensor = (
            functional_call(network, multiplied(network, multipliers), (x,))
            if multipliers
            else network(x)
        )
        return outputs


class _Notes:
    """What the watched layers give, and the gradients by it, of the network that runs.

    An output's graph holds its hook, which leads here: kept here, the output would hold itself, in
    a ring through autograd that Python's collector cannot see. So notes are cleared after each run.
    They are apart from the program as the networks hold them, and the program the networks.
    """

    def __init__(self, heed: Callable[[], object] | None) -> None:
        self.outputs: Tensors = {}
        self.signals: Tensors = {}
        self._heed = heed

    def clear(self) -> None:
        """Let go of what was noted."""
        self.outputs.clear()
        self.signals.clear()

    def output(self, path: str, _module: nn.Module, _inputs: object, output: Output) -> None:
        """Note what a layer gives at its first use."""
        first = first_of(output)
        if self._heed:
            self._heed()
        if path not in self.outputs:
            self.outputs[path] = first
            if first.requires_grad:
                first.register_hook(partial(self._signal, path))

    def _signal(self, path: str, signal: torch.Tensor) -> None:
        if self._heed:
            self._heed()
        self.signals[path] = signal


def _stacked(one: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """Return the replicas' tensors as one [R, ...]; of a single one no copy is needed."""
    return one[0][None] if len(one) == 1 else torch.stack(one)
