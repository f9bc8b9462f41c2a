"""The stored file of a document, and pictures of its pages."""

from __future__ import annotations

import hashlib
import threading
from datetime import UTC, date, datetime, time

from billing_app.database.authentication import OpenedLink
from billing_app.documents.render import render_standing
from billing_app.domain.actors import Actor, PortalVisitor, SystemActor
from billing_app.domain.asked import asked_minor
from billing_app.domain.check_code import check_code
from billing_app.domain.dates import Moment
from billing_app.domain.document import (
    InvoiceDocument,
    PaidPart,
    Standing,
    content_digest,
)
from billing_app.domain.errors import NotFound
from billing_app.domain.invoice import InvoiceState
from billing_app.domain.payment import print_method
from billing_app.domain.portal_invoice import PdfState, PortalFacts
from billing_app.queries import portal
from billing_app.queries.portal import ReadDocument, Voided
from billing_app.runtime import Runtime
from billing_app.services import issued_documents

# Twice what a page is wide on a large screen.
PICTURE_WIDTH = 1600
# The copy that says that an invoice is void; its pages are named after it.
_VOID = "void.pdf"
# Whoever asks second for the same pictures waits for the first.
_drawing = threading.Lock()


class NotPrinted(NotFound):
    """The document has no file yet, or cannot have one now.

    Attributes:
        is_coming: it is being made.
    """

    code = "not_printed"

    def __init__(self, *, is_coming: bool) -> None:
        super().__init__("The PDF is being prepared." if is_coming else "No PDF.")
        self.is_coming = is_coming


def read_pdf(runtime: Runtime, document: ReadDocument) -> bytes:
    """Return the file of a document: the same bytes each time.

    Of a void invoice it is the copy that says so and asks for nothing.

    Raises:
        NotPrinted: there is none yet.
    """
    if not document.pdf_digest:
        raise _not_printed(runtime, document)
    if document.voided:
        return _read_void(runtime, document, document.voided)
    return runtime.files.read(document.pdf_digest)


def _read_void(runtime: Runtime, document: ReadDocument, voided: Voided) -> bytes:
    """Print the copy of a void invoice once, and keep it beside the issued file."""
    kept = runtime.files.find_beside(document.pdf_digest, _VOID)
    if kept is None:
        actor = SystemActor(document.workspace_id, "print")
        issued = runtime.run(
            actor, issued_documents.find_to_print, voided.invoice_id, 0
        )
        assert issued is not None, "it has a file"
        standing = Standing.void(voided.on)
        content = portal.read_document(issued.content)
        kept = _print_copy(
            runtime,
            actor,
            voided.invoice_id,
            content,
            issued.content_digest,
            standing,
            voided.on,
        )
        runtime.files.keep_beside(document.pdf_digest, _VOID, kept)
    return kept


def print_standing(runtime: Runtime, link: OpenedLink) -> tuple[str, bytes]:
    """Return the number of an invoice, and a PDF of it with its payments of today.

    Raises:
        NotFound: it is not shown to this visitor, or it is as it was issued.
    """
    read = runtime.run(link.visitor, portal.read_invoice)
    facts, invoice_id = read.facts, link.visitor.invoice_id
    assert invoice_id is not None, "the address names one"
    document = facts.document
    if facts.state == InvoiceState.VOID or not _has_moved(facts):
        raise NotFound("There is nothing to add to the invoice's own PDF.")
    today = Moment(runtime.now(), link.setup.zone).today
    standing = Standing(
        received_minor=facts.allocated_minor,
        credited_minor=facts.credited_minor,
        outstanding_minor=facts.outstanding_minor,
        written_off_minor=facts.written_off_minor,
        parts=tuple(
            PaidPart(
                received_on=it.received_on,
                method=print_method(it.method, it.method_detail, document.language),
                amount_minor=it.part_minor,
            )
            for it in facts.received
            if it.part_minor
        ),
        as_of=today,
        payable_minor=asked_minor(
            facts.outstanding_minor, facts.processing_minor, facts.disputed_minor
        ),
    )
    actor = SystemActor(link.visitor.workspace_id, "print")
    issued_digest = content_digest(read.content)
    pdf = _print_copy(
        runtime, actor, invoice_id, document, issued_digest, standing, today
    )
    return document.number, pdf


