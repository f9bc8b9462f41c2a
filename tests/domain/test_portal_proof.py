from dataclasses import replace

import pytest

from billing_app.domain.actors import PortalVisitor, Proof
from billing_app.domain.errors import NotPermitted
from billing_app.domain.portal_proof import (
    VerificationRequired,
    check_may_write,
    find_missing,
)
from billing_app.domain.portal_settings import WriteAuth

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
        ("session", ["session", "session", None, "session"]),
        ("code_totp", ["code", "code_totp", "code_totp", None]),
    ],
)
def test_each_mode_asks_for_its_proof(write_auth: str, missing: list[str | None]):
    visitors = [LINK, CODE, SESSION, WITH_TOTP]

    assert [find_missing(WriteAuth(write_auth), x) for x in visitors] == missing


def test_a_refusal_names_the_missing_proof():
    with pytest.raises(VerificationRequired) as refused:
        check_may_write(WriteAuth.SESSION, CODE)

    assert refused.value.wanted == WriteAuth.SESSION


def test_a_preview_never_writes():
    with pytest.raises(NotPermitted):
        check_may_write(WriteAuth.LINK, replace(SESSION, is_preview=True))
