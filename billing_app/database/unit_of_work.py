"""One actor, one instant, one transaction: the only way to the database."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, and_, bindparam, case, func, insert, not_
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select, update
from sqlmodel.sql.expression import SelectOfScalar

from billing_app.database.engine import reading
from billing_app.database.prefix import begins_with
from billing_app.database.scope import gives_columns, limit_session, limited_kept
from billing_app.database.secrets import Cipher
from billing_app.domain.actors import Actor, StaffActor, SystemActor
from billing_app.domain.errors import NotFound
from billing_app.domain.events import EFFECTS, Event, Topic
from billing_app.domain.numbering import (
    CUSTOMER,
    Reset,
    counter_code,
    counter_code_of,
    counts_apart,
    counts_by_customer,
    fixed_ends,
    format_number,
    number_codes,
    read_number,
)
from billing_app.models import (
    AuditEntry,
    CreditNote,
    Customer,
    Invoice,
    IssuedDocument,
    Member,
    NumberSeries,
    OutboxMessage,
    Workspace,
    WorkspaceOwned,
)

Row = TypeVar("Row", bound=WorkspaceOwned)
AnyRow = TypeVar("AnyRow")

# What people call a row where the words of its table's name are not theirs.
_PLAIN_NAMES = {
    "BillableEvent": "event",
    "CustomerContact": "contact",
    "InboundEvent": "webhook",
    "IssuedDocument": "document",
    "LineItem": "line",
    "OneTimeCode": "code",
    "OutboxMessage": "message",
    "PaymentAttempt": "payment",
    "PaymentPromise": "promise",
    "PortalLink": "link",
    "PortalSession": "session",
    "SharedDraft": "draft",
    "TaxRate": "tax",
}


@dataclass(frozen=True, slots=True)
class Chance:
    """Where secrets come from: random tokens and the cipher."""

    new_token: Callable[[], str]
    cipher: Cipher

    def new_code(self, length: int) -> str:
        """Return random characters that people can type, five bits each (a-z, 2-7)."""
        assert 0 < length <= 51, "a token has 256 bits"
        random = hashlib.sha256(self.new_token().encode()).digest()
        return base64.b32encode(random).decode().lower()[:length]


@dataclass(frozen=True, slots=True)
class TakenNumber:
    """A document number that is nobody else's from now on."""

    number: str
    series_code: str
    series_value: int


@dataclass(slots=True)
class _Memory:
    """What the unit of work remembers until it is committed."""

    touched: set[str] = field(default_factory=set)
    workspace: Workspace | None = None
    appended: dict[tuple[Any, frozenset[str]], list[dict[str, Any]]] = field(
        default_factory=dict
    )


def plain_name(table: type[Any]) -> str:
    """Return what people call a row of a table, such as `credit note`."""
    words = re.sub(r"(?<!^)(?=[A-Z])", " ", table.__name__).lower()
    return _PLAIN_NAMES.get(table.__name__, words)


