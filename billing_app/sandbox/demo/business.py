"""What a business of the demo is: people, customers and the story of each invoice."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from billing_app.domain.document import Look
from billing_app.services.customers import CustomerForm


class Fate(StrEnum):
    """What became of an invoice by now."""

    DRAFT = "draft"
    ISSUED = "issued"
    OPEN = "open"
    PARTLY_PAID = "partly paid"
    PROCESSING = "processing"
    PAID = "paid"
    PAID_BY_CARD = "paid by card"
    ARCHIVED = "archived"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class DemoTax:
    name: str
    percent: str
    category: str = "S"


@dataclass(frozen=True, slots=True)
class DemoLine:
    """A line as typed; `tax` is the name of one of the business's taxes."""

    name: str
    quantity: str
    unit_price: str
    unit: str = ""
    description: str = ""
    tax: str = ""
    group: str = ""
    discount: str = ""


@dataclass(frozen=True, slots=True)
class DemoInvoice:
    """One invoice and its story.

    Attributes:
        customer: position in the business's customers.
        days_ago: when it was issued, counted from today.
        net_days: None for the business's usual terms.
    """

    customer: int
    days_ago: int
    fate: Fate
    lines: tuple[DemoLine, ...]
    net_days: int | None = None
    is_seen: bool = True
    purchase_order: str = ""
    discount: str = ""
    notes: str = ""


@dataclass(frozen=True, slots=True)
class DemoBusiness:
    """A workspace of the demo.

    Attributes:
        key: begins the addresses of its people, like owner@northwind.example.
        emblem: which drawing its logo is, see `logos`.
        letterhead: columns of the workspace's settings.
        pattern: of its invoice numbers.
        usual: what its older, paid invoices were for.
        paid_per_month: how many of those there are.
    """

    key: str
    name: str
    profile: str
    currency: str
    zone: str
    country: str
    emblem: str
    accent: str
    look: Look
    letterhead: dict[str, object]
    bank: tuple[tuple[str, str], ...]
    taxes: tuple[DemoTax, ...]
    people: dict[str, str]
    customers: tuple[CustomerForm, ...]
    invoices: tuple[DemoInvoice, ...]
    usual: tuple[DemoLine, ...]
    pattern: str = "INV-{counter:5}"
    paid_per_month: int = 1
    welcome: str = ""
    portal: dict[str, object] = field(default_factory=dict)
