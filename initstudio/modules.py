"""Modules that torch lacks, each as plain as a person would write it.

Each class stands by itself on `torch` and `torch.nn`, as a script shows it word for word.
"""

import torch
from torch import nn


class Sin(nn.Module):
    """sin(omega x), the activation of SIREN (Sitzmann et al. 2020, eq. 3)."""

    def __init__(self, omega: float = 1.0) -> None:
        super().__init__()
        self.omega = omega

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the sine of each value."""
        return torch.sin(self.omega * x)


class ScaledTanh(nn.Module):
    """A tanh(b x) (LeCun et al. 1998, Efficient BackProp, section 4.4)."""

    def __init__(self, amplitude: float = 1.7159, rate: float = 2 / 3) -> None:
        super().__init__()
        self.amplitude = amplitude
        self.rate = rate

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the scaled tanh of each value."""
        return self.amplitude * torch.tanh(self.rate * x)


class Residual(nn.Module):
    """skip_scale * skip(x) + branch_scale * body(x); with `start` a learned factor of the body."""

    def __init__(
        self,
        body: nn.Module,
        projection: nn.Module | None = None,
        skip_scale: float = 1.0,
        branch_scale: float = 1.0,
        start: float | None = None,
    ) -> None:
        super().__init__()
        self.body = body
        self.projection = projection
        self.skip_scale = skip_scale
        self.branch_scale = branch_scale
        self.scale = None if start is None else nn.Parameter(torch.tensor([start]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return what is skipped plus what the body makes of it."""
        skipped = x if self.projection is None else self.projection(x)
        branch: torch.Tensor = self.branch_scale * self.body(x)
        if self.scale is not None:
            branch = self.scale * branch
        return branch + self.skip_scale * skipped


class Recurrent(nn.Module):
    """A recurrent network that gives its outputs at all steps, or at the last one."""

    def __init__(self, rnn: nn.RNNBase, every: bool = False) -> None:  # noqa: FBT001, FBT002
        super().__init__()
        self.rnn = rnn
        self.every = every

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return [batch, steps, hidden], or [batch, hidden]; x is [batch, steps, features]."""
        outputs: torch.Tensor = self.rnn(x)[0]
        return outputs if self.every else outputs[:, -1]


class SelfAttention(nn.Module):
    """Multi-head attention of a sequence to itself."""

    def __init__(self, features: int, heads: int) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(features, heads, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return [batch, steps, features], as x is."""
        outputs: torch.Tensor = self.attention(x, x, x, need_weights=False)[0]
        return outputs


class Position(nn.Module):
    """Adds a learned vector to each position of a sequence."""

    def __init__(self, steps: int, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(steps, features).normal_(0, 0.02))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return [batch, steps, features], as x is."""
        return torch.add(x, self.weight)


class SelfBilinear(nn.Module):
    """A bilinear form of the signal with itself."""

    def __init__(self, features: int, units: int, bias: bool = True) -> None:  # noqa: FBT001, FBT002
        super().__init__()
        self.form = nn.Bilinear(features, features, units, bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return [batch, units]."""
        outputs: torch.Tensor = self.form(x, x)
        return outputs


class LastPositions(nn.Module):
    """Keeps the last positions of a sequence; one alone loses its axis."""

    def __init__(self, count: int = 1) -> None:
        super().__init__()
        self.count = count

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return [batch, count, features], or [batch, features]; x is [batch, steps, features]."""
        return x[:, -1] if self.count == 1 else x[:, -self.count :]


class MeanPositions(nn.Module):
    """The mean over all positions: of a sequence's steps, or of an image's pixels."""

    def __init__(self, channels_first: bool = False) -> None:  # noqa: FBT001, FBT002
        super().__init__()
        self.channels_first = channels_first

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return [batch, features]; x is [batch, steps, features] or [batch, channels, ...]."""
        return x.flatten(2).mean(2) if self.channels_first else x.mean(1)


class Sequence(nn.Module):
    """Reads a row of values as a sequence, one value a step; or an image row by row."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return [batch, steps, features]."""
        return x.unsqueeze(2) if x.dim() == 2 else x.flatten(1, -2)
