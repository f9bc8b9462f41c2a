"""Rules of signing in: how long, how often, and what a password must be."""

from __future__ import annotations

from datetime import datetime, timedelta

from billing_app.domain.errors import InvalidInput

# ASVS 5.0 7.3.1 and 7.3.2 ask for documented limits. A bookkeeper works in these
# pages all day, so idleness ends a session after two hours, and a day always does.
SESSION_IDLE = timedelta(hours=2)
SESSION_LIFETIME = timedelta(hours=12)
# How stale `seen_at` may be: writing it on every click would cost a commit each.
SESSION_SEEN_STEP = timedelta(minutes=5)

PASSWORD_LENGTH_MIN = 12
PASSWORD_LENGTH_MAX = 200
FAILURES_FREE = 5
LOCK_FIRST = timedelta(minutes=1)
LOCK_LONGEST = timedelta(minutes=30)


def is_session_live(created_at: datetime, seen_at: datetime, now: datetime) -> bool:
    return now - created_at < SESSION_LIFETIME and now - seen_at < SESSION_IDLE


def locked_until(failed_count: int, now: datetime) -> datetime | None:
    """Return when the next try is heard, doubling from a minute to half an hour.

    The lock opens by itself: nobody can shut another person out for good.
    """
    if failed_count < FAILURES_FREE:
        return None
    doublings = min(failed_count - FAILURES_FREE, 10)
    return now + min(LOCK_FIRST * 2**doublings, LOCK_LONGEST)


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
