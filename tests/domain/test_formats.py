"""Figures and dates read as people of that language write them."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_app.domain.formats import (
    format_amount,
    format_date,
    format_money,
    format_percent,
    format_price,
    format_quantity,
    language_in,
)
from billing_app.domain.money import MINOR_MAX

D = Decimal


@pytest.mark.parametrize(
    ("minor", "currency", "language", "text"),
    [
        (2_823_013, "EUR", "en", "€28,230.13"),
        (2_823_013, "EUR", "de", "28.230,13\N{NO-BREAK SPACE}€"),
        (2_823_013, "EUR", "nl", "€\N{NO-BREAK SPACE}28.230,13"),
        (2_823_013, "USD", "en", "USD\N{NO-BREAK SPACE}28,230.13"),
        (2_823_013, "USD", "en-US", "$28,230.13"),
        (2_823_013, "CAD", "en-US", "CAD\N{NO-BREAK SPACE}28,230.13"),
        (2_823_013, "INR", "hi", "₹28,230.13"),
        (1_234_567_890, "INR", "en-IN", "₹1,23,45,678.90"),
        (28_230, "JPY", "ja", "JPY\N{NO-BREAK SPACE}28,230"),
        (1_234_567, "KWD", "en", "KWD\N{NO-BREAK SPACE}1,234.567"),
        # Babel gives Serbian dinars no decimals; ISO 4217 gives them two.
        (123_456, "RSD", "en", "RSD\N{NO-BREAK SPACE}1,234.56"),
        (123_456, "CHF", "de-CH", "CHF\N{NO-BREAK SPACE}1’234.56"),
        (-5, "EUR", "en", "−€0.05"),
        (0, "EUR", "en", "€0.00"),
        (-1, "EUR", "tlh-KL", "−€0.01"),
        (5, "EUR", "", "€0.05"),
        (123_456, "EUR", "de-XX", "1.234,56\N{NO-BREAK SPACE}€"),
    ],
)
def test_money_is_written_with_its_currency(
    minor: int, currency: str, language: str, text: str
):
    assert format_money(minor, currency, language) == text


@given(st.integers(-MINOR_MAX, MINOR_MAX), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_an_amount_keeps_every_digit(minor: int, currency: str):
    text = format_amount(minor, currency).replace("−", "-")

    assert int(text.replace(",", "").replace(".", "")) == minor


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (D("3450"), "3,450.00"),
        (D("1.42000000"), "1.42"),
        (D("0.01234567"), "0.01234567"),
        (D("-12.5"), "−12.50"),
        (D("1E+3"), "1,000.00"),
    ],
)
def test_a_price_shows_all_its_decimals(value: Decimal, text: str):
    assert format_price(value, "EUR") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(D("2.400"), "2.4"), (D(1180), "1,180"), (D("0"), "0"), (D("-1.50"), "−1.5")],
)
def test_a_quantity_shows_no_empty_decimals(value: Decimal, text: str):
    assert format_quantity(value) == text


def test_a_rate_is_a_percentage():
    assert format_percent(D("9.50"), "nl") == "9,5%"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "12 November 2026"),
        ("en-US", "November 12, 2026"),
        ("de", "12. November 2026"),
        ("ja", "2026年11月12日"),
    ],
)
def test_a_date_names_its_month(language: str, text: str):
    assert format_date(date(2026, 11, 12), language) == text


@pytest.mark.parametrize(
    ("country", "language", "written"),
    [
        ("US", "en", "en-US"),
        ("PR", "en", "en-US"),
        ("GB", "en", "en"),
        ("", "en", "en"),
        ("US", "es", "es"),
        ("US", "en-GB", "en-GB"),
    ],
)
def test_a_business_in_america_writes_american_english(
    country: str, language: str, written: str
):
    assert language_in(country, language) == written
