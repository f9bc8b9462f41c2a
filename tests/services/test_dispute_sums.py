"""However lines round and whatever happens: open disputes never come to too much."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from billing_app.database.verify import find_broken
from billing_app.domain.dispute import Outcome, gross_minor
from billing_app.domain.document import InvoiceDocument, from_json
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.domain.errors import BillingError
from billing_app.models import IssuedDocument, TaxRate, WorkspaceSettings
from billing_app.queries.payability import read_payability
from billing_app.services import disputes, drafts, invoices
from tests.support.billing import (
    a_customer,
    all_rows,
    pay,
    read_invoice,
    visitor_of,
)
from tests.support.quarrel import OPEN, dispute, resolve, stored
from tests.support.world import World

TAXES = ("", "VAT 21 %", "VAT 9 %")
# Half a cent of tax and more, so that lines round up one by one and not together.
LINES = st.builds(
    LineForm,
    name=st.just("Charter flight"),
    quantity=st.sampled_from(["1", "3", "0.125"]),
    unit_price=st.sampled_from(["0.06", "0.50", "10.10", "33.33", "99.95"]),
    discount=st.sampled_from(["", "33.3"]),
    tax_id=st.sampled_from(TAXES),
)
# What is done: about a line or all of it, and with how much, or all that goes.
DONE = st.tuples(
    st.sampled_from(["dispute", "dispute", "dispute", "pay", "withdraw", "credit"]),
    st.integers(0, 4),
    st.sampled_from(["", "", "0.01", "5.00"]),
)
HALVES = [replace(LineForm(name="Flight", unit_price="0.06"), tax_id="VAT 9 %")] * 4
ALL_LINES = [("dispute", place, "") for place in (1, 2, 3, 4, 0)]


def issued(world: World, lines: list[LineForm], *, inclusive: bool) -> int:
    place = world.northwind
    with world.unit(place.system) as uow:
        uow.one(select(WorkspaceSettings)).prices_inclusive = inclusive
        ids = {tax.name: str(tax.id) for tax in uow.all(select(TaxRate))}
    form = DraftForm(
        customer_id=a_customer(world, place),
        lines=tuple(replace(x, tax_id=ids.get(x.tax_id, "")) for x in lines),
    )
    draft = world.run(place.accounting, drafts.create_draft, form)
    step = invoices.issue_and_publish
    return world.run(place.accounting, step, draft.invoice_id, draft.version).invoice_id


def do(world: World, invoice_id: int, what: str, about: int, amount: str) -> None:
    """Do what may be refused; a refusal changes nothing."""
    place = world.northwind
    open_ids = [x.id or 0 for x in open_of(world, invoice_id)]
    with contextlib.suppress(BillingError):
        match what:
            case "dispute":
                line = str(about) if about else ""
                dispute(world, place, invoice_id, amount, line=line)
            case "pay":
                pay(world, place, invoice_id, amount or "7.77")
            case "withdraw" if open_ids:
                visitor = visitor_of(world, place, invoice_id)
                chosen = open_ids[about % len(open_ids)]
                world.run(visitor, disputes.withdraw_dispute, chosen, OPEN)
            case "credit" if open_ids:
                chosen = open_ids[about % len(open_ids)]
                resolve(world, place, chosen, Outcome.CREDITED)
            case _:
                pass


def open_of(world: World, invoice_id: int):
    rows = stored(world, world.northwind)
    return [x for x in rows if x.invoice_id == invoice_id and x.resolved_at is None]


@pytest.mark.feature("F078")
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    lines=st.lists(LINES, min_size=1, max_size=4),
    done=st.lists(DONE, min_size=1, max_size=7),
    inclusive=st.booleans(),
)
@example(lines=HALVES, done=ALL_LINES, inclusive=False)
def test_open_disputes_never_come_to_more_than_the_invoice(
    world: World,
    lines: list[LineForm],
    done: list[tuple[str, int, str]],
    inclusive: bool,
):
    invoice_id = issued(world, lines, inclusive=inclusive)

    for what, about, amount in done:
        before = read_invoice(world, world.northwind, invoice_id)
        do(world, invoice_id, what, about, amount)

        after = read_invoice(world, world.northwind, invoice_id)
        disputed = sum(x.amount_minor for x in open_of(world, invoice_id))
        assert after.disputed_minor == disputed <= after.total_minor
        assert after.outstanding_minor >= 0
        if disputed > before.disputed_minor:
            assert disputed <= after.outstanding_minor
        payable = world.run(world.northwind.system, read_payability, invoice_id)
        assert payable.disputed_minor == disputed
    assert find_broken(world.runtime.engine, world.clock.now) == []


def test_lines_that_round_up_one_by_one_are_disputed_up_to_the_total(world: World):
    """Each line comes to 0.0654, so to 0.07; the four of them to 0.26, not to 0.28."""
    invoice_id = issued(world, HALVES, inclusive=False)
    (stored_document,) = all_rows(world, world.northwind, IssuedDocument)
    document = from_json(InvoiceDocument, stored_document.content)
    ceilings = sum(gross_minor(line, False) for line in document.lines)
    total = read_invoice(world, world.northwind, invoice_id).total_minor
    assert ceilings > total

    for line in ("1", "2", "3", "4"):
        do(world, invoice_id, "dispute", int(line), "")

    invoice = read_invoice(world, world.northwind, invoice_id)
    assert invoice.disputed_minor == invoice.outstanding_minor == total
