"""What the portal shows and allows, as one value with safe defaults."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any


class PaymentMode(StrEnum):
    """How customers may pay through the portal."""

    OFF = "off"
    INSTRUCTIONS = "instructions"
    ONLINE = "online"


class LinkExpiry(StrEnum):
    """When a new portal link stops working by itself."""

    NEVER = "never"
    AFTER_DAYS = "after_days"
    AFTER_DUE = "after_due"


@dataclass(frozen=True, slots=True)
class PortalSettings:
    """The switches of one workspace's portal.

    Attributes:
        is_on: off shows "Portal not available" on every link; nothing is deleted.
        shows_invoices: off hides invoices while the portal itself stays on.
        shows_pdf: offers the PDF tab and the download.
        allows_partial: lets a customer pay less than what is outstanding.
        minimum_minor: least partial payment in the workspace's currency, minor units.
        link_expiry_days: counted from creation or from the due date.
        shows_badge: "Powered by Tallyport" in the footer.
        welcome: plain text above the invoice, may be empty.
    """

    is_on: bool = True
    shows_invoices: bool = True
    shows_pdf: bool = True
    payment: PaymentMode = PaymentMode.ONLINE
    allows_partial: bool = True
    minimum_minor: int = 0
    link_expiry: LinkExpiry = LinkExpiry.NEVER
    link_expiry_days: int = 90
    shows_badge: bool = False
    welcome: str = ""

    def to_stored(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_stored(cls, stored: dict[str, Any]) -> PortalSettings:
        """Read what an older or newer version stored: unknown keys are ignored."""
        known = {name: stored[name] for name in cls.__slots__ if name in stored}
        if "payment" in known:
            known["payment"] = PaymentMode(known["payment"])
        if "link_expiry" in known:
            known["link_expiry"] = LinkExpiry(known["link_expiry"])
        return cls(**known)


@dataclass(frozen=True, slots=True)
class PortalSetup:
    """What the business has chosen for its portal.

    Attributes:
        home_currency: the one the least partial payment is written in.
        is_connected: Stripe knows the business; `can_charge` says it may take money.
    """

    settings: PortalSettings
    zone: str
    home_currency: str
    is_connected: bool
    can_charge: bool


def link_expires_at(
    settings: PortalSettings, created_at: datetime, due_on: date | None
) -> datetime | None:
    """Return the instant a new link stops working, or None for never.

    A link that expires after the due date lives through the whole last day in
    every zone, hence the extra day.
    """
    days = timedelta(days=settings.link_expiry_days)
    if settings.link_expiry == LinkExpiry.AFTER_DAYS:
        return created_at + days
    if settings.link_expiry == LinkExpiry.AFTER_DUE and due_on is not None:
        last_day = datetime.combine(due_on, datetime.min.time(), created_at.tzinfo)
        return last_day + days + timedelta(days=1)
    return None
