"""The customer's page behind the socket: each event proves its link anew."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from sqlmodel import select

from billing_app import runtime
from billing_app.database.secrets import digest
from billing_app.domain.actors import StaffActor
from billing_app.domain.cookies import portal_cookie
from billing_app.domain.portal_invoice import PortalInvoice
from billing_app.domain.portal_settings import PortalSettings
from billing_app.models import (
    Invoice,
    Member,
    PortalSession,
    PortalVisit,
    StaffSession,
    StripeAccount,
    WorkspaceSettings,
)
from billing_app.services import portal_links, portal_sessions
from billing_app.services.portal_answers import set_invoice_answer
from billing_app.services.portal_sessions import CodePlace
from billing_app.web.portal.invoice_state import PortalInvoiceState
from billing_app.web.portal.thread_state import PortalThreadState
from tests.support.billing import all_rows, an_invoice, pay, read_invoice
from tests.support.driver import Driver, handler_names
from tests.support.talk import choose
from tests.support.world import World

STATE = PortalInvoiceState.get_full_name()


@pytest.fixture(autouse=True)
def current(world: World):
    runtime.set_current(world.runtime)


@pytest.fixture
def invoice_id(world: World) -> int:
    return an_invoice(world, world.northwind, "100.00")


@pytest.fixture
def token(world: World, invoice_id: int) -> str:
    return world.run(world.northwind.accounting, portal_links.copy_link, invoice_id)


def browser(token: str, cookie: str = "", **query: str) -> Driver:
    asked = f"?{urlencode(query)}" if query else ""
    return Driver(cookie, f"/p/{token}{asked}")


def staff_cookie(world: World, actor: StaffActor | None = None) -> str:
    """Sign somebody of Northwind in, the owner where nobody is named."""
    with world.unit(world.northwind.system) as uow:
        member = uow.get(Member, (actor or world.northwind.owner).member_id)
        uow.add(
            StaffSession(
                person_id=member.person_id,
                member_id=member.id,
                token_digest=digest("secret"),
                created_at=uow.now,
                seen_at=uow.now,
            )
        )
    return "tallyport=secret"


def sign_in_customer(world: World, customer_id: int) -> tuple[int, str]:
    """Let the customer confirm their address; return the session and its cookie."""
    place = world.northwind
    for_account = CodePlace(customer_id=customer_id)
    token = world.run(
        place.system,
        portal_sessions.open_session,
        for_account,
        "ap@vermeer.example",
        "Firefox",
    )
    (session,) = all_rows(world, place, PortalSession)
    return session.id or 0, f"{portal_cookie(False, place.workspace_id)}={token}"


def connect_stripe(world: World) -> None:
    account = StripeAccount(
        secret_key_encrypted="x", webhook_secret_encrypted="y", charges_enabled=True
    )
    with world.unit(world.northwind.system) as uow:
        uow.add(account)


def shown(driver: Driver, name: str) -> Any:
    return driver.shown(PortalInvoiceState, name)


def status(driver: Driver) -> str:
    return getattr(shown(driver, "invoice"), "status", "")


class TestWatch:
    async def test_shows_the_invoice(self, token: str):
        async with browser(token) as driver:
            await driver.start(f"{STATE}.watch")
            await driver.until(lambda: status(driver) == "Due")

            assert shown(driver, "is_loaded")
            assert "Charter flight" in shown(driver, "sheet")
            assert shown(driver, "clock") == "12:00"
            assert shown(driver, "exactly") == "2 March 2026, 12:00:00 CET"

    async def test_a_new_page_is_sent_the_invoice_and_its_thread_and_nothing_before(
        self, token: str
    ):
        async with browser(token) as driver:
            await driver.start(f"{STATE}.watch")
            await driver.until(lambda: status(driver) == "Due")

        ours = {STATE, PortalThreadState.get_full_name()}
        # The first is what a browser was built with.
        sent = [ours & delta.keys() for delta in driver.deltas[1:]]
        assert [each for each in sent if each] == [ours]

    @pytest.mark.feature("C19", "F059")
    async def test_a_payment_shows_by_itself(
        self, world: World, invoice_id: int, token: str
    ):
        async with browser(token) as driver:
            await driver.start(f"{STATE}.watch")
            await driver.until(lambda: status(driver) == "Due")

            pay(world, world.northwind, invoice_id, "100.00")

            await driver.until(lambda: status(driver) == "Paid")

    async def test_the_document_is_sent_again_only_as_it_changes(
        self, world: World, invoice_id: int, token: str
    ):
        async with browser(token) as driver:
            await driver.start(f"{STATE}.watch")
            await driver.until(lambda: status(driver) == "Due")
            pay(world, world.northwind, invoice_id, "10.00")
            await driver.until(lambda: status(driver) == "Partially paid")

        sheets = [
            value
            for delta in driver.deltas
            for part in delta.values()
            for name, value in part.items()
            if name.startswith("sheet_") and value
        ]
        assert len(sheets) == len(set(sheets)) == 2
        assert "€90.00" in sheets[-1]

    @pytest.mark.feature("F007")
    async def test_a_revoked_link_closes_the_open_page(
        self, world: World, invoice_id: int, token: str
    ):
        async with browser(token) as driver:
            await driver.start(f"{STATE}.watch")
            await driver.until(lambda: status(driver) == "Due")

            world.run(world.northwind.accounting, portal_links.revoke_links, invoice_id)

            await driver.until(lambda: shown(driver, "is_gone") is True)
            assert shown(driver, "sheet") == ""
            assert status(driver) == ""

    @pytest.mark.feature("F006")
    async def test_a_new_link_closes_pages_of_the_old_one(
        self, world: World, invoice_id: int, token: str
    ):
        async with browser(token) as driver:
            await driver.start(f"{STATE}.watch")
            await driver.until(lambda: status(driver) == "Due")

            world.run(world.northwind.accounting, portal_links.new_link, invoice_id)

            await driver.until(lambda: shown(driver, "is_gone") is True)

    @pytest.mark.feature("F015", "G13")
    async def test_a_portal_switched_off_closes_it_and_on_opens_it(
        self, world: World, token: str
    ):
        async with browser(token) as driver:
            await driver.start(f"{STATE}.watch")
            await driver.until(lambda: status(driver) == "Due")

            switch(world, is_on=False)
            await driver.until(lambda: shown(driver, "is_off") is True)
            assert shown(driver, "sheet") == ""

            switch(world, is_on=True)
            await driver.until(lambda: shown(driver, "is_off") is False)
            assert status(driver) == "Due"

    @pytest.mark.parametrize("wrong", ["", "x" * 43, "x" * 5_000])
    async def test_a_wrong_link_shows_nothing(self, token: str, wrong: str):
        async with browser(wrong) as driver:
            await driver.load(f"{STATE}.watch")

        assert shown(driver, "is_gone")
        assert shown(driver, "sheet") in (None, "")
        assert "Northwind" not in repr(driver.deltas)


def switch(world: World, **portal: Any) -> None:
    place = world.northwind
    with world.unit(place.system) as uow:
        settings = uow.one(select(WorkspaceSettings))
        settings.portal = PortalSettings(**portal).to_stored()
        uow.touch(f"portal:{place.workspace_id}")


class TestHandlers:
    @pytest.mark.feature("F011")
    @pytest.mark.parametrize("name", handler_names("portal"))
    async def test_tell_a_stranger_nothing(self, world: World, token: str, name: str):
        arguments = {"show": {"mode": "pdf"}, "weigh": {"amount": "10"}}
        arguments["pay"] = {"form": {"amount": "10"}}
        before = all_rows(world, world.northwind, Invoice)

        async with browser("x" * 43) as driver:
            await driver.send(name, **arguments.get(name.rpartition(".")[2], {}))

        assert "Northwind" not in repr(driver.deltas)
        assert "100.00" not in repr(driver.deltas)
        assert all_rows(world, world.northwind, Invoice) == before
        assert driver.events == []

    async def test_weighing_says_what_stays(self, world: World, token: str):
        connect_stripe(world)

        async with browser(token) as driver:
            await driver.send(f"{STATE}.weigh", amount="40")
            assert shown(driver, "amount_hint") == "€60.00 stays open."
            assert shown(driver, "is_part") is True

            await driver.send(f"{STATE}.weigh", amount="100.01")
            assert shown(driver, "amount_error").startswith("You can pay €100.00")

    @pytest.mark.parametrize("amount", ["", "NaN", "1e5", "１０", "0", "-1", "100.001"])
    async def test_a_wrong_amount_is_said_beside_the_field(
        self, world: World, token: str, amount: str
    ):
        connect_stripe(world)

        async with browser(token) as driver:
            await driver.send(f"{STATE}.pay", form={"amount": amount})

        assert shown(driver, "amount_error").endswith(".")
        assert shown(driver, "is_paying") is False
        assert driver.events == []

    @pytest.mark.feature("F086")
    async def test_paying_what_cannot_be_paid_says_why(
        self, world: World, invoice_id: int, token: str
    ):
        connect_stripe(world)
        pay(world, world.northwind, invoice_id, "100.00")

        async with browser(token) as driver:
            await driver.send(f"{STATE}.pay", form={"amount": "10"})

        assert "nothing left to pay" in shown(driver, "amount_error")

    @pytest.mark.feature("C19", "F096")
    async def test_refreshing_reads_again(
        self, world: World, invoice_id: int, token: str
    ):
        async with browser(token) as driver:
            await driver.send(f"{STATE}.refresh")
            assert status(driver) == "Due"
            pay(world, world.northwind, invoice_id, "100.00")

            await driver.send(f"{STATE}.refresh")

            assert status(driver) == "Paid"

    async def test_the_pdf_is_promised_while_it_is_made(self, token: str):
        async with browser(token) as driver:
            await driver.send(f"{STATE}.refresh")
            await driver.send(f"{STATE}.show", mode="pdf")

        assert shown(driver, "mode") == "pdf"
        assert shown(driver, "invoice").pdf_words.startswith(
            "The PDF is being prepared"
        )

    @pytest.mark.feature("F012")
    async def test_signing_out_elsewhere_takes_an_open_invoice_away(
        self, world: World, invoice_id: int
    ):
        """Of a signed-in customer, on whose machine others may look next."""
        place = world.northwind
        customer_id = read_invoice(world, place, invoice_id).customer_id or 0
        session_id, cookie = sign_in_customer(world, customer_id)
        path = f"/account/northwind-charter/{invoice_id}"
        async with Driver(cookie, path) as driver:
            await driver.start(f"{STATE}.watch")
            await driver.until(lambda: status(driver) == "Due")
            driver.deltas.clear()

            world.run(place.system, portal_sessions.sign_out, session_id)

            await driver.until(lambda: bool(shown(driver, "sign_in_href")))
        assert shown(driver, "sign_in_href") == "/account/northwind-charter/sign-in"
        assert shown(driver, "invoice") == PortalInvoice.EMPTY
        assert shown(driver, "sheet") == ""

    @pytest.mark.feature("C07")
    async def test_so_does_the_account_closing_to_links_of_one_invoice(
        self, world: World, invoice_id: int, token: str
    ):
        choose(world, world.northwind, link_opens_account=True)
        async with Driver("", f"/p/{token}/account/{invoice_id}") as driver:
            await driver.start(f"{STATE}.watch")
            await driver.until(lambda: status(driver) == "Due")

            choose(world, world.northwind)
            await driver.send(f"{STATE}.refresh")

        assert shown(driver, "sign_in_href") == "/account/northwind-charter/sign-in"
        assert shown(driver, "invoice") == PortalInvoice.EMPTY

    @pytest.mark.feature("C22")
    async def test_the_pdf_goes_from_an_open_page_when_it_is_switched_off(
        self, world: World, invoice_id: int, token: str
    ):
        """The tabs go, so the page turns back to what is left."""
        async with browser(token) as driver:
            await driver.start(f"{STATE}.watch")
            await driver.until(lambda: status(driver) == "Due")
            await driver.send(f"{STATE}.show", mode="pdf")
            place = world.northwind

            world.run(
                place.accounting, set_invoice_answer, invoice_id, "shows_pdf", "off"
            )

            await driver.until(lambda: not shown(driver, "invoice").shows_pdf)
        assert shown(driver, "mode") == "live"
        assert shown(driver, "pages") == []


class TestSeen:
    @pytest.mark.feature("F102")
    async def test_the_first_look_is_dated_once(
        self, world: World, invoice_id: int, token: str
    ):
        first = world.clock.now
        async with browser(token) as driver:
            await driver.send(f"{STATE}.note_seen")
            world.clock.advance(days=1)
            await driver.send(f"{STATE}.note_seen")

        invoice = read_invoice(world, world.northwind, invoice_id)
        assert invoice.first_viewed_at == first

    @pytest.mark.feature("F103")
    async def test_a_crawler_that_keeps_the_page_in_view_has_not_seen_it(
        self, world: World, invoice_id: int, token: str
    ):
        async with Driver("", f"/p/{token}", agent="Googlebot/2.1") as driver:
            await driver.send(f"{STATE}.note_seen")

        invoice = read_invoice(world, world.northwind, invoice_id)
        assert invoice.first_viewed_at is None

    async def test_hundreds_who_look_write_once_and_staff_first_hide_nobody(
        self, world: World, token: str
    ):
        async with browser(token, staff_cookie(world)) as driver:
            await driver.send(f"{STATE}.note_seen")

        for _ in range(3):
            async with browser(token) as driver:
                await driver.send(f"{STATE}.note_seen")

        visits = all_rows(world, world.northwind, PortalVisit)
        assert [visit.evidence for visit in visits] == ["seen"]

    @pytest.mark.feature("F017")
    async def test_staff_leave_nothing(self, world: World, invoice_id: int, token: str):
        cookie = staff_cookie(world)

        for query in ({}, {"preview": "1"}):
            async with browser(token, cookie, **query) as driver:
                await driver.send(f"{STATE}.note_seen")
                assert shown(driver, "notices") in (None, [])

        assert all_rows(world, world.northwind, PortalVisit) == []

    @pytest.mark.feature("F017")
    async def test_a_preview_says_so_and_cannot_pay(self, world: World, token: str):
        connect_stripe(world)

        async with browser(token, staff_cookie(world), preview="1") as driver:
            await driver.send(f"{STATE}.refresh")
            assert shown(driver, "invoice").is_preview
            await driver.send(f"{STATE}.pay", form={"amount": "10"})

        assert shown(driver, "amount_error")
        assert driver.events == []
