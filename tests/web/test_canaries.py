"""What staff write among themselves is in no byte that any customer receives.

Canaries stand in every internal field; then a customer does all that a customer can
do, and none of the bytes that were sent holds one.
"""

from __future__ import annotations

import asyncio
import re
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from markupsafe import Markup
from pypdf import PdfReader
from sqlmodel import select

from billing_app import runtime
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.check_code import check_code
from billing_app.domain.custom_fields import CustomField
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.domain.portal_settings import WriteAuth
from billing_app.endpoints.app import make_http_app
from billing_app.endpoints.check import check_routes
from billing_app.endpoints.comments import comment_routes
from billing_app.endpoints.disputes import dispute_routes
from billing_app.endpoints.downloads import download_routes
from billing_app.endpoints.first_paint import FirstPaint
from billing_app.endpoints.portal_pages import portal_painters
from billing_app.endpoints.portal_sign_in import portal_sign_in_routes
from billing_app.endpoints.promises import promise_routes
from billing_app.endpoints.statements import statement_routes
from billing_app.models import (
    AuditEntry,
    BillableEvent,
    Customer,
    Invoice,
    IssuedDocument,
    Member,
    OutboxMessage,
    Payment,
    WorkspaceSettings,
)
from billing_app.queries.settings import read_documents
from billing_app.services import conversations, drafts, invoices, portal_links
from billing_app.services.settings import change_fields
from billing_app.services.write_offs import write_off
from billing_app.web.portal.account_state import PortalAccountState
from billing_app.web.portal.invoice_state import PortalInvoiceState
from billing_app.web.portal.thread_state import PortalThreadState
from billing_app.workflows.outbox import deliver_due
from tests.support.asgi import http, make_client_folder
from tests.support.billing import a_customer, all_rows, an_invoice, pay
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
    with world.unit(north.system) as uow:
        # What an e-invoice needs.
        settings = uow.one(select(WorkspaceSettings))
        settings.legal_name, settings.country = "Northwind Charter B.V.", "NL"
        settings.registration = "KvK 70112233"
        uow.get(Customer, customer_id).country = "NL"
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
    given_up = an_invoice(world, north, "20.00", customer_id=customer_id)
    world.run(biller, write_off, given_up, f"{CANARY} insolvent", 2_000)
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
        CustomField("", "Cost centre seen", place="customer"),
        CustomField("", f"{CANARY} rating", is_staff_only=True, place="customer"),
        CustomField("", "Serial seen", place="line"),
        CustomField("", f"{CANARY} bought for", is_staff_only=True, place="line"),
    )
    page = world.run(place.owner, read_documents)
    world.run(place.owner, change_fields, page.version, fields)
    seen, kept, centre, rating, serial, cost = world.run(
        place.owner, read_documents
    ).fields
    with world.unit(place.system) as uow:
        uow.get(Customer, customer_id).custom_fields = {
            centre.key: "4711 seen",
            rating.key: f"{CANARY} pays late",
        }
    line = LineForm(
        name="Charter flight",
        unit_price="100.00",
        own=((serial.key, "R-77 seen"), (cost.key, f"{CANARY} 61.50")),
    )
    form = DraftForm(
        customer_id=customer_id,
        own=((seen.key, "Harbour seen"), (kept.key, f"{CANARY} of 40 %")),
        lines=(line,),
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
    for shown in ("Harbour seen", "4711 seen", "R-77 seen"):
        assert shown in painted.text
    assert "Explained aloud" in painted.text
    assert "Before the end" in painted.text
    assert "Comment 29" in older.text
    for answered in (painted, older, as_pdf, refused):
        assert CANARY not in answered.text.lower()
        assert CANARY not in str(answered.headers).lower()
    assert file.content.startswith(b"%PDF")
    text = "".join(it.extract_text() for it in PdfReader(BytesIO(file.content)).pages)
    assert "Charter flight" in text
    for shown in ("Harbour seen", "4711 seen", "R-77 seen"):
        assert shown in text
    assert CANARY not in text.lower()


@pytest.fixture
def account(world: World, invoice_id: int) -> str:
    """The address of the customer's account, with every document of it printed."""
    actor = world.northwind.accounting
    with world.reading(world.northwind.system) as uow:
        customer_id = uow.get(Invoice, invoice_id).customer_id
    assert customer_id is not None
    token = world.run(actor, portal_links.copy_customer_link, customer_id)
    while deliver_due(world.runtime):
        pass
    return f"/c/{token}"


def portal_app(folder: Path) -> FirstPaint:
    head = Markup("")
    routes = (
        comment_routes,
        dispute_routes,
        download_routes,
        statement_routes,
        portal_sign_in_routes,
        promise_routes,
        check_routes,
    )
    app = make_http_app([it for make in routes for it in make(head)])
    client = make_client_folder(folder / "client")
    return FirstPaint(app, client, painters=portal_painters(head, head))


def words_of(content: bytes) -> str:
    """Return all that a file says: text, what a PDF holds, what a zip holds."""
    if content.startswith(b"PK"):
        with ZipFile(BytesIO(content)) as packed:
            inside = [words_of(packed.read(name)) for name in packed.namelist()]
            return "\n".join([*packed.namelist(), *inside])
    if not content.startswith(b"%PDF"):
        return content.decode()
    pdf = PdfReader(BytesIO(content))
    said = [page.extract_text() for page in pdf.pages]
    said += [words_of(file) for files in pdf.attachments.values() for file in files]
    return "\n".join([*said, repr(pdf.metadata), repr(list(pdf.attachments))])


@pytest.mark.feature("F081")
async def test_no_byte_of_the_account_and_its_files_holds_one(
    world: World, invoice_id: int, account: str, tmp_path: Path
):
    """Each address, and a word that shows that it held what it is for."""
    place = world.northwind
    [payment] = all_rows(world, place, Payment)
    documents = all_rows(world, place, IssuedDocument)
    issued = next(it for it in documents if it.invoice_id == invoice_id)
    own = f"{account}/{invoice_id}"
    days = "from=2026-01-01&to=2026-12-31"
    wanted = {
        account: "Bank transfer",
        f"{account}?status=paid": "INV-0",
        f"{account}?q=Pallet&archived=1": "INV-0",
        f"{account}?{days}&payments=all": "Receipt PDF",
        own: "Answered aloud",
        f"{own}/invoice.pdf": "Charter flight",
        f"{own}/invoice.cii.xml": "Charter flight",
        f"{own}/invoice.ubl.xml": "Charter flight",
        f"{own}/receipts/{payment.id}.pdf": "10.00",
        f"{account}/statement.pdf?{days}": "INV-0",
        f"{account}/statement.csv?{days}": "INV-0",
        f"{account}/documents.zip?{days}": "Charter flight",
        f"/check/{check_code(issued.content_digest)}": issued.number,
        f"/check?file={issued.pdf_digest}": issued.number,
        f"{own}/verify": "Send code",
    }
    async with http(portal_app(tmp_path)) as browser:
        answers = {path: await browser.get(path) for path in wanted}

    for path, given in answers.items():
        said = words_of(given.content) + str(given.headers)
        assert given.status_code == 200, path
        assert wanted[path] in said, path
        assert CANARY not in said.lower(), path
    # The file for machines inside the one for people.
    assert "CrossIndustryInvoice" in words_of(answers[f"{own}/invoice.pdf"].content)


@pytest.mark.feature("F081")
async def test_no_answer_to_a_code_or_a_form_holds_one(
    world: World, invoice_id: int, account: str, tmp_path: Path
):
    """Whoever is asked for a code learns nothing of whom it is asked for."""
    own, known = f"{account}/{invoice_id}", "ap@vermeer.example"
    said: list[str] = []
    async with http(portal_app(tmp_path)) as browser:

        async def post(path: str, **form: str) -> str:
            answer = await browser.post(path, data=form)
            said.append(answer.text + str(answer.headers))
            return answer.text

        for email in ("nobody@nowhere.example", "nonsense", known):
            page = await post(f"{own}/verify", step="email", email=email)
        found = re.search('name="asked" value="([^"]*)"', page)
        assert found is not None
        proof = {"step": "code", "email": known, "asked": found[1]}
        await post(f"{own}/verify", **proof, code="000000")
        await asyncio.to_thread(deliver_all, world)
        code = next(it[1] for it in map(_CODE.search, mails(world)) if it)
        await post(f"{own}/verify", **proof, code=code)
        proven = await browser.get(own)
        said.append(proven.text)
        for form in ("comments", "disputes", "promises"):
            await post(f"{own}/{form}", body="", reason="", promised_on="never")

    assert "Verified" in proven.text
    mailed = [it for it in mails(world) if _CODE.search(it)]
    assert mailed
    assert not [it for it in (*said, *mailed) if CANARY in it.lower()]


def deliver_all(world: World) -> None:
    while deliver_due(world.runtime):
        pass


_CODE = re.compile(r"Subject: (\d{6}) is")


def mails(world: World) -> list[str]:
    folder = world.runtime.settings.data_dir / "mailbox"
    return [path.read_text() for path in folder.rglob("*.eml")]


@pytest.mark.feature("F081")
async def test_no_frame_of_the_accounts_socket_holds_one(invoice_id: int, account: str):
    driver: Any
    async with Driver("", f"{account}?payments=all") as driver:
        await driver.watch(PortalAccountState.watch)
        await driver.until(lambda: "Bank transfer" in repr(driver.deltas))
        await driver.press(PortalAccountState.toggle, invoice_id=invoice_id)
        await driver.press(PortalAccountState.refresh)
        await driver.press(PortalAccountState.choose, invoice_id=invoice_id)
        await driver.press(PortalAccountState.confirm_choice)
        await driver.press(PortalAccountState.weigh, amount="1")
        await driver.press(PortalAccountState.confirm_balance, currency="EUR")
        await driver.press(PortalAccountState.note_seen)

        sent = repr(driver.deltas) + repr(driver.events)
    assert "Answered aloud" in sent
    assert "Pallet seen" in sent
    assert CANARY not in sent.lower()


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

    to_customer = [it for it in mails(world) if "To: ap@vermeer.example" in it]
    assert any("Answered aloud" in it for it in to_customer)
    # One is of the stranger, who has the same address but another name.
    ours = [it for it in to_customer if f"{CANARY} Ltd" not in it]
    assert not [it for it in ours if CANARY in it.lower()]
