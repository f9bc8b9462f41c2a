"""The work behind each outbox topic: print a document, send a mail.

Each may run twice for one message, so each asks first whether it is still needed.
"""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from billing_app.database.outbox import Claimed
from billing_app.database.secrets import digest
from billing_app.documents.e_invoice import NotAnEInvoice, write_cii
from billing_app.documents.logo import shrink_logo
from billing_app.documents.mail import (
    LOGO_ID,
    MailContent,
    MailedFee,
    write_code_mail,
    write_comment_mail,
    write_credit_note_mail,
    write_dispute_mail,
    write_invoice_mail,
    write_link_mail,
    write_receipt_mail,
    write_receipts_mail,
    write_refund_mail,
    write_reminder_mail,
    write_resolution_mail,
    write_test_mail,
)
from billing_app.documents.render import render_print
from billing_app.domain.actors import SystemActor
from billing_app.domain.comment import Side
from billing_app.domain.dispute import outcome_words
from billing_app.domain.document import (
    AnyDocument,
    Branding,
    CreditNoteDocument,
    DocumentKind,
    InvoiceDocument,
    ReceiptDocument,
    from_json,
)
from billing_app.domain.errors import BillingError
from billing_app.domain.mail_choices import MailKind, MailReader
from billing_app.domain.mail_settings import MailSecurity
from billing_app.domain.portal_dispute import line_words, part_words
from billing_app.domain.speech import SOURCE_LANGUAGE
from billing_app.gateways.errors import FileDamaged, FileMissing, GatewayRefused
from billing_app.gateways.mail import (
    Attachment,
    MailGateway,
    OutgoingMail,
    SmtpServer,
)
from billing_app.queries import conversations, disputes, late_fees, mailing
from billing_app.queries import reminders as reminder_queries
from billing_app.queries.mail_choices import list_wanting
from billing_app.queries.mailing import MailFacts, Sender
from billing_app.runtime import Runtime
from billing_app.services import conversations as talking
from billing_app.services import (
    invoices,
    issued_documents,
    portal_sessions,
    reminders,
)
from billing_app.services.issued_documents import ToPrint
from billing_app.services.mail_choices import REACHED, note_reached
from billing_app.services.mail_settings import note_kept
from billing_app.workflows.document_files import check_address
from billing_app.workflows.mail_choices import choices_path
from billing_app.workflows.mail_files import Enclosure, take_files

log = logging.getLogger("tallyport.deliveries")

DEFAULT_SENDER = "invoices@localhost"
_MAIL_LOGO = "mail.png"
# Sharp on a screen with two dots for a pixel.
_MAIL_LOGO_HEIGHT = 72


class Undeliverable(BillingError):
    """Trying again would not help; a person has to mend something first."""

    code = "undeliverable"
    is_permanent = True


def render_document(runtime: Runtime, actor: SystemActor, message: Claimed) -> None:
    """Print an issued document once and keep the file under its digest."""
    document = _find_to_print(runtime, actor, message)
    if document is None or document.pdf_digest:
        return
    try:
        pdf = _signed(runtime, actor, print_document(runtime, document))
    except BillingError as refusal:
        runtime.run(
            actor,
            issued_documents.note_pdf_error,
            document.id,
            refusal.message,
            document.kind,
        )
        raise
    digest = runtime.files.put(pdf, ".pdf")
    runtime.run(actor, issued_documents.attach_pdf, document.id, digest, document.kind)


def _find_to_print(
    runtime: Runtime, actor: SystemActor, message: Claimed
) -> ToPrint | None:
    assert message.invoice_id is not None
    credit_note_id = message.details.get("credit_note_id")
    if credit_note_id:
        return runtime.run(
            actor, issued_documents.find_credit_note_to_print, credit_note_id
        )
    payment_id = message.details.get("payment_id") or 0
    return runtime.run(
        actor, issued_documents.find_to_print, message.invoice_id, payment_id
    )


