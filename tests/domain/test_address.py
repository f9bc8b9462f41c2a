"""Addresses have parts, and are written as their country does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_app.domain.address import (
    _WRITTEN,
    AddressParts,
    at_address,
    parts_of,
    shown_parts,
    tell_apart,
    write_address,
    written_lines,
)
from billing_app.domain.document import Party


@pytest.mark.parametrize(
    ("country", "parts", "lines"),
    [
        ("NL", ("Kade 1", "1011 AB", "Amsterdam", ""), ("Kade 1", "1011 AB Amsterdam")),
        ("", ("Kade 1", "1011 AB", "Amsterdam", ""), ("Kade 1", "1011 AB Amsterdam")),
        ("US", ("1 Main St", "10003", "New York", "NY"),
         ("1 Main St", "New York, NY 10003")),
        ("US", ("1 Main St", "10003", "", ""), ("1 Main St", "10003")),
        ("GB", ("12 Mitre Street", "EC3A 5BU", "London", ""),
         ("12 Mitre Street", "London", "EC3A 5BU")),
        ("AU", ("5 Church Street", "3121", "Richmond", "VIC"),
         ("5 Church Street", "Richmond VIC 3121")),
        ("IT", ("Via Roma 1", "00184", "Roma", "RM"), ("Via Roma 1", "00184 Roma RM")),
        ("JP", ("丸の内1-9-2", "100-0005", "千代田区", "東京都"),
         ("〒100-0005", "東京都千代田区", "丸の内1-9-2")),
        ("HU", ("Fő utca 1", "1011", "Budapest", ""),
         ("Budapest", "Fő utca 1", "1011")),
        ("AE", ("Sheikh Zayed Road 88", "", "Dubai", ""),
         ("Sheikh Zayed Road 88", "Dubai")),
        ("BR", ("Rua 1", "01310-100", "", "SP"), ("Rua 1", "SP", "01310-100")),
    ],
)  # fmt: skip
def test_is_written_as_its_country_does(
    country: str, parts: tuple[str, str, str, str], lines: tuple[str, ...]
):
    assert written_lines(*parts, country) == lines


@pytest.mark.parametrize(
    "text",
    [
        "12 Harbour Lane\nLondon",
        "  Rue du Lac 1268 \n\n2501 Biel\nSuisse",
        "Somewhere",
        "",
    ],
)
def test_a_text_of_old_is_printed_as_it_stands(text: str):
    printed = at_address(Party("A", country="CH"), text).address

    assert printed == tuple(x.strip() for x in text.splitlines() if x.strip())


@pytest.mark.parametrize(
    ("country", "lines", "parts"),
    [
        ("DE", ("Musterweg 7a", "D-80331 München", "Deutschland"),
         AddressParts(("Musterweg 7a",), "80331", "München")),
        ("SE", ("Box 1", "Sveavägen 10", "113 56 Stockholm"),
         AddressParts(("Box 1", "Sveavägen 10"), "113 56", "Stockholm")),
        ("CH", ("Weg 1", "8001 Zürich", "Kanton Zürich"),
         AddressParts(("Weg 1",), "8001", "Zürich", "Kanton Zürich")),
        # A house number that looks like a postal code.
        ("US", ("1234 Main Street", "New York, NY 10003"), None),
        ("GB", ("12 Mitre Street", "London EC3A 5BU"), None),
        ("", ("Weg 1", "8001 Zürich"), None),
        ("NL", ("Kade 1", "Amsterdam"), None),
        ("NL", (), None),
    ],
)  # fmt: skip
def test_its_parts_are_told_apart_where_that_is_no_guess(
    country: str, lines: tuple[str, ...], parts: AddressParts | None
):
    assert tell_apart(lines, country) == parts


def test_a_form_shows_the_parts_of_a_text_that_would_print_the_same():
    same = shown_parts("Weg 1\n8001 Zürich", "", "", "", "CH")
    other = shown_parts("Weg 1\n8001 Zürich\nSchweiz", "", "", "", "CH")

    assert same == AddressParts(("Weg 1",), "8001", "Zürich")
    assert other == AddressParts(("Weg 1", "8001 Zürich", "Schweiz"))


WORDS = st.from_regex(r"[A-Za-zÀ-ž][A-Za-zÀ-ž '.]{0,30}[A-Za-zÀ-ž]", fullmatch=True)
CODES = st.from_regex(r"[1-9][0-9]{3}|[1-9][0-9]{3} [A-Z]{2}", fullmatch=True)
STREETS = st.lists(WORDS, max_size=3).map(tuple)


@given(
    st.builds(AddressParts, STREETS, CODES, WORDS), st.sampled_from(["NL", "CH", "DE"])
)
def test_what_was_written_is_told_apart_again(parts: AddressParts, country: str):
    spaced = AddressParts(
        tuple(" ".join(x.split()) for x in parts.street),
        parts.postal_code,
        " ".join(parts.town.split()),
    )

    assert tell_apart(write_address(spaced, country), country) == spaced


@given(
    st.builds(AddressParts, STREETS, CODES | st.just(""), WORDS | st.just(""), WORDS),
    st.sampled_from(sorted(_WRITTEN)),
)
def test_nothing_typed_is_lost_on_paper(parts: AddressParts, country: str):
    typed = ("\n".join(parts.street), parts.postal_code, parts.town, parts.region)
    printed = " ".join(written_lines(*typed, country))

    for words in (*parts.street, *typed[1:]):
        assert " ".join(words.split()) in " ".join(printed.split())
    assert parts_of(*typed, country) == parts
