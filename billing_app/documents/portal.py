"""Write the customer's page as HTML: what is seen before, and without, JavaScript.

The templates draw what `web/portal` draws, with the same classes, so that the page
takes over in place. Every value is escaped by the templates.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from billing_app.documents.icons import icon_svg
from billing_app.domain.portal_invoice import PortalInvoice

_TEMPLATES = Path(__file__).parent / "templates"


def render_portal(
    invoice: PortalInvoice,
    sheet: str,
    payment_code: str,
    *,
    as_of: datetime,
    clock: str,
    pages: Sequence[str] | None = None,
) -> Markup:
    """Return the page of an invoice.

    `sheet` and `payment_code` are HTML of ours; `pages` are addresses of pictures,
    given while the PDF is shown instead of the sheet. `clock` says `as_of` in words.
    """
    html = _template("portal.html").render(
        it=invoice,
        sheet=Markup(sheet),  # noqa: S704 - drawn by `render_sheet`, escaped there
        payment_code=Markup(payment_code),  # noqa: S704 - holds squares only
        as_of=as_of.isoformat(timespec="seconds"),
        clock=clock,
        pages=pages,
    )
    return Markup(html)  # noqa: S704 - escaped by the template


def render_alone(title: str, *paragraphs: str, icon_name: str = "invoice") -> Markup:
    """Return a page without brand, name or number."""
    html = _template("alone.html").render(
        title=title, paragraphs=paragraphs, icon_name=icon_name
    )
    return Markup(html)  # noqa: S704 - escaped by the template


def render_message(
    title: str, *paragraphs: str, head: Markup, refresh_seconds: int = 0
) -> str:
    """Return a whole document for an answer that no page of the app takes over."""
    return _template("message.html").render(
        title=title,
        head=head,
        refresh_seconds=refresh_seconds,
        body=render_alone(title, *paragraphs),
    )


@cache
def _template(name: str):
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["icon"] = icon_svg
    return environment
