"""Write all of a workspace into one file, from one state of the database."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from billing_app.database.transfer import CARRIED, TRAIL, Carried
from billing_app.database.unit_of_work import UnitOfWork
from billing_app.domain import workspace_export as form
from billing_app.domain.actors import Actor, Permission, StaffActor
from billing_app.domain.audit_chain import START, canonical
from billing_app.domain.dates import Moment
from billing_app.domain.errors import Conflict, DiskFull, NotPermitted, says_disk_full
from billing_app.domain.workspace_export import Manifest, TableFacts
from billing_app.gateways.errors import FileMissing
from billing_app.gateways.export_zip import ExportWriter, Written
from billing_app.gateways.incoming import IncomingFiles
from billing_app.queries import workspace_export as queries
from billing_app.queries.workspace_export import ExportedDocument
from billing_app.runtime import Runtime
from billing_app.services.workspace_transfer import note_export

_UNSAFE = re.compile(r"[^\w.-]+", re.ASCII)
_NUMBER_MAX = 80
_KEPT = timedelta(days=1)

# Hears how much is written, and of how much.
Teller = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class MadeExport:
    """A file that its maker can take away for a day."""

    key: str
    name: str
    bytes: int


def check_may_move(actor: Actor) -> StaffActor:
    """Refuse before anything is read; services and queries refuse again.

    Raises:
        NotPermitted: only an owner may.
    """
    if not isinstance(actor, StaffActor) or not actor.may(Permission.MOVE_WORKSPACE):
        raise NotPermitted("Only an owner of the workspace may do this.")
    return actor


def make_export(runtime: Runtime, actor: Actor, tell: Teller) -> MadeExport:
    """Write an export that the same member can take away for a day.

    Raises:
        NotPermitted: only an owner may.
        DiskFull: nothing was kept.
    """
    owner = _owner(actor)
    key = hashlib.sha256(runtime.chance.new_token().encode()).hexdigest()[:32]
    sweep(runtime)
    place = _outgoing(runtime).new_place(owner, key)
    manifest = write_export(runtime, actor, place, tell)
    facts = manifest.workspace
    name = _file_name(facts.slug, Moment(manifest.made_at, facts.zone).today)
    return MadeExport(key, name, place.stat().st_size)


def sweep(runtime: Runtime) -> None:
    """Forget the exports whose day is over."""
    _outgoing(runtime).sweep(runtime.now() - _KEPT)


def find_export(runtime: Runtime, actor: Actor, key: str) -> tuple[Path, str]:
    """Return the file that this member made, and what to call it.

    Raises:
        NotFound: it is gone, a day old, or was never theirs.
        NotPermitted: only an owner may.
    """
    sweep(runtime)
    path = _outgoing(runtime).path(_owner(actor), key)
    with runtime.reading(actor) as uow:
        return path, _file_name(uow.workspace.slug, uow.today)


def write_export(
    runtime: Runtime, actor: Actor, target: Path, tell: Teller = lambda done, all_: None
) -> Manifest:
    """Write all of a workspace into a file, which is complete or not there.

    Raises:
        NotPermitted: the role does not allow it.
        Conflict: the file is there already.
        DiskFull: nothing was written.
    """
    if target.exists():
        raise Conflict(f"{target} exists already; choose another name.")
    runtime.run(actor, note_export)
    unfinished = target.with_name(f"{target.name}.unfinished")
    try:
        descriptor = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w+b") as file, runtime.reading(actor) as uow:
            manifest = _Writing(runtime, uow, tell).write(file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(target)
    except OSError as error:
        if not says_disk_full(error):
            raise
        raise DiskFull from error
    finally:
        unfinished.unlink(missing_ok=True)
    return manifest


class _Writing:
    """One export while it is written."""

    def __init__(self, runtime: Runtime, uow: UnitOfWork, tell: Teller) -> None:
        self._runtime = runtime
        self._uow = uow
        self._tell = tell
        self._done = self._whole = 0
        self._logos: set[str] = set()

    def write(self, file: Any) -> Manifest:
        uow = self._uow
        workspace = queries.begin_export(uow)
        self._whole = queries.count_exported(uow)
        with ExportWriter(file, uow.now) as export:
            export.add_lines(form.READ_ME, [form.EXPLANATION])
            for sheet in queries.SHEETS:
                lines = queries.write_sheet(uow, sheet)
                export.add_lines(f"{form.SHEETS}{sheet.name}.csv", lines)
            tables = {carried.name: self._table(export, carried) for carried in CARRIED}
            tables[TRAIL.name], last_seal = self._trail(export)
            documents = self._documents(export)
            self._logos.add(queries.read_logo_digest(uow))
            self._pictures(export)
            manifest = Manifest(uow.now, workspace, tables, documents, last_seal)
            export.add_lines(form.MANIFEST, [form.to_json(manifest)])
        return manifest

    def _table(self, export: ExportWriter, carried: Carried) -> TableFacts:
        ids = _Ids()
        rows = self._counted(ids.heard(queries.list_rows(self._uow, carried)))
        lines = (self._line(row) for row in rows)
        written = export.add_lines(form.data_name(carried.name), lines)
        return ids.facts(written)

    def _line(self, row: dict[str, Any]) -> str:
        self._logos |= form.logos_of(row)
        return f"{json.dumps(row, ensure_ascii=False, separators=(',', ':'))}\n"

    def _trail(self, export: ExportWriter) -> tuple[TableFacts, str]:
        ids, last_seal = _Ids(), START

        def lines() -> Iterator[str]:
            nonlocal last_seal
            for sealed in self._counted(queries.list_trail(self._uow)):
                assert sealed.record is not None
                ids.hear(sealed.record["id"])
                last_seal = sealed.seal
                yield f"{canonical(asdict(sealed))}\n"

        return ids.facts(export.add_lines(form.TRAIL, lines())), last_seal

    def _documents(self, export: ExportWriter) -> int:
        count = 0
        for document in self._counted(queries.list_exported_documents(self._uow)):
            path = self._runtime.files.path(document.pdf_digest)
            export.add_file(_free_name(export, document), path)
            count += 1
        return count

    def _pictures(self, export: ExportWriter) -> None:
        for digest in sorted(self._logos - {""}):
            try:
                path = self._runtime.files.path(digest)
            except FileMissing:
                # A document shows without a picture that is lost, too.
                continue
            export.add_file(f"{form.LOGOS}{digest}.png", path)

    def _counted(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            yield item
            self._done += 1
            self._tell(self._done, self._whole)


class _Ids:
    """The first and the last id of the rows that pass."""

    def __init__(self) -> None:
        self._first = self._last = 0

    def hear(self, row_id: int) -> None:
        self._first = min(self._first or row_id, row_id)
        self._last = max(self._last, row_id)

    def heard(self, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for row in rows:
            self.hear(row["id"])
            yield row

    def facts(self, written: Written) -> TableFacts:
        return TableFacts(written.lines, self._first, self._last, written.sha256)


def _free_name(export: ExportWriter, document: ExportedDocument) -> str:
    """Return a name that no document before has.

    The id keeps apart what differs only in signs, or in the size of letters, that a
    file name can't have.
    """
    safe = _UNSAFE.sub("-", document.number).strip("-.")[:_NUMBER_MAX]
    name = f"{form.DOCUMENTS}{document.noun}-{safe or document.row_id}.pdf"
    if not export.has(name):
        return name
    return f"{form.DOCUMENTS}{document.noun}-{safe}--{document.row_id}.pdf"


def _file_name(slug: str, day: date) -> str:
    return f"{slug}-{day.isoformat()}.zip"


def _owner(actor: Actor) -> str:
    staff = check_may_move(actor)
    return f"{staff.workspace_id}-{staff.member_id}"


def _outgoing(runtime: Runtime) -> IncomingFiles:
    return IncomingFiles(runtime.settings.data_dir / "outgoing")
