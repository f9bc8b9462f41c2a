"""Read a CSV file of another program, say what becomes of each row, and import it."""

from __future__ import annotations

import io
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import IO, TypeVar

from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Actor
from billing_app.domain.errors import BillingError, InvalidInput
from billing_app.domain.import_columns import (
    ImportKind,
    check_columns,
    find_columns,
    find_kind,
    find_own_columns,
    missing_columns,
    own_fields_in,
)
from billing_app.domain.import_plan import Fate, FateKind, ImportRules, Known, Plan
from billing_app.domain.import_records import (
    CustomerRecord,
    EventRecord,
    ImportRecord,
    InvoiceRecord,
    LeftOut,
    PaymentRecord,
    ProductRecord,
    Reading,
    ReadRecord,
    Refused,
    find_notation,
    read_records,
)
from billing_app.domain.import_table import (
    Notation,
    find_encoding,
    find_separator,
    read_cells,
    read_lines,
    read_rows,
)
from billing_app.queries.imports import read_import_rules, read_known
from billing_app.runtime import Runtime
from billing_app.services.imports import (
    check_customer,
    check_may_import_kind,
    check_product,
    finish_import,
    import_records,
)

_CHUNK = 1 << 16
# Records that are looked up, and written, together.
_AT_ONCE = 500
_HEAD_MAX = 100_000
# Of columns that are named as not read.
_NAME_SHOWN, _NAMES_SHOWN = 40, 12

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class TableFile:
    """A CSV file whose letters and columns can be read.

    Attributes:
        lines_max: how many lines are read of it; None for any number.
    """

    path: Path
    encoding: str
    separator: str
    head: tuple[str, ...]
    lines_max: int | None = None


@dataclass(frozen=True, slots=True)
class Choices:
    """How a file is read: found in it, or chosen by a person.

    Attributes:
        columns: places in the file, by the keys of `domain.import_columns`.
        notation: empty where neither the file nor anybody has decided.
    """

    kind: ImportKind
    columns: Mapping[str, int]
    notation: Notation = field(default_factory=Notation)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What becomes, or became, of a file.

    Attributes:
        number_next: the counter the workspace's own invoices go on with, or 0.
        own: the columns that fill a field of the workspace's own.
        unread: the columns of the file that nothing is read of.
        lacking: what issued invoices of the file are without for good, in words.
        notes: sentences on what is imported otherwise than one may think.
    """

    new: int = 0
    known: int = 0
    left_out: int = 0
    refused: int = 0
    new_customers: int = 0
    number_next: int = 0
    own: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    lacking: str = ""
    notes: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        return self.new + self.known + self.left_out + self.refused

    @property
    def column_words(self) -> str:
        """Name the columns that fill fields of one's own, and those not read."""
        said = {"Fields of your own": self.own, "Not read": self.unread}
        return " ".join(f"{x}: {_few(names)}." for x, names in said.items() if names)


def _few(names: tuple[str, ...]) -> str:
    shown = [name[:_NAME_SHOWN] for name in names[:_NAMES_SHOWN]]
    rest = len(names) - len(shown)
    return ", ".join([*shown, *([f"{rest} more"] if rest else [])])


class ImportRefused(InvalidInput):
    """Nothing was imported, since a row can't be."""

    code = "import_refused"


def open_table(path: Path, lines_max: int | None = None) -> TableFile:
    """Find out how a file is written.

    Raises:
        InvalidInput: it is no CSV file.
    """
    with path.open("rb") as file:
        encoding = find_encoding(_chunks(file))
    with path.open(encoding=encoding, newline="") as file:
        first_line = file.readline(_HEAD_MAX)
    separator = find_separator(first_line)
    _, head = next(read_cells(io.StringIO(first_line), separator), (0, list[str]()))
    if len(head) < 2:
        raise InvalidInput(
            "The first line has to name the columns, with commas or semicolons "
            "between them."
        )
    names = tuple(x.strip() for x in head)
    return TableFile(path, encoding, separator, names, lines_max)


def find_choices(table: TableFile, kind: ImportKind | None = None) -> Choices:
    """Return what the file itself says of how it is to be read."""
    kind = kind or find_kind(table.head)
    columns = find_columns(kind, table.head)
    return with_notation(table, Choices(kind, columns))


def with_notation(table: TableFile, choices: Choices) -> Choices:
    """Add what the file decides of its notation to what somebody has chosen."""
    chosen = choices.notation
    is_complete = chosen.decimal_mark and chosen.date_order
    if is_complete or missing_columns(choices.kind, choices.columns):
        return choices
    with _cells(table) as cells:
        rows = read_rows(cells, choices.columns)
        found = find_notation(choices.kind, rows).find()
    notation = Notation(
        chosen.decimal_mark or found.decimal_mark, chosen.date_order or found.date_order
    )
    return replace(choices, notation=notation)


def check_table(
    runtime: Runtime,
    actor: Actor,
    table: TableFile,
    choices: Choices,
    hear: Callable[[Fate], None] = lambda fate: None,
) -> ImportReport:
    """Say what becomes of each row, and change nothing.

    Raises:
        InvalidInput: a column is missing, or it is not clear how numbers or days
            are written.
    """
    _check_choices(table, choices)
    with runtime.reading(actor) as uow:
        check_may_import_kind(uow, choices.kind)
        rules = read_import_rules(uow)
        plan = Plan(rules)
        with _records(table, choices, rules) as records:
            for some in _batches(records):
                for _, fate, _ in _decided(uow, plan, some)[1]:
                    hear(fate)
    return _report(plan, table, choices, rules)


