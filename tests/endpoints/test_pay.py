"""Paying without a script: a form, a redirect, and the way back."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from billing_app.domain.portal_settings import PaymentMode
from billing_app.sandbox.stripe_faults import Fault
from billing_app.services import portal_links
from tests.support.billing import a_customer, an_invoice
from tests.support.till import session_id


def post(till, invoice_id, amount, **fields):
    address = f"{till.url}/p/{till.token(invoice_id)}/pay"
    return httpx.post(address, data={"amount": amount, **fields})


def pay_by_card(till, invoice_id, amount):
    """Walk the form, the payment page and the way back; return the last answer."""
    page = post(till, invoice_id, amount).headers["location"]
    back = till.press(page, "card").headers["location"]
    return httpx.get(back)


@pytest.mark.feature("F087")
def test_the_form_leads_to_the_payment_page(till):
    answer = post(till, till.bill(), "40.00")

    assert answer.status_code == 303
    page = answer.headers["location"]
    assert till.gateway().read_checkout(session_id(page)).amount_minor == 4_000


@pytest.mark.feature("C19")
def test_the_way_back_books_the_money_and_shows_the_invoice(till):
    invoice_id = till.bill("100.00")
    till.arm(Fault.WEBHOOK_LOST, times=20)

    answer = pay_by_card(till, invoice_id, "100")

    where = urlsplit(answer.headers["location"])
    assert answer.status_code == 303
    assert where.path == f"/p/{till.token(invoice_id)}"
    assert parse_qs(where.query) == {"paid": ["yes"]}
    assert till.outstanding(invoice_id) == 0


@pytest.mark.feature("F095")
def test_the_webhook_and_the_way_back_book_once(till):
    invoice_id = till.bill("100.00")

    pay_by_card(till, invoice_id, "100")
    till.settle_down()

    assert len(till.payments()) == 1


def test_coming_back_without_having_paid_changes_nothing(till):
    invoice_id = till.bill("100.00")
    page = post(till, invoice_id, "100").headers["location"]

    back = f"{till.url}/p/{till.token(invoice_id)}/paid?page={session_id(page)}"
    answer = httpx.get(back)

    assert answer.headers["location"].endswith("?paid=open")
    assert till.outstanding(invoice_id) == 10_000


@pytest.mark.parametrize("page", ["", "cs_unknown", "x" * 500, "'; drop table"])
def test_coming_back_with_a_page_of_nobody_shows_the_invoice(till, page):
    token = till.token(till.bill())

    answer = httpx.get(f"{till.url}/p/{token}/paid", params={"page": page})

    assert answer.headers["location"] == f"/p/{token}"


@pytest.mark.parametrize(
    ("amount", "says"),
    [
        ("100.01", "€100.00 at most"),
        ("abc", "cannot be read as a number"),
        ("", "Write the amount"),
        ("0", "€0.50 or more"),
    ],
)
def test_a_refused_amount_is_explained_and_kept(till, amount, says):
    answer = post(till, till.bill(), amount)

    assert answer.status_code == 422
    assert says in answer.text
    assert f'value="{amount}"' in answer.text
    assert "Back to the invoice" in answer.text


def test_what_was_typed_is_never_markup(till):
    answer = post(till, till.bill(), '"><script>alert(1)</script>')

    assert "<script>" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_switched_off_it_says_so_and_offers_no_form(till):
    invoice_id = till.bill()
    till.set_portal(payment=PaymentMode.INSTRUCTIONS)

    answer = post(till, invoice_id, "100")

    assert answer.status_code == 422
    assert "Please pay as agreed" in answer.text
    assert "<form" not in answer.text


def test_with_stripe_down_it_says_so(till):
    invoice_id = till.bill()
    till.arm(Fault.UNAVAILABLE_503)

    answer = post(till, invoice_id, "100")

    assert answer.status_code == 422
    assert "try again" in answer.text


def test_a_revoked_link_leads_to_the_page_that_says_so(till):
    invoice_id = till.bill()
    token = till.token(invoice_id)
    till.world.run(till.place.accounting, portal_links.revoke_links, invoice_id)

    answer = httpx.post(f"{till.url}/p/{token}/pay", data={"amount": "100"})

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/p/{token}"
    assert till.attempts() == []


def test_a_form_cannot_name_another_invoice(till):
    mine, other = till.bill(), till.bill()

    post(till, mine, "100", invoice=str(other))

    assert [attempt.invoice_id for attempt in till.attempts()] == [mine]


@pytest.mark.feature("A07")
class TestTogether:
    """Several invoices from the account, without a script."""

    @pytest.fixture
    def customer_id(self, till):
        return a_customer(till.world, till.place)

    @pytest.fixture
    def ids(self, till, customer_id):
        return [till.bill(total, customer_id=customer_id) for total in ("100", "50")]

    @pytest.fixture
    def page(self, till, customer_id, ids):
        actor = till.place.accounting
        token = till.world.run(actor, portal_links.copy_customer_link, customer_id)
        return f"{till.url}/c/{token}"

    def choose(self, page, ids, **fields):
        return httpx.post(f"{page}/pay", data={"invoice": [*map(str, ids)], **fields})

    @pytest.mark.feature("F087")
    def test_the_form_leads_to_the_payment_page_and_back(self, till, ids, page):
        answer = self.choose(page, ids)

        assert answer.status_code == 303
        there = answer.headers["location"]
        assert till.gateway().read_checkout(session_id(there)).amount_minor == 15_000
        back = httpx.get(till.press(there, "card").headers["location"])
        assert back.headers["location"] == f"{urlsplit(page).path}?paid=yes"
        assert [till.outstanding(x) for x in ids] == [0, 0]

    def test_the_whole_balance(self, till, ids, page):
        there = httpx.post(f"{page}/pay", data={"balance": "EUR"}).headers["location"]

        assert till.gateway().read_checkout(session_id(there)).amount_minor == 15_000

    def test_by_the_link_of_an_invoice_that_opens_the_account(self, till, ids):
        account = f"{till.url}/p/{till.token(ids[0])}/account"
        assert self.choose(account, ids).headers["location"].endswith("/account")
        till.set_portal(link_opens_account=True)

        there = self.choose(account, ids).headers["location"]

        assert till.gateway().read_checkout(session_id(there)).amount_minor == 15_000

    def test_no_choice_is_refused_in_words(self, till, page):
        answer = httpx.post(f"{page}/pay")

        assert answer.status_code == 422
        assert "Choose at least one invoice." in answer.text
        assert "Back to your invoices" in answer.text

    def test_an_amount_that_does_not_fit_can_be_mended(self, till, ids, page):
        answer = self.choose(page, ids, amount="150.01")

        assert "You can pay €150.00 at most" in answer.text
        for invoice_id in ids:
            assert f'name="invoice" value="{invoice_id}"' in answer.text

    @pytest.mark.parametrize(
        "strange", ["0", "-1", "1e9", "999999999999999999999999", "x", "1 or 1=1"]
    )
    def test_an_id_of_nobody_pays_nothing(self, till, ids, page, strange):
        answer = self.choose(page, [*ids, strange])

        assert answer.status_code == 404
        assert "does not exist" in answer.text
        assert till.attempts() == []

    def test_invoices_of_others_pay_nothing(self, till, ids, page):
        other = till.bill("1", customer_id=a_customer(till.world, till.place, "B"))
        strange = an_invoice(till.world, till.world.kestrel, "1")

        for foreign in (other, strange + 50):
            assert self.choose(page, [*ids, foreign]).status_code == 404
        assert till.attempts() == []

    def test_a_thousand_ids_are_refused_in_words(self, till, ids, page):
        answer = self.choose(page, range(1, 1_001))

        assert answer.status_code == 429
        assert "Up to 100 invoices can be paid at once" in answer.text

    def test_a_revoked_link_leads_to_the_page_that_says_so(
        self, till, customer_id, ids, page
    ):
        actor = till.place.accounting
        till.world.run(actor, portal_links.revoke_customer_links, customer_id)

        answer = self.choose(page, ids)

        assert answer.status_code == 303
        assert answer.headers["location"] == urlsplit(page).path
        assert till.attempts() == []
