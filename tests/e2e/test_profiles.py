"""The promise of each profile, from the link to the end, on the demo of its trade."""

from __future__ import annotations

import csv
import re
from datetime import datetime
from decimal import Decimal
from functools import partial
from io import BytesIO
from urllib.parse import unquote
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.sync_api import Locator, Page, Route, expect
from pyotp.totp import TOTP
from pypdf import PdfReader

from tests.e2e.conftest import Demo, OpenPage
from tests.support.browser import PHONE, scrolls_sideways
from tests.support.process import wait_until
from tests.support.proof import prove

CHARTER, CONSULTING, WAREHOUSE = "Northwind", "Aldgate", "Scheldt"
GYM, PLUMBER = "Ironwood", "Kestrel"
THEIR_PHONE = "+1 718 555 0117"
# What a program could send where a page shows no form for it.
DIRECT = {
    "pay": {"amount": "10"},
    "disputes": {"amount": "10", "reason": "Too much", "request_key": "a-program"},
    "comments": {"body": "Hello", "name": "Ines", "email": "ines@vermeer.example"},
}
SMALL_PHONE = {"width": 360, "height": 740}
TABLET = {"width": 768, "height": 1024}
NO_SUCH = re.compile("dispute|pay now", re.IGNORECASE)


def summary_of(page: Page) -> Locator:
    """Wait until the page is live, and return its main part."""
    expect(page.get_by_role("button", name="Refresh")).to_be_visible()
    return page.get_by_role("main")


def dearest(demo: Demo, workspace: str, status: str) -> str:
    """Return the link of the largest invoice with this status."""
    shown = [x for x in demo.of(workspace)["invoices"] if x["status"] == status]
    return max(shown, key=lambda x: float(x["total"]) if x["url"] else 0)["url"]


def invoice_of(demo: Demo, workspace: str, status: str, customer: str) -> dict:
    """Return what the demo tells of such an invoice of a customer."""
    return next(
        x
        for x in demo.of(workspace)["invoices"]
        if x["status"] == status and customer in x["customer"] and x["url"]
    )


def account_of(demo: Demo, workspace: str, customer: str) -> str:
    found = demo.of(workspace)["customers"]
    return next(x["url"] for x in found if x["name"] == customer)


def shown_to(demo: Demo, workspace: str, customer: str) -> list[dict]:
    """Return the invoices of a customer that the portal shows, newest first."""
    told = demo.of(workspace)["invoices"]
    return [it for it in told if it["customer"] == customer and it["url"]]


def pounds(amount: str) -> str:
    return f"£{Decimal(amount):,.2f}"


def amount_in(text: str) -> Decimal:
    """Return the amount at the end of an English text."""
    found = re.findall(r"[\d,]+\.\d\d", text)
    return Decimal(found[-1].replace(",", ""))


def numbers_on(page: Page) -> list[str]:
    """Return the invoice numbers of an account's table."""
    names = [it.get_attribute("aria-label") or "" for it in rows_of(page).all()]
    return [name.split()[-1] for name in names]


def are_totals(page: Page, expected: list[Decimal]) -> bool:
    """Say whether an account's table has these totals, from top to bottom."""
    rows = page.locator("tr:has(button.row-toggle)").all()
    # The fifth column of seven.
    return [amount_in(it.get_by_role("cell").nth(4).inner_text()) for it in rows] == (
        expected
    )


def rows_of(page: Page) -> Locator:
    """Return the rows of an account's table, without what they unfold to."""
    return page.locator("button.row-toggle")


def open_invoice(demo: Demo, open_page: OpenPage, workspace: str, number: str) -> Page:
    """Sign in as an owner and open the invoice where staff see it."""
    desk = open_page()
    demo.sign_in(desk, workspace)
    desk.goto(f"{demo.base_url}/invoices?q={number}")
    desk.get_by_role("link", name=number).first.click()
    expect(desk.get_by_role("button", name="Save note")).to_be_visible()
    return desk


