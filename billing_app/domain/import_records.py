"""Customers, invoices, payments, products and events as the rows of a file say them.

A row that can't be used becomes a `Refused` with a sentence; the others go on, so
that one look at the file finds everything that is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from billing_app.domain.billable_event import Factor, NewEvent, read_event
from billing_app.domain.currencies import is_currency
from billing_app.domain.custom_fields import (
    CustomField,
    FieldKind,
    FieldPlace,
    FilledField,
    of_place,
    own_key,
    read_value,
)
from billing_app.domain.draft import (
    DESCRIPTION_LENGTH_MAX,
    DISCOUNT_REASON,
    NAME_LENGTH_MAX,
    UNIT_LENGTH_MAX,
)
from billing_app.domain.drafting import LineTexts
from billing_app.domain.errors import BillingError, InvalidInput
from billing_app.domain.event_form import TIME_HINT, read_moment
from billing_app.domain.import_columns import COLUMNS, CellKind, ImportKind
from billing_app.domain.import_table import (
    Notation,
    NotationFinder,
    TableRow,
    read_day,
    read_number,
    time_behind,
)
from billing_app.domain.invoice import (
    JOB_LENGTH_MAX,
    LINES_MAX,
    NOTES_LENGTH_MAX,
    ORDER_LENGTH_MAX,
    TOTAL_BELOW_ZERO,
    check_issuable,
)
from billing_app.domain.money import Money
from billing_app.domain.numbering import parse_number_code
from billing_app.domain.parsing import (
    clean_text,
    parse_amount,
    parse_factor,
    parse_percent,
)
from billing_app.domain.payment import REFERENCE_LENGTH_MAX, PaymentMethod
from billing_app.domain.print_size import check_print_size
from billing_app.domain.speech import is_tag
from billing_app.domain.terms import Adjustment, DocumentTerms, LineTerms, TaxTerms
from billing_app.domain.totals import Totals, check_allowances, compute_totals

NUMBER_LENGTH_MAX = 60
_NAME_MAX, _VAT_ID_MAX, _LANGUAGE_MAX = 200, 40, 10

# The time of day behind a day, of which the seconds are left out.
_CLOCK = re.compile(
    r"([0-9]{1,2}):([0-9]{2})(?::[0-5][0-9](?:[.,][0-9]{1,9})?)?"
    r"\s*([ap]m)?\s*(z|utc|[+-][0-9]{2}:?[0-5][0-9])?",
    re.ASCII | re.IGNORECASE,
)
# No clock on Earth is further from the one at Greenwich.
_OFFSET_HOURS_MAX = 14

_DRAFT_WORDS = frozenset({"draft", "drafts", "entwurf", "brouillon", "concept"})
_VOID_WORDS = frozenset(
    {"void", "voided", "cancelled", "canceled", "deleted", "storniert", "annule"}
)
# What the days and the sums of an invoice say by themselves.
_OPEN_WORDS = frozenset(
    {
        *("", "open", "opened", "sent", "emailed", "printed", "viewed", "seen"),
        *("due", "overdue", "late", "past due", "unpaid", "not paid", "outstanding"),
        *("issued", "invoiced", "published", "approved", "authorised", "authorized"),
        *("finalised", "finalized", "pending", "awaiting payment"),
        *("offen", "versendet", "gesendet", "überfällig", "unbezahlt", "ausgestellt"),
        *("envoyée", "impayée", "enviada", "inviata", "verzonden", "openstaand"),
    }
)
# Words of other programs for how money came; what none of them names is other.
_METHODS: tuple[tuple[str, PaymentMethod], ...] = (
    ("cash", PaymentMethod.CASH),
    ("bar", PaymentMethod.CASH),
    ("cheque", PaymentMethod.CHECK),
    ("check", PaymentMethod.CHECK),
    ("card", PaymentMethod.CARD),
    ("stripe", PaymentMethod.CARD),
    ("visa", PaymentMethod.CARD),
    ("bank", PaymentMethod.BANK_TRANSFER),
    ("transfer", PaymentMethod.BANK_TRANSFER),
    ("wire", PaymentMethod.BANK_TRANSFER),
    ("sepa", PaymentMethod.BANK_TRANSFER),
    ("ach", PaymentMethod.BANK_TRANSFER),
    ("überweisung", PaymentMethod.BANK_TRANSFER),
)


@dataclass(frozen=True, slots=True)
class Refused:
    """Rows that can't be used, and why in a sentence."""

    line: int
    name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Rows that are no business of ours, such as a void invoice."""

    line: int
    name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class CustomerRecord:
    """A customer as a file has it; all texts, as `services.customers` takes them.

    Attributes:
        own: key and text of the workspace's own fields.
    """

    line: int
    name: str
    texts: Mapping[str, str] = field(default_factory=dict[str, str])
    own: tuple[tuple[str, str], ...] = ()

    @property
    def number_code(self) -> str:
        return self.texts.get("number_code", "")


@dataclass(frozen=True, slots=True)
class InvoiceRecord:
    """An invoice of another program.

    Attributes:
        number: empty for a draft that has none.
        customer: what is known of who was billed, the name at least.
        is_draft: it is not issued yet.
        status: a word of the other program for what isn't taken over, such as paid.
        filled: the workspace's own fields of invoices; `texts` have those of lines.
    """

    line: int
    number: str
    customer: CustomerRecord
    is_draft: bool
    issued_on: date
    due_on: date | None
    purchase_order: str
    job: str
    notes: str
    terms: DocumentTerms
    totals: Totals
    texts: tuple[LineTexts, ...]
    status: str = ""
    filled: tuple[FilledField, ...] = ()

    @property
    def name(self) -> str:
        return self.number or "Draft"


@dataclass(frozen=True, slots=True)
class PaymentRecord:
    """Money that another program knows of."""

    line: int
    invoice_number: str
    currency: str
    amount: str
    received_on: date
    method: PaymentMethod
    reference: str

    @property
    def name(self) -> str:
        return f"Payment for {self.invoice_number}"


@dataclass(frozen=True, slots=True)
class ProductRecord:
    """What another program sells; texts as `services.products` takes them.

    Attributes:
        unit_price: with a point, or empty where it is agreed each time.
        tax_percent: None leaves the tax to the line.
    """

    line: int
    name: str
    description: str
    unit: str
    unit_price: str
    currency: str
    tax_percent: Decimal | None


@dataclass(frozen=True, slots=True)
class EventRecord:
    """What happened for a customer, as another system tells of it.

    Attributes:
        currency: that of the workspace where the row names none.
    """

    line: int
    customer: str
    kind: str
    reference: str
    happened_at: datetime
    factors: tuple[Factor, ...]
    rate: Decimal
    currency: str
    description: str
    names_currency: bool = True

    @property
    def name(self) -> str:
        return f"{self.kind} {self.reference}"

    def currency_for(self, theirs: str) -> str:
        """Return what it is charged in; `theirs` is the customer's own, or empty."""
        return self.currency if self.names_currency else theirs or self.currency

    def event_of(self, customer_id: int, theirs: str) -> NewEvent:
        return NewEvent(
            customer_id=customer_id,
            kind=self.kind,
            reference=self.reference,
            happened_at=self.happened_at,
            factors=self.factors,
            rate=self.rate,
            currency=self.currency_for(theirs),
            description=self.description,
        )


