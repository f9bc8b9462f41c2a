"""The code of a QR-bill says what the guidelines want, line by line."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from billing_app.domain.address import at_address
from billing_app.domain.document import Party, PostalAddress, QrBill
from billing_app.domain.payment_reference import qr_reference, rf_reference
from billing_app.domain.qr_bill import (
    AMOUNT_MINOR_MAX,
    latin,
    make_qr_bill,
    postal_address,
    write_payload,
)

IBAN, QR_IBAN = "CH9300762011623852957", "CH4431999123000889012"


def a_party(name: str, address: str, country: str) -> Party:
    return at_address(Party(name, country=country), address)


SELLER = a_party("Robert Schneider AG", "Rue du Lac 1268\n2501 Biel", "CH")
BUYER = a_party(
    "Pia-Maria Rutschmann-Schnyder",
    "c/o Sekretariat\nGrosse Marktgasse 28\n9400 Rorschach",
    "CH",
)
# 4.2.2: of the parts of an address, in the order of the code.
LENGTHS = (1, 70, 70, 16, 16, 35, 2)
LETTERS = st.characters(
    min_codepoint=0x20, max_codepoint=0x17F, exclude_categories=["Cc"]
)
LATIN = st.text(LETTERS | st.sampled_from("’–€Șț\u00a0"), min_size=1, max_size=90)
ANYTHING = st.text(LETTERS | st.characters(exclude_categories=["Cs"]), max_size=200)


def bill(reference: str = "", iban: str = IBAN, **parties: Party) -> QrBill | None:
    seller, buyer = parties.get("seller", SELLER), parties.get("buyer", BUYER)
    return make_qr_bill(seller, buyer, iban, "CHF", reference)


def payload(reference: str = "", iban: str = IBAN, minor: int = 194_975) -> list[str]:
    made = bill(reference, iban)
    assert made
    return write_payload(made, iban, minor, "CHF", reference, "2026-0042").split("\n")


@pytest.mark.feature("A03", "R43")
def test_every_line_of_a_qr_reference_bill():
    reference = qr_reference("2026-0042", 7)

    assert payload(reference, QR_IBAN) == [
        "SPC", "0200", "1", QR_IBAN,
        "S", "Robert Schneider AG", "Rue du Lac", "1268", "2501", "Biel", "CH",
        "", "", "", "", "", "", "",
        "1949.75", "CHF",
        "S", "Pia-Maria Rutschmann-Schnyder", "Grosse Marktgasse", "28", "9400",
        "Rorschach", "CH",
        "QRR", reference, "2026-0042", "EPD",
    ]  # fmt: skip


def test_a_creditor_reference_is_scor_and_none_is_non():
    reference = rf_reference("2026-0042")

    assert payload(reference)[27:30] == ["SCOR", reference, "2026-0042"]
    assert payload()[27:30] == ["NON", "", "2026-0042"]


@pytest.mark.parametrize(
    ("iban", "currency", "reference"),
    [
        ("NL91ABNA0417164300", "EUR", ""),
        (IBAN, "USD", ""),
        (QR_IBAN, "CHF", ""),
        (QR_IBAN, "CHF", "RF18539007547034"),
        (IBAN, "CHF", "210000000003139471430009017"),
        ("", "CHF", ""),
    ],
)
def test_what_no_swiss_bank_takes_has_none(iban: str, currency: str, reference: str):
    assert make_qr_bill(SELLER, BUYER, iban, currency, reference) is None


def test_accounts_in_liechtenstein_and_euros_are_taken():
    made = make_qr_bill(SELLER, BUYER, "LI21088100002324013AA", "EUR", "")

    assert made is not None


def test_a_business_whose_address_has_no_town_has_none():
    assert bill(seller=at_address(SELLER, "Rue du Lac 1268")) is None
    assert bill(seller=replace(SELLER, country="")) is None


def test_a_customer_whose_address_is_a_riddle_fills_it_in_by_hand():
    made = bill(buyer=a_party("北海道株式会社", "札幌市 1", "JP"))

    assert made
    assert made.debtor is None
    lines = write_payload(made, IBAN, 100, "CHF", "", "1").split("\n")
    assert lines[20:27] == [""] * 7


@pytest.mark.parametrize(
    ("lines", "parts"),
    [
        (("Bahnhofstrasse 1", "8001 Biel"), ("Bahnhofstrasse", "1", "8001", "Biel")),
        (("Heathrowbaan 4", "3045 AG Rotterdam"),
         ("Heathrowbaan", "4", "3045 AG", "Rotterdam")),
        (("12 rue de la Paix", "75002 Paris"),
         ("12 rue de la Paix", "", "75002", "Paris")),
        (("Musterweg 7a", "D-80331 München", "Germany"),
         ("Musterweg", "7a", "80331", "München")),
        (("Sveavägen 10-12", "113 56 Stockholm"),
         ("Sveavägen", "10-12", "113 56", "Stockholm")),
        (("9490 Vaduz",), ("", "", "9490", "Vaduz")),
    ],
)  # fmt: skip
def test_the_parts_of_an_address_are_told_apart(
    lines: tuple[str, ...], parts: tuple[str, ...]
):
    found = postal_address(a_party("A", "\n".join(lines), "CH"))

    assert found
    assert (found.street, found.house_number, found.postal_code, found.town) == parts


def parties(words: st.SearchStrategy[str], countries: str) -> st.SearchStrategy[Party]:
    town = words.map(lambda text: text[:35])
    postal = st.builds("{} {}".format, st.integers(1000, 9999), town)
    country = st.sampled_from(countries.split())
    address = st.builds("{}\n{}".format, words, postal)
    return st.builds(a_party, words, address, country)


@given(
    parties(LATIN, "CH LI"),
    parties(LATIN | ANYTHING, "CH DE ?"),
    st.integers(1, AMOUNT_MINOR_MAX),
    ANYTHING,
    st.booleans(),
)
def test_whatever_is_typed_keeps_the_rules(
    seller: Party, buyer: Party, minor: int, message: str, has_reference: bool
):
    reference = rf_reference("INV-7") if has_reference else ""
    made = make_qr_bill(seller, buyer, IBAN, "CHF", reference)
    assume(made is not None)
    assert made

    text = write_payload(made, IBAN, minor, "CHF", reference, message)

    lines = text.split("\n")
    assert len(lines) == 31
    assert len(text) <= 997
    assert all(is_allowed(x) for line in lines for x in line)
    assert not any(line != line.strip() for line in lines)
    for start in (4, 20):
        part = lines[start : start + 7]
        assert all(len(x) <= y for x, y in zip(part, LENGTHS, strict=True))
        assert part[0] in ("", "S")
        assert bool(part[0]) == all(part[at] for at in (1, 4, 5, 6))
    assert lines[11:18] == [""] * 7
    assert Decimal(lines[18]) == Decimal(minor).scaleb(-2)
    assert len(lines[18]) <= 12
    assert len(lines[29]) <= 140
    assert lines[30] == "EPD"


def is_allowed(character: str) -> bool:
    """4.1.1: the Latin letters of Europe, the same as the guidelines list them."""
    blocks = ((0x20, 0x7E), (0xA1, 0xFF), (0x100, 0x17F), (0x218, 0x21B))
    code = ord(character)
    return character == "€" or any(first <= code <= last for first, last in blocks)


@pytest.mark.parametrize("minor", [0, -1, AMOUNT_MINOR_MAX + 1])
def test_nothing_to_pay_is_no_code(minor: int):
    made = bill()

    assert made
    assert write_payload(made, IBAN, minor, "CHF", "", "") == ""


def test_typographers_letters_are_written_plainly():
    assert latin("l’été – 10 €…") == "l'été - 10 €."
    assert latin("Dvořák Ⅸ") == "Dvořák IX"
    assert latin("Ελλάδα") == ""


def test_a_long_name_is_cut_and_a_long_town_is_no_address():
    made = postal_address(replace(SELLER, name="x" * 90))
    assert made
    assert made.name == "x" * 70
    town = f"8001 {'y' * 36}"
    assert postal_address(at_address(SELLER, f"Weg 1\n{town}")) is None


def test_an_address_is_kept_with_the_document():
    assert bill() == QrBill(
        PostalAddress(
            "Robert Schneider AG", "Rue du Lac", "1268", "2501", "Biel", "CH"
        ),
        PostalAddress(
            "Pia-Maria Rutschmann-Schnyder",
            "Grosse Marktgasse", "28", "9400", "Rorschach", "CH",
        ),
    )  # fmt: skip
