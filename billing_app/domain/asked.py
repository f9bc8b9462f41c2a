"""What a customer is asked for now: neither what is disputed nor what is coming."""

from __future__ import annotations


def undisputed_minor(outstanding_minor: int, disputed_minor: int) -> int:
    """Return how much of what is outstanding nobody disputes; this is what ages."""
    return max(0, outstanding_minor - max(0, disputed_minor))


def asked_minor(
    outstanding_minor: int, processing_minor: int, disputed_minor: int
) -> int:
    """Return what is to be paid now, in the invoice's minor units.

    What is on its way need not be paid again; what is disputed is not asked for
    until it is resolved.
    """
    undisputed = undisputed_minor(outstanding_minor, disputed_minor)
    return max(0, undisputed - processing_minor)
