"""How sure we are that a person has looked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from billing_app.domain.actors import PortalVisitor, Proof
from billing_app.domain.visit import (
    Evidence,
    VisitKind,
    is_looked_at,
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
