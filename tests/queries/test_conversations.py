"""Both sides read one conversation: all of it, in order, each what they may."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from billing_app.domain.actors import PortalVisitor
from billing_app.domain.comment import Side
from billing_app.domain.errors import NotFound
from billing_app.domain.portal_thread import Stretch
from billing_app.queries import conversations, portal_thread
from billing_app.services import conversations as talking
from tests.support.billing import an_invoice, visitor_of
from tests.support.quarrel import dispute
from tests.support.talk import allowing, answer, fill_thread, proven, say, typed
from tests.support.world import World


@pytest.fixture
def invoice_id(world: World) -> int:
    return an_invoice(world, world.northwind)


@pytest.fixture
def visitor(world: World, invoice_id: int) -> PortalVisitor:
    return visitor_of(world, world.northwind, invoice_id)


def own_thread(
    world: World, who: PortalVisitor, invoice_id: int, **asked: int
) -> Stretch:
    """Read the invoice's own conversation as a customer does."""
    return world.run(who, portal_thread.read_threads, invoice_id, **asked).invoice


class TestPortalThread:
    @pytest.mark.feature("F083")
    def test_shows_both_sides_in_order(
        self, world: World, invoice_id: int, visitor: PortalVisitor
    ):
        say(world, world.northwind, invoice_id, "When?", line="1")
        answer(world, world.northwind, invoice_id, "On Monday.")

        thread = own_thread(world, visitor, invoice_id)

        assert [(x.side, x.body) for x in thread.comments] == [
            ("customer", "When?"),
            ("staff", "On Monday."),
        ]
        assert thread.comments[0].line_position == 1
        assert (thread.count, thread.older) == (2, 0)

    def test_removed_comments_are_gone(
        self, world: World, invoice_id: int, visitor: PortalVisitor
    ):
        spam = say(world, world.northwind, invoice_id, "Buy watches")
        say(world, world.northwind, invoice_id, "Hello")
        biller = world.northwind.accounting
        world.run(biller, talking.remove_comment, spam, "Spam")

        thread = own_thread(world, visitor, invoice_id)

        assert [x.body for x in thread.comments] == ["Hello"]
        assert thread.count == 1

    @pytest.mark.feature("F081", "F083")
    def test_staff_notes_are_another_table(
        self, world: World, invoice_id: int, visitor: PortalVisitor
    ):
        biller = world.northwind.accounting
        world.run(biller, talking.write_note, invoice_id, "Between us")

        thread = own_thread(world, visitor, invoice_id)

        assert (thread.comments, thread.count) == ((), 0)

    def test_ten_thousand_come_in_pages_without_gap_or_double(
        self, world: World, invoice_id: int, visitor: PortalVisitor
    ):
        fill_thread(world, world.northwind, invoice_id, 10_000)
        before, pages = 0, []
        for _ in range(3):
            page = own_thread(world, visitor, invoice_id, before=before)
            assert page.count == 10_000
            pages = [*page.comments, *pages]
            before = page.older

        expected = [f"Comment {number}" for number in range(9_851, 10_001)]
        assert [x.body for x in pages] == expected

    def test_whoever_was_away_reads_on_from_what_they_have(
        self, world: World, invoice_id: int, visitor: PortalVisitor
    ):
        fill_thread(world, world.northwind, invoice_id, 60)
        first = own_thread(world, visitor, invoice_id)
        for number in range(3):
            say(world, world.northwind, invoice_id, f"New {number}")

        since = first.comments[0].id
        again = own_thread(world, visitor, invoice_id, since=since)

        assert again.comments[:50] == first.comments
        assert [x.body for x in again.comments[50:]] == ["New 0", "New 1", "New 2"]
        assert again.older == since

    @pytest.mark.parametrize("cursor", [-1, 0, 2**61])
    def test_a_made_up_place_shows_nothing_strange(
        self, world: World, invoice_id: int, visitor: PortalVisitor, cursor: int
    ):
        say(world, world.northwind, invoice_id)

        thread = own_thread(world, visitor, invoice_id, before=cursor)

        assert len(thread.comments) in (0, 1)

    def test_other_invoices_are_not_there(self, world: World, visitor: PortalVisitor):
        others = [
            an_invoice(world, world.northwind),
            an_invoice(world, world.northwind, customer_id=visitor.customer_id),
            an_invoice(world, world.kestrel),
        ]
        for other in others:
            with pytest.raises(NotFound):
                own_thread(world, visitor, other)

    def test_another_invoice_of_the_customer_is_apart(
        self, world: World, invoice_id: int, visitor: PortalVisitor
    ):
        other = an_invoice(world, world.northwind, customer_id=visitor.customer_id)
        say(world, world.northwind, other, "On the other one")
        whole = replace(visitor, invoice_id=None)

        assert own_thread(world, whole, invoice_id).count == 0
        assert own_thread(world, whole, other).count == 1


