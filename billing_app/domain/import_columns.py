"""What the columns of other programs' files are called, and what we make of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from billing_app.domain.custom_fields import CustomField, FieldPlace
from billing_app.domain.errors import InvalidInput


class ImportKind(StrEnum):
    """What a file is about."""

    CUSTOMERS = "customers"
    INVOICES = "invoices"
    PAYMENTS = "payments"
    PRODUCTS = "products"
    EVENTS = "events"


class CellKind(StrEnum):
    """What a column's cells hold."""

    TEXT = "text"
    NUMBER = "number"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class ImportColumn:
    """One thing an import can know.

    Attributes:
        label: as people read it; also a name of the column.
        names: what other programs call it, in small letters without marks.
        needs: there is nothing to import without it.
    """

    key: str
    label: str
    names: tuple[str, ...]
    cell: CellKind = CellKind.TEXT
    needs: bool = False


def _column(
    key: str,
    label: str,
    names: str = "",
    cell: CellKind = CellKind.TEXT,
    *,
    needs: bool = False,
) -> ImportColumn:
    known = (folded_name(label), *(folded_name(name) for name in names.split("|")))
    return ImportColumn(key, label, tuple(filter(None, known)), cell, needs)


def folded_name(text: str) -> str:
    """Return what is compared of a column's name: Invoice_No. is invoiceno."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return re.sub(r"[^a-z0-9#%]", "", plain)


_NUMBER, _DAY = CellKind.NUMBER, CellKind.DAY
_CUSTOMER_NAMES = (
    "customer name|client|client name|company|company name|organization|contact name"
    "|bill to|billed to|account name|display name|kunde|kundenname|firma|client nom"
    "|cliente|klant|buyer|debitor"
)
_EMAIL_NAMES = "email address|mail|customer email|client email|e-mail-adresse|courriel"
_CURRENCY_NAMES = "currency code|waehrung|währung|devise|moneda|valuta"

COLUMNS: Mapping[ImportKind, tuple[ImportColumn, ...]] = {
    ImportKind.CUSTOMERS: (
        _column("name", "Customer", f"name|{_CUSTOMER_NAMES}", needs=True),
        _column("email", "Email", _EMAIL_NAMES),
        _column("contact", "Contact", "contact person|attention|ansprechpartner"),
        _column("phone", "Phone", "telephone|phone number|telefon|mobile"),
        _column(
            "address",
            "Address",
            "street|street address|address line 1|billing address|billing street"
            "|strasse|straße|adresse|adres|direccion",
        ),
        _column("address2", "Address line 2", "address2|street 2|billing street 2"),
        _column(
            "postal_code",
            "Postal code",
            "zip|zip code|postcode|plz|billing zip|code postal|postcode",
        ),
        _column("town", "Town", "city|billing city|ort|stadt|ville|plaats|ciudad"),
        _column(
            "region",
            "Region",
            "state|province|county|billing state|bundesland|provincie|provincia",
        ),
        _column("country", "Country", "country code|billing country|land|pays|pais"),
        _column(
            "vat_id",
            "Tax number",
            "vat|vat id|vat number|vat no|tax id|tax number|ust-idnr|ustid|btw nummer"
            "|gst number|tva|nif|partita iva",
        ),
        _column(
            "registration",
            "Registration",
            "registration number|company number|kvk|kvk nummer|siren|handelsregister",
        ),
        _column(
            "electronic_address",
            "Electronic address",
            "peppol id|peppol|endpoint|leitweg id",
        ),
        _column("reference", "Their reference", "buyer reference"),
        _column("currency", "Currency", _CURRENCY_NAMES),
        _column("language", "Language", "locale|sprache|langue"),
        _column("net_days", "Days to pay", "payment terms|net days|terms|zahlungsziel"),
        # Not what others call a customer's number, which seldom is this short.
        _column("number_code", "Number code", "code in numbers|nummerncode"),
    ),
    ImportKind.INVOICES: (
        _column(
            "number",
            "Invoice number",
            "invoice|invoice no|invoice #|invoice id|number|no|document number|num"
            "|doc number|rechnungsnummer|rechnungsnr|rechnung|numero de facture"
            "|facture|factura|factuurnummer|reference number",
            needs=True,
        ),
        _column("customer", "Customer", _CUSTOMER_NAMES, needs=True),
        _column("email", "Email", _EMAIL_NAMES),
        _column("status", "Status", "invoice status|state|estado|etat"),
        _column(
            "issued_on",
            "Invoice date",
            "date|issue date|issued|issued on|invoice date|date issued|datum"
            "|rechnungsdatum|date de facture|fecha|factuurdatum|created",
            _DAY,
            needs=True,
        ),
        _column(
            "due_on",
            "Due date",
            "due|due on|payment due|faellig|fällig am|faelligkeit|date d'echeance"
            "|echeance|vencimiento|vervaldatum",
            _DAY,
        ),
        _column("currency", "Currency", _CURRENCY_NAMES),
        _column(
            "purchase_order",
            "PO number",
            "po|purchase order|order number|po #|p.o. number|bestellnummer",
        ),
        _column("job", "Job", "job name|project|project name|projekt|projet|proyecto"),
        _column("notes", "Notes", "note|memo|message|customer notes|bemerkung"),
        _column(
            "line",
            "Description",
            "item|item name|item description|product|product/service|service"
            "|line item|line description|lineitem name|product name|artikel"
            "|beschreibung|bezeichnung|designation|descripcion|omschrijving",
        ),
        _column(
            "quantity",
            "Quantity",
            "qty|item quantity|hours|units|lineitem quantity|menge|anzahl|quantite"
            "|cantidad|aantal",
            _NUMBER,
        ),
        _column("unit", "Unit", "unit of measure|uom|einheit|unite|unidad|eenheid"),
        _column(
            "unit_price",
            "Unit price",
            "price|rate|unit cost|item price|unit amount|lineitem price|cost"
            "|einzelpreis|preis|prix unitaire|prix|precio|prijs",
            _NUMBER,
        ),
        _column(
            "discount",
            "Discount %",
            "discount|discount percent|discount percentage|rabatt|remise|korting",
            _NUMBER,
        ),
        _column(
            "tax_percent",
            "Tax %",
            "tax|tax rate|vat|vat rate|vat %|gst|sales tax|tax percentage|item tax %"
            "|item tax1 %|steuersatz|mwst|ust|tva|iva|btw",
            _NUMBER,
        ),
        _column(
            "net",
            "Line amount",
            "amount|line total|item total|item amount|net amount|net|betrag|netto"
            "|montant|montant ht|importe|bedrag",
            _NUMBER,
        ),
        _column(
            "total",
            "Invoice total",
            "total|grand total|gross|gross amount|total amount|invoice amount"
            "|gesamtbetrag|brutto|bruttobetrag|total ttc|montant ttc|totaal",
            _NUMBER,
        ),
        _column(
            "paid",
            "Paid before",
            "paid|amount paid|paid amount|bezahlt|paye|pagado|betaald",
            _NUMBER,
        ),
    ),
    ImportKind.PAYMENTS: (
        _column(
            "invoice",
            "Invoice number",
            "invoice|invoice no|invoice #|applied to|invoice numbers|rechnungsnummer"
            "|rechnung|facture|factura|factuurnummer|number",
            needs=True,
        ),
        _column(
            "received_on",
            "Payment date",
            "date|paid on|received|received on|date received|payment received"
            "|zahlungsdatum|datum|wertstellung|date de paiement|fecha|betaaldatum",
            _DAY,
            needs=True,
        ),
        _column(
            "amount",
            "Amount",
            "payment amount|amount paid|amount received|paid|total|betrag|montant"
            "|importe|bedrag",
            _NUMBER,
            needs=True,
        ),
        _column("currency", "Currency", _CURRENCY_NAMES),
        _column(
            "method",
            "Method",
            "payment method|payment mode|mode|payment type|type|zahlungsart",
        ),
        _column(
            "reference",
            "Reference",
            "payment reference|transaction id|transaction|reference number|memo"
            "|payment number|verwendungszweck|referenz",
        ),
    ),
    ImportKind.PRODUCTS: (
        _column(
            "name",
            "Product",
            "product name|item|item name|service|product/service|name|title|artikel"
            "|artikelname|bezeichnung|produit|producto|prodotto",
            needs=True,
        ),
        _column(
            "description",
            "Description",
            "details|item description|sales description|beschreibung|descripcion"
            "|omschrijving",
        ),
        _column("unit", "Unit", "unit of measure|uom|einheit|unite|unidad|eenheid"),
        _column(
            "unit_price",
            "Unit price",
            "price|rate|sales price|selling price|unit cost|item price|einzelpreis"
            "|preis|prix unitaire|prix|precio|prijs",
            _NUMBER,
        ),
        _column("currency", "Currency", _CURRENCY_NAMES),
        _column(
            "tax_percent",
            "Tax %",
            "tax|tax rate|vat|vat rate|vat %|gst|sales tax|steuersatz|mwst|ust|tva|iva"
            "|btw",
            _NUMBER,
        ),
    ),
    ImportKind.EVENTS: (
        _column("customer", "Customer", _CUSTOMER_NAMES, needs=True),
        _column(
            "kind",
            "Kind",
            "event|event kind|event type|type|activity|ereignis|vorgang|art",
            needs=True,
        ),
        _column(
            "reference",
            "Reference",
            "ref|event reference|event id|event number|movement|trip|trip id|job"
            "|job number|ticket|referenz",
            needs=True,
        ),
        _column(
            "happened",
            "Date",
            "time|happened|happened at|when|event date|timestamp|date and time|datum"
            "|zeitpunkt|fecha",
            _DAY,
            needs=True,
        ),
        _column(
            "quantity",
            "Quantity",
            "qty|units|hours|menge|anzahl|quantite|cantidad|aantal",
            _NUMBER,
            needs=True,
        ),
        _column("unit", "Unit", "unit of measure|uom|einheit|unite|unidad|eenheid"),
        _column("times", "Times", "multiplied by|quantity 2|days|nights|mal", _NUMBER),
        _column("times_unit", "Unit of times", "unit 2|times unit"),
        _column(
            "rate",
            "Rate",
            "price|unit price|unit rate|cost|satz|preis|einzelpreis|tarif|prix|precio"
            "|prijs",
            _NUMBER,
            needs=True,
        ),
        _column("currency", "Currency", _CURRENCY_NAMES),
        _column(
            "description",
            "Description",
            "note|notes|details|beschreibung|bemerkung|descripcion|omschrijving",
        ),
    ),
}


def find_columns(kind: ImportKind, head: Sequence[str]) -> dict[str, int]:
    """Return where each column stands, each place taken once, best name first."""
    places = [folded_name(name) for name in head]
    found: dict[str, int] = {}
    taken: set[int] = set()
    # All first names before all second ones, so that no alias takes a real name.
    depth = max(len(column.names) for column in COLUMNS[kind])
    for rank in range(depth):
        for column in COLUMNS[kind]:
            if column.key in found or rank >= len(column.names):
                continue
            name = column.names[rank]
            place = next(
                (i for i, x in enumerate(places) if x == name and i not in taken), None
            )
            if place is not None:
                found[column.key] = place
                taken.add(place)
    return found


# Whose fields of one's own the rows of a file have; others have none.
_OWN_PLACES: Mapping[ImportKind, tuple[FieldPlace, ...]] = {
    ImportKind.CUSTOMERS: (FieldPlace.CUSTOMER,),
    ImportKind.INVOICES: (FieldPlace.INVOICE, FieldPlace.LINE),
}


def own_fields_in(
    kind: ImportKind, own_fields: Iterable[CustomField]
) -> tuple[CustomField, ...]:
    """Return those of the workspace's own fields that such a file can fill."""
    places = _OWN_PLACES.get(kind, ())
    return tuple(field for field in own_fields if field.place in places)


