"""What an invoice can be issued without, and should hardly be."""

from __future__ import annotations

from datetime import date

from billing_app.domain.document import Party
from billing_app.domain.money import Money
from billing_app.domain.terms import DocumentTerms

NO_ADDRESS = "Your own address is missing: Settings, Business has it."
NO_BUYER_ADDRESS = "The customer's address is missing, and tax is charged."


def list_lacking(
    seller: Party,
    buyer: Party,
    *,
    terms: DocumentTerms,
    tax: Money,
    total: Money,
    is_payable: bool,
    issued_on: date,
    today: date,
) -> tuple[str, ...]:
    """Name what most laws and every customer expect, one sentence each.

    Args:
        is_payable: it says where to pay: a bank account, or cards.
    """
    found = {
        NO_ADDRESS: not seller.address,
        NO_BUYER_ADDRESS: bool(tax.minor and not buyer.address),
        "It says nowhere how to pay: Settings, Payments has bank details and cards.": (
            total.minor > 0 and not is_payable
        ),
        "You have a VAT number, but no line has tax.": bool(
            seller.vat_id and _is_untaxed(terms)
        ),
        "Its total is zero.": total.minor == 0,
        date_ahead(issued_on, today): issued_on > today,
    }
    return tuple(sentence for sentence, is_so in found.items() if is_so)


def date_ahead(issued_on: date, today: date) -> str:
    """Say that an invoice is dated ahead, which some do on purpose; empty else."""
    return f"Its date, {issued_on}, is after today." if issued_on > today else ""


def _is_untaxed(terms: DocumentTerms) -> bool:
    """Tell whether each line is without tax or outside its scope.

    Zero-rated, exempt and reverse-charged lines say which tax it is that is zero.
    """
    return bool(terms.lines) and all(
        tax.category == "O" for line in terms.lines for tax in line.taxes
    )
