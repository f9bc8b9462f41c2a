from __future__ import annotations

from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest

from billing_app.documents import mail
from billing_app.documents.mail import LOGO_ID, MailContent
from billing_app.domain.document import (
    Branding,
    InvoiceDocument,
    Party,
    ReceiptDocument,
)

LINK = "https://invoices.example/p/secret-token"
SELLER = Party(
    name="North Ltd",
    address=("1 High Street", "London"),
    email="office@north.example",
    phone="+44 20 1234",
)
BUYER = Party(name="Maison Delacroix", contact_name="Anna Delacroix")
INVOICE = InvoiceDocument(
    number="INV-42",
    currency="EUR",
    language="en",
    branding=Branding(accent="#ffd800"),
    seller=SELLER,
    buyer=BUYER,
    issued_on=date(2026, 11, 22),
    due_on=date(2026, 12, 6),
    delivery_on=None,
    purchase_order="PO 7",
    prices_inclusive=False,
    lines=(),
    adjustments=(),
    taxes=(),
    line_sum_minor=0,
    net_minor=0,
    tax_minor=0,
    total_minor=1323013,
    prepaid_minor=0,
    rounding_minor=0,
    due_minor=1323013,
    notes="",
    terms="",
)
RECEIPT = ReceiptDocument(
    number="R-7",
    invoice_number="INV-42",
    currency="EUR",
    language="en",
    branding=Branding(),
    seller=SELLER,
    buyer=BUYER,
    received_on=date(2026, 11, 30),
    method="Card ending 4242",
    reference="",
    amount_minor=1000000,
    total_minor=1323013,
    outstanding_minor=323013,
)


class Page(HTMLParser):
    """What a mail reader would show, open and fetch."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name == "href":
                self.links.append(value or "")
            if name in ("src", "background", "srcset", "action"):
                self.fetched.append(value or "")

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def shows(self, words: str) -> bool:
        return words in " ".join("".join(self.text).split())


def invoice_mail(document: InvoiceDocument = INVOICE, **changes: Any) -> MailContent:
    facts = {"link": LINK, "outstanding_minor": 1323013, "is_payable_online": True}
    return mail.write_invoice_mail(document, **{**facts, **changes})


TOGETHER = (
    replace(
        RECEIPT,
        amount_minor=100_00,
        outstanding_minor=0,
        invoice_count=2,
        whole_minor=150_00,
    ),
    replace(
        RECEIPT,
        invoice_number="INV-8",
        number="RCT-9",
        amount_minor=50_00,
        credit_minor=20_00,
        outstanding_minor=10_00,
        invoice_count=2,
        whole_minor=150_00,
    ),
)

EVERY_KIND = {
    "invoice": invoice_mail(),
    "link": mail.write_link_mail(
        INVOICE, link=LINK, outstanding_minor=1, message="Here again"
    ),
    "receipt": mail.write_receipt_mail(RECEIPT, link=LINK),
    "receipts": mail.write_receipts_mail(TOGETHER, link=LINK),
    "refund": mail.write_refund_mail(
        INVOICE,
        link=LINK,
        amount_minor=100,
        refunded_on=date(2026, 3, 2),
        method="Card •••• 4242",
        is_online=True,
        outstanding_minor=0,
    ),
    "processing": mail.write_processing_mail(INVOICE, link=LINK, amount_minor=1),
    "failure": mail.write_failure_mail(
        INVOICE, link=LINK, amount_minor=1, reason="The bank said no."
    ),
    "test": mail.write_test_mail("North Ltd"),
}


class TestLogo:
    def logo(self, **size: int) -> str:
        looks = Branding(logo_digest="a" * 64, **size)
        return invoice_mail().with_logo(looks).html

    def test_comes_along_and_is_fetched_from_nowhere(self):
        html = self.logo(logo_width=100, logo_height=100)

        assert f'src="cid:{LOGO_ID}"' in html
        assert html.count("<img") == 1
        assert Page(html).shows("North Ltd")

    def test_one_that_says_the_name_is_read_out_by_it(self):
        """A word mark of 800 x 100 pixels is 220 wide, so 28 high."""
        html = self.logo(logo_width=800, logo_height=100)

        assert 'alt="North Ltd" width="220" height="28"' in html

    def test_one_of_unknown_size_keeps_its_place(self):
        assert 'width="36" height="36"' in self.logo()


@pytest.mark.parametrize("content", EVERY_KIND.values(), ids=EVERY_KIND)
class TestEveryMail:
    def test_says_who_wrote(self, content: MailContent):
        assert "North Ltd" in content.text
        assert Page(content.html).shows("North Ltd")

    def test_fetches_nothing_and_runs_nothing(self, content: MailContent):
        page = Page(content.html)

        assert page.fetched == []
        assert page.tags.isdisjoint({"img", "script", "link", "iframe", "form"})
        assert "url(" not in content.html
        assert "@import" not in content.html

    def test_leads_only_to_the_link(self, content: MailContent):
        assert set(Page(content.html).links) <= {LINK}

    def test_has_a_subject_of_one_line(self, content: MailContent):
        assert content.subject
        assert content.subject == " ".join(content.subject.split())

    def test_both_parts_say_the_same(self, content: MailContent):
        page = Page(content.html)

        for line in content.text.splitlines():
            for words in line.removeprefix("> ").removesuffix(":").split(": "):
                assert page.shows(" ".join(words.split())) or words == "--", words


class TestInvoiceMail:
    def test_says_how_much_by_when_and_where(self):
        content = invoice_mail()

        assert content.subject == "Invoice INV-42 from North Ltd"
        assert "Hello Anna Delacroix," in content.text
        assert "Amount due: €13,230.13" in content.text
        assert "Due: 6 December 2026" in content.text
        assert "Your reference: PO 7" in content.text
        assert f"View and pay invoice:\n{LINK}" in content.text

    @pytest.mark.feature("R43")
    def test_says_what_a_transfer_is_to_carry(self):
        content = mail.write_invoice_mail(
            replace(INVOICE, reference="RF82INV00042"),
            link=LINK,
            outstanding_minor=100,
            is_payable_online=False,
        )

        assert "Reference for a transfer: RF82 INV0 0042" in content.text

    def test_does_not_speak_of_paying_where_one_cannot(self):
        content = invoice_mail(is_payable_online=False)

        assert f"View invoice:\n{LINK}" in content.text

    def test_leaves_out_what_is_not_known(self):
        content = invoice_mail(replace(INVOICE, due_on=None, purchase_order=""))

        assert "Due:" not in content.text
        assert "reference" not in content.text

    def test_uses_the_name_the_business_goes_by(self):
        branding = replace(INVOICE.branding, name="Northern Lights")

        content = invoice_mail(replace(INVOICE, branding=branding))

        assert content.subject == "Invoice INV-42 from Northern Lights"

    def test_shows_what_is_outstanding_not_the_total(self):
        assert "Amount due: €0.05" in invoice_mail(outstanding_minor=5).text

    def test_corrects_a_brand_colour_that_could_not_be_read(self):
        """White on #ffd800 is 1.4:1."""
        assert "#ffd800" not in invoice_mail().html