class TestClosedBilling:
    """A charter operator: clients look and download, and pay some other way."""

    @pytest.mark.feature("F001", "F023", "F098", "C01", "C02")
    def test_customers_look_and_download_and_can_do_nothing_else(
        self, demo: Demo, page: Page
    ):
        link = dearest(demo, CHARTER, "Due")

        page.goto(link)

        shown = summary_of(page)
        expect(shown.get_by_text("Amount due").first).to_be_visible()
        expect(shown.get_by_text("Charter flight").first).to_be_visible()
        expect(page.get_by_role("button", name=NO_SUCH)).to_have_count(0)
        expect(page.get_by_label("Amount to pay")).to_have_count(0)
        expect(page.get_by_role("textbox")).to_have_count(0)
        # It may be printed only now that somebody asks for it.
        wait_until(
            lambda: httpx.get(f"{link}/invoice.pdf").content.startswith(b"%PDF"), 60
        )
        for form, sent in DIRECT.items():
            origin = {"Origin": demo.base_url}
            refused = httpx.post(f"{link}/{form}", data=sent, headers=origin)
            assert refused.status_code in {403, 422}, form
            assert "<form" not in refused.text or form != "pay"
        page.reload()
        expect(summary_of(page).get_by_text("Amount due").first).to_be_visible()

    @pytest.mark.feature("F035", "F036")
    def test_what_is_late_is_red_and_says_so(self, demo: Demo, phone: Page):
        """To a customer in Zug, in German."""
        phone.goto(demo.link("Overdue", CHARTER))
        # What was painted goes away while it is looked at.
        expect(phone.locator("#painted")).to_have_count(0)

        badge = phone.get_by_role("main").get_by_role("status").first
        expect(badge).to_have_text("Überfällig")
        expect(badge.locator("svg")).to_be_visible()
        color = badge.evaluate("it => getComputedStyle(it).color")
        red, green, blue = map(int, re.findall(r"\d+", color)[:3])
        assert red > 1.5 * max(green, blue)
        assert not scrolls_sideways(phone)

    @pytest.mark.feature("F012", "F028", "F033")
    def test_customers_sign_in_and_find_all_of_their_invoices(
        self, demo: Demo, page: Page
    ):
        email, name = "ap@vermeer-optics.example", "Vermeer Optics B.V."
        page.goto(f"{demo.base_url}/account/northwind-charter/sign-in")
        prove(page, demo.base_url, email)

        expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
        expect(page.get_by_role("link", name=re.compile("^Pay "))).to_have_count(0)
        page.get_by_role("link", name="Include archived").click()
        theirs = [
            x
            for x in demo.of(CHARTER)["invoices"]
            if x["customer"] == name and x["url"]
        ]
        expect(rows_of(page)).to_have_count(len(theirs))
        table = page.get_by_role("table", name="Invoices")
        for invoice in theirs:
            number = table.get_by_role("link", name=invoice["number"], exact=True)
            expect(number).to_be_visible()
        dearest_of_all = max(theirs, key=lambda x: float(x["total"]))
        table.get_by_role("link", name=dearest_of_all["number"], exact=True).click()
        expect(page.get_by_text("Charter flight").first).to_be_visible()
        page.goto(f"{demo.base_url}/invoices")
        expect(page.get_by_label("Password")).to_be_visible()

    @pytest.mark.feature("F054", "C16")
    def test_what_staff_archive_leaves_the_list_and_is_found(
        self, demo: Demo, open_page: OpenPage
    ):
        invoice = invoice_of(demo, CHARTER, "Paid", "Vermeer")
        number = invoice["number"]
        page = open_page()
        page.goto(f"{demo.base_url}/account/northwind-charter/sign-in")
        prove(page, demo.base_url, "ap@vermeer-optics.example")
        table = page.get_by_role("table", name="Invoices")
        shown = table.get_by_role("link", name=number, exact=True)
        expect(shown).to_be_visible()
        desk = open_invoice(demo, open_page, CHARTER, number)

        desk.get_by_role("button", name="Archive", exact=True).click()

        expect(shown).to_have_count(0)
        page.get_by_role("searchbox", name="Search").fill(number)
        expect(page.get_by_text("Archived ones are hidden.")).to_be_visible()
        page.get_by_role("link", name="Include archived").click()
        expect(shown).to_be_visible()
        assert httpx.get(invoice["url"]).status_code == 200
        desk.get_by_role("button", name="Unarchive").click()
        expect(desk.get_by_role("button", name="Archive", exact=True)).to_be_visible()