def print_document(runtime: Runtime, document: ToPrint) -> bytes:
    """Return the PDF of a stored document: the same bytes each time."""
    printed: AnyDocument
    if document.kind == DocumentKind.RECEIPT:
        printed = from_json(ReceiptDocument, document.content)
    elif document.kind == DocumentKind.CREDIT_NOTE:
        printed = from_json(CreditNoteDocument, document.content)
    else:
        printed = from_json(InvoiceDocument, document.content)
    digest = printed.branding.logo_digest
    logo = runtime.files.read(digest) if digest else None
    check_at = check_address(runtime, document.content_digest)
    html = render_print(printed, logo, document.issued_at, check_at)
    return runtime.pdf.render(html, document.content_digest, _xml_of(printed))


def _signed(runtime: Runtime, actor: SystemActor, pdf: bytes) -> bytes:
    """Sign last of all: whatever is changed later breaks it."""
    signer = runtime.signer
    if signer is not None and signer.is_by_workspace:
        with runtime.reading(actor) as uow:
            signer = signer.of_workspace(uow.workspace.slug)
    return signer.sign(pdf, runtime.now()) if signer is not None else pdf


def _xml_of(printed: AnyDocument) -> bytes:
    """Return what goes inside the PDF; what cannot be an e-invoice stays plain."""
    if isinstance(printed, ReceiptDocument):
        return b""
    try:
        return write_cii(printed)
    except NotAnEInvoice:
        return b""


def mail_invoice(runtime: Runtime, actor: SystemActor, message: Claimed) -> None:
    """Tell the customer that an invoice is there, unless it is settled by now."""
    assert message.invoice_id is not None
    _mail_invoice(runtime, actor, message, message.invoice_id)


def _mail_invoice(
    runtime: Runtime, actor: SystemActor, message: Claimed, invoice_id: int
) -> None:
    facts = runtime.run(actor, mailing.read_mail_facts, invoice_id)
    if not facts.is_open:
        return
    if not facts.to:
        raise Undeliverable("The customer has no email address.")
    if not facts.token:
        raise Undeliverable("The invoice has no live link to send.")
    content = write_invoice_mail(
        facts.document,
        link=portal_url(runtime, facts.token),
        outstanding_minor=facts.outstanding_minor,
        is_payable_online=facts.is_payable_online,
    )
    enclosed = Enclosure(invoice_id, facts.token)
    files = take_files(runtime, actor, message, facts.customer_id, [enclosed])
    if _send(runtime, actor, message, facts.to, content, files=files):
        runtime.run(actor, invoices.note_mailed, invoice_id)


def mail_link(runtime: Runtime, actor: SystemActor, message: Claimed) -> None:
    """Send the live link to the address that staff named."""
    assert message.invoice_id is not None
    facts = runtime.run(actor, mailing.read_mail_facts, message.invoice_id)
    if not facts.token:
        raise Undeliverable("The link was revoked before the mail was sent.")
    content = write_link_mail(
        facts.document,
        link=portal_url(runtime, facts.token),
        outstanding_minor=facts.outstanding_minor,
        message=str(message.details.get("note", "")),
    )
    to = (str(message.details["email"]),)
    if _send(runtime, actor, message, to, content):
        runtime.run(actor, invoices.note_mailed, message.invoice_id)