ImportRecord = (
    CustomerRecord | InvoiceRecord | PaymentRecord | ProductRecord | EventRecord
)
ReadRecord = ImportRecord | Refused | LeftOut


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that says how a file is read.

    Attributes:
        currency: of rows that name none.
        taxes: the workspace's own rates, of which a row names the percentage.
        zone: by whose clock times are written.
        own_fields: the workspace's own, of which the file has columns.
    """

    kind: ImportKind
    notation: Notation
    currency: str
    taxes: tuple[TaxTerms, ...] = ()
    zone: str = "UTC"
    own_fields: tuple[CustomField, ...] = ()


def find_notation(kind: ImportKind, rows: Iterable[TableRow]) -> NotationFinder:
    """Look at every number and day of a file."""
    finder = NotationFinder()
    numbers = [x.key for x in COLUMNS[kind] if x.cell is CellKind.NUMBER]
    days = [x.key for x in COLUMNS[kind] if x.cell is CellKind.DAY]
    for row in rows:
        for key in numbers:
            finder.see_number(row.line, row.cells.get(key, ""))
        for key in days:
            finder.see_day(row.line, row.cells.get(key, ""))
    return finder


def read_records(reading: Reading, rows: Iterable[TableRow]) -> Iterator[ReadRecord]:
    """Return what the rows say, in their order."""
    if reading.kind is ImportKind.INVOICES:
        yield from _invoices(reading, rows)
        return
    read, name = _READERS[reading.kind]
    for row in rows:
        try:
            yield read(reading, row)
        except BillingError as refusal:
            yield Refused(row.line, _shown(row.cells.get(name, "")), refusal.message)


def _customer(reading: Reading, row: TableRow) -> CustomerRecord:
    texts = {key: row.cells.get(key, "").strip() for key in _CUSTOMER_TEXTS}
    street = (texts.pop("address"), texts.pop("address2"))
    texts["address"] = "\n".join(filter(None, street))
    days = "".join(filter(str.isdigit, texts["net_days"]))
    texts["net_days"] = days
    texts["number_code"] = parse_number_code(texts["number_code"]) or ""
    language = texts["language"]
    # Others write it as a word, which no document is printed in.
    if not is_tag(language) or len(language) > _LANGUAGE_MAX:
        texts["language"] = ""
    name = clean_text(row.cells.get("name", ""), length_max=_NAME_MAX)
    if not name:
        raise InvalidInput("The customer has no name.")
    own = ((own_key(column), text.strip()) for column, text in row.cells.items())
    return CustomerRecord(row.line, name, texts, tuple(it for it in own if it[0]))


_CUSTOMER_TEXTS = tuple(
    column.key for column in COLUMNS[ImportKind.CUSTOMERS] if column.key != "name"
)


def _payment(reading: Reading, row: TableRow) -> PaymentRecord:
    cells = row.cells
    number = clean_text(cells.get("invoice", ""), length_max=NUMBER_LENGTH_MAX)
    if not number:
        raise InvalidInput("The payment names no invoice.")
    amount = read_number(cells["amount"], reading.notation.decimal_mark, "amount")
    order = reading.notation.date_order
    return PaymentRecord(
        line=row.line,
        invoice_number=number,
        currency=_currency(cells.get("currency", ""), ""),
        amount=amount,
        received_on=read_day(cells["received_on"], order, "payment date"),
        method=_method(cells.get("method", "")),
        reference=clean_text(
            cells.get("reference", ""), length_max=REFERENCE_LENGTH_MAX
        ),
    )


def _product(reading: Reading, row: TableRow) -> ProductRecord:
    cells, mark = row.cells, reading.notation.decimal_mark
    name = clean_text(cells.get("name", ""), length_max=_NAME_MAX)
    if not name:
        raise InvalidInput("The product has no name.")
    price = cells.get("unit_price", "").strip()
    return ProductRecord(
        line=row.line,
        name=name,
        description=clean_text(
            cells.get("description", ""),
            length_max=DESCRIPTION_LENGTH_MAX,
            multiline=True,
        ),
        unit=clean_text(cells.get("unit", ""), length_max=UNIT_LENGTH_MAX),
        unit_price=read_number(price, mark, "price") if price else "",
        currency=_currency(cells.get("currency", ""), reading.currency),
        tax_percent=_percent(cells.get("tax_percent", ""), mark, "tax"),
    )


def _event(reading: Reading, row: TableRow) -> EventRecord:
    cells, notation = row.cells, reading.notation
    customer = clean_text(cells.get("customer", ""), length_max=_NAME_MAX)
    if not customer:
        raise InvalidInput("It names no customer.")
    happened = cells.get("happened", "")
    day = read_day(happened, notation.date_order, "date")
    at = _read_instant(day, time_behind(happened), reading.zone)
    factors = [
        Factor(number, cells.get(unit, ""))
        for key, unit in (("quantity", "unit"), ("times", "times_unit"))
        if (number := _factor(cells.get(key, ""), notation.decimal_mark, key))
        is not None
    ]
    rate = _factor(cells.get("rate", ""), notation.decimal_mark, "rate")
    if not factors or rate is None:
        raise InvalidInput("An event needs a quantity and a rate.")
    event = NewEvent(
        customer_id=0,
        kind=cells.get("kind", ""),
        reference=cells.get("reference", ""),
        happened_at=at,
        factors=tuple(factors),
        rate=rate,
        currency=_currency(cells.get("currency", ""), reading.currency),
        description=cells.get("description", ""),
    )
    read = read_event(event)
    return EventRecord(
        line=row.line,
        customer=customer,
        kind=read.kind,
        reference=read.reference,
        happened_at=at,
        factors=read.factors,
        rate=read.rate,
        currency=event.currency,
        description=read.description,
        names_currency=bool(cells.get("currency", "").strip()),
    )


def _read_instant(day: date, clock: str, zone: str) -> datetime:
    """Read a time by the clock of a zone, or by the one that it names itself."""
    if not clock:
        return read_moment(f"{day}", zone)
    match = _CLOCK.fullmatch(clock)
    if match is None:
        raise InvalidInput(TIME_HINT)
    hour, minute, half, offset = match.groups()
    if half:
        if not 1 <= int(hour) <= 12:
            raise InvalidInput(TIME_HINT)
        hour = f"{int(hour) % 12 + (12 if half.casefold() == 'pm' else 0)}"
    local = f"{day} {hour}:{minute}"
    if not offset:
        return read_moment(local, zone)
    return read_moment(local, "UTC") - _ahead(offset)


def _ahead(offset: str) -> timedelta:
    """Return how far a clock such as +02:00 is ahead of the one at Greenwich."""
    if offset[0] not in "+-":
        return timedelta()
    ahead = timedelta(hours=int(offset[1:3]), minutes=int(offset[-2:]))
    if ahead > timedelta(hours=_OFFSET_HOURS_MAX):
        raise InvalidInput(TIME_HINT)
    return -ahead if offset[0] == "-" else ahead


# What reads a row, and the column that names what it is about.
_READERS: Mapping[
    ImportKind, tuple[Callable[[Reading, TableRow], ImportRecord], str]
] = {
    ImportKind.CUSTOMERS: (_customer, "name"),
    ImportKind.PAYMENTS: (_payment, "invoice"),
    ImportKind.PRODUCTS: (_product, "name"),
    ImportKind.EVENTS: (_event, "reference"),
}


def _method(text: str) -> PaymentMethod:
    words = text.strip().casefold()
    found = (method for word, method in _METHODS if word in words)
    return next(found, PaymentMethod.OTHER)


def _invoices(reading: Reading, rows: Iterable[TableRow]) -> Iterator[ReadRecord]:
    """Put the lines of each invoice together: rows of one number, one below another."""
    group: list[TableRow] = []
    for row in rows:
        if group and not _belongs(group[0], row):
            yield _invoice_or_not(reading, group)
            group = []
        group.append(row)
        if len(group) > LINES_MAX + 1:
            # What comes behind is refused with it, and never piles up.
            group.pop()
    if group:
        yield _invoice_or_not(reading, group)


def _belongs(first: TableRow, row: TableRow) -> bool:
    number = row.cells.get("number", "").strip()
    if number:
        return number == first.cells.get("number", "").strip()
    return not row.cells.get("customer", "").strip()


def _invoice_or_not(reading: Reading, rows: list[TableRow]) -> ReadRecord:
    first = rows[0]
    name = _shown(first.cells.get("number", "")) or "Draft"
    status = first.cells.get("status", "").strip().casefold()
    if status in _VOID_WORDS:
        return LeftOut(first.line, name, "It is void.")
    try:
        read = _invoice(reading, rows, is_draft=status in _DRAFT_WORDS)
        return replace(read, status=_not_taken_over(read, status))
    except BillingError as refusal:
        return Refused(first.line, name, refusal.message)


def _not_taken_over(record: InvoiceRecord, status: str) -> str:
    """Return a status that what is imported won't have by itself, else nothing."""
    words = " ".join(status.replace("_", " ").replace("-", " ").split())
    if record.is_draft or words in _OPEN_WORDS or record.totals.due.minor <= 0:
        return ""
    return _shown(words)


