"""The customer's page as the server paints it, and the files behind it."""

from __future__ import annotations

import contextlib
import hashlib
import re
import sqlite3
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx
import pytest
from lxml import etree
from markupsafe import Markup
from PIL import Image
from pypdf import PdfReader, PdfWriter
from sqlmodel import col, select
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount
from starlette.types import ASGIApp
from zxingcpp import read_barcodes

from billing_app import runtime
from billing_app.database.secrets import digest
from billing_app.documents.pdf import PdfEngineMissing
from billing_app.documents.qr import code_of
from billing_app.domain.actors import Permission, Role, StaffActor, SystemActor
from billing_app.domain.check_code import check_code
from billing_app.domain.draft import DraftForm, LineForm
from billing_app.domain.portal_settings import PortalSettings
from billing_app.endpoints.app import make_http_app
from billing_app.endpoints.check import check_routes
from billing_app.endpoints.downloads import download_routes
from billing_app.endpoints.first_paint import FirstPaint
from billing_app.endpoints.headers import SecurityHeaders
from billing_app.endpoints.portal_pages import portal_painters
from billing_app.endpoints.statements import statement_routes
from billing_app.models import (
    BillableEvent,
    CreditNote,
    Customer,
    Invoice,
    IssuedDocument,
    Member,
    PortalLink,
    PortalVisit,
    PrintedCopy,
    StaffSession,
    StripeAccount,
    WorkspaceSettings,
)
from billing_app.queries.portal import read_document
from billing_app.queries.timeline import read_customer_timeline
from billing_app.services import drafts, invoices, portal_links
from billing_app.services.billable_events import record_events
from billing_app.services.portal_answers import set_invoice_answer
from billing_app.services.write_offs import write_off
from billing_app.settings import STRIPE_SOURCES
from tests.support.asgi import http, make_client_folder
from tests.support.billing import (
    a_customer,
    all_rows,
    an_event,
    an_invoice,
    an_invoice_of_events,
    pay,
    read_invoice,
)
from tests.support.credit import an_amount, credit
from tests.support.quarrel import dispute
from tests.support.rows import add_invoice
from tests.support.talk import say
from tests.support.world import World


def links_of(pdf: bytes) -> list[str]:
    return [
        note.get_object()["/A"]["/URI"]
        for page in PdfReader(BytesIO(pdf)).pages
        for note in page.get("/Annots", ())
    ]


HEAD = Markup('<link rel="stylesheet" href="/portal.css">')


@dataclass
class Portal:
    """The portal's HTTP side over a world, with one published invoice."""

    world: World
    app: ASGIApp
    invoice_id: int

    @property
    def place(self):
        return self.world.northwind

    @property
    def customer_id(self) -> int:
        return read_invoice(self.world, self.place, self.invoice_id).customer_id or 0

    @property
    def token(self) -> str:
        return self.world.run(
            self.place.accounting, portal_links.copy_link, self.invoice_id
        )

    async def get(self, path: str, **options: Any) -> httpx.Response:
        async with http(self.app) as browser:
            return await browser.get(path, **options)

    async def open(self, query: str = "", **options: Any) -> httpx.Response:
        return await self.get(f"/p/{self.token}{query}", **options)

    def dump(self) -> list[str]:
        """Return everything that the database holds."""
        path = self.world.runtime.settings.data_dir / "tallyport.db"
        with contextlib.closing(sqlite3.connect(path)) as database:
            return list(database.iterdump())

    def choose(self, **portal: Any) -> None:
        with self.world.unit(self.place.system) as uow:
            settings = uow.one(select(WorkspaceSettings))
            settings.portal = PortalSettings(**portal).to_stored()

    def connect_stripe(self) -> None:
        account = StripeAccount(
            secret_key_encrypted="x",
            webhook_secret_encrypted="y",
            charges_enabled=True,
        )
        with self.world.unit(self.place.system) as uow:
            uow.add(account)

    def print(
        self, content: bytes, table: type[Any] = IssuedDocument, **which: Any
    ) -> None:
        """Store a file as the printed form of a document."""
        named = self.world.runtime.files.put(content, ".pdf")
        with self.world.unit(self.place.system) as uow:
            for document in uow.all(select(table).filter_by(**which)):
                document.pdf_digest = named

    def sign_in(self, actor: StaffActor | None = None) -> dict[str, str]:
        """Return the headers of a browser of staff, of Northwind's owner by default."""
        actor = actor or self.place.owner
        token = f"secret-{actor.member_id}"
        with self.world.unit(SystemActor(actor.workspace_id, "test")) as uow:
            member = uow.get(Member, actor.member_id)
            uow.add(
                StaffSession(
                    person_id=member.person_id,
                    member_id=member.id,
                    token_digest=digest(token),
                    created_at=uow.now,
                    seen_at=uow.now,
                )
            )
        return {"cookie": f"tallyport={token}"}


@pytest.fixture
def portal(world: World, tmp_path: Path) -> Portal:
    runtime.set_current(world.runtime)
    client = make_client_folder(tmp_path / "client")
    inner = Mount("/", PlainTextResponse("inner"))
    app: ASGIApp = make_http_app(
        [*download_routes(HEAD), *statement_routes(HEAD), inner]
    )
    app = FirstPaint(app, client, painters=portal_painters(HEAD, HEAD))
    app = SecurityHeaders(
        app,
        client,
        origins=["http://localhost:8000"],
        checkout_origins=[],
        card_sources=STRIPE_SOURCES,
    )
    return Portal(world, app, an_invoice(world, world.northwind, "100.00"))


def blank_pdf(pages: int) -> bytes:
    writer, written = PdfWriter(), BytesIO()
    for _ in range(pages):
        writer.add_blank_page(595, 842)
    writer.write(written)
    return written.getvalue()


