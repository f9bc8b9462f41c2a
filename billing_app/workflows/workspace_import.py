"""Read an export of a whole workspace into an empty one, all of it or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from billing_app.documents.logo import check_logo
from billing_app.domain import workspace_export as form
from billing_app.domain.actors import Actor
from billing_app.domain.audit_chain import Sealed
from billing_app.domain.workspace_export import Manifest
from billing_app.gateways.export_zip import BadExport, ExportReader
from billing_app.queries.workspace_export import check_room
from billing_app.runtime import Runtime
from billing_app.services.workspace_transfer import (
    Teller,
    found_from_export,
    read_in,
)
from billing_app.services.workspaces import FOUNDER, Founded, NewWorkspace
from billing_app.workflows.audit_trail import seal

_ZIP = b"PK"
_PDF = b"%PDF-"


@dataclass(frozen=True, slots=True)
class ExportLook:
    """What an export is of, as far as it says so itself."""

    name: str
    made_at: str
    customers: int
    invoices: int
    payments: int
    documents: int
    rows: int


def looks_like_zip(head: bytes) -> bool:
    return head.startswith(_ZIP)


def look_at_export(runtime: Runtime, actor: Actor, path: Path) -> ExportLook:
    """Say what an export is of, before anything is read in.

    Raises:
        NotPermitted: only an owner may.
        Conflict: the workspace is in use, or the export is here already.
        InvalidInput: it is no export, or of another version.
    """
    with ExportReader(path) as reader:
        manifest = reader.manifest()
    runtime.run(actor, check_room, manifest.last_seal)
    return ExportLook(
        name=manifest.workspace.name,
        made_at=manifest.made_at.date().isoformat(),
        customers=manifest.rows_of("customer"),
        invoices=manifest.rows_of("invoice"),
        payments=manifest.rows_of("payment"),
        documents=manifest.documents,
        rows=manifest.rows,
    )


def read_export(runtime: Runtime, actor: Actor, path: Path, tell: Teller) -> Manifest:
    """Read an export into the empty workspace of the actor.

    Its files are stored just before the commit: after a crash there may be files
    that no row names, never a row without its file.

    Raises:
        NotPermitted: only an owner may.
        Conflict: the workspace is in use, or the export is here already.
        InvalidInput: the export is broken, or lies; nothing was changed.
        DiskFull: nothing was changed.
    """
    with ExportReader(path) as reader:
        source = _Source(reader)
        with runtime.unit(actor) as uow:
            read_in(uow, source, tell)
            source.keep_files(runtime)
    # The new chain begins at once, not only when the background comes to it.
    seal(runtime, actor.workspace_id)
    return source.manifest


def read_into_new(
    runtime: Runtime, path: Path, new: NewWorkspace, tell: Teller
) -> tuple[Manifest, Founded]:
    """Open a workspace and read an export into it, in one transaction.

    Raises:
        Conflict, InvalidInput, DiskFull: as `read_export`.
    """
    with ExportReader(path) as reader:
        source = _Source(reader)
        with runtime.unit(FOUNDER) as uow:
            founded = found_from_export(uow, new, source, tell)
            source.keep_files(runtime)
    seal(runtime, founded.workspace_id)
    return source.manifest, founded


def read_manifest(path: Path) -> Manifest:
    """Return what an export says of itself.

    Raises:
        InvalidInput: it is no export, or of another version.
    """
    with ExportReader(path) as reader:
        return reader.manifest()


class _Source:
    """An open export, as `services.workspace_transfer.ExportSource`."""

    def __init__(self, reader: ExportReader) -> None:
        self._reader = reader
        self.manifest = reader.manifest()
        self.digests = frozenset(digest for digest, _, _ in self._files())
        self._named: set[str] = set()

    def rows(self, table: str) -> Iterator[dict[str, Any]]:
        facts = self.manifest.tables[table]
        name, before = form.data_name(table), 0
        for line in self._reader.lines(name, facts):
            row = _parse(line)
            row_id = row.get("id")
            if not isinstance(row_id, int) or row_id <= before:
                raise BadExport(f"{name} is not in the order of an export.")
            before = row_id
            self._named |= form.files_of(row)
            yield row

    def trail(self) -> Iterator[Sealed]:
        facts = self.manifest.tables["audit_entry"]
        for line in self._reader.lines(form.TRAIL, facts):
            said = _parse(line)
            yield Sealed(said["place"], said["seal"], said["record"])

    def keep_files(self, runtime: Runtime) -> None:
        """Store what the rows name that were read until now, and nothing else."""
        for digest, suffix, content in self._files():
            if digest in self._named:
                runtime.files.put(content, suffix)

    def _files(self) -> Iterator[tuple[str, str, bytes]]:
        for digest, content in self._reader.files(form.DOCUMENTS):
            if not content.startswith(_PDF):
                raise BadExport("A document of the export is no PDF.")
            yield digest, ".pdf", content
        for digest, content in self._reader.files(form.LOGOS):
            check_logo(content)
            yield digest, ".png", content


def _parse(line: bytes) -> dict[str, Any]:
    try:
        said = json.loads(line, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BadExport("The export has a line that can't be read.") from error
    if not isinstance(said, dict):
        raise BadExport("The export has a line that can't be read.")
    return cast("dict[str, Any]", said)


def _no_number(text: str) -> float:
    raise ValueError(text)
