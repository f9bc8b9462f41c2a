from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from billing_app.domain.before_issue import list_lacking
from billing_app.domain.document import Party
from billing_app.domain.money import Money
from billing_app.domain.terms import DocumentTerms, LineTerms, TaxTerms

TODAY = date(2026, 11, 19)
SELLER = Party("Northwind Charter", ("Heathrowbaan 4", "3045 AG Rotterdam"))
BUYER = Party("De Waal", ("Wijnhaven 60",))


OUT_OF_SCOPE = TaxTerms("No tax", "O", Decimal(0))


def of_lines(*taxes: tuple[TaxTerms, ...]) -> DocumentTerms:
    lines = (LineTerms(Decimal(1), Decimal(100), each) for each in taxes)
    return DocumentTerms("EUR", tuple(lines))


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


@pytest.mark.parametrize(
    ("seller", "buyer", "tax", "total", "is_payable", "said"),
    [
        (SELLER, BUYER, 21, 121, True, ()),
        (SELLER, Party("De Waal"), 0, 100, True, ()),
        (Party("Northwind"), BUYER, 0, 100, True, ("Your own address",)),
        (SELLER, Party("De Waal"), 21, 121, True, ("The customer's address",)),
        (SELLER, BUYER, 21, 121, False, ("It says nowhere how to pay",)),
        # What asks for nothing need not say where to pay it.
        (SELLER, BUYER, 0, 0, False, ("Its total is zero",)),
        (
            Party("Northwind"),
            Party("De Waal"),
            21,
            121,
            False,
            ("Your own address", "The customer's address", "It says nowhere"),
        ),
    ],
)
def test_names_what_an_invoice_should_hardly_go_without(
    seller: Party,
    buyer: Party,
    tax: int,
    total: int,
    is_payable: bool,
    said: tuple[str, ...],
):
    found = list_lacking(
        seller,
        buyer,
        terms=of_lines(()),
        tax=eur(tax),
        total=eur(total),
        is_payable=is_payable,
        issued_on=TODAY,
        today=TODAY,
    )

    assert len(found) == len(said)
    assert all(a.startswith(b) for a, b in zip(found, said, strict=True))


def said_of(
    seller: Party, terms: DocumentTerms, issued_on: date = TODAY
) -> tuple[str, ...]:
    return list_lacking(
        seller,
        BUYER,
        terms=terms,
        tax=eur(0),
        total=eur(100),
        is_payable=True,
        issued_on=issued_on,
        today=TODAY,
    )


def test_names_a_date_after_today_and_leaves_it_at_that():
    tomorrow, yesterday = TODAY + timedelta(days=1), TODAY - timedelta(days=1)

    said = said_of(SELLER, of_lines(()), tomorrow)

    assert said == ("Its date, 2026-11-20, is after today.",)
    assert said_of(SELLER, of_lines(()), TODAY) == ()
    assert said_of(SELLER, of_lines(()), yesterday) == ()


def says_untaxed(vat_id: str, terms: DocumentTerms) -> bool:
    seller = replace(SELLER, vat_id=vat_id)
    return said_of(seller, terms) == ("You have a VAT number, but no line has tax.",)


@pytest.mark.parametrize("taxes", [(), (OUT_OF_SCOPE,)], ids=["none", "out of scope"])
def test_names_that_who_has_a_vat_number_charges_no_tax(taxes: tuple[TaxTerms, ...]):
    assert says_untaxed("NL810462783B01", of_lines(taxes, ()))
    assert not says_untaxed("", of_lines(taxes, ()))


@pytest.mark.parametrize("category", ["S", "Z", "E", "AE", "K", "G"])
def test_a_line_whose_tax_is_zero_on_purpose_is_not_asked_about(category: str):
    stated = (TaxTerms("VAT", category, Decimal(0)),)

    assert not says_untaxed("NL810462783B01", of_lines((), stated))
