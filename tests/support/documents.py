"""Documents to print: a believable charter invoice, and ways to change it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO

from PIL import Image

from billing_app.domain.bank import format_iban
from billing_app.domain.document import (
    BankRow,
    Branding,
    DocumentAdjustment,
    DocumentLine,
    DocumentTax,
    InvoiceDocument,
    Look,
    Party,
    PartyId,
    ReceiptDocument,
)
from billing_app.domain.drafting import Header
from billing_app.domain.payment_reference import qr_reference, rf_reference
from billing_app.domain.qr_bill import make_qr_bill

MADE_AT = datetime(2026, 11, 12, 9, 0, tzinfo=UTC)

SELLER = Party(
    name="Northwind Charter B.V.",
    address=("Heathrowbaan 4", "3045 AG Rotterdam"),
    country="NL",
    vat_id="NL861234567B01",
    registration="Chamber of Commerce 70112233",
    email="billing@northwind-charter.example",
    phone="+31 10 555 01 42",
    website="northwind-charter.example",
    street=("Heathrowbaan 4",),
    postal_code="3045 AG",
    town="Rotterdam",
    legal_id=PartyId("0106", "70112233"),
    endpoint=PartyId("0106", "70112233"),
)
BUYER = Party(
    name="Vermeer Optics B.V.",
    address=("Keizersgracht 214", "1016 DX Amsterdam"),
    country="NL",
    vat_id="NL003456789B12",
    contact_name="Accounts payable",
    street=("Keizersgracht 214",),
    postal_code="1016 DX",
    town="Amsterdam",
    endpoint=PartyId("9944", "NL003456789B12"),
)

SWISS_SELLER = Party(
    name="Robert Schneider AG",
    address=("Rue du Lac 1268", "2501 Biel"),
    country="CH",
    vat_id="CHE-116.281.710 MWST",
    street=("Rue du Lac 1268",),
    postal_code="2501",
    town="Biel",
)
SWISS_BUYER = Party(
    name="Pia-Maria Rutschmann-Schnyder",
    address=("Grosse Marktgasse 28", "9400 Rorschach"),
    country="CH",
    street=("Grosse Marktgasse 28",),
    postal_code="9400",
    town="Rorschach",
)


def a_line(
    name: str, amount_minor: int, tax: str = "21%", group: str = "", **changes: object
) -> DocumentLine:
    line = DocumentLine(
        name=name, description="", quantity=Decimal(1), unit="",
        unit_price=Decimal(amount_minor).scaleb(-2), base_quantity=Decimal(1),
        discount="", discount_minor=0, tax=tax, amount_minor=amount_minor,
        net_minor=amount_minor, group=group,
    )  # fmt: skip
    return replace(line, **changes)  # pyright: ignore[reportArgumentType]


FLIGHT = a_line(
    "Charter flight, Citation CJ3+", 828_000, "0%", "Rotterdam – London City",
    description="Trip leg NW-1187, block time 2 h 24 min", quantity=Decimal("2.4"),
    unit="h", unit_price=Decimal(3450), group_reference="Trip NW-1187 · PH-NWD",
)  # fmt: skip
LINES = (
    FLIGHT,
    a_line("Fuel uplift, London City", 167_560, "0%", "Rotterdam – London City"),
    a_line("Ground transfer", 29_000, "9%"),
    a_line("Overnight hangar, Rotterdam", 62_000, "21%"),
)


def a_header(**changes: object) -> Header:
    """What stands on a document beside its lines, complete for an e-invoice."""
    header = Header(
        number="2026-0142", language="en", branding=Branding(), seller=SELLER,
        buyer=BUYER, issued_on=date(2026, 11, 12), due_on=date(2026, 12, 12),
        purchase_order="PO 4500-2291", notes="Please quote the invoice number.",
        terms="30 days net", iban="NL91ABNA0417164300", bic="ABNANL2A",
    )  # fmt: skip
    return replace(header, **changes)  # pyright: ignore[reportArgumentType]


def an_invoice(look: Look = Look.MODERN, **changes: object) -> InvoiceDocument:
    """Four lines, three taxes, one allowance: 10,719.82 due on 12 December 2026."""
    invoice = InvoiceDocument(
        number="2026-0142", currency="EUR", language="en",
        branding=Branding(look, "#0f5c73", name="Northwind Charter"), seller=SELLER,
        buyer=BUYER, issued_on=date(2026, 11, 12), due_on=date(2026, 12, 12),
        delivery_on=None, purchase_order="PO 4500-2291", prices_inclusive=False,
        lines=LINES,
        adjustments=(DocumentAdjustment("Volume agreement", -30_208),),
        taxes=(
            DocumentTax("VAT", "Z", Decimal(0), 965_352, 0),
            DocumentTax("VAT", "S", Decimal(9), 29_000, 2_610),
            DocumentTax("VAT", "S", Decimal(21), 62_000, 13_020),
        ),
        line_sum_minor=1_086_560, net_minor=1_056_352, tax_minor=15_630,
        total_minor=1_071_982, prepaid_minor=0, rounding_minor=0,
        due_minor=1_071_982, notes="Please quote the invoice number.",
        terms="30 days net",
        bank=(BankRow("IBAN", "NL91 ABNA 0417 1643 00"), BankRow("BIC", "ABNANL2A")),
        iban="NL91ABNA0417164300", bic="ABNANL2A",
    )  # fmt: skip
    return replace(invoice, **changes)  # pyright: ignore[reportArgumentType]


def a_swiss_invoice(
    look: Look = Look.MODERN, *, has_qr_iban: bool = True, **changes: object
) -> InvoiceDocument:
    """The same figures in francs from Zürich, with a payment part at the foot."""
    iban = "CH4431999123000889012" if has_qr_iban else "CH9300762011623852957"
    made = qr_reference if has_qr_iban else lambda number, _: rf_reference(number)
    invoice = an_invoice(
        look, seller=SWISS_SELLER, buyer=SWISS_BUYER, currency="CHF", language="de",
        iban=iban, bic="", bank=(BankRow("IBAN", format_iban(iban)),),
    )  # fmt: skip
    reference = made(invoice.number, 42)
    bill = make_qr_bill(SWISS_SELLER, SWISS_BUYER, iban, "CHF", reference)
    invoice = replace(invoice, reference=reference, qr_bill=bill)
    return replace(invoice, **changes)  # pyright: ignore[reportArgumentType]


def a_receipt(look: Look = Look.MODERN, **changes: object) -> ReceiptDocument:
    """400.00 of 1,071.98 received by card, 671.98 left."""
    receipt = ReceiptDocument(
        number="R-00017", invoice_number="2026-0142", currency="EUR", language="en",
        branding=Branding(look, "#0f5c73", name="Northwind Charter"), seller=SELLER,
        buyer=BUYER, received_on=date(2026, 11, 20), method="Card",
        reference="Visa 4242", amount_minor=40_000, total_minor=107_198,
        outstanding_minor=67_198,
    )  # fmt: skip
    return replace(receipt, **changes)  # pyright: ignore[reportArgumentType]


def lines_of(count: int) -> tuple[DocumentLine, ...]:
    """Return as many lines, every seven under a heading of their own."""
    return tuple(
        replace(LINES[place % 4], group=f"Job {place // 7}") for place in range(count)
    )


def a_logo() -> bytes:
    """A small coloured square with a hole, so that it has a mask, too."""
    picture = Image.new("RGBA", (40, 40), "#0f5c73")
    picture.putpixel((20, 20), (0, 0, 0, 0))
    written = BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()