class TestPage:
    @pytest.mark.feature("C08", "F001", "F021")
    async def test_shows_the_invoice_without_scripts(self, portal: Portal):
        answer = await portal.open()

        assert answer.status_code == 200
        assert "<title>Invoice INV-00001 from Northwind Charter</title>" in answer.text
        assert "<h1>Invoice INV-00001</h1>" in answer.text
        for words in ("Amount due", "€100.00", "Issued", "Due", "Charter flight"):
            assert words in answer.text
        assert f'href="/p/{portal.token}/invoice.pdf"' in answer.text

    @pytest.mark.feature("C25")
    async def test_a_preview_of_the_link_tells_neither_amount_nor_name(
        self, portal: Portal
    ):
        customer_link = portal.world.run(
            portal.place.accounting,
            portal_links.copy_customer_link,
            portal.customer_id,
        )
        for path, words in (
            (f"/p/{portal.token}", "Invoice"),
            (f"/c/{customer_link}", "Your invoices"),
        ):
            text = (await portal.get(path)).text
            assert re.findall(r'<meta property="(.+?)" content="(.*?)">', text) == [
                ("og:title", "Northwind Charter"),
                ("og:description", words),
            ]

    async def test_says_by_whose_clock_it_is_up_to_date(self, portal: Portal):
        text = (await portal.open()).text

        assert 'title="2 March 2026, 12:00:00 CET">12:00</time>' in text

    async def test_says_where_to_sign_in_for_all_invoices(self, portal: Portal):
        way = 'href="/account/northwind-charter/sign-in"'

        assert way in (await portal.open()).text
        portal.choose(allows_sign_in=False)
        assert way not in (await portal.open()).text

    @pytest.mark.feature("C12")
    async def test_of_a_written_off_rest_is_closed_in_neutral_words(
        self, portal: Portal
    ):
        portal.connect_stripe()
        biller = portal.world.northwind.accounting
        args = (portal.invoice_id, "Their canary is bankrupt", 10_000)
        portal.world.run(biller, write_off, *args)

        text = (await portal.open()).text

        assert "This invoice is closed" in text
        assert "There is nothing to pay on it." in text
        assert 'class="badge badge-closed"' in text
        assert "Adjustment" in text
        assert "Pay now" not in text
        for secret in ("canary", "ritten", "bad_debt"):
            assert secret not in text

    @pytest.mark.feature("F084")
    async def test_offers_a_plain_form(self, portal: Portal):
        portal.connect_stripe()

        text = (await portal.open()).text

        form = re.search("<form.*?</form>", text, re.DOTALL)
        assert form is not None
        assert f'method="post" action="/p/{portal.token}/pay"' in form[0]
        assert '<label class="field-label" for="field-amount">Amount to pay' in form[0]
        assert 'name="amount"' in form[0]
        assert 'value="100.00"' in form[0]
        assert ">Pay now</button>" in form[0]

    @pytest.mark.feature("F084")
    async def test_without_stripe_there_is_no_form(self, portal: Portal):
        assert "Pay now" not in (await portal.open()).text

    async def test_is_private(self, portal: Portal):
        headers = (await portal.open()).headers

        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert "noindex" in headers["x-robots-tag"]
        assert "unsafe-eval" not in headers["content-security-policy"]
        assert "set-cookie" not in headers

    async def test_opening_it_changes_nothing_but_the_visits(self, portal: Portal):
        """Mail scanners open every link."""
        address = f"/p/{portal.token}"
        before = portal.dump()

        await portal.get(address)

        after = portal.dump()
        assert set(before) <= set(after)
        [added] = set(after) - set(before)
        assert added.startswith('INSERT INTO "portal_visit"')
        assert "'fetched'" in added

    async def test_says_paid_and_links_the_receipt(self, portal: Portal):
        pay(portal.world, portal.place, portal.invoice_id, "100.00")

        text = (await portal.open()).text

        assert "Paid in full. Thank you." in text
        assert re.search(rf'href="/p/{portal.token}/receipts/\d+.pdf"', text)

    @pytest.mark.feature("C26", "F017")
    async def test_staff_may_preview_it(self, portal: Portal):
        portal.connect_stripe()
        staff = portal.sign_in()

        preview = (await portal.open("?preview=1", headers=staff)).text
        stranger = (await portal.open("?preview=1")).text

        assert "Preview: this is what your customer sees" in preview
        assert "disabled>Pay now" in preview
        assert "Preview:" not in stranger

    @pytest.mark.feature("C14", "F060", "R29")
    async def test_stays_as_issued_while_payments_show(self, portal: Portal):
        """Who sold it and how it looks are frozen; what came since is not."""
        portal.print(b"%PDF-frozen", kind="invoice")
        with portal.world.unit(portal.place.system) as uow:
            settings = uow.one(select(WorkspaceSettings))
            settings.legal_name, settings.accent = "Windward Flights", "#aa2211"
        newer = an_invoice(portal.world, portal.place, "20.00", customer_id=1)
        token = portal.world.run(portal.place.accounting, portal_links.copy_link, newer)
        pay(portal.world, portal.place, portal.invoice_id, "40.00")

        old = (await portal.open()).text
        new = (await portal.get(f"/p/{token}")).text
        file = await portal.get(f"/p/{portal.token}/invoice.pdf")

        assert "Windward Flights" not in old
        assert "Windward Flights" in new
        assert "#aa2211" not in old
        assert "#aa2211" in new
        assert "Partially paid" in old
        assert file.content == b"%PDF-frozen"

    @pytest.mark.feature("C25")
    async def test_whoever_was_forwarded_it_learns_nothing_else(self, portal: Portal):
        """The link may travel: amounts show, people and other invoices do not."""
        portal.choose(write_auth="link")
        other = an_invoice(portal.world, portal.place, "777.77", customer_id=1)
        say(portal.world, portal.place, portal.invoice_id, "Which day?")

        text = (await portal.open()).text

        assert "100.00" in text
        assert "Which day?" in text
        number = read_invoice(portal.world, portal.place, other).number or "?"
        for private in ("777.77", number, "ines@vermeer.example", "Ines Vermeer"):
            assert private not in text

    @pytest.mark.feature("C27")
    async def test_keeps_nothing_and_says_so_if_chosen(self, portal: Portal):
        """No cookie, no script of others: there is nothing to ask leave for."""
        plain = await portal.open()
        portal.choose(storage_notice="We keep <nothing> on your device.")
        noted = await portal.open()

        assert "set-cookie" not in plain.headers
        assert "cookie" not in plain.text.lower()
        others = re.findall(r'(?:src|href)="(https?://[^"]+)"', plain.text)
        assert [x for x in others if "localhost" not in x] == []
        assert "We keep &lt;nothing&gt; on your device." in noted.text

    @pytest.mark.feature("C21", "F044")
    async def test_shows_a_welcome_and_a_badge_if_chosen(self, portal: Portal):
        assert "Powered by" not in (await portal.open()).text
        portal.choose(welcome="<b>Hello</b>", shows_badge=True)

        text = (await portal.open()).text

        assert "&lt;b&gt;Hello&lt;/b&gt;" in text
        assert "Powered by Tallyport" in text


