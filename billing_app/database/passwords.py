"""Hash and check passwords, with argon2id as OWASP advises."""

from __future__ import annotations

import secrets
import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

# OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Each costs 19 MiB and a core for some 30 ms: more at once would only queue there.
_TURNS = threading.BoundedSemaphore(4)


def hash_password(password: str) -> str:
    with _TURNS:
        return _HASHER.hash(password)


def is_password(password: str, password_hash: str | None) -> bool:
    """Say whether the password is right; without a hash, no, after the same work."""
    with _TURNS:
        try:
            is_right = _HASHER.verify(password_hash or _nobodys_hash(), password)
        except (VerificationError, InvalidHashError):
            return False
    return is_right and password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Say whether the hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(password_hash)


@cache
def _nobodys_hash() -> str:
    return _HASHER.hash(secrets.token_urlsafe(32))
