"""How a workspace sends mail, as one value with safe defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class MailSecurity(StrEnum):
    """How the connection to the mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MailSettings:
    """A workspace's own mail server. The password is kept apart, encrypted.

    Attributes:
        host: empty for the installation's server, or its mailbox without one.
        sender: address that mail is sent from; empty for the installation's.
        reply_to: where customers' answers go; empty for the business's address.
        sends_copies: cc contacts get the mail too.
    """

    host: str = ""
    port: int = 587
    user: str = ""
    security: MailSecurity = MailSecurity.STARTTLS
    sender: str = ""
    reply_to: str = ""
    sends_copies: bool = True

    def to_stored(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> MailSettings:
        """Read what any version stored: unknown keys are ignored."""
        known = {name: stored[name] for name in cls.__slots__ if name in stored}
        if "security" in known:
            known["security"] = MailSecurity(known["security"])
        return cls(**known)
