"""What staff write among themselves is in no byte that any customer receives.

Canaries stand in every internal field; then a customer does all that a customer can
do, and none of the bytes that were sent holds one.
"""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from markupsafe import Markup
from pypdf import PdfReader
from sqlmodel import select

from billing_app import runtime
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.custom_fields import CustomField
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.domain.portal_settings import WriteAuth
from billing_app.endpoints.app import make_http_app
from billing_app.endpoints.comments import comment_routes
from billing_app.endpoints.downloads import download_routes
from billing_app.endpoints.first_paint import FirstPaint
from billing_app.endpoints.portal_pages import portal_painters
from billing_app.models import (
    AuditEntry,
    BillableEvent,
    Member,
    OutboxMessage,
    WorkspaceSettings,
)
from billing_app.queries.settings import read_documents
from billing_app.services import conversations, drafts, invoices, portal_links
from billing_app.services.settings import change_fields
from billing_app.web.portal.invoice_state import PortalInvoiceState
from billing_app.web.portal.thread_state import PortalThreadState
from billing_app.workflows.outbox import deliver_due
from tests.support.asgi import http, make_client_folder
from tests.support.billing import a_customer, an_invoice, pay
from tests.support.driver import Driver
from tests.support.quarrel import dispute, resolve
from tests.support.talk import answer, choose, fill_thread, say, typed
from tests.support.world import Place, World

CANARY = "canary"


@pytest.fixture
def invoice_id(world: World) -> int:
    """An invoice around which every internal field holds a canary."""
    runtime.set_current(world.runtime)
    north, south = world.places
    choose(world, north, write_auth=WriteAuth.LINK)
    with world.unit(north.system) as uow:
        for member in uow.all(select(Member)):
            # Who answers shows a name, so this one keeps theirs.
            if member.id != north.accounting.member_id:
                member.name = f"{CANARY} {member.name}"
            member.email = f"{CANARY}-{member.email}"
    customer_id = a_customer(world, north)
    invoice_id = an_invoice_with_own_fields(world, north, customer_id)
    pay(world, north, invoice_id, "10.00", note=f"{CANARY} payment note")
    biller = north.accounting
    world.run(biller, conversations.write_note, invoice_id, f"{CANARY} staff note")
    fill_thread(world, north, invoice_id, 60)
    say(world, north, invoice_id, "Asked aloud", email=f"{CANARY}@vermeer.example")
    answer(world, north, invoice_id, "Answered aloud")
    spam = say(world, north, invoice_id, f"{CANARY} spam")
    world.run(biller, conversations.remove_comment, spam, f"{CANARY} reason")
    about = dispute(world, north, invoice_id)
    say(world, north, invoice_id, "Argued aloud", dispute=str(about))
    answer(world, north, invoice_id, "Explained aloud", dispute=str(about))
    bad = say(world, north, invoice_id, f"{CANARY} rant", dispute=str(about))
    world.run(biller, conversations.remove_comment, bad, f"{CANARY} reason")
    settled = dispute(world, north, invoice_id, "1.00", line="1")
    say(world, north, invoice_id, "Before the end", dispute=str(settled))
    resolve(world, north, settled, note=f"{CANARY} disposition")
    sibling = an_invoice(world, north, customer_id=customer_id)
    say(world, north, sibling, f"{CANARY} on a sibling")
    for place in (north, south):
        stranger = a_customer(world, place, f"{CANARY} Ltd")
        other = an_invoice(world, place, customer_id=stranger)
        choose(world, place, write_auth=WriteAuth.LINK)
        say(world, place, other, f"{CANARY} of a stranger")
    with world.unit(north.system) as uow:
        plant_events(uow, customer_id, invoice_id)
        settings = uow.one(select(WorkspaceSettings))
        settings.mail_password_encrypted = uow.cipher.encrypt(CANARY)
        uow.add(
            AuditEntry(
                event="payment_held",
                actor="member:1",
                actor_name=CANARY,
                invoice_id=invoice_id,
                customer_id=customer_id,
                details={"reason": CANARY},
                at=uow.now,
            )
        )
        uow.add(
            OutboxMessage(
                topic="mail.share_link",
                key=CANARY,
                invoice_id=invoice_id,
                details={"note": CANARY},
                last_error=CANARY,
                available_at=uow.now,
                created_at=uow.now,
                failed_at=uow.now,
            )
        )
    return invoice_id


def an_invoice_with_own_fields(world: World, place: Place, customer_id: int) -> int:
    """Fill in a field that customers see, and one that is for staff alone."""
    fields = (
        CustomField("", "Project seen"),
        CustomField("", f"{CANARY} margin", is_staff_only=True),
    )
    page = world.run(place.owner, read_documents)
    world.run(place.owner, change_fields, page.version, fields)
    seen, kept = world.run(place.owner, read_documents).fields
    form = DraftForm(
        customer_id=customer_id,
        own=((seen.key, "Harbour seen"), (kept.key, f"{CANARY} of 40 %")),
        lines=(LineForm(name="Charter flight", unit_price="100.00"),),
    )
    draft = world.run(place.accounting, drafts.create_draft, form)
    step = invoices.issue_and_publish
    return world.run(place.accounting, step, draft.invoice_id, draft.version).invoice_id


