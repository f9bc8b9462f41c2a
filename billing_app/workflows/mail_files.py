"""What a mail brings along: exactly what its reader could download by its link.

Each file is found as the holder of that link, so the walls around a visitor are
those around a mail, too.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from billing_app.database import authentication
from billing_app.database.authentication import NO_COOKIES, PortalNotAvailable
from billing_app.database.outbox import Claimed
from billing_app.documents.e_invoice import NotAnEInvoice, write_ubl
from billing_app.domain.actors import PortalVisitor, SystemActor
from billing_app.domain.document import DocumentKind
from billing_app.domain.e_invoice import BilledDocument
from billing_app.domain.errors import BillingError, NotFound
from billing_app.domain.mail_files import (
    BYTES_MAX,
    FILES_MAX,
    PATIENCE,
    PATIENCE_AFTER_FAILURE,
    WAITS_SINCE,
    ChosenFile,
    ChosenFiles,
    Withheld,
    attached_name,
)
from billing_app.domain.portal_invoice import PdfState
from billing_app.domain.portal_place import Door, PortalPlace
from billing_app.domain.portal_settings import MailFiles
from billing_app.gateways.errors import FileDamaged, FileMissing
from billing_app.gateways.mail import Attachment
from billing_app.queries import portal
from billing_app.queries.portal import ReadDocument
from billing_app.queries.portal_rules import read_invoice_rules
from billing_app.runtime import Runtime
from billing_app.services import issued_documents
from billing_app.services.mail_settings import note_files

log = logging.getLogger("tallyport.mail_files")


class StillPrinting(BillingError):
    """A file that the mail is to bring along is being made: look again soon."""

    code = "still_printing"


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A document that a mail is about, and the link that leads its reader there.

    Attributes:
        token: of the invoice's live link.
        part_id: of the payment or the credit note; 0 for the invoice itself.
    """

    invoice_id: int
    token: str
    kind: DocumentKind = DocumentKind.INVOICE
    part_id: int = 0


@dataclass(frozen=True, slots=True)
class _Offer:
    """A document as the holder of the link finds it."""

    enclosure: Enclosure
    visitor: PortalVisitor
    document: ReadDocument
    wish: MailFiles


class _Lost(Exception):
    """A file is not there, or no longer what it was."""


def take_files(
    runtime: Runtime,
    actor: SystemActor,
    message: Claimed,
    customer_id: int,
    enclosures: Sequence[Enclosure],
) -> tuple[Attachment, ...]:
    """Return what a mail to this customer brings along, as the business has set it.

    The first try notes what it has chosen before anything leaves. Another one brings
    the same bytes or, where the portal hides them by now, none.

    Raises:
        StillPrinting: a file is being made, and the mail has patience left.
    """
    wishes = [(it, _read_wish(runtime, actor, it.invoice_id)) for it in enclosures]
    wanted = [(it, wish) for it, wish in wishes if wish != MailFiles.LINK]
    noted = ChosenFiles.from_details(message.details)
    if not wanted:
        if noted is not None:
            runtime.run(actor, note_files, message.id, ChosenFiles())
        return ()
    found = (_find(runtime, it, wish) for it, wish in wanted)
    offers = [offer for offer in found if offer is not None]
    for offer in offers:
        reader = offer.visitor
        assert reader.workspace_id == actor.workspace_id, "another workspace's file"
        assert reader.customer_id == customer_id, "another customer's file"

    chosen = noted or _choose(runtime, actor, message, offers)
    chosen, attachments = _read(runtime, chosen, offers)
    if chosen != noted:
        runtime.run(actor, note_files, message.id, chosen)
    return attachments


def _read_wish(runtime: Runtime, actor: SystemActor, invoice_id: int) -> MailFiles:
    rules = runtime.run(actor, read_invoice_rules, invoice_id)
    return rules.settings.mail_files


def _find(runtime: Runtime, it: Enclosure, wish: MailFiles) -> _Offer | None:
    """Find a document as whoever holds the link does; None where it is hidden."""
    place = PortalPlace(Door.INVOICE_LINK, it.token, is_account=False)
    try:
        link = authentication.open_portal(
            runtime.engine, place, NO_COOKIES, runtime.now()
        )
        if not link.setup.settings.shows_pdf:
            return None
        document = (
            runtime.run(link.visitor, portal.find_credit_note, it.part_id)
            if it.kind == DocumentKind.CREDIT_NOTE
            else runtime.run(link.visitor, portal.find_document, it.part_id)
        )
    except (NotFound, PortalNotAvailable):
        return None
    if document.voided:
        # Nobody is sent what nobody has to pay any more.
        return None
    assert link.visitor.invoice_id == it.invoice_id, "another invoice's link"
    return _Offer(it, link.visitor, document, wish)


