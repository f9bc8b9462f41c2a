"""What a workspace is made of, row by row, and how its rows move to another database.

One list says of every table whether its rows are carried, and of every table and
column that is left out, why. Ids are given by the database that a row arrives in: all
of a table are moved by the same distance, so order is kept and nothing is remembered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    Executable,
    Integer,
    String,
    Text,
    TypeDecorator,
    bindparam,
    cast,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from billing_app.database.bulk import connection_of, defaults_of
from billing_app.database.engine import guard_says
from billing_app.database.invariants import INVARIANTS
from billing_app.database.scope import limit_session
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.errors import InvalidInput
from billing_app.domain.events import WorkspaceReadIn
from billing_app.domain.workspace_export import ID_MAX
from billing_app.models import (
    Allocation,
    AuditEntry,
    AuditSeal,
    BillableEvent,
    Comment,
    ContactTotp,
    CreditNote,
    Customer,
    CustomerContact,
    Dispute,
    GuestDraft,
    InboundEvent,
    Invoice,
    IssuedDocument,
    LateFee,
    LedgerEntry,
    LineItem,
    MailRefusal,
    Member,
    NumberSeries,
    OneTimeCode,
    OutboxMessage,
    Payment,
    PaymentAttempt,
    PaymentAttemptPart,
    PaymentNote,
    PaymentPromise,
    Person,
    PortalLink,
    PortalSession,
    PortalVisit,
    PrintedCopy,
    Product,
    Refund,
    Reminder,
    SharedDraft,
    SignInFailure,
    StaffNote,
    StaffSession,
    StripeAccount,
    TaxRate,
    ThreadMark,
    Workspace,
    WorkspaceOwned,
    WorkspaceSettings,
    WriteOff,
)
from billing_app.models.base import ExactDecimal, UtcInstant

Table = type[WorkspaceOwned]
Values = dict[str, Any]

# Between the first and the last id of a table. Where rows arrive, all later ids begin
# behind them: an export must not use up what others need.
_SPAN_MAX = 10**8
# What no column of ours needs more of: 53 bits, as amounts have.
_WHOLE_MAX = ID_MAX
_BATCH = 500
# How much text of such rows is in memory at a time, in characters.
_BATCH_TEXT = 4_000_000
_STATES = (None, "draft", "issued", "void")


@dataclass(frozen=True, slots=True)
class Carried:
    """A table whose rows are carried.

    Attributes:
        left_out: columns that are not, each with the reason.
        held_back: columns that get their value when all rows of `settles_after` are
            in, since the database guards them from then on.
        ends: columns that get it when all rows of all tables are in, since the
            database lets them follow from those alone.
        before_end: what a state among these is until then.
    """

    table: Table
    left_out: Mapping[str, str] = field(default_factory=dict[str, str])
    held_back: tuple[str, ...] = ()
    settles_after: Table | None = None
    ends: tuple[str, ...] = ()
    before_end: Mapping[str, Mapping[str, str]] = field(
        default_factory=dict[str, Mapping[str, str]]
    )

    @property
    def name(self) -> str:
        return str(self.table.__tablename__)


# In an order in which each row comes after those that it names.
CARRIED = (
    Carried(WorkspaceSettings, {"mail_password_encrypted": "the password of a server"}),
    Carried(TaxRate, held_back=("with_tax_id",), settles_after=TaxRate),
    Carried(NumberSeries),
    Carried(Member, {"person_id": "who signs in here does not sign in there"}),
    Carried(Product),
    Carried(Customer, held_back=("merged_into_id",), settles_after=Customer),
    Carried(CustomerContact),
    Carried(MailRefusal),
    Carried(
        Invoice,
        held_back=("state", "number", "series_code", "series_value", "published_at"),
        settles_after=LineItem,
        ends=(
            "state",
            "allocated_minor",
            "credited_minor",
            "written_off_minor",
            "processing_minor",
            "disputed_minor",
            "outstanding_minor",
        ),
        before_end={"state": {"void": "issued"}},
    ),
    Carried(LineItem),
    Carried(IssuedDocument),
    Carried(PrintedCopy),
    Carried(BillableEvent),
    Carried(Dispute),
    Carried(CreditNote),
    Carried(Comment),
    Carried(ThreadMark),
    Carried(StaffNote),
    Carried(
        PaymentAttempt,
        {
            "idempotency_key": "names the attempt at Stripe; a secret",
            "checkout_url": "opens the payment page of whoever has it",
        },
    ),
    Carried(PaymentAttemptPart),
    Carried(
        Payment,
        {
            "refunding_minor": "what Stripe is being asked for, with the next one",
            "refund_key": "names what Stripe is being asked for; a secret",
        },
        ends=("status", "allocated_minor", "refunded_minor"),
        before_end={"status": {"reversed": "settled"}},
    ),
    Carried(PaymentNote),
    Carried(Allocation),
    Carried(WriteOff),
    Carried(Refund),
    Carried(LedgerEntry),
    Carried(Reminder),
    Carried(LateFee),
    Carried(PaymentPromise),
    Carried(
        PortalVisit, {"once_key": "only keeps the visits of one hour together, by link"}
    ),
)
BY_NAME = {carried.name: carried for carried in CARRIED}
# Its rows come with their seals, from a file of their own.
TRAIL = Carried(AuditEntry)

# Elsewhere in an export, in a form of their own.
CARRIED_OTHERWISE: dict[type[Any], str] = {
    Workspace: "in the manifest",
    AuditEntry: "in audit-trail.jsonl, with its seals",
    AuditSeal: "in audit-trail.jsonl; where it arrives a new chain begins",
}
LEFT_OUT: dict[type[Any], str] = {
    Person: "passwords and secrets of authenticator apps",
    SignInFailure: "protects the sign-in of this installation",
    GuestDraft: "of no workspace; what one took over is a draft, which is carried",
    StaffSession: "opens the workspace to whoever holds it",
    StripeAccount: "keys of Stripe",
    PortalLink: "opens invoices to whoever holds it",
    PortalSession: "opens invoices to whoever holds it",
    OneTimeCode: "opens invoices to whoever knows it",
    ContactTotp: "secrets of authenticator apps",
    SharedDraft: "a secret link; the draft itself is carried",
    OutboxMessage: "work of this installation, which does it",
    InboundEvent: "what Stripe wrote to this installation; what came of it is carried",
}

# Whose row a column names, or a value in a JSON text.
NAMED_BY_COLUMN: dict[str, type[Any]] = {
    "attempt_id": PaymentAttempt,
    "comment_id": Comment,
    "contact_id": CustomerContact,
    "created_by": Member,
    "credit_note_id": CreditNote,
    "customer_id": Customer,
    "dispute_id": Dispute,
    "draft_id": Invoice,
    "event_id": InboundEvent,
    "fee_id": Invoice,
    "invoice_id": Invoice,
    "issued_by": Member,
    "link_id": PortalLink,
    "mailed_id": Comment,
    "member_id": Member,
    "merged_id": Customer,
    "merged_into_id": Customer,
    "message_id": OutboxMessage,
    "note_id": StaffNote,
    "noted_by": Member,
    "payment_id": Payment,
    "promise_id": PaymentPromise,
    "read_id": Comment,
    "recorded_by": Member,
    "refund_id": Refund,
    "reminder_id": Reminder,
    "replaces_id": Invoice,
    "resolved_by": Member,
    "session_id": PortalSession,
    "source_id": Invoice,
    "tax_id": TaxRate,
    "with_tax_id": TaxRate,
    "work_tax_id": TaxRate,
    "written_by": Member,
}
# Whose row a text like `issue:7` names.
NAMED_BY_TEXT: dict[str, type[Any]] = {
    "allocation": Allocation,
    "credit_note": CreditNote,
    "issue": Invoice,
    "link": PortalLink,
    "member": Member,
    "payment": Payment,
    "refund": Refund,
    "reversal": Payment,
    "session": PortalSession,
    "void": Invoice,
    "write_off": WriteOff,
}
# Columns in whose text, or JSON, rows are named.
_TEXTS = {(LedgerEntry, "journal"), (AuditEntry, "actor")}
_JSONS = {
    (Invoice, "draft"),
    (AuditEntry, "details"),
    (WorkspaceSettings, "late_fees"),
}
# What earlier versions carried and never set, so that their exports are still read.
_GONE = {(WorkspaceSettings, "cash_rounding_minor")}
_ID = re.compile("[1-9][0-9]{0,15}", re.ASCII)
_ID_IN_TEXT = re.compile(rf"([a-z_]+):({_ID.pattern})", re.ASCII)


class BrokenExport(InvalidInput):
    """An export says something that can't be so."""

    code = "broken_export"


