"""Files of documents: the PDF of an invoice, its XML, pictures of pages, receipts.

Each request proves anew that it may have the file. Whatever it may not have is not
found, in the same words as any wrong link.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from markupsafe import Markup
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from billing_app import runtime
from billing_app.database.authentication import (
    OpenedLink,
    PortalNotAvailable,
)
from billing_app.documents.e_invoice import NotAnEInvoice, write_cii, write_ubl
from billing_app.documents.portal import render_message
from billing_app.domain.document import DocumentKind, file_name
from billing_app.domain.e_invoice import BilledDocument
from billing_app.domain.errors import (
    BillingError,
    DiskFull,
    NotFound,
    NotPermitted,
    NotSignedIn,
)
from billing_app.domain.portal_invoice import (
    NOT_AVAILABLE,
    NOT_FOUND,
    VOID_HAS_NO_XML,
)
from billing_app.domain.portal_place import INVOICE_ROUTES
from billing_app.domain.speech import later
from billing_app.domain.visit import VisitKind
from billing_app.endpoints import route_ids, visits
from billing_app.endpoints.portal_request import language_of, open_page
from billing_app.endpoints.staff_request import staff_of
from billing_app.queries import issued_files, portal
from billing_app.queries.portal import ReadDocument
from billing_app.workflows import document_files
from billing_app.workflows.document_files import NotPrinted

# How soon a browser asks again for a file that is being made.
_AGAIN_SECONDS = 2
# What stands behind the page's own address.
_FILE = re.compile(
    r"/(invoice-with-payments\.pdf|invoice\.(?:pdf|cii\.xml|ubl\.xml)|pages/[^/]+|receipts/[^/]+"
    r"|credit-notes/[^/]+)$"
)
_PREPARING = (
    later("The PDF is being prepared"),
    later("It takes a few seconds. This page asks again by itself."),
)
_NO_XML = later("This document can’t be an e-invoice")
_NO_PDF = (
    later("No PDF at the moment"),
    later(
        "The PDF can’t be made right now. The invoice’s own page shows the same "
        "invoice, and it can be printed."
    ),
)


def download_routes(head: Markup) -> list[Route]:
    """Return the routes of files; `head` links the stylesheets of their refusals."""
    route_ids.register()
    refusals = _Refusals(head)

    def route(path: str, answer: Callable[[Request], Response]) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                return await run_in_threadpool(answer, request)
            except NotSignedIn:
                if path.startswith("/account/"):
                    return RedirectResponse(
                        f"/account/{request.path_params['slug']}", 303
                    )
                return RedirectResponse("/sign-in", 303)
            except DiskFull:
                raise
            except BillingError as refusal:
                return refusals.answer(request, refusal)

        return Route(path, endpoint, methods=["GET"])

    return [
        *(
            route(f"{page}/{file}", answer)
            for page in INVOICE_ROUTES
            for file, answer in (
                ("invoice.pdf", portal_invoice),
                ("invoice-with-payments.pdf", portal_standing),
                ("invoice.cii.xml", portal_e_invoice),
                ("invoice.ubl.xml", portal_e_invoice),
                ("pages/{number:id}.png", portal_page),
                ("receipts/{payment_id:id}.pdf", portal_receipt),
                ("credit-notes/{credit_note_id:id}.pdf", portal_credit_note),
                ("credit-notes/{credit_note_id:id}.cii.xml", portal_e_credit_note),
                ("credit-notes/{credit_note_id:id}.ubl.xml", portal_e_credit_note),
            )
        ),
        route("/api/invoices/{invoice_id:id}/invoice.pdf", staff_invoice),
        route(
            "/api/invoices/{invoice_id:id}/receipts/{payment_id:id}.pdf", staff_receipt
        ),
        route("/api/credit-notes/{credit_note_id:id}.pdf", staff_credit_note),
        route("/api/credit-notes/{credit_note_id:id}.cii.xml", staff_e_credit_note),
        route("/api/credit-notes/{credit_note_id:id}.ubl.xml", staff_e_credit_note),
        route("/api/invoices/{invoice_id:id}/invoice.cii.xml", staff_e_invoice),
        route("/api/invoices/{invoice_id:id}/invoice.ubl.xml", staff_e_invoice),
    ]


def portal_invoice(request: Request) -> Response:
    link, document = _find_invoice(request)
    return _kept(
        request, link, VisitKind.PDF, _pdf(request, document, DocumentKind.INVOICE)
    )


def portal_standing(request: Request) -> Response:
    """Send the invoice with what was paid since, printed for this request."""
    link = _open(request)
    number, content = document_files.print_standing(runtime.current(), link)
    name = file_name(DocumentKind.INVOICE, number)
    answer = Response(
        content,
        media_type="application/pdf",
        headers={
            "content-disposition": f'attachment; filename="{name}-with-payments.pdf"',
            "cache-control": "no-store",
        },
    )
    return _kept(request, link, VisitKind.PDF, answer)


def portal_e_invoice(request: Request) -> Response:
    link, found = _find_invoice(request)
    if found.voided:
        raise NotAnEInvoice(VOID_HAS_NO_XML)
    document = runtime.current().run(link.visitor, portal.read_issued)
    answer = _xml(request, document, DocumentKind.INVOICE)
    return _kept(request, link, VisitKind.E_INVOICE, answer)


def portal_e_credit_note(request: Request) -> Response:
    link = _open(request)
    document = runtime.current().run(
        link.visitor, portal.read_credit_note, request.path_params["credit_note_id"]
    )
    answer = _xml(request, document, DocumentKind.CREDIT_NOTE)
    return _kept(request, link, VisitKind.CREDIT_NOTE, answer)


def portal_receipt(request: Request) -> Response:
    link, document = _find_receipt(request, request.path_params["payment_id"])
    return _kept(
        request, link, VisitKind.RECEIPT, _pdf(request, document, DocumentKind.RECEIPT)
    )


def portal_credit_note(request: Request) -> Response:
    link = _open(request)
    document = runtime.current().run(
        link.visitor, portal.find_credit_note, request.path_params["credit_note_id"]
    )
    answer = _pdf(request, document, DocumentKind.CREDIT_NOTE)
    return _kept(request, link, VisitKind.CREDIT_NOTE, answer)


def portal_page(request: Request) -> Response:
    number = request.path_params["number"]
    _, document = _find_invoice(request)
    picture = document_files.read_page(runtime.current(), document, number)
    return Response(picture, media_type="image/png")


def staff_invoice(request: Request) -> Response:
    running, actor = runtime.current(), staff_of(request)
    invoice_id = request.path_params["invoice_id"]
    document = running.run(actor, issued_files.find_invoice_file, invoice_id)
    if request.query_params.get("original") == "1":
        document = replace(document, voided=None)
    return _pdf(request, document, DocumentKind.INVOICE)


def staff_receipt(request: Request) -> Response:
    ids = request.path_params["invoice_id"], request.path_params["payment_id"]
    running, actor = runtime.current(), staff_of(request)
    document = running.run(actor, issued_files.find_receipt_file, *ids)
    return _pdf(request, document, DocumentKind.RECEIPT)


def staff_credit_note(request: Request) -> Response:
    running, actor = runtime.current(), staff_of(request)
    credit_note_id = request.path_params["credit_note_id"]
    document = running.run(actor, issued_files.find_credit_note_file, credit_note_id)
    return _pdf(request, document, DocumentKind.CREDIT_NOTE)


def staff_e_invoice(request: Request) -> Response:
    running, actor = runtime.current(), staff_of(request)
    invoice_id = request.path_params["invoice_id"]
    document = running.run(actor, issued_files.read_issued, invoice_id)
    return _xml(request, document, DocumentKind.INVOICE)


def staff_e_credit_note(request: Request) -> Response:
    running, actor = runtime.current(), staff_of(request)
    credit_note_id = request.path_params["credit_note_id"]
    document = running.run(actor, issued_files.read_credit_note, credit_note_id)
    return _xml(request, document, DocumentKind.CREDIT_NOTE)


class _Refusals:
    """The few pages that stand in for a file."""

    def __init__(self, head: Markup) -> None:
        self._head = head

    def answer(self, request: Request, refusal: BillingError) -> Response:
        language = language_of(request)

        def page(*words: str, refresh_seconds: int = 0) -> str:
            return render_message(
                *words,
                head=self._head,
                refresh_seconds=refresh_seconds,
                language=language,
            )

        if isinstance(refusal, PortalNotAvailable):
            return HTMLResponse(page(*NOT_AVAILABLE), 403)
        if isinstance(refusal, NotPrinted) and refusal.is_coming:
            again = {"retry-after": str(_AGAIN_SECONDS)}
            preparing = page(*_PREPARING, refresh_seconds=_AGAIN_SECONDS)
            return HTMLResponse(preparing, 202, again)
        if isinstance(refusal, NotAnEInvoice):
            return HTMLResponse(page(_NO_XML, refusal.message), 409)
        if isinstance(refusal, NotFound | NotPermitted) and not isinstance(
            refusal, NotPrinted
        ):
            return HTMLResponse(page(*NOT_FOUND), 404)
        return HTMLResponse(page(*_NO_PDF), 503)


def _find_invoice(request: Request) -> tuple[OpenedLink, ReadDocument]:
    """Find the printed invoice as the visitor of the link in the path.

    Raises:
        NotFound, PortalNotAvailable: also where the portal offers no files.
    """
    link = _open(request)
    return link, runtime.current().run(link.visitor, portal.find_document)


def _find_receipt(request: Request, payment_id: int) -> tuple[OpenedLink, ReadDocument]:
    """Find the receipt of a payment in the same way.

    Raises:
        NotFound, PortalNotAvailable: also where the portal offers no files.
    """
    link = _open(request)
    if not payment_id:
        # Among documents 0 is the invoice's own, which is no receipt.
        raise NotFound("Receipt not found.")
    return link, runtime.current().run(link.visitor, portal.find_document, payment_id)


def _open(request: Request) -> OpenedLink:
    link = open_page(request, _FILE.sub("", request.url.path))
    if not link.setup.settings.shows_pdf:
        raise NotFound("This portal offers no files.")
    return link


def _kept(
    request: Request, link: OpenedLink, kind: VisitKind, answer: Response
) -> Response:
    """Write the download down once it has left."""
    after = visits.fetched(request.scope, link, kind)
    answer.background = BackgroundTask(after) if after else None
    return answer


def _xml(request: Request, document: BilledDocument, kind: DocumentKind) -> Response:
    """Write the e-invoice whose syntax the address names."""
    is_ubl = request.url.path.endswith(".ubl.xml")
    content = write_ubl(document) if is_ubl else write_cii(document)
    syntax = "ubl" if is_ubl else "cii"
    name = file_name(kind, document.number)
    return Response(
        content,
        media_type="application/xml",
        headers={
            "content-disposition": f'attachment; filename="{name}.{syntax}.xml"',
        },
    )


def _pdf(request: Request, document: ReadDocument, kind: DocumentKind) -> Response:
    content = document_files.read_pdf(runtime.current(), document)
    name = file_name(kind, document.number) + ("-void" if document.voided else "")
    disposition = (
        "inline" if request.query_params.get("inline") == "1" else "attachment"
    )
    return Response(
        content,
        media_type="application/pdf",
        headers={
            "content-disposition": f'{disposition}; filename="{name}.pdf"',
            "etag": f'"{document.pdf_digest}{"-void" if document.voided else ""}"',
        },
    )
