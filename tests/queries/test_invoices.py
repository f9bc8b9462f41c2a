"""The staff's list of invoices: every filter, every sort, every page."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.dispute import Outcome
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.domain.errors import InvalidInput, NotPermitted
from billing_app.domain.invoice import (
    InvoiceFacts,
    InvoiceState,
    InvoiceStatus,
    compute_status,
)
from billing_app.models import Customer, Invoice
from billing_app.queries import invoices as queries
from billing_app.queries.invoice_detail import InvoiceDetail, read_invoice
from billing_app.queries.invoices import (
    DateRange,
    InvoiceFilter,
    InvoiceRow,
    InvoiceSort,
    export_invoices,
    list_invoices,
    parse_invoice_filter,
)
from billing_app.queries.paging import Paging
from billing_app.services import drafts, invoices
from tests.support.billing import a_customer, an_invoice, pay
from tests.support.quarrel import dispute, resolve
from tests.support.rows import add_customer, add_invoice
from tests.support.world import Place, World

START = date(2026, 3, 2)


@st.composite
def invoice_facts(draw: st.DrawFn) -> InvoiceFacts:
    """Parts of a total that were paid, credited or given up; the rest is asked for."""
    part = st.integers(0, 2)
    prepaid, paid, credited, written_off, left = (draw(part) * 100 for _ in range(5))
    state = draw(st.sampled_from([InvoiceState.ISSUED] * 4 + [InvoiceState.VOID]))
    is_issued = state == InvoiceState.ISSUED
    late_by = draw(st.none() | st.integers(-2, 2))
    return InvoiceFacts(
        state=state,
        prepaid_minor=prepaid,
        outstanding_minor=(left or draw(st.sampled_from([0, -100]))) * is_issued,
        processing_minor=draw(st.sampled_from([0, left // 2, left])) * is_issued,
        due_on=None if late_by is None else START - timedelta(days=late_by),
        credited_minor=credited,
        allocated_minor=paid,
        written_off_minor=written_off,
    )


FACTS = invoice_facts()


def listed(world: World, **wanted) -> tuple[InvoiceRow, ...]:
    viewer = world.northwind.viewer
    return world.run(viewer, list_invoices, InvoiceFilter(**wanted)).page.rows


def numbers(world: World, **wanted) -> set[str]:
    return {row.number for row in listed(world, **wanted)}


def add_crowd(world: World, place: Place, count: int, seed: int) -> None:
    """Add invoices of every kind, with many equal dates, names and amounts."""
    dice = random.Random(seed)
    with world.unit(place.owner) as uow:
        names = ("Halden Logistics", "halden cold chain", "Ørsted", "Żabka", "北海道")
        customers = [add_customer(uow, name) for name in names]
        for _ in range(count):
            state = dice.choice(("issued",) * 6 + ("draft", "void"))
            total = dice.choice((0, 100, 100, 2_500))
            left = dice.choice((0, total // 2, total))
            issued = START - timedelta(days=dice.randrange(20))
            due = issued + timedelta(days=dice.choice((0, 7, 14)))
            add_invoice(
                uow,
                dice.choice(customers),
                state=state,
                total_minor=total,
                outstanding_minor=left,
                processing_minor=dice.choice((0, 0, left)),
                issued_on=None if state == "draft" else issued,
                due_on=dice.choice((due, due, None)),
                archived_at=dice.choice((None, None, None, uow.now)),
                deleted_at=dice.choice((None, uow.now)) if state == "draft" else None,
                sent_at=dice.choice((None, uow.now)) if state == "issued" else None,
            )


def walk(world: World, wanted: InvoiceFilter) -> list[InvoiceRow]:
    """Go through a list page by page to its end."""
    rows: list[InvoiceRow] = []
    after = ""
    while True:
        step = replace(wanted, paging=Paging(after=after, limit=7))
        page = world.run(world.northwind.viewer, list_invoices, step).page
        assert page.first == (len(rows) + 1 if page.rows else 0)
        rows += page.rows
        after = page.older
        if not after:
            return rows


class TestPaging:
    @pytest.fixture
    def crowd(self, world: World) -> World:
        add_crowd(world, world.northwind, 90, seed=1)
        add_crowd(world, world.kestrel, 30, seed=2)
        return world

    @pytest.mark.parametrize("gathered_max", [0, 5_000])
    @pytest.mark.parametrize("is_descending", [False, True])
    @pytest.mark.parametrize("sort", list(InvoiceSort))
    def test_pages_follow_each_other_without_gaps_or_doubles(
        self,
        crowd: World,
        sort: InvoiceSort,
        is_descending: bool,
        gathered_max: int,
        monkeypatch: pytest.MonkeyPatch,
    ):
        """By walking the index and by gathering: both give the same list."""
        monkeypatch.setattr(queries, "GATHERED_MAX", gathered_max)
        plain = InvoiceFilter(sort=sort, is_descending=is_descending)
        narrowed = (
            plain,
            *(replace(plain, status=status) for status in InvoiceStatus),
            replace(plain, includes_archived=True),
            replace(plain, text="hald"),
            replace(plain, text="100.00"),
            replace(plain, is_sent=True),
            replace(plain, is_sent=True, status=InvoiceStatus.PAID),
            replace(plain, text="INV-0000", status=InvoiceStatus.OVERDUE),
            replace(plain, issued=DateRange(START - timedelta(days=9), START)),
            replace(plain, due=DateRange(START, None), customer_id=1),
        )

        for wanted in narrowed:
            rows = walk(crowd, wanted)

            keys = [(row.sort_key, row.id) for row in rows]
            assert all((a > b) == is_descending for a, b in pairwise(keys))
            whole = replace(wanted, paging=Paging(limit=500))
            at_once = crowd.run(crowd.northwind.viewer, list_invoices, whole)
            assert [row.id for row in rows] == [row.id for row in at_once.page.rows]
            assert at_once.count.seen == len(rows)

    @pytest.mark.feature("G08")
    def test_filters_agree_with_the_rows_they_let_through(self, crowd: World):
        everything = walk(crowd, InvoiceFilter())

        for status in InvoiceStatus:
            expected = {row.id for row in everything if row.status == status}
            assert {x.id for x in walk(crowd, InvoiceFilter(status=status))} == expected

        sent = {row.id for row in everything if row.sent_at is not None}
        assert sent
        assert {x.id for x in walk(crowd, InvoiceFilter(is_sent=True))} == sent

    def test_the_way_back_is_the_way_there(self, crowd: World):
        viewer = crowd.northwind.viewer
        first = crowd.run(
            viewer, list_invoices, InvoiceFilter(paging=Paging(limit=7))
        ).page
        second = crowd.run(
            viewer,
            list_invoices,
            InvoiceFilter(paging=Paging(after=first.older, limit=7)),
        ).page
        back = crowd.run(
            viewer,
            list_invoices,
            InvoiceFilter(paging=Paging(before=second.newer, limit=7)),
        ).page

        assert back.rows == first.rows
        assert (back.first, second.first) == (1, 8)
        assert (first.newer, back.newer) == ("", "")

    def test_a_row_that_leaves_does_not_shift_the_next_page(self, crowd: World):
        viewer = crowd.northwind.viewer
        rows = walk(crowd, InvoiceFilter())
        page = crowd.run(
            viewer, list_invoices, InvoiceFilter(paging=Paging(limit=7))
        ).page
        with crowd.unit(crowd.northwind.owner) as uow:
            uow.get(Invoice, rows[0].id).archived_at = uow.now

        following = crowd.run(
            viewer,
            list_invoices,
            InvoiceFilter(paging=Paging(after=page.older, limit=7)),
        ).page

        assert following.rows == tuple(rows[7:14])

    @pytest.mark.parametrize("place", ["x", "1~2", "nonsense~1~2", "2026-03-01~-1~0"])
    def test_a_made_up_place_is_refused(self, crowd: World, place: str):
        with pytest.raises(InvalidInput):
            listed(crowd, paging=Paging(after=place))

    def test_of_too_many_to_sort_the_newest_are_shown_and_it_is_said(
        self, crowd: World, monkeypatch: pytest.MonkeyPatch
    ):
        lately = InvoiceFilter(
            issued=DateRange(START - timedelta(days=15), START),
            sort=InvoiceSort.TOTAL,
            is_descending=False,
        )
        every = walk(crowd, lately)
        monkeypatch.setattr(queries, "GATHERED_MAX", 10)
        monkeypatch.setattr(queries, "LOOKED_MAX", 10)

        found = crowd.run(crowd.northwind.viewer, list_invoices, lately)

        newest = sorted(every, key=lambda row: (row.issued_on, row.id))[-10:]
        kept = {row.id for row in newest}
        assert [row.id for row in found.page.rows] == [
            row.id for row in every if row.id in kept
        ]
        assert found.is_partial
        assert str(found.count) == "10+"

    @pytest.mark.parametrize("days", range(2, 20, 3))
    def test_at_least_as_many_are_counted_as_are_shown(
        self, crowd: World, monkeypatch: pytest.MonkeyPatch, days: int
    ):
        """Of customers by name, the last added are not those of these days."""
        monkeypatch.setattr(queries, "GATHERED_MAX", 3)
        monkeypatch.setattr(queries, "LOOKED_MAX", 12)
        first = START - timedelta(days=days)
        wanted = InvoiceFilter(
            text="hald", issued=DateRange(first, None), paging=Paging(limit=2)
        )
        viewer = crowd.northwind.viewer

        for _ in range(2):
            found = crowd.run(viewer, list_invoices, wanted)
            assert found.page.last <= found.count.seen
            paging = Paging(after=found.page.older, limit=2)
            wanted = replace(wanted, paging=paging)

    def test_an_export_has_every_match_however_many(
        self, crowd: World, monkeypatch: pytest.MonkeyPatch
    ):
        lately = InvoiceFilter(
            issued=DateRange(START - timedelta(days=15), START),
            text="hald",
            sort=InvoiceSort.TOTAL,
        )
        every = walk(crowd, lately)
        monkeypatch.setattr(queries, "GATHERED_MAX", 3)
        monkeypatch.setattr(queries, "LOOKED_MAX", 3)

        first = crowd.run(crowd.northwind.owner, export_invoices, lately)

        assert len(every) > 3
        assert [row.id for row in first.rows] == [row.id for row in every]

    def test_the_count_stops_at_a_thousand(
        self, crowd: World, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(queries, "COUNT_MAX", 20)

        found = crowd.run(crowd.northwind.viewer, list_invoices, InvoiceFilter())

        assert found.count.seen == 21


class TestSearch:
    @pytest.fixture
    def shelf(self, world: World) -> World:
        with world.unit(world.northwind.owner) as uow:
            halden = add_customer(uow, "Halden 100% Logistics")
            other = add_customer(uow, "Żabka")
            add_invoice(uow, halden, purchase_order="po-77")
            add_invoice(uow, other, job="Straße 12", job_key="strasse 12")
            add_invoice(uow, other, state="draft")
            for _ in range(9):
                add_invoice(uow, other)
        return world

    @pytest.mark.feature("G08")
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("INV-00002", {"INV-00002"}),
            ("inv-0000", {f"INV-{n:05}" for n in (1, 2, 4, 5, 6, 7, 8, 9)}),
            ("2", {"INV-00002"}),
            ("12", {"INV-00012"}),
            ("po-77", {"INV-00001"}),
            ("STRAẞE", {"INV-00002"}),
            ("hALDEN", {"INV-00001"}),
            ("100%", {"INV-00001"}),
            ("0%", {"INV-00001"}),
            ("_", set()),
            ("'; drop", set()),
            ("99999999999999999999", set()),
        ],
    )
    def test_finds(self, shelf: World, text: str, found: set[str]):
        assert numbers(shelf, text=text) == found

    @pytest.mark.feature("G08")
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("1,240.50", {"total", "left", "filed"}),
            ("1240.50", {"total", "left", "filed"}),
            ("€1.240,50", {"total", "left", "filed"}),
            ("EUR 1240.5", {"total", "left", "filed"}),
            # Yen have no decimals and dinars three.
            ("124,050", {"yen"}),
            ("124.050", {"dinar", "tenth"}),
            ("1,240.51", set()),
        ],
    )
    def test_finds_what_comes_to_an_amount(
        self, world: World, text: str, found: set[str]
    ):
        """1,240.50 as the total or as what is left of it, in its own decimals."""
        with world.unit(world.northwind.owner) as uow:
            for number, total, left, currency in (
                ("total", 124_050, 0, "EUR"),
                ("left", 200_000, 124_050, "USD"),
                ("filed", 124_050, 124_050, "EUR"),
                ("tenth", 12_405, 12_405, "EUR"),
                ("tenfold", 1_240_500, 1_240_500, "EUR"),
                ("yen", 124_050, 124_050, "JPY"),
                ("dinar", 124_050, 124_050, "KWD"),
            ):
                add_invoice(
                    uow,
                    number=number,
                    total_minor=total,
                    outstanding_minor=left,
                    currency=currency,
                    archived_at=uow.now if number == "filed" else None,
                )

        assert numbers(world, text=text, includes_archived=True) == found

    @pytest.mark.feature("F054")
    def test_finds_the_archived_only_when_asked(self, shelf: World):
        with shelf.unit(shelf.northwind.owner) as uow:
            uow.get(Invoice, 2).archived_at = uow.now

        assert numbers(shelf, text="2") == set()
        assert numbers(shelf, text="2", includes_archived=True) == {"INV-00002"}

    def test_never_finds_what_is_another_workspaces(self, shelf: World):
        viewer = shelf.kestrel.viewer
        for wanted in (InvoiceFilter(), InvoiceFilter(text="Halden", customer_id=1)):
            found = shelf.run(viewer, list_invoices, wanted)
            assert found.page.rows == ()
            assert found.count.seen == 0

    @pytest.mark.parametrize("gathered_max", [queries.GATHERED_MAX, 3])
    def test_who_was_recorded_twice_has_the_invoices_of_both(
        self, world: World, monkeypatch: pytest.MonkeyPatch, gathered_max: int
    ):
        """Page by page in any order, few matches or many; each record has its own."""
        monkeypatch.setattr(queries, "GATHERED_MAX", gathered_max)
        places, ids = (world.northwind, world.kestrel), {}
        for place in places:
            with world.unit(place.owner) as uow:
                kept, twice, other = (add_customer(uow, name) for name in "KTO")
                uow.flush()
                for at, customer in enumerate((kept, twice, other, twice, kept) * 2):
                    issued = START - timedelta(days=at % 4)
                    add_invoice(uow, customer, total_minor=at, issued_on=issued)
                twice.merged_into_id, twice.archived_at = kept.id, uow.now
            ids[place.workspace_id] = kept.id, twice.id

        kept_id, twice_id = ids[world.northwind.workspace_id]
        for sort in InvoiceSort:
            wanted = InvoiceFilter(customer_id=kept_id, sort=sort)
            rows = walk(world, replace(wanted, paging=Paging(limit=3)))
            assert Counter(row.customer_id for row in rows) == {kept_id: 4, twice_id: 4}
            at_once = listed(world, customer_id=kept_id, sort=sort)
            assert [row.id for row in at_once] == [row.id for row in rows]
        theirs = listed(world, customer_id=twice_id)
        assert {row.customer_id for row in theirs} == {twice_id}
        stranger = world.run(
            world.kestrel.viewer, list_invoices, InvoiceFilter(customer_id=kept_id)
        )
        assert stranger.page.rows == ()

    def test_many_customers_of_a_name_are_found_by_what_was_printed(
        self, shelf: World, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(queries, "CUSTOMERS_MAX", 1)

        assert numbers(shelf, text="a") >= {"INV-00001", "INV-00002"}


class TestDueDate:
    """An invoice is late once its due date is over where the workspace is."""

    @pytest.mark.feature("F036", "F056")
    @pytest.mark.parametrize(
        ("zone", "due"),
        [
            ("Europe/Amsterdam", date(2026, 3, 10)),
            # The clocks go forward in the night after this day, and on it.
            ("Europe/Amsterdam", date(2026, 3, 28)),
            ("Europe/Amsterdam", date(2026, 3, 29)),
            ("America/New_York", date(2026, 11, 1)),
            ("Asia/Kathmandu", date(2026, 3, 10)),
            # Midnight itself does not exist there on this night.
            ("America/Santiago", date(2026, 9, 5)),
            ("Pacific/Kiritimati", date(2026, 3, 10)),
        ],
    )
    @pytest.mark.parametrize("left", [10_000, 4_000])
    def test_turns_at_the_end_of_the_day(
        self, world: World, zone: str, due: date, left: int
    ):
        with world.unit(world.northwind.owner) as uow:
            uow.workspace.zone = zone
            paid = 10_000 - left
            add_invoice(uow, outstanding_minor=left, allocated_minor=paid, due_on=due)
        midnight = datetime.combine(
            due + timedelta(days=1), datetime.min.time(), ZoneInfo(zone)
        )

        world.clock.now = midnight.astimezone(UTC) - timedelta(seconds=1)
        in_time = listed(world)[0]
        none_yet = numbers(world, status=InvoiceStatus.OVERDUE)
        world.clock.now += timedelta(seconds=1)
        late = listed(world)[0]

        assert (in_time.status, in_time.is_late) == (
            InvoiceStatus.DUE if left == 10_000 else InvoiceStatus.PARTIALLY_PAID,
            False,
        )
        assert none_yet == set()
        assert (late.status, late.is_late) == (InvoiceStatus.OVERDUE, True)
        assert numbers(world, status=InvoiceStatus.OVERDUE) == {late.number}
        assert numbers(world, status=in_time.status) == set()

    def test_without_one_nothing_is_ever_late(self, world: World):
        with world.unit(world.northwind.owner) as uow:
            add_invoice(uow, due_on=None)
        world.clock.advance(days=9_999)

        assert [row.status for row in listed(world)] == [InvoiceStatus.DUE]
        assert numbers(world, status=InvoiceStatus.DUE) == {"INV-00001"}
        assert numbers(world, due=DateRange(date(2000, 1, 1), None)) == set()


class TestCountByStatus:
    def test_counts_every_tab(self, world: World):
        add_crowd(world, world.northwind, 60, seed=3)
        add_crowd(world, world.kestrel, 30, seed=4)

        counts = world.run(world.northwind.viewer, queries.count_by_status)

        rows = walk(world, InvoiceFilter())
        assert counts.all.seen == len(rows)
        for status, count in counts.by_status:
            assert count.seen == sum(row.status == status for row in rows)
        assert counts.sent.seen == sum(row.sent_at is not None for row in rows)


class TestStates:
    @pytest.mark.feature("F051", "G09")
    def test_the_eight_of_a_small_business_are_told_apart(self, world: World):
        """Sent, disputed and resolved stand beside the status that money decides."""
        place = world.northwind
        biller = place.accounting
        customer_id = a_customer(world, place)
        late = an_invoice(world, place, customer_id=customer_id)
        world.clock.advance(days=31)
        draft, cancelled = (start_anew(world, place, customer_id) for _ in range(2))
        sent, paid, disputed, resolved, void = (
            an_invoice(world, place, customer_id=customer_id) for _ in range(5)
        )
        world.run(biller, drafts.cancel_draft, cancelled, 1, "They called it off")
        world.run(biller, invoices.mark_sent, sent)
        pay(world, place, paid, "100")
        dispute(world, place, disputed)
        resolve(world, place, dispute(world, place, resolved))
        world.run(biller, invoices.void, void, "Typed twice")

        told = {
            row.id: (
                row.status.value,
                row.sent_at is not None,
                row.is_disputed,
                [it.outcome for it in detail(world, row.id).disputes],
            )
            for row in listed(world)
        }

        assert told == {
            draft: ("Draft", False, False, []),
            sent: ("Due", True, False, []),
            paid: ("Paid", False, False, []),
            late: ("Overdue", False, False, []),
            disputed: ("Due", False, True, [None]),
            resolved: ("Due", False, False, [Outcome.STANDS]),
            void: ("Void", False, False, []),
            cancelled: ("Cancelled", False, False, []),
        }
        assert {row.id for row in listed(world, is_disputed=True)} == {disputed}
        assert {row.id for row in listed(world, is_sent=True)} == {sent}

    def test_time_makes_late_what_was_sent_and_not_what_was_paid(self, world: World):
        place = world.northwind
        sent, paid = (an_invoice(world, place) for _ in range(2))
        world.run(place.accounting, invoices.mark_sent, sent)
        pay(world, place, paid, "100")

        world.clock.advance(days=31)

        told = {row.id: (row.status, row.sent_at is not None) for row in listed(world)}
        assert told == {
            sent: (InvoiceStatus.OVERDUE, True),
            paid: (InvoiceStatus.PAID, False),
        }

    @pytest.mark.feature("C11", "C13")
    @settings(
        max_examples=5,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(st.lists(FACTS, min_size=8, max_size=20))
    def test_a_status_follows_from_state_money_and_day_alone(
        self, world: World, all_facts: list[InvoiceFacts]
    ):
        """What is filed, sent, disputed or younger has the status of its like.

        The lists find by the same status, which the database works out for itself.
        """
        today = world.clock.now.date()
        with world.unit(world.northwind.owner) as uow:
            customer = add_customer(uow)
            for facts in all_facts:
                add_facts(uow, customer, facts)
                add_facts(
                    uow,
                    customer,
                    facts,
                    archived_at=uow.now,
                    sent_at=uow.now,
                    disputed_minor=facts.outstanding_minor,
                    created_at=uow.now - timedelta(days=400),
                )
        expected = Counter(compute_status(facts, today) for facts in all_facts * 2)
        theirs = {"customer_id": customer.id, "includes_archived": True}

        read = Counter(row.status for row in listed(world, **theirs))
        found = Counter(
            {
                status: len(listed(world, **theirs, status=status))
                for status in InvoiceStatus
            }
        )

        assert read == expected
        assert +found == expected


def add_facts(
    uow: UnitOfWork, customer: Customer, facts: InvoiceFacts, **beside: Any
) -> None:
    settled = facts.allocated_minor + facts.credited_minor + facts.written_off_minor
    due = facts.outstanding_minor + settled
    add_invoice(
        uow,
        customer,
        state=facts.state,
        total_minor=due + facts.prepaid_minor,
        prepaid_minor=facts.prepaid_minor,
        due_minor=due,
        outstanding_minor=facts.outstanding_minor,
        processing_minor=facts.processing_minor,
        credited_minor=facts.credited_minor,
        allocated_minor=facts.allocated_minor,
        written_off_minor=facts.written_off_minor,
        due_on=facts.due_on,
        **beside,
    )


def detail(world: World, invoice_id: int) -> InvoiceDetail:
    return world.run(world.northwind.viewer, read_invoice, invoice_id)


def start_anew(world: World, place: Place, customer_id: int) -> int:
    form = DraftForm(customer_id=customer_id, lines=(LineForm(name="Charter"),))
    return world.run(place.accounting, drafts.create_draft, form).invoice_id


class TestExport:
    @pytest.mark.parametrize("role", ["viewer", "operations"])
    def test_is_not_for_everyone(self, world: World, role: str):
        actor = getattr(world.northwind, role)

        with pytest.raises(NotPermitted):
            world.run(actor, queries.export_invoices, InvoiceFilter())


class TestParseInvoiceFilter:
    def test_reads_an_address(self):
        wanted = parse_invoice_filter(
            {
                "status": "partially-paid",
                "q": " 418 ",
                "customer": "7",
                "issued": "2026-07-01..2026-11-19",
                "due": "..2026-12-31",
                "archived": "1",
                "sort": "-total",
                "after": "5~1~50",
            }
        )

        assert wanted == InvoiceFilter(
            status=InvoiceStatus.PARTIALLY_PAID,
            text="418",
            customer_id=7,
            issued=DateRange(date(2026, 7, 1), date(2026, 11, 19)),
            due=DateRange(None, date(2026, 12, 31)),
            includes_archived=True,
            sort=InvoiceSort.TOTAL,
            is_descending=True,
            paging=Paging(after="5~1~50"),
        )

    def test_shows_the_newest_first(self):
        assert parse_invoice_filter({}) == InvoiceFilter()

    @pytest.mark.parametrize(
        "typed",
        [
            {"status": "lost"},
            {"sort": "id; drop table invoice"},
            {"sort": "--total"},
            {"customer": "1 or 1=1"},
            {"customer": "-1"},
            {"customer": "٣"},
            {"issued": "yesterday"},
            {"due": "2026-02-30..2026-03-01"},
            {"q": "x" * 201},
            {"sent": "2"},
            {"disputed": "yes"},
            {"archived": "１"},
        ],
    )
    def test_refuses_what_no_page_wrote(self, typed: dict[str, str]):
        with pytest.raises(InvalidInput) as refusal:
            parse_invoice_filter(typed)

        assert refusal.value.field in typed
