"""The printed words of a document, by language."""
# ruff: noqa: E501 - a row of the table is a word in every language.

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from billing_app.domain.document import CreditNoteDocument, DocumentLine, JobShare
from billing_app.domain.formats import format_amount, format_percent


@dataclass(frozen=True, slots=True)
class Words:
    """Every word a document prints by itself."""

    invoice: str
    receipt: str
    draft: str
    billed_to: str
    received_from: str
    sender: str
    issued: str
    delivered: str
    due_date: str
    your_reference: str
    amount_due: str
    amount_due_by: str
    nothing_due: str
    description: str
    quantity: str
    unit_price: str
    per: str
    share_of: str
    discount: str
    tax: str
    amount: str
    tax_group: str
    taxable: str
    subtotal: str
    tax_included: str
    total: str
    prepaid: str
    rounding: str
    notes: str
    terms: str
    bank_transfer: str
    reference: str
    payment_reference: str
    vat_id: str
    tax_id: str
    page: str
    of: str
    received: str
    received_on: str
    method: str
    invoice_total: str
    remaining: str
    paid_in_full: str
    statement: str
    period: str
    day: str
    entry: str
    movement: str
    balance: str
    opening_balance: str
    closing_balance: str
    payment: str
    refund: str
    made_void: str
    by_age: str
    not_due_yet: str
    days_late: str
    disputed: str
    credit: str
    credit_note: str
    credited: str
    credited_on: str
    reason: str
    discounts_and_rounding: str
    behind: str
    by_hand: str
    more: str
    part_of: str
    genuine: str


def _read(table: str) -> dict[str, Words]:
    """Read `name | one column a language` rows, the languages in the first row."""
    head, *rows = [
        [cell.strip() for cell in line.split("|")]
        for line in table.strip().splitlines()
    ]
    assert [row[0] for row in rows] == [field.name for field in fields(Words)]
    return {
        language: Words(*(row[column] for row in rows))
        for column, language in enumerate(head)
        if column
    }