class TestBehindLines:
    @pytest.mark.feature("F034")
    async def test_each_line_unfolds_to_its_events_without_scripts(
        self, portal: Portal
    ):
        world, place = portal.world, portal.place
        customer_id = a_customer(world, place)
        portal.invoice_id = an_invoice_of_events(
            world,
            place,
            *(an_event(customer_id, x, world.clock.now) for x in ("ST-1", "<b>2")),
        )

        text = (await portal.open()).text

        (behind,) = re.findall("<details><summary>What is.*?</details>", text, re.S)
        for words in ("ST-1", "&lt;b&gt;2", "Chilled storage, 2 Mar 2026 12:00"):
            assert words in behind
        assert behind.count("3 pallets × 4 days × 0.85") == 2
        assert behind.count("<span>10.20</span>") == 2

    @pytest.mark.feature("F034")
    async def test_a_line_without_an_event_was_entered_by_hand(self, portal: Portal):
        world, place = portal.world, portal.place
        lines = (
            LineForm(name="Pallets stored", unit_price="10.20"),
            LineForm(name="Hand work", unit_price="5.00"),
        )
        form = DraftForm(customer_id=a_customer(world, place), lines=lines)
        draft = world.run(place.accounting, drafts.create_draft, form)
        portal.invoice_id = world.run(
            place.accounting,
            invoices.issue_and_publish,
            draft.invoice_id,
            draft.version,
        ).invoice_id
        with world.unit(place.system) as uow:
            uow.add(
                BillableEvent(
                    customer_id=form.customer_id,
                    invoice_id=portal.invoice_id,
                    line_position=1,
                    kind="Storage",
                    reference="ST-1",
                    happened_at=uow.now,
                    quantity=Decimal(3),
                    rate=Decimal("0.85"),
                    factors=[["3", "pallets"], ["4", "days"]],
                    amount=Decimal("10.20"),
                    currency="EUR",
                    created_at=uow.now,
                    billed_at=uow.now,
                    shown_at=uow.now,
                )
            )

        text = (await portal.open()).text

        (behind,) = re.findall("<details><summary>What is.*?</details>", text, re.S)
        assert "ST-1" in behind
        assert text.count("Entered by hand") == 1
        assert text.index("Hand work") < text.index("Entered by hand")

    async def test_an_invoice_typed_by_hand_looks_as_ever(self, portal: Portal):
        text = (await portal.open()).text

        assert "What is behind" not in text
        assert "Entered by hand" not in text

    async def test_nobody_elses_events_are_there(self, portal: Portal):
        """Neither another customer's, nor another workspace's, nor unbilled ones."""
        world = portal.world
        now = world.clock.now
        mine = a_customer(world, portal.place)
        portal.invoice_id = an_invoice_of_events(
            world, portal.place, an_event(mine, "mine", now)
        )
        waiting = an_event(mine, "secret-waiting", now)
        world.run(portal.place.operations, record_events, (waiting,))
        for place in world.places:
            other = a_customer(world, place, "Halden")
            an_invoice_of_events(world, place, an_event(other, "secret-other", now))

        text = (await portal.open()).text

        assert "mine" in text
        assert "secret" not in text


class TestRefusals:
    async def bad_links(self, portal: Portal) -> list[str]:
        """Return a token that never was, one revoked, one expired, and nonsense."""
        world, staff = portal.world, portal.place.accounting
        revoked = portal.token
        expired = world.run(staff, portal_links.new_link, portal.invoice_id)
        with world.unit(portal.place.system) as uow:
            link = uow.one(
                select(PortalLink).where(col(PortalLink.revoked_at).is_(None))
            )
            link.expires_at = world.clock.now + timedelta(days=1)
        world.clock.advance(days=1)
        return ["x" * 43, revoked, expired, "%00", "a" * 5_000, "%F0%9F%92%A9"]

    @pytest.mark.feature("C06", "F004")
    async def test_all_bad_links_are_one_page(self, portal: Portal):
        answers = [
            await portal.get(f"/p/{token}") for token in await self.bad_links(portal)
        ]

        first = answers[0]
        assert first.status_code == 404
        assert "<h1>Invoice not found</h1>" in first.text
        assert '<svg class="icon art"' in first.text
        assert {(x.status_code, x.text) for x in answers} == {(404, first.text)}
        assert all(x.headers == first.headers for x in answers)
        assert "Northwind" not in first.text

    @pytest.mark.feature("F004", "F007")
    @pytest.mark.parametrize(
        "file",
        [
            "invoice.pdf",
            "invoice.cii.xml",
            "invoice.ubl.xml",
            "pages/1.png",
            "receipts/1.pdf",
        ],
    )
    async def test_so_are_their_files(self, portal: Portal, file: str):
        tokens = [token for token in await self.bad_links(portal) if token != "%00"]

        answers = [await portal.get(f"/p/{token}/{file}") for token in tokens]

        first = answers[0]
        assert "<h1>Invoice not found</h1>" in first.text
        assert {(x.status_code, x.text) for x in answers} == {(404, first.text)}

    @pytest.mark.feature("F015")
    async def test_a_business_may_switch_its_portal_off(self, portal: Portal):
        token = portal.token
        portal.choose(is_on=False)

        pages = [await portal.open(), await portal.get(f"/p/{token}/invoice.pdf")]

        for page in pages:
            assert page.status_code == 403
            assert "<h1>Portal not available</h1>" in page.text
            assert "Northwind" not in page.text
        portal.choose(is_on=True)
        assert (await portal.open()).status_code == 200

    async def test_nothing_in_the_address_becomes_html(self, portal: Portal):
        answer = await portal.open("?view=<script>&paid=<script>&preview=<script>")

        assert answer.status_code == 200
        assert re.findall("<script[^<]*", answer.text) == ["<script>boot()"]


