"""A customer's dispute behind the socket and by a plain form, and staff's answer."""

from __future__ import annotations

from typing import Any

import pytest
from markupsafe import Markup

from billing_app import runtime
from billing_app.billing_app import app
from billing_app.domain.portal_settings import DisputeMode, WriteAuth
from billing_app.endpoints.app import make_http_app
from billing_app.endpoints.disputes import dispute_routes
from billing_app.queries.dashboard import read_dashboard
from billing_app.queries.invoices import (
    count_by_status,
    list_invoices,
    parse_invoice_filter,
)
from billing_app.services import portal_links
from billing_app.web.portal.disputes_state import PortalDisputeState
from billing_app.web.portal.invoice_state import PortalInvoiceState
from billing_app.web.staff.invoice_detail_state import InvoiceDetailState
from tests.support.asgi import http
from tests.support.billing import an_invoice, read_invoice
from tests.support.driver import Driver
from tests.support.quarrel import dispute, resolve, stored
from tests.support.talk import choose
from tests.support.world import World
from tests.web.test_portal_state import browser, staff_cookie

STATE = PortalDisputeState.get_full_name()
FORM = {"amount": "30.00", "reason": "Only three pallets.", "line": "1"}


@pytest.fixture(autouse=True)
def current(world: World):
    assert app is not None
    runtime.set_current(world.runtime)
    choose(world, world.northwind, write_auth=WriteAuth.LINK)


@pytest.fixture
def invoice_id(world: World) -> int:
    return an_invoice(world, world.northwind, "100.00")


@pytest.fixture
def token(world: World, invoice_id: int) -> str:
    return world.run(world.northwind.accounting, portal_links.copy_link, invoice_id)


def shown(driver: Driver, name: str) -> Any:
    return driver.shown(PortalDisputeState, name)


class TestSocket:
    async def test_a_dispute_shows_on_the_open_page(
        self, world: World, invoice_id: int, token: str
    ):
        async with browser(token) as driver:
            await driver.watch(PortalInvoiceState.watch)
            await driver.until(
                lambda: bool(driver.shown(PortalInvoiceState, "is_loaded"))
            )
            await driver.press(PortalDisputeState.start)
            await driver.press(PortalDisputeState.send, form=FORM)
            await driver.until(
                lambda: bool(
                    driver.shown(PortalInvoiceState, "invoice").disputes.summary
                )
            )

            assert shown(driver, "is_writing") is False
            assert "has been sent" in shown(driver, "said")
            # It is said as long as this one is among the open ones.
            part = driver.shown(PortalInvoiceState, "invoice").disputes
            assert part.open_ids == (shown(driver, "said_of"),)
        assert read_invoice(world, world.northwind, invoice_id).disputed_minor == 3_000

    async def test_what_is_wrong_is_said_beside_its_field(
        self, world: World, token: str
    ):
        async with browser(token) as driver:
            await driver.press(PortalDisputeState.start)
            await driver.press(
                PortalDisputeState.send, form={**FORM, "amount": "100.01"}
            )

            assert "At most" in shown(driver, "errors")["amount"]
            assert shown(driver, "is_writing") is True
        assert stored(world, world.northwind) == []

    @pytest.mark.parametrize(
        "form",
        [
            {},
            {"amount": ["30"], "reason": {"a": 1}, "line": None},
            {"amount": 30, "reason": 5, "line": 1},
            {"amount": "30", "reason": "x" * 100_000, "line": "1"},
            {"amount": "\ud83d", "reason": "y", "line": "1"},
            {"amount": "30", "reason": "y", "line": "7"},
            {"invoice_id": 1, "settings": {"disputes": "open"}, "request_key": "x"},
        ],
    )
    async def test_hostile_forms_change_nothing(
        self, world: World, token: str, form: dict[str, Any]
    ):
        async with browser(token) as driver:
            await driver.press(PortalDisputeState.start)
            await driver.press(PortalDisputeState.send, form=form)

        assert stored(world, world.northwind) == []

    async def test_says_on_the_page_that_one_is_withdrawn(
        self, world: World, invoice_id: int, token: str
    ):
        opened = dispute(world, world.northwind, invoice_id)
        async with browser(token) as driver:
            await driver.press(PortalDisputeState.withdraw, dispute_id=opened)

            (notice,) = shown(driver, "notices")
        assert notice.words.startswith("The dispute is withdrawn.")

    @pytest.mark.parametrize("wanted", ["x", None, True, 10**30, -1, {}, 0])
    async def test_withdrawing_what_is_not_theirs_changes_nothing(
        self, world: World, token: str, wanted: Any
    ):
        other = an_invoice(world, world.northwind, "100.00")
        opened = dispute(world, world.northwind, other)
        async with browser(token) as driver:
            for dispute_id in (wanted, opened):
                await driver.press(PortalDisputeState.withdraw, dispute_id=dispute_id)

        assert [x.outcome for x in stored(world, world.northwind)] == [""]

    @pytest.mark.parametrize("mode", [DisputeMode.OFF, DisputeMode.VIEW])
    async def test_a_handler_called_directly_is_refused_where_it_is_not_offered(
        self, world: World, token: str, mode: DisputeMode
    ):
        choose(world, world.northwind, write_auth=WriteAuth.LINK, disputes=mode)
        async with browser(token) as driver:
            await driver.press(PortalDisputeState.start)
            await driver.press(PortalDisputeState.send, form=FORM)

            assert "can't be opened here" in shown(driver, "errors")["form"]
        assert stored(world, world.northwind) == []

    async def test_a_preview_opens_none(self, world: World, token: str):
        cookie = staff_cookie(world)
        async with browser(token, cookie, preview="1") as driver:
            await driver.press(PortalDisputeState.start)
            await driver.press(PortalDisputeState.send, form=FORM)

        assert stored(world, world.northwind) == []

    @pytest.mark.feature("F082")
    async def test_the_disposition_never_reaches_the_customer(
        self, world: World, invoice_id: int, token: str
    ):
        opened = dispute(world, world.northwind, invoice_id)
        resolve(world, world.northwind, opened, note="CANARY-disposition")
        async with browser(token) as driver:
            await driver.watch(PortalInvoiceState.watch)
            await driver.until(
                lambda: bool(driver.shown(PortalInvoiceState, "is_loaded"))
            )

            sent = repr(driver.deltas)
        assert "We counted again" in sent
        assert "CANARY" not in sent


