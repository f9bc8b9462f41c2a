"""Files that lie in between: sent and not decided about, or made and not fetched."""

from __future__ import annotations

import re
import shutil
from collections.abc import Generator
from contextlib import contextmanager, suppress
from datetime import datetime
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import IO

from billing_app.domain.errors import DiskFull, says_disk_full
from billing_app.gateways.errors import FileMissing

_KEY = re.compile("[0-9a-f]{32}", re.ASCII)
_MARK = ".begun"
_OWNER = re.compile("[0-9]{1,20}-[0-9]{1,20}", re.ASCII)


class IncomingFiles:
    """A folder for each owner, so that a key leads to nobody else's file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, owner: str, key: str, content: IO[bytes]) -> None:
        """Keep a file under a fresh key.

        Raises:
            DiskFull: nothing was kept.
        """
        place = self._place(owner, key)
        try:
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with place.open("xb") as file:
                shutil.copyfileobj(content, file)
        except OSError as error:
            place.unlink(missing_ok=True)
            if not says_disk_full(error):
                raise
            raise DiskFull from error

    def new_place(self, owner: str, key: str) -> Path:
        """Return where to write a file under a fresh key."""
        place = self._place(owner, key)
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return place

    def path(self, owner: str, key: str) -> Path:
        if _KEY.fullmatch(key) and self._place(owner, key).is_file():
            return self._place(owner, key)
        raise FileMissing("This file is no longer here. Please choose it again.")

    def forget(self, owner: str, key: str) -> None:
        self._place(owner, key).unlink(missing_ok=True)
        self._mark(owner, key).unlink(missing_ok=True)

    @contextmanager
    def at_work(self, owner: str, key: str) -> Generator[None]:
        """Mark a file while it is worked on; a mark that nobody holds is of the dead.

        The lock goes with the process, the mark stays.
        """
        with self._mark(owner, key).open("w") as mark:
            flock(mark, LOCK_EX)
            try:
                yield
            finally:
                self._mark(owner, key).unlink(missing_ok=True)

    def find_stopped(self, owner: str) -> str:
        """Return the key of a file whose work ended without an end, or nothing."""
        assert _OWNER.fullmatch(owner), owner
        for place in sorted((self._folder / owner).glob(f"*{_MARK}")):
            key = place.name.removesuffix(_MARK)
            with suppress(BlockingIOError, FileNotFoundError):
                with place.open() as mark:
                    flock(mark, LOCK_EX | LOCK_NB)
                if self._place(owner, key).is_file():
                    return key
        return ""

    def sweep(self, before: datetime) -> None:
        """Forget what was left lying since then."""
        for place in self._folder.glob("*/*"):
            # Another sweep may be at it, too.
            with suppress(FileNotFoundError):
                if place.stat().st_mtime < before.timestamp():
                    place.unlink()

    def _mark(self, owner: str, key: str) -> Path:
        return self._place(owner, key).with_suffix(_MARK)

    def _place(self, owner: str, key: str) -> Path:
        assert _OWNER.fullmatch(owner), owner
        assert _KEY.fullmatch(key), "a key that was not made here"
        return self._folder / owner / key
