"""What the invoice builder needs to know before anybody types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlmodel import col, select

from billing_app.database.access import staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.billable_event import bills_events
from billing_app.domain.custom_fields import FilledField
from billing_app.domain.document import Branding, Party
from billing_app.domain.draft import (
    UNTOUCHED,
    DraftForm,
    DraftRules,
    form_from_json,
)
from billing_app.domain.late_fee import NO_RULE, LateFeeRule
from billing_app.domain.portal_settings import (
    NotifyOn,
    PaymentMode,
    PortalSettings,
    VisibleOn,
)
from billing_app.models import (
    AuditEntry,
    Customer,
    Invoice,
    StripeAccount,
    TaxRate,
    WorkspaceSettings,
)
from billing_app.queries.customers import list_credit
from billing_app.queries.letterhead import (
    Bank,
    bank_of,
    branding,
    buyer_party,
    fields_of,
    language_of,
    late_fees_of,
    read_rules,
    read_settings,
    seller_party,
)
from billing_app.queries.names import holds_name

CHOICES_MAX = 20


@dataclass(frozen=True, slots=True)
class TaxChoice:
    """A tax a line can be given."""

    id: str
    label: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class CustomerChoice:
    """A customer the builder can bill.

    Attributes:
        currency: empty for the workspace's own.
        language: what the document will be written in.
        late_fees: what they are charged for paying late.
        filled: their fields of the workspace's own.
        credit: money received and not allocated, by currency in minor units; not
            asked for while the customer is still being chosen.
    """

    id: int
    name: str
    email: str
    currency: str
    net_days: int
    language: str
    late_fees: LateFeeRule = NO_RULE
    filled: tuple[FilledField, ...] = ()
    credit: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything around a draft that does not change while it is typed.

    Attributes:
        today: in the workspace's zone, for empty dates.
        banks: the accounts by currency; that of "" is for all others.
        notes, terms: what a new draft starts with.
        visible_on: which step shows the invoice to its customer.
        mails_when_published: publishing mails the customer, not a later step.
        shares_drafts: whether a draft may be shown before that.
        takes_cards: customers may pay online.
    """

    currency: str
    zone: str
    today: date
    net_days: int
    language: str
    rules: DraftRules
    taxes: tuple[TaxChoice, ...]
    seller: Party
    branding: Branding
    banks: Mapping[str, Bank]
    notes: str
    terms: str
    visible_on: VisibleOn
    mails_when_published: bool = True
    shares_drafts: bool = False
    takes_cards: bool = False
    late_fees: LateFeeRule = NO_RULE

    def bank(self, currency: str) -> Bank:
        return self.banks.get(currency, self.banks[""])


@dataclass(frozen=True, slots=True)
class OpenDraft:
    """A draft on the desk.

    Attributes:
        state: draft, issued or void; only a draft that is neither deleted nor
            cancelled is editable.
    """

    invoice_id: int
    version: int
    state: str
    is_deleted: bool
    is_cancelled: bool
    form: DraftForm
    currency: str
    customer: CustomerChoice | None
    buyer: Party
    desk: Desk


@staff(Permission.EDIT_DRAFT)
def is_own_save(uow: UnitOfWork, invoice_id: int) -> bool:
    """Tell whether the draft was last changed by whoever asks."""
    actor = uow.first(
        select(col(AuditEntry.actor))
        .where(col(AuditEntry.invoice_id) == invoice_id)
        .order_by(col(AuditEntry.id).desc())
        .limit(1)
    )
    return actor == uow.actor.label


@staff(Permission.EDIT_DRAFT)
def open_draft(uow: UnitOfWork, invoice_id: int) -> OpenDraft:
    """Return a draft with its desk.

    Raises:
        NotFound: no such invoice in this workspace.
    """
    invoice = uow.get(Invoice, invoice_id)
    settings = read_settings(uow)
    customer = uow.get(Customer, invoice.customer_id) if invoice.customer_id else None
    assert invoice.id is not None
    return OpenDraft(
        invoice_id=invoice.id,
        version=invoice.version,
        state=invoice.state,
        is_deleted=invoice.deleted_at is not None and invoice.version != UNTOUCHED,
        is_cancelled=invoice.cancelled_at is not None,
        form=form_from_json(invoice.draft or {}),
        currency=invoice.currency,
        customer=_chosen(uow, customer, settings) if customer else None,
        buyer=buyer_party(customer),
        desk=_desk(uow, settings, invoice.look),
    )


