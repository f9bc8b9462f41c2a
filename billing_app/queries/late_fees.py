"""What late fees were charged for an invoice, and what decides about the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import BigInteger, bindparam, exists, literal, or_, union_all
from sqlmodel import col, select

from billing_app.database.access import inner, job, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.currencies import currency_codes
from billing_app.domain.formats import format_amount
from billing_app.domain.invoice import InvoicePhase, InvoiceState
from billing_app.domain.late_fee import (
    LateFeeFacts,
    LateFeeRule,
    NextFee,
    find_fee_obstacle,
    next_fee,
    step_of,
)
from billing_app.domain.portal_invoice import ShownFee
from billing_app.domain.reminders import find_obstacle
from billing_app.models import Customer, Invoice, LateFee, TaxRate
from billing_app.queries.letterhead import read_rules, read_settings
from billing_app.queries.portal_rules import read_choices
from billing_app.queries.reminders import (
    list_taken_steps,
    read_late_fee_rule,
    read_policy,
    read_reminder_facts,
)

_BILLED = [
    each
    for phase in InvoicePhase
    if phase not in (InvoicePhase.DRAFT, InvoicePhase.CANCELLED, InvoicePhase.VOID)
    for each in (phase.value, phase.archived)
]

_SHOWN_FEES = (
    select(col(Invoice.id), col(Invoice.number), col(Invoice.total_minor))
    .join(LateFee, col(LateFee.fee_id) == col(Invoice.id))
    .where(
        col(LateFee.invoice_id) == bindparam("invoice_id", type_=BigInteger),
        col(Invoice.state) == InvoiceState.ISSUED,
        col(Invoice.published_at).is_not(None),
        col(Invoice.credited_minor) < col(Invoice.due_minor),
    )
    .order_by(col(LateFee.id))
)


@dataclass(frozen=True, slots=True)
class ChargedFee:
    """A fee as it stands now. Amounts in minor units of the invoice's currency.

    Attributes:
        fee_id: the invoice that it is.
        is_waived: that one is void.
    """

    fee_id: int
    number: str
    step: int
    charged_at: datetime
    total_minor: int
    outstanding_minor: int
    is_waived: bool


@dataclass(frozen=True, slots=True)
class LateFees:
    """Late fees as the page about an invoice tells of them.

    Attributes:
        charged: oldest first.
        following: what comes next, or None.
        obstacle: what keeps it back for now, in a sentence; empty for nothing.
        fee_for_id, fee_for_number: of the invoice that this one is a late fee for.
    """

    charged: tuple[ChargedFee, ...] = ()
    following: NextFee | None = None
    obstacle: str = ""
    fee_for_id: int = 0
    fee_for_number: str = ""


@dataclass(frozen=True, slots=True)
class OpenFee:
    """A fee that a reminder of its invoice asks for, too."""

    fee_id: int
    step: int
    asked_minor: int


@job
def list_open_fees(uow: UnitOfWork, invoice_id: int) -> tuple[OpenFee, ...]:
    """Return the fees of an invoice that are asked for now, oldest first."""
    fees: list[OpenFee] = []
    for fee in list_charged(uow, invoice_id):
        facts = read_reminder_facts(uow, fee.fee_id)
        if facts.is_shown and facts.asked_minor > 0:
            fees.append(OpenFee(fee.fee_id, fee.step, facts.asked_minor))
    return tuple(fees)


@job
def list_shown_fees(uow: UnitOfWork, invoice_id: int) -> tuple[ShownFee, ...]:
    """Return the fees of an invoice that its customer was shown, oldest first; of
    those that were waived or taken back whole, none.
    """
    rows = uow.all(_SHOWN_FEES, invoice_id=invoice_id)
    return tuple(ShownFee(*row) for row in rows)


@dataclass(frozen=True, slots=True)
class LateFeesPage:
    """The rule as its page shows it; amounts and caps as typed, by currency.

    Attributes:
        currencies: that the business bills in, its own first.
        taxes: id and name of each that a fee may carry; first out of scope.
        reminder_steps: that leave by themselves; none while reminders are off.
        step_minor: what a fee in the first currency is a multiple of.
    """

    version: int = 0
    is_on: bool = False
    from_step: str = ""
    percent: str = ""
    tax_id: str = ""
    is_on_documents: bool = False
    currencies: tuple[str, ...] = ()
    amounts: dict[str, str] = field(default_factory=dict[str, str])
    caps: dict[str, str] = field(default_factory=dict[str, str])
    taxes: tuple[tuple[str, str], ...] = ()
    reminder_steps: tuple[int, ...] = ()
    step_minor: int = 1


@staff(Permission.EDIT_SETTINGS)
def read_late_fee_settings(uow: UnitOfWork) -> LateFeesPage:
    settings, rule = read_settings(uow), read_late_fee_rule(uow)
    policy = read_policy(uow)
    rates = uow.all(
        select(col(TaxRate.id), col(TaxRate.name))
        .where(or_(col(TaxRate.archived_at).is_(None), col(TaxRate.id) == rule.tax_id))
        .order_by(col(TaxRate.position), col(TaxRate.id))
    )
    return LateFeesPage(
        version=settings.version,
        is_on=rule.is_on,
        from_step=str(rule.from_step),
        percent=format(rule.percent, "f") if rule.percent else "",
        tax_id=str(rule.tax_id or ""),
        is_on_documents=rule.is_on_documents,
        currencies=_currencies(uow, rule),
        amounts=_typed(rule.amounts),
        caps=_typed(rule.caps),
        taxes=(("", "Out of scope of tax"), *((str(x.id), x.name) for x in rates)),
        reminder_steps=policy.steps if policy.is_on else (),
        step_minor=step_of(read_rules(uow, settings), uow.workspace.currency),
    )


def _currencies(uow: UnitOfWork, rule: LateFeeRule) -> tuple[str, ...]:
    """Return the workspace's own currency, and those that are or were asked for.

    Each there is in the world is looked up once, by an index, however many invoices
    there are.
    """
    codes = union_all(
        *(select(literal(code).label("code")) for code in currency_codes())
    ).subquery()
    is_asked_for = exists().where(
        col(Invoice.phase).in_(_BILLED), col(Invoice.currency) == codes.c.code
    )
    found = uow.all(select(codes.c.code).where(is_asked_for))
    others = {*found, *rule.amounts, *rule.caps}
    own = uow.workspace.currency
    return (own, *sorted(others - {own}))


def _typed(amounts: Mapping[str, int]) -> dict[str, str]:
    return {
        currency: format_amount(minor, currency) for currency, minor in amounts.items()
    }


@staff(Permission.VIEW)
def read_late_fees(uow: UnitOfWork, invoice_id: int) -> LateFees:
    """Return what was charged for paying an invoice late, and what will be.

    Raises:
        NotFound: no such invoice in this workspace.
    """
    invoice = uow.get(Invoice, invoice_id)
    original = uow.first(
        select(col(Invoice.id), col(Invoice.number))
        .join(LateFee, col(LateFee.invoice_id) == col(Invoice.id))
        .where(col(LateFee.fee_id) == invoice_id)
    )
    following, obstacle = _following(uow, invoice)
    return LateFees(
        charged=list_charged(uow, invoice_id),
        following=following,
        obstacle=obstacle,
        fee_for_id=original.id if original else 0,
        fee_for_number=original.number if original else "",
    )


def _following(uow: UnitOfWork, invoice: Invoice) -> tuple[NextFee | None, str]:
    """Return the fee that comes next, and what keeps its reminder back for now."""
    rule, policy = read_late_fee_rule(uow), read_policy(uow)
    assert invoice.id is not None
    if not rule.is_on or invoice.state != InvoiceState.ISSUED:
        return None, ""
    facts = read_late_fee_facts(uow, invoice)
    sent = frozenset(list_taken_steps(uow, [invoice.id]).get(invoice.id, ()))
    step_minor = step_of(read_rules(uow, read_settings(uow)), invoice.currency)
    found = next_fee(rule, policy, facts, sent, invoice.currency, uow.today, step_minor)
    if found is None:
        last = max(policy.steps, default=0)
        on = max(uow.today, invoice.due_on or uow.today)
        return None, find_fee_obstacle(rule, facts, last, on)
    return found, find_obstacle(read_reminder_facts(uow, invoice.id), by_itself=True)


@inner
def read_late_fee_facts(uow: UnitOfWork, invoice: Invoice) -> LateFeeFacts:
    """Collect what decides whether a reminder of this invoice charges."""
    assert invoice.id is not None
    assert invoice.customer_id is not None
    choices = read_choices(uow, invoice.id)
    is_exempt = uow.one(
        select(col(Customer.is_free_of_late_fees)).where(
            col(Customer.id) == invoice.customer_id
        )
    )
    return LateFeeFacts(
        due_on=invoice.due_on,
        grace_days=choices.late_rules.grace_days,
        outstanding_minor=invoice.outstanding_minor,
        disputed_minor=invoice.disputed_minor,
        processing_minor=invoice.processing_minor,
        is_fee=_is_fee(uow, invoice),
        is_exempt=is_exempt,
        charged_steps=frozenset(x.step for x in list_charged(uow, invoice.id)),
    )


@inner
def list_charged(uow: UnitOfWork, invoice_id: int) -> tuple[ChargedFee, ...]:
    """Return the fees of an invoice, oldest first, waived ones included."""
    rows = uow.all(
        select(LateFee, Invoice)
        .join(Invoice, col(Invoice.id) == col(LateFee.fee_id))
        .where(col(LateFee.invoice_id) == invoice_id)
        .order_by(col(LateFee.id))
    )
    return tuple(
        ChargedFee(
            fee_id=fee.fee_id,
            number=invoice.number or "",
            step=fee.step,
            charged_at=fee.charged_at,
            total_minor=invoice.total_minor,
            outstanding_minor=invoice.outstanding_minor,
            is_waived=invoice.state == InvoiceState.VOID,
        )
        for fee, invoice in rows
    )


def _is_fee(uow: UnitOfWork, invoice: Invoice) -> bool:
    """Say whether an invoice is a late fee, or took the place of one."""
    one: Invoice | None = invoice
    while one is not None:
        charged = select(LateFee.id).where(col(LateFee.fee_id) == one.id)
        if uow.first(charged) is not None:
            return True
        one = uow.find(Invoice, one.replaces_id) if one.replaces_id else None
    return False