def _invoice(
    reading: Reading, rows: list[TableRow], *, is_draft: bool
) -> InvoiceRecord:
    cells, notation = rows[0].cells, reading.notation
    number = clean_text(cells.get("number", ""), length_max=NUMBER_LENGTH_MAX)
    if not number and not is_draft:
        raise InvalidInput("It has no number.")
    if len(rows) > LINES_MAX:
        raise InvalidInput(f"It has more than {LINES_MAX} lines.")
    customer = clean_text(cells.get("customer", ""), length_max=_NAME_MAX)
    if not customer:
        raise InvalidInput("It names no customer.")
    issued_on = read_day(cells.get("issued_on", ""), notation.date_order, "date")
    due = cells.get("due_on", "")
    due_on = read_day(due, notation.date_order, "due date") if due.strip() else None
    currency = _currency(cells.get("currency", ""), reading.currency)
    lines = [_line(reading, row, currency) for row in rows]
    notes = clean_text(
        cells.get("notes", ""), length_max=NOTES_LENGTH_MAX, multiline=True
    )
    filled = _filled(reading, cells, FieldPlace.INVOICE)
    if not is_draft:
        words = [text for _, x in lines for text in (x.name, x.description, x.unit)]
        words += [own.value for _, x in lines for own in x.filled]
        own_words = [own.value for own in filled]
        check_print_size({"lines": words, "notes": [notes], "fields": own_words})
    paid = _amount(reading, cells.get("paid", ""), currency, "amount paid")
    terms = DocumentTerms(
        currency=currency,
        lines=tuple(terms for terms, _ in lines),
        prepaid=paid,
    )
    totals = compute_totals(terms)
    terms, totals = _as_printed(reading, cells, terms, totals)
    if not is_draft:
        check_issuable(len(lines), issued_on, due_on)
        if totals.total.minor < 0:
            raise InvalidInput(
                f"{TOTAL_BELOW_ZERO} If it is a credit note, leave it out and credit "
                "the invoice it is for once that is here."
            )
    return InvoiceRecord(
        line=rows[0].line,
        number=number,
        customer=CustomerRecord(
            rows[0].line, customer, {"email": cells.get("email", "").strip()}
        ),
        is_draft=is_draft,
        issued_on=issued_on,
        due_on=due_on,
        purchase_order=clean_text(
            cells.get("purchase_order", ""), length_max=ORDER_LENGTH_MAX
        ),
        job=clean_text(cells.get("job", ""), length_max=JOB_LENGTH_MAX),
        notes=notes,
        terms=terms,
        totals=totals,
        texts=tuple(texts for _, texts in lines),
        filled=filled,
    )


