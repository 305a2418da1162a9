"""A scheme whose gain is made for another activation."""

from math import sqrt

import numpy as np

from initstudio import gaussian
from initstudio.averages import averages_of
from initstudio.finding import GAIN_FIX, Evidence, Finding, Started, Verdict, short

FEWEST = 3
RECTIFIERS = {"relu", "leaky_relu", "prelu", "rrelu", "relu6"}
LEAST, MOST = 0.3, 3.0
"""What may be left of the signal's power after all layers without a word."""


def _through(one: Started, q: float) -> float:
    """Return the second moment of the next pre-activations, from that of the present ones."""
    site = one.tensor.site
    averages = averages_of(site.activation, site.activation_params)
    square = float(averages.moments(np.array([q]))[1][0])
    return one.tensor.fan_in * (one.law.std**2 + one.law.mean**2) * square


def _left(layers: tuple[Started, ...]) -> float:
    """Return what is left of a signal of power 1 after the activations of these layers."""
    q = 1.0
    for one in layers:
        q = _through(one, q)
        if not 1e-30 < q < 1e30:
            break
    return q


def _of(evidence: Evidence, family: str) -> tuple[Started, ...]:
    return tuple(
        one
        for one in evidence.weights
        if one.scheme.startswith(family) and one.tensor.site.activation != "linear"
    )


def _xavier(evidence: Evidence) -> Verdict | None:
    layers = tuple(
        one for one in _of(evidence, "xavier") if one.tensor.site.activation in RECTIFIERS
    )
    if len(layers) < FEWEST or layers[0].params.get("gain", 1.0) != 1.0:
        return None
    left = _left(layers)
    if left >= LEAST:
        return None
    return Verdict(
        sentence=f"Xavier is made for tanh: through {len(layers)} layers with rectifiers it leaves "
        f"{short(left)} of the signal's power.",
        severity="bad" if left < 1e-3 else "careful",
        fix=GAIN_FIX,
    )


def _kaiming(evidence: Evidence) -> Verdict | None:
    layers = tuple(
        one for one in _of(evidence, "kaiming") if one.tensor.site.activation not in RECTIFIERS
    )
    if len(layers) < FEWEST:
        return None
    left = _left(layers)
    if LEAST <= left <= MOST:
        return None
    activation = layers[0].tensor.site.activation
    return Verdict(
        sentence=f"Kaiming's gain is made for ReLU: through {len(layers)} layers with {activation} "
        f"it leaves {short(left)} of the signal's power.",
        severity="bad" if not 1e-3 < left < 1e3 else "careful",
        fix=GAIN_FIX,
    )


def _sigmoid(evidence: Evidence) -> Verdict | None:
    layers = tuple(one for one in evidence.weights if one.tensor.site.activation == "sigmoid")
    if len(layers) <= FEWEST:
        return None
    slope = gaussian.moments("sigmoid", {}, 1.0)[2]
    first = layers[0]
    growth = first.tensor.fan_in * first.law.std**2 * slope
    if growth >= LEAST:
        return None
    return Verdict(
        sentence=f"Sigmoid passes on {short(sqrt(growth))} of the gradient in each of "
        f"{len(layers)} layers, about {short(sqrt(growth) ** len(layers))} in all; tanh or ReLU "
        "passes on more.",
        severity="bad",
    )


XAVIER_RECTIFIER = Finding(
    key="xavier_rectifier",
    label="Xavier before rectifiers",
    summary="A rectifier passes on half of the signal's power, which Xavier does not make up for.",
    source="He et al. 2015, section 2.2, Comparisons with Xavier initialization",
    order=20,
    look=_xavier,
)

KAIMING_SMOOTH = Finding(
    key="kaiming_smooth",
    label="Kaiming before other activations",
    summary="Kaiming's gain of sqrt 2 is that of ReLU; other activations need others.",
    source="torch.nn.init.calculate_gain; averages over a normal, gaussian.py",
    order=21,
    look=_kaiming,
)

SIGMOID_DEEP = Finding(
    key="sigmoid_deep",
    label="Deep sigmoid network",
    summary="The slope of the sigmoid is at most 1/4, so that gradients fade from layer to layer.",
    source="Glorot and Bengio 2010, section 3.1",
    order=22,
    look=_sigmoid,
)
