"""How sure we are that a person has looked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from billing_app.domain.actors import PortalVisitor, Proof
from billing_app.domain.visit import (
    Evidence,
    VisitKind,
    is_looked_at,
    is_said_by_a_machine,
    once_key,
    seen_evidence,
)

VISITOR = PortalVisitor(1, 2, 3, 4)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize("proof", [Proof.CODE, Proof.SESSION])
def test_whoever_has_shown_a_code_is_verified(proof: Proof):
    assert seen_evidence(VISITOR) == Evidence.SEEN
    assert seen_evidence(replace(VISITOR, proof=proof)) == Evidence.VERIFIED


@pytest.mark.parametrize(
    ("method", "headers", "is_one"),
    [
        ("GET", {}, True),
        ("GET", {"user-agent": "curl/8.5.0"}, True),
        ("HEAD", {}, False),
        ("GET", {"sec-purpose": "prefetch"}, False),
        ("GET", {"sec-purpose": "Prefetch;Prerender"}, False),
        ("GET", {"purpose": "preview"}, False),
        ("GET", {"x-moz": "prefetch"}, False),
    ],
)
def test_a_request_made_ahead_is_nobody_s(method, headers, is_one):
    assert is_looked_at(method, headers) is is_one


def test_a_visit_has_one_name_within_an_hour():
    def name(minutes: int) -> str:
        at = NOON + timedelta(minutes=minutes)
        return once_key(VISITOR, Evidence.SEEN, VisitKind.PAGE, at)

    assert name(0) == name(59)
    assert name(59) != name(60)


MOZILLA = "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko"


@pytest.mark.feature("F103")
@pytest.mark.parametrize(
    "agent",
    [
        f"{MOZILLA}; compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        f"{MOZILLA}; compatible; bingbot/2.0) Chrome/130.0 Safari/537.36",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "facebookexternalhit/1.1",
        f"{MOZILLA}) Chrome/130.0 Safari/537.36 BingPreview/1.0b",
        "LinkedInBot/1.0 (compatible; Mozilla/5.0)",
        f"{MOZILLA}) Chrome/130.0 Safari/537.36 Chrome-Lighthouse",
    ],
)
def test_what_calls_itself_a_machine_is_nobody(agent: str):
    assert is_said_by_a_machine(agent)


@pytest.mark.parametrize(
    "agent",
    [
        "",
        f"{MOZILLA}) Chrome/130.0.0.0 Safari/537.36",
        "Mozilla/5.0 (Linux; Android 10; CUBOT NOTE 20) AppleWebKit/537.36",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Mobile",
    ],
)
def test_other_browsers_are_somebodys(agent: str):
    assert not is_said_by_a_machine(agent)
