"""A scheme whose gain is made for another activation."""

from collections.abc import Sequence
from functools import lru_cache
from math import sqrt

import numpy as np

from initstudio import gaussian
from initstudio.averages import averages_of
from initstudio.catalogue import Value
from initstudio.finding import GAIN_FIX, TANH_FIX, Evidence, Finding, Started, Verdict, short

FEWEST = 3
RECTIFIERS = {"relu", "leaky_relu", "prelu", "rrelu", "relu6"}
GAINED = ("xavier", "kaiming", "lecun", "orthogonal", "delta_orthogonal", "variance_scaling", "ntk")
"""How the keys of schemes with a gain begin."""
LEAST, MOST = 0.3, 3.0
"""What may be left of the signal's power after all layers without a word."""
FADING = 0.95
"""Growth of the power in a layer, below which it fades."""
FAINT, LOUD = 1e-6, 1e6
"""Powers at which an activation is as it is around 0, and far from it."""

Way = tuple[tuple[str, tuple[tuple[str, Value], ...], float], ...]
"""Of each layer the activation behind it, with its parameters, and fan-in times E[w^2]."""


def _way(layers: Sequence[Started]) -> Way:
    return tuple(
        (
            one.tensor.site.activation,
            tuple(sorted(one.tensor.site.activation_params.items())),
            one.tensor.fan_in * (one.law.std**2 + one.law.mean**2),
        )
        for one in layers
    )


@lru_cache(maxsize=256)
def _left(way: Way) -> float:
    """Return what is left of a signal of power 1 after the activations of these layers.

    It is 1 where the signal does not go on to fade or to grow, but settles.
    """
    q = 1.0
    for activation, params, variance in way:
        q = variance * _square(activation, params, q)
        if not 1e-30 < q < 1e30:
            return q
    activation, params, variance = way[-1]
    end = FAINT if q < 1 else LOUD
    fades = variance * _square(activation, params, end) / end < FADING
    return q if fades == (q < 1) else 1.0


def _square(activation: str, params: tuple[tuple[str, Value], ...], q: float) -> float:
    return float(averages_of(activation, dict(params)).moments(np.array([q]))[1][0])


def _one_after_another(evidence: Evidence) -> tuple[Started, ...]:
    """Return the weights through which the signal goes, and by which it fades or grows.

    None where a normalization gives it its size, or a skip leads past them.
    """
    if evidence.profile.normalized:
        return ()
    return tuple(
        one
        for one in evidence.weights
        if one.scheme.startswith(GAINED)
        and one.tensor.site.activation != "linear"
        and one.tensor.site.branch is None
        and one.tensor.fan_in
        and one.law.std > 0
    )


def _is_plain_xavier(one: Started) -> bool:
    plain = one.scheme.startswith("xavier") and one.params.get("gain", 1.0) == 1.0
    return plain and one.tensor.site.activation in RECTIFIERS


def _is_kaiming_elsewhere(one: Started) -> bool:
    elsewhere = one.tensor.site.activation not in RECTIFIERS
    return one.scheme.startswith("kaiming") and elsewhere


def _xavier(evidence: Evidence) -> Verdict | None:
    layers = [one for one in _one_after_another(evidence) if _is_plain_xavier(one)]
    if len(layers) < FEWEST or (left := _left(_way(layers))) >= LEAST:
        return None
    return Verdict(
        sentence=f"Xavier is made for tanh: through {len(layers)} layers with rectifiers it leaves "
        f"{short(left)} of the signal's power.",
        severity="bad" if left < 1e-3 else "careful",
        fix=GAIN_FIX,
    )


def _kaiming(evidence: Evidence) -> Verdict | None:
    layers = [one for one in _one_after_another(evidence) if _is_kaiming_elsewhere(one)]
    if len(layers) < FEWEST or LEAST <= (left := _left(_way(layers))) <= MOST:
        return None
    return Verdict(
        sentence=f"Kaiming's gain is made for ReLU: through {len(layers)} layers with "
        f"{layers[0].activation} {_leaves(left)}.",
        severity="bad" if not 1e-3 < left < 1e3 else "careful",
        fix=GAIN_FIX,
    )


def _gain(evidence: Evidence) -> Verdict | None:
    layers = [
        one
        for one in _one_after_another(evidence)
        if not (_is_plain_xavier(one) or _is_kaiming_elsewhere(one))
    ]
    if len(layers) < FEWEST or LEAST <= (left := _left(_way(layers))) <= MOST:
        return None
    last = layers[-1]
    site, tensor = last.tensor.site, last.tensor
    wanted = gaussian.second_moment_gain(site.activation, site.activation_params)
    given = sqrt(tensor.fan_in) * last.law.std
    return Verdict(
        sentence=f"{last.label} has the gain {short(given)} here, and {last.activation} needs "
        f"{short(wanted)}: through {len(layers)} layers {_leaves(left)}.",
        severity="bad" if not 1e-3 < left < 1e3 else "careful",
        fix=GAIN_FIX,
    )


def _leaves(left: float) -> str:
    if left < 1:
        return f"it leaves {short(left)} of the signal's power"
    return f"it multiplies the signal's power by {short(left)}"


def _sigmoid(evidence: Evidence) -> Verdict | None:
    layers = tuple(one for one in evidence.weights if one.tensor.site.activation == "sigmoid")
    if len(layers) <= FEWEST or evidence.profile.normalized:
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
        fix=TANH_FIX,
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

OTHER_GAIN = Finding(
    key="other_gain",
    label="Gain of another activation",
    summary="The scheme's gain is not that of the activations: the signal never settles.",
    source="Poole et al. 2016, eq. 3; He et al. 2015, eq. 10",
    order=22,
    look=_gain,
)

SIGMOID_DEEP = Finding(
    key="sigmoid_deep",
    label="Deep sigmoid network",
    summary="The slope of the sigmoid is at most 1/4, so that gradients fade from layer to layer.",
    source="Glorot and Bengio 2010, section 3.1",
    order=23,
    look=_sigmoid,
)
