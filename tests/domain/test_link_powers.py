from dataclasses import replace
from typing import Any

import pytest

from billing_app.domain.actors import PortalVisitor, Proof
from billing_app.domain.link_powers import (
    Power,
    Rung,
    describe_own,
    list_powers,
    list_rungs,
    rung_of,
)
from billing_app.domain.portal_place import Door, PortalPlace
from billing_app.domain.portal_settings import (
    CommentMode,
    DisputeMode,
    PaymentMode,
    PortalSettings,
    PortalSetup,
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
        (
            WriteAuth.SESSION,
            Rung.INVOICE_LINK,
            "Write comments after signing in",
        ),
        (WriteAuth.SESSION, Rung.SESSION, "Write comments"),
        (
            WriteAuth.CODE_TOTP,
            Rung.SESSION,
            "Write comments after a code of an authenticator app",
        ),
        (
            WriteAuth.CODE_TOTP,
            Rung.INVOICE_LINK,
            "Write comments after a code by mail and one of an authenticator app",
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


def test_a_code_alone_writes_nothing_where_one_has_to_sign_in():
    powers = list_powers(PortalSettings(write_auth=WriteAuth.SESSION), Rung.CODE)

    assert Power("Write comments", False) in powers


def test_staff_are_told_what_the_right_to_pay_means():
    holders = {it.rung: it.holder for it in list_rungs(PortalSettings())}

    assert "without “Can pay” only looks" in holders[Rung.CODE]
    assert "without “Can pay” only looks" in holders[Rung.SESSION]


class TestOwn:
    LINK = PortalVisitor(1, 1, link_id=1, invoice_id=1)
    PLACE = PortalPlace(Door.INVOICE_LINK, "key", is_account=False)

    def setup_of(self, **settings: Any) -> PortalSetup:
        return PortalSetup(
            settings=PortalSettings(**settings),
            zone="UTC",
            home_currency="EUR",
            is_connected=True,
            can_charge=True,
            slug="northwind",
        )

    @pytest.mark.parametrize("write_auth", [WriteAuth.CODE, WriteAuth.CODE_TOTP])
    def test_says_which_proof_would_let_one_write(self, write_auth: WriteAuth):
        it = describe_own(
            self.setup_of(write_auth=write_auth), self.LINK, self.PLACE, "en"
        )

        assert "this invoice" in it.way
        assert [step.href for step in it.steps] == [
            "/p/key/verify",
            "/account/northwind/sign-in",
        ]

    def test_who_has_given_it_is_asked_no_more(self):
        proven = replace(self.LINK, proof=Proof.CODE, session_id=1)
        setup = self.setup_of(allows_sign_in=False)
        it = describe_own(setup, proven, self.PLACE, "en")

        assert it.steps == ()
        assert Power("Write comments", True) in it.powers

    def test_who_has_typed_in_a_code_of_the_app_writes(self):
        proven = replace(self.LINK, proof=Proof.CODE, session_id=1, has_totp=True)
        setup = self.setup_of(write_auth=WriteAuth.CODE_TOTP)

        it = describe_own(setup, proven, self.PLACE, "en")

        assert Power("Write comments", True) in it.powers
        assert Power("Open a dispute", True) in it.powers

    def test_nobody_is_sent_to_sign_in_where_that_is_off(self):
        setup = self.setup_of(write_auth=WriteAuth.SESSION, allows_sign_in=False)

        it = describe_own(setup, self.LINK, self.PLACE, "en")

        assert it.steps == ()
        assert Power("Write comments", False) in it.powers

    def test_who_may_not_pay_is_told_so(self):
        setup = replace(self.setup_of(), is_pay_refused=True)
        proven = replace(self.LINK, proof=Proof.CODE, session_id=1, may_pay=False)

        it = describe_own(setup, proven, self.PLACE, "en")

        assert it.way.startswith("You may look at this account, but not pay for it.")

    def test_nothing_is_asked_for_where_nothing_is_written(self):
        setup = self.setup_of(
            comments=CommentMode.READ,
            disputes=DisputeMode.VIEW,
            allows_sign_in=False,
        )

        assert describe_own(setup, self.LINK, self.PLACE, "en").steps == ()

    @pytest.mark.parametrize(
        ("proof", "door", "rung"),
        [
            (Proof.LINK, Door.INVOICE_LINK, Rung.INVOICE_LINK),
            (Proof.LINK, Door.CUSTOMER_LINK, Rung.CUSTOMER_LINK),
            (Proof.CODE, Door.INVOICE_LINK, Rung.CODE),
            (Proof.SESSION, Door.SIGNED_IN, Rung.SESSION),
            (Proof.SESSION, Door.INVOICE_LINK, Rung.SESSION),
        ],
    )
    def test_the_way_in_follows_from_door_and_proof(
        self, proof: Proof, door: Door, rung: Rung
    ):
        assert rung_of(replace(self.LINK, proof=proof), door) == rung
