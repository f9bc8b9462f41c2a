"""Write believable customers and invoices in bulk, in the shape services give them.

Every figure comes from the same functions as a single issue; only the writing is
done for many at once. PDFs are made when somebody asks for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from sqlmodel import col, func, select

from billing_app.database.access import job
from billing_app.database.bulk import Bulk
from billing_app.database.unit_of_work import TakenNumber, UnitOfWork
from billing_app.domain.actors import Role
from billing_app.domain.contact import name_key
from billing_app.domain.document import (
    InvoiceDocument,
    ReceiptDocument,
    content_digest,
    to_json,
)
from billing_app.domain.draft import (
    DISCOUNT_REASON,
    DraftForm,
    LineForm,
    form_to_json,
)
from billing_app.domain.drafting import LineTexts
from billing_app.domain.errors import NotFound
from billing_app.domain.events import (
    CustomerCreated,
    DraftCreated,
    Event,
    InvoiceArchived,
    InvoiceIssued,
    InvoicePublished,
    InvoiceViewed,
    InvoiceVoided,
    LinkCreated,
    PaymentRecorded,
)
from billing_app.domain.import_plan import IMPORTED_SERIES
from billing_app.domain.ledger import (
    Posting,
    postings_for_allocation,
    postings_for_payment,
    postings_for_void,
)
from billing_app.domain.money import Money, percent_of
from billing_app.domain.numbering import (
    Reset,
    counter_code,
    counts_by_customer,
    format_number,
)
from billing_app.domain.payment import print_method
from billing_app.domain.portal_settings import PortalSettings, link_expires_at
from billing_app.domain.samples import (
    Fate,
    SampleCustomer,
    SampleInvoice,
    sample_customer,
)
from billing_app.domain.terms import Adjustment, DocumentTerms, LineTerms
from billing_app.domain.totals import compute_totals
from billing_app.models import (
    Allocation,
    AuditEntry,
    Customer,
    Invoice,
    IssuedDocument,
    LedgerEntry,
    LineItem,
    Member,
    NumberSeries,
    Payment,
    PortalLink,
    PortalVisit,
    TaxRate,
)
from billing_app.queries.letterhead import read_rules, read_settings
from billing_app.services.invoices import (
    ReadyInvoice,
    issued_values,
    line_values,
    make_document,
    postings_of,
)

VOID_REASON = "Replaced by a corrected invoice"


@dataclass(frozen=True, slots=True)
class SeededCustomers:
    """Sample customers in the database: sample `index` has `first_id + index`."""

    start: int
    first_id: int
    count: int


@dataclass(frozen=True, slots=True)
class SeedRules:
    """What samples are drawn for."""

    currency: str
    net_days: int
    today: date


@job
def read_seed_rules(uow: UnitOfWork) -> SeedRules:
    settings = read_settings(uow)
    return SeedRules(uow.workspace.currency, settings.net_days, uow.today)


@job
def seed_customers(
    uow: UnitOfWork, customers: SeededCustomers | None, start: int, count: int
) -> SeededCustomers:
    """Add the next `count` sample customers behind those already there."""
    known = customers.count if customers else 0
    bulk = Bulk(uow)
    desk = _Desk(uow, bulk)
    ids: list[int] = []
    for index in range(known, known + count):
        sample = sample_customer(start, index)
        customer_id = bulk.add(
            Customer, **_customer_values(sample), created_at=desk.first_instant
        )
        ids.append(customer_id)
        desk.audit(CustomerCreated(customer_id=customer_id), desk.first_instant)
    bulk.write()
    if customers is None:
        return SeededCustomers(start, ids[0], count)
    assert ids[0] == customers.first_id + known, "somebody else added customers"
    return replace(customers, count=known + count)


@job
def seed_invoices(
    uow: UnitOfWork, customers: SeededCustomers, samples: Sequence[SampleInvoice]
) -> None:
    """Write sample invoices with all that became of them, in one transaction."""
    bulk = Bulk(uow)
    desk = _Desk(uow, bulk)
    for sample in samples:
        _write_sample(desk, customers, sample)
    bulk.write()
    desk.later.write()
    desk.close_series()


class _Desk:
    """Everything the invoices of one batch have in common.

    Attributes:
        later: what the database takes only for an issued invoice.
    """

    def __init__(self, uow: UnitOfWork, bulk: Bulk) -> None:
        self.uow = uow
        self.bulk = bulk
        self.later = Bulk(uow)
        self.today = uow.today
        self.currency = uow.workspace.currency
        self.settings = read_settings(uow)
        self.rules = read_rules(uow, self.settings)
        self.portal = PortalSettings.from_stored(self.settings.portal)
        self.member = _owner(uow)
        self.tax_id = _usual_tax_id(uow)
        # Long before the first invoice.
        self.first_instant = uow.now - timedelta(days=4 * 365)
        self._codes: dict[int, str] = {}

    def instant(self, on: date, hour: int) -> datetime:
        """Return a time of that day, never in the future.

        Nor before the last invoice that was there: numbers follow the clock, so what
        is dated earlier was written down later.
        """
        at = max(datetime.combine(on, time(hour), UTC), self._last_issued_at)
        return min(at, self.uow.now)

    def take_number(self, series_code: str, on: date, customer_id: int) -> TakenNumber:
        series = self._series[series_code]
        pattern, reset = series.pattern, Reset(series.reset)
        whose = self._code_of(customer_id) if counts_by_customer(pattern) else ""
        code = counter_code(series_code, reset, on, whose)
        counter = self._series.get(code)
        if counter is None:
            first = self.uow.next_value(series_code, pattern, reset, on, whose)
            counter = NumberSeries(code=code, pattern="", next_value=first)
            self._series[code] = self.uow.add(counter)
        value = counter.next_value
        counter.next_value += 1
        return TakenNumber(format_number(pattern, value, on, whose), code, value)

    def close_series(self) -> None:
        self.uow.flush()

    def audit(self, happened: Event, at: datetime, actor: str = "") -> None:
        details = asdict(happened)
        del details["invoice_id"], details["customer_id"]
        self.bulk.add(
            AuditEntry,
            event=happened.name(),
            actor=actor or f"member:{self.member.id}",
            actor_name="" if actor else self.member.name,
            invoice_id=happened.invoice_id,
            customer_id=happened.customer_id,
            details=details,
            at=at,
        )

    def post(
        self, journal: str, postings: tuple[Posting, ...], at: datetime, **whose: Any
    ) -> None:
        for posting in postings:
            self.bulk.add(
                LedgerEntry,
                journal=journal,
                account=posting.account,
                amount_minor=posting.minor,
                currency=self.currency,
                posted_at=at,
                **whose,
            )

    @cached_property
    def _last_issued_at(self) -> datetime:
        last = self.uow.first(
            select(func.max(Invoice.issued_at)).where(
                col(Invoice.series_code) != IMPORTED_SERIES
            )
        )
        return last or self.first_instant

    def _code_of(self, customer_id: int) -> str:
        if customer_id not in self._codes:
            self._codes[customer_id] = self.uow.number_code(customer_id)
        return self._codes[customer_id]

    @cached_property
    def _series(self) -> dict[str, NumberSeries]:
        locked = select(NumberSeries).order_by(col(NumberSeries.id)).with_for_update()
        return {series.code: series for series in self.uow.all(locked)}


@dataclass(frozen=True, slots=True)
class _Issued:
    """An issued sample, on its way through the batch.

    Attributes:
        becomes: what the issued invoice's row is changed to in the end.
    """

    sample: SampleInvoice
    ready: ReadyInvoice
    document: InvoiceDocument
    invoice_id: int
    customer_id: int
    published_at: datetime | None
    becomes: dict[str, Any]

    @property
    def whose(self) -> dict[str, int]:
        return {"invoice_id": self.invoice_id, "customer_id": self.customer_id}


def _write_sample(
    desk: _Desk, customers: SeededCustomers, sample: SampleInvoice
) -> None:
    customer = Customer(
        id=customers.first_id + sample.customer,
        **_customer_values(sample_customer(customers.start, sample.customer)),
        created_at=desk.first_instant,
    )
    ready = _ready(desk, sample)
    if sample.fate is Fate.DRAFT:
        _write_draft(desk, customer, sample, ready)
        return
    issued = _write_issued(desk, customer, sample, ready)
    if issued.published_at is not None:
        link_id = _write_link(desk, issued, issued.published_at)
        if sample.viewed_after_days is not None:
            _write_visit(desk, issued, link_id, sample.viewed_after_days)
    if sample.paid_after_days is not None and issued.document.due_minor > 0:
        _write_payment(desk, issued, sample.paid_after_days)
    desk.later.change(Invoice, issued.invoice_id, **issued.becomes)
    if sample.fate is Fate.VOID:
        _write_void(desk, issued)


def _write_draft(
    desk: _Desk, customer: Customer, sample: SampleInvoice, ready: ReadyInvoice
) -> None:
    at = desk.instant(sample.issued_on, 10)
    values = issued_values(customer, ready)
    form = DraftForm(
        customer_id=values["customer_id"],
        currency=desk.currency,
        issued_on=sample.issued_on.isoformat(),
        due_on=sample.due_on.isoformat(),
        purchase_order=sample.purchase_order,
        discount=_percent_text(sample.discount_percent),
        notes=sample.notes,
        terms=desk.settings.terms,
        look=desk.settings.look,
        lines=tuple(
            LineForm(
                key=f"line-{index}",
                name=line.name,
                description=line.description,
                quantity=format(line.quantity, "f"),
                unit=line.unit,
                unit_price=format(line.unit_price, "f"),
                discount=_percent_text(line.discount_percent),
                tax_id=desk.tax_id,
            )
            for index, line in enumerate(sample.lines)
        ),
    )
    invoice_id = desk.bulk.add(
        Invoice,
        **{name: values[name] for name in _DRAFT_COLUMNS},
        currency=desk.currency,
        look=desk.settings.look,
        draft=form_to_json(form),
        created_by=desk.member.id,
        created_at=at,
        changed_at=at,
    )
    desk.audit(DraftCreated(invoice_id=invoice_id, customer_id=customer.id), at)


def _write_issued(
    desk: _Desk, customer: Customer, sample: SampleInvoice, ready: ReadyInvoice
) -> _Issued:
    """Write invoice, lines, document, ledger and audit, as `freeze` does."""
    at = desk.instant(sample.issued_on, 10)
    look = desk.settings.look
    assert customer.id is not None
    taken = desk.take_number("invoice", sample.issued_on, customer.id)
    document = make_document(taken.number, "", desk.settings, customer, look, ready)
    values = issued_values(customer, ready)
    invoice_id = desk.bulk.add(
        Invoice,
        **values,
        currency=desk.currency,
        look=look,
        created_by=desk.member.id,
        created_at=at,
        changed_at=at,
    )
    issued = _Issued(
        sample=sample,
        ready=ready,
        document=document,
        invoice_id=invoice_id,
        customer_id=values["customer_id"],
        published_at=None if sample.fate is Fate.KEPT else at,
        becomes={
            "first_viewed_at": None,
            "allocated_minor": 0,
            "outstanding_minor": document.due_minor,
            "archived_at": None,
        },
    )
    for line in line_values(ready):
        desk.bulk.add(LineItem, invoice_id=invoice_id, **line)
    # Only a draft takes lines, so it is issued after them.
    desk.bulk.change(
        Invoice,
        invoice_id,
        state="issued",
        number=taken.number,
        series_code=taken.series_code,
        series_value=taken.series_value,
        issued_at=at,
        published_at=issued.published_at,
    )
    _write_document(desk, issued, document, at)
    desk.post(f"issue:{invoice_id}", postings_of(ready.totals), at, **issued.whose)
    desk.audit(DraftCreated(**issued.whose), at)
    happened = InvoiceIssued(
        **issued.whose,
        number=taken.number,
        total_minor=document.total_minor,
        currency=desk.currency,
    )
    desk.audit(happened, at)
    return issued


def _write_document(
    desk: _Desk,
    issued: _Issued,
    document: InvoiceDocument | ReceiptDocument,
    at: datetime,
    payment_id: int = 0,
) -> None:
    content = to_json(document)
    desk.later.add(
        IssuedDocument,
        **issued.whose,
        kind="receipt" if payment_id else "invoice",
        payment_id=payment_id,
        number=document.number,
        content=content,
        content_digest=content_digest(content),
        issued_at=at,
        shown_at=at if issued.published_at else None,
    )


def _write_link(desk: _Desk, issued: _Issued, at: datetime) -> int:
    token = desk.uow.new_token()
    link_id = desk.bulk.add(
        PortalLink,
        **issued.whose,
        **desk.uow.cipher.stored_link(token),
        created_by=desk.member.id,
        created_at=at,
        expires_at=link_expires_at(desk.portal, at, issued.sample.due_on),
    )
    desk.audit(LinkCreated(**issued.whose, link_id=link_id), at)
    desk.audit(InvoicePublished(**issued.whose), at)
    return link_id


def _write_visit(desk: _Desk, issued: _Issued, link_id: int, after_days: int) -> None:
    at = desk.instant(issued.sample.issued_on + timedelta(days=after_days), 13)
    desk.bulk.add(PortalVisit, **issued.whose, link_id=link_id, at=at)
    issued.becomes["first_viewed_at"] = at
    desk.audit(InvoiceViewed(**issued.whose), at, actor=f"link:{link_id}")


def _write_void(desk: _Desk, issued: _Issued) -> None:
    at = desk.instant(issued.sample.issued_on + timedelta(days=2), 15)
    desk.later.change(
        Invoice,
        issued.invoice_id,
        state="void",
        voided_at=at,
        void_reason=VOID_REASON,
        outstanding_minor=0,
    )
    postings = postings_for_void(postings_of(issued.ready.totals))
    desk.post(f"void:{issued.invoice_id}", postings, at, **issued.whose)
    desk.audit(InvoiceVoided(**issued.whose, reason=VOID_REASON), at)


def _write_payment(desk: _Desk, issued: _Issued, after_days: int) -> None:
    """Write a payment, its allocation, receipt, ledger and audit."""
    sample, due_minor = issued.sample, issued.document.due_minor
    received_on = sample.issued_on + timedelta(days=after_days)
    at = desk.instant(received_on, 16)
    due = Money(due_minor, desk.currency)
    amount_minor = max(1, percent_of(due, sample.paid_share * 100).minor)
    allocated_minor = min(amount_minor, due_minor)
    reference = f"Payment for {issued.document.number}"
    payment_id = desk.bulk.add(
        Payment,
        **issued.whose,
        amount_minor=amount_minor,
        currency=desk.currency,
        allocated_minor=allocated_minor,
        received_on=received_on,
        method=sample.method,
        reference=reference,
        recorded_by=desk.member.id,
        created_at=at,
    )
    allocation_id = desk.later.add(
        Allocation,
        **issued.whose,
        payment_id=payment_id,
        amount_minor=allocated_minor,
        created_at=at,
    )
    desk.post(
        f"payment:{payment_id}",
        postings_for_payment(amount_minor),
        at,
        payment_id=payment_id,
        customer_id=issued.customer_id,
    )
    desk.post(
        f"allocation:{allocation_id}",
        postings_for_allocation(allocated_minor),
        at,
        payment_id=payment_id,
        **issued.whose,
    )
    issued.becomes["allocated_minor"] = allocated_minor
    issued.becomes["outstanding_minor"] = due_minor - allocated_minor
    printed = issued.document
    receipt = ReceiptDocument(
        number=desk.take_number("receipt", received_on, issued.customer_id).number,
        invoice_number=printed.number,
        currency=printed.currency,
        language=printed.language,
        branding=printed.branding,
        seller=printed.seller,
        buyer=printed.buyer,
        received_on=received_on,
        method=print_method(sample.method, "", printed.language),
        reference=reference,
        amount_minor=amount_minor,
        total_minor=printed.total_minor,
        outstanding_minor=due_minor - allocated_minor,
        credit_minor=amount_minor - allocated_minor,
    )
    _write_document(desk, issued, receipt, at, payment_id)
    happened = PaymentRecorded(
        **issued.whose,
        payment_id=payment_id,
        amount_minor=amount_minor,
        currency=desk.currency,
        credit_minor=amount_minor - allocated_minor,
    )
    desk.audit(happened, at)
    if sample.is_archived:
        issued.becomes["archived_at"] = at
        desk.audit(InvoiceArchived(**issued.whose), at)


# What a draft's row already says.
_DRAFT_COLUMNS = (
    "customer_id",
    "customer_name",
    "customer_name_key",
    "prices_inclusive",
    "cash_rounding_minor",
    "decimals",
    "issued_on",
    "due_on",
    "purchase_order",
    "net_minor",
    "tax_minor",
    "total_minor",
    "due_minor",
)


def _ready(desk: _Desk, sample: SampleInvoice) -> ReadyInvoice:
    rules = desk.rules
    terms = DocumentTerms(
        currency=desk.currency,
        lines=tuple(
            LineTerms(
                quantity=line.quantity,
                unit_price=line.unit_price,
                taxes=rules.taxes_of(desk.tax_id),
                allowances=_discount(line.discount_percent),
            )
            for line in sample.lines
        ),
        prices=rules.prices,
        allowances=_discount(sample.discount_percent),
        cash_rounding=rules.cash_step(desk.currency),
        decimals=rules.decimals,
    )
    return ReadyInvoice(
        terms=terms,
        totals=compute_totals(terms),
        texts=tuple(LineTexts(x.name, x.description, x.unit) for x in sample.lines),
        tax_ids=(desk.tax_id,) * len(sample.lines),
        issued_on=sample.issued_on,
        due_on=sample.due_on,
        purchase_order=sample.purchase_order,
        notes=sample.notes,
        payment_terms=desk.settings.terms,
    )


def _discount(percent: Decimal) -> tuple[Adjustment, ...]:
    return (Adjustment(percent=percent, reason=DISCOUNT_REASON),) if percent else ()


def _percent_text(percent: Decimal) -> str:
    return f"{percent}%" if percent else ""


def _customer_values(sample: SampleCustomer) -> dict[str, Any]:
    return {
        "name": sample.name,
        "name_key": name_key(sample.name),
        "email": sample.email,
        "contact_name": sample.contact_name,
        "address": sample.address,
        "country": sample.country,
        "language": sample.language,
    }


def _owner(uow: UnitOfWork) -> Member:
    owner = uow.first(
        select(Member)
        .where(col(Member.role) == Role.OWNER, col(Member.removed_at).is_(None))
        .order_by(col(Member.id))
    )
    if owner is None:
        raise NotFound("This workspace has no owner.")
    return owner


def _usual_tax_id(uow: UnitOfWork) -> str:
    found = uow.first(
        select(TaxRate.id)
        .where(col(TaxRate.archived_at).is_(None))
        .order_by(col(TaxRate.is_default).desc(), col(TaxRate.position))
    )
    return str(found) if found else ""