class TestPlainForm:
    async def test_opens_one_and_leads_back(
        self, world: World, invoice_id: int, token: str
    ):
        async with http(make_http_app(dispute_routes(Markup("")))) as client:
            answer = await client.post(f"/p/{token}/disputes", data=FORM)

        assert answer.status_code == 303
        assert answer.headers["location"] == f"/p/{token}#disputes"
        assert read_invoice(world, world.northwind, invoice_id).disputed_minor == 3_000

    async def test_a_refusal_keeps_what_was_typed(self, world: World, token: str):
        form = {**FORM, "amount": "500", "reason": "<b>Why?</b>"}
        async with http(make_http_app(dispute_routes(Markup("")))) as client:
            answer = await client.post(f"/p/{token}/disputes", data=form)

        assert answer.status_code == 422
        assert "At most" in answer.text
        assert "&lt;b&gt;Why?&lt;/b&gt;" in answer.text
        assert 'value="500"' in answer.text
        assert stored(world, world.northwind) == []

    async def test_withdraws(self, world: World, invoice_id: int, token: str):
        opened = dispute(world, world.northwind, invoice_id)
        async with http(make_http_app(dispute_routes(Markup("")))) as client:
            address = f"/p/{token}/disputes/{opened}/withdraw"
            answer = await client.post(address)
            again = await client.post(address)

        assert (answer.status_code, again.status_code) == (303, 422)
        assert stored(world, world.northwind)[0].outcome == "withdrawn"

    async def test_a_link_that_opens_nothing_opens_no_dispute(self, world: World):
        async with http(make_http_app(dispute_routes(Markup("")))) as client:
            answer = await client.post(f"/p/{'x' * 43}/disputes", data=FORM)

        assert answer.status_code == 303
        assert stored(world, world.northwind) == []


class TestStaff:
    @pytest.mark.feature("F079")
    async def test_answers_on_the_invoice_page(self, world: World, invoice_id: int):
        opened = dispute(world, world.northwind, invoice_id)
        async with Driver(staff_cookie(world), f"/invoices/{invoice_id}") as driver:
            await driver.press(InvoiceDetailState.open)
            await driver.press(InvoiceDetailState.start_resolving, dispute_id=opened)
            half = {"outcome": "stands", "answer": "Four."}
            await driver.press(InvoiceDetailState.resolve_dispute, form=half)
            assert driver.shown(InvoiceDetailState, "errors")["note"]
            whole = {**half, "note": "Counted by Kim."}
            await driver.press(InvoiceDetailState.resolve_dispute, form=whole)

            (line,) = driver.shown(InvoiceDetailState, "disputes")
        assert line.note == "Counted by Kim."
        assert stored(world, world.northwind)[0].answer == "Four."

    @pytest.mark.feature("F080")
    def test_the_count_and_the_filter_follow(self, world: World, invoice_id: int):
        viewer = world.northwind.viewer
        wanted = parse_invoice_filter({"disputed": "1"})
        an_invoice(world, world.northwind, "50.00")
        opened = dispute(world, world.northwind, invoice_id)

        found = world.run(viewer, list_invoices, wanted)
        assert [row.id for row in found.page.rows] == [invoice_id]
        assert found.page.rows[0].is_disputed
        assert str(world.run(viewer, count_by_status).disputed) == "1"
        kinds = [x.kind for x in world.run(viewer, read_dashboard).attention]
        assert kinds == ["dispute_open"]

        resolve(world, world.northwind, opened)

        found = world.run(viewer, list_invoices, wanted)
        assert found.page.rows == ()
        assert str(world.run(viewer, count_by_status).disputed) == "0"
