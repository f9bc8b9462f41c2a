"""The chain of a workspace's audit entries: each seal covers the one before it.

Whoever changes, removes, adds or moves an entry breaks every seal from there on, and
whoever makes all of those anew changes the last one, which others have written down.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

# What the first seal of a workspace covers in place of the one before it.
START = "0" * 64


@dataclass(frozen=True, slots=True)
class Sealed:
    """One place in the chain.

    Attributes:
        place: 1 for a workspace's first entry, then without a gap.
        seal: 64 hex digits.
        record: all that the entry says, or None where the entry is gone.
    """

    place: int
    seal: str
    record: dict[str, Any] | None


def seal_of(before: str, record: dict[str, Any]) -> str:
    """Return SHA-256 of the seal before, a line feed, and the record as canonical JSON.

    Canonical: keys sorted, no spaces, UTF-8, nothing escaped that JSON allows plain.
    """
    return hashlib.sha256(f"{before}\n{canonical(record)}".encode()).hexdigest()


def canonical(record: dict[str, Any]) -> str:
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def find_break(chain: Iterable[Sealed]) -> str:
    """Return what the first broken place is, as a sentence; empty where all holds."""
    before = START
    for place, sealed in enumerate(chain, 1):
        if sealed.place != place:
            return f"place {place} of the audit trail is gone"
        if sealed.record is None:
            return f"the audit entry at place {place} is gone"
        if seal_of(before, sealed.record) != sealed.seal:
            entry = f"audit entry {sealed.record['id']} ({sealed.record['event']})"
            return f"{entry} at place {place} is not what was sealed"
        before = sealed.seal
    return ""
