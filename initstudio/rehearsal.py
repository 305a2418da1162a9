"""Rehearsals: a network run on real data before its training, leaving no trace of the run.

What the tunings share: the network run as in training but for its noise, its weight layers met one
by one in the order of the signal, and the units (channels) of a weight layer.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import lazy_loader

if TYPE_CHECKING:
    import torch
    from torch import nn
else:
    torch = lazy_loader.load("torch")

ROUNDING = 4
"""Spreads of so many units in the last place are those of rounding."""


@dataclass(frozen=True, kw_only=True)
class WeightLayer:
    """A layer met on the way, whose trained weight has two or more dimensions, and its input."""

    label: str
    module: "nn.Module"
    weight: "nn.Parameter"
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    @property
    def bias(self) -> "nn.Parameter | None":
        """Return its bias, where it has one that is trained."""
        return trained_bias(self.module)

    def output(self) -> "torch.Tensor":
        """Return what it gives with its present weights.

        Raises:
            ValueError: That is not finite.
        """
        output: torch.Tensor = self.module.forward(*self.args, **self.kwargs)
        if not output.isfinite().all():
            message = f"The output of {self.label} is not finite."
            raise ValueError(message)
        return output

    def has_units(self) -> bool:
        """Return whether it is of a kind whose units are known: one weight vector for each."""
        kinds = (torch.nn.Linear, torch.nn.Bilinear, torch.nn.Embedding)
        return isinstance(self.module, (*kinds, torch.nn.modules.conv._ConvNd))  # noqa: SLF001 - it has no public name

    def units(self) -> "torch.Tensor":
        """Return the output by unit, float64 [units, values]."""
        output = self.output()
        axis = 1 if isinstance(self.module, torch.nn.modules.conv._ConvNd) else -1  # noqa: SLF001
        return output.movedim(axis, 0).flatten(1).double()

    def scale_units(self, factors: "torch.Tensor") -> None:
        """Multiply the weights of each unit by its factor, float64 [units]."""
        weight, module = self.weight, self.module
        if isinstance(module, torch.nn.Embedding):
            shaped = factors
        elif isinstance(module, torch.nn.modules.conv._ConvTransposeNd):  # noqa: SLF001
            # [in, out / groups, *kernel]: the inputs of a group meet the outputs of the same group
            by_group = factors.view(module.groups, 1, -1)
            by_input = by_group.expand(-1, weight.shape[0] // module.groups, -1).flatten(0, 1)
            shaped = by_input.view(*weight.shape[:2], *(1,) * (weight.dim() - 2))
        else:
            shaped = factors.view(-1, *(1,) * (weight.dim() - 1))
        weight.copy_(weight.double() * shaped)

    def standardize_units(self, mean: float) -> None:
        """Give the output of each unit that mean and a standard deviation of 1.

        Without a bias the mean becomes what the scaling makes of it.

        Raises:
            ValueError: A unit has the same output everywhere.
        """
        units = self.units()
        means, stds = units.mean(1), units.std(1, correction=0)
        for number, (unit, std) in enumerate(zip(units, stds, strict=True), 1):
            if is_constant(unit, std, self.weight.dtype):
                message = (
                    f"Unit {number} of {self.label} gives the same value for the whole batch, "
                    "which no scale can spread."
                )
                raise ValueError(message)
        self.scale_units(1 / stds)
        if self.bias is not None:
            self.bias.copy_((self.bias.double() - means) / stds + mean)


def trained_bias(module: "nn.Module") -> "nn.Parameter | None":
    """Return the bias of a module, where it has one that is trained."""
    bias = getattr(module, "bias", None)
    return bias if isinstance(bias, torch.nn.Parameter) and bias.requires_grad else None


def is_constant(values: "torch.Tensor", std: "torch.Tensor", dtype: "torch.dtype") -> bool:
    """Return whether values of that standard deviation differ by no more than rounding."""
    largest = values.abs().max().item()
    return std.item() <= ROUNDING * torch.finfo(dtype).eps * largest


@contextmanager
def rehearsing(network: "nn.Module") -> Iterator[None]:
    """Let the network run as in training, but without dropout or other noise.

    Normalization goes by the batch. Afterwards its modes are as before, and its buffers, such as
    running means, have not moved.

    Raises:
        ValueError: The batch is too small for the network, or the network cannot be differentiated
            as often as was asked for.
    """
    modes = {module: module.training for module in network.modules()}
    buffers = {buffer: buffer.clone() for buffer in network.buffers()}
    # an encoder layer that does not train takes a short cut past its own layers and their hooks
    loud = (torch.nn.modules.batchnorm._NormBase, torch.nn.TransformerEncoderLayer)  # noqa: SLF001
    try:
        for module in modes:
            module.training = isinstance(module, loud)
        # the other kernels of attention have no second derivative
        with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
            yield
    except (RuntimeError, ValueError) as error:
        if why := _in_a_sentence(str(error)):
            raise ValueError(why) from error
        raise
    finally:
        with torch.no_grad():
            for buffer, before in buffers.items():
                if not torch.equal(buffer, before):  # a graph may know those that have not moved
                    buffer.copy_(before)
        for module, mode in modes.items():
            module.training = mode


@contextmanager
def substituted(
    network: "nn.Module", values: "Mapping[nn.Parameter, torch.Tensor]"
) -> Iterator[None]:
    """Let the network run with other tensors in the places of parameters.

    `torch.func.functional_call` does not put all back where a module stands in several places.
    """
    places = [
        (module._parameters, name, parameter)  # noqa: SLF001 - assigning would register anew
        for module in network.modules()
        for name, parameter in module.named_parameters(recurse=False)
        if parameter in values
    ]
    try:
        for place, name, parameter in places:
            place[name] = values[parameter]  # type: ignore[assignment]
        yield
    finally:
        for place, name, parameter in places:
            place[name] = parameter


def walk(
    network: "nn.Module", x: "torch.Tensor", visit: Callable[[WeightLayer], None]
) -> list[WeightLayer]:
    """Run the network once and visit its weight layers in the order of the signal.

    What a visit does to a layer is in the input of those that follow. A layer that runs several
    times, and a weight that several share, is visited at its first time. Weights of other names
    (recurrent layers, the inside of attention), those that are not trained and the scales of
    normalization are passed by.

    Returns:
        The layers that were visited.

    Raises:
        ValueError: There are none, or the batch is too small.
    """
    visited: dict[nn.Parameter, WeightLayer] = {}

    def met(
        module: "nn.Module", args: tuple[Any, ...], kwargs: dict[str, Any], _output: object
    ) -> object:
        weight = _matrix(module)
        if weight is None or weight in visited:
            return None
        layer = WeightLayer(
            label=labels[module], module=module, weight=weight, args=args, kwargs=kwargs
        )
        visited[weight] = layer
        visit(layer)
        return module.forward(*args, **kwargs)

    labels = {module: _label(name, module) for name, module in network.named_modules()}
    hooks = [
        module.register_forward_hook(met, with_kwargs=True)
        for module in network.modules()
        if _matrix(module) is not None
    ]
    try:
        with rehearsing(network), torch.no_grad():
            network(x)
    finally:
        for hook in hooks:
            hook.remove()
    if not visited:
        message = "The network has no layer with a matrix of weights to train."
        raise ValueError(message)
    return list(visited.values())


def matrices(network: "nn.Module") -> dict[str, "nn.Parameter"]:
    """Return the trained tensors of two or more dimensions by name, without normalization's scales.

    Those of recurrent layers and of attention are among them.
    """
    scales = {
        parameter
        for module in network.modules()
        if isinstance(module, _scaling())
        for parameter in module.parameters(recurse=False)
    }
    return {
        name: parameter
        for name, parameter in network.named_parameters()
        if parameter.requires_grad and parameter.dim() >= 2 and parameter not in scales
    }


def _matrix(module: "nn.Module") -> "nn.Parameter | None":
    weight = getattr(module, "weight", None)
    if not isinstance(weight, torch.nn.Parameter) or isinstance(module, _scaling()):
        return None
    return weight if weight.requires_grad and weight.dim() >= 2 else None


def _scaling() -> tuple[type["nn.Module"], ...]:
    return (torch.nn.LayerNorm, torch.nn.RMSNorm)


def _label(name: str, module: "nn.Module") -> str:
    """Return what to call a module in a sentence: "layer 3.1 (Linear)", counting from 1."""
    parts = name.split(".")
    if parts[0].isdigit():
        name = ".".join(str(int(part) + 1) for part in parts if part.isdigit())
    return f"layer {name} ({type(module).__name__})"


def _in_a_sentence(error: str) -> str:
    if "Expected more than 1" in error:
        return "The batch is too small for the network's normalization."
    if "derivative for" in error or "differentiate twice" in error:
        return "A layer of the network cannot be differentiated twice."
    return ""