def plant_events(uow: UnitOfWork, customer_id: int, invoice_id: int) -> None:
    """One event that the customer reads, around others that they don't."""
    shown = {"invoice_id": invoice_id, "line_position": 1, "billed_at": uow.now}
    for name, facts in (
        ("Pallet seen", {**shown, "shown_at": uow.now, "line_key": CANARY}),
        (f"{CANARY} not published", shown),
        (f"{CANARY} on a draft", {"invoice_id": invoice_id}),
        (f"{CANARY} unbilled", {}),
    ):
        uow.add(
            BillableEvent(
                customer_id=customer_id,
                kind="Stop",
                reference=name,
                happened_at=uow.now,
                quantity=Decimal(1),
                rate=Decimal(1),
                factors=[["1", ""]],
                amount=Decimal(1),
                currency="EUR",
                details={"note": CANARY},
                created_at=uow.now,
                **facts,
            )
        )


@pytest.fixture
def page(world: World, invoice_id: int) -> str:
    token = world.run(world.northwind.accounting, portal_links.copy_link, invoice_id)
    return f"/p/{token}"


@pytest.fixture
def printed(world: World, page: str) -> str:
    while deliver_due(world.runtime):
        pass
    return page


@pytest.mark.feature("F081")
async def test_no_byte_of_the_pages_and_files_holds_one(printed: str, tmp_path: Path):
    page = printed
    client = make_client_folder(tmp_path / "client")
    routes = make_http_app([*comment_routes(Markup("")), *download_routes(Markup(""))])
    app = FirstPaint(routes, client, painters=portal_painters(Markup(""), Markup("")))
    async with http(app) as browser:
        painted = await browser.get(page)
        older = await browser.get(f"{page}?before=30")
        as_pdf = await browser.get(f"{page}?view=pdf")
        refused = await browser.post(f"{page}/comments", data={"body": ""})
        file = await browser.get(f"{page}/invoice.pdf")

    assert "Answered aloud" in painted.text
    assert "Pallet seen" in painted.text
    assert "Harbour seen" in painted.text
    assert "Explained aloud" in painted.text
    assert "Before the end" in painted.text
    assert "Comment 29" in older.text
    for answered in (painted, older, as_pdf, refused):
        assert CANARY not in answered.text.lower()
        assert CANARY not in str(answered.headers).lower()
    assert file.content.startswith(b"%PDF")
    text = "".join(it.extract_text() for it in PdfReader(BytesIO(file.content)).pages)
    assert "Charter flight" in text
    assert "Harbour seen" in text
    assert CANARY not in text.lower()


@pytest.mark.feature("F081")
async def test_no_frame_of_the_socket_holds_one(page: str):
    driver: Any
    async with Driver("", page) as driver:
        await driver.watch(PortalInvoiceState.watch)
        await driver.until(lambda: "Answered aloud" in repr(driver.deltas))
        await driver.until(lambda: "Pallet seen" in repr(driver.deltas))
        await driver.press(PortalThreadState.show_older)
        await driver.press(PortalThreadState.refresh)
        await driver.press(PortalInvoiceState.refresh)
        form = {"body": "", "name": "", "email": "", "request_key": "x"}
        await driver.press(PortalThreadState.post, form=form)
        good = typed("Once more")
        form = {
            "body": good.body,
            "name": good.name,
            "email": good.email,
            "request_key": good.request_key,
        }
        await driver.press(PortalThreadState.post, form=form)
        await driver.press(PortalThreadState.note_read)
        # A name that is taken tells nothing about whose it is.
        await driver.press(
            PortalThreadState.post, form={**form, "name": "Canary Nora Owner"}
        )

        sent = repr(driver.deltas) + repr(driver.events)
    assert "Once more" in sent
    assert CANARY not in sent.lower().replace("canary nora owner", "")


def test_no_mail_to_the_customer_holds_one(world: World, page: str):
    assert page
    world.clock.advance(minutes=1)
    while deliver_due(world.runtime):
        pass

    folder = world.runtime.settings.data_dir / "mailbox"
    mails = [path.read_text() for path in folder.glob("*.eml")]
    to_customer = [it for it in mails if "To: ap@vermeer.example" in it]
    assert any("Answered aloud" in it for it in to_customer)
    # One is of the stranger, who has the same address but another name.
    ours = [it for it in to_customer if f"{CANARY} Ltd" not in it]
    assert not [it for it in ours if CANARY in it.lower()]
