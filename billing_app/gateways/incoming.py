"""Files that lie in between: sent and not decided about, or made and not fetched."""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO

from billing_app.domain.errors import DiskFull, says_disk_full
from billing_app.gateways.errors import FileMissing

_KEY = re.compile("[0-9a-f]{32}", re.ASCII)
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

    def sweep(self, before: datetime) -> None:
        """Forget what was left lying since then."""
        for place in self._folder.glob("*/*"):
            # Another sweep may be at it, too.
            with suppress(FileNotFoundError):
                if place.stat().st_mtime < before.timestamp():
                    place.unlink()

    def _place(self, owner: str, key: str) -> Path:
        assert _OWNER.fullmatch(owner), owner
        assert _KEY.fullmatch(key), "a key that was not made here"
        return self._folder / owner / key
