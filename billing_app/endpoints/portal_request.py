"""Open the page of the portal that a route of files or forms lies below.

What is refused there speaks the customer's language; before anybody is known, that of
the browser.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from starlette.requests import Request

from billing_app import runtime
from billing_app.database import authentication
from billing_app.database.authentication import Cookies, OpenedLink
from billing_app.domain.portal_place import PortalPlace, parse_place
from billing_app.domain.speech import SOURCE_LANGUAGE, choose_language, spoken


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
    link = authentication.open_portal(
        running.engine, place_of(page), cookies_of(request), running.now()
    )
    # For `language_of`, wherever the answer is a refusal.
    request.state.language = link.setup.language
    return link


@contextmanager
def opened_page(request: Request, page: str) -> Generator[OpenedLink]:
    """Open a page as `open_page`; what is refused in here speaks its language."""
    link = open_page(request, page)
    with spoken(link.setup.language):
        yield link


def language_of(request: Request) -> str:
    """Return the language to answer in: the customer's whose page was opened.

    Else what the browser asks for, or English where it asks for nothing we speak.
    """
    known = getattr(request.state, "language", "")
    return known or asked_language(request, SOURCE_LANGUAGE)


def asked_language(request: Request, otherwise: str) -> str:
    return choose_language(request.headers.get("accept-language", ""), otherwise)
