"""Units are said in the customer's language, and never as a code."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from billing_app.documents.glyphs import font_words
from billing_app.documents.render import render_sheet
from billing_app.domain.speech import LANGUAGE_NAMES, speech_for
from billing_app.domain.units import UNIT_NAMES, UNIT_WORDS, unit_code, unit_words
from tests.support.documents import a_line, an_invoice

OTHERS = [it for it in LANGUAGE_NAMES if it != "en"]
# Left to the two who trade, by their own names.
WITHOUT_NAME = {"EA", "XDR", "4L", "ZZ"}


@pytest.mark.parametrize(
    ("language", "typed", "quantity", "said"),
    [
        ("de", "hours", "1", "Stunde"),
        ("de", "Hour", "2.5", "Stunden"),
        ("de", "HUR", "2", "Stunden"),
        ("pl", "hours", "2", "godziny"),
        ("pl", "hours", "5", "godzin"),
        ("ar", "hours", "5", "ساعات"),
        ("ja", "pcs", "12", "個"),
        ("fr", "kilometres", "3", "km"),
        ("fr", "hours", "1.5", "heure"),
        ("fr", "hours", "2.5", "heures"),
        ("de", "hours", "0.5", "Stunden"),
        ("pl", "hours", "2.5", "godziny"),
        ("pl", "pcs", "1.5", "sztuki"),
        ("pl", "days", "1.5", "dnia"),
        ("pl", "weeks", "0.5", "tygodnia"),
        ("pl", "weeks", "2", "tygodnie"),
        ("pl", "years", "-2.5", "roku"),
        ("pl", "sets", "12.25", "zestawu"),
        ("pl", "nights", "1.5", "nocy"),
        ("de", "night", "2", "Nächte"),
        ("de", "nights", "1", "Nacht"),
        ("nl", "nights", "1.00", "nacht"),
        ("fr", "Nights", "2", "nuits"),
        ("es", "night", "2", "noches"),
        ("it", "nights", "1", "notte"),
        ("pt", "night", "3", "noites"),
        ("pl", "night", "1", "noc"),
        ("pl", "night", "3", "noce"),
        ("pl", "night", "5", "nocy"),
        ("ar", "night", "3", "ليالٍ"),
        ("ja", "nights", "2", "泊"),
        ("en", "HUR", "1", "hour"),
        ("en", "night", "2", "nights"),
        ("en", "nights", "1", "night"),
        ("en", "Nights", "1.00", "Night"),
        ("en", "NIGHT", "-2", "NIGHTS"),
        ("en", "nights", "0.5", "nights"),
        ("en", "pcs", "1", "pc"),
        ("en", "foot", "3", "feet"),
        ("en", "boxes", "1", "box"),
        ("en", "KMT", "3", "km"),
    ],
)
def test_a_known_unit_is_said_in_the_language(
    language: str, typed: str, quantity: str, said: str
):
    assert unit_words(typed, Decimal(quantity), speech_for(language)) == said


@pytest.mark.parametrize(
    ("language", "typed"),
    [
        ("en", "hrs"),
        ("en", "h"),
        ("en", "kg"),
        ("en", "bags"),
        ("de", "Beutel"),
        ("de", "visits"),
        ("fr", "h"),
        ("ja", "kg"),
        ("nl", ""),
    ],
)
def test_other_words_stay_as_they_were_typed(language: str, typed: str):
    assert unit_words(typed, Decimal(3), speech_for(language)) == typed


@pytest.mark.feature("A20")
@pytest.mark.parametrize("language", LANGUAGE_NAMES)
def test_no_code_is_printed_and_every_word_has_its_letters(
    language: str, tmp_path: Path
):
    speech, codes = speech_for(language), sorted(UNIT_WORDS.keys() - WITHOUT_NAME)
    said = [unit_words(code, Decimal(n), speech) for code in codes for n in (1, 3, 11)]
    printed = an_invoice(lines=(a_line(" ".join(said), 100),), language=language)

    assert not set(said) & UNIT_WORDS.keys()
    assert font_words(printed, tmp_path) == ""


@pytest.mark.parametrize(("quantity", "said"), [("1", "1 night"), ("2", "2 nights")])
def test_a_document_counts_it(quantity: str, said: str):
    line = a_line("Room", 100, quantity=Decimal(quantity), unit="nights")

    sheet = render_sheet(an_invoice(lines=(line,), language="en"))

    assert f">{said}<" in sheet


def test_what_is_offered_is_known_by_one_and_by_many():
    for name in ("night", "page", "word"):
        assert name in UNIT_NAMES
        assert unit_code(name) == unit_code(f"{name}s") == "C62"


def test_a_document_says_it():
    """In Arabic the number and its unit stand in one frame."""
    line = a_line("Tower", 100, quantity=Decimal(3), unit="hours")

    assert "3 Stunden" in render_sheet(an_invoice(lines=(line,), language="de"))
    assert "ساعات" in render_sheet(an_invoice(lines=(line,), language="ar"))
