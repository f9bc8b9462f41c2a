"""Every handler is a door any browser can knock on; strangers get nothing."""

import json
from datetime import timedelta
from typing import Any

import pytest
import reflex as rx
from reflex_base.utils.format import format_event_handler
from sqlalchemy import event
from sqlmodel import select

from billing_app import runtime
from billing_app.billing_app import app
from billing_app.database.secrets import digest
from billing_app.domain.errors import DiskFull
from billing_app.models import Customer, Member, StaffSession
from billing_app.web.portal.invoice_state import PortalInvoiceState
from billing_app.web.staff.customers_state import CustomersState
from billing_app.web.staff.dashboard_state import DashboardState
from billing_app.web.staff.invoice_editor_state import InvoiceEditorState
from billing_app.web.staff.invoices_state import InvoicesState
from billing_app.web.staff.payments_state import PaymentListState
from billing_app.workflows import sign_in as signing
from tests.support.billing import a_customer
from tests.support.driver import Driver, handler_names
from tests.support.world import World
from tests.web.conftest import Browse


@pytest.fixture(autouse=True)
def current(world: World):
    runtime.set_current(world.runtime)


def sign_in(world: World, member_id: int, **changes: object) -> str:
    """Open a session as a row; return the Cookie header of its browser."""
    with world.unit(world.northwind.system) as uow:
        member = uow.get(Member, member_id)
        facts = {
            "person_id": member.person_id,
            "member_id": member_id,
            "token_digest": digest("secret"),
            "created_at": uow.now,
            "seen_at": uow.now,
        }
        uow.add(StaffSession(**(facts | changes)))
    return "tallyport=secret"


def is_sent_to_sign_in(driver: Driver) -> bool:
    return any("/sign-in" in json.dumps(e.payload, default=str) for e in driver.events)


@pytest.mark.parametrize("name", handler_names("staff"))
async def test_a_stranger_reaches_no_staff_handler(name: str):
    async with Driver() as driver:
        await driver.send(name)

    assert is_sent_to_sign_in(driver)
    assert driver.deltas == []


@pytest.mark.parametrize("name", handler_names("staff"))
async def test_nor_does_a_session_that_ended(world: World, name: str):
    now = world.clock.now
    cookie = sign_in(world, world.northwind.owner.member_id, ended_at=now)

    async with Driver(cookie) as driver:
        await driver.send(name)

    assert is_sent_to_sign_in(driver)
    assert driver.deltas == []


async def test_nor_one_that_still_owes_its_code_or_was_left_alone(world: World):
    name = handler_names("staff")[0]
    owing = sign_in(world, world.northwind.owner.member_id, owes="code")
    async with Driver(owing) as driver:
        await driver.send(name)
    assert is_sent_to_sign_in(driver)

    world.clock.now += timedelta(hours=13)
    async with Driver(owing) as driver:
        await driver.send(name)
    assert is_sent_to_sign_in(driver)


@pytest.mark.parametrize("state", [DashboardState, PortalInvoiceState])
async def test_what_watches_begins_with_its_page_alone(world: World, state):
    """Begun by a program, it would go on after the socket is closed."""
    cookie = sign_in(world, world.northwind.owner.member_id)

    async with Driver(cookie, "/dashboard") as driver:
        await driver.press(state.watch)

        assert world.runtime.bus.count_readers() == 0
        assert state.get_full_name() not in repr(driver.deltas)


async def test_setting_a_variable_from_outside_does_nothing():
    setter = f"{InvoiceEditorState.get_full_name()}.setvar"

    async with Driver() as driver:
        await driver.send(setter, var_name="total", value="canary")

    assert "canary" not in str(driver.deltas)


async def test_a_fresh_page_holds_nothing_of_any_workspace(world: World):
    """Hydrate sends every variable of every state to whoever asks."""
    canaries = ("Northwind", "Kestrel", "owner@", "Nora", "Kay")

    async with Driver() as driver:
        await driver.send(f"{rx.State.get_full_name()}.hydrate")

    sent = json.dumps(driver.deltas, default=str)
    assert not [word for word in canaries if word in sent]


@pytest.mark.parametrize("hydrate", ["hydrate", "hydrate_and_load"])
async def test_what_staff_were_shown_is_not_sent_again_once_they_signed_out(
    world: World, hydrate: str
):
    for place, customer in ((world.kestrel, "Abroad"), (world.northwind, "Canary")):
        a_customer(world, place, f"{customer} Freight")
    cookie = sign_in(world, world.northwind.owner.member_id)
    name = format_event_handler(rx.State.event_handlers[hydrate])

    async with Driver(cookie, "/customers") as driver:
        await driver.press(CustomersState.open)
        driver.deltas.clear()
        await driver.send(name)
        assert "Canary Freight" in repr(driver.deltas)

        signing.end_session(world.runtime, "secret")
        driver.deltas.clear()
        await driver.send(name)

        assert driver.deltas
        assert "Canary" not in repr(driver.deltas)


