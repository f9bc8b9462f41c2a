"""The conversation behind the socket: live both ways, each event proven anew."""

from __future__ import annotations

from typing import Any

import pytest

from billing_app import runtime
from billing_app.database.secrets import digest
from billing_app.domain.actors import Proof
from billing_app.domain.cookies import portal_cookie
from billing_app.domain.portal_settings import CommentMode, WriteAuth
from billing_app.models import Comment, ThreadMark
from billing_app.services import conversations, portal_links
from billing_app.web.portal.invoice_state import PortalInvoiceState
from billing_app.web.portal.thread_state import PortalThreadState
from tests.support.billing import all_rows, an_invoice, visitor_of
from tests.support.driver import Driver
from tests.support.quarrel import dispute, resolve
from tests.support.talk import answer, bodies, choose, fill_thread, proven, say
from tests.support.world import World

STATE = PortalThreadState.get_full_name()


@pytest.fixture(autouse=True)
def current(world: World):
    runtime.set_current(world.runtime)
    choose(world, world.northwind, write_auth=WriteAuth.LINK)


@pytest.fixture
def invoice_id(world: World) -> int:
    return an_invoice(world, world.northwind)


@pytest.fixture
def browser(world: World, invoice_id: int) -> Driver:
    return open_page(world, invoice_id)


def open_page(world: World, invoice_id: int, cookie: str = "") -> Driver:
    token = world.run(world.northwind.accounting, portal_links.copy_link, invoice_id)
    return Driver(cookie, f"/p/{token}")


def signed_in(world: World, invoice_id: int) -> str:
    """Return the cookie of a browser that has confirmed a code."""
    place = world.northwind
    visitor = visitor_of(world, place, invoice_id)
    proven(world, place, visitor, Proof.CODE, token_digest=digest("proof"))
    return f"{portal_cookie(False, place.workspace_id)}=proof"


def a_form(**typed: Any) -> dict[str, Any]:
    named = {"name": "Ines Vermeer", "email": "ines@vermeer.example"}
    return {**named, "body": "Hello", "request_key": "request-000001", **typed}


def shown(driver: Driver, name: str) -> Any:
    return driver.shown(PortalThreadState, name)


def said(driver: Driver) -> list[str]:
    lines = [*(shown(driver, "history") or []), *(shown(driver, "recent") or [])]
    return ["".join(part.text for part in line.parts) for line in lines]


class TestWatch:
    @pytest.mark.feature("F076")
    async def test_a_reply_shows_by_itself(
        self, world: World, invoice_id: int, browser: Driver
    ):
        say(world, world.northwind, invoice_id, "When?")
        async with browser as driver:
            await driver.watch(PortalInvoiceState.watch)
            await driver.until(lambda: said(driver) == ["When?"])

            answer(world, world.northwind, invoice_id, "On Monday.")

            await driver.until(lambda: said(driver) == ["When?", "On Monday."])

    async def test_a_removed_comment_leaves_by_itself(
        self, world: World, invoice_id: int, browser: Driver
    ):
        spam = say(world, world.northwind, invoice_id, "Buy watches")
        async with browser as driver:
            await driver.watch(PortalInvoiceState.watch)
            await driver.until(lambda: said(driver) == ["Buy watches"])

            remove = conversations.remove_comment
            world.run(world.northwind.accounting, remove, spam, "Spam")

            await driver.until(lambda: said(driver) == [])

    @pytest.mark.feature("F007")
    async def test_a_revoked_link_closes_it(
        self, world: World, invoice_id: int, browser: Driver
    ):
        say(world, world.northwind, invoice_id, "When?")
        async with browser as driver:
            await driver.watch(PortalInvoiceState.watch)
            await driver.until(lambda: said(driver) == ["When?"])

            world.run(world.northwind.accounting, portal_links.revoke_links, invoice_id)

            await driver.until(lambda: said(driver) == [])
            assert shown(driver, "is_shown") is False

    async def test_old_comments_are_not_sent_again(
        self, world: World, invoice_id: int, browser: Driver
    ):
        fill_thread(world, world.northwind, invoice_id, 120)
        async with browser as driver:
            await driver.watch(PortalInvoiceState.watch)
            await driver.until(lambda: len(said(driver)) == 50)
            await driver.press(PortalThreadState.show_older)
            await driver.until(lambda: len(said(driver)) == 100)
            sent = len(driver.deltas)

            answer(world, world.northwind, invoice_id, "News")

            await driver.until(lambda: said(driver)[-1:] == ["News"])
            assert said(driver)[0] == "Comment 21"
            assert "Comment 21'" not in repr(driver.deltas[sent:])

    async def test_switching_comments_off_hides_them(
        self, world: World, invoice_id: int, browser: Driver
    ):
        say(world, world.northwind, invoice_id, "When?")
        choose(world, world.northwind, comments=CommentMode.OFF)
        async with browser as driver:
            await driver.watch(PortalInvoiceState.watch)
            await driver.until(lambda: shown(driver, "is_loaded") is True)

            assert said(driver) == []