class TestFiles:
    async def test_a_file_that_is_being_made_is_promised(self, portal: Portal):
        answer = await portal.open("/invoice.pdf")

        assert answer.status_code == 202
        assert answer.headers["retry-after"] == "2"
        assert "The PDF is being prepared" in answer.text
        assert 'http-equiv="refresh"' in answer.text

    async def test_one_that_cannot_be_made_is_explained(self, portal: Portal):
        with portal.world.unit(portal.place.system) as uow:
            uow.one(select(IssuedDocument)).pdf_error = "The engine is missing."

        answer = await portal.open("/invoice.pdf")

        assert answer.status_code == 503
        assert "No PDF at the moment" in answer.text
        assert "engine" not in answer.text

    @pytest.mark.feature("F023")
    async def test_is_downloaded_byte_for_byte(self, portal: Portal):
        pdf = blank_pdf(1)
        portal.print(pdf, kind="invoice")

        answers = [await portal.open("/invoice.pdf") for _ in range(2)]

        for answer in answers:
            assert answer.content == pdf
            assert answer.headers["content-type"] == "application/pdf"
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["content-disposition"] == (
                'attachment; filename="Invoice-INV-00001.pdf"'
            )
        shown = await portal.open("/invoice.pdf?inline=1")
        assert shown.headers["content-disposition"].startswith("inline")

    @pytest.mark.feature("C14")
    async def test_the_invoice_is_printed_with_its_payments(self, portal: Portal):
        """The stored file stays as it was issued; this one is made for the asking."""
        portal.print(b"%PDF issued", kind="invoice")
        path = "/invoice-with-payments.pdf"
        assert (await portal.open(path)).status_code == 404
        assert path not in (await portal.open()).text
        for amount in ("10.00", "15.50"):
            pay(portal.world, portal.place, portal.invoice_id, amount)

        answer = await portal.open(path)

        assert answer.headers["content-disposition"] == (
            'attachment; filename="Invoice-INV-00001-with-payments.pdf"'
        )
        assert answer.headers["cache-control"] == "no-store"
        pages = PdfReader(BytesIO(answer.content)).pages
        text = " ".join(page.extract_text() for page in pages)
        for figure in ("10.00", "15.50", "As of", "Bank transfer"):
            assert figure in text
        assert path in (await portal.open()).text
        assert (await portal.open("/invoice.pdf")).content == b"%PDF issued"

    @pytest.mark.feature("C14", "F100")
    async def test_a_copy_with_payments_asks_for_what_the_page_asks(
        self, portal: Portal
    ):
        """Not for what is disputed."""
        world, place = portal.world, portal.place
        with world.unit(place.system) as uow:
            settings = uow.one(select(WorkspaceSettings))
            settings.bank_iban = "NL91ABNA0417164300"
            settings.bank_details = [{"label": "IBAN", "value": settings.bank_iban}]
        invoice_id = an_invoice(world, place, "100.00")
        pay(world, place, invoice_id, "10.00")
        dispute(world, place, invoice_id, "25.00")
        shown = replace(portal, invoice_id=invoice_id)

        page = (await shown.open()).text
        copy = (await shown.open("/invoice-with-payments.pdf")).content

        issued = next(
            it
            for it in all_rows(world, place, IssuedDocument)
            if it.payment_id == 0 and it.invoice_id == invoice_id
        )
        assert code_of(read_document(issued.content), 6_500) in page
        (picture,) = world.runtime.pdf.render_pages(copy, 1_200)
        (code,) = read_barcodes(Image.open(BytesIO(picture)))
        assert "EUR65.00" in code.text.splitlines()
        text = " ".join(it.extract_text() for it in PdfReader(BytesIO(copy)).pages)
        assert "65.00" in text.partition("To pay now")[2]

    @pytest.mark.feature("N01", "R12")
    async def test_a_copy_with_payments_is_known_again(self, portal: Portal):
        """By its file alone, and with the code that it carries."""
        pay(portal.world, portal.place, portal.invoice_id, "10.00")
        path = "/invoice-with-payments.pdf"
        first, again = await portal.open(path), await portal.open(path)
        pay(portal.world, portal.place, portal.invoice_id, "5.00")
        later = await portal.open(path)

        assert again.content == first.content
        copies = all_rows(portal.world, portal.place, PrintedCopy)
        assert [it.file_digest for it in copies] == [
            hashlib.sha256(it.content).hexdigest() for it in (first, later)
        ]
        (document,) = (
            it
            for it in all_rows(portal.world, portal.place, IssuedDocument)
            if it.kind == "invoice"
        )
        code = check_code(document.content_digest)
        (link,) = links_of(first.content)
        assert link.endswith(f"/check/{code}")
        async with http(Starlette(routes=check_routes(Markup("")))) as anybody:

            async def check(**asked: str) -> str:
                return (await anybody.get("/check", params=asked)).text

            digest = copies[0].file_digest
            for asked in ({"file": digest}, {"file": digest, "code": code}):
                assert "exactly the copy" in await check(**asked)
            other = hashlib.sha256(first.content + b"%").hexdigest()
            assert "<b>Changed.</b>" in await check(file=other, code=code)

    @pytest.mark.feature("C14", "N01")
    async def test_a_void_invoice_is_downloaded_as_void(self, portal: Portal):
        """Its issued file stays as it is, for staff; nobody pays by the copy."""
        issued = blank_pdf(2)
        portal.print(issued, kind="invoice")
        mine = await portal.open("/invoice.pdf")
        staff = portal.sign_in()
        path = f"/api/invoices/{portal.invoice_id}/invoice.pdf"
        portal.world.run(
            portal.place.accounting, invoices.void, portal.invoice_id, "Sent twice"
        )

        copy, again = [await portal.open("/invoice.pdf") for _ in range(2)]

        assert mine.content == issued
        assert copy.content == again.content
        assert copy.headers["content-disposition"] == (
            'attachment; filename="Invoice-INV-00001-void.pdf"'
        )
        assert copy.headers["etag"] != mine.headers["etag"]
        (page,) = PdfReader(BytesIO(copy.content)).pages
        text = page.extract_text()
        for words in ("VOID", "Made void", "Nothing to pay"):
            assert words in text
        assert (await portal.open("/pages/1.png")).status_code == 200
        # The issued one has two.
        assert (await portal.open("/pages/2.png")).status_code == 404
        assert (await portal.get(path, headers=staff)).content == copy.content
        original = await portal.get(f"{path}?original=1", headers=staff)
        assert original.content == issued
        assert original.headers["etag"] == mine.headers["etag"]
        customers = await portal.open("/invoice.pdf?original=1")
        assert customers.content == copy.content
        (noted,) = all_rows(portal.world, portal.place, PrintedCopy)
        digest = hashlib.sha256(copy.content).hexdigest()
        assert noted.file_digest == digest
        async with http(Starlette(routes=check_routes(Markup("")))) as anybody:
            said = (await anybody.get("/check", params={"file": digest})).text
        assert "exactly the copy" in said

    async def test_a_void_sheet_is_stamped_at_first_paint(self, portal: Portal):
        shown = (await portal.open()).text
        portal.world.run(
            portal.place.accounting, invoices.void, portal.invoice_id, "Sent twice"
        )

        void = (await portal.open()).text

        assert 'data-word="Void"' not in shown
        assert "Nothing to pay" not in shown
        assert 'data-word="Void"' in void
        assert "Nothing to pay" in void

    @pytest.mark.feature("C22")
    async def test_nor_is_that_offered_where_no_files_are(self, portal: Portal):
        pay(portal.world, portal.place, portal.invoice_id, "10.00")
        portal.choose(shows_pdf=False)

        path = "/invoice-with-payments.pdf"
        assert (await portal.open(path)).status_code == 404
        assert path not in (await portal.open()).text

    @pytest.mark.feature("F024")
    async def test_every_payment_has_its_receipt(self, portal: Portal):
        paid = pay(portal.world, portal.place, portal.invoice_id, "10.00")
        portal.print(b"%PDF receipt", payment_id=paid.payment_id)

        mine = await portal.open(f"/receipts/{paid.payment_id}.pdf")
        other = await portal.open(f"/receipts/{paid.payment_id + 1}.pdf")

        assert mine.content == b"%PDF receipt"
        assert "Receipt-" in mine.headers["content-disposition"]
        assert other.status_code == 404

    async def test_no_payment_has_no_receipt(self, portal: Portal):
        portal.print(b"%PDF invoice")

        none = await portal.open("/receipts/0.pdf")
        unknown = await portal.open("/receipts/99.pdf")

        assert (none.status_code, none.text) == (404, unknown.text)

    @pytest.mark.parametrize("digits", [15, 23, 5_000])
    @pytest.mark.parametrize("file", ["receipts/{}.pdf", "pages/{}.png"])
    async def test_a_number_nobody_could_have_is_no_file(
        self, portal: Portal, file: str, digits: int
    ):
        answer = await portal.open("/" + file.format("9" * digits))

        # A path that no route knows is the pages' to answer; here a text stands in.
        assert not answer.is_server_error
        assert "text/" in answer.headers["content-type"]

    @pytest.mark.feature("F011")
    async def test_a_receipt_of_another_invoice_is_not_found(self, portal: Portal):
        sibling = an_invoice(portal.world, portal.place)
        paid = pay(portal.world, portal.place, sibling, "10.00")
        portal.print(b"%PDF receipt", payment_id=paid.payment_id)

        answer = await portal.open(f"/receipts/{paid.payment_id}.pdf")

        assert answer.status_code == 404

    async def test_pages_are_pictures_of_the_file(self, portal: Portal):
        portal.print(blank_pdf(2), kind="invoice")
        try:
            page = await portal.open("?view=pdf")
        except PdfEngineMissing as missing:
            pytest.skip(missing.message)

        pictures = re.findall(r'src="(/p/[^"]+\.png)"', page.text)
        assert [x.rpartition("/")[2] for x in pictures] == ["1.png", "2.png"]
        for picture in pictures:
            answer = await portal.get(picture)
            assert answer.headers["content-type"] == "image/png"
            assert answer.content.startswith(b"\x89PNG")
        assert (await portal.open("/pages/3.png")).status_code == 404
        assert (await portal.open("/pages/0.png")).status_code == 404

    @pytest.mark.feature("C22", "G13")
    async def test_a_business_may_offer_no_files(self, portal: Portal):
        portal.print(blank_pdf(1), kind="invoice")
        portal.choose(shows_pdf=False)

        page, file = await portal.open("?view=pdf"), await portal.open("/invoice.pdf")

        assert "Download PDF" not in page.text
        assert "Charter flight" in page.text
        assert file.status_code == 404

    @pytest.mark.feature("F024")
    async def test_staff_have_the_receipts_too(self, portal: Portal):
        world, staff = portal.world, portal.sign_in()
        paid = pay(world, portal.place, portal.invoice_id, "10.00")
        portal.print(b"%PDF receipt", payment_id=paid.payment_id)
        sibling, foreign = (
            an_invoice(world, portal.place),
            an_invoice(world, world.kestrel),
        )
        theirs = pay(world, world.kestrel, foreign, "10.00")

        def path(invoice_id: int, payment_id: int) -> str:
            return f"/api/invoices/{invoice_id}/receipts/{payment_id}.pdf"

        own = path(portal.invoice_id, paid.payment_id)
        mine = await portal.get(own, headers=staff)
        assert mine.content == b"%PDF receipt"
        assert "Receipt-" in mine.headers["content-disposition"]
        for other in (
            path(portal.invoice_id, 0),
            path(sibling, paid.payment_id),
            path(foreign, theirs.payment_id),
        ):
            assert (await portal.get(other, headers=staff)).status_code == 404
        assert (await portal.get(own)).headers["location"] == "/sign-in"

    async def test_staff_have_the_same_file(self, portal: Portal):
        portal.print(b"%PDF invoice", kind="invoice")
        path = f"/api/invoices/{portal.invoice_id}/invoice.pdf"
        staff = portal.sign_in()
        world = portal.world
        foreign = an_invoice(world, world.kestrel)

        mine = await portal.get(path, headers=staff)
        theirs = await portal.get(f"/api/invoices/{foreign}/invoice.pdf", headers=staff)
        stranger = await portal.get(path)

        assert mine.content == b"%PDF invoice"
        assert theirs.status_code == 404
        assert (stranger.status_code, stranger.headers["location"]) == (
            303,
            "/sign-in",
        )


