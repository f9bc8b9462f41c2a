"""Crediting an invoice on its page: the form, what it would do, and what was done."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

import reflex as rx

from billing_app import runtime
from billing_app.domain.credit_note import CreditForm, CreditMode
from billing_app.domain.errors import DoneMeanwhile, InvalidInput
from billing_app.domain.trace import PrintedPart
from billing_app.queries.credit_notes import (
    CreditOffer,
    StaffCreditNote,
    preview_credit,
    read_offer,
)
from billing_app.queries.invoice_detail import InvoiceDetail
from billing_app.services import credit_notes
from billing_app.web import formats
from billing_app.web.doors import StaffState, staff_door
from billing_app.web.staff.invoice_words import paper_words


@dataclass(frozen=True, slots=True)
class CreditNoteLine:
    """A credit note as lists show it."""

    id: int
    number: str
    invoice: str
    invoice_href: str
    customer: str
    date: str
    what: str
    reason: str
    by: str
    amount: str
    href: str
    cii_href: str = ""
    ubl_href: str = ""
    parts: list[PrintedPart] = field(default_factory=list[PrintedPart])


@dataclass(frozen=True, slots=True)
class CreditableRow:
    """A line of the invoice that may be chosen."""

    place: int
    name: str
    amount: str
    is_credited: bool
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Figure:
    """A sum and its name."""

    name: str
    amount: str


class CreditState(StaffState, mixin=True):
    """A page about one invoice that can be credited and replaced.

    Attributes:
        errors: what is wrong with a field of the open dialog, by its name.
        dialog: which dialog of the page is open, or none.
        credit_figures: what the form would credit, and what follows from that.
        credit_lacks: what keeps the credit note from being an e-invoice.
    """

    errors: dict[str, str] = {}  # noqa: RUF012  (Reflex copies the defaults)
    dialog: str = ""
    credit_notes: list[CreditNoteLine] = []  # noqa: RUF012
    credit_mode: str = CreditMode.WHOLE.value
    credit_rows: list[CreditableRow] = []  # noqa: RUF012
    credit_amount: str = ""
    credit_key: str = ""
    credit_figures: list[Figure] = []  # noqa: RUF012
    credit_words: str = ""
    credit_lacks: str = ""
    credit_lead: str = ""
    credit_currency: str = ""

    _offer: CreditOffer | None = None

    @staff_door
    async def start_crediting(self) -> None:
        """Open the form with all that is left."""
        self.credit_rows = []
        await self._take_offer()
        self.credit_mode, self.credit_amount = CreditMode.WHOLE.value, ""
        self.credit_currency = self._shown().currency
        self.credit_key = secrets.token_hex(16)
        self._open_dialog("credit")
        await self._foresee_credit()

    @staff_door
    async def choose_credit_mode(self, mode: str) -> None:
        self.credit_mode = mode
        await self._foresee_credit()

    @staff_door
    async def choose_credit_line(self, place: int) -> None:
        """Choose a line, or leave it out again."""
        self.credit_rows = [
            CreditableRow(
                place=row.place,
                name=row.name,
                amount=row.amount,
                is_credited=row.is_credited,
                is_chosen=row.is_chosen != (row.place == place),
            )
            for row in self.credit_rows
        ]
        await self._foresee_credit()

    @staff_door
    async def type_credit_amount(self, amount: str) -> None:
        # Whoever presses at once is answered before the last key arrives here.
        answered = self.errors if amount == self.credit_amount else {}
        self.credit_amount = amount
        await self._foresee_credit()
        self.errors = {**answered, **self.errors}

    @staff_door
    async def issue_credit_note(self, form: dict[str, Any]) -> None:
        typed = form.get("amount", self.credit_amount)
        self.credit_amount = typed if isinstance(typed, str) else ""
        reason = form.get("reason", "")
        wanted = self._credit_form(reason if isinstance(reason, str) else "")
        it, made = self._shown(), self._made
        try:
            issued = await made(credit_notes.issue_credit_note, it.id, wanted)
        except DoneMeanwhile as refusal:
            # Shown as it is now; so the next press means it.
            await self._take_offer()
            await self._foresee_credit()
            self.errors = {**self.errors, "form": refusal.message}
            return
        if issued is None:
            return
        kept = issued.credit_minor
        more = f" {formats.money(kept, it.currency)} is their credit." if kept else ""
        self._notify(f"{issued.number} is issued.{more}")
        await self._read()

    @staff_door
    async def start_reissuing(self) -> None:
        self._open_dialog("reissue")

    @staff_door
    async def reissue(self, form: dict[str, Any]) -> Any:
        reason = form.get("reason", "")
        it = self._shown()
        made = await self._made(
            credit_notes.reissue, it.id, reason if isinstance(reason, str) else ""
        )
        if made is None:
            return None
        note = made.credit_note
        said = f"{note.number} is issued. " if note else ""
        self._notify(f"{said}This draft replaces {it.number}.")
        return rx.redirect(f"/invoices/{made.draft.invoice_id}/edit")

    def _shown(self) -> InvoiceDetail:
        raise NotImplementedError

    async def _read(self) -> None:
        raise NotImplementedError

    def _open_dialog(self, name: str) -> None:
        raise NotImplementedError

    async def _made(self, service: Any, *args: Any) -> Any:
        raise NotImplementedError

    async def _take_offer(self) -> None:
        """Show what is left to credit now; lines that are chosen stay so."""
        it = self._shown()
        self._offer = offer = await self._run(read_offer, it.id)
        left = formats.money(offer.left_minor, it.currency)
        self.credit_lead = f"{it.number}, {it.customer_name}, {left} left to credit"
        chosen = {row.place for row in self.credit_rows if row.is_chosen}
        self.credit_rows = [
            CreditableRow(
                place=line.place,
                name=line.name,
                amount=formats.money(line.amount_minor, it.currency),
                is_credited=line.is_credited,
                is_chosen=line.place in chosen and not line.is_credited,
            )
            for line in offer.lines
        ]

    def _credit_form(self, reason: str = "") -> CreditForm:
        return CreditForm(
            mode=self.credit_mode,
            lines=tuple(row.place for row in self.credit_rows if row.is_chosen),
            amount=self.credit_amount,
            reason=reason,
            request_key=self.credit_key,
            seen_left_minor=self._offer.left_minor if self._offer else None,
        )

    async def _foresee_credit(self) -> None:
        """Show what the form would credit, or nothing while it can't be read."""
        it = self._shown()
        self.errors = {}
        self.credit_figures, self.credit_words = [], "Issue credit note"
        self.credit_lacks = ""
        try:
            seen = await self._run(preview_credit, it.id, self._credit_form())
        except InvalidInput as refusal:
            is_untouched = not self.credit_amount.strip()
            if refusal.field == "amount" and not is_untouched:
                self.errors = {"amount": refusal.message}
            if refusal.field == "lines" and self._credit_form().lines:
                self.errors = {"lines": refusal.message}
            return

        def figure(name: str, minor: int) -> Figure:
            return Figure(name, formats.money(minor, it.currency))

        credit, fonts = seen.credit, runtime.current().settings.fonts_dir
        self.credit_lacks = paper_words(seen.document, fonts)
        self.credit_words = f"Credit {formats.money(credit.total_minor, it.currency)}"
        left = it.outstanding_minor - credit.amount_minor + credit.released_minor
        self.credit_figures = [
            figure("Net", credit.net_minor),
            *(figure(tax.name, tax.tax_minor) for tax in credit.taxes),
            figure("Credited", credit.total_minor),
            figure(f"{it.number} then asks for", left),
        ]
        if credit.released_minor:
            kept = figure("Becomes the customer's credit", credit.released_minor)
            self.credit_figures = [*self.credit_figures, kept]


def credit_note_line(it: StaffCreditNote) -> CreditNoteLine:
    """Put a credit note into the words of a list."""
    file = f"/api/credit-notes/{it.id}"
    return CreditNoteLine(
        id=it.id,
        number=it.number,
        invoice=it.invoice_number,
        invoice_href=f"/invoices/{it.invoice_id}",
        customer=it.customer_name,
        date=formats.full_day(it.issued_on),
        what=_what(it),
        reason=it.reason,
        by=it.issued_by,
        amount=formats.money(it.credited_minor, it.currency),
        href=f"{file}.pdf",
        cii_href=f"{file}.cii.xml" if it.is_e_invoice else "",
        ubl_href=f"{file}.ubl.xml" if it.is_e_invoice else "",
        parts=list(it.parts),
    )


def _what(it: StaffCreditNote) -> str:
    if it.mode == CreditMode.LINES:
        places = ", ".join(str(place) for place in it.lines)
        return f"Line {places}" if len(it.lines) == 1 else f"Lines {places}"
    return "An amount" if it.mode == CreditMode.AMOUNT else "All that was left"
