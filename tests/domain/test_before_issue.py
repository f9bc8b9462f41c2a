import pytest

from billing_app.domain.before_issue import list_lacking
from billing_app.domain.document import Party
from billing_app.domain.money import Money

SELLER = Party("Northwind Charter", ("Heathrowbaan 4", "3045 AG Rotterdam"))
BUYER = Party("De Waal", ("Wijnhaven 60",))


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
        seller, buyer, tax=eur(tax), total=eur(total), is_payable=is_payable
    )

    assert len(found) == len(said)
    assert all(a.startswith(b) for a, b in zip(found, said, strict=True))