class UnitOfWork:
    """What a service holds: the actor, the time, and the actor's rows.

    Attributes:
        actor: on whose behalf everything here happens.
        now: aware UTC time, read once when the unit opened.
    """

    def __init__(
        self, session: Session, actor: Actor, now: datetime, chance: Chance
    ) -> None:
        self._session = session
        self._memory = _Memory()
        self._chance = chance
        self.actor = actor
        self.now = now

    # Reading

    def get(self, table: type[Row], row_id: int, *, lock: bool = False) -> Row:
        """Return a row, locked until commit if asked.

        Raises:
            NotFound: it does not exist, or belongs to somebody else.
        """
        row = self.find(table, row_id, lock=lock)
        if row is None:
            raise NotFound(f"That {plain_name(table)} does not exist.")
        return row

    def find(self, table: type[Row], row_id: int, *, lock: bool = False) -> Row | None:
        statement = _locking(table) if lock else _reading(table)
        return self._session.exec(statement, params={"row_id": row_id}).one_or_none()

    def all(self, statement: Any, **values: Any) -> Sequence[Any]:
        """Return every row: values for one column or table, tuples for several.

        `values` are those of the statement's named parameters. A statement that
        has some is made once, outside of functions, and is remembered.
        """
        return self._ask(statement, values).all()

    def stream(self, statement: Any) -> Iterator[Any]:
        """Yield the rows of several columns, a few hundred in memory at a time."""
        yield from self._session.execute(statement.execution_options(yield_per=500))

    def first(self, statement: Any, **values: Any) -> Any | None:
        return self._ask(statement, values).first()

    def one(self, statement: Any, **values: Any) -> Any:
        return self._ask(statement, values).one()

    def count(self, statement: Any) -> int:
        """Return how many rows the statement would give."""
        return self._session.exec(
            select(func.count()).select_from(statement.subquery())
        ).one()

    @property
    def workspace(self) -> Workspace:
        """The actor's workspace: its zone, currency and name."""
        known = self._memory.workspace
        if known is None:
            known = self.one(_WORKSPACE, row_id=self.actor.workspace_id)
            self._memory.workspace = known
        return known

    @property
    def today(self) -> date:
        """The date in the workspace's zone."""
        return self.now.astimezone(ZoneInfo(self.workspace.zone)).date()

    # Writing

    def add(self, row: AnyRow) -> AnyRow:
        """Add a row; a workspace's row becomes the actor's workspace's."""
        if isinstance(row, WorkspaceOwned):
            row.workspace_id = self.actor.workspace_id
        self._session.add(row)
        self._session.flush()
        return row

    def add_all(self, rows: Sequence[WorkspaceOwned]) -> None:
        for row in rows:
            row.workspace_id = self.actor.workspace_id
        self._session.add_all(rows)
        self._session.flush()

    def append(
        self, table: type[WorkspaceOwned], rows: Sequence[dict[str, Any]]
    ) -> None:
        """Insert rows at the end of this transaction, since nobody reads them in it.

        Past the session, so a column that is not given is null: the defaults of
        the model are not used.
        """
        self._leave_for_the_end(_inserting(table), rows)

    def insert(self, table: type[WorkspaceOwned], values: dict[str, Any]) -> int:
        """Insert a row past the session, as `append` does, now; return its id."""
        row = {**values, "workspace_id": self.actor.workspace_id}
        row_id = self._session.connection().scalar(_inserting_one(table), row)
        assert row_id is not None
        return row_id

    def insert_all(
        self,
        table: type[WorkspaceOwned],
        rows: Sequence[dict[str, Any]],
        key: tuple[str, ...],
    ) -> list[int]:
        """Insert rows past the session, as `append` does, now; return their ids.

        No two rows are alike in the columns of `key`, by which each finds its id:
        to give them in their order, SQLite would insert one row after another.
        """
        if not rows:
            return []
        owned = [{**row, "workspace_id": self.actor.workspace_id} for row in rows]
        found = self._session.connection().execute(_inserting_many(table, key), owned)
        ids = {tuple(values): row_id for row_id, *values in found}
        assert len(ids) == len(rows), "two rows alike"
        return [ids[tuple(row[name] for name in key)] for row in rows]

    def add_unless_there(
        self, table: type[WorkspaceOwned], values: dict[str, Any]
    ) -> int | None:
        """Insert a row as `insert` does.

        Returns:
            None where a unique constraint knows the row already. Of two who insert
            the same at once, the second waits for the first and then gets None.
        """
        connection = self._session.connection()
        insert_new = _inserting_new_one(table, connection.dialect.name)
        row = {**values, "workspace_id": self.actor.workspace_id}
        return connection.scalar(insert_new, row)

    def add_all_unless_there(
        self, table: type[WorkspaceOwned], rows: Sequence[dict[str, Any]], name: str
    ) -> dict[Any, int]:
        """Insert rows as `add_unless_there` does.

        Returns:
            The ids of those that were not there, by their value of the column `name`.
        """
        connection = self._session.connection()
        insert_new = _inserting_new_ones(table, connection.dialect.name, name)
        owned = [{**row, "workspace_id": self.actor.workspace_id} for row in rows]
        found: Sequence[Any] = connection.execute(insert_new, owned).all()
        return dict(found)

    def delete(self, row: Any) -> None:
        self._session.delete(row)
        self._session.flush()

    def execute(self, statement: Any, **values: Any) -> int:
        """Run an ORM update or delete; return how many rows it changed.

        `values` are as in `all`; none is named like a column, which would be set.
        """
        if values:
            return self._run_kept(statement, values).rowcount
        ran: Any = self._session.execute(statement)
        return ran.rowcount

    def flush(self) -> None:
        self._session.flush()

    def complete(self) -> None:
        """Write what was left for the end: all rows of a kind in one statement."""
        self._session.flush()
        for (statement, _), rows in self._memory.appended.items():
            self._session.connection().execute(statement, rows)
        self._memory.appended.clear()

    def _leave_for_the_end(
        self, statement: Any, rows: Sequence[dict[str, Any]]
    ) -> None:
        for row in rows:
            alike = self._memory.appended.setdefault((statement, frozenset(row)), [])
            alike.append({**row, "workspace_id": self.actor.workspace_id})

    def lock_alone(self, name: str) -> None:
        """Wait until no other transaction holds this name, and hold it to the end."""
        # On SQLite a writer is alone already.
        if self._session.get_bind().dialect.name == "postgresql":
            self._session.execute(
                select(func.pg_advisory_xact_lock(func.hashtext(name)))
            )

    @contextmanager
    def founding(self, workspace: Workspace) -> Iterator[UnitOfWork]:
        """Add a workspace and act inside it, in this same transaction.

        A second session on the same connection, since the limit of a session
        never moves to another workspace.
        """
        assert self.actor.workspace_id == 0, "a workspace founds no other"
        self.add(workspace)
        assert workspace.id is not None
        with self.inside(workspace.id, "founding") as inside:
            yield inside

    @contextmanager
    def inside(self, workspace_id: int, job: str) -> Iterator[UnitOfWork]:
        """Act in a workspace, in this same transaction, as a job that is in none."""
        assert self.actor.workspace_id == 0, "a workspace's work stays in it"
        actor = SystemActor(workspace_id, job)
        connection = self._session.connection()
        with Session(connection, expire_on_commit=False) as session:
            limit_session(session, actor)
            inside = UnitOfWork(session, actor, self.now, self._chance)
            yield inside
            inside.complete()
        self._memory.touched.update(inside.touched)

    def take_number(
        self, series_code: str, issued_on: date, customer_id: int
    ) -> TakenNumber:
        """Take the next number of a series, without gap or double."""
        return self.take_numbers(series_code, issued_on, [customer_id])[0]

    def take_numbers(
        self, series_code: str, issued_on: date, customer_ids: Sequence[int]
    ) -> list[TakenNumber]:
        """Take the next numbers of a series, one for each customer, in their order.

        There is no gap and no double. The series row stays locked until this
        transaction ends, so a rolled back issue gives its number back before anyone
        else can take the next. It is locked also where the counter is that of a period
        or a customer, so that nobody else begins the same one.
        """
        series = self._take(series_code, len(customer_ids))
        if series is None:
            raise NotFound("There is no number series to take a number from.")
        pattern, reset = series.pattern, Reset(series.reset)
        whose = [""] * len(customer_ids)
        if counts_by_customer(pattern):
            # In one order, since each is locked.
            codes = {x: self.number_code(x) for x in sorted(set(customer_ids))}
            whose = [codes[customer_id] for customer_id in customer_ids]

        taken: dict[str, Iterator[TakenNumber]] = {}
        for customer, count in Counter(whose).items():
            code, following = series_code, series.next_value
            if counts_apart(pattern, reset):
                code = counter_code(series_code, reset, issued_on, customer)
                counter = self._take(code, count)
                if counter is None:
                    first = self.next_value(
                        series_code, pattern, reset, issued_on, customer
                    )
                    self.add(NumberSeries(code=code, pattern="", next_value=first))
                    counter = self._take(code, count)
                following = counter.next_value
            taken[customer] = iter(
                [
                    TakenNumber(
                        format_number(pattern, value, issued_on, customer), code, value
                    )
                    for value in range(following - count, following)
                ]
            )
        return [next(taken[customer]) for customer in whose]

    def next_value(
        self,
        series_code: str,
        pattern: str,
        reset: Reset,
        on: date,
        customer: str = "",
    ) -> int:
        """Return the counter that comes next in the period of a day, untaken.

        A counter that has not begun goes on behind whatever has its form already:
        numbers from before the counter started again, and imported ones. `customer`
        is a number code, or empty where the pattern has none.
        """
        assert bool(customer) == counts_by_customer(pattern)
        code = counter_code(series_code, reset, on, customer)
        counter = select(NumberSeries.next_value).where(col(NumberSeries.code) == code)
        known = self.first(counter)
        if known is not None:
            return known
        ends = fixed_ends(pattern, reset, on, customer)
        numbers = self.all(numbers_like(series_code, *ends))
        found = [read_number(pattern, number) for number in numbers]
        return 1 + max(
            (
                read.counter
                for read in found
                if read and counter_code_of(series_code, reset, read) == code
            ),
            default=0,
        )

    def number_code(self, customer_id: int) -> str:
        """Return what stands for a customer in numbers, and let nobody change it.

        One who has nothing gets what is proposed. The row is locked until this
        transaction ends: then either a number has the code, or none was taken.
        """
        code, name = self.one(_NUMBER_CODE, row_id=customer_id)
        if code is None:
            self.lock_number_codes()
            code = self.propose_number_code(customer_id, name)
            whose = col(Customer.id) == customer_id
            self.execute(update(Customer).where(whose).values(number_code=code))
        return code

    def propose_number_code(self, customer_id: int, name: str, *others: str) -> str:
        """Return the code that a customer without one would get: the first free one.

        `others` are taken, too.
        """
        for code in number_codes(name, customer_id):
            whose = select(Customer.id).where(col(Customer.number_code) == code)
            if code not in others and self.first(whose) is None:
                return code
        raise AssertionError("there is always one more")

    def lock_number_codes(self) -> None:
        """Let nobody else give a customer of this workspace a code."""
        self.lock_alone(f"number-codes:{self.actor.workspace_id}")

    def _take(self, code: str, count: int) -> Any:
        values = {"series_code": code, "taken_count": count}
        return self._run_kept(_TAKE_NUMBERS, values).one_or_none()

    def _ask(self, statement: Any, values: dict[str, Any]) -> Any:
        if not values or not (statement.is_dml or gives_columns(statement)):
            return self._session.exec(statement, params=values or None)
        found = self._run_kept(statement, values)
        return found.scalars() if isinstance(statement, SelectOfScalar) else found

    def _run_kept(self, statement: Any, values: dict[str, Any]) -> Any:
        """Run a statement that is kept and touches no row in memory.

        It needs nothing of the session but its connection, which takes a third of
        the time.
        """
        self._session.flush()
        limited, values = limited_kept(statement, values, self.actor)
        return self._session.connection().execute(limited, values)

    # What follows from a change

    def record(
        self,
        happened: Event,
        *,
        has_effects: bool = True,
        told: Collection[Topic] = (),
    ) -> None:
        """Write what happened, and what must follow, with the change itself.

        Without effects only the audit entry is kept: for what is imported, which
        happened elsewhere. Its files are made when somebody asks for them. `told` are
        the mails that another one of this commit makes needless.
        """
        details = asdict(happened)
        details.pop("invoice_id"), details.pop("customer_id")
        entry = {
            "event": happened.name(),
            "actor": self.actor.label,
            "actor_name": self._actor_name(),
            "invoice_id": happened.invoice_id,
            "customer_id": happened.customer_id,
            "details": details,
            "at": self.now,
        }
        self.append(AuditEntry, [entry])
        key, about = _subject(happened, details)
        for topic in EFFECTS.get(type(happened), ()) if has_effects else ():
            if topic not in told:
                self.promise(topic, key, happened.invoice_id, **about)
        if happened.invoice_id is not None and happened.TURNS_INVOICE:
            self.touch(f"invoice:{happened.invoice_id}")
        if happened.invoice_id is not None and happened.TURNS_THREAD:
            self.touch(f"thread:{happened.invoice_id}")
        if happened.customer_id is not None:
            self.touch(f"customer:{happened.customer_id}")
        self.touch(f"workspace:{self.actor.workspace_id}")

    def promise(
        self,
        topic: Topic,
        key: str,
        invoice_id: int | None = None,
        *,
        after: timedelta = timedelta(),
        is_awaited: bool = False,
        **details: Any,
    ) -> None:
        """Promise work in this commit, once for each topic and key.

        `is_awaited`: somebody waits for it, also where it is promised already.
        """
        if is_awaited:
            self.execute(
                update(OutboxMessage)
                .where(
                    col(OutboxMessage.topic) == topic,
                    col(OutboxMessage.key) == key,
                    col(OutboxMessage.is_awaited).is_(False),
                    col(OutboxMessage.done_at).is_(None),
                )
                .values(is_awaited=True)
            )
        message = {
            "topic": topic,
            "key": key,
            "invoice_id": invoice_id,
            "details": details,
            "available_at": self.now + after,
            "is_awaited": is_awaited,
            "attempts": 0,
            "last_error": "",
            "created_at": self.now,
        }
        dialect = self._session.get_bind().dialect.name
        self._leave_for_the_end(_inserting_new(OutboxMessage, dialect), [message])
        self.touch("outbox")

    def touch(self, topic: str) -> None:
        """Tell open pages, after the commit, that this has changed."""
        self._memory.touched.add(topic)

    @property
    def touched(self) -> frozenset[str]:
        return frozenset(self._memory.touched)

    # Secrets

    def new_token(self) -> str:
        """Return 256 random bits as 43 characters that are safe in a URL."""
        return self._chance.new_token()

    def new_code(self, length: int) -> str:
        """Return random characters that people can type, as `Chance.new_code`."""
        return self._chance.new_code(length)

    @property
    def cipher(self) -> Cipher:
        return self._chance.cipher

    def _actor_name(self) -> str:
        if not isinstance(self.actor, StaffActor):
            return ""
        return self.first(_MEMBER_NAME, row_id=self.actor.member_id) or ""


