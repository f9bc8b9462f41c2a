"""Links to a customer's account: one is live, each change stays on the record."""

from __future__ import annotations

import pytest
from sqlmodel import col, select

from billing_app.database import authentication
from billing_app.database.authentication import NO_COOKIES
from billing_app.domain.actors import PortalVisitor
from billing_app.domain.errors import Conflict, NotFound, NotPermitted
from billing_app.domain.events import Topic
from billing_app.domain.portal_place import Door, PortalPlace
from billing_app.models import AuditEntry, OutboxMessage, PortalVisit
from billing_app.services import portal_links
from tests.support.billing import a_customer, all_rows, an_invoice, read_invoice
from tests.support.world import World

FRIEND = "colleague@vermeer.example"


@pytest.fixture
def customer_id(world: World) -> int:
    return a_customer(world, world.northwind)


def share_by_mail(world: World, invoice_id: int) -> None:
    actor = world.northwind.accounting
    world.run(actor, portal_links.share_by_mail, invoice_id, FRIEND)


def mails_of_links(world: World) -> list[OutboxMessage]:
    messages = all_rows(world, world.northwind, OutboxMessage)
    return [x for x in messages if x.topic == Topic.MAIL_LINK]


def audit(world: World) -> list[AuditEntry]:
    return all_rows(world, world.northwind, AuditEntry)


def opened(world: World, token: str) -> PortalVisitor:
    place = PortalPlace(Door.CUSTOMER_LINK, token, is_account=True)
    engine = world.runtime.engine
    return authentication.open_portal(
        engine, place, NO_COOKIES, world.clock.now
    ).visitor


class TestShare:
    @pytest.mark.feature("F008")
    def test_by_mail_promises_one_mail_and_is_on_record(self, world: World):
        place = world.northwind
        invoice_id = an_invoice(world, place)
        token = world.run(place.accounting, portal_links.copy_link, invoice_id)

        for _ in range(2):
            share_by_mail(world, invoice_id)

        # Pressed twice in a minute is one mail, and the link stays the same.
        assert [x.details["email"] for x in mails_of_links(world)] == [FRIEND]
        assert world.run(place.accounting, portal_links.copy_link, invoice_id) == token
        shared = [x for x in audit(world) if x.event == "link_shared"]
        assert shared[0].details["channel"] == "mail"
        world.clock.advance(minutes=2)
        share_by_mail(world, invoice_id)
        assert len(mails_of_links(world)) == 2

    @pytest.mark.feature("F008")
    def test_makes_a_link_where_none_is_live(self, world: World):
        invoice_id = an_invoice(world, world.northwind)
        world.run(world.northwind.accounting, portal_links.revoke_links, invoice_id)

        share_by_mail(world, invoice_id)

        assert len(mails_of_links(world)) == 1

    def test_what_is_not_shown_is_not_shared(self, world: World):
        invoice_id = an_invoice(world, world.northwind, is_published=False)

        with pytest.raises(Conflict, match="opens nothing yet"):
            share_by_mail(world, invoice_id)

        assert mails_of_links(world) == []

    def test_only_by_who_may_and_only_here(self, world: World):
        invoice_id = an_invoice(world, world.northwind)

        for actor, refusal in (
            (world.northwind.viewer, NotPermitted),
            (world.kestrel.owner, NotFound),
        ):
            with pytest.raises(refusal):
                world.run(actor, portal_links.share_by_mail, invoice_id, FRIEND)

        assert mails_of_links(world) == []


class TestPreview:
    @pytest.mark.feature("C26")
    def test_is_on_record_and_leaves_no_visit(self, world: World):
        place, invoice_id = world.northwind, an_invoice(world, world.northwind)
        customer_id = read_invoice(world, place, invoice_id).customer_id

        path = world.run(place.viewer, portal_links.preview_invoice, invoice_id)
        account = world.run(place.viewer, portal_links.preview_account, customer_id)

        assert path == f"/account/northwind-charter/{invoice_id}?preview=1"
        assert account == f"/account/northwind-charter~{customer_id}"
        seen = [x for x in audit(world) if x.event == "portal_previewed"]
        assert [x.invoice_id for x in seen] == [invoice_id, None]
        assert {x.customer_id for x in seen} == {customer_id}
        assert all_rows(world, place, PortalVisit) == []


class TestCustomerLinks:
    @pytest.mark.feature("F010")
    def test_open_the_whole_account_of_one_customer(
        self, world: World, customer_id: int
    ):
        actor = world.northwind.accounting

        token = world.run(actor, portal_links.new_customer_link, customer_id)

        visitor = opened(world, token)
        assert (visitor.customer_id, visitor.invoice_id) == (customer_id, None)
        assert world.run(actor, portal_links.copy_customer_link, customer_id) == token

    def test_a_new_one_ends_the_old_one(self, world: World, customer_id: int):
        actor = world.northwind.accounting
        old = world.run(actor, portal_links.copy_customer_link, customer_id)

        new = world.run(actor, portal_links.new_customer_link, customer_id)

        with pytest.raises(NotFound):
            opened(world, old)
        assert opened(world, new).customer_id == customer_id

    def test_a_revoked_one_opens_nothing(self, world: World, customer_id: int):
        actor = world.northwind.accounting
        token = world.run(actor, portal_links.copy_customer_link, customer_id)

        revoked = world.run(actor, portal_links.revoke_customer_links, customer_id)

        assert revoked == 1
        with pytest.raises(NotFound):
            opened(world, token)
        with world.reading(world.northwind.system) as uow:
            entries = select(AuditEntry.event).where(
                col(AuditEntry.customer_id) == customer_id,
                col(AuditEntry.event).startswith("link_"),
            )
            assert uow.all(entries) == ["link_created", "link_revoked"]

    def test_are_not_made_by_another_workspace_or_role(
        self, world: World, customer_id: int
    ):
        for work in (
            portal_links.new_customer_link,
            portal_links.copy_customer_link,
            portal_links.revoke_customer_links,
        ):
            with pytest.raises(NotFound):
                world.run(world.kestrel.owner, work, customer_id)
            with pytest.raises(NotPermitted):
                world.run(world.northwind.viewer, work, customer_id)
