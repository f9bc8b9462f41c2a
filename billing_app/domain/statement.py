"""A statement of account: what was owed, what came, what is owed, in one period."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from billing_app.domain.aging import AgeBucket
from billing_app.domain.document import Branding, Party
from billing_app.domain.errors import InvalidInput
from billing_app.domain.parsing import parse_date
from billing_app.domain.speech import later

# More is no statement that anybody reads, and a long wait for its paper.
ENTRIES_MAX = 2_000
_DAYS_MAX = 3_660


class EntryKind(StrEnum):
    """What moved the balance."""

    INVOICE = "invoice"
    VOID = "void"
    CREDIT_NOTE = "credit_note"
    ADJUSTMENT = "adjustment"
    PAYMENT = "payment"
    REFUND = "refund"


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement; `minor` is positive where more is owed after it.

    Attributes:
        reference: the number of an invoice or credit note, or what a payment was
            marked with. An adjustment is what was given up of an invoice.
        detail: the purchase order, the invoice credited, or what was typed of the
            way a payment came.
        method: the way it came (`domain.payment.PaymentMethod`).
    """

    on: date
    kind: EntryKind
    reference: str
    detail: str
    minor: int
    method: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """The account in one currency, in its minor units.

    Attributes:
        ages: what is outstanding on the day the statement is made, by age.
        credit_minor: what the customer has paid beyond their invoices, on that day.
    """

    currency: str
    opening_minor: int
    entries: tuple[Entry, ...]
    ages: tuple[tuple[AgeBucket, int], ...] = ()
    credit_minor: int = 0

    @property
    def closing_minor(self) -> int:
        return self.opening_minor + sum(entry.minor for entry in self.entries)

    def by_kind(self) -> tuple[tuple[EntryKind, int], ...]:
        """Return what moved the balance, added up by what it was."""
        sums = dict.fromkeys(EntryKind, 0)
        for entry in self.entries:
            sums[entry.kind] += entry.minor
        return tuple((kind, minor) for kind, minor in sums.items() if minor)

    def balances(self) -> tuple[int, ...]:
        """Return the balance after each entry."""
        balances: list[int] = []
        balance = self.opening_minor
        for entry in self.entries:
            balance += entry.minor
            balances.append(balance)
        return tuple(balances)


@dataclass(frozen=True, slots=True)
class Span:
    """From a day to a day, both included."""

    first: date
    last: date

    @property
    def slug(self) -> str:
        return f"{self.first.isoformat()}-{self.last.isoformat()}"


@dataclass(frozen=True, slots=True)
class StatementDocument:
    """A statement as printed; made on a day, unlike documents that are issued."""

    language: str
    branding: Branding
    seller: Party
    buyer: Party
    span: Span
    made_on: date
    sections: tuple[Section, ...]


def parse_span(first: str, last: str, usual: Span) -> Span:
    """Read the period of a statement; where nothing is written, the usual one.

    Raises:
        InvalidInput: the days cannot be read, or are in the wrong order.
    """
    span = Span(
        parse_date(first, field="from") if first else usual.first,
        parse_date(last, field="to") if last else usual.last,
    )
    if span.last < span.first:
        raise InvalidInput(later("The last day comes before the first."), field="to")
    if span.last - span.first > timedelta(days=_DAYS_MAX):
        raise InvalidInput(later("Choose ten years or less."), field="from")
    return span
