"""How likely a customer is to pay late, and why."""

import pytest

from billing_app.domain.risk import RiskFacts, RiskLevel, compute_risk


def test_nothing_known_is_low_and_has_no_reason():
    risk = compute_risk(RiskFacts())

    assert risk.level == RiskLevel.LOW
    assert risk.reasons == ()


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (RiskFacts(overdue_days=7, overdue_words="€10.00"), "€10.00 overdue"),
        (RiskFacts(unseen_count=1), "1 open invoice never seen"),
        (RiskFacts(failed_attempts=2), "2 online payments failed"),
        (RiskFacts(broken_promises=1), "1 promised date passed"),
        (RiskFacts(unanswered_reminders=3), "3 reminders sent"),
    ],
)
def test_one_reason_is_worth_watching_and_is_said(facts: RiskFacts, words: str):
    risk = compute_risk(facts)

    assert risk.level == RiskLevel.WATCH
    assert words in risk.reasons[0]


@pytest.mark.parametrize(
    "facts",
    [
        RiskFacts(overdue_days=6, overdue_words="€10.00"),
        RiskFacts(failed_attempts=1),
        RiskFacts(unanswered_reminders=1),
    ],
)
def test_what_happens_to_everybody_is_no_reason(facts: RiskFacts):
    assert compute_risk(facts).level == RiskLevel.LOW


@pytest.mark.feature("F105")
def test_a_long_overdue_and_a_broken_promise_are_high_heaviest_first():
    facts = RiskFacts(
        overdue_days=31, overdue_words="€10.00", unseen_count=2, broken_promises=1
    )

    risk = compute_risk(facts)

    assert risk.level == RiskLevel.HIGH
    assert "never seen" in risk.reasons[-1]
