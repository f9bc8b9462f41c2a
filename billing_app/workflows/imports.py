"""Take a file from the page, look into it, and import it when somebody says so."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO

from billing_app.domain.actors import Actor, Permission, StaffActor
from billing_app.domain.errors import InvalidInput, NotPermitted
from billing_app.domain.import_columns import ImportKind, check_columns
from billing_app.domain.import_plan import Fate, write_fates
from billing_app.domain.import_table import DateOrder, Notation
from billing_app.gateways.files import write_atomically
from billing_app.gateways.incoming import IncomingFiles
from billing_app.runtime import Runtime
from billing_app.services.imports import DraftFromFile
from billing_app.workflows.import_e_invoice import draft_of, looks_like_e_invoice
from billing_app.workflows.import_tables import (
    Choices,
    ImportReport,
    TableFile,
    check_table,
    find_choices,
    import_table,
    open_table,
    with_notation,
)
from billing_app.workflows.workspace_import import (
    ExportLook,
    look_at_export,
    looks_like_zip,
    read_export,
    read_manifest,
)

# More would keep others from writing for longer than they wait.
RECORDS_MAX = 5_000
# Forty lines for each of so many invoices; reading them takes some seconds.
LINES_MAX = 200_000
# An export is read in at once, some thousand rows a second.
EXPORT_ROWS_MAX = 20_000
_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class FileLook:
    """What a file says of itself.

    Attributes:
        head: the names of its columns.
        columns: places in the head by our names.
        decimal_mark, date_order: empty where somebody has to choose.
    """

    kind: str
    head: tuple[str, ...]
    columns: Mapping[str, int]
    decimal_mark: str
    date_order: str


def check_may_import(actor: Actor) -> StaffActor:
    """Refuse before anything is read; the services refuse again.

    Raises:
        NotPermitted: the role does not allow it.
    """
    if not isinstance(actor, StaffActor) or not actor.may(Permission.IMPORT_DATA):
        raise NotPermitted("Your role doesn't allow this.")
    return actor


def take_file(runtime: Runtime, actor: Actor, content: IO[bytes]) -> str:
    """Keep an uploaded file for a day; return the key its owner finds it by."""
    owner = _owner(actor)
    key = hashlib.sha256(runtime.chance.new_token().encode()).hexdigest()[:32]
    incoming = _incoming(runtime)
    incoming.sweep(runtime.now() - _KEPT)
    incoming.put(owner, key, content)
    return key


def look_at(runtime: Runtime, actor: Actor, key: str, kind: str = "") -> FileLook:
    """Return how a file is to be read, as far as it says so itself.

    Raises:
        NotFound: it is gone, or was never this member's.
        InvalidInput: it is no CSV file.
    """
    table = open_table(_path(runtime, actor, key), LINES_MAX)
    return _look(table, find_choices(table, ImportKind(kind) if kind else None))


def look_again(runtime: Runtime, actor: Actor, key: str, look: FileLook) -> FileLook:
    """Return a look with what the columns chosen say of the notation.

    Raises:
        InvalidInput: these columns can't be read.
    """
    table = open_table(_path(runtime, actor, key), LINES_MAX)
    choices = _choices(look)
    check_columns(choices.kind, choices.columns, len(table.head))
    return _look(table, with_notation(table, choices))


def _look(table: TableFile, choices: Choices) -> FileLook:
    return FileLook(
        kind=choices.kind,
        head=table.head,
        columns=choices.columns,
        decimal_mark=choices.notation.decimal_mark,
        date_order=choices.notation.date_order,
    )


def is_e_invoice(runtime: Runtime, actor: Actor, key: str) -> bool:
    """Tell an e-invoice from a table by what its file begins with.

    Raises:
        NotFound: it is gone, or was never this member's.
    """
    with _path(runtime, actor, key).open("rb") as file:
        return looks_like_e_invoice(file.read(64))


def is_export(runtime: Runtime, actor: Actor, key: str) -> bool:
    """Tell an export of a workspace by what its file begins with.

    Raises:
        NotFound: it is gone, or was never this member's.
    """
    with _path(runtime, actor, key).open("rb") as file:
        return looks_like_zip(file.read(64))


def look_at_export_file(runtime: Runtime, actor: Actor, key: str) -> ExportLook:
    """Say what an export is of.

    Raises as `look_at_export`, and InvalidInput for more than the page takes.
    """
    look = look_at_export(runtime, actor, _path(runtime, actor, key))
    _check_rows(look.rows)
    return look


def read_export_file(
    runtime: Runtime, actor: Actor, key: str, tell: Callable[[int, int], None]
) -> None:
    """Read an export into this empty workspace, and forget the file then.

    Raises as `read_export`, and InvalidInput for more than the page takes.
    """
    path = _path(runtime, actor, key)
    _check_rows(read_manifest(path).rows)
    with _incoming(runtime).at_work(_owner(actor), key):
        read_export(runtime, actor, path, tell)
    _incoming(runtime).forget(_owner(actor), key)


def draft_of_file(runtime: Runtime, actor: Actor, key: str) -> DraftFromFile:
    """Make a draft of an e-invoice, and forget the file then.

    Raises:
        InvalidInput: it can't be read, or is nothing that could be issued here.
    """
    made = draft_of(runtime, actor, _path(runtime, actor, key).read_bytes())
    _incoming(runtime).forget(_owner(actor), key)
    return made


def check_file(
    runtime: Runtime,
    actor: Actor,
    key: str,
    look: FileLook,
    hear: Callable[[Fate], None],
) -> ImportReport:
    """Say what becomes of each row of a file, read as `look` says.

    Raises:
        InvalidInput: it can't be read like that, or has more than the page takes.
    """
    table = open_table(_path(runtime, actor, key), LINES_MAX)
    return check_table(runtime, actor, table, _choices(look), _counted(hear))


def import_file(
    runtime: Runtime,
    actor: Actor,
    key: str,
    look: FileLook,
    hear: Callable[[Fate], None],
) -> ImportReport:
    """Import a file, all of it or nothing, and forget it then.

    Raises:
        ImportRefused: a row can't be imported.
    """
    table = open_table(_path(runtime, actor, key), LINES_MAX)
    with _incoming(runtime).at_work(_owner(actor), key):
        report = import_table(runtime, actor, table, _choices(look), _counted(hear))
    _incoming(runtime).forget(_owner(actor), key)
    return report


def find_stopped(runtime: Runtime, actor: Actor) -> str:
    """Return the key of this member's file whose import the server did not survive.

    Nothing of it was written, or all of it: looking into it again says which.
    """
    return _incoming(runtime).find_stopped(_owner(actor))


def sweep(runtime: Runtime) -> None:
    """Forget the files of members who did not come back to them for a day."""
    _incoming(runtime).sweep(runtime.now() - _KEPT)
    _fates(runtime).sweep(runtime.now() - _KEPT)


def forget_file(runtime: Runtime, actor: Actor, key: str) -> None:
    _path(runtime, actor, key)
    _incoming(runtime).forget(_owner(actor), key)


def keep_fates(runtime: Runtime, actor: Actor, key: str, fates: Iterable[Fate]) -> None:
    """Write what becomes of a file, to be taken away under its key for a day."""
    kept = _fates(runtime)
    kept.sweep(runtime.now() - _KEPT)
    place = kept.new_place(_owner(actor), key)
    write_atomically(place, "".join(write_fates(fates)).encode())


def find_fates(runtime: Runtime, actor: Actor, key: str) -> Path:
    """Return what becomes of a file that this member sent.

    Raises:
        NotFound: it is gone, or was never theirs.
        NotPermitted: the role does not allow it.
    """
    return _fates(runtime).path(_owner(actor), key)


def _choices(look: FileLook) -> Choices:
    if look.kind not in set(ImportKind) or look.date_order not in {"", *DateOrder}:
        raise InvalidInput("This can't be read. Choose the file again.")
    notation = Notation(look.decimal_mark, look.date_order)
    return Choices(ImportKind(look.kind), look.columns, notation)


def _counted(hear: Callable[[Fate], None]) -> Callable[[Fate], None]:
    heard = 0

    def hear_some(fate: Fate) -> None:
        nonlocal heard
        heard += 1
        if heard > RECORDS_MAX:
            raise InvalidInput(
                f"This file has more than {RECORDS_MAX:,} entries. Import it on the "
                "server, with: tallyport import FILE"
            )
        hear(fate)

    return hear_some


def _check_rows(count: int) -> None:
    if count > EXPORT_ROWS_MAX:
        raise InvalidInput(
            f"This export has more than {EXPORT_ROWS_MAX:,} rows. Read it in on the "
            "server, with: tallyport import FILE.zip"
        )


def _path(runtime: Runtime, actor: Actor, key: str) -> Path:
    return _incoming(runtime).path(_owner(actor), key)


def _owner(actor: Actor) -> str:
    staff = check_may_import(actor)
    return f"{staff.workspace_id}-{staff.member_id}"


def _fates(runtime: Runtime) -> IncomingFiles:
    return IncomingFiles(runtime.settings.data_dir / "fates")


def _incoming(runtime: Runtime) -> IncomingFiles:
    return IncomingFiles(runtime.settings.data_dir / "incoming")
