"""E-invoices pass the official rules, or say in plain words what they lack."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import facturx
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from lxml import etree

from billing_app.documents.e_invoice import NotAnEInvoice, write_cii, write_ubl
from billing_app.documents.e_invoice_reader import read_e_invoice
from billing_app.documents.render import render_sheet
from billing_app.domain.address import at_address
from billing_app.domain.document import (
    DocumentField,
    InvoiceDocument,
    Party,
    from_json,
    to_json,
)
from billing_app.domain.drafting import LineTexts, build_document
from billing_app.domain.e_invoice import (
    find_gaps,
    find_network_gaps,
    find_peppol_gaps,
    leitweg_of,
)
from billing_app.domain.exchange_rate import ExchangeRate
from billing_app.domain.import_cases import ImportCase, ImportParty, import_file
from billing_app.domain.money import Money
from billing_app.domain.party_ids import with_ids
from billing_app.domain.terms import (
    Adjustment,
    DocumentTerms,
    LineTerms,
    Prices,
    TaxAccounting,
    TaxTerms,
    negated,
)
from billing_app.domain.totals import compute_totals
from tests.documents.e_invoice_rules import (
    PEPPOL,
    XRECHNUNG,
    broken_network_rules,
    broken_rules,
    claimed_standard,
)
from tests.domain.test_real_invoices import FILE
from tests.support.documents import BUYER, SELLER, a_header

VAT = TaxTerms("VAT", "S", Decimal(21))
LOW = TaxTerms("VAT", "S", Decimal(9))
ZERO = TaxTerms("VAT", "Z", Decimal(0))
EXEMPT = TaxTerms("VAT", "E", Decimal(0), "Education, article 132")
REVERSED = TaxTerms("VAT", "AE", Decimal(0))
WITHIN_EU = TaxTerms("VAT", "K", Decimal(0))
EXPORT = TaxTerms("VAT", "G", Decimal(0))

ZLOTY = ExchangeRate("PLN", Decimal("4.3215"), date(2026, 11, 11), "NBP")

WRITERS = {"cii": write_cii, "ubl": write_ubl}
REAL = import_file(json.loads(FILE.read_text("utf-8"))) if FILE.is_file() else ()


def line(price: str, *taxes: TaxTerms, quantity: str = "1", **more: object):
    return LineTerms(Decimal(quantity), Decimal(price), taxes, **more)  # pyright: ignore


def drafted(*lines: LineTerms, header: object = None, **more: object):
    terms = DocumentTerms("EUR", tuple(lines), **more)  # pyright: ignore
    return document_of(terms, header or a_header())


def document_of(terms: DocumentTerms, header) -> InvoiceDocument:
    texts = [LineTexts(f"Line {n}", unit="hours") for n, _ in enumerate(terms.lines, 1)]
    document = build_document(header, terms, texts, compute_totals(terms))
    # As it is stored.
    return from_json(InvoiceDocument, to_json(document))


def with_line_fields(
    document: InvoiceDocument, *fields: DocumentField
) -> InvoiceDocument:
    return replace(document, lines=(replace(document.lines[0], fields=fields),))


USUAL = {
    "one tax": drafted(line("100", VAT)),
    "two taxes and a discount on both": drafted(
        line("100", VAT),
        line("33.33", LOW, quantity="3"),
        allowances=(Adjustment(percent=Decimal(10), reason="Agreed"),),
    ),
    "the same tax under two names": drafted(
        line("100", VAT), line("50.03", replace(VAT, name="BTW"))
    ),
    "discounts and charges on a line": drafted(
        line(
            "19.995",
            VAT,
            quantity="7",
            allowances=(Adjustment(percent=Decimal("12.5")),),
            charges=(Adjustment(amount=Money(250, "EUR"), reason="Packing"),),
        )
    ),
    "prices with tax in them": drafted(
        line("9.99", VAT, quantity="3"),
        line("4.49", LOW, allowances=(Adjustment(percent=Decimal(50)),)),
        prices=Prices.INCLUSIVE,
        allowances=(Adjustment(amount=Money(500, "EUR")),),
    ),
    "a price for a hundred": drafted(
        line("12.34", VAT, quantity="250", base_quantity=Decimal(100))
    ),
    "a negative price": drafted(line("100", VAT), line("-20", VAT)),
    "below zero": drafted(line("100", VAT, quantity="-1"), line("20", VAT)),
    "partly exempt": drafted(line("100", VAT), line("50", EXEMPT), line("5", ZERO)),
    "reverse charge": drafted(line("100", REVERSED)),
    "export": drafted(line("100", EXPORT)),
    "a sale within the EU": drafted(
        line("100", WITHIN_EU), header=a_header(delivery_on=date(2026, 11, 10))
    ),
    "a service that took a month": drafted(
        line("100", WITHIN_EU),
        header=a_header(
            delivery_on=date(2026, 10, 1), delivery_until_on=date(2026, 10, 31)
        ),
    ),
    "fields of one's own on a line": with_line_fields(
        drafted(line("100", VAT)),
        DocumentField("Serial number", "R-77"),
        DocumentField("Warranty until", "2028-03-01", "date"),
    ),
    "a creditor reference": drafted(
        line("100", VAT), header=a_header(reference="RF0720260142")
    ),
    "paid before and rounded": drafted(
        line("99.99", VAT),
        prepaid=Money(1_000, "EUR"),
        cash_rounding=Money(5, "EUR"),
    ),
    "tax owed in another currency": drafted(
        line("99.99", VAT),
        header=a_header(rate=ZLOTY),
        tax_accounting=TaxAccounting("PLN", ZLOTY.rate),
    ),
    "outside of VAT": drafted(
        line("100"),
        header=a_header(
            seller=replace(SELLER, vat_id=""), buyer=replace(BUYER, vat_id="")
        ),
    ),
    "hostile words": drafted(
        line("1", VAT),
        header=a_header(
            notes="<script>alert(1)</script> ]]> &amp; \x00\x0b\u202e\ufffe",
            purchase_order="]]><!--",
        ),
    ),
}


@pytest.mark.feature("A04", "R42")
@pytest.mark.parametrize("syntax", WRITERS)
@pytest.mark.parametrize("name", USUAL)
def test_what_people_bill_passes_the_official_rules(syntax: str, name: str):
    assert find_gaps(USUAL[name]) == ()

    assert broken_rules(WRITERS[syntax](USUAL[name]), syntax) == []


@pytest.mark.parametrize("syntax", WRITERS)
def test_tax_is_said_in_both_currencies(syntax: str):
    """21.00 EUR at 4.3215 are 90.75 PLN (BT-6, BT-111)."""
    document = USUAL["tax owed in another currency"]

    amounts = etree.fromstring(WRITERS[syntax](document)).iter("{*}TaxTotalAmount")
    if syntax == "ubl":
        totals = etree.fromstring(WRITERS[syntax](document)).iter("{*}TaxTotal")
        amounts = [total.find("{*}TaxAmount") for total in totals]
    said = [(it.get("currencyID"), it.text) for it in amounts]

    assert said == [("EUR", "21.00"), ("PLN", "90.75")]


def test_the_order_of_the_customer_is_its_business_term():
    """BT-13."""
    document = drafted(line("1", VAT), header=a_header(purchase_order="PO 4711"))

    for write in WRITERS.values():
        assert "PO 4711" in write(document).decode()


def test_the_job_is_its_business_term():
    """BT-11."""
    document = drafted(line("1", VAT), header=a_header(job="Riser, line 4"))

    assert {read_e_invoice(write(document)).job for write in WRITERS.values()} == {
        "Riser, line 4"
    }


@pytest.mark.parametrize(
    ("tax", "language", "note"),
    [
        (REVERSED, "de", "Steuerschuldnerschaft des Leistungsempfängers"),
        (REVERSED, "nl-BE", "Btw verlegd"),
        (EXPORT, "ja", "EU域外への輸出につき輸出免税"),
        (REVERSED, "pl", "Odwrotne obciążenie"),
        (REVERSED, "tr", "Reverse charge"),
    ],
)
def test_what_the_law_wants_said_is_frozen_in_the_language_of_the_document(
    tax: TaxTerms, language: str, note: str
):
    plain = replace(tax, exemption_reason="", exemption_code="")
    document = drafted(line("100", plain), header=a_header(language=language))

    assert document.taxes[0].exemption_reason == note
    assert note in render_sheet(document)
    for write in WRITERS.values():
        written = write(document).decode()
        assert note in written
        assert document.taxes[0].exemption_code in written


@pytest.mark.skipif(not REAL, reason=f"there is no {FILE.name} to read")
@pytest.mark.parametrize("syntax", WRITERS)
def test_published_e_invoices_come_out_valid_again(syntax: str):
    written = 0
    for case in REAL:
        document = document_from(case)
        if find_gaps(document):
            continue
        written += 1
        assert broken_rules(WRITERS[syntax](document), syntax) == [], case.id
    assert written >= 50


def document_from(case: ImportCase) -> InvoiceDocument:
    terms = negated(case.terms) if case.kind == "credit_note" else case.terms

    def party(said: ImportParty) -> Party:
        vat_id = said.vat_id or said.tax_id
        return Party(said.name, country=said.country, vat_id=vat_id, registration="1")

    header = a_header(
        number=case.number, seller=party(case.seller), buyer=party(case.buyer),
        issued_on=case.issued_on, due_on=case.due_on, delivery_on=case.delivered_on,
        notes="\n".join(case.notes), terms=case.payment_terms, iban="", bic="",
    )  # fmt: skip
    return document_of(terms, header)


PRICES = st.decimals("-500", "5000", places=4)
QUANTITIES = st.decimals("0.001", "900", places=3)
PERCENTS = st.decimals("0", "100", places=2)
ADJUSTMENTS = st.lists(
    st.builds(Adjustment, percent=PERCENTS, reason=st.sampled_from(["", "Agreed"])),
    max_size=2,
).map(tuple)
TERMS = st.builds(
    DocumentTerms,
    currency=st.sampled_from(["EUR", "JPY", "CHF", "HUF"]),
    lines=st.lists(
        st.builds(
            LineTerms,
            QUANTITIES,
            PRICES,
            st.sampled_from([(VAT,), (LOW,), (ZERO,), (EXEMPT,), (REVERSED,)]),
            allowances=ADJUSTMENTS,
            charges=ADJUSTMENTS,
        ),
        min_size=1,
        max_size=6,
    ).map(tuple),
    prices=st.sampled_from(Prices),
    allowances=ADJUSTMENTS,
    charges=ADJUSTMENTS,
)


@settings(max_examples=60, deadline=None)
@given(TERMS, st.sampled_from(sorted(WRITERS)))
def test_whatever_is_billed_its_e_invoice_is_valid(terms: DocumentTerms, syntax: str):
    document = document_of(terms, a_header())

    assert broken_rules(WRITERS[syntax](document), syntax) == []


@pytest.mark.parametrize("syntax", WRITERS)
def test_a_wrong_total_would_be_noticed(syntax: str):
    """The rules that the other tests rely on do refuse something."""
    pytest.importorskip("saxonche")
    sound = USUAL["one tax"]
    wrong = replace(sound, total_minor=sound.total_minor + 1)

    assert any(
        "BR-CO-15" in said for said in broken_rules(WRITERS[syntax](wrong), syntax)
    )


def test_the_same_document_gives_the_same_bytes():
    for write in WRITERS.values():
        assert write(USUAL["one tax"]) == write(USUAL["one tax"])


def test_a_total_below_zero_is_a_credit_note_with_turned_signs():
    root = etree.fromstring(write_ubl(USUAL["below zero"]))

    assert etree.QName(root).localname == "CreditNote"
    (payable,) = root.iter("{*}PayableAmount")
    assert payable.text == "96.80"


@pytest.mark.feature("A29")
@pytest.mark.parametrize("syntax", WRITERS)
def test_a_line_says_its_own_fields(syntax: str):
    xml = WRITERS[syntax](USUAL["fields of one's own on a line"])

    texts = [it.text for it in etree.fromstring(xml).iter() if it.text]
    start = texts.index("Serial number")
    assert texts[start : start + 2] == ["Serial number", "R-77"]
    assert "2028-03-01" in texts


def test_peppol_is_said_only_where_its_own_fields_are_there():
    reachable = USUAL["one tax"]
    anonymous = replace(reachable, purchase_order="")

    assert find_peppol_gaps(reachable) == ()
    assert b"peppol" in write_ubl(reachable)
    assert find_peppol_gaps(anonymous) == (
        "Peppol wants the customer's reference or order number: add it.",
    )
    assert b"peppol" not in write_ubl(anonymous)


LEITWEG = "991-33333TEST-33"
GERMAN_SELLER = with_ids(
    at_address(
        Party(
            "Hafenwerk GmbH",
            country="DE",
            vat_id="DE136695976",
            registration="HRB 12345 Hamburg",
            email="rechnung@hafenwerk.example",
            phone="+49 40 5550142",
        ),
        "Am Kai 7",
        "20457",
        "Hamburg",
    )
)
AUTHORITY = with_ids(
    at_address(
        Party("Stadt Musterhausen", country="DE", email="amt@stadt.example"),
        "Rathausplatz 1",
        "99084",
        "Erfurt",
    ),
    reference=LEITWEG,
)
GERMAN = a_header(
    seller=GERMAN_SELLER, buyer=AUTHORITY, iban="DE02120300000000202051", language="de"
)
BELGIAN = with_ids(
    at_address(
        Party("Schelde NV", country="BE", vat_id="BE0403170701"),
        "Kaai 1\n2000 Antwerpen",
    ),
    reference="Dock 4",
)


@pytest.mark.feature("A04", "R42")
@pytest.mark.parametrize("syntax", WRITERS)
@pytest.mark.parametrize(
    "header",
    [GERMAN, a_header(buyer=BELGIAN), replace(GERMAN, buyer=BUYER)],
    ids=["to an authority", "to Belgium", "to the Netherlands"],
)
def test_addresses_and_numbers_stand_in_fields_of_their_own(header, syntax: str):
    document = drafted(line("100", VAT), header=header)
    xml = WRITERS[syntax](document)
    root = etree.fromstring(xml)

    assert broken_rules(xml, syntax) == []
    for party in (document.seller, document.buyer):
        assert party.town
        for said in (party.street[0], party.postal_code, party.town):
            assert said in {x.text for x in root.iter()}
        for known in (party.endpoint, party.legal_id):
            assert known is None or (known.scheme, known.value) in {
                (x.get("schemeID"), x.text) for x in root.iter()
            }
    reference = document.buyer.reference
    assert reference in render_sheet(document)
    assert not reference or reference in [
        x.text for x in root.iter("{*}BuyerReference")
    ]


def to_an_authority(document: InvoiceDocument) -> InvoiceDocument:
    """The same, between Germans; without VAT there is no number for it."""
    vat_id = document.seller.vat_id and GERMAN_SELLER.vat_id
    return replace(
        document,
        seller=replace(GERMAN_SELLER, vat_id=vat_id),
        buyer=AUTHORITY,
        iban="DE02120300000000202051",
    )


# Nobody sells at home as into another country.
AT_HOME = [x for x in USUAL if not find_gaps(to_an_authority(USUAL[x]))]


@pytest.mark.parametrize("name", AT_HOME)
def test_an_authority_gets_an_xrechnung(name: str):
    xml = write_ubl(to_an_authority(USUAL[name]))

    assert claimed_standard(xml) == XRECHNUNG
    assert broken_rules(xml, "ubl") == broken_network_rules(xml) == []


@pytest.mark.feature("R42")
@pytest.mark.parametrize(
    "terms",
    [
        "2 % Skonto in 7 Tagen, 30 Tage netto.\n#SKONTO#TAGE=7#PROZENT=2.00#",
        "#SKONTO#TAGE=7#PROZENT=2.00#\n#SKONTO#TAGE=14#PROZENT=1.50#BASISBETRAG=80.00#",
        "#SKONTO#TAGE=7#PROZENT=2.00#\nSonst 30 Tage netto, Rechnung #4711 angeben.",
    ],
)
def test_a_discount_for_paying_early_is_read_by_programs(terms: str):
    """What stands behind its last # is the end of its line, in either file."""
    document = drafted(line("100", VAT), header=replace(GERMAN, terms=terms))
    xml = write_ubl(document)
    note = etree.fromstring(xml).findtext("{*}PaymentTerms/{*}Note") or ""
    (cii,) = etree.fromstring(write_cii(document)).iter("{*}SpecifiedTradePaymentTerms")

    assert claimed_standard(xml) == XRECHNUNG
    assert broken_rules(xml, "ubl") == broken_network_rules(xml) == []
    assert note == (cii.findtext("{*}Description") or "")
    assert note.rstrip("\n") == terms
    assert "#\n" in note


