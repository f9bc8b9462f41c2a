"""Create, save, copy and delete drafts. Only here is an invoice editable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from sqlmodel import col, select

from billing_app.database.access import inner, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission, StaffActor
from billing_app.domain.billable_event import (
    Grouping,
    without_event_lines,
    without_events,
)
from billing_app.domain.contact import job_key, name_key
from billing_app.domain.currencies import is_currency
from billing_app.domain.custom_fields import FieldPlace, filled_from_json
from billing_app.domain.dates import due_on
from billing_app.domain.document import DocumentKind, InvoiceDocument, from_json
from billing_app.domain.draft import (
    UNTOUCHED,
    DraftForm,
    DraftRules,
    LineForm,
    ReadDraft,
    form_from_json,
    form_to_json,
    read_draft,
)
from billing_app.domain.errors import InvalidInput, StaleDraft
from billing_app.domain.events import (
    DraftCreated,
    DraftDeleted,
    DraftRestored,
    DraftSaved,
    InvoiceCancelled,
    InvoiceDuplicated,
)
from billing_app.domain.invoice import (
    InvoiceState,
    WrongState,
    check_bulk,
    check_draft,
    check_reason,
)
from billing_app.domain.invoice_mode import InvoiceMode
from billing_app.domain.money import Money
from billing_app.domain.parsing import clean_text
from billing_app.domain.retyping import (
    typed_discount,
    typed_percent,
    typed_price,
    typed_quantity,
)
from billing_app.domain.terms import TaxTerms
from billing_app.domain.terms_json import adjustments_from_json, taxes_from_json
from billing_app.models import Customer, Invoice, IssuedDocument, LineItem, TaxRate
from billing_app.queries.letterhead import read_rules, read_settings
from billing_app.services import billable_events


@dataclass(frozen=True, slots=True)
class SavedDraft:
    """A draft as it now stands in the database."""

    invoice_id: int
    version: int


@staff(Permission.EDIT_DRAFT)
def create_draft(uow: UnitOfWork, form: DraftForm) -> SavedDraft:
    """Keep a new draft. It has no number and no customer can see it.

    Raises:
        InvalidInput: the currency does not exist, or there are too many lines.
        NotFound: the customer is not in this workspace.
    """
    settings = read_settings(uow)
    assert isinstance(uow.actor, StaffActor)
    invoice = Invoice(
        currency=uow.workspace.currency,
        look=form.look or settings.look,
        created_by=uow.actor.member_id,
        created_at=uow.now,
        changed_at=uow.now,
    )
    fill_draft(uow, invoice, form)
    uow.add(invoice)
    uow.record(DraftCreated(invoice_id=invoice.id, customer_id=invoice.customer_id))
    return _saved(invoice)


@staff(Permission.EDIT_DRAFT)
def start_draft(uow: UnitOfWork, customer_id: int = 0) -> SavedDraft:
    """Return a fresh draft to type into: the member's own untouched one, or a new.

    It is hidden until something is typed into it, so the button for a new invoice can
    be pressed often without leaving a trail.
    """
    assert isinstance(uow.actor, StaffActor)
    settings = read_settings(uow)
    tax_id = _default_tax(uow)
    fresh = DraftForm(
        customer_id=customer_id,
        notes=settings.notes,
        terms=settings.terms,
        work_tax_id=tax_id,
        lines=(LineForm(key="line-1", tax_id=tax_id),),
    )
    untouched = uow.first(
        select(Invoice)
        .where(
            col(Invoice.state) == InvoiceState.DRAFT,
            col(Invoice.created_by) == uow.actor.member_id,
            col(Invoice.version) == UNTOUCHED,
            col(Invoice.deleted_at).is_not(None),
            col(Invoice.customer_id) == (customer_id or None),
            col(Invoice.currency) == _usual_currency(uow, customer_id),
        )
        .order_by(col(Invoice.id).desc())
    )
    # One that was made under other settings would start with their notes.
    if untouched is not None and untouched.draft == form_to_json(fresh):
        return _saved(untouched)
    started = uow.get(Invoice, create_draft(uow, fresh).invoice_id)
    started.version, started.deleted_at = UNTOUCHED, uow.now
    uow.flush()
    return _saved(started)


def _usual_currency(uow: UnitOfWork, customer_id: int) -> str:
    customer = uow.get(Customer, customer_id) if customer_id else None
    return (customer.currency if customer else "") or uow.workspace.currency


@staff(Permission.EDIT_DRAFT)
def save_draft(
    uow: UnitOfWork, invoice_id: int, version: int, form: DraftForm
) -> SavedDraft:
    """Replace what a draft says with what was typed, readable or not.

    Raises:
        StaleDraft: somebody saved it since `version` was read.
        WrongState: it is issued.
    """
    invoice = _lock_version(uow, invoice_id, version)
    if invoice.draft == form_to_json(form):
        return _saved(invoice)
    _begin(uow, invoice)
    fill_draft(uow, invoice, form)
    invoice.version += 1
    uow.flush()
    uow.record(
        DraftSaved(
            invoice_id=invoice.id,
            customer_id=invoice.customer_id,
            version=invoice.version,
        )
    )
    return _saved(invoice)


@staff(Permission.EDIT_DRAFT)
def delete_draft(uow: UnitOfWork, invoice_id: int) -> None:
    """Hide a draft. `restore_draft` brings it back; it never took a number."""
    invoice = uow.get(Invoice, invoice_id, lock=True)
    check_draft(InvoiceState(invoice.state), invoice.cancelled_at)
    invoice.deleted_at = uow.now
    invoice.version = max(invoice.version, UNTOUCHED + 1)
    billable_events.detach(uow, invoice_id)
    uow.flush()
    uow.record(DraftDeleted(invoice_id=invoice_id, draft_id=invoice_id))


@staff(Permission.EDIT_DRAFT)
def restore_draft(uow: UnitOfWork, invoice_id: int) -> None:
    """Bring a deleted draft back as it was, but for events billed meanwhile."""
    invoice = uow.get(Invoice, invoice_id, lock=True)
    check_draft(InvoiceState(invoice.state), invoice.cancelled_at)
    if invoice.deleted_at is not None:
        form = form_from_json(invoice.draft or {})
        fill_draft(uow, invoice, billable_events.take_back(uow, invoice, form))
    invoice.deleted_at = None
    uow.flush()
    uow.record(DraftRestored(invoice_id=invoice_id, draft_id=invoice_id))


@staff(Permission.EDIT_DRAFT)
def cancel_draft(uow: UnitOfWork, invoice_id: int, version: int, reason: str) -> None:
    """End a draft that will not become an invoice. It stays on record, as it was.

    Raises:
        StaleDraft: somebody saved it since `version` was read.
        WrongState: it is issued, or was deleted or cancelled.
        InvalidInput: no reason.
    """
    invoice = lock_draft(uow, invoice_id, version)
    reason = check_reason(clean_text(reason, length_max=2_000, field="reason"))
    billable_events.detach(uow, invoice_id)
    invoice.cancelled_at = invoice.changed_at = uow.now
    invoice.cancel_reason = reason
    uow.flush()
    uow.record(
        InvoiceCancelled(
            invoice_id=invoice_id, customer_id=invoice.customer_id, reason=reason
        )
    )


@staff(Permission.EDIT_DRAFT)
def delete_many(uow: UnitOfWork, invoice_ids: list[int]) -> list[int]:
    """Hide the drafts among these, at most 200 at once, and return which."""
    check_bulk(invoice_ids)
    found = uow.all(
        select(col(Invoice.id))
        .where(
            col(Invoice.id).in_(invoice_ids),
            col(Invoice.state) == InvoiceState.DRAFT,
            col(Invoice.deleted_at).is_(None),
            col(Invoice.cancelled_at).is_(None),
        )
        .order_by(col(Invoice.id))
    )
    for invoice_id in found:
        delete_draft(uow, invoice_id)
    return list(found)


@staff(Permission.EDIT_DRAFT)
def restore_many(uow: UnitOfWork, invoice_ids: list[int]) -> None:
    """Bring deleted drafts back, at most 200 at once, each as `restore_draft`."""
    check_bulk(invoice_ids)
    for invoice_id in sorted(invoice_ids):
        restore_draft(uow, invoice_id)


@staff(Permission.EDIT_DRAFT)
def duplicate(uow: UnitOfWork, invoice_id: int) -> SavedDraft:
    """Make a new draft from any invoice, dated today, with all that it says.

    A draft can't say everything that an import can: `queries.drafts.read_copy`
    compares the totals of both.
    """
    source = uow.get(Invoice, invoice_id)
    copy = _copied(uow, source)
    assert source.id is not None
    uow.record(
        InvoiceDuplicated(
            invoice_id=copy.id, customer_id=copy.customer_id, source_id=source.id
        )
    )
    return _saved(copy)


@staff(Permission.EDIT_DRAFT)
def replace_by_draft(uow: UnitOfWork, invoice: Invoice) -> SavedDraft:
    """Copy a locked invoice into a draft that will take its place."""
    copy = _copied(uow, invoice)
    copy.replaces_id = invoice.id
    uow.flush()
    uow.record(DraftCreated(invoice_id=copy.id, customer_id=copy.customer_id))
    return _saved(copy)


def _copied(uow: UnitOfWork, source: Invoice) -> Invoice:
    """Add a draft with the lines of any invoice, dated today."""
    form = _form_of(uow, source)
    settings = read_settings(uow)
    assert isinstance(uow.actor, StaffActor)
    copy = Invoice(
        currency=source.currency,
        look=source.look or settings.look,
        created_by=uow.actor.member_id,
        created_at=uow.now,
        changed_at=uow.now,
        source_id=source.id,
    )
    # What happened is billed once; the copy charges for something else. That of a
    # cancelled draft waits to be billed, so the copy leaves it out.
    copied = without_events if source.cancelled_at is None else without_event_lines
    undated = replace(
        form, issued_on="", due_on="", delivered_on="", delivered_until=""
    )
    fill_draft(uow, copy, copied(undated))
    return uow.add(copy)


@staff(Permission.EDIT_DRAFT)
def bill_events(
    uow: UnitOfWork,
    invoice_id: int,
    version: int,
    event_ids: Sequence[int],
    grouping: Grouping,
) -> SavedDraft:
    """Add lines to a draft for these events, oldest first, taxed like its last line.

    Raises:
        StaleDraft: somebody saved it since `version` was read.
        WrongState: it is issued.
        InvalidInput: no customer is chosen, or the lines would be too many.
        Conflict: one of them was billed meanwhile, or is not this customer's.
    """
    invoice = lock_draft(uow, invoice_id, version)
    if invoice.customer_id is None:
        raise InvalidInput("Choose a customer first.", field="customer")
    form = form_from_json(invoice.draft or {})
    tax_id = form.lines[-1].tax_id if form.lines else _default_tax(uow)
    lines = billable_events.take_lines(uow, invoice, event_ids, grouping, tax_id)
    typed = tuple(line for line in form.lines if not line.is_blank)
    by_lines = replace(form, mode=InvoiceMode.LINES.value, lines=(*typed, *lines))
    fill_draft(uow, invoice, by_lines)
    invoice.version += 1
    uow.flush()
    uow.record(
        DraftSaved(
            invoice_id=invoice.id,
            customer_id=invoice.customer_id,
            version=invoice.version,
        )
    )
    return _saved(invoice)


@inner
def lock_draft(uow: UnitOfWork, invoice_id: int, version: int) -> Invoice:
    """Return a draft nobody else can change until commit.

    Raises:
        StaleDraft: it is not the version that was read.
        WrongState: it is issued, or was deleted or cancelled.
    """
    invoice = _lock_version(uow, invoice_id, version)
    _begin(uow, invoice)
    return invoice


def _begin(uow: UnitOfWork, invoice: Invoice) -> None:
    """Show a draft that was hidden because nobody had done anything with it."""
    if invoice.version == UNTOUCHED and invoice.deleted_at is not None:
        invoice.deleted_at = None
        uow.flush()


def _lock_version(uow: UnitOfWork, invoice_id: int, version: int) -> Invoice:
    invoice = uow.get(Invoice, invoice_id, lock=True)
    check_draft(InvoiceState(invoice.state), invoice.cancelled_at)
    if invoice.deleted_at is not None and invoice.version != UNTOUCHED:
        raise WrongState("This draft was deleted. Undo that first.")
    if invoice.version != version:
        raise StaleDraft(
            "Somebody else saved this draft meanwhile. Nothing of yours is lost: "
            "copy what you need, then reload to see theirs."
        )
    return invoice


@inner
def fill_draft(uow: UnitOfWork, invoice: Invoice, form: DraftForm) -> ReadDraft:
    """Put a form into a draft: what can be read into columns, all of it as typed."""
    if form.currency and not is_currency(form.currency):
        raise InvalidInput("Choose a currency from the list.", field="currency")
    settings = read_settings(uow)
    customer = uow.get(Customer, form.customer_id) if form.customer_id else None
    if customer is not None and customer.merged_into_id is not None:
        kept = uow.get(Customer, customer.merged_into_id)
        raise InvalidInput(
            f"{customer.name} was merged into {kept.name}. Choose that one.",
            field="customer",
        )
    currency = form.currency or (customer.currency if customer else "")
    invoice.currency = currency or invoice.currency
    read = read_draft(form, invoice.currency, read_rules(uow, settings))

    invoice.mode = read.mode.value
    invoice.customer_id = customer.id if customer else None
    if invoice.id is not None:
        billable_events.attach(uow, invoice, form)
    invoice.customer_name = customer.name if customer else ""
    invoice.customer_name_key = name_key(customer.name) if customer else ""
    invoice.prices_inclusive = settings.prices_inclusive
    step = read.terms.cash_rounding
    invoice.cash_rounding_minor = step.minor if step else 0
    invoice.decimals = settings.decimals
    invoice.look = form.look or settings.look
    invoice.issued_on = read.issued_on
    invoice.purchase_order, invoice.job = read.purchase_order, read.job
    invoice.job_key = job_key(read.job)
    net_days = settings.net_days
    if customer is not None and customer.net_days is not None:
        net_days = customer.net_days
    # An empty due date follows from the terms; it is set again at issue.
    invoice.due_on = read.due_on or due_on(read.issued_on or uow.today, net_days)
    invoice.net_minor = read.totals.net_total.minor
    invoice.tax_minor = read.totals.tax_total.minor
    invoice.total_minor = read.totals.total.minor
    invoice.due_minor = read.totals.due.minor
    invoice.draft = form_to_json(form)
    invoice.changed_at = uow.now
    return read


@inner
def _default_tax(uow: UnitOfWork) -> str:
    default = uow.first(select(TaxRate.id).where(col(TaxRate.is_default).is_(True)))
    return str(default or "")


def _form_of(uow: UnitOfWork, invoice: Invoice) -> DraftForm:
    if invoice.draft is not None:
        return form_from_json(invoice.draft)
    lines = uow.all(
        select(LineItem)
        .where(col(LineItem.invoice_id) == invoice.id)
        .order_by(col(LineItem.position))
    )
    allowances, _ = adjustments_from_json(invoice.adjustments, invoice.currency)
    issued = _issued_document(uow, invoice)
    rules = read_rules(uow, read_settings(uow))
    form = DraftForm(
        customer_id=invoice.customer_id or 0,
        currency=invoice.currency,
        purchase_order=invoice.purchase_order,
        job=invoice.job,
        discount=typed_discount(allowances, invoice.currency),
        notes=invoice.notes,
        terms=invoice.terms,
        look=invoice.look,
        own=_own_texts(invoice.custom_fields, FieldPlace.INVOICE),
        lines=tuple(
            _line_form(index, line, invoice.currency, rules)
            for index, line in enumerate(lines)
        ),
    )
    return _with_mode(form, issued, invoice.currency)


def _issued_document(uow: UnitOfWork, invoice: Invoice) -> InvoiceDocument | None:
    content = uow.first(
        select(IssuedDocument.content).where(
            col(IssuedDocument.invoice_id) == invoice.id,
            col(IssuedDocument.kind) == DocumentKind.INVOICE,
        )
    )
    return from_json(InvoiceDocument, content) if content else None


def _with_mode(
    form: DraftForm, issued: InvoiceDocument | None, currency: str
) -> DraftForm:
    """Turn the one line of a fixed amount or a percentage into what was typed."""
    if issued is None or issued.mode == InvoiceMode.LINES:
        return form
    (line,), share = form.lines, issued.lines[0].share
    total = Money(share.job_total_minor, currency).decimal if share else None
    return replace(
        form,
        mode=issued.mode,
        work=line.name,
        work_details=line.description,
        work_tax_id=line.tax_id,
        amount="" if share else line.unit_price,
        percent=typed_quantity(share.percent) if share else "",
        job_total="" if total is None else typed_price(total, currency),
        lines=(),
    )


def _line_form(
    index: int, line: LineItem, currency: str, rules: DraftRules
) -> LineForm:
    allowances, _ = adjustments_from_json(line.adjustments, currency)
    return LineForm(
        key=f"line-{index}",
        name=line.name,
        description=line.description,
        group=line.group_heading,
        quantity=typed_quantity(line.quantity),
        unit=line.unit,
        unit_price=typed_price(line.unit_price, currency),
        discount=typed_percent(allowances),
        tax_id=_tax_id(line, rules),
        own=_own_texts(line.custom_fields, FieldPlace.LINE),
    )


def _own_texts(stored: Sequence[Any], place: FieldPlace) -> tuple[tuple[str, str], ...]:
    filled = filled_from_json(stored)
    return tuple(sorted((x.key, x.value) for x in filled if x.place == place))


def _tax_id(line: LineItem, rules: DraftRules) -> str:
    """Return the rate a line was taxed with; an imported one names none."""
    chosen = line.taxes[0].get("tax_id", "") if line.taxes else ""
    if chosen:
        return chosen
    wanted = _kinds(taxes_from_json(line.taxes))
    alike = (x for x in rules.taxes if wanted and _kinds(rules.taxes_of(x)) == wanted)
    return next(alike, "")


def _kinds(taxes: Iterable[TaxTerms]) -> list[tuple[bool, Decimal, str]]:
    return sorted((tax.is_compound, tax.percent, tax.category) for tax in taxes)


def _saved(invoice: Invoice) -> SavedDraft:
    assert invoice.id is not None
    return SavedDraft(invoice.id, invoice.version)
