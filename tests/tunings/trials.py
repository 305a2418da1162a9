"""Networks and trials that the tests of the tunings share."""

import torch
from torch import nn
from torch.nn import functional

from initstudio.catalogue import Trial
from initstudio.tunings import TUNINGS

CLASSES = 3


class LastStep(nn.Module):
    """The last step of what a recurrent layer gives."""

    def forward(self, given: tuple[torch.Tensor, object]) -> torch.Tensor:
        return given[0][:, -1]


class Residual(nn.Module):
    """x + body(x)."""

    def __init__(self, *body: nn.Module) -> None:
        super().__init__()
        self.body = nn.Sequential(*body)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.body(x)  # type: ignore[no-any-return]


def dense(*, bias: bool = True, width: int = 24) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(8, width, bias=bias),
        nn.ReLU(),
        nn.Linear(width, width, bias=bias),
        nn.Tanh(),
        nn.Linear(width, CLASSES, bias=bias),
    )


def noisy() -> nn.Sequential:
    """Return a network with buffers, dropout, random slopes and a nested block."""
    return nn.Sequential(
        nn.Linear(8, 24),
        nn.BatchNorm1d(24),
        nn.RReLU(),
        Residual(nn.Linear(24, 24), nn.Dropout(), nn.LayerNorm((24,)), nn.ReLU()),
        nn.Dropout(0.2),
        nn.Linear(24, CLASSES),
    )


def convolutional() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(2, 6, 3),
        nn.ReLU(),
        nn.ConvTranspose2d(6, 4, 2, groups=2),
        nn.BatchNorm2d(4, track_running_stats=True),
        nn.ReLU(),
        nn.Conv2d(4, 8, 3, groups=4),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(8 * 2 * 2, CLASSES),
    )


def recurrent() -> nn.Sequential:
    return nn.Sequential(
        nn.Embedding(10, 8, padding_idx=0),
        nn.LSTM(8, 8, batch_first=True),
        LastStep(),
        nn.Linear(8, CLASSES),
    )


def attentive() -> nn.Sequential:
    return nn.Sequential(
        nn.Embedding(10, 8),
        nn.TransformerEncoderLayer(8, 2, 16, batch_first=True),
        nn.Flatten(),
        nn.Linear(5 * 8, CLASSES),
    )


NETWORKS = {
    "dense": dense,
    "noisy": noisy,
    "convolutional": convolutional,
    "recurrent": recurrent,
    "attentive": attentive,
}


def batch_for(kind: str, size: int = 40) -> torch.Tensor:
    generator = torch.Generator().manual_seed(7)
    if kind in ("recurrent", "attentive"):
        return torch.randint(0, 10, (size, 5), generator=generator)
    shape = (2, 7, 7) if kind == "convolutional" else (8,)
    return torch.randn(size, *shape, generator=generator)


def start(kind: str, seed: int = 1) -> nn.Sequential:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return NETWORKS[kind]()


def trial_of(network: nn.Sequential, x: torch.Tensor, seed: int = 5) -> Trial:
    y = torch.randint(0, CLASSES, (len(x),), generator=torch.Generator().manual_seed(8))
    return Trial(
        network=network,
        x=x,
        y=y,
        all_y=y,
        loss=functional.cross_entropy,
        generator=torch.Generator().manual_seed(seed),
    )


def tune(key: str, trial: Trial, **values: float | str | bool) -> nn.Sequential:
    TUNINGS[key].tune(trial, TUNINGS[key].parse(values))
    return trial.network


def outputs_of(network: nn.Sequential, x: torch.Tensor) -> list[tuple[nn.Module, torch.Tensor]]:
    """Return each module that holds a matrix of weights with its output, by plain hooks.

    Dropout is off, normalization goes by the batch.
    """
    found: list[tuple[nn.Module, torch.Tensor]] = []
    hooks = [
        module.register_forward_hook(lambda one, _args, out: found.append((one, out.detach())))
        for module in network.modules()
        if isinstance(getattr(module, "weight", None), nn.Parameter) and module.weight.dim() >= 2  # type: ignore[operator]
    ]
    network.eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d | nn.TransformerEncoderLayer):
            module.training = True
    network(x)
    network.train()
    for hook in hooks:
        hook.remove()
    return found


def by_unit(module: nn.Module, output: torch.Tensor) -> torch.Tensor:
    """Return an output as float64 [units, values]."""
    axis = 1 if isinstance(module, nn.Conv2d | nn.ConvTranspose2d) else output.dim() - 1
    return torch.stack([unit.flatten() for unit in output.double().unbind(axis)])