@dataclass(frozen=True, slots=True)
class Span:
    """The first and the last id of a table's rows; zero where it has none."""

    first: int = 0
    last: int = 0


@cache
def columns_of(table: Table) -> tuple[Column[Any], ...]:
    """Return the columns whose values are carried, without the workspace's id."""
    carried = BY_NAME.get(str(table.__tablename__))
    left_out = {"workspace_id", *(carried.left_out if carried else ())}
    return tuple(
        column
        for column in table.__table__.columns  # type: ignore[attr-defined]
        if column.computed is None
        and column.name not in left_out
        and NAMED_BY_COLUMN.get(column.name) not in LEFT_OUT
    )


# Reading


def hold_still(uow: UnitOfWork) -> None:
    """See one state of the database until the end, whatever others write.

    SQLite's readers do anyway. It has to be the first thing that is asked.
    """
    connection = connection_of(uow)
    if connection.dialect.name == "postgresql":
        level = "set transaction isolation level repeatable read"
        connection.execute(text(level))


def count_rows(uow: UnitOfWork, table: Table) -> int:
    columns = table.__table__.c  # type: ignore[attr-defined]
    own = columns.workspace_id == uow.actor.workspace_id
    return connection_of(uow).scalar(select(func.count()).where(own)) or 0


def stream_rows(uow: UnitOfWork, table: Table) -> Iterator[Values]:
    """Yield a table's rows by id, as values for JSON, a few in memory at a time."""
    columns = columns_of(table)
    whole = table.__table__  # type: ignore[attr-defined]
    statement = (
        select(*columns)
        .where(whole.c.workspace_id == uow.actor.workspace_id)
        .order_by(whole.c.id)
        .execution_options(yield_per=_BATCH)
    )
    for row in connection_of(uow).execute(statement):
        yield {
            column.name: _plain(value)
            for column, value in zip(columns, row, strict=True)
        }


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else value


