"""What a page of the portal remembers is sent only where its address still opens it."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import pytest
import reflex as rx
from reflex_base.registry import RegistrationContext
from reflex_base.utils.format import format_event_handler

from billing_app import runtime
from billing_app.database.secrets import digest
from billing_app.domain.actors import Proof
from billing_app.domain.cookies import portal_cookie
from billing_app.models import Invoice
from billing_app.services import portal_links
from billing_app.web.portal.account_state import PortalAccountState
from billing_app.web.portal.disputes_state import PortalDisputeState
from billing_app.web.portal.invoice_state import PortalInvoiceState
from tests.support.billing import a_customer, all_rows, an_invoice, pay, visitor_of
from tests.support.driver import Driver, handler_names
from tests.support.talk import proven
from tests.support.world import World
from tests.web.test_portal_state import connect_stripe

ACCOUNT = PortalAccountState.get_full_name()
HYDRATES = [
    format_event_handler(rx.State.event_handlers[name])
    for name in ("hydrate", "hydrate_and_load")
]


@pytest.fixture(autouse=True)
def current(world: World):
    runtime.set_current(world.runtime)


@pytest.fixture
def customer_id(world: World) -> int:
    return a_customer(world, world.northwind)


@pytest.fixture
def invoice_id(world: World, customer_id: int) -> int:
    an_invoice(world, world.kestrel, "888.88")
    return an_invoice(world, world.northwind, "123.45", customer_id=customer_id)


@pytest.fixture
def account(world: World, customer_id: int, invoice_id: int) -> str:
    """The address of the account, by the customer link."""
    actor = world.northwind.accounting
    token = world.run(actor, portal_links.copy_customer_link, customer_id)
    return f"/c/{token}"


@pytest.fixture
def elsewhere(world: World) -> str:
    """The account of somebody else's customer, of another business."""
    customer_id = a_customer(world, world.kestrel, "Halden Freight")
    actor = world.kestrel.accounting
    token = world.run(actor, portal_links.copy_customer_link, customer_id)
    return f"/c/{token}"


def revoke(world: World, customer_id: int) -> None:
    actor = world.northwind.accounting
    world.run(actor, portal_links.revoke_customer_links, customer_id)


async def sent_again(driver: Driver, hydrate: str, path: str) -> str:
    """Connect once more, with the same token; return all that was sent."""
    driver.path = path
    driver.deltas.clear()
    await driver.send(hydrate)
    assert driver.deltas
    return repr(driver.deltas)


def is_secret(text: str, account: str) -> bool:
    return "123.45" in text or account.rpartition("/")[2] in text


@pytest.mark.parametrize("hydrate", HYDRATES)
class TestWhatIsSentWithAConnection:
    async def test_a_lost_connection_finds_its_page_as_it_was(
        self, account: str, invoice_id: int, hydrate: str
    ):
        async with Driver("", account) as driver:
            await driver.start(f"{ACCOUNT}.watch")
            await driver.until(lambda: driver.shown(PortalAccountState, "is_loaded"))
            await driver.send(f"{ACCOUNT}.toggle", invoice_id=invoice_id)

            assert "123.45" in await sent_again(driver, hydrate, account)
            kept = driver.shown(PortalAccountState, "open_rows")
            assert kept == [str(invoice_id)]

    @pytest.mark.parametrize("handler", ["watch", "refresh"])
    async def test_a_link_taken_back_finds_nothing(
        self, world: World, account: str, customer_id: int, hydrate: str, handler: str
    ):
        async with Driver("", account) as driver:
            await driver.start(f"{ACCOUNT}.{handler}")
            await driver.until(lambda: driver.shown(PortalAccountState, "is_loaded"))

            revoke(world, customer_id)

            assert "123.45" not in await sent_again(driver, hydrate, account)

    async def test_nor_does_the_token_of_a_socket_alone(
        self, account: str, elsewhere: str, invoice_id: int, hydrate: str
    ):
        below = f"{account}/{invoice_id}"
        for path in ("/", "/dashboard", elsewhere, f"{elsewhere}/{invoice_id}"):
            for state, shown in (
                (PortalAccountState, account),
                (PortalInvoiceState, below),
            ):
                async with Driver("", shown) as driver:
                    await driver.start(f"{state.get_full_name()}.watch")
                    await driver.until(lambda it=state: is_shown(driver, it))

                    assert not is_secret(
                        await sent_again(driver, hydrate, path), account
                    )

    async def test_nor_is_what_two_addresses_showed_given_to_one(
        self,
        world: World,
        account: str,
        elsewhere: str,
        customer_id: int,
        hydrate: str,
    ):
        async with Driver("", elsewhere) as driver:
            await driver.start(f"{ACCOUNT}.watch")
            await driver.until(lambda: is_shown(driver, PortalAccountState))
            driver.path = account
            await driver.send(f"{ACCOUNT}.refresh")
            driver.path = elsewhere
            await driver.send(f"{ACCOUNT}.refresh")

            revoke(world, customer_id)

            assert not is_secret(await sent_again(driver, hydrate, elsewhere), account)


@pytest.mark.parametrize("handler", ["toggle", "choose"])
async def test_what_is_pressed_elsewhere_neither_shows_nor_changes_the_page(
    account: str, elsewhere: str, invoice_id: int, handler: str
):
    async with Driver("", account) as driver:
        await driver.start(f"{ACCOUNT}.watch")
        await driver.until(lambda: is_shown(driver, PortalAccountState))
        await driver.send(f"{ACCOUNT}.toggle", invoice_id=invoice_id)
        driver.deltas.clear()

        driver.path = elsewhere
        await driver.send(f"{ACCOUNT}.{handler}", invoice_id=invoice_id)

        assert ACCOUNT not in repr(driver.deltas)
        assert "123.45" in await sent_again(driver, HYDRATES[0], account)
        assert driver.shown(PortalAccountState, "open_rows") == [str(invoice_id)]
        assert driver.shown(PortalAccountState, "chosen") == []


