"""Pages by key: the rows after a given row, however many come before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import literal, tuple_

from billing_app.domain.errors import InvalidInput

Row = TypeVar("Row")
Key = str | int | date | datetime

PAGE_SIZE = 50
PAGE_SIZE_MAX = 500
COUNT_MAX = 1_000

_BAD_CURSOR = "That place in the list does not exist. Here is its beginning."


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place between two rows: where one page ended and the next begins.

    Attributes:
        key: what the list is sorted by, of the row at the place.
        row_id: that row, since keys repeat.
        position: how many rows stood before the place when it was seen.
    """

    key: Key
    row_id: int
    position: int = 0

    def __str__(self) -> str:
        # A date writes itself in ISO form.
        return f"{self.key}~{self.row_id}~{self.position}"


@dataclass(frozen=True, slots=True)
class Paging:
    """Which rows of a list: after a place, or before one, and how many."""

    after: str = ""
    before: str = ""
    limit: int = PAGE_SIZE

    @property
    def is_backwards(self) -> bool:
        return bool(self.before)

    @property
    def rows_wanted(self) -> int:
        """One more than is shown tells whether there is another page."""
        return min(max(self.limit, 1), PAGE_SIZE_MAX) + 1

    def cursor(self, key_type: type[Key]) -> Cursor | None:
        """Read the place.

        Raises:
            InvalidInput: it was not made by this list.
        """
        text = self.before or self.after
        return read_cursor(text, key_type) if text else None


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """A page of rows and the places to go on from.

    Attributes:
        first: position of the first row, counted from 1; 0 when there is none.
        newer, older: what to pass as `before` and as `after`; empty at the ends.
    """

    rows: tuple[Row, ...] = ()
    first: int = 0
    newer: str = ""
    older: str = ""

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1 if self.rows else 0


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are, counted no further than `COUNT_MAX`.

    Attributes:
        is_least: there may be more than were seen.
    """

    seen: int = 0
    is_least: bool = False

    @property
    def is_capped(self) -> bool:
        return self.seen > COUNT_MAX

    def __str__(self) -> str:
        if self.is_capped:
            return f"{COUNT_MAX:,}+"
        return f"{self.seen:,}+" if self.is_least else f"{self.seen:,}"


def read_cursor(text: str, key_type: type[Key]) -> Cursor:
    """Read a place back from its text.

    Raises:
        InvalidInput: it is no place of a list sorted by such a key.
    """
    parts = text.rsplit("~", 2)
    if len(parts) != 3 or not all(x.isascii() and x.isdigit() for x in parts[1:]):
        raise InvalidInput(_BAD_CURSOR)
    row_id, position = int(parts[1][:18]), int(parts[2][:18])
    try:
        return Cursor(_read_key(parts[0], key_type), row_id, position)
    except ValueError:
        raise InvalidInput(_BAD_CURSOR) from None


def _read_key(text: str, key_type: type[Key]) -> Key:
    if key_type is int:
        number = int(text)
        if abs(number) >= 2**63:
            raise ValueError
        return number
    if key_type is datetime:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            raise ValueError
        return instant
    return date.fromisoformat(text) if key_type is date else text


@dataclass(frozen=True, slots=True)
class Walk:
    """A way through a list: which columns it goes by, from where, which way."""

    key: Any
    row_id: Any
    is_descending: bool
    cursor: Cursor | None

    def beyond(self) -> list[Any]:
        """Return the condition that a row lies beyond the place, if there is one."""
        if self.cursor is None:
            return []
        here = tuple_(self.key, self.row_id)
        there = tuple_(
            literal(self.cursor.key, self.key.type), literal(self.cursor.row_id)
        )
        return [here < there if self.is_descending else here > there]

    def is_beyond(self, key: Any, row_id: int) -> bool:
        """Say the same of a row that was read already."""
        if self.cursor is None:
            return True
        here, there = (key, row_id), (self.cursor.key, self.cursor.row_id)
        return here < there if self.is_descending else here > there

    def order(self) -> list[Any]:
        columns = (self.key, self.row_id)
        return [x.desc() if self.is_descending else x.asc() for x in columns]


def make_walk(
    key: Any, row_id: Any, key_type: type[Key], is_descending: bool, paging: Paging
) -> Walk:
    """Turn the way around for the page before a place."""
    return Walk(
        key, row_id, is_descending != paging.is_backwards, paging.cursor(key_type)
    )


def make_page(
    found: Sequence[Row], paging: Paging, walk: Walk, place: Callable[[Row], Cursor]
) -> Page[Row]:
    """Cut the extra row off and name the places at both ends.

    `found` is in walking order, one longer than the page when there is more.
    """
    is_more = len(found) == paging.rows_wanted
    rows = list(found[: paging.rows_wanted - 1])
    if paging.is_backwards:
        rows.reverse()
    if not rows:
        return Page()

    before = _rows_before(len(rows), paging, walk.cursor, is_more)
    has_newer = is_more if paging.is_backwards else walk.cursor is not None
    has_older = is_more or paging.is_backwards
    return Page(
        rows=tuple(rows),
        first=before + 1,
        newer=_text(place(rows[0]), before) if has_newer else "",
        older=_text(place(rows[-1]), before + len(rows)) if has_older else "",
    )


def _rows_before(
    shown: int, paging: Paging, cursor: Cursor | None, is_more: bool
) -> int:
    if cursor is None or (paging.is_backwards and not is_more):
        return 0
    if paging.is_backwards:
        # Rows may have come in meanwhile; a page never starts below the first.
        return max(cursor.position - shown, 1)
    return cursor.position


def _text(place: Cursor, position: int) -> str:
    return str(Cursor(place.key, place.row_id, position))
