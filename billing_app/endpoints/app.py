"""The HTTP app, and the layers every request and socket passes through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from markupsafe import Markup
from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from billing_app.endpoints import health, imports, logo
from billing_app.endpoints.anyhost import AnyHost
from billing_app.endpoints.first_paint import FirstPaint, Painter
from billing_app.endpoints.guard import Guard
from billing_app.endpoints.headers import SecurityHeaders
from billing_app.endpoints.page_memory import PageMemory
from billing_app.endpoints.page_paths import PagePaths
from billing_app.endpoints.refusals import disk_full_handlers
from billing_app.settings import Settings

# Stripe's servers post here, where the signature is checked, and mail programs, whose
# address is the proof (RFC 8058).
FOREIGN_PATHS = ("/webhooks/", "/mails/")
_NO_HEAD = Markup("")
BODY_MAX_BYTES = {logo.PATH: logo.BYTES_MAX, imports.PATH: imports.BYTES_MAX}


def make_http_app(routes: Sequence[BaseRoute], head: Markup = _NO_HEAD) -> Starlette:
    """Make the app whose routes win over the pages; Reflex mounts itself below.

    `head` links the stylesheets of the page that is shown when the disk is full.
    """
    handlers: Any = disk_full_handlers(head)
    return Starlette(routes=list(routes), exception_handlers=handlers)


def add_layers(
    app: ASGIApp,
    settings: Settings,
    client: Path,
    *,
    painters: Sequence[Painter] = (),
    body_max_bytes: Mapping[str, int] = MappingProxyType(BODY_MAX_BYTES),
) -> ASGIApp:
    """Wrap the whole app, sockets and files included; the last layer sees all first.

    Attributes:
        client: folder of the built frontend.
    """
    app = PageMemory(app, is_https=settings.is_https)
    app = PagePaths(app, client)
    app = FirstPaint(app, client, painters=painters)
    app = AnyHost(app, client, origins=settings.origins)
    app = Guard(
        app,
        origins=settings.origins,
        trusted_proxy_hops=settings.trusted_proxy_hops,
        open_paths=health.PATHS,
        foreign_paths=FOREIGN_PATHS,
        body_max_bytes=body_max_bytes,
    )
    return SecurityHeaders(
        app,
        client,
        origins=settings.origins,
        checkout_origins=settings.checkout_origins,
        card_sources=settings.card_sources,
    )