def mail_receipt(runtime: Runtime, actor: SystemActor, message: Claimed) -> None:
    """Send the receipt of a payment, unless it was taken back meanwhile."""
    assert message.invoice_id is not None
    payment_id = int(message.details["payment_id"])
    receipt = runtime.run(
        actor, mailing.read_receipt_facts, message.invoice_id, payment_id
    )
    facts = runtime.run(actor, mailing.read_mail_facts, message.invoice_id)
    if receipt is None or not facts.to or not facts.token:
        return
    link = portal_url(runtime, facts.token)
    content = write_receipt_mail(receipt, link=link)
    links = ((message.invoice_id, facts.token),)
    if receipt.invoice_count > 1:
        receipts = runtime.run(actor, mailing.list_receipts, payment_id)
        content = write_receipts_mail(receipts, link=link)
        links = runtime.run(actor, mailing.list_receipt_links, payment_id)
    enclosed = [Enclosure(*it, DocumentKind.RECEIPT, payment_id) for it in links]
    files = take_files(runtime, actor, message, facts.customer_id, enclosed)
    _send_wanted(
        runtime,
        actor,
        message,
        facts,
        facts.to,
        MailKind.RECEIPTS,
        content,
        files=files,
    )


def mail_refund(runtime: Runtime, actor: SystemActor, message: Claimed) -> None:
    """Tell the customer of a refund, unless the money came back meanwhile."""
    assert message.invoice_id is not None
    facts = runtime.run(actor, mailing.read_mail_facts, message.invoice_id)
    refund = runtime.run(
        actor,
        mailing.find_refund,
        int(message.details["refund_id"]),
        facts.document.language,
    )
    if refund is None or not facts.to or not facts.token:
        return
    content = write_refund_mail(
        facts.document,
        link=portal_url(runtime, facts.token),
        amount_minor=refund.amount_minor,
        refunded_on=refund.refunded_on,
        method=refund.method,
        is_online=refund.is_online,
        outstanding_minor=facts.outstanding_minor,
    )
    _send_wanted(runtime, actor, message, facts, facts.to, MailKind.RECEIPTS, content)


def mail_credit_note(runtime: Runtime, actor: SystemActor, message: Claimed) -> None:
    """Tell the customer of a credit note, unless the invoice is not shown to them."""
    assert message.invoice_id is not None
    credit_note_id = int(message.details["credit_note_id"])
    document = runtime.run(actor, mailing.read_credit_note, credit_note_id)
    facts = runtime.run(actor, mailing.read_mail_facts, message.invoice_id)
    if document is None or not facts.token:
        return
    if not facts.to:
        raise Undeliverable("The customer has no email address.")
    content = write_credit_note_mail(
        document,
        link=portal_url(runtime, facts.token),
        outstanding_minor=facts.outstanding_minor,
    )
    enclosed = Enclosure(
        message.invoice_id, facts.token, DocumentKind.CREDIT_NOTE, credit_note_id
    )
    files = take_files(runtime, actor, message, facts.customer_id, [enclosed])
    _send(runtime, actor, message, facts.to, content, files=files)


def mail_comment(runtime: Runtime, actor: SystemActor, message: Claimed) -> None:
    """Tell one side what it has not read yet, one mail for a whole burst.

    Each dispute has bursts of its own. Whoever had the page open has read it
    meanwhile, and gets none.
    """
    assert message.invoice_id is not None
    invoice_id, reader = message.invoice_id, Side(message.details["reader"])
    dispute_id = int(message.details.get("dispute_id") or 0)
    unread = runtime.run(
        actor, conversations.find_unread, invoice_id, reader, dispute_id
    )
    if unread is None:
        return
    if unread.wait_until is not None:
        runtime.run(
            actor,
            talking.put_off_mail,
            invoice_id,
            reader,
            unread.wait_until,
            dispute_id,
        )
        return
    facts = runtime.run(actor, mailing.read_mail_facts, invoice_id)
    dispute = (
        runtime.run(actor, disputes.read_mailed, dispute_id) if dispute_id else None
    )
    is_to_staff = reader == Side.STAFF
    part = f"#dispute-{dispute_id}"
    if is_to_staff:
        to = runtime.run(actor, conversations.list_staff_addresses, invoice_id)
        part = part if dispute else "#conversation"
        link = f"{runtime.public_url}/invoices/{invoice_id}{part}"
    else:
        writing = runtime.run(actor, conversations.list_proven_addresses, invoice_id)
        asking = (dispute.opened_by,) if dispute and dispute.opened_by else ()
        to = tuple(dict.fromkeys((*facts.to, *writing, *asking)))
        part = part if dispute else "#comments"
        link = f"{portal_url(runtime, facts.token)}{part}"
    if not to:
        raise Undeliverable("There is no email address to tell of the comment.")
    if not is_to_staff and not facts.token:
        raise Undeliverable("The invoice has no live link to send.")
    language = SOURCE_LANGUAGE if is_to_staff else facts.document.language
    about = (
        line_words(facts.document, dispute.line_position, language) if dispute else ""
    )
    content = write_comment_mail(
        facts.document,
        link=link,
        comments=tuple(zip(unread.names, unread.bodies, strict=True)),
        count=unread.count,
        is_to_staff=is_to_staff,
        dispute=about,
    )
    if is_to_staff:
        _send(runtime, actor, message, to, content)
    else:
        _send_wanted(runtime, actor, message, facts, to, MailKind.COMMENTS, content)
    runtime.run(
        actor, talking.mark_mailed, invoice_id, reader, unread.last_id, dispute_id
    )


