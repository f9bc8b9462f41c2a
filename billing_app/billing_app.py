"""Composition root: settings, runtime, pages, HTTP routes and their layers."""

from __future__ import annotations

import logging
from pathlib import Path

import reflex as rx
from starlette.types import ASGIApp

from billing_app.endpoints.app import add_layers, make_http_app
from billing_app.endpoints.check import check_routes
from billing_app.endpoints.comments import comment_routes
from billing_app.endpoints.disputes import dispute_routes
from billing_app.endpoints.downloads import download_routes
from billing_app.endpoints.exports import export_routes
from billing_app.endpoints.first_paint import MARK
from billing_app.endpoints.guest_invoice import (
    guest_invoice_painter,
    guest_invoice_routes,
)
from billing_app.endpoints.health import database_check, health_routes, outbox_check
from billing_app.endpoints.imports import import_routes
from billing_app.endpoints.logo import logo_routes
from billing_app.endpoints.mail_choices import mail_choices_routes
from billing_app.endpoints.pay import pay_routes
from billing_app.endpoints.portal_pages import portal_nowhere_routes, portal_painters
from billing_app.endpoints.portal_sign_in import portal_sign_in_routes
from billing_app.endpoints.promises import promise_routes
from billing_app.endpoints.shared_drafts import shared_draft_routes
from billing_app.endpoints.short_links import short_link_routes
from billing_app.endpoints.sign_in import set_up_painter, sign_in_routes
from billing_app.endpoints.statements import statement_routes
from billing_app.endpoints.stripe_webhook import webhook_routes
from billing_app.endpoints.words import words_routes
from billing_app.runtime import open_runtime, set_current
from billing_app.settings import load_settings
from billing_app.web import defaults, gate, routes, theme
from billing_app.web.components.layout import error_boundary
from billing_app.web.page_states import use_page_states
from billing_app.workflows.background import run_beside_pages

log = logging.getLogger("tallyport")


def log_exception(exception: Exception) -> None:
    """Log what no door caught."""
    log.error("event.crashed", exc_info=exception)


settings = load_settings()
runtime = open_runtime(settings)
set_current(runtime)

stand_ins = None
if settings.is_demo:
    # Nowhere else is it even loaded.
    from billing_app.sandbox.demo.stand_ins import StandIns

    stand_ins = StandIns(runtime)
checks = (
    database_check(runtime.engine),
    outbox_check(runtime.engine, runtime.now),
)
portal_head = theme.stylesheet_html((*theme.PORTAL, theme.DOCUMENT))
account_head = theme.stylesheet_html((*theme.PORTAL, theme.ACCOUNT))
alone_head = theme.alone_html(theme.PORTAL)
draft_head = theme.alone_html((*theme.PORTAL, theme.DOCUMENT))
http_app = make_http_app(
    [
        *health_routes(checks),
        *sign_in_routes(),
        *logo_routes(),
        *words_routes(),
        *import_routes(),
        *webhook_routes(),
        *pay_routes(alone_head),
        *comment_routes(alone_head),
        *dispute_routes(alone_head),
        *promise_routes(alone_head),
        *portal_sign_in_routes(alone_head),
        *mail_choices_routes(alone_head),
        *shared_draft_routes(draft_head),
        *short_link_routes(alone_head),
        *download_routes(alone_head),
        *statement_routes(alone_head),
        *export_routes(),
        *check_routes(alone_head),
        *guest_invoice_routes(alone_head),
        *portal_nowhere_routes(alone_head),
        *(stand_ins.routes if stand_ins else ()),
    ],
    alone_head,
)

app = rx.App(
    # What Reflex adds by itself, an overlay, toasts and a reset, is 10 KB that no
    # page uses; see docs/decisions/0013-plain-css-over-tokens.md.
    theme=None,
    toaster=None,
    reset_style=False,
    app_wraps={(55, "ErrorBoundary"): lambda _stateful: error_boundary()},
    # Reflex's own would send script to evaluate, which the policy of the pages
    # forbids; the doors tell people what went wrong instead.
    backend_exception_handler=log_exception,
    api_transformer=http_app,
    head_components=[rx.el.link(rel="icon", href="/favicon.svg")],
    hydrate_fallback=lambda: rx.el.div(rx.html(MARK)),
)
app.add_middleware(gate.Gate())
gate.drop_unknown(app)
if stand_ins:
    app.register_lifespan_task(stand_ins.working)

for page in routes.PAGES:
    app.add_page(
        page.component,
        route=page.route,
        title=page.title,
        on_load=page.on_visit,
    )
gate.check_doors()
defaults.share_defaults()
use_page_states(app)


async def beside_pages() -> None:
    """Deliver, reconcile and listen for as long as the process serves."""
    await run_beside_pages(runtime)


app.register_lifespan_task(beside_pages)


def layer(asgi_app: ASGIApp, client: Path) -> ASGIApp:
    """Wrap the finished app, with the frontend built into the folder client."""
    painters = [
        set_up_painter(alone_head),
        guest_invoice_painter(alone_head),
        *portal_painters(portal_head, account_head),
    ]
    return add_layers(asgi_app, settings, client, painters=painters)
