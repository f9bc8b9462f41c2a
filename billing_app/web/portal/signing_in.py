"""What a page says whose visitor is not signed in, or not any more."""

from __future__ import annotations

import asyncio

import reflex as rx

from billing_app import runtime
from billing_app.domain.portal_place import PortalPlace
from billing_app.web.components.controls import link_button
from billing_app.web.components.layout import alone_page
from billing_app.web.words import worded
from billing_app.workflows import account_pages

TITLE = worded("Sign in to see your invoices")


def sign_in_page(href: rx.Var[str]) -> rx.Component:
    """Draw the page without brand, name or number; `href` is where to sign in."""
    return alone_page(
        TITLE,
        rx.el.p(
            worded("This page is for people who have confirmed their email address.")
        ),
        link_button(worded("Sign in"), href, kind="primary", leaves_app=True),
        icon_name="lock",
    )


async def find_sign_in(place: PortalPlace) -> str:
    """Return where somebody signs in who lacks the proof for a page.

    Raises:
        NotFound, PortalNotAvailable: the address leads nowhere at all.
    """
    return await asyncio.to_thread(account_pages.sign_in_path, runtime.current(), place)
