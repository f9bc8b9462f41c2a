"""A customer's account as they read it: every word of the page, from plain facts.

The page in the browser and the page painted on the server show the same value.
All of it is for the customer: nothing goes in here that they may not see.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from billing_app.domain.link_powers import OwnPowers
from billing_app.domain.portal_invoice import Contact, PaymentRow
from billing_app.domain.trace import PrintedPart


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to go to: a tab, a period, the head of a column.

    Attributes:
        direction: ascending, descending, or none for the head of another column.
    """

    key: str
    words: str
    href: str
    count: str = ""
    is_current: bool = False
    direction: str = "none"


@dataclass(frozen=True, slots=True)
class Stat:
    """One card: amounts of each currency, a note below, and what they are made of."""

    label: str
    amounts: tuple[str, ...]
    note: str = ""
    late_note: str = ""
    parts: tuple[PrintedPart, ...] = ()


@dataclass(frozen=True, slots=True)
class AgeLine:
    """One span of age; drawn by the same component as the staff's."""

    key: str
    words: str
    tone: str
    count: str
    amount: str
    percent: float
    href: str


@dataclass(frozen=True, slots=True)
class AgeBar:
    """What is outstanding in one currency by age; the title names the currency."""

    title: str
    lines: tuple[AgeLine, ...]


@dataclass(frozen=True, slots=True)
class ListRow:
    """One invoice of the list.

    Attributes:
        key: its id as text, by which it is unfolded.
        balance: what is still open; `is_settled` draws it quietly.
        phone_amount: the one amount there is room for on a phone.
        status_words: what the business calls the status.
        pay_href: where it can be paid, empty where there is nothing to pay;
            `pay_words` say whether that is a payment or how to make one.
        can_choose: it can be among those that one payment pays.
    """

    id: int
    key: str
    number: str
    order: str
    issued: str
    due: str
    is_late: bool
    status: str
    status_words: str
    note: str
    total: str
    balance: str
    phone_amount: str
    is_settled: bool
    href: str
    pay_href: str
    pay_words: str
    pdf_href: str
    can_choose: bool = False


@dataclass(frozen=True, slots=True)
class BehindLine:
    """What happened that a line charges for, and how it comes to its amount."""

    words: str
    arithmetic: str


@dataclass(frozen=True, slots=True)
class FoldComment:
    """A comment in short: who, when, and how it begins."""

    author: str
    when: str
    words: str


@dataclass(frozen=True, slots=True)
class FoldDispute:
    """A dispute in short; `comments` are the last ones said in it."""

    heading: str
    words: str
    note: str
    answer: str
    is_open: bool
    comments: tuple[FoldComment, ...] = ()


