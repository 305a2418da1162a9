"""Networks that are drawn, and what is measured of them, over draws, for theory to be held to."""

from functools import partial

import numpy as np
import torch

from initstudio.engine.initialize import initialize
from initstudio.engine.plan import Plan, plan
from initstudio.experiment import Choice, Contender, Data, Experiment
from initstudio.presets import ARTICLE

WIDTH = 512
DRAWS = 8
X = np.random.default_rng(0).normal(size=(64, WIDTH)).astype(np.float32)
X /= np.sqrt((X**2).mean(1, keepdims=True))  # each example of second moment 1


def deep(activation: str, layers: int = 5, **params: float) -> tuple[Choice, ...]:
    one = (Choice("linear", {"units": WIDTH}), Choice(activation, dict(params)))
    return one * layers + (Choice("output"),)


def planned(network: tuple[Choice, ...], *contenders: Contender, features: int = WIDTH) -> Plan:
    return plan(
        Experiment(
            network=network,
            data=Data(dataset=Choice("random", {"examples": 200, "features": features})),
            contenders=contenders,
            training=ARTICLE.training,
        )
    )


def measured(resolved: Plan, x: np.ndarray) -> np.ndarray:
    """Return the root of the mean variance of each watched layer, over draws."""
    found = []
    for seed in range(DRAWS):
        network = initialize(resolved, 0, seed)
        seen: dict[str, torch.Tensor] = {}
        for layer in resolved.watched:
            note = partial(_note, seen, layer.module)
            network.get_submodule(layer.module).register_forward_hook(note)
        with torch.no_grad():
            network(torch.from_numpy(x))
        found.append([float(seen[layer.module].double().var()) for layer in resolved.watched])
    root: np.ndarray = np.sqrt(np.mean(found, axis=0))
    return root


def _note(
    seen: dict[str, torch.Tensor], name: str, _module: object, _input: object, output: torch.Tensor
) -> None:
    seen[name] = output


def measured_each(resolved: Plan, x: np.ndarray, draws: int) -> dict[str, np.ndarray]:
    """Return mean squares, those of gradients and cosines of watched layers [draws, layers]."""
    squares, slopes, cosines = [], [], []
    generator = torch.Generator().manual_seed(5)
    for seed in range(draws):
        network = initialize(resolved, 0, seed)
        seen: dict[str, torch.Tensor] = {}
        for layer in resolved.watched:
            note = partial(_note, seen, layer.module)
            network.get_submodule(layer.module).register_forward_hook(note)
        outputs = network(torch.from_numpy(x))
        for one in seen.values():
            one.retain_grad()
        # any gradient that is independent of the signal
        (outputs * torch.randn(outputs.shape, generator=generator)).sum().backward()
        rows = [seen[layer.module].detach().flatten(1).double() for layer in resolved.watched]
        squares.append([float((one**2).mean()) for one in rows])
        grads = [seen[layer.module].grad for layer in resolved.watched]
        slopes.append([float((one.double() ** 2).mean()) for one in grads if one is not None])
        cosines.append([_mean_cosine(one.numpy()[:8]) for one in rows])
    found = {"activation_second": squares, "signal_second": slopes, "cosine": cosines}
    return {key: np.array(one) for key, one in found.items()}


def measured_more(resolved: Plan, x: np.ndarray, draws: int) -> dict[str, np.ndarray]:
    """Return mean squares, relative gradients and cosines of each watched layer, over draws."""
    found = {key: one.mean(0) for key, one in measured_each(resolved, x, draws).items()}
    back = found.pop("signal_second")
    return {**found, "signal_std": np.sqrt(back / back[-1])}


def _mean_cosine(rows: np.ndarray) -> float:
    pairs = [(one, other) for at, one in enumerate(rows) for other in rows[at + 1 :]]
    return float(np.mean([a @ b / np.sqrt((a @ a) * (b @ b)) for a, b in pairs]))


ALIKE = (X + 0.7 * X[:1]) / np.sqrt(((X + 0.7 * X[:1]) ** 2).mean(1, keepdims=True))
"""Examples that have something in common."""
