from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.stripe_rehearsal import Rehearsal, rehearsed


@pytest.fixture
def stripe() -> Iterator[Rehearsal]:
    """Stripe's stand-in, served for real and talked to through Stripe's own SDK."""
    with rehearsed() as rehearsal:
        yield rehearsal