# Writing


class Arrival:
    """Writes rows of another database into the workspace of a unit of work.

    Whatever they name has to be among them. Tables are locked on PostgreSQL, where
    else somebody could take an id that is given here.
    """

    def __init__(self, uow: UnitOfWork, spans: Mapping[type[Any], Span]) -> None:
        self._workspace_id = uow.actor.workspace_id
        self._connection = connection_of(uow)
        self._spans = spans
        self._distances: dict[type[Any], int] = {}
        if self._is_postgresql:
            names = ", ".join(str(table.__tablename__) for table in spans)
            self._connection.execute(
                text(f"lock table {names} in share row exclusive mode")
            )
        for table, span in spans.items():
            if not 0 <= span.first <= span.last <= ID_MAX:
                raise BrokenExport("The export's ids can't be.")
            if span.last - span.first > _SPAN_MAX:
                raise BrokenExport("The export's ids are too far apart.")
            self._distances[table] = _largest_id(self._connection, table) + 1
            self._distances[table] -= span.first

    def write(
        self, carried: Carried, rows: Iterable[tuple[Values, Values]]
    ) -> Iterator[int]:
        """Insert rows, each with what was left out of it; yield how many at a time.

        Columns that are held back, or end later, keep the model's default.

        Raises:
            BrokenExport: a value is not what its column holds.
        """
        whole = carried.table.__table__  # type: ignore[attr-defined]
        usual = defaults_of(carried.table)
        later = {*carried.held_back, *carried.ends} - carried.before_end.keys()
        later |= set(carried.held_back)
        own = {name: usual.get(name) for name in later}
        own["workspace_id"] = self._workspace_id
        # Nothing is held in memory that was not looked into.
        ready = (
            {**usual, **_before_end(carried, self.moved(carried.table, row))}
            | {**own, **beside}
            for row, beside in rows
        )
        for some in _batches(ready):
            self._execute(carried, insert(whole), some)
            yield len(some)

    def settle(self, carried: Carried, rows: Iterable[Values]) -> None:
        """Give rows the values that were held back, in steps that the guards allow."""
        whole = carried.table.__table__  # type: ignore[attr-defined]
        statement = (
            update(whole)
            .where(whole.c.id == bindparam("row_id"))
            .values({name: bindparam(f"new_{name}") for name in carried.held_back})
        )
        needed = ("id", *carried.held_back)
        moved = (self.moved(carried.table, row) for row in rows)
        ready = ({name: row.get(name) for name in needed} for row in moved)
        for some in _batches(ready):
            if "state" in carried.held_back:
                if any(row["state"] not in _STATES for row in some):
                    raise BrokenExport("The export has an invoice in no state we know.")
                some = [row for row in some if row["state"] not in (None, "draft")]
            steps = [
                _bound(_before_end(carried, row), carried.held_back) for row in some
            ]
            if steps:
                self._execute(carried, statement, steps)

    def end(self, carried: Carried, rows: Iterable[Values]) -> None:
        """Give rows the values that follow from all that is in by now."""
        whole = carried.table.__table__  # type: ignore[attr-defined]
        statement = (
            update(whole)
            .where(whole.c.id == bindparam("row_id"))
            .values({name: bindparam(f"new_{name}") for name in carried.ends})
        )
        needed = ("id", *carried.ends)
        moved = (self.moved(carried.table, row) for row in rows)
        usual = defaults_of(carried.table)
        ready = (
            {name: row.get(name, usual.get(name)) for name in needed} for row in moved
        )
        for some in _batches(ready):
            steps = [_bound(row, carried.ends) for row in some]
            self._execute(carried, statement, steps)

    def _execute(
        self, carried: Carried, statement: Executable, some: Sequence[Values]
    ) -> None:
        """Write rows together; where that is refused, one by one to name the first.

        Raises:
            BrokenExport: the database refuses a row.
        """
        try:
            with self._connection.begin_nested():
                self._connection.execute(statement, some)
        except DBAPIError:
            for row in some:
                self._execute_one(carried, statement, row)
            raise

    def _execute_one(
        self, carried: Carried, statement: Executable, row: Values
    ) -> None:
        try:
            with self._connection.begin_nested():
                self._connection.execute(statement, row)
        except DBAPIError as error:
            named = self._named(carried, row)
            says = guard_says(error)
            if says:
                raise BrokenExport(
                    f"Nothing was read in: {named} can't be as the export has it "
                    f"({says})."
                ) from error
            raise BrokenExport(
                "Nothing was read in: this business is here already, or the rows of "
                f"the export contradict each other at {named}."
            ) from error

    def _named(self, carried: Carried, row: Values) -> str:
        """Name a row as the export does, by its id there and its number or name."""
        row_id = row.get("id") or row["row_id"]
        texts = (row.get(x) for x in ("number", "new_number", "name", "code"))
        label = next(filter(None, texts), "")
        noun = carried.name.replace("_", " ")
        named = f"{noun} {row_id - self._distances[carried.table]}"
        return f"{named} ({str(label)[:60]})" if label else named

    def moved(self, table: Table, row: Mapping[str, Any]) -> Values:
        """Return a row as it is stored here, its ids and those it names moved.

        Raises:
            BrokenExport: a value is not what its column holds.
        """
        known = {column.name: column for column in columns_of(table)}
        unknown = {x for x in row.keys() - known.keys() if (table, x) not in _GONE}
        if unknown:
            raise BrokenExport(
                "The export has something this version does not know "
                f"({table.__tablename__}: {min(unknown)[:40]}). Update Tallyport first."
            )
        values: Values = {}
        for name, column in known.items():
            if name in row:
                values[name] = self._moved(table, column, _read(column, row[name]))
            elif name not in defaults_of(table) or name == "id":
                raise _wrong(column)
        return values

    def finish(self) -> None:
        """Let PostgreSQL go on counting behind the ids given here."""
        if not self._is_postgresql:
            return
        # Never back: what was deleted keeps its id for itself.
        statement = text(
            "select setval(name, greatest(:last, coalesce(pg_sequence_last_value(name),"
            " 0))) from (select pg_get_serial_sequence(:table, 'id')::regclass as name)"
            " as sequence"
        )
        for table in self._spans:
            # What the export says of its last id is not believed.
            if last := _largest_id(self._connection, table):
                said = {"table": str(table.__tablename__), "last": last}
                self._connection.execute(statement, said)

    def _moved(self, table: Table, column: Column[Any], value: Any) -> Any:
        place = (table, column.name)
        if column.name == "id":
            if not value or not self._is_there(table, value):
                raise _wrong(column)
            return value + self._distances[table]
        if named := NAMED_BY_COLUMN.get(column.name):
            return self._moved_reference(column, named, value)
        if place in _TEXTS:
            return self._moved_text(value)
        return self._moved_json(value) if place in _JSONS else value

    def _moved_reference(
        self, column: Column[Any], table: type[Any], row_id: int | None
    ) -> int | None:
        """Return the new id of the row that a column names, zero for no row."""
        if not row_id or self._is_there(table, row_id):
            return row_id and row_id + self._distances[table]
        # A draft that something was copied from may have been deleted since.
        if column.nullable and not column.foreign_keys:
            return None
        name = str(table.__tablename__).replace("_", " ")
        raise BrokenExport(f"The export names a {name} that is not in it.")

    def _moved_id(self, table: type[Any], row_id: int) -> int:
        """Return the new id of a row; for one that is not carried, one nobody has."""
        if not row_id or not self._is_there(table, row_id):
            return -abs(row_id)
        return row_id + self._distances[table]

    def _is_there(self, table: type[Any], row_id: int) -> bool:
        span = self._spans.get(table, Span())
        return span.first <= row_id <= span.last

    def _moved_text(self, said: str) -> str:
        found = _ID_IN_TEXT.fullmatch(said)
        if found is None or found[1] not in NAMED_BY_TEXT:
            return said
        return f"{found[1]}:{self._moved_id(NAMED_BY_TEXT[found[1]], int(found[2]))}"

    def _moved_json(self, value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: self._moved_json(each, key) for key, each in value.items()}
        if isinstance(value, list):
            return [self._moved_json(each) for each in value]
        table = NAMED_BY_COLUMN.get(name)
        if table is None or isinstance(value, bool):
            return value
        if isinstance(value, int):
            return self._moved_id(table, value)
        if isinstance(value, str) and _ID.fullmatch(value):
            return str(self._moved_id(table, int(value)))
        return value

    @property
    def _is_postgresql(self) -> bool:
        return self._connection.dialect.name == "postgresql"


