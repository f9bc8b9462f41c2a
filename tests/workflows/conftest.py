"""Fixtures for what speaks to the outside world."""

from tests.support.till import counter, till

__all__ = ["counter", "till"]
