"""Fixtures for what browsers and Stripe ask for."""

from tests.support.till import counter, till

__all__ = ["counter", "till"]