def _choose(
    runtime: Runtime, actor: SystemActor, message: Claimed, offers: list[_Offer]
) -> ChosenFiles:
    if not offers:
        return ChosenFiles(withheld=Withheld.HIDDEN)
    if len(offers) > FILES_MAX:
        return ChosenFiles(withheld=Withheld.TOO_LARGE)
    unprinted = [it for it in offers if not it.document.pdf_digest]
    if unprinted:
        # Nobody has asked so far for what was brought in from elsewhere.
        for it in () if WAITS_SINCE in message.details else unprinted:
            runtime.run(
                actor,
                issued_documents.promise_print,
                it.document.id,
                it.enclosure.kind,
            )
        has_failed = any(it.document.pdf == PdfState.FAILED for it in unprinted)
        if _waited(runtime, message) < (
            PATIENCE_AFTER_FAILURE if has_failed else PATIENCE
        ):
            raise StillPrinting("The PDF is being prepared.")
        log.warning("mail.without_pdf message=%s failed=%s", message.id, has_failed)
        return ChosenFiles(withheld=Withheld.NOT_PRINTED)

    lacks_xml = False
    files: list[ChosenFile] = []
    for it in offers:
        xml = b""
        if it.wish == MailFiles.PDF_AND_XML and it.enclosure.kind in _BILLED:
            xml = _write_xml(runtime, it)
            lacks_xml = lacks_xml or not xml
        files.append(
            ChosenFile(
                it.enclosure.kind,
                it.document.id,
                it.document.pdf_digest,
                _digest(xml) if xml else "",
            )
        )
    return ChosenFiles(tuple(files), Withheld.NOT_AN_E_INVOICE if lacks_xml else None)


def _waited(runtime: Runtime, message: Claimed) -> timedelta:
    since = message.details.get(WAITS_SINCE)
    return runtime.now() - datetime.fromisoformat(since) if since else timedelta()


def _read(
    runtime: Runtime, chosen: ChosenFiles, offers: list[_Offer]
) -> tuple[ChosenFiles, tuple[Attachment, ...]]:
    """Read what was chosen; all of it is still shown and whole, or nothing comes.

    Returns:
        What comes along after all, and its bytes.
    """
    offered = {
        (it.enclosure.kind, it.document.id, it.document.pdf_digest): it for it in offers
    }
    attachments: list[Attachment] = []
    size = 0
    try:
        for file in chosen.files:
            offer = offered.get((file.kind, file.document_id, file.pdf_digest))
            if offer is None:
                return ChosenFiles(withheld=Withheld.HIDDEN), ()
            size += runtime.files.path(file.pdf_digest).stat().st_size
            if size > BYTES_MAX:
                break
            attachments += _read_file(runtime, file, offer)
    except (FileMissing, FileDamaged, _Lost):
        log.exception("mail.file_lost")
        return ChosenFiles(withheld=Withheld.LOST), ()
    if max(size, sum(len(it.content) for it in attachments)) > BYTES_MAX:
        return ChosenFiles(withheld=Withheld.TOO_LARGE), ()
    return chosen, tuple(attachments)


def _read_file(runtime: Runtime, file: ChosenFile, offer: _Offer) -> list[Attachment]:
    name = attached_name(file.kind, offer.document.number)
    content = runtime.files.read(file.pdf_digest)
    read = [Attachment(f"{name}.pdf", content, "application/pdf")]
    if file.xml_digest:
        xml = _write_xml(runtime, offer)
        if _digest(xml) != file.xml_digest:
            # Another version of the program writes it in another way.
            raise _Lost
        read.append(Attachment(f"{name}.ubl.xml", xml, "application/xml"))
    return read


_BILLED = (DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE)


def _write_xml(runtime: Runtime, offer: _Offer) -> bytes:
    """Write the e-invoice of a document; nothing where it can't be one."""
    document: BilledDocument
    if offer.enclosure.kind == DocumentKind.CREDIT_NOTE:
        document = runtime.run(
            offer.visitor, portal.read_credit_note, offer.document.id
        )
    else:
        document = runtime.run(offer.visitor, portal.read_issued)
    try:
        return write_ubl(document)
    except NotAnEInvoice:
        return b""


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
