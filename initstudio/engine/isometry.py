"""How near a network's Jacobian is to an isometry: numbers, theory and words.

The variance is that of the eigenvalues of J J^T over their mean squared, or of J^T J where that is
the smaller matrix: 0 for an isometry.
"""

from math import isfinite, log10, nan, prod

import numpy as np
import numpy.typing as npt

from initstudio import gaussian
from initstudio.catalogue import Features
from initstudio.engine.assignment import Assignment
from initstudio.engine.jacobian import measured
from initstudio.engine.network import PlannedLayer, every
from initstudio.engine.plan import Plan
from initstudio.engine.theory import SHAPES, predictions

Floats = npt.NDArray[np.float64]

INDEPENDENT = {"normal", "uniform", "truncated normal"}
"""Laws of weights that are all drawn by themselves."""
NEAR = 1.5
"""Singular values from 1 over this to this are close to an isometry's."""
EXPONENTS = (-2, 4)
"""Numbers between these powers of ten are written out."""
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def kept(values: Floats, largest_side: int, eps: float) -> Floats:
    """Return the singular values that rounding can tell from 0, as `numpy.linalg.matrix_rank`.

    `values` are all of them, the largest first, and `eps` the precision that they come from.
    """
    return values[values > values[:1] * largest_side * eps]


def log10_condition(kept_values: Floats) -> float:
    """Return the decades between the largest and the smallest of the values that are kept."""
    if not len(kept_values) or not np.isfinite(kept_values[0]):
        return nan
    return log10(kept_values[0]) - log10(kept_values[-1])


def variance(values: Floats) -> float:
    """Return the variance of the squares over their mean squared; NaN where all are 0."""
    if not values[0] > 0 or not np.isfinite(values[0]):
        return nan
    squares = (values / values[0]) ** 2
    return float(squares.var() / squares.mean() ** 2)


def mean_square(values: Floats) -> float:
    """Return the mean square, infinite where it is too large for float64."""
    with np.errstate(over="ignore"):
        return float((values**2).mean())


def predicted_variance(plan: Plan, contender: int, x: Features) -> float:
    """Return the variance for wide layers of random weights, at the first example of x.

    With widths n_0 (the input) to n_L, mu_k = E[phi'^(2k)] at each layer's q and m the smaller of
    n_0 and n_L it is m u - 1, where u is 1 / n_0 plus, for each layer, 1 / n_l for independent
    weights or max(0, 1 / n_l - 1 / n_(l-1)) for orthogonal ones, plus (mu_2 / mu_1^2 - 1) / n_l.
    For equal widths this is L (mu_2 / mu_1^2 - 1 - s_1) with s_1 = -1 or 0 (Pennington, Schoenholz
    and Ganguli 2017, Resurrecting the sigmoid; their S-transforms give the rest). NaN where theory
    is silent: other layers than Linear and activations, and weights that are no such draws.
    """
    layers = [layer for layer in every(measured(plan)) if not layer.bodies]
    spreads = predictions(plan, contender, x[:1])["activation_std"]
    stds = {layer.module: std for layer, std in zip(plan.watched, spreads, strict=True)}
    assigned = {one.parameter: one for one in plan.assignments[contender]}
    adds = any(layer.layer and layer.layer.adds for layer in every(plan.network))
    if adds or any(not stds.get(layer.module, nan) > 0 for layer in layers):
        return nan
    size = inputs = prod(layers[0].shape_in or ())
    moment, q = 1 / inputs, nan
    for layer in layers:
        key = layer.layer.key if layer.layer else ""
        if key in {"linear", "output"} and len(layer.shape_out or ()) == 1:
            before, size = size, prod(layer.shape_out or ())
            q = stds[layer.module] ** 2
            moment += _of_weights(assigned, layer, before, size)
        elif layer.layer and layer.layer.group == "Activation":
            first, second = gaussian.slope_moments(key, layer.values, q)
            moment += (second / first**2 - 1) / size if first > 0 else nan
        elif key not in SHAPES:
            return nan
    return min(inputs, size) * moment - 1


def _of_weights(
    assigned: dict[str, Assignment], layer: PlannedLayer, before: int, size: int
) -> float:
    kind = assigned[f"{layer.module}.weight"].law.kind
    if kind == "orthogonal":
        return max(0.0, 1 / size - 1 / before)
    return 1 / size if kind in INDEPENDENT else nan


def in_words(name: str, values: Floats, kept_values: Floats) -> str:
    """Return one sentence about a contender's singular values, the largest first."""
    lost = len(values) - len(kept_values)
    if not np.isfinite(values).all():
        return f"{name}: the signal or its derivative is not finite."
    if not len(kept_values):
        return f"{name}: nothing that changes in the input reaches the last hidden layer."
    low, high = kept_values[-1], kept_values[0]
    between = f"singular values from {_number(low)} to {_number(high)}"
    if not lost and low >= 1 / NEAR and high <= NEAR:
        return f"{name}: close to an isometry, {between}."
    condition = _number(10 ** log10_condition(kept_values))
    if not lost:
        return f"{name}: condition number {condition}; {between}."
    return (
        f"{name}: {lost} of {len(values)} directions are lost; the others have condition number "
        f"{condition}, {between}."
    )


def _number(value: float) -> str:
    """Return a number with two digits: "0.93", "14", or "3.1 × 10⁵"."""
    if not isfinite(value) or value == 0:
        return f"{value:g}"
    low, high = EXPONENTS
    digits, power = f"{value:.1e}".split("e")
    if not low <= int(power) < high:
        return f"{digits.removesuffix('.0')} × 10{str(int(power)).translate(SUPERSCRIPTS)}"
    return f"{float(f'{value:.2g}'):,g}" if value < 10**high else f"{value:,.0f}"
