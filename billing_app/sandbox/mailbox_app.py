"""A page to read the mail that goes into a folder when no mail server is set."""

from __future__ import annotations

import base64
import email.policy
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from billing_app.sandbox.pages import html_page

_SHOWN = 200
_NAME = re.compile(r"[0-9a-f]{32}", re.ASCII)
_LINK = re.compile(r"https?://[^\s<>\"]+")


# Anything else is only ever bytes to keep.
_KNOWN_TYPES = ("application/pdf", "application/xml")
_UNSAFE = re.compile(r"[^\w .-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file that came with a mail; its bytes are read when somebody opens it."""

    name: str
    media_type: str
    size: int

    @property
    def size_words(self) -> str:
        return f"{max(1, round(self.size / 1000)):,} KB"


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """One mail as its reader sees it."""

    id: str
    message_id: str
    sender: str
    reply_to: str
    to: str
    subject: str
    date: str
    text: str
    html: str
    links: tuple[str, ...]
    attachments: tuple[AttachedFile, ...]

    @property
    def when(self) -> datetime:
        return datetime.fromisoformat(self.date)

    @property
    def document(self) -> str:
        """The HTML with its links opening beside the mailbox, not inside it."""
        return self.html.replace("<head>", '<head><base target="_blank">', 1)


class Mailbox:
    """The folder of mail, newest first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def list_mails(self) -> tuple[ReceivedMail, ...]:
        """List the newest mails, at most 200."""
        files = sorted(
            self._folder.glob("*.eml"), key=lambda x: x.stat().st_mtime_ns, reverse=True
        )
        mails = (_read(file) for file in files[:_SHOWN])
        return tuple(sorted(mails, key=lambda mail: mail.date, reverse=True))

    def find(self, mail_id: str) -> ReceivedMail | None:
        file = self._place(mail_id)
        return _read(file) if file else None

    def find_file(self, mail_id: str, number: int) -> tuple[AttachedFile, bytes] | None:
        """Return a file of a mail, counted from 1, with its bytes."""
        file = self._place(mail_id)
        parts = _attached(_parse(file)) if file else []
        if not 1 <= number <= len(parts):
            return None
        part = parts[number - 1]
        return _file(part), _content(part)

    def _place(self, mail_id: str) -> Path | None:
        file = self._folder / f"{mail_id}.eml"
        return file if _NAME.fullmatch(mail_id) and file.exists() else None


def mailbox_app(folder: Path) -> Starlette:
    """Make the ASGI application to mount or to serve."""
    mailbox = Mailbox(folder)

    def show_list(request: Request) -> Response:
        return html_page("mailbox.html", mails=mailbox.list_mails(), shown=None, up="")

    def show_mail(request: Request) -> Response:
        shown = mailbox.find(request.path_params["id"])
        status = 200 if shown else 404
        return html_page(
            "mailbox.html", status, mails=mailbox.list_mails(), shown=shown, up="../"
        )

    def open_file(request: Request) -> Response:
        found = mailbox.find_file(
            request.path_params["id"], request.path_params["number"]
        )
        if found is None:
            return Response("There is no such file.", 404, media_type="text/plain")
        file, content = found
        known = file.media_type in _KNOWN_TYPES
        name = _UNSAFE.sub("-", file.name) or "file"
        return Response(
            content,
            media_type=file.media_type if known else "application/octet-stream",
            headers={
                "Content-Disposition": f'attachment; filename="{name}"',
                "X-Content-Type-Options": "nosniff",
                "Content-Security-Policy": "sandbox; default-src 'none'",
                "Cache-Control": "no-store",
            },
        )

    def list_messages(request: Request) -> Response:
        mails = [asdict(mail) for mail in mailbox.list_mails()]
        return JSONResponse(mails, headers={"Cache-Control": "no-store"})

    return Starlette(
        routes=[
            Route("/", show_list),
            Route("/mail/{id}", show_mail),
            Route("/mail/{id}/files/{number:int}", open_file),
            Route("/messages.json", list_messages),
        ]
    )


def _parse(file: Path) -> EmailMessage:
    parser = BytesParser(EmailMessage, policy=email.policy.default)
    message = parser.parsebytes(file.read_bytes())
    assert isinstance(message, EmailMessage)
    return message


def _attached(message: EmailMessage) -> list[EmailMessage]:
    parts = message.iter_attachments()
    return [part for part in parts if isinstance(part, EmailMessage)]


def _file(part: EmailMessage) -> AttachedFile:
    name = part.get_filename() or "file"
    return AttachedFile(name, part.get_content_type(), len(_content(part)))


def _content(part: EmailMessage) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _read(file: Path) -> ReceivedMail:
    message = _parse(file)
    text = _part(message, "plain")
    date = message["Date"]
    return ReceivedMail(
        id=file.stem,
        message_id=str(message["Message-ID"] or "").strip("<>"),
        sender=str(message["From"] or ""),
        reply_to=str(message["Reply-To"] or ""),
        to=str(message["To"] or ""),
        subject=str(message["Subject"] or ""),
        date=(date.datetime if date else datetime.fromtimestamp(0, UTC)).isoformat(),
        text=text,
        html=_with_pictures(message, _part(message, "html")),
        links=tuple(dict.fromkeys(_LINK.findall(text))),
        attachments=tuple(_file(part) for part in _attached(message)),
    )


def _with_pictures(message: EmailMessage, html: str) -> str:
    """Put the pictures that came along into the HTML, as a mail reader does."""
    for part in message.walk():
        name = str(part["Content-ID"] or "").strip("<>")
        if name and part.get_content_maintype() == "image":
            data = base64.b64encode(part.get_payload(decode=True)).decode()
            html = html.replace(
                f"cid:{name}", f"data:{part.get_content_type()};base64,{data}"
            )
    return html


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return part.get_content().replace("\r\n", "\n") if part is not None else ""