@pytest.mark.parametrize(
    "wrong",
    [
        "#SKONTO#TAGE=7#PROZENT=2#",
        "#SKONTO#TAGE=7#PROZENT=2,00#",
        "#SKONTO#PROZENT=2.00#TAGE=7#",
        "#SKONTO#TAGE=7#PROZENT=2.00",
        "#4711",
    ],
)
def test_one_that_programs_would_refuse_is_named(wrong: str):
    terms = f"30 Tage netto.\n{wrong}"
    document = drafted(line("100", VAT), header=replace(GERMAN, terms=terms))
    xml = write_ubl(document)

    (gap,) = find_network_gaps(document)
    assert wrong in gap
    assert "#SKONTO#TAGE=7#PROZENT=2.00#" in gap
    assert claimed_standard(xml) != XRECHNUNG
    assert broken_rules(xml, "ubl") == []


def test_who_sells_from_abroad_to_an_authority_says_where_it_went():
    header = replace(
        GERMAN,
        seller=SELLER,
        buyer=replace(AUTHORITY, vat_id="DE136695976"),
        delivery_on=date(2026, 11, 10),
    )
    xml = write_ubl(drafted(line("100", WITHIN_EU), header=header))

    assert claimed_standard(xml) == XRECHNUNG
    assert broken_network_rules(xml) == []


