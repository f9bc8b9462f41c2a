"""Files of a whole account: its statement, and all its documents in one."""

from __future__ import annotations

import re
from collections.abc import Callable

from markupsafe import Markup
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from billing_app import runtime
from billing_app.database.authentication import OpenedLink, PortalNotAvailable
from billing_app.documents.pdf import PdfEngineMissing, PdfFailed
from billing_app.documents.portal import render_message
from billing_app.domain.errors import (
    BillingError,
    DiskFull,
    InvalidInput,
    LimitReached,
    NotSignedIn,
)
from billing_app.domain.portal_invoice import NOT_AVAILABLE, NOT_FOUND
from billing_app.domain.portal_place import ACCOUNT_ROUTES
from billing_app.domain.portal_proof import VerificationRequired
from billing_app.domain.speech import later, speech_for, spoken
from billing_app.domain.statement import StatementDocument
from billing_app.domain.visit import VisitKind
from billing_app.endpoints import route_ids, visits
from billing_app.endpoints.portal_request import language_of, open_page, place_of
from billing_app.endpoints.staff_request import staff_of
from billing_app.workflows import account_pages, document_zip, statements

_FILE = re.compile(r"/(statement\.(pdf|csv)|documents\.zip)$")
_STAFF = "/api/customers/{customer_id:id}"
_NO_PDF = (
    later("No PDF at the moment"),
    later("The statement can’t be printed right now. The table has the same figures."),
)

_PREPARING = (
    later("The documents are being prepared"),
    later("{ready} of {count} are ready. This page asks again by itself."),
)
# How soon a browser asks again for a file that is being made.
_AGAIN_SECONDS = 3

# A statement, and what is written down once it has left.
Made = tuple[StatementDocument, Callable[[], None] | None]
Make = Callable[[Request], Made]


def statement_routes(head: Markup) -> list[Route]:
    """Return the routes of statements; `head` links their refusals' stylesheets."""
    route_ids.register()

    def statement(path: str, make: Make) -> Route:
        is_pdf = path.endswith(".pdf")

        def answer(request: Request) -> Response:
            document, after = make(request)
            made = _pdf(document) if is_pdf else _csv(document)
            made.background = BackgroundTask(after) if after else None
            return made

        return route(path, answer)

    def documents(request: Request) -> Response:
        return _documents(request, head)

    def route(path: str, answer: Callable[[Request], Response]) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                return await run_in_threadpool(answer, request)
            except (NotSignedIn, VerificationRequired):
                return await run_in_threadpool(_to_sign_in, request)
            except (PdfEngineMissing, PdfFailed):
                return HTMLResponse(_words(request, head, *_NO_PDF), 503)
            except DiskFull:
                raise
            except BillingError as refusal:
                return _refused(request, refusal, head)

        return Route(path, endpoint, methods=["GET"])

    return [
        *(route(f"{page}/documents.zip", documents) for page in ACCOUNT_ROUTES),
        *(
            statement(f"{base}/statement.{kind}", make)
            for base, make in (
                *((page, _of_visitor) for page in ACCOUNT_ROUTES),
                (_STAFF, _of_customer),
            )
            for kind in ("pdf", "csv")
        ),
    ]


def _of_visitor(request: Request) -> Made:
    link, days = _open(request), _days(request)
    with spoken(link.setup.language):
        document = statements.make_for_customer(runtime.current(), link, *days)
    return document, visits.fetched(request.scope, link, VisitKind.STATEMENT)


def _documents(request: Request, head: Markup) -> Response:
    """Send the documents, or say how far their printing is."""
    running, link, days = runtime.current(), _open(request), _days(request)
    with spoken(link.setup.language):
        packing = document_zip.prepare(running, link, *days)
    if packing.is_waiting:
        title, words = _PREPARING
        language = link.setup.language
        said = speech_for(language).say(words, ready=packing.ready, count=packing.whole)
        page = render_message(
            title,
            said,
            head=head,
            refresh_seconds=_AGAIN_SECONDS,
            language=language,
        )
        return HTMLResponse(page, 202, {"retry-after": str(_AGAIN_SECONDS)})
    after = visits.fetched(request.scope, link, VisitKind.DOCUMENTS)
    return StreamingResponse(
        document_zip.pack(running, link, *days),
        media_type="application/zip",
        background=BackgroundTask(after) if after else None,
        headers={
            "content-disposition": 'attachment; filename="Documents.zip"',
            "cache-control": "no-store",
        },
    )


def _open(request: Request) -> OpenedLink:
    return open_page(request, _page_of(request))


def _of_customer(request: Request) -> Made:
    running, actor = runtime.current(), staff_of(request)
    customer_id = request.path_params["customer_id"]
    document = statements.make_for_staff(running, actor, customer_id, *_days(request))
    return document, None


def _days(request: Request) -> tuple[str, str]:
    asked = request.query_params
    return asked.get("from", "")[:20], asked.get("to", "")[:20]


def _pdf(document: StatementDocument) -> Response:
    content = statements.write_pdf(runtime.current(), document)
    return Response(
        content, media_type="application/pdf", headers=_named(document, "pdf")
    )


def _csv(document: StatementDocument) -> Response:
    return StreamingResponse(
        statements.write_csv(document),
        media_type="text/csv; charset=utf-8",
        headers=_named(document, "csv"),
    )


def _named(document: StatementDocument, kind: str) -> dict[str, str]:
    name = f"Statement-{document.span.slug}.{kind}"
    return {
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "no-store",
    }


def _to_sign_in(request: Request) -> Response:
    if request.url.path.startswith("/api/"):
        return RedirectResponse("/sign-in", 303)
    path = account_pages.sign_in_path(runtime.current(), place_of(_page_of(request)))
    return RedirectResponse(path, 303)


def _refused(request: Request, refusal: BillingError, head: Markup) -> Response:
    if isinstance(refusal, PortalNotAvailable):
        return HTMLResponse(_words(request, head, *NOT_AVAILABLE), 403)
    if isinstance(refusal, InvalidInput | LimitReached):
        said = (later("These days can’t be used"), refusal.message)
        language = language_of(request)
        return HTMLResponse(render_message(*said, head=head, language=language), 422)
    return HTMLResponse(_words(request, head, *NOT_FOUND), 404)


def _words(request: Request, head: Markup, *words: str) -> str:
    return render_message(*words, head=head, language=language_of(request))


def _page_of(request: Request) -> str:
    return _FILE.sub("", request.url.path)