class TestInteractivePortal:
    """Consultants: a page for each invoice, where one asks and pays."""

    @pytest.mark.feature("F021", "F022", "F075")
    def test_a_page_sums_up_shows_the_paper_and_remembers(
        self, demo: Demo, open_page: OpenPage
    ):
        invoice = invoice_of(demo, CONSULTING, "Due", "Meridian")
        page = open_page()
        page.goto(invoice["url"])
        shown = summary_of(page)
        for words in ("Issued", "Due", "Amount due", pounds(invoice["outstanding"])):
            expect(shown.get_by_text(words, exact=True).first).to_be_visible()

        page.get_by_role("tab", name="PDF").click()
        expect(page.get_by_role("img", name="Page 1 of the invoice PDF")).to_be_visible(
            timeout=60_000
        )
        printed = PdfReader(BytesIO(httpx.get(f"{invoice['url']}/invoice.pdf").content))
        text = printed.pages[0].extract_text()
        assert invoice["number"] in text
        assert pounds(invoice["total"]) in text
        page.get_by_role("tab", name="Live").click()
        live = page.get_by_role("tabpanel", name="Live")
        expect(live.get_by_text(pounds(invoice["total"])).first).to_be_visible()

        thread = page.get_by_role("region", name="Comments")
        typed = {
            "Message": "Is the train in it?",
            "Your name": "Tom",
            "Your email": "tom.achebe@meridian-housing.example",
        }
        for label, words in typed.items():
            thread.get_by_label(label).fill(words)
        page.reload()
        summary_of(page)
        for label, words in typed.items():
            expect(thread.get_by_label(label)).to_have_value(words)
        other = open_page()
        other.goto(invoice["url"])
        summary_of(other)
        expect(other.get_by_label("Message")).to_have_value("")

    @pytest.mark.feature("F070", "F072", "F074", "F078")
    def test_clients_ask_once_a_code_says_who_they_are(
        self, demo: Demo, open_page: OpenPage
    ):
        invoice = invoice_of(demo, CONSULTING, "Due", "Meridian")
        page = open_page()
        page.goto(invoice["url"])
        summary_of(page)
        thread = page.get_by_role("region", name="Comments")
        expect(thread.get_by_text("both in Leeds")).to_be_visible()
        expect(thread.get_by_text("Confirm to post")).to_be_visible()
        expect(page.locator("#painted")).to_have_count(0)
        thread.get_by_label("Message").fill("Which platform was the train from?")
        thread.get_by_label("Your name").fill("Tom Achebe")

        thread.get_by_role("button", name="Post comment").click()
        prove(page, demo.base_url, "tom.achebe@meridian-housing.example")

        # The page loads anew with the proof, and posts what was typed.
        expect(thread.get_by_text("Confirm to post")).to_be_hidden()
        expect(thread.get_by_text("Which platform")).to_be_visible()
        expect(thread.get_by_label("Message")).to_have_value("")
        email = thread.get_by_label("Your email")
        expect(email).to_have_value("tom.achebe@meridian-housing.example")
        expect(email).not_to_be_editable()
        desk = open_invoice(demo, open_page, CONSULTING, invoice["number"])
        said = desk.get_by_role("listitem").filter(has_text="Which platform")
        expect(said.get_by_text("Verified")).to_be_visible()
        expect(said.get_by_text("tom.achebe@meridian-housing.example")).to_be_visible()

    @pytest.mark.feature("F073")
    def test_an_invoice_may_ask_its_customer_for_an_app_on_top(
        self, demo: Demo, open_page: OpenPage
    ):
        invoice = invoice_of(demo, CONSULTING, "Overdue", "Fjordlys")
        desk = open_invoice(demo, open_page, CONSULTING, invoice["number"])
        portal = desk.get_by_role("region", name="Portal for this invoice")
        portal.get_by_text("Uses workspace settings").click()
        proof = portal.get_by_label("Proof before writing")
        proof.select_option(label="A code by mail and an authenticator app")
        expect(portal.get_by_text("Set here: Proof before writing")).to_be_visible()
        page = open_page()
        page.goto(f"{invoice['url']}/verify")

        prove(page, demo.base_url, "faktura@fjordlys.example")
        secret = page.locator(".verify-key code").inner_text().replace(" ", "")
        page.get_by_label("Authentication code").fill(TOTP(secret).now())
        page.get_by_role("button", name="Confirm").click()

        thread = page.get_by_role("region", name="Comments")
        thread.get_by_label("Message").fill("The board has said yes.")
        thread.get_by_label("Your name").fill("Olav")
        thread.get_by_role("button", name="Post comment").click()
        expect(thread.get_by_text("The board has said yes.")).to_be_visible()
        proof.select_option(index=0)
        expect(portal.get_by_text("Uses workspace settings")).to_be_visible()

    @pytest.mark.feature("F018", "F071", "F078")
    def test_staff_see_which_gate_is_shut_and_shut_one(
        self, demo: Demo, open_page: OpenPage
    ):
        invoice = invoice_of(demo, CONSULTING, "Partially paid", "Tidal")
        page = open_page()
        page.goto(invoice["url"])
        summary_of(page)
        box = page.get_by_role("region", name="Comments").get_by_label("Message")
        expect(box).to_be_visible()
        desk = open_invoice(demo, open_page, CONSULTING, invoice["number"])
        gates = desk.get_by_role("region", name="What they can do, and why not")
        gates.get_by_role("heading", level=2).click()
        for words in ("Can pay online Yes", "Can comment No: 1 condition is not met"):
            expect(gates.get_by_role("heading", name=words)).to_be_visible()
        expect(gates.get_by_text("Needs a mailed code. No").first).to_be_visible()

        portal = desk.get_by_role("region", name="Portal for this invoice")
        portal.get_by_text("Uses workspace settings").click()
        comments = portal.get_by_label("Comments", exact=True)
        comments.select_option(label="Off")

        expect(box).to_have_count(0)
        refused = httpx.post(
            f"{invoice['url']}/comments",
            data=DIRECT["comments"],
            headers={"Origin": demo.base_url},
        )
        assert refused.status_code == 403
        assert "Comments are switched off" in refused.text
        gates.get_by_role("button", name="Check again").click()
        off = gates.get_by_role("heading", name="Can comment No, switched off")
        expect(off).to_be_visible()
        comments.select_option(index=0)
        expect(box).to_be_visible()

    @pytest.mark.feature("F089")
    def test_clients_pay_by_card_on_the_page(self, demo: Demo, page: Page):
        page.goto(demo.link("Partially paid", CONSULTING))
        summary_of(page)

        page.get_by_label("Amount to pay").fill("25.00")
        page.get_by_role("button", name="Pay now").click()
        card = page.frame_locator("iframe[title='Secure payment input frame']")
        card.get_by_label("Card number").fill("4242 4242 4242 4242")
        card.get_by_label("Expiration date").fill("12 / 34")
        card.get_by_label("Security code").fill("123")
        form = page.get_by_role("form", name="Card payment")
        form.get_by_role("button", name="Pay £25.00").click()

        expect(page.get_by_text("Your payment has arrived. Thank you.")).to_be_visible()
        expect(form).to_have_count(0)
        assert page.url.startswith(demo.base_url)
        row = page.get_by_role("main").get_by_text("£25.00").first
        expect(row).to_be_visible()