FIELDS = ("address", "email", "phone", "registration", "vat_id", "reference")
LACKING = st.sets(st.sampled_from([*FIELDS, "order", "iban"]))


@settings(deadline=None)
@given(
    st.sampled_from([SELLER, GERMAN_SELLER, BELGIAN]),
    st.sampled_from([BUYER, AUTHORITY, BELGIAN, GERMAN_SELLER]),
    LACKING,
    LACKING,
    st.sampled_from(["100", "-100", "0"]),
)
def test_a_file_keeps_the_rules_of_what_it_says_it_is(
    seller: Party, buyer: Party, without: set[str], unknown: set[str], price: str
):
    """And says in plain words why it is no more, where it is not."""
    header = a_header(
        seller=less(seller, without),
        buyer=less(buyer, unknown),
        purchase_order="" if "order" in without else "PO 1",
        iban="" if "iban" in without else "NL91ABNA0417164300",
    )
    document = drafted(line(price, VAT), header=header)
    assume(not find_gaps(document))
    xml = write_ubl(document)

    assert broken_network_rules(xml) == []
    gaps = find_network_gaps(document)
    assert not (gaps and claimed_standard(xml) == XRECHNUNG)
    if leitweg_of(document.buyer):
        assert bool(gaps) == (claimed_standard(xml) != XRECHNUNG)
    else:
        assert bool(find_peppol_gaps(document)) == (claimed_standard(xml) != PEPPOL)
        assert gaps in ((), find_peppol_gaps(document))


