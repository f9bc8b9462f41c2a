"""Figures, names and addresses read right among words that run from the right."""

from datetime import date
from decimal import Decimal

import pytest
from markupsafe import Markup

from billing_app.documents import bidi
from billing_app.domain import formats

LEFT, RIGHT, END = "\u2066", "\u2067", "\u2069"


@pytest.mark.parametrize("language", ["ar", "ar-EG", "he", "fa"])
def test_these_are_written_from_the_right(language: str):
    assert bidi.is_turned(language)


@pytest.mark.parametrize("language", ["en", "de", "ja", "xx", ""])
def test_others_are_written_as_they_are(language: str):
    assert not bidi.is_turned(language)
    assert bidi.figures("1,234.50", language) == "1,234.50"
    assert bidi.own("שלום 12-34\nx", language) == "שלום 12-34\nx"
    assert bidi.format_date(date(2026, 11, 3), language) == formats.format_date(
        date(2026, 11, 3), language
    )


def test_an_amount_keeps_its_minus_before_it():
    assert bidi.format_amount(-5_00, "EUR", "ar") == f"{LEFT}−5.00{END}"
    assert bidi.format_percent(Decimal(21), "ar") == f"{LEFT}21%{END}"


def test_nothing_stays_nothing():
    assert bidi.figures("", "ar") == bidi.own("", "ar") == ""


@pytest.mark.parametrize(
    ("line", "sign"),
    [
        ("12 High Street, London", LEFT),
        ("12 شارع الملك", RIGHT),
        ("רחוב דיזנגוף 99", RIGHT),
        ("NL91 ABNA 0417", LEFT),
        ("+31 10 555 01 42", LEFT),
        ("−12.00", LEFT),
    ],
)
def test_a_line_runs_as_its_first_letter_does(line: str, sign: str):
    assert bidi.own(line, "ar") == f"{sign}{line}{END}"


def test_each_line_runs_its_own_way():
    assert bidi.own("خط\n\nline", "ar") == f"{RIGHT}خط{END}\n\n{LEFT}line{END}"


@pytest.mark.parametrize(
    "code", ["2026-0142", "2026-11-03", "3/11/2026", "+31 10 555 01 42", "INV-7"]
)
def test_a_number_of_parts_keeps_their_order_in_a_sentence(code: str):
    said = bidi.own(f"رقم {code} هنا", "ar")

    assert said == f"{RIGHT}رقم {LEFT}{code}{END} هنا{END}"


def test_a_number_behind_a_latin_word_goes_with_it():
    assert bidi.own("رحلة AMS 2026-11", "ar") == f"{RIGHT}رحلة AMS 2026-11{END}"


def test_a_very_long_line_is_read_once():
    assert bidi.bare(bidi.own("ش" + "a1 " * 20_000, "ar")).startswith("شa1")


def test_a_page_has_elements_for_it():
    written = bidi.as_elements(f"{RIGHT}<ش> {LEFT}7{END}{END}")

    assert written == '<bdi dir="rtl">&lt;ش&gt; <bdi dir="ltr">7</bdi></bdi>'
    assert isinstance(written, Markup)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (f"a{END}b", "ab"),
        (f"a{LEFT}b", 'a<bdi dir="ltr">b</bdi>'),
        (f"{END}{LEFT}", '<bdi dir="ltr"></bdi>'),
    ],
)
def test_elements_close_whatever_is_typed(text: str, written: str):
    assert bidi.as_elements(text) == written


def test_markup_and_other_values_stay_as_they_are():
    attribute = Markup(f'<i title="{LEFT}7{END}">')

    assert bidi.as_elements(attribute) is attribute
    assert bidi.as_elements("plain & simple") == "plain & simple"
    assert bidi.as_elements(7) == 7


def test_bare_text_has_no_signs():
    assert bidi.bare(bidi.own("رقم 2026-0142", "he")) == "رقم 2026-0142"