def _subject(happened: Event, details: dict[str, Any]) -> tuple[str, dict[str, int]]:
    """Return what the work that follows from an event is about: its key, its id."""
    for name in ("refund", "payment", "credit_note"):
        row_id = details.get(f"{name}_id")
        if row_id:
            return f"{name}:{row_id}", {f"{name}_id": row_id}
    return f"invoice:{happened.invoice_id}", {}


def numbers_like(series_code: str, start: str, end: str = "") -> SelectOfScalar[Any]:
    """Ask for the numbers in use that begin and end like this."""
    match series_code:
        case "credit_note":
            number, statement = col(CreditNote.number), select(CreditNote.number)
        case "receipt":
            number = col(IssuedDocument.number)
            statement = select(number).where(
                col(IssuedDocument.kind) == "receipt",
                number.startswith(start, autoescape=True),
            )
        case _:
            number = col(Invoice.number)
            statement = select(number).where(number.is_not(None))
    if start and series_code != "receipt":
        # By the index, which the form of many customers needs.
        statement = statement.where(begins_with(number, start))
    if end:
        statement = statement.where(number.endswith(end, autoescape=True))
    return statement


# Of a series that starts again, or counts by customer, the counter stays: its periods
# and its customers have their own.
_TAKE_NUMBERS = (
    update(NumberSeries)
    .where(col(NumberSeries.code) == bindparam("series_code"))
    .values(
        next_value=NumberSeries.next_value
        + case(
            (
                and_(
                    col(NumberSeries.reset) == Reset.NEVER,
                    not_(col(NumberSeries.pattern).contains(CUSTOMER)),
                ),
                bindparam("taken_count"),
            ),
            else_=0,
        )
    )
    .returning(
        col(NumberSeries.next_value),
        col(NumberSeries.pattern),
        col(NumberSeries.reset),
    )
    .execution_options(synchronize_session=False)
)
# Not more than this: who writes a row of the customer meanwhile needn't wait.
_NUMBER_CODE = (
    select(Customer.number_code, Customer.name)
    .where(col(Customer.id) == bindparam("row_id"))
    .with_for_update(key_share=True)
)
_WORKSPACE = select(Workspace).where(col(Workspace.id) == bindparam("row_id"))
_MEMBER_NAME = select(Member.name).where(col(Member.id) == bindparam("row_id"))