class TestClientAccount:
    """A warehouse: clients trace each charge, and argue about some."""

    @pytest.mark.feature("F037", "F041", "G12")
    def test_cards_and_ages_are_the_sums_of_the_books(
        self, demo: Demo, open_page: OpenPage
    ):
        name = "Saffron Pantry"
        theirs = shown_to(demo, WAREHOUSE, name)
        owed = sum(Decimal(each["outstanding"]) for each in theirs)
        desk = open_page()
        demo.sign_in(desk, WAREHOUSE)
        books = desk.request.get(f"{demo.base_url}/api/export/payments.csv").text()
        year = f"{datetime.now(ZoneInfo('Europe/Brussels')):%Y}"
        paid = sum(
            Decimal(each["Amount"])
            for each in csv.DictReader(books.lstrip("\ufeff").splitlines())
            if each["Customer"] == name and each["Received"].startswith(year)
        )

        page = open_page()
        page.goto(account_of(demo, WAREHOUSE, name))

        summary_of(page)
        stats = page.get_by_role("region", name="Summary")
        for words in (f"€{owed:,.2f}", f"€{paid:,.2f}", "Nothing is disputed"):
            expect(stats.get_by_text(words, exact=True).first).to_be_visible()
        ages = stats.get_by_role("list").get_by_role("link")
        assert sum(map(amount_in, ages.all_inner_texts())) == owed
        late = stats.get_by_role("link", name="1–30 days late")
        in_it = amount_in(late.inner_text())
        late.click()
        page.wait_for_url(re.compile("age=1-30"))
        overdue = [each for each in theirs if each["status"] == "Overdue"]
        expect(rows_of(page)).to_have_count(len(overdue))
        assert sum(Decimal(each["outstanding"]) for each in overdue) == in_it

    @pytest.mark.feature("F030", "F031", "F032")
    def test_a_list_is_sorted_filtered_and_unfolded(self, demo: Demo, page: Page):
        name = "Saffron Pantry"
        page.goto(account_of(demo, WAREHOUSE, name))
        summary_of(page)
        table = page.get_by_role("table", name="Invoices")
        totals = sorted(Decimal(it["total"]) for it in shown_to(demo, WAREHOUSE, name))

        for sort, expected in (("-total", totals[::-1]), ("total", totals)):
            table.get_by_role("columnheader", name="Total").get_by_role("link").click()
            page.wait_for_url(re.compile(f"sort={sort}$"))
            wait_until(partial(are_totals, page, expected))
        tabs = page.get_by_role("navigation", name="Status")
        tabs.get_by_role("link", name="Open").click()
        expect(rows_of(page)).to_have_count(3)
        address = page.url
        for row in rows_of(page).all()[:2]:
            row.click()
        expect(page.get_by_role("link", name="Open invoice")).to_have_count(2)
        assert page.url == address

    @pytest.mark.feature("F030", "F032", "F034", "F037", "F040", "F041", "F080")
    def test_clients_trace_what_they_pay_for(self, demo: Demo, page: Page):
        """In French, as this client reads."""
        page.goto(account_of(demo, WAREHOUSE, "Petit Vélo"))

        stats = page.get_by_role("region", name="Résumé")
        for words in ("À payer", "Payé cette année", "Contesté"):
            term = stats.get_by_role("term").filter(has_text=words)
            expect(term).to_be_visible()
        stat = stats.get_by_role("paragraph").filter(has_text="94,38")
        expect(stat).to_be_visible()
        page.get_by_role("link", name="Contestées", exact=False).first.click()
        expect(rows_of(page)).to_have_count(1)
        page.get_by_role("button", name="Lignes de").click()
        for words in ("INB-20433", "Storage day", "Rappel", "were wheels, not frames"):
            expect(page.get_by_text(words).first).to_be_visible()
        page.get_by_role("link", name="1–30 jours de retard").click()
        expect(rows_of(page)).to_have_count(1)
        page.get_by_role("link", name="Ouvrir la facture").click()
        reminders = page.get_by_role("region", name="Rappels")
        expect(reminders.get_by_text("le jour de l’échéance")).to_be_visible()

    @pytest.mark.feature("F012", "F079", "F080", "F082")
    def test_clients_dispute_a_line_and_are_answered(
        self, demo: Demo, open_page: OpenPage
    ):
        invoice = invoice_of(demo, WAREHOUSE, "Due", "Lumen")
        page = open_page()
        page.goto(f"{demo.base_url}/account/scheldt-fulfilment/sign-in")
        prove(page, demo.base_url, "s.vos@lumen-ceramics.example")
        account = page.url
        disputed = page.get_by_role("navigation", name="Status").get_by_role(
            "link", name="Disputed"
        )
        expect(disputed).to_have_text(re.compile("0$"))
        page.get_by_role("link", name=invoice["number"], exact=True).click()
        disputes = page.get_by_role("region", name="Disputes")
        disputes.get_by_role("button", name="Dispute").click()
        form = page.get_by_role("dialog", name="Dispute")
        form.get_by_label("What is it about?").select_option(index=3)
        form.get_by_label("Amount you dispute").fill("5,28")
        form.get_by_label("What is wrong?").fill("48 labels were printed twice.")
        form.get_by_role("button", name="Send dispute").click()
        expect(disputes.get_by_text("48 labels were printed twice.")).to_be_visible()
        sent = disputes.get_by_text("Your dispute has been sent")
        expect(sent).to_be_visible()

        tab = page.context.new_page()
        tab.goto(account)
        counted = tab.get_by_role("link", name=re.compile("^Disputed 1$"))
        counted.click()
        expect(rows_of(tab)).to_have_count(1)
        rows_of(tab).click()
        expect(tab.get_by_text("48 labels were printed twice.").first).to_be_visible()

        desk = open_invoice(demo, open_page, WAREHOUSE, invoice["number"])
        panel = desk.get_by_role("region", name="Disputes")
        panel.get_by_role("button", name="Answer").click()
        answer = desk.get_by_role("dialog")
        answer.get_by_label("Answer", exact=True).fill("Each was printed once.")
        answer.get_by_label("A note for your colleagues: why?").fill(
            "Checked the print log."
        )
        answer.get_by_role("button", name="Resolve dispute").click()

        expect(disputes.get_by_text("Each was printed once.")).to_be_visible()
        expect(sent).to_have_count(0)
        assert "print log" not in page.content() + tab.content()
        expect(counted).to_have_count(0)

    def test_clients_take_all_of_their_documents_in_one_file(
        self, demo: Demo, page: Page
    ):
        page.goto(account_of(demo, WAREHOUSE, "Lumen Ceramics B.V."))
        summary_of(page)

        # Some may be printed only now that somebody asks for them.
        with page.expect_download(timeout=240_000) as download:
            page.get_by_role("button", name="All documents as zip").click()

        with ZipFile(download.value.path()) as packed:
            names = packed.namelist()
        for invoice in shown_to(demo, WAREHOUSE, "Lumen Ceramics B.V."):
            assert any(invoice["number"] in name for name in names)

    @pytest.mark.feature("F025", "F097")
    def test_clients_read_and_pay_by_transfer(self, demo: Demo, page: Page):
        link = demo.link("Due", WAREHOUSE)

        page.goto(link)

        summary_of(page)
        expect(page.get_by_text("storage").first).to_be_visible()
        expect(page.get_by_role("button", name="Pay now")).to_have_count(0)
        expect(page.get_by_role("button", name="Copy IBAN")).to_be_visible()
        for words in (
            "Noorderlaan 147",
            "+32 3 555 01 88",
            "billing@scheldt.example",
            "scheldt-fulfilment.example",
        ):
            expect(page.get_by_text(words).first).to_be_visible()
        origin = {"Origin": demo.base_url}
        refused = httpx.post(f"{link}/pay", data={"amount": "10"}, headers=origin)
        assert refused.status_code == 422

    @pytest.mark.feature("F017", "G12")
    def test_staff_look_as_the_client_under_a_banner(
        self, demo: Demo, open_page: OpenPage
    ):
        desk = open_page()
        demo.sign_in(desk, WAREHOUSE)
        desk.goto(f"{demo.base_url}/customers")
        desk.get_by_role("link", name="Saffron Pantry").first.click()

        with desk.context.expect_page() as opened:
            desk.get_by_role("button", name="Preview as this customer").click()

        seen = opened.value
        expect(seen.get_by_text("this is what your customer sees")).to_be_visible()
        expect(
            seen.get_by_role("heading", level=1, name="Saffron Pantry")
        ).to_be_visible()

    @pytest.mark.feature("F030")
    def test_what_is_typed_before_the_page_is_live_narrows_the_list(
        self, demo: Demo, page: Page
    ):
        """On a slow line, where the server has painted it and no script has come."""
        theirs = shown_to(demo, WAREHOUSE, "Saffron Pantry")
        waiting: list[Route] = []
        scripts = re.compile(r"/assets/.*\.js")
        page.route(scripts, lambda it: waiting.append(it))
        page.goto(account_of(demo, WAREHOUSE, "Saffron Pantry"), wait_until="commit")

        page.get_by_role("searchbox", name="Search").fill(theirs[0]["number"])
        page.route(scripts, lambda it: it.continue_())
        for each in waiting:
            each.continue_()

        expect(rows_of(page)).to_have_count(1)
        assert numbers_on(page) == [theirs[0]["number"]]