class TestLinkMail:
    def test_quotes_what_the_member_wrote_line_by_line(self):
        content = mail.write_link_mail(
            INVOICE, link=LINK, outstanding_minor=1, message="As promised.\nBest, Tom\n"
        )

        assert "> As promised.\n> Best, Tom\n" in content.text
        assert "As promised.\nBest, Tom</p>" in content.html

    def test_needs_no_message(self):
        content = mail.write_link_mail(
            INVOICE, link=LINK, outstanding_minor=1, message=" "
        )

        assert ">" not in content.text


class TestReceiptMail:
    def test_says_what_is_left(self):
        content = mail.write_receipt_mail(RECEIPT, link=LINK)

        assert "Received: €10,000.00" in content.text
        assert "€3,230.13 is still to be paid." in content.text
        assert "Paid with: Card ending 4242" in content.text
        assert "Reference" not in content.text

    def test_says_when_nothing_is_left(self):
        content = mail.write_receipt_mail(
            replace(RECEIPT, outstanding_minor=0), link=LINK
        )

        assert "The invoice is paid in full." in content.text

    def test_does_not_say_paid_of_what_was_given_up(self):
        closed = replace(
            RECEIPT, outstanding_minor=0, written_off_minor=900, credit_minor=1000000
        )
        text = mail.write_receipt_mail(closed, link=LINK).text
        several = mail.write_receipts_mail([closed, closed], link=LINK).text

        assert "There is nothing left to pay on this invoice." in text
        assert "Your credit: €10,000.00" in text
        assert "paid in full" not in text + several

    def test_lists_every_invoice_of_one_payment(self):
        text = EVERY_KIND["receipts"].text

        assert "Received: €150.00" in text
        assert "€10.00 of them is still to be paid." in text
        assert f"Invoice {RECEIPT.invoice_number}: €100.00, receipt" in text
        kept = "€20.00 kept as your credit"
        assert f"Invoice INV-8: €50.00, {kept}, receipt RCT-9" in text


class TestFailureMail:
    def test_says_why(self):
        assert "Reason: The bank said no." in EVERY_KIND["failure"].text


HOSTILE = "<script>alert(1)</script>{{7*7}}\r\nBcc: victim@example.com"


