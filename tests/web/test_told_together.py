"""Many open pages of an invoice: one reading for equals, and never another's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from billing_app import runtime
from billing_app.database.secrets import digest
from billing_app.domain.actors import Proof
from billing_app.domain.cookies import portal_cookie
from billing_app.domain.portal_settings import WriteAuth
from billing_app.services import portal_links
from billing_app.web.portal.invoice_state import PortalInvoiceState
from billing_app.web.portal.thread_state import PortalThreadState
from tests.support.billing import an_invoice, pay, visitor_of
from tests.support.driver import Driver
from tests.support.talk import answer, choose, proven, say
from tests.support.world import Place, World


@pytest.fixture(autouse=True)
def current(world: World):
    runtime.set_current(world.runtime)
    for place in world.places:
        choose(world, place, write_auth=WriteAuth.LINK)


@pytest.fixture
def invoice_id(world: World) -> int:
    return an_invoice(world, world.northwind, "100.00")


def page_of(world: World, place: Place, invoice_id: int, cookie: str = "") -> Driver:
    token = world.run(place.accounting, portal_links.copy_link, invoice_id)
    return Driver(cookie, f"/p/{token}")


def signed_in(world: World, place: Place, invoice_id: int) -> str:
    """Return the cookie of a browser that has confirmed a code."""
    visitor = visitor_of(world, place, invoice_id)
    proven(world, place, visitor, Proof.CODE, token_digest=digest("proof"))
    return f"{portal_cookie(False, place.workspace_id)}=proof"


def lines(driver: Driver) -> list[Any]:
    shown = (driver.shown(PortalThreadState, x) or [] for x in ("history", "recent"))
    return [line for part in shown for line in part]


def said(driver: Driver) -> list[str]:
    return ["".join(part.text for part in line.parts) for line in lines(driver)]


async def open_thread(stack: AsyncExitStack, page: Driver, *expected: str) -> Driver:
    driver = await stack.enter_async_context(page)
    await driver.watch(PortalInvoiceState.watch)
    await driver.until(lambda: driver.shown(PortalThreadState, "is_loaded") is True)
    assert said(driver) == list(expected)
    return driver


async def open_invoice(stack: AsyncExitStack, page: Driver) -> Driver:
    driver = await stack.enter_async_context(page)
    await driver.watch(PortalInvoiceState.watch)
    await driver.until(lambda: bool(view(driver)))
    return driver


def view(driver: Driver) -> Any:
    return driver.shown(PortalInvoiceState, "invoice")


@contextmanager
def readings_of(world: World, table: str) -> Iterator[list[str]]:
    """Collect the statements that read a table, with their values."""
    asked: list[str] = []

    def listen(_c: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if f"FROM {table}" in statement:
            asked.append(f"{statement} {values}")

    event.listen(world.runtime.engine, "before_cursor_execute", listen)
    try:
        yield asked
    finally:
        event.remove(world.runtime.engine, "before_cursor_execute", listen)


class TestEquals:
    async def test_read_the_thread_once_and_prove_the_link_each(
        self, world: World, invoice_id: int
    ):
        """Each of twelve pages opens its link anew; one reads what was said."""
        async with AsyncExitStack() as stack:
            drivers = [
                await open_thread(stack, page_of(world, world.northwind, invoice_id))
                for _ in range(12)
            ]
            with (
                readings_of(world, "comment") as comments,
                readings_of(world, "portal_link") as links,
            ):
                answer(world, world.northwind, invoice_id, "On Monday.")
                comments.clear(), links.clear()
                for driver in drivers:
                    await driver.until(lambda x=driver: said(x) == ["On Monday."])

                assert len(links) == 12
                assert 0 < len(comments) == len(set(comments))

    async def test_each_change_is_read_anew(self, world: World, invoice_id: int):
        async with AsyncExitStack() as stack:
            drivers = [
                await open_thread(stack, page_of(world, world.northwind, invoice_id))
                for _ in range(3)
            ]
            for number in range(5):
                answer(world, world.northwind, invoice_id, f"Answer {number}")
                expected = [f"Answer {x}" for x in range(number + 1)]
                for driver in drivers:
                    await driver.until(lambda x=driver, e=expected: said(x) == e)


class TestOthers:
    async def test_a_proven_customer_and_a_link_see_their_own_names(
        self, world: World, invoice_id: int
    ):
        place = world.northwind
        cookie = signed_in(world, place, invoice_id)
        async with AsyncExitStack() as stack:
            proven_one = await open_thread(
                stack, page_of(world, place, invoice_id, cookie)
            )
            holder = await open_thread(stack, page_of(world, place, invoice_id))

            say(world, place, invoice_id, "When?", name="Ines Vermeer")

            for driver, name in ((proven_one, "Ines Vermeer"), (holder, "Ines")):
                await driver.until(lambda x=driver: said(x) == ["When?"])
                assert [line.author for line in lines(driver)] == [name]
            assert "Ines Vermeer" not in repr(holder.deltas)

    async def test_a_revocation_between_two_changes_stops_one_of_two(
        self, world: World, invoice_id: int
    ):
        """Who has a newer link of the same invoice goes on."""
        place = world.northwind
        old = page_of(world, place, invoice_id)
        async with AsyncExitStack() as stack:
            revoked = await open_thread(stack, old)
            answer(world, place, invoice_id, "First")
            await revoked.until(lambda: said(revoked) == ["First"])

            world.run(place.accounting, portal_links.revoke_links, invoice_id)
            world.run(place.accounting, portal_links.new_link, invoice_id)
            live = await open_thread(stack, page_of(world, place, invoice_id), "First")
            answer(world, place, invoice_id, "Second")
            await live.until(lambda: said(live) == ["First", "Second"])
            await revoked.until(lambda: said(revoked) == [])

            assert "Second" not in repr(revoked.deltas)

    async def test_two_invoices_of_two_workspaces_stay_apart(
        self, world: World, invoice_id: int
    ):
        """Both have the same ids in what is said, if not in what it is about."""
        other = an_invoice(world, world.northwind, "200.00")
        foreign = an_invoice(world, world.kestrel, "300.00")
        places = (
            (world.northwind, invoice_id),
            (world.northwind, other),
            (world.kestrel, foreign),
        )
        async with AsyncExitStack() as stack:
            drivers = [
                await open_thread(stack, page_of(world, place, number))
                for place, number in places
            ]
            for place, number in places:
                answer(world, place, number, f"Of {number} in {place.workspace_id}")

            for driver, (place, number) in zip(drivers, places, strict=True):
                mine = f"Of {number} in {place.workspace_id}"
                await driver.until(lambda x=driver, own=mine: said(x) == [own])
                assert repr(driver.deltas).count("Of ") == repr(driver.deltas).count(
                    mine
                )

    async def test_a_preview_and_a_visitor_read_apart(
        self, world: World, invoice_id: int, browse: Any
    ):
        """A preview says that it is one, and nobody else's page does."""
        place = world.northwind
        token = world.run(place.accounting, portal_links.copy_link, invoice_id)
        async with AsyncExitStack() as stack:
            previewed, visited = [
                await open_invoice(stack, page)
                for page in (
                    browse(place.owner, f"/p/{token}?preview=1"),
                    page_of(world, place, invoice_id),
                )
            ]

            pay(world, place, invoice_id, "40.00")

            for driver, is_preview in ((previewed, True), (visited, False)):
                await driver.until(lambda x=driver: view(x).paid_percent == 40)
                assert view(driver).is_preview is is_preview