class TestStaffThread:
    def test_counts_what_nobody_has_read(self, world: World, invoice_id: int):
        biller = world.northwind.accounting
        say(world, world.northwind, invoice_id)
        seen = say(world, world.northwind, invoice_id)
        answer(world, world.northwind, invoice_id)
        thread = world.run(biller, conversations.read_thread, invoice_id)
        assert thread.unread == 2

        world.run(biller, talking.mark_read, invoice_id, seen)

        assert world.run(biller, conversations.read_thread, invoice_id).unread == 0

    def test_keeps_removed_comments_and_addresses(self, world: World, invoice_id: int):
        biller = world.northwind.accounting
        spam = say(world, world.northwind, invoice_id, "Buy watches")
        world.run(biller, talking.remove_comment, spam, "Spam")

        thread = world.run(biller, conversations.read_thread, invoice_id)

        (only,) = thread.comments
        assert (only.body, only.is_removed) == ("Buy watches", True)
        assert only.author_email == "ines@vermeer.example"
        assert (thread.count, thread.unread) == (0, 0)

    def test_pages_backwards(self, world: World, invoice_id: int):
        fill_thread(world, world.northwind, invoice_id, 120)
        viewer = world.northwind.viewer
        newest = world.run(viewer, conversations.read_thread, invoice_id)
        older = world.run(
            viewer, conversations.read_thread, invoice_id, before=newest.older
        )

        assert older.comments[-1].id < newest.comments[0].id
        assert len(older.comments) == len(newest.comments) == 50

    def test_other_workspaces_read_nothing(self, world: World, invoice_id: int):
        say(world, world.northwind, invoice_id)

        with pytest.raises(NotFound):
            world.run(world.kestrel.owner, conversations.read_thread, invoice_id)
        assert (
            world.run(world.kestrel.owner, conversations.list_notes, invoice_id) == ()
        )


class TestFindUnread:
    def test_tells_what_is_new_until_it_is_read_or_mailed(
        self, world: World, invoice_id: int
    ):
        system = world.northwind.system
        first = say(world, world.northwind, invoice_id, "One")
        say(world, world.northwind, invoice_id, "Two")

        def unread() -> tuple[str, ...]:
            found = world.run(system, conversations.find_unread, invoice_id, Side.STAFF)
            return found.bodies if found else ()

        assert unread() == ("One", "Two")
        world.run(world.northwind.accounting, talking.mark_read, invoice_id, first)
        assert unread() == ("Two",)
        world.run(system, talking.mark_mailed, invoice_id, Side.STAFF, first + 1)
        assert unread() == ()

    def test_waits_after_a_mail(self, world: World, invoice_id: int):
        system = world.northwind.system
        first = say(world, world.northwind, invoice_id)
        world.run(system, talking.mark_mailed, invoice_id, Side.STAFF, first)
        say(world, world.northwind, invoice_id)

        found = world.run(system, conversations.find_unread, invoice_id, Side.STAFF)

        assert found is not None
        assert found.wait_until == world.clock.now + timedelta(minutes=15)


