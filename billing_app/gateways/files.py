"""Keeps files under the SHA-256 of their bytes, in a folder of the data directory."""

from __future__ import annotations

import hashlib
import logging
import os
import re
import tempfile
from pathlib import Path

from billing_app.domain.errors import DiskFull, says_disk_full
from billing_app.gateways.errors import FileDamaged, FileMissing

log = logging.getLogger("tallyport.files")

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_SUFFIX = re.compile(r"(\.[a-z0-9]{1,8})?", re.ASCII)
_NAME = re.compile(r"[a-z0-9-]{1,40}(\.[a-z0-9]{1,8})?", re.ASCII)


class FileStore:
    """A folder of files that never change, because their name is their content.

    A file lies at `ab/cd/abcd….pdf`, so no folder ever grows large. The suffix
    is for people who look into the folder; only the digest finds the file.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes, suffix: str = "") -> str:
        """Store bytes durably and return their digest; twice is the same as once.

        Raises:
            DiskFull: nothing was stored.
        """
        assert _SUFFIX.fullmatch(suffix), suffix
        digest = hashlib.sha256(content).hexdigest()
        if self._find(digest) is not None:
            return digest

        write_atomically(self._shard(digest) / f"{digest}{suffix}", content)
        return digest

    def read(self, digest: str) -> bytes:
        """Return the stored bytes, after checking that they are still the same."""
        content = self.path(digest).read_bytes()
        if hashlib.sha256(content).hexdigest() != digest:
            raise FileDamaged("The stored file is damaged. Restore it from a backup.")
        return content

    def path(self, digest: str) -> Path:
        """Return where the file lies, for sending it without reading it."""
        place = self._find(digest)
        if place is None:
            raise FileMissing("This file does not exist.")
        return place

    def has(self, digest: str) -> bool:
        return self._find(digest) is not None

    def keep_beside(self, digest: str, name: str, content: bytes) -> None:
        """Keep something made from a stored file, such as a picture of a page.

        It can be made again, so nothing is lost with it and no backup needs it.

        Raises:
            DiskFull: nothing was stored.
        """
        write_atomically(self._beside(digest, name), content)

    def find_beside(self, digest: str, name: str) -> bytes | None:
        """Return what was made from a stored file, or None when it was not yet."""
        try:
            return self._beside(digest, name).read_bytes()
        except FileNotFoundError:
            return None

    def _beside(self, digest: str, name: str) -> Path:
        assert _DIGEST.fullmatch(digest), digest
        assert _NAME.fullmatch(name), name
        return self._folder / "made" / digest[:2] / digest / name

    def _find(self, digest: str) -> Path | None:
        if not _DIGEST.fullmatch(digest):
            return None
        return next(self._shard(digest).glob(f"{digest}*"), None)

    def _shard(self, digest: str) -> Path:
        return self._folder / digest[:2] / digest[2:4]


def write_atomically(place: Path, content: bytes) -> None:
    """Write beside the place, flush to the disk, then rename: all or nothing.

    Raises:
        DiskFull: there is no room; nothing was left behind.
    """
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _write_and_rename(place, content)
    except OSError as error:
        if not says_disk_full(error):
            raise
        log.critical("disk.full where=files")
        raise DiskFull from error


def _write_and_rename(place: Path, content: bytes) -> None:
    descriptor, name = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=place.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, place)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _flush_folder(place.parent)


def _flush_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
