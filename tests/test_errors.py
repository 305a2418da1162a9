"""The error that a person reads."""

import copy

from initstudio.errors import ExperimentError


def test_it_says_where_and_why() -> None:
    error = ExperimentError("$.here", "it does not fit")
    assert (error.where, error.why, str(error)) == (
        "$.here",
        "it does not fit",
        "$.here: it does not fit",
    )


def test_it_is_no_mistake_of_a_programmer() -> None:
    assert not issubclass(ExperimentError, ValueError)


def test_a_copy_says_the_same() -> None:
    error = ExperimentError("$.here", "it does not fit")
    other = copy.copy(error)
    assert (other.where, other.why) == (error.where, error.why)
