from datetime import UTC, date, datetime

import pytest

from billing_app.domain.portal_settings import (
    CommentMode,
    Level,
    LinkExpiry,
    PaymentMode,
    PortalSettings,
    SystemLimits,
    WriteAuth,
    link_expires_at,
    resolve,
)

NOTHING: dict[str, object] = {}


def test_what_is_stored_is_read_again():
    chosen = PortalSettings(comments=CommentMode.READ, write_auth=WriteAuth.SESSION)

    assert PortalSettings.from_stored(chosen.to_stored()) == chosen


def test_an_unknown_key_is_ignored():
    assert PortalSettings.from_stored({"of_a_later_version": 1}) == PortalSettings()


class TestResolve:
    def test_the_narrowest_level_wins(self):
        found = resolve(
            {"write_auth": "link", "comments": "read"},
            {"write_auth": "session"},
            {"write_auth": "code_totp"},
        )

        assert found.settings.write_auth == WriteAuth.CODE_TOTP
        assert found.levels["write_auth"] == Level.INVOICE
        assert found.levels["comments"] == Level.WORKSPACE

    def test_a_level_answers_only_what_it_may(self):
        found = resolve(NOTHING, NOTHING, {"is_on": False, "welcome": "Hello"})

        assert found.settings == PortalSettings()

    @pytest.mark.parametrize("key", ["is_on", "shows_invoices", "allows_sign_in"])
    def test_a_customer_does_not_open_what_is_shut_for_all(self, key: str):
        found = resolve({key: False}, {key: True}, NOTHING)

        assert getattr(found.settings, key) is False
        assert found.levels[key] == Level.WORKSPACE

    @pytest.mark.feature("C01")
    def test_the_system_has_the_last_word(self):
        limits = SystemLimits(can_charge=False)

        found = resolve(NOTHING, NOTHING, {"payment": "online"}, limits)

        assert found.settings.payment == PaymentMode.INSTRUCTIONS
        assert found.levels["payment"] == Level.SYSTEM

    @pytest.mark.feature("C01", "F101")
    def test_paying_can_be_switched_off_for_all(self):
        found = resolve({"allows_payment": False}, {"payment": "online"}, NOTHING)

        assert found.settings.payment == PaymentMode.OFF
        assert found.levels["payment"] == Level.WORKSPACE


@pytest.mark.feature("C06")
@pytest.mark.parametrize(
    ("expiry", "expires_at"),
    [
        (LinkExpiry.NEVER, None),
        (LinkExpiry.AFTER_DAYS, datetime(2026, 3, 31, 12, tzinfo=UTC)),
        # The due date is the 20th, which lasts to its end wherever one lives.
        (LinkExpiry.AFTER_DUE, datetime(2026, 4, 20, tzinfo=UTC)),
        (LinkExpiry.AFTER_PAID, None),
    ],
)
def test_a_link_ends_when_the_business_says(
    expiry: LinkExpiry, expires_at: datetime | None
):
    settings = PortalSettings(link_expiry=expiry, link_expiry_days=30)
    made_at = datetime(2026, 3, 1, 12, tzinfo=UTC)

    assert link_expires_at(settings, made_at, date(2026, 3, 20)) == expires_at
