"""Bring in customers, invoices and payments of another program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import or_
from sqlmodel import col, select

from billing_app.database.access import inner, staff_or_job
from billing_app.database.bulk import Bulk
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission, StaffActor
from billing_app.domain.address import PLACE_LENGTH_MAX, POSTAL_CODE_LENGTH_MAX
from billing_app.domain.billable_event import NewEvent
from billing_app.domain.contact import country_names, is_email, name_key
from billing_app.domain.custom_fields import CustomField, FilledField
from billing_app.domain.document import content_digest, to_json
from billing_app.domain.draft import DraftForm, LineForm, form_to_json
from billing_app.domain.drafting import LineTexts
from billing_app.domain.errors import NotPermitted
from billing_app.domain.events import (
    DataImported,
    DraftCreated,
    Event,
    InvoiceIssued,
)
from billing_app.domain.import_columns import ImportKind
from billing_app.domain.import_plan import IMPORTED_SERIES, Known
from billing_app.domain.import_records import (
    CustomerRecord,
    EventRecord,
    ImportRecord,
    InvoiceRecord,
    PaymentRecord,
    ProductRecord,
)
from billing_app.domain.party_ids import (
    REFERENCE_LENGTH_MAX,
    REGISTRATION_LENGTH_MAX,
)
from billing_app.domain.product import ProductForm, read_product
from billing_app.domain.read_e_invoice import (
    ReadEInvoice,
    check_can_become_draft,
    make_draft,
)
from billing_app.domain.retyping import typed_price, typed_quantity
from billing_app.domain.terms import LineTerms, TaxTerms
from billing_app.models import (
    AuditEntry,
    Customer,
    Invoice,
    IssuedDocument,
    LedgerEntry,
    LineItem,
    Member,
    NumberSeries,
    WorkspaceSettings,
)
from billing_app.queries.letterhead import read_rules, read_settings
from billing_app.services.billable_events import record_events
from billing_app.services.customers import CustomerForm, create_customer, read_form
from billing_app.services.drafts import fill_draft
from billing_app.services.invoices import (
    ReadyInvoice,
    issued_values,
    line_values,
    make_document,
    postings_of,
)
from billing_app.services.payments import receive_imported
from billing_app.services.products import create_product


def check_customer(
    record: CustomerRecord, own_fields: Sequence[CustomField] = ()
) -> None:
    """Refuse a customer that could not be stored.

    Raises:
        InvalidInput: a field can't be used.
    """
    read_form(_form(record), own_fields)


def check_product(record: ProductRecord) -> None:
    """Refuse a product that could not be stored.

    Raises:
        InvalidInput: a field can't be used.
    """
    read_product(_product_form(record, ""), ())


@staff_or_job(Permission.IMPORT_DATA)
def check_may_import_kind(uow: UnitOfWork, kind: ImportKind) -> None:
    """Refuse a file whose contents the member could not type either.

    Raises:
        NotPermitted: the role does not allow it.
    """
    _check_may_add(uow, kind)


@staff_or_job(Permission.IMPORT_DATA)
def import_records(
    uow: UnitOfWork, records: Sequence[tuple[ImportRecord, str]], known: Known
) -> None:
    """Write records that were found to be new; the texts are keys of payments.

    Nobody is mailed: the customers have had all of this already. Invoices are issued
    with the number they had, and not shown in the portal.
    """
    customer_ids = dict(known.customer_ids)
    invoices: list[tuple[InvoiceRecord, int]] = []
    events: list[NewEvent] = []
    if any(isinstance(x, CustomerRecord) and x.number_code for x, _ in records):
        # Before the codes, as whoever issues: it is locked in the end anyway.
        _lock_own_series(uow)
    _add_products(uow, [x for x, _ in records if isinstance(x, ProductRecord)])
    for record, key in records:
        if isinstance(record, CustomerRecord):
            customer_ids[name_key(record.name)] = create_customer(uow, _form(record))
        elif isinstance(record, EventRecord):
            name = name_key(record.customer)
            theirs = known.currencies.get(name, "")
            events.append(record.event_of(customer_ids[name], theirs))
        elif isinstance(record, PaymentRecord):
            invoice = known.invoices[record.invoice_number]
            receive_imported(uow, invoice.invoice_id, record, key)
        elif isinstance(record, InvoiceRecord):
            customer_id = _customer_id(uow, record.customer, customer_ids)
            if record.is_draft:
                _add_draft(uow, record, customer_id)
            else:
                invoices.append((record, customer_id))
    if events:
        record_events(uow, events)
    if invoices:
        _issue_all(uow, invoices)
    # So that what is kept for the end does not grow with the file.
    uow.complete()


@staff_or_job(Permission.IMPORT_DATA)
def finish_import(
    uow: UnitOfWork, kind: ImportKind, count: int, next_value: int
) -> None:
    """Write down that a file was imported, and let own numbers go on behind it."""
    series = _lock_own_series(uow)
    series.next_value = max(series.next_value, next_value)
    uow.flush()
    uow.record(DataImported(kind=kind, count=count))


def _lock_own_series(uow: UnitOfWork) -> NumberSeries:
    return uow.one(
        select(NumberSeries)
        .where(col(NumberSeries.code) == "invoice")
        .with_for_update()
    )


def _check_may_add(uow: UnitOfWork, kind: ImportKind) -> None:
    if kind is not ImportKind.PRODUCTS or not isinstance(uow.actor, StaffActor):
        return
    if not uow.actor.may(Permission.EDIT_SETTINGS):
        raise NotPermitted("Your role doesn't allow this.")


def _add_products(uow: UnitOfWork, records: Sequence[ProductRecord]) -> None:
    if not records:
        return
    _check_may_add(uow, ImportKind.PRODUCTS)
    rates = read_rules(uow, read_settings(uow)).taxes_alone
    for record in records:
        alike = (key for key, x in rates.items() if x.percent == record.tax_percent)
        create_product(uow, _product_form(record, next(alike, "")))


def _product_form(record: ProductRecord, tax_id: str) -> ProductForm:
    return ProductForm(
        name=record.name,
        description=record.description,
        unit=record.unit,
        unit_price=record.unit_price,
        currency=record.currency,
        tax_id=tax_id,
    )


def _customer_id(
    uow: UnitOfWork, record: CustomerRecord, customer_ids: dict[str, int]
) -> int:
    key = name_key(record.name)
    if key not in customer_ids:
        customer_ids[key] = create_customer(uow, _form(record))
    return customer_ids[key]


def _form(record: CustomerRecord) -> CustomerForm:
    texts = record.texts
    return CustomerForm(
        name=record.name,
        email=texts.get("email", ""),
        contact_name=texts.get("contact", ""),
        phone=texts.get("phone", ""),
        address=texts.get("address", ""),
        postal_code=texts.get("postal_code", ""),
        town=texts.get("town", ""),
        region=texts.get("region", ""),
        country=texts.get("country", ""),
        vat_id=texts.get("vat_id", ""),
        registration=texts.get("registration", ""),
        electronic_address=texts.get("electronic_address", ""),
        reference=texts.get("reference", ""),
        language=texts.get("language", ""),
        currency=texts.get("currency", ""),
        net_days=texts.get("net_days", ""),
        number_code=record.number_code,
        own=record.own,
    )


# The newest drafts of a customer that a file is compared with.
_DRAFTS_COMPARED = 100


@dataclass(frozen=True, slots=True)
class DraftFromFile:
    """A draft made of an e-invoice; `left_out` are sentences on what it lacks.

    Attributes:
        is_new: not so where the same file made it before, as after a crash.
    """

    invoice_id: int
    customer_name: str
    left_out: tuple[str, ...]
    is_new: bool = True

    @property
    def sentence(self) -> str:
        if self.is_new:
            return f"Made a draft for {self.customer_name}."
        return f"A draft for {self.customer_name} was made of this file already."


@staff_or_job(Permission.IMPORT_DATA)
def draft_from_e_invoice(uow: UnitOfWork, read: ReadEInvoice) -> DraftFromFile:
    """Make a draft of an e-invoice, and its buyer a customer unless they are one.

    A draft that is still as the same file made it is not made again.

    Raises:
        InvalidInput: it is nothing that could be issued here.
    """
    check_can_become_draft(read)
    customer_id = _find_buyer(uow, read) or create_customer(uow, _buyer_form(read))
    made = make_draft(read, customer_id, read_rules(uow, read_settings(uow)))
    known = _find_draft(uow, made.form)
    if known is not None:
        assert known.id is not None
        return DraftFromFile(known.id, known.customer_name, made.left_out, False)
    invoice = add_draft(uow, made.form, read.currency)
    uow.record(DataImported(kind="e_invoice", count=1))
    assert invoice.id is not None
    return DraftFromFile(invoice.id, invoice.customer_name, made.left_out)


def _find_draft(uow: UnitOfWork, form: DraftForm) -> Invoice | None:
    """Find a draft of the same customer in which the same is typed."""
    statement = (
        select(Invoice)
        .where(
            col(Invoice.customer_id) == form.customer_id,
            col(Invoice.state) == "draft",
            col(Invoice.cancelled_at).is_(None),
        )
        .order_by(col(Invoice.id).desc())
        .limit(_DRAFTS_COMPARED)
    )
    return next((x for x in uow.all(statement) if x.draft == form_to_json(form)), None)


def _find_buyer(uow: UnitOfWork, read: ReadEInvoice) -> int | None:
    """Find who is billed by tax number, else by name."""
    name, vat_id = name_key(read.buyer.name), read.buyer.vat_id
    alike = col(Customer.name_key) == name
    if vat_id:
        alike = or_(alike, col(Customer.vat_id) == vat_id)
    statement = (
        select(Customer.id)
        .where(alike)
        .order_by(col(Customer.vat_id) != vat_id, col(Customer.id))
        .limit(1)
    )
    return uow.first(statement)


def _buyer_form(read: ReadEInvoice) -> CustomerForm:
    buyer = read.buyer
    return CustomerForm(
        name=buyer.name[:200],
        email=buyer.email if is_email(buyer.email) else "",
        contact_name=buyer.contact_name[:200],
        phone=buyer.phone[:60],
        address="\n".join(buyer.street)[:1000],
        postal_code=buyer.postal_code[:POSTAL_CODE_LENGTH_MAX],
        town=buyer.town[:PLACE_LENGTH_MAX],
        region=buyer.region[:PLACE_LENGTH_MAX],
        country=buyer.country if buyer.country in country_names() else "",
        vat_id=buyer.vat_id[:40],
        registration=buyer.registration[:REGISTRATION_LENGTH_MAX],
        electronic_address=buyer.electronic_address,
        reference=read.buyer_reference[:REFERENCE_LENGTH_MAX],
    )


@inner
def add_draft(uow: UnitOfWork, form: DraftForm, currency: str) -> Invoice:
    """Add a draft that nobody typed."""
    settings = read_settings(uow)
    invoice = Invoice(
        currency=currency,
        look=form.look or settings.look,
        created_by=_member_id(uow),
        created_at=uow.now,
        changed_at=uow.now,
    )
    fill_draft(uow, invoice, form)
    uow.add(invoice)
    uow.record(DraftCreated(invoice_id=invoice.id, customer_id=invoice.customer_id))
    return invoice


def _add_draft(uow: UnitOfWork, record: InvoiceRecord, customer_id: int) -> None:
    rates = read_rules(uow, read_settings(uow)).taxes_alone
    currency = record.terms.currency
    form = DraftForm(
        customer_id=customer_id,
        currency=currency,
        issued_on=record.issued_on.isoformat(),
        due_on=record.due_on.isoformat() if record.due_on else "",
        purchase_order=record.purchase_order,
        job=record.job,
        notes=record.notes,
        own=_own_texts(record.filled),
        lines=tuple(
            _draft_line(index, terms, texts, currency, _tax_id(terms, rates))
            for index, (terms, texts) in enumerate(
                zip(record.terms.lines, record.texts, strict=True)
            )
        ),
    )
    add_draft(uow, form, currency)


def _draft_line(
    index: int, terms: LineTerms, texts: LineTexts, currency: str, tax_id: str
) -> LineForm:
    percents = [x.percent for x in terms.allowances if x.percent]
    return LineForm(
        key=f"line-{index}",
        name=texts.name,
        description=texts.description,
        unit=texts.unit,
        quantity=typed_quantity(terms.quantity),
        unit_price=typed_price(terms.unit_price, currency),
        discount=f"{percents[0].normalize():f}%" if percents else "",
        tax_id=tax_id,
        own=_own_texts(texts.filled),
    )


def _own_texts(filled: Sequence[FilledField]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((own.key, own.value) for own in filled))


def _tax_id(terms: LineTerms, rates: Mapping[str, TaxTerms]) -> str:
    percents = [tax.percent for tax in terms.taxes]
    alike = (key for key, rate in rates.items() if [rate.percent] == percents)
    return next(alike, "")


def _issue_all(uow: UnitOfWork, invoices: Sequence[tuple[InvoiceRecord, int]]) -> None:
    """Write many issued invoices at once, each as a single issue would."""
    settings = read_settings(uow)
    ids = {customer_id for _, customer_id in invoices}
    found = uow.all(select(Customer).where(col(Customer.id).in_(ids)))
    customers = {customer.id: customer for customer in found}
    desk = _Desk(uow, settings, len(invoices))
    for record, customer_id in invoices:
        desk.issue(record, customers[customer_id])
    desk.bulk.write()


class _Desk:
    """What the invoices of one batch have in common."""

    def __init__(
        self, uow: UnitOfWork, settings: WorkspaceSettings, count: int
    ) -> None:
        self._uow = uow
        self._settings = settings
        self._values = _take_values(uow, count)
        self._member_id = _member_id(uow)
        self._member_name = _member_name(uow)
        self.bulk = Bulk(uow)

    def issue(self, record: InvoiceRecord, customer: Customer) -> None:
        uow, bulk, look = self._uow, self.bulk, self._settings.look
        ready = _ready(record)
        document = make_document(
            record.number, "", self._settings, customer, look, ready
        )
        invoice_id = bulk.add(
            Invoice,
            **issued_values(customer, ready),
            currency=record.terms.currency,
            look=look,
            created_by=self._member_id,
            created_at=uow.now,
            changed_at=uow.now,
        )
        whose = {"invoice_id": invoice_id, "customer_id": customer.id}
        for line in line_values(ready):
            bulk.add(LineItem, invoice_id=invoice_id, **line)
        content = to_json(document)
        bulk.add(
            IssuedDocument,
            **whose,
            number=record.number,
            content=content,
            content_digest=content_digest(content),
            issued_at=uow.now,
        )
        for posting in postings_of(ready.totals):
            bulk.add(
                LedgerEntry,
                journal=f"issue:{invoice_id}",
                account=posting.account,
                amount_minor=posting.minor,
                currency=record.terms.currency,
                posted_at=uow.now,
                **whose,
            )
        self._audit(
            InvoiceIssued(
                **whose,
                number=record.number,
                total_minor=document.total_minor,
                currency=document.currency,
            )
        )
        # Only a draft takes lines, so it is issued after them.
        bulk.change(
            Invoice,
            invoice_id,
            state="issued",
            number=record.number,
            series_code=IMPORTED_SERIES,
            series_value=next(self._values),
            issued_at=uow.now,
        )

    def _audit(self, happened: Event) -> None:
        details = asdict(happened)
        del details["invoice_id"], details["customer_id"]
        self.bulk.add(
            AuditEntry,
            event=happened.name(),
            actor=self._uow.actor.label,
            actor_name=self._member_name,
            invoice_id=happened.invoice_id,
            customer_id=happened.customer_id,
            details=details,
            at=self._uow.now,
        )


def _ready(record: InvoiceRecord) -> ReadyInvoice:
    return ReadyInvoice(
        terms=record.terms,
        totals=record.totals,
        texts=record.texts,
        tax_ids=("",) * len(record.texts),
        issued_on=record.issued_on,
        due_on=record.due_on,
        purchase_order=record.purchase_order,
        job=record.job,
        notes=record.notes,
        filled=record.filled,
    )


def _take_values(uow: UnitOfWork, count: int) -> Iterator[int]:
    """Take places in the series of imported numbers, opening it the first time."""
    statement = select(NumberSeries).where(col(NumberSeries.code) == IMPORTED_SERIES)
    series = uow.first(statement.with_for_update())
    if series is None:
        series = uow.add(NumberSeries(code=IMPORTED_SERIES, pattern="{counter}"))
    first = series.next_value
    series.next_value += count
    uow.flush()
    return iter(range(first, first + count))


def _member_id(uow: UnitOfWork) -> int | None:
    return uow.actor.member_id if isinstance(uow.actor, StaffActor) else None


def _member_name(uow: UnitOfWork) -> str:
    member_id = _member_id(uow)
    if member_id is None:
        return ""
    return uow.get(Member, member_id).name
