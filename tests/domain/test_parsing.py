from contextlib import suppress
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_app.domain.currencies import currency_names
from billing_app.domain.errors import InvalidInput
from billing_app.domain.formats import format_money
from billing_app.domain.money import MINOR_MAX, Money
from billing_app.domain.parsing import (
    clean_text,
    parse_amount,
    parse_date,
    parse_factor,
    parse_percent,
)


class TestParseAmount:
    @pytest.mark.parametrize(
        ("text", "minor"),
        [
            ("1234.5", 123450),
            (" 1,234.50 ", 123450),
            ("1.234,50", 123450),
            ("1.234.567", 123456700),
            ("1,234,567", 123456700),
            ("1 234,50", 123450),
            ("1\u202f234,50", 123450),
            ("1'234.50", 123450),
            ("1’234.50", 123450),
            ("1,23,456.00", 12345600),
            ("12,5", 1250),
            ("0", 0),
            ("5.", 500),
            (".5", 50),
            ("007", 700),
        ],
    )
    def test_reads_what_can_be_read_in_one_way(self, text: str, minor: int):
        assert parse_amount(text, "USD") == Money(minor, "USD")

    @pytest.mark.parametrize(
        "text",
        [
            *["", " ", "abc", "NaN", "nan", "inf", "-inf", "Infinity", "1e5", "1E-2"],
            *["0x10", "1_000", "１２", "٣", "½", "+5", "--5", "5-", "-", ".", ","],
            *["1,,5", "1..5", "12.34,5", "1,23.4", "1,234.5.6", "1 23", "1,2,3"],
            *[
                "€5",
                "5 EUR",
                "$",
                "$5$",
                "5%",
                "1\u0000",
                "1\n2",
                "1,234'567",
                "<b>1</b>",
            ],
        ],
    )
    def test_refuses_what_is_no_number_and_says_what_to_write(self, text: str):
        with pytest.raises(InvalidInput, match=r"like 1,240\.50\.") as refusal:
            parse_amount(text, "USD", field="amount", may_be_negative=True)

        assert refusal.value.field == "amount"

    @pytest.mark.parametrize(
        ("text", "currency"),
        [
            *[("$1,240.50", "USD"), ("US$ 1240.50", "USD"), ("1240.50 usd", "USD")],
            *[("£1240.50", "GBP"), ("1.240,50 €", "EUR"), ("€ 1240,50", "EUR")],
            *[("CA$1240.50", "CAD"), ("$1240.50", "CAD"), ("CHF 1'240.50", "CHF")],
        ],
    )
    def test_takes_the_sign_or_code_of_that_very_currency(
        self, text: str, currency: str
    ):
        assert parse_amount(text, currency) == Money(124050, currency)

    @given(st.sampled_from(sorted(currency_names())), st.integers(0, MINOR_MAX))
    def test_takes_what_lists_show(self, currency: str, minor: int):
        shown = format_money(minor, currency, "en-US")

        assert parse_amount(shown, currency).minor == minor

    @pytest.mark.parametrize("text", ["£5", "5 GBP", "CA$5", "5 CAD"])
    def test_refuses_the_sign_of_another_currency(self, text: str):
        with pytest.raises(InvalidInput, match="cannot be read as a number"):
            parse_amount(text, "USD")

    def test_says_how_many_decimals_the_currency_has(self):
        with pytest.raises(InvalidInput) as refusal:
            parse_amount("1.005", "USD", what="price")

        assert refusal.value.message == (
            "Write the price like 1,240.50. "
            "US dollars have two decimals, this has three."
        )

    @pytest.mark.parametrize(
        ("text", "currency", "words"),
        [
            ("10.5", "JPY", "Japanese yen have no decimals, this has one."),
            ("1.234", "JPY", "no decimals"),
            ("1.2345", "KWD", "Kuwaiti dinars have three decimals, this has four."),
            ("1.500", "EUR", "two decimals, this has three"),
            ("1.0000000000", "EUR", "this has 10"),
        ],
    )
    def test_refuses_more_decimals_than_the_currency_has(
        self, text: str, currency: str, words: str
    ):
        with pytest.raises(InvalidInput, match=words):
            parse_amount(text, currency)

    @pytest.mark.parametrize(
        ("currency", "words"),
        [("EUR", r"Write 1234 or 1,234\.00\."), ("KWD", r"Write 1234 or 1\.234\.")],
    )
    def test_refuses_a_comma_that_may_mean_thousands_or_decimals(
        self, currency: str, words: str
    ):
        with pytest.raises(InvalidInput, match=words):
            parse_amount("1,234", currency)

    def test_a_comma_means_thousands_where_there_are_no_decimals(self):
        assert parse_amount("1,234", "JPY") == Money(1234, "JPY")

    def test_reads_three_decimals_where_the_currency_has_them(self):
        assert parse_amount("1.234", "KWD") == Money(1234, "KWD")
        assert parse_amount("0,125", "KWD") == Money(125, "KWD")

    def test_refuses_below_zero_unless_asked_to_take_it(self):
        with pytest.raises(InvalidInput, match="must not be below zero"):
            parse_amount("-5", "EUR")

        assert parse_amount("-5", "EUR", may_be_negative=True) == Money(-500, "EUR")
        assert parse_amount("\u22125", "EUR", may_be_negative=True).minor == -500
        assert parse_amount("-0", "EUR").is_zero

    @pytest.mark.parametrize("text", ["90071992547409.92", "9" * 50, "9" * 100_000])
    def test_refuses_what_is_too_large(self, text: str):
        with pytest.raises(InvalidInput, match="too l"):
            parse_amount(text, "EUR")

    @given(
        st.integers(-MINOR_MAX, MINOR_MAX), st.sampled_from(sorted(currency_names()))
    )
    def test_reads_back_what_is_printed(self, minor: int, currency: str):
        money = Money(minor, currency)

        assert parse_amount(str(money.decimal), currency, may_be_negative=True) == money

    @given(
        st.integers(10**6, MINOR_MAX), st.sampled_from([",.", ".,", " ,", "'.", "’."])
    )
    def test_reads_grouped_amounts_of_every_habit(self, minor: int, marks: str):
        written = f"{minor // 100:,}".replace(",", marks[0])

        assert (
            parse_amount(f"{written}{marks[1]}{minor % 100:02}", "EUR").minor == minor
        )

    @given(st.text(max_size=80))
    def test_reads_or_refuses_any_text(self, text: str):
        with suppress(InvalidInput):
            money = parse_amount(text, "EUR", may_be_negative=True)

            assert money.is_zero or set(text) & set("123456789")