def _as_printed(
    reading: Reading, cells: Mapping[str, str], terms: DocumentTerms, totals: Totals
) -> tuple[DocumentTerms, Totals]:
    """Let it ask for the total that the file names: it was billed.

    Programs round differently, so up to a cent a line becomes the invoice's rounding.
    """
    printed = _amount(reading, cells.get("total", ""), terms.currency, "total")
    check_allowances(totals)
    if printed is None or printed == totals.total:
        return terms, totals
    rounding = printed - totals.total
    if abs(rounding.minor) <= len(terms.lines):
        terms = replace(terms, rounding=rounding)
        return terms, compute_totals(terms)
    raise InvalidInput(
        f"Its total is {printed.decimal} in the file, and its lines come to "
        f"{totals.total.decimal}."
    )


def _line(
    reading: Reading, row: TableRow, currency: str
) -> tuple[LineTerms, LineTexts]:
    cells = row.cells
    mark = reading.notation.decimal_mark
    quantity = _factor(cells.get("quantity", ""), mark, "quantity")
    price = _factor(cells.get("unit_price", ""), mark, "price")
    tax_percent = _percent(cells.get("tax_percent", ""), mark, "tax")
    discount = _percent(cells.get("discount", ""), mark, "discount")
    if price is None:
        quantity, price = Decimal(1), _net(reading, cells, currency, tax_percent)
        discount = None
    terms = LineTerms(
        quantity=Decimal(1) if quantity is None else quantity,
        unit_price=price,
        taxes=_taxes(reading, tax_percent),
        allowances=(
            (Adjustment(percent=discount, reason=DISCOUNT_REASON),) if discount else ()
        ),
    )
    text = clean_text(
        cells.get("line", ""), length_max=DESCRIPTION_LENGTH_MAX, multiline=True
    )
    name, _, description = text.partition("\n")
    if len(name) > NAME_LENGTH_MAX:
        name, description = name[:NAME_LENGTH_MAX], text
    unit = clean_text(cells.get("unit", ""), length_max=UNIT_LENGTH_MAX)
    filled = _filled(reading, cells, FieldPlace.LINE)
    texts = LineTexts(name or "As invoiced", description.strip(), unit, filled=filled)
    return terms, texts


