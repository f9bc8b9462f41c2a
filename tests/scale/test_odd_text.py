"""What one database keeps and the other refuses names nothing on either."""

from __future__ import annotations

import pytest

from billing_app.database import authentication
from billing_app.domain.errors import NotFound
from billing_app.queries import attempts
from billing_app.queries.billable_events import read_line
from tests.support.billing import an_invoice, visitor_of
from tests.support.world import World


def test_a_zero_byte_in_an_address(anywhere: World):
    engine = anywhere.runtime.engine
    invoice_id = an_invoice(anywhere, anywhere.northwind)
    visitor = visitor_of(anywhere, anywhere.northwind, invoice_id)

    with pytest.raises(NotFound):
        authentication.find_sign_in_desk(engine, "northwind\0charter")
    with pytest.raises(NotFound):
        anywhere.run(visitor, attempts.find_own_attempt, "cs_\0")

    assert authentication.find_webhook_receiver(engine, "northwind-charter") is None


def test_a_number_of_a_line_that_no_column_holds(anywhere: World):
    invoice_id = an_invoice(anywhere, anywhere.northwind)

    with pytest.raises(NotFound):
        anywhere.run(anywhere.northwind.viewer, read_line, invoice_id, 2**63 - 1)
