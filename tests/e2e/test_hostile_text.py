"""Hostile text in a real browser: it is read, asks nobody, and nothing of it runs."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from billing_app.domain.actors import Role, StaffActor
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.runtime import open_runtime
from billing_app.services import drafts, invoices, portal_links
from billing_app.services.conversations import post_reply
from billing_app.services.customers import CustomerForm, create_customer
from billing_app.settings import load_settings
from tests.e2e.conftest import EMAIL, PASSWORD
from tests.support.hostile import attempts, listening
from tests.support.process import Server, create_owner, running
from tests.support.talk import typed

OWNER = StaffActor(1, 1, Role.OWNER)
# Its own pages have pictures and buttons, but none of these.
FIND_PLANTED = (
    "() => document.querySelectorAll('[onload], [onerror], [onclick], [onfocus],"
    ' iframe, object, embed, [src*="127.0.0.1"], link[href*="127.0.0.1"]\').length'
)


def test_what_was_typed_is_only_read(page: Page, tmp_path: Path):
    create_owner(tmp_path, EMAIL, PASSWORD)
    with running("serve", folder=tmp_path) as server:
        look_at_all(server, page)
        # Nothing asks for the server any more when it ends.
        page.goto("about:blank")


def look_at_all(server: Server, page: Page) -> None:
    dialogs: list[str] = []
    page.on("dialog", lambda it: dialogs.append(it.message))
    page.add_init_script("window.ran = 0; window.x = () => { window.ran += 1 }")
    with listening() as (there, callers):
        paths, token = plant(server, attempts(there))

        page.goto(f"{server.base_url}/p/{token}")
        is_only_read(page)
        expect(page.locator("#painted")).to_have_count(0)
        is_only_read(page)
        page.goto(f"{server.base_url}/sign-in")
        page.get_by_label("Email").fill(EMAIL)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("navigation", name="Main").wait_for()
        for path in paths:
            page.goto(f"{server.base_url}{path}")
            # It comes over the socket: nothing is painted for staff.
            is_only_read(page)

        assert callers == []
    assert dialogs == []


def plant(server: Server, text: str) -> tuple[list[str], str]:
    """Type it wherever it fits; return the pages of staff, and the customer's link."""
    runtime = open_runtime(load_settings({"DATA_DIR": str(server.data_dir)}))
    short, prose = text[:200], text[:2_000]
    form = CustomerForm(
        name=short, contact_name=text[:80], address=prose[:900], country="NL"
    )
    customer_id = runtime.run(OWNER, create_customer, form)
    line = LineForm(
        name=short, description=prose, group=text[:60], unit=text[:16], unit_price="10"
    )
    draft = DraftForm(
        customer_id=customer_id, lines=(line,), notes=prose, terms=prose,
        purchase_order=text[:60],
    )  # fmt: skip
    open_draft = runtime.run(OWNER, drafts.create_draft, draft)
    made = runtime.run(OWNER, drafts.create_draft, draft)
    issued = runtime.run(
        OWNER, invoices.issue_and_publish, made.invoice_id, made.version
    )
    runtime.run(OWNER, post_reply, issued.invoice_id, typed(prose, name="", email=""))
    token = runtime.run(OWNER, portal_links.copy_link, issued.invoice_id)
    runtime.engine.dispose()
    paths = [
        "/invoices",
        f"/invoices/{issued.invoice_id}",
        f"/invoices/{open_draft.invoice_id}/edit",
        f"/customers/{customer_id}",
    ]
    return paths, token


def is_only_read(page: Page) -> None:
    shown = page.get_by_text("<svg onload=x()>").first
    expect(shown).to_be_attached(timeout=20_000)
    assert page.evaluate(FIND_PLANTED) == 0
    assert page.evaluate("window.ran") == 0