def first_broken(uow: UnitOfWork) -> str:
    """Return what does not hold in the workspace as it is now, or nothing.

    In a session of its own, since some rules forget what a session has read.
    """
    with Session(connection_of(uow)) as session:
        limit_session(session, uow.actor)
        found = (
            f"{invariant.code}: {says}"
            for invariant in INVARIANTS
            for says in invariant.find(session, uow.now)
        )
        return next(found, "")


def was_read_in(uow: UnitOfWork, last_seal: str) -> bool:
    """Tell whether any workspace came from an export with this last seal.

    Each export has its own, since making one is an entry of the trail.
    """
    statement = (
        select(col(AuditEntry.id))
        .where(
            col(AuditEntry.event) == WorkspaceReadIn.name(),
            cast(col(AuditEntry.details), String).contains(last_seal, autoescape=True),
        )
        .limit(1)
    )
    return connection_of(uow).scalar(statement) is not None


def shares_documents(uow: UnitOfWork) -> bool:
    """Tell whether a document of the workspace is another workspace's, too.

    Then nobody could say any more whose it is.
    """
    for table in (IssuedDocument, CreditNote):
        mine: Any = aliased(table)
        other: Any = aliased(table)
        statement = (
            select(mine.id)
            .join(other, other.content_digest == mine.content_digest)
            .where(
                mine.workspace_id == uow.actor.workspace_id,
                other.workspace_id != uow.actor.workspace_id,
            )
            .limit(1)
        )
        if connection_of(uow).scalar(statement) is not None:
            return True
    return False


