"""Paint the customer's page on the server: title, status and content at once."""

from __future__ import annotations

import re
from collections.abc import Callable

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, QueryParams
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from billing_app import runtime
from billing_app.database import authentication
from billing_app.database.authentication import (
    Cookies,
    OpenedLink,
    PortalNotAvailable,
    SignInNotOffered,
)
from billing_app.documents.portal import (
    render_account,
    render_alone,
    render_message,
    render_portal,
)
from billing_app.domain.errors import BillingError, NotSignedIn
from billing_app.domain.portal_invoice import NO_SIGN_IN, NOT_AVAILABLE, NOT_FOUND
from billing_app.domain.portal_place import Door, PortalPlace, parse_place
from billing_app.domain.portal_proof import VerificationRequired
from billing_app.domain.speech import (
    SOURCE_LANGUAGE,
    choose_language,
    later,
    speech_for,
)
from billing_app.domain.visit import VisitKind
from billing_app.endpoints import visits
from billing_app.endpoints.first_paint import Painted, Painter
from billing_app.endpoints.portal_request import language_of
from billing_app.endpoints.words import words_script
from billing_app.workflows import account_pages, document_files, portal_pages

INVOICE_PATH = re.compile(
    r"/p/[^/]+(/account/[0-9]{1,15})?/?|/(c|account)/[^/]+/[0-9]{1,15}/?"
)
ACCOUNT_PATH = re.compile(r"/p/[^/]+/account/?|/(c|account)/[^/]+/?")
# The page takes over what stands in here: web/portal/painted.jsx.
PAINTED = Markup('<div id="painted">{}</div>')
_UNFURLED = Markup(
    '<meta property="og:title" content="{}">'
    '<meta property="og:description" content="{}">'
)


def portal_painters(head: Markup, account_head: Markup) -> tuple[Painter, ...]:
    """Return the painters of the portal's pages; the heads link their stylesheets."""

    def alone(scope: Scope, status: int, words: tuple[str, ...], art: str) -> Painted:
        accepted = Headers(scope=scope).get("accept-language", "")
        language = choose_language(accepted, SOURCE_LANGUAGE)
        return Painted(
            status,
            speech_for(language).say(words[0]),
            _painted(render_alone(*words, icon_name=art, language=language), language),
            head,
            language=language,
        )

    def painter(
        path: re.Pattern[str], work: Callable[[Scope, Markup], Painted], head: Markup
    ) -> Painter:
        async def paint(scope: Scope) -> Painted | Response:
            try:
                return await run_in_threadpool(work, scope, head)
            except SignInNotOffered:
                return alone(scope, 403, NO_SIGN_IN, "lock")
            except PortalNotAvailable:
                return alone(scope, 403, NOT_AVAILABLE, "lock")
            except (NotSignedIn, VerificationRequired):
                return await run_in_threadpool(_to_sign_in, scope)
            except BillingError:
                return alone(scope, 404, NOT_FOUND, "invoice")

        return Painter(path, paint)

    return (
        painter(INVOICE_PATH, _paint_invoice, head),
        painter(ACCOUNT_PATH, _paint_account, account_head),
    )


def portal_nowhere_routes(head: Markup) -> list[Route]:
    """Answer for what looks like a page of the portal, and is none.

    They come after all other routes. The frontend would answer with an empty page.
    """

    async def answer(request: Request) -> Response:
        language = language_of(request)
        return HTMLResponse(
            render_message(*NOT_FOUND, head=head, language=language), 404
        )

    return [Route(f"/{door}/{{rest:path}}", answer) for door in Door]


def _to_sign_in(scope: Scope) -> Response:
    """Lead to where the proof is given that the page asks for."""
    path = account_pages.sign_in_path(runtime.current(), _place(scope))
    return RedirectResponse(path, 303, {"cache-control": "no-store"})


def _paint_account(scope: Scope, head: Markup) -> Painted:
    running = runtime.current()
    asked = QueryParams(scope["query_string"])
    place = _place(scope)
    link = _open(scope, place, asked)
    opened = account_pages.open_account(
        running, link, place, dict(asked), asked.get("paid", "")
    )
    html = render_account(
        opened.frame,
        opened.list,
        as_of=opened.as_of,
        clock=opened.clock,
        exactly=opened.exactly,
    )
    after = visits.fetched(scope, link, VisitKind.PAGE)
    language = opened.frame.language
    return Painted(
        200,
        opened.frame.title,
        _painted(html, language),
        head + _unfurled(opened.frame.seller, later("Your invoices"), language),
        after,
        language=language,
    )


def _paint_invoice(scope: Scope, head: Markup) -> Painted:
    running = runtime.current()
    asked = QueryParams(scope["query_string"])
    place = _place(scope)
    link = _open(scope, place, asked)
    base = place.path
    opened, threads = portal_pages.open_page(
        running,
        link,
        base,
        asked.get("paid", ""),
        before=_comment_id(asked.get("before", "")),
        has_all_of_disputes=asked.get("disputes") == "all",
    )
    pages = None
    if asked.get("view") == "pdf" and opened.view.shows_pdf:
        pages = document_files.list_pages(running, link.visitor, base)
    html = render_portal(
        opened.view,
        opened.sheet,
        opened.payment_code,
        as_of=opened.as_of,
        clock=opened.clock,
        exactly=opened.exactly,
        pages=pages,
        threads=threads,
        request_key=running.chance.new_token(),
    )
    after = visits.fetched(scope, link, VisitKind.PAGE)
    form = opened.view.form
    takes_card = form.is_open and form.takes_card and not opened.view.is_preview
    language = opened.view.language
    content = _painted(html, language)
    return Painted(
        200,
        opened.view.title,
        content,
        head + _unfurled(opened.view.seller, later("Invoice"), language),
        after,
        takes_card,
        language,
    )


def _unfurled(seller: str, words: str, language: str) -> Markup:
    """Return what a preview of the link says, wherever it was pasted.

    Without it some take the first words of the page: names and amounts.
    """
    return _UNFURLED.format(seller, speech_for(language).say(words))


def _painted(html: Markup, language: str) -> Markup:
    """Return the content with its words before it.

    In the head the script would make React, which does not know it, draw the whole
    document anew, without its language.
    """
    return words_script(language) + PAINTED.format(html)


def _comment_id(text: str) -> int:
    """Return the id that an address names, or zero where it names none."""
    return int(text) if re.fullmatch("[0-9]{1,18}", text) else 0


def _place(scope: Scope) -> PortalPlace:
    place = parse_place(scope["path"])
    assert place is not None, "only portal pages are painted here"
    return place


def _open(scope: Scope, place: PortalPlace, asked: QueryParams) -> OpenedLink:
    running = runtime.current()
    return authentication.open_portal(
        running.engine,
        place,
        Cookies(Headers(scope=scope).get("cookie", ""), running.settings.is_https),
        running.now(),
        wants_preview=asked.get("preview") == "1",
    )
