"""Days of grace and debits on their way: the same answer on every page."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from billing_app.domain.actors import PortalVisitor
from billing_app.domain.aging import AGES, AgeBucket, age_of, due_span
from billing_app.domain.invoice import InvoiceStatus, LateRules
from billing_app.models import Invoice, WorkspaceSettings
from billing_app.queries.customers import CustomerFilter, list_customers
from billing_app.queries.dashboard import read_dashboard
from billing_app.queries.invoice_detail import read_invoice
from billing_app.queries.invoices import InvoiceFilter, count_by_status, list_invoices
from billing_app.queries.portal_account import (
    Account,
    AccountTab,
    parse_account_filter,
    read_account,
)
from billing_app.queries.risk import read_risks
from tests.support.billing import an_invoice
from tests.support.world import World


def choose(world: World, **answers: Any) -> None:
    with world.unit(world.northwind.system) as uow:
        uow.one(select(WorkspaceSettings)).portal = answers


def listed(world: World, status: InvoiceStatus) -> int:
    wanted = InvoiceFilter(status=status)
    return len(world.run(world.northwind.viewer, list_invoices, wanted).page.rows)


@pytest.mark.feature("C13")
@pytest.mark.parametrize(("grace_days", "is_late"), [(0, True), (8, True), (9, False)])
def test_every_page_agrees_on_what_is_late(
    world: World, grace_days: int, is_late: bool
):
    """Nine days after the due date, since a risk takes a week.

    The other workspace has no days of grace.
    """
    choose(world, grace_days=grace_days)
    invoice_id = an_invoice(world, world.northwind, "100.00")
    viewer = world.northwind.viewer
    due_on = world.run(viewer, read_invoice, invoice_id).due_on
    assert due_on is not None
    world.clock.advance(days=(due_on - world.clock.now.date()).days + 9)

    detail = world.run(viewer, read_invoice, invoice_id)
    dashboard = world.run(viewer, read_dashboard)
    (customer,) = world.run(viewer, list_customers, CustomerFilter()).page.rows
    tabs = dict(world.run(viewer, count_by_status).by_status)
    [signal] = world.run(viewer, read_risks, [customer.id])

    assert detail.is_late is is_late
    assert (detail.status == InvoiceStatus.OVERDUE) is is_late
    assert dashboard.overdue[0].minor == (10_000 if is_late else 0)
    assert customer.owed[0].overdue_minor == (10_000 if is_late else 0)
    assert listed(world, InvoiceStatus.OVERDUE) == int(is_late)
    assert listed(world, InvoiceStatus.DUE) == int(not is_late)
    assert tabs[InvoiceStatus.OVERDUE].seen == int(is_late)
    assert any("overdue" in why for why in signal.risk.reasons) is is_late


@pytest.mark.feature("F041")
@pytest.mark.parametrize(("grace_days", "is_late"), [(0, True), (2, True), (3, False)])
def test_the_customers_account_agrees(world: World, grace_days: int, is_late: bool):
    """Three days after the due date: overdue, aging, tab and row say the same."""
    place = world.northwind
    invoice_id = an_invoice(world, place, "100.00")
    invoice = world.run(place.viewer, read_invoice, invoice_id)
    assert invoice.due_on is not None
    assert invoice.customer_id is not None
    world.clock.advance(days=(invoice.due_on - world.clock.now.date()).days + 3)
    visitor = PortalVisitor(place.workspace_id, invoice.customer_id, 1, None)

    def read(**typed: str) -> Account:
        wanted, rules = parse_account_filter(typed), LateRules(grace_days)
        return world.run(visitor, read_account, wanted, "UTC", 1, rules)

    account = read()
    assert account.sums[0].overdue_count == int(is_late)
    assert account.tabs[AccountTab.OVERDUE] == int(is_late)
    assert len(read(status="overdue").page.rows) == int(is_late)
    (row,) = account.page.rows
    assert (row.status == InvoiceStatus.OVERDUE) is is_late
    ages = {age.bucket: age.minor for age in account.sums[0].ages}
    assert ages[AgeBucket.TO_30] == (10_000 if is_late else 0)
    assert ages[AgeBucket.CURRENT] == (0 if is_late else 10_000)
    assert len(read(age="1-30").page.rows) == int(is_late)


@given(st.integers(0, 120), st.integers(-200, 400))
def test_every_due_date_has_one_age(grace_days: int, days: int):
    """However many days of grace there are, the spans leave no gap and no overlap."""
    today = date(2026, 3, 2)
    due_on = today - timedelta(days=days)

    spans = {bucket: due_span(bucket, today, grace_days) for bucket in AGES}

    held = [
        bucket
        for bucket, span in spans.items()
        if (span.first is None or span.first <= due_on)
        and (span.last is None or due_on <= span.last)
    ]
    assert held == [age_of(due_on, today, grace_days)]
    assert (held == [AgeBucket.CURRENT]) is (days <= grace_days)


@pytest.mark.feature("C11")
@pytest.mark.parametrize("counts", ["cleared", "initiated"])
def test_a_debit_on_its_way_is_late_only_where_it_must_clear(world: World, counts: str):
    choose(world, debit_counts=counts)
    invoice_id = an_invoice(world, world.northwind, "100.00")
    with world.unit(world.northwind.system) as uow:
        uow.get(Invoice, invoice_id).processing_minor = 10_000
    world.clock.advance(days=90)
    viewer = world.northwind.viewer

    detail = world.run(viewer, read_invoice, invoice_id)
    dashboard = world.run(viewer, read_dashboard)
    (customer,) = world.run(viewer, list_customers, CustomerFilter()).page.rows

    late = 10_000 if counts == "cleared" else 0
    assert detail.is_late is (counts == "cleared")
    assert dashboard.overdue[0].minor == late
    assert customer.owed[0].overdue_minor == late
