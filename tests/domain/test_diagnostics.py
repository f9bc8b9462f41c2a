"""Support reads each gate with its answer, its reason and who decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from billing_app.domain.diagnostics import (
    Check,
    CodeState,
    DiagnosticFacts,
    LinkState,
    ask_all,
)
from billing_app.domain.payability import Gate, GateName
from billing_app.domain.portal_settings import resolve

NOW = datetime(2026, 3, 2, 11, tzinfo=UTC)
LINK = LinkState(NOW, None, None)
GOOD = DiagnosticFacts(
    resolved=resolve({"write_auth": "code", "disputes": "open"}, {}, {}),
    is_published=True,
    is_draft=False,
    link=LINK,
    seen_at=None,
    code=None,
    sessions=1,
    account_sessions=0,
    totp_sessions=0,
    can_be_mailed=True,
    pay_gates=(Gate(GateName.PAYABLE, True),),
    now=NOW,
)


def failing(facts: DiagnosticFacts) -> list[Check]:
    """List each shut gate once, though several questions ask some of them."""
    asked = ask_all(facts)
    shut = (check for it in asked for check in it.checks if not check.is_passed)
    return list(dict.fromkeys(shut))


def code(**changes: Any) -> CodeState:
    made = CodeState(NOW - timedelta(minutes=13), NOW - timedelta(minutes=3), None, 0)
    return replace(made, **changes)


def test_nothing_fails_where_all_is_well():
    assert failing(GOOD) == []
    assert [it.answer for it in ask_all(GOOD)] == ["Yes"] * 4


@pytest.mark.feature("C15")
@pytest.mark.parametrize(
    ("activity", "seen_at", "words"),
    [
        ("full", None, "never seen"),
        ("off", None, "looks are not recorded"),
        ("off", NOW - timedelta(days=2), "seen 2 days ago"),
    ],
)
def test_who_records_no_looks_does_not_say_that_there_were_none(
    activity: str, seen_at: datetime | None, words: str
):
    facts = replace(GOOD, resolved=resolve({"activity": activity}, {}, {}))

    asked = ask_all(replace(facts, link=LINK, seen_at=seen_at))

    assert [it.aside for it in asked[0].checks if it.words == "Link works"] == [words]


@pytest.mark.feature("F018")
@pytest.mark.parametrize(
    ("changes", "words", "reason"),
    [
        ({"is_published": False}, "Published", "Publish it"),
        ({"link": None}, "Link works", "No link was made"),
        ({"link": replace(LINK, revoked_at=NOW)}, "Link works", "revoked"),
        (
            {"link": replace(LINK, expires_at=NOW - timedelta(days=2))},
            "Link works",
            "expired 2 days ago",
        ),
        ({"sessions": 0}, "Confirmed who they are", "No code was asked for"),
        ({"sessions": 0, "code": code()}, "Confirmed who they are", "expired unused"),
        (
            {"sessions": 0, "code": code(tries=5)},
            "Confirmed who they are",
            "mistyped too often",
        ),
        (
            {"sessions": 0, "code": code(used_at=NOW)},
            "Confirmed who they are",
            "session has ended",
        ),
        (
            {"sessions": 0, "can_be_mailed": False},
            "Confirmed who they are",
            "no email address",
        ),
        (
            {
                "resolved": resolve(
                    {"write_auth": "session", "disputes": "open"}, {}, {}
                )
            },
            "Confirmed who they are",
            "signed-in customer",
        ),
        (
            {"pay_gates": (Gate(GateName.PAYABLE, False, "It is void."),)},
            "The invoice can be paid",
            "It is void.",
        ),
    ],
)
def test_a_shut_gate_says_why(changes: dict[str, Any], words: str, reason: str):
    (check,) = failing(replace(GOOD, **changes))

    assert check.words == words
    assert reason in check.reason


@pytest.mark.parametrize(
    "workspace",
    [
        {"comments": "off", "disputes": "open"},
        {"write_auth": "off", "disputes": "open"},
        {"disputes": "view"},
        {"disputes": "open", "is_on": False},
    ],
)
def test_what_was_switched_off_is_no_failure(workspace: dict[str, Any]):
    asked = ask_all(replace(GOOD, resolved=resolve(workspace, {}, {})))

    answers = {it.answer for it in asked if it.failed}
    assert answers == {"No, switched off"}


def test_online_payment_that_was_switched_off_is_no_failure():
    gates = (
        Gate(GateName.ENABLED, False, "Switched off."),
        Gate(GateName.CONNECTED, False, "Stripe is not connected."),
    )
    asked = ask_all(replace(GOOD, pay_gates=gates))

    assert asked[-1].answer == "No, switched off"
    assert not asked[-1].checks[1].is_choice


def test_a_business_that_shows_what_it_sent_is_told_so():
    resolved = resolve({"visible_on": "send", "disputes": "open"}, {}, {})
    (check,) = failing(replace(GOOD, resolved=resolved, is_published=False))

    assert check.reason.startswith("Mark it as sent first")


@pytest.mark.feature("F018", "F078")
@pytest.mark.parametrize(
    ("workspace", "reason"),
    [
        ({"write_auth": "session"}, "no right to see all invoices"),
        ({"write_auth": "code_totp"}, "Reset app"),
        (
            {"write_auth": "session", "allows_sign_in": False},
            "signing in is switched off, workspace setting",
        ),
    ],
)
def test_a_code_that_is_not_enough_names_what_is_missing(
    workspace: dict[str, Any], reason: str
):
    resolved = resolve({"disputes": "open", **workspace}, {}, {})
    (check,) = failing(replace(GOOD, resolved=resolved))

    assert reason in check.reason


def test_a_contact_who_may_not_pay_is_named_and_shuts_nobody_out():
    asked = ask_all(replace(GOOD, looking_sessions=1))

    assert asked[-1].answer == "Yes"
    assert "1 browser of a contact without “Can pay”" in asked[-1].checks[-1].aside


def test_what_is_missing_is_counted():
    asked = ask_all(replace(GOOD, is_published=False, link=None))

    assert asked[0].answer == "No: 2 conditions are not met"


@pytest.mark.parametrize(
    ("levels", "decided"),
    [
        (({"comments": "read"}, {}, {}), "workspace setting"),
        (({}, {"comments": "read"}, {}), "set on this customer"),
        (({}, {"comments": "off"}, {"comments": "read"}), "set on this invoice"),
    ],
)
def test_says_which_level_decided(levels: tuple[Any, Any, Any], decided: str):
    workspace = {"disputes": "open", **levels[0]}
    resolved = resolve(workspace, *levels[1:])
    (check,) = failing(replace(GOOD, resolved=resolved))

    assert check.words == "Comments are on"
    assert check.aside == f"Read only, {decided}"


@pytest.mark.feature("F018")
@pytest.mark.parametrize(("mode", "words"), [("off", "Off"), ("view", "Only shown")])
def test_says_why_nobody_can_answer_a_dispute(mode: str, words: str):
    resolved = resolve({"write_auth": "code"}, {"disputes": mode}, {})
    asked = ask_all(replace(GOOD, resolved=resolved))

    (question,) = (it for it in asked if it.failed)
    assert question.words == "Can answer a dispute"
    (check,) = (it for it in question.checks if not it.is_passed)
    assert check.reason == f"{words}, set on this customer."


@pytest.mark.feature("F078")
@pytest.mark.parametrize(
    ("changes", "is_unexpected"),
    [
        ({"sessions": 0}, False),
        ({"sessions": 0, "code": code()}, True),
        ({"sessions": 0, "code": code(tries=9, expires_at=NOW)}, True),
        ({"sessions": 0, "code": code(expires_at=NOW + timedelta(minutes=1))}, False),
        ({"sessions": 0, "can_be_mailed": False}, True),
        ({"is_published": False, "link": None}, False),
        ({"link": replace(LINK, revoked_at=NOW)}, True),
        ({"pay_gates": (Gate(GateName.OUTSTANDING, False),)}, False),
        ({"pay_gates": (Gate(GateName.ENABLED, False),)}, False),
        ({"pay_gates": (Gate(GateName.CONNECTED, False),)}, True),
    ],
)
def test_only_what_nobody_meant_or_waits_for_is_unexpected(
    changes: dict[str, Any], is_unexpected: bool
):
    asked = ask_all(replace(GOOD, **changes))

    assert any(it.failed for it in asked)
    assert any(it.is_unexpected for it in asked) == is_unexpected
