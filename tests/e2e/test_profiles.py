"""The promise of each profile, from the link to the end, on the demo of its trade."""

from __future__ import annotations

import re
from urllib.parse import unquote

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from pyotp.totp import TOTP

from tests.e2e.conftest import Demo, OpenPage
from tests.support.browser import PHONE, scrolls_sideways
from tests.support.process import wait_until
from tests.support.proof import prove

CHARTER, CONSULTING, WAREHOUSE = "Northwind", "Aldgate", "Scheldt"
GYM, PLUMBER = "Ironwood", "Kestrel"
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


@pytest.mark.feature("F001", "F023", "F098")
def test_charter_customers_look_and_download_and_pay_elsewhere(demo: Demo, page: Page):
    link = dearest(demo, CHARTER, "Due")

    page.goto(link)

    shown = summary_of(page)
    expect(shown.get_by_text("Amount due").first).to_be_visible()
    expect(shown.get_by_text("Charter flight").first).to_be_visible()
    expect(page.get_by_role("button", name=NO_SUCH)).to_have_count(0)
    expect(page.get_by_label("Amount to pay")).to_have_count(0)
    expect(page.get_by_role("textbox")).to_have_count(0)
    # It may be printed only now that somebody asks for it.
    wait_until(lambda: httpx.get(f"{link}/invoice.pdf").content.startswith(b"%PDF"), 60)
    origin = {"Origin": demo.base_url}
    refused = httpx.post(f"{link}/pay", data={"amount": "10"}, headers=origin)
    assert refused.status_code == 422
    assert "<form" not in refused.text
    page.reload()
    expect(summary_of(page).get_by_text("Amount due").first).to_be_visible()


@pytest.mark.feature("F012", "F028", "F033")
def test_charter_customers_sign_in_and_find_all_of_their_invoices(
    demo: Demo, page: Page
):
    email, name = "ap@vermeer-optics.example", "Vermeer Optics B.V."
    page.goto(f"{demo.base_url}/account/northwind-charter/sign-in")
    prove(page, demo.base_url, email)

    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("^Pay "))).to_have_count(0)
    page.get_by_role("link", name="Include archived").click()
    theirs = [
        x for x in demo.of(CHARTER)["invoices"] if x["customer"] == name and x["url"]
    ]
    expect(rows_of(page)).to_have_count(len(theirs))
    for invoice in theirs:
        number = page.get_by_role("link", name=invoice["number"], exact=True)
        expect(number).to_be_visible()
    dearest_of_all = max(theirs, key=lambda x: float(x["total"]))
    page.get_by_role("link", name=dearest_of_all["number"], exact=True).click()
    expect(page.get_by_text("Charter flight").first).to_be_visible()
    page.goto(f"{demo.base_url}/invoices")
    expect(page.get_by_label("Password")).to_be_visible()


@pytest.mark.feature("F089")
def test_consultants_clients_pay_by_card_on_the_page(demo: Demo, page: Page):
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


@pytest.mark.feature("F070", "F072", "F074", "F078")
def test_consultants_clients_ask_once_a_code_says_who_they_are(
    demo: Demo, open_page: OpenPage
):
    invoice = invoice_of(demo, CONSULTING, "Due", "Meridian")
    page = open_page()
    page.goto(invoice["url"])
    summary_of(page)
    thread = page.get_by_role("region", name="Comments")
    expect(thread.get_by_text("both in Leeds")).to_be_visible()
    expect(thread.get_by_text("Verify to post")).to_be_visible()
    expect(page.locator("#painted")).to_have_count(0)
    thread.get_by_label("Message").fill("Which platform was the train from?")
    thread.get_by_label("Your name").fill("Tom Achebe")

    thread.get_by_role("button", name="Post comment").click()
    prove(page, demo.base_url, "tom.achebe@meridian-housing.example")

    # The page loads anew with the proof, and posts what was typed.
    expect(thread.get_by_text("Verify to post")).to_be_hidden()
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
    demo: Demo, open_page: OpenPage
):
    invoice = invoice_of(demo, CONSULTING, "Overdue", "Fjordlys")
    desk = open_invoice(demo, open_page, CONSULTING, invoice["number"])
    portal = desk.get_by_role("region", name="Portal for this invoice")
    portal.get_by_text("All as in the settings").click()
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
    expect(portal.get_by_text("All as in the settings")).to_be_visible()


@pytest.mark.feature("F025", "F097")
def test_warehouse_clients_read_and_pay_by_transfer(demo: Demo, page: Page):
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


