"""What a customer searches for is looked up in indexes of its own."""

from alembic import op

revision = "0009"
down_revision = "0011"
branch_labels = None
depends_on = None

_INDEXES = {
    "ix_invoice_account_number": "number",
    "ix_invoice_account_order": "purchase_order",
}


def upgrade() -> None:
    for name, column in _INDEXES.items():
        op.create_index(name, "invoice", ["workspace_id", "customer_id", column])


def downgrade() -> None:
    for name in _INDEXES:
        op.drop_index(name, "invoice")
