"""References carry their invoice, and a slip of the keyboard shows."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from billing_app.domain.errors import InvalidInput
from billing_app.domain.payment_reference import (
    QR_LENGTH,
    ReferenceKind,
    check_reference_kind,
    format_reference,
    make_reference,
    printed_reference,
    qr_reference,
    read_reference,
    rf_reference,
)

NUMBERS = st.text(min_size=1, max_size=60)
IDS = st.integers(1, 10**10 - 1)
QR_IBAN, PLAIN_IBAN = "CH4431999123000889012", "CH9300762011623852957"
# Mod 10 recursive as the guidelines print it: row by carry, column by digit.
CARRY = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)


def carried(digits: str) -> int:
    carry = 0
    for digit in digits:
        carry = CARRY[(carry + int(digit)) % 10]
    return (10 - carry) % 10


def test_the_examples_of_the_standards_are_read():
    assert read_reference("RF18 5390 0754 7034") == "RF18539007547034"
    assert (
        read_reference("21 00000 00003 13947 14300 09017")
        == "210000000003139471430009017"
    )


def test_references_are_made_from_the_number():
    """98 - (INV00042 RF00 as digits) mod 97 = 82."""
    assert rf_reference("INV-00042") == "RF82INV00042"
    assert format_reference("RF82INV00042") == "RF82 INV0 0042"
    assert qr_reference("2026-0042", 7)[:-1] == "00000000070000000020260042"
    assert (
        format_reference(qr_reference("2026-0042", 7))
        == "00 00000 00700 00000 02026 00426"
    )


@given(NUMBERS)
def test_creditor_references_have_the_form_of_iso_11649(number: str):
    reference = rf_reference(number)
    assume(reference)

    assert 5 <= len(reference) <= 25
    assert reference.isascii()
    assert reference.isalnum()
    moved = reference[4:] + reference[:4]
    assert int("".join(str(int(x, 36)) for x in moved)) % 97 == 1
    assert read_reference(format_reference(reference)) == reference


@given(NUMBERS, IDS)
def test_qr_references_have_27_digits_and_check(number: str, invoice_id: int):
    reference = qr_reference(number, invoice_id)

    assert len(reference) == QR_LENGTH
    assert int(reference[-1]) == carried(reference[:-1])
    assert read_reference(format_reference(reference)) == reference


@given(NUMBERS, NUMBERS, IDS, IDS)
def test_no_two_invoices_share_a_qr_reference(
    one: str, other: str, one_id: int, other_id: int
):
    assume(one_id != other_id)

    assert qr_reference(one, one_id) != qr_reference(other, other_id)


@given(NUMBERS, IDS, st.integers(0, QR_LENGTH - 1), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_no_reference(
    number: str, invoice_id: int, place: int, digit: str
):
    reference = qr_reference(number, invoice_id)
    assume(reference[place] != digit)

    assert read_reference(reference[:place] + digit + reference[place + 1 :]) == ""


@pytest.mark.parametrize(
    "typed", ["", "INV-00042", "RF", "RF00", "RF18 5390 0754 7035", "1" * 26, "２" * 27]
)
def test_what_is_no_reference_is_none(typed: str):
    assert read_reference(typed) == ""


def test_a_number_without_letters_or_digits_gives_none():
    assert rf_reference("№ ―") == ""


@pytest.mark.parametrize(
    ("kind", "length"),
    [(ReferenceKind.NUMBER, 0), (ReferenceKind.RF, 12), (ReferenceKind.QR, 27)],
)
def test_the_setting_decides(kind: ReferenceKind, length: int):
    assert len(make_reference(kind, "INV-00042", 7)) == length


@pytest.mark.parametrize(
    ("kind", "iban"),
    [
        (ReferenceKind.QR, PLAIN_IBAN),
        (ReferenceKind.QR, ""),
        (ReferenceKind.RF, QR_IBAN),
        (ReferenceKind.NUMBER, QR_IBAN),
    ],
)
def test_a_kind_the_account_does_not_take_is_refused(kind: ReferenceKind, iban: str):
    with pytest.raises(InvalidInput) as refusal:
        check_reference_kind(kind, iban)

    assert refusal.value.field == "reference_kind"


@pytest.mark.parametrize(
    ("kind", "iban"),
    [
        (ReferenceKind.QR, QR_IBAN),
        (ReferenceKind.RF, PLAIN_IBAN),
        (ReferenceKind.NUMBER, ""),
    ],
)
def test_a_kind_the_account_takes_is_kept(kind: ReferenceKind, iban: str):
    check_reference_kind(kind, iban)


class TestWhatATransferSays:
    def test_is_the_number_where_there_is_no_reference_of_its_own(self):
        assert printed_reference(["IBAN"], "", "INV-7", "Referenz") == "INV-7"
        assert printed_reference(["IBAN"], "", "", "Referenz") == ""

    @pytest.mark.parametrize("label", ["Reference", " reference ", "REFERENZ"])
    def test_is_left_to_what_the_business_wrote_itself(self, label: str):
        assert printed_reference(["IBAN", label], "", "INV-7", "Referenz") == ""

    def test_always_is_the_one_with_check_digits(self):
        reference = rf_reference("INV-7")

        said = printed_reference(["Reference"], reference, "INV-7", "Reference")

        assert said == format_reference(reference)
