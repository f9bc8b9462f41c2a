"""No cell of a CSV file is a formula."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_app.domain.spreadsheet import csv_line, safe_cell


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        " =1",
        "\n=1",
        "＝1",
        "﹦1",
        "⁼1",
        "−1",
        "\N{NO-BREAK SPACE}=1",
        "\N{IDEOGRAPHIC SPACE}\t=1",
        "\N{ZERO WIDTH SPACE}=1",
        "\N{ZERO WIDTH NO-BREAK SPACE}@SUM(A1)",
        "\v\f\x1f=1",
        "\N{LINE SEPARATOR}+1",
        "\tplain",
        '=HYPERLINK("http://evil")',
        "-2+3+cmd|' /C calc'!A0",
    ],
)
def test_a_formula_becomes_text(text: str):
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize(
    "text", ["", "Halden", "a=1", "1-2", "O'Neil", "北海道", "'=1"]
)
def test_everything_else_stays_as_it_is(text: str):
    assert safe_cell(text) == text


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"))))
def test_a_line_is_read_back_as_it_was_written(cells: list[str]):
    """Commas, quotes and line ends included; nothing of the text is lost."""
    written = csv_line([safe_cell(cell) for cell in cells])

    read = next(csv.reader(io.StringIO(written, newline="")), [])

    assert [cell.removeprefix("'") for cell in read] == [
        cell.removeprefix("'") for cell in cells
    ]
