from dataclasses import fields
from typing import Any

import pytest

from billing_app.domain.errors import InvalidInput
from billing_app.domain.portal_settings import (
    CUSTOMER_KEYS,
    Level,
    PaymentMode,
    PortalSettings,
    SystemLimits,
    resolve,
)
from billing_app.domain.portal_words import (
    PAGE_QUESTIONS,
    QUESTIONS,
    list_differences,
    say,
    say_why,
)
from billing_app.domain.profiles import PROFILES, Profile, get_profile
from billing_app.services.portal_settings import PortalForm


def test_every_setting_is_asked():
    assert {field.name for field in fields(PortalSettings)} == QUESTIONS.keys()


def test_the_form_answers_every_question_of_its_page():
    assert {field.name for field in fields(PortalForm)} == PAGE_QUESTIONS.keys()


@pytest.mark.parametrize("profile", PROFILES, ids=lambda it: it.key)
def test_every_answer_of_every_profile_can_be_said(profile: Profile):
    applied = profile.applied_to(PortalSettings())

    for key in QUESTIONS:
        assert say(key, getattr(applied, key), "EUR")


def test_a_profile_says_what_it_changes():
    now = PortalSettings(welcome="Hello", minimum_minor=2550)

    found = list_differences(now, get_profile("closed_billing").applied_to(now), "EUR")

    said = {each.label: (each.now, each.then) for each in found}
    assert said["How customers pay"] == (
        "Online and instructions",
        "Not here: they only look",
    )
    assert "Welcome" not in said
    assert "Least part payment" not in said


def test_an_unknown_profile_is_refused():
    with pytest.raises(InvalidInput):
        get_profile("closed billing")


def test_it_is_said_who_decided_and_why():
    found = resolve(
        {},
        {"comments": "off"},
        {"payment": "online"},
        SystemLimits(can_charge=False, is_connected=False),
    )

    assert found.settings.payment == PaymentMode.INSTRUCTIONS
    assert (
        say_why("payment", found) == "Online is not possible: Stripe is not connected"
    )
    assert say_why("comments", found) == "Set for this customer"
    assert say_why("disputes", found) == "From the workspace"
    assert found.levels["disputes"] == Level.WORKSPACE


def test_who_is_connected_but_may_not_charge_is_not_told_to_connect():
    found = resolve({}, {}, {"payment": "online"}, SystemLimits(can_charge=False))

    assert (
        say_why("payment", found) == "Online is not possible: Stripe may not charge yet"
    )


@pytest.mark.parametrize(
    ("of_all", "own", "key", "why"),
    [
        (
            {"allows_payment": False},
            {"payment": "online"},
            "payment",
            "Off for the whole workspace, whatever is set for this customer",
        ),
        (
            {"allows_payment": False},
            {"payment": "off"},
            "payment",
            "From the workspace",
        ),
        ({"allows_payment": False}, {}, "payment", "From the workspace"),
        (
            {"allows_sign_in": False},
            {"allows_sign_in": True},
            "allows_sign_in",
            "Off for the whole workspace, whatever is set for this customer",
        ),
        (
            {"allows_sign_in": False},
            {"allows_sign_in": False},
            "allows_sign_in",
            "From the workspace",
        ),
    ],
)
def test_an_answer_that_does_not_count_is_said_to_be_overruled(
    of_all: dict[str, Any], own: dict[str, Any], key: str, why: str
):
    assert say_why(key, resolve(of_all, own, {})) == why


def test_what_lists_are_walked_by_holds_for_a_whole_workspace():
    assert not {"grace_days", "debit_counts"} & CUSTOMER_KEYS
