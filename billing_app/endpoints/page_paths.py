"""Serve a built page at its own address, without a redirect to one with a slash."""

from __future__ import annotations

from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

_NOWHERE = "/404"


class PagePaths:
    """Finds the page /sign-in in its folder sign-in/ of the build.

    The server of files would send the browser there, which costs a round trip,
    and behind a proxy it would send it to http. A page has that one address: its
    file's name is none, so /404.html is not found like any other. Nor is one that
    only leads to a page once dots and doubled slashes are taken out of it.
    """

    def __init__(self, app: ASGIApp, client: Path) -> None:
        self.app = app
        self._pages = frozenset(
            f"/{page.parent.relative_to(client).as_posix()}"
            for page in client.rglob("index.html")
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _is_view(scope) and scope["path"] in self._pages:
            scope = _moved(scope, f"{scope['path']}/")
        elif _is_view(scope) and _is_odd(scope["path"]):
            scope = _moved(scope, _NOWHERE)
        await self.app(scope, receive, send)


def _is_odd(path: str) -> bool:
    parts = path.split("/")
    return path.endswith(".html") or "//" in path or not {".", ".."}.isdisjoint(parts)


def _moved(scope: Scope, path: str) -> Scope:
    return {**scope, "path": path, "raw_path": path.encode()}


def _is_view(scope: Scope) -> bool:
    return scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
