"""How an invoice says what it charges: by lines, as one amount, or as part of a job."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from billing_app.domain.document import JobShare
from billing_app.domain.errors import InvalidInput
from billing_app.domain.money import Money, priced
from billing_app.domain.parsing import parse_amount, parse_percent


class InvoiceMode(StrEnum):
    """What the sum of an invoice is made of."""

    LINES = "lines"
    FIXED = "fixed"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True)
class Charge:
    """What an invoice without line items charges, and what part of a job that is."""

    amount: Money
    share: JobShare | None = None


def read_amount(amount: str, currency: str) -> Charge:
    """Read a fixed amount.

    Raises:
        InvalidInput: it is missing or no amount.
    """
    if not amount.strip():
        raise InvalidInput("Write the amount to charge.", field="amount")
    return Charge(parse_amount(amount, currency, field="amount"))


def read_share(percent: str, job_total: str, currency: str) -> Charge:
    """Read a percentage of what a job comes to as a whole.

    Raises:
        InvalidInput: the job has no total, or one of them can't be read.
    """
    if not percent.strip():
        raise InvalidInput("Write how much of the job to charge.", field="percent")
    part = parse_percent(percent, field="percent")
    if not part:
        raise InvalidInput("Charge more than 0% of the job.", field="percent")
    if not job_total.strip():
        raise InvalidInput(
            "This job has no total yet, so nothing can be charged of it.",
            field="job_total",
        )
    total = parse_amount(job_total, currency, field="job_total", what="job total")
    if total.minor <= 0:
        raise InvalidInput(
            "The job's total is zero, so nothing can be charged of it.",
            field="job_total",
        )
    amount = priced(total.decimal, part / Decimal(100), currency)
    return Charge(amount, JobShare(part, total.minor))
