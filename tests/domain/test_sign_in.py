from datetime import UTC, datetime, timedelta

import pytest

from billing_app.domain.errors import InvalidInput
from billing_app.domain.sign_in import (
    LOCK_LONGEST,
    SESSION_IDLE,
    SESSION_LIFETIME,
    STEP_LIFETIME,
    Owes,
    check_new_password,
    check_password,
    is_locked,
    is_session_live,
    locked_until,
    safe_next,
)

NOW = datetime(2026, 3, 2, 11, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class TestIsSessionLive:
    @pytest.mark.parametrize(
        ("owes", "age", "idle", "is_live"),
        [
            (Owes.NOTHING, SESSION_IDLE, SESSION_IDLE - SECOND, True),
            (Owes.NOTHING, SESSION_IDLE, SESSION_IDLE, False),
            (Owes.NOTHING, SESSION_LIFETIME - SECOND, SECOND, True),
            (Owes.NOTHING, SESSION_LIFETIME, SECOND, False),
            (Owes.CODE, STEP_LIFETIME - SECOND, SECOND, True),
            (Owes.CODE, STEP_LIFETIME, SECOND, False),
            (Owes.PASSWORD, STEP_LIFETIME, SECOND, False),
            # The clock was set back: by a breath, and by more than a pause.
            (Owes.NOTHING, -SECOND, -SECOND, True),
            (Owes.NOTHING, -SESSION_IDLE, -SESSION_IDLE, False),
            (Owes.NOTHING, -SESSION_LIFETIME, SECOND, False),
        ],
    )
    def test_ends_by_age_and_by_idleness(
        self, owes: Owes, age: timedelta, idle: timedelta, is_live: bool
    ):
        assert is_session_live(owes, NOW - age, NOW - idle, NOW) is is_live


class TestLockedUntil:
    def test_is_open_for_the_free_tries(self):
        assert locked_until(4, 5, NOW) is None

    def test_doubles_from_a_minute_to_half_an_hour(self):
        waits = [locked_until(count, 5, NOW) for count in (5, 6, 7, 99)]

        minutes = [(until - NOW) / timedelta(minutes=1) for until in waits if until]
        assert minutes == [1, 2, 4, LOCK_LONGEST / timedelta(minutes=1)]

    def test_opens_by_itself_under_any_clock(self):
        """One that was made while the clock was a year ahead holds nobody up."""
        ends = locked_until(5, 5, NOW)
        assert ends is not None

        assert is_locked(ends, NOW)
        assert not is_locked(ends, ends)
        assert not is_locked(ends, NOW - timedelta(days=365))
        assert not is_locked(None, NOW)


class TestSafeNext:
    @pytest.mark.parametrize(
        "path", ["/", "/invoices?status=due&q=a%20b", "/invoices/12", "/a.b/c~d"]
    )
    def test_keeps_a_path_of_ours(self, path: str):
        assert safe_next(path) == path

    @pytest.mark.parametrize(
        "path",
        [
            "",
            "invoices",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/\n/evil.example",
            "/..//evil.example",
            "/ok#//evil.example",
            "/ｏｋ",
            "@evil.example",
            " //evil.example",
            "/" + "a" * 600,
        ],
    )
    def test_drops_what_could_lead_elsewhere(self, path: str):
        assert safe_next(path) == "/"


class TestCheckPassword:
    @pytest.mark.parametrize(
        "password", ["short", "x" * 201, "aaaaaaaaaaaaaaa", "OWNER@heron.example"]
    )
    def test_refuses_what_is_easily_guessed(self, password: str):
        with pytest.raises(InvalidInput) as refusal:
            check_password(password, "owner@heron.example")

        assert refusal.value.field == "password"

    def test_takes_a_sentence_in_any_script(self):
        check_password("正しい馬の電池 はホチキス", "owner@heron.example")

    def test_refuses_two_that_differ(self):
        with pytest.raises(InvalidInput) as refusal:
            check_new_password("correct horse battery", "correct horse", "a@b.example")

        assert refusal.value.field == "repeated"
