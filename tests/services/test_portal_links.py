"""Links to a customer's account: one is live, each change stays on the record."""

from __future__ import annotations

import pytest
from sqlmodel import col, select

from billing_app.database import authentication
from billing_app.database.authentication import NO_COOKIES
from billing_app.domain.actors import PortalVisitor
from billing_app.domain.errors import NotFound, NotPermitted
from billing_app.domain.portal_place import Door, PortalPlace
from billing_app.models import AuditEntry
from billing_app.services import portal_links
from tests.support.billing import a_customer
from tests.support.world import World


@pytest.fixture
def customer_id(world: World) -> int:
    return a_customer(world, world.northwind)


def opened(world: World, token: str) -> PortalVisitor:
    place = PortalPlace(Door.CUSTOMER_LINK, token, is_account=True)
    engine = world.runtime.engine
    return authentication.open_portal(
        engine, place, NO_COOKIES, world.clock.now
    ).visitor


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
