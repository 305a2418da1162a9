"""Text tables: what is read of them, and what is said of those that cannot be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from initstudio.errors import ExperimentError
from initstudio.tables import Table, join_names, split_names
from initstudio.tables import delimited as subject
from initstudio.tables.delimited import parse_delimited


def parse(text: str | bytes) -> Table:
    return parse_delimited(text if isinstance(text, bytes) else text.encode(), "own.csv")


def cells(table: Table) -> list[list[str]]:
    return [[column.cell(row) for column in table.columns] for row in range(table.rows)]


def names(table: Table) -> list[str]:
    return [column.name for column in table.columns]


def kinds(table: Table) -> list[str]:
    return [column.kind for column in table.columns]


def troubles(table: Table) -> list[str]:
    return [f"line {one.line}: {one.why}" for one in table.troubles]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_numbers_and_texts_with_a_header(delimiter: str, newline: str, start: str) -> None:
    lines = ["size,colour,n", "1.5,red,3", "-2e3,blue,4", ".5,red,5"]
    table = parse(start + newline.join(lines).replace(",", delimiter) + newline)
    assert names(table) == ["size", "colour", "n"]
    assert kinds(table) == ["number", "text", "number"]
    assert table.columns[0].values.tolist() == [1.5, -2000, 0.5]
    assert table.columns[1].words == ("blue", "red")
    assert table.columns[1].values.tolist() == [1, 0, 1]
    assert table.lines.tolist() == [2, 3, 4]
    assert not table.troubles


def test_without_a_header_columns_are_counted() -> None:
    table = parse("1,2\n3,4\n")
    assert names(table) == ["column 1", "column 2"]
    assert cells(table) == [["1", "2"], ["3", "4"]]
    assert table.lines.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("a,b\n1,x\n2,y\n", True),
        ("5,x\n1,x\n2,y\n", False),
        ("country,2019,2020\nchile,1,2\nperu,3,4\n", False),  # years look like a row: two to none
        (",b\n1,x\n2,y\n", False),
        (",b,c\n1,2,x\n2,3,y\n", True),
        ("kind,colour\na,red\nb,red\n", True),
        ("a,red\nb,red\n", False),
        ("kind,kind\na,red\nb,red\n", False),
        ("a,b\n,\n1,2\n", True),
        ("only\n1\n2\n", True),
        ("7\n", False),
    ],
)
def test_a_header_is_told_from_a_row(text: str, header: bool) -> None:
    assert (parse(text).lines[0] > 1) == header


def test_quoted_fields_may_hold_commas_quotes_and_lines() -> None:
    table = parse('name,n\n"Smith, ""Joe""",1\n"two\nlines",2\nplain, 3\n')
    assert table.columns[0].words == ('Smith, "Joe"', "plain", "two\nlines")
    assert table.columns[1].values.tolist() == [1, 2, 3]
    assert table.lines.tolist() == [2, 3, 5]


def test_decimal_commas_between_semicolons() -> None:
    table = parse("a;b;c\n1,5;2,5;x\n-3,25;4;y\n")
    assert table.columns[0].values.tolist() == [1.5, -3.25]
    assert table.columns[1].values.tolist() == [2.5, 4]
    assert kinds(parse("a,b\n1_000,2\n3,4\n")) == ["text", "number"]


@pytest.mark.parametrize("gap", ["", " ", "NA", "n/a", "NaN", "-nan", "NULL", "none", "?", "#N/A"])
def test_missing_cells_are_no_texts_and_no_troubles(gap: str) -> None:
    table = parse(f"a,b,c\n1,{gap},x\n{gap},2,y\n3,4,{gap}\n5,6,x\n")
    assert kinds(table) == ["number", "number", "text"]
    assert [np.isnan(column.values).tolist() for column in table.columns] == [
        [False, True, False, False],
        [True, False, False, False],
        [False, False, True, False],
    ]
    assert cells(table)[2] == ["3", "4", ""]
    assert not table.troubles


def test_a_column_without_a_filled_cell_counts_as_numbers() -> None:
    table = parse("a,b\n,x\n,y\n")
    assert kinds(table) == ["number", "text"]
    assert np.isnan(table.columns[0].values).all()


