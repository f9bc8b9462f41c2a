"""The first view of a page from the server, before and without JavaScript.

Reflex serves a dynamic page as an empty shell with status 200. This layer puts
the real title, status and content into the shell; React takes over in place.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from html import escape as escape_title
from pathlib import Path

from markupsafe import Markup, escape
from starlette.background import BackgroundTask
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from billing_app.domain.speech import SOURCE_LANGUAGE, speech_for
from billing_app.endpoints.headers import TAKES_CARD

# What the app shows while a page is loading, and where the first view goes.
MARK = "<!--first-paint-->"
_ENGLISH_SHELL = '<html lang="en"'


@dataclass(frozen=True, slots=True)
class Painted:
    """One page as the server shows it.

    Attributes:
        html: what goes into the body; text that is not Markup gets escaped.
        head: more for the head, such as a stylesheet.
        after: what is done in a thread once the page has left; it must not fail.
        takes_card: a card may be typed in here, so Stripe's script may load.
        language: of the words, which the shell is marked with.
    """

    status: int
    title: str
    html: Markup | str
    head: Markup
    after: Callable[[], None] | None = None
    takes_card: bool = False
    language: str = SOURCE_LANGUAGE


@dataclass(frozen=True, slots=True)
class AsItIs:
    """The page as it was built, and a Set-Cookie header that goes with it."""

    set_cookie: str


@dataclass(frozen=True, slots=True)
class Painter:
    """Paints the pages whose path matches; None leaves the page as it is.

    An answer of its own, such as a redirect, goes out as it is. The groups of the
    path are in scope["path_params"].
    """

    path: re.Pattern[str]
    paint: Callable[[Scope], Awaitable[Painted | AsItIs | Response | None]]


class FirstPaint:
    """Answers a GET of a painted path with the shell, filled."""

    def __init__(
        self, app: ASGIApp, client: Path, *, painters: Sequence[Painter]
    ) -> None:
        self.app = app
        self._painters = tuple(painters)
        self._shell = (client / "__spa-fallback.html").read_text() if painters else ""
        assert not painters or MARK in self._shell, "the shell has no mark to fill"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        painted = await self._paint(scope) if _is_view(scope) else None
        if painted is None:
            await self.app(scope, receive, send)
            return
        if isinstance(painted, AsItIs):
            await self.app(scope, receive, _with_cookie(send, painted.set_cookie))
            return
        if isinstance(painted, Response):
            await painted(scope, receive, send)
            return

        page = fill(self._shell, painted)
        after = BackgroundTask(painted.after) if painted.after else None
        answer = HTMLResponse(page, painted.status, background=after)
        if painted.takes_card:
            answer.raw_headers.append(TAKES_CARD)
        await answer(scope, receive, send)

    async def _paint(self, scope: Scope) -> Painted | AsItIs | Response | None:
        for painter in self._painters:
            match = painter.path.fullmatch(scope["path"])
            if match:
                return await painter.paint({**scope, "path_params": match.groupdict()})
        return None


def fill(shell: str, painted: Painted) -> str:
    """Put the title and the content into the shell."""
    speech = speech_for(painted.language)
    shell = shell.replace(
        _ENGLISH_SHELL, f'<html lang="{escape(speech.tag)}" dir="{speech.direction}"', 1
    )
    head = f"<head><title>{escape_title(painted.title)}</title>{painted.head}"
    # Content goes first: a mark inside it would otherwise be filled too.
    before, _, after = shell.partition(MARK)
    before = before.replace("<head>", head, 1)
    return f"{before}{escape(painted.html)}{after}"


def _with_cookie(send: Send, set_cookie: str) -> Send:
    async def send_it(message: Message) -> None:
        if message["type"] == "http.response.start":
            cookie = (b"set-cookie", set_cookie.encode())
            headers = [*message.get("headers", ()), cookie]
            message = {**message, "headers": headers}
        await send(message)

    return send_it


def _is_view(scope: Scope) -> bool:
    return scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
