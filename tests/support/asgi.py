"""Small ASGI apps and clients for the tests of layers."""

from __future__ import annotations

from pathlib import Path

import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SHELL = (
    "<!DOCTYPE html><html><head><meta charset='utf-8'/></head>"
    "<body><div><!--first-paint--></div><script>boot()</script></body></html>"
)


def make_client_folder(root: Path) -> Path:
    """Write what a build leaves behind, as small as it can be."""
    files = {
        "__spa-fallback.html": SHELL,
        "index.html": "<script>welcome()</script><script src='/a.js'></script>",
        "sign-in/index.html": "<script>sign_in()</script>",
        "assets/root-Bq0mc3dx.js": "root",
        "assets/reflex-env-BVGF6eGS.js": (
            "var e={PING:`http://localhost:8000/ping`,EVENT:`ws://localhost:8000/_event`}"
        ),
        "staff.css": "body{}",
        "fonts/inter.woff2": "wOF2",
    }
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


def http(app: ASGIApp, base_url: str = "http://localhost:8000") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=base_url)


async def open_socket(
    app: ASGIApp,
    *,
    headers: dict[str, str],
    client: str = "192.0.2.1",
    query: str = "",
    text: str = "",
) -> list[Message]:
    """Run one websocket through the app; return what it sends.

    It receives the text without end.
    """
    sent: list[Message] = []

    async def receive() -> Message:
        if text:
            return {"type": "websocket.receive", "text": text}
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {
        "type": "websocket",
        "path": "/_event/",
        "client": (client, 5000),
        "query_string": query.encode(),
        "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
    }
    await app(scope, receive, send)
    return sent


async def accepts_sockets(scope: Scope, receive: Receive, send: Send) -> None:
    """An app that accepts any socket and leaves."""
    await receive()
    await send({"type": "websocket.accept"})
