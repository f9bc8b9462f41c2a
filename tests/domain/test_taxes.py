"""What the law wants said about a tax of 0 is said in every language."""

import pytest

from billing_app.documents.glyphs import FONTS, font_words
from billing_app.domain.speech import LANGUAGE_NAMES
from billing_app.domain.taxes import EXEMPTION_CODES, tax_note
from billing_app.domain.terms import TaxTerms


@pytest.mark.parametrize("category", EXEMPTION_CODES)
def test_each_language_has_its_own_words(category: str):
    notes = [tax_note(category, language) for language in LANGUAGE_NAMES]

    assert len(set(notes)) == len(LANGUAGE_NAMES)
    assert all(tax_note(category, f"{x}-XX") in notes for x in LANGUAGE_NAMES)


@pytest.mark.parametrize("language", LANGUAGE_NAMES)
def test_they_can_be_printed(language: str):
    for category in EXEMPTION_CODES:
        note = tax_note(category, language)

        assert font_words(TaxTerms(note, category, 0), FONTS) == ""


def test_another_language_has_them_in_english():
    assert tax_note("AE", "tr") == "Reverse charge"
    assert tax_note("S", "de") == ""
