"""Text tables: CSV with commas, semicolons or tabs, with or without a header."""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
import numpy.typing as npt

from initstudio.errors import ExperimentError
from initstudio.tables.contents import LARGEST, Column, Table, Trouble

MOST_TEXT = 2**26
"""Bytes of the largest text that is read."""
MOST_CELLS = 3_000_000
MISSING = frozenset({"", "?", "na", "n/a", "#n/a", "nan", "+nan", "-nan", "null", "none"})
"""What stands for a missing cell, in lower case."""
DELIMITERS = "\t;,"
"""In this order: a table with decimal commas looks like one parted by commas, too."""
SAMPLE_BYTES, SAMPLE_ROWS = 2**16, 100
NUMBERS_PART = 0.8
"""A column with at least this share of numbers among its filled cells is one of numbers."""

Row = list[str]


def parse_delimited(data: bytes, where: str) -> Table:
    """Return the table in a text file's bytes.

    Rows of another length than the first are left out and told by line, and so are the cells that
    are no numbers in a column of numbers. A decimal comma is read where semicolons part the cells.

    Raises:
        ExperimentError: It cannot be read as a table.
    """
    text = _decoded(data, where)
    delimiter = _delimiter(text)
    rows, lines = _records(text, delimiter, where)
    width = _width(rows, lines, where)
    troubles = [
        Trouble(line, f"{_fields(len(row))} where {_are(width)} expected, so the row is left out")
        for row, line in zip(rows, lines, strict=True)
        if len(row) != width
    ]
    kept = [at for at, row in enumerate(rows) if len(row) == width]
    rows, lines = [rows[at] for at in kept], [lines[at] for at in kept]
    header = _is_header(rows, comma=delimiter == ";")
    if header and len(rows) == 1:
        raise ExperimentError(where, "The file has a header and no rows below it.")
    names = rows[0] if header else [""] * width
    columns = []
    for name, cells in zip(
        _named(names, lines[0], troubles), zip(*rows[header:], strict=True), strict=True
    ):
        column, found = _column(name, cells, lines[header:], comma=delimiter == ";")
        columns.append(column)
        troubles += found
    return Table(
        columns=tuple(columns),
        lines=np.array(lines[header:], dtype=np.int64),
        troubles=tuple(sorted(troubles, key=lambda one: one.line)),
    )


def split_names(text: str) -> tuple[str, ...]:
    """Return the names in a text with commas between them, as `join_names` makes it."""
    rows = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True)
    return tuple(name for row in rows for cell in row if (name := cell.strip()))