class TestParseFactor:
    def test_keeps_prices_to_eight_decimals(self):
        assert parse_factor("0.00012345", decimals_max=8) == D("0.00012345")
        assert parse_factor("1,234.5", decimals_max=8) == D("1234.5")

    def test_refuses_more_decimals_than_are_kept(self):
        with pytest.raises(InvalidInput, match="three decimals at most, this has four"):
            parse_factor("1.0005", decimals_max=3, what="quantity")

    def test_refuses_a_comma_that_can_be_read_in_two_ways(self):
        with pytest.raises(InvalidInput, match=r"Write 1234 or 1\.234\."):
            parse_factor("1,234", decimals_max=8)

    def test_refuses_what_does_not_fit_its_column(self):
        assert parse_factor("9999999999", decimals_max=8) == 9999999999
        with pytest.raises(InvalidInput, match="too large"):
            parse_factor("10000000000", decimals_max=8)

    def test_refuses_a_negative_quantity_on_a_plain_line(self):
        with pytest.raises(InvalidInput, match="quantity must not be below zero"):
            parse_factor("-1", decimals_max=3, what="quantity")


class TestParsePercent:
    @pytest.mark.parametrize("text", ["8.5", "8,5", "8.5%", " 8.5 % "])
    def test_takes_the_sign_along(self, text: str):
        assert parse_percent(text) == D("8.5")

    @pytest.mark.parametrize("text", ["100.01", "-1", "", "%", "1%%"])
    def test_refuses_what_is_no_percentage(self, text: str):
        with pytest.raises(InvalidInput, match="percentage"):
            parse_percent(text)


class TestParseDate:
    def test_reads_what_date_fields_send(self):
        assert parse_date("2028-02-29").isoformat() == "2028-02-29"

    @pytest.mark.parametrize(
        "text",
        ["", "2027-02-29", "29.02.2028", "20280229", "2028-W09-2", "２０28-02-29"],
    )
    def test_refuses_anything_else(self, text: str):
        with pytest.raises(InvalidInput, match="due date"):
            parse_date(text, what="due date")

    @pytest.mark.parametrize("text", ["0001-01-01", "0226-03-02", "9999-12-31"])
    def test_refuses_days_that_nobody_bills_on(self, text: str):
        with pytest.raises(InvalidInput, match="between the years 1900 and 2999"):
            parse_date(text)


class TestCleanText:
    def test_drops_control_characters_and_marks_that_reorder(self):
        dirty = "a\x00b\x1b[31mc\x7f\u202ed\u2066e\u2069\ud800f\x85"

        assert clean_text(dirty, length_max=50) == "ab[31mcdef"

    def test_keeps_markup_as_typed(self):
        text = "<script>alert(1)</script> {{7*7}} =1+1"

        assert clean_text(text, length_max=50) == text

    def test_keeps_lines_only_where_several_are_wanted(self):
        text = " one\r\ntwo\rthree\u2028four\t.\n"

        assert clean_text(text, length_max=50) == "one two three four ."
        assert clean_text(text, length_max=50, multiline=True) == (
            "one\ntwo\nthree\nfour ."
        )

    def test_composes_accents(self):
        assert clean_text("Zoe\u0308", length_max=3) == "Zoë"

    def test_keeps_joiners_and_right_to_left_letters(self):
        text = "👩‍👧 می‌خواهم שלום"

        assert clean_text(text, length_max=50) == text

    def test_refuses_instead_of_cutting_off(self):
        with pytest.raises(InvalidInput, match="10,000 characters; 500 fit"):
            clean_text("x" * 10_000, length_max=500, field="notes")

    @given(st.text())
    def test_cleaning_twice_changes_nothing(self, text: str):
        once = clean_text(text, length_max=1000, multiline=True)

        assert clean_text(once, length_max=1000, multiline=True) == once
        once.encode()