@pytest.mark.parametrize(
    "data",
    [
        {"name": "reflex___state____state.nope"},
        {"name": "gone." + "x" * 5_000},
        {"name": 7},
        {"name": ["SECRET"]},
        {"payload": {"password": "SECRET"}},
        ["SECRET"],
        "SECRET",
        None,
    ],
    ids=lambda data: str(data)[:30],
)
async def test_an_event_without_a_handler_costs_one_short_line(
    caplog: pytest.LogCaptureFixture, data: object
):
    place = {"router_data": {"pathname": "/p/SECRET", "headers": {"cookie": "SECRET"}}}
    sent = {**data, **place} if isinstance(data, dict) else data
    namespace: Any = app.event_namespace

    # As a socket hands it over; what got further would find no queue here.
    await namespace.on_event("sid", sent)

    (record,) = caplog.records
    assert len(record.getMessage()) < 100
    assert "SECRET" not in record.getMessage()
    assert not record.exc_info


UNDERSTOOD = "That request was not understood."


def told(driver: Driver) -> list[str]:
    """Return the sentences in the last notices that were sent."""
    sent = [
        [notice.words for notice in value]
        for delta in driver.deltas
        for changes in delta.values()
        for name, value in changes.items()
        if name.startswith("notices_")
    ]
    return sent[-1] if sent else []


@pytest.mark.parametrize(
    "payload",
    [{}, {"key": "a", "more": 1}, {"self": 1}, {"key": "half \ud83d an emoji"}],
    ids=repr,
)
@pytest.mark.parametrize("state", [InvoiceEditorState, PortalInvoiceState])
async def test_what_no_page_of_ours_sends_is_refused_in_words(
    state, payload, caplog: pytest.LogCaptureFixture
):
    name = f"{state.get_full_name()}.dismiss_notice"

    async with Driver() as driver:
        await driver.send_payload(name, payload)

    assert told(driver) == [UNDERSTOOD]
    assert "crashed" not in caplog.text


@pytest.mark.parametrize("payload", ["text", 5, None, ["a"]], ids=repr)
async def test_nor_does_a_payload_without_names_crash(
    payload, caplog: pytest.LogCaptureFixture
):
    name = f"{InvoiceEditorState.get_full_name()}.dismiss_notice"

    async with Driver() as driver:
        await driver.send_payload(name, payload)

    assert driver.deltas == []
    assert "crashed" not in caplog.text


async def test_nor_half_a_character_deep_in_a_form(world: World, browse: Browse):
    form = {"name": ["\ud83d"]}

    async with browse(world.northwind.owner, "/customers") as driver:
        await driver.press(CustomersState.add, form=form)

    assert driver.shown(CustomersState, "notices")[-1].words == UNDERSTOOD


async def test_nor_a_number_no_database_holds(world: World, browse: Browse):
    async with browse(world.northwind.owner, "/dashboard") as driver:
        await driver.press(DashboardState.retry_mail, message_id=2**63)

    assert driver.shown(DashboardState, "notices")[-1].words == UNDERSTOOD


@pytest.mark.parametrize("state", [CustomersState, InvoicesState, PaymentListState])
async def test_a_list_can_be_sorted_before_it_was_opened(
    state, world: World, browse: Browse
):
    async with browse(world.northwind.owner, "/") as driver:
        await driver.press(state.sort, key="number")

    assert not driver.shown(state, "notices")
    assert "sort=" in driver.redirects[0]


async def test_a_full_disk_is_told_and_nothing_is_half_saved(
    world: World, browse: Browse
):
    @event.listens_for(world.runtime.engine.pool, "checkout")
    def allow_no_growth(connection, *_) -> None:
        # SQLite never goes below the pages it has.
        connection.execute("PRAGMA max_page_count = 1")

    saved = 0
    async with browse(world.northwind.owner, "/customers") as driver:
        while not driver.shown(CustomersState, "notices"):
            form = {"name": f"Customer {saved}", "address": "x" * 400}
            await driver.press(CustomersState.add, form=form)
            saved += 1

    assert driver.shown(CustomersState, "notices")[-1].words == DiskFull().message
    with world.reading(world.northwind.system) as uow:
        names = uow.all(select(Customer.name))
    # The last one was refused; all before it are whole.
    assert len(names) == saved - 1
