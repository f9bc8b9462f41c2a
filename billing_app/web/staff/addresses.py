"""Addresses of staff pages: of the settings, and with a list's filters in them."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

# Pages of the settings by name, grouped by who may see them.
WORKSPACE_SETTINGS = (
    ("Business", "/settings"),
    ("Branding", "/settings/branding"),
    ("Portal", "/settings/portal"),
    ("Payments", "/settings/payments"),
    ("Numbers and terms", "/settings/documents"),
    ("Taxes", "/settings/taxes"),
    ("Products and services", "/settings/products"),
    ("Mail", "/settings/mail"),
    ("Reminders", "/settings/reminders"),
)
PEOPLE_SETTINGS = ("People and roles", "/settings/members")
IMPORT_SETTINGS = ("Import", "/settings/import")
EXPORT_SETTINGS = ("Export", "/settings/export")
OWN_SETTINGS = ("Sign-in and security", "/settings/security")
SETTINGS_PAGES = (
    *WORKSPACE_SETTINGS,
    IMPORT_SETTINGS,
    EXPORT_SETTINGS,
    PEOPLE_SETTINGS,
    OWN_SETTINGS,
)


def with_query(path: str, typed: Mapping[str, str], **changes: str) -> str:
    """Return the address with some parameters changed; empty ones are left out.

    Any change but of the place itself goes back to the list's beginning.
    """
    kept = {name: text for name, text in typed.items() if text}
    if not {"after", "before"} & changes.keys():
        changes = {**changes, "after": "", "before": ""}
    elif changes.get("after"):
        changes = {**changes, "before": ""}
    elif changes.get("before"):
        changes = {**changes, "after": ""}
    wanted = {name: text for name, text in (kept | changes).items() if text}
    return f"{path}?{urlencode(wanted, safe='.~')}" if wanted else path


def turned(sort: str, key: str, descending_first: frozenset[str]) -> str:
    """Return the sort after a press on a column's head: turned around, or its own."""
    if sort.removeprefix("-") == key:
        return key if sort.startswith("-") else f"-{key}"
    return f"-{key}" if key in descending_first else key


def invoice_address(invoice_id: int, is_draft: bool = False) -> str:
    return f"/invoices/{invoice_id}/edit" if is_draft else f"/invoices/{invoice_id}"
