"""Paint the customer's page on the server: title, status and content at once."""

from __future__ import annotations

import re

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, QueryParams
from starlette.types import Scope

from billing_app import runtime
from billing_app.database import authentication
from billing_app.database.authentication import PortalNotAvailable
from billing_app.documents.portal import render_alone, render_portal
from billing_app.domain.cookies import read_cookie, session_cookie
from billing_app.domain.errors import NotFound
from billing_app.domain.portal_invoice import NOT_AVAILABLE, NOT_FOUND
from billing_app.endpoints.first_paint import Painted, Painter
from billing_app.workflows import document_files, portal_pages

INVOICE_PATH = re.compile(r"/p/(?P<token>[^/]+)/?")
# The page takes over what stands in here: web/portal/painted.jsx.
PAINTED = Markup('<div id="painted">{}</div>')


def portal_painters(head: Markup) -> tuple[Painter, ...]:
    """Return the painters of the portal's pages; `head` links their stylesheets."""
    not_found = Painted(
        404, NOT_FOUND[0], PAINTED.format(render_alone(*NOT_FOUND)), head
    )
    not_available = Painted(
        403,
        NOT_AVAILABLE[0],
        PAINTED.format(render_alone(*NOT_AVAILABLE, icon_name="lock")),
        head,
    )

    async def paint(scope: Scope) -> Painted:
        try:
            return await run_in_threadpool(_paint_invoice, scope, head)
        except NotFound:
            return not_found
        except PortalNotAvailable:
            return not_available

    return (Painter(INVOICE_PATH, paint),)


def _paint_invoice(scope: Scope, head: Markup) -> Painted:
    running = runtime.current()
    token = scope["path_params"]["token"]
    asked = QueryParams(scope["query_string"])
    cookies = Headers(scope=scope).get("cookie", "")
    link = authentication.open_page(
        running.engine,
        token,
        read_cookie(cookies, session_cookie(running.settings.is_https)),
        running.now(),
        wants_preview=asked.get("preview") == "1",
    )
    base = f"/p/{token}"
    opened = portal_pages.open_invoice(running, link, base, asked.get("paid", ""))
    pages = None
    if asked.get("view") == "pdf" and opened.view.shows_pdf:
        pages = document_files.list_pages(running, link.visitor, base)
    html = render_portal(
        opened.view,
        opened.sheet,
        opened.payment_code,
        as_of=opened.as_of,
        clock=opened.clock,
        pages=pages,
    )
    return Painted(200, opened.view.title, PAINTED.format(html), head)