async def test_a_form_opened_on_one_invoice_is_not_open_on_the_next(
    world: World, account: str, customer_id: int, invoice_id: int
):
    other = an_invoice(world, world.northwind, "67.89", customer_id=customer_id)
    async with Driver("", f"{account}/{invoice_id}") as driver:
        await driver.watch(PortalInvoiceState.watch)
        await driver.press(PortalDisputeState.start)
        await driver.press(PortalDisputeState.send, form={})
        assert driver.shown(PortalDisputeState, "errors")

        driver.path = f"{account}/{other}"
        await driver.watch(PortalInvoiceState.watch)
        await driver.until(
            lambda: driver.shown(PortalDisputeState, "is_writing") is False
        )
        assert not driver.shown(PortalDisputeState, "errors")

        await driver.press(PortalDisputeState.start)
        assert driver.shown(PortalDisputeState, "is_writing") is True


@dataclass(frozen=True)
class Standing:
    """Where somebody stands: the address, what their browser shows, what is theirs."""

    account: str
    cookie: str
    invoice_id: int
    own: tuple[str, ...]


def standing(world: World, name: str, amount: str, door: str) -> Standing:
    """Stand before an account of Northwind, with a link of it or signed in."""
    north = world.northwind
    customer_id = a_customer(world, north, name)
    invoice_id = an_invoice(world, north, amount, customer_id=customer_id)
    token = world.run(north.accounting, portal_links.copy_customer_link, customer_id)
    number = next(
        it.number for it in all_rows(world, north, Invoice) if it.id == invoice_id
    )
    own = (name, amount, number, token)
    if door == "link":
        return Standing(f"/c/{token}", "", invoice_id, own)
    visitor = visitor_of(world, north, invoice_id)
    secret = f"of-customer-{customer_id}"
    proven(world, north, visitor, Proof.SESSION, token_digest=digest(secret))
    cookie = f"{portal_cookie(False, north.workspace_id)}={secret}"
    return Standing("/account/northwind-charter", cookie, invoice_id, own)


@pytest.mark.feature("F011")
@pytest.mark.parametrize("door", ["link", "session"])
@pytest.mark.parametrize("is_account", [True, False])
@pytest.mark.parametrize("turned", [False, True])
async def test_a_socket_that_comes_to_another_account_sends_nothing_of_the_first(
    world: World, door: str, is_account: bool, turned: bool
):
    """Whatever it is sent, and without being told that it connects anew."""
    connect_stripe(world)
    standings = [
        standing(world, "Vermeer Optics", "123.45", door),
        standing(world, "Halden Freight", "678.91", door),
    ]
    first, second = reversed(standings) if turned else standings
    state = PortalAccountState if is_account else PortalInvoiceState
    below = "" if is_account else f"/{first.invoice_id}"
    watch = f"{state.get_full_name()}.watch"
    form = {"amount": "1.00", "body": "Mine?", "reason": "Mine?", "line": ""}
    arguments = {
        "invoice_id": first.invoice_id,
        "currency": "EUR",
        "amount": "1.00",
        "form": form,
        "mode": "pdf",
        "dispute_id": 1,
    }

    async with Driver(first.cookie, first.account + below) as driver:
        await driver.start(watch)
        await driver.until(lambda: is_shown(driver, state))
        for name in ("toggle", "choose") if is_account else ():
            await driver.send(f"{ACCOUNT}.{name}", invoice_id=first.invoice_id)
        assert first.own[1] in repr(driver.deltas)

        driver.deltas.clear()
        driver.cookie, driver.path = second.cookie, second.account + below
        # Packing waits for a printer, and hands over an address alone.
        sent = [it for it in handler_names("portal") if not it.endswith(".pack")]
        for name in (*sent, *HYDRATES):
            handler = RegistrationContext.get().event_handlers[name].handler
            wanted = list(inspect.signature(handler.fn).parameters)[1:]
            await driver.send(
                name, **{key: arguments[key] for key in wanted if key in arguments}
            )
        await driver.start(watch)
        # The other account's own list; below it, that no such invoice is there.
        await driver.until(
            lambda: (
                second.own[1] in repr(driver.deltas)
                if is_account
                else bool(driver.shown(state, "is_gone"))
            )
        )

        told = repr((driver.deltas, driver.events))
        assert [text for text in first.own if text in told] == []


def is_shown(driver: Driver, state: Any) -> bool:
    return bool(driver.shown(state, "is_loaded"))


@pytest.mark.parametrize("state", [PortalAccountState, PortalInvoiceState])
async def test_who_asks_to_watch_again_is_told_once(
    world: World, account: str, invoice_id: int, state: Any
):
    path = account if state is PortalAccountState else f"{account}/{invoice_id}"
    watch = f"{state.get_full_name()}.watch"
    bus = world.runtime.bus
    async with Driver("", path) as driver:
        for _ in range(5):
            await driver.start(watch)
        await driver.until(lambda: is_shown(driver, state))

        pay(world, world.northwind, invoice_id, "123.45")

        await driver.until(lambda: "Paid" in repr(driver.deltas))
        assert bus.count_readers() == 1
