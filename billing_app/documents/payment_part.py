"""The receipt and the payment part of a Swiss QR-bill, as text to be printed.

After the Style Guide QR-bill of SIX: what stands where, in which words, in which
groups. The sizes are those of `templates/payment_part.css`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from markupsafe import Markup

from billing_app.documents.qr import swiss_code, swiss_payload, titled
from billing_app.domain.bank import format_iban
from billing_app.domain.document import InvoiceDocument, PostalAddress
from billing_app.domain.money import Money
from billing_app.domain.payment_reference import format_reference
from billing_app.domain.portal_invoice import SWISS_CODE
from billing_app.domain.qr_bill import latin


@dataclass(frozen=True, slots=True)
class PartWords:
    """The headings, as the guidelines give them in each of the four languages."""

    receipt: str
    payment_part: str
    account: str
    reference: str
    message: str
    payer: str
    payer_blank: str
    currency: str
    amount: str
    acceptance_point: str
    separate: str


# Guidelines QR-bill, Annex D: multilingual headings.
WORDS = {
    "en": PartWords(
        "Receipt", "Payment part", "Account / Payable to", "Reference",
        "Additional information", "Payable by", "Payable by (name/address)",
        "Currency", "Amount", "Acceptance point", "Separate before paying in",
    ),
    "de": PartWords(
        "Empfangsschein", "Zahlteil", "Konto / Zahlbar an", "Referenz",
        "Zusätzliche Informationen", "Zahlbar durch", "Zahlbar durch (Name/Adresse)",
        "Währung", "Betrag", "Annahmestelle", "Vor der Einzahlung abzutrennen",
    ),
    "fr": PartWords(
        "Récépissé", "Section paiement", "Compte / Payable à", "Référence",
        "Informations supplémentaires", "Payable par", "Payable par (nom/adresse)",
        "Monnaie", "Montant", "Point de dépôt", "A détacher avant le versement",
    ),
    "it": PartWords(
        "Ricevuta", "Sezione pagamento", "Conto / Pagabile a", "Riferimento",
        "Informazioni supplementari", "Pagabile da", "Pagabile da (nome/indirizzo)",
        "Valuta", "Importo", "Punto di accettazione",
        "Da staccare prima del versamento",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PaymentPart:
    """What is printed twice, on the receipt and on the payment part.

    Attributes:
        account: the IBAN, then who is paid, line by line.
        payer: line by line; empty where it is to be filled in by hand.
    """

    look: str
    language: str
    words: PartWords
    code: Markup
    account: tuple[str, ...]
    reference: str
    message: str
    payer: tuple[str, ...]
    currency: str
    amount: str


def payment_part(document: InvoiceDocument, amount_minor: int) -> PaymentPart | None:
    """Return what asks for this amount; None where there is nothing to pay that way."""
    bill = document.qr_bill
    if bill is None or not document.number:
        return None
    code = swiss_code(swiss_payload(document, amount_minor))
    if not code:
        return None
    spoken = document.language.split("-")[0].lower()
    language = spoken if spoken in WORDS else "en"
    home = bill.creditor.country
    return PaymentPart(
        look=document.branding.look,
        language=language,
        words=WORDS[language],
        code=titled(code, document.language, SWISS_CODE),
        account=(format_iban(document.iban), *_lines(bill.creditor, home)),
        reference=format_reference(document.reference),
        message=latin(document.number),
        payer=_lines(bill.debtor, home) if bill.debtor else (),
        currency=document.currency,
        amount=_amount(Money(amount_minor, document.currency).decimal),
    )


def _lines(address: PostalAddress, home: str) -> tuple[str, ...]:
    abroad = f"{address.country}-" if address.country != home else ""
    lines = (
        address.name,
        f"{address.street} {address.house_number}".strip(),
        f"{abroad}{address.postal_code} {address.town}",
    )
    return tuple(line for line in lines if line)


def _amount(amount: Decimal) -> str:
    """Write an amount with a space between thousands, as the guidelines want."""
    return f"{amount:,.2f}".replace(",", " ")
