"""An invoice whose money has come is not void before the money has gone."""

import pytest

from billing_app.domain.errors import Conflict
from billing_app.queries.invoice_detail import read_invoice
from billing_app.services import invoices
from billing_app.web.staff.invoice_words import card_of
from tests.support.billing import pay
from tests.support.till import Till

REVERSE = "Reverse its payments first, then void the invoice."


def hindrance(till: Till, invoice_id: int) -> str:
    shown = till.world.run(till.place.viewer, read_invoice, invoice_id)
    return card_of(shown, till.world.runtime.settings.fonts_dir, "").void_hindrance


def refusal(till: Till, invoice_id: int) -> str:
    with pytest.raises(Conflict) as refused:
        till.world.run(till.place.owner, invoices.void, invoice_id, "Twice")
    return refused.value.message


def test_money_by_card_is_refunded_where_it_came_from(till: Till):
    """Nothing here can reverse it, so nothing tells to."""
    invoice_id = till.bill("100.00")
    till.press(till.start(invoice_id, "100"), "card")
    till.settle_down()

    assert refusal(till, invoice_id) == hindrance(till, invoice_id)
    assert "then Refund beside the payment" in hindrance(till, invoice_id)


def test_money_that_staff_recorded_is_reversed(till: Till):
    invoice_id = till.bill("100.00")
    assert hindrance(till, invoice_id) == ""

    pay(till.world, till.place, invoice_id, "40.00")

    assert refusal(till, invoice_id) == hindrance(till, invoice_id) == REVERSE