def less(party: Party, names: set[str]) -> Party:
    """Somebody who left some of it empty in the form."""
    known = {"email", "phone", "registration", "vat_id"}
    plain = replace(party, **dict.fromkeys(names & known, ""))
    if "address" in names:
        plain = at_address(plain, "Somewhere")
    return with_ids(plain, "", "" if "reference" in names else party.reference)


@pytest.mark.feature("R42")
@pytest.mark.parametrize(
    ("seller", "buyer", "sentence"),
    [
        (less(GERMAN_SELLER, {"phone"}), AUTHORITY,
         "German rules want a phone number of your business: add it."),
        (less(GERMAN_SELLER, {"email"}), AUTHORITY,
         "German rules want an email address of your business: add it."),
        (less(GERMAN_SELLER, {"address"}), AUTHORITY,
         "Your address lacks its postal code and town, each in its own field."),
        (GERMAN_SELLER, less(AUTHORITY, {"address"}),
         "The customer's address lacks its postal code and town, each in its own "
         "field."),
        (GERMAN_SELLER, replace(GERMAN_SELLER, name="Kunde GmbH"),
         "German rules want the customer's reference, which is the Leitweg-ID of an "
         "authority: add it."),
        (less(SELLER, {"registration"}), BUYER,
         "Dutch businesses give their number of the Chamber of Commerce (KvK) or their "
         "OIN: add yours as your registration."),
        (SELLER, less(BUYER, {"address"}),
         "The customer's address lacks its street, postal code and town, each in its "
         "own field."),
        (SELLER, with_ids(replace(BUYER, registration="KvK 7011")),
         "The customer's registration is neither a KvK number of 8 digits nor an OIN "
         "of 20."),
    ],
)  # fmt: skip
def test_what_the_network_of_the_buyer_wants_is_named_in_plain_words(
    seller: Party, buyer: Party, sentence: str
):
    document = drafted(line("1", VAT), header=a_header(seller=seller, buyer=buyer))

    assert find_gaps(document) == ()
    assert find_network_gaps(document) == (sentence,)
    assert claimed_standard(write_ubl(document)) == ""


