"""The builder's own rules, asked of the state itself; the pipeline is in e2e."""

from billing_app.web.staff.invoice_editor_state import FIELDS, LINE_FIELDS


def test_only_fields_of_the_form_can_be_set():
    assert "customer_id" not in FIELDS
    assert "lines" not in FIELDS
    assert "key" not in LINE_FIELDS
