"""What computes: the CPU, or a device with memory of its own that torch sees.

Weights, data, batches and noise are drawn on the CPU, then moved; what is read comes back to it.
"""

import platform
from contextlib import AbstractContextManager
from dataclasses import replace

import torch
from torch import nn

from initstudio.engine.network import ROOT
from initstudio.engine.template import replaced
from initstudio.errors import ExperimentError
from initstudio.experiment import DEVICES, Device
from initstudio.measurement import Judged, Moment

WHERE = f"{ROOT}.training.device"


def devices_here() -> dict[Device, str]:
    """Return the devices that torch sees, with their makers' names."""
    found: dict[Device, str] = {"cpu": platform.processor() or platform.machine() or "CPU"}
    if torch.cuda.is_available():
        found["cuda"] = torch.cuda.get_device_name(0)
    if torch.backends.mps.is_available():
        found["mps"] = "Apple GPU"
    return found


def device_of(key: Device) -> torch.device:
    """Return the device, set to round as the CPU does.

    Raises:
        ExperimentError: Torch does not see it.
    """
    here = devices_here()
    if key not in here:
        known = ", ".join(DEVICES[one] for one in here)
        why = f"PyTorch sees no {DEVICES[key]} device on this machine; it sees: {known}."
        raise ExperimentError(WHERE, why)
    if key == "cuda":
        torch.backends.cudnn.allow_tf32 = False  # torch's own default rounds convolutions to it
        torch.backends.cuda.matmul.allow_tf32 = False
    return torch.device(key)


def is_elsewhere(device: torch.device) -> bool:
    """Return whether the device has memory of its own, so that numbers have to be moved."""
    return device.type != "cpu"


def memory_of(device: torch.device) -> int | None:
    """Return the bytes of memory of the device's own; None where it has none, or does not tell."""
    if device.type != "cuda":
        return None
    total: int = torch.cuda.get_device_properties(device).total_memory
    return total


def undisturbed(device: torch.device) -> AbstractContextManager[None]:
    """Return a block after which torch's random numbers go on as if nothing had been drawn in it.

    Those of the CPU, and of a CUDA device if it is one.
    """
    return torch.random.fork_rng(devices=[device] if device.type == "cuda" else [])


def noisy_on_cpu(network: nn.Module) -> nn.Module:
    """Return the network with its dropout and RReLU computed on the CPU, by the CPU's noise."""
    return replaced(network, _fit)


def to_cpu(moment: Moment, *, whole: bool) -> Moment:
    """Return the moment with its tensors on the CPU; but for `whole` only the loss and scores."""
    scores = moment.validation
    moved = replace(
        moment,
        loss=moment.loss.cpu(),
        correct=moment.correct.cpu(),
        validation=scores and (scores[0].cpu(), scores[1].cpu()),
        judged=moment.judged and _judged_on_cpu(moment.judged),
    )
    if not whole:
        return moved
    return replace(
        moved,
        weights=_moved(moment.weights),
        gradients=_moved(moment.gradients),
        activations=_moved(moment.activations),
        signals=_moved(moment.signals),
        started=_moved(moment.started),
        previous=moment.previous and _moved(moment.previous),
        parameters=_moved(moment.parameters),
    )


def _judged_on_cpu(judged: Judged) -> Judged:
    return replace(
        judged,
        predicted=judged.predicted.cpu(),
        truth=judged.truth.cpu(),
        loss=judged.loss.cpu(),
        example=judged.example.cpu(),
    )


class _OnCpu(nn.Module):
    """Computes a module on the CPU while it draws, wherever its input lies."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return what the module gives, where the input lies."""
        outputs: torch.Tensor = self.module(x.cpu() if self.training else x)
        return outputs.to(x.device)


def _moved(tensors: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    return tuple(one.cpu() for one in tensors)


def _fit(module: nn.Module) -> nn.Module | None:
    noisy = isinstance(module, nn.modules.dropout._DropoutNd | nn.RReLU)  # noqa: SLF001
    return _OnCpu(module) if noisy else None
