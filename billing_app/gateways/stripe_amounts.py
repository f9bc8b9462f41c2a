"""The one crossing between our minor units and the integers Stripe counts in."""

from __future__ import annotations

from billing_app.domain.card_limits import check_step
from billing_app.gateways.errors import GatewayRefused

# docs.stripe.com/currencies, "Special cases": Stripe counts ISK and UGX in
# hundredths, which ISO 4217 abolished, and MGA without decimals. Everywhere else
# its unit is ISO's minor unit.
_FINER_THAN_ISO = {"ISK": 100, "UGX": 100}
_COARSER_THAN_ISO = {"MGA": 100}


def to_stripe_amount(minor: int, currency: str) -> int:
    """Convert ISO minor units into Stripe's units, exactly.

    Raises:
        AmountTooFine: Stripe has no such amount in this currency.
    """
    check_step(minor, currency)
    return (
        minor * _FINER_THAN_ISO.get(currency, 1) // _COARSER_THAN_ISO.get(currency, 1)
    )


def from_stripe_amount(amount: int, currency: str) -> int:
    """Convert Stripe's units into ISO minor units, exactly.

    Raises:
        GatewayRefused: the amount has decimals that the currency has not; to
            round it would lose money, so a person must look.
    """
    minor, rest = divmod(
        amount * _COARSER_THAN_ISO.get(currency, 1), _FINER_THAN_ISO.get(currency, 1)
    )
    if rest:
        raise GatewayRefused(
            f"Stripe reports a fraction of the smallest amount in {currency}.",
            reason="amount_not_exact",
        )
    return minor
