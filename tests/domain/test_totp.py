from datetime import UTC, datetime, timedelta

import pytest
from pyotp.totp import TOTP

from billing_app.domain.totp import (
    accepted_step,
    plain_recovery_code,
    provisioning_uri,
    shown_recovery_code,
)

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOW = datetime(2026, 3, 2, 11, tzinfo=UTC)
STEP = int(NOW.timestamp()) // 30


def code_at(seconds: int) -> str:
    return TOTP(SECRET).at(NOW + timedelta(seconds=seconds))


class TestAcceptedStep:
    @pytest.mark.parametrize(("seconds", "step"), [(-30, -1), (0, 0), (30, 1)])
    def test_takes_the_code_of_one_step_around(self, seconds: int, step: int):
        assert accepted_step(SECRET, code_at(seconds), 0, NOW) == STEP + step

    @pytest.mark.parametrize("seconds", [-90, -60, 60, 90])
    def test_refuses_one_further_away(self, seconds: int):
        assert accepted_step(SECRET, code_at(seconds), 0, NOW) is None

    def test_takes_each_step_once(self):
        assert accepted_step(SECRET, code_at(0), STEP, NOW) is None

    def test_takes_a_code_written_in_two_groups(self):
        code = code_at(0)

        assert accepted_step(SECRET, f" {code[:3]} {code[3:]}", 0, NOW) == STEP

    def test_refuses_full_width_digits(self):
        """pyotp alone would fold them, and a replay check on text would miss it."""
        full_width = code_at(0).translate({ord("0") + n: 0xFF10 + n for n in range(10)})

        assert accepted_step(SECRET, full_width, 0, NOW) is None

    @pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦"])
    def test_refuses_what_is_no_code(self, typed: str):
        assert accepted_step(SECRET, typed, 0, NOW) is None


class TestRecoveryCodes:
    def test_are_read_as_they_are_shown(self):
        shown = shown_recovery_code("abcd2345efgh67ij")

        assert shown == "abcd-2345-efgh-67ij"
        assert plain_recovery_code(f" {shown.upper()} ") == "abcd2345efgh67ij"

    @pytest.mark.parametrize("typed", ["", "abcd", "abcd-2345-efgh-01ij", "a" * 17])
    def test_other_text_is_none(self, typed: str):
        assert plain_recovery_code(typed) is None


def test_the_app_is_told_who_and_where():
    uri = provisioning_uri(SECRET, "owner@heron.example")

    assert uri.startswith("otpauth://totp/Tallyport:owner%40heron.example?")
    assert "issuer=Tallyport" in uri
