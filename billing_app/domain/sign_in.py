"""Rules of signing in: how long, how often, and what a password must be."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import StrEnum

from billing_app.domain.errors import InvalidInput

# ASVS 5.0 7.3.1 and 7.3.2 ask for documented limits. A bookkeeper works in these
# pages all day, so idleness ends a session after two hours, and a day always does.
SESSION_IDLE = timedelta(hours=2)
SESSION_LIFETIME = timedelta(hours=12)
# How stale `seen_at` may be: writing it on every click would cost a commit each.
SESSION_SEEN_STEP = timedelta(minutes=5)

# How long a session may wait for the authentication code or the new password.
STEP_LIFETIME = timedelta(minutes=10)

PASSWORD_LENGTH_MIN = 12
PASSWORD_LENGTH_MAX = 200
# A password that somebody else chose is only for the first sign-in.
INITIAL_PASSWORD_LIFETIME = timedelta(days=7)

# Tries that fail before the next has to wait: of one address from one network; of
# one address from anywhere; of one network, which may be an office; of a browser in
# which the address has signed in before, whatever strangers use up of the others; of
# one person's authentication code.
FREE_OF_PAIR = 5
FREE_OF_ADDRESS = 50
FREE_OF_NETWORK = 100
FREE_OF_DEVICE = 10
FREE_OF_CODE = 5
# So many tries of a network at an address do not wait for those of all others there.
TRIES_OF_NEWCOMER = 2
# For how long a browser in which somebody has signed in is known.
DEVICE_MEMORY = timedelta(days=365)
LOCK_FIRST = timedelta(minutes=1)
LOCK_LONGEST = timedelta(minutes=30)
# After a day without a failure, the count starts anew.
FAILURE_MEMORY = timedelta(days=1)

# What the set-up page says when there is nothing left to set up, its heading first.
ALREADY_SET_UP = (
    "Already set up",
    "This page made the first workspace, and is closed for good.",
)

_SAFE_PATH = re.compile(r"/[A-Za-z0-9_~.%?=&+,:@/-]*", re.ASCII)
_NEXT_LENGTH_MAX = 500


class Owes(StrEnum):
    """What a session still lacks before it opens anything."""

    NOTHING = ""
    CODE = "code"
    PASSWORD = "password"  # noqa: S105  (the name of a step)


def is_session_live(
    owes: Owes, created_at: datetime, seen_at: datetime, now: datetime
) -> bool:
    """Say whether a session still holds; not where the clock was set back by more."""
    age, idle = abs(now - created_at), abs(now - seen_at)
    if owes:
        return age < STEP_LIFETIME
    return age < SESSION_LIFETIME and idle < SESSION_IDLE


def locked_until(failed_count: int, free: int, now: datetime) -> datetime | None:
    """Return when the next try is heard, doubling from a minute to half an hour.

    The lock opens by itself: nobody can shut another person out for good.
    """
    if failed_count < free:
        return None
    doublings = min(failed_count - free, 10)
    return now + min(LOCK_FIRST * 2**doublings, LOCK_LONGEST)


def is_locked(until: datetime | None, now: datetime) -> bool:
    """Say whether a lock holds. One that ends later than any is of a wrong clock."""
    return until is not None and now < until <= now + LOCK_LONGEST


def check_password(password: str, email: str) -> None:
    """Refuse a password that is too easy to guess.

    Length is what counts (ASVS 5.0 6.2.1, 6.2.5): no rules about kinds of letters.
    """
    if len(password) < PASSWORD_LENGTH_MIN:
        raise InvalidInput(
            f"Use at least {PASSWORD_LENGTH_MIN} characters; a short sentence is fine.",
            field="password",
        )
    if len(password) > PASSWORD_LENGTH_MAX:
        raise InvalidInput(
            f"Use at most {PASSWORD_LENGTH_MAX} characters.", field="password"
        )
    if len(set(password)) < 5 or password.lower() in (
        email.lower(),
        "tallyporttallyport",
    ):
        raise InvalidInput("That password is too easy to guess.", field="password")


def safe_next(path: str) -> str:
    """Return where to go after signing in: a path of ours, or the start page.

    Everything that a browser could read as another site is dropped: `//host`,
    `/\\host`, schemes, and control characters inside.
    """
    if len(path) > _NEXT_LENGTH_MAX or "//" in path:
        return "/"
    return path if _SAFE_PATH.fullmatch(path) else "/"


def check_new_password(password: str, repeated: str, email: str) -> None:
    """Refuse a new password that is weak or was typed in two ways."""
    check_password(password, email)
    if password != repeated:
        raise InvalidInput("The two passwords differ.", field="repeated")