@pytest.mark.feature("F030", "F032", "F034", "F037", "F040", "F041", "F080")
def test_warehouse_clients_trace_what_they_pay_for(demo: Demo, page: Page):
    """In French, as this client reads."""
    page.goto(account_of(demo, WAREHOUSE, "Petit Vélo"))

    stats = page.get_by_role("region", name="Résumé")
    for words in ("À payer", "Payé cette année", "Contesté"):
        expect(stats.get_by_text(words).first).to_be_visible()
    expect(stats.get_by_text("94,38").first).to_be_visible()
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


@pytest.mark.feature("F012", "F079", "F082")
def test_warehouse_clients_dispute_a_line_and_are_answered(
    demo: Demo, open_page: OpenPage
):
    invoice = invoice_of(demo, WAREHOUSE, "Due", "Lumen")
    page = open_page()
    page.goto(f"{demo.base_url}/account/scheldt-fulfilment/sign-in")
    prove(page, demo.base_url, "s.vos@lumen-ceramics.example")
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
    assert "print log" not in page.content()


@pytest.mark.feature("F024", "F093")
def test_gym_members_pay_and_have_their_receipts(demo: Demo, page: Page):
    page.goto(demo.link("Due", GYM))
    summary_of(page)

    page.get_by_label("Amount to pay").fill("20.00")
    page.get_by_role("button", name="Pay now").click()
    page.get_by_role("button", name="Pay", exact=True).click()

    page.wait_for_url(re.compile(r"/p/"))
    expect(page.get_by_text("Partially paid").first).to_be_visible()
    receipt = page.get_by_role("link", name=re.compile("receipt", re.IGNORECASE)).first
    address = f"{demo.base_url}{receipt.get_attribute('href')}"
    wait_until(lambda: httpx.get(address).content.startswith(b"%PDF"), 60)
    page.goto(demo.link("Paid", GYM))
    summary_of(page)
    expect(page.get_by_text("Paid in full. Thank you.")).to_be_visible()
    expect(page.get_by_role("button", name="Pay now")).to_have_count(0)


@pytest.mark.feature("F010", "F029", "F100", "F107")
def test_one_link_opens_all_that_a_gym_member_owes(demo: Demo, page: Page):
    name = "Zoë Papadopoulos"
    theirs = [x for x in demo.of(GYM)["invoices"] if x["customer"] == name and x["url"]]
    page.goto(account_of(demo, GYM, name))

    page.get_by_role("link", name="Include archived").click()
    expect(rows_of(page)).to_have_count(len(theirs))
    page.get_by_role("link", name="Hide archived").click()
    tabs = page.get_by_role("navigation", name="Status")
    tabs.get_by_role("link", name="Open").click()
    owed = [x for x in theirs if float(x["outstanding"])]
    expect(rows_of(page)).to_have_count(len(owed))
    expect(page.get_by_role("link", name=re.compile("^Pay "))).to_have_count(len(owed))
    tabs.get_by_role("link", name="Paid").click()
    expect(page.get_by_role("link", name=re.compile("^Pay "))).to_have_count(0)
    page.goto(account_of(demo, GYM, name))
    summary_of(page)
    page.get_by_role("link", name="Include archived").click()
    expect(rows_of(page)).to_have_count(len(theirs))
    oldest = theirs[-1]["number"]
    page.get_by_role("searchbox", name="Search").fill(oldest)
    expect(rows_of(page)).to_have_count(1)
    expect(page.get_by_role("link", name=oldest, exact=True)).to_be_visible()

    # From the link of a single invoice, too: this business lets it.
    page.goto(owed[0]["url"])
    page.get_by_role("link", name="All invoices").click()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


@pytest.mark.feature("F002", "F003", "F006", "F009")
def test_a_plumber_texts_a_link_and_takes_it_back(demo: Demo, open_page: OpenPage):
    invoice = invoice_of(demo, PLUMBER, "Due", "Margaret")
    desk = open_invoice(demo, open_page, PLUMBER, invoice["number"])
    desk.get_by_role("button", name="Share").click()
    text = desk.get_by_role("link", name="Text message").get_attribute("href")
    assert text is not None
    link = unquote(text.removeprefix("sms:?&body="))
    assert re.fullmatch(rf"{demo.base_url}/s/[a-z2-7]{{16}}", link)
    phone = open_page(viewport=SMALL_PHONE, is_mobile=True, has_touch=True)
    phone.goto(link)
    phone.wait_for_url(invoice["url"])
    expect(summary_of(phone).get_by_text("Amount due").first).to_be_visible()

    desk.keyboard.press("Escape")
    desk.get_by_role("button", name="New link").click()

    expect(phone.get_by_text("Invoice not found")).to_be_visible()
    assert httpx.get(link).status_code == 404


@pytest.mark.feature("F020", "F042", "F044", "F087", "F102")
def test_a_plumbers_link_shows_pays_and_tells_of_the_look(
    demo: Demo, open_page: OpenPage
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