def join_names(names: Iterable[str]) -> str:
    """Return names with commas between them, in quotation marks where they need them."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow(names)  # and so it quotes each of the two
    return text.getvalue().removesuffix("\r\n")


def _decoded(data: bytes, where: str) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ExperimentError(where, "This is UTF-16 text; save it as UTF-8.")
    data = data.removeprefix(codecs.BOM_UTF8)
    if not data.strip():
        raise ExperimentError(where, "The file is empty.")
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise ExperimentError(where, f"Line {line:,} holds a NUL byte, so this is not a text file.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        why = f"Line {line:,} is not UTF-8 text; save the file as UTF-8."
        raise ExperimentError(where, why) from None


def _delimiter(text: str) -> str:
    """Return what parts the cells: the first that gives most lines the same number, above one."""
    agreement = {}
    for delimiter in DELIMITERS:
        reader = csv.reader(io.StringIO(text[:SAMPLE_BYTES], newline=""), delimiter=delimiter)
        widths: Counter[int] = Counter()
        try:
            widths.update(len(row) for row in islice(reader, SAMPLE_ROWS) if row)
        except csv.Error:
            continue
        (width, lines), *_ = widths.most_common(1) or [(1, 0)]
        agreement[delimiter] = lines / widths.total() if width > 1 else 0.0
    good = [delimiter for delimiter, share in agreement.items() if share >= NUMBERS_PART]
    if good:
        return good[0]
    return max(agreement, key=agreement.__getitem__) if any(agreement.values()) else ","


def _records(text: str, delimiter: str, where: str) -> tuple[list[Row], list[int]]:
    """Return the rows that are not blank, and the line that each starts in."""
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True
    )
    rows, lines, cells, line = [], [], 0, 1
    try:
        for row in reader:
            if len(row) > 1 or (row and row[0].strip()):
                rows.append(row)
                lines.append(line)
                cells += len(row)
            if cells > MOST_CELLS:
                why = f"The table has more than {MOST_CELLS:,} cells; save it as an NPZ file."
                raise ExperimentError(where, why)
            line = reader.line_num + 1
    except csv.Error as error:
        raise ExperimentError(where, _csv_trouble(str(error), line, reader.line_num)) from None
    return rows, lines


def _csv_trouble(error: str, start: int, end: int) -> str:
    if "field limit" in error:
        return f"Line {start:,} has a field of more than {csv.field_size_limit():,} characters."
    if "unexpected end" in error:
        return f"The row that starts in line {start:,} opens a quotation that is never closed."
    if "expected after" in error:
        return f"Line {end:,} goes on after a closing quotation mark where a field should end."
    return f"Line {end:,} is not CSV: {error}."


def _width(rows: Sequence[Row], lines: Sequence[int], where: str) -> int:
    """Return the number of fields of the first row, which most others share."""
    if not rows:
        raise ExperimentError(where, "The file is empty.")
    width = len(rows[0])
    widths = Counter(len(row) for row in rows)
    usual, _ = widths.most_common(1)[0]
    if width != usual and widths[width] * 2 < len(rows):
        why = f"Line {lines[0]:,} has {_fields(width)} and most others have {usual:,}."
        raise ExperimentError(where, why)
    return width


def _is_header(rows: Sequence[Row], *, comma: bool) -> bool:
    """Return whether the first row names the columns, by comparing it with those below.

    Each column of numbers votes: with a text on top for a header, with a number against it. Where
    none votes, a header is a row of different texts that do not come again below.
    """
    top, below = rows[0], rows[1 : SAMPLE_ROWS + 1]
    first = [_number(cell, comma=comma) for cell in top]
    votes = 0
    for at, number in enumerate(first):
        filled = [cell for row in below if (cell := row[at]).strip().lower() not in MISSING]
        numbers = sum(_number(cell, comma=comma) is not None for cell in filled)
        if (filled or not below) and numbers >= NUMBERS_PART * len(filled):
            votes += 1 if number is None else -1 if not np.isnan(number) else 0
    if votes:
        return votes > 0
    stripped = [cell.strip() for cell in top]
    return (
        all(number is None for number in first)
        and len(set(stripped)) == len(stripped)
        and all(name not in {row[at].strip() for row in below} for at, name in enumerate(stripped))
    )


def _named(names: Sequence[str], line: int, troubles: list[Trouble]) -> Iterator[str]:
    """Give each column a name of its own, and tell where the header did not."""
    taken: set[str] = set()
    for at, raw in enumerate(names):
        wanted = raw.strip() or f"column {at + 1}"
        name, number = wanted, 1
        while name in taken:
            number += 1
            name = f"{wanted} ({number})"
        if name != wanted:
            troubles.append(
                Trouble(line, f"there are two columns '{wanted}', so this one is '{name}'")
            )
        taken.add(name)
        yield name


def _column(
    name: str, cells: Sequence[str], lines: Sequence[int], *, comma: bool
) -> tuple[Column, list[Trouble]]:
    """Return a column, and the cells of it that could not be used."""
    plain = _plain_numbers(cells)
    if plain is not None:
        return Column(name=name, values=plain), []
    numbers = [_number(cell, comma=comma) for cell in cells]
    texts = numbers.count(None)
    values = np.array([np.nan if number is None else number for number in numbers])
    filled = texts + int((~np.isnan(values)).sum())
    if texts > (1 - NUMBERS_PART) * filled:
        return _text_column(name, cells), []
    troubles = [
        Trouble(
            lines[at],
            f"'{_short(cells[at])}' in the column '{name}' is not a number, and so missing",
        )
        for at, number in enumerate(numbers)
        if number is None
    ]
    large = np.abs(values) > LARGEST
    troubles += [
        Trouble(
            lines[at],
            f"'{_short(cells[at])}' in the column '{name}' is too large a number, and so missing",
        )
        for at in np.flatnonzero(large).tolist()
    ]
    values[large] = np.nan
    return Column(name=name, values=values), troubles


def _plain_numbers(cells: Sequence[str]) -> npt.NDArray[np.float64] | None:
    """Return the cells as numbers where every one is, which most often they are; else None."""
    if "_" in "".join(cells):
        return None
    try:
        values = np.fromiter(map(float, cells), dtype=np.float64, count=len(cells))
    except ValueError:
        return None
    return values if bool((np.abs(values) <= LARGEST).all()) else None


def _text_column(name: str, cells: Sequence[str]) -> Column:
    stripped = [cell.strip() for cell in cells]
    words = sorted({cell for cell in stripped if cell.lower() not in MISSING})
    places = {word: float(at) for at, word in enumerate(words)}
    values = np.array([places.get(cell, np.nan) for cell in stripped])
    return Column(name=name, values=values, words=tuple(words))


def _number(cell: str, *, comma: bool) -> float | None:
    """Return a cell as a number, NaN where it is missing, or None where it is a text."""
    try:
        if "_" not in cell:  # which Python takes for part of a number
            return float(cell)
    except ValueError:
        pass
    cell = cell.strip()
    if cell.lower() in MISSING:
        return np.nan
    if comma and re.fullmatch(r"[+-]?\d+,\d+([eE][+-]?\d+)?", cell):
        return float(cell.replace(",", "."))
    return None


def _short(cell: str) -> str:
    line = " ".join(cell.split())
    return line if len(line) <= 20 else f"{line[:20]}…"


def _fields(count: int) -> str:
    return "1 field" if count == 1 else f"{count:,} fields"


def _are(count: int) -> str:
    return "1 is" if count == 1 else f"{count:,} are"
