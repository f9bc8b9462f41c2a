"""Several processes on PostgreSQL and Redis serve as one."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import reflex as rx
from playwright.sync_api import expect
from redis import Redis
from sqlmodel import select

from billing_app.database.authentication import list_system_actors
from billing_app.domain.actors import Role, StaffActor
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.domain.portal_settings import CommentMode, PortalSettings, WriteAuth
from billing_app.models import Member, WorkspaceSettings
from billing_app.runtime import Runtime, open_runtime
from billing_app.services import drafts, invoices, portal_links
from billing_app.services.customers import CustomerForm, create_customer
from billing_app.settings import load_settings, without_settings
from billing_app.web.portal.account_state import PortalAccountState
from tests.e2e.conftest import EMAIL, PASSWORD, OpenPage
from tests.support.postgres import running_postgres
from tests.support.process import Server, create_owner, running, wait_until
from tests.support.redis import running_redis
from tests.support.tab import tab

SECRET = "123.45"
HYDRATE, HYDRATE_AND_LOAD, SET_IS_HYDRATED = (
    rx.State.event_handlers[name]
    for name in ("hydrate", "hydrate_and_load", "set_is_hydrated")
)
# By whatever event one connects: Reflex sends the whole page where it finds none.
FIRST = [
    pytest.param(HYDRATE, id="hydrate"),
    pytest.param(HYDRATE_AND_LOAD, id="load"),
    pytest.param(SET_IS_HYDRATED, id="anything"),
]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What all processes have in common, as their environment."""
    folder = tmp_path_factory.mktemp("postgres")
    with running_redis() as redis, running_postgres(folder) as database_url:
        yield {
            "DATABASE_URL": database_url,
            "REFLEX_REDIS_URL": redis.connection_url,
            "SECRET_KEY": "the same secret for all processes",
            "DATA_DIR": str(tmp_path_factory.mktemp("data")),
        }


@pytest.fixture(scope="module")
def scaled_server(
    tmp_path_factory: pytest.TempPathFactory, shared: dict[str, str]
) -> Iterator[Server]:
    """`tallyport serve` with two workers."""
    folder = tmp_path_factory.mktemp("scaled")
    environment = {**shared, "WORKERS": "2"}
    with running("serve", folder=folder, environment=environment) as server:
        yield server


@dataclass(frozen=True, slots=True)
class Apart:
    """Two servers of one business, and an invoice of 85.00 in their database.

    Attributes:
        redis: where both keep what their pages remember.
        token: of a link to the invoice.
    """

    desk: Server
    portal: Server
    runtime: Runtime
    redis: Redis
    invoice_id: int
    token: str


@pytest.fixture(scope="module")
def apart(
    tmp_path_factory: pytest.TempPathFactory, shared: dict[str, str]
) -> Iterator[Apart]:
    """Two servers of one process each, so that it is known who answers which page."""
    one, other = (tmp_path_factory.mktemp(name) for name in ("desk", "portal"))
    environment = {**shared, "WORKERS": "1"}
    with (
        running("serve", folder=one, environment=environment) as desk,
        running("serve", folder=other, environment=environment) as portal,
    ):
        create_owner(one, EMAIL, PASSWORD, shared)
        settings = load_settings({**without_settings(os.environ), **shared})
        runtime = open_runtime(settings)
        redis = Redis.from_url(shared["REFLEX_REDIS_URL"])
        yield Apart(desk, portal, runtime, redis, *publish_invoice(runtime))


def owner_in(runtime: Runtime) -> StaffActor:
    (system,) = list_system_actors(runtime.engine, "test")
    with runtime.unit(system) as uow:
        member_id = uow.one(select(Member)).id
    assert member_id is not None
    return StaffActor(system.workspace_id, member_id, Role.OWNER)


