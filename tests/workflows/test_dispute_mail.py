"""The customer gets one mail when a dispute ends, with what was credited."""

from __future__ import annotations

import pytest

from billing_app.domain.credit_note import CreditForm, CreditMode
from billing_app.services import credit_notes
from tests.support.billing import an_invoice, pay
from tests.support.outgoing import deliver, empty_mailbox, sent
from tests.support.quarrel import dispute, resolve
from tests.support.world import World


@pytest.fixture
def disputed(world: World) -> int:
    invoice_id = an_invoice(world, world.northwind, "100.00")
    dispute_id = dispute(world, world.northwind, invoice_id, "30.00")
    deliver(world)
    empty_mailbox(world)
    return dispute_id


def test_a_part_that_is_credited_and_the_rest_that_stands_are_one_mail(
    world: World, disputed: int
):
    resolve(world, world.northwind, disputed, "credited", amount="12.50")
    deliver(world)

    ((to, text),) = sent(world)
    assert to == "ap@vermeer.example"
    assert "We counted again: four." in text
    assert "Credited in part" in text
    assert "€12.50 credited, the rest stands." in text
    assert "€87.50 of the invoice is still to be paid." in text
    assert "CN-" in text


def test_what_was_paid_already_is_said_to_be_kept(world: World, disputed: int):
    pay(world, world.northwind, 1, "100.00")
    deliver(world)
    empty_mailbox(world)

    resolve(world, world.northwind, disputed, "credited")
    deliver(world)

    ((_, text),) = sent(world)
    assert "Credited in part" not in text
    assert "You had paid €30.00 of this already. It is kept as your credit." in text


def test_an_amount_that_stands_is_told_of_without_a_credit(world: World, disputed: int):
    resolve(world, world.northwind, disputed)
    deliver(world)

    ((_, text),) = sent(world)
    assert "The amount stands" in text
    assert "redit" not in text


def test_a_credit_by_itself_has_its_own_mail(world: World, disputed: int):
    form = CreditForm(CreditMode.AMOUNT, amount="10", reason="Goodwill")
    world.run(world.northwind.accounting, credit_notes.issue_credit_note, 1, form)
    deliver(world)

    ((_, text),) = sent(world)
    assert "A credit note for invoice" in text