def mail_dispute_opened(runtime: Runtime, actor: SystemActor, message: Claimed) -> None:
    """Tell staff of a dispute, unless it is over by now."""
    assert message.invoice_id is not None
    dispute = runtime.run(
        actor, disputes.read_mailed, int(message.details["dispute_id"])
    )
    if dispute.outcome is not None:
        return
    facts = runtime.run(actor, mailing.read_mail_facts, message.invoice_id)
    to = runtime.run(actor, conversations.list_staff_addresses, message.invoice_id)
    if not to:
        raise Undeliverable("There is no email address to tell of the dispute.")
    content = write_dispute_mail(
        facts.document,
        link=f"{runtime.public_url}/invoices/{message.invoice_id}#disputes",
        amount_minor=dispute.amount_minor,
        about=line_words(facts.document, dispute.line_position, SOURCE_LANGUAGE),
        reason=dispute.reason,
        opened_by=dispute.opened_by,
    )
    _send(runtime, actor, message, to, content)


def mail_dispute_resolved(
    runtime: Runtime, actor: SystemActor, message: Claimed
) -> None:
    """Tell the customer how a dispute ended, and of what was credited with that."""
    assert message.invoice_id is not None
    dispute = runtime.run(
        actor, disputes.read_mailed, int(message.details["dispute_id"])
    )
    facts = runtime.run(actor, mailing.read_mail_facts, message.invoice_id)
    to = tuple(dict.fromkeys(x for x in (*facts.to, dispute.opened_by) if x))
    if not to:
        raise Undeliverable("The customer has no email address.")
    if not facts.token:
        raise Undeliverable("The invoice has no live link to send.")
    assert dispute.outcome is not None
    content = write_resolution_mail(
        facts.document,
        link=f"{portal_url(runtime, facts.token)}#disputes",
        amount_minor=dispute.amount_minor,
        about=line_words(facts.document, dispute.line_position),
        outcome=outcome_words(dispute.outcome, dispute.part_minor),
        answer=dispute.answer,
        part=part_words(facts.document, dispute.part_minor),
        credit_note=dispute.credit_note,
        outstanding_minor=facts.outstanding_minor,
    )
    kind, note_id = DocumentKind.CREDIT_NOTE, dispute.credit_note_id
    enclosed = Enclosure(message.invoice_id, facts.token, kind, note_id)
    wanted = [enclosed] if note_id else []
    files = take_files(runtime, actor, message, facts.customer_id, wanted)
    _send(runtime, actor, message, to, content, files=files)


