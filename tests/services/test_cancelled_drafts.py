"""Drafts that will not become invoices: they stay on record and bill nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from billing_app.database.verify import find_broken
from billing_app.domain.actors import Role
from billing_app.domain.billable_event import Grouping
from billing_app.domain.draft import DraftForm, LineForm, form_from_json
from billing_app.domain.errors import InvalidInput, NotFound, NotPermitted, StaleDraft
from billing_app.domain.invoice import InvoiceStatus, WrongState
from billing_app.models import AuditEntry, BillableEvent, WorkspaceSettings
from billing_app.queries.drafts import read_copy
from billing_app.queries.invoice_detail import read_invoice as read_detail
from billing_app.queries.invoices import InvoiceFilter, list_invoices
from billing_app.queries.shared_drafts import read_shown_draft
from billing_app.queries.shell import read_shell
from billing_app.services import drafts, invoices
from billing_app.services.billable_events import record_event
from billing_app.services.drafts import SavedDraft, cancel_draft
from billing_app.services.shared_drafts import share_draft
from tests.support.billing import (
    a_customer,
    all_rows,
    an_event,
    an_invoice,
    read_invoice,
)
from tests.support.world import Place, World

pytestmark = pytest.mark.feature("C12", "G09")
WHY = "The customer goes elsewhere."


@pytest.fixture
def place(world: World) -> Place:
    return world.northwind


@pytest.fixture(autouse=True)
def nothing_breaks(world: World):
    yield
    assert not find_broken(world.runtime.engine, world.clock.now)


def a_draft(world: World, place: Place) -> SavedDraft:
    form = DraftForm(
        customer_id=a_customer(world, place),
        lines=(LineForm(name="Charter flight", unit_price="100"),),
    )
    return world.run(place.operations, drafts.create_draft, form)


def cancel(
    world: World, place: Place, draft: SavedDraft | None = None, reason: str = WHY
) -> int:
    it = draft or a_draft(world, place)
    world.run(place.operations, cancel_draft, it.invoice_id, it.version, reason)
    return it.invoice_id


def test_one_stays_as_it_was_with_its_reason(world, place):
    draft = a_draft(world, place)
    before = read_invoice(world, place, draft.invoice_id)

    cancel(world, place, draft)

    after = read_invoice(world, place, draft.invoice_id)
    assert (after.number, after.state, after.phase) == (None, "draft", "cancelled")
    assert (after.draft, after.total_minor) == (before.draft, before.total_minor)
    detail = world.run(place.operations, read_detail, draft.invoice_id)
    assert (detail.status, detail.cancel_reason) == (InvoiceStatus.CANCELLED, WHY)
    entry = all_rows(world, place, AuditEntry)[-1]
    assert (entry.event, entry.details["reason"]) == ("invoice_cancelled", WHY)


def test_one_is_listed_apart_from_drafts(world, place):
    cancelled = cancel(world, place)
    open_ = a_draft(world, place).invoice_id

    def listed(status: InvoiceStatus) -> list[int]:
        found = world.run(place.operations, list_invoices, InvoiceFilter(status=status))
        return [row.id for row in found.page.rows]

    assert listed(InvoiceStatus.CANCELLED) == [cancelled]
    assert listed(InvoiceStatus.DRAFT) == [open_]
    assert world.run(place.operations, read_shell).draft_count == 1


def test_one_is_not_changed_issued_or_deleted_any_more(world, place):
    draft = a_draft(world, place)
    cancel(world, place, draft)
    invoice_id, version = draft.invoice_id, draft.version

    for service, *args in (
        (drafts.save_draft, version, DraftForm()),
        (drafts.delete_draft,),
        (drafts.restore_draft,),
        (cancel_draft, version, WHY),
        (invoices.issue, version),
        (invoices.issue_and_publish, version),
    ):
        with pytest.raises(WrongState, match="cancelled"):
            world.run(place.accounting, service, invoice_id, *args)
    with pytest.raises(WrongState):
        world.run(place.accounting, invoices.publish, invoice_id)
    assert world.run(place.accounting, drafts.delete_many, [invoice_id]) == []
    assert world.run(place.accounting, invoices.mark_many_sent, [invoice_id]) == 0


def test_one_is_archived_and_duplicated_like_an_invoice(world, place):
    cancelled = cancel(world, place)

    assert world.run(place.accounting, invoices.archive_many, [cancelled]) == [
        cancelled
    ]
    copy = world.run(place.operations, drafts.duplicate, cancelled)

    assert read_invoice(world, place, cancelled).phase == "archived_cancelled"
    assert read_invoice(world, place, copy.invoice_id).phase == "draft"


def test_an_untouched_one_is_not_used_again(world, place):
    first = world.run(place.operations, drafts.start_draft)
    cancel(world, place, first)

    assert (
        world.run(place.operations, drafts.start_draft).invoice_id != first.invoice_id
    )


def test_what_happened_can_be_billed_elsewhere(world, place):
    customer_id = a_customer(world, place)
    event = an_event(customer_id, "W1", world.clock.now)
    world.run(place.operations, record_event, event)
    form = DraftForm(customer_id=customer_id, currency="EUR")
    draft = world.run(place.operations, drafts.create_draft, form)
    (row,) = all_rows(world, place, BillableEvent)
    billed = world.run(
        place.operations,
        drafts.bill_events,
        draft.invoice_id,
        draft.version,
        [row.id],
        Grouping.KIND,
    )

    cancel(world, place, billed)

    (row,) = all_rows(world, place, BillableEvent)
    assert row.invoice_id is None


def test_what_happened_is_not_in_a_copy(world, place):
    """It waits to be billed, and lines of the copy would charge for it again."""
    customer_id = a_customer(world, place)
    event = an_event(customer_id, "W1", world.clock.now)
    world.run(place.operations, record_event, event)
    line = LineForm(name="Charter flight", unit_price="100")
    form = DraftForm(customer_id=customer_id, currency="EUR", lines=(line,))
    draft = world.run(place.operations, drafts.create_draft, form)
    (row,) = all_rows(world, place, BillableEvent)
    billed = world.run(
        place.operations,
        drafts.bill_events,
        draft.invoice_id,
        draft.version,
        [row.id],
        Grouping.KIND,
    )
    cancelled = cancel(world, place, billed)

    copy = world.run(place.operations, drafts.duplicate, cancelled)

    copied = read_invoice(world, place, copy.invoice_id)
    names = [x.name for x in form_from_json(copied.draft or {}).lines]
    assert (names, copied.total_minor) == (["Charter flight"], 10_000)
    facts = world.run(place.operations, read_copy, copy.invoice_id)
    assert facts is not None
    assert facts.leaves_events


def test_its_shared_link_opens_nothing(world, place):
    draft = a_draft(world, place)
    with world.unit(place.system) as uow:
        stored = uow.one(select(WorkspaceSettings))
        stored.portal = {**stored.portal, "shares_drafts": True}
    world.run(place.accounting, share_draft, draft.invoice_id, draft.version)
    world.run(place.system, read_shown_draft, 1)

    cancel(world, place, draft)

    with pytest.raises(NotFound):
        world.run(place.system, read_shown_draft, 1)


@pytest.mark.parametrize("reason", ["", " \n ", "x" * 501])
def test_it_wants_a_reason_that_can_be_kept(world, place, reason):
    with pytest.raises(InvalidInput):
        cancel(world, place, reason=reason)


def test_an_issued_invoice_is_voided_and_not_cancelled(world, place):
    invoice_id = an_invoice(world, place)

    with pytest.raises(WrongState):
        world.run(place.accounting, cancel_draft, invoice_id, 1, WHY)


def test_it_wants_the_version_the_permission_and_the_workspace(world, place):
    draft = a_draft(world, place)

    with pytest.raises(StaleDraft):
        world.run(place.operations, cancel_draft, draft.invoice_id, 9, WHY)
    viewer, other = place.member(Role.VIEWER), world.kestrel.operations
    with pytest.raises(NotPermitted):
        world.run(viewer, cancel_draft, draft.invoice_id, draft.version, WHY)
    with pytest.raises(NotFound):
        world.run(other, cancel_draft, draft.invoice_id, draft.version, WHY)


@pytest.mark.parametrize(
    "change",
    [
        "cancelled_at = null",
        "cancel_reason = 'Another'",
        "state = 'issued', number = 'X', issued_on = '2026-01-01', issued_at = 'x'",
        "draft = '{}'",
        "deleted_at = '2026-01-01'",
        "total_minor = 1",
    ],
)
def test_the_database_keeps_a_cancelled_draft(world, place, change):
    cancel(world, place)

    # Where two guards hold it, which of them is asked first is the database's choice.
    says = "a cancelled draft never changes|only a draft with|follows from"
    refuses(world, f"update invoice set {change}", says)
    refuses(world, "delete from invoice", "a cancelled draft stays")


def test_the_database_cancels_drafts_only_and_with_a_reason(world, place):
    a_draft(world, place)
    issued = an_invoice(world, place)
    at = "cancelled_at = '2026-01-01 00:00:00'"
    # Two guards hold it; which of them is asked first is the database's choice.
    says = "only a draft is cancelled|an issued invoice never changes"

    refuses(world, f"update invoice set {at} where id = 1", says)
    refuses(
        world,
        f"update invoice set {at}, cancel_reason = 'x' where id = {issued}",
        says,
    )
    refuses(
        world,
        f"update invoice set {at}, cancel_reason = 'x', deleted_at = created_at, "
        f"state = 'void', void_reason = 'x', number = 'X' where id = 1",
        "only",
    )


def refuses(world: World, sql: str, says: str) -> None:
    with (
        pytest.raises(IntegrityError, match=says),
        world.runtime.engine.begin() as connection,
    ):
        connection.execute(text(sql))
