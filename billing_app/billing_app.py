"""Composition root: settings, pages, HTTP routes and the layers around them."""

from __future__ import annotations

from pathlib import Path

import reflex as rx
from starlette.types import ASGIApp

from billing_app.endpoints.app import add_layers, make_http_app
from billing_app.endpoints.first_paint import MARK
from billing_app.endpoints.health import health_routes
from billing_app.settings import load_settings
from billing_app.web import routes

settings = load_settings()

http_app = make_http_app([*health_routes(())])

app = rx.App(
    theme=None,
    api_transformer=http_app,
    head_components=[rx.el.link(rel="icon", href="/favicon.svg")],
    hydrate_fallback=lambda: rx.el.div(rx.html(MARK)),
)

for page in routes.PAGES:
    app.add_page(page.component, route=page.route, title=page.title)


def layer(asgi_app: ASGIApp, client: Path) -> ASGIApp:
    """Wrap the finished app, with the frontend built into the folder client."""
    return add_layers(asgi_app, settings, client)
