"""Open the page of the portal that a route of files or forms lies below."""

from __future__ import annotations

from starlette.requests import Request

from billing_app import runtime
from billing_app.database import authentication
from billing_app.database.authentication import Cookies, OpenedLink
from billing_app.domain.portal_place import PortalPlace, parse_place


def cookies_of(request: Request) -> Cookies:
    is_https = runtime.current().settings.is_https
    return Cookies(request.headers.get("cookie", ""), is_https)


def place_of(page: str) -> PortalPlace:
    """Return the place of a page's path, which the route has matched already."""
    place = parse_place(page)
    assert place is not None, "only portal pages have these routes"
    return place


def open_page(request: Request, page: str) -> OpenedLink:
    """Open the page at a path as whoever asks; the address proves it anew.

    Raises:
        NotFound, PortalNotAvailable, NotSignedIn, VerificationRequired: as
            `authentication.open_portal`.
    """
    running = runtime.current()
    return authentication.open_portal(
        running.engine, place_of(page), cookies_of(request), running.now()
    )
