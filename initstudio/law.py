"""Distributions that starting values are drawn from."""

import math
from dataclasses import dataclass, replace
from typing import Literal

TRUNCATED_STD = 0.87962566103423978
"""Standard deviation of a standard normal that is cut at two; Keras divides by it."""


@dataclass(frozen=True, kw_only=True)
class Law:
    """The distribution that a scheme draws from; for `orthogonal` that of one entry.

    `fixed` stands for numbers that no draw changes (an identity), with their mean and spread over
    the tensor; `sparse normal` for zeros among the draws of a normal; `mixed` for parts of a tensor
    that are drawn from different distributions, with the moments of a part taken at random. `own`
    is whatever a person's own code does, with mean and spread of one draw. `low` and `high` bound
    every draw; for a normal they are infinite. `uncut` has mean and std of the normal that a
    truncated one is cut from.
    """

    kind: Literal[
        "normal",
        "uniform",
        "truncated normal",
        "constant",
        "orthogonal",
        "sparse normal",
        "fixed",
        "mixed",
        "own",
    ]
    mean: float
    std: float
    low: float = -math.inf
    high: float = math.inf
    uncut: tuple[float, float] | None = None


def uniform_law(bound: float) -> Law:
    """Return U(-bound, bound)."""
    return Law(kind="uniform", mean=0, std=bound / math.sqrt(3), low=-bound, high=bound)


def normal_law(std: float, mean: float = 0) -> Law:
    """Return N(mean, std^2)."""
    return Law(kind="normal", mean=mean, std=std)


def truncated_law(std: float) -> Law:
    """Return a normal cut at two of its deviations that has this std once it is cut."""
    edge = 2 * std / TRUNCATED_STD
    uncut = (0.0, std / TRUNCATED_STD)
    return Law(kind="truncated normal", mean=0, std=std, low=-edge, high=edge, uncut=uncut)


def constant_law(value: float) -> Law:
    """Return the law of a number that is always the same."""
    return Law(kind="constant", mean=value, std=0, low=value, high=value)


def times(law: Law, by: float) -> Law:
    """Return the law of draws that are multiplied by a number above 0."""
    if by == 1:
        return law
    uncut = law.uncut and (law.uncut[0] * by, law.uncut[1] * by)
    return replace(
        law,
        mean=law.mean * by,
        std=law.std * by,
        low=law.low * by,
        high=law.high * by,
        uncut=uncut,
    )
