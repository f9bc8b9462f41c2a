"""A customer who was never billed can go; one who was recorded twice becomes one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlmodel import col, select

from billing_app.database.verify import find_broken
from billing_app.domain.actors import Role
from billing_app.domain.draft import DraftForm, LineForm, form_from_json
from billing_app.domain.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    NotPermitted,
    StaleDraft,
)
from billing_app.models import (
    AuditEntry,
    BillableEvent,
    Customer,
    CustomerContact,
    Invoice,
    MailRefusal,
    PortalLink,
    PortalVisit,
)
from billing_app.queries.customer_removal import preview_merge
from billing_app.queries.customers import read_customer
from billing_app.services import drafts, invoices
from billing_app.services.billable_events import record_events
from billing_app.services.customer_removal import delete_customer, merge_customers
from billing_app.services.customers import (
    CustomerForm,
    create_customer,
    customer_named,
    restore_customer,
)
from billing_app.services.portal_links import new_customer_link
from tests.support.billing import a_customer, all_rows, an_event, an_invoice, pay
from tests.support.world import World

KEPT = CustomerForm(name="Halden Logistics", email="ap@halden.example")
TWICE = CustomerForm(
    name="Halden Logistics B.V.",
    email="Boss@Halden.example",
    contact_name="Jo",
    phone="+31 10 1",
    address="Kade 2",
    postal_code="3011",
    town="Rotterdam",
    country="NL",
    currency="USD",
    cc="ap@halden.example, cc@halden.example",
)


@pytest.fixture
def world(world):
    yield world
    assert find_broken(world.runtime.engine, world.clock.now) == []


@pytest.fixture
def pair(world: World) -> tuple[int, int]:
    """The one recorded twice, and the one to keep."""
    kept = world.run(world.northwind.accounting, create_customer, KEPT)
    merged = world.run(world.northwind.accounting, create_customer, TWICE)
    return merged, kept


def told(world: World, customer_id: int) -> list[str]:
    entries = all_rows(world, world.northwind, AuditEntry)
    return [x.event for x in entries if x.customer_id == customer_id]


def customers(world: World) -> list[str]:
    return sorted(x.name for x in all_rows(world, world.northwind, Customer))


class TestDelete:
    def test_one_without_a_trace_is_gone_with_what_belonged_to_them(self, world: World):
        place = world.northwind
        customer_id = world.run(place.accounting, create_customer, TWICE)
        world.run(place.accounting, new_customer_link, customer_id)
        with world.unit(place.system) as uow:
            uow.add(
                PortalVisit(customer_id=customer_id, evidence="fetched", at=uow.now)
            )

        world.run(place.admin, delete_customer, customer_id)

        assert customers(world) == []
        for table in (CustomerContact, PortalLink, PortalVisit):
            assert all_rows(world, place, table) == []
        assert told(world, customer_id)[-1] == "customer_deleted"
        entry = all_rows(world, place, AuditEntry)[-1]
        assert entry.details["customer_name"] == TWICE.name

    @pytest.mark.parametrize(
        ("leave", "reason"),
        [
            ("draft", "an invoice or a draft"),
            ("invoice", "an invoice or a draft"),
            ("event", "an event to bill"),
            ("visit", "a visit to the portal"),
            ("merged", "another customer merged into it"),
        ],
    )
    def test_one_with_a_trace_stays(self, world: World, leave: str, reason: str):
        place = world.northwind
        customer_id = a_customer(world, place)
        if leave == "draft":
            made = world.run(place.owner, drafts.create_draft, DraftForm(customer_id))
            world.run(place.owner, drafts.delete_draft, made.invoice_id)
        elif leave == "invoice":
            an_invoice(world, place, customer_id=customer_id)
        elif leave == "event":
            event = an_event(customer_id, "W1", world.clock.now)
            world.run(place.owner, record_events, (event,))
        elif leave == "merged":
            world.run(
                place.owner, merge_customers, a_customer(world, place), customer_id
            )
        else:
            with world.unit(place.system) as uow:
                uow.add(PortalVisit(customer_id=customer_id, at=uow.now))

        with pytest.raises(Conflict, match=reason):
            world.run(place.owner, delete_customer, customer_id)

        assert world.run(place.viewer, read_customer, customer_id).id == customer_id


class TestMerge:
    def test_drafts_go_along_in_their_currency_and_open_pages_hear_of_it(
        self, world: World, pair: tuple[int, int]
    ):
        merged, kept = pair
        place = world.northwind
        form = DraftForm(merged, lines=(LineForm(name="Crane", unit_price="10"),))
        draft = world.run(place.accounting, drafts.create_draft, form)
        cancelled = world.run(place.accounting, drafts.create_draft, form)
        world.run(
            place.accounting,
            drafts.cancel_draft,
            cancelled.invoice_id,
            cancelled.version,
            "Not wanted",
        )

        world.run(place.admin, merge_customers, merged, kept)

        with world.reading(place.viewer) as uow:
            moved = uow.get(Invoice, draft.invoice_id)
            assert (moved.customer_id, moved.currency) == (kept, "USD")
            assert moved.customer_name == KEPT.name
            assert form_from_json(moved.draft or {}).customer_id == kept
            assert uow.get(Invoice, cancelled.invoice_id).customer_id == merged
        with pytest.raises(StaleDraft):
            world.run(
                place.accounting,
                drafts.save_draft,
                draft.invoice_id,
                draft.version,
                form,
            )
        issued = world.run(
            place.accounting, invoices.issue, draft.invoice_id, draft.version + 1
        )
        with world.reading(place.viewer) as uow:
            assert uow.get(Invoice, issued.invoice_id).customer_id == kept

    def test_events_wait_for_the_one_who_is_kept(
        self, world: World, pair: tuple[int, int]
    ):
        merged, kept = pair
        event = an_event(merged, "W1", world.clock.now)
        world.run(world.northwind.owner, record_events, (event,))

        world.run(world.northwind.admin, merge_customers, merged, kept)

        (moved,) = all_rows(world, world.northwind, BillableEvent)
        assert moved.customer_id == kept

    def test_people_and_what_was_missing_are_taken_over(
        self, world: World, pair: tuple[int, int]
    ):
        merged, kept = pair
        place = world.northwind
        with world.unit(place.system) as uow:
            uow.add(
                MailRefusal(
                    customer_id=merged,
                    email_key="cc@halden.example",
                    kind="reminders",
                    refused_at=uow.now,
                )
            )

        world.run(place.admin, merge_customers, merged, kept)

        with world.reading(place.viewer) as uow:
            one = uow.get(Customer, kept)
            theirs = uow.all(
                select(CustomerContact)
                .where(col(CustomerContact.customer_id) == kept)
                .order_by(col(CustomerContact.id))
            )
            kinds = [(x.email, x.kind, x.may_see_all) for x in theirs]
            refused = uow.all(
                select(MailRefusal.email_key).where(
                    col(MailRefusal.customer_id) == kept
                )
            )
        assert (one.name, one.email, one.currency) == (KEPT.name, KEPT.email, "")
        assert (one.contact_name, one.phone, one.town) == (
            "Jo",
            "+31 10 1",
            "Rotterdam",
        )
        assert kinds == [
            ("Boss@Halden.example", "none", False),
            ("cc@halden.example", "cc", False),
        ]
        assert refused == ["cc@halden.example"]

    def test_what_was_issued_and_paid_stays_and_the_links_go_on(
        self, world: World, pair: tuple[int, int]
    ):
        merged, kept = pair
        place = world.northwind
        invoice_id = an_invoice(world, place, "100.00", customer_id=merged)
        pay(world, place, invoice_id, "40.00")

        world.run(place.admin, merge_customers, merged, kept)

        with world.reading(place.viewer) as uow:
            assert uow.get(Invoice, invoice_id).customer_id == merged
            (link,) = uow.all(select(PortalLink))
            assert (link.customer_id, link.revoked_at) == (merged, None)
        gone = world.run(place.viewer, read_customer, merged)
        assert gone.archived_at is not None
        assert gone.merged_into is not None
        assert gone.merged_into.name == KEPT.name
        (twin,) = world.run(place.viewer, read_customer, kept).merged
        assert (twin.name, twin.owed[0].outstanding_minor) == (TWICE.name, 6_000)
        pay(world, place, invoice_id, "60.00")

    def test_the_preview_says_what_the_merge_does(
        self, world: World, pair: tuple[int, int]
    ):
        merged, kept = pair
        place = world.northwind
        an_invoice(world, place, customer_id=merged)
        world.run(place.accounting, drafts.create_draft, DraftForm(merged))
        shown = world.run(place.admin, preview_merge, merged, kept)

        assert (shown.drafts, shown.events, shown.issued, shown.payments) == (
            1,
            0,
            1,
            0,
        )
        assert shown.addresses == ("Boss@Halden.example", "cc@halden.example")
        assert shown.fields == (
            *("contact_name", "phone"),
            *("address", "postal_code", "town", "country"),
        )
        assert told(world, kept) == ["customer_created"]

        world.run(place.admin, merge_customers, merged, kept)
        merges = [
            x.details
            for x in all_rows(world, place, AuditEntry)
            if x.event == "customer_merged"
        ]
        assert [(x["merged_id"], x["drafts"], x["contacts"]) for x in merges] == [
            (merged, 1, 2)
        ]
        assert told(world, merged)[-1] == "customer_merged_away"

    def test_whoever_comes_under_the_old_name_is_the_one_who_is_kept(
        self, world: World, pair: tuple[int, int]
    ):
        merged, kept = pair
        third = a_customer(world, world.northwind, "Halden Holding")
        world.run(world.northwind.admin, merge_customers, merged, kept)
        world.run(world.northwind.admin, merge_customers, kept, third)

        assert world.run(world.northwind.accounting, customer_named, TWICE) == third
        assert world.run(world.northwind.accounting, customer_named, KEPT) == third
        old = DraftForm(merged)
        with pytest.raises(InvalidInput, match="merged into Halden Holding"):
            world.run(world.northwind.accounting, drafts.create_draft, old)

    def test_nobody_is_merged_twice_or_into_who_is_gone(
        self, world: World, pair: tuple[int, int]
    ):
        merged, kept = pair
        place = world.northwind
        other = a_customer(world, place)
        with pytest.raises(Conflict, match="same one"):
            world.run(place.admin, merge_customers, kept, kept)
        world.run(place.admin, merge_customers, merged, kept)

        for one, another in ((merged, other), (other, merged)):
            with pytest.raises(Conflict):
                world.run(place.admin, merge_customers, one, another)
        with pytest.raises(Conflict, match="recorded twice"):
            world.run(place.accounting, restore_customer, merged)


@pytest.mark.parametrize("role", [Role.ACCOUNTING, Role.OPERATIONS, Role.VIEWER])
def test_other_roles_neither_delete_nor_merge(
    world: World, pair: tuple[int, int], role: Role
):
    for work in (merge_customers, preview_merge):
        with pytest.raises(NotPermitted):
            world.run(world.northwind.member(role), work, *pair)
    with pytest.raises(NotPermitted):
        world.run(world.northwind.member(role), delete_customer, pair[0])


def test_customers_of_other_workspaces_do_not_exist(
    world: World, pair: tuple[int, int]
):
    merged, kept = pair
    theirs = world.run(
        world.kestrel.accounting, create_customer, replace(KEPT, email="")
    )

    for one, another in ((merged, theirs), (theirs, kept)):
        for work in (merge_customers, preview_merge):
            with pytest.raises(NotFound):
                world.run(world.northwind.owner, work, one, another)
    with pytest.raises(NotFound):
        world.run(world.northwind.owner, delete_customer, theirs)
    assert len(all_rows(world, world.kestrel, Customer)) == 1
