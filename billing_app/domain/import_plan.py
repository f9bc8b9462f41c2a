"""What becomes of each row of a file, before anything is written."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from billing_app.domain.before_issue import NO_ADDRESS, date_ahead
from billing_app.domain.billable_event import amount_of
from billing_app.domain.contact import name_key
from billing_app.domain.custom_fields import CustomField
from billing_app.domain.errors import BillingError, InvalidInput
from billing_app.domain.formats import format_money
from billing_app.domain.import_records import (
    CustomerRecord,
    EventRecord,
    ImportRecord,
    InvoiceRecord,
    LeftOut,
    PaymentRecord,
    ProductRecord,
    ReadRecord,
    Refused,
)
from billing_app.domain.money import Money
from billing_app.domain.numbering import (
    Reset,
    counter_code_of,
    counts_apart,
    read_number,
)
from billing_app.domain.payment import check_received_on, parse_received
from billing_app.domain.spreadsheet import csv_line, safe_cell
from billing_app.domain.terms import TaxTerms

# The series that imported numbers are counted in, beside the workspace's own.
IMPORTED_SERIES = "imported"
OWN_SERIES = "invoice"
# In a status, that money has come.
_PAID_WORDS = ("paid", "settled", "bezahl", "betaald", "payé", "pagad", "pagat")
# A column that is no status at all has any number of them.
_STATUSES_SUMMED = 5


class FateKind(StrEnum):
    """What happens to a row."""

    NEW = "new"
    KNOWN = "known"
    LEFT_OUT = "left_out"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Fate:
    """What happens to one record; `line` is where it begins in the file."""

    line: int
    name: str
    kind: FateKind
    sentence: str
    # What to know of it all the same, though it can be imported.
    note: str = ""

    @property
    def said(self) -> str:
        return f"{self.sentence} {self.note}".strip()


FATE_WORDS = {
    FateKind.NEW: "New",
    FateKind.KNOWN: "Here already",
    FateKind.LEFT_OUT: "Left out",
    FateKind.REFUSED: "Refused",
}


def write_fates(fates: Iterable[Fate]) -> Iterator[str]:
    """Yield a file for a spreadsheet that says what becomes of each row."""
    # Spreadsheets take a file without this mark for an older encoding.
    yield "\N{ZERO WIDTH NO-BREAK SPACE}" + csv_line(("Line", "Name", "Fate", "Why"))
    for fate in fates:
        name, why = safe_cell(fate.name), safe_cell(fate.said)
        yield csv_line((str(fate.line), name, FATE_WORDS[fate.kind], why))


@dataclass(frozen=True, slots=True)
class KnownInvoice:
    """An invoice that is here already, and what it asks for in minor units."""

    invoice_id: int
    customer_id: int
    state: str
    currency: str
    outstanding_minor: int


@dataclass(frozen=True, slots=True)
class Known:
    """What of some records is here already.

    Attributes:
        customer_ids: by `name_key`.
        currencies: their own, of those that have one, by `name_key`.
        invoices: by number.
        drafts: name key of the customer, day and total in minor units.
        payment_keys: as `payment_key` makes them.
        product_keys: `name_key` of those that are offered.
        event_keys: kind and reference.
        number_codes: the customers who have them, by code.
    """

    customer_ids: Mapping[str, int] = field(default_factory=dict[str, int])
    currencies: Mapping[str, str] = field(default_factory=dict[str, str])
    invoices: Mapping[str, KnownInvoice] = field(
        default_factory=dict[str, KnownInvoice]
    )
    drafts: frozenset[tuple[str, date | None, int]] = frozenset()
    payment_keys: frozenset[str] = frozenset()
    product_keys: frozenset[str] = frozenset()
    event_keys: frozenset[tuple[str, str]] = frozenset()
    number_codes: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class ImportRules:
    """What a workspace decides about what is imported.

    Attributes:
        pattern, reset, next_value: of its own invoice numbers.
        next_values: of each of their counters that has begun and is a row of its
            own, by its code.
        has_issued: its own numbers are in use, so their counter can't move.
        own_fields: what it keeps of customers, invoices and lines beyond what
            everybody does.
        has_address: it can be printed who sends an invoice.
    """

    currency: str
    taxes: tuple[TaxTerms, ...]
    today: date
    pattern: str
    next_value: int
    has_issued: bool
    reset: Reset = Reset.NEVER
    next_values: Mapping[str, int] = field(default_factory=dict[str, int])
    zone: str = "UTC"
    own_fields: tuple[CustomField, ...] = ()
    has_address: bool = True

    @property
    def lacking(self) -> str:
        """Say what issued invoices would be without for good; empty for nothing."""
        if self.has_address:
            return ""
        return (
            f"{NO_ADDRESS} What is imported as issued stays without it: that can't be "
            "changed later."
        )


class Plan:
    """Decides about the records of one file, in their order."""

    def __init__(self, rules: ImportRules) -> None:
        self._rules = rules
        self._names: set[str] = set()
        self._numbers: set[str] = set()
        self._payments: Counter[str] = Counter()
        # What invoices ask for after what the file pays of them, in minor units.
        self._left: dict[str, int] = {}
        self._products: set[str] = set()
        self._events: set[tuple[str, str]] = set()
        # Who has them, by code.
        self._codes: dict[str, str] = {}
        self.counts: Counter[FateKind] = Counter()
        self.new_customers = 0
        self.new_issued = 0
        # Statuses that aren't taken over, and days to come.
        self._statuses: Counter[str] = Counter()
        self._ahead = 0
        self.next_value = rules.next_value

    @property
    def moves_numbers(self) -> bool:
        """The workspace's own numbers go on behind those of the file."""
        return self.next_value > self._rules.next_value

    @property
    def lacking(self) -> str:
        return self._rules.lacking if self.new_issued else ""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sum up what the fates note, a sentence for each matter."""
        said = [
            f"{count:,} {'says' if count == 1 else 'say'} {status}; "
            f"{_comes_in(status, count=count)}"
            for status, count in self._statuses.most_common(_STATUSES_SUMMED)
        ]
        if self._ahead:
            verb = "is" if self._ahead == 1 else "are"
            said.append(f"{self._ahead:,} {verb} dated after today.")
        return tuple(said)

    def payment_key(self, record: PaymentRecord) -> str:
        """Name a payment, so that the same file is booked once.

        Two alike in one file are two payments.
        """
        said = "|".join(
            (
                record.invoice_number,
                record.received_on.isoformat(),
                record.amount,
                record.method,
                record.reference,
            )
        )
        self._payments[said] += 1
        named = f"{said}|{self._payments[said]}"
        return f"import:{hashlib.sha256(named.encode()).hexdigest()[:48]}"

    def decide(self, record: ReadRecord, known: Known, key: str = "") -> Fate:
        """Return the fate of a record; `key` is a payment's."""
        fate = self._decide(record, known, key)
        self.counts[fate.kind] += 1
        return fate

    def _decide(self, record: ReadRecord, known: Known, key: str) -> Fate:
        if isinstance(record, Refused):
            return self._fate(record, FateKind.REFUSED, record.sentence)
        if isinstance(record, LeftOut):
            return self._fate(record, FateKind.LEFT_OUT, record.sentence)
        try:
            fate = self._fate(record, *self._judge(record, known, key))
        except BillingError as refusal:
            return self._fate(record, FateKind.REFUSED, refusal.message)
        if fate.kind is FateKind.NEW and isinstance(record, InvoiceRecord):
            return replace(fate, note=self._note(record))
        return fate

    def _note(self, record: InvoiceRecord) -> str:
        if record.is_draft:
            return ""
        self.new_issued += 1
        said: list[str] = []
        if status := record.status:
            self._statuses[status] += 1
            said.append(f"It says {status}; {_comes_in(status)}")
        if ahead := date_ahead(record.issued_on, self._rules.today):
            self._ahead += 1
            said.append(ahead)
        return " ".join(said)

    @staticmethod
    def _fate(
        record: ImportRecord | Refused | LeftOut, kind: FateKind, sentence: str
    ) -> Fate:
        return Fate(record.line, record.name, kind, sentence)

    def _judge(
        self, record: ImportRecord, known: Known, key: str
    ) -> tuple[FateKind, str]:
        if isinstance(record, CustomerRecord):
            return self._judge_customer(record, known)
        if isinstance(record, PaymentRecord):
            return self._judge_payment(record, known, key)
        if isinstance(record, ProductRecord):
            return self._judge_product(record, known)
        if isinstance(record, EventRecord):
            return self._judge_event(record, known)
        if record.is_draft:
            return self._judge_draft(record, known)
        return self._judge_invoice(record, known)

    def _judge_customer(
        self, record: CustomerRecord, known: Known
    ) -> tuple[FateKind, str]:
        if not self._meet(record.name, known):
            return FateKind.KNOWN, "A customer of this name is here; it stays as it is."
        if code := record.number_code:
            whose = known.number_codes.get(code) or self._codes.get(code)
            if whose:
                raise InvalidInput(f"{whose} has the number code {code} already.")
            self._codes[code] = record.name
        return FateKind.NEW, "Becomes a customer."

    def _judge_invoice(
        self, record: InvoiceRecord, known: Known
    ) -> tuple[FateKind, str]:
        number = record.number
        if number in self._numbers:
            raise InvalidInput(
                f"{number} stands in the file before. Put all its lines together."
            )
        self._numbers.add(number)
        if number in known.invoices:
            return FateKind.KNOWN, "An invoice of this number is here; it stays."
        self._keep_numbers_apart(number)
        return FateKind.NEW, f"Becomes an issued invoice{self._of(record, known)}."

    def _judge_draft(self, record: InvoiceRecord, known: Known) -> tuple[FateKind, str]:
        said = (
            name_key(record.customer.name),
            record.issued_on,
            record.totals.total.minor,
        )
        if said in known.drafts:
            return FateKind.KNOWN, "A draft of this customer, day and total is here."
        own = {tax.percent for tax in self._rules.taxes}
        for line in record.terms.lines:
            for tax in line.taxes:
                if tax.percent not in own:
                    raise InvalidInput(
                        f"A draft can't be taxed with {tax.percent} %: add that rate "
                        "in Settings, Taxes first."
                    )
        return FateKind.NEW, f"Becomes a draft{self._of(record, known)}."

    def _judge_payment(
        self, record: PaymentRecord, known: Known, key: str
    ) -> tuple[FateKind, str]:
        invoice = known.invoices.get(record.invoice_number)
        if invoice is None:
            raise InvalidInput(
                f"There is no invoice {record.invoice_number} here. Import it first."
            )
        if key in known.payment_keys:
            return FateKind.KNOWN, "This payment is here already."
        if invoice.state != "issued":
            raise InvalidInput(f"{record.invoice_number} can't be paid: it is void.")
        if record.currency not in ("", invoice.currency):
            raise InvalidInput(
                f"{record.invoice_number} is in {invoice.currency}, and this payment "
                f"in {record.currency}."
            )
        check_received_on(record.received_on, self._rules.today)
        amount: Money = parse_received(record.amount, invoice.currency)
        words = format_money(amount.minor, amount.currency)
        left = self._left.get(record.invoice_number, invoice.outstanding_minor)
        self._left[record.invoice_number] = left - amount.minor
        if left <= 0:
            return FateKind.NEW, (
                f"{words} becomes the customer’s credit: {record.invoice_number} asks "
                "for nothing more."
            )
        return FateKind.NEW, f"Pays {words} of {record.invoice_number}."

    def _judge_product(
        self, record: ProductRecord, known: Known
    ) -> tuple[FateKind, str]:
        key = name_key(record.name)
        if key in known.product_keys or key in self._products:
            return FateKind.KNOWN, "A product of this name is here; it stays as it is."
        own = {tax.percent for tax in self._rules.taxes}
        if record.tax_percent is not None and record.tax_percent not in own:
            raise InvalidInput(
                f"It is taxed with {record.tax_percent} %: add that rate in Settings, "
                "Taxes first."
            )
        self._products.add(key)
        return FateKind.NEW, "Becomes a product."

    def _judge_event(self, record: EventRecord, known: Known) -> tuple[FateKind, str]:
        key = (record.kind, record.reference)
        if key in self._events:
            raise InvalidInput(
                f"{record.name} stands in the file before. Give each event a reference "
                "of its own."
            )
        self._events.add(key)
        if key in known.event_keys:
            return FateKind.KNOWN, "It is recorded already; it stays as it is."
        if name_key(record.customer) not in known.customer_ids:
            raise InvalidInput(
                f"There is no customer {record.customer} here. Add them first."
            )
        theirs = known.currencies.get(name_key(record.customer), "")
        currency = record.currency_for(theirs)
        amount = amount_of(record.factors, record.rate, currency)
        words = format_money(amount.minor, amount.currency)
        return FateKind.NEW, f"Waits to be billed to {record.customer}, {words}."

    def _of(self, record: InvoiceRecord, known: Known) -> str:
        if not self._meet(record.customer.name, known):
            return ""
        self.new_customers += 1
        return f" of a new customer, {record.customer.name}"

    def _meet(self, name: str, known: Known) -> bool:
        """Take note of a customer; say whether it is a new one."""
        key = name_key(name)
        is_new = key not in self._names and key not in known.customer_ids
        self._names.add(key)
        return is_new

    def _keep_numbers_apart(self, number: str) -> None:
        """See that the workspace's own numbers never come to one of the file.

        Before its first own invoice they simply go on behind the file's, and so
        does a year, a month or a customer whose counter has not begun.
        """
        rules = self._rules
        read = read_number(rules.pattern, number)
        if read is None:
            return
        is_apart = counts_apart(rules.pattern, rules.reset)
        if is_apart:
            code = counter_code_of(OWN_SERIES, rules.reset, read)
            will_come = read.counter >= rules.next_values.get(code, read.counter + 1)
        else:
            will_come = read.counter >= rules.next_value
        if not will_come:
            return
        if rules.has_issued or is_apart:
            raise InvalidInput(
                f"{number} is a number that your own invoices will come to. Change "
                "their pattern in Settings, Numbers and terms first."
            )
        self.next_value = max(self.next_value, read.counter + 1)


def _comes_in(status: str, *, count: int = 1) -> str:
    """Say that invoices of such a status are open here, and what ends that."""
    who, what = "it comes", "its payment is"
    if count != 1:
        who, what = "they come", "their payments are"
    if any(word in status for word in _PAID_WORDS):
        return f"{who} in as open until {what} imported too."
    return f"{who} in as open."
