"""Files of other programs: their letters, their separators, their notation."""

import codecs
import io
from datetime import date

import pytest

from billing_app.domain.errors import InvalidInput
from billing_app.domain.import_table import (
    LINE_LENGTH_MAX,
    DateOrder,
    Notation,
    NotationFinder,
    find_encoding,
    find_separator,
    read_cells,
    read_day,
    read_lines,
    read_number,
    read_rows,
)


class TestFindEncoding:
    @pytest.mark.parametrize(
        ("content", "encoding"),
        [
            ("Käse".encode(), "utf-8-sig"),
            (codecs.BOM_UTF8 + "Käse".encode(), "utf-8-sig"),
            ("Käse 5 €".encode("cp1252"), "cp1252"),
            ("Käse".encode("utf-16"), "utf-16"),
        ],
    )
    def test_is_that_of_the_whole_file(self, content: bytes, encoding: str):
        found = find_encoding([content])

        assert found == encoding
        assert content.decode(found).startswith("Käse")

    def test_takes_a_letter_that_two_pieces_share(self):
        content = "aä".encode()

        assert find_encoding([content[:2], content[2:]]) == "utf-8-sig"

    def test_a_letter_cut_off_at_the_end_is_not_utf8(self):
        assert find_encoding(["aä".encode()[:2]]) == "cp1252"

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (b"PK\x03\x04rest", "spreadsheet"),
            (b"%PDF-1.7", "PDF"),
            (b"\x89PNG\r\n", "picture"),
            (b"\x1f\x8b\x08", "compressed"),
            (b"<?xml version='1.0'?>", "XML"),
            (codecs.BOM_UTF8 + b"<?xml version='1.0'?>", "XML"),
            (b"a,b\n1,\0", "zero bytes"),
            (b"a,b\n\x81\x8d", "not text"),
            (b"", "empty"),
        ],
    )
    def test_refuses_what_is_no_table(self, content: bytes, says: str):
        with pytest.raises(InvalidInput, match=says):
            find_encoding([content] if content else [])


class TestReadLines:
    def test_of_a_line_that_never_ends_only_its_begin_is_in_memory(self):
        file = io.StringIO("a,b\n" + "x" * (3 * LINE_LENGTH_MAX))
        lines = read_lines(file)
        assert next(lines) == "a,b\n"

        with pytest.raises(InvalidInput, match="Line 2 has more than 1,000,000"):
            next(lines)

        assert file.tell() <= LINE_LENGTH_MAX + 5

    def test_reads_as_many_lines_as_are_allowed(self):
        text = "a,b\n1,2\n"

        assert list(read_lines(io.StringIO(text), 2)) == ["a,b\n", "1,2\n"]
        with pytest.raises(InvalidInput, match="more than 1 lines"):
            list(read_lines(io.StringIO(text), 1))


class TestReadCells:
    @pytest.mark.parametrize("mark", [";", ",", "\t", "|"])
    def test_finds_the_separator_in_the_head(self, mark: str):
        assert find_separator(mark.join(["Name", '"A, b; c"', "E-mail"])) == mark

    def test_knows_the_line_a_row_begins_on(self):
        lines = ["a,b\r\n", '"one\r\n', 'two",2\r\n', "3,4\r\n"]

        rows = list(read_cells(lines, ","))

        assert [line for line, _ in rows] == [1, 2, 4]

    def test_refuses_a_cell_that_is_no_cell(self):
        lines = ["a,b\n", '1,"' + "x" * 200_000 + "\n"]

        with pytest.raises(InvalidInput, match="Line 2 has a cell of more than"):
            list(read_cells(lines, ","))

    def test_counts_empty_lines_and_leaves_them_out(self):
        rows = list(read_cells(["a,b\n", "\n", "\n", "3,4\n"], ","))

        assert rows == [(1, ["a", "b"]), (4, ["3", "4"])]

    def test_leaves_blank_rows_and_missing_cells_out(self):
        cells = read_cells(["a,b\n", ",\n", "1\n"], ",")

        rows = list(read_rows(cells, {"name": 0, "email": 1}))

        assert [(row.line, dict(row.cells)) for row in rows] == [
            (3, {"name": "1", "email": ""})
        ]


