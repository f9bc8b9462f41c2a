"""The zip file of a whole workspace: written piece by piece, read as a stranger's."""

from __future__ import annotations

import hashlib
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO

from billing_app.domain import workspace_export as form
from billing_app.domain.errors import InvalidInput

# A row is at most an issued document of 10,000 lines: six megabytes, which hold 50,000
# objects and lists. Each takes a hundred times its bytes once it is read.
LINE_MAX = 8_000_000
_NESTED_MAX = 100_000
# Rows are some hundred bytes, documents some thousand; few are very long.
_TABLE_SMALL = 50_000_000
_ROW_USUAL = 20_000
MANIFEST_MAX = 1_000_000
# A printed document; ours are below one megabyte.
DOCUMENT_MAX = 50_000_000
# Rows squeeze to a tenth or a fortieth. What grows more was made to.
_GROWTH_MAX = 200
_SMALL = 1_000_000
# Documents and pictures are squeezed already.
_FILE_GROWTH_MAX = 20
_FILE_SMALL = 1_000
# A name of the directory takes a hundred bytes, the file it names some thousands.
_DIRECTORY_SHARE = 4
_END = struct.Struct("<4s4H2LH")
_END_MARK = b"PK\x05\x06"
_END_64 = struct.Struct("<4sQ2H2L4Q")
_END_64_MARK = b"PK\x06\x06"
_TAIL = 65_536 + 200

# What reading raises where a file is broken, cut off or lies about itself.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    UnicodeDecodeError,
    struct.error,
    ValueError,
)


class BadExport(InvalidInput):
    """A file is no export, or not as it was written."""

    code = "bad_export"


@dataclass(frozen=True, slots=True)
class Written:
    """What was written of one file: how many lines, and the SHA-256 of all."""

    lines: int
    sha256: str


class ExportWriter:
    """Writes an export. Rows are squeezed; documents and pictures are already."""

    def __init__(self, file: IO[bytes], made_at: datetime) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self._made_at = made_at.timetuple()[:6]
        self._names: set[str] = set()

    def __enter__(self) -> ExportWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()

    def add_lines(self, name: str, lines: Iterable[str]) -> Written:
        """Write a file of texts, each with its line end; one in memory at a time."""
        sha256, count = hashlib.sha256(), 0
        with self._zip.open(self._info(name), "w", force_zip64=True) as entry:
            for line in lines:
                written = line.encode()
                entry.write(written)
                sha256.update(written)
                count += 1
        return Written(count, sha256.hexdigest())

    def add_file(self, name: str, path: Path) -> None:
        info = self._info(name)
        info.compress_type = zipfile.ZIP_STORED
        with path.open("rb") as file, self._zip.open(info, "w") as entry:
            shutil.copyfileobj(file, entry, 1 << 16)

    def has(self, name: str) -> bool:
        return name.casefold() in self._names

    def _info(self, name: str) -> zipfile.ZipInfo:
        assert form.is_name(name), name
        assert not self.has(name), name
        self._names.add(name.casefold())
        info = zipfile.ZipInfo(name, self._made_at)
        info.compress_type = zipfile.ZIP_DEFLATED
        return info


