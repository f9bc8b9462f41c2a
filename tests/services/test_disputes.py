"""Opening, withdrawing and resolving: who may, how much, and what follows."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from itertools import product

import pytest

from billing_app.database.verify import find_broken
from billing_app.domain.actors import PortalVisitor, Proof
from billing_app.domain.errors import (
    Conflict,
    InvalidInput,
    LimitReached,
    NotFound,
    NotPermitted,
)
from billing_app.domain.portal_settings import DisputeMode, PortalSettings, WriteAuth
from billing_app.models import AuditEntry, OutboxMessage, StaffNote
from billing_app.queries.payability import read_payability
from billing_app.services import disputes, invoices
from tests.support.billing import (
    all_rows,
    an_invoice,
    pay,
    read_invoice,
    visitor_of,
)
from tests.support.quarrel import OPEN, decided, dispute, resolve, stored, typed
from tests.support.talk import proven
from tests.support.world import World


@pytest.fixture
def invoice_id(world: World) -> int:
    return an_invoice(world, world.northwind, "100.00")


@pytest.fixture
def visitor(world: World, invoice_id: int) -> PortalVisitor:
    return visitor_of(world, world.northwind, invoice_id)


def disputed(world: World, invoice_id: int) -> int:
    return read_invoice(world, world.northwind, invoice_id).disputed_minor


def topics(world: World) -> list[str]:
    return [row.topic for row in all_rows(world, world.northwind, OutboxMessage)]


def events(world: World) -> list[str]:
    return [entry.event for entry in all_rows(world, world.northwind, AuditEntry)]


class TestOpen:
    def test_keeps_what_was_said_and_stops_asking_for_it(
        self, world: World, invoice_id: int, visitor: PortalVisitor
    ):
        dispute_id = dispute(world, world.northwind, invoice_id, line="1")

        (row,) = stored(world, world.northwind)
        assert row.id == dispute_id
        assert (row.amount_minor, row.line_position) == (3_000, 1)
        assert row.reason == "We only had three pallets."
        assert disputed(world, invoice_id) == 3_000
        assert "dispute_opened" in events(world)
        assert "mail.dispute_opened" in topics(world)

    def test_the_rest_stays_payable(self, world: World, invoice_id: int):
        dispute(world, world.northwind, invoice_id)

        found = world.run(world.northwind.system, read_payability, invoice_id)
        assert found.disputed_minor == 3_000
        assert found.outstanding_minor == 10_000

    def test_without_an_amount_it_is_all_that_is_left(
        self, world: World, invoice_id: int
    ):
        pay(world, world.northwind, invoice_id, "25.00")
        dispute(world, world.northwind, invoice_id, "")

        assert disputed(world, invoice_id) == 7_500

    @pytest.mark.parametrize(
        ("amount", "field"),
        [
            ("100.01", "amount"),
            ("0", "amount"),
            ("-5", "amount"),
            ("10.005", "amount"),
            ("1e5", "amount"),
            ("ten", "amount"),
            ("9" * 400, "amount"),
        ],
    )
    def test_refuses_an_amount_that_is_not_one_of_it(
        self, world: World, invoice_id: int, amount: str, field: str
    ):
        with pytest.raises(InvalidInput) as refusal:
            dispute(world, world.northwind, invoice_id, amount)

        assert refusal.value.field == field
        assert stored(world, world.northwind) == []

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"reason": ""}, "reason"),
            ({"reason": " \n "}, "reason"),
            ({"reason": "x" * 2_001}, "reason"),
            ({"reason": "x" * 100_000}, "reason"),
            ({"line": "2"}, "line"),
            ({"line": "0"}, "line"),
            ({"line": "-1"}, "line"),
            ({"line": "one"}, "line"),
            ({"line": "99999999999999999999"}, "line"),
            ({"request_key": "x"}, None),
            ({"request_key": "' or 1=1 --"}, None),
        ],
    )
    def test_refuses_fields_that_cannot_be_used(
        self, world: World, invoice_id: int, fields: dict[str, str], field: str | None
    ):
        with pytest.raises(InvalidInput) as refusal:
            dispute(world, world.northwind, invoice_id, **fields)

        assert refusal.value.field == field
        assert disputed(world, invoice_id) == 0

    def test_one_is_open_about_the_same_thing(self, world: World, invoice_id: int):
        dispute(world, world.northwind, invoice_id, "10.00")
        dispute(world, world.northwind, invoice_id, "10.00", line="1")

        for line in ("", "1"):
            with pytest.raises(InvalidInput):
                dispute(world, world.northwind, invoice_id, "10.00", line=line)
        assert disputed(world, invoice_id) == 2_000

    def test_the_same_request_is_one_dispute(
        self, world: World, invoice_id: int, visitor: PortalVisitor
    ):
        form = typed()
        opened = [
            world.run(visitor, disputes.open_dispute, invoice_id, form, OPEN, "")
            for _ in range(2)
        ]

        assert opened[0] == opened[1]
        assert len(stored(world, world.northwind)) == 1
        assert topics(world).count("mail.dispute_opened") == 1

    def test_several_never_come_to_more_than_is_left(
        self, world: World, invoice_id: int
    ):
        dispute(world, world.northwind, invoice_id, "60.00")

        with pytest.raises(InvalidInput) as refusal:
            dispute(world, world.northwind, invoice_id, "40.01", line="1")
        assert "40.00" in refusal.value.message

    def test_nothing_is_left_to_dispute_of_a_paid_invoice(
        self, world: World, invoice_id: int
    ):
        pay(world, world.northwind, invoice_id, "100.00")

        with pytest.raises(Conflict):
            dispute(world, world.northwind, invoice_id)

    def test_nor_of_a_void_one(self, world: World, invoice_id: int):
        world.run(world.northwind.admin, invoices.void, invoice_id, "Wrong trip")

        with pytest.raises(Conflict):
            dispute(world, world.northwind, invoice_id)

    def test_nobody_disputes_an_invoice_of_others(
        self, world: World, invoice_id: int, visitor: PortalVisitor
    ):
        same_place = an_invoice(world, world.northwind, "100.00")
        elsewhere = an_invoice(world, world.kestrel, "100.00")

        for other in (same_place, elsewhere, 0, -1, 10**18):
            with pytest.raises(NotFound):
                world.run(visitor, disputes.open_dispute, other, typed(), OPEN, "")
        stranger = visitor_of(world, world.kestrel, elsewhere)
        with pytest.raises(NotFound):
            dispute(world, world.northwind, invoice_id, visitor=stranger)
        for place in world.places:
            assert stored(world, place) == []

    def test_a_preview_and_staff_open_none(
        self, world: World, invoice_id: int, visitor: PortalVisitor
    ):
        for who in (
            replace(visitor, is_preview=True),
            replace(visitor, is_staff=True),
            world.northwind.owner,
            world.northwind.system,
        ):
            with pytest.raises(NotPermitted):
                world.run(who, disputes.open_dispute, invoice_id, typed(), OPEN, "")

    def test_a_program_is_stopped(self, world: World, invoice_id: int):
        visitor = visitor_of(world, world.northwind, invoice_id)
        for _ in range(disputes.OPENED_PER_DAY):
            opened = dispute(world, world.northwind, invoice_id, "1.00")
            world.run(visitor, disputes.withdraw_dispute, opened, OPEN)

        with pytest.raises(LimitReached):
            dispute(world, world.northwind, invoice_id, "1.00")
        world.clock.advance(days=1)
        dispute(world, world.northwind, invoice_id, "1.00")


PROOFS = {
    "link": (Proof.LINK, False, {WriteAuth.LINK}),
    "code": (Proof.CODE, False, {WriteAuth.LINK, WriteAuth.CODE}),
    "code and totp": (
        Proof.CODE,
        True,
        {WriteAuth.LINK, WriteAuth.CODE, WriteAuth.CODE_TOTP},
    ),
    "session": (
        Proof.SESSION,
        False,
        {WriteAuth.LINK, WriteAuth.CODE, WriteAuth.SESSION},
    ),
    "session and totp": (Proof.SESSION, True, set(WriteAuth) - {WriteAuth.OFF}),
}


@pytest.mark.feature("C02")
@pytest.mark.parametrize("place_name", ["northwind", "kestrel"])
@pytest.mark.parametrize("mode", DisputeMode)
def test_every_mode_and_proof(world: World, place_name: str, mode: DisputeMode):
    place = getattr(world, place_name)
    for name, write_auth in product(PROOFS, WriteAuth):
        proof, has_totp, may_write = PROOFS[name]
        invoice_id = an_invoice(world, place, "100.00")
        visitor = visitor_of(world, place, invoice_id)
        if proof > Proof.LINK:
            visitor = proven(world, place, visitor, proof, has_totp=has_totp)
        settings = PortalSettings(disputes=mode, write_auth=write_auth)

        opened = 0
        with contextlib.suppress(NotPermitted):
            opened = dispute(
                world, place, invoice_id, visitor=visitor, settings=settings
            )

        is_allowed = mode == DisputeMode.OPEN and write_auth in may_write
        assert bool(opened) == is_allowed, (name, write_auth)
        assert (read_invoice(world, place, invoice_id).disputed_minor > 0) == is_allowed


class TestWithdraw:
    def test_asks_for_the_amount_again(
        self, world: World, invoice_id: int, visitor: PortalVisitor
    ):
        opened = dispute(world, world.northwind, invoice_id)
        world.run(visitor, disputes.withdraw_dispute, opened, OPEN)

        assert disputed(world, invoice_id) == 0
        assert stored(world, world.northwind)[0].outcome == "withdrawn"
        assert "dispute_withdrawn" in events(world)

    def test_only_once_and_only_their_own(
        self, world: World, invoice_id: int, visitor: PortalVisitor
    ):
        opened = dispute(world, world.northwind, invoice_id)
        other = an_invoice(world, world.northwind, "100.00")
        stranger = visitor_of(world, world.northwind, other)

        with pytest.raises(NotFound):
            world.run(stranger, disputes.withdraw_dispute, opened, OPEN)
        world.run(visitor, disputes.withdraw_dispute, opened, OPEN)
        with pytest.raises(Conflict):
            world.run(visitor, disputes.withdraw_dispute, opened, OPEN)

    def test_needs_what_opening_needs(
        self, world: World, invoice_id: int, visitor: PortalVisitor
    ):
        opened = dispute(world, world.northwind, invoice_id)

        for settings in (
            PortalSettings(disputes=DisputeMode.VIEW, write_auth=WriteAuth.LINK),
            PortalSettings(write_auth=WriteAuth.CODE),
        ):
            with pytest.raises(NotPermitted):
                world.run(visitor, disputes.withdraw_dispute, opened, settings)
        assert disputed(world, invoice_id) == 3_000


class TestResolve:
    def test_it_stands_and_is_asked_for_again(self, world: World, invoice_id: int):
        opened = dispute(world, world.northwind, invoice_id)
        resolve(world, world.northwind, opened)

        (row,) = stored(world, world.northwind)
        assert (row.outcome, row.answer) == ("stands", "We counted again: four.")
        assert row.resolved_by == world.northwind.accounting.member_id
        assert disputed(world, invoice_id) == 0
        assert "mail.dispute_resolved" in topics(world)

    @pytest.mark.feature("F082")
    def test_the_note_is_for_staff_alone(self, world: World, invoice_id: int):
        opened = dispute(world, world.northwind, invoice_id)
        resolve(world, world.northwind, opened, note="CANARY-disposition")

        (note,) = all_rows(world, world.northwind, StaffNote)
        assert (note.dispute_id, note.body) == (opened, "CANARY-disposition")
        kept = [
            *all_rows(world, world.northwind, AuditEntry),
            *all_rows(world, world.northwind, OutboxMessage),
        ]
        assert "CANARY" not in repr(kept)

    def test_void_voids_the_invoice_and_ends_every_dispute(
        self, world: World, invoice_id: int
    ):
        dispute(world, world.northwind, invoice_id, "10.00")
        opened = dispute(world, world.northwind, invoice_id, "20.00", line="1")
        form = decided("void", answer="You are right.")
        world.run(world.northwind.admin, disputes.resolve_dispute, opened, form)

        invoice = read_invoice(world, world.northwind, invoice_id)
        assert (invoice.state, invoice.void_reason) == ("void", "You are right.")
        assert invoice.disputed_minor == 0
        assert {x.outcome for x in stored(world, world.northwind)} == {"void"}
        assert not find_broken(world.runtime.engine, world.clock.now)

    def test_void_is_refused_where_money_came(self, world: World, invoice_id: int):
        pay(world, world.northwind, invoice_id, "10.00")
        opened = dispute(world, world.northwind, invoice_id)

        with pytest.raises(Conflict):
            world.run(
                world.northwind.admin,
                disputes.resolve_dispute,
                opened,
                decided("void"),
            )
        (row,) = stored(world, world.northwind)
        assert row.resolved_at is None
        assert disputed(world, invoice_id) == 3_000
        assert all_rows(world, world.northwind, StaffNote) == []

    @pytest.mark.feature("F082")
    @pytest.mark.parametrize(
        "fields",
        [
            {"outcome": ""},
            {"outcome": "withdrawn"},
            {"outcome": "STANDS"},
            {"answer": ""},
            {"answer": "  "},
            {"answer": "x" * 2_001},
            {"note": ""},
            {"note": "x" * 2_001},
        ],
    )
    def test_refuses_half_an_answer(
        self, world: World, invoice_id: int, fields: dict[str, str]
    ):
        opened = dispute(world, world.northwind, invoice_id)
        form = replace(decided(), **fields)

        with pytest.raises(InvalidInput) as refusal:
            world.run(
                world.northwind.accounting, disputes.resolve_dispute, opened, form
            )
        assert refusal.value.field in fields
        assert disputed(world, invoice_id) == 3_000

    def test_only_those_who_may_and_only_here(self, world: World, invoice_id: int):
        opened = dispute(world, world.northwind, invoice_id)
        visitor = visitor_of(world, world.northwind, invoice_id)

        for who, refusal in (
            (world.northwind.viewer, NotPermitted),
            (visitor, NotPermitted),
            (world.northwind.system, NotPermitted),
            (world.kestrel.owner, NotFound),
        ):
            with pytest.raises(refusal):
                world.run(who, disputes.resolve_dispute, opened, decided())
        assert disputed(world, invoice_id) == 3_000

    @pytest.mark.feature("F064")
    def test_ends_once(self, world: World, invoice_id: int):
        opened = dispute(world, world.northwind, invoice_id)
        resolve(world, world.northwind, opened)

        with pytest.raises(Conflict):
            resolve(world, world.northwind, opened)
        assert topics(world).count("mail.dispute_resolved") == 1


def test_voiding_by_itself_ends_what_is_disputed(world: World, invoice_id: int):
    dispute(world, world.northwind, invoice_id)
    world.run(world.northwind.admin, invoices.void, invoice_id, "Wrong trip")

    (row,) = stored(world, world.northwind)
    assert (row.outcome, row.answer) == ("void", "Wrong trip")
    assert disputed(world, invoice_id) == 0


def test_what_is_paid_meanwhile_is_never_asked_for_twice(world: World, invoice_id: int):
    dispute(world, world.northwind, invoice_id, "30.00")
    pay(world, world.northwind, invoice_id, "100.00")

    found = world.run(world.northwind.system, read_payability, invoice_id)
    assert (found.outstanding_minor, found.disputed_minor) == (0, 3_000)
    assert not found.is_open
    assert not find_broken(world.runtime.engine, world.clock.now)
