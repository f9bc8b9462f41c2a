from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from billing_app.domain.actors import PortalVisitor, Proof
from billing_app.domain.errors import NotPermitted
from billing_app.domain.portal_proof import (
    CODE_LIFETIME,
    SESSION_IDLE,
    SESSION_LIFETIME,
    VerificationRequired,
    check_may_write,
    find_missing,
    is_code_live,
    is_session_live,
)
from billing_app.domain.portal_settings import WriteAuth

NOW = datetime(2026, 3, 2, 11, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LINK = PortalVisitor(1, 2, link_id=3, invoice_id=4)
CODE = replace(LINK, proof=Proof.CODE, session_id=5)
SESSION = replace(CODE, proof=Proof.SESSION)
WITH_TOTP = replace(CODE, has_totp=True)


@pytest.mark.parametrize(
    ("write_auth", "missing"),
    [
        # What is missing for: link, code, session, code and authenticator app.
        ("off", ["off", "off", "off", "off"]),
        ("link", [None, None, None, None]),
        ("code", ["code", None, None, None]),
        ("session", ["session", "off", None, "off"]),
        ("code_totp", ["code", "code_totp", "code_totp", None]),
    ],
)
def test_each_mode_asks_for_its_proof(write_auth: str, missing: list[str | None]):
    visitors = [LINK, CODE, SESSION, WITH_TOTP]

    assert [find_missing(WriteAuth(write_auth), x) for x in visitors] == missing


@pytest.mark.parametrize(
    ("left", "is_live"),
    [
        (CODE_LIFETIME, True),
        (timedelta(seconds=1), True),
        (timedelta(0), False),
        # The clock was set back a little, and by a day.
        (CODE_LIFETIME + timedelta(minutes=2), True),
        (timedelta(days=1), False),
    ],
)
def test_a_code_lives_for_minutes_under_any_clock(left: timedelta, is_live: bool):
    assert is_code_live(NOW + left, NOW) is is_live


@pytest.mark.parametrize(
    ("age", "idle", "is_live"),
    [
        (SESSION_IDLE, SESSION_IDLE - SECOND, True),
        (SESSION_IDLE, SESSION_IDLE, False),
        (SESSION_LIFETIME, SECOND, False),
        (-SECOND, -SECOND, True),
        (-SESSION_LIFETIME, -SECOND, False),
        (SECOND, -SESSION_IDLE, False),
    ],
)
def test_a_session_ends_under_any_clock(age: timedelta, idle: timedelta, is_live: bool):
    assert is_session_live(NOW - age, NOW - idle, NOW) is is_live


def test_a_refusal_names_the_missing_proof():
    with pytest.raises(VerificationRequired) as refused:
        check_may_write(WriteAuth.SESSION, LINK)

    assert refused.value.wanted == WriteAuth.SESSION


@pytest.mark.parametrize(
    ("write_auth", "words"),
    [(WriteAuth.OFF, "switched off"), (WriteAuth.SESSION, "see the whole account")],
)
def test_who_can_prove_no_more_is_told_why(write_auth: WriteAuth, words: str):
    with pytest.raises(NotPermitted, match=words) as refused:
        check_may_write(write_auth, CODE)

    assert not isinstance(refused.value, VerificationRequired)


def test_a_preview_never_writes():
    with pytest.raises(NotPermitted):
        check_may_write(WriteAuth.LINK, replace(SESSION, is_preview=True))
