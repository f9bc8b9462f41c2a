"""What is said of a document that somebody wants to have checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from billing_app.domain.document import BankRow


class Verdict(StrEnum):
    """What the answer is. UNASKED while nothing was given that can be looked up."""

    UNASKED = "unasked"
    GENUINE = "genuine"
    CHANGED = "changed"
    UNKNOWN = "unknown"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class CheckedDocument:
    """A document that was issued here, as much as its holder can compare.

    Attributes:
        kind: invoice, receipt or credit_note.
        total_minor: in minor units of `currency`.
        status: the invoice's, today: in words, or empty for what has none.
        bank: where the business takes transfers today.
        file_digest: SHA-256 of the file as issued, or empty before there is one; of
            the copy that was asked for.
        due_minor: what is left to pay of an invoice today, or None.
        copied_on: the day whose payments are on the copy that was asked for.
    """

    kind: str
    number: str
    seller: str
    issued_on: date
    total_minor: int
    currency: str
    status: str
    bank: tuple[BankRow, ...]
    file_digest: str
    due_minor: int | None = None
    copied_on: date | None = None


def judge(
    document: CheckedDocument | None, *, code: str, file: str, was_asked: bool
) -> Verdict:
    """Return the answer for what was found by a code or, without one, by a file.

    `code` and `file` are what was asked by, empty where nothing was given.
    """
    if not was_asked:
        return Verdict.UNASKED
    if document is None:
        return Verdict.UNKNOWN
    if code and file and file != document.file_digest:
        return Verdict.CHANGED
    return Verdict.GENUINE
