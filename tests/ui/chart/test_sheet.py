"""A sheet as text to copy, and how its columns are parted in a picture."""

from collections.abc import Callable
from math import ceil

from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QSize

from initstudio.ui.chart.sheet import READABLE, SMALLEST, Entry, Head, Sheet, lay_out

SHEET = Sheet(
    heads=(Head("Contender", numbers=False), Head("Loss")),
    entries=(
        Entry("#ff0000", ("A|b\tc", "−0.5"), ("", ""), ("", "")),
        Entry("#00ff00", ("d*\ne", "1×10⁻³"), ("", ""), ("", "")),
    ),
    remarks=("A is ahead.",),
)


def test_tabs_part_columns_and_lines_part_rows() -> None:
    assert SHEET.as_tsv() == "Contender\tLoss\nA|b c\t-0.5\nd* e\t1×10⁻³\n"


def test_markdown_keeps_its_columns_whatever_a_name_holds() -> None:
    assert SHEET.as_markdown() == (
        "| Contender | Loss |\n| :--- | ---: |\n| A\\|b\tc | −0.5 |\n| d\\* e | 1×10⁻³ |\n"
        "\n- A is ahead.\n"
    )
    assert SHEET._replace(remarks=()).as_markdown().endswith("1×10⁻³ |\n")


def sized(widths: list[int], tall: int) -> Callable[[int], tuple[list[int], int]]:
    """Return what measures columns that are this wide, and rows this tall, at 20 pixels of text."""

    def measure(pixels: int) -> tuple[list[int], int]:
        return [ceil(width * pixels / 20) for width in widths], ceil(tall * pixels / 20)

    return measure


def test_a_table_that_fits_stays_whole_and_is_not_enlarged() -> None:
    found = lay_out(sized([100, 50, 50], 100), 20, QSize(400, 400))
    assert found == (20, ((0, 1, 2),), (100, 50, 50), 100)
    whole = lay_out(sized([100, 50, 50], 100), 20, QSize(172, 400))
    assert whole.parts == ((0, 1, 2),)
    assert whole.pixels == 17


def test_a_table_that_would_become_too_small_is_parted() -> None:
    found = lay_out(sized([100, *[90] * 8], 100), 20, QSize(400, 400))
    assert (found.pixels, found.parts) == (20, ((0, 1, 2, 3), (0, 4, 5, 6), (0, 7, 8)))
    even = lay_out(sized([100, *[50] * 6], 100), 20, QSize(310, 400))
    assert even.parts == ((0, 1, 2, 3), (0, 4, 5, 6)), "the last part is no remnant"


def test_one_column_too_wide_is_made_smaller() -> None:
    found = lay_out(sized([100, 400, 100], 100), 20, QSize(250, 400))
    assert (found.pixels, found.parts) == (10, ((0, 1), (0, 2)))


def test_a_table_too_tall_is_made_smaller() -> None:
    found = lay_out(sized([100, 100], 400), 20, QSize(400, 200))
    assert (found.pixels, found.parts) == (10, ((0, 1),))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(10, 400), min_size=2, max_size=16),
    st.integers(20, 500),
    st.integers(200, 1500),
    st.integers(100, 1500),
)
def test_every_column_is_there_once_and_inside_of_the_room(
    widths: list[int], tall: int, wide: int, high: int
) -> None:
    found = lay_out(sized(widths, tall), 20, QSize(wide, high))
    assert [at for part in found.parts for at in part[1:]] == list(range(1, len(widths)))
    assert all(part[0] == 0 for part in found.parts)
    assert SMALLEST <= found.pixels <= 20
    if found.pixels > SMALLEST:
        assert max(sum(found.widths[at] for at in part) for part in found.parts) <= wide
        assert len(found.parts) * found.height <= high
    at_readable, _ = sized(widths, tall)(ceil(20 * READABLE))
    assert (len(found.parts) == 1) or sum(at_readable) > wide