class TestNames:
    @pytest.mark.feature("C25")
    async def test_first_names_until_there_is_proof(
        self, world: World, invoice_id: int
    ):
        say(world, world.northwind, invoice_id, name="Ines Vermeer")
        for cookie, name in (
            ("", "Ines"),
            (signed_in(world, invoice_id), "Ines Vermeer"),
        ):
            async with open_page(world, invoice_id, cookie) as driver:
                await driver.watch(PortalInvoiceState.watch)
                await driver.until(lambda driver=driver: bool(said(driver)))
                assert [x.author for x in shown(driver, "recent")] == [name]
                assert "ines@vermeer.example" not in repr(driver.deltas)


class TestPost:
    async def test_stands_in_the_thread(
        self, world: World, invoice_id: int, browser: Driver
    ):
        async with browser as driver:
            await driver.press(PortalThreadState.post, form=a_form(body="When?"))

            assert said(driver) == ["When?"]
            assert shown(driver, "posted") == "request-000001"
        assert bodies(world, world.northwind, invoice_id) == ["When?"]

    async def test_pressed_twice_is_one_comment(
        self, world: World, invoice_id: int, browser: Driver
    ):
        async with browser as driver:
            for _ in range(2):
                await driver.press(PortalThreadState.post, form=a_form())

        assert len(bodies(world, world.northwind, invoice_id)) == 1

    @pytest.mark.parametrize(
        ("typed", "field"),
        [
            ({"body": ""}, "body"),
            ({"body": "x" * 100_000}, "body"),
            ({"body": {"a": "b"}, "name": []}, "body"),
            ({"name": []}, "name"),
            ({"name": "Nora Owner"}, "name"),
            ({"name": "NORTHWIND CHARTER"}, "name"),
            ({"email": "nobody"}, "email"),
            ({"line": "7"}, "line"),
            ({"request_key": ""}, "form"),
        ],
    )
    async def test_says_beside_the_field_what_is_wrong(
        self,
        world: World,
        invoice_id: int,
        browser: Driver,
        typed: dict[str, Any],
        field: str,
    ):
        async with browser as driver:
            await driver.press(PortalThreadState.post, form=a_form(**typed))

            assert list(shown(driver, "errors")) == [field]
        assert bodies(world, world.northwind, invoice_id) == []

    @pytest.mark.feature("F078")
    async def test_names_the_missing_proof_and_the_way_to_it(
        self, world: World, invoice_id: int, browser: Driver
    ):
        choose(world, world.northwind, write_auth=WriteAuth.CODE)
        async with browser as driver:
            await driver.press(PortalThreadState.post, form=a_form())

            assert "email" in shown(driver, "errors")["form"]
            composer = shown(driver, "composer")
            assert composer.is_open
            assert composer.is_gated
            assert composer.gate_href.endswith("/verify")
            assert composer.email == ""
        assert bodies(world, world.northwind, invoice_id) == []

    async def test_who_wrote_nothing_is_told_that_before_the_missing_proof(
        self, world: World, browser: Driver
    ):
        choose(world, world.northwind, write_auth=WriteAuth.CODE)
        async with browser as driver:
            await driver.press(PortalThreadState.post, form=a_form(body=" "))

            assert shown(driver, "errors") == {"body": "Write a message first."}

    async def test_a_confirmed_address_opens_it_and_marks_the_author(
        self, world: World, invoice_id: int
    ):
        choose(world, world.northwind, write_auth=WriteAuth.CODE)
        cookie = signed_in(world, invoice_id)
        async with open_page(world, invoice_id, cookie) as driver:
            await driver.press(PortalThreadState.post, form=a_form(email="x@y.example"))

            assert shown(driver, "recent")[0].is_verified
            assert shown(driver, "composer").email == "ap@vermeer.example"
        (stored,) = all_rows(world, world.northwind, Comment)
        assert stored.author_email == "ap@vermeer.example"

    async def test_a_cookie_of_another_business_proves_nothing(
        self, world: World, invoice_id: int
    ):
        choose(world, world.northwind, write_auth=WriteAuth.CODE)
        other = an_invoice(world, world.kestrel)
        visitor = visitor_of(world, world.kestrel, other)
        proven(world, world.kestrel, visitor, token_digest=digest("elsewhere"))
        cookie = f"{portal_cookie(False, 1)}=elsewhere"
        async with open_page(world, invoice_id, cookie) as driver:
            await driver.press(PortalThreadState.post, form=a_form())

        assert bodies(world, world.northwind, invoice_id) == []

    @pytest.mark.parametrize(
        "cookie",
        [
            "{name}=made-up",
            "{name}=",
            "{name}=proof; {name}=made-up; tallyport=proof",
            "tallyport=proof",
            "{name}=proof%00",
            "{name}=" + "x" * 100_000,
            "__Host-{name}=proof",
        ],
        ids=lambda x: x[:24],
    )
    async def test_a_forged_cookie_proves_nothing(
        self, world: World, invoice_id: int, cookie: str
    ):
        """Not even beside the right value under another business's name."""
        choose(world, world.northwind, write_auth=WriteAuth.CODE)
        other = visitor_of(world, world.kestrel, an_invoice(world, world.kestrel))
        proven(world, world.kestrel, other, token_digest=digest("proof"))
        name = portal_cookie(False, world.northwind.workspace_id)
        async with open_page(world, invoice_id, cookie.format(name=name)) as driver:
            await driver.press(PortalThreadState.post, form=a_form())

            assert shown(driver, "errors")["form"]
        assert bodies(world, world.northwind, invoice_id) == []

    async def test_a_forged_address_writes_nowhere(self, world: World, invoice_id: int):
        for path in ("/p/forged", f"/account/northwind/{invoice_id}", "/p/", "/"):
            async with Driver("", path) as driver:
                await driver.press(PortalThreadState.post, form=a_form())

        assert bodies(world, world.northwind, invoice_id) == []