def find_own_columns(
    own_fields: Sequence[CustomField], head: Sequence[str], taken: Iterable[int]
) -> dict[str, int]:
    """Return where the fields of one's own stand, by their input's name.

    They are found by their names, in what no other column took.
    """
    free = {folded_name(x): i for i, x in reversed([*enumerate(head)])}
    for place in taken:
        free.pop(folded_name(head[place]), None)
    named = ((it.input_name, free.get(folded_name(it.name))) for it in own_fields)
    return {name: place for name, place in named if place is not None}


def find_kind(head: Sequence[str]) -> ImportKind:
    """Return what a file is most likely about, by the names of its columns."""

    def fit(kind: ImportKind) -> tuple[bool, int]:
        found = find_columns(kind, head)
        return not missing_columns(kind, found), len(found)

    # Of two that fit alike the one with more to say comes first.
    order = [
        *(ImportKind.INVOICES, ImportKind.PAYMENTS),
        *(ImportKind.CUSTOMERS, ImportKind.PRODUCTS),
    ]
    # Lines of invoices look like events, but for the number of each invoice.
    if not fit(ImportKind.INVOICES)[0]:
        order.append(ImportKind.EVENTS)
    return max(order, key=fit)


def missing_columns(kind: ImportKind, columns: Mapping[str, int]) -> list[str]:
    """Return the labels of what has to be chosen before anything can be read."""
    missing = [x.label for x in COLUMNS[kind] if x.needs and x.key not in columns]
    if kind is ImportKind.INVOICES and not {"unit_price", "net", "total"} & {*columns}:
        missing.append("Unit price")
    return missing


def check_columns(
    kind: ImportKind, columns: Mapping[str, int], column_count: int
) -> None:
    """Refuse a choice of columns that can't be read.

    Raises:
        InvalidInput: one is missing, is none of the file, or is chosen twice.
    """
    known = {column.key for column in COLUMNS[kind]}
    if not set(columns) <= known:
        raise InvalidInput("These columns can't be read. Choose them anew.")
    if not all(0 <= place < column_count for place in columns.values()):
        raise InvalidInput("The file has no such column. Choose them anew.")
    if len(set(columns.values())) < len(columns):
        raise InvalidInput("One column is chosen for two things.")
    missing = missing_columns(kind, columns)
    if missing:
        raise InvalidInput(
            f"Choose the column for {' and '.join(missing)}; the file does not say."
        )