def test_who_is_reached_by_mail_alone_is_not_in_peppol():
    private = with_ids(replace(BUYER, vat_id="", email="jan@home.example"))
    document = drafted(line("1", VAT), header=a_header(buyer=private))
    xml = write_ubl(document)

    assert find_network_gaps(document) == ()
    assert claimed_standard(xml) == ""
    assert broken_rules(xml, "ubl") == []


def test_documents_of_before_say_what_they_said():
    """Their parties have no parts and no codes; what was frozen is all there is."""
    old = Party(
        SELLER.name,
        SELLER.address,
        SELLER.country,
        SELLER.vat_id,
        SELLER.registration,
        email=SELLER.email,
    )
    document = replace(USUAL["one tax"], seller=old)
    root = etree.fromstring(write_ubl(document))
    party = root.find("{*}AccountingSupplierParty/{*}Party")

    assert party is not None
    assert party.findtext("{*}EndpointID") == SELLER.vat_id
    assert party.findtext("{*}PartyLegalEntity/{*}CompanyID") == SELLER.registration
    assert (
        party.findtext("{*}PostalAddress/{*}AdditionalStreetName") == SELLER.address[1]
    )
    assert claimed_standard(write_ubl(document)) == ""


@pytest.mark.feature("A16", "R05")
@pytest.mark.parametrize(
    ("currency", "step", "rounding", "due"),
    [("CHF", 5, "0.01", "12.10"), ("SEK", 100, "-0.09", "12.00")],
)
def test_what_is_due_says_its_rounding_in_the_currency_of_the_document(
    currency: str, step: int, rounding: str, due: str
):
    """BT-114 and BT-115 of 9.99 with 21 % of tax: 12.09."""
    terms = DocumentTerms(
        currency, (line("9.99", VAT),), cash_rounding=Money(step, currency)
    )
    document = document_of(terms, a_header())
    said = {
        "ubl": ("PayableRoundingAmount", "PayableAmount"),
        "cii": ("RoundingAmount", "DuePayableAmount"),
    }
    for syntax, names in said.items():
        xml = WRITERS[syntax](document)
        assert broken_rules(xml, syntax) == []
        root = etree.fromstring(xml)
        found = [next(iter(root.iter(f"{{*}}{name}"))) for name in names]
        assert [x.text for x in found] == [rounding, due]
        assert {x.get("currencyID") for x in found} <= {None, currency}
    assert {
        x.get("currencyID") for x in etree.fromstring(write_ubl(document)).iter()
    } == {
        None,
        currency,
    }