class TestNoteRead:
    async def test_writes_down_what_stood_on_the_page(
        self, world: World, invoice_id: int, browser: Driver
    ):
        reply = answer(world, world.northwind, invoice_id)
        async with browser as driver:
            await driver.press(PortalThreadState.refresh)
            await driver.press(PortalThreadState.note_read)

        (mark,) = all_rows(world, world.northwind, ThreadMark)
        assert (mark.side, mark.read_id) == ("customer", reply)


class TestInADispute:
    @pytest.mark.feature("F079")
    async def test_both_sides_talk_in_it(
        self, world: World, invoice_id: int, browser: Driver
    ):
        about = str(dispute(world, world.northwind, invoice_id))

        def said_there() -> list[str]:
            thread = (shown(browser, "disputes") or {}).get(about)
            return [line.parts[0].text for line in thread.comments] if thread else []

        async with browser as driver:
            await driver.watch(PortalInvoiceState.watch)
            await driver.until(lambda: about in (shown(driver, "disputes") or {}))
            await driver.press(
                PortalThreadState.post, form=a_form(body="A photo?", dispute=about)
            )
            assert said_there() == ["A photo?"]

            answer(world, world.northwind, invoice_id, "Sent.", dispute=about)
            await driver.until(lambda: said_there() == ["A photo?", "Sent."])
            assert said(driver) == [""], "only the line about the dispute"

            resolve(world, world.northwind, int(about))
            await driver.until(
                lambda: not shown(driver, "disputes")[about].composer.is_open
            )

    async def test_what_is_wrong_stands_in_its_own_form(
        self, world: World, invoice_id: int, browser: Driver
    ):
        about = str(dispute(world, world.northwind, invoice_id))
        async with browser as driver:
            form = a_form(body="", dispute=about)
            await driver.press(PortalThreadState.post, form=form)

            assert list(shown(driver, "errors")) == [f"{about}body"]

    async def test_the_answer_is_marked_as_read(
        self, world: World, invoice_id: int, browser: Driver
    ):
        about = dispute(world, world.northwind, invoice_id)
        reply = answer(world, world.northwind, invoice_id, dispute=str(about))
        async with browser as driver:
            await driver.watch(PortalInvoiceState.watch)
            await driver.until(lambda: bool(shown(driver, "newest")))
            await driver.press(PortalThreadState.note_read)

        (mark,) = all_rows(world, world.northwind, ThreadMark)
        assert (mark.side, mark.dispute_id, mark.read_id) == ("customer", about, reply)
