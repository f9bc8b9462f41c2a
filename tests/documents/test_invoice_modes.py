"""Each way to charge is the same on screen, on paper and in the e-invoice."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from billing_app.documents.e_invoice import write_cii, write_ubl
from billing_app.documents.render import render_print, render_sheet
from billing_app.domain.document import Branding, InvoiceDocument, from_json, to_json
from billing_app.domain.draft import DraftForm, DraftRules, LineForm, read_draft
from billing_app.domain.preview import preview_document
from billing_app.domain.terms import TaxTerms
from tests.documents.e_invoice_rules import broken_rules
from tests.support.documents import BUYER, MADE_AT, SELLER

RULES = DraftRules(
    taxes={
        "1": TaxTerms("Sales tax", "S", Decimal("8.5")),
        "2": TaxTerms("No tax", "Z", Decimal(0)),
    }
)
LINES = DraftForm(
    discount="10%",
    lines=(
        LineForm(name="Crew day", quantity="2", unit_price="50.00", tax_id="1"),
        LineForm(name="Visa fees", unit_price="25.00", tax_id="2"),
    ),
)
FIXED = DraftForm(
    mode="fixed", work="Season cover", amount="125.00", work_tax_id="1", discount="10%"
)
PERCENT = DraftForm(
    mode="percent",
    work="Refit, second part",
    work_details="Hangar 4",
    percent="30%",
    job_total="12,000.00",
    work_tax_id="1",
    discount="10%",
)


def document_of(form: DraftForm, language: str = "en") -> InvoiceDocument:
    draft = preview_document(
        form,
        read_draft(form, "EUR", RULES),
        today=date(2026, 11, 22),
        net_days=30,
        language=language,
        seller=SELLER,
        buyer=BUYER,
        branding=Branding(),
    )
    # As it is stored.
    return from_json(InvoiceDocument, to_json(replace(draft, number="2026-0142")))


def table_of(html: str) -> str:
    """Return the words of the lines and the totals, in order."""
    parts = re.findall(r'<table class="s-(?:lines|totals)".*?</table>', html, re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", " ".join(parts)).split())


SHOWN = {
    "lines": (
        LINES,
        "Description Quantity Unit price Tax Amount (EUR) "
        "Crew day 2 50.00 8.5% 100.00 Visa fees 1 25.00 0% 25.00 "
        "Subtotal 125.00 Discount, 10% −12.50 Tax 7.65 Total €120.15 "
        "Amount due €120.15",
    ),
    "fixed": (
        FIXED,
        "Description Tax Amount (EUR) Season cover 8.5% 125.00 "
        "Subtotal 125.00 Discount, 10% −12.50 Sales tax 8.5% 9.56 Total €122.06 "
        "Amount due €122.06",
    ),
    "percent": (
        PERCENT,
        "Description Tax Amount (EUR) "
        "Refit, second part 30% of 12,000.00 Hangar 4 8.5% 3,600.00 "
        "Subtotal 3,600.00 Discount, 10% −360.00 Sales tax 8.5% 275.40 "
        "Total €3,515.40 Amount due €3,515.40",
    ),
}


@pytest.mark.feature("F026", "F046", "G03", "G04")
@pytest.mark.parametrize("mode", SHOWN)
def test_the_details_on_screen_and_paper(mode: str):
    form, words = SHOWN[mode]
    document = document_of(form)

    assert table_of(render_sheet(document)) == words
    assert table_of(render_print(document, None, MADE_AT)) == words


@pytest.mark.feature("F046")
@pytest.mark.parametrize("mode", SHOWN)
def test_the_e_invoice_passes_the_official_rules(mode: str):
    document = document_of(SHOWN[mode][0])

    assert broken_rules(write_cii(document), "cii") == []
    assert broken_rules(write_ubl(document), "ubl") == []


@pytest.mark.feature("F046", "G03")
def test_a_percentage_is_one_line_that_says_of_what():
    xml = write_cii(document_of(PERCENT)).decode()

    assert xml.count("<ram:IncludedSupplyChainTradeLineItem>") == 1
    assert "<ram:Description>30% of 12,000.00\nHangar 4</ram:Description>" in xml
    assert re.search(r"<ram:BilledQuantity[^>]*>1<", xml)
    assert "<ram:ChargeAmount>3600</ram:ChargeAmount>" in xml


def test_the_percentage_is_said_in_the_customers_language():
    assert "30% von 12.000,00" in table_of(render_sheet(document_of(PERCENT, "de")))


def test_hostile_words_stay_words():
    evil = "<script>alert(1)</script>{{7*7}}"
    form = replace(FIXED, work=evil, work_details=evil)

    shown = render_sheet(document_of(form))

    assert "<script" not in shown
    assert shown.count("{{7*7}}") == 2


def test_a_document_from_before_has_lines():
    new = to_json(document_of(LINES))
    stored = new.replace(',"mode":"lines"', "").replace(',"share":null', "")

    assert len(stored) < len(new)
    assert from_json(InvoiceDocument, stored) == document_of(LINES)
