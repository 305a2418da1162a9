"""From tables and arrays to examples: targets, texts as features, gaps, and what is refused."""

from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest

from initstudio.errors import ExperimentError
from initstudio.tables import Arrays, Examples, Wanted, examples
from initstudio.tables import examples as made
from initstudio.tables.delimited import parse_delimited


def of(text: str, **wanted: object) -> Examples:
    return made(parse_delimited(text.encode(), "own.csv"), Wanted(**cast("dict[str, Any]", wanted)))


def of_arrays(
    x: npt.ArrayLike, y: npt.ArrayLike, words: tuple[str, ...] = (), **wanted: object
) -> Examples:
    arrays = Arrays(x=np.asarray(x), y=np.asarray(y), names=("x", "y"), words=words)
    return examples(arrays, Wanted(**cast("dict[str, Any]", wanted)))


def trouble(caught: pytest.ExceptionInfo[ExperimentError]) -> tuple[str, str]:
    return caught.value.where, caught.value.why


def test_the_last_column_is_predicted_from_the_others() -> None:
    found = of("a,b,kind\n1,2,y\n3,4,x\n5,6,y\n")
    assert (found.rows, found.shape, found.outputs, found.task) == (3, (2,), 2, "classes")
    assert found.features().tolist() == [[1, 2], [3, 4], [5, 6]]
    assert found.features(2).tolist() == [[1, 2], [3, 4]]
    assert found.features().dtype == np.float32
    assert found.targets.tolist() == [1, 0, 1]
    assert found.targets.dtype == np.int64
    assert found.classes == ("x", "y")


def test_another_target_and_columns_left_out() -> None:
    found = of("a,b,c,kind\n1,2,3,y\n3,4,5,x\n", target="a", without=("c", "kind"))
    assert found.features().tolist() == [[2], [4]]
    assert found.classes == ("1", "3")


def test_a_column_of_texts_becomes_a_feature_for_each_text() -> None:
    found = of("colour,size,kind\nred,1,a\nblue,2,b\ngreen,3,a\n")
    assert found.features().tolist() == [[0, 0, 1, 1], [1, 0, 0, 2], [0, 1, 0, 3]]
    assert found.shape == (4,)


def test_numbers_are_classes_only_when_few_and_whole() -> None:
    rows = [f"{n},{n % 20}" for n in range(60)]
    assert of("a,b\n" + "\n".join(rows)).task == "classes"
    assert of("a,b\n" + "\n".join([*rows, "1,20"])).task == "values"
    assert of("a,b\n" + "\n".join([*rows, "1,0.5"])).task == "values"
    forced = of("a,b\n1,0.5\n2,10\n3,0.25\n", task="classes")
    assert forced.classes == ("0.25", "0.5", "10")
    assert forced.targets.tolist() == [1, 2, 0]
    x = np.zeros((200, 1))
    assert of_arrays(x, np.arange(200) % 100).task == "classes"
    assert of_arrays(x, np.arange(200) % 101).task == "values"
    assert of_arrays(x, np.arange(200.0) % 21).task == "values"
    assert of_arrays(x, np.arange(200) % 2 == 0).classes == ("0", "1")


def test_values_are_as_in_the_file() -> None:
    found = of("a,b\n1,10.5\n2,20\n3,60\n")
    assert (found.task, found.outputs, found.classes) == ("values", 1, ())
    assert found.targets.tolist() == [[10.5], [20], [60]]
    assert found.targets.dtype == np.float32
    assert of("a,b\n1,0.5\n2,0.5\n", task="values").targets.tolist() == [[0.5], [0.5]]
    several = of_arrays(np.zeros((3, 1)), [[1.0, 5.0], [2.0, 6.0], [3.0, 9.0]])
    assert several.outputs == 2
    assert several.targets.tolist() == [[1, 5], [2, 6], [3, 9]]


GAPS = "a,colour,y\n1,red,0\n,red,1\n3,,0\n8,blue,1\n9,blue,\n"


def test_rows_with_gaps_are_dropped_and_named() -> None:
    found = of(GAPS)
    assert found.features().tolist() == [[1, 0, 1], [8, 1, 0]]
    assert (found.dropped, found.filled) == ((3, 4, 6), ())
    assert found.targets.tolist() == [0, 1]


def test_or_gaps_become_means_of_the_rows_that_are_left() -> None:
    found = of(GAPS, missing="mean")
    assert (found.dropped, found.filled) == ((6,), (3, 4))
    np.testing.assert_allclose(
        found.features(),
        np.array([[1.0, 0, 1], [4, 0, 1], [3, 1 / 3, 2 / 3], [8, 1, 0]]),  # 4 = (1 + 3 + 8) / 3
        rtol=1e-6,
    )
    np.testing.assert_allclose(found.features(2), found.features()[:2])


