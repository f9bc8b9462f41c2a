"""The kinds of tax a workspace can charge, as e-invoices name them."""

from __future__ import annotations

from decimal import Decimal

from billing_app.domain.errors import InvalidInput

# UNCL 5305, the part of it that EN 16931 allows, in words people know.
TAX_CATEGORIES = {
    "S": "Standard or reduced rate",
    "Z": "Zero rate",
    "E": "Exempt",
    "AE": "Reverse charge",
    "K": "Sale within the EU",
    "G": "Export outside the EU",
    "O": "Not subject to tax",
}


# Where a tax number is a VAT number: the European Union and its neighbours.
VAT_COUNTRIES = frozenset([
    "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR",
    "GB", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MT",
    "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
])  # fmt: skip


def check_tax(category: str, percent: Decimal, exemption_reason: str) -> None:
    """Refuse a tax that an invoice could not show correctly.

    EN 16931: BR-S-05 wants a rate above zero, BR-Z-05, BR-E-05, BR-AE-05, BR-IC-05,
    BR-G-05 and BR-O-05 want none; BR-E-10 wants the reason.
    """
    if category not in TAX_CATEGORIES:
        raise InvalidInput("Choose what kind of tax it is.", field="category")
    if category == "S" and percent == 0:
        raise InvalidInput(
            "A rate of zero is another kind of tax: choose which.", field="category"
        )
    if category != "S" and percent != 0:
        raise InvalidInput(
            f"“{TAX_CATEGORIES[category]}” has a rate of 0.", field="percent"
        )
    if category == "E" and not exemption_reason:
        raise InvalidInput(
            "Write why it is exempt; the invoice has to say so.",
            field="exemption_reason",
        )
