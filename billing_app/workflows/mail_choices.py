"""Let people choose their mails by the link in one: no account, and no look-up.

The link carries who got the mail, encrypted under the installation's secret, so none
can be made up and a mail that is forwarded changes only what its reader gets.
"""

from __future__ import annotations

from dataclasses import dataclass

from billing_app.database.secrets import SecretUnreadable
from billing_app.domain.actors import SystemActor
from billing_app.domain.contact import mask_email
from billing_app.domain.document import Branding
from billing_app.domain.errors import NotFound
from billing_app.domain.mail_choices import (
    MailKind,
    MailReader,
    read_claim,
    write_claim,
)
from billing_app.queries.mail_choices import read_refused
from billing_app.queries.portal_account import read_head
from billing_app.queries.portal_desk import read_letterhead
from billing_app.runtime import Runtime
from billing_app.services.mail_choices import choose_mails, refuse_mails

JOB = "mail_choices"
PATH = "/mails"
_TOKEN_LENGTH_MAX = 1_000


@dataclass(frozen=True, slots=True)
class MailChoices:
    """What the page shows: the business, whose choice it is, and what is wanted.

    Attributes:
        email: so much of the address as its owner knows it by.
        kind: of the mail whose link was opened.
        language: of the customer, or else of the business.
    """

    business: str
    branding: Branding
    email: str
    kind: MailKind
    wanted: frozenset[MailKind]
    language: str


def choices_path(runtime: Runtime, reader: MailReader) -> str:
    """Return the path of a reader's own page."""
    return f"{PATH}/{runtime.cipher.encrypt(write_claim(reader))}"


def read_choices(runtime: Runtime, token: str) -> MailChoices:
    """Return what the reader of a mail has chosen.

    Raises:
        NotFound: no link of ours.
    """
    reader, job = _reader(runtime, token)
    letterhead = runtime.run(job, read_letterhead)
    refused = runtime.run(job, read_refused, reader.customer_id, reader.email)
    return MailChoices(
        business=letterhead.name,
        branding=letterhead.branding,
        email=mask_email(reader.email),
        kind=reader.kind,
        wanted=frozenset(MailKind) - refused,
        language=runtime.run(job, read_head, reader.customer_id).language,
    )


def save_choices(runtime: Runtime, token: str, wanted: frozenset[MailKind]) -> None:
    """Keep exactly what the reader wants.

    Raises:
        NotFound: no link of ours.
    """
    reader, job = _reader(runtime, token)
    runtime.run(job, choose_mails, reader.customer_id, reader.email, wanted)


def unsubscribe(runtime: Runtime, token: str) -> None:
    """Refuse the kind of the mail that the link came with, and no other.

    Raises:
        NotFound: no link of ours.
    """
    reader, job = _reader(runtime, token)
    runtime.run(job, refuse_mails, reader.customer_id, reader.email, reader.kind)


def _reader(runtime: Runtime, token: str) -> tuple[MailReader, SystemActor]:
    try:
        claim = runtime.cipher.decrypt(token[:_TOKEN_LENGTH_MAX])
    except (SecretUnreadable, UnicodeError) as error:
        raise NotFound("Page not found.") from error
    reader = read_claim(claim)
    if reader is None:
        raise NotFound("Page not found.")
    return reader, SystemActor(reader.workspace_id, JOB)
