"""Where in the portal an address leads, and the addresses of what belongs there.

/p/<token>                one invoice, by its link
/p/<token>/account        the account behind it, where the business opens it that way
/p/<token>/account/<id>   one invoice of that account
/c/<token>                a customer's account, by the customer link
/c/<token>/<id>           one invoice of it
/account/<slug>           the account of whoever has signed in at this business
/account/<slug>/<id>      one invoice of it
/account/<slug>~<id>      a customer's account as the business's own people preview it,
                          with all that lies below
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum


class Door(StrEnum):
    """How somebody came in; the first part of every portal address."""

    INVOICE_LINK = "p"
    CUSTOMER_LINK = "c"
    SIGNED_IN = "account"


@dataclass(frozen=True, slots=True)
class PortalPlace:
    """A page of the portal. Text from an address: it proves nothing by itself.

    Attributes:
        key: the link's token, or the workspace's slug where nobody needs a link.
        is_account: it leads to the account, or to an invoice by way of it.
        invoice_id: the invoice that the address names, None where it names none.
    """

    door: Door
    key: str
    is_account: bool
    invoice_id: int | None = None

    @property
    def slug(self) -> str:
        """Return whose portal it is, where nobody needs a link."""
        return self.key.partition("~")[0]

    @property
    def previewed_id(self) -> int | None:
        """Return the customer whose account is previewed; 0 where none can be meant."""
        slug, mark, named = self.key.partition("~")
        if self.door != Door.SIGNED_IN or not mark:
            return None
        return int(named) if slug and re.fullmatch("[0-9]{1,15}", named) else 0

    @property
    def account_path(self) -> str:
        """Return the address of the account seen through the same door."""
        by_invoice = self.door == Door.INVOICE_LINK
        return f"/{self.door}/{self.key}{'/account' if by_invoice else ''}"

    @property
    def path(self) -> str:
        """Return the address of the page; its files and forms lie below it."""
        if not self.is_account:
            return f"/{self.door}/{self.key}"
        if self.invoice_id is None:
            return self.account_path
        return self.invoice_path(self.invoice_id)

    @property
    def pattern(self) -> str:
        """Return the address without its secret: {key} stands for it."""
        return replace(self, key="{key}").path

    def invoice_path(self, invoice_id: int) -> str:
        """Return the address of an invoice of the account."""
        return f"{self.account_path}/{invoice_id}"


# Keys may be over-long or odd: authentication says no to them in its own time. Only
# halves of broken pairs, which a socket can send, can't even be looked up.
_KEY = r"[^/\ud800-\udfff]+"
_PLACE = re.compile(
    rf"/(?P<door>p)/(?P<key>{_KEY})(?P<account>/account(?:/(?P<in_link>[0-9]{{1,15}}))?)?"
    rf"|/(?P<other>c|account)/(?P<name>{_KEY})(?:/(?P<in_account>[0-9]{{1,15}}))?"
)


def parse_place(path: str) -> PortalPlace | None:
    """Return where a path leads, or None where it is none of the portal's pages."""
    found = _PLACE.fullmatch(path.rstrip("/"))
    if found is None:
        return None
    if found["door"]:
        named = found["in_link"]
        return PortalPlace(
            Door.INVOICE_LINK,
            found["key"],
            is_account=bool(found["account"]),
            invoice_id=int(named) if named else None,
        )
    named = found["in_account"]
    return PortalPlace(
        Door(found["other"]),
        found["name"],
        is_account=True,
        invoice_id=int(named) if named else None,
    )


# What an address that leads nowhere stands for; no key is empty.
NOWHERE = PortalPlace(Door.INVOICE_LINK, "", is_account=False)


def preview_path(slug: str, customer_id: int) -> str:
    """Return where the business's own people look at a customer's account."""
    return PortalPlace(Door.SIGNED_IN, f"{slug}~{customer_id}", is_account=True).path


# As a server's routes write the addresses that show one invoice, and the accounts.
INVOICE_ROUTES = (
    "/p/{token}",
    "/p/{token}/account/{invoice_id:id}",
    "/c/{token}/{invoice_id:id}",
    "/account/{slug}/{invoice_id:id}",
)
ACCOUNT_ROUTES = ("/p/{token}/account", "/c/{token}", "/account/{slug}")