class TestHostileText:
    def test_stays_text_in_every_field(self):
        party = Party(
            name=HOSTILE,
            address=(HOSTILE,),
            contact_name=HOSTILE,
            email=HOSTILE,
            phone=HOSTILE,
            website=HOSTILE,
        )
        document = replace(
            INVOICE,
            number=HOSTILE,
            seller=party,
            buyer=party,
            purchase_order=HOSTILE,
            branding=Branding(name=HOSTILE),
        )
        for content in (
            invoice_mail(document),
            mail.write_link_mail(
                document, link=LINK, outstanding_minor=1, message=HOSTILE
            ),
            mail.write_failure_mail(
                document, link=LINK, amount_minor=1, reason=HOSTILE
            ),
            mail.write_test_mail(HOSTILE),
        ):
            assert "script" not in Page(content.html).tags
            assert "{{7*7}}" in content.html
            assert "\n" not in content.subject
            # Only a person's own message keeps its lines, behind a mark.
            assert "\nBcc:" not in content.text

    def test_a_link_cannot_leave_its_attribute(self):
        content = invoice_mail(link='https://x/"><script>alert(1)</script>')

        assert "script" not in Page(content.html).tags


@pytest.mark.feature("A20")
class TestTheCustomersLanguage:
    def in_language(self, language: str) -> MailContent:
        document = replace(INVOICE, language=language)
        return mail.write_reminder_mail(
            document,
            link=LINK,
            asked_minor=1323013,
            today=date(2026, 12, 9),
            is_payable_online=True,
        )

    @pytest.mark.parametrize(
        ("language", "heading", "amount", "action"),
        [
            ("en", "Invoice INV-42 is 3 days overdue", "€13,230.13", "View and pay"),
            ("de", "Rechnung INV-42 ist seit 3 Tagen", "13.230,13\xa0€", "bezahlen"),
            ("de-CH", "Rechnung INV-42 ist seit 3", "€\xa013’230.13", "bezahlen"),
            ("fr", "La facture INV-42 est en retard", "13\u202f230,13\xa0€", "payer"),
            ("es", "La factura INV-42 venció hace 3", "13.230,13\xa0€", "pagar"),
            ("it", "La fattura INV-42 è scaduta da 3", "13.230,13\xa0€", "paga"),
            ("nl", "Factuur INV-42 is 3 dagen te laat", "€\xa013.230,13", "betalen"),
            ("pt", "A fatura INV-42 está atrasada 3 dias", "€\xa013.230,13", "pagar"),
            ("pl", "przeterminowana o 3 dni", "13\xa0230,13\xa0€", "opłać"),
            ("ja", "支払期限を3日過ぎています", "€13,230.13", "支払う"),
        ],
    )
    def test_words_and_figures_go_together(
        self, language: str, heading: str, amount: str, action: str
    ):
        content = self.in_language(language)

        assert heading in content.text
        assert amount in content.text
        assert action in content.text
        assert f'<html lang="{language}" dir="ltr">' in content.html

    def test_arabic_runs_from_right_to_left(self):
        html = self.in_language("ar").html

        assert '<html lang="ar" dir="rtl">' in html
        assert 'align="right"' not in html
        assert "تأخرت الفاتورة INV-42 3 أيام" in html

    def test_says_what_the_link_is_for_in_the_customers_language(self):
        content = invoice_mail(replace(INVOICE, language="de"))

        assert "Or copy" not in content.html
        assert "Oder diese Adresse kopieren:" in content.html

    def test_staff_read_english_whatever_the_customer_reads(self):
        content = mail.write_comment_mail(
            replace(INVOICE, language="de"),
            link=LINK,
            comments=(("Anna", "Warum?"),),
            count=3,
            is_to_staff=True,
        )

        assert "Maison Delacroix wrote 3 comments on invoice INV-42." in content.text
        assert "The last one is below." in content.text
        assert content.subject == "New from Maison Delacroix on invoice INV-42"


class TestTextMessage:
    @pytest.mark.parametrize(
        ("language", "words"),
        [
            ("en", f"Invoice INV-42 from North Ltd, €13,230.13: {LINK}"),
            ("de", f"Rechnung INV-42 von North Ltd, 13.230,13\u00a0€: {LINK}"),
        ],
    )
    def test_says_whose_invoice_the_link_opens(self, language: str, words: str):
        document = replace(INVOICE, language=language)

        said = mail.write_text_message(document, link=LINK, asked_minor=1323013)

        assert said == words

    def test_asks_for_nothing_that_is_not_to_be_paid_now(self):
        said = mail.write_text_message(INVOICE, link=LINK, asked_minor=0)

        assert said == f"Invoice INV-42 from North Ltd: {LINK}"

    def test_of_long_names_leaves_out_the_amount_and_keeps_the_link(self):
        name = "North " * 15 + "Ltd"
        document = replace(INVOICE, seller=replace(SELLER, name=name))

        said = mail.write_text_message(document, link=LINK, asked_minor=1323013)

        assert said == f"Invoice INV-42 from {name}: {LINK}"
