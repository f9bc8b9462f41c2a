"""Authentication codes from an app (TOTP, RFC 6238) and the recovery codes."""

from __future__ import annotations

import re
from datetime import datetime

from pyotp.exceptions import OTPVerificationError
from pyotp.totp import TOTP

ISSUER = "Tallyport"
RECOVERY_CODES = 10
# One step either way: clocks differ, and people type slowly.
_WINDOW = 1

_CODE = re.compile("[0-9]{6}", re.ASCII)
_RECOVERY_CODE = re.compile("[a-z2-7]{16}", re.ASCII)


def accepted_step(secret: str, typed: str, last_step: int, now: datetime) -> int | None:
    """Return the time step of a right code that is newer than the last accepted.

    Storing the step, not the code, makes each code work once, however it is
    written. Only ASCII digits count: pyotp itself would take full-width ones.
    """
    code = re.sub("[ -]", "", typed)
    if not _CODE.fullmatch(code):
        return None
    try:
        step = TOTP(secret).verify_and_get_timecode(
            code, for_time=now, valid_window=_WINDOW
        )
    except OTPVerificationError:
        return None
    return step if step > last_step else None


def plain_recovery_code(typed: str) -> str | None:
    """Return a recovery code as it was made, or None if it can't be one."""
    code = re.sub(r"[\s-]", "", typed).lower()
    return code if _RECOVERY_CODE.fullmatch(code) else None


def shown_recovery_code(code: str) -> str:
    """Write a recovery code in groups of four."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def provisioning_uri(secret: str, email: str) -> str:
    """Return what the QR code tells the authenticator app."""
    return TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)
