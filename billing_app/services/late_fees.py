"""Charge for paying late: each fee is an invoice of its own, issued like any other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sqlmodel import col, select

from billing_app.database.access import inner, staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.currencies import is_currency
from billing_app.domain.dates import due_on
from billing_app.domain.document import DocumentKind, InvoiceDocument, from_json
from billing_app.domain.drafting import LineTexts
from billing_app.domain.errors import InvalidInput
from billing_app.domain.events import LateFeeCharged
from billing_app.domain.exchange_rate import ExchangeRate
from billing_app.domain.late_fee import (
    LateFeeFacts,
    LateFeeRule,
    compute_fee,
    fee_details,
    fee_name,
    fee_terms,
    find_fee_obstacle,
    parse_from_step,
    step_of,
)
from billing_app.domain.parsing import Reading, parse_amount, parse_percent
from billing_app.domain.speech import speech_for
from billing_app.domain.terms import TaxAccounting
from billing_app.domain.totals import compute_totals
from billing_app.models import Customer, Invoice, IssuedDocument, LateFee, TaxRate
from billing_app.queries.invoices import parse_row_id
from billing_app.queries.late_fees import read_late_fee_facts
from billing_app.queries.letterhead import (
    fields_of,
    language_of,
    read_rules,
    read_settings,
)
from billing_app.queries.reminders import read_late_fee_rule
from billing_app.services.invoices import ReadyInvoice, issue_ready, show
from billing_app.services.settings import save, take_settings


@dataclass(frozen=True, slots=True)
class LateFeesForm:
    """What paying late costs, as typed.

    Attributes:
        amounts, caps: by currency; empty for none.
        tax_id: empty for out of scope.
    """

    is_on: bool = False
    from_step: str = ""
    amounts: Mapping[str, str] = field(default_factory=dict[str, str])
    percent: str = ""
    caps: Mapping[str, str] = field(default_factory=dict[str, str])
    tax_id: str = ""
    is_on_documents: bool = False


@staff(Permission.EDIT_SETTINGS)
def change_late_fees(uow: UnitOfWork, version: int, form: LateFeesForm) -> int:
    """Change what paying late costs; returns and raises as `change_business`.

    What was charged stays.
    """
    rule = read_rule_form(form)
    if rule.tax_id:
        uow.get(TaxRate, rule.tax_id)
    settings = take_settings(uow, version)
    before = LateFeeRule.from_stored(settings.late_fees).to_stored()
    after = rule.to_stored()
    changed = tuple(
        f"late_fees_{name}" for name in after if before[name] != after[name]
    )
    return save(uow, settings, "reminders", *changed, late_fees=after)


def read_rule_form(form: LateFeesForm) -> LateFeeRule:
    """Read a rule as it was typed.

    Raises:
        InvalidInput: a field can't be used; an amount's is `amount-EUR`, a cap's
            `cap-EUR`.
    """
    reading = Reading()
    from_step = reading.of(parse_from_step, form.from_step)
    percent = reading.of(parse_percent, form.percent or "0", field="percent")
    amounts = _amounts(reading, form.amounts, "amount")
    caps = _amounts(reading, form.caps, "cap")
    reading.check()
    if form.is_on and not (percent or any(amounts.values())):
        raise InvalidInput("Write an amount or a percentage.", field="percent")
    assert from_step is not None
    assert percent is not None
    return LateFeeRule(
        is_on=form.is_on,
        from_step=from_step,
        amounts={currency: minor for currency, minor in amounts.items() if minor},
        percent=percent,
        caps=caps,
        tax_id=parse_row_id(form.tax_id, "tax") or 0,
        is_on_documents=form.is_on_documents,
    )


def _amounts(reading: Reading, typed: Mapping[str, str], what: str) -> dict[str, int]:
    amounts: dict[str, int] = {}
    for currency, text in typed.items():
        if not text.strip() or not is_currency(currency):
            continue
        name = f"{what}-{currency}"
        money = reading.of(parse_amount, text, currency, field=name)
        if money is not None:
            amounts[currency] = money.minor
    return amounts


@inner
def charge(uow: UnitOfWork, invoice: Invoice, step: int) -> int | None:
    """Issue and show the fee of one step of a locked invoice, if there is one.

    The customer is told by another mail than that of a new invoice, which is the
    caller's to promise.

    Returns:
        The invoice that the fee is, or None where nothing is charged.
    """
    assert invoice.id is not None
    assert invoice.customer_id is not None
    rule, facts = read_late_fee_rule(uow), read_late_fee_facts(uow, invoice)
    if find_fee_obstacle(rule, facts, step, uow.today):
        return None
    rules = read_rules(uow, read_settings(uow))
    step_minor = step_of(rules, invoice.currency)
    amount = compute_fee(rule, facts.overdue_minor, invoice.currency, step_minor)
    if not amount:
        return None

    ready = _ready(uow, invoice, rule, facts, amount)
    issued = issue_ready(uow, invoice.customer_id, ready)
    show(uow, uow.get(Invoice, issued.invoice_id))
    uow.add(
        LateFee(
            customer_id=invoice.customer_id,
            invoice_id=invoice.id,
            step=step,
            fee_id=issued.invoice_id,
            overdue_minor=facts.overdue_minor,
            amount_minor=amount,
            currency=invoice.currency,
            charged_at=uow.now,
        )
    )
    uow.record(
        LateFeeCharged(
            invoice_id=invoice.id,
            customer_id=invoice.customer_id,
            fee_id=issued.invoice_id,
            number=issued.number,
            step=step,
            amount_minor=amount,
            currency=invoice.currency,
        )
    )
    return issued.invoice_id


@inner
def _ready(
    uow: UnitOfWork,
    invoice: Invoice,
    rule: LateFeeRule,
    facts: LateFeeFacts,
    amount_minor: int,
) -> ReadyInvoice:
    """Make the one line that a fee is, in the customer's language."""
    assert invoice.customer_id is not None
    assert invoice.due_on is not None
    settings, currency = read_settings(uow), invoice.currency
    customer = uow.get(Customer, invoice.customer_id)
    rules = read_rules(uow, settings)
    language = language_of(settings, customer.language)
    speech = speech_for(language)
    name = fee_name(speech, invoice.number or "", (uow.today - invoice.due_on).days)
    details = fee_details(rule, facts.overdue_minor, currency, speech)
    terms = fee_terms(rules, amount_minor, currency, rule.tax_id, language)
    has_tax = bool(compute_totals(terms).tax_total.minor)
    owes = has_tax and rules.asks_rate(currency)
    rate = _rate_of(uow, invoice) if owes else None
    if rate is not None:
        accounting = TaxAccounting(rate.currency, rate.rate)
        terms = replace(terms, tax_accounting=accounting)
    net_days = settings.net_days if customer.net_days is None else customer.net_days
    return ReadyInvoice(
        terms=terms,
        totals=compute_totals(terms),
        texts=(LineTexts(name=name, description=details),),
        tax_ids=(str(rule.tax_id or ""),),
        issued_on=uow.today,
        due_on=due_on(uow.today, net_days),
        purchase_order=invoice.purchase_order,
        job=invoice.job,
        filled=fields_of(settings, customer),
        rate=rate,
    )


@inner
def _rate_of(uow: UnitOfWork, invoice: Invoice) -> ExchangeRate | None:
    """Return what the tax of the late invoice was converted by."""
    content = uow.one(
        select(IssuedDocument.content).where(
            col(IssuedDocument.invoice_id) == invoice.id,
            col(IssuedDocument.kind) == DocumentKind.INVOICE,
        )
    )
    owed = from_json(InvoiceDocument, content).tax_in_currency
    return owed and ExchangeRate(owed.currency, owed.rate, owed.rate_on, owed.source)