def publish_invoice(runtime: Runtime) -> tuple[int, str]:
    """Publish an invoice that its link may comment on; return its id and token."""
    (system,) = list_system_actors(runtime.engine, "test")
    with runtime.unit(system) as uow:
        settings = uow.one(select(WorkspaceSettings))
        portal = PortalSettings.from_stored(settings.portal)
        portal = replace(portal, comments=CommentMode.WRITE, write_auth=WriteAuth.LINK)
        settings.portal = portal.to_stored()
    owner = owner_in(runtime)
    _, invoice_id = bill(runtime, "Vermeer Optics", "85.00")
    return invoice_id, runtime.run(owner, portal_links.copy_link, invoice_id)


def bill(runtime: Runtime, name: str, price: str) -> tuple[int, int]:
    """Bill a new customer for a boiler service; return their id and the invoice's."""
    owner = owner_in(runtime)
    buyer = CustomerForm(name=name, email="ap@vermeer.example")
    customer_id = runtime.run(owner, create_customer, buyer)
    lines = (LineForm(key="a", name="Boiler service", unit_price=price),)
    form = DraftForm(customer_id=customer_id, lines=lines)
    draft = runtime.run(owner, drafts.create_draft, form)
    runtime.run(owner, invoices.issue_and_publish, draft.invoice_id, draft.version)
    return customer_id, draft.invoice_id


@pytest.mark.postgres
def test_pages_connect_to_whichever_worker_answers(
    scaled_server: Server, open_page: OpenPage
):
    for _ in range(4):
        page = open_page()
        with page.expect_websocket() as opened:
            page.goto(scaled_server.base_url)

        assert opened.value.url.startswith(scaled_server.base_url.replace("http", "ws"))
        expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=30_000)


@pytest.mark.postgres
@pytest.mark.feature("F070")
def test_what_is_done_on_one_process_shows_on_a_page_open_at_the_other(
    apart: Apart, open_page: OpenPage
):
    desk, visitor = open_page(), open_page()
    desk.goto(f"{apart.desk.base_url}/sign-in")
    desk.get_by_label("Email").fill(EMAIL)
    desk.get_by_label("Password").fill(PASSWORD)
    desk.get_by_role("button", name="Sign in").click()
    expect(desk.get_by_role("navigation", name="Main")).to_be_visible()
    desk.goto(f"{apart.desk.base_url}/invoices/{apart.invoice_id}")
    expect(desk.get_by_role("button", name="Save note")).to_be_visible()
    visitor.goto(f"{apart.portal.base_url}/p/{apart.token}")
    expect(visitor.locator("#painted")).to_have_count(0)
    for page in (desk, visitor):
        page.evaluate("() => { window.wasLoadedOnce = true }")

    thread = visitor.get_by_role("region", name="Comments")
    thread.get_by_label("Message").fill("Was the valve really replaced?")
    thread.get_by_label("Your name").fill("Ines Vermeer")
    thread.get_by_label("Your email").fill("ines@vermeer.example")
    thread.get_by_role("button", name="Post comment").click()
    expect(desk.get_by_text("Was the valve really replaced?")).to_be_visible()

    desk.get_by_label("Reply").fill("It was, on Tuesday.")
    desk.get_by_label("Reply").press("Control+Enter")
    expect(thread.get_by_text("It was, on Tuesday.")).to_be_visible()

    desk.get_by_role("button", name="Record payment").click()
    dialog = desk.get_by_role("dialog", name="Record payment")
    dialog.get_by_role("button", name=re.compile(r"Record \D*85\.00")).click()
    expect(visitor.get_by_text("Paid", exact=True).first).to_be_visible()
    for page in (desk, visitor):
        assert page.evaluate("() => window.wasLoadedOnce")


