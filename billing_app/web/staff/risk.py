"""The risk signal of a customer: one word, and behind it why."""

from __future__ import annotations

from dataclasses import dataclass

import reflex as rx

from billing_app.domain.risk import Risk, RiskLevel
from billing_app.web.components.icons import icon


@dataclass(frozen=True, slots=True)
class RiskLine:
    """The word, and the reasons; both empty where there is nothing to say."""

    word: str = ""
    is_high: bool = False
    reasons: tuple[str, ...] = ()


def risk_line(risk: Risk) -> RiskLine:
    """Put a signal into words; a low risk needs none."""
    if risk.level == RiskLevel.LOW:
        return RiskLine()
    return RiskLine(risk.level.value, risk.level == RiskLevel.HIGH, risk.reasons)


def risk_signal(it: rx.vars.ObjectVar[RiskLine]) -> rx.Component:
    """Draw the word; pressing it opens the reasons."""
    return rx.cond(
        it.word != "",
        rx.el.details(
            rx.el.summary(
                icon("alert", 14),
                it.word,
                rx.el.span(", why?", class_name="visually-hidden"),
            ),
            rx.el.ul(rx.foreach(it.reasons, rx.el.li)),
            class_name=rx.cond(it.is_high, "risk risk-high", "risk"),
        ),
        rx.fragment(),
    )
