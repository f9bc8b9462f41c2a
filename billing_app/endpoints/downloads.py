"""Files of documents: the PDF of an invoice, pictures of its pages, receipts.

Each request proves anew that it may have the file. Whatever it may not have is not
found, in the same words as any wrong link.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from markupsafe import Markup
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from billing_app import runtime
from billing_app.database import authentication
from billing_app.database.authentication import (
    OpenedLink,
    PortalNotAvailable,
)
from billing_app.documents.portal import render_message
from billing_app.domain.errors import BillingError, NotFound, NotPermitted, NotSignedIn
from billing_app.domain.portal_invoice import NOT_AVAILABLE, NOT_FOUND
from billing_app.domain.portal_place import INVOICE_ROUTES
from billing_app.domain.visit import VisitKind
from billing_app.endpoints import route_ids, visits
from billing_app.endpoints.portal_request import cookies_of, open_page
from billing_app.queries import issued_files, portal
from billing_app.queries.portal import ReadDocument
from billing_app.workflows import document_files
from billing_app.workflows.document_files import NotPrinted

# How soon a browser asks again for a file that is being made.
_AGAIN_SECONDS = 2
# What stands behind the page's own address.
_FILE = re.compile(r"/(invoice\.pdf|pages/[^/]+|receipts/[^/]+)$")
_PREPARING = (
    "The PDF is being prepared",
    "It takes a few seconds. This page asks again by itself.",
)
_NO_PDF = (
    "No PDF at the moment",
    "The PDF can’t be made right now. The invoice’s own page shows the same invoice, "
    "and it can be printed.",
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
            except BillingError as refusal:
                return refusals.answer(refusal)

        return Route(path, endpoint, methods=["GET"])

    return [
        *(
            route(f"{page}/{file}", answer)
            for page in INVOICE_ROUTES
            for file, answer in (
                ("invoice.pdf", portal_invoice),
                ("pages/{number:id}.png", portal_page),
                ("receipts/{payment_id:id}.pdf", portal_receipt),
            )
        ),
        route("/api/invoices/{invoice_id:id}/invoice.pdf", staff_invoice),
    ]


def portal_invoice(request: Request) -> Response:
    link, document = _find(request)
    return _kept(request, link, VisitKind.PDF, _pdf(request, document, "Invoice"))


def portal_receipt(request: Request) -> Response:
    link, document = _find(request, request.path_params["payment_id"])
    return _kept(request, link, VisitKind.RECEIPT, _pdf(request, document, "Receipt"))


def portal_page(request: Request) -> Response:
    number = request.path_params["number"]
    _, document = _find(request)
    picture = document_files.read_page(runtime.current(), document, number)
    return Response(picture, media_type="image/png")


def staff_invoice(request: Request) -> Response:
    running = runtime.current()
    actor = authentication.staff_actor(
        running.engine, cookies_of(request).staff, running.now()
    )
    invoice_id = request.path_params["invoice_id"]
    document = running.run(actor, issued_files.find_invoice_file, invoice_id)
    return _pdf(request, document, "Invoice")


class _Refusals:
    """The few pages that stand in for a file, drawn once."""

    def __init__(self, head: Markup) -> None:
        self._not_found = render_message(*NOT_FOUND, head=head)
        self._not_available = render_message(*NOT_AVAILABLE, head=head)
        self._no_pdf = render_message(*_NO_PDF, head=head)
        self._preparing = render_message(
            *_PREPARING, head=head, refresh_seconds=_AGAIN_SECONDS
        )

    def answer(self, refusal: BillingError) -> Response:
        if isinstance(refusal, PortalNotAvailable):
            return HTMLResponse(self._not_available, 403)
        if isinstance(refusal, NotPrinted) and refusal.is_coming:
            again = {"retry-after": str(_AGAIN_SECONDS)}
            return HTMLResponse(self._preparing, 202, again)
        if isinstance(refusal, NotFound | NotPermitted) and not isinstance(
            refusal, NotPrinted
        ):
            return HTMLResponse(self._not_found, 404)
        return HTMLResponse(self._no_pdf, 503)


def _find(request: Request, payment_id: int = 0) -> tuple[OpenedLink, ReadDocument]:
    """Find a document as the visitor of the link in the path.

    Raises:
        NotFound, PortalNotAvailable: also where the portal offers no files.
    """
    running = runtime.current()
    link = open_page(request, _FILE.sub("", request.url.path))
    if not link.setup.settings.shows_pdf:
        raise NotFound("This portal offers no files.")
    return link, running.run(link.visitor, portal.find_document, payment_id)


def _kept(
    request: Request, link: OpenedLink, kind: VisitKind, answer: Response
) -> Response:
    """Write the download down once it has left."""
    after = visits.fetched(request.scope, link, kind)
    answer.background = BackgroundTask(after) if after else None
    return answer


def _pdf(request: Request, document: ReadDocument, noun: str) -> Response:
    content = document_files.read_pdf(runtime.current(), document)
    name = re.sub(r"[^\w.-]+", "-", f"{noun}-{document.number}", flags=re.ASCII)
    kind = "inline" if request.query_params.get("inline") == "1" else "attachment"
    return Response(
        content,
        media_type="application/pdf",
        headers={
            "content-disposition": f'{kind}; filename="{name.strip("-")}.pdf"',
            "etag": f'"{document.pdf_digest}"',
        },
    )
