"""Names and addresses of people."""

from __future__ import annotations

import pytest

from billing_app.domain.contact import country_names, parse_country, parse_language
from billing_app.domain.errors import InvalidInput


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("nl", "NL"),
        (" NL ", "NL"),
        ("netherlands", "NL"),
        ("United Kingdom", "GB"),
        ("Türkiye", "TR"),
        ("UK", "GB"),
        ("England", "GB"),
        ("Britain", "GB"),
        ("Holland", "NL"),
        ("USA", "US"),
        ("Niederlande", "NL"),
        ("ÖSTERREICH", "AT"),
        ("Royaume-Uni", "GB"),
        ("Países Bajos", "NL"),
        ("ドイツ", "DE"),
        ("", ""),
    ],
)
def test_a_country_is_two_letters_or_its_name(typed: str, code: str):
    assert parse_country(typed) == code


@pytest.mark.parametrize("typed", ["Atlantis", "N", "NLD", "N1", "European Union"])
def test_no_country_of_that_name(typed: str):
    with pytest.raises(InvalidInput):
        parse_country(typed)


@pytest.mark.parametrize(
    ("typed", "tag"),
    [
        ("de", "de"),
        ("fr-CA", "fr-CA"),
        ("sv", "sv"),
        ("German", "de"),
        ("deutsch", "de"),
        (" Português ", "pt"),
        ("日本語", "ja"),
        ("", ""),
    ],
)
def test_a_language_is_a_tag_or_the_name_of_one_we_write(typed: str, tag: str):
    assert parse_language(typed) == tag


@pytest.mark.parametrize("typed", ["xx", "xx-YY", "de_DE", "d", "Klingon", "<b>"])
def test_no_language_of_that_name(typed: str):
    with pytest.raises(InvalidInput, match="Write a language like German"):
        parse_language(typed)


def test_offers_countries_only_and_each_name_once():
    names = country_names()

    assert names["NL"] == "Netherlands"
    assert {"EU", "UN", "ZZ", "001"}.isdisjoint(names)
    assert len(set(names.values())) == len(names) > 240
