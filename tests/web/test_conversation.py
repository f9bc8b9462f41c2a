"""Staff answer, note and remove; diagnostics say what is shut. Through the doors."""

from __future__ import annotations

from typing import Any

import pytest

from billing_app.domain.portal_settings import PaymentMode, WriteAuth
from billing_app.models import Comment, StaffNote, ThreadMark
from billing_app.services import invoices, portal_links
from billing_app.web.staff.conversation_state import ConversationState as State
from billing_app.web.staff.diagnostics_state import DiagnosticsState
from tests.support.billing import all_rows, an_invoice
from tests.support.driver import Driver
from tests.support.quarrel import dispute, resolve
from tests.support.talk import answer, bodies, choose, fill_thread, say
from tests.support.world import World
from tests.web.conftest import Browse


@pytest.fixture
def invoice_id(world: World) -> int:
    return an_invoice(world, world.northwind)


def said(driver: Driver) -> list[str]:
    lines = driver.shown(State, "comments") or []
    return ["".join(part.text for part in line.parts) for line in lines]


class TestThread:
    @pytest.mark.feature("F076")
    async def test_a_customer_s_comment_shows_by_itself_and_is_new(
        self, world: World, invoice_id: int, browse: Browse
    ):
        path = f"/invoices/{invoice_id}"
        async with browse(world.northwind.accounting, path) as driver:
            await driver.watch(State.watch)
            say(world, world.northwind, invoice_id, "When?")
            await driver.until(lambda: said(driver) == ["When?"])

            assert driver.shown(State, "unread") == 1
            assert driver.shown(State, "comments")[0].is_unread
            await driver.press(State.note_read)
            await driver.until(lambda: driver.shown(State, "unread") == 0)

    async def test_that_it_can_be_written_shows_once_the_invoice_is_published(
        self, world: World, browse: Browse
    ):
        place = world.northwind
        hidden = an_invoice(world, place, is_published=False)
        async with browse(place.accounting, f"/invoices/{hidden}") as driver:
            await driver.watch(State.watch)
            await driver.until(lambda: bool(driver.shown(State, "mode_words")))
            assert not driver.shown(State, "can_reply")

            world.run(place.accounting, invoices.publish, hidden)
            await driver.until(lambda: driver.shown(State, "can_reply"))

            assert "Publish" not in driver.shown(State, "mode_words")

    async def test_a_viewer_leaves_it_unread(
        self, world: World, invoice_id: int, browse: Browse
    ):
        say(world, world.northwind, invoice_id)
        path = f"/invoices/{invoice_id}"
        async with browse(world.northwind.viewer, path) as driver:
            await driver.watch(State.watch)
            await driver.until(lambda: driver.shown(State, "unread") == 1)
            await driver.press(State.note_read)
        assert all_rows(world, world.northwind, ThreadMark) == []

        async with browse(world.northwind.accounting, path) as driver:
            await driver.watch(State.watch)
            await driver.until(lambda: said(driver) == ["Hello"])
            assert driver.shown(State, "unread") == 1
            await driver.press(State.note_read)
        (mark,) = all_rows(world, world.northwind, ThreadMark)
        assert mark.read_id

    async def test_a_reply_is_posted_once_and_the_field_starts_anew(
        self, world: World, invoice_id: int, browse: Browse
    ):
        path = f"/invoices/{invoice_id}"
        async with browse(world.northwind.accounting, path) as driver:
            await driver.watch(State.watch)
            await driver.until(lambda: bool(driver.shown(State, "turn")))
            turn = driver.shown(State, "turn")
            await driver.press(State.reply, form={"body": "On Monday.", "about": "1"})

            assert said(driver) == ["On Monday."]
            assert driver.shown(State, "turn") != turn

    @pytest.mark.parametrize("body", ["", "x" * 100_000, None, {"a": 1}])
    async def test_a_refusal_stands_beside_the_field(
        self, world: World, invoice_id: int, browse: Browse, body: Any
    ):
        path = f"/invoices/{invoice_id}"
        async with browse(world.northwind.accounting, path) as driver:
            await driver.watch(State.watch)
            await driver.until(lambda: bool(driver.shown(State, "turn")))
            await driver.press(State.reply, form={"body": body})

            assert driver.shown(State, "reply_error")
        assert bodies(world, world.northwind, invoice_id) == []

    async def test_pages_back_through_ten_thousand(
        self, world: World, invoice_id: int, browse: Browse
    ):
        fill_thread(world, world.northwind, invoice_id, 10_000)
        path = f"/invoices/{invoice_id}"
        async with browse(world.northwind.accounting, path) as driver:
            await driver.watch(State.watch)
            await driver.until(lambda: len(said(driver)) == 50)
            await driver.press(State.show_older)

            assert said(driver)[0] == "Comment 9901"
            assert len(said(driver)) == 100

    async def test_removing_asks_for_a_reason(
        self, world: World, invoice_id: int, browse: Browse
    ):
        spam = say(world, world.northwind, invoice_id, "Buy watches")
        path = f"/invoices/{invoice_id}"
        async with browse(world.northwind.accounting, path) as driver:
            await driver.watch(State.watch)
            await driver.until(lambda: said(driver) == ["Buy watches"])
            await driver.press(State.start_removing, comment_id=spam)
            await driver.press(State.remove, form={"reason": " "})
            assert driver.shown(State, "reason_error")
            await driver.press(State.remove, form={"reason": "Spam"})

        (stored,) = all_rows(world, world.northwind, Comment)
        assert stored.removed_at is not None

    async def test_another_workspace_reads_and_writes_nothing(
        self, world: World, invoice_id: int, browse: Browse
    ):
        comment_id = say(world, world.northwind, invoice_id, "A secret")
        path = f"/invoices/{invoice_id}"
        async with browse(world.kestrel.owner, path) as driver:
            await driver.watch(State.watch)
            await driver.press(State.reply, form={"body": "Hello"})
            await driver.press(State.write_note, form={"note": "Hello"})
            await driver.press(State.start_removing, comment_id=comment_id)
            await driver.press(State.remove, form={"reason": "Mine now"})

            assert "A secret" not in repr(driver.deltas)
        (stored,) = all_rows(world, world.northwind, Comment)
        assert stored.removed_at is None


