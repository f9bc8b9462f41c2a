"""IBANs are checked where they are typed, and written in groups of four."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_97_10

from billing_app.domain.bank import format_iban, is_qr_iban, read_iban
from billing_app.domain.errors import InvalidInput


@st.composite
def swiss_ibans(draw: st.DrawFn, iid: st.SearchStrategy[int]) -> str:
    bban = f"{draw(iid):05}{draw(st.integers(0, 10**12 - 1)):012}"
    country = draw(st.sampled_from(["CH", "LI"]))
    return f"{country}{mod_97_10.calc_check_digits(bban + country)}{bban}"


@pytest.mark.parametrize(
    ("typed", "iban"),
    [
        ("", ""),
        ("  nl91 abna 0417 1643 00 ", "NL91ABNA0417164300"),
        ("BE68 5390 0754 7034", "BE68539007547034"),
        ("CH93 0076 2011 6238 5295 7", "CH9300762011623852957"),
    ],
)
def test_an_iban_loses_its_spaces(typed: str, iban: str):
    assert read_iban(typed) == iban


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("NL91 ABNA 0417 1643 01", "check digits"),
        ("QQ00 ABNA 0417 1643 00", "check digits"),
        ("NL91-ABNA", "letters and digits"),
        ("NL9１ABNA0417164300", "letters and digits"),
        ("DE9110000000012345678", "another length"),
        ("ZZ8512345678901234567", "No country's IBAN"),
    ],
)
def test_a_slip_is_named(typed: str, said: str):
    typed = typed.replace("DE91", _begin("DE", "10000000012345678"))
    typed = typed.replace("ZZ85", _begin("ZZ", "12345678901234567"))

    with pytest.raises(InvalidInput, match=said) as refusal:
        read_iban(typed)

    assert refusal.value.field == "iban"


def _begin(country: str, bban: str) -> str:
    return country + mod_97_10.calc_check_digits(bban + country)


@given(swiss_ibans(iid=st.integers(30_000, 31_999)))
def test_accounts_for_qr_references_are_told_by_their_number(iban: str):
    assert read_iban(format_iban(iban)) == iban
    assert is_qr_iban(format_iban(iban))


@given(swiss_ibans(iid=st.integers(0, 29_999) | st.integers(32_000, 99_999)))
def test_other_accounts_are_plain(iban: str):
    assert read_iban(iban) == iban
    assert not is_qr_iban(iban)


@pytest.mark.parametrize("text", ["", "DE00300001234", "CH", "CHxx3000x"])
def test_what_is_no_swiss_account_takes_no_qr_references(text: str):
    assert not is_qr_iban(text)


@given(st.integers(0, 20), st.sampled_from("0123456789"), st.data())
def test_one_wrong_digit_is_found(place: int, digit: str, data: st.DataObject):
    iban = data.draw(swiss_ibans(iid=st.integers(0, 99_999)))
    if place < 2 or iban[place] == digit:
        return

    with pytest.raises(InvalidInput):
        read_iban(iban[:place] + digit + iban[place + 1 :])


def test_an_iban_is_read_in_groups_of_four():
    assert format_iban("CH9300762011623852957") == "CH93 0076 2011 6238 5295 7"
