"""Taxes, allowances and charges as plain JSON beside a line or an invoice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from billing_app.domain.money import Money
from billing_app.domain.totals import Adjustment, TaxTerms


def taxes_to_json(taxes: Iterable[TaxTerms], tax_id: str = "") -> list[dict[str, Any]]:
    """Write a tax set; `tax_id` is the rate it was chosen from, for the form."""
    return [
        {
            "name": tax.name,
            "category": tax.category,
            "percent": format(tax.percent, "f"),
            "exemption_reason": tax.exemption_reason,
            "exemption_code": tax.exemption_code,
            "is_compound": tax.is_compound,
            "tax_id": tax_id,
        }
        for tax in taxes
    ]


def taxes_from_json(stored: Sequence[dict[str, Any]]) -> tuple[TaxTerms, ...]:
    return tuple(
        TaxTerms(
            name=tax["name"],
            category=tax["category"],
            percent=Decimal(tax["percent"]),
            exemption_reason=tax.get("exemption_reason", ""),
            exemption_code=tax.get("exemption_code", ""),
            is_compound=tax.get("is_compound", False),
        )
        for tax in stored
    )


def adjustments_to_json(
    allowances: Iterable[Adjustment], charges: Iterable[Adjustment]
) -> list[dict[str, Any]]:
    """Write allowances and charges into one list, told apart by `kind`."""
    return [_to_json("allowance", x) for x in allowances] + [
        _to_json("charge", x) for x in charges
    ]


def adjustments_from_json(
    stored: Sequence[dict[str, Any]], currency: str
) -> tuple[tuple[Adjustment, ...], tuple[Adjustment, ...]]:
    """Return the allowances and the charges."""
    both = [(entry["kind"], _from_json(entry, currency)) for entry in stored]
    allowances = tuple(x for kind, x in both if kind == "allowance")
    charges = tuple(x for kind, x in both if kind == "charge")
    return allowances, charges


def _to_json(kind: str, adjustment: Adjustment) -> dict[str, Any]:
    amount, base = adjustment.amount, adjustment.base_amount
    percent, taxes = adjustment.percent, adjustment.taxes
    return {
        "kind": kind,
        "amount_minor": amount.minor if amount is not None else None,
        "percent": format(percent, "f") if percent is not None else None,
        "base_minor": base.minor if base is not None else None,
        "reason": adjustment.reason,
        "reason_code": adjustment.reason_code,
        "taxes": taxes_to_json(taxes) if taxes is not None else None,
    }


def _from_json(stored: dict[str, Any], currency: str) -> Adjustment:
    def money(name: str) -> Money | None:
        return None if stored[name] is None else Money(stored[name], currency)

    percent, taxes = stored["percent"], stored["taxes"]
    return Adjustment(
        amount=money("amount_minor"),
        percent=None if percent is None else Decimal(percent),
        base_amount=money("base_minor"),
        reason=stored["reason"],
        reason_code=stored["reason_code"],
        taxes=None if taxes is None else taxes_from_json(taxes),
    )
