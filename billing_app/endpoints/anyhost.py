"""Let one build be served on any address; the socket's is written per request."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

_MODULE = re.compile(r"/assets/reflex-env-[\w-]+\.js")
# What rxconfig.py gives as api_url, as http and as ws.
_BUILT_FOR = re.compile(r"\b(ws|http)://localhost:8000\b")


class AnyHost:
    """Answers the one built module that holds the backend's address."""

    def __init__(self, app: ASGIApp, client: Path, *, origins: Sequence[str]) -> None:
        self.app = app
        self._client = client
        self._origins = {urlsplit(origin).netloc: origin for origin in origins}
        self._public = origins[0]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        module = self._client / scope.get("path", "").removeprefix("/")
        if (
            scope["type"] != "http"
            or not _MODULE.fullmatch(scope["path"])
            or not module.is_file()
        ):
            await self.app(scope, receive, send)
            return

        origin = self._origins.get(Headers(scope=scope).get("host", ""), self._public)
        text = rewrite_address(module.read_text(), origin)
        headers = {"cache-control": "no-cache"}
        answer = Response(text, headers=headers, media_type="text/javascript")
        await answer(scope, receive, send)


def rewrite_address(text: str, origin: str) -> str:
    """Replace the address the frontend was built for by the one it is served on."""
    scheme, _, rest = origin.partition("://")
    is_secure = scheme == "https"
    return _BUILT_FOR.sub(
        lambda found: f"{found[1]}{'s' if is_secure else ''}://{rest}", text
    )
