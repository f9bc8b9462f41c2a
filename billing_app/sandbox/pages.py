"""Makes the stand-ins' pages from their templates."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

_templates = Environment(
    loader=PackageLoader("billing_app.sandbox"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def html_page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    page = _templates.get_template(template).render(**values)
    return HTMLResponse(page, status, {"Cache-Control": "no-store"})
