"""Which stylesheets a page loads, and the words and glyphs that stand for a theme."""

from __future__ import annotations

import hashlib
from pathlib import Path

import reflex as rx
from markupsafe import Markup

from billing_app.web.components.icons import icon

# tokens.css names every colour and size, base.css draws the shared components,
# the last file sets the density of one audience and draws its pages.
STAFF = ("tokens.css", "base.css", "staff.css")
PORTAL = ("tokens.css", "base.css", "portal.css")
DOCUMENT = "document.css"
# Only the account of a customer needs it, which shows no document.
ACCOUNT = "account.css"
# What the others say of the dark theme, for pages without a script.
DARK = "dark.css"
# The forms of plain pages; no page of the app needs them.
VERIFY = "verify.css"
FONT = "/fonts/inter-latin.woff2"

_ASSETS = Path(__file__).parents[2] / "assets"


def stylesheet_address(name: str) -> str:
    """Return where a stylesheet is that a page loads once it needs it."""
    return _href(name)


def stylesheet_links(names: tuple[str, ...]) -> list[rx.Component]:
    """Link stylesheets from inside a page; React hoists them into the head.

    The precedence makes React wait for them before it shows the page, keep their
    order and load each once, so that a portal page never loads the staff's.
    """
    return [
        rx.el.link(
            rel="stylesheet",
            href=_href(name),
            custom_attrs={"precedence": "page"},
        )
        for name in names
    ]


def stylesheet_html(names: tuple[str, ...]) -> Markup:
    """Return the same links for the head of a page painted on the server.

    Where no script runs, the device chooses between light and dark.
    """
    dark = Markup("<noscript>{}</noscript>").format(_link_html(DARK))
    return _sheets_html(names) + dark


def alone_html(names: tuple[str, ...]) -> Markup:
    """Return the links for a page that no script takes over."""
    return _sheets_html((*names, VERIFY, DARK))


def _sheets_html(names: tuple[str, ...]) -> Markup:
    font = Markup('<link rel="preload" href="{}" as="font" crossorigin>').format(FONT)
    return font + Markup("").join(map(_link_html, names))


def _link_html(name: str) -> Markup:
    link = Markup('<link rel="stylesheet" href="{}" data-precedence="page">')
    return link.format(_href(name))


def color_mode_button() -> rx.Component:
    """Switch between light and dark.

    Reflex keeps the choice in the browser and sets the class of <html> before
    the first paint. Both glyphs are drawn, the stylesheet shows one.
    """
    return rx.el.button(
        icon("moon", class_name="only-light"),
        icon("sun", class_name="only-dark"),
        type="button",
        class_name="button button-quiet button-icon",
        on_click=rx.toggle_color_mode,
        aria_label="Switch between light and dark",
        title="Switch between light and dark",
    )


def _href(name: str) -> str:
    """Name the version too, so that a browser never mixes two releases."""
    path = _ASSETS / name
    if not path.exists():
        return f"/{name}"
    return f"/{name}?v={hashlib.sha256(path.read_bytes()).hexdigest()[:8]}"