def mail_reminder(runtime: Runtime, actor: SystemActor, message: Claimed) -> None:
    """Remind of an unpaid invoice, unless something keeps the reminder back by now.

    It asks for the invoice's late fees, too, and brings along the one it was charged
    with. Of that fee the customer hears in any case.
    """
    reminder_id = int(message.details["reminder_id"])
    reminder = runtime.run(actor, reminder_queries.find_reminder, reminder_id)
    if reminder is None:
        return
    fees = runtime.run(actor, late_fees.list_open_fees, reminder.invoice_id)
    charged = [fee.fee_id for fee in fees if fee.step == reminder.step]
    if reminder.obstacle:
        for fee_id in charged:
            _mail_invoice(runtime, actor, message, fee_id)
        return
    facts = runtime.run(actor, mailing.read_mail_facts, reminder.invoice_id)
    to = (reminder.email,) if reminder.email else facts.to
    if not to:
        raise Undeliverable("The customer has no email address.")
    if not facts.token:
        raise Undeliverable("The invoice has no live link to send.")
    facts_of_fees = {
        fee.fee_id: runtime.run(actor, mailing.read_mail_facts, fee.fee_id)
        for fee in fees
    }
    mailed = tuple(
        MailedFee(
            facts_of_fees[fee.fee_id].document.number,
            fee.asked_minor,
            portal_url(runtime, facts_of_fees[fee.fee_id].token),
        )
        for fee in fees
        if facts_of_fees[fee.fee_id].token
    )
    content = write_reminder_mail(
        facts.document,
        link=portal_url(runtime, facts.token),
        asked_minor=reminder.asked_minor,
        today=reminder.today,
        is_payable_online=facts.is_payable_online,
        fees=mailed,
    )
    if reminder.email:
        # Sent by hand to this address, whatever it wants to get by itself.
        _send(runtime, actor, message, to, content)
    else:
        enclosed = [
            Enclosure(fee_id, about.token)
            for fee_id, about in facts_of_fees.items()
            if fee_id in charged
        ]
        to = _send_wanted(
            runtime,
            actor,
            message,
            facts,
            to,
            MailKind.REMINDERS,
            content,
            files=take_files(runtime, actor, message, facts.customer_id, enclosed),
        )
    if to:
        runtime.run(actor, reminders.note_reminder_sent, reminder_id, to[0])


def mail_test(runtime: Runtime, actor: SystemActor, message: Claimed) -> None:
    """Send a mail that only shows that mail arrives."""
    sender = runtime.run(actor, mailing.read_sender)
    content = write_test_mail(sender.name, sender.branding.accent)
    _send(runtime, actor, message, (str(message.details["email"]),), content)


def mail_code(runtime: Runtime, actor: SystemActor, message: Claimed) -> None:
    """Make a one-time code and send it, if the address is one of the customer's.

    The code is in no transaction and no log; only its digest is stored.
    """
    made = runtime.run(
        actor,
        portal_sessions.make_code,
        int(message.details["code_id"]),
        str(message.details["email"]),
    )
    if made is None:
        return
    sender = runtime.run(actor, mailing.read_sender)
    content = write_code_mail(
        sender.name, sender.branding.accent, made.code, made.language
    )
    _send(runtime, actor, message, (str(message.details["email"]),), content)


def portal_url(runtime: Runtime, token: str) -> str:
    """Return the address of an invoice link."""
    return f"{runtime.public_url}/p/{token}"


