"""Promises of customers, and what each of them may do."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from billing_app.domain.actors import PortalVisitor, Proof
from billing_app.domain.errors import (
    Conflict,
    InvalidInput,
    LimitReached,
    NotFound,
    NotPermitted,
)
from billing_app.domain.portal_proof import VerificationRequired
from billing_app.domain.portal_settings import WriteAuth
from billing_app.domain.promise import PromiseState
from billing_app.models import AuditEntry, PaymentPromise
from billing_app.queries.promises import list_promises
from billing_app.services.promises import make_promise, note_promise
from tests.support.billing import all_rows, an_invoice, pay, visitor_of
from tests.support.world import World

FRIDAY = date(2026, 3, 6)


@pytest.fixture
def invoice_id(world: World) -> int:
    return an_invoice(world, world.northwind)


@pytest.fixture
def visitor(world: World, invoice_id: int) -> PortalVisitor:
    return visitor_of(world, world.northwind, invoice_id)


def promise(
    world: World,
    visitor: PortalVisitor,
    day: date = FRIDAY,
    write_auth: WriteAuth = WriteAuth.LINK,
    email: str = "",
) -> None:
    world.run(visitor, make_promise, day.isoformat(), write_auth, email)


def states(world: World, invoice_id: int) -> list[tuple[date, PromiseState]]:
    with world.reading(world.northwind.system) as uow:
        found = list_promises(uow, [invoice_id])
    return [(each.promised_on, each.state) for each in found]


def test_is_open_until_the_day_is_over(
    world: World, visitor: PortalVisitor, invoice_id: int
):
    promise(world, visitor)
    assert states(world, invoice_id) == [(FRIDAY, PromiseState.OPEN)]

    # Ten at night in UTC is still Friday in Amsterdam; an hour later it is not.
    world.clock.now = world.clock.now.replace(day=6, hour=22)
    assert states(world, invoice_id) == [(FRIDAY, PromiseState.OPEN)]
    world.clock.advance(hours=1)
    assert states(world, invoice_id) == [(FRIDAY, PromiseState.BROKEN)]


def test_is_kept_by_paying(world: World, visitor: PortalVisitor, invoice_id: int):
    promise(world, visitor)
    pay(world, world.northwind, invoice_id, "100.00")
    world.clock.advance(days=9)

    assert states(world, invoice_id) == [(FRIDAY, PromiseState.KEPT)]


def test_a_newer_one_takes_its_place(
    world: World, visitor: PortalVisitor, invoice_id: int
):
    promise(world, visitor)
    later = FRIDAY + timedelta(days=7)
    promise(world, visitor, later)

    assert states(world, invoice_id) == [(later, PromiseState.OPEN)]


def test_a_broken_one_stays_beside_a_newer_one(
    world: World, visitor: PortalVisitor, invoice_id: int
):
    promise(world, visitor)
    world.clock.advance(days=7)
    later = FRIDAY + timedelta(days=7)
    promise(world, visitor, later)

    assert states(world, invoice_id) == [
        (later, PromiseState.OPEN),
        (FRIDAY, PromiseState.BROKEN),
    ]


def test_saying_it_twice_is_one(world: World, visitor: PortalVisitor):
    for _ in range(20):
        promise(world, visitor)

    assert len(all_rows(world, world.northwind, PaymentPromise)) == 1


def test_nobody_changes_their_mind_all_day(world: World, visitor: PortalVisitor):
    for days in range(5):
        promise(world, visitor, FRIDAY + timedelta(days=days))
    with pytest.raises(LimitReached):
        promise(world, visitor, FRIDAY + timedelta(days=5))

    assert len(all_rows(world, world.northwind, PaymentPromise)) == 5


def test_who_promised_is_who_was_proven(world: World, visitor: PortalVisitor):
    proven = replace(visitor, proof=Proof.CODE, session_id=3)

    promise(world, proven, write_auth=WriteAuth.CODE, email="ap@vermeer.example")

    [row] = all_rows(world, world.northwind, PaymentPromise)
    assert (row.promised_by, row.session_id) == ("ap@vermeer.example", 3)
    [entry] = [
        each
        for each in all_rows(world, world.northwind, AuditEntry)
        if each.event == "promise_made"
    ]
    assert entry.details["promised_on"] == "2026-03-06"


class TestRefusals:
    def test_a_link_alone_is_not_enough(self, world: World, visitor: PortalVisitor):
        with pytest.raises(VerificationRequired):
            promise(world, visitor, write_auth=WriteAuth.CODE)

        assert all_rows(world, world.northwind, PaymentPromise) == []

    def test_a_preview_promises_nothing(self, world: World, visitor: PortalVisitor):
        with pytest.raises(NotPermitted):
            promise(world, replace(visitor, is_preview=True))

    def test_yesterday_is_too_late(self, world: World, visitor: PortalVisitor):
        with pytest.raises(InvalidInput, match="past"):
            promise(world, visitor, date(2026, 3, 1))

    def test_what_is_paid(self, world: World, visitor: PortalVisitor, invoice_id: int):
        pay(world, world.northwind, invoice_id, "100.00")

        with pytest.raises(Conflict):
            promise(world, visitor)

    def test_another_workspace_s_invoice(self, world: World, visitor: PortalVisitor):
        stranger = replace(visitor, workspace_id=world.kestrel.workspace_id)

        with pytest.raises(NotFound):
            promise(world, stranger)


class TestByPhone:
    def test_staff_note_one(self, world: World, invoice_id: int):
        world.run(
            world.northwind.accounting, note_promise, invoice_id, "2026-03-06", "Ann"
        )

        with world.reading(world.northwind.system) as uow:
            [found] = list_promises(uow, [invoice_id])
        assert found.is_noted
        assert found.promised_by == "Ann"

    def test_a_viewer_may_not(self, world: World, invoice_id: int):
        with pytest.raises(NotPermitted):
            world.run(world.northwind.viewer, note_promise, invoice_id, "2026-03-06")

    def test_not_on_another_workspace_s_invoice(self, world: World, invoice_id: int):
        with pytest.raises(NotFound):
            world.run(world.kestrel.accounting, note_promise, invoice_id, "2026-03-06")