@pytest.mark.feature("F086")
class TestEInvoices:
    """The same document for machines, for whoever may read it."""

    FILES = ("invoice.cii.xml", "invoice.ubl.xml")

    def make_suitable(self, portal: Portal) -> int:
        """Fill in what an e-invoice needs, and publish an invoice with it."""
        with portal.world.unit(portal.place.system) as uow:
            settings = uow.one(select(WorkspaceSettings))
            settings.legal_name, settings.country = "Northwind Charter B.V.", "NL"
            settings.registration = "KvK 70112233"
        buyer = a_customer(portal.world, portal.place)
        with portal.world.unit(portal.place.system) as uow:
            uow.get(Customer, buyer).country = "NL"
        return an_invoice(portal.world, portal.place, customer_id=buyer)

    @pytest.mark.feature("A04")
    async def test_the_customer_takes_both_kinds(self, portal: Portal):
        portal.invoice_id = self.make_suitable(portal)

        page = await portal.open()

        for file, element in zip(
            self.FILES, ("CrossIndustryInvoice", "Invoice"), strict=True
        ):
            assert f'href="/p/{portal.token}/{file}"' in page.text
            answer = await portal.open(f"/{file}")
            assert answer.headers["content-type"] == "application/xml"
            syntax = file.removeprefix("invoice.")
            named = f'filename="Invoice-INV-00002.{syntax}"'
            assert named in answer.headers["content-disposition"]
            root = etree.fromstring(answer.content)
            assert etree.QName(root).localname == element

    async def test_what_cannot_be_one_says_why(self, portal: Portal):
        page = await portal.open()

        assert ".cii.xml" not in page.text
        for file in self.FILES:
            answer = await portal.open(f"/{file}")
            assert answer.status_code == 409
            assert "This document can’t be an e-invoice" in answer.text

    async def test_of_a_void_invoice_customers_get_none(self, portal: Portal):
        """They have no word for void. Staff keep what was issued."""
        portal.invoice_id = self.make_suitable(portal)
        staff = portal.sign_in()
        said = "This invoice is void, so there is no file of it for accounting software"
        assert said not in (await portal.open()).text
        portal.world.run(
            portal.place.accounting, invoices.void, portal.invoice_id, "Sent twice"
        )

        page = await portal.open()

        assert said in page.text
        assert ".cii.xml" not in page.text
        for file in self.FILES:
            answer = await portal.open(f"/{file}")
            assert answer.status_code == 409
            assert said in answer.text
            issued = f"/api/invoices/{portal.invoice_id}/{file}"
            assert (await portal.get(issued, headers=staff)).status_code == 200

    async def test_without_files_there_is_no_xml_either(self, portal: Portal):
        portal.invoice_id = self.make_suitable(portal)
        portal.choose(shows_pdf=False)

        for file in self.FILES:
            assert (await portal.open(f"/{file}")).status_code == 404

    async def test_staff_have_those_of_their_own_workspace(self, portal: Portal):
        mine = self.make_suitable(portal)
        theirs = an_invoice(portal.world, portal.world.kestrel)
        staff = portal.sign_in()

        for file in self.FILES:
            path = f"/api/invoices/{mine}/{file}"
            assert (await portal.get(path, headers=staff)).status_code == 200
            assert (await portal.get(path)).status_code == 303
            path = f"/api/invoices/{theirs}/{file}"
            assert (await portal.get(path, headers=staff)).status_code == 404

    async def test_credit_notes_are_taken_by_customers_and_staff(self, portal: Portal):
        portal.invoice_id = self.make_suitable(portal)
        note = credit(portal.world, portal.place, portal.invoice_id, an_amount("1.50"))
        staff = portal.sign_in()

        page = await portal.open()

        for syntax, element in (
            ("cii", "CrossIndustryInvoice"),
            ("ubl", "CreditNote"),
        ):
            file = f"credit-notes/{note.credit_note_id}.{syntax}.xml"
            assert f'href="/p/{portal.token}/{file}"' in page.text
            theirs = await portal.open(f"/{file}")
            assert etree.QName(etree.fromstring(theirs.content)).localname == element
            name = f'filename="Credit-note-CN-00001.{syntax}.xml"'
            assert name in theirs.headers["content-disposition"]
            ours = await portal.get(f"/api/{file}", headers=staff)
            assert ours.content == theirs.content
            assert (await portal.get(f"/api/{file}")).status_code == 303

    async def test_of_a_credit_note_that_cannot_be_one_nothing_is_offered(
        self, portal: Portal
    ):
        note = credit(portal.world, portal.place, portal.invoice_id)

        page = await portal.open()
        answer = await portal.open(f"/credit-notes/{note.credit_note_id}.ubl.xml")

        assert f"credit-notes/{note.credit_note_id}.pdf" in page.text
        assert ".ubl.xml" not in page.text
        assert answer.status_code == 409
        assert "This document can’t be an e-invoice" in answer.text

    async def test_taking_one_is_no_view(self, portal: Portal):
        portal.invoice_id = self.make_suitable(portal)

        assert (await portal.open("/invoice.cii.xml")).status_code == 200

        visits = all_rows(portal.world, portal.place, PortalVisit)
        assert [(x.evidence, x.kind) for x in visits] == [("fetched", "e_invoice")]


