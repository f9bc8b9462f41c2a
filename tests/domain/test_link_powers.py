import pytest

from billing_app.domain.link_powers import Rung, list_powers, list_rungs
from billing_app.domain.portal_settings import (
    CommentMode,
    DisputeMode,
    PaymentMode,
    PortalSettings,
    WriteAuth,
)


def given(settings: PortalSettings, rung: Rung) -> set[str]:
    return {power.words for power in list_powers(settings, rung) if power.is_given}


def test_a_link_reads_its_scope():
    settings = PortalSettings()

    assert "Read this one invoice; the others stay hidden" in given(
        settings, Rung.INVOICE_LINK
    )
    assert "Read every invoice of this customer" in given(settings, Rung.CUSTOMER_LINK)
    assert "Read every invoice of this customer" in given(
        PortalSettings(link_opens_account=True), Rung.INVOICE_LINK
    )


@pytest.mark.parametrize(
    ("write_auth", "rung", "words"),
    [
        (WriteAuth.LINK, Rung.INVOICE_LINK, "Write comments"),
        (WriteAuth.CODE, Rung.INVOICE_LINK, "Write comments after a code by mail"),
        (WriteAuth.CODE, Rung.CODE, "Write comments"),
        (WriteAuth.SESSION, Rung.CODE, "Write comments after signing in"),
        (WriteAuth.SESSION, Rung.SESSION, "Write comments"),
        (
            WriteAuth.CODE_TOTP,
            Rung.SESSION,
            "Write comments after a code of an authenticator app",
        ),
    ],
)
def test_writing_says_which_proof_is_still_missing(
    write_auth: WriteAuth, rung: Rung, words: str
):
    assert words in given(PortalSettings(write_auth=write_auth), rung)


def test_what_is_switched_off_is_given_to_nobody():
    settings = PortalSettings(
        shows_pdf=False,
        payment=PaymentMode.OFF,
        comments=CommentMode.OFF,
        disputes=DisputeMode.OFF,
        shows_reminders=False,
    )

    for rung in Rung:
        assert len(given(settings, rung)) == 1


@pytest.mark.parametrize("key", ["is_on", "shows_invoices"])
def test_a_closed_portal_gives_nothing(key: str):
    settings = PortalSettings(**{key: False})

    assert all(not given(settings, each.rung) for each in list_rungs(settings))


def test_nobody_signs_in_where_that_is_off():
    assert not given(PortalSettings(allows_sign_in=False), Rung.SESSION)