class TestCollectionsPortal:
    """A gym: members have one address for all that they owe and paid."""

    @pytest.mark.feature("F010", "F029", "F039", "F100", "F107")
    def test_one_link_opens_all_that_a_member_owes(self, demo: Demo, phone: Page):
        name = "Zoë Papadopoulos"
        theirs = [
            x for x in demo.of(GYM)["invoices"] if x["customer"] == name and x["url"]
        ]
        phone.goto(account_of(demo, GYM, name))

        phone.get_by_role("link", name="Include archived").click()
        expect(rows_of(phone)).to_have_count(len(theirs))
        phone.get_by_role("link", name="Hide archived").click()
        expect(rows_of(phone)).not_to_have_count(len(theirs))
        summary_of(phone)
        archived = {it["number"] for it in theirs} - set(numbers_on(phone))
        phone.locator(".fold summary").click()
        tabs = phone.get_by_role("navigation", name="Status")
        tabs.get_by_role("link", name="Open").click()
        owed = [x for x in theirs if float(x["outstanding"])]
        expect(rows_of(phone)).to_have_count(len(owed))
        expect(phone.get_by_role("link", name=re.compile("^Pay "))).to_have_count(
            len(owed)
        )
        is_open = {it["number"] for it in owed}
        wait_until(lambda: set(numbers_on(phone)) == is_open)
        assert not scrolls_sideways(phone)
        tabs.get_by_role("link", name="Paid").click()
        expect(phone.get_by_role("link", name=re.compile("^Pay "))).to_have_count(0)
        is_paid = {it["number"] for it in theirs} - is_open
        wait_until(lambda: set(numbers_on(phone)) == is_paid - archived)
        phone.goto(account_of(demo, GYM, name))
        summary_of(phone)
        phone.get_by_role("link", name="Include archived").click()
        expect(rows_of(phone)).to_have_count(len(theirs))
        oldest = theirs[-1]["number"]
        phone.get_by_role("searchbox", name="Search").fill(oldest)
        expect(rows_of(phone)).to_have_count(1)
        expect(phone.get_by_role("link", name=oldest, exact=True)).to_be_visible()

        phone.get_by_role("link", name=oldest, exact=True).click()
        history = phone.get_by_role("region", name="Payments and receipts")
        expect(history.get_by_role("link", name="Receipt PDF")).to_be_visible()

        # From the link of a single invoice, too: this business lets it.
        phone.goto(owed[0]["url"])
        phone.get_by_role("link", name="All invoices").click()
        expect(phone.get_by_role("heading", level=1, name=name)).to_be_visible()

    @pytest.mark.feature("F024", "F093")
    def test_members_pay_and_have_their_receipts(self, demo: Demo, page: Page):
        page.goto(demo.link("Due", GYM))
        summary_of(page)

        page.get_by_label("Amount to pay").fill("20.00")
        page.get_by_role("button", name="Pay now").click()
        page.get_by_role("button", name="Pay", exact=True).click()

        page.wait_for_url(re.compile(r"/p/"))
        expect(page.get_by_text("Partially paid").first).to_be_visible()
        receipt = page.get_by_role(
            "link", name=re.compile("receipt", re.IGNORECASE)
        ).first
        address = f"{demo.base_url}{receipt.get_attribute('href')}"
        wait_until(lambda: httpx.get(address).content.startswith(b"%PDF"), 60)
        page.goto(demo.link("Paid", GYM))
        summary_of(page)
        expect(page.get_by_text("Paid in full. Thank you.")).to_be_visible()
        expect(page.get_by_role("button", name="Pay now")).to_have_count(0)

    @pytest.mark.feature("F104", "F105")
    def test_staff_see_who_is_at_risk_and_what_happened(self, demo: Demo, page: Page):
        demo.sign_in(page, GYM)
        page.goto(f"{demo.base_url}/customers")

        page.get_by_role("link", name="Liam Doyle").first.click()

        # The list says it of several customers, too.
        expect(page.get_by_role("heading", level=1, name="Liam Doyle")).to_be_visible()
        risk = page.get_by_role("group").filter(has_text="High risk")
        risk.get_by_text("High risk").click()
        for reason in ("overdue", "promise", "failed"):
            expect(risk.get_by_text(reason).first).to_be_visible()
        activity = page.get_by_role("region", name="Activity")
        activity.get_by_role("button", name="Show older").click()
        for what in (
            "Customer viewed the invoice",
            "Online payment failed",
            "Payment promised",
            "Reminder sent",
        ):
            happened = activity.get_by_role("listitem").filter(has_text=what).first
            expect(happened.get_by_role("time")).to_be_visible()
        expect(activity.get_by_text("by mail").first).to_be_visible()
        expect(activity.get_by_text("through the link").first).to_be_visible()


