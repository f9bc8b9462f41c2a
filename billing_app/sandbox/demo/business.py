"""What a business of the demo is: people, customers and the story of each invoice."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from billing_app.domain.dispute import Outcome
from billing_app.domain.document import Look
from billing_app.domain.portal_settings import MailFiles
from billing_app.services.customers import CustomerForm
from billing_app.services.late_fees import LateFeesForm


class Fate(StrEnum):
    """What became of an invoice by now."""

    DRAFT = "draft"
    ISSUED = "issued"
    OPEN = "open"
    PARTLY_PAID = "partly paid"
    PROCESSING = "processing"
    PAID = "paid"
    PAID_BY_CARD = "paid by card"
    ARCHIVED = "archived"
    VOID = "void"
    WRITTEN_OFF = "written off"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class DemoTax:
    name: str
    percent: str
    category: str = "S"


@dataclass(frozen=True, slots=True)
class DemoEvent:
    """What happened and is charged for: `rate` times each of the `factors`.

    Attributes:
        factors: pairs of value and word, such as ("12", "pallets").
        days_before: when it happened, counted back from the issue.
    """

    kind: str
    reference: str
    rate: str
    factors: tuple[tuple[str, str], ...]
    description: str = ""
    days_before: int = 1


@dataclass(frozen=True, slots=True)
class DemoComment:
    """A message on an invoice; `line` counts from one, empty for the whole of it."""

    days_ago: int
    body: str
    is_staff: bool = False
    line: str = ""


@dataclass(frozen=True, slots=True)
class DemoDispute:
    """What a customer said is wrong; over once it was answered.

    Attributes:
        amount: empty for all that can be disputed.
        line: counts from one, empty for the whole invoice.
        outcome: what was decided; credited comes with a credit note.
        note: of staff, for staff.
    """

    days_ago: int
    reason: str
    amount: str = ""
    line: str = ""
    answered_days_ago: int | None = None
    answer: str = ""
    note: str = ""
    outcome: Outcome = Outcome.STANDS


@dataclass(frozen=True, slots=True)
class DemoCredit:
    """An amount that was credited after it was paid, and went back where it came from.

    Attributes:
        reason: the customer reads it.
        refunded_days_ago: None while it is still the customer's credit.
    """

    days_ago: int
    amount: str
    reason: str
    refunded_days_ago: int | None = None


@dataclass(frozen=True, slots=True)
class DemoReplacement:
    """A wrong invoice was credited in full, and another one took its place.

    Attributes:
        lines: those that are right.
    """

    days_ago: int
    reason: str
    lines: tuple[DemoLine, ...]


@dataclass(frozen=True, slots=True)
class DemoEnd:
    """Why an invoice came to nothing: a rest was given up, or a draft cancelled.

    Attributes:
        rest: what a payment left open before it was given up; empty for all of it.
    """

    reason: str
    rest: str = ""


@dataclass(frozen=True, slots=True)
class DemoPromise:
    """A customer promised to pay within so many days."""

    days_ago: int
    days: int
    by_phone: bool = False


@dataclass(frozen=True, slots=True)
class DemoNote:
    """What staff wrote down for each other."""

    days_ago: int
    body: str


@dataclass(frozen=True, slots=True)
class DemoContact:
    """A further person at a customer, with their rights."""

    customer: int
    name: str
    email: str
    kind: str = "cc"
    may_pay: bool = False
    may_see_all: bool = False


@dataclass(frozen=True, slots=True)
class DemoLine:
    """A line as typed; `tax` is the name of one of the business's taxes.

    What its `events` come to is what the line charges, before a discount.
    """

    name: str
    quantity: str
    unit_price: str
    unit: str = ""
    description: str = ""
    tax: str = ""
    group: str = ""
    discount: str = ""
    events: tuple[DemoEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class DemoInvoice:
    """One invoice and its story.

    Attributes:
        customer: position in the business's customers.
        days_ago: when it was issued, counted from today.
        net_days: None for the business's usual terms.
        reminded_days_ago: reminders that somebody sent by hand.
        declined_days_ago: tries with a card that was declined.
        returned_days_ago: when a bank gave a debit back.
        end: of an invoice that was written off, and of a draft that was cancelled.
    """

    customer: int
    days_ago: int
    fate: Fate
    lines: tuple[DemoLine, ...]
    net_days: int | None = None
    is_seen: bool = True
    purchase_order: str = ""
    job: str = ""
    discount: str = ""
    notes: str = ""
    talk: tuple[DemoComment, ...] = ()
    disputes: tuple[DemoDispute, ...] = ()
    promises: tuple[DemoPromise, ...] = ()
    notes_of_staff: tuple[DemoNote, ...] = ()
    reminded_days_ago: tuple[int, ...] = ()
    declined_days_ago: tuple[int, ...] = ()
    returned_days_ago: tuple[int, ...] = ()
    credits: tuple[DemoCredit, ...] = ()
    replacement: DemoReplacement | None = None
    end: DemoEnd | None = None


@dataclass(frozen=True, slots=True)
class DemoBusiness:
    """A workspace of the demo.

    Attributes:
        key: begins the addresses of its people, like owner@northwind.example.
        emblem: which drawing its logo is, see `logos`.
        letterhead: columns of the workspace's settings.
        pattern: of its invoice numbers.
        usual: what its older, paid invoices were for.
        paid_per_month: how many of those there are.
        profile: which answers its portal has today; its past had the usual ones.
        mail_files: what its mails bring along from today on.
        reminder_steps: days from the due date; none where nothing leaves by itself.
        late_fees: what some of these reminders charge; None for nothing.
        waiting: what happened for a customer and is not billed yet.
    """

    key: str
    name: str
    profile: str
    currency: str
    zone: str
    country: str
    emblem: str
    accent: str
    look: Look
    letterhead: dict[str, object]
    bank: tuple[tuple[str, str], ...]
    taxes: tuple[DemoTax, ...]
    people: dict[str, str]
    customers: tuple[CustomerForm, ...]
    invoices: tuple[DemoInvoice, ...]
    usual: tuple[DemoLine, ...]
    pattern: str = "INV-{counter:5}"
    paid_per_month: int = 1
    welcome: str = ""
    contacts: tuple[DemoContact, ...] = ()
    mail_files: MailFiles = MailFiles.LINK
    reminder_steps: tuple[int, ...] = ()
    late_fees: LateFeesForm | None = None
    waiting: tuple[tuple[int, tuple[DemoEvent, ...]], ...] = ()