@dataclass(frozen=True, slots=True)
class FoldLine:
    """One line of an unfolded invoice.

    Attributes:
        is_by_hand: no event is behind it, while some are behind other lines.
        more: says how many more events there are, and what they come to.
    """

    heading: str
    name: str
    detail: str
    amount: str
    behind: tuple[BehindLine, ...]
    more: str
    disputes: tuple[FoldDispute, ...]
    is_by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened to an invoice; `tone` is hot, next or none."""

    title: str
    words: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Fold:
    """What lies behind one row of the list; no `talk_href` without a conversation."""

    lines: tuple[FoldLine, ...] = ()
    disputes: tuple[FoldDispute, ...] = ()
    sums: tuple[tuple[str, str], ...] = ()
    total: str = ""
    payments: tuple[PaymentRow, ...] = ()
    history: tuple[Moment, ...] = ()
    comments: tuple[FoldComment, ...] = ()
    talk_href: str = ""

    EMPTY: ClassVar[Fold]


Fold.EMPTY = Fold()


@dataclass(frozen=True, slots=True)
class PaidInvoice:
    """An invoice that a payment went to; no address where there is no receipt."""

    number: str
    href: str
    words: str
    receipt_href: str


@dataclass(frozen=True, slots=True)
class AccountPayment:
    """A payment of the account, or what is on its way.

    Attributes:
        word: what became of it, empty where it simply came.
    """

    key: str
    received_on: str
    method: str
    note: str
    amount: str
    word: str = ""
    is_processing: bool = False
    invoices: tuple[PaidInvoice, ...] = ()


@dataclass(frozen=True, slots=True)
class PayPart:
    """Paying several invoices, or all of them, in one go.

    Attributes:
        is_offered: invoices can be chosen; `action` is where the choice is posted.
        balances: one way for each currency to pay all that is asked for in it.
        reason: why nothing can be paid here; empty where nobody would expect it.
        note, note_tone: what became of a payment that leads back here.
    """

    is_offered: bool = False
    action: str = ""
    balances: tuple[tuple[str, str], ...] = ()
    reason: str = ""
    note: str = ""
    note_tone: str = ""


@dataclass(frozen=True, slots=True)
class QuoteRow:
    """One invoice of a choice, and what it would get."""

    number: str
    due: str
    amount: str


@dataclass(frozen=True, slots=True)
class PayQuote:
    """What a choice of invoices comes to.

    Attributes:
        words: how many are chosen, as "2 invoices".
        amount: what the field starts with, as it would be typed.
        error: why it can't be paid like this.
        hint: what is good to know beside the field.
    """

    words: str = ""
    total: str = ""
    amount: str = ""
    currency: str = ""
    rows: tuple[QuoteRow, ...] = ()
    hint: str = ""
    error: str = ""

    EMPTY: ClassVar[PayQuote]


PayQuote.EMPTY = PayQuote()


@dataclass(frozen=True, slots=True)
class AccountFrame:
    """What surrounds the list: whose account, kept by whom, and the sums.

    Attributes:
        language: BCP 47 tag of all its words, dates and amounts.
        payments_href: leads to more of the payments than are shown.
        staff_words: what the business's own staff read about looking; nobody else.
        sign_out_href: where to sign out, empty for who has not signed in.
        change_href: where to choose another customer, empty for who has no other.
        offers_files: statements and documents may be taken away.
        statement_first, statement_last: what the statement's fields start with.
    """

    language: str = ""
    title: str = ""
    customer: str = ""
    seller: str = ""
    seller_mark: str = ""
    legal_name: str = ""
    logo_href: str = ""
    logo_says_name: bool = False
    contacts: tuple[Contact, ...] = ()
    brand: dict[str, str] = field(default_factory=dict[str, str])
    welcome: str = ""
    shows_badge: bool = False
    is_preview: bool = False
    staff_words: str = ""
    sign_out_href: str = ""
    change_href: str = ""
    stats: tuple[Stat, ...] = ()
    ages: tuple[AgeBar, ...] = ()
    base: str = ""
    shows_pdf: bool = False
    offers_files: bool = False
    statement_first: str = ""
    statement_last: str = ""
    pay: PayPart = PayPart()
    payments: tuple[AccountPayment, ...] = ()
    payments_href: str = ""
    powers: OwnPowers = OwnPowers.EMPTY

    EMPTY: ClassVar[AccountFrame]


AccountFrame.EMPTY = AccountFrame()


@dataclass(frozen=True, slots=True)
class AccountList:
    """One page of the list and the ways through it.

    Attributes:
        shape: rows, none (no match, or all are archived) or empty (no invoice at all).
        period: the key of the period that is chosen; `first` and `last` are its days
            where they are chosen one by one.
        filters: how many of the status and the time narrow it, empty for none.
        asked: what it was read for, as an address has it, without the place in it.
        hidden: the filters that a form has to carry along.
        narrowed: what the list is narrowed to beside its tab, empty for nothing.
        plain_href: leads to the whole list, empty where it is before one's eyes.
    """

    shape: str = "empty"
    rows: tuple[ListRow, ...] = ()
    tabs: tuple[Choice, ...] = ()
    periods: tuple[Choice, ...] = ()
    period: str = "all"
    first: str = ""
    last: str = ""
    heads: tuple[Choice, ...] = ()
    archived: Choice = Choice("", "", "")
    filters: str = ""
    asked: str = ""
    text: str = ""
    count: str = ""
    range_words: str = ""
    newer_href: str = ""
    older_href: str = ""
    none_words: str = ""
    narrowed: str = ""
    plain_href: str = ""
    hidden: tuple[tuple[str, str], ...] = ()

    EMPTY: ClassVar[AccountList]


AccountList.EMPTY = AccountList()
