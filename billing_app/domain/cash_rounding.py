"""What is due as cash can be paid: the step of each currency, such as CHF 0.05."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from billing_app.domain.currencies import is_currency
from billing_app.domain.errors import InvalidInput
from billing_app.domain.money import Money
from billing_app.domain.parsing import parse_amount

# Above every smallest coin or note, and below what would be an error in typing.
STEP_MAX = 1_000

_FIELD = "cash_rounding"
_BETWEEN = re.compile(r"[\s,;]+(?=[A-Za-z])")
_ONE = re.compile(r"([A-Za-z]{3})\s*(\S+)")


def parse_cash_rounding(text: str) -> dict[str, int]:
    """Read steps such as SEK 1.00, CHF 0.05; return them in minor units by currency.

    Raises:
        InvalidInput: a step can't be read, or a currency has two.
    """
    steps: dict[str, int] = {}
    for part in _BETWEEN.split(text.strip(" ,;")):
        if not part:
            continue
        read = _ONE.fullmatch(part)
        code = read[1].upper() if read else ""
        if read is None or not is_currency(code):
            raise InvalidInput(
                "Write each currency and its step, like SEK 1.00, CHF 0.05.",
                field=_FIELD,
            )
        if code in steps:
            raise InvalidInput(f"{code} is here twice.", field=_FIELD)
        step = parse_amount(read[2], code, field=_FIELD, what="step")
        if not 0 < step.decimal <= STEP_MAX:
            raise InvalidInput(
                f"The step of {code} must be above zero, and {STEP_MAX:,} at most.",
                field=_FIELD,
            )
        steps[code] = step.minor
    return steps


def format_cash_rounding(steps: Mapping[str, int]) -> str:
    """Return steps as they are typed, by currency."""
    return ", ".join(
        f"{code} {Money(minor, code).decimal:f}"
        for code, minor in sorted(steps.items())
    )


def check_cash_rounding(stored: Mapping[str, Any]) -> None:
    """Refuse steps that could not have been typed.

    Raises:
        InvalidInput: so it is with one of these.
    """
    for minor in stored.values():
        if type(minor) is not int:
            raise InvalidInput("A step must be a whole number.", field=_FIELD)
    if not all(map(is_currency, stored)):
        raise InvalidInput("A step must be of a currency.", field=_FIELD)
    parse_cash_rounding(format_cash_rounding(stored))