GAPS = [
    (
        document_of(DocumentTerms("KWD", (line("1", VAT),)), a_header()),
        "KWD has three decimals, and e-invoices carry two.",
    ),
    (
        drafted(line("1", VAT, LOW)),
        "Line 1 has more than one tax, and e-invoices carry one.",
    ),
    (
        drafted(line("1", VAT), line("2"), line("3"), line("4"), line("5")),
        "Lines 2, 3, 4 and more have no tax. Choose one; “Exempt” and “Not subject "
        "to tax” are kinds of it, under Settings, Taxes.",
    ),
    (
        drafted(line("1", VAT), header=a_header(buyer=Party("Vermeer"))),
        "The customer has no country.",
    ),
    (
        drafted(
            line("1", REVERSED),
            header=a_header(buyer=replace(BUYER, vat_id="")),
        ),
        "Reverse charge and sales within the EU need the customer's VAT number.",
    ),
    (
        drafted(line("1", WITHIN_EU)),
        "A sale within the EU needs its date of delivery.",
    ),
    (
        drafted(line("1", VAT), header=a_header(due_on=None, terms="")),
        "There is neither a due date nor terms of payment.",
    ),
]


@pytest.mark.feature("R42")
@pytest.mark.parametrize(("document", "sentence"), GAPS)
def test_what_is_missing_is_named_in_plain_words(
    document: InvoiceDocument, sentence: str
):
    assert find_gaps(document) == (sentence,)
    for write in WRITERS.values():
        with pytest.raises(NotAnEInvoice, match=sentence.split(".")[0][:30]):
            write(document)


def test_documents_of_before_have_no_taxes_by_line_and_say_so():
    sound = USUAL["one tax"]
    old = replace(sound, lines=tuple(replace(x, taxes=()) for x in sound.lines))

    assert find_gaps(old)[0].startswith("Line 1 has no tax.")


def test_a_reader_of_factur_x_finds_the_figures():
    found = facturx.get_level(etree.fromstring(write_cii(USUAL["one tax"])))

    assert found == "en16931"
