"""What the lists of the desk share: the address says which rows are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import reflex as rx

from billing_app.domain.dates import Moment
from billing_app.domain.errors import InvalidInput
from billing_app.queries.invoices import DateRange, parse_range
from billing_app.queries.paging import Page
from billing_app.web import formats
from billing_app.web.doors import StaffState, staff_door, staff_watch
from billing_app.web.staff.addresses import turned, with_query
from billing_app.web.staff.live import changes

_ENDS = ("first", "last")


@dataclass(frozen=True, slots=True)
class Tab:
    """One view of the list, and how many are in it."""

    words: str
    href: str
    count: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter in force; `name` is its parameter."""

    name: str
    field: str
    words: str


class ListState(StaffState, mixin=True):
    """Base of the lists. Each says what its address may hold, and how it is read.

    Attributes:
        shape: loading, empty (nothing at all), none (no match) or rows.
        place: changes when the search field has to be drawn anew.
    """

    _PARAMETERS: ClassVar[tuple[str, ...]]
    # What the list is sorted by when the address does not say.
    _SORT: ClassVar[str]
    _DESCENDING_FIRST: ClassVar[frozenset[str]]
    # What an address may say besides, which narrows nothing.
    _BESIDES: ClassVar[tuple[str, ...]] = ()

    shape: str = "loading"
    count: str = ""
    text: str = ""
    place: int = 0
    sorted_by: str = ""
    is_descending: bool = False
    range_words: str = ""
    newer: str = ""
    older: str = ""
    live: str = ""

    _path: str = ""
    _typed: dict[str, str] = {}  # noqa: RUF012  (Reflex copies the default)

    @staff_door
    async def open(self) -> Any:
        """Show the page that the address names."""
        self._leave_page()
        self._typed = {name: self._query(name) for name in self._PARAMETERS}
        try:
            self._check_names()
            self._read_address()
            await self._read()
        except InvalidInput as refusal:
            self._carry_notice(self._notify(refusal.message, is_refusal=True))
            return rx.redirect(self._path, replace=True)
        return self._when_open()

    @staff_watch
    async def watch(self) -> None:
        async for _ in changes(self):
            async with self:
                if self.shape != "loading":
                    await self._refresh()

    @staff_door
    async def search(self, text: str) -> Any:
        # What is typed letter by letter is one step back, not many.
        address = with_query(self._path, self._typed, q=text.strip())
        return rx.redirect(address, replace=True)

    @staff_door
    async def sort(self, key: str) -> Any:
        sort = self._typed.get("sort") or self._SORT
        return self._go(sort=turned(sort, key, self._DESCENDING_FIRST))

    @staff_door
    async def go_newer(self) -> Any:
        return self._go(before=self.newer)

    @staff_door
    async def go_older(self) -> Any:
        return self._go(after=self.older)

    @staff_door
    async def clear_filters(self) -> Any:
        self.place += 1
        return rx.redirect(self._path)

    def _check_names(self) -> None:
        """Refuse a filter that the list does not have: all rows would pass for it."""
        for name in self.router.url.query_parameters:
            if name not in (*self._PARAMETERS, *self._BESIDES):
                raise InvalidInput(f"The list can't be narrowed by “{name[:40]}”.")

    def _read_address(self) -> None:
        """Understand `_typed`.

        Raises:
            InvalidInput: somebody else than the page made that address.
        """
        raise NotImplementedError

    async def _read(self) -> None:
        """Read and show what the address asks for."""
        raise NotImplementedError

    def _leave_page(self) -> None:
        """Close what stood open on the page that was here before."""

    def _when_open(self) -> Any:
        """Return what else the browser is to do once the page is shown."""
        return None

    async def _refresh(self) -> None:
        """Show what has changed meanwhile."""
        await self._read()

    def _show_page(self, found: Any, wanted: Any) -> None:
        """Show all but the rows: `found` has page, count and moment."""
        page: Page[Any] = found.page
        self.count = str(found.count)
        self.text = wanted.text
        self.sorted_by, self.is_descending = wanted.sort.value, wanted.is_descending
        self.newer, self.older = page.newer, page.older
        self.range_words = f"{page.first:,} to {page.last:,} of {found.count}"
        self.live = formats.live_words(found.moment)
        is_plain = not any(
            self._typed.get(name) for name in self._PARAMETERS if name != "sort"
        )
        self.shape = "rows" if page.rows else "empty" if is_plain else "none"

    def _go(self, **parameters: str) -> Any:
        return rx.redirect(with_query(self._path, self._typed, **parameters))


class FilteredListState(ListState, mixin=True):
    """Base of the lists with views, filters in force, and a file to take away.

    Attributes:
        dates: what the fields of the dialog start with, such as `issued_first`.
        date_errors: by the name of the range, such as `issued`.
    """

    _EXPORT: ClassVar[str]
    # Parameters that are ranges of days, and attributes of what is wanted.
    _RANGES: ClassVar[tuple[str, ...]]

    tabs: list[Tab] = []  # noqa: RUF012
    chips: list[Chip] = []  # noqa: RUF012
    export_href: str = ""
    dates: dict[str, str] = {}  # noqa: RUF012
    date_errors: dict[str, str] = {}  # noqa: RUF012
    is_filtering: bool = False

    @staff_door
    async def remove_filter(self, name: str) -> Any:
        if name not in self._PARAMETERS:
            raise InvalidInput("There is no such filter.")
        return self._go(**{name: ""})

    @staff_door
    async def start_filtering(self) -> None:
        mine: Any = self
        self.dates = {
            f"{name}_{end}": str(getattr(getattr(mine._wanted, name), end) or "")
            for name in self._RANGES
            for end in _ENDS
        }
        self.date_errors = {}
        self.is_filtering = True

    @staff_door
    async def stop_filtering(self) -> None:
        self.is_filtering = False

    @staff_door
    async def filter_dates(self, form: dict[str, Any]) -> Any:
        ranges: dict[str, str] = {}
        self.date_errors = {}
        for name in self._RANGES:
            first, last = (str(form.get(f"{name}_{end}", "")) for end in _ENDS)
            ranges[name] = f"{first}..{last}" if first or last else ""
            self._check_range(name, ranges[name])
        if self.date_errors:
            return None
        self.is_filtering = False
        return self._go(**ranges)

    def _leave_page(self) -> None:
        self.is_filtering = False

    def _show_page(self, found: Any, wanted: Any) -> None:
        super()._show_page(found, wanted)
        self.export_href = with_query(self._EXPORT, self._typed, after="", before="")

    def _check_range(self, name: str, text: str) -> None:
        try:
            days = parse_range(text, name)
        except InvalidInput as refusal:
            self.date_errors = {**self.date_errors, name: refusal.message}
            return
        if days.first and days.last and days.last < days.first:
            words = "The second day comes before the first."
            self.date_errors = {**self.date_errors, name: words}


def range_words(days: DateRange, moment: Moment) -> str:
    first, last = (formats.short_day(day, moment) for day in (days.first, days.last))
    if days.first is None:
        return f"until {last}"
    return f"from {first}" if days.last is None else f"{first} to {last}"
