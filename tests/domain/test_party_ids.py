"""Machines know a business by the numbers that people type."""

import re

import pytest

from billing_app.domain.document import Party, PartyId
from billing_app.domain.errors import InvalidInput
from billing_app.domain.party_ids import (
    ADDRESS_SCHEMES,
    MAIL,
    parse_electronic_address,
    read_registration,
    vat_number,
    with_ids,
)
from tests.documents.e_invoice_rules import SHEETS

LEITWEG = "991-33333TEST-33"


@pytest.mark.feature("A04")
@pytest.mark.parametrize(
    ("country", "typed", "known"),
    [
        ("NL", "KvK 70112233", PartyId("0106", "70112233")),
        ("NL", "Chamber of Commerce Rotterdam 24 112233", PartyId("0106", "24112233")),
        ("NL", "OIN 00000001822477348000", PartyId("0190", "00000001822477348000")),
        ("BE", "RPR Antwerpen 0403.170.701", PartyId("0208", "0403170701")),
        ("NO", "NO 923 609 016 MVA", PartyId("0192", "923609016")),
        ("SE", "Org.nr 556012-5790", PartyId("0007", "5560125790")),
        ("DK", "CVR 13585628", PartyId("0184", "DK13585628")),
        # Of no register that has a code.
        ("DE", "HRB 12345 B", None),
        ("", "70112233", None),
        # Not plain: none, two of them, or a slip.
        ("NL", "KvK", None),
        ("NL", "KvK 70112233, 70112234", None),
        ("NO", "923 609 017", None),
        ("SE", "556012-5791", None),
        ("DK", "13585629", None),
        ("BE", "0403.170.702", None),
    ],
)
def test_a_number_is_read_where_nothing_else_could_be_meant(
    country: str, typed: str, known: PartyId | None
):
    assert read_registration(typed, country) == known


@pytest.mark.parametrize(
    ("party", "endpoint"),
    [
        (Party("A", country="NL", vat_id="NL861234567B01", registration="KvK 70112233"),
         PartyId("0106", "70112233")),
        (Party("A", country="NL", vat_id="NL861234567B01"),
         PartyId("9944", "NL861234567B01")),
        (Party("A", country="DE", vat_id="DE136695976", registration="HRB 1"),
         PartyId("9930", "DE136695976")),
        (Party("A", country="BE", vat_id="BE 0403.170.701"),
         PartyId("0208", "0403170701")),
        (Party("A", country="SE", vat_id="SE556012579001"),
         PartyId("0007", "5560125790")),
        (Party("A", country="NO", vat_id="923609016"), PartyId("0192", "923609016")),
        (Party("A", country="DK", vat_id="13585628"), PartyId("0184", "DK13585628")),
        (Party("A", country="US", vat_id="12-3456789"), None),
        (Party("A"), None),
    ],
)  # fmt: skip
def test_who_typed_no_address_is_reached_by_a_number(
    party: Party, endpoint: PartyId | None
):
    assert with_ids(party).endpoint == endpoint


def test_what_was_typed_goes_before_what_is_derived():
    party = Party("A", country="DE", vat_id="DE136695976")

    assert with_ids(party, "0088:4006381333931").endpoint == PartyId(
        "0088", "4006381333931"
    )
    assert with_ids(party, "ap@buyer.example").endpoint == PartyId(
        MAIL, "ap@buyer.example"
    )
    assert with_ids(party, "", LEITWEG).endpoint == PartyId("0204", LEITWEG)


@pytest.mark.parametrize(
    ("country", "number"),
    [("SE", "SE556012579001"), ("NO", "NO923609016MVA"), ("DK", "DK13585628")],
)
def test_vat_numbers_keep_their_prefix_where_they_are_no_address(
    country: str, number: str
):
    assert vat_number(Party("A", country=country, vat_id=number)) == number
    assert vat_number(Party("A", country=country, vat_id=number[2:])) == number


@pytest.mark.parametrize(
    ("typed", "country", "kept"),
    [
        ("", "", ""),
        ("70112233", "NL", "0106:70112233"),
        (" 0106: 7011 2233 ", "", "0106:70112233"),
        (f" {LEITWEG.lower()} ", "DE", f"0204:{LEITWEG}"),
        ("DE 136 695 976", "DE", "9930:DE136695976"),
        ("4006381333931", "", "0088:4006381333931"),
        ("0184:13585628", "", "0184:DK13585628"),
        ("0184:DK13585628", "", "0184:DK13585628"),
        ("9944:NL861234567B01", "", "9944:NL861234567B01"),
        ("e-invoices@buyer.example", "", "e-invoices@buyer.example"),
    ],
)
def test_a_typed_address_is_kept_with_its_scheme(typed: str, country: str, kept: str):
    assert parse_electronic_address(typed, country, "electronic_address") == kept
    assert parse_electronic_address(kept, country, "electronic_address") == kept


@pytest.mark.parametrize(
    "typed",
    ["70112233", "1234:70112233", "0192:923609017", "0204:12345", "EM:a", "HRB 1",
     "0088:4006381333932", "ABC", "0106:", "x" * 101],
)  # fmt: skip
def test_an_address_of_nobody_is_refused_in_words(typed: str):
    with pytest.raises(InvalidInput) as refused:
        parse_electronic_address(typed, "DE", "electronic_address")

    assert refused.value.field == "electronic_address"


def test_every_scheme_is_one_of_the_official_list():
    said = SHEETS["ubl"].read_text("utf-8").partition("BR-CL-25")[0]
    official = set(re.findall(r"\b\d{4}\b", said.rpartition("contains(' 0002")[2]))

    assert official | {"0002"} >= ADDRESS_SCHEMES
