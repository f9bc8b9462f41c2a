"""A customer's account: sums, spans of age, lists, and what lies behind a row."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, func, select

from billing_app.domain.actors import PortalVisitor, StaffActor
from billing_app.domain.aging import AGES, AgeBucket, age_of, due_span
from billing_app.domain.billable_event import Factor
from billing_app.domain.errors import NotFound, NotPermitted
from billing_app.domain.invoice import InvoiceStatus, LateRules
from billing_app.models import (
    BillableEvent,
    Customer,
    Dispute,
    Invoice,
    Payment,
    Reminder,
)
from billing_app.queries import portal_account
from billing_app.queries.portal_account import (
    Account,
    AccountFilter,
    AccountSort,
    AccountTab,
    parse_account_filter,
    read_account,
    unfold,
)
from billing_app.queries.portal_asking import read_asking
from tests.support.billing import a_customer, an_invoice, pay
from tests.support.rows import add_customer, add_invoice, let_in
from tests.support.world import Place, World

TODAY = date(2026, 3, 2)


@dataclass
class Desk:
    """Two customers of one workspace and one of another, with invoices each."""

    world: World
    ours: int
    theirs: int
    grace_days: int = 0

    @property
    def place(self) -> Place:
        return self.world.northwind

    def visitor(self, customer_id: int = 0) -> PortalVisitor:
        return PortalVisitor(self.place.workspace_id, customer_id or self.ours, 1, None)

    def add(self, **facts: Any) -> int:
        """Add a published invoice of our customer; return its id."""
        with self.world.unit(self.place.system) as uow:
            customer = uow.get(Customer, facts.pop("customer_id", self.ours))
            row = add_invoice(uow, customer, **{"published_at": uow.now} | facts)
            assert row.id is not None
            return row.id

    def read(self, _zone: str = "UTC", _month: int = 1, **typed: str) -> Account:
        wanted = parse_account_filter(typed)
        rules = LateRules(self.grace_days)
        return self.world.run(
            self.visitor(), read_account, wanted, _zone, _month, rules
        )

    def numbers(self, **typed: str) -> list[str]:
        return [row.number for row in self.read(**typed).page.rows]


@pytest.fixture
def desk(world: World) -> Desk:
    ids: list[int] = []
    for place in world.places:
        with world.unit(place.system) as uow:
            for name in ("Ours", "Theirs"):
                customer = add_customer(uow, name)
                assert customer.id is not None
                ids.append(customer.id)
                if name == "Theirs" or place == world.kestrel:
                    add_invoice(
                        uow, customer, published_at=uow.now, number=f"X-{len(ids)}"
                    )
    return Desk(world, ids[0], ids[1])


def due(days_late: int) -> date:
    return TODAY - timedelta(days=days_late)


class TestSums:
    @pytest.mark.feature("F037")
    def test_equal_sums_written_independently(self, desk: Desk):
        desk.add(total_minor=10_000, due_on=due(-5))
        desk.add(total_minor=20_000, outstanding_minor=5_000, due_on=due(10))
        desk.add(total_minor=7_000, due_on=due(100), disputed_minor=2_000)
        desk.add(total_minor=900, outstanding_minor=0)
        desk.add(total_minor=5_000, currency="USD", due_on=None)
        desk.add(total_minor=4_000, published_at=None)
        desk.add(total_minor=3_000, archived_at=desk.world.clock.now, due_on=due(1))
        desk.add(state="void", total_minor=50_000)

        sums = {it.currency: it for it in desk.read().sums}

        with desk.world.reading(desk.place.system) as uow:
            expected = dict(
                uow.all(
                    select(Invoice.currency, func.sum(Invoice.outstanding_minor))
                    .where(
                        Invoice.customer_id == desk.ours,
                        col(Invoice.published_at).is_not(None),
                        Invoice.state == "issued",
                    )
                    .group_by(Invoice.currency)
                )
            )
        assert {name: it.outstanding_minor for name, it in sums.items()} == expected
        assert sums["EUR"].outstanding_minor == 25_000
        assert sums["EUR"].overdue_count == 3
        assert (sums["EUR"].disputed_minor, sums["EUR"].disputed_count) == (2_000, 1)
        assert [age.minor for age in sums["EUR"].ages] == [
            *(10_000, 8_000, 0, 0, 5_000, 2_000)
        ]

    @pytest.mark.feature("F037")
    def test_paid_this_year_counts_from_the_business_years_first_day(self, desk: Desk):
        for amount, received_on, more in (
            (1_000, date(2025, 12, 31), {}),
            (2_000, date(2026, 1, 1), {}),
            (4_000, date(2026, 2, 1), {"refunded_minor": 1_000}),
            (8_000, date(2026, 2, 1), {"status": "reversed"}),
            (16_000, date(2026, 2, 1), {"status": "held"}),
            (32_000, date(2026, 2, 1), {"customer_id": desk.theirs}),
        ):
            with desk.world.unit(desk.place.system) as uow:
                facts: dict[str, Any] = {
                    "customer_id": desk.ours,
                    "amount_minor": amount,
                    "currency": "EUR",
                    "received_on": received_on,
                    "method": "cash",
                    "created_at": uow.now,
                }
                uow.add(Payment(**(facts | more)))

        assert desk.read().sums[0].paid_minor == 5_000
        assert desk.read(_month=2).sums[0].paid_minor == 3_000
        assert desk.read(_month=4).sums[0].paid_minor == 6_000

    def test_the_year_begins_at_midnight_of_the_business(self, desk: Desk):
        desk.world.clock.now = desk.world.clock.now.replace(
            month=12, day=31, hour=23, minute=30
        )

        assert desk.read("Europe/Amsterdam").year_start == date(2027, 1, 1)
        assert desk.read("America/New_York").year_start == date(2026, 1, 1)

    @pytest.mark.feature("F041", "G12")
    @settings(
        max_examples=25,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        st.lists(
            st.tuples(
                st.integers(-40, 200) | st.none(),
                st.integers(1, 10**6),
                st.integers(0, 10**6),
                st.sampled_from(["EUR", "USD"]),
            ),
            max_size=12,
        )
    )
    def test_spans_of_age_sum_to_what_is_outstanding(
        self, desk: Desk, owed: list[tuple[int | None, int, int, str]]
    ):
        with desk.world.unit(desk.place.system) as uow:
            for row in uow.all(select(Invoice).where(Invoice.customer_id == desk.ours)):
                row.outstanding_minor = 0
        for days_late, minor, disputed, currency in owed:
            desk.add(
                due_on=None if days_late is None else due(days_late),
                total_minor=minor,
                disputed_minor=min(disputed, minor),
                currency=currency,
            )

        found = desk.read().sums

        assert sum(it.open_count for it in found) == len(owed)
        for sums in found:
            assert sum(age.minor for age in sums.ages) == sums.outstanding_minor
            expected: Counter[AgeBucket] = Counter()
            for days_late, minor, disputed, currency in owed:
                if currency == sums.currency:
                    day = None if days_late is None else due(days_late)
                    left = minor - min(disputed, minor)
                    expected[age_of(day, TODAY, 0)] += left
                    expected[AgeBucket.DISPUTED] += minor - left
            assert {age.bucket: age.minor for age in sums.ages} == {
                bucket: expected[bucket] for bucket in AgeBucket
            }


class TestAges:
    @pytest.mark.feature("G12")
    @given(st.dates(date(2020, 1, 1), date(2030, 1, 1)))
    def test_every_due_date_lies_in_exactly_one_span(self, due_on: date):
        spans = [due_span(bucket, TODAY, 0) for bucket in AGES]

        held = [
            bucket
            for bucket, span in zip(AGES, spans, strict=True)
            if (span.first is None or span.first <= due_on)
            and (span.last is None or due_on <= span.last)
        ]

        assert held == [age_of(due_on, TODAY, 0)]

    @pytest.mark.feature("F041")
    @pytest.mark.parametrize("bucket", list(AgeBucket))
    def test_a_span_opens_its_invoices(self, desk: Desk, bucket: AgeBucket):
        by_bucket = {
            AgeBucket.CURRENT: [desk.add(due_on=due(0)), desk.add(due_on=None)],
            AgeBucket.TO_30: [desk.add(due_on=due(1)), desk.add(due_on=due(30))],
            AgeBucket.TO_60: [desk.add(due_on=due(31)), desk.add(due_on=due(60))],
            AgeBucket.TO_90: [desk.add(due_on=due(61)), desk.add(due_on=due(90))],
            AgeBucket.OVER_90: [desk.add(due_on=due(91))],
            AgeBucket.DISPUTED: [desk.add(due_on=due(91), disputed_minor=10_000)],
        }
        desk.add(outstanding_minor=0)

        opened = desk.read(age=bucket.value)

        assert sorted(row.id for row in opened.page.rows) == by_bucket[bucket]
        assert opened.count.seen == len(by_bucket[bucket])


class TestList:
    @pytest.mark.feature("F010", "F028")
    def test_holds_exactly_what_is_shown_to_the_customer(self, desk: Desk):
        shown = desk.add()
        desk.add(published_at=None)
        desk.add(customer_id=desk.theirs)

        found = desk.read()

        assert [row.id for row in found.page.rows] == [shown]
        assert found.tabs[AccountTab.ALL] == found.count.seen == 1

    @pytest.mark.feature("F029")
    def test_open_and_paid_are_apart_and_together_all(self, desk: Desk):
        desk.add(number="DUE", due_on=due(-1))
        desk.add(number="LATE", due_on=due(1))
        desk.add(number="PART", outstanding_minor=10)
        desk.add(number="PAID", outstanding_minor=0)
        desk.add(number="COMING", processing_minor=10_000, due_on=due(1))
        desk.add(number="DISPUTED", disputed_minor=1, due_on=due(-1))
        desk.add(number="BACK", outstanding_minor=0, credited_minor=10_000)

        opened, paid = desk.numbers(status="open"), desk.numbers(status="paid")
        credited = desk.numbers(status="credited")

        assert credited == ["BACK"]
        assert not set(opened) & set(paid)
        assert {*opened, *paid, *credited} == set(desk.numbers())
        assert desk.numbers(status="overdue") == ["LATE"]
        assert desk.numbers(status="disputed") == ["DISPUTED"]
        tabs = desk.read().tabs
        assert [tabs[tab] for tab in AccountTab] == [7, 5, 1, 1, 1, 1]

    @pytest.mark.feature("C16", "F054")
    def test_archived_ones_show_on_request(self, desk: Desk):
        desk.add(number="KEPT")
        desk.add(number="FILED", archived_at=desk.world.clock.now)

        assert desk.numbers() == ["KEPT"]
        assert set(desk.numbers(archived="1")) == {"KEPT", "FILED"}
        assert desk.numbers(archived="1", q="FIL") == ["FILED"]

    def test_tabs_count_archived_ones_on_request(self, desk: Desk):
        filed = {"archived_at": desk.world.clock.now, "due_on": due(1)}
        desk.add(**filed, disputed_minor=1)
        desk.add(due_on=due(1))

        tabs, whole = desk.read().tabs, desk.read(archived="1").tabs

        assert [tabs[tab] for tab in AccountTab] == [1, 1, 1, 0, 0, 0]
        assert [whole[tab] for tab in AccountTab] == [2, 2, 2, 1, 0, 0]

    @pytest.mark.feature("F030", "F107")
    @pytest.mark.parametrize("looked_up", [0, 500])
    def test_a_search_finds_the_beginning_of_a_number_an_order_or_a_reference(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, looked_up: int
    ):
        """The same, whether it finds few, which are looked up, or many."""
        monkeypatch.setattr(portal_account, "_LOOKED_UP_MAX", looked_up)
        desk.add(number="2023-0007", purchase_order="PO-77", issued_on=date(2023, 1, 5))
        other = desk.add(number="2026-0001")
        add_event(desk, other, reference="NW-1174")
        add_event(desk, desk.add(number="Z"), reference="NW-1175", shown_at=None)

        assert desk.numbers(q="2023") == ["2023-0007"]
        assert desk.numbers(q="po-7") == ["2023-0007"]
        assert desk.numbers(q="NW-11") == ["2026-0001"]
        assert desk.numbers(q="X-") == []
        assert desk.numbers(q="%") == desk.numbers(q="_") == []

    @pytest.mark.feature("F030", "F107")
    def test_a_period_is_a_business_year_or_days(self, desk: Desk):
        desk.add(number="OLD", issued_on=date(2025, 12, 31))
        desk.add(number="NEW", issued_on=date(2026, 1, 1))

        assert desk.numbers(period="this-year") == ["NEW"]
        assert desk.numbers(period="last-year") == ["OLD"]
        assert desk.numbers(**{"from": "2025-12-31", "to": "2025-12-31"}) == ["OLD"]
        assert desk.numbers(**{"from": "2026-01-01"}) == ["NEW"]
        assert desk.numbers(to="2025-12-31") == ["OLD"]
        assert desk.numbers(period="this-year", to="2025-12-31") == ["NEW"]
        assert desk.read(period="last-year").count.seen == 1

    @pytest.mark.feature("F031")
    @pytest.mark.parametrize("sort", list(AccountSort))
    @pytest.mark.parametrize("sign", ["", "-"])
    def test_every_sort_pages_through_each_invoice_once(
        self, desk: Desk, sort: AccountSort, sign: str
    ):
        for count in range(60):
            desk.add(
                total_minor=(count * 37) % 11 * 1_000 + 9,
                outstanding_minor=0 if count % 4 == 0 else None,
                issued_on=TODAY - timedelta(days=count * 5 % 7),
                due_on=None
                if count % 9 == 0
                else TODAY + timedelta(days=count % 5 - 2),
            )

        seen, first, typed = [], [], {"sort": f"{sign}{sort}"}
        while True:
            page = desk.read(**typed).page
            seen += page.rows
            first = first or page.rows
            if not page.older:
                break
            typed = {"sort": f"{sign}{sort}", "after": page.older}

        assert len({row.id for row in seen}) == len(seen) == 60
        keys = [key_of(row, sort) for row in seen]
        assert keys == sorted(keys, reverse=bool(sign))
        back = desk.read(sort=f"{sign}{sort}", before=page.newer).page
        assert back.last == page.first - 1

    @pytest.mark.feature("F031")
    def test_amounts_sort_as_numbers(self, desk: Desk):
        for minor in (9, 100_000, 2_000, -500):
            desk.add(total_minor=minor, outstanding_minor=0)

        rows = desk.read(sort="total").page.rows

        assert [row.total_minor for row in rows] == [-500, 9, 2_000, 100_000]

    @pytest.mark.parametrize(
        "typed",
        [
            {"sort": "customer_id"},
            {"sort": "-"},
            {"sort": "total; drop table invoice"},
            {"status": "draft"},
            {"age": "0-30"},
            {"period": "yesterday"},
            {"from": "2026-99-01"},
            {"from": "2026-01-01..2026-02-02", "to": "~"},
            {"after": "x"},
            {"after": "2026-01-01~1"},
            {"before": "~~~"},
            {"sort": "total", "after": "2026-01-01~1~1"},
            {"currency": "eur'"},
            {"q": "x" * 5_000},
        ],
    )
    def test_what_no_page_would_ask_is_left_out(
        self, desk: Desk, typed: dict[str, str]
    ):
        desk.add(number="A")

        assert desk.numbers(**typed) == ["A"]

    @pytest.mark.feature("C12")
    def test_a_status_is_the_same_word_as_everywhere(self, desk: Desk):
        desk.add(due_on=due(1))

        assert desk.read().page.rows[0].status == InvoiceStatus.OVERDUE


def key_of(row: Any, sort: AccountSort) -> Any:
    if sort == AccountSort.STATUS:
        order = ["Paid", "Processing", "Due", "Partially paid", "Overdue"]
        return order.index(row.status.value)
    return {
        AccountSort.ISSUED: row.issued_on,
        AccountSort.DUE: row.due_on or date.max,
        AccountSort.TOTAL: row.total_minor,
    }[sort]


class TestScope:
    def test_an_invoice_link_has_no_account(self, desk: Desk):
        invoice_id = desk.add()
        narrow = replace(desk.visitor(), invoice_id=invoice_id)

        with pytest.raises(NotFound):
            desk.world.run(narrow, read_account, AccountFilter(), "UTC", 1, LateRules())

    def test_staff_do_not_pass_for_customers(self, desk: Desk):
        staff: StaffActor = desk.place.owner

        with pytest.raises(NotPermitted):
            desk.world.run(staff, read_account, AccountFilter(), "UTC", 1, LateRules())

    def test_nothing_of_another_customer_unfolds(self, world: World):
        ours, theirs = an_invoice(world, world.northwind), 0
        other = a_customer(world, world.northwind, "Halden Freight")
        theirs = an_invoice(world, world.northwind, customer_id=other)
        abroad = an_invoice(world, world.kestrel)
        hidden = an_invoice(world, world.northwind, is_published=False)
        with world.reading(world.northwind.system) as uow:
            customer_id = uow.get(Invoice, ours).customer_id
        assert customer_id is not None
        visitor = PortalVisitor(1, customer_id, 1, None)
        ask = {"shows_reminders": True, "shows_disputes": True}

        assert world.run(visitor, unfold, ours, **ask).invoice.facts.outstanding_minor
        for invoice_id in (theirs, abroad, hidden, 10**9):
            with pytest.raises(NotFound):
                world.run(visitor, unfold, invoice_id, **ask)


class TestUnfold:
    @pytest.mark.feature("C18", "F034", "F040", "G11")
    def test_shows_lines_events_payments_reminders_and_disputes(self, world: World):
        invoice_id = an_invoice(world, world.northwind, "100.00")
        pay(world, world.northwind, invoice_id, "40.00", reference="RF18")
        with world.unit(world.northwind.system) as uow:
            customer_id = uow.get(Invoice, invoice_id).customer_id
            common = {"customer_id": customer_id, "invoice_id": invoice_id}
            uow.add(an_event(uow, **common))
            # Written down in another order than they went out; one has not yet.
            went_out = [uow.now - timedelta(days=days) for days in (7, 17, 0)]
            for sent_at in (*went_out, None):
                uow.add(
                    Reminder(
                        **common,
                        occasion=str(sent_at),
                        queued_at=uow.now,
                        sent_at=sent_at,
                    )
                )
            let_in(uow, "dispute_fits", "dispute")
            uow.add(
                Dispute(
                    **common,
                    amount_minor=100,
                    currency="EUR",
                    reason="Wrong day",
                    opened_by="Pieter",
                    request_key="a",
                    opened_at=uow.now,
                )
            )
        assert customer_id is not None
        visitor = PortalVisitor(1, customer_id, 1, None)

        found = world.run(
            visitor, unfold, invoice_id, shows_reminders=True, shows_disputes=True
        )

        assert [line.name for line in found.invoice.facts.document.lines] == [
            "Charter flight"
        ]
        assert found.invoice.facts.received[0].reference == "RF18"
        assert found.invoice.events[0].factors == (
            Factor(Decimal(3), "pallets"),
            Factor(Decimal(4), "days"),
        )
        assert [it.sent_at for it in found.reminders] == sorted(went_out)
        with world.reading(visitor) as uow:
            on_invoice = read_asking(uow, invoice_id)
        assert [sent_at for sent_at, _ in on_invoice.reminders] == sorted(went_out)
        assert len(found.disputes) == 1

        quiet = world.run(
            visitor, unfold, invoice_id, shows_reminders=False, shows_disputes=False
        )
        assert quiet.reminders == quiet.disputes == ()


def an_event(uow: Any, **facts: Any) -> BillableEvent:
    usual: dict[str, Any] = {
        "kind": "Storage day",
        "reference": "PAL-1",
        "happened_at": uow.now,
        "quantity": Decimal(12),
        "rate": Decimal("0.85"),
        "factors": [["3", "pallets"], ["4", "days"]],
        "amount": Decimal("10.20"),
        "currency": "EUR",
        "line_position": 1,
        "shown_at": uow.now,
        "created_at": uow.now,
    }
    return BillableEvent(**(usual | facts))


def add_event(desk: Desk, invoice_id: int, **facts: Any) -> None:
    with desk.world.unit(desk.place.system) as uow:
        uow.add(an_event(uow, customer_id=desk.ours, invoice_id=invoice_id, **facts))


def test_receipts_are_found_by_their_payment_and_not_among_all(world: World):
    """A business writes a receipt for each payment; a page shows ten."""
    asked = (
        "explain query plan select number from issued_document "
        "where workspace_id = 1 and payment_id in (1, 2) and kind = 'receipt'"
    )
    with world.runtime.engine.connect() as connection:
        plan = connection.exec_driver_sql(asked).all()

    assert "ix_issued_document_payment (workspace_id=? AND payment_id=?)" in str(plan)