class ExportReader:
    """Reads an export that anybody may have made.

    Its names are compared with ours and never become a path.
    """

    def __init__(self, path: Path) -> None:
        """Look at the directory, before anything is unpacked.

        Raises:
            BadExport: it is no zip file, or one that no export is like.
        """
        size = path.stat().st_size
        try:
            with path.open("rb") as file:
                directory_size = _directory_size(file, size)
            if directory_size > max(size // _DIRECTORY_SHARE, _SMALL):
                raise BadExport("This zip file has more names than contents.")
            self._zip = zipfile.ZipFile(path)
        except _BROKEN as error:
            if isinstance(error, BadExport):
                raise
            raise BadExport(
                "This file is not a zip file, or not all of one."
            ) from error
        try:
            self._entries = _checked(self._zip.infolist(), size)
        except BadExport:
            self._zip.close()
            raise

    def __enter__(self) -> ExportReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()

    def has(self, name: str) -> bool:
        return name in self._entries

    def manifest(self) -> form.Manifest:
        """Return what the export says of itself.

        Raises:
            InvalidInput: it is no export, or of another version.
        """
        if not self.has(form.MANIFEST):
            raise BadExport("This zip file is not an export of Tallyport.")
        return form.read_manifest(self._read(form.MANIFEST, MANIFEST_MAX))

    def lines(self, name: str, facts: form.TableFacts) -> Iterator[bytes]:
        """Yield the lines of a file of rows, one in memory at a time.

        Raises:
            BadExport: it is missing, broken, or not as it was written: said after
                the last line, so nothing may be kept before that.
        """
        if not self.has(name):
            raise BadExport(f"{name} is missing in the export.")
        # No more than that is ever unpacked of it.
        if self._entries[name].file_size > _TABLE_SMALL + facts.rows * _ROW_USUAL:
            raise BadExport(f"{name} is larger than its rows can be.")
        seen, count = hashlib.sha256(), 0
        try:
            with self._zip.open(self._entries[name]) as entry:
                while line := entry.readline(LINE_MAX + 1):
                    if len(line) > LINE_MAX or _nested(line) > _NESTED_MAX:
                        raise BadExport(f"{name} has a line that is too long.")
                    count += 1
                    if count > facts.rows:
                        raise BadExport(f"{name} has more rows than the export says.")
                    seen.update(line)
                    yield line
        except _BROKEN as error:
            if isinstance(error, InvalidInput):
                raise
            raise _damaged(name) from error
        if seen.hexdigest() != facts.sha256:
            raise BadExport(f"{name} was changed after the export was made.")

    def files(self, folder: str) -> Iterator[tuple[str, bytes]]:
        """Yield the SHA-256 and the bytes of each file of a folder.

        Raises:
            BadExport: one is broken or larger than any of ours.
        """
        for name in self._entries:
            if name.startswith(folder):
                content = self._read(name, DOCUMENT_MAX)
                yield hashlib.sha256(content).hexdigest(), content

    def _read(self, name: str, size_max: int) -> bytes:
        entry = self._entries[name]
        if entry.file_size > size_max:
            raise BadExport(f"{name} is larger than an export has it.")
        try:
            return self._zip.read(entry)
        except _BROKEN as error:
            raise _damaged(name) from error


def _nested(line: bytes) -> int:
    """Return how many objects and lists a line begins, or a few more than that."""
    return len(line) - len(line.translate(None, b"{["))


def _damaged(name: str) -> BadExport:
    return BadExport(f"{name} is damaged. Copy the export once more.")


def _checked(entries: list[zipfile.ZipInfo], size: int) -> dict[str, zipfile.ZipInfo]:
    checked: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        if not form.is_name(entry.filename):
            raise BadExport(
                "This zip file has files that no export of Tallyport has. If it is a "
                "spreadsheet, save the sheet as CSV first."
            )
        if entry.filename in checked:
            raise BadExport("This zip file has two files of one name.")
        is_plain = entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
        if entry.flag_bits & 0x1 or not is_plain:
            raise BadExport("This zip file is packed in a way that no export is.")
        is_file = entry.filename.startswith((form.DOCUMENTS, form.LOGOS))
        packed_size = max(entry.compress_size, _FILE_SMALL)
        if is_file and entry.file_size > _FILE_GROWTH_MAX * packed_size:
            raise BadExport(f"{entry.filename} would grow far beyond any of ours.")
        checked[entry.filename] = entry
    if sum(entry.file_size for entry in entries) > _GROWTH_MAX * max(size, _SMALL):
        raise BadExport("This zip file would grow far beyond any export.")
    return checked


def _directory_size(file: IO[bytes], size: int) -> int:
    """Return how long the directory says it is, as all of it comes into memory.

    APPNOTE.TXT 6.3.10, 4.3.14 and 4.3.16.
    """
    file.seek(max(0, size - _TAIL))
    tail = file.read()
    place = tail.rfind(_END_MARK)
    if place < 0:
        raise zipfile.BadZipFile
    said = _END.unpack_from(tail, place)[5]
    large = tail.rfind(_END_64_MARK, 0, place)
    if large >= 0:
        said = max(
            said if said != 0xFFFFFFFF else 0, _END_64.unpack_from(tail, large)[8]
        )
    return said
