"""One invoice as staff see it: its facts in words, and what a press does."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote

import reflex as rx

from billing_app import runtime
from billing_app.documents.mail import write_text_message
from billing_app.documents.render import render_sheet
from billing_app.domain.asked import asked_minor
from billing_app.domain.behind import Behind, describe_lines
from billing_app.domain.contact import check_email
from billing_app.domain.dispute import ResolveForm
from billing_app.domain.document import InvoiceDocument, Standing
from billing_app.domain.errors import (
    BillingError,
    DoneMeanwhile,
    InvalidInput,
    NotFound,
)
from billing_app.domain.invoice import InvoiceStatus
from billing_app.domain.money import Money
from billing_app.domain.payment import is_excess, parse_received
from billing_app.domain.short_link import short_path
from billing_app.queries.billable_events import list_behind
from billing_app.queries.invoice_detail import InvoiceDetail, read_invoice
from billing_app.queries.reminders import list_held_back
from billing_app.queries.timeline import Timeline, read_invoice_timeline
from billing_app.services import (
    disputes,
    drafts,
    invoices,
    payments,
    portal_links,
    promises,
    reminders,
    write_offs,
)
from billing_app.web import formats
from billing_app.web.doors import staff_door, staff_watch
from billing_app.web.staff import invoice_words as words
from billing_app.web.staff.credit_state import CreditState, credit_note_line
from billing_app.web.staff.invoice_words import (
    DisputeLine,
    Fact,
    InvoiceCard,
    MailLine,
    PaymentLine,
)
from billing_app.web.staff.late_fees_state import LateFeesState
from billing_app.web.staff.live import changes
from billing_app.web.staff.mail_words import mail_words
from billing_app.web.staff.payment_fields import PaymentFormState
from billing_app.web.staff.portal_desk_state import InvoicePortalState
from billing_app.web.staff.record import RecordState
from billing_app.web.staff.timeline import TimelineState
from billing_app.web.undo import UndoState
from billing_app.workflows import refunds

PATH = "/invoices"


class InvoiceDetailState(
    UndoState,
    RecordState,
    InvoicePortalState,
    TimelineState,
    CreditState,
    LateFeesState,
    PaymentFormState,
    rx.State,
):
    """The invoice that the address names.

    Attributes:
        shape: loading, gone or shown.
        link_url: the secret link, only after somebody asked for it.
        short_url: the same in a form that fits a text message.
        reminder_hindrance: why no reminder can leave now; empty where one can.
        sheet: the document as HTML, drawn by the server.
    """

    shape: str = "loading"
    card: InvoiceCard = InvoiceCard()
    payments: list[PaymentLine] = []  # noqa: RUF012
    disputes: list[DisputeLine] = []  # noqa: RUF012
    mails: list[MailLine] = []  # noqa: RUF012
    failed_mails: list[MailLine] = []  # noqa: RUF012
    facts: list[Fact] = []  # noqa: RUF012
    sheet: str = ""
    live: str = ""
    link_url: str = ""
    short_url: str = ""
    sms_href: str = ""
    becomes: str = ""
    becomes_balance: str = ""
    record_words: str = ""
    is_excess: bool = False
    share_email: str = ""
    reminder_hindrance: str = ""
    reversing: str = ""
    refund_amount: str = ""
    refund_words: str = ""
    credit_amount: str = ""
    resolving: str = ""
    is_busy: bool = False

    _detail: InvoiceDetail | None = None
    _drawn: str = ""
    _reversing_id: int = 0
    _seen_outstanding: int = 0
    _seen_refunded: int = 0
    _resolving_id: int = 0

    # Reading

    @staff_door
    async def open(self) -> Any:
        """Show the invoice that the address names."""
        self.link_url = self.short_url = self.sms_href = self.dialog = ""
        try:
            await self._read()
        except BillingError as refusal:
            self._detail = None
            self.shape = "gone"
            self._show_here()
            if isinstance(refusal, NotFound):
                # The page itself says so.
                return None
            raise
        assert self._detail is not None
        if self._detail.status == InvoiceStatus.DRAFT:
            # Its page is the builder: nothing of it is shown on the way there.
            self.shown_at = ""
            return rx.redirect(f"{PATH}/{self._detail.id}/edit", replace=True)
        return None

    @staff_watch
    async def watch(self) -> None:
        """Show what others do to the invoice as they do it."""
        invoice_id = self._segment_id(1)
        topics = (f"invoice:{invoice_id}", f"activity:invoice:{invoice_id}")
        async for _ in changes(self, *topics):
            async with self:
                if self.shape == "shown":
                    await self._read()

    async def _read(self) -> None:
        it = await self._run(read_invoice, self._segment_id(1))
        is_other = self._detail is None or self._detail.id != it.id
        self._detail = it
        await self._read_timeline(anew=is_other)
        here = runtime.current()
        self.card = words.card_of(it, here.settings.fonts_dir, here.pdf.problem)
        self.payments = words.payment_lines(it)
        self.disputes = words.dispute_lines(it)
        self.credit_notes = [credit_note_line(note) for note in it.credit_notes]
        self.mails = words.mail_lines(it)
        self.failed_mails = [mail for mail in self.mails if mail.is_failed]
        self.facts = words.facts_of(it)
        await self._read_late_fees(it.id, it.currency, it.moment)
        self.live = formats.live_words(it.moment)
        await self._read_portal()
        drawing = f"{it.number} {it.voided_on}"
        if it.document is not None and self._drawn != drawing:
            logo = it.document.branding.logo_digest
            address = f"/logo/{logo}.png" if logo else ""
            behind = await self._behind(it.id, it.document, it.moment.zone)
            sheet = await asyncio.to_thread(
                partial(render_sheet, opens_behind=True, explains=True),
                it.document,
                address,
                Standing.void(it.voided_on) if it.voided_on else None,
                behind,
            )
            self.sheet, self._drawn = str(sheet), drawing
        self.shape = "shown"
        self._show_here()

    async def _behind(
        self, invoice_id: int, document: InvoiceDocument, zone: str
    ) -> tuple[Behind, ...]:
        """Return what is behind each line; the sheet only says how much."""
        return describe_lines(
            await self._run(list_behind, invoice_id),
            len(document.lines),
            currency=document.currency,
            zone=zone,
            language=document.language,
            shown_max=0,
        )

    async def _timeline_of(self, older: str) -> Timeline:
        return await self._run(read_invoice_timeline, self._shown().id, older)

    def _shown(self) -> InvoiceDetail:
        """Return the invoice in view; an id never comes from the browser."""
        if self._detail is None:
            raise InvalidInput("Open an invoice first.")
        return self._detail

    # The link

    @staff_door
    async def copy_link(self) -> None:
        """Hand the live link to the browser, which copies it."""
        token = await self._run(portal_links.copy_link, self._shown().id)
        self._show_link(token)
        await self._read()

    @staff_door
    async def new_link(self) -> None:
        token = await self._run(portal_links.new_link, self._shown().id)
        self._show_link(token)
        self._notify("New link made. Every older link has stopped working.")
        await self._read()

    @staff_door
    async def revoke_access(self) -> None:
        count = await self._run(portal_links.revoke_links, self._shown().id)
        self.link_url = self.short_url = self.sms_href = ""
        self._notify(
            "Access revoked. The link opens nothing any more."
            if count
            else "No link was working, so there was nothing to revoke."
        )
        await self._read()

    @staff_door
    async def preview_as_customer(self) -> Any:
        """Open the customer's page in a new tab; no view is recorded."""
        path = await self._run(portal_links.preview_invoice, self._shown().id)
        return rx.redirect(path, is_external=True)

    @staff_door
    async def start_sharing(self) -> None:
        token = await self._run(portal_links.copy_link, self._shown().id)
        self._show_link(token)
        self.share_email = self._shown().customer_email
        self._open_dialog("share")
        await self._read()

    @staff_door
    async def share_by_mail(self, form: dict[str, Any]) -> None:
        try:
            email = check_email(_text(form, "email"), "email")
        except InvalidInput as refusal:
            self.errors = {"email": refusal.message}
            return
        await self._run(portal_links.share_by_mail, self._shown().id, email)
        self.dialog = ""
        sent = f"The link is on its way to {email}."
        self._notify(await mail_words(self, sent))
        await self._read()

    def _show_link(self, token: str) -> None:
        public_url = runtime.current().public_url
        self.link_url = f"{public_url}/p/{token}"
        self.short_url = f"{public_url}{short_path(token)}"
        it = self._shown()
        assert it.document is not None  # A draft has no link.
        asked = asked_minor(
            it.outstanding_minor, it.processing_minor, it.disputed_minor
        )
        message = write_text_message(
            it.document, link=self.short_url, asked_minor=asked
        )
        self.sms_href = f"sms:?&body={quote(message, safe='')}"

    # Its life

    @staff_door
    async def publish(self) -> None:
        await self._run(invoices.publish, self._shown().id)
        await self._read()
        self._notify(f"Published. {await self._mail_after_publishing()}")

    async def _mail_after_publishing(self) -> str:
        it = self._shown()
        if not it.mails:
            return "No mail leaves yet: customers get it when it is marked as sent."
        if not it.customer_email:
            return "The customer has no email address: copy the link to share it."
        return await mail_words(self, "The customer gets a mail with the link.")

    @staff_door
    async def mark_sent(self) -> None:
        await self._run(invoices.mark_sent, self._shown().id)
        self._notify("Marked as sent.")
        await self._read()

    @staff_door
    async def mail_again(self) -> None:
        """Send the mail about the invoice once more; the page has asked."""
        await self._run(invoices.mail_again, self._shown().id)
        self._notify(await mail_words(self, "The mail is on its way again."))
        await self._read()

    @staff_door
    async def duplicate(self, form: dict[str, Any]) -> Any:
        copy = await self._run(drafts.duplicate, self._shown().id)
        return rx.redirect(f"{PATH}/{copy.invoice_id}/edit?copied=1")

    @staff_door
    async def archive(self) -> None:
        it = self._shown()
        await self._run(invoices.archive, it.id)
        self._offer_undo(f"{it.number} archived.", it.id)
        await self._read()

    @staff_door
    async def unarchive(self) -> None:
        it = self._shown()
        await self._run(invoices.unarchive, it.id)
        self._notify(f"{it.number} is back in the lists.")
        await self._read()

    @staff_door
    async def undo(self, key: str) -> None:
        archived: int | None = self._offered(key)
        if archived is not None:
            await self._run(invoices.unarchive, archived)
            await self._read()
        await self.dismiss_notice(key)

    @staff_door
    async def start_voiding(self) -> None:
        self._open_dialog("void")

    @staff_door
    async def void(self, form: dict[str, Any]) -> None:
        it = self._shown()
        if await self._tried(invoices.void, it.id, _text(form, "reason")):
            self._notify(f"{it.number} is void.")
            await self._read()

    @staff_door
    async def start_writing_off(self) -> None:
        self._open_dialog("write-off")

    @staff_door
    async def write_off(self, form: dict[str, Any]) -> None:
        it, reason = self._shown(), _text(form, "reason")
        service, asked = write_offs.write_off, it.outstanding_minor
        if await self._tried(service, it.id, reason, asked):
            self._notify(f"{formats.money(asked, it.currency)} written off.")
            await self._read()

    @staff_door
    async def start_undoing_write_off(self) -> None:
        self._open_dialog("undo-write-off")

    @staff_door
    async def undo_write_off(self, form: dict[str, Any]) -> None:
        it, reason = self._shown(), _text(form, "reason")
        if await self._tried(write_offs.undo_write_off, it.id, reason):
            self._notify(f"{it.number} asks for its rest again.")
            await self._read()

    @staff_door
    async def retry_mail(self, message_id: int) -> None:
        await self._run(invoices.retry_mail, message_id)
        self._notify(await mail_words(self, "The mail is on its way again."))
        await self._read()

    # Money

    @staff_door
    async def start_payment(self) -> None:
        it = self._shown()
        is_shown = it.published_at is not None
        await self._begin_payment(is_shown=is_shown, email=it.customer_email)
        amount = formats.typed_amount(max(it.outstanding_minor, 0), it.currency)
        self.payment = {
            "amount": amount,
            "received_on": it.moment.today.isoformat(),
            "request_key": secrets.token_hex(16),
        }
        self._seen_outstanding = it.outstanding_minor
        self._foresee(amount)
        self._open_dialog("payment")

    @staff_door
    async def foresee(self, amount: str) -> None:
        """Say what will be true once this amount is recorded."""
        # Whoever presses at once is answered before the last key arrives here.
        if amount != self.payment.get("amount"):
            self.errors = {**self.errors, "amount": ""}
        self.payment = {**self.payment, "amount": amount}
        self._foresee(amount)

    @staff_door
    async def record_payment(self, form: dict[str, Any]) -> None:
        it = self._shown()
        typed = self._take_payment(form, it.currency)
        recorded = replace(typed, seen_outstanding_minor=self._seen_outstanding)
        early = self._asks_about_early(recorded.received_on, it.issued_on)
        outstanding = Money(max(it.outstanding_minor, 0), it.currency)
        excess = self._asks_about_excess(recorded.amount, outstanding)
        if early or excess:
            self.errors = {"received_on": early, "amount": excess}
            # What is outstanding was told with it.
            self._seen_outstanding = it.outstanding_minor
            return
        try:
            is_recorded = await self._tried(payments.record_payment, it.id, recorded)
        except DoneMeanwhile as refusal:
            # Shown as it is now; so the next press means it.
            await self._read()
            self._seen_outstanding = self._shown().outstanding_minor
            self._foresee(recorded.amount)
            self.errors = {"amount": refusal.message}
            return
        if is_recorded:
            self._notify("Payment recorded.")
            await self._read()

    @staff_door
    async def start_reversing(self, payment_id: int) -> None:
        found = [line for line in self.payments if line.id == payment_id]
        if not found or not found[0].is_reversible:
            raise InvalidInput("That payment can't be reversed here.")
        self._reversing_id = payment_id
        self.reversing = f"{found[0].amount} of {found[0].date}"
        self._open_dialog("reverse")

    @staff_door
    async def reverse_payment(self, form: dict[str, Any]) -> None:
        reason = _text(form, "reason")
        if await self._tried(payments.reverse_payment, self._reversing_id, reason):
            self._notify("Payment reversed.")
            await self._read()

    @staff_door
    async def start_refunding(self, payment_id: int) -> None:
        found = [line for line in self.payments if line.id == payment_id]
        if not found or not found[0].credit:
            raise InvalidInput("There is no credit in that payment.")
        self._reversing_id = payment_id
        self._see_refunded()
        self.refund_amount = found[0].credit
        self.reversing = f"{found[0].amount} of {found[0].date}"
        self.refund_words = found[0].returns
        self._open_dialog("refund")

    @staff_door
    async def refund(self, form: dict[str, Any]) -> None:
        self.errors = {}
        amount = _text(form, "amount")
        try:
            await self._run_workflow(
                refunds.refund, self._reversing_id, amount, self._seen_refunded
            )
        except InvalidInput as refusal:
            if refusal.field is None:
                raise
            self.errors = {refusal.field: refusal.message}
            if isinstance(refusal, DoneMeanwhile):
                # Shown as it is now; so the next press means it.
                await self._read()
                self._see_refunded()
            return
        self.dialog = ""
        self._notify("Refunded.")
        await self._read()

    def _see_refunded(self) -> None:
        """Keep what the page shows to be refunded of the chosen payment."""
        self._seen_refunded = next(
            x.refunded_minor
            for x in self._shown().payments
            if x.id == self._reversing_id
        )

    @staff_door
    async def start_using_credit(self) -> None:
        it = self._shown()
        usable = max(min(it.credit_minor, it.outstanding_minor), 0)
        self.credit_amount = formats.typed_amount(usable, it.currency)
        # What a second press passes too: it must not pay the rest as well.
        self._seen_outstanding = it.outstanding_minor
        self._open_dialog("use-credit")

    @staff_door
    async def use_credit(self, form: dict[str, Any]) -> None:
        if self.dialog != "use-credit":
            return
        it, amount = self._shown(), _text(form, "amount")
        self.credit_amount = amount
        service, seen = payments.allocate_credit, self._seen_outstanding
        if await self._tried(service, it.id, amount, seen):
            self._notify("Credit used.")
            await self._read()

    # Disputes

    @staff_door
    async def start_resolving(self, dispute_id: int) -> None:
        found = [line for line in self.disputes if line.id == dispute_id]
        if not found or not found[0].is_open:
            raise InvalidInput("That dispute is over already.")
        self._resolving_id = dispute_id
        self.resolving = f"{found[0].about}, {found[0].amount}"
        self._open_dialog("resolve")

    @staff_door
    async def resolve_dispute(self, form: dict[str, Any]) -> Any:
        typed = {
            name: _text(form, name) for name in ("outcome", "answer", "note", "amount")
        }
        decided = ResolveForm(**typed)
        resolved = await self._made(
            disputes.resolve_dispute, self._resolving_id, decided
        )
        if resolved is None:
            return None
        note = resolved.credit_note_number
        made = f" {note} is issued." if note else ""
        mail = await mail_words(self, "The customer gets a mail.")
        self._notify(f"Answered.{made} {mail}")
        await self._read()
        if resolved.draft_id:
            return rx.redirect(f"{PATH}/{resolved.draft_id}/edit")
        return None

    # Asking for it

    @staff_door
    async def start_reminding(self) -> None:
        held = await self._run(list_held_back, [self._shown().id])
        self.reminder_hindrance = held[0].obstacle if held else ""
        self.share_email = self._shown().customer_email
        self._open_dialog("reminder")

    @staff_door
    async def send_reminder(self, form: dict[str, Any]) -> None:
        email = _text(form, "email")
        if await self._tried(reminders.send_reminder, self._shown().id, email):
            sent = f"The reminder is on its way to {email.strip()}."
            self._notify(await mail_words(self, sent))
            await self._read()

    @staff_door
    async def start_noting_promise(self) -> None:
        self._open_dialog("promise")

    @staff_door
    async def note_promise(self, form: dict[str, Any]) -> None:
        promised_on, who = _text(form, "promised_on"), _text(form, "promised_by")
        it = self._shown()
        if await self._tried(promises.note_promise, it.id, promised_on, who):
            self._notify("Noted. Reminders wait until then.")
            await self._read()

    @staff_door
    async def close_dialog(self) -> None:
        self.dialog = ""

    def _open_dialog(self, name: str) -> None:
        self.errors = {}
        self.dialog = name

    async def _tried(self, service: Any, *args: Any) -> bool:
        """Run a dialog's service: close it on success, else say what is wrong."""
        await self._made(service, *args)
        return not self.errors

    async def _made(self, service: Any, *args: Any) -> Any:
        """Do as `_tried`; return what the service made, or None when refused."""
        self.errors = {}
        try:
            made = await self._run(service, *args)
        except InvalidInput as refusal:
            if refusal.field is None or isinstance(refusal, DoneMeanwhile):
                raise
            self.errors = {refusal.field: refusal.message}
            return None
        self.dialog = ""
        return made

    def _foresee(self, amount: str) -> None:
        it = self._shown()
        try:
            paid = parse_received(amount, it.currency).minor
        except InvalidInput:
            self.is_excess = False
            self.becomes = self.becomes_balance = ""
            self.record_words = "Record payment"
            return
        left = it.outstanding_minor - paid
        self.is_excess = is_excess(
            Money(paid, it.currency), Money(max(it.outstanding_minor, 0), it.currency)
        )
        self.record_words = f"Record {formats.money(paid, it.currency)}"
        self.becomes_balance = f"Balance {formats.money(max(left, 0), it.currency)}"
        self.becomes = words.becomes(it, left)
        if left < 0:
            credit = formats.money(-left, it.currency)
            self.becomes += f", {credit} is the customer's credit"


def _text(form: dict[str, Any], name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""
