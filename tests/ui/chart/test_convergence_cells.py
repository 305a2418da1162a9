"""What the convergence table says: numbers, sentences and the order of its rows."""

from math import inf, nan

import numpy as np
import pytest

from initstudio.convergence import Spread, row_of
from initstudio.history import History
from initstudio.ranking import Comparison, Place, compare
from initstudio.ui.chart.convergence_cells import (
    COLUMNS,
    Standing,
    cell_text,
    next_sort,
    ordered,
    sorted_by,
)
from initstudio.ui.chart.convergence_words import (
    behind_text,
    p_text,
    plus_minus,
    sentence,
    spread_text,
    words_of_test,
)
from tests.synthetic import experiment_of, header_of
from tests.test_ranking import NAMES, rows_with

KEYS = [column.key for column in COLUMNS]


def compared(by: str, first: list[float], second: list[float]) -> Comparison:
    ours, theirs = rows_with(by, [first, second])
    found = compare(ours, theirs, by)
    assert found is not None
    return found


def standings(by: str, values: list[float]) -> list[Standing]:
    rows = rows_with(by, [[value] for value in values])
    return [Standing(f"Way {at}", "#000000", row, 10, Place()) for at, row in enumerate(rows)]


def test_a_cell_tells_median_range_and_how_many() -> None:
    assert spread_text(Spread(40, 30, 50, 3, 3), "steps", 10) == "40 (4 ep.)  [30 – 50]"
    assert spread_text(Spread(inf, 30, 30, 1, 3), "steps", 10) == "never  1 of 3"
    assert spread_text(Spread(inf, 3, 4, 1, 3), "seconds", 10) == "never  [3 – 4]  1 of 3"
    assert spread_text(Spread(1.2345, 1.2345, 1.2345, 1, 1), "seconds", 10) == "1.23 s"
    assert spread_text(Spread(nan, 0, 0, 0, 3), "loss", 10) == "–"
    assert spread_text(Spread(0.912, 0.912, 0.912, 1, 1), "accuracy", 10) == "91.2 %"


def test_a_cell_tells_mean_and_deviation() -> None:
    steps = Spread(40, 30, 50, 3, 3, 41.2, 8.6)
    assert spread_text(steps, "steps", 10, mean=True) == "41 ± 9 (4.12 ep.)"
    loss = Spread(0.5, 0.1, 0.9, 2, 3, 0.5123, 0.0321)
    assert spread_text(loss, "loss", 10, mean=True) == "0.512 ± 0.032  2 of 3"
    one = Spread(0.912, 0.912, 0.912, 1, 1, 0.912, nan)
    assert spread_text(one, "accuracy", 10, mean=True) == "91.2 %"
    shares = Spread(0.9, 0.9, 0.9, 2, 2, 0.9, 0.0123)
    assert spread_text(shares, "accuracy", 10, mean=True) == "90.0 ± 1.2 %"


@pytest.mark.parametrize(
    ("mean", "std", "text"),
    [
        (1.1562, 1.0, "1.2 ± 1.0"),
        (0.27143, 0.0168, "0.271 ± 0.017"),
        (1.6e-8, 1.23e-9, "(1.60 ± 0.12)×10⁻⁸"),
        (0.00012, 0.02, "0.000 ± 0.020"),
        (12345.6, 321.4, "12,346 ± 321"),
        (2.3, 0.0, "2.3 ± 0"),
        (2.3, 1e-9, "2.30000 ± 0.00000"),
        (-2.3, 0.1, "−2.30 ± 0.10"),
    ],
)
def test_a_mean_has_as_many_places_as_its_deviation(mean: float, std: float, text: str) -> None:
    assert plus_minus(mean, std) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (1, "p = 1"),
        (0.25, "p = 0.25"),
        (0.0625, "p = 0.06"),
        (0.0547, "p = 0.055"),
        (0.0481, "p = 0.048"),
        (2 / 2**10, "p = 0.002"),
        (1 / 10_001, "p < 0.001"),
    ],
)
def test_a_p_tells_on_which_side_of_a_twentieth_it_lies(p: float, text: str) -> None:
    assert p_text(p) == text


def test_the_test_is_stated_in_words() -> None:
    found = compared("loss_steps", [10, 20, 30, 40, 50], [130, 140, 150, 160, 170])
    assert sentence("Kaiming", "Xavier", found) == (
        "Kaiming reaches the loss target 120 steps sooner than Xavier, in 5 of 5 seeds, p = 0.06"
    )
    assert behind_text(found) == "120 steps  5 of 5, p = 0.06"
    assert "at least 0.0625" in words_of_test(found)