def test_gaps_of_arrays_are_what_float32_cannot_hold() -> None:
    x = np.array([[1, np.nan], [2, 4], [np.inf, 6], [1e39, 8], [5, 10]])
    y = np.array([0, 1, 0, 1, 0])
    dropped = of_arrays(x, y)
    assert dropped.features().tolist() == [[2, 4], [5, 10]]
    assert dropped.dropped == (1, 3, 4)
    filled = of_arrays(x, y, missing="mean")
    expected = np.array([[1.0, 7], [2, 4], [8 / 3, 6], [8 / 3, 8], [5, 10]])
    np.testing.assert_allclose(filled.features(), expected, rtol=1e-6)
    assert filled.features(1).tolist() == [[1, 7]]
    assert of_arrays(x, [0, 1, np.nan, 0, 1.0], missing="mean").dropped == (3,)


def test_arrays_keep_their_shape() -> None:
    x = np.arange(24, dtype=np.uint8).reshape(4, 1, 2, 3)
    found = of_arrays(x, [0, 1, 0, 1])
    assert found.shape == (1, 2, 3)
    assert np.array_equal(found.features(), x)
    assert of_arrays(np.arange(4), [0, 1, 0, 1]).features().tolist() == [[0], [1], [2], [3]]
    assert of_arrays(x, [1, 0, 1, 1], words=("no", "yes")).classes == ("no", "yes")


def test_a_class_that_only_dropped_rows_had_is_none() -> None:
    assert of("a,kind\n1,x\n2,y\n,z\n").classes == ("x", "y")


@pytest.mark.parametrize(
    ("text", "wanted", "where", "why"),
    [
        ("a,b\n1,2\n", {"target": "c"}, "$.target", "There is no column 'c' among 'a' and 'b'."),
        (
            "a,b\n1,2\n",
            {"without": ("c",)},
            "$.without",
            "There is no column 'c' among 'a' and 'b'.",
        ),
        ("a\n1\n2\n", {}, "$.path", "No column is left to predict 'a' from."),
        (
            "a,b\n1,2\n",
            {"without": ("a",)},
            "$.without",
            "No column is left to predict 'b' from.",
        ),
        ("a,b\n1,2\n2,2\n", {}, "$.target", "The target is the same in every row."),
        (
            "a,b\n1,x\n2,y\n",
            {"task": "values"},
            "$.task",
            "The target is text, and cannot be values.",
        ),
        (
            "a,b\n,1\n2,\n",
            {},
            "$.missing",
            "No row is without a missing value; use the mean, or leave a column out.",
        ),
        (
            "a,c,b\n,1,1\n,1,0\n",
            {"missing": "mean"},
            "$.missing",
            "One of the features is missing in every row, and so has no mean; leave it out.",
        ),
        (
            "id,b\n" + "".join(f"n{n},{n % 2}\n" for n in range(101)),
            {},
            "$.without",
            (
                "The column 'id' holds 101 different texts, and at most 100 can become features; "
                "leave it out."
            ),
        ),
        (
            "a,b\n" + "".join(f"{n},n{n}\n" for n in range(1001)),
            {},
            "$.task",
            "The target has 1,001 different values; at most 1,000 can be classes.",
        ),
    ],
)
def test_what_cannot_be_followed_names_the_choice(
    text: str, wanted: dict[str, Any], where: str, why: str
) -> None:
    with pytest.raises(ExperimentError) as caught:
        of(text, **wanted)
    assert trouble(caught) == (where, why)


def test_what_arrays_cannot_give() -> None:
    x = np.zeros((2, 1))
    why = "This file has no columns to choose from; 'y' is the target."
    with pytest.raises(ExperimentError) as caught:
        of_arrays(x, [0, 1], target="a")
    assert trouble(caught) == ("$.target", why)
    with pytest.raises(ExperimentError) as caught:
        of_arrays(x, [0, 1], without=("a",))
    assert trouble(caught) == ("$.without", why)
    with pytest.raises(ExperimentError) as caught:
        of_arrays(x, [[0, 1], [1, 0]], task="classes")
    assert caught.value.where == "$.task"
    with pytest.raises(ExperimentError) as caught:
        of_arrays(np.full((2, 2), np.nan), [0, 1], missing="mean")
    assert caught.value.where == "$.missing"


def test_too_many_values_are_refused() -> None:
    words = [f"w{n % 100}" for n in range(100)]
    text = ",".join(f"c{n}" for n in range(7000)) + ",y\n"
    text += "".join(",".join([word] * 7000) + f",{at % 2}\n" for at, word in enumerate(words))
    with pytest.raises(ExperimentError) as caught:
        of(text)
    assert trouble(caught) == (
        "$.path",
        "The file makes 70,000,000 values; at most 60,000,000 can be used.",
    )


@pytest.mark.parametrize("missing", ["drop", "mean"])
def test_examples_at_places_are_those_of_all(missing: str) -> None:
    table = of("a,colour,kind\n1,red,y\n,blue,x\n5,red,y\n7,,x\n9,blue,z\n", missing=missing)
    x = [[1, 2], [3, 4], [np.nan, 5], [6, 7], [8, 9]]
    arrays = of_arrays(np.array(x), [0, 1, 0, 1, 2], missing=missing)
    for found in (table, arrays, of_arrays(np.arange(12).reshape(6, 2), [0, 1, 0, 1, 2, 0])):
        places = np.array([found.rows - 1, 0, 1, 0])
        np.testing.assert_array_equal(found.features_at(places), found.features()[places])