@cache
def _reading(table: type[Any]) -> Any:
    return select(table).where(col(table.id) == bindparam("row_id"))


@cache
def _locking(table: type[Any]) -> Any:
    # What was read before the lock was given may be stale by now.
    return _reading(table).with_for_update().execution_options(populate_existing=True)


@cache
def _inserting(table: type[Any]) -> Any:
    return insert(table.__table__)


@cache
def _inserting_one(table: type[Any]) -> Any:
    return insert(table.__table__).returning(table.__table__.c.id)


@cache
def _inserting_many(table: type[Any], key: tuple[str, ...]) -> Any:
    columns = table.__table__.c
    return insert(table.__table__).returning(columns.id, *(columns[x] for x in key))


@cache
def _inserting_new(table: type[Any], dialect: str) -> Any:
    known = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
    return known[dialect](table.__table__).on_conflict_do_nothing()


@cache
def _inserting_new_one(table: type[Any], dialect: str) -> Any:
    return _inserting_new(table, dialect).returning(table.__table__.c.id)


@cache
def _inserting_new_ones(table: type[Any], dialect: str, name: str) -> Any:
    columns = table.__table__.c
    return _inserting_new(table, dialect).returning(columns[name], columns.id)


@contextmanager
def unit_of_work(
    engine: Engine,
    actor: Actor,
    now: datetime,
    chance: Chance,
    *,
    reads_only: bool = False,
) -> Iterator[UnitOfWork]:
    """Open a transaction for an actor; commit on success, roll back on error."""
    bound = reading(engine) if reads_only else engine
    with Session(bound, expire_on_commit=False) as session, session.begin():
        limit_session(session, actor)
        uow = UnitOfWork(session, actor, now, chance)
        yield uow
        if not reads_only:
            uow.complete()