def import_table(
    runtime: Runtime,
    actor: Actor,
    table: TableFile,
    choices: Choices,
    hear: Callable[[Fate], None] = lambda fate: None,
) -> ImportReport:
    """Import a file in one transaction: all of it or nothing.

    Every row is judged anew, as the workspace is now.

    Raises:
        ImportRefused: a row can't be imported; names the line.
        InvalidInput: as `check_table`.
    """
    _check_choices(table, choices)
    with runtime.unit(actor) as uow:
        check_may_import_kind(uow, choices.kind)
        rules = read_import_rules(uow)
        plan = Plan(rules)
        with _records(table, choices, rules) as records:
            for some in _batches(records):
                _write(uow, plan, some, hear)
        report = _report(plan, table, choices, rules)
        if report.new:
            finish_import(uow, choices.kind, report.new, plan.next_value)
    return report


def _write(
    uow: UnitOfWork,
    plan: Plan,
    some: list[ReadRecord],
    hear: Callable[[Fate], None],
) -> None:
    known, decided = _decided(uow, plan, some)
    new: list[tuple[ImportRecord, str]] = []
    for record, fate, key in decided:
        if fate.kind is FateKind.REFUSED:
            raise ImportRefused(
                f"Nothing was imported. Line {fate.line}, {fate.name}: {fate.sentence}"
            )
        if fate.kind is FateKind.NEW:
            assert not isinstance(record, Refused | LeftOut)
            new.append((record, key))
    import_records(uow, new, known)
    for _, fate, _ in decided:
        hear(fate)


def _decided(
    uow: UnitOfWork, plan: Plan, some: list[ReadRecord]
) -> tuple[Known, list[tuple[ReadRecord, Fate, str]]]:
    keyed = [(record, _key(plan, record)) for record in some]
    known = read_known(uow, keyed)
    return known, [
        (record, plan.decide(record, known, key), key) for record, key in keyed
    ]


def _key(plan: Plan, record: ReadRecord) -> str:
    return plan.payment_key(record) if isinstance(record, PaymentRecord) else ""


def _own_columns(
    table: TableFile, choices: Choices, rules: ImportRules
) -> dict[str, int]:
    fields = own_fields_in(choices.kind, rules.own_fields)
    return find_own_columns(fields, table.head, choices.columns.values())


def _report(
    plan: Plan, table: TableFile, choices: Choices, rules: ImportRules
) -> ImportReport:
    own = {*_own_columns(table, choices, rules).values()}
    read = {*choices.columns.values(), *own}
    named = [(place, name) for place, name in enumerate(table.head) if name]
    return ImportReport(
        new=plan.counts[FateKind.NEW],
        known=plan.counts[FateKind.KNOWN],
        left_out=plan.counts[FateKind.LEFT_OUT],
        refused=plan.counts[FateKind.REFUSED],
        new_customers=plan.new_customers,
        number_next=plan.next_value if plan.moves_numbers else 0,
        own=tuple(name for place, name in named if place in own),
        unread=tuple(name for place, name in named if place not in read),
        lacking=plan.lacking,
        notes=plan.notes,
    )


def _check_choices(table: TableFile, choices: Choices) -> None:
    check_columns(choices.kind, choices.columns, len(table.head))
    notation = choices.notation
    if notation.decimal_mark and notation.date_order:
        return
    with _cells(table) as cells:
        finder = find_notation(choices.kind, read_rows(cells, choices.columns))
    problem = finder.problem()
    if problem:
        raise InvalidInput(problem, field="notation")
    raise InvalidInput("Choose how the file writes numbers and days.", field="notation")


@contextmanager
def _records(
    table: TableFile, choices: Choices, rules: ImportRules
) -> Generator[Iterator[ReadRecord]]:
    reading = Reading(
        choices.kind,
        choices.notation,
        rules.currency,
        rules.taxes,
        rules.zone,
        own_fields_in(choices.kind, rules.own_fields),
    )
    columns = {**choices.columns, **_own_columns(table, choices, rules)}
    with _cells(table) as cells:
        rows = read_rows(cells, columns)
        yield (_checked(record, rules) for record in read_records(reading, rows))


def _checked(record: ReadRecord, rules: ImportRules) -> ReadRecord:
    """Refuse in time what only a form of ours can tell is wrong."""
    if isinstance(record, Refused | LeftOut | PaymentRecord | EventRecord):
        return record
    try:
        _check(record, rules)
    except BillingError as refusal:
        return Refused(record.line, record.name, refusal.message)
    return record


def _check(
    record: CustomerRecord | InvoiceRecord | ProductRecord, rules: ImportRules
) -> None:
    if isinstance(record, ProductRecord):
        check_product(record)
    else:
        named = record.customer if isinstance(record, InvoiceRecord) else record
        check_customer(named, own_fields_in(ImportKind.CUSTOMERS, rules.own_fields))


@contextmanager
def _cells(table: TableFile) -> Generator[Iterator[tuple[int, list[str]]]]:
    with table.path.open(encoding=table.encoding, newline="") as file:
        yield read_cells(read_lines(file, table.lines_max), table.separator)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk


def _batches(items: Iterator[Item]) -> Iterator[list[Item]]:
    while some := list(islice(items, _AT_ONCE)):
        yield some
