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
from billing_app.domain.formats import format_date
from billing_app.domain.genuine import CheckedDocument, Verdict, judge
from billing_app.domain.speech import later, speech_for
from billing_app.endpoints.portal_request import language_of
from billing_app.queries.genuine import read_checked

PATH = "/check"


def check_routes(head: Markup) -> list[Route]:
    """Return the routes; `head` links the stylesheets of the page."""

    async def show(request: Request) -> Response:
        code = request.path_params.get("code") or request.query_params.get("code", "")
        file = request.query_params.get("file", "")
        language = language_of(request)
        page = await run_in_threadpool(_page, code[:100], file[:100], language)
        return HTMLResponse(
            render_check(page, head=head, language=language),
            headers={"cache-control": "no-store"},
        )

    return [
        Route(PATH, show, methods=["GET"]),
        Route(f"{PATH}/{{code}}", show, methods=["GET"]),
    ]


def _page(code: str, typed_file: str, language: str) -> CheckPage:
    """Look the document up: by its code, or else by its file.

    Nobody knows who asks, so the language is what the browser asks for.
    """
    running = runtime.current()
    # Who has no script types the file's digest where the code goes.
    file = file_digest(typed_file) or file_digest(code)
    start = digest_start(code)
    place = authentication.find_checked(running.engine, start, file)
    if place is not None and not place.is_open:
        return CheckPage(Verdict.CLOSED, code=code)
    found = (
        running.run(place.actor, read_checked, place.kind, place.document_id, file)
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
        facts=_facts(found, language),
        words=_words(found, verdict, language, has_file=bool(file)),
    )


def _facts(found: CheckedDocument, language: str) -> tuple[tuple[str, str], ...]:
    is_receipt = found.kind == "receipt"
    speech = speech_for(language)
    say = speech.say
    rows = (
        (say("Number"), found.number),
        (say("From"), found.seller),
        (
            say("Received") if is_receipt else say("Issued"),
            format_date(found.issued_on, language),
        ),
        (
            say("Amount") if is_receipt else say("Total"),
            speech.money(found.total_minor, found.currency),
        ),
        (say("Today"), speech.say_as("status", found.status) if found.status else ""),
    )
    if found.due_minor is not None:
        left = speech.money(found.due_minor, found.currency)
        rows += ((say("Amount due"), left),)
    return tuple(row for row in rows if row[1])


def _words(
    found: CheckedDocument, verdict: Verdict, language: str, *, has_file: bool
) -> str:
    """Say what the answer means for a kind of document."""
    say, kind = speech_for(language).say, found.kind
    if verdict == Verdict.CHANGED:
        changed = say(
            "But this file is not it. Somebody may have altered it, or a program saved "
            "it anew. Compare with what was issued:"
        )
        return f"{say(_ISSUED[kind])} {changed}"
    if found.copied_on:
        return say(
            "This file is exactly the copy that was printed here with the payments up "
            "to {date}.",
            date=format_date(found.copied_on, language),
        )
    if has_file:
        return say(_EXACTLY[kind])
    compare = say("Compare what yours says with this:")
    return f"{say(_ISSUED[kind])} {compare}"


_ISSUED = {
    "invoice": later("An invoice with this code was issued here."),
    "receipt": later("A receipt with this code was issued here."),
    "credit_note": later("A credit note with this code was issued here."),
}
_EXACTLY = {
    "invoice": later("This file is exactly the invoice that was issued here."),
    "receipt": later("This file is exactly the receipt that was issued here."),
    "credit_note": later("This file is exactly the credit note that was issued here."),
}