async def test_void_says_why_nothing_can_be_paid(portal: Portal):
    portal.connect_stripe()
    staff = portal.place.accounting
    portal.world.run(staff, invoices.void, portal.invoice_id, "Wrong customer")

    text = (await portal.open()).text

    assert "This invoice is void" in text
    assert "No payments yet" not in text
    assert "Pay now" not in text
    assert "Wrong customer" not in text


class TestFetched:
    """What programs that open every link leave behind."""

    def visits(self, portal: Portal) -> list[tuple[str, str]]:
        rows = all_rows(portal.world, portal.place, PortalVisit)
        return [(row.evidence, row.kind) for row in rows]

    async def test_a_page_counts_once_an_hour(self, portal: Portal):
        for _ in range(3):
            await portal.open()
        assert self.visits(portal) == [("fetched", "page")]

        portal.world.clock.advance(hours=1)
        await portal.open()

        assert self.visits(portal) == [("fetched", "page")] * 2

    async def test_it_is_no_view(self, portal: Portal):
        await portal.open(headers={"user-agent": "curl/8.5.0"})

        invoice = read_invoice(portal.world, portal.place, portal.invoice_id)
        assert invoice.first_viewed_at is None

    @pytest.mark.parametrize(
        "headers",
        [
            {"sec-purpose": "prefetch;prerender"},
            {"purpose": "prefetch"},
            {"x-purpose": "preview"},
            {"x-moz": "prefetch"},
        ],
    )
    async def test_looking_ahead_leaves_nothing(self, portal: Portal, headers: Any):
        assert (await portal.open(headers=headers)).status_code == 200

        assert self.visits(portal) == []

    async def test_asking_for_the_head_leaves_nothing(self, portal: Portal):
        async with http(portal.app) as browser:
            assert (await browser.head(f"/p/{portal.token}")).status_code == 200

        assert self.visits(portal) == []

    async def test_a_wrong_link_leaves_nothing(self, portal: Portal):
        await portal.get("/p/nothing")

        assert self.visits(portal) == []

    @pytest.mark.parametrize("detail", ["first_only", "off"])
    async def test_the_business_may_want_none(self, portal: Portal, detail: str):
        portal.choose(activity=detail)

        await portal.open()

        assert self.visits(portal) == []

    async def test_staff_leave_nothing(self, portal: Portal):
        cookies = portal.sign_in()

        await portal.open(headers=cookies)
        await portal.open("?preview=1", headers=cookies)

        assert self.visits(portal) == []

    async def test_downloads_are_kept_apart(self, portal: Portal):
        portal.print(blank_pdf(1), kind="invoice")
        for _ in range(2):
            answer = await portal.open("/invoice.pdf")
            assert answer.status_code == 200

        assert self.visits(portal) == [("fetched", "pdf")]

    async def test_a_refused_download_leaves_nothing(self, portal: Portal):
        assert (await portal.open("/receipts/99.pdf")).status_code == 404

        assert self.visits(portal) == []

    async def test_the_page_is_shown_although_nothing_can_be_written(
        self, portal: Portal
    ):
        token = portal.token
        path = portal.world.runtime.settings.data_dir / "tallyport.db"
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("alter table portal_visit rename to elsewhere")

        assert (await portal.get(f"/p/{token}")).status_code == 200


