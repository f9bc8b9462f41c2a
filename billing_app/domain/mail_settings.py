"""How a workspace sends mail, as one value with safe defaults."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from billing_app.domain.errors import InvalidInput

PORT_OF = {"starttls": 587, "tls": 465, "none": 25}
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?", re.ASCII)


class MailSecurity(StrEnum):
    """How the connection to the mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


# Among the details of a message that was put into the mailbox instead of sent.
KEPT = "kept"


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

    @property
    def has_server(self) -> bool:
        return bool(self.host)

    def to_stored(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> MailSettings:
        """Read what any version stored: unknown keys are ignored."""
        known = {name: stored[name] for name in cls.__slots__ if name in stored}
        if "security" in known:
            known["security"] = MailSecurity(known["security"])
        return cls(**known)


def parse_host(text: str, field: str = "host") -> str:
    """Return a host name, or an empty text.

    Raises:
        InvalidInput: it is a whole address, or no name at all.
    """
    host = text.strip()
    if host and not _HOST.fullmatch(host):
        raise InvalidInput(
            "Write the server's name only, like mail.example.com.", field=field
        )
    return host


def parse_port(text: str, security: MailSecurity, field: str = "port") -> int:
    """Return a port; the usual one when left empty.

    Raises:
        InvalidInput: not a whole number from 1 to 65535.
    """
    text = text.strip()
    if not text:
        return PORT_OF[security]
    if re.fullmatch("[0-9]{1,5}", text, re.ASCII) and 1 <= int(text) <= 65535:
        return int(text)
    raise InvalidInput("Write the port as a number, like 587.", field=field)