def _filled(
    reading: Reading, cells: Mapping[str, str], place: FieldPlace
) -> tuple[FilledField, ...]:
    """Return the workspace's own fields that a row fills."""
    read = (
        _own_value(reading.notation, own, cells.get(own.input_name, ""))
        for own in of_place(reading.own_fields, place)
    )
    return tuple(each for each in read if each is not None)


def _own_value(notation: Notation, own: CustomField, text: str) -> FilledField | None:
    """Read a cell as the whole file writes numbers and days."""
    if not text.strip():
        return None
    if own.kind == FieldKind.DATE:
        text = read_day(text, notation.date_order, own.name).isoformat()
    elif own.kind == FieldKind.NUMBER:
        text = read_number(text, notation.decimal_mark, own.name)
    try:
        return read_value(own, text)
    except InvalidInput as refusal:
        raise InvalidInput(f"{own.name}: {refusal.message}") from None


def _net(
    reading: Reading,
    cells: Mapping[str, str],
    currency: str,
    tax_percent: Decimal | None,
) -> Decimal:
    """Return the one amount of a line without quantity and price."""
    net = _amount(reading, cells.get("net", ""), currency, "amount")
    if net is None and not tax_percent:
        net = _amount(reading, cells.get("total", ""), currency, "total")
    if net is None:
        raise InvalidInput("A line has neither a price nor an amount.")
    return net.decimal


