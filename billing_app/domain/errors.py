"""Refusals: what a person did that cannot be done, in a sentence safe to show.

BillingError
├── NotFound             it does not exist, or is somebody else's
├── NotPermitted         the role or the proof does not reach that far
├── NotSignedIn          there is no live session behind the request
├── InvalidInput         a field holds something that cannot be used
│   └── DoneMeanwhile    the like was booked since the form was opened
├── Conflict             the thing is not in a state that allows this
│   ├── StaleDraft       somebody else saved it meanwhile
│   └── TotalChanged     it comes to something else than was shown
├── LimitReached         too much, too often, too large
└── DiskFull             the server has no room left to write anything down

Programmers' mistakes are asserts and crashes, never one of these.
"""

from __future__ import annotations

import errno
from typing import Any

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class BillingError(Exception):
    """A refusal a person can understand.

    Attributes:
        code: stable name for tests and logs.
        message: one plain sentence, free of secrets and of other people's data; in
            English until `speech.put_into_words`.
        words, values: what that sentence is made of, for the other languages.
        field: name of the form field it belongs beside, or None.
        others: what else is wrong, where several fields were read together.
    """

    code = "refused"
    others: tuple[BillingError, ...] = ()

    def __init__(self, words: str, *, field: str | None = None, **values: Any) -> None:
        self.message = words.format_map(values) if values else words
        super().__init__(self.message)
        self.words, self.values = words, values
        self.field = field

    @property
    def together(self) -> tuple[BillingError, ...]:
        """Return this refusal and those that came with it."""
        return self, *self.others


class Phrase:
    """A part of a refusal that is a sentence of its own.

    Attributes:
        english: how English says it, where that is not `words` with the values in.
    """

    def __init__(self, words: str, *, english: str = "", **values: Any) -> None:
        self.words, self.values = words, values
        self._english = english

    def __str__(self) -> str:
        if self._english:
            return self._english
        return self.words.format_map(self.values) if self.values else self.words


class NotFound(BillingError):
    """It does not exist, or belongs to somebody else: one answer for both."""

    code = "not_found"


class NotPermitted(BillingError):
    """The actor's role or proof does not allow this."""

    code = "not_permitted"


class NotSignedIn(BillingError):
    """No live session or link stands behind the request."""

    code = "not_signed_in"


class InvalidInput(BillingError):
    """A value that a person typed cannot be used as it is."""

    code = "invalid_input"


class DoneMeanwhile(InvalidInput):
    """Somebody booked the like since the form was opened; it may be done as well."""

    code = "done_meanwhile"


class Conflict(BillingError):
    """The thing is in a state that does not allow this."""

    code = "conflict"


class StaleDraft(Conflict):
    """Somebody else saved the draft since it was read."""

    code = "stale_draft"


class TotalChanged(Conflict):
    """A draft comes to something else than whoever issues it was shown."""

    code = "total_changed"


class LimitReached(BillingError):
    """Too much, too often or too large."""

    code = "limit_reached"


class DiskFull(BillingError):
    """The disk, or the quota on it, is full: nothing was written, nothing is half.

    Whoever waits is told; jobs try again later.
    """

    code = "disk_full"

    def __init__(self) -> None:
        super().__init__(
            "The server's disk is full, so this was not saved. "
            "Try again once there is room."
        )


def says_disk_full(error: OSError) -> bool:
    return error.errno in _NO_ROOM
