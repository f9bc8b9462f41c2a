"""Rows of spreadsheets become lines; numbers are read as their language means."""

from decimal import Decimal

import pytest

from billing_app.domain.draft import LineForm
from billing_app.domain.errors import InvalidInput
from billing_app.domain.parsing import plain_number
from billing_app.domain.pasting import PASTED_LENGTH_MAX, read_rows
from billing_app.domain.totals import TaxTerms

D = Decimal

TAXES = {"1": TaxTerms("VAT 21 %", "S", D(21)), "2": TaxTerms("VAT 9 %", "S", D(9))}


def read(text: str, decimal_mark: str = ".", **options: str) -> tuple[LineForm, ...]:
    return read_rows(text, decimal_mark=decimal_mark, taxes=TAXES, **options)


def table(*rows: str) -> str:
    return "\r\n".join(row.replace(" | ", "\t") for row in rows) + "\r\n"


class TestPlainNumber:
    @pytest.mark.parametrize(
        ("text", "decimal_mark", "plain"),
        [
            ("1,234", ".", "1234"),
            ("1.234", ".", "1.234"),
            ("1.234", ",", "1234"),
            ("1.234,50", ",", "1234.50"),
            ("1,125", ",", "1.125"),
            ("12.5", ",", "12.5"),
            ("$1,240.50", ".", "1240.50"),
            ("1 240,50 €", ",", "1240.50"),
            ("USD 1,240.50", ".", "1240.50"),
            ("-3", ".", "-3"),
            ("\N{MINUS SIGN}1.234,5", ",", "-1234.5"),
            ("0.5", ".", "0.5"),
            ("12,5", ".", "12.5"),
        ],
    )
    def test_reads_a_cell_as_its_language_means(
        self, text: str, decimal_mark: str, plain: str
    ):
        assert plain_number(text, decimal_mark) == plain

    @pytest.mark.parametrize(
        "text", ["", "1e5", "NaN", "12 hours", "１２", "1,2,3", "(5)", "INF", ","]
    )
    def test_what_is_no_number_is_empty(self, text: str):
        assert plain_number(text, ".") == ""


class TestReadRows:
    def test_takes_words_quantity_and_price(self):
        lines = read(table("Fuel | 2 | 1,200.00", "Handling | 1 | 85"))

        assert [(x.name, x.quantity, x.unit_price) for x in lines] == [
            ("Fuel", "2", "1200.00"),
            ("Handling", "1", "85"),
        ]

    def test_a_lone_number_is_the_price(self):
        (line,) = read("Fuel\t100")

        assert (line.quantity, line.unit_price) == ("1", "100")

    def test_an_amount_behind_the_price_is_left_out(self):
        (line,) = read("Fuel\tJet A-1\t3\th\t2.50\t7.50")

        assert line == LineForm(
            name="Fuel",
            description="Jet A-1",
            quantity="3",
            unit="h",
            unit_price="2.50",
        )

    def test_headings_name_the_columns_in_any_order(self):
        lines = read(
            table(
                "Unit Price | Qty. | Tax | Item | SKU | Description",
                "12.50 | 4 | 9% | Soap | S-1 | Lavender",
            )
        )

        assert lines == (
            LineForm(
                name="Soap",
                description="Lavender",
                quantity="4",
                unit_price="12.50",
                tax_id="2",
            ),
        )

    def test_headings_in_another_language_are_handed_in(self):
        lines = read_rows(
            table("Beschreibung | Menge | Preis", "Seife | 1,5 | 1.234,50"),
            decimal_mark=",",
            taxes=TAXES,
            headings={
                "beschreibung": "name",
                "menge": "quantity",
                "preis": "unit_price",
            },
        )

        assert lines == (LineForm(name="Seife", quantity="1.5", unit_price="1234.50"),)

    def test_a_quoted_cell_keeps_its_lines_tabs_and_quotes(self):
        (line,) = read('Fuel\t"two lines\nand a ""word"""\t3\t4\n')

        assert line.description == 'two lines\nand a "word"'
        assert line.unit_price == "4"

    def test_a_lone_quote_is_a_character(self):
        lines = read('"5 inch pipe\t2\t10\n6" pipe\t1\t12\n')

        assert [line.name for line in lines] == ['"5 inch pipe', '6" pipe']

    def test_percentages_are_a_tax_where_all_are_one(self):
        taxed, lowered = read("A\t1\t5\t21%"), read("A\t1\t5\t10%")

        assert taxed[0].tax_id == "1"
        assert lowered[0].discount == "10%"

    def test_an_unknown_tax_is_kept_to_be_named(self):
        (line,) = read(table("Item | Price | Tax", "A | 5 | GST"))

        assert line.tax_id == "GST"

    def test_what_is_no_number_is_kept_as_it_is(self):
        (line,) = read(table("Item | Qty | Price", "A | 1e5 | NaN"))

        assert (line.quantity, line.unit_price) == ("1e5", "NaN")

    def test_lines_without_a_tax_column_take_the_one_given(self):
        assert read("A\t1", default_tax="2")[0].tax_id == "2"

    def test_empty_rows_are_no_lines(self):
        assert len(read("A\t1\n\t\nB\t2\n\n")) == 2
        assert read("\t\n") == ()

    def test_too_much_text_is_refused(self):
        with pytest.raises(InvalidInput, match="Paste fewer rows"):
            read("x" * (PASTED_LENGTH_MAX + 1))
