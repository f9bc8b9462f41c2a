"""A document is found by invoice and payment in one index.

By the payment alone, SQLite looked through every invoice's own document: their payment
is 0.
"""

from alembic import op

revision = "0048"
down_revision = "0043"
branch_labels = None
depends_on = None

_NAME = "ix_issued_document_invoice"


def upgrade() -> None:
    op.drop_index(_NAME, "issued_document")
    op.create_index(
        _NAME, "issued_document", ["workspace_id", "invoice_id", "payment_id"]
    )


def downgrade() -> None:
    op.drop_index(_NAME, "issued_document")
    op.create_index(_NAME, "issued_document", ["workspace_id", "invoice_id"])
