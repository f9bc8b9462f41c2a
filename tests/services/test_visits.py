"""What a look at the portal is worth, and what it changes."""

from dataclasses import replace

import pytest
from sqlmodel import select

from billing_app.domain.actors import PortalVisitor, Proof
from billing_app.domain.errors import NotFound, NotPermitted
from billing_app.domain.portal_settings import ActivityDetail
from billing_app.domain.visit import VisitKind
from billing_app.models import AuditEntry, PortalVisit
from billing_app.queries.invoices import InvoiceFilter, list_invoices
from billing_app.services import visits
from tests.support.billing import all_rows, an_invoice, read_invoice, visitor_of
from tests.support.world import World

FULL = ActivityDetail.FULL


@pytest.fixture
def invoice_id(world: World) -> int:
    return an_invoice(world, world.northwind)


@pytest.fixture
def visitor(world: World, invoice_id: int) -> PortalVisitor:
    return visitor_of(world, world.northwind, invoice_id)


def evidence(world: World) -> list[str]:
    return [row.evidence for row in all_rows(world, world.northwind, PortalVisit)]


def first_view(world: World, invoice_id: int):
    return read_invoice(world, world.northwind, invoice_id).first_viewed_at


class TestNoteSeen:
    def test_a_link_is_seen_and_a_session_is_verified(
        self, world: World, visitor: PortalVisitor
    ):
        world.run(visitor, visits.note_seen, FULL)
        proven = replace(visitor, proof=Proof.CODE, session_id=7)
        world.run(proven, visits.note_seen, FULL)

        assert evidence(world) == ["seen", "verified"]

    def test_reloading_is_one_visit(self, world: World, visitor: PortalVisitor):
        for _ in range(3):
            world.run(visitor, visits.note_seen, FULL)
        world.clock.advance(hours=1)
        world.run(visitor, visits.note_seen, FULL)

        assert evidence(world) == ["seen", "seen"]

    @pytest.mark.feature("C15")
    def test_only_the_first_moves_the_date(
        self, world: World, visitor: PortalVisitor, invoice_id: int
    ):
        first = world.clock.now
        world.run(visitor, visits.note_seen, FULL)
        world.clock.advance(days=3)
        world.run(visitor, visits.note_seen, FULL)

        assert first_view(world, invoice_id) == first

    @pytest.mark.feature("C15")
    def test_first_only_keeps_the_date_and_no_visits(
        self, world: World, visitor: PortalVisitor, invoice_id: int
    ):
        world.run(visitor, visits.note_seen, ActivityDetail.FIRST_ONLY)

        assert first_view(world, invoice_id) == world.clock.now
        assert evidence(world) == []

    @pytest.mark.feature("C15")
    def test_off_keeps_nothing(
        self, world: World, visitor: PortalVisitor, invoice_id: int
    ):
        world.run(visitor, visits.note_seen, ActivityDetail.OFF)

        assert first_view(world, invoice_id) is None
        assert evidence(world) == []
        events = [x.event for x in all_rows(world, world.northwind, AuditEntry)]
        assert "invoice_viewed" not in events

    def test_staff_leave_nothing(
        self, world: World, visitor: PortalVisitor, invoice_id: int
    ):
        world.run(replace(visitor, is_staff=True), visits.note_seen, FULL)
        with pytest.raises(NotPermitted):
            world.run(replace(visitor, is_preview=True), visits.note_seen, FULL)

        assert first_view(world, invoice_id) is None
        assert evidence(world) == []

    def test_another_workspace_s_invoice_is_not_found(
        self, world: World, visitor: PortalVisitor, invoice_id: int
    ):
        stranger = replace(visitor, workspace_id=world.kestrel.workspace_id)

        with pytest.raises(NotFound):
            world.run(stranger, visits.note_seen, FULL)

        assert evidence(world) == []


@pytest.mark.feature("F103")
def test_the_list_of_staff_says_viewed_for_customers_alone(
    world: World, visitor: PortalVisitor
):
    def is_viewed() -> bool:
        found = world.run(world.northwind.viewer, list_invoices, InvoiceFilter())
        return found.page.rows[0].first_viewed_at is not None

    world.run(visitor, visits.note_fetched, VisitKind.PAGE, FULL)
    world.run(replace(visitor, is_staff=True), visits.note_seen, FULL)
    with pytest.raises(NotPermitted):
        world.run(replace(visitor, is_preview=True), visits.note_seen, FULL)
    assert not is_viewed()

    world.run(visitor, visits.note_seen, FULL)
    assert is_viewed()


class TestNoteFetched:
    def test_it_changes_nothing_of_the_invoice(
        self, world: World, visitor: PortalVisitor, invoice_id: int
    ):
        before = read_invoice(world, world.northwind, invoice_id)

        world.run(visitor, visits.note_fetched, VisitKind.PAGE, FULL)

        after = read_invoice(world, world.northwind, invoice_id)
        assert after.model_dump() == before.model_dump()
        assert evidence(world) == ["fetched"]

    def test_a_customer_cannot_read_visits(self, world: World, visitor: PortalVisitor):
        world.run(visitor, visits.note_fetched, VisitKind.PAGE, FULL)

        with world.reading(visitor) as uow:
            assert uow.all(select(PortalVisit)) == []
