"""The builder for everybody, through the whole pipeline but the browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from billing_app import runtime
from billing_app.domain.guest_invoice import LINES_MAX, PATH, GuestForm
from billing_app.web.doors import NOTICES_MAX
from billing_app.web.staff.guest_invoice_state import FIELDS
from billing_app.web.staff.guest_invoice_state import GuestInvoiceState as State
from billing_app.web.staff.invoice_editor_lines import EditorLinesState
from billing_app.workflows import guest_invoices
from tests.support.driver import Driver
from tests.support.guest import FORM, LINES, a_guest, welcoming
from tests.support.world import World
from tests.web.test_gate import sign_in


@pytest.fixture
def opened(world: World) -> World:
    return welcoming(world)


@pytest.fixture
def token(opened: World) -> str:
    return a_guest(opened)


@pytest.fixture
async def page(token: str) -> AsyncIterator[Driver]:
    async with Driver(f"tallyport-guest={token}", PATH) as driver:
        await driver.press(State.open)
        yield driver


def kept(world: World, token: str) -> GuestForm:
    return guest_invoices.open_guest(world.runtime, token).form


def told(driver: Driver) -> str:
    return " ".join(notice.words for notice in driver.shown(State, "notices") or [])


async def type_texts(driver: Driver, texts: dict[str, str], number: int = 7) -> None:
    draft = driver.shown(State, "draft")
    await driver.press(State.take_typed, draft=draft, texts=texts, number=number)


def test_no_field_belongs_to_a_workspace():
    assert not FIELDS & {"customer_id", "own", "lines", "tax_rate", "work"}


class TestOpening:
    async def test_shows_what_was_kept(self, page: Driver):
        assert page.shown(State, "form")["seller_name"] == "Fern & Field"
        assert page.shown(State, "total") == "€141.00"
        assert "Vermeer Optics" in page.shown(State, "preview")

    async def test_a_new_one_shows_an_example(self, opened: World):
        token = guest_invoices.begin(opened.runtime, "::1")
        async with Driver(f"tallyport-guest={token}", PATH) as page:
            await page.press(State.open)

            assert page.shown(State, "is_example")
            assert page.shown(State, "total") == "€0.00"
            assert not page.shown(State, "form")["seller_name"]

    @pytest.mark.parametrize("may", [True, False])
    async def test_names_the_workspace_signed_in_to(
        self, opened: World, token: str, may: bool
    ):
        place = opened.northwind
        member = place.owner if may else place.viewer
        cookie = sign_in(opened, member.member_id)
        async with Driver(f"tallyport-guest={token}; {cookie}", PATH) as page:
            await page.press(State.open)

        assert page.shown(State, "workspace") == "Northwind Charter"
        assert bool(page.shown(State, "may_take")) == may

    @pytest.mark.parametrize("cookie", ["", "tallyport-guest=made.up"])
    async def test_without_its_cookie_it_says_so(self, opened: World, cookie: str):
        async with Driver(cookie, PATH) as page:
            await page.press(State.open)

            assert page.shown(State, "lacks_cookie")
            assert not page.shown(State, "is_ready")

    async def test_nothing_answers_where_it_is_off(self, world: World, token: str):
        runtime.set_current(world.runtime)
        async with Driver(f"tallyport-guest={token}", PATH) as page:
            await page.press(State.open)

            assert not page.shown(State, "is_ready")
            assert "Vermeer" not in str(page.deltas)


class TestTyping:
    async def test_an_empty_date_says_what_is_printed(self, page: Driver):
        await type_texts(page, {"issued_on": "", "due_on": ""})
        assert page.shown(State, "issued_hint") == "Today, 2 Mar 2026"
        assert page.shown(State, "due_hint") == "1 Apr 2026, 30 days"

        await type_texts(page, {"issued_on": "2026-03-05"}, 8)

        assert page.shown(State, "issued_hint") == ""
        assert page.shown(State, "due_hint") == "4 Apr 2026, 30 days"

    @pytest.mark.feature("F063")
    async def test_is_added_up_and_kept(self, opened: World, token: str, page: Driver):
        await type_texts(page, {"line:b:unit_price": "30", "number": "9"})
        await page.until(lambda: page.shown(State, "saved") == 7)

        assert page.shown(State, "total") == "€151.00"
        assert kept(opened, token).number == "9"
        assert kept(opened, token).draft.lines[1].unit_price == "30"

    async def test_into_another_invoice_stays_there(self, page: Driver):
        await page.press(State.take_typed, draft=1, texts={"number": "9"}, number=7)

        assert page.shown(State, "heard") == 0

    async def test_of_no_field_is_left_out(
        self, opened: World, token: str, page: Driver
    ):
        odd = {"customer_id": "1", "own:a": "b", "language": "xx", "draft": "x"}
        await type_texts(page, {**odd, "line:zz:name": "x", "number": "1"})
        await page.press(State.keep)

        assert kept(opened, token) == replace(FORM, number="1")

    @pytest.mark.parametrize("length", [70_000, 150_000])
    async def test_too_much_is_refused_and_nothing_is_lost(
        self, opened: World, token: str, page: Driver, length: int
    ):
        await type_texts(page, {"notes": "x" * length})
        await type_texts(page, {"number": "9"}, number=8)
        await page.press(State.keep)

        assert "Make it shorter" in told(page)
        assert page.shown(State, "saved_words") == "Not kept"
        assert page.shown(State, "saved") == 0
        assert kept(opened, token) == FORM

    async def test_after_too_much_a_shorter_text_is_kept(
        self, opened: World, token: str, page: Driver
    ):
        await type_texts(page, {"notes": "x" * 70_000})
        await type_texts(page, {"notes": "Thanks"}, number=8)
        await page.press(State.keep)

        assert page.shown(State, "saved") == 8
        assert kept(opened, token).draft.notes == "Thanks"

    async def test_what_the_browser_kept_is_taken(
        self, opened: World, token: str, page: Driver
    ):
        mine = {
            "draft": page.shown(State, "draft"),
            "version": 1,
            "number": 5,
            "texts": {"buyer_name": "Vermeer B.V."},
        }
        await page.press(State.restore, kept=mine)
        await page.press(State.keep)

        assert kept(opened, token).buyer_name == "Vermeer B.V."
        assert "is back" in told(page)

    async def test_lines_that_never_came_here_are_taken(self, opened: World):
        """As after a reload while nothing could be stored."""
        token = guest_invoices.begin(opened.runtime, "::1")
        async with Driver(f"tallyport-guest={token}", PATH) as page:
            await page.press(State.open)
            mine = {
                "draft": page.shown(State, "draft"),
                "version": 0,
                "number": 5,
                "texts": {
                    "line:line-1:name": "Photography",
                    "line:line-added:name": "Travel",
                    "line:line-added:unit_price": "20",
                },
            }
            await page.press(State.restore, kept=mine)
            await page.press(State.keep)

        lines = kept(opened, token).draft.lines
        assert [line.name for line in lines] == ["Photography", "Travel"]

    async def test_the_first_line_is_found_again_after_a_reload(self, opened: World):
        token = guest_invoices.begin(opened.runtime, "::1")
        async with Driver(f"tallyport-guest={token}", PATH) as page:
            await page.press(State.open)
            before = list(page.shown(EditorLinesState, "order"))
            await page.press(State.open)
            after = list(page.shown(EditorLinesState, "order"))

        assert before == after

    async def test_a_browser_brings_no_more_lines_than_fit(self, page: Driver):
        names = {f"line:x{number}:name": "x" for number in range(LINES_MAX + 9)}
        mine = {"draft": page.shown(State, "draft"), "version": 1, "number": 5}
        await page.press(State.restore, kept={**mine, "texts": names})

        assert len(page.shown(EditorLinesState, "order")) == LINES_MAX

    async def test_the_page_that_is_behind_writes_over_nothing(
        self, opened: World, token: str, page: Driver
    ):
        """Its empty fields are kept in the browser, too."""
        behind = {
            "draft": page.shown(State, "draft"),
            "version": 0,
            "number": 5,
            "texts": {"buyer_name": "", "notes": "Thanks", "line:line-1:name": ""},
        }
        await page.press(State.restore, kept=behind)
        await page.press(State.keep)

        assert kept(opened, token) == FORM
        assert page.shown(State, "form")["buyer_name"] == FORM.buyer_name
        assert page.shown(State, "saved") == 5

    async def test_what_was_typed_behind_can_be_had_back(
        self, opened: World, token: str, page: Driver
    ):
        behind = {"draft": page.shown(State, "draft"), "version": 0, "number": 5}
        texts = {"notes": "Thanks", "line:line-1:name": "Mine"}
        await page.press(State.restore, kept={**behind, "texts": texts})
        # A page that is loaded anew says it twice.
        await page.press(State.restore, kept={**behind, "texts": texts})
        (notice,) = page.shown(State, "notices")
        await page.press(State.undo, key=notice.key)

        assert kept(opened, token).draft.notes == "Thanks"
        assert [x.name for x in kept(opened, token).draft.lines] == ["Mine"]

    async def test_what_another_page_kept_meanwhile_is_not_handed_over_for_this(
        self, opened: World, token: str, page: Driver
    ):
        other = replace(FORM, number="1")
        guest_invoices.save(opened.runtime, token, 1, other)

        await type_texts(page, {"number": "2"})
        await page.press(State.keep)

        assert page.shown(State, "saved_words") == "Not kept"
        assert not page.shown(State, "is_saved")

    @pytest.mark.parametrize("odd", [{}, {"draft": "x"}, {"texts": 7}])
    async def test_what_no_browser_keeps_is_left_out(
        self, opened: World, token: str, page: Driver, odd: dict[str, object]
    ):
        await page.press(
            State.restore, kept={"draft": page.shown(State, "draft"), **odd}
        )

        assert kept(opened, token) == FORM


class TestLines:
    async def test_are_added_moved_removed_and_put_back(
        self, opened: World, token: str, page: Driver
    ):
        await page.press(State.move_line, key="b", step=-1)
        await page.press(State.remove_line, key="a")
        names = [line.name for line in kept(opened, token).draft.lines]
        (notice,) = page.shown(State, "notices")
        await page.press(State.undo, key=notice.key)

        assert names == ["Travel"]
        back = [line.name for line in kept(opened, token).draft.lines]
        assert back == ["Travel", "Photography"]

    async def test_are_so_many_and_no_more(self, page: Driver):
        for _ in range(LINES_MAX):
            await page.press(State.add_line)

        assert f"{LINES_MAX} lines" in told(page)
        assert len(page.shown(EditorLinesState, "order")) == LINES_MAX

    async def test_are_pasted(self, opened: World, token: str, page: Driver):
        rows = "Cover\t1\t200.00\nBack\t2\t50.00"
        await page.press(State.paste, key="b", pasted={"text": rows})

        lines = kept(opened, token).draft.lines
        assert [line.name for line in lines[2:]] == ["Cover", "Back"]
        assert lines[3].unit_price == "50.00"


class TestDownload:
    async def test_keeps_it_first(self, opened: World, token: str, page: Driver):
        await type_texts(page, {"number": "9"})
        await page.press(State.download)

        assert kept(opened, token).number == "9"
        assert page.shown(State, "asked") == 1

    async def test_names_what_is_missing(self, page: Driver):
        await type_texts(page, {"seller_name": ""})
        await page.press(State.download)

        assert page.shown(State, "field_problems")["seller_name"]
        assert not page.shown(State, "asked")


async def test_another_one_begins_with_the_same_sender(
    opened: World, token: str, page: Driver
):
    await page.press(State.start_over)
    fresh = kept(opened, token)
    (notice,) = page.shown(State, "notices")
    await page.press(State.undo, key=notice.key)

    assert (fresh.seller_name, fresh.buyer_name) == ("Fern & Field", "")
    assert kept(opened, token).buyer_name == FORM.buyer_name
    assert len(kept(opened, token).draft.lines) == len(LINES)


async def test_what_no_notice_offers_any_more_is_not_kept_to_be_taken_back(
    opened: World, token: str, page: Driver
):
    await page.press(State.start_over)
    (first,) = page.shown(State, "notices")
    for _ in range(NOTICES_MAX):
        await page.press(State.start_over)
    await page.press(State.undo, key=first.key)

    assert kept(opened, token).buyer_name == ""
