"""Credit notes pass the official rules for e-invoices as the invoices themselves do."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lxml import etree

from billing_app.documents.e_invoice import NotAnEInvoice, write_cii, write_ubl
from billing_app.domain.credit_note import (
    Creditable,
    CreditForm,
    build_document,
    compute_credit,
)
from billing_app.domain.document import CreditNoteDocument, from_json, to_json
from billing_app.domain.drafting import LineTexts
from billing_app.domain.drafting import build_document as build_invoice
from billing_app.domain.e_invoice import find_gaps, find_network_gaps, find_peppol_gaps
from billing_app.domain.errors import BillingError
from billing_app.domain.money import Money
from billing_app.domain.terms import Adjustment, DocumentTerms, Prices, negated
from tests.documents.e_invoice_rules import (
    XRECHNUNG,
    broken_network_rules,
    broken_rules,
    claimed_standard,
)
from tests.documents.test_e_invoice import (
    AUTHORITY,
    EXEMPT,
    GERMAN_SELLER,
    LOW,
    REVERSED,
    TERMS,
    VAT,
    WITHIN_EU,
    WRITERS,
    ZERO,
    line,
)
from tests.domain.test_credit_note import after
from tests.support.credit import WHY, an_amount, creditable, some_lines, whole
from tests.support.documents import a_header

pytestmark = pytest.mark.feature("A04")


def issued(
    *lines: object, currency: str = "EUR", header: object = None, **more: object
) -> Creditable:
    return issued_of(DocumentTerms(currency, tuple(lines), **more), header)  # pyright: ignore


def issued_of(terms: DocumentTerms, header: object = None) -> Creditable:
    about = creditable(terms)
    texts = [LineTexts(f"Line {n}", unit="hours") for n, _ in enumerate(terms.lines, 1)]
    document = build_invoice(header or a_header(), terms, texts, about.totals)  # pyright: ignore
    return replace(about, document=document)


def credited(about: Creditable, *forms: CreditForm) -> CreditNoteDocument:
    """The last of these credit notes, as it is stored."""
    *earlier, last = forms
    about = after(about, *earlier)
    note = build_document(
        about,
        compute_credit(last, about),
        number="CN-00007",
        reason=WHY,
        issued_on=date(2026, 11, 20),
    )
    return from_json(CreditNoteDocument, to_json(note))


TWO_TAXES = issued(
    line("100", VAT),
    line("33.33", LOW, quantity="3"),
    allowances=(Adjustment(percent=Decimal(10), reason="Agreed"),),
)
INCLUSIVE = issued(
    line("9.99", VAT, quantity="3"),
    line("4.49", LOW, allowances=(Adjustment(percent=Decimal(50)),)),
    prices=Prices.INCLUSIVE,
    allowances=(Adjustment(amount=Money(500, "EUR")),),
)
FRANCS = issued(
    line("99.99", VAT),
    line("12.34", VAT),
    currency="CHF",
    prepaid=Money(1_000, "CHF"),
    cash_rounding=Money(5, "CHF"),
)
YEN = issued(line("12345", VAT), line("678", LOW), currency="JPY")
ABROAD = issued(line("100", REVERSED), line("50", REVERSED))
WITHIN = issued(line("100", WITHIN_EU), header=a_header(delivery_on=date(2026, 11, 10)))
CHARGED = issued(
    line("100", VAT),
    charges=(Adjustment(amount=Money(990, "EUR"), taxes=(LOW,), reason="Freight"),),
)

CREDITED = {
    "a whole invoice": credited(TWO_TAXES, whole()),
    "a line of it": credited(TWO_TAXES, some_lines(2)),
    "an amount of it": credited(TWO_TAXES, an_amount("10")),
    "the rest after a line and an amount": credited(
        TWO_TAXES, some_lines(1), an_amount("5"), whole()
    ),
    "prices with tax in them": credited(INCLUSIVE, whole()),
    "a line of prices with tax in them": credited(INCLUSIVE, some_lines(1)),
    "an amount of prices with tax in them": credited(INCLUSIVE, an_amount("7.77")),
    "paid before and rounded": credited(FRANCS, whole()),
    "francs by lines": credited(FRANCS, some_lines(2)),
    "yen, which have no decimals": credited(YEN, an_amount("1000")),
    "yen as a whole": credited(YEN, whole()),
    "reverse charge": credited(ABROAD, whole()),
    "an amount under reverse charge": credited(ABROAD, an_amount("60")),
    "a sale within the EU": credited(WITHIN, whole()),
    "a charge that no line has the tax of": credited(CHARGED, whole()),
    "partly exempt and for nothing": credited(
        issued(line("100", VAT), line("50", EXEMPT), line("0", ZERO)), whole()
    ),
    "a negative price": credited(issued(line("100", VAT), line("-20", VAT)), whole()),
}


@pytest.mark.parametrize("syntax", WRITERS)
@pytest.mark.parametrize("name", CREDITED)
def test_what_people_credit_passes_the_official_rules(syntax: str, name: str):
    assert find_gaps(CREDITED[name]) == ()

    assert broken_rules(WRITERS[syntax](CREDITED[name]), syntax) == []


FORMS = st.one_of(
    st.just(whole()),
    st.sets(st.integers(1, 6), min_size=1).map(lambda x: some_lines(*x)),
    st.integers(1, 50_000).map(lambda x: an_amount(str(Decimal(x).scaleb(-2)))),
)


@settings(max_examples=40, deadline=None)
@given(TERMS, st.lists(FORMS, max_size=2), st.sampled_from(sorted(WRITERS)))
def test_whatever_is_credited_its_e_invoice_is_valid(
    terms: DocumentTerms, forms: list[CreditForm], syntax: str
):
    about = issued_of(terms)
    if about.totals.total.minor < 0:
        about = issued_of(negated(terms))
    assume(about.totals.total.minor > 0)

    for form in (*forms, whole()):
        try:
            note = credited(about, form)
        except BillingError:
            # Not of this invoice, or no more: another form may do.
            continue
        about = after(about, form)
        assert broken_rules(WRITERS[syntax](note), syntax) == []


def test_says_what_it_is_and_which_invoice_it_is_about():
    note = CREDITED["a line of it"]

    cii, ubl = etree.fromstring(write_cii(note)), etree.fromstring(write_ubl(note))

    assert text(cii, "ExchangedDocument/{*}TypeCode") == "381"
    about = "InvoiceReferencedDocument"
    assert text(cii, f"{about}/{{*}}IssuerAssignedID") == "2026-0142"
    assert text(cii, f"{about}//{{*}}DateTimeString") == "20261112"
    assert etree.QName(ubl).localname == "CreditNote"
    assert text(ubl, "CreditNoteTypeCode") == "381"
    assert text(ubl, "InvoiceDocumentReference/{*}ID") == "2026-0142"
    assert text(ubl, "InvoiceDocumentReference/{*}IssueDate") == "2026-11-12"
    assert text(ubl, "PayableAmount") == str(Decimal(note.amount_minor).scaleb(-2))


def test_says_why_and_that_nothing_is_to_be_paid():
    root = etree.fromstring(write_ubl(CREDITED["a whole invoice"]))

    assert text(root, "Note") == f"Reason: {WHY}"
    assert text(root, "PaymentTerms/{*}Note") == "Amount credited: Invoice 2026-0142"


def test_is_for_peppol_where_the_invoice_was():
    note = CREDITED["a whole invoice"]
    unordered = replace(note, purchase_order="")

    assert find_peppol_gaps(note) == ()
    assert b"poacc:billing:3.0" in write_ubl(note)
    assert b"poacc:billing:3.0" not in write_ubl(unordered)


@pytest.mark.parametrize("name", ["a whole invoice"])
def test_to_an_authority_is_an_xrechnung_that_is_set_off(name: str):
    """BR-DE-1 asks how it is paid, of a credit note, too."""
    note = replace(CREDITED[name], seller=GERMAN_SELLER, buyer=AUTHORITY)
    xml = write_ubl(note)

    assert find_network_gaps(note) == ()
    assert claimed_standard(xml) == XRECHNUNG
    assert broken_rules(xml, "ubl") == broken_network_rules(xml) == []
    assert text(etree.fromstring(xml), "PaymentMeansCode") == "97"


def test_the_law_s_words_are_those_of_the_invoice():
    german = issued(line("100", REVERSED), header=a_header(language="de"))
    note = credited(german, an_amount("40"))

    assert note.taxes[0].exemption_reason == german.document.taxes[0].exemption_reason
    assert note.taxes[0].exemption_reason.startswith("Steuerschuldnerschaft")


@pytest.mark.parametrize(
    ("about", "sentence"),
    [
        (
            issued(line("1", VAT), currency="KWD"),
            "KWD has three decimals, and e-invoices carry two.",
        ),
        (
            issued(line("1", VAT, LOW)),
            "Line 1 has more than one tax, and e-invoices carry one.",
        ),
    ],
)
def test_what_the_invoice_could_not_be_its_credit_note_is_not(
    about: Creditable, sentence: str
):
    note = credited(about, whole())

    assert find_gaps(note) == (sentence,)
    for write in WRITERS.values():
        with pytest.raises(NotAnEInvoice, match=sentence.split(",")[0]):
            write(note)


def text(root: etree._Element, path: str) -> str:
    found = root.find(f".//{{*}}{path}")
    assert found is not None, path
    return found.text or ""
