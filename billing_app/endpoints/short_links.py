"""The short addresses of portal links: they lead to the long ones."""

from __future__ import annotations

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from billing_app import runtime
from billing_app.database import authentication
from billing_app.documents.portal import render_message
from billing_app.domain.errors import NotFound
from billing_app.domain.portal_invoice import NOT_FOUND
from billing_app.domain.short_link import PATH
from billing_app.endpoints.portal_request import language_of


def short_link_routes(head: Markup) -> list[Route]:
    """Return the route; `head` links the stylesheets of the page that says no."""

    async def lead(request: Request) -> Response:
        code = str(request.path_params["code"])
        try:
            path = await run_in_threadpool(_path, code)
        except NotFound:
            page = render_message(*NOT_FOUND, head=head, language=language_of(request))
            return HTMLResponse(page, 404)
        return RedirectResponse(path, 303)

    return [Route(f"{PATH}/{{code}}", lead, methods=["GET"])]


def _path(code: str) -> str:
    running = runtime.current()
    return authentication.find_short_link(
        running.engine, running.cipher, code, running.now()
    )