def _print_copy(
    runtime: Runtime,
    actor: SystemActor,
    invoice_id: int,
    document: InvoiceDocument,
    issued_digest: str,
    standing: Standing,
    as_of: date,
) -> bytes:
    """Print an invoice as it stood on a day, and note the file to know it again.

    `issued_digest` is of the content that was issued; the check code is made of it.
    """
    digest = document.branding.logo_digest
    logo = runtime.files.read(digest) if digest else None
    # The same file all day, while nothing else is paid.
    made_at = datetime.combine(as_of, time(), UTC)
    check_at = check_address(runtime, issued_digest)
    html = render_standing(document, standing, logo, made_at, check_at)
    page_digest = hashlib.sha256(html.encode()).hexdigest()
    pdf = runtime.pdf.render(html, page_digest)
    file_digest = hashlib.sha256(pdf).hexdigest()
    runtime.run(actor, issued_documents.note_copy, invoice_id, file_digest, as_of)
    return pdf


def check_address(runtime: Runtime, content_digest: str) -> str:
    """Return where a document's holder can ask whether it is genuine."""
    return f"{runtime.public_url}/check/{check_code(content_digest)}"


def _has_moved(facts: PortalFacts) -> bool:
    return facts.outstanding_minor != facts.document.due_minor


def list_pages(
    runtime: Runtime, actor: Actor, base: str, invoice_id: int | None = None
) -> tuple[str, ...]:
    """Return the addresses of the pictures of an invoice's pages.

    None while it has no file. `base` is the path of the invoice's page.

    Raises:
        NotFound: the invoice is not shown to this visitor.
    """
    assert isinstance(actor, PortalVisitor)
    document = runtime.run(actor, portal.find_document, 0, invoice_id)
    if not document.pdf_digest:
        _not_printed(runtime, document)
        return ()
    count = _draw(runtime, document)
    return tuple(f"{base}/pages/{number}.png" for number in range(1, count + 1))


def read_page(runtime: Runtime, document: ReadDocument, number: int) -> bytes:
    """Return the picture of one page, counted from 1.

    Raises:
        NotPrinted: the document has no file yet.
        NotFound: it has fewer pages.
    """
    if not document.pdf_digest:
        raise _not_printed(runtime, document)
    if not 1 <= number <= _draw(runtime, document):
        raise NotFound("This page does not exist.")
    picture = runtime.files.find_beside(document.pdf_digest, _name(document, number))
    assert picture is not None, "counted, so drawn"
    return picture


def _not_printed(runtime: Runtime, document: ReadDocument) -> NotPrinted:
    """Say how far it is; what nobody has asked for so far is made now."""
    is_coming = document.pdf == PdfState.PENDING
    if is_coming:
        actor = SystemActor(document.workspace_id, "print")
        promise = issued_documents.promise_print
        runtime.run(actor, promise, document.id, document.kind, is_awaited=True)
    return NotPrinted(is_coming=is_coming)


def _draw(runtime: Runtime, document: ReadDocument) -> int:
    """Draw all pages of a file once; return how many there are."""
    pdf_digest = document.pdf_digest
    counted = f"{_prefix(document)}pages-{PICTURE_WIDTH}.txt"
    count = runtime.files.find_beside(pdf_digest, counted)
    if count is not None:
        return int(count)
    with _drawing:
        count = runtime.files.find_beside(pdf_digest, counted)
        if count is not None:
            return int(count)
        pdf = read_pdf(runtime, document)
        pictures = runtime.pdf.render_pages(pdf, PICTURE_WIDTH)
        for number, picture in enumerate(pictures, 1):
            runtime.files.keep_beside(pdf_digest, _name(document, number), picture)
        # Last, so that what is counted is there.
        runtime.files.keep_beside(pdf_digest, counted, str(len(pictures)).encode())
    return len(pictures)


def _name(document: ReadDocument, number: int) -> str:
    return f"{_prefix(document)}page-{PICTURE_WIDTH}-{number}.png"


def _prefix(document: ReadDocument) -> str:
    return "void-" if document.voided else ""