def test_cells_that_are_no_finite_numbers_are_named_by_line() -> None:
    rows = [f"{n},{n}" for n in range(20)]
    rows[3], rows[7], rows[9], rows[11] = "abc,1", "inf,2", "3,-Infinity", "5,1e999"
    rows[12] = "1e39,4"
    table = parse("\n".join(["a,b", *rows]))
    assert kinds(table) == ["number", "number"]
    assert troubles(table) == [
        "line 5: 'abc' in the column 'a' is not a number, and so missing",
        "line 9: 'inf' in the column 'a' is too large a number, and so missing",
        "line 11: '-Infinity' in the column 'b' is too large a number, and so missing",
        "line 13: '1e999' in the column 'b' is too large a number, and so missing",
        "line 14: '1e39' in the column 'a' is too large a number, and so missing",
    ]
    assert np.flatnonzero(np.isnan(table.columns[0].values)).tolist() == [3, 7, 12]


def test_ragged_rows_are_left_out_and_named_by_line() -> None:
    table = parse("a,b,c\n1,2,3\n4,5\n6,7,8\n\n9\n1,2,3,4,5\n1,2,3\n")
    assert cells(table) == [["1", "2", "3"], ["6", "7", "8"], ["1", "2", "3"]]
    assert table.lines.tolist() == [2, 4, 8]
    assert troubles(table) == [
        "line 3: 2 fields where 3 are expected, so the row is left out",
        "line 6: 1 field where 3 are expected, so the row is left out",
        "line 7: 5 fields where 3 are expected, so the row is left out",
    ]


def test_names_that_come_twice_get_a_number() -> None:
    table = parse("x,x,x (2),x\n1,2,3,4\n")
    assert names(table) == ["x", "x (2)", "x (2) (2)", "x (3)"]
    assert troubles(table)[0] == "line 1: there are two columns 'x', so this one is 'x (2)'"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "The file is empty."),
        (b" \r\n\t\n", "The file is empty."),
        (b"\xef\xbb\xbf", "The file is empty."),
        (b"a,b\n", "The file has a header and no rows below it."),
        (b"a,b\n1,2\n3,\0\n", "Line 3 holds a NUL byte, so this is not a text file."),
        (b"a,b\n1,\xe9t\xe9\n", "Line 2 is not UTF-8 text; save the file as UTF-8."),
        ("a,b\n1,2\n".encode("utf-16"), "This is UTF-16 text; save it as UTF-8."),
        (
            b'a,b\n1,2\n3,"4\n5,6\n',
            "The row that starts in line 3 opens a quotation that is never closed.",
        ),
        (
            b'a,b\n1,"2"x\n',
            "Line 2 goes on after a closing quotation mark where a field should end.",
        ),
        (
            b"a,b\n1," + b"x" * 200_000,
            "Line 2 has a field of more than 131,072 characters.",
        ),
        (b"My table\na,b\n1,2\n3,4\n5,6\n", "Line 1 has 1 field and most others have 2."),
    ],
)
def test_what_cannot_be_read_is_one_sentence(data: bytes, why: str) -> None:
    with pytest.raises(ExperimentError) as caught:
        parse(data)
    assert (caught.value.where, caught.value.why) == ("own.csv", why)


def test_a_table_of_too_many_cells_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "MOST_CELLS", 5)
    assert parse("a,b\n1,2\n").rows == 1
    with pytest.raises(ExperimentError, match=r"has more than 5 cells; save it as an NPZ file\.$"):
        parse("a,b\n1,2\n3,4\n")


@given(st.lists(st.text(alphabet=' ,";\n\r\tab', min_size=1).map(str.strip).filter(bool)))
def test_names_with_commas_come_back_from_their_list(listed: list[str]) -> None:
    assert split_names(join_names(listed)) == tuple(listed)


@given(st.lists(st.lists(st.floats(-1e30, 1e30), min_size=3, max_size=3), min_size=1, max_size=20))
def test_numbers_come_back_bit_for_bit(rows: list[list[float]]) -> None:
    text = "a,b,c\n" + "\n".join(",".join(map(repr, row)) for row in rows)
    table = parse(text)
    assert np.stack([column.values for column in table.columns], 1).tolist() == rows
