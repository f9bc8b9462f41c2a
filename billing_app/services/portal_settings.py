"""Switch what customers see and may do in the portal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from billing_app.database.access import staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.errors import InvalidInput
from billing_app.domain.parsing import parse_amount
from billing_app.domain.portal_settings import LinkExpiry, PaymentMode, PortalSettings
from billing_app.services.settings import save, take_settings, typed_text

WELCOME_LENGTH_MAX = 1_000
LINK_DAYS_MAX = 3_650


@dataclass(frozen=True, slots=True)
class PortalForm:
    """The switches of the portal.

    Attributes:
        minimum: least partial payment, in the workspace's currency; empty for none.
        link_expiry_days: whole days, used by the two kinds that count.
    """

    is_on: bool = False
    shows_invoices: bool = False
    shows_pdf: bool = False
    payment: str = ""
    allows_partial: bool = False
    minimum: str = ""
    link_expiry: str = ""
    link_expiry_days: str = ""
    shows_badge: bool = False
    welcome: str = ""


@staff(Permission.EDIT_SETTINGS)
def change_portal(uow: UnitOfWork, version: int, form: PortalForm) -> int:
    """Change what customers see and may do; returns and raises as `change_business`.

    Open portal pages hear of it. Nothing is deleted by switching off.
    """
    answers = _answers(form, uow.workspace.currency)
    settings = take_settings(uow, version)
    kept = PortalSettings.from_stored(settings.portal)
    before, after = kept.to_stored(), replace(kept, **answers).to_stored()
    changed = tuple(name for name in after if before[name] != after[name])
    return save(uow, settings, "portal", *changed, portal=after)


def _answers(form: PortalForm, currency: str) -> dict[str, Any]:
    if form.payment not in set(PaymentMode):
        raise InvalidInput("Choose how customers may pay.", field="payment")
    if form.link_expiry not in set(LinkExpiry):
        raise InvalidInput("Choose when links stop working.", field="link_expiry")
    minimum_minor = 0
    if form.minimum.strip():
        minimum_minor = parse_amount(form.minimum, currency, field="minimum").minor
    return {
        "is_on": form.is_on,
        "shows_invoices": form.shows_invoices,
        "shows_pdf": form.shows_pdf,
        "payment": PaymentMode(form.payment),
        "allows_partial": form.allows_partial,
        "minimum_minor": minimum_minor,
        "link_expiry": LinkExpiry(form.link_expiry),
        "link_expiry_days": _link_days(form),
        "shows_badge": form.shows_badge,
        "welcome": typed_text(form.welcome, "welcome", WELCOME_LENGTH_MAX),
    }


def _link_days(form: PortalForm) -> int:
    text = form.link_expiry_days.strip()
    if not text and form.link_expiry == LinkExpiry.NEVER:
        return PortalSettings().link_expiry_days
    is_number = text.isascii() and text.isdigit() and len(text) <= 4
    if not is_number or not 1 <= int(text) <= LINK_DAYS_MAX:
        raise InvalidInput(
            f"Write the days as a whole number from 1 to {LINK_DAYS_MAX:,}.",
            field="link_expiry_days",
        )
    return int(text)