def _before_end(carried: Carried, row: Values) -> Values:
    """Return a row as it is until all tables are in."""
    passing = {
        name: earlier.get(row[name], row[name])
        for name, earlier in carried.before_end.items()
        if name in row
    }
    return {**row, **passing}


def _bound(row: Values, names: Iterable[str]) -> Values:
    """Return the parameters of a statement that sets these columns of a row."""
    return {"row_id": row["id"], **{f"new_{name}": row[name] for name in names}}


def _largest_id(connection: Connection, table: type[Any]) -> int:
    return connection.scalar(select(func.max(table.__table__.c.id))) or 0


def _batches(rows: Iterable[Values]) -> Iterator[Sequence[Values]]:
    some: list[Values] = []
    length = 0
    for row in rows:
        some.append(row)
        length += sum(_text_length(value) for value in row.values())
        if len(some) == _BATCH or length > _BATCH_TEXT:
            yield some
            some, length = [], 0
    if some:
        yield some


def _text_length(value: Any) -> int:
    """Return about how many characters a value takes; nothing for what is small."""
    if isinstance(value, dict | list):
        return len(repr(value))
    return len(value) if isinstance(value, str) else 0


def _wrong(column: Column[Any]) -> BrokenExport:
    return BrokenExport(
        f"The export can't be read: {column.table.name} has a {column.name} that can't "
        "be."
    )