def test_the_sentence_turns_where_the_median_and_the_mean_disagree() -> None:
    found = compared("loss_steps", [10, 10, 400], [20, 20, 100])
    assert sentence("A", "B", found) == (
        "A reaches the loss target 93.3 steps later than B, in 1 of 3 seeds, p = 1"
    )
    assert behind_text(found) == "−93.3 steps  2 of 3, p = 1"


def test_seeds_that_never_get_there_are_told() -> None:
    found = compared("accuracy_steps", [10, 20, 30], [40, nan, nan])
    assert sentence("A", "B", found) == (
        "A reaches the accuracy target sooner than B, in 3 of 3 seeds, p = 0.25; "
        "B never gets there in 2 of 3"
    )
    assert behind_text(found) == "3 of 3, p = 0.25"
    first, second = rows_with(
        "final_loss", [[1, 2, 3], [nan, 1, 9]], [[nan, nan, nan], [7, 8, nan]]
    )
    gone = compare(first, second, "final_loss")
    assert gone is not None
    assert sentence("A", "B", gone) == (
        "A’s final loss is lower than B’s, in 3 of 3 seeds, p = 0.25; B diverges in 2 of 3"
    )


def test_losses_and_accuracies_are_lower_and_higher() -> None:
    loss = compared("final_loss", [0.1, 0.2], [0.3, 0.4])
    assert sentence("A", "B", loss) == (
        "A’s final loss is 0.2 lower than B’s, in 2 of 2 seeds, p = 0.5"
    )
    share = compared("final_accuracy", [0.9, 0.92], [0.8, 0.83])
    assert sentence("A", "B", share) == (
        "A’s final accuracy is 9.5 points higher than B’s, in 2 of 2 seeds, p = 0.5"
    )
    back = compared("final_accuracy", [0.8, 0.83], [0.9, 0.92])
    assert "9.5 points lower" in sentence("A", "B", back)


def test_equal_contenders_and_a_single_seed_are_told() -> None:
    equal = compared("area", [1, 2], [1, 2])
    assert sentence("A", "B", equal) == (
        "A and B have the same area under the loss curve on average, p = 1"
    )
    assert sentence("A", "B", compared("loss_steps", [10, 30], [30, 10])) == (
        "A and B reach the loss target equally soon on average, p = 1"
    )
    single = compared("loss_steps", [10], [30])
    assert sentence("A", "B", single) == (
        "A reaches the loss target 20 steps sooner than B; with one seed no test can judge that"
    )
    assert behind_text(single) == "20 steps"
    assert "use more" in words_of_test(single)


def test_rows_are_ordered_and_who_has_no_number_is_last() -> None:
    rows = standings("final_loss", [0.5, nan, 0.1, 0.9])
    for sort, names in (
        ("", ["Way 0", "Way 1", "Way 2", "Way 3"]),
        ("final_loss", ["Way 2", "Way 0", "Way 3", "Way 1"]),
        ("-final_loss", ["Way 3", "Way 0", "Way 2", "Way 1"]),
        ("-name", ["Way 3", "Way 2", "Way 1", "Way 0"]),
        ("no such column", ["Way 0", "Way 1", "Way 2", "Way 3"]),
    ):
        for mean in (False, True):
            assert [one.name for one in ordered(rows, sort, mean=mean)] == names


def test_clicks_on_a_heading_put_the_best_first_then_last_then_as_they_were() -> None:
    loss, accuracy = KEYS.index("final_loss"), KEYS.index("final_accuracy")
    assert next_sort("", loss) == "final_loss"
    assert next_sort("final_loss", loss) == "-final_loss"
    assert next_sort("-final_loss", loss) == ""
    assert next_sort("final_loss", accuracy) == "-final_accuracy"
    assert next_sort("-final_accuracy", accuracy) == "final_accuracy"
    assert sorted_by("-final_loss") == (loss, True)
    assert sorted_by("x") == (-1, False)


def test_stalled_and_diverged_seeds_are_counted() -> None:
    history = History(header_of(experiment_of(1, 3)))
    numbers = {key: np.full(3, nan) for key in NAMES}
    numbers["stalled"], numbers["diverged"] = np.array([1.0, 0, 1]), np.array([nan, 41, nan])
    one = Standing("A", "#000000", row_of(history, numbers, np.arange(3)), 10, Place())
    cells = {column.key: cell_text(one, column, mean=False) for column in COLUMNS}
    assert cells["stalled"] == "2 of 3"
    assert cells["diverged"] == "1 of 3, first at step 41"
    assert cells["rank"] == cells["behind"] == cells["loss_steps"] == "–"
