"""The aging list: who owes how much, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import reflex as rx

from billing_app.queries import aging as queries
from billing_app.queries.customers import (
    CustomerFilter,
    CustomerSort,
    parse_customer_filter,
)
from billing_app.queries.dashboard import Bucket
from billing_app.web import formats
from billing_app.web.staff.dashboard_state import BUCKETS
from billing_app.web.staff.listing_state import ListState


@dataclass(frozen=True, slots=True)
class AgePart:
    """One age that holds something, of what somebody owes.

    Attributes:
        percent: of all they owe.
    """

    words: str
    tone: str
    percent: float


@dataclass(frozen=True, slots=True)
class AgingLine:
    """One customer, or all of them; figures without their currency."""

    id: int = 0
    name: str = ""
    href: str = ""
    not_due: str = ""
    to_30: str = ""
    to_60: str = ""
    to_90: str = ""
    over_90: str = ""
    total: str = ""
    parts: tuple[AgePart, ...] = ()


class AgingState(ListState, rx.State):
    """One page of the customers who owe something.

    Attributes:
        sums: of all customers.
    """

    _PARAMETERS = ("q", "sort", "after", "before")
    _SORT = CustomerSort.NAME
    _DESCENDING_FIRST = frozenset()

    lines: list[AgingLine] = []  # noqa: RUF012  (Reflex copies the default)
    sums: AgingLine = AgingLine()
    currency: str = ""

    _path: str = "/accounting/aging"
    _wanted: CustomerFilter = CustomerFilter()

    def _read_address(self) -> None:
        self._wanted = parse_customer_filter(self._typed)

    async def _read(self) -> None:
        found = await self._run(queries.list_aging, self._wanted)
        self._show_page(found, self._wanted)
        self.currency = found.currency
        self.lines = [
            _line(
                row.minor,
                found.currency,
                id=row.customer_id,
                name=row.name,
                href=f"/customers/{row.customer_id}",
            )
            for row in found.page.rows
        ]
        all_minor = {each.bucket: each.minor for each in found.sums}
        self.sums = _line(all_minor, found.currency, name="All customers")


def _line(
    minor: Mapping[Bucket, int],
    currency: str,
    *,
    name: str,
    id: int = 0,
    href: str = "",
) -> AgingLine:
    def figure(bucket: Bucket) -> str:
        owed = minor.get(bucket, 0)
        return formats.amount(owed, currency) if owed else formats.NOTHING

    whole = sum(minor.values())
    return AgingLine(
        id=id,
        name=name,
        href=href,
        not_due=figure(Bucket.NOT_DUE),
        to_30=figure(Bucket.TO_30),
        to_60=figure(Bucket.TO_60),
        to_90=figure(Bucket.TO_90),
        over_90=figure(Bucket.OVER_90),
        total=formats.money(whole, currency),
        parts=tuple(
            AgePart(
                words=f"{words}: {formats.money(minor[bucket], currency)}",
                tone=tone,
                percent=round(minor[bucket] * 100 / whole, 2),
            )
            for bucket, (words, tone) in BUCKETS.items()
            if minor.get(bucket)
        ),
    )
