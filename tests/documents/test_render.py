"""The sheet says what the document says, and takes nothing typed as markup."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from billing_app.documents.render import (
    render_print,
    render_sheet,
    render_standing,
    render_statement,
)
from billing_app.documents.words import words_for
from billing_app.domain.aging import AgeBucket
from billing_app.domain.behind import Behind, BehindEvent
from billing_app.domain.document import (
    BankRow,
    Branding,
    CreditNoteDocument,
    DocumentAdjustment,
    DocumentField,
    DocumentTax,
    Look,
    Party,
    Standing,
    TaxInCurrency,
)
from billing_app.domain.statement import (
    Entry,
    EntryKind,
    Section,
    Span,
    StatementDocument,
)
from billing_app.domain.trace import Figure, PartKind, explain
from tests.support.documents import (
    BUYER,
    LINES,
    MADE_AT,
    SELLER,
    a_line,
    a_receipt,
    an_invoice,
    lines_of,
)

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.mark.parametrize("look", Look)
class TestEveryLook:
    @pytest.mark.feature("F026", "F061", "F062", "F097")
    def test_says_who_what_and_how_much(self, look: Look):
        shown = text_of(render_sheet(an_invoice(look)))

        for words in (
            "Northwind Charter", "2026-0142", "€10,719.82", "12 December 2026",
            "Vermeer Optics B.V.", "Keizersgracht 214", "VAT NL003456789B12",
            "12 November 2026", "PO 4500-2291", "30 days net", "Amount (EUR)",
            "Charter flight, Citation CJ3+", "Trip leg NW-1187", "2.4 h", "3,450.00",
            "8,280.00", "Rotterdam – London City", "Trip NW-1187 · PH-NWD",
            "Volume agreement", "−302.08", "VAT 21%", "620.00", "130.20", "156.30",
            "Amount due", "NL91 ABNA 0417 1643 00", "Please quote",
            "Chamber of Commerce 70112233",
        ):  # fmt: skip
            assert words in shown

    def test_says_what_a_transfer_is_to_quote(self, look: Look):
        document = replace(an_invoice(look), bank=(BankRow("IBAN", "NL91 ABNA"),))

        assert "Reference 2026-0142" in bank_of(render_sheet(document))
        own = replace(document, bank=(*document.bank, BankRow("Reference", "Ask us")))
        assert "2026-0142" not in bank_of(render_sheet(own))
        draft = render_sheet(replace(document, number=""))
        assert "Reference" not in bank_of(draft)

    @pytest.mark.feature("A29")
    def test_says_the_fields_of_ones_own_as_the_language_writes_them(self, look: Look):
        fields = (
            DocumentField("Projekt <b>", "{{7*7}} <script>"),
            DocumentField("Besuch", "2026-11-03", "date"),
            DocumentField("Paletten", "1234.50", "number"),
        )
        document = replace(an_invoice(look), language="de", fields=fields)

        html = render_sheet(document)

        shown = text_of(html)
        for words in ("Projekt &lt;b&gt;", "{{7*7}} &lt;script&gt;", "1.234,5"):
            assert words in shown
        assert "3. November 2026" in shown
        assert "<script" not in html

    def test_a_credit_note_says_them_too(self, look: Look):
        trip = DocumentField("Trip", "NW-1187", "text")

        shown = text_of(render_sheet(replace(a_credit_note(look), fields=(trip,))))

        assert "Trip NW-1187" in shown

    def test_says_the_tax_in_the_currency_it_is_owed_in(self, look: Look):
        rate = Decimal("4.3215")
        owed = TaxInCurrency("PLN", 67_547, rate, date(2026, 11, 11), "NBP <i>")
        document = replace(an_invoice(look), tax_in_currency=owed)

        shown = text_of(render_sheet(document))

        for words in ("(PLN)", "PLN 675.47", "EUR/PLN", "4.3215 (NBP &lt;i&gt;, 11 "):
            assert words in shown.replace("\u202f", " ").replace("\xa0", " ")
        assert "€10,719.82" in shown

    @pytest.mark.feature("F022", "R01")
    def test_prints_the_sheet_it_shows(self, look: Look):
        """Only the levels of headings, and whose a header is, differ: alone, or inside
        a page."""
        shown = render_sheet(an_invoice(look))
        printed = render_print(an_invoice(look), None, MADE_AT)

        for level in (2, 3):
            shown = shown.replace(f"<h{level}", f"<h{level - 1}")
            shown = shown.replace(f"</h{level}", f"</h{level - 1}")
        shown = shown.replace('scope="rowgroup"', 'scope="row"')
        printed = re.sub("<title>[^<]*</title>(?=<path)", "", printed)
        assert shown in printed

    def test_marks_a_draft_and_nothing_else(self, look: Look):
        assert "s-stamp" in render_sheet(an_invoice(look, number=""))
        assert "s-stamp" not in render_sheet(an_invoice(look))

    def test_draws_a_receipt(self, look: Look):
        shown = text_of(render_sheet(a_receipt(look)))

        for words in (
            "R-00017", "€400.00", "20 November 2026", "2026-0142", "Card",
            "Visa 4242", "€1,071.98", "Remaining balance", "€671.98",
        ):  # fmt: skip
            assert words in shown

    def test_is_well_formed_whatever_was_typed(self, look: Look):
        """The printer reads it with a strict parser."""
        typed = "a\x00\ufffe\ud800<b>&nbsp;]]>\x0b"
        lines = (a_line(typed, 1, description=typed),)
        draft = an_invoice(look, number="", lines=lines, notes=typed, terms=typed)

        for document in (draft, a_receipt(look, reference=typed)):
            ElementTree.fromstring(render_print(document, PNG, MADE_AT).encode())

    @pytest.mark.feature("F027")
    def test_takes_no_markup_from_anybody(self, look: Look):
        evil = "<script>alert(1)</script>{{7*7}}\"'><img src=x onerror=y>"
        party = Party(evil, (evil,), "NL", evil, evil, evil, evil, evil, evil)
        line = a_line(evil, 1, evil, evil, description=evil, unit=evil, discount=evil,
                      discount_minor=1, group_reference=evil)  # fmt: skip
        document = an_invoice(
            look, number=evil, branding=Branding(look, name=evil), seller=party,
            buyer=party, purchase_order=evil, lines=(line,), notes=evil, terms=evil,
            adjustments=(DocumentAdjustment(evil, 1),),
            taxes=(DocumentTax(evil, "S", Decimal(1), 1, 1, evil),),
        )  # fmt: skip

        shown = render_sheet(document)

        assert "<script" not in shown
        assert "<img" not in shown
        assert "onerror" not in re.sub(r">[^<]*<|\"[^\"]*\"", "", shown)
        assert "{{7*7}}" in shown

    @pytest.mark.feature("F043")
    def test_wears_the_brand_in_both_themes(self, look: Look):
        shown = render_sheet(an_invoice(look, branding=Branding(look, "#ffee00")))

        style = re.search(r'style="(--sheet-accent[^"]*)"', shown)
        assert style
        assert len(re.findall(r"#[0-9a-f]{6}", style[1])) == 4
        assert "#ffee00" not in style[1]


def test_paper_says_nothing_of_what_is_behind_a_line():
    document = an_invoice()
    behind = [Behind(1, (BehindEvent("Stop", "S-1", "", "", "1 × 1", "1"),))]
    behind += [Behind.EMPTY] * (len(document.lines) - 1)

    shown = render_sheet(document, "", None, behind)
    opened = render_sheet(document, "", None, behind, opens_behind=True)
    paper = render_print(document, None, datetime(2026, 1, 1, tzinfo=UTC))

    assert "Stop S-1" in shown
    assert 'data-line="1"' in opened
    assert "Stop S-1" not in opened
    assert "s-behind" not in paper


def test_a_single_tax_is_named_in_the_totals_and_needs_no_table():
    document = an_invoice(taxes=(DocumentTax("VAT", "S", Decimal(21), 100, 21),))

    shown = render_sheet(document)

    assert "VAT 21%" in shown
    assert "s-taxes" not in shown


def test_an_exemption_is_explained_even_when_it_is_the_only_tax():
    exempt = DocumentTax("VAT", "AE", Decimal(0), 100, 0, "Reverse charge")

    assert "Reverse charge" in render_sheet(an_invoice(taxes=(exempt,)))


def test_without_taxes_there_is_no_tax_column():
    document = an_invoice(lines=(a_line("Work", 100, tax=""),), taxes=())

    assert "Tax" not in text_of(render_sheet(document))


def test_inclusive_prices_say_the_tax_within():
    shown = text_of(render_sheet(an_invoice(prices_inclusive=True)))

    assert re.search(r"Total €10,719.82 Tax included 156.30", shown)


@pytest.mark.feature("A16")
def test_money_already_paid_and_rounding_stand_between_total_and_due():
    document = an_invoice(prepaid_minor=100_000, rounding_minor=3, due_minor=971_985)

    shown = text_of(render_sheet(document))

    assert "Already paid −1,000.00 Rounding 0.03 Amount due €9,719.85" in shown


def test_nothing_to_pay_asks_for_nothing():
    shown = render_sheet(an_invoice(due_minor=0))

    assert "Nothing to pay" in shown
    assert "IBAN" not in shown
    assert "<svg" not in shown


def test_another_currency_has_no_payment_code():
    assert "<svg" not in render_sheet(an_invoice(currency="USD"))
    assert "<svg" in render_sheet(an_invoice())


def test_a_receipt_of_the_last_payment_says_paid_in_full():
    shown = text_of(render_sheet(a_receipt(outstanding_minor=0)))

    assert shown.rstrip().endswith("Paid in full")
    assert "€0.00" not in shown


def test_countries_are_named_when_they_differ():
    abroad = Party("Acme", ("1 Main St",), "US")

    assert "Netherlands" in render_sheet(an_invoice(buyer=abroad))
    assert "United States" in render_sheet(an_invoice(buyer=abroad))
    assert "Netherlands" not in render_sheet(an_invoice())


def test_lines_keep_their_order_and_their_headings():
    shown = render_sheet(an_invoice(lines=lines_of(20)))

    assert [int(x) for x in re.findall(r'id="line-(\d+)"', shown)] == list(range(1, 21))
    assert [int(x) for x in re.findall(r"Job (\d)", shown)] == [0, 1, 2]


def test_a_discount_and_a_price_for_many_are_told_on_the_line():
    line = a_line("Bolts", 900, discount="10%", discount_minor=100,
                  base_quantity=Decimal(1000))  # fmt: skip

    shown = text_of(render_sheet(an_invoice(lines=(line,))))

    assert "Discount 10% −1.00" in shown
    assert "9.00 per 1,000" in shown


@pytest.mark.feature("R37")
def test_the_customer_reads_their_own_language():
    shown = text_of(render_sheet(an_invoice(language="de-AT")))

    assert "Rechnung 2026-0142" in shown
    assert "Zahlbar bis 12. Dezember 2026" in shown


def test_a_language_that_is_missing_is_printed_in_english():
    assert {words_for(x)[0] for x in ("nl", "fr-CA", "es", "en-US", "tlh", "")} == {
        "nl", "fr", "es", "en",
    }  # fmt: skip


def test_signs_that_turn_or_break_the_text_are_left_out():
    notes = "Pay\x00 \u202e31.032,82\u202c\x1b[31m now"

    assert "Pay 31.032,82[31m now" in render_sheet(an_invoice(notes=notes))


@pytest.mark.feature("F027")
def test_notes_keep_their_paragraphs_but_no_desert():
    shown = render_sheet(an_invoice(notes="One\r\n\r\n\r\n\r\n\r\nTwo\nThree"))

    assert "One\n\nTwo\nThree" in shown


@pytest.mark.feature("F043")
@pytest.mark.parametrize(
    ("width", "height", "is_named"), [(0, 0, True), (200, 200, True), (600, 120, False)]
)
def test_a_wide_logo_says_the_name_itself(width: int, height: int, is_named: bool):
    brand = Branding(logo_digest="x", name="Northwind", logo_width=width,
                     logo_height=height)  # fmt: skip

    shown = render_sheet(an_invoice(branding=brand), "/logo.png")

    assert ('class="s-name"' in shown) is is_named
    assert ('alt="Northwind"' in shown) is not is_named


def test_the_logo_on_paper_is_inside_the_page():
    printed = render_print(an_invoice(), PNG, MADE_AT)

    assert 'src="data:image/png;base64,' in printed


def test_a_draft_without_anything_can_be_shown():
    document = an_invoice(
        number="", lines=(), taxes=(), adjustments=(), bank=(), iban="", notes="",
        terms="", buyer=Party(""), seller=Party(""), due_on=None, purchase_order="",
        branding=Branding(), line_sum_minor=0, net_minor=0, tax_minor=0,
        total_minor=0, due_minor=0,
    )  # fmt: skip

    assert "Invoice Draft" in text_of(render_sheet(document))


def test_amounts_of_twelve_digits_widen_their_column():
    wide = replace(LINES[0], amount_minor=99_999_999_999_999)

    narrow_em, wide_em = (
        Decimal(
            re.findall(r"width:([\d.]+)em", render_sheet(an_invoice(lines=(x,))))[-1]
        )
        for x in (LINES[0], wide)
    )

    assert wide_em > narrow_em + 3


def test_delivery_is_dated():
    shown = text_of(render_sheet(an_invoice(delivery_on=date(2026, 11, 3))))

    assert "Delivered 3 November 2026" in shown


def test_a_service_has_its_first_and_last_day():
    days = {
        "delivery_on": date(2026, 11, 1),
        "delivery_until_on": date(2026, 11, 30),
    }

    shown = text_of(render_sheet(an_invoice(**days)))

    assert "Delivered 1 November 2026 – 30 November 2026" in shown


def test_the_reference_of_a_transfer_stands_with_the_account():
    shown = text_of(render_sheet(an_invoice(reference="RF0720260142")))

    assert "Reference RF07 2026 0142" in shown


def test_a_tax_number_outside_europe_is_called_so():
    seller = replace(SELLER, country="US", vat_id="12-3456789")

    assert "Tax ID 12-3456789" in render_sheet(an_invoice(seller=seller))


class TestStanding:
    """The live page asks for what is left; the file stays as it was issued."""

    @pytest.mark.feature("R12")
    def test_says_what_came_and_asks_for_the_rest(self):
        standing = Standing(100_000, 20_000, 951_982)

        shown = text_of(render_sheet(an_invoice(), standing=standing))

        for words in (
            "Amount received −1,000.00",
            "Amount credited −200.00",
            "Amount due €9,519.82",
        ):
            assert words in shown
        assert "NL91 ABNA 0417 1643 00" in shown

    @pytest.mark.parametrize("look", Look)
    def test_says_in_big_figures_what_it_was_for_once_nothing_is_due(self, look: Look):
        paid = render_sheet(an_invoice(look), standing=Standing(1_071_982, 0, 0))

        assert ">€10,719.82</p>" in paid
        assert ">€0.00</p>" not in paid

    def test_the_large_figure_says_which_it_is_once_it_is_not_as_issued(self):
        whole, rest, paid = (
            text_of(render_sheet(an_invoice(), standing=standing))
            for standing in (
                Standing(0, 0, 1_071_982),
                Standing(1, 0, 1_071_981),
                Standing(1_071_982, 0, 0),
            )
        )

        assert "€10,719.82 Amount due by" in whole
        assert "€10,719.81 Remaining balance · Amount due by" in rest
        assert "€10,719.82 Total · Nothing to pay" in paid

    @pytest.mark.feature("A03", "R43")
    def test_the_payment_code_asks_for_the_rest_and_goes_once_paid(self):
        whole = render_sheet(an_invoice())
        rest = render_sheet(an_invoice(), standing=Standing(1, 0, 1_071_981))
        paid = render_sheet(an_invoice(), standing=Standing(1_071_982, 0, 0))
        disputed, all_of_it = (
            render_sheet(
                an_invoice(), standing=Standing(0, 0, 1_071_982, payable_minor=payable)
            )
            for payable in (1_071_981, 0)
        )

        assert "s-code" in whole
        assert "s-code" in rest
        assert whole.count("<svg") == rest.count("<svg")
        assert code_of(whole) != code_of(rest)
        assert "s-code" not in paid
        assert code_of(disputed) == code_of(rest)
        assert "s-code" not in all_of_it
        assert "€10,719.82" in text_of(all_of_it)
        assert "Nothing to pay" in text_of(paid)
        assert "NL91 ABNA" not in paid

    @pytest.mark.feature("C14")
    @pytest.mark.parametrize("look", Look)
    def test_a_void_one_is_stamped_and_asks_for_nothing(self, look: str):
        standing = Standing.void(date(2026, 11, 15))
        document = an_invoice(look, language="de")

        sheet = render_sheet(document, standing=standing, explains=True)
        page = render_standing(document, standing, None, MADE_AT)

        for html in (sheet, page):
            assert 'data-word="Storniert"' in html
            assert "s-code" not in html
            assert "NL91 ABNA" not in html
            shown = text_of(html)
            assert "15. November 2026" in shown
            assert "−10.719,82" in shown
        assert 'data-word="Storniert"' not in render_sheet(document)

    def test_a_void_one_explains_its_nothing(self):
        standing = Standing.void(date(2026, 11, 15))
        parts = explain(an_invoice(), standing)[Figure.DUE]

        assert [it.kind for it in parts][-1] == PartKind.VOID
        assert sum(it.amount_minor for it in parts) == 0


def bank_of(html: str) -> str:
    """Return the words of the box with the account."""
    return text_of(html.partition('class="s-bank"')[2].partition("</table>")[0])


def code_of(html: str) -> str:
    return html.split("s-code", 1)[1].split("</svg>", 1)[0]


def test_a_receipt_of_what_was_given_up_does_not_say_paid():
    receipt = a_receipt(
        amount_minor=1_000,
        total_minor=1_000,
        outstanding_minor=0,
        written_off_minor=1_000,
        credit_minor=1_000,
    )

    shown = text_of(render_sheet(receipt))

    for words in ("Adjustment", "−€10.00", "Your credit", "Nothing to pay"):
        assert words in shown
    assert "Paid in full" not in shown
    assert "Already paid" not in shown


@pytest.mark.parametrize(
    ("language", "words"),
    [
        *(("en", "Your credit €20.00"), ("de", "Ihr Guthaben 20,00 €")),
        *(("nl", "Uw tegoed € 20,00"), ("pl", "20,00 €"), ("ja", "€20.00")),
    ],
)
def test_a_receipt_prints_what_was_paid_too_much(language: str, words: str):
    receipt = a_receipt(
        amount_minor=12_000,
        total_minor=10_000,
        outstanding_minor=0,
        credit_minor=2_000,
        language=language,
    )

    assert words in text_of(render_sheet(receipt))


@pytest.mark.feature("R12")
def test_a_receipt_adds_up():
    receipt = a_receipt(
        amount_minor=237_715, total_minor=337_715, outstanding_minor=0,
        earlier_minor=100_000,
    )  # fmt: skip

    shown = text_of(render_sheet(receipt))

    assert "Invoice total €3,377.15 Already paid €1,000.00" in shown
    assert "Amount received €2,377.15" in shown


class TestWhyThisFigure:
    @pytest.mark.feature("N07")
    @pytest.mark.parametrize("look", Look)
    def test_each_total_opens_what_it_is_made_of(self, look: Look):
        taxed = replace(an_invoice(look), adjustments=(), line_sum_minor=1_086_560)
        lines = sum(line.amount_minor for line in taxed.lines)
        document = replace(
            taxed,
            line_sum_minor=lines,
            total_minor=lines + taxed.tax_minor,
            due_minor=lines + taxed.tax_minor,
        )

        shown = render_sheet(document, explains=True)

        for number in range(1, 5):
            assert f'popovertarget="why-{number}"' in shown
            assert f'id="why-{number}"' in shown
        words = text_of(shown)
        assert "Charter flight, Citation CJ3+ 2.4 h × 3,450.00 8,280.00" in words
        assert "VAT 21% 620.00 × 21% 130.20" in words
        assert "Why this figure?" in words
        ElementTree.fromstring(shown)

    def test_paper_and_a_sheet_not_asked_say_nothing_of_it(self):
        for shown in (
            render_sheet(an_invoice()),
            render_print(an_invoice(), None, MADE_AT),
        ):
            assert "popover" not in shown

    def test_takes_no_markup_from_anybody(self):
        evil = "<script>alert(1)</script>{{7*7}}"
        line = a_line(evil, 100)
        document = an_invoice(lines=(line,), line_sum_minor=100, adjustments=())

        shown = render_sheet(document, explains=True)

        assert "<script" not in shown
        assert shown.count("{{7*7}}") == 2


ARABIC_BUYER = Party(
    name="شركة النور للبصريات",
    address=("12 شارع الملك فهد", "الرياض 11564"),
    country="SA",
    vat_id="300012345600003",
)


def a_turned(look: Look, language: str = "ar"):
    return an_invoice(look, language=language, buyer=ARABIC_BUYER)


def left(text: str) -> str:
    return f'<bdi dir="ltr">{text}</bdi>'


def right(text: str) -> str:
    return f'<bdi dir="rtl">{text}</bdi>'


@pytest.mark.feature("A20")
@pytest.mark.parametrize("look", Look)
class TestFromTheRight:
    @pytest.mark.parametrize("language", ["ar", "ar-EG", "he"])
    def test_the_sheet_runs_from_the_right(self, look: Look, language: str):
        sheet = ElementTree.fromstring(render_sheet(a_turned(look, language)))

        assert sheet.get("dir") == "rtl"

    def test_other_languages_have_no_sign_of_it(self, look: Look):
        """So that files printed before keep their bytes."""
        html = render_print(an_invoice(look), PNG, MADE_AT, "check.example/7")

        assert "bdi" not in html
        assert "dir=" not in html
        assert not re.search("[\u2066-\u2069]", html)

    def test_figures_names_and_accounts_run_their_own_way(self, look: Look):
        html = render_sheet(a_turned(look))

        for figure in (
            "10,719.82\u00a0€", "−302.08", "8,280.00", "2.4 h", "VAT 21%",
            "NL91 ABNA 0417 1643 00", "PO 4500-2291",
        ):  # fmt: skip
            assert left(figure) in html
        for name in (ARABIC_BUYER.name, *ARABIC_BUYER.address, "12 ديسمبر 2026"):
            assert right(name) in html

    def test_attributes_hold_no_elements(self, look: Look):
        document = a_turned(look)
        html = render_sheet(document, "/logo", behind=(), explains=True)
        page = ElementTree.fromstring(render_print(document, PNG, MADE_AT))
        (sheet,) = page.iterfind(".//div[@class='s-page']")
        title = sheet.attrib["data-title"]

        assert not re.search(r'="[^"]*(<bdi|&lt;bdi)', html)
        assert title == "\u2067فاتورة \u20662026-0142\u2069\u2069"
        assert page.findtext("head/title", "").startswith(title)

    def test_so_do_receipts_and_credit_notes(self, look: Look):
        receipt = render_sheet(a_receipt(look, language="ar", buyer=ARABIC_BUYER))
        note = render_sheet(a_credit_note(look))

        for html, number in ((receipt, "R-00017"), (note, "CN-2026-0003")):
            assert ElementTree.fromstring(html).get("dir") == "rtl"
            assert left(number) in html
            assert right(ARABIC_BUYER.name) in html
        # A date does not break.
        day = "12 نوفمبر 2026".replace(" ", "\N{NO-BREAK SPACE}")
        assert f"{left('2026-0142')}, {right(day)}" in note

    def test_so_does_a_statement(self, look: Look):
        html = render_statement(a_statement(look), None, MADE_AT)

        (sheet,) = ElementTree.fromstring(html).iterfind(".//article")
        assert sheet.get("dir") == "rtl"
        assert right(f"دفعة {left('R-00017')}") in html
        assert left("−400.00") in html
        assert right("بطاقة 4242") in html
        assert right(f"متأخر {left('1–30')} يومًا") in html

    def test_the_foot_of_its_pages_is_turned_too(self, look: Look):
        turned = render_print(a_turned(look), None, MADE_AT)

        assert "@bottom-right" in turned
        assert "@bottom-right" not in render_print(an_invoice(look), None, MADE_AT)

    def test_no_sign_that_somebody_typed_is_obeyed(self, look: Look):
        typed = a_line("\u2067turned\u2069\u2069</bdi>\u202e", 100)

        html = render_sheet(replace(a_turned(look), lines=(typed,)))

        assert left("turned&lt;/bdi&gt;") in html
        ElementTree.fromstring(html)


def a_credit_note(look: Look) -> CreditNoteDocument:
    invoice = a_turned(look)
    return CreditNoteDocument(
        number="CN-2026-0003", invoice_number="2026-0142",
        invoice_issued_on=invoice.issued_on, currency="EUR", language="ar",
        branding=invoice.branding, seller=SELLER, buyer=ARABIC_BUYER,
        issued_on=date(2026, 11, 20), reason="Wrong price", purchase_order="",
        prices_inclusive=False, lines=LINES[3:], adjustment_minor=0,
        taxes=invoice.taxes[2:], net_minor=62_000, tax_minor=13_020,
        total_minor=75_020, prepaid_minor=0, rounding_minor=0, amount_minor=75_020,
    )  # fmt: skip


def a_statement(look: Look) -> StatementDocument:
    section = Section(
        "EUR",
        0,
        (
            Entry(date(2026, 11, 12), EntryKind.INVOICE, "2026-0142", "", 1_071_982),
            Entry(
                date(2026, 11, 20),
                EntryKind.PAYMENT,
                "R-00017",
                "4242",
                -40_000,
                "card",
            ),
        ),
        ((AgeBucket.TO_30, 1_031_982),),
    )
    branding = an_invoice(look).branding
    span = Span(date(2026, 11, 1), date(2026, 11, 22))
    return StatementDocument(
        "ar", branding, SELLER, ARABIC_BUYER, span, span.last, (section,)
    )


@pytest.mark.feature("A20")
@pytest.mark.parametrize(
    ("language", "sums", "late"),
    [
        ("en", ("Invoices", "Payments"), "More than 90 days late"),
        ("de", ("Rechnungen", "Zahlungen"), "Mehr als 90 Tage überfällig"),
        ("pl", ("Faktury", "Wpłaty"), "Ponad 90 dni po terminie"),
        ("ja", ("請求書", "入金"), "期限後90日超"),
    ],
)
def test_a_statement_names_one_entry_and_sums_of_many(
    language: str, sums: tuple[str, ...], late: str
):
    (section,) = a_statement(Look.COMPACT).sections
    section = replace(section, ages=((AgeBucket.OVER_90, 1_031_982),))
    document = replace(
        a_statement(Look.COMPACT), language=language, buyer=BUYER, sections=(section,)
    )

    html = render_statement(document, None, MADE_AT)

    assert late in html
    for words in sums:
        assert f">{words}</th>" in html
    assert "2026-11-22" not in html
    assert "> 90" not in html
    assert "&gt; 90" not in html


def test_a_credit_note_on_a_statement_says_which_invoice_it_is_of():
    entry = Entry(date(2026, 11, 20), EntryKind.CREDIT_NOTE, "CN-3", "2026-0142", -100)
    document = replace(
        a_statement(Look.CLASSIC),
        language="en",
        sections=(Section("EUR", 0, (entry,)),),
    )

    html = render_statement(document, None, MADE_AT)

    assert "Credit note CN-3" in html
    assert "<span>Invoice 2026-0142</span>" in html
