"""Let a workspace go, and read one that was let go into an empty one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Protocol

from sqlalchemy import delete
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, func, select

from billing_app.database import transfer
from billing_app.database.access import job, staff_or_job
from billing_app.database.transfer import (
    CARRIED,
    TRAIL,
    Arrival,
    BrokenExport,
    Carried,
    Span,
    Values,
)
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain.actors import Permission
from billing_app.domain.audit_chain import START, Sealed, find_break
from billing_app.domain.branding import check_colour, correct_brand
from billing_app.domain.cash_rounding import check_cash_rounding
from billing_app.domain.currencies import is_currency
from billing_app.domain.custom_fields import (
    VALUE_LENGTH_MAX,
    FieldKind,
    FieldPlace,
    FilledField,
    check_fields,
    fields_from_json,
    filled_from_json,
    plain_value,
)
from billing_app.domain.document import (
    CreditNoteDocument,
    DocumentField,
    DocumentKind,
    InvoiceDocument,
    Look,
    ReceiptDocument,
    content_digest,
    from_json,
)
from billing_app.domain.draft import form_from_json
from billing_app.domain.errors import Conflict
from billing_app.domain.events import WorkspaceExported, WorkspaceReadIn
from billing_app.domain.exchange_rate import parse_tax_currency
from billing_app.domain.late_fee import LateFeeRule
from billing_app.domain.mail_settings import MailSettings, parse_host, parse_port
from billing_app.domain.numbering import Reset, check_pattern, parse_number_code
from billing_app.domain.party_ids import parse_electronic_address
from billing_app.domain.payment_reference import ReferenceKind
from billing_app.domain.portal_settings import PortalSettings, read_overrides
from billing_app.domain.profiles import get_profile
from billing_app.domain.reminders import ReminderPolicy
from billing_app.domain.workspace_export import Manifest
from billing_app.models import (
    CreditNote,
    Customer,
    Invoice,
    IssuedDocument,
    LineItem,
    Member,
    NumberSeries,
    PaymentAttempt,
    Person,
    TaxRate,
    Workspace,
    WorkspaceSettings,
)
from billing_app.queries.workspace_export import check_room
from billing_app.services.workspaces import (
    SERIES,
    Founded,
    NewWorkspace,
    create_workspace,
)

Row = Mapping[str, Any]
Teller = Callable[[int, int], None]

_LANGUAGE_LENGTH_MAX = 10

# What a file that lies makes of our own reading.
_LIES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


class ExportSource(Protocol):
    """An export that is open for reading; whoever made it is not believed."""

    manifest: Manifest
    # SHA-256 of each document and picture in it.
    digests: frozenset[str]

    def rows(self, table: str) -> Iterator[dict[str, Any]]: ...

    def trail(self) -> Iterator[Sealed]: ...


@staff_or_job(Permission.MOVE_WORKSPACE)
def note_export(uow: UnitOfWork) -> None:
    """Write down that somebody takes all data away."""
    uow.record(WorkspaceExported())


@staff_or_job(Permission.MOVE_WORKSPACE)
def read_in(uow: UnitOfWork, source: ExportSource, tell: Teller) -> None:
    """Make an empty workspace what the export is of.

    Nobody is mailed, no reminder leaves by itself until somebody switches them on,
    and nobody gets access: members come as names of what they did.

    Raises:
        Conflict: the workspace is in use, or the export is here already.
        InvalidInput: the export is broken, or lies.
    """
    uow.lock_alone("read-in")
    check_room(uow, source.manifest.last_seal)
    try:
        _read_in(uow, source, tell)
    except DBAPIError as error:
        raise BrokenExport(
            "Nothing was read in: this business is here already, or the rows of the "
            "export contradict each other."
        ) from error
    except _LIES as error:
        raise BrokenExport(
            "Nothing was read in: the export has something in it that can't be."
        ) from error


@job
def found_from_export(
    uow: UnitOfWork, new: NewWorkspace, source: ExportSource, tell: Teller
) -> Founded:
    """Open a workspace with its owner, and read an export into it, all or nothing.

    It gets its old address where nobody has that here.

    Raises:
        Conflict, InvalidInput: as `read_in`.
    """
    founded = create_workspace(uow, new)
    slug = source.manifest.workspace.slug
    taken = uow.first(select(Workspace.id).where(col(Workspace.slug) == slug))
    workspace = uow.one(
        select(Workspace).where(col(Workspace.id) == founded.workspace_id)
    )
    if taken is None:
        workspace.slug = slug
        uow.flush()
    with uow.inside(founded.workspace_id, uow.actor.label.partition(":")[2]) as inside:
        read_in(inside, source, tell)
    return founded


def _read_in(uow: UnitOfWork, source: ExportSource, tell: Teller) -> None:
    manifest = source.manifest
    _make_room(uow)
    spans = {
        carried.table: Span(facts.first_id, facts.last_id)
        for carried in (*CARRIED, TRAIL)
        if (facts := manifest.tables.get(carried.name))
    }
    unknown = manifest.tables.keys() - {x.name for x in (*CARRIED, TRAIL)}
    if unknown:
        raise BrokenExport(
            "This export has more than this version knows. Update Tallyport first."
        )
    whole = manifest.rows
    done = 0
    _check_trail(source)
    arrival = Arrival(uow, spans)
    for carried in CARRIED:
        if carried.table not in spans:
            continue
        rows = _checked_rows(uow, source, carried)
        for count in arrival.write(carried, rows):
            done += count
            tell(done, whole)
        for held in CARRIED:
            if held.settles_after is carried.table and held.table in spans:
                arrival.settle(held, source.rows(held.name))
    for ended in CARRIED:
        if ended.ends and ended.table in spans:
            arrival.end(ended, source.rows(ended.name))
    for count in arrival.write(TRAIL, _trail_rows(source)):
        done += count
        tell(done, whole)
    arrival.finish()
    _become(uow, manifest)
    _check_whole(uow)
    uow.record(
        WorkspaceReadIn(
            exported_at=manifest.made_at.isoformat(),
            invoice_count=manifest.rows_of("invoice"),
            entry_count=manifest.rows_of(TRAIL.name),
            last_seal=manifest.last_seal,
        )
    )


def _checked_rows(
    uow: UnitOfWork, source: ExportSource, carried: Carried
) -> Iterator[tuple[Values, Values]]:
    """Yield rows that were looked into, each with what its table needs besides."""
    check, beside = _CHECKS.get(carried.table), _BESIDE.get(carried.table)
    for row in source.rows(carried.name):
        if check is not None:
            check(row, source.digests)
        yield row, beside(uow, row) if beside else {}


def _make_room(uow: UnitOfWork) -> None:
    """Take away what every new workspace starts with."""
    for table in (WorkspaceSettings, TaxRate, NumberSeries):
        uow.execute(delete(table))


def _become(uow: UnitOfWork, manifest: Manifest) -> None:
    facts, workspace = manifest.workspace, uow.workspace
    if facts.profile:
        get_profile(facts.profile)
    workspace.name, workspace.profile = facts.name, facts.profile
    workspace.currency, workspace.zone = facts.currency, facts.zone
    workspace.created_at = facts.created_at
    uow.add(workspace)


def _check_whole(uow: UnitOfWork) -> None:
    """Ask what `verify` asks, of this workspace alone."""
    codes = set(uow.all(select(NumberSeries.code)))
    if not SERIES.keys() <= codes or _count(uow, WorkspaceSettings) != 1:
        raise BrokenExport("The export lacks the settings of its workspace.")
    if _count(uow, TaxRate) == 0:
        raise BrokenExport("The export lacks the taxes of its workspace.")
    if transfer.shares_documents(uow):
        raise Conflict(
            "This business is here already: a document can't be in two workspaces."
        )
    broken = transfer.first_broken(uow)
    if broken:
        raise BrokenExport(f"Nothing was read in, since it does not add up: {broken}.")


def _count(uow: UnitOfWork, table: type[Any]) -> int:
    return uow.one(select(func.count(table.id)))


def _trail_rows(source: ExportSource) -> Iterator[tuple[Values, Values]]:
    for sealed in source.trail():
        assert sealed.record is not None
        yield {k: v for k, v in sealed.record.items() if k != "workspace_id"}, {}


def _check_trail(source: ExportSource) -> None:
    """Refuse a trail that is not as it was sealed. Only its last seal is kept here."""
    last_seal = START

    def heard() -> Iterator[Sealed]:
        nonlocal last_seal
        for sealed in source.trail():
            last_seal = sealed.seal
            yield sealed

    broken = find_break(heard())
    if broken:
        raise BrokenExport(f"Nothing was read in: {broken}.")
    if last_seal != source.manifest.last_seal:
        raise BrokenExport("Nothing was read in: the audit trail was cut off.")


# What only we can tell of a row


def _check_settings(row: Row, digests: frozenset[str]) -> None:
    Look(row["look"])
    check_colour(row["accent"])
    PortalSettings.from_stored(row["portal"])
    mail = MailSettings.from_stored(row["mail"])
    parse_host(mail.host)
    parse_port(str(mail.port), mail.security)
    assert all(isinstance(it, str) for it in (mail.user, mail.sender, mail.reply_to))
    ReminderPolicy.from_stored(row["reminders"])
    LateFeeRule.from_stored(row.get("late_fees", {}))
    check_fields(fields_from_json(row.get("custom_fields", ())))
    parse_tax_currency(row.get("tax_currency", ""))
    check_cash_rounding(row.get("cash_rounding", {}))
    _check_electronic_address(row)
    details = list(row["bank_details"])
    for currency, account in row.get("bank_by_currency", {}).items():
        assert is_currency(currency)
        assert isinstance(account["iban"], str)
        ReferenceKind(account["reference_kind"])
        details += account["rows"]
    for detail in details:
        assert isinstance(detail["label"], str)
        assert isinstance(detail["value"], str)
    if row["logo_digest"] and row["logo_digest"] not in digests:
        raise BrokenExport("The logo is missing in the export, or was changed.")


def _check_series(row: Row, digests: frozenset[str]) -> None:
    reset = Reset(row.get("reset", Reset.NEVER))
    # The counter of a period has none of its own, nor has what was imported.
    if row["code"] in SERIES:
        check_pattern(row["pattern"], reset)


def _check_customer(row: Row, digests: frozenset[str]) -> None:
    read_overrides(row["portal"])
    code = row.get("number_code")
    assert code is None or parse_number_code(code) == code
    for key, value in row.get("custom_fields", {}).items():
        assert isinstance(key, str)
        assert isinstance(value, str)
        assert len(value) <= VALUE_LENGTH_MAX
    _check_electronic_address(row)


def _check_electronic_address(row: Row) -> None:
    written = row.get("electronic_address", "")
    assert parse_electronic_address(written, "", "electronic_address") == written


def _check_invoice(row: Row, digests: frozenset[str]) -> None:
    Look(row["look"])
    read_overrides(row["portal"])
    if row["draft"] is not None:
        form_from_json(row["draft"])
    _check_filled(row)


def _check_line(row: Row, digests: frozenset[str]) -> None:
    _check_filled(row)


def _check_filled(row: Row) -> None:
    for filled in filled_from_json(row.get("custom_fields", ())):
        assert isinstance(filled.key, str)
        assert isinstance(filled.is_staff_only, bool)
        FieldPlace(filled.place)
        _check_field(filled)


def _check_field(field: FilledField | DocumentField) -> None:
    assert isinstance(field.name, str)
    assert isinstance(field.value, str)
    assert len(field.value) <= VALUE_LENGTH_MAX
    value = plain_value(FieldKind(field.kind), field.value)
    # A hundred signs are enough for a number of a million digits.
    if isinstance(value, Decimal):
        assert value.is_finite()
        assert "e" not in field.value.lower()


def _check_issued(row: Row, digests: frozenset[str]) -> None:
    _check_printed(row, digests, DocumentKind(row["kind"]))


def _check_credit_note(row: Row, digests: frozenset[str]) -> None:
    _check_printed(row, digests, DocumentKind.CREDIT_NOTE)


def _check_printed(row: Row, digests: frozenset[str], kind: DocumentKind) -> None:
    number, digest = str(row["number"])[:80], row["pdf_digest"]
    if digest and digest not in digests:
        raise BrokenExport(
            f"The document of {number} is missing in the export, or was changed."
        )
    if content_digest(row["content"]) != row["content_digest"]:
        raise BrokenExport(f"{number} is not what was issued.")
    if kind is DocumentKind.INVOICE:
        document = from_json(InvoiceDocument, row["content"])
        _check_own(document)
    elif kind is DocumentKind.RECEIPT:
        document = from_json(ReceiptDocument, row["content"])
    else:
        document = from_json(CreditNoteDocument, row["content"])
        _check_own(document)
    # Once anything this short could be typed as its language: what is none is shown
    # in English.
    assert isinstance(document.language, str)
    assert len(document.language) <= _LANGUAGE_LENGTH_MAX
    correct_brand(document.branding.accent)


def _check_own(document: InvoiceDocument | CreditNoteDocument) -> None:
    for field in document.fields:
        _check_field(field)
    for line in document.lines:
        for field in line.fields:
            _check_field(field)


_CHECKS: dict[type[Any], Callable[[Row, frozenset[str]], None]] = {
    WorkspaceSettings: _check_settings,
    NumberSeries: _check_series,
    Customer: _check_customer,
    LineItem: _check_line,
    Invoice: _check_invoice,
    IssuedDocument: _check_issued,
    CreditNote: _check_credit_note,
}


# What was left out of a row, and its table needs


def _quiet_settings(uow: UnitOfWork, row: Row) -> Values:
    # The installation that it comes from may still be sending them.
    return {"reminders": {**row["reminders"], "is_on": False}}


def _stranger(uow: UnitOfWork, row: Row) -> Values:
    """Give a member a person that nobody can sign in as.

    Never one of the same address: an export must not name who gets in, nor keep an
    address from being used here.
    """
    person = uow.add(
        Person(
            email=f"{uow.new_code(26)}@read-in.invalid",
            name=row["name"],
            password_hash="",
            created_at=uow.now,
        )
    )
    removed = {} if row["removed_at"] else {"removed_at": uow.now}
    return {"person_id": person.id, **removed}


def _unasked(uow: UnitOfWork, row: Row) -> Values:
    return {"idempotency_key": f"read-in:{uow.new_token()}"}


def _unpaid(uow: UnitOfWork, row: Row) -> Values:
    """Ask for all of an invoice until its payments are in."""
    return {"outstanding_minor": row.get("due_minor", 0)}


_BESIDE: dict[type[Any], Callable[[UnitOfWork, Row], Values]] = {
    WorkspaceSettings: _quiet_settings,
    Member: _stranger,
    PaymentAttempt: _unasked,
    Invoice: _unpaid,
}