class TestAddresses:
    def test_only_confirmed_ones_are_written_to(
        self, world: World, invoice_id: int, visitor: PortalVisitor
    ):
        say(world, world.northwind, invoice_id, email="stranger@else.example")
        who = proven(world, world.northwind, visitor)
        given = allowing(proven_email="ines@vermeer.example")
        world.run(who, talking.post_comment, invoice_id, typed(), given)

        assert world.run(
            world.northwind.system, conversations.list_proven_addresses, invoice_id
        ) == ("ines@vermeer.example",)

    def test_staff_who_take_part_hear_of_it_first(self, world: World, invoice_id: int):
        system = world.northwind.system
        addresses = conversations.list_staff_addresses
        assert world.run(system, addresses, invoice_id) == ("owner@northwind.example",)

        answer(world, world.northwind, invoice_id)

        assert world.run(system, addresses, invoice_id) == (
            "accounting@northwind.example",
        )

    def test_names_of_the_business_are_reserved(self, world: World, invoice_id: int):
        system = world.northwind.system
        names = world.run(system, conversations.read_reserved_names, invoice_id)

        assert "Northwind Charter" in names.business
        assert {"Nora Owner", "Viewer"} <= set(names.members)
        assert "Kestrel Plumbing" not in names.business
        assert names.customer.startswith("Vermeer")


class TestInDisputes:
    @pytest.fixture
    def dispute_id(self, world: World, invoice_id: int) -> int:
        return dispute(world, world.northwind, invoice_id)

    @pytest.mark.feature("F079", "F083")
    def test_each_has_its_own_thread(
        self, world: World, invoice_id: int, visitor: PortalVisitor, dispute_id: int
    ):
        second = dispute(world, world.northwind, invoice_id, "10.00", line="1")
        say(world, world.northwind, invoice_id, "On it all", dispute=str(dispute_id))
        answer(world, world.northwind, invoice_id, "On a line", dispute=str(second))
        say(world, world.northwind, invoice_id, "Besides")

        read = world.run(visitor, portal_thread.read_threads, invoice_id)

        assert [it.body for it in read.invoice.comments] == ["Besides"]
        assert read.invoice.count == 1
        said = {
            place: [it.body for it in stretch.comments]
            for place, stretch in read.in_disputes.items()
        }
        assert said == {dispute_id: ["On it all"], second: ["On a line"]}

    def test_the_newest_of_all_come_first_and_then_the_rest(
        self, world: World, invoice_id: int, visitor: PortalVisitor, dispute_id: int
    ):
        fill_thread(world, world.northwind, invoice_id, 70, dispute_id)

        newest = world.run(visitor, portal_thread.read_threads, invoice_id)
        whole = world.run(
            visitor, portal_thread.read_threads, invoice_id, has_all_of_disputes=True
        )

        some, all_of_it = newest.in_disputes[dispute_id], whole.in_disputes[dispute_id]
        assert (len(some.comments), some.count, some.older) == (50, 70, 1)
        assert some.comments[-1].body == "Comment 70"
        assert (len(all_of_it.comments), all_of_it.older) == (70, 0)

    def test_where_disputes_are_hidden_so_is_what_is_said_in_them(
        self, world: World, invoice_id: int, visitor: PortalVisitor, dispute_id: int
    ):
        say(world, world.northwind, invoice_id, dispute=str(dispute_id))

        read = world.run(
            visitor, portal_thread.read_threads, invoice_id, shows_disputes=False
        )

        assert (read.disputes, read.in_disputes, read.invoice.count) == ((), {}, 0)

    def test_staff_count_what_is_unread_of_each(
        self, world: World, invoice_id: int, dispute_id: int
    ):
        biller = world.northwind.accounting
        first = say(world, world.northwind, invoice_id, dispute=str(dispute_id))
        say(world, world.northwind, invoice_id, dispute=str(dispute_id))
        say(world, world.northwind, invoice_id, "Besides")
        world.run(biller, talking.mark_read, invoice_id, first, dispute_id)

        (it,) = world.run(biller, conversations.read_dispute_threads, invoice_id)
        own = world.run(biller, conversations.read_thread, invoice_id)

        assert (it.thread.count, it.thread.unread) == (2, 1)
        assert (own.count, own.unread) == (1, 1)
        assert [moment.words for moment in it.moments] == [
            "Dispute opened: The whole invoice, €30.00"
        ]
