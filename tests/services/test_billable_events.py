"""What happened is recorded once, billed once, and frozen with the invoice."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from billing_app.domain.billable_event import Factor, Grouping, NewEvent, line_key
from billing_app.domain.draft import DraftForm, LineForm, form_from_json
from billing_app.domain.errors import (
    BillingError,
    Conflict,
    InvalidInput,
    NotFound,
    NotPermitted,
)
from billing_app.models import BillableEvent, Invoice
from billing_app.queries import portal
from billing_app.queries.billable_events import (
    Billed,
    EventFilter,
    list_behind,
    list_choices,
    list_on_draft,
)
from billing_app.services import billable_events, drafts, invoices
from billing_app.services.drafts import SavedDraft
from tests.support.billing import (
    a_customer,
    all_rows,
    an_event,
    read_invoice,
    visitor_of,
)
from tests.support.world import World


@pytest.fixture
def customer_id(world: World) -> int:
    return a_customer(world, world.northwind)


def happened(world: World, customer_id: int, **changes: Any) -> NewEvent:
    return replace(an_event(customer_id, "W12-0001", world.clock.now), **changes)


def record(world: World, customer_id: int, *references: str) -> list[int]:
    events = [happened(world, customer_id, reference=x) for x in references]
    world.run(world.northwind.system, billable_events.record_events, events)
    return [event.id for event in rows(world)]


def rows(world: World) -> list[Any]:
    return all_rows(world, world.northwind, BillableEvent)


def a_draft(world: World, customer_id: int) -> SavedDraft:
    form = DraftForm(customer_id=customer_id)
    return world.run(world.northwind.accounting, drafts.create_draft, form)


def bill(
    world: World,
    draft: SavedDraft,
    *event_ids: int,
    grouping: Grouping = Grouping.EACH,
) -> SavedDraft:
    return world.run(
        world.northwind.accounting,
        drafts.bill_events,
        draft.invoice_id,
        draft.version,
        event_ids,
        grouping,
    )


def unbilled(world: World, customer_id: int, currency: str = "EUR") -> list[int]:
    wanted = EventFilter(currency=currency)
    viewer = world.northwind.viewer
    return [x.id for x in world.run(viewer, list_choices, customer_id, wanted).events]


def form_of(world: World, draft: SavedDraft) -> DraftForm:
    stored = read_invoice(world, world.northwind, draft.invoice_id).draft
    assert stored is not None
    return form_from_json(stored)


def save(world: World, draft: SavedDraft, form: DraftForm) -> SavedDraft:
    return world.run(
        world.northwind.accounting,
        drafts.save_draft,
        draft.invoice_id,
        draft.version,
        form,
    )


class TestRecord:
    @pytest.mark.feature("C20")
    def test_an_import_repeated_changes_nothing(self, world: World, customer_id: int):
        events = [happened(world, customer_id, reference=x) for x in ("a", "b", "a")]
        first = world.run(world.northwind.system, billable_events.record_events, events)
        again = world.run(
            world.northwind.system,
            billable_events.record_events,
            [replace(events[0], rate=Decimal(99))],
        )

        assert (first.added, first.known) == (2, 1)
        assert (again.added, again.known) == (0, 1)
        assert {x.rate for x in rows(world)} == {Decimal("0.85")}

    def test_does_the_arithmetic(self, world: World, customer_id: int):
        record(world, customer_id, "a")

        (event,) = rows(world)
        assert (event.quantity, event.amount) == (Decimal(12), Decimal("10.2"))

    @pytest.mark.parametrize(
        "changes",
        [
            {"kind": " "},
            {"reference": ""},
            {"reference": "x" * 121},
            {"currency": "XXQ"},
            {"factors": ()},
            {"factors": (Factor(Decimal(1), "x"),) * 7},
            {"factors": (Factor(Decimal("NaN"), "x"),)},
            {"factors": (Factor(Decimal(-1), "x"),)},
            {"factors": (Factor(Decimal("0.00001"), "x"),) * 2},
            {"rate": Decimal("Infinity")},
            {"rate": Decimal("0.000000001")},
            {"factors": (Factor(Decimal(10) ** 9, "x"),) * 2},
        ],
    )
    def test_refuses_what_cannot_be_billed(
        self, world: World, customer_id: int, changes
    ):
        event = happened(world, customer_id, **changes)
        good = happened(world, customer_id)

        with pytest.raises(InvalidInput):
            world.run(
                world.northwind.system, billable_events.record_events, [good, event]
            )
        assert rows(world) == []

    def test_only_for_customers_of_this_workspace_and_by_those_who_may(
        self, world: World, customer_id: int
    ):
        event = happened(world, customer_id)

        for who, refusal in (
            (world.kestrel.system, NotFound),
            (world.northwind.viewer, NotPermitted),
        ):
            with pytest.raises(refusal):
                world.run(who, billable_events.record_event, event)
        assert rows(world) == []


class TestChange:
    def test_corrects_what_no_line_bills(self, world: World, customer_id: int):
        (event_id,) = record(world, customer_id, "a")
        better = happened(world, customer_id, reference="a", rate=Decimal("0.95"))
        world.run(
            world.northwind.operations, billable_events.change_event, event_id, better
        )

        (event,) = rows(world)
        assert (event.rate, event.amount) == (Decimal("0.95"), Decimal("11.4"))

    def test_two_never_share_a_reference(self, world: World, customer_id: int):
        event_id, _ = record(world, customer_id, "a", "b")
        same = happened(world, customer_id, reference="b")

        with pytest.raises(Conflict, match="recorded already"):
            world.run(
                world.northwind.operations, billable_events.change_event, event_id, same
            )

    def test_what_is_removed_is_gone(self, world: World, customer_id: int):
        (event_id,) = record(world, customer_id, "a")
        world.run(world.northwind.operations, billable_events.remove_event, event_id)

        assert rows(world) == []

    def test_nothing_changes_what_a_line_bills(self, world: World, customer_id: int):
        (event_id,) = record(world, customer_id, "a")
        bill(world, a_draft(world, customer_id), event_id)
        event, operations = happened(world, customer_id), world.northwind.operations

        with pytest.raises(Conflict, match="A draft bills this"):
            world.run(operations, billable_events.change_event, event_id, event)
        with pytest.raises(Conflict, match="A draft bills this"):
            world.run(operations, billable_events.remove_event, event_id)

    def test_only_those_may_who_write_drafts(self, world: World, customer_id: int):
        (event_id,) = record(world, customer_id, "a")
        viewer, stranger = world.northwind.viewer, world.kestrel.owner

        for who, refusal in ((viewer, NotPermitted), (stranger, NotFound)):
            with pytest.raises(refusal):
                world.run(who, billable_events.remove_event, event_id)
        assert len(rows(world)) == 1


class TestBill:
    @pytest.mark.feature("F034")
    def test_each_becomes_a_line_that_comes_to_the_same(
        self, world: World, customer_id: int
    ):
        ids = record(world, customer_id, "a", "b")
        draft = bill(world, a_draft(world, customer_id), *ids)

        lines = form_of(world, draft).lines
        assert [line.key for line in lines] == [x.line_key for x in rows(world)]
        assert (lines[0].quantity, lines[0].unit_price) == ("12", "0.85")
        assert read_invoice(world, world.northwind, draft.invoice_id).net_minor == 2_040
        assert unbilled(world, customer_id) == []

    def test_or_all_of_a_kind_become_one(self, world: World, customer_id: int):
        ids = record(world, customer_id, "a", "b", "c")
        draft = bill(world, a_draft(world, customer_id), *ids, grouping=Grouping.KIND)

        (line,) = form_of(world, draft).lines
        assert (line.name, line.quantity) == ("storage day", "36")
        counts = world.run(world.northwind.viewer, list_on_draft, draft.invoice_id)
        assert counts == {line.key: 3}

    def test_more_than_an_invoice_holds_is_refused(
        self, world: World, customer_id: int
    ):
        ids = record(world, customer_id, *(str(x) for x in range(501)))
        draft = a_draft(world, customer_id)

        with pytest.raises(InvalidInput, match="at most 500 lines"):
            bill(world, draft, *ids)
        assert unbilled(world, customer_id) == ids[:100]
        bill(world, draft, *ids, grouping=Grouping.KIND)

    def test_none_is_billed_twice(self, world: World, customer_id: int):
        ids = record(world, customer_id, "a")
        bill(world, a_draft(world, customer_id), *ids)

        with pytest.raises(Conflict):
            bill(world, a_draft(world, customer_id), *ids)

    def test_nor_for_somebody_else(self, world: World, customer_id: int):
        ids = record(world, customer_id, "a")
        other = a_customer(world, world.northwind, "Halden")

        for wanted in (ids, [10**15], [0, -1]):
            with pytest.raises(Conflict):
                bill(world, a_draft(world, other), *wanted)

    def test_a_line_removed_lets_its_event_go(self, world: World, customer_id: int):
        ids = record(world, customer_id, "a", "b")
        draft = bill(world, a_draft(world, customer_id), *ids)
        form = form_of(world, draft)
        save(world, draft, replace(form, lines=form.lines[1:]))

        assert unbilled(world, customer_id) == ids[:1]

    def test_a_line_that_comes_back_takes_it_again(
        self, world: World, customer_id: int
    ):
        ids = record(world, customer_id, "a")
        draft = bill(world, a_draft(world, customer_id), *ids)
        form = form_of(world, draft)
        draft = save(world, draft, replace(form, lines=()))

        save(world, draft, form)

        assert rows(world)[0].invoice_id == draft.invoice_id

    def test_an_amount_in_place_of_lines_bills_none_meanwhile(
        self, world: World, customer_id: int
    ):
        (event_id,) = record(world, customer_id, "W12-0001")
        draft = bill(world, a_draft(world, customer_id), event_id)
        by_lines = form_of(world, draft)

        draft = save(world, draft, replace(by_lines, mode="fixed"))
        assert unbilled(world, customer_id) == [event_id]

        save(world, draft, by_lines)
        assert unbilled(world, customer_id) == []

    def test_unless_something_else_bills_it_by_now(
        self, world: World, customer_id: int
    ):
        ids = record(world, customer_id, "a")
        draft = bill(world, a_draft(world, customer_id), *ids)
        form = form_of(world, draft)
        draft = save(world, draft, replace(form, lines=()))
        other = bill(world, a_draft(world, customer_id), *ids)
        draft = save(world, draft, form)

        assert rows(world)[0].invoice_id == other.invoice_id
        with pytest.raises(InvalidInput, match="billed elsewhere by now"):
            world.run(
                world.northwind.accounting,
                invoices.issue,
                draft.invoice_id,
                draft.version,
            )

    def test_an_emptied_line_bills_nothing(self, world: World, customer_id: int):
        ids = record(world, customer_id, "a", "b")
        draft = bill(world, a_draft(world, customer_id), *ids)
        form = form_of(world, draft)
        empty = LineForm(key=form.lines[0].key)
        draft = save(world, draft, replace(form, lines=(empty, form.lines[1])))
        world.run(
            world.northwind.accounting, invoices.issue, draft.invoice_id, draft.version
        )

        assert [x.line_position for x in rows(world)] == [None, 1]
        assert unbilled(world, customer_id) == ids[:1]

    def test_a_copy_bills_none(self, world: World, customer_id: int):
        ids = record(world, customer_id, "a")
        draft = bill(world, a_draft(world, customer_id), *ids)
        accounting = world.northwind.accounting
        copy = world.run(accounting, drafts.duplicate, draft.invoice_id)
        world.run(accounting, drafts.delete_draft, draft.invoice_id)
        save(world, copy, form_of(world, copy))

        assert rows(world)[0].invoice_id is None

    def test_so_does_a_draft_deleted_and_takes_it_back(
        self, world: World, customer_id: int
    ):
        ids = record(world, customer_id, "a", "b")
        draft = bill(world, a_draft(world, customer_id), *ids)
        accounting = world.northwind.accounting
        world.run(accounting, drafts.delete_draft, draft.invoice_id)
        assert {x.invoice_id for x in rows(world)} == {None}

        bill(world, a_draft(world, customer_id), ids[0])
        world.run(accounting, drafts.restore_draft, draft.invoice_id)

        (line,) = form_of(world, draft).lines
        assert line.description == "b, Chilled storage"
        assert rows(world)[1].invoice_id == draft.invoice_id

    def test_what_is_left_of_a_line_of_many_is_taken_back(
        self, world: World, customer_id: int
    ):
        ids = record(world, customer_id, "a", "b", "c")
        draft = bill(world, a_draft(world, customer_id), *ids, grouping=Grouping.KIND)
        accounting = world.northwind.accounting
        world.run(accounting, drafts.delete_draft, draft.invoice_id)
        bill(world, a_draft(world, customer_id), ids[0])
        world.run(accounting, drafts.restore_draft, draft.invoice_id)

        (line,) = form_of(world, draft).lines
        assert line.quantity == "24"
        assert read_invoice(world, world.northwind, draft.invoice_id).net_minor == 2_040

    def test_the_customer_cannot_be_changed_under_it(
        self, world: World, customer_id: int
    ):
        ids = record(world, customer_id, "a")
        draft = bill(world, a_draft(world, customer_id), *ids)
        other = a_customer(world, world.northwind, "Halden")

        with pytest.raises(InvalidInput):
            save(world, draft, replace(form_of(world, draft), customer_id=other))

    def test_a_key_typed_by_a_browser_takes_no_event(
        self, world: World, customer_id: int
    ):
        (event_id,) = record(world, customer_id, "a")
        draft = a_draft(world, customer_id)
        lines = tuple(
            LineForm(key=line_key(str(code)), name="x", unit_price="0.01")
            for code in (event_id, "")
        )
        save(world, draft, DraftForm(customer_id=customer_id, lines=lines))

        assert rows(world)[0].invoice_id is None


class TestIssue:
    def issued(self, world: World, customer_id: int, *, publish: bool = True) -> int:
        ids = record(world, customer_id, "a", "b")
        draft = bill(world, a_draft(world, customer_id), *ids)
        step = invoices.issue_and_publish if publish else invoices.issue
        accounting = world.northwind.accounting
        return world.run(accounting, step, draft.invoice_id, draft.version).invoice_id

    @pytest.mark.feature("C20")
    def test_shows_what_is_behind_each_line(self, world: World, customer_id: int):
        invoice_id = self.issued(world, customer_id)
        visitor = visitor_of(world, world.northwind, invoice_id)

        found = world.run(visitor, portal.read_invoice, invoice_id).events
        assert [(x.line_position, x.reference) for x in found] == [(1, "a"), (2, "b")]

    def test_nothing_before_it_is_published(self, world: World, customer_id: int):
        self.issued(world, customer_id, publish=False)

        assert {x.shown_at for x in rows(world)} == {None}
        assert all(x.billed_at for x in rows(world))

    def test_a_line_that_says_something_else_is_refused(
        self, world: World, customer_id: int
    ):
        ids = record(world, customer_id, "a")
        draft = bill(world, a_draft(world, customer_id), *ids)
        form = form_of(world, draft)
        changed = replace(form.lines[0], quantity="13")
        draft = save(world, draft, replace(form, lines=(changed,)))

        with pytest.raises(InvalidInput, match="Line 1"):
            world.run(
                world.northwind.accounting,
                invoices.issue,
                draft.invoice_id,
                draft.version,
            )
        assert rows(world)[0].billed_at is None

    @pytest.mark.parametrize(
        "change",
        [
            {"rate": Decimal(9)},
            {"quantity": Decimal(9)},
            {"amount": Decimal(9)},
            {"factors": [["9", "days"]]},
            {"reference": "z"},
            {"description": "z"},
            {"kind": "z"},
            {"line_key": "z"},
            {"invoice_id": None},
            {"billed_at": None},
        ],
    )
    def test_the_database_keeps_it_as_it_is(
        self, world: World, customer_id: int, change
    ):
        self.issued(world, customer_id)

        with (
            pytest.raises(IntegrityError, match="never changes"),
            world.unit(world.northwind.system) as uow,
        ):
            uow.execute(update(BillableEvent).values(**change))

    def test_nor_can_it_be_deleted(self, world: World, customer_id: int):
        self.issued(world, customer_id)

        with (
            pytest.raises(IntegrityError, match="billed events stay"),
            world.unit(world.northwind.system) as uow,
        ):
            uow.execute(delete(BillableEvent))

    def test_another_workspace_sees_none_of_it(self, world: World, customer_id: int):
        invoice_id = self.issued(world, customer_id)

        theirs = world.run(
            world.kestrel.owner,
            list_choices,
            customer_id,
            EventFilter(billed=Billed.ANY),
        )
        assert world.run(world.kestrel.owner, list_behind, invoice_id) == ()
        assert theirs.events == ()
        with pytest.raises(BillingError), world.unit(world.kestrel.system) as uow:
            uow.get(Invoice, invoice_id)