class TestSimpleLink:
    """A plumber: one link for each invoice, texted, paid through Checkout."""

    @pytest.mark.feature("F002", "F003", "F006", "F009")
    def test_a_link_is_texted_and_taken_back(self, demo: Demo, open_page: OpenPage):
        invoice = invoice_of(demo, PLUMBER, "Due", "Margaret")
        desk = open_invoice(demo, open_page, PLUMBER, invoice["number"])
        desk.get_by_role("button", name="Share").click()
        text = desk.get_by_role("link", name="Text message").get_attribute("href")
        assert text is not None
        said, _, link = unquote(text.removeprefix("sms:?&body=")).rpartition(" ")
        assert said.startswith(f"Invoice {invoice['number']} from ")
        assert re.fullmatch(rf"{demo.base_url}/s/[a-z2-7]{{16}}", link)
        phone = open_page(viewport=SMALL_PHONE, is_mobile=True, has_touch=True)
        phone.goto(link)
        phone.wait_for_url(invoice["url"])
        expect(summary_of(phone).get_by_text("Amount due").first).to_be_visible()

        desk.keyboard.press("Escape")
        desk.get_by_role("button", name="New link").click()
        asked = desk.get_by_role("alertdialog", name="Make a new link?")
        expect(asked.get_by_role("button", name="Keep the link")).to_be_focused()
        desk.keyboard.press("Escape")
        expect(asked).to_be_hidden()
        assert httpx.get(invoice["url"]).status_code == 200
        desk.get_by_role("button", name="New link").click()
        asked.get_by_role("button", name="Make new link").click()

        expect(phone.get_by_text("Invoice not found")).to_be_visible()
        assert httpx.get(link).status_code == 404

    @pytest.mark.feature("F015", "F044", "C21", "G13")
    def test_the_badge_and_the_portal_itself_are_switched(
        self, demo: Demo, open_page: OpenPage
    ):
        link = demo.link("Paid", PLUMBER)
        phone = open_page(viewport=PHONE, is_mobile=True, has_touch=True)
        phone.goto(link)
        summary_of(phone)
        badge = phone.get_by_text("Powered by Tallyport")
        expect(badge).to_be_visible()
        desk = open_page()
        demo.sign_in(desk, PLUMBER)
        desk.goto(f"{demo.base_url}/settings/portal")
        save = desk.get_by_role("button", name="Save changes")

        desk.get_by_role("switch", name="Badge").click()
        save.click()
        expect(badge).to_have_count(0)
        desk.get_by_role("switch", name="Portal", exact=True).click()
        save.click()

        expect(phone.get_by_role("heading", level=1)).to_have_text(
            "Portal not available"
        )
        for file in ("", "/invoice.pdf"):
            assert httpx.get(f"{link}{file}").status_code == 403
        for name in ("Portal", "Badge"):
            desk.get_by_role("switch", name=name, exact=True).click()
        save.click()
        expect(phone.get_by_text("Paid in full. Thank you.")).to_be_visible()
        expect(badge).to_be_visible()

    @pytest.mark.feature("F043", "F060")
    def test_what_was_sent_keeps_the_look_it_was_sent_with(
        self, demo: Demo, open_page: OpenPage
    ):
        link = demo.link("Paid", PLUMBER)
        desk = open_page()
        demo.sign_in(desk, PLUMBER)
        desk.goto(f"{demo.base_url}/settings")
        number = desk.get_by_label("Phone")
        expect(number).to_have_value(THEIR_PHONE)
        number.fill("+1 718 555 0199")
        desk.get_by_role("button", name="Save changes").click()
        expect(desk.get_by_text("Saved").first).to_be_visible()

        page = open_page()
        page.goto(link)

        live = summary_of(page).get_by_role("tabpanel", name="Live")
        expect(live.get_by_text(THEIR_PHONE)).to_be_visible()
        expect(page.get_by_text("0199")).to_have_count(0)
        desk.reload()
        expect(number).to_have_value("+1 718 555 0199")
        number.fill(THEIR_PHONE)
        desk.get_by_role("button", name="Save changes").click()
        expect(desk.get_by_text("Saved").first).to_be_visible()

    @pytest.mark.feature("F020", "F042", "F044", "F087", "F102", "F103")
    def test_a_link_shows_pays_and_tells_of_the_look(
        self, demo: Demo, open_page: OpenPage
    ):
        link = demo.link("Overdue", PLUMBER)
        phone = open_page(viewport=SMALL_PHONE, is_mobile=True, has_touch=True)

        phone.goto(link)

        assert re.fullmatch(rf"{demo.base_url}/p/[\w-]{{43}}", link)
        shown = summary_of(phone)
        expect(shown.get_by_text("Overdue").first).to_be_visible()
        expect(phone.get_by_text("Powered by Tallyport")).to_be_visible()
        expect(phone.get_by_role("heading", name="Comments")).to_have_count(0)
        number = phone.get_by_role("heading", level=1).inner_text().split()[-1]
        for window in (SMALL_PHONE, TABLET, PHONE):
            phone.set_viewport_size(window)
            assert not scrolls_sideways(phone)
            expect(phone.get_by_role("button", name="Pay now")).to_be_visible()
            expect(phone.get_by_role("link", name="Download PDF")).to_be_visible()
        phone.get_by_role("button", name="Pay now").click()
        phone.get_by_role("button", name="Pay", exact=True).click()
        phone.wait_for_url(re.compile(r"/p/"))
        expect(phone.get_by_text("Paid in full. Thank you.")).to_be_visible()

        desk = open_page()
        demo.sign_in(desk, PLUMBER)
        desk.goto(f"{demo.base_url}/invoices?q={number}")
        desk.get_by_role("link", name=number).first.click()
        expect(desk.get_by_text("Customer viewed on").first).to_be_visible()
        expect(desk.get_by_text("Paid", exact=True).first).to_be_visible()
        desk.goto(f"{demo.base_url}/invoices?q={number}")
        row = desk.get_by_role("row").filter(has_text=number)
        expect(row.get_by_text("Viewed")).to_be_visible()

    @pytest.mark.feature("F038", "F057", "F059", "G05")
    def test_a_check_by_hand_shows_on_the_open_page(
        self, demo: Demo, open_page: OpenPage
    ):
        invoice = invoice_of(demo, PLUMBER, "Partially paid", "Luz")
        phone = open_page(viewport=PHONE, is_mobile=True, has_touch=True)
        phone.goto(invoice["url"])
        summary_of(phone)
        desk = open_invoice(demo, open_page, PLUMBER, invoice["number"])

        desk.get_by_role("button", name="Record payment").click()
        form = desk.get_by_role("dialog", name="Record payment")
        form.get_by_text("Check", exact=True).click()
        form.get_by_label("Reference").fill("CHK 2041")
        form.get_by_label("Note").fill("Luz brought it to the van.")
        form.get_by_role("button", name=re.compile(r"^Record \$")).click()

        expect(phone.get_by_text("Paid in full. Thank you.")).to_be_visible()
        expect(phone.get_by_text("CHK 2041").first).to_be_visible()
        assert "brought it" not in phone.content()
        row = desk.get_by_role("row").filter(has_text="CHK 2041")
        for words in ("Check", "Luz brought it to the van.", "Kay Moreno"):
            expect(row).to_contain_text(words)