@dataclass(frozen=True, slots=True)
class Left:
    """A page of an account that a customer had open at the portal, and left.

    Attributes:
        token: of its socket, as it stands in the log of a proxy.
        other_id: an invoice of another customer, whose account is `elsewhere`.
    """

    apart: Apart
    token: str
    customer_id: int
    invoice_id: int
    other_id: int
    path: str
    elsewhere: str

    def revoke(self) -> None:
        run, owner = self.apart.runtime.run, owner_in(self.apart.runtime)
        run(owner, portal_links.revoke_customer_links, self.customer_id)

    def forget_who_looked(self) -> None:
        """Let Redis forget the page but not what it shows, which changed later."""
        redis: Any = self.apart.redis
        (key,) = redis.keys(f"*_{rx.State.get_full_name()}")
        redis.delete(key)

    def told(self, path: str, first: Any = HYDRATE, **payload: Any) -> str:
        """Return all that whoever knows the token is told at the other server.

        Args:
            first: what is called by connecting.
        """
        with tab(self.apart.desk, self.token, path, first, **payload) as other:
            # It is told where it is, as soon as that has changed.
            other.path = f"{path}?told=all"
            other.press(SET_IS_HYDRATED, value=True)
            other.listen_for("told=all")
        self.wait_until_left()
        return other.heard

    def wait_until_left(self) -> None:
        """Wait until the servers know that nobody holds the token any more."""
        wait_until(lambda: not self.apart.redis.keys("token_manager_socket_record_*"))

    def is_as_it_was(self) -> bool:
        told = self.told(self.path)
        return SECRET in told and f'"open_rows_rx_state_":["{self.invoice_id}"]' in told


@pytest.fixture
def left(apart: Apart) -> Left:
    run, owner = apart.runtime.run, owner_in(apart.runtime)
    customer_id, invoice_id = bill(apart.runtime, "Halden Freight", SECRET)
    other_customer_id, other_id = bill(apart.runtime, "Meridian Housing", "67.89")
    path, elsewhere = (
        f"/c/{run(owner, portal_links.copy_customer_link, each)}"
        for each in (customer_id, other_customer_id)
    )
    token = secrets.token_hex(16)
    apart.redis.flushall()
    page = Left(apart, token, customer_id, invoice_id, other_id, path, elsewhere)
    with tab(apart.portal, token, path, HYDRATE_AND_LOAD) as own:
        own.listen_for(SECRET)
        own.press(PortalAccountState.toggle, invoice_id=invoice_id)
        own.listen_for("Boiler service")
    page.wait_until_left()
    return page


@pytest.mark.postgres
def test_a_customer_s_page_is_found_as_it_was_at_another_process(left: Left):
    assert left.is_as_it_was()


@pytest.mark.postgres
@pytest.mark.parametrize("is_half_expired", [False, True])
@pytest.mark.parametrize("first", FIRST)
def test_a_link_taken_back_finds_nothing_there(
    left: Left, first: Any, is_half_expired: bool
):
    left.revoke()
    if is_half_expired:
        left.forget_who_looked()

    assert SECRET not in left.told(left.path, first, **value_of(first))


@pytest.mark.postgres
@pytest.mark.parametrize("is_half_expired", [False, True])
@pytest.mark.parametrize("first", FIRST)
def test_nor_does_the_token_of_a_socket_alone(
    left: Left, first: Any, is_half_expired: bool
):
    if is_half_expired:
        left.forget_who_looked()

    assert SECRET not in left.told(left.elsewhere, first, **value_of(first))


@pytest.mark.postgres
def test_what_is_called_from_elsewhere_neither_shows_nor_changes_a_page(left: Left):
    calls = (
        (PortalAccountState.toggle, {"invoice_id": left.other_id}),
        (PortalAccountState.toggle, {"invoice_id": left.invoice_id}),
        (PortalAccountState.choose, {"invoice_id": left.other_id}),
        (PortalAccountState.refresh, {}),
        (PortalAccountState.watch, {}),
    )
    for handler, payload in calls:
        assert SECRET not in left.told(left.elsewhere, handler, **payload)

    assert left.is_as_it_was()


def value_of(first: Any) -> dict[str, bool]:
    return {"value": False} if first is SET_IS_HYDRATED else {}
