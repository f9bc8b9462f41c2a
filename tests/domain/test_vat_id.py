"""A likely slip in a VAT number is named; what nobody can know is left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_app.domain.vat_id import vat_warning

VALID = [
    ("ATU13585627", "AT"),
    ("BE0403019261", "BE"),
    ("BE 0403.019.261", "BE"),
    ("DE136695976", "DE"),
    ("DE 136 695 976", ""),
    ("136695976", "DE"),
    ("EL094259216", "GR"),
    ("FR40303265045", "FR"),
    ("GB980780684", "GB"),
    ("IE6433435F", "IE"),
    ("IT00743110157", "IT"),
    ("NL004495445B01", "NL"),
    ("CHE-116.281.710 MWST", "CH"),
    ("CHE-116.281.710", "LI"),
    ("SE556188840401", "SE"),
]


@pytest.mark.parametrize(("number", "country"), VALID)
def test_numbers_in_force_pass(number: str, country: str):
    assert vat_warning(number, country) == ""


@pytest.mark.feature("A15")
@pytest.mark.parametrize(
    ("number", "country", "said"),
    [
        ("DE136695977", "DE", "check digits don't fit"),
        ("NL004495446B01", "", "check digits don't fit"),
        ("CHE-116.281.711", "CH", "check digits don't fit"),
        ("DE1366959", "DE", "VAT numbers of Germany have another length"),
        ("ABC", "FR", "VAT numbers of France have another length"),
        ("DE136695976", "FR", "a VAT number of Germany, the address is elsewhere"),
    ],
)
def test_a_slip_is_named_in_plain_words(number: str, country: str, said: str):
    assert said in vat_warning(number, country)


@given(st.text(max_size=40), st.sampled_from(["", "US", "JP", "AE", "??"]))
def test_countries_without_known_rules_are_left_alone(number: str, country: str):
    plain = "".join(x for x in number if not x.isalpha())

    assert vat_warning(plain, country) == ""


@given(st.text(max_size=40), st.text(max_size=2))
def test_whatever_is_typed_gets_an_answer(number: str, country: str):
    assert isinstance(vat_warning(number, country), str)


@given(st.sampled_from(VALID), st.data())
def test_spaces_and_dots_do_not_matter(valid: tuple[str, str], data: st.DataObject):
    number, country = valid
    place = data.draw(st.integers(0, len(number)))
    between = data.draw(st.sampled_from([" ", ".", "-", "\u00a0"]))

    assert vat_warning(number[:place] + between + number[place:], country) == ""