@dataclass(frozen=True, slots=True)
class CopyFacts:
    """What a copy and its original come to, in minor units of `currency`.

    Attributes:
        leaves_events: the original was cancelled, and what it billed waits.
    """

    source_number: str
    source_minor: int
    copy_minor: int
    currency: str
    leaves_events: bool = False


@staff(Permission.EDIT_DRAFT)
def read_copy(uow: UnitOfWork, invoice_id: int) -> CopyFacts | None:
    """Compare a copied draft with its original; None when it is no copy."""
    copy = uow.get(Invoice, invoice_id)
    source = uow.find(Invoice, copy.source_id) if copy.source_id else None
    if source is None:
        return None
    return CopyFacts(
        source_number=source.number or "the draft",
        source_minor=source.total_minor,
        copy_minor=copy.total_minor,
        currency=copy.currency,
        leaves_events=source.cancelled_at is not None
        and bills_events(form_from_json(source.draft or {})),
    )


@staff(Permission.EDIT_DRAFT)
def read_choice(uow: UnitOfWork, customer_id: int) -> tuple[CustomerChoice, Party]:
    """Return a customer as the builder shows and prints it."""
    customer = uow.get(Customer, customer_id)
    return _chosen(uow, customer, read_settings(uow)), buyer_party(customer)


@staff(Permission.EDIT_DRAFT)
def list_choices(uow: UnitOfWork, typed: str) -> tuple[CustomerChoice, ...]:
    """Return up to 20 customers whose name holds what was typed, by name."""
    settings = read_settings(uow)
    found = uow.all(
        select(Customer)
        .where(
            col(Customer.archived_at).is_(None),
            holds_name(Customer.name_key, typed.strip()),
        )
        .order_by(col(Customer.name_key), col(Customer.id))
        .limit(CHOICES_MAX)
    )
    return tuple(_choice(customer, settings) for customer in found)


def _chosen(
    uow: UnitOfWork, customer: Customer, settings: WorkspaceSettings
) -> CustomerChoice:
    assert customer.id is not None
    chosen = _choice(customer, settings)
    return replace(chosen, credit=list_credit(uow, customer.id))


def _choice(customer: Customer, settings: WorkspaceSettings) -> CustomerChoice:
    assert customer.id is not None
    own = customer.net_days
    return CustomerChoice(
        id=customer.id,
        name=customer.name,
        email=customer.email,
        currency=customer.currency,
        net_days=settings.net_days if own is None else own,
        language=language_of(settings, customer.language),
        late_fees=late_fees_of(settings, customer),
        filled=fields_of(settings, customer),
    )


def _desk(uow: UnitOfWork, settings: WorkspaceSettings, look: str) -> Desk:
    rates = uow.all(
        select(TaxRate)
        .where(col(TaxRate.archived_at).is_(None))
        .order_by(col(TaxRate.position), col(TaxRate.id))
    )
    portal = PortalSettings.from_stored(settings.portal)
    rules = read_rules(uow, settings)
    return Desk(
        currency=uow.workspace.currency,
        zone=uow.workspace.zone,
        today=uow.today,
        net_days=settings.net_days,
        language=language_of(settings),
        rules=rules,
        taxes=tuple(
            TaxChoice(str(rate.id), _tax_label(rules, rate), rate.is_default)
            for rate in rates
        ),
        seller=seller_party(settings),
        branding=branding(settings, look),
        banks={
            currency: bank_of(settings, currency)
            for currency in ("", *settings.bank_by_currency)
        },
        notes=settings.notes,
        terms=settings.terms,
        visible_on=portal.visible_on,
        mails_when_published=portal.notify_on == NotifyOn.PUBLISH,
        shares_drafts=portal.shares_drafts,
        takes_cards=_takes_cards(uow, portal),
        late_fees=LateFeeRule.from_stored(settings.late_fees),
    )


def _takes_cards(uow: UnitOfWork, portal: PortalSettings) -> bool:
    account = uow.first(select(StripeAccount))
    is_charging = account is not None and account.charges_enabled
    return is_charging and portal.payment == PaymentMode.ONLINE


def _tax_label(rules: DraftRules, rate: TaxRate) -> str:
    """Name a rate, with those that come with it."""
    return " + ".join(tax.name for tax in rules.taxes_of(str(rate.id)))
