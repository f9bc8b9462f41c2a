"""Sends mail: through an SMTP server, or into a folder when there is none.

It knows how a message is built and carried. What it says and how it looks comes
from `documents.mail`.
"""

from __future__ import annotations

import asyncio
import email.policy
import hashlib
import ipaddress
import re
import socket
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import Policy
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from billing_app.gateways.errors import GatewayRefused, GatewayUnavailable
from billing_app.gateways.files import write_atomically

# For each answer, and for all of a mail: a server may be slow with every one of them.
_TIMEOUT_SECONDS = 30.0
WHOLE_SECONDS = 60.0
_MESSAGE_ID = re.compile(r"[A-Za-z0-9._+-]{1,120}@[A-Za-z0-9.-]{1,120}", re.ASCII)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


# IPv4 addresses where a network speaks IPv6 alone (RFC 6052).
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
_UNSUBSCRIBE = "List-Unsubscribe"


class _UnbrokenHeader(UnstructuredHeader):
    """A head on one line: Python would encode a word that is longer than that."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_headers = HeaderRegistry()
_headers.map_to_type(_UNSUBSCRIBE, _UnbrokenHeader)
_POLICY = email.policy.SMTP.clone(header_factory=_headers)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that comes with a mail.

    Attributes:
        content_id: what the HTML calls it by, for a picture shown inside; empty for
            a file to keep.
    """

    name: str
    content: bytes
    media_type: str = "application/pdf"
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """One message to send.

    Attributes:
        message_id: without brackets; the same for every try, so that a mail that
            arrives twice is recognised as one.
        sender_name: shown before the address that all mail is sent from.
        reply_to: where answers go; empty for the sender's address.
        sent_at: the date in its head.
        unsubscribe_url: where mail programs post that no more of these are wanted.
    """

    message_id: str
    sender_name: str
    to: tuple[str, ...]
    subject: str
    text: str
    html: str
    sent_at: datetime
    unsubscribe_url: str = ""
    reply_to: str = ""
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed over.

    Attributes:
        is_wrapped: TLS from the first byte, as on port 465.
        starttls: True insists on encryption, None takes it when offered, False
            never asks.
        is_public: only where its name leads into the internet; for one that was not
            chosen by whoever runs this installation.
    """

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    is_wrapped: bool = False
    starttls: bool | None = True
    is_public: bool = False

    @classmethod
    def from_url(cls, url: str) -> SmtpServer:
        """Read `smtp://user:password@host:587` or `smtps://…`.

        `smtp` insists on STARTTLS, except on this machine, where it takes it when
        offered. `?tls=off` turns it off for a relay in a private network.
        """
        parts = urlsplit(url)
        assert parts.scheme in ("smtp", "smtps"), parts.scheme
        assert parts.hostname, "no host"
        is_wrapped = parts.scheme == "smtps"
        starttls: bool | None = None if _is_loopback(parts.hostname) else True
        if is_wrapped or parse_qs(parts.query).get("tls") == ["off"]:
            starttls = False
        return cls(
            host=parts.hostname,
            port=parts.port or (465 if is_wrapped else 587),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            is_wrapped=is_wrapped,
            starttls=starttls,
        )


class MailGateway:
    """Sends from one address, through a server or into the mailbox folder."""

    def __init__(
        self, sender_address: str, *, mailbox: Path, server: SmtpServer | None = None
    ) -> None:
        self._sender_address = sender_address
        self._mailbox = mailbox
        self._server = server

    @property
    def has_server(self) -> bool:
        return self._server is not None

    async def send(self, mail: OutgoingMail) -> tuple[str, ...]:
        """Hand a mail over; return the addresses refused while others were taken.

        Raises:
            GatewayUnavailable: not now; the same mail may be sent again.
            GatewayRefused: never like this; a person must change something.
        """
        message = build_message(mail, self._sender_address)
        if self._server is None:
            await asyncio.to_thread(_drop, self._mailbox, message)
            return ()
        return await _hand_over(self._server, message)

    def send_and_wait(self, mail: OutgoingMail) -> tuple[str, ...]:
        """Send from a worker thread."""
        return asyncio.run(self.send(mail))


def build_message(mail: OutgoingMail, sender_address: str) -> EmailMessage:
    """Build the message: text and HTML, attachments, and heads that cannot be forged.

    Raises:
        GatewayRefused: an address cannot be written to.
    """
    assert _MESSAGE_ID.fullmatch(mail.message_id), mail.message_id
    message = EmailMessage(_POLICY)
    message["Message-ID"] = f"<{mail.message_id}>"
    message["Date"] = mail.sent_at
    message["From"] = _address(sender_address, mail.sender_name)
    message["To"] = [_address(to) for to in mail.to]
    message["Subject"] = _one_line(mail.subject)
    if mail.reply_to:
        message["Reply-To"] = _address(mail.reply_to, mail.sender_name)
    # So that holiday notes and other robots do not answer (RFC 3834; Exchange).
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    if mail.unsubscribe_url:
        message[_UNSUBSCRIBE] = f"<{mail.unsubscribe_url}>"
        # One press in the mail program, without a page (RFC 8058).
        message[f"{_UNSUBSCRIBE}-Post"] = "List-Unsubscribe=One-Click"

    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    html = message.get_body(("html",))
    assert isinstance(html, EmailMessage)
    for attachment in mail.attachments:
        kind, _, subkind = attachment.media_type.partition("/")
        named: dict[str, Any] = {"filename": _one_line(attachment.name)}
        if attachment.content_id:
            named |= {"cid": f"<{attachment.content_id}>", "disposition": "inline"}
        add = html.add_related if attachment.content_id else message.add_attachment
        add(attachment.content, maintype=kind, subtype=subkind, **named)
    return message


def _address(text: str, name: str = "") -> Address:
    """Read an address; a domain in other letters is written in ASCII."""
    local, _, domain = text.rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode()
        address = Address(_one_line(name), addr_spec=f"{local}@{ascii_domain}")
    except (ValueError, MessageError, IndexError) as error:
        raise _unusable(text) from error
    if not (local.isascii() and address.username and address.domain):
        raise _unusable(text)
    return address


def _unusable(address: str) -> GatewayRefused:
    return GatewayRefused(
        f"No mail can be sent to “{_one_line(address)[:80]}”.", reason="bad_address"
    )


def _one_line(text: str) -> str:
    """Take line breaks and controls out of what goes into a head."""
    return _CONTROLS.sub(" ", text).strip()


async def _hand_over(server: SmtpServer, message: EmailMessage) -> tuple[str, ...]:
    try:
        async with asyncio.timeout(WHOLE_SECONDS):
            refused, _ = await aiosmtplib.send(
                message,
                hostname=server.host,
                sock=await _connect(server),
                username=server.user or None,
                password=server.password or None,
                use_tls=server.is_wrapped,
                start_tls=server.starttls,
                timeout=_TIMEOUT_SECONDS,
            )
    except aiosmtplib.SMTPRecipientsRefused as error:
        codes = [recipient.code for recipient in error.recipients]
        raise _answered(min(codes), "The mail server refused the address.") from error
    except aiosmtplib.SMTPAuthenticationError as error:
        sentence = "The mail server does not accept the user name and password."
        raise _answered(error.code, sentence) from error
    except aiosmtplib.SMTPResponseException as error:
        raise _answered(error.code, "The mail server refused the mail.") from error
    except (aiosmtplib.SMTPConnectError, aiosmtplib.SMTPConnectTimeoutError) as error:
        raise _unreachable() from error
    except (
        aiosmtplib.SMTPServerDisconnected,
        aiosmtplib.SMTPTimeoutError,
        OSError,
    ) as error:
        raise GatewayUnavailable(
            "The mail server broke off before it was done.", is_outcome_unknown=True
        ) from error
    except aiosmtplib.SMTPException as error:
        # What remains are servers without encryption or sign-in.
        raise GatewayRefused(
            "The mail server does not offer the encryption or sign-in that is set.",
            reason="not_supported",
        ) from error
    return tuple(refused)


async def _connect(server: SmtpServer) -> socket.socket:
    """Connect to the very address that was looked at: the next answer may be another.

    Raises:
        GatewayRefused: it has to be on the internet, and its name leads elsewhere.
        GatewayUnavailable: it has no address, or does not answer.
    """
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(
            server.host, server.port, type=socket.SOCK_STREAM
        )
    except (OSError, UnicodeError) as error:
        # A name may be no name at all, such as one with two dots in a row.
        raise _unreachable() from error
    fitting = [x for x in found if not server.is_public or _is_public(str(x[4][0]))]
    if not fitting:
        raise GatewayRefused(
            "This mail server is not on the internet. Whoever runs this installation"
            " can allow it with SMTP_PRIVATE_HOSTS.",
            reason="not_public",
        )
    for family, kind, protocol, _, address in fitting:
        own = socket.socket(family, kind, protocol)
        own.setblocking(False)
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS / len(fitting)):
                await loop.sock_connect(own, address)
        except OSError:
            own.close()
        except BaseException:
            own.close()
            raise
        else:
            return own
    raise _unreachable()


def _is_public(text: str) -> bool:
    """Say whether an address is one of the internet's, and not of a network within."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            address = inner
        elif address in _TRANSLATED:
            address = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.is_global and not address.is_multicast


def _unreachable() -> GatewayUnavailable:
    return GatewayUnavailable(
        "The mail server can't be reached at the moment.", is_outcome_unknown=False
    )


def _answered(code: int, sentence: str) -> GatewayRefused | GatewayUnavailable:
    """Tell not now (4xx, as greylisting does) from never (5xx)."""
    if 400 <= code < 500:
        return GatewayUnavailable(
            "The mail server asks to try again later.", is_outcome_unknown=False
        )
    return GatewayRefused(f"{sentence} (SMTP {code})", reason=f"smtp_{code}")


def _drop(mailbox: Path, message: EmailMessage) -> None:
    """Put the message into the folder, once for each Message-ID."""
    digest = hashlib.sha256(message["Message-ID"].encode()).hexdigest()
    place = mailbox / f"{digest[:32]}.eml"
    if not place.exists():
        write_atomically(place, message.as_bytes())


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