class TestAccount:
    """The account painted on the server, which works without JavaScript."""

    def token(self, portal: Portal) -> str:
        with portal.world.reading(portal.place.system) as uow:
            customer_id = uow.get(Invoice, portal.invoice_id).customer_id
        assert customer_id is not None
        actor = portal.place.accounting
        return portal.world.run(actor, portal_links.copy_customer_link, customer_id)

    async def test_shows_sums_and_invoices_with_their_links(self, portal: Portal):
        base = f"/c/{self.token(portal)}"

        page = await portal.get(base)

        assert page.status_code == 200
        assert "<title>Vermeer Optics, invoices from" in page.text
        assert 'aria-label="Summary"' in page.text
        assert f'href="{base}/{portal.invoice_id}"' in page.text
        assert f'href="{base}?status=paid"' in page.text

    async def test_leads_to_the_archived_where_there_are_no_others(
        self, portal: Portal
    ):
        base = f"/c/{self.token(portal)}"
        world, place = portal.world, portal.place
        world.run(place.accounting, invoices.archive, portal.invoice_id)

        hidden = (await portal.get(base)).text
        there = (await portal.get(f"{base}?archived=1")).text

        assert "No invoices yet" not in hidden
        assert f'href="{base}?archived=1">Include archived</a></p>' in hidden
        assert f'href="{base}/{portal.invoice_id}"' in there

    async def test_is_headed_as_the_invoices_are(self, portal: Portal):
        """An American business writes dates and dollars as its country does."""
        with portal.world.unit(portal.place.system) as uow:
            settings = uow.one(select(WorkspaceSettings))
            settings.legal_name, settings.country = "Windward Flights LLC", "US"
        newer = an_invoice(portal.world, portal.place, "20.00", customer_id=1)
        token = portal.world.run(portal.place.accounting, portal_links.copy_link, newer)

        account = (await portal.get(f"/c/{self.token(portal)}")).text
        invoice = (await portal.get(f"/p/{token}")).text

        head = '<span class="truncate"><bdi>Windward Flights LLC</bdi></span>'
        assert head in account
        assert head in invoice
        assert re.search(r"<dt>Issued</dt><dd>[A-Z][a-z]+ \d+, 20\d\d</dd>", invoice)

    async def test_filters_by_its_address(self, portal: Portal):
        base = f"/c/{self.token(portal)}"

        for asked, is_shown in (
            ("?status=open", True),
            ("?status=paid", False),
            ("?q=INV-0", True),
            ("?q=%3Cscript%3E", False),
            ("?sort=no-such-column&after=~", True),
        ):
            page = await portal.get(base + asked)
            assert page.status_code == 200
            assert (f'href="{base}/{portal.invoice_id}"' in page.text) is is_shown
            assert page.text.count("<script>") == 1

    @pytest.mark.feature("F107")
    async def test_finds_an_invoice_of_three_years_ago(self, portal: Portal):
        """By its number, the customer's order and the days, without a script."""
        base, place = f"/c/{self.token(portal)}", portal.place
        with portal.world.unit(place.system) as uow:
            customer = uow.get(Customer, 1)
            for year in range(2016, 2026):
                for month in range(1, 11):
                    add_invoice(
                        uow,
                        customer,
                        number=f"OLD-{year}-{month:02}",
                        purchase_order=f"PO-{year % 100}{month:02}",
                        issued_on=date(year, month, 15),
                        published_at=uow.now,
                    )
        wanted = ">OLD-2023-03</a>"

        assert wanted not in (await portal.get(base)).text
        for asked in (
            "?q=OLD-2023-03",
            "?q=po-2303",
            "?from=2023-03-01&to=2023-03-31",
            "?q=OLD-2023&to=2023-03-31&from=2023-03-01",
        ):
            page = (await portal.get(base + asked)).text
            assert wanted in page
            assert page.count('class="row-link"') == 1
        first = 'name="from" id="issued-from" class="input" value="2023-03-01"'
        assert first in page

    @pytest.mark.parametrize(
        ("asked", "count"),
        [
            ("", ""),
            ("?q=INV&archived=1", ""),
            ("?status=open", "1"),
            ("?age=current", ""),
            ("?period=this-year", "1"),
            ("?status=paid&from=2026-01-01&to=2026-12-31", "2"),
        ],
    )
    async def test_the_fold_of_the_filters_counts_those_in_it(
        self, portal: Portal, asked: str, count: str
    ):
        page = (await portal.get(f"/c/{self.token(portal)}{asked}")).text

        fold = re.search('<details class="fold">(.*?)</details>', page)
        assert fold is not None
        assert re.sub("<[^>]*>", "", fold[1]).split() == ["Filter", *count]

    async def test_its_invoice_and_files_open_and_no_others(self, portal: Portal):
        base = f"/c/{self.token(portal)}"
        other = a_customer(portal.world, portal.place, "Halden Freight")
        foreign = [
            an_invoice(portal.world, portal.place, customer_id=other),
            an_invoice(portal.world, portal.world.kestrel),
        ]
        portal.print(b"%PDF-1", kind="invoice")

        assert (await portal.get(f"{base}/{portal.invoice_id}")).status_code == 200
        file = f"{base}/{portal.invoice_id}/invoice.pdf"
        assert (await portal.get(file)).content == b"%PDF-1"
        for invoice_id in foreign:
            for rest in ("", "/invoice.pdf", "/pages/1.png", "/receipts/1.pdf"):
                answer = await portal.get(f"{base}/{invoice_id}{rest}")
                assert answer.status_code == 404
                assert "Invoice not found" in answer.text

    async def test_bad_links_are_one_page(self, portal: Portal):
        token = self.token(portal)
        bodies = {
            (await portal.get(path)).text
            for path in (
                "/c/unknown",
                f"/c/{token}x",
                f"/c/{portal.token}",
                f"/p/{token}",
                f"/c/{token}/999999",
            )
        }

        assert len(bodies) == 1

    async def test_a_switched_off_portal_says_so(self, portal: Portal):
        base = f"/c/{self.token(portal)}"
        portal.choose(is_on=False)

        assert (await portal.get(base)).status_code == 403

    async def test_who_lacks_the_proof_is_led_to_the_sign_in(self, portal: Portal):
        for path in ("/account/northwind-charter", f"/p/{portal.token}/account"):
            answer = await portal.get(path)
            assert answer.status_code == 303
            assert answer.headers["location"] == "/account/northwind-charter/sign-in"

        portal.choose(link_opens_account=True)
        assert (await portal.get(f"/p/{portal.token}/account")).status_code == 200

    @pytest.mark.feature("G12", "F017")
    async def test_support_previews_it_and_leaves_nothing(self, portal: Portal):
        """A viewer, who may hand out no link, sees what the customer sees."""
        staff = portal.sign_in(portal.place.viewer)
        base = "/account/northwind-charter~1"
        before = portal.dump()

        page = await portal.get(base, headers=staff)
        invoice = await portal.get(f"{base}/{portal.invoice_id}", headers=staff)

        for shown in (page, invoice):
            assert shown.status_code == 200
            assert "Preview: this is what your customer sees" in shown.text
        assert "<bdi>Vermeer Optics</bdi>" in page.text
        assert f'href="{base}/{portal.invoice_id}?preview=1"' in page.text
        assert portal.dump() == before

    @pytest.mark.parametrize("role", Role)
    async def test_files_of_a_preview_are_for_who_may_export(
        self, portal: Portal, role: Role
    ):
        """As from the customer's page of the desk."""
        actor = getattr(portal.place, role)
        staff, base = portal.sign_in(actor), "/account/northwind-charter~1"
        own = f"/c/{self.token(portal)}"
        portal.print(b"%PDF-1", kind="invoice")
        before = portal.dump()
        may, days = actor.may(Permission.EXPORT), "from=2026-01-01&preview=1"

        for file in ("statement.csv", "statement.pdf", "documents.zip"):
            answer = await portal.get(f"{base}/{file}?{days}", headers=staff)
            assert answer.status_code == (200 if may else 404), file
            if not may:
                assert "INV-00001" not in answer.text
        desk = await portal.get(f"/api/customers/1/statement.csv?{days}", headers=staff)
        assert desk.status_code == (200 if may else 404)
        for page in (base, f"{own}?preview=1"):
            shown = (await portal.get(page, headers=staff)).text
            assert ("Statement and documents" in shown) == may
            assert "INV-00001" in shown
        assert portal.dump() == before

    async def test_nor_does_who_is_more_elsewhere_take_them_here(self, portal: Portal):
        """What counts is the role in the workspace whose page it is."""
        world = portal.world
        with world.unit(portal.place.system) as uow:
            person_id = uow.get(Member, portal.place.viewer.member_id).person_id
        with world.unit(world.kestrel.system) as uow:
            facts = {"name": "Vera", "email": "vera@northwind.example"}
            theirs = uow.add(
                Member(
                    **facts, person_id=person_id, role=Role.OWNER, created_at=uow.now
                )
            )
            abroad = replace(world.kestrel.owner, member_id=theirs.id)
        base = "/account/northwind-charter~1"
        staff = portal.sign_in(abroad)

        assert (await portal.get(base, headers=staff)).status_code == 200
        for file in ("statement.csv", "statement.pdf", "documents.zip"):
            answer = await portal.get(f"{base}/{file}", headers=staff)
            assert answer.status_code == 404

    @pytest.mark.feature("F017")
    async def test_a_preview_opens_for_the_business_alone(self, portal: Portal):
        base = "/account/northwind-charter~1"
        foreign = a_customer(portal.world, portal.world.kestrel)
        abroad = portal.sign_in(portal.world.kestrel.owner)
        bodies = {(await portal.get(path)).text for path in (base, f"{base}/1")}
        bodies |= {(await portal.get(base, headers=abroad)).text}
        staff = portal.sign_in(portal.place.viewer)
        for key in (f"~{foreign}", "~999", "~", "~x", "~1~1", "~١"):
            path = f"/account/northwind-charter{key}"
            answer = await portal.get(path, headers=staff)
            assert answer.status_code == 404
            bodies.add(answer.text)

        assert len(bodies) == 1

    @pytest.mark.feature("G12")
    async def test_staff_are_told_that_they_look_as_staff(self, portal: Portal):
        path, words = f"/c/{self.token(portal)}", "You are looking as staff"

        staff = portal.sign_in()

        assert words in (await portal.get(path, headers=staff)).text
        assert words in (await portal.open(headers=staff)).text
        assert words not in (await portal.get(path)).text

    async def test_its_statement_is_a_file_for_who_may_see_it(self, portal: Portal):
        base = f"/c/{self.token(portal)}"
        other = a_customer(portal.world, portal.place, "Halden Freight")
        an_invoice(portal.world, portal.place, "777.77", customer_id=other)

        table = await portal.get(f"{base}/statement.csv?from=2026-01-01")
        paper = await portal.get(f"{base}/statement.pdf")

        assert "INV-00001" in table.text
        assert "777.77" not in table.text
        assert paper.content.startswith(b"%PDF-")
        wrong = await portal.get(f"{base}/statement.csv?from=2026-02-30")
        assert wrong.status_code == 422
        for path in (f"/c/{portal.token}", "/c/unknown"):
            answer = await portal.get(f"{path}/statement.csv")
            assert answer.status_code == 404
        closed = await portal.get(f"/p/{portal.token}/account/statement.csv")
        assert closed.status_code == 303

    @pytest.mark.feature("F104")
    async def test_a_look_and_each_file_are_written_down_once(self, portal: Portal):
        base = f"/c/{self.token(portal)}"
        portal.print(b"%PDF-1", kind="invoice")

        for _ in range(2):
            await portal.get(base)
            await portal.get(f"{base}/statement.csv")
            await portal.get(f"{base}/documents.zip")
        await portal.get(f"{base}/statement.csv?from=2026-02-30")
        staff = "/api/customers/1/statement.csv?from=2026-01-01"
        await portal.get(staff, headers=portal.sign_in())

        rows = all_rows(portal.world, portal.place, PortalVisit)
        assert [(x.evidence, x.kind, x.invoice_id) for x in rows] == [
            ("fetched", "page", None),
            ("fetched", "statement", None),
            ("fetched", "documents", None),
        ]
        viewer = portal.place.viewer
        told = portal.world.run(viewer, read_customer_timeline, 1).entries
        assert {
            "Account fetched",
            "Statement downloaded",
            "Documents downloaded",
        } <= {x.text for x in told}

    async def test_staff_have_the_same_statement(self, portal: Portal):
        self.token(portal)
        path = "/api/customers/1/statement.csv?from=2026-01-01"

        assert (await portal.get(path)).status_code == 303
        cookie = portal.sign_in()
        own = await portal.get(path, headers=cookie)
        assert "INV-00001" in own.text
        with portal.world.reading(portal.world.kestrel.system) as uow:
            theirs = uow.all(select(Customer.id))
        assert theirs == []
        absent = "/api/customers/999/statement.csv"
        assert (await portal.get(absent, headers=cookie)).status_code == 404

    async def test_its_documents_come_in_one_file(self, portal: Portal):
        base = f"/c/{self.token(portal)}"
        pay(portal.world, portal.place, portal.invoice_id, "10.00")
        other = a_customer(portal.world, portal.place, "Halden Freight")
        an_invoice(portal.world, portal.place, customer_id=other)

        waiting = await portal.get(f"{base}/documents.zip")
        assert waiting.status_code == 202
        assert "0 of 2 are ready" in waiting.text

        portal.print(b"%PDF-1", kind="invoice")
        portal.print(b"%PDF-2", kind="receipt")
        answer = await portal.get(f"{base}/documents.zip")

        with ZipFile(BytesIO(answer.content)) as packed:
            names = packed.namelist()
            assert [packed.read(name) for name in names] == [b"%PDF-1", b"%PDF-2"]
        assert names[0] == "Invoice-INV-00001.pdf"
        none = f"{base}/documents.zip?from=2020-01-01&to=2020-01-02"
        assert (await portal.get(none)).status_code == 404
        assert (await portal.get("/c/unknown/documents.zip")).status_code == 404
        portal.choose(shows_pdf=False)
        assert (await portal.get(f"{base}/documents.zip")).status_code == 404

    @pytest.mark.feature("C22")
    async def test_an_invoice_without_a_pdf_is_not_among_them(self, portal: Portal):
        """Nor what belongs to it, and no row leads to a page that is not found."""
        base = f"/c/{self.token(portal)}"
        place, invoice_id = portal.place, portal.invoice_id
        an_invoice(portal.world, place, customer_id=1)
        pay(portal.world, place, invoice_id, "10.00")
        credit(portal.world, place, invoice_id, an_amount("10.00"))
        portal.print(b"%PDF-1", kind="invoice")
        portal.print(b"%PDF-2", kind="receipt")
        portal.print(b"%PDF-3", CreditNote)
        accounting = place.accounting
        portal.world.run(accounting, set_invoice_answer, invoice_id, "shows_pdf", "off")

        answer = await portal.get(f"{base}/documents.zip")
        page = await portal.get(base)

        with ZipFile(BytesIO(answer.content)) as packed:
            assert packed.namelist() == ["Invoice-INV-00002.pdf"]
        linked = set(re.findall(rf'href="{base}/(\d+)/invoice\.pdf"', page.text))
        assert linked == {str(invoice_id + 1)}
        for number, status in ((invoice_id, 404), (invoice_id + 1, 200)):
            file = await portal.get(f"{base}/{number}/invoice.pdf")
            assert file.status_code == status

    @pytest.mark.feature("C22")
    async def test_a_statement_is_no_document_that_the_switch_means(
        self, portal: Portal
    ):
        base = f"/c/{self.token(portal)}"
        portal.choose(shows_pdf=False)

        paper = await portal.get(f"{base}/statement.pdf")

        assert paper.content.startswith(b"%PDF-")
        assert "documents.zip" not in (await portal.get(base)).text

    @pytest.mark.parametrize(
        "asked",
        [
            "sort=password_hash",
            "sort=-internal_note",
            "sort=total%3Bdrop%20table%20invoice",
            "sort=total&after=x",
            f"q={'x' * 7_000}",
            "status=%00&age=%FF&period=..",
        ],
        ids=lambda x: x[:20],
    )
    async def test_an_address_that_no_page_wrote_shows_the_usual_list(
        self, portal: Portal, asked: str
    ):
        base = f"/c/{self.token(portal)}"

        usual, strange = await portal.get(base), await portal.get(f"{base}?{asked}")

        assert strange.status_code == 200
        assert "INV-00001" in usual.text
        assert "INV-00001" in strange.text
        assert len(strange.text) < len(usual.text) + 10_000

    @pytest.mark.feature("G10", "A01")
    async def test_credit_notes_are_among_its_documents(self, portal: Portal):
        """Also that of an older invoice; none of somebody else's."""
        base = f"/c/{self.token(portal)}"
        portal.world.clock.advance(days=40)
        credit(portal.world, portal.place, portal.invoice_id, an_amount("10.00"))
        other = a_customer(portal.world, portal.place, "Halden Freight")
        theirs = an_invoice(portal.world, portal.place, customer_id=other)
        credit(portal.world, portal.place, theirs, an_amount("10.00"))
        hidden = an_invoice(
            portal.world, portal.place, customer_id=1, is_published=False
        )
        credit(portal.world, portal.place, hidden, an_amount("10.00"))
        day = f"{portal.world.clock.now:%Y-%m-%d}"
        documents = f"{base}/documents.zip?from={day}&to={day}"

        waiting = await portal.get(documents)
        assert waiting.status_code == 202
        assert "0 of 1 are ready" in waiting.text

        portal.print(b"%PDF-3", CreditNote)
        answer = await portal.get(documents)

        with ZipFile(BytesIO(answer.content)) as packed:
            assert packed.namelist() == ["Credit-note-CN-00001.pdf"]
            assert packed.read("Credit-note-CN-00001.pdf") == b"%PDF-3"