WORDS = _read("""
| en | de | fr | es | nl
invoice | Invoice | Rechnung | Facture | Factura | Factuur
receipt | Receipt | Quittung | Reçu | Recibo | Kwitantie
draft | Draft | Entwurf | Brouillon | Borrador | Concept
billed_to | Billed to | Rechnung an | Facturé à | Facturar a | Factuur aan
received_from | Received from | Erhalten von | Reçu de | Recibido de | Ontvangen van
sender | From | Von | De | De | Van
issued | Issued | Ausgestellt | Émise le | Emitida | Factuurdatum
delivered | Delivered | Leistungsdatum | Livraison | Entrega | Geleverd
due_date | Due date | Fällig am | Échéance | Vencimiento | Vervaldatum
your_reference | Your reference | Ihre Referenz | Votre référence | Su referencia | Uw referentie
amount_due | Amount due | Zahlbetrag | Montant dû | Importe a pagar | Te betalen
amount_due_by | Amount due by | Zahlbar bis | À payer avant le | A pagar antes del | Te betalen vóór
nothing_due | Nothing to pay | Nichts zu zahlen | Rien à payer | Nada que pagar | Niets te betalen
description | Description | Beschreibung | Désignation | Descripción | Omschrijving
quantity | Quantity | Menge | Quantité | Cantidad | Aantal
unit_price | Unit price | Einzelpreis | Prix unitaire | Precio | Prijs
per | per | je | par | por | per
share_of | of | von | de | de | van
discount | Discount | Rabatt | Remise | Descuento | Korting
tax | Tax | Steuer | Taxe | Impuesto | Btw
amount | Amount | Betrag | Montant | Importe | Bedrag
tax_group | Tax group | Steuersatz | Taux | Tipo | Tarief
taxable | Taxable | Netto | Base | Base | Grondslag
subtotal | Subtotal | Zwischensumme | Sous-total | Subtotal | Subtotaal
tax_included | Tax included | Enthaltene Steuer | Dont taxe | Impuesto incluido | Inclusief btw
total | Total | Gesamt | Total | Total | Totaal
prepaid | Already paid | Bereits bezahlt | Déjà payé | Ya pagado | Reeds betaald
rounding | Rounding | Rundung | Arrondi | Redondeo | Afronding
notes | Notes | Hinweise | Remarques | Notas | Opmerkingen
terms | Terms | Zahlungsbedingungen | Conditions | Condiciones | Voorwaarden
bank_transfer | Bank transfer | Überweisung | Virement | Transferencia | Overschrijving
reference | Reference | Verwendungszweck | Référence | Referencia | Kenmerk
payment_reference | Reference | Referenz | Référence | Referencia | Kenmerk
vat_id | VAT | USt-IdNr. | TVA | IVA | Btw-nr.
tax_id | Tax ID | Steuernr. | N° fiscal | NIF | Fiscaal nr.
page | Page | Seite | Page | Página | Pagina
of | of | von | sur | de | van
received | Amount received | Betrag erhalten | Montant reçu | Importe recibido | Ontvangen bedrag
received_on | Received on | Erhalten am | Reçu le | Recibido el | Ontvangen op
method | Method | Zahlungsart | Moyen | Método | Betaalwijze
invoice_total | Invoice total | Rechnungsbetrag | Total facturé | Total factura | Factuurtotaal
remaining | Remaining balance | Restbetrag | Solde restant | Saldo pendiente | Resterend saldo
paid_in_full | Paid in full | Vollständig bezahlt | Soldée | Pagada por completo | Volledig betaald
statement | Statement of account | Kontoauszug | Relevé de compte | Estado de cuenta | Rekeningoverzicht
period | Period | Zeitraum | Période | Periodo | Periode
day | Date | Datum | Date | Fecha | Datum
entry | Entry | Vorgang | Opération | Movimiento | Boeking
movement | Amount | Betrag | Montant | Importe | Bedrag
balance | Balance | Saldo | Solde | Saldo | Saldo
opening_balance | Opening balance | Anfangssaldo | Solde initial | Saldo inicial | Beginsaldo
closing_balance | Closing balance | Endsaldo | Solde final | Saldo final | Eindsaldo
payment | Payment | Zahlung | Paiement | Pago | Betaling
refund | Refund | Erstattung | Remboursement | Reembolso | Terugbetaling
made_void | Made void | Storniert | Annulée | Anulada | Vervallen
by_age | Outstanding by age, on | Offen nach Alter, am | Ouvert par ancienneté, au | Pendiente por antigüedad, el | Openstaand naar ouderdom, op
not_due_yet | Not due yet | Noch nicht fällig | Non échu | No vencido | Nog niet vervallen
days_late | days late | Tage überfällig | jours de retard | días de retraso | dagen te laat
disputed | Disputed | Strittig | Contesté | En disputa | Betwist
credit | Your credit | Ihr Guthaben | Votre avoir | Su saldo a favor | Uw tegoed
credit_note | Credit note | Rechnungskorrektur | Facture d’avoir | Factura rectificativa | Creditnota
credited | Amount credited | Gutgeschriebener Betrag | Montant crédité | Importe abonado | Gecrediteerd bedrag
credited_on | Credited on | Gutgeschrieben am | Crédité le | Abonado el | Gecrediteerd op
reason | Reason | Grund | Motif | Motivo | Reden
discounts_and_rounding | Discounts and rounding | Rabatte und Rundung | Remises et arrondis | Descuentos y redondeo | Kortingen en afronding
behind | What is behind this line | Was hinter dieser Zeile steht | Ce que cette ligne facture | Qué hay detrás de esta línea | Wat achter deze regel zit
by_hand | Entered by hand | Von Hand erfasst | Saisi à la main | Introducido a mano | Met de hand ingevoerd
more | more | weitere | autres | más | meer
part_of | Part of a payment of | Teil einer Zahlung von | Partie d’un paiement de | Parte de un pago de | Deel van een betaling van
genuine | Genuine? Ask at | Echt? Prüfen auf | Authentique ? À vérifier sur | ¿Auténtico? Compruebe en | Echt? Controleer op
""")


def share_words(share: JobShare, currency: str, language: str) -> str:
    """Say what part of which job a line charges: 30% of 12,000.00."""
    percent = format_percent(share.percent, language)
    total = format_amount(share.job_total_minor, currency, language)
    return f"{percent} {words_for(language)[1].share_of} {total}"


def credited_lines(document: CreditNoteDocument) -> tuple[DocumentLine, ...]:
    """Name by its invoice what is no line of it, in the customer's language."""
    _, words = words_for(document.language)
    named = f"{words.invoice} {document.invoice_number}"
    return tuple(
        replace(line, name=named) if line.name == document.invoice_number else line
        for line in document.lines
    )


def words_for(language: str) -> tuple[str, Words]:
    """Return the language whose words are printed, English for one we lack."""
    spoken = language.split("-")[0].lower()
    spoken = spoken if spoken in WORDS else "en"
    return spoken, WORDS[spoken]