def _read(column: Column[Any], value: Any) -> Any:
    """Return a value of JSON as its column holds it.

    Raises:
        BrokenExport: it does not.
    """
    if value is None:
        if column.nullable and not column.primary_key:
            return None
        raise _wrong(column)
    kind = column.type
    try:
        if isinstance(kind, UtcInstant):
            return _instant(value)
        if isinstance(kind, Date):
            return date.fromisoformat(value)
        if isinstance(kind, ExactDecimal):
            return _factor(value)
    except (TypeError, ValueError, InvalidOperation) as error:
        raise _wrong(column) from error
    if not _fits(column, value):
        raise _wrong(column)
    return value


def _fits(column: Column[Any], value: Any) -> bool:
    kind = column.type
    if isinstance(kind, TypeDecorator):
        kind = kind.impl_instance
    if isinstance(kind, Boolean):
        return isinstance(value, bool)
    if isinstance(kind, Integer | BigInteger):
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        return is_whole and abs(value) <= _WHOLE_MAX
    if isinstance(kind, JSON):
        return isinstance(value, dict | list) and _is_clean(value)
    assert isinstance(kind, String | Text), column
    return isinstance(value, str) and _is_clean(value) and _is_short(kind, value)


def _is_short(kind: String | Text, value: str) -> bool:
    return kind.length is None or len(value) <= kind.length


def _is_clean(value: Any) -> bool:
    """Tell whether every text in it can be stored by every database."""
    if isinstance(value, str):
        return "\0" not in value and not _SURROGATE.search(value)
    if isinstance(value, dict):
        return all(_is_clean(each) for pair in value.items() for each in pair)
    if isinstance(value, list):
        return all(_is_clean(each) for each in value)
    return True


_SURROGATE = re.compile("[\ud800-\udfff]")


def _instant(value: str) -> datetime:
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError(value)
    return at


def _factor(value: str) -> Decimal:
    """Read a factor, which has at most eight decimals and fits 64 bits scaled."""
    if not isinstance(value, str) or len(value) > 40:
        raise TypeError(value)
    factor = Decimal(value)
    scaled = factor * ExactDecimal.SCALE
    if not factor.is_finite() or abs(scaled) >= 2**63 or scaled != int(scaled):
        raise ValueError(value)
    return factor
