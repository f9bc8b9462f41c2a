"""Keep what a page remembers with the session that opened it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from billing_app.domain.cookies import (
    guest_cookie,
    list_portal_sessions,
    read_cookie,
    session_cookie,
)


class PageMemory:
    """Makes the token of a page worth nothing without the session's cookie.

    Reflex finds what a page holds, its rows and its half-typed form, by a token that
    the browser makes up and writes into the address of its socket. Proxies log
    addresses, and who signs in next in the same tab sends the same token. So the token
    that Reflex sees is made of both, and other cookies lead to an empty page.

    A customer's page holds what a proof has shown, so it is bound to the customer
    sessions of the browser in the same way. Signing in and out load the page anew.
    The invoice of a guest is bound to the cookie that finds it.

    Who came by a link alone has no cookie: there `web/gate.py` sends nothing of what a
    page remembers before its address has opened it once more.
    """

    def __init__(self, app: ASGIApp, *, is_https: bool) -> None:
        self.app = app
        self._is_https = is_https

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            cookies = "; ".join(Headers(scope=scope).getlist("cookie"))
            staff = read_cookie(cookies, session_cookie(self._is_https))
            customers = list_portal_sessions(cookies, self._is_https)
            guest = read_cookie(cookies, guest_cookie(self._is_https))
            session = "\n".join((staff, guest, *customers))
            query = parse_qsl(scope["query_string"].decode("latin-1"))
            scope = {**scope, "query_string": _bind(query, session)}
        await self.app(scope, receive, send)


def _bind(query: Sequence[tuple[str, str]], session: str) -> bytes:
    bound = [
        (name, _bound_token(value, session) if name == "token" else value)
        for name, value in query
    ]
    return urlencode(bound).encode()


def _bound_token(token: str, session: str) -> str:
    # No secret of ours has a line break, so what differs makes another text.
    text = f"{session}\n{token}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