class TestNotes:
    async def test_stand_beside_the_conversation(
        self, world: World, invoice_id: int, browse: Browse
    ):
        answer(world, world.northwind, invoice_id)
        path = f"/invoices/{invoice_id}"
        async with browse(world.northwind.operations, path) as driver:
            await driver.watch(State.watch)
            await driver.until(lambda: len(said(driver)) == 1)
            await driver.press(State.write_note, form={"note": "Pays late"})

            assert [it.body for it in driver.shown(State, "notes")] == ["Pays late"]
            assert len(said(driver)) == 1
        (note,) = all_rows(world, world.northwind, StaffNote)
        assert note.written_by == world.northwind.operations.member_id


class TestDiagnostics:
    @pytest.mark.feature("C26", "F018", "F078")
    async def test_viewers_read_each_gate_and_change_nothing(
        self, world: World, invoice_id: int, browse: Browse
    ):
        choose(world, world.northwind, write_auth=WriteAuth.CODE)
        path = f"/invoices/{invoice_id}"
        async with browse(world.northwind.viewer, path) as driver:
            await driver.press(DiagnosticsState.check_again)
            blocks = driver.shown(DiagnosticsState, "questions")

        assert [it.words for it in blocks] == [
            "Can open the invoice",
            "Can comment",
            "Can answer a dispute",
            "Can pay online",
        ]
        (shut,) = [it for it in blocks[1].checks if not it.is_passed]
        assert "mailed code" in shut.reason

    async def test_are_shown_unasked_once_something_is_shut_unexpectedly(
        self, world: World, invoice_id: int, browse: Browse
    ):
        choose(world, world.northwind, payment=PaymentMode.INSTRUCTIONS)
        path = f"/invoices/{invoice_id}"
        async with browse(world.northwind.accounting, path) as driver:
            await driver.press(DiagnosticsState.check_again)
            assert not driver.shown(DiagnosticsState, "is_open")
            world.run(world.northwind.accounting, portal_links.revoke_links, invoice_id)
            await driver.press(DiagnosticsState.check_again)

            assert driver.shown(DiagnosticsState, "is_open")
            words = driver.shown(DiagnosticsState, "summary")
            assert words == "Can open the invoice: no"

    async def test_other_workspaces_learn_nothing(
        self, world: World, invoice_id: int, browse: Browse
    ):
        path = f"/invoices/{invoice_id}"
        async with browse(world.kestrel.owner, path) as driver:
            await driver.press(DiagnosticsState.check_again)

            assert driver.shown(DiagnosticsState, "questions") in (None, [])