def _send_wanted(
    runtime: Runtime,
    actor: SystemActor,
    message: Claimed,
    facts: MailFacts,
    to: tuple[str, ...],
    kind: MailKind,
    content: MailContent,
    *,
    files: tuple[Attachment, ...] = (),
) -> tuple[str, ...]:
    """Send to each address that has not refused such mail; return those.

    Each gets a mail of its own, with its own link to choose. Another try leaves out
    those who have theirs. An address that is refused for good keeps no other waiting.
    """
    wanting = runtime.run(actor, list_wanting, facts.customer_id, to, kind)
    reached = message.details.get(REACHED, [])
    refusal: GatewayRefused | None = None
    for email in wanting:
        if email in reached:
            continue
        reader = MailReader(actor.workspace_id, facts.customer_id, kind, email)
        url = f"{runtime.public_url}{choices_path(runtime, reader)}"
        try:
            _send(
                runtime,
                actor,
                message,
                (email,),
                content.with_choices(url),
                unsubscribe_url=url,
                suffix=f".{digest(email)[:12]}" if len(wanting) > 1 else "",
                files=files,
            )
        except GatewayRefused as error:
            log.warning("mail.address_refused message=%s", message.id)
            refusal = error
            continue
        if len(wanting) > 1:
            runtime.run(actor, note_reached, message.id, email)
            reached = [*reached, email]
    if refusal is not None and not reached:
        raise refusal
    return wanting


def _send(
    runtime: Runtime,
    actor: SystemActor,
    message: Claimed,
    to: tuple[str, ...],
    content: MailContent,
    *,
    unsubscribe_url: str = "",
    suffix: str = "",
    files: tuple[Attachment, ...] = (),
) -> bool:
    """Send one mail; `suffix` tells apart those that one message asks for.

    Returns:
        Whether it has left; where no server is set up it is kept here.
    """
    name = f"{message.topic}.{message.workspace_id}.{message.id}{suffix}"
    sender = runtime.run(actor, mailing.read_sender)
    host = urlsplit(runtime.public_url).hostname or "localhost"
    logo = _find_logo(runtime, sender.branding)
    content = content.with_logo(sender.branding) if logo else content
    mail = OutgoingMail(
        message_id=f"{name}@{host}",
        sender_name=sender.name,
        to=to,
        subject=content.subject,
        text=content.text,
        html=content.html,
        sent_at=message.created_at,
        reply_to=sender.reply_to,
        unsubscribe_url=unsubscribe_url,
        attachments=(*((logo,) if logo else ()), *files),
    )
    gateway = _gateway(runtime, sender)
    gateway.send_and_wait(mail)
    has_left = gateway.has_server or runtime.sends_mail
    if not has_left:
        runtime.run(actor, note_kept, message.id)
    return has_left


def _find_logo(runtime: Runtime, branding: Branding) -> Attachment | None:
    """Return the logo in the size of a mail's head, made once.

    It travels in the mail: one that is fetched would tell when, and where, the mail
    is read. A file that is lost is no reason to keep the mail back.
    """
    digest = branding.logo_digest
    if not digest:
        return None
    picture = runtime.files.find_beside(digest, _MAIL_LOGO)
    if picture is None:
        try:
            picture = shrink_logo(runtime.files.read(digest), _MAIL_LOGO_HEIGHT)
        except (FileMissing, FileDamaged):
            log.warning("mail.logo_missing digest=%s", digest)
            return None
        runtime.files.keep_beside(digest, _MAIL_LOGO, picture)
    return Attachment("logo.png", picture, "image/png", LOGO_ID)


def _gateway(runtime: Runtime, sender: Sender) -> MailGateway:
    """Return the workspace's own server, else the installation's, else the mailbox.

    Its own must be on the internet, or one that the installation allows: nobody may
    look around in its network, or send in its name. In the demo nothing ever leaves
    the machine.
    """
    settings = runtime.settings
    own = sender.mail
    server = SmtpServer.from_url(settings.smtp_url) if settings.smtp_url else None
    if own.host:
        server = SmtpServer(
            host=own.host,
            port=own.port,
            user=own.user,
            password=sender.password,
            is_wrapped=own.security == MailSecurity.TLS,
            starttls=own.security == MailSecurity.STARTTLS,
            is_public=own.host.lower() not in settings.smtp_private_hosts,
        )
    if settings.is_demo:
        server = None
    address = own.sender or settings.mail_from or DEFAULT_SENDER
    return MailGateway(address, mailbox=settings.data_dir / "mailbox", server=server)
