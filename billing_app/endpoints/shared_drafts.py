"""The page that shows a draft to its customer: to be read, and nothing else."""

from __future__ import annotations

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from billing_app import runtime
from billing_app.database import authentication
from billing_app.database.secrets import digest
from billing_app.documents.portal import (
    SharedDraftPage,
    render_message,
    render_shared_draft,
)
from billing_app.documents.render import render_sheet
from billing_app.domain.branding import brand_style, correct_brand, initials
from billing_app.domain.dates import Moment
from billing_app.domain.errors import NotFound
from billing_app.domain.formats import format_date
from billing_app.domain.portal_invoice import NOT_FOUND, is_word_mark
from billing_app.endpoints.portal_request import language_of
from billing_app.queries.shared_drafts import read_shown_draft

PATH = "/d"


def shared_draft_routes(head: Markup) -> list[Route]:
    """Return the route; `head` links the stylesheets of the page."""

    async def show(request: Request) -> Response:
        token = str(request.path_params["token"])
        try:
            page, language = await run_in_threadpool(_page, token)
        except NotFound:
            language = language_of(request)
            page = render_message(*NOT_FOUND, head=head, language=language)
            return HTMLResponse(page, 404)
        return HTMLResponse(render_shared_draft(page, head=head, language=language))

    return [Route(f"{PATH}/{{token}}", show, methods=["GET"])]


def _page(token: str) -> tuple[SharedDraftPage, str]:
    """Return the page and the language of its document."""
    running = runtime.current()
    place = authentication.find_shared_draft(running.engine, digest(token))
    shown = running.run(place.actor, read_shown_draft, place.shared_id)
    document = shown.document
    branding = document.branding
    logo = f"/logo/{branding.logo_digest}.png" if branding.logo_digest else ""
    business = branding.name or document.seller.name
    shared_on = Moment(shown.shared_at, shown.zone).today
    page = SharedDraftPage(
        seller=business,
        seller_mark=initials(business),
        logo_href=logo,
        logo_says_name=is_word_mark(branding),
        brand=brand_style(correct_brand(branding.accent)),
        shared_on=format_date(shared_on, document.language),
        sheet=Markup(render_sheet(document, logo)),  # noqa: S704 - escaped there
    )
    return page, document.language
