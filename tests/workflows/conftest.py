"""Fixtures for what speaks to the outside world."""

from tests.support.till import counter, impatient, till

__all__ = ["counter", "impatient", "till"]