def _taxes(reading: Reading, percent: Decimal | None) -> tuple[TaxTerms, ...]:
    """Return the workspace's own rate of that percentage, else a plain one."""
    if percent is None:
        return ()
    own = (tax for tax in reading.taxes if tax.percent == percent)
    plain = TaxTerms(name="VAT", category="S" if percent else "Z", percent=percent)
    return (next(own, plain),)


def _factor(text: str, mark: str, what: str) -> Decimal | None:
    if not text.strip():
        return None
    plain = read_number(text, mark, what)
    return parse_factor(plain, decimals_max=8, what=what, may_be_negative=True)


def _percent(text: str, mark: str, what: str) -> Decimal | None:
    if not text.strip():
        return None
    return parse_percent(read_number(text, mark, what))


def _amount(reading: Reading, text: str, currency: str, what: str) -> Money | None:
    if not text.strip():
        return None
    plain = read_number(text, reading.notation.decimal_mark, what)
    return parse_amount(plain, currency, what=what, may_be_negative=True)


def _currency(text: str, usual: str) -> str:
    code = text.strip().upper() or usual
    if code and not is_currency(code):
        raise InvalidInput(f"{_shown(code)!r} is not a currency.")
    return code


def _shown(text: str) -> str:
    """Return a name short enough to stand in a list, on one line."""
    return " ".join(text.split())[:NUMBER_LENGTH_MAX]
