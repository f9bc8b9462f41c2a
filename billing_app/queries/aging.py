"""Who owes how much, and how old it is: customer by customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import exists, func, select
from sqlmodel import col

from billing_app.database.access import staff
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.dates import Moment
from billing_app.models import Customer, Invoice
from billing_app.queries.customers import SORTS, CustomerFilter, customer_conditions
from billing_app.queries.dashboard import (
    OWED_PHASES,
    Bucket,
    BucketSum,
    age_bucket,
    sum_by_age,
)
from billing_app.queries.paging import (
    COUNT_MAX,
    Count,
    Cursor,
    Key,
    Page,
    make_page,
    make_walk,
)


@dataclass(frozen=True, slots=True)
class AgingRow:
    """What one customer owes, in minor units; only ages that hold something."""

    customer_id: int
    name: str
    minor: Mapping[Bucket, int]
    sort_key: Key

    @property
    def total_minor(self) -> int:
        return sum(self.minor.values())


@dataclass(frozen=True, slots=True)
class AgingPage:
    """A page of customers who owe something in the workspace's currency.

    Attributes:
        sums: of all customers, whatever is searched for.
    """

    currency: str
    sums: tuple[BucketSum, ...]
    page: Page[AgingRow] = field(default_factory=lambda: Page())
    count: Count = field(default_factory=Count)
    moment: Moment = field(default_factory=Moment)


@staff(Permission.VIEW)
def list_aging(uow: UnitOfWork, wanted: CustomerFilter) -> AgingPage:
    """Return one page of those who owe, archived customers too, and all sums.

    Customers are walked by their own index; each costs one look into that of their
    open invoices.

    Raises:
        InvalidInput: the place to go on from was not made by this list.
    """
    currency = uow.workspace.currency
    key, key_type = SORTS[wanted.sort]
    row_id = col(Customer.id)
    walk = make_walk(col(key), row_id, key_type, wanted.is_descending, wanted.paging)
    owes = exists().where(
        col(Invoice.workspace_id) == col(Customer.workspace_id),
        col(Invoice.customer_id) == row_id,
        col(Invoice.phase).in_(OWED_PHASES),
        col(Invoice.currency) == currency,
    )
    conditions = [*customer_conditions(replace(wanted, includes_archived=True)), owes]
    columns: list[Any] = [row_id, col(Customer.name), col(key).label("sort_key")]
    rows = uow.all(
        select(*columns)
        .where(*conditions, *walk.beyond())
        .order_by(*walk.order())
        .limit(wanted.paging.rows_wanted)
    )
    owed = _owed(uow, currency, [row.id for row in rows])
    found = [
        AgingRow(row.id, row.name, owed.get(row.id, {}), row.sort_key) for row in rows
    ]
    every = select(row_id).where(*conditions).limit(COUNT_MAX + 1)
    return AgingPage(
        currency=currency,
        sums=sum_by_age(uow),
        page=make_page(
            found,
            wanted.paging,
            walk,
            lambda row: Cursor(row.sort_key, row.customer_id),
        ),
        count=Count(uow.count(every)),
        moment=Moment(uow.now, uow.workspace.zone),
    )


def _owed(
    uow: UnitOfWork, currency: str, customer_ids: list[int]
) -> dict[int, dict[Bucket, int]]:
    """Sum up the open invoices of some customers by age."""
    bucket = age_bucket(uow)
    rows: Any = uow.all(
        select(
            col(Invoice.customer_id),
            bucket.label("bucket"),
            func.sum(Invoice.outstanding_minor).label("minor"),
        )
        .where(
            col(Invoice.customer_id).in_(customer_ids),
            col(Invoice.phase).in_(OWED_PHASES),
            col(Invoice.currency) == currency,
        )
        .group_by(col(Invoice.customer_id), bucket)
    )
    owed: dict[int, dict[Bucket, int]] = {}
    for row in rows:
        owed.setdefault(row.customer_id, {})[Bucket(row.bucket)] = int(row.minor)
    return owed
