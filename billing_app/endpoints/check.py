"""The public page where anybody asks whether a document is genuine.

Plain HTTP and one small script, which takes a file's digest in the browser: the file
itself is never sent.
"""

from __future__ import annotations

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from billing_app import runtime
from billing_app.database import authentication
from billing_app.documents.portal import CheckPage, render_check
from billing_app.domain.check_code import digest_start, file_digest
from billing_app.domain.formats import format_date, format_money
from billing_app.domain.genuine import CheckedDocument, Verdict, judge
from billing_app.queries.genuine import read_checked

PATH = "/check"


def check_routes(head: Markup) -> list[Route]:
    """Return the routes; `head` links the stylesheets of the page."""

    async def show(request: Request) -> Response:
        code = request.path_params.get("code") or request.query_params.get("code", "")
        file = request.query_params.get("file", "")
        page = await run_in_threadpool(_page, code[:100], file[:100])
        return HTMLResponse(
            render_check(page, head=head), headers={"cache-control": "no-store"}
        )

    return [
        Route(PATH, show, methods=["GET"]),
        Route(f"{PATH}/{{code}}", show, methods=["GET"]),
    ]


def _page(code: str, typed_file: str) -> CheckPage:
    """Look the document up: by its code, or else by its file."""
    running = runtime.current()
    # Who has no script types the file's digest where the code goes.
    file = file_digest(typed_file) or file_digest(code)
    start = digest_start(code)
    place = authentication.find_checked(running.engine, start, file)
    if place is not None and not place.is_open:
        return CheckPage(Verdict.CLOSED, code=code)
    found = (
        running.run(place.actor, read_checked, place.kind, place.document_id)
        if place
        else None
    )
    was_asked = bool(code.strip() or typed_file.strip())
    verdict = judge(found, code=start, file=file, was_asked=was_asked)
    if found is None:
        return CheckPage(verdict, code=code)
    return CheckPage(
        verdict,
        code="" if file and not start else code,
        has_file=bool(file),
        document=found,
        facts=_facts(found),
    )


def _facts(found: CheckedDocument) -> tuple[tuple[str, str], ...]:
    is_receipt = found.kind == "receipt"
    rows = (
        ("Number", found.number),
        ("From", found.seller),
        ("Received" if is_receipt else "Issued", format_date(found.issued_on, "en")),
        (
            "Amount" if is_receipt else "Total",
            format_money(found.total_minor, found.currency, "en"),
        ),
        ("Today", found.status),
    )
    return tuple(row for row in rows if row[1])
