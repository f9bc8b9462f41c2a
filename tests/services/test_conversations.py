"""Posting, answering, removing and noting: who may, how often, and what follows."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest

from billing_app.domain.actors import PortalVisitor, Proof, Role
from billing_app.domain.errors import (
    BillingError,
    Conflict,
    InvalidInput,
    LimitReached,
    NotFound,
    NotPermitted,
)
from billing_app.domain.portal_settings import (
    CommentMode,
    DisputeMode,
    PortalSettings,
    WriteAuth,
)
from billing_app.models import AuditEntry, Comment, OutboxMessage, StaffNote, ThreadMark
from billing_app.services import conversations
from tests.support.billing import all_rows, an_invoice, visitor_of
from tests.support.quarrel import dispute, resolve
from tests.support.talk import (
    OPEN,
    allowing,
    answer,
    bodies,
    choose,
    proven,
    say,
    typed,
)
from tests.support.world import World


@pytest.fixture
def invoice_id(world: World) -> int:
    return an_invoice(world, world.northwind)


@pytest.fixture
def visitor(world: World, invoice_id: int) -> PortalVisitor:
    return visitor_of(world, world.northwind, invoice_id)


def events(world: World) -> list[str]:
    return [entry.event for entry in all_rows(world, world.northwind, AuditEntry)]


def mails(world: World) -> list[OutboxMessage]:
    rows = all_rows(world, world.northwind, OutboxMessage)
    return [row for row in rows if row.topic == "mail.comment"]


class TestPostComment:
    def test_stores_what_was_said_and_by_whom(
        self, world: World, invoice_id: int, visitor: PortalVisitor
    ):
        form = typed("<b>Why</b>\nso much?", line="1")
        comment_id = world.run(
            visitor, conversations.post_comment, invoice_id, form, allowing()
        )

        (stored,) = all_rows(world, world.northwind, Comment)
        assert stored.id == comment_id
        assert (stored.side, stored.author_name) == ("customer", "Ines Vermeer")
        assert stored.body == "<b>Why</b>\nso much?"
        assert stored.line_position == 1
        assert (stored.link_id, stored.session_id) == (visitor.link_id, None)
        assert not stored.is_verified

    def test_is_on_record_without_its_words(self, world: World, invoice_id: int):
        say(world, world.northwind, invoice_id, "A word nobody logs")

        entry = all_rows(world, world.northwind, AuditEntry)[-1]
        assert entry.event == "comment_posted"
        assert entry.actor.startswith("link:")
        assert "nobody logs" not in str(entry.details)

    @pytest.mark.feature("C03", "F072", "F073")
    @pytest.mark.parametrize(
        ("proof", "has_totp", "may_write"),
        [
            (Proof.LINK, False, {WriteAuth.LINK}),
            (Proof.CODE, False, {WriteAuth.LINK, WriteAuth.CODE}),
            (
                Proof.SESSION,
                False,
                {WriteAuth.LINK, WriteAuth.CODE, WriteAuth.SESSION},
            ),
            (Proof.CODE, True, {WriteAuth.LINK, WriteAuth.CODE, WriteAuth.CODE_TOTP}),
            (Proof.SESSION, True, set(WriteAuth) - {WriteAuth.OFF}),
        ],
    )
    @pytest.mark.parametrize("write_auth", WriteAuth)
    def test_asks_for_the_proof_that_the_invoice_asks_for(
        self,
        world: World,
        invoice_id: int,
        visitor: PortalVisitor,
        proof: Proof,
        has_totp: bool,
        may_write: set[WriteAuth],
        write_auth: WriteAuth,
    ):
        who = visitor
        if proof > Proof.LINK:
            who = proven(world, world.northwind, visitor, proof, has_totp=has_totp)
        given = allowing(PortalSettings(write_auth=write_auth))
        with contextlib.suppress(NotPermitted):
            world.run(who, conversations.post_comment, invoice_id, typed(), given)

        posted = len(all_rows(world, world.northwind, Comment)) == 1
        assert posted == (write_auth in may_write)

    @pytest.mark.feature("C03", "F071")
    @pytest.mark.parametrize("mode", [CommentMode.OFF, CommentMode.READ])
    def test_writes_nothing_where_comments_are_off(
        self, world: World, invoice_id: int, visitor: PortalVisitor, mode: CommentMode
    ):
        given = allowing(PortalSettings(comments=mode, write_auth=WriteAuth.LINK))

        with pytest.raises(NotPermitted):
            world.run(visitor, conversations.post_comment, invoice_id, typed(), given)
        assert all_rows(world, world.northwind, Comment) == []

    def test_the_same_request_is_one_comment(
        self, world: World, invoice_id: int, visitor: PortalVisitor
    ):
        form = typed("Once")
        first, second = (
            world.run(visitor, conversations.post_comment, invoice_id, form, allowing())
            for _ in range(2)
        )

        assert first == second
        assert bodies(world, world.northwind, invoice_id) == ["Once"]
        assert events(world).count("comment_posted") == 1

    @pytest.mark.parametrize(
        "key", ["", "short", "x" * 65, "has space in it", "ключ-ключ"]
    )
    def test_refuses_a_key_that_no_page_makes(
        self, world: World, invoice_id: int, visitor: PortalVisitor, key: str
    ):
        form = typed(request_key=key)
        with pytest.raises(InvalidInput):
            world.run(visitor, conversations.post_comment, invoice_id, form, allowing())

    def test_nobody_writes_on_an_invoice_of_others(
        self, world: World, visitor: PortalVisitor
    ):
        others = [
            an_invoice(world, world.northwind),
            an_invoice(world, world.northwind, customer_id=visitor.customer_id),
            an_invoice(world, world.kestrel),
            999_999,
        ]
        for other in others:
            with pytest.raises(NotFound):
                world.run(
                    visitor, conversations.post_comment, other, typed(), allowing()
                )
        assert all_rows(world, world.northwind, Comment) == []
        assert all_rows(world, world.kestrel, Comment) == []

    def test_a_whole_customer_link_writes_on_its_own_invoices_only(
        self, world: World, invoice_id: int, visitor: PortalVisitor
    ):
        whole = replace(visitor, invoice_id=None)
        world.run(whole, conversations.post_comment, invoice_id, typed(), allowing())

        other = an_invoice(world, world.northwind)
        with pytest.raises(NotFound):
            world.run(whole, conversations.post_comment, other, typed(), allowing())

    def test_a_verified_author_is_marked_with_the_proven_address(
        self, world: World, invoice_id: int, visitor: PortalVisitor
    ):
        who = proven(world, world.northwind, visitor)
        given = allowing(proven_email="ap@vermeer.example")
        form = typed(email="someone@else.example")
        world.run(who, conversations.post_comment, invoice_id, form, given)

        (stored,) = all_rows(world, world.northwind, Comment)
        assert stored.is_verified
        assert stored.author_email == "ap@vermeer.example"

    def test_nobody_takes_a_reserved_name(
        self, world: World, invoice_id: int, visitor: PortalVisitor
    ):
        given = allowing(PortalSettings(write_auth=WriteAuth.LINK), "Nora Owner")
        form = typed(name="Nоra Owner")

        with pytest.raises(InvalidInput):
            world.run(visitor, conversations.post_comment, invoice_id, form, given)

    def test_a_flood_stops_and_an_hour_later_goes_on(
        self, world: World, invoice_id: int
    ):
        for _ in range(6):
            say(world, world.northwind, invoice_id)
        with pytest.raises(LimitReached):
            say(world, world.northwind, invoice_id)

        world.clock.advance(minutes=1)
        say(world, world.northwind, invoice_id)

    def test_a_flood_under_a_wrong_clock_holds_nobody_up(
        self, world: World, invoice_id: int
    ):
        """A year ahead, and back: what was written then counts for then."""
        world.clock.advance(days=365)
        for _ in range(6):
            say(world, world.northwind, invoice_id, "Early")
        world.clock.advance(days=-365)

        say(world, world.northwind, invoice_id, "Late")

        assert bodies(world, world.northwind, invoice_id) == [*6 * ["Early"], "Late"]

    def test_a_flood_by_link_leaves_room_for_the_verified_customer(
        self, world: World, invoice_id: int, visitor: PortalVisitor
    ):
        for _ in range(6):
            say(world, world.northwind, invoice_id)
        who = proven(world, world.northwind, visitor)

        world.run(who, conversations.post_comment, invoice_id, typed(), allowing())

    @pytest.mark.feature("F017")
    def test_a_preview_writes_nothing(
        self, world: World, invoice_id: int, visitor: PortalVisitor
    ):
        preview = replace(visitor, is_staff=True, is_preview=True)
        with pytest.raises(NotPermitted):
            world.run(
                preview, conversations.post_comment, invoice_id, typed(), allowing()
            )

    def test_a_burst_promises_one_mail(self, world: World, invoice_id: int):
        for _ in range(3):
            say(world, world.northwind, invoice_id)
        answer(world, world.northwind, invoice_id)

        assert [mail.details["reader"] for mail in mails(world)] == [
            "staff",
            "customer",
        ]


class TestPostReply:
    def test_stands_under_the_member_s_name(self, world: World, invoice_id: int):
        answer(world, world.northwind, invoice_id, "Done.", name="Somebody Else")

        (stored,) = all_rows(world, world.northwind, Comment)
        assert (stored.side, stored.author_name) == ("staff", "Accounting")
        assert stored.member_id == world.northwind.accounting.member_id
        assert stored.author_email == ""

    def test_the_same_request_is_one_reply(self, world: World, invoice_id: int):
        first, second = (
            answer(world, world.northwind, invoice_id, request_key="same-request")
            for _ in range(2)
        )

        assert first == second

    @pytest.mark.parametrize("role", Role)
    def test_viewers_read_only(self, world: World, invoice_id: int, role: Role):
        member = world.northwind.member(role)
        if role == Role.VIEWER:
            with pytest.raises(NotPermitted):
                world.run(member, conversations.post_reply, invoice_id, typed())
        else:
            world.run(member, conversations.post_reply, invoice_id, typed())

    def test_other_workspaces_are_not_there(self, world: World, invoice_id: int):
        with pytest.raises(NotFound):
            answer(world, world.kestrel, invoice_id)

    def test_is_refused_where_nobody_could_read_it(self, world: World, invoice_id: int):
        unpublished = an_invoice(world, world.northwind, is_published=False)
        with pytest.raises(Conflict):
            answer(world, world.northwind, unpublished)

        choose(world, world.northwind, comments=CommentMode.OFF)
        with pytest.raises(Conflict):
            answer(world, world.northwind, invoice_id)
        assert all_rows(world, world.northwind, Comment) == []


class TestRemoveComment:
    def test_stays_on_record_with_its_reason(self, world: World, invoice_id: int):
        comment_id = say(world, world.northwind, invoice_id, "Buy watches")

        remove = conversations.remove_comment
        world.run(world.northwind.accounting, remove, comment_id, "Spam")
        world.run(world.northwind.accounting, remove, comment_id, "Spam again")

        (stored,) = all_rows(world, world.northwind, Comment)
        assert (stored.body, stored.removed_at) == ("Buy watches", world.clock.now)
        removed = [
            entry
            for entry in all_rows(world, world.northwind, AuditEntry)
            if entry.event == "comment_removed"
        ]
        assert [entry.details["reason"] for entry in removed] == ["Spam"]

    def test_asks_for_a_reason_and_the_right_workspace(
        self, world: World, invoice_id: int
    ):
        comment_id = say(world, world.northwind, invoice_id)
        for place, reason, refusal in (
            (world.northwind, "  ", InvalidInput),
            (world.kestrel, "Spam", NotFound),
        ):
            with pytest.raises(refusal):
                world.run(
                    place.accounting, conversations.remove_comment, comment_id, reason
                )
        viewer = world.northwind.viewer
        with pytest.raises(NotPermitted):
            world.run(viewer, conversations.remove_comment, comment_id, "Spam")

    def test_its_request_may_come_again(
        self, world: World, invoice_id: int, visitor: PortalVisitor
    ):
        form = typed()
        post = conversations.post_comment
        first = world.run(visitor, post, invoice_id, form, allowing())
        biller = world.northwind.accounting
        world.run(biller, conversations.remove_comment, first, "Wrong invoice")

        assert world.run(visitor, post, invoice_id, form, allowing()) != first


class TestWriteNote:
    def test_is_kept_apart_from_comments(self, world: World, invoice_id: int):
        biller = world.northwind.operations
        world.run(biller, conversations.write_note, invoice_id, "Pays late, call Ines")

        (note,) = all_rows(world, world.northwind, StaffNote)
        assert (note.body, note.written_by) == (
            "Pays late, call Ines",
            biller.member_id,
        )
        assert all_rows(world, world.northwind, Comment) == []
        assert events(world)[-1] == "staff_note_written"

    def test_no_visitor_and_no_viewer_writes_one(
        self, world: World, invoice_id: int, visitor: PortalVisitor
    ):
        for actor in (visitor, world.northwind.viewer):
            with pytest.raises(BillingError):
                world.run(actor, conversations.write_note, invoice_id, "x")


class TestMarks:
    def test_never_move_back(self, world: World, invoice_id: int):
        for seen in (5, 3):
            world.run(
                world.northwind.accounting, conversations.mark_read, invoice_id, seen
            )

        (mark,) = all_rows(world, world.northwind, ThreadMark)
        assert (mark.side, mark.read_id) == ("staff", 5)


class TestInADispute:
    @pytest.fixture
    def dispute_id(self, world: World, invoice_id: int) -> int:
        return dispute(world, world.northwind, invoice_id)

    @pytest.mark.feature("F079")
    def test_is_said_there_and_not_on_the_invoice(
        self, world: World, invoice_id: int, dispute_id: int
    ):
        say(world, world.northwind, invoice_id, "A photo?", dispute=str(dispute_id))
        answer(world, world.northwind, invoice_id, "Sent.", dispute=str(dispute_id))
        say(world, world.northwind, invoice_id, "By the way")

        stored = all_rows(world, world.northwind, Comment)
        assert [it.dispute_id for it in stored] == [dispute_id, dispute_id, None]
        assert [it.side for it in stored] == ["customer", "staff", "customer"]

    def test_needs_neither_open_comments_nor_a_line(
        self, world: World, invoice_id: int, visitor: PortalVisitor, dispute_id: int
    ):
        settings = PortalSettings(comments=CommentMode.OFF, write_auth=WriteAuth.LINK)
        form = typed(dispute=str(dispute_id), line="1")
        world.run(
            visitor, conversations.post_comment, invoice_id, form, allowing(settings)
        )

        (stored,) = all_rows(world, world.northwind, Comment)
        assert stored.line_position is None

    @pytest.mark.parametrize(
        "settings",
        [
            PortalSettings(disputes=DisputeMode.OFF, write_auth=WriteAuth.LINK),
            PortalSettings(disputes=DisputeMode.VIEW, write_auth=WriteAuth.LINK),
            PortalSettings(write_auth=WriteAuth.OFF),
            PortalSettings(write_auth=WriteAuth.CODE),
            PortalSettings(write_auth=WriteAuth.CODE_TOTP),
        ],
    )
    def test_whoever_holds_only_the_link_writes_where_that_is_enough(
        self,
        world: World,
        invoice_id: int,
        visitor: PortalVisitor,
        dispute_id: int,
        settings: PortalSettings,
    ):
        form, given = typed(dispute=str(dispute_id)), allowing(settings)
        with pytest.raises(NotPermitted):
            world.run(visitor, conversations.post_comment, invoice_id, form, given)

        assert all_rows(world, world.northwind, Comment) == []

    def test_neither_staff_nor_a_preview_write_as_the_customer(
        self, world: World, invoice_id: int, visitor: PortalVisitor, dispute_id: int
    ):
        form = typed(dispute=str(dispute_id))
        for who in (
            replace(visitor, is_staff=True),
            replace(visitor, is_preview=True),
        ):
            with pytest.raises(NotPermitted):
                world.run(who, conversations.post_comment, invoice_id, form, allowing())

    @pytest.mark.feature("F011")
    def test_one_of_another_invoice_is_not_there(
        self, world: World, invoice_id: int, visitor: PortalVisitor
    ):
        """Not one of the same customer, not a stranger's, not a made-up one."""
        other = an_invoice(world, world.northwind)
        stranger = an_invoice(world, world.kestrel)
        ids = [
            dispute(world, world.northwind, other),
            dispute(world, world.kestrel, stranger),
            2**40,
        ]
        for number in (*map(str, ids), "-1", "0", "1.0", "１", "x" * 50):
            form = typed(dispute=number)
            with pytest.raises(NotFound):
                world.run(
                    visitor, conversations.post_comment, invoice_id, form, allowing()
                )
            with pytest.raises(NotFound):
                answer(world, world.northwind, invoice_id, dispute=number)

        assert all_rows(world, world.northwind, Comment) == []

    def test_a_name_of_staff_is_refused(
        self, world: World, invoice_id: int, visitor: PortalVisitor, dispute_id: int
    ):
        form = typed(dispute=str(dispute_id), name="Northwind  Billing")
        with pytest.raises(InvalidInput):
            world.run(
                visitor,
                conversations.post_comment,
                invoice_id,
                form,
                allowing(OPEN, "Northwind"),
            )

    def test_nothing_is_added_once_it_is_over(
        self, world: World, invoice_id: int, dispute_id: int
    ):
        resolve(world, world.northwind, dispute_id)
        for add in (say, answer):
            with pytest.raises(Conflict):
                add(world, world.northwind, invoice_id, dispute=str(dispute_id))

    def test_staff_do_not_answer_where_nobody_could_read_it(
        self, world: World, invoice_id: int, dispute_id: int
    ):
        choose(world, world.northwind, disputes=DisputeMode.OFF)

        with pytest.raises(Conflict):
            answer(world, world.northwind, invoice_id, dispute=str(dispute_id))

    def test_is_read_and_mailed_about_apart(
        self, world: World, invoice_id: int, dispute_id: int
    ):
        in_dispute = say(world, world.northwind, invoice_id, dispute=str(dispute_id))
        own = say(world, world.northwind, invoice_id)
        biller = world.northwind.accounting
        world.run(biller, conversations.mark_read, invoice_id, own)
        world.run(biller, conversations.mark_read, invoice_id, in_dispute, dispute_id)

        marks = all_rows(world, world.northwind, ThreadMark)
        assert {it.dispute_id: it.read_id for it in marks} == {
            0: own,
            dispute_id: in_dispute,
        }
        assert sorted(it.details["dispute_id"] for it in mails(world)) == [
            0,
            dispute_id,
        ]

    def test_a_made_up_one_is_not_marked_as_read(self, world: World, invoice_id: int):
        other = an_invoice(world, world.northwind)
        theirs = dispute(world, world.northwind, other)
        with pytest.raises(NotFound):
            world.run(
                world.northwind.accounting,
                conversations.mark_read,
                invoice_id,
                1,
                theirs,
            )