class TestInADispute:
    @pytest.mark.feature("F079")
    async def test_staff_answer_where_they_were_asked(
        self, world: World, invoice_id: int, browse: Browse
    ):
        about = str(dispute(world, world.northwind, invoice_id))
        path = f"/invoices/{invoice_id}"
        async with browse(world.northwind.accounting, path) as driver:

            def talk() -> Any:
                return (driver.shown(State, "disputes") or {}).get(about)

            await driver.watch(State.watch)
            say(world, world.northwind, invoice_id, "A photo?", dispute=about)
            await driver.until(lambda: bool(talk() and talk().unread == 1))
            assert talk().comments[0].is_unread
            assert driver.shown(State, "about") == f"dispute-{about}"
            turn = driver.shown(State, "turn")
            await driver.press(State.note_dispute_read, dispute_id=int(about))
            await driver.until(lambda: talk().unread == 0)
            form = {"body": "Sent.", "about": f"dispute-{about}"}
            await driver.press(State.reply, form=form)

            assert [it.author for it in talk().comments][-1] != "Ines Vermeer"
            assert len(talk().comments) == 2
            assert driver.shown(State, "turn") != turn
            assert driver.shown(State, "count") in (None, 0)

    async def test_who_writes_about_the_invoice_is_not_moved_to_a_new_dispute(
        self, world: World, invoice_id: int, browse: Browse
    ):
        path = f"/invoices/{invoice_id}"
        async with browse(world.northwind.accounting, path) as driver:
            await driver.watch(State.watch)
            await driver.until(lambda: bool(driver.shown(State, "subjects")))
            about = str(dispute(world, world.northwind, invoice_id))
            await driver.until(lambda: bool(driver.shown(State, "disputes")))
            assert not driver.shown(State, "about")

            await driver.press(State.choose_about, about=f"dispute-{about}")
            assert "in the dispute" in driver.shown(State, "mode_words")
            await driver.press(State.choose_about, about="dispute-999")
            assert not driver.shown(State, "about")

    async def test_over_it_is_only_read(
        self, world: World, invoice_id: int, browse: Browse
    ):
        about = dispute(world, world.northwind, invoice_id)
        resolve(world, world.northwind, about)
        path = f"/invoices/{invoice_id}"
        async with browse(world.northwind.accounting, path) as driver:
            await driver.watch(State.watch)
            await driver.until(lambda: bool(driver.shown(State, "disputes")))
            assert not driver.shown(State, "disputes")[str(about)].can_reply
            assert not driver.shown(State, "about")
            assert "Dispute" not in repr(driver.shown(State, "subjects"))
            happenings = [it.happening for it in driver.shown(State, "comments")]
        assert [it.partition(":")[0] for it in happenings] == [
            "Dispute opened",
            "Dispute ended",
        ]
