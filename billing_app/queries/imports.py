"""What of a file to import is here already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy import select as select_columns
from sqlmodel import col, func, select

from billing_app.database.access import staff_or_job
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.contact import name_key
from billing_app.domain.custom_fields import fields_from_json
from billing_app.domain.import_plan import (
    OWN_SERIES,
    ImportRules,
    Known,
    KnownInvoice,
)
from billing_app.domain.import_records import (
    CustomerRecord,
    EventRecord,
    InvoiceRecord,
    PaymentRecord,
    ProductRecord,
    ReadRecord,
)
from billing_app.domain.invoice import InvoiceState
from billing_app.domain.numbering import Reset, counters_start
from billing_app.models import (
    BillableEvent,
    Customer,
    Invoice,
    NumberSeries,
    Payment,
    Product,
    TaxRate,
)
from billing_app.queries.letterhead import read_settings, seller_party, tax_terms


@staff_or_job(Permission.IMPORT_DATA)
def read_import_rules(uow: UnitOfWork) -> ImportRules:
    series = uow.one(select(NumberSeries).where(col(NumberSeries.code) == OWN_SERIES))
    begun = select(NumberSeries.code, NumberSeries.next_value).where(
        col(NumberSeries.code).startswith(
            counters_start(OWN_SERIES, series.pattern), autoescape=True
        )
    )
    used = select(Invoice.id).where(col(Invoice.series_code) == OWN_SERIES).limit(1)
    rates = uow.all(
        select(TaxRate)
        .where(col(TaxRate.archived_at).is_(None))
        .order_by(col(TaxRate.position), col(TaxRate.id))
    )
    settings = read_settings(uow)
    return ImportRules(
        currency=uow.workspace.currency,
        taxes=tuple(tax_terms(rate) for rate in rates if not rate.with_tax_id),
        today=uow.today,
        pattern=series.pattern,
        next_value=series.next_value,
        has_issued=uow.first(used) is not None,
        reset=Reset(series.reset),
        next_values=dict(uow.all(begun)),
        zone=uow.workspace.zone,
        own_fields=fields_from_json(settings.custom_fields),
        has_address=bool(seller_party(settings).address),
    )


@staff_or_job(Permission.IMPORT_DATA)
def read_known(uow: UnitOfWork, records: Iterable[tuple[ReadRecord, str]]) -> Known:
    """Look up what these records name; the texts are the keys of payments."""
    names: set[str] = set()
    numbers: set[str] = set()
    drafts: list[InvoiceRecord] = []
    keys: set[str] = set()
    products: set[str] = set()
    events: set[tuple[str, str]] = set()
    codes: set[str] = set()
    for record, key in records:
        if isinstance(record, CustomerRecord):
            names.add(name_key(record.name))
            codes.update(filter(None, [record.number_code]))
        elif isinstance(record, ProductRecord):
            products.add(name_key(record.name))
        elif isinstance(record, EventRecord):
            names.add(name_key(record.customer))
            events.add((record.kind, record.reference))
        elif isinstance(record, PaymentRecord):
            numbers.add(record.invoice_number)
            keys.add(key)
        elif isinstance(record, InvoiceRecord):
            names.add(name_key(record.customer.name))
            if record.is_draft:
                drafts.append(record)
            else:
                numbers.add(record.number)
    customer_ids = _customers(uow, names) if names else {}
    return Known(
        customer_ids=customer_ids,
        currencies=_currencies(uow, customer_ids) if events else {},
        invoices=_invoices(uow, numbers) if numbers else {},
        drafts=_drafts(uow, drafts) if drafts else frozenset(),
        payment_keys=_payments(uow, keys) if keys else frozenset(),
        product_keys=_products(uow, products) if products else frozenset(),
        event_keys=_events(uow, events) if events else frozenset(),
        number_codes=_number_codes(uow, codes) if codes else {},
    )


def _number_codes(uow: UnitOfWork, codes: set[str]) -> dict[str, str]:
    statement = select(col(Customer.number_code), col(Customer.name)).where(
        col(Customer.number_code).in_(sorted(codes))
    )
    return dict(uow.all(statement))


def _events(uow: UnitOfWork, keys: set[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    kinds = sorted({kind for kind, _ in keys})
    references = sorted({reference for _, reference in keys})
    statement = select(col(BillableEvent.kind), col(BillableEvent.reference)).where(
        col(BillableEvent.kind).in_(kinds),
        col(BillableEvent.reference).in_(references),
    )
    return frozenset((kind, reference) for kind, reference in uow.all(statement))


def _customers(uow: UnitOfWork, names: set[str]) -> dict[str, int]:
    statement = (
        select(
            col(Customer.name_key),
            func.min(func.coalesce(Customer.merged_into_id, Customer.id)),
        )
        .where(col(Customer.name_key).in_(sorted(names)))
        .group_by(col(Customer.name_key))
    )
    return {name: int(customer_id) for name, customer_id in uow.all(statement)}


def _currencies(uow: UnitOfWork, customer_ids: Mapping[str, int]) -> dict[str, str]:
    statement = select_columns(col(Customer.name_key), col(Customer.currency)).where(
        col(Customer.id).in_(sorted(customer_ids.values())),
        col(Customer.currency) != "",
    )
    return dict(uow.all(statement))


def _invoices(uow: UnitOfWork, numbers: set[str]) -> dict[str, KnownInvoice]:
    statement = select_columns(
        col(Invoice.number),
        col(Invoice.id),
        col(Invoice.customer_id),
        col(Invoice.state),
        col(Invoice.currency),
        col(Invoice.outstanding_minor),
    ).where(col(Invoice.number).in_(sorted(numbers)))
    return {number: KnownInvoice(*facts) for number, *facts in uow.all(statement)}


def _drafts(
    uow: UnitOfWork, drafts: list[InvoiceRecord]
) -> frozenset[tuple[str, date | None, int]]:
    names = {name_key(draft.customer.name) for draft in drafts}
    statement = select(
        col(Invoice.customer_name_key),
        col(Invoice.issued_on),
        col(Invoice.total_minor),
    ).where(
        col(Invoice.state) == InvoiceState.DRAFT,
        col(Invoice.deleted_at).is_(None),
        col(Invoice.cancelled_at).is_(None),
        col(Invoice.customer_name_key).in_(sorted(names)),
    )
    return frozenset((name, on, minor) for name, on, minor in uow.all(statement))


def _payments(uow: UnitOfWork, keys: set[str]) -> frozenset[str]:
    statement = select(Payment.request_key).where(
        col(Payment.request_key).in_(sorted(keys))
    )
    return frozenset(uow.all(statement))


def _products(uow: UnitOfWork, keys: set[str]) -> frozenset[str]:
    statement = select(Product.name_key).where(
        col(Product.name_key).in_(sorted(keys)), col(Product.archived_at).is_(None)
    )
    return frozenset(uow.all(statement))
