"""Days of grace and debits on their way: the same answer on every page."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from billing_app.domain.actors import PortalVisitor
from billing_app.domain.aging import AGES, AgeBucket, age_of, due_span
from billing_app.domain.invoice import InvoiceStatus, LateRules
from billing_app.domain.online_payment import AttemptStatus
from billing_app.domain.statement import Span
from billing_app.models import Invoice, WorkspaceSettings
from billing_app.queries.aging import list_aging
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
from billing_app.queries.statements import read_statement
from tests.support.billing import an_invoice
from tests.support.rows import add_customer, add_invoice
from tests.support.story import an_attempt, report
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


OWED = st.tuples(
    st.integers(0, 2),
    st.integers(-40, 200) | st.none(),
    st.integers(1, 10**6),
    st.integers(0, 10**6),
    st.sampled_from(["EUR", "USD"]),
)


@pytest.mark.feature("G12")
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(OWED, max_size=10), st.sampled_from([0, 5, 45]))
def test_the_ages_of_all_customers_sum_to_what_is_owed(
    world: World,
    owed: list[tuple[int, int | None, int, int, str]],
    grace_days: int,
):
    """On each account and statement and on the dashboard, for each currency."""
    place = world.northwind
    choose(world, grace_days=grace_days)
    today = world.clock.now.date()
    with world.unit(place.system) as uow:
        for row in uow.all(select(Invoice)):
            row.outstanding_minor = 0
        customers = [add_customer(uow, name) for name in ("Halden", "Lumen", "Orsted")]
        ids = [customer.id or 0 for customer in customers]
        for customer, days_late, minor, disputed, currency in owed:
            add_invoice(
                uow,
                customers[customer],
                due_on=None if days_late is None else today - timedelta(days=days_late),
                total_minor=minor,
                disputed_minor=min(disputed, minor),
                currency=currency,
                published_at=uow.now,
            )
    balances: Counter[str] = Counter()
    for _, _, minor, _, currency in owed:
        balances[currency] += minor

    accounts: Counter[str] = Counter()
    statements: Counter[str] = Counter()
    for customer_id in ids:
        visitor = PortalVisitor(place.workspace_id, customer_id, 1, None)
        rules = LateRules(grace_days)
        plain = parse_account_filter({})
        for sums in world.run(visitor, read_account, plain, "UTC", 1, rules).sums:
            accounts[sums.currency] += sum(age.minor for age in sums.ages)
        span = Span(today, today)
        for section in world.run(place.owner, read_statement, customer_id, span):
            statements[section.currency] += sum(minor for _, minor in section.ages)
    dashboard = world.run(place.viewer, read_dashboard)

    assert +accounts == balances
    assert +statements == balances
    assert {
        it.currency: it.minor for it in dashboard.outstanding if it.minor
    } == balances
    assert sum(bucket.minor for bucket in dashboard.aging) == balances["EUR"]
    aging = world.run(place.viewer, list_aging, CustomerFilter())
    for bucket in aging.sums:
        by_customer = (row.minor.get(bucket.bucket, 0) for row in aging.page.rows)
        assert sum(by_customer) == bucket.minor
    assert sum(row.total_minor for row in aging.page.rows) == balances["EUR"]


@pytest.mark.feature("C11")
@pytest.mark.parametrize("counts", ["cleared", "initiated"])
def test_a_debit_on_its_way_is_late_only_where_it_must_clear(world: World, counts: str):
    choose(world, debit_counts=counts)
    invoice_id = an_invoice(world, world.northwind, "100.00")
    attempt_id = an_attempt(world, world.northwind, invoice_id, 10_000)
    report(world, world.northwind, attempt_id, AttemptStatus.PROCESSING, 10_000)
    world.clock.advance(days=90)
    viewer = world.northwind.viewer

    detail = world.run(viewer, read_invoice, invoice_id)
    dashboard = world.run(viewer, read_dashboard)
    (customer,) = world.run(viewer, list_customers, CustomerFilter()).page.rows

    late = 10_000 if counts == "cleared" else 0
    assert detail.is_late is (counts == "cleared")
    assert dashboard.overdue[0].minor == late
    assert customer.owed[0].overdue_minor == late
