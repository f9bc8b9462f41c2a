"""Which mails people at a customer may choose not to get, and what a link proves.

Invoices, credit notes, codes and the answers to their own disputes are always sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from billing_app.domain.speech import later


class MailKind(StrEnum):
    """A kind of mail that can be refused."""

    COMMENTS = "comments"
    REMINDERS = "reminders"
    RECEIPTS = "receipts"


KIND_WORDS: dict[MailKind, tuple[str, str]] = {
    MailKind.COMMENTS: (
        later("Comments"),
        later("when somebody answers on one of your invoices"),
    ),
    MailKind.REMINDERS: (
        later("Reminders"),
        later("when an invoice is due or overdue"),
    ),
    MailKind.RECEIPTS: (later("Receipts"), later("when a payment has arrived")),
}

# Wanting a mail again; refusing it is never refused, as anybody may at any time.
CHANGES_OF_MIND_A_DAY_MAX = 10

# Nothing else that is encrypted begins like this, so no other secret is a claim.
_MARK = "mail-choices"


@dataclass(frozen=True, slots=True)
class MailReader:
    """Who got a mail, and of which kind: what the link inside it proves."""

    workspace_id: int
    customer_id: int
    kind: MailKind
    email: str


def write_claim(reader: MailReader) -> str:
    """Return what goes, encrypted, into the link of a mail."""
    parts = (_MARK, reader.workspace_id, reader.customer_id, reader.kind, reader.email)
    return "\n".join(map(str, parts))


def read_claim(claim: str) -> MailReader | None:
    """Read what `write_claim` wrote; None for anything else."""
    mark, *parts = claim.split("\n")
    if mark != _MARK or len(parts) != 4:
        return None
    workspace_id, customer_id, kind, email = parts
    return MailReader(int(workspace_id), int(customer_id), MailKind(kind), email)


def email_key(email: str) -> str:
    """Return what an address is compared by."""
    return email.strip().lower()[:254]


def kinds_words(kinds: Iterable[str]) -> str:
    """Say what somebody does not want: "no comments, no receipts"."""
    refused = frozenset(kinds)
    return ", ".join(f"no {kind}" for kind in MailKind if kind in refused)