def notation(numbers: list[str], days: list[str]) -> NotationFinder:
    finder = NotationFinder()
    for line, text in enumerate(numbers, 2):
        finder.see_number(line, text)
    for line, text in enumerate(days, 2):
        finder.see_day(line, text)
    return finder


class TestNotation:
    @pytest.mark.parametrize(
        ("numbers", "mark"),
        [
            (["1,234", "1,5"], ","),
            (["1.234", "0.5"], "."),
            (["1.234,50"], ","),
            (["1,234.50"], "."),
            (["1.234.567"], ","),
            (["12", "7"], "."),
            (["-1.234,50 €"], ","),
            (["0,125"], ","),
        ],
    )
    def test_one_cell_decides_for_the_file(self, numbers: list[str], mark: str):
        assert notation(numbers, []).find().decimal_mark == mark

    @pytest.mark.parametrize(
        ("days", "order"),
        [
            (["2026-03-04"], DateOrder.YEAR_FIRST),
            (["2026-03-04T10:00:00Z"], DateOrder.YEAR_FIRST),
            (["3.4.2026"], DateOrder.DAY_FIRST),
            (["03/04/2026", "31/04/2026"], DateOrder.DAY_FIRST),
            (["03/04/2026", "04/31/2026"], DateOrder.MONTH_FIRST),
            ([], DateOrder.YEAR_FIRST),
        ],
    )
    def test_one_day_decides_for_the_file(self, days: list[str], order: str):
        assert notation([], days).find().date_order == order

    def test_names_a_number_with_two_readings(self):
        finder = notation(["1.234"], [])

        assert finder.find() == Notation("", DateOrder.YEAR_FIRST)
        assert finder.problem().startswith("1.234 in line 2 can be read in two ways")

    def test_names_a_day_with_two_readings(self):
        assert "03/04/2026 in line 2" in notation([], ["03/04/2026"]).problem()

    def test_names_two_lines_that_disagree(self):
        problem = notation(["1.5", "2,5"], []).problem()

        assert problem.startswith("Line 2 has 1.5 and line 3 has 2,5")


class TestReadNumber:
    @pytest.mark.parametrize(
        ("text", "mark", "plain"),
        [
            ("1.234,50", ",", "1234.5"),
            ("1,234.50", ".", "1234.5"),
            ("1.234", ",", "1234"),
            ("1.234", ".", "1.234"),
            ("21 %", ".", "21"),
            ("100.00", ".", "100"),
            ("-5,00 €", ",", "-5"),
        ],
    )
    def test_is_read_as_the_file_writes(self, text: str, mark: str, plain: str):
        assert read_number(text, mark, "price") == plain

    @pytest.mark.parametrize("text", ["=1+1", "ten", "1.2.3", "1e5", "٣", "--1"])
    def test_refuses_what_is_none(self, text: str):
        with pytest.raises(InvalidInput, match="is not a number"):
            read_number(text, ".", "price")


class TestReadDay:
    @pytest.mark.parametrize(
        ("text", "order"),
        [
            ("2026-03-31", DateOrder.YEAR_FIRST),
            ("2026-03-31 09:15", DateOrder.YEAR_FIRST),
            ("31.3.2026", DateOrder.DAY_FIRST),
            ("31.03.26", DateOrder.DAY_FIRST),
            ("03/31/2026", DateOrder.MONTH_FIRST),
        ],
    )
    def test_is_read_as_the_file_writes(self, text: str, order: DateOrder):
        assert read_day(text, order, "date") == date(2026, 3, 31)

    @pytest.mark.parametrize(
        ("text", "order"),
        [
            ("31.03.2026", DateOrder.YEAR_FIRST),
            ("2026-03-31", DateOrder.DAY_FIRST),
            ("03/31/2026", DateOrder.DAY_FIRST),
            ("30/02/2026", DateOrder.DAY_FIRST),
            ("soon", DateOrder.DAY_FIRST),
            ("", DateOrder.YEAR_FIRST),
            ("1/1/9999", DateOrder.DAY_FIRST),
        ],
    )
    def test_refuses_another_order_and_no_day(self, text: str, order: DateOrder):
        with pytest.raises(InvalidInput):
            read_day(text, order, "date")
